/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * policy_qmemman.c - the memory manager of Qubes OS.
 *
 * Rule: see policy_qmemman.h.  Donors are told first; acceptors only when the donors have
 * given, or 3 s later.  A VM that comes has its memory borrowed from those that have more
 * than they prefer.
 * Source: Qubes OS, qubes/qmemman/algo.py and systemstate.py (read at 1ad5f9b).
 * May see: an agent in the guest (memory in use: anonymous, swapped and kernel memory),
 * the balloon's configuration space.
 * Known flaw: memory in use is all the same to it, idle or not; its constants (200, 150,
 * 50 MiB) suit guests of gigabytes and make it nearly blind to smaller ones.
 *
 * As shipped, when memory is short, what donors are about to give is subtracted from the
 * free memory that acceptors divide instead of added, so that acceptors mostly get
 * nothing in the same round; as_shipped=off adds it.
 *
 * Free memory is the host's less what all balloons leave to guests, as under Xen, where
 * memory is handed out and not backed on first touch.
 */
#include "policy/policy_list.h"
#include "policy/policy_qmemman.h"
#include "policy/policy_util.h"

#define SAFETY 0.999	    /* against rounding to more than there is */
#define BORROW_FACTOR 1.05  /* a donor may yield a little less than told */
#define GIVES_MIN (10 << 20) /* a donor with less is at what it prefers */
#define DONORS_WAIT_NS (3 * POLICY_SECOND_NS)

struct qmemman_state {
	struct policy_qmemman_rules rules;
	u64 interval_ns;

	struct policy_qmemman_vm vm[SIM_VMS_MAX];
	bool pending;	/* acceptors wait for donors */
	u64 pending_ns; /* since then */
};

#define QMEMMAN_FIELD(field) POLICY_FIELD(qmemman_state, field)

static const struct sim_param qmemman_params[] = {
	{ "cache_factor", "memory preferred over memory used", SIM_PARAM_DOUBLE,
	  QMEMMAN_FIELD(rules.cache_factor), 1.3, 1, 10 },
	{ "pref_min", "least memory that a VM is said to prefer", SIM_PARAM_SIZE,
	  QMEMMAN_FIELD(rules.pref_min_bytes), 209715200, 0, 1e15 },
	{ "boost", "more of that for the host's own domain", SIM_PARAM_SIZE,
	  QMEMMAN_FIELD(rules.boost_bytes), 367001600, 0, 1e15 },
	{ "transfer_min", "less memory is not moved", SIM_PARAM_SIZE,
	  QMEMMAN_FIELD(rules.transfer_min_bytes), 157286400, 0, 1e15 },
	{ "change_min", "unless a VM below what it prefers gains more than this", SIM_PARAM_SIZE,
	  QMEMMAN_FIELD(rules.change_min_bytes), 15728640, 0, 1e15 },
	{ "left", "host memory that is never given out", SIM_PARAM_SIZE,
	  QMEMMAN_FIELD(rules.left_bytes), 52428800, 0, 1e15 },
	{ "interval", "time between two looks at the guests", SIM_PARAM_TIME,
	  QMEMMAN_FIELD(interval_ns), 1e9, 1e8, 3.6e12 },
	{ "as_shipped", "what donors give is subtracted from what acceptors get", SIM_PARAM_BOOL,
	  QMEMMAN_FIELD(rules.as_shipped), 1, 0, 1 },
};

/* --- rules --- */

static bool takes_part(const struct policy_qmemman_vm *vm)
{
	return vm->used >= 0 && !vm->no_progress;
}

s64 policy_qmemman_prefers(const struct policy_qmemman_vm *vm,
			   const struct policy_qmemman_rules *rules)
{
	double wants = (double)vm->used * rules->cache_factor;

	if (vm->privileged)
		wants += (double)rules->boost_bytes;
	if (wants > (double)vm->max)
		wants = (double)vm->max;
	if (!vm->privileged && wants < (double)rules->pref_min_bytes)
		wants = (double)rules->pref_min_bytes;
	return (s64)wants;
}

s64 policy_qmemman_needs(const struct policy_qmemman_vm *vm,
			 const struct policy_qmemman_rules *rules)
{
	return policy_qmemman_prefers(vm, rules) - vm->actual;
}

/* Share @left out evenly among those below their maximum, until all is gone or they are full. */
static void share_evenly(struct policy_qmemman_vm *vm, u32 count, s64 left, u32 acceptors)
{
	while (left > 0 && acceptors) {
		s64 bonus = (s64)(SAFETY * ((double)left / acceptors));
		u32 full = 0;

		left = 0;
		for (u32 i = 0; i < count; i++) {
			if (!takes_part(&vm[i]) || vm[i].target >= vm[i].max)
				continue;
			vm[i].target += bonus;
			if (vm[i].target < vm[i].max)
				continue;
			left += vm[i].target - vm[i].max;
			vm[i].target = vm[i].max;
			full++;
		}
		acceptors -= full;
	}
}

static double preferred_by_all(const struct policy_qmemman_vm *vm, u32 count,
			       const struct policy_qmemman_rules *rules)
{
	double sum = 0;

	for (u32 i = 0; i < count; i++)
		if (takes_part(&vm[i]))
			sum += (double)policy_qmemman_prefers(&vm[i], rules);
	return sum;
}

void policy_qmemman_divide(struct policy_qmemman_vm *vm, u32 count, s64 spare,
			   const struct policy_qmemman_rules *rules)
{
	double all = preferred_by_all(vm, count, rules);
	s64 left = 0;
	u32 acceptors = 0;

	for (u32 i = 0; i < count; i++) {
		vm[i].role = POLICY_QMEMMAN_STAYS;
		if (!takes_part(&vm[i]))
			continue;
		double prefers = (double)policy_qmemman_prefers(&vm[i], rules);
		double part = all > 0 ? prefers / all : 0;

		vm[i].target = (s64)(SAFETY * (prefers + part * (double)spare));
		if (vm[i].target > vm[i].max) {
			left += vm[i].target - vm[i].max;
			vm[i].target = vm[i].max;
		} else {
			acceptors++;
		}
	}
	share_evenly(vm, count, left, acceptors);
	for (u32 i = 0; i < count; i++)
		if (takes_part(&vm[i]))
			vm[i].role = vm[i].target < vm[i].actual ? POLICY_QMEMMAN_DONOR :
								   POLICY_QMEMMAN_ACCEPTOR;
}

/* Below what it prefers, and below its maximum. */
static bool accepts(const struct policy_qmemman_vm *vm, const struct policy_qmemman_rules *rules)
{
	return policy_qmemman_needs(vm, rules) >= 0 && vm->actual < vm->max;
}

static void divide_shortage(struct policy_qmemman_vm *vm, u32 count, s64 free,
			    const struct policy_qmemman_rules *rules)
{
	double wanted = 0;
	s64 there = free;

	for (u32 i = 0; i < count; i++) {
		vm[i].role = POLICY_QMEMMAN_STAYS;
		if (!takes_part(&vm[i]))
			continue;
		s64 gives = -policy_qmemman_needs(&vm[i], rules);

		if (accepts(&vm[i], rules)) {
			wanted += (double)policy_qmemman_prefers(&vm[i], rules);
		} else if (gives >= GIVES_MIN) {
			there += rules->as_shipped ? -gives : gives;
			vm[i].role = POLICY_QMEMMAN_DONOR;
			vm[i].target = policy_qmemman_prefers(&vm[i], rules);
		}
	}
	if (there < 0)
		return;
	for (u32 i = 0; i < count; i++) {
		if (!takes_part(&vm[i]) || !accepts(&vm[i], rules))
			continue;
		double part = (double)policy_qmemman_prefers(&vm[i], rules) / wanted;

		vm[i].role = POLICY_QMEMMAN_ACCEPTOR;
		vm[i].target = (s64)(SAFETY * ((double)vm[i].actual + part * (double)there));
		if (vm[i].target > vm[i].max)
			vm[i].target = vm[i].max;
	}
}

void policy_qmemman_balance(struct policy_qmemman_vm *vm, u32 count, s64 free,
			    const struct policy_qmemman_rules *rules)
{
	s64 spare = free;

	for (u32 i = 0; i < count; i++)
		if (takes_part(&vm[i]))
			spare -= policy_qmemman_needs(&vm[i], rules);
	if (spare > 0)
		policy_qmemman_divide(vm, count, spare, rules);
	else
		divide_shortage(vm, count, free, rules);
}

bool policy_qmemman_borrow(struct policy_qmemman_vm *vm, u32 count, s64 bytes,
			   const struct policy_qmemman_rules *rules)
{
	s64 there = 0;

	for (u32 i = 0; i < count; i++)
		if (takes_part(&vm[i]) && policy_qmemman_needs(&vm[i], rules) < 0)
			there -= policy_qmemman_needs(&vm[i], rules);
	if (there < bytes || !there)
		return false;
	double scale = (double)bytes / (double)there;

	for (u32 i = 0; i < count; i++) {
		s64 needs = takes_part(&vm[i]) ? policy_qmemman_needs(&vm[i], rules) : 0;

		vm[i].role = needs < 0 ? POLICY_QMEMMAN_DONOR : POLICY_QMEMMAN_STAYS;
		if (needs < 0)
			vm[i].target = (s64)((double)vm[i].actual -
					     (double)-needs * scale * BORROW_FACTOR);
	}
	return true;
}

bool policy_qmemman_worth(const struct policy_qmemman_vm *vm, u32 count, s64 free,
			  const struct policy_qmemman_rules *rules)
{
	s64 left = free - (s64)rules->left_bytes, moved = left < 0 ? -left : left;

	if (-left > (s64)rules->change_min_bytes)
		return true;
	for (u32 i = 0; i < count; i++) {
		if (vm[i].role == POLICY_QMEMMAN_STAYS)
			continue;
		s64 last = vm[i].last_target ? vm[i].last_target : vm[i].actual;
		s64 change = vm[i].target - last;

		if (last > 0 && last < policy_qmemman_prefers(&vm[i], rules) &&
		    change > (s64)rules->change_min_bytes)
			return true;
		moved += change < 0 ? -change : change;
	}
	return moved > (s64)rules->transfer_min_bytes;
}

/* --- at work --- */

/* Look at all guests.  Return: memory not handed out, less what is never to be. */
static s64 look(struct qmemman_state *self, const struct sim_host_view *host)
{
	s64 free = (s64)host->memory_bytes - (s64)self->rules.left_bytes;

	for (u32 i = 0; i < host->vms_count; i++) {
		const struct sim_vm_view *view = &host->vm[i];
		struct policy_qmemman_vm *vm = &self->vm[i];

		if (!view->running) {
			*vm = (struct policy_qmemman_vm){ .used = -1 };
			continue;
		}
		vm->used = view->committed_bytes ? (s64)view->committed_bytes : -1;
		vm->max = (s64)view->nominal_bytes;
		vm->last_target = (s64)view->target_bytes;
		vm->actual = (s64)policy_max(view->actual_bytes, view->target_bytes);
		/* Near enough to what it was told after all, or in want of more. */
		if (vm->used >= 0 &&
		    (vm->actual <= vm->last_target + (s64)(self->rules.left_bytes / 2) ||
		     policy_qmemman_needs(vm, &self->rules) > 0))
			vm->no_progress = false;
		free -= vm->actual;
	}
	return free;
}

static void send(struct qmemman_state *self, const struct sim_host_view *host,
		 enum policy_qmemman_role role, struct sim_actions *act)
{
	for (u32 i = 0; i < host->vms_count; i++) {
		struct policy_qmemman_vm *vm = &self->vm[i];

		if (!host->vm[i].running || vm->role != role)
			continue;
		policy_move(act, host, i,
			    policy_clamp_target(&host->vm[i], policy_bytes((double)vm->target)),
			    "%s, used %.1f MiB, prefers %.1f, had %.1f",
			    role == POLICY_QMEMMAN_DONOR ? "donor" : "acceptor", POLICY_MIB(vm->used),
			    POLICY_MIB(policy_qmemman_prefers(vm, &self->rules)),
			    POLICY_MIB(vm->actual));
		if (role == POLICY_QMEMMAN_ACCEPTOR)
			vm->role = POLICY_QMEMMAN_STAYS;
	}
}

/* A donor that has not given what it was told to; the last MiB does not count. */
static bool owes(const struct sim_vm_view *view, const struct policy_qmemman_vm *vm)
{
	return view->running && vm->role == POLICY_QMEMMAN_DONOR &&
	       view->actual_bytes > (1 << 20) + policy_clamp_target(view, policy_bytes((double)vm->target));
}

/* Nobody owes, or those who do are given up on. */
static bool donors_done(struct qmemman_state *self, const struct sim_host_view *host)
{
	bool late = host->now_ns - self->pending_ns >= DONORS_WAIT_NS;

	for (u32 i = 0; i < host->vms_count; i++) {
		if (!owes(&host->vm[i], &self->vm[i]))
			continue;
		if (!late)
			return false;
		self->vm[i].no_progress = true;
	}
	return true;
}

static u64 qmemman_tick_ns(const void *state)
{
	return ((const struct qmemman_state *)state)->interval_ns;
}

/* A new division, if it is worth it. */
static void begin(struct qmemman_state *self, const struct sim_host_view *host,
		  struct sim_actions *act)
{
	s64 free = look(self, host);

	policy_qmemman_balance(self->vm, host->vms_count, free, &self->rules);
	if (!policy_qmemman_worth(self->vm, host->vms_count, free + (s64)self->rules.left_bytes,
				  &self->rules))
		return;
	send(self, host, POLICY_QMEMMAN_DONOR, act);
	self->pending = true;
	self->pending_ns = host->now_ns;
}

static void qmemman_tick(void *state, const struct sim_host_view *host, struct sim_actions *act)
{
	struct qmemman_state *self = state;

	if (!self->pending)
		begin(self, host, act);
	/* Without donors there is nothing to wait for. */
	if (!self->pending || !donors_done(self, host))
		return;
	self->pending = false;
	send(self, host, POLICY_QMEMMAN_ACCEPTOR, act);
}

static void qmemman_vm_added(void *state, const struct sim_host_view *host, u32 vm,
			     struct sim_actions *act)
{
	struct qmemman_state *self = state;

	self->vm[vm] = (struct policy_qmemman_vm){ .used = -1 };
	s64 free = look(self, host);

	/* The others make room for what it was started with. */
	self->vm[vm].used = -1;
	self->pending = false;
	if (free < 0 && policy_qmemman_borrow(self->vm, host->vms_count, -free, &self->rules))
		send(self, host, POLICY_QMEMMAN_DONOR, act);
}

const struct sim_policy policy_qmemman = {
	.name = "qmemman",
	.summary = "Qubes OS: 1.3 times what each guest uses, the rest in proportion",
	.rule = "pref = max(200 MiB, min(1.3 * used, nominal)); spare = free - sum(pref - actual)\n"
		"    spare > 0: target = 0.999 * (pref + spare * pref / sum(pref)); what exceeds\n"
		"               a nominal size is shared evenly among the others\n"
		"    else:      who has 10 MiB more than pref gets pref (donors); the others get\n"
		"               0.999 * (actual + there * pref / sum(pref of the others))\n"
		"Donors first.  Nothing is done unless 150 MiB move, a VM below pref gains 15, or\n"
		"the host lacks 15 of its 50.",
	.source = "Qubes OS, qubes/qmemman/algo.py",
	.flaw = "Idle memory counts as used; constants for guests of gigabytes; as shipped, in\n"
		"shortage acceptors get free memory less what donors give (as_shipped=off adds).",
	.channels = SIM_CH_AGENT,
	.params = qmemman_params,
	.params_count = POLICY_COUNT(qmemman_params),
	.state_size = sizeof(struct qmemman_state),
	.tick_ns = qmemman_tick_ns,
	.tick = qmemman_tick,
	.vm_added = qmemman_vm_added,
};
