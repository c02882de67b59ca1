/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * policy_hypeman.c - active ballooning of hypeman.
 *
 * Rule: see .rule below.
 * Source: kernel/hypeman, lib/guestmemory.
 * May see: the host's free memory, and the balloons.
 * Known flaw: nothing of the guests is looked at, so a guest that thrashes gives like one
 * that idles.
 *
 * As shipped the plan is made afresh from nominal sizes with what the host is short of now,
 * although what the balloons hold has already been subtracted from that: as they fill, the
 * plan shrinks and they are emptied again, round and round.  With as_shipped=off what is
 * held counts as well.
 */
#include "policy/policy_list.h"
#include "policy/policy_rules.h"

struct hypeman_state {
	u64 interval_ns, cooldown_ns, floor_bytes, step_bytes, least_bytes;
	double enter, leave, floor;
	bool as_shipped;

	bool pressed;
	u64 moved_ns[SIM_VMS_MAX]; /* 0: never */
	struct policy_hypeman_vm vm[SIM_VMS_MAX];
};

#define HYPEMAN_FIELD(field) POLICY_FIELD(hypeman_state, field)

static const struct sim_param hypeman_params[] = {
	{ "interval", "time between two looks", SIM_PARAM_TIME, HYPEMAN_FIELD(interval_ns), 2e9,
	  1e8, 3.6e12 },
	{ "enter", "free share of the host below which it is under pressure", SIM_PARAM_DOUBLE,
	  HYPEMAN_FIELD(enter), 0.10, 0, 1 },
	{ "leave", "free share at which it no longer is; what reclaim aims at", SIM_PARAM_DOUBLE,
	  HYPEMAN_FIELD(leave), 0.15, 0, 1 },
	{ "floor", "share of nominal that is never taken", SIM_PARAM_DOUBLE, HYPEMAN_FIELD(floor),
	  0.5, 0, 1 },
	{ "floor_min", "size that is never taken", SIM_PARAM_SIZE, HYPEMAN_FIELD(floor_bytes),
	  536870912, 0, 1e15 },
	{ "min_adjustment", "smaller changes are not made", SIM_PARAM_SIZE,
	  HYPEMAN_FIELD(least_bytes), 67108864, 0, 1e15 },
	{ "max_step", "most that one VM changes at once", SIM_PARAM_SIZE,
	  HYPEMAN_FIELD(step_bytes), 268435456, 4096, 1e15 },
	{ "cooldown", "time between two changes of one VM", SIM_PARAM_TIME,
	  HYPEMAN_FIELD(cooldown_ns), 5e9, 0, 3.6e12 },
	{ "as_shipped", "what balloons hold is not counted when they are planned", SIM_PARAM_BOOL,
	  HYPEMAN_FIELD(as_shipped), 1, 0, 1 },
};

void policy_hypeman_plan(struct policy_hypeman_vm *vm, u32 count, u64 wanted)
{
	u64 all = 0, rest;

	for (u32 i = 0; i < count; i++)
		all += vm[i].headroom;
	wanted = policy_min(wanted, all);
	rest = wanted;
	for (u32 i = 0; i < count; i++) {
		/* 128 bits: sizes of hosts multiplied. */
		u64 part = all ? (u64)((unsigned __int128)wanted * vm[i].headroom / all) : 0;

		vm[i].target = vm[i].nominal - part;
		rest -= part;
	}
	for (u32 i = 0; i < count && rest; i++) {
		u64 more = policy_min(rest, vm[i].headroom - (vm[i].nominal - vm[i].target));

		vm[i].target -= more;
		rest -= more;
	}
}

static u64 hypeman_tick_ns(const void *state)
{
	return ((const struct hypeman_state *)state)->interval_ns;
}

static void look(struct hypeman_state *self, const struct sim_host_view *host, u64 *held)
{
	for (u32 i = 0; i < host->vms_count; i++) {
		const struct sim_vm_view *vm = &host->vm[i];
		u64 floor = policy_max(policy_bytes(self->floor * (double)vm->nominal_bytes),
				       policy_max(self->floor_bytes, vm->min_bytes));

		self->vm[i] = (struct policy_hypeman_vm){ 0 };
		if (!vm->running)
			continue;
		self->vm[i].nominal = vm->nominal_bytes;
		self->vm[i].headroom = policy_less(vm->nominal_bytes, floor);
		*held += vm->nominal_bytes - vm->target_bytes;
	}
}

static void apply(struct hypeman_state *self, const struct sim_host_view *host, u32 index,
		  struct sim_actions *act)
{
	const struct sim_vm_view *vm = &host->vm[index];
	u64 plan = self->vm[index].target, now = vm->target_bytes;
	u64 change = policy_max(policy_less(plan, now), policy_less(now, plan));
	u64 moved_ns = self->moved_ns[index];

	if (!vm->running || !change || change < self->least_bytes ||
	    (moved_ns && host->now_ns - moved_ns < self->cooldown_ns))
		return;
	change = policy_min(change, self->step_bytes);
	self->moved_ns[index] = host->now_ns;
	policy_set_target(act, index, policy_clamp_target(vm, plan > now ? now + change : now - change));
}

static void hypeman_tick(void *state, const struct sim_host_view *host, struct sim_actions *act)
{
	struct hypeman_state *self = state;
	double memory = (double)host->memory_bytes, free = (double)host->free_bytes / memory;
	u64 wanted = 0, held = 0;

	self->pressed = free < (self->pressed ? self->leave : self->enter);
	look(self, host, &held);
	if (self->pressed)
		wanted = policy_less(policy_bytes(self->leave * memory), host->free_bytes);
	/* Mended: keep what is held until giving it back does not bring the pressure back. */
	if (!self->as_shipped && (self->pressed || held))
		wanted = policy_less(policy_bytes(self->leave * memory) + held, host->free_bytes);
	policy_hypeman_plan(self->vm, host->vms_count, wanted);
	for (u32 i = 0; i < host->vms_count; i++)
		apply(self, host, i, act);
}

static void hypeman_vm_added(void *state, const struct sim_host_view *host, u32 vm,
			     struct sim_actions *act)
{
	(void)host;
	(void)act;
	((struct hypeman_state *)state)->moved_ns[vm] = 0;
}

static int hypeman_init(void *state, const struct sim_host_view *host)
{
	const struct hypeman_state *self = state;

	(void)host;
	return self->enter <= self->leave ? 0 : -EINVAL;
}

const struct sim_policy policy_hypeman = {
	.name = "hypeman",
	.summary = "hypeman: from below 10 % free until 15 %, in proportion to headroom above half",
	.rule = "Every 2 s: under pressure from below 10 % of the host free until 15 %.  Then\n"
		"    wanted = 15 % - free, given in proportion to nominal - max(50 %, 512 MiB);\n"
		"without pressure all go back to nominal.  Changes of at least 64 MiB, at most\n"
		"256 MiB and one in 5 s for each VM.",
	.source = "kernel/hypeman, lib/guestmemory",
	.flaw = "No look at the guests.  As shipped the plan does not count what balloons hold,\n"
		"so they are emptied as soon as they help (as_shipped=off counts it).  Guests\n"
		"of 512 MiB and less are never touched.",
	.channels = SIM_CH_HOST,
	.params = hypeman_params,
	.params_count = POLICY_COUNT(hypeman_params),
	.state_size = sizeof(struct hypeman_state),
	.init = hypeman_init,
	.tick_ns = hypeman_tick_ns,
	.tick = hypeman_tick,
	.vm_added = hypeman_vm_added,
};
