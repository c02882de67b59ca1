/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * policy_squeezed.c - the memory squeezer of XenServer (xapi's squeezed).
 *
 * Rule: see policy_squeezed.h.  Every 10 s, and when a VM comes or goes, look whether the
 * targets are as they should be; if not, iterate once a second until they are or nothing
 * helps.
 * Source: xapi, ocaml/squeezed/lib/squeeze.ml (read at e2ee48d).
 * May see: nothing but VMs' configuration and their balloons; that is its design.
 * Known flaw: blind to need, as its authors say: an idle VM keeps as large a part of its
 * range as one that thrashes.
 *
 * Free memory is the host's less a reserve and less what all balloons leave to guests, as
 * under Xen, where memory is handed out and not backed on first touch.
 */
#include "policy/policy_list.h"
#include "policy/policy_squeezed.h"
#include "policy/policy_util.h"

#define KIB 1024

struct squeezed_state {
	u64 interval_ns, step_ns;
	double reserve;
	u64 inaccuracy_bytes, tolerance_bytes;
	struct policy_squeezed_rules rules;

	bool balancing;
	u64 balanced_ns;
	struct policy_squeezed_vm vm[SIM_VMS_MAX]; /* in KiB */
};

static const struct sim_param squeezed_params[] = {
	{ "interval", "time between two looks whether memory is balanced", SIM_PARAM_TIME,
	  POLICY_FIELD(squeezed_state, interval_ns), 10e9, 1e8, 3.6e12 },
	{ "step", "time between two iterations while it is not", SIM_PARAM_TIME,
	  POLICY_FIELD(squeezed_state, step_ns), 1e9, 1e8, 3.6e12 },
	{ "stuck", "a balloon that makes no way for longer is left out", SIM_PARAM_TIME,
	  POLICY_FIELD(squeezed_state, rules.stuck_ns), 5e9, 1e8, 3.6e12 },
	{ "reserve", "share of host memory to keep free", SIM_PARAM_DOUBLE,
	  POLICY_FIELD(squeezed_state, reserve), 0.05, 0, 0.9 },
	{ "inaccuracy", "a target is hit when the balloon is this near", SIM_PARAM_SIZE,
	  POLICY_FIELD(squeezed_state, inaccuracy_bytes), 4096, 0, 1e12 },
	{ "tolerance", "memory beyond the reserve that need not be handed out", SIM_PARAM_SIZE,
	  POLICY_FIELD(squeezed_state, tolerance_bytes), 524288, 0, 1e15 },
	{ "two_phase", "nobody grows while anybody shrinks", SIM_PARAM_BOOL,
	  POLICY_FIELD(squeezed_state, rules.two_phase), 1, 0, 1 },
	{ "compensate", "reckon with the inaccuracy of balloons", SIM_PARAM_BOOL,
	  POLICY_FIELD(squeezed_state, rules.compensate), 1, 0, 1 },
};

/* --- rules --- */

static bool hits(const struct policy_squeezed_vm *vm, s64 target)
{
	s64 gap = vm->actual - target;

	return (gap < 0 ? -gap : gap) <= vm->inaccuracy;
}

/* Is its balloon on its way?  Sets stuck. */
static void watch(struct policy_squeezed_vm *vm, u64 now_ns, u64 stuck_ns)
{
	if (!vm->seen) {
		vm->seen = true;
		vm->stuck = false;
		vm->moved_ns = now_ns;
		vm->actual_seen = vm->actual;
	}
	s64 way = vm->actual - vm->actual_seen;

	vm->actual_seen = vm->actual;
	if (hits(vm, vm->target))
		return;
	if (vm->target > vm->actual ? way > 0 : way < 0) {
		vm->moved_ns = now_ns;
		vm->stuck = false;
	}
	if (now_ns - vm->moved_ns > stuck_ns)
		vm->stuck = true;
}

static bool active(const struct policy_squeezed_vm *vm)
{
	return vm->present && vm->can_balloon && !vm->stuck;
}

static s64 range(const struct policy_squeezed_vm *vm)
{
	return vm->max > vm->min ? vm->max - vm->min : 0;
}

/* What a VM gives for certain when told to go to its minimum. */
static s64 gives(const struct policy_squeezed_vm *vm, bool compensate)
{
	s64 bytes = vm->actual - vm->min - (compensate ? 2 * vm->inaccuracy : 0);

	return bytes > 0 ? bytes : 0;
}

/* The same part of its range for every active VM. */
static void divide(struct policy_squeezed_vm *vm, u32 count, s64 surplus)
{
	double ranges = 0, part = 0;

	for (u32 i = 0; i < count; i++)
		if (active(&vm[i]))
			ranges += (double)range(&vm[i]);
	if (ranges > 0 && surplus > 0)
		part = (double)surplus / ranges;
	if (part > 1)
		part = 1;
	for (u32 i = 0; i < count; i++)
		if (active(&vm[i]))
			vm[i].target_new = vm[i].min + (s64)(part * (double)range(&vm[i]));
}

static bool shrinks(const struct policy_squeezed_vm *vm)
{
	return active(vm) && vm->target_new < vm->actual && !hits(vm, vm->target_new);
}

/* A VM that has just been given up keeps what it has, inside its limits. */
static void pin(struct policy_squeezed_vm *vm)
{
	s64 size = vm->target < vm->actual ? vm->target : vm->actual;

	size = size < vm->min ? vm->min : size;
	vm->target_new = size > vm->max ? vm->max : size;
	vm->send = true;
}

enum policy_squeezed_outcome policy_squeezed_step(struct policy_squeezed_vm *vm, u32 count, s64 free,
						  s64 wanted, bool success, u64 now_ns,
						  const struct policy_squeezed_rules *rules)
{
	bool freeing = false, reached = true, changes = false;
	s64 surplus = free - wanted;

	for (u32 i = 0; i < count; i++) {
		vm[i].send = false;
		if (!vm[i].present)
			continue;
		watch(&vm[i], now_ns, rules->stuck_ns);
		if (active(&vm[i])) {
			surplus += gives(&vm[i], rules->compensate);
			reached &= hits(&vm[i], vm[i].target);
		}
	}
	divide(vm, count, surplus);
	for (u32 i = 0; i < count; i++)
		freeing |= shrinks(&vm[i]);
	for (u32 i = 0; i < count; i++) {
		if (!active(&vm[i]) || (rules->two_phase && freeing && !shrinks(&vm[i])))
			continue;
		vm[i].send = true;
		changes |= vm[i].target_new != vm[i].target;
	}
	bool goes_on = !reached || changes;

	for (u32 i = 0; i < count; i++) {
		bool inactive = vm[i].present && !active(&vm[i]);

		vm[i].send &= goes_on;
		if (inactive && !vm[i].inactive)
			pin(&vm[i]);
		vm[i].inactive = inactive;
	}
	return goes_on ? POLICY_SQUEEZED_GOES_ON :
	       success ? POLICY_SQUEEZED_DONE :
			 POLICY_SQUEEZED_FAILED;
}

/* --- at work --- */

/* Note what VMs have.  @anew: a new balancing begins.  Return: free memory, KiB. */
static s64 look(struct squeezed_state *self, const struct sim_host_view *host, bool anew)
{
	s64 free = (s64)(host->memory_bytes / KIB);

	for (u32 i = 0; i < host->vms_count; i++) {
		const struct sim_vm_view *view = &host->vm[i];
		struct policy_squeezed_vm *vm = &self->vm[i];

		if (anew || !view->running)
			*vm = (struct policy_squeezed_vm){ 0 };
		vm->present = view->running;
		vm->can_balloon = true;
		vm->min = (s64)(view->min_bytes / KIB);
		vm->max = (s64)(view->nominal_bytes / KIB);
		vm->target = (s64)(view->target_bytes / KIB);
		vm->actual = (s64)(view->actual_bytes / KIB);
		vm->inaccuracy = (s64)(self->inaccuracy_bytes / KIB);
		if (view->running)
			free -= vm->actual;
	}
	return free;
}

static void iterate(struct squeezed_state *self, const struct sim_host_view *host,
		    struct sim_actions *act)
{
	s64 free = look(self, host, !self->balancing);
	s64 wanted = (s64)(self->reserve * (double)host->memory_bytes / KIB);
	bool success = free - wanted < (s64)(self->tolerance_bytes / KIB);

	self->balancing = policy_squeezed_step(self->vm, host->vms_count, free, wanted, success,
					       host->now_ns, &self->rules) ==
			  POLICY_SQUEEZED_GOES_ON;
	for (u32 i = 0; i < host->vms_count; i++) {
		struct policy_squeezed_vm *vm = &self->vm[i];

		if (!vm->send || vm->target_new == vm->target)
			continue;
		policy_move(act, host, i,
			    policy_clamp_target(&host->vm[i], (u64)vm->target_new * KIB),
			    "host %.1f MiB free of %.1f wanted, guest has %.1f", POLICY_MIB(free * KIB),
			    POLICY_MIB(wanted * KIB), POLICY_MIB(host->vm[i].actual_bytes));
	}
}

static u64 squeezed_tick_ns(const void *state)
{
	return ((const struct squeezed_state *)state)->step_ns;
}

static void squeezed_tick(void *state, const struct sim_host_view *host, struct sim_actions *act)
{
	struct squeezed_state *self = state;

	if (!self->balancing && host->now_ns - self->balanced_ns < self->interval_ns)
		return;
	self->balanced_ns = host->now_ns;
	iterate(self, host, act);
}

static void squeezed_vm_changed(void *state, const struct sim_host_view *host, u32 vm,
				struct sim_actions *act)
{
	struct squeezed_state *self = state;

	(void)vm;
	self->balancing = false;
	self->balanced_ns = host->now_ns;
	iterate(self, host, act);
}

static int squeezed_init(void *state, const struct sim_host_view *host)
{
	const struct squeezed_state *self = state;

	(void)host;
	return self->step_ns > self->interval_ns ? -EINVAL : 0;
}

const struct sim_policy policy_squeezed = {
	.name = "squeezed",
	.summary = "XenServer: every VM at the same part of its range between min and nominal",
	.rule = "surplus = max(0, free + sum(max(0, actual - min - 2 * inaccuracy)) - reserve)\n"
		"target = min + clamp(surplus / sum(nominal - min), 0, 1) * (nominal - min)\n"
		"While any VM has to shrink, only shrinks are sent.  A VM that was told to move\n"
		"and made no way for 5 s is left out.  Looked at every 10 s; while targets are\n"
		"not hit, every second.",
	.source = "xapi, ocaml/squeezed/lib/squeeze.ml",
	.flaw = "Blind to need by design: nothing from inside the guest is used, so an idle VM\n"
		"keeps as large a part of its range as one that thrashes.",
	.params = squeezed_params,
	.params_count = POLICY_COUNT(squeezed_params),
	.state_size = sizeof(struct squeezed_state),
	.init = squeezed_init,
	.tick_ns = squeezed_tick_ns,
	.tick = squeezed_tick,
	.vm_added = squeezed_vm_changed,
	.vm_removed = squeezed_vm_changed,
};
