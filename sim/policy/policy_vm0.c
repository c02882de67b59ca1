/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * policy_vm0.c - the balloon of vm0's Firecracker sandboxes.
 *
 * Rule: see .rule below; each guest by itself, whatever the host has.
 * Source: vm0-ai/vm0, crates/sandbox-fc/src/balloon.rs, and the pull request that mended
 * it (30227, August 2026).
 * May see: balloon statistics (free and available memory).
 * Known flaw: inflates whether or not the host is short; free memory decides on the way in
 * and available memory on the way out, so a guest with a page cache keeps it, used or not;
 * sizes for guests of gigabytes.
 *
 * With partial=on the rule is the one before August 2026: under pressure the balloon gives
 * back what is missing, counted from the size it has and merged with the target that is
 * pending.  A balloon that does not follow then pins its own target: the missing part is
 * taken from where it is, which is never below what was asked for already.
 */
#include "policy/policy_list.h"
#include "policy/policy_rules.h"

struct vm0_state {
	u64 interval_ns, guest_least;
	struct policy_vm0 rule;
};

#define VM0_FIELD(field) POLICY_FIELD(vm0_state, field)

static const struct sim_param vm0_params[] = {
	{ "interval", "time between two looks", SIM_PARAM_TIME, VM0_FIELD(interval_ns), 5e9, 1e8,
	  3.6e12 },
	{ "target_free", "memory that a guest should have to spare", SIM_PARAM_SIZE,
	  VM0_FIELD(rule.free_wanted), 268435456, 0, 1e15 },
	{ "inflate_hysteresis", "free memory beyond that before the balloon grows", SIM_PARAM_SIZE,
	  VM0_FIELD(rule.inflate_beyond), 134217728, 0, 1e15 },
	{ "deflate_hysteresis", "available memory below that before it shrinks", SIM_PARAM_SIZE,
	  VM0_FIELD(rule.deflate_below), 67108864, 0, 1e15 },
	{ "max_inflate", "most that the balloon grows in one step", SIM_PARAM_SIZE,
	  VM0_FIELD(rule.inflate_most), 268435456, 4096, 1e15 },
	{ "min_guest", "least memory that a guest is left", SIM_PARAM_SIZE, VM0_FIELD(guest_least),
	  536870912, 0, 1e15 },
	{ "partial", "the first rule: release what is missing, merged with what is pending",
	  SIM_PARAM_BOOL, VM0_FIELD(rule.partial), 0, 0, 1 },
};

u64 policy_vm0_target(const struct policy_vm0 *rule, u64 guest_free, u64 guest_available,
		      u64 actual, u64 target, u64 balloon_most)
{
	if (guest_free > rule->free_wanted + rule->inflate_beyond) {
		u64 more = policy_min(guest_free - rule->free_wanted, rule->inflate_most);

		return policy_max(target, policy_min(actual + more, balloon_most));
	}
	if (guest_available >= policy_less(rule->free_wanted, rule->deflate_below))
		return target;
	if (!rule->partial)
		return 0;
	return policy_min(target, policy_less(actual, rule->free_wanted - guest_available));
}

static u64 vm0_tick_ns(const void *state)
{
	return ((const struct vm0_state *)state)->interval_ns;
}

static void vm0_tick(void *state, const struct sim_host_view *host, struct sim_actions *act)
{
	const struct vm0_state *self = state;

	for (u32 i = 0; i < host->vms_count; i++) {
		const struct sim_vm_view *vm = &host->vm[i];
		u64 most = policy_less(vm->nominal_bytes, policy_max(self->guest_least, vm->min_bytes));
		u64 pending = vm->nominal_bytes - vm->target_bytes;

		if (!vm->running || !most)
			continue;
		act->ops->request_stats(act->ctx, i);
		if (!vm->stats.time_ns)
			continue;
		u64 target = policy_vm0_target(&self->rule, vm->stats.free_bytes,
					       vm->stats.available_bytes,
					       vm->nominal_bytes - vm->actual_bytes, pending, most);

		if (target != pending)
			policy_set_target(act, i, policy_clamp_target(vm, vm->nominal_bytes - target));
	}
}

static void vm0_vm_added(void *state, const struct sim_host_view *host, u32 vm,
			 struct sim_actions *act)
{
	(void)state;
	(void)host;
	act->ops->request_stats(act->ctx, vm);
}

static int vm0_init(void *state, const struct sim_host_view *host)
{
	const struct vm0_state *self = state;

	(void)host;
	return self->rule.deflate_below <= self->rule.free_wanted ? 0 : -EINVAL;
}

const struct sim_policy policy_vm0 = {
	.name = "vm0",
	.summary = "vm0: inflates by free memory, 256 MiB a step; all is given back under pressure",
	.rule = "Every 5 s, for each guest, by itself:\n"
		"    free memory > 256 + 128 MiB:  inflate what is beyond 256, at most 256 MiB,\n"
		"                                  and leave the guest at least 512 MiB\n"
		"    available memory < 192 MiB:   give everything back\n"
		"With partial=on, the rule before August 2026, only 256 MiB less what is available\n"
		"is given back, from the balloon's size, unless more is pending already.",
	.source = "vm0-ai/vm0, crates/sandbox-fc/src/balloon.rs",
	.flaw = "Inflates whether or not the host needs it, and gives everything back at the first\n"
		"want, so that a guest near its limit swings between its least and all of its\n"
		"memory.  Free memory excludes caches, so they keep the balloon small.  Its sizes\n"
		"are for guests of gigabytes.  partial=on pins the target at a slow balloon.",
	.channels = SIM_CH_STATS,
	.params = vm0_params,
	.params_count = POLICY_COUNT(vm0_params),
	.state_size = sizeof(struct vm0_state),
	.init = vm0_init,
	.tick_ns = vm0_tick_ns,
	.tick = vm0_tick,
	.vm_added = vm0_vm_added,
};
