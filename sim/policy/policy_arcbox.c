/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * policy_arcbox.c - the balloon of arcbox's idle virtual machine.
 *
 * Rule: see .rule below.  A guest that was quiet for five minutes is walked down in steps
 * to what it uses and a little; the first sign of want gives everything back, and the five
 * minutes start again.
 * Source: arcboxlabs/arcbox, app/arcbox-core/src/vm_lifecycle/balloon, and pull requests
 * 390, 469, 518 and 642 (July and August 2026).
 * May see: balloon statistics (total and available memory).
 * Known flaw: an idle guest has nearly all of its memory available, so that what it uses is
 * nearly nothing and its caches and its kernel's needs are walked over; each time it is
 * rescued the cycle starts again.  The host's state plays no part.
 *
 * As shipped the guest is left what it uses and 256 MiB, 384 MiB at least.  With
 * as_shipped=off, as the project's own analysis proposes, it keeps 1 GiB beyond what it
 * uses, no more than half of what is available is taken, less than 512 MiB is not, and a
 * rescue is followed by a pause of 10 minutes, twice as long each time up to 60, until a
 * descent holds.
 *
 * The original also asks for the guest's load and for requests from outside before it calls
 * a guest idle.  Neither has a channel here: all guests count as idle, and their want alone
 * shows that they are not.  A guest that stays silent for 25 s is given everything back.
 */
#include "policy/policy_list.h"
#include "policy/policy_rules.h"

enum arcbox_mode { ARCBOX_WAITS, ARCBOX_SHRUNK };

struct arcbox_state {
	u64 watch_ns, idle_ns, dwell_ns, silence_ns, pause_ns, pause_most_ns, retry_ns;
	u64 step_bytes, want_bytes;
	struct policy_arcbox rule;

	struct arcbox_vm {
		enum arcbox_mode mode;
		u64 since_ns;  /* quiet since then; in force since then */
		u64 not_before_ns; /* pause after rescues */
		u64 stepped_ns, target, rescues;
	} vm[SIM_VMS_MAX];
};

#define ARCBOX_FIELD(field) POLICY_FIELD(arcbox_state, field)

static const struct sim_param arcbox_params[] = {
	{ "watch", "time between two looks at a guest", SIM_PARAM_TIME, ARCBOX_FIELD(watch_ns), 1e9,
	  1e8, 3.6e12 },
	{ "idle", "time of quiet before the balloon grows", SIM_PARAM_TIME, ARCBOX_FIELD(idle_ns),
	  300e9, 0, 8.64e13 },
	{ "step", "most that is taken at once", SIM_PARAM_SIZE, ARCBOX_FIELD(step_bytes), 2147483648.,
	  4096, 1e15 },
	{ "dwell", "time between two steps", SIM_PARAM_TIME, ARCBOX_FIELD(dwell_ns), 15e9, 0, 3.6e12 },
	{ "want", "available memory below which everything is given back", SIM_PARAM_SIZE,
	  ARCBOX_FIELD(want_bytes), 134217728, 0, 1e15 },
	{ "silence", "the same when a guest has not answered for this long", SIM_PARAM_TIME,
	  ARCBOX_FIELD(silence_ns), 25e9, 1e8, 3.6e12 },
	{ "headroom", "as_shipped: left to a guest beyond what it uses", SIM_PARAM_SIZE,
	  ARCBOX_FIELD(rule.headroom), 268435456, 0, 1e15 },
	{ "floor", "as_shipped: least that a guest is left", SIM_PARAM_SIZE,
	  ARCBOX_FIELD(rule.floor), 402653184, 0, 1e15 },
	{ "reserve", "mended: left to a guest beyond what it uses", SIM_PARAM_SIZE,
	  ARCBOX_FIELD(rule.reserve), 1073741824, 0, 1e15 },
	{ "worthwhile", "mended: less is not taken", SIM_PARAM_SIZE, ARCBOX_FIELD(rule.least),
	  536870912, 0, 1e15 },
	{ "pause", "mended: after a rescue, doubled each time", SIM_PARAM_TIME,
	  ARCBOX_FIELD(pause_ns), 600e9, 0, 8.64e13 },
	{ "pause_max", "mended: most of that", SIM_PARAM_TIME, ARCBOX_FIELD(pause_most_ns), 3600e9, 0,
	  8.64e13 },
	{ "retry", "time until a guest with nothing to take is looked at again", SIM_PARAM_TIME,
	  ARCBOX_FIELD(retry_ns), 30e9, 1e8, 8.64e13 },
	{ "as_shipped", "256 MiB beyond use, and no pause after a rescue", SIM_PARAM_BOOL,
	  ARCBOX_FIELD(rule.as_shipped), 1, 0, 1 },
};

u64 policy_arcbox_target(const struct policy_arcbox *rule, u64 guest_total, u64 guest_available,
			 u64 full)
{
	u64 used = policy_less(guest_total, guest_available), target;

	if (!guest_total)
		return full;
	if (rule->as_shipped)
		return policy_min(policy_max(used + rule->headroom, rule->floor), full);
	target = policy_max(used + rule->reserve, policy_less(guest_total, guest_available / 2));
	return policy_less(full, target) < rule->least ? full : target;
}

/* From the balloon empty: where to?  Statistics of a balloon that is not would mislead. */
static void enter(struct arcbox_state *self, const struct sim_host_view *host, u32 index)
{
	const struct sim_vm_view *view = &host->vm[index];
	struct arcbox_vm *vm = &self->vm[index];
	u64 total = view->stats.total_bytes ? view->stats.total_bytes : view->nominal_bytes;

	if (host->now_ns - vm->since_ns < self->idle_ns || host->now_ns < vm->not_before_ns ||
	    view->actual_bytes < view->nominal_bytes)
		return;
	vm->target = policy_clamp_target(view, policy_arcbox_target(&self->rule, total,
								    view->stats.available_bytes,
								    view->nominal_bytes));
	if (vm->target >= view->nominal_bytes) {
		vm->not_before_ns = host->now_ns + self->retry_ns;
		return;
	}
	vm->mode = ARCBOX_SHRUNK;
	vm->stepped_ns = 0;
}

static void rescue(struct arcbox_state *self, const struct sim_host_view *host, u32 index,
		   struct sim_actions *act)
{
	struct arcbox_vm *vm = &self->vm[index];
	u64 pause_ns = self->pause_ns;

	for (u64 i = 0; i < vm->rescues && pause_ns < self->pause_most_ns; i++)
		pause_ns *= 2;
	vm->mode = ARCBOX_WAITS;
	vm->since_ns = host->now_ns;
	vm->rescues++;
	if (!self->rule.as_shipped)
		vm->not_before_ns = host->now_ns + policy_min(pause_ns, self->pause_most_ns);
	policy_set_target(act, index, host->vm[index].nominal_bytes);
}

static void descend(struct arcbox_state *self, const struct sim_host_view *host, u32 index,
		    struct sim_actions *act)
{
	const struct sim_vm_view *view = &host->vm[index];
	struct arcbox_vm *vm = &self->vm[index];

	if (view->target_bytes <= vm->target) {
		/* It holds: what went wrong before is forgotten. */
		if (host->now_ns - vm->stepped_ns >= self->idle_ns)
			vm->rescues = 0;
		return;
	}
	if (vm->stepped_ns && host->now_ns - vm->stepped_ns < self->dwell_ns)
		return;
	vm->stepped_ns = host->now_ns;
	policy_set_target(act, index, policy_max(policy_less(view->target_bytes, self->step_bytes),
						 vm->target));
}

static u64 arcbox_tick_ns(const void *state)
{
	return ((const struct arcbox_state *)state)->watch_ns;
}

static void arcbox_tick(void *state, const struct sim_host_view *host, struct sim_actions *act)
{
	struct arcbox_state *self = state;

	for (u32 i = 0; i < host->vms_count; i++) {
		const struct sim_vm_view *view = &host->vm[i];
		bool silent = host->now_ns - view->stats.time_ns >= self->silence_ns;

		if (!view->running)
			continue;
		act->ops->request_stats(act->ctx, i);
		if (self->vm[i].mode == ARCBOX_SHRUNK &&
		    (silent || view->stats.available_bytes < self->want_bytes))
			rescue(self, host, i, act);
		else if (self->vm[i].mode == ARCBOX_SHRUNK)
			descend(self, host, i, act);
		else if (view->stats.time_ns && !silent)
			enter(self, host, i);
	}
}

/* A guest that helps itself has shown that it is in want. */
static void arcbox_stalled(void *state, const struct sim_host_view *host, u32 vm, bool oom,
			   struct sim_actions *act)
{
	struct arcbox_state *self = state;

	if (oom && host->vm[vm].running && self->vm[vm].mode == ARCBOX_SHRUNK)
		rescue(self, host, vm, act);
}

static void arcbox_vm_added(void *state, const struct sim_host_view *host, u32 vm,
			    struct sim_actions *act)
{
	struct arcbox_state *self = state;

	self->vm[vm] = (struct arcbox_vm){ .since_ns = host->now_ns };
	act->ops->request_stats(act->ctx, vm);
}

const struct sim_policy policy_arcbox = {
	.name = "arcbox",
	.summary = "arcbox: a guest quiet for 5 min keeps what it uses and 256 MiB, until it wants more",
	.rule = "A guest whose balloon has been empty for 5 minutes, used = total - available:\n"
		"    as shipped: target = max(used + 256 MiB, 384 MiB)\n"
		"    mended:     target = max(used + 1 GiB, total - available / 2), if that takes\n"
		"                512 MiB or more\n"
		"is walked there in steps of 2 GiB every 15 s.  With less than 128 MiB available,\n"
		"or no answer for 25 s, it gets everything back and the 5 minutes begin again;\n"
		"mended, after a pause of 10 minutes, doubled up to 60 until a descent holds.",
	.source = "arcboxlabs/arcbox, app/arcbox-core/src/vm_lifecycle/balloon",
	.flaw = "An idle guest uses nearly nothing by this measure and is walked to the edge;\n"
		"as shipped every rescue is followed by the same descent.  The host's state plays\n"
		"no part; the original's signs of use (load, requests) have no channel here.",
	.channels = SIM_CH_STATS,
	.params = arcbox_params,
	.params_count = POLICY_COUNT(arcbox_params),
	.state_size = sizeof(struct arcbox_state),
	.tick_ns = arcbox_tick_ns,
	.tick = arcbox_tick,
	.stalled = arcbox_stalled,
	.vm_added = arcbox_vm_added,
};
