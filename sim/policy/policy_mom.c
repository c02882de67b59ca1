/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * policy_mom.c - the balloon rules of oVirt's Memory Overcommitment Manager.
 *
 * Rule: see .rule below.  Every 5 s a monitor samples host free memory, and each
 * guest's size and unused memory; every 10 s the rules run on the mean of the last 10
 * samples.
 * Source: oVirt MOM, doc/balloon.rules and mom-balloon.conf (read at 3de1c8e).
 * May see: balloon statistics, the host's free memory.
 * Known flaw: unused memory is MemFree, so the page cache of a healthy guest counts as
 * used; one rule for all guests, without weights; halving a guest takes 14 rounds, and
 * the mean over 50 s adds to that; below the critical threshold the wanted free memory
 * of guests falls from +5 % to below zero in one step.
 *
 * With as_shipped=off unused memory is what the guest calls available, and the wanted
 * free share goes to zero in proportion to the host's instead of jumping below it.
 */
#include "policy/policy_list.h"
#include "policy/policy_util.h"

#define MOM_SAMPLES 10

/* The last samples of one quantity, and their mean. */
struct mom_series {
	double sample[MOM_SAMPLES];
	u32 next, count;
};

struct mom_state {
	double pressure_threshold, pressure_critical, min_guest_free;
	double max_change, min_change;
	u64 monitor_ns;
	u64 rounds_monitors;
	bool as_shipped;

	u32 monitors; /* since the rules last ran */
	struct mom_series host_free;
	struct mom_guest {
		struct mom_series current, unused;
	} guest[SIM_VMS_MAX];
};

static const struct sim_param mom_params[] = {
	{ "pressure_threshold", "share of host memory free below which guests shrink",
	  SIM_PARAM_DOUBLE, POLICY_FIELD(mom_state, pressure_threshold), 0.20, 0.001, 0.99 },
	{ "pressure_critical", "share of host memory free below which guests are made to swap",
	  SIM_PARAM_DOUBLE, POLICY_FIELD(mom_state, pressure_critical), 0.05, 0, 0.99 },
	{ "min_guest_free_percent", "share of a guest's memory to leave unused without pressure",
	  SIM_PARAM_DOUBLE, POLICY_FIELD(mom_state, min_guest_free), 0.20, 0, 0.99 },
	{ "max_balloon_change_percent", "largest change in one round, share of the guest",
	  SIM_PARAM_DOUBLE, POLICY_FIELD(mom_state, max_change), 0.05, 0.0001, 1 },
	{ "min_balloon_change_percent", "smaller changes are not made, share of the guest",
	  SIM_PARAM_DOUBLE, POLICY_FIELD(mom_state, min_change), 0.0025, 0, 1 },
	{ "monitor_interval", "time between two samples", SIM_PARAM_TIME,
	  POLICY_FIELD(mom_state, monitor_ns), 5e9, 1e8, 3.6e12 },
	{ "monitors_per_round", "samples between two runs of the rules", SIM_PARAM_U64,
	  POLICY_FIELD(mom_state, rounds_monitors), 2, 1, 1000 },
	{ "as_shipped", "MemFree as unused memory, negative free share under critical pressure",
	  SIM_PARAM_BOOL, POLICY_FIELD(mom_state, as_shipped), 1, 0, 1 },
};

static void series_add(struct mom_series *series, double value)
{
	series->sample[series->next] = value;
	series->next = (series->next + 1) % MOM_SAMPLES;
	if (series->count < MOM_SAMPLES)
		series->count++;
}

static double series_mean(const struct mom_series *series)
{
	double sum = 0;

	for (u32 i = 0; i < series->count; i++)
		sum += series->sample[i];
	return series->count ? sum / series->count : 0;
}

#define TOLD "host %.1f %% free, guest uses %.1f MiB, floor %.1f, of %.1f"

/* The free share to leave to guests while the host is at @host_free of its memory. */
static double guest_free_wanted(const struct mom_state *self, double host_free)
{
	/* The original subtracts this number whatever the critical threshold is set to. */
	if (self->as_shipped && host_free <= self->pressure_critical)
		return host_free - 0.05;
	return self->min_guest_free * (host_free / self->pressure_threshold);
}

static void shrink(const struct mom_state *self, const struct sim_host_view *host, u32 vm,
		   double used, double host_free, struct sim_actions *act)
{
	double current = (double)host->vm[vm].actual_bytes;
	double floor = used + guest_free_wanted(self, host_free) * current;
	double size = current * (1 - self->max_change);

	if (floor < (double)host->vm[vm].min_bytes)
		floor = (double)host->vm[vm].min_bytes;
	if (size < floor)
		size = floor;
	if (size <= current && current - size > self->min_change * current)
		policy_move(act, host, vm, policy_bytes(size), TOLD, 100 * host_free,
			    POLICY_MIB(used), POLICY_MIB(floor), POLICY_MIB(current));
}

static void grow(const struct mom_state *self, const struct sim_host_view *host, u32 vm,
		 double used, double host_free, struct sim_actions *act)
{
	const struct sim_vm_view *view = &host->vm[vm];
	double current = (double)view->actual_bytes;
	double floor = used + self->min_guest_free * current;
	double size = current * (1 + self->max_change);

	if (view->actual_bytes >= view->nominal_bytes)
		return;
	if (floor < (double)view->min_bytes)
		floor = (double)view->min_bytes;
	if (size < floor)
		size = floor;
	if (size > (double)view->nominal_bytes)
		size = (double)view->nominal_bytes;
	double change = size > current ? size - current : current - size;
	if (change > self->min_change * current)
		policy_move(act, host, vm, policy_bytes(size), TOLD, 100 * host_free,
			    POLICY_MIB(used), POLICY_MIB(floor), POLICY_MIB(current));
}

static void run_rules(struct mom_state *self, const struct sim_host_view *host,
		      struct sim_actions *act)
{
	double host_free = series_mean(&self->host_free) / (double)host->memory_bytes;

	for (u32 i = 0; i < host->vms_count; i++) {
		const struct mom_guest *guest = &self->guest[i];

		if (!host->vm[i].running || !guest->unused.count)
			continue;
		double used = series_mean(&guest->current) - series_mean(&guest->unused);
		if (host_free < self->pressure_threshold)
			shrink(self, host, i, used, host_free, act);
		else
			grow(self, host, i, used, host_free, act);
	}
}

static u64 mom_tick_ns(const void *state)
{
	return ((const struct mom_state *)state)->monitor_ns;
}

static void mom_tick(void *state, const struct sim_host_view *host, struct sim_actions *act)
{
	struct mom_state *self = state;

	series_add(&self->host_free, (double)host->free_bytes);
	for (u32 i = 0; i < host->vms_count; i++) {
		const struct sim_vm_view *vm = &host->vm[i];

		if (!vm->running)
			continue;
		if (vm->stats.time_ns) {
			series_add(&self->guest[i].current, (double)vm->actual_bytes);
			series_add(&self->guest[i].unused,
				   (double)(self->as_shipped ? vm->stats.free_bytes :
							       vm->stats.available_bytes));
		}
		act->ops->request_stats(act->ctx, i);
	}
	if (++self->monitors >= self->rounds_monitors) {
		self->monitors = 0;
		run_rules(self, host, act);
	}
}

static void mom_vm_added(void *state, const struct sim_host_view *host, u32 vm,
			 struct sim_actions *act)
{
	struct mom_state *self = state;

	(void)host;
	memset(&self->guest[vm], 0, sizeof(self->guest[vm]));
	act->ops->request_stats(act->ctx, vm);
}

const struct sim_policy policy_mom = {
	.name = "mom",
	.summary = "oVirt MOM: all guests shrink below 20 % free host memory, else all grow",
	.rule = "Every 10 s, on means over 50 s, h = free share of host memory,\n"
		"used = guest's size - unused memory, a = guest's size:\n"
		"    h < 0.20: g = h <= 0.05 ? h - 0.05 : h; floor = max(min, used + g * a)\n"
		"              size = max(0.95 * a, floor), if not above a\n"
		"    else:     floor = max(min, used + 0.20 * a)\n"
		"              size = min(max(1.05 * a, floor), nominal)\n"
		"Changes of 0.25 % or less are not made.",
	.source = "oVirt MOM, doc/balloon.rules and doc/mom-balloon.conf",
	.flaw = "MemFree as unused memory counts the guest's page cache as used; no weights; at\n"
		"most 5 % in 10 s, on means over 50 s; guests' free share jumps from 5 % to below\n"
		"zero when the host gets critical (as_shipped=off mends this and MemFree).",
	.channels = SIM_CH_STATS | SIM_CH_HOST,
	.params = mom_params,
	.params_count = POLICY_COUNT(mom_params),
	.state_size = sizeof(struct mom_state),
	.tick_ns = mom_tick_ns,
	.tick = mom_tick,
	.vm_added = mom_vm_added,
};
