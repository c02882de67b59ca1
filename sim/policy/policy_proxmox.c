/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * policy_proxmox.c - Proxmox VE's automatic memory allocation.
 *
 * Rule: every 10 s bring the host's memory use to 80 %.  What is missing or too much is
 * divided among the VMs by shares, at most 100 MiB for one VM in one round, first among
 * those under pressure (to grow) or with free memory (to shrink); see policy_proxmox.h.
 * Source: Proxmox VE, PVE/AutoBalloon.pm and pvestatd (read at 14a22df).
 * May see: balloon statistics (free memory), the host's free memory.
 * Known flaw: MemFree says little of a guest with a page cache; when all VMs are at their
 * minima and the host is still above 80 % the controller idles while guests thrash.
 *
 * As shipped, a call to grow also takes memory from VMs that have more than their part
 * by shares; with as_shipped=off it leaves them alone.
 */
#include "policy/policy_list.h"
#include "policy/policy_proxmox.h"
#include "policy/policy_util.h"

#define DEAD_BAND (10 << 20)

enum proxmox_list { PROXMOX_PRESSED = 1, PROXMOX_COMFORTABLE = 2, PROXMOX_ALL = 3 };

struct proxmox_state {
	double target;
	u64 interval_ns, step_bytes;
	bool as_shipped;

	struct policy_proxmox_vm vm[SIM_VMS_MAX];
};

static const struct sim_param proxmox_params[] = {
	{ "target", "share of host memory to have in use (node option ballooning-target)",
	  SIM_PARAM_DOUBLE, POLICY_FIELD(proxmox_state, target), 0.80, 0, 1 },
	{ "interval", "time between two rounds", SIM_PARAM_TIME,
	  POLICY_FIELD(proxmox_state, interval_ns), 10e9, 1e8, 3.6e12 },
	{ "max_change", "most that one VM changes in one round", SIM_PARAM_SIZE,
	  POLICY_FIELD(proxmox_state, step_bytes), 104857600, 1048576, 1e15 },
	{ "as_shipped", "a call to grow shrinks VMs that have more than their part", SIM_PARAM_BOOL,
	  POLICY_FIELD(proxmox_state, as_shipped), 1, 0, 1 },
};

/* In @list, and not left out altogether. */
static bool in_list(const struct policy_proxmox_vm *vm, enum proxmox_list list)
{
	bool comfortable = (double)vm->free > (double)vm->min * 0.25 && vm->balloon >= vm->min;

	if (vm->balloon <= 0 || vm->min <= 0 || !vm->shares)
		return false;
	return list & (comfortable ? PROXMOX_COMFORTABLE : PROXMOX_PRESSED);
}

/*
 * Move one VM toward @part, by @step at most.
 * Return: bytes it gained in this pass, 0 when it is where it was.
 */
static s64 move(struct policy_proxmox_vm *vm, s64 part, bool may_grow, bool may_shrink, s64 step)
{
	s64 before = vm->target, way = part - vm->balloon;

	if (way > 0 ? !may_grow : way < 0 ? !may_shrink : true) {
		vm->settled = true;
		return 0;
	}
	way = way > step ? step : way < -step ? -step : way;
	vm->target = vm->balloon + way;
	return vm->target - before;
}

/* One division of @rest over the list.  Return: bytes gained; *@again: another may help. */
static s64 divide(struct policy_proxmox_vm *vm, u32 count, enum proxmox_list list, s64 rest,
		  bool grow, s64 step, bool as_shipped, bool *again)
{
	double shares = 0;
	s64 above = 0, gained = 0;

	for (u32 i = 0; i < count; i++) {
		if (!in_list(&vm[i], list) || vm[i].settled)
			continue;
		above += vm[i].target - vm[i].min;
		shares += vm[i].shares;
	}
	*again = false;
	if (!(shares > 0))
		return 0;
	double per_share = (double)(above + rest) / shares;

	for (u32 i = 0; i < count; i++) {
		if (!in_list(&vm[i], list) || vm[i].settled)
			continue;
		s64 part = vm[i].min + (s64)(per_share * vm[i].shares);

		part = part > vm[i].max ? vm[i].max : part < vm[i].min ? vm[i].min : part;
		s64 change = move(&vm[i], part, grow, !grow || as_shipped, step);

		gained += change;
		*again |= change != 0;
	}
	return gained;
}

/* Return: what of @bytes the list could not take or give. */
static s64 fill(struct policy_proxmox_vm *vm, u32 count, enum proxmox_list list, s64 bytes,
		s64 step, bool as_shipped)
{
	s64 rest = bytes;
	bool again = true;

	for (u32 i = 0; i < count; i++)
		vm[i].settled = false;
	/* Each pass that is not the last brings a VM to a limit; the bound is for rounding. */
	for (u32 pass = 0; rest && again && pass < 4 * count + 16; pass++)
		rest -= divide(vm, count, list, rest, bytes > 0, step, as_shipped, &again);
	return rest;
}

void policy_proxmox_round(struct policy_proxmox_vm *vm, u32 count, s64 goal, s64 step,
			  bool as_shipped)
{
	bool grow = goal > 0;

	for (u32 i = 0; i < count; i++)
		vm[i].target = vm[i].balloon;
	if (goal <= DEAD_BAND && goal >= -DEAD_BAND)
		return;
	s64 rest = fill(vm, count, grow ? PROXMOX_PRESSED : PROXMOX_COMFORTABLE, goal, step,
			as_shipped);
	if (grow ? rest >= goal : rest <= goal)
		fill(vm, count, PROXMOX_ALL, rest, step, as_shipped);
}

static u64 proxmox_tick_ns(const void *state)
{
	return ((const struct proxmox_state *)state)->interval_ns;
}

static void proxmox_tick(void *state, const struct sim_host_view *host, struct sim_actions *act)
{
	struct proxmox_state *self = state;
	double used = (double)policy_less(host->memory_bytes, host->free_bytes);
	s64 goal = (s64)((double)host->memory_bytes * self->target - used);

	for (u32 i = 0; i < host->vms_count; i++) {
		const struct sim_vm_view *view = &host->vm[i];

		/* A guest that tells nothing takes part, as one without free memory. */
		self->vm[i] = (struct policy_proxmox_vm){
			.balloon = view->running ? (s64)view->actual_bytes : 0,
			.min = (s64)view->min_bytes,
			.max = (s64)view->nominal_bytes,
			.free = (s64)view->stats.free_bytes,
			.shares = view->shares,
		};
		if (view->running)
			act->ops->request_stats(act->ctx, i);
	}
	policy_proxmox_round(self->vm, host->vms_count, goal, (s64)self->step_bytes,
			     self->as_shipped);
	for (u32 i = 0; i < host->vms_count; i++) {
		const struct policy_proxmox_vm *vm = &self->vm[i];

		if (vm->target != vm->balloon)
			policy_move(act, host, i, policy_clamp_target(&host->vm[i], (u64)vm->target),
				    "host %.1f MiB from its goal, guest has %.1f, free %.1f, shares %u",
				    POLICY_MIB(goal), POLICY_MIB(vm->balloon), POLICY_MIB(vm->free),
				    (u32)vm->shares);
	}
}

static void proxmox_vm_added(void *state, const struct sim_host_view *host, u32 vm,
			     struct sim_actions *act)
{
	(void)state;
	(void)host;
	act->ops->request_stats(act->ctx, vm);
}

const struct sim_policy policy_proxmox = {
	.name = "proxmox",
	.summary = "Proxmox VE: host use to 80 %, by shares, 100 MiB per VM and round",
	.rule = "Every 10 s: goal = 0.80 * host memory - memory in use; within 10 MiB nothing.\n"
		"To grow, first the VMs under pressure; to shrink, first those with more than a\n"
		"quarter of their minimum free; all only if that made no progress.  In a list:\n"
		"    part = min + (memory above minima + rest of goal) * shares / all shares\n"
		"each VM goes toward its part by at most `max_change`; what is left is divided\n"
		"again.  As shipped, VMs above their part shrink also in a call to grow.",
	.source = "Proxmox VE, PVE/AutoBalloon.pm and PVE/Service/pvestatd.pm",
	.flaw = "MemFree counts a guest's page cache as used; idles when all VMs are at their\n"
		"minima, however the guests thrash; a call to grow may shrink (as_shipped=off\n"
		"mends that).",
	.channels = SIM_CH_STATS | SIM_CH_HOST,
	.params = proxmox_params,
	.params_count = POLICY_COUNT(proxmox_params),
	.state_size = sizeof(struct proxmox_state),
	.tick_ns = proxmox_tick_ns,
	.tick = proxmox_tick,
	.vm_added = proxmox_vm_added,
};
