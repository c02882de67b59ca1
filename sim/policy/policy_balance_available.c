/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * policy_balance_available.c - ChromeOS's balance of available memory.
 *
 * Rule: see .rule below; each VM is balanced against the host alone.
 * Source: ChromiumOS, vm_tools/concierge/balloon_policy.cc.
 * May see: balloon statistics (free memory and caches), the host's free memory.
 * Known flaw: all cache counts as available, used or not; with several VMs each takes the
 * host's memory for its own counterweight, so that they swing together; the critical level
 * of a guest goes down when it is undercut and never up again.
 *
 * The original compares the change before it is capped with the 1 % that make it worth
 * while; so does this.  As shipped, a host far below critical makes a guest give more than
 * it has to spare, for of two limits that cross the host's counts; with as_shipped=off a
 * guest that is to give keeps its own.
 */
#include "policy/policy_list.h"
#include "policy/policy_rules.h"

#define MIB (1ll << 20)
#define BEYOND_CRITICAL (10 * MIB)

struct balance_state {
	u64 interval_ns, guest_critical, bias;
	double host_critical;
	bool as_shipped;

	struct policy_balance vm[SIM_VMS_MAX];
};

#define BALANCE_FIELD(field) POLICY_FIELD(balance_state, field)

static const struct sim_param balance_params[] = {
	{ "interval", "time between two looks", SIM_PARAM_TIME, BALANCE_FIELD(interval_ns), 1e9,
	  1e8, 3.6e12 },
	{ "guest_critical", "available memory that a guest is thought to need", SIM_PARAM_SIZE,
	  BALANCE_FIELD(guest_critical), 419430400, 0, 1e15 },
	{ "bias", "more of that for a guest with a full balloon, in proportion below",
	  SIM_PARAM_SIZE, BALANCE_FIELD(bias), 0, 0, 1e15 },
	{ "host_critical", "the host's critical margin, share of its memory", SIM_PARAM_DOUBLE,
	  BALANCE_FIELD(host_critical), 0.052, 0, 0.9 },
	{ "as_shipped", "the host's limit counts against the guest's", SIM_PARAM_BOOL,
	  BALANCE_FIELD(as_shipped), 1, 0, 1 },
};

static s64 magnitude(s64 value)
{
	return value < 0 ? -value : value;
}

/* Twice short with room in the balloon: the guest lives with less than was thought. */
static void ratchet(struct policy_balance *balance, s64 available, s64 full)
{
	if (balance->sampled && available < balance->guest_critical && full < 95 &&
	    balance->available_before < balance->guest_critical && balance->full_before < 95)
		balance->guest_critical = balance->available_before;
	balance->sampled = true;
	balance->available_before = available;
	balance->full_before = full;
}

s64 policy_balance_delta(struct policy_balance *balance, s64 guest_free, s64 guest_cached,
			 s64 guest_total, s64 host_available, s64 balloon)
{
	s64 available = guest_free + guest_cached, full, spare, host_spare, delta;
	s64 least, most, capped;

	if (!balance->balloon_max)
		balance->balloon_max = guest_total * 3 / 4;
	if (balance->balloon_max < balloon)
		balance->balloon_max = balloon;
	full = balance->balloon_max ? balloon * 100 / balance->balloon_max : 0;
	ratchet(balance, available, full);
	spare = available - balance->guest_critical - balance->bias * full / 100;
	host_spare = host_available - balance->host_critical;
	/* Half: what one side loses the other gains. */
	delta = (spare - host_spare) / 2;
	if (spare >= MIB && host_spare >= MIB && magnitude(delta) * 100 / spare <= 1 &&
	    magnitude(delta) * 100 / host_spare <= 1)
		return 0;
	least = -(host_spare + BEYOND_CRITICAL);
	most = available - balance->guest_critical + BEYOND_CRITICAL;
	capped = delta < least ? least : delta > most ? most : delta;
	if (!balance->as_shipped && delta > 0 && capped > most)
		capped = most;
	return capped < -balloon ? -balloon : capped;
}

static u64 balance_tick_ns(const void *state)
{
	return ((const struct balance_state *)state)->interval_ns;
}

static void balance_tick(void *state, const struct sim_host_view *host, struct sim_actions *act)
{
	for (u32 i = 0; i < host->vms_count; i++)
		if (host->vm[i].running)
			act->ops->request_stats(act->ctx, i);
	(void)state;
}

static void balance_stats(void *state, const struct sim_host_view *host, u32 vm,
			  struct sim_actions *act)
{
	struct balance_state *self = state;
	const struct sim_vm_view *view = &host->vm[vm];
	s64 delta;

	if (!view->running)
		return;
	self->vm[vm].host_critical = (s64)(self->host_critical * (double)host->memory_bytes);
	self->vm[vm].bias = (s64)self->bias;
	delta = policy_balance_delta(&self->vm[vm], (s64)view->stats.free_bytes,
				     (s64)view->stats.caches_bytes, (s64)view->stats.total_bytes,
				     (s64)host->free_bytes,
				     (s64)(view->nominal_bytes - view->actual_bytes));
	if (delta)
		policy_set_target(act, vm, policy_clamp_target(view, policy_bytes(
					  (double)view->actual_bytes - (double)delta)));
}

static void balance_vm_added(void *state, const struct sim_host_view *host, u32 vm,
			     struct sim_actions *act)
{
	struct balance_state *self = state;

	(void)host;
	self->vm[vm] = (struct policy_balance){ .guest_critical = (s64)self->guest_critical,
						.as_shipped = self->as_shipped };
	act->ops->request_stats(act->ctx, vm);
}

const struct sim_policy policy_balance_available = {
	.name = "balance-available",
	.summary = "ChromeOS: guest and host with equal available memory above what is critical",
	.rule = "Every second: guest = free + caches - 400 MiB - bias * fullness of the balloon\n"
		"    host = available - critical margin; inflate (guest - host) / 2\n"
		"at most to 10 MiB beyond critical on either side; done if it is over 1 % of\n"
		"either, or either is within 1 MiB of critical.  A guest that is twice below its\n"
		"400 MiB with a balloon not full has its critical level lowered to that.",
	.source = "ChromiumOS, vm_tools/concierge/balloon_policy.cc",
	.flaw = "Caches count as available, used or not; several VMs each balance against the\n"
		"whole host and swing together; a guest's critical level only goes down.",
	.channels = SIM_CH_STATS | SIM_CH_HOST,
	.params = balance_params,
	.params_count = POLICY_COUNT(balance_params),
	.state_size = sizeof(struct balance_state),
	.tick_ns = balance_tick_ns,
	.tick = balance_tick,
	.stats = balance_stats,
	.vm_added = balance_vm_added,
};
