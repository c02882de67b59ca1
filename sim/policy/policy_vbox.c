/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * policy_vbox.c - VirtualBox's watchdog for balloons.
 *
 * Rule: see .rule below.
 * Source: VirtualBox, VBoxWatchdog's balloon module (VBoxBalloonCtrl).
 * May see: balloon statistics (free memory), the host's free memory.
 * Known flaw: it inflates whether or not the host is short, and what decides is MemFree;
 * fixed sizes of guests of gigabytes; a guest waits up to 30 s for its 128 MiB, and gets
 * nothing while the host has less than its reserve.
 *
 * As shipped the original also slips, in whole MiB: free memory less the step is unsigned,
 * so that a guest with less free than a step is never found to be short of it and the full
 * 256 MiB are taken; exactly 128 MiB left over are not enough; the last halving may end at
 * 8 MiB; a balloon of less than 128 MiB is not deflated at all; and a guest with nothing free
 * is taken for one without statistics and left alone.  With as_shipped=off, which is the
 * default, the rule is as its comments and its documentation have it.
 */
#include "policy/policy_list.h"
#include "policy/policy_rules.h"

struct vbox_state {
	u64 interval_ns;
	double requested;
	struct policy_vbox rule;
};

#define MIB (1ull << 20)
#define VBOX_FIELD(field) POLICY_FIELD(vbox_state, field)

static const struct sim_param vbox_params[] = {
	{ "interval", "time between two steps", SIM_PARAM_TIME, VBOX_FIELD(interval_ns), 30e9, 1e8,
	  3.6e12 },
	{ "requested", "balloon that is wanted of each VM, share of nominal", SIM_PARAM_DOUBLE,
	  VBOX_FIELD(requested), 0.5, 0, 1 },
	{ "increment", "most to inflate in one step", SIM_PARAM_SIZE, VBOX_FIELD(rule.inflate),
	  268435456, 4096, 1e15 },
	{ "decrement", "most to deflate in one step", SIM_PARAM_SIZE, VBOX_FIELD(rule.deflate),
	  134217728, 4096, 1e15 },
	{ "increment_min", "less is not inflated", SIM_PARAM_SIZE, VBOX_FIELD(rule.inflate_min),
	  16777216, 4096, 1e15 },
	{ "lower_limit", "free memory of a guest below which it gets some back", SIM_PARAM_SIZE,
	  VBOX_FIELD(rule.guest_free_min), 134217728, 0, 1e15 },
	{ "safety_margin", "free memory of the host that guests do not get", SIM_PARAM_SIZE,
	  VBOX_FIELD(rule.host_reserve), 1073741824, 0, 1e15 },
	{ "as_shipped", "with the original's slips of unsigned arithmetic", SIM_PARAM_BOOL,
	  VBOX_FIELD(rule.as_shipped), 0, 0, 1 },
};

/* In MiB, with all its slips. */
static s64 delta_as_shipped(const struct policy_vbox *vbox, u64 free, u64 balloon, u64 wanted,
			    u64 host_free)
{
	u64 lower = vbox->guest_free_min / MIB, step = vbox->inflate / MIB, delta;

	if (free < lower || wanted < balloon) {
		delta = vbox->deflate / MIB;
		if (free < lower)
			delta = balloon < delta ? 0 : delta;
		else
			delta = policy_min(delta, balloon - wanted);
		return -(s64)policy_min(delta, policy_less(host_free, vbox->host_reserve) / MIB);
	}
	if (wanted == balloon)
		return 0;
	/* Unsigned on purpose. */
	while (step >= vbox->inflate_min / MIB && free - step < lower)
		step /= 2;
	delta = free - step > lower ? step : 0;
	if (balloon + delta > wanted)
		delta = policy_min(vbox->inflate / MIB, wanted - balloon);
	return (s64)delta;
}

s64 policy_vbox_delta(const struct policy_vbox *vbox, u64 guest_free, u64 balloon,
		      u64 balloon_wanted, u64 host_free)
{
	u64 step = vbox->inflate;

	if (vbox->as_shipped)
		return (s64)MIB * delta_as_shipped(vbox, guest_free / MIB, balloon / MIB,
						   balloon_wanted / MIB, host_free);
	if (guest_free < vbox->guest_free_min || balloon > balloon_wanted) {
		step = guest_free < vbox->guest_free_min ? vbox->deflate : balloon - balloon_wanted;
		step = policy_min(policy_min(step, vbox->deflate), balloon);
		return -(s64)policy_min(step, policy_less(host_free, vbox->host_reserve));
	}
	if (balloon == balloon_wanted)
		return 0;
	while (step >= vbox->inflate_min && policy_less(guest_free, step) < vbox->guest_free_min)
		step /= 2;
	if (step < vbox->inflate_min)
		return 0;
	return (s64)policy_min(step, balloon_wanted - balloon);
}

static u64 vbox_tick_ns(const void *state)
{
	return ((const struct vbox_state *)state)->interval_ns;
}

static void vbox_tick(void *state, const struct sim_host_view *host, struct sim_actions *act)
{
	struct vbox_state *self = state;
	u64 host_free = host->free_bytes;

	for (u32 i = 0; i < host->vms_count; i++) {
		const struct sim_vm_view *vm = &host->vm[i];

		if (!vm->running)
			continue;
		act->ops->request_stats(act->ctx, i);
		/* The original takes no free memory for no statistics. */
		if (!vm->stats.time_ns || (self->rule.as_shipped && vm->stats.free_bytes < 1024))
			continue;
		s64 delta = policy_vbox_delta(&self->rule, vm->stats.free_bytes,
					      vm->nominal_bytes - vm->actual_bytes,
					      policy_bytes(self->requested * (double)vm->nominal_bytes),
					      host_free);

		if (delta < 0)
			host_free = policy_less(host_free, (u64)-delta);
		if (delta)
			policy_move(act, host, i,
				    policy_clamp_target(vm, policy_bytes((double)vm->actual_bytes -
									 (double)delta)),
				    "guest has %.1f MiB, free %.1f, the host can give %.1f more",
				    POLICY_MIB(vm->actual_bytes), POLICY_MIB(vm->stats.free_bytes),
				    POLICY_MIB(host_free));
	}
}

static void vbox_vm_added(void *state, const struct sim_host_view *host, u32 vm,
			  struct sim_actions *act)
{
	(void)state;
	(void)host;
	act->ops->request_stats(act->ctx, vm);
}

const struct sim_policy policy_vbox = {
	.name = "vbox-watchdog",
	.summary = "VirtualBox: 256 MiB in, 128 MiB out, by each guest's free memory, every 30 s",
	.rule = "Every 30 s, for each VM:\n"
		"    free memory < 128 MiB: deflate 128 MiB, as far as the host has more than 1 GiB\n"
		"    balloon < requested:   inflate 256 MiB, halved (not below 16 MiB) until the\n"
		"                           guest would keep 128 MiB free",
	.source = "VirtualBox, VBoxWatchdog (VBoxBalloonCtrl)",
	.flaw = "Inflates without need; MemFree decides; sizes for guests of gigabytes; 30 s to\n"
		"help a guest, and no help while the host has less than its margin.  With\n"
		"as_shipped=on a guest with less than 256 MiB free loses 256 MiB at once.",
	.channels = SIM_CH_STATS | SIM_CH_HOST,
	.params = vbox_params,
	.params_count = POLICY_COUNT(vbox_params),
	.state_size = sizeof(struct vbox_state),
	.tick_ns = vbox_tick_ns,
	.tick = vbox_tick,
	.vm_added = vbox_vm_added,
};
