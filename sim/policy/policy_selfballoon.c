/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * policy_selfballoon.c - Xen's self-ballooning guests.
 *
 * Rule: see .rule below; the guest moves its own balloon toward the memory that its
 * programs have been promised, slowly down and at once up.
 * Source: Linux, drivers/xen/xen-selfballoon.c (removed in 5.3), and xenballoond before it.
 * May see: an agent in the guest (Committed_AS).
 * Known flaw: what is promised is not what is used, and the page cache has no part in it at
 * all, so it is squeezed out; it does not look at the host, which may be short or idle.
 *
 * With as_shipped=on 10 % of the guest's memory is added to the goal, as the last version
 * did after guests had been killed for lack of memory; off leaves it out, as at first.
 * Frontswap, whose pages the original also counts, does not exist here.
 */
#include "policy/policy_list.h"
#include "policy/policy_rules.h"

#define MIB (1ull << 20)
#define PAGE 4096 /* the original reckons in pages: the last 7 are never taken */

struct selfballoon_state {
	u64 interval_ns, down, up;
	double total_reserve, reserved;
	bool as_shipped;
};

static const struct sim_param selfballoon_params[] = {
	{ "interval", "time between two steps", SIM_PARAM_TIME,
	  POLICY_FIELD(selfballoon_state, interval_ns), 5e9, 1e8, 3.6e12 },
	{ "downhysteresis", "part of the way to go down in one step, 1 over this", SIM_PARAM_U64,
	  POLICY_FIELD(selfballoon_state, down), 8, 1, 1000 },
	{ "uphysteresis", "the same for the way up", SIM_PARAM_U64,
	  POLICY_FIELD(selfballoon_state, up), 1, 1, 1000 },
	{ "total_reserve", "memory that the guest's kernel keeps for itself, share of nominal",
	  SIM_PARAM_DOUBLE, POLICY_FIELD(selfballoon_state, total_reserve), 0.02, 0, 0.5 },
	{ "reserved", "as_shipped: share of nominal added to the goal", SIM_PARAM_DOUBLE,
	  POLICY_FIELD(selfballoon_state, reserved), 0.10, 0, 1 },
	{ "as_shipped", "add `reserved`, as the last version does", SIM_PARAM_BOOL,
	  POLICY_FIELD(selfballoon_state, as_shipped), 1, 0, 1 },
};

u64 policy_selfballoon_floor(u64 size, u64 reserve)
{
	u64 useful = policy_less(size, reserve);

	/* Pieces of a line that gets flatter; small guests are not worth it. */
	if (useful < 16 * MIB)
		return size;
	if (useful < 64 * MIB)
		return reserve + 16 * MIB + (useful - 16 * MIB) / 2;
	if (useful < 512 * MIB)
		return reserve + 40 * MIB + (useful - 40 * MIB) / 8;
	return reserve + 99 * MIB + (useful - 99 * MIB) / 32;
}

u64 policy_selfballoon_step(u64 current, u64 goal, u64 floor, u64 down, u64 up)
{
	u64 target = current > goal ? current - (current - goal) / down :
				      current + (goal - current) / up;

	return policy_max(target, floor);
}

static u64 selfballoon_tick_ns(const void *state)
{
	return ((const struct selfballoon_state *)state)->interval_ns;
}

static void selfballoon_tick(void *state, const struct sim_host_view *host,
			     struct sim_actions *act)
{
	const struct selfballoon_state *self = state;

	for (u32 i = 0; i < host->vms_count; i++) {
		const struct sim_vm_view *vm = &host->vm[i];
		double nominal = (double)vm->nominal_bytes;
		u64 reserve = policy_bytes(self->total_reserve * nominal) / PAGE * PAGE;
		u64 goal = vm->committed_bytes + reserve;

		if (!vm->running || !vm->committed_bytes)
			continue;
		if (self->as_shipped)
			goal += policy_bytes(self->reserved * nominal);
		u64 floor = policy_selfballoon_floor(vm->nominal_bytes, reserve);
		u64 target = PAGE * policy_selfballoon_step(vm->actual_bytes / PAGE, goal / PAGE,
							    floor / PAGE, self->down, self->up);

		target = policy_clamp_target(vm, target);
		if (target != vm->target_bytes)
			policy_move(act, host, i, target,
				    "committed %.1f MiB, goal %.1f, floor %.1f, has %.1f",
				    POLICY_MIB(vm->committed_bytes), POLICY_MIB(goal),
				    POLICY_MIB(floor), POLICY_MIB(vm->actual_bytes));
	}
}

const struct sim_policy policy_selfballoon = {
	.name = "selfballoon",
	.summary = "Xen guests: toward Committed_AS, an eighth of the way down, at once up",
	.rule = "Every 5 s, in each guest: goal = committed + total reserve + 10 % of nominal\n"
		"    current > goal: target = current - (current - goal) / 8\n"
		"    current < goal: target = current + (goal - current) / 1\n"
		"not below a floor of 40 MiB + 1/8 (99 MiB + 1/32 from 512 MiB on) of the size.",
	.source = "Linux, drivers/xen/xen-selfballoon.c",
	.flaw = "Promised memory is not used memory; the page cache has no part in the goal and\n"
		"is squeezed out; the host's state plays no part.",
	.channels = SIM_CH_AGENT,
	.params = selfballoon_params,
	.params_count = POLICY_COUNT(selfballoon_params),
	.state_size = sizeof(struct selfballoon_state),
	.tick_ns = selfballoon_tick_ns,
	.tick = selfballoon_tick,
};
