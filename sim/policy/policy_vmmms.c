/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * policy_vmmms.c - ChromeOS's VM memory management service.
 *
 * Rule: see .rule below.  All guests give up file pages until their oldest are equally old.
 * Source: ChromiumOS, vm_tools/concierge/mm: reclaim_broker.cc and balloon_blocker.cc.
 * May see: working-set reports, balloon statistics, host pressure.
 * Known flaw: anonymous memory, however old, is never taken; one age for all guests and
 * devices; the guest with least old memory decides how much all give.
 *
 * Reports show no generations, so every report that was asked for counts as a new one, and
 * the upper edge of the oldest bin with bytes in it as the age of the oldest.  The host
 * has no memory but its VMs', so that the part of the rule that deflates balloons evenly
 * for the host's old pages has no counterpart.  The original's requests come from Chrome
 * and Android with the importance of the process about to be killed; here the host's
 * pressure and a guest's want stand for them: medium and critical pressure inflate as for a
 * cached tab and for the host's life, a guest with little available memory deflates as for
 * a cached app, and one that had to kill as for the guest's life.  The fast reclaim after
 * boot is left out.
 *
 * As shipped the oldest generation counts whatever is in it, so that a few old pages that
 * are never used again make a guest's oldest memory as old as the guest; when every guest
 * has such a remnant nothing is older than that, and nothing is reclaimed from anyone.
 * With as_shipped=off remnants of `threshold` and less do not count.
 */
#include "policy/policy_list.h"
#include "policy/policy_rules.h"

#define EDGES 15
#define PRIORITY_CACHED_APP 10

struct vmmms_state {
	u64 interval_ns, least_bytes, short_ns, long_ns, stall_bytes;
	double guest_low, step;
	bool as_shipped;

	u64 round_ns;
	struct vmmms_vm {
		struct policy_blocker blocker;
		u64 report_number; /* of the last round */
		u64 oom_kills;
	} vm[SIM_VMS_MAX];
};

#define VMMMS_FIELD(field) POLICY_FIELD(vmmms_state, field)

static const struct sim_param vmmms_params[] = {
	{ "interval", "least time between two rounds of reclaim", SIM_PARAM_TIME,
	  VMMMS_FIELD(interval_ns), 30e9, 1e9, 3.6e12 },
	{ "threshold", "less is not reclaimed from a guest", SIM_PARAM_SIZE,
	  VMMMS_FIELD(least_bytes), 1048576, 0, 1e15 },
	{ "block_short", "time that an important request blocks the other direction",
	  SIM_PARAM_TIME, VMMMS_FIELD(short_ns), 10e9, 0, 3.6e12 },
	{ "block_long", "the same from cached tabs on", SIM_PARAM_TIME, VMMMS_FIELD(long_ns),
	  100e9, 0, 3.6e12 },
	{ "stall_deflate", "what a stalled balloon gives back", SIM_PARAM_SIZE,
	  VMMMS_FIELD(stall_bytes), 134217728, 0, 1e15 },
	{ "guest_low", "available share of nominal below which a guest asks for memory",
	  SIM_PARAM_DOUBLE, VMMMS_FIELD(guest_low), 0.08, 0, 1 },
	{ "step", "what it gets then, share of nominal", SIM_PARAM_DOUBLE, VMMMS_FIELD(step), 0.10,
	  0, 1 },
	{ "as_shipped", "any remnant counts as a guest's oldest memory, however small",
	  SIM_PARAM_BOOL, VMMMS_FIELD(as_shipped), 1, 0, 1 },
};

/* --- the blocker --- */

u32 policy_blocker_lowest(const struct policy_blocker *blocker, bool inflates, u64 now_ns)
{
	const u64 *other = blocker->until_ns[!inflates];

	for (u32 priority = 1; priority <= POLICY_BLOCKER_PRIORITIES; priority++)
		if (other[priority] && now_ns <= other[priority])
			return priority - 1;
	return POLICY_BLOCKER_PRIORITIES;
}

bool policy_blocker_ask(struct policy_blocker *blocker, bool inflates, u32 priority, u64 now_ns)
{
	u32 lowest = policy_blocker_lowest(blocker, inflates, now_ns), blocks = priority;
	u64 *own = blocker->until_ns[inflates];

	/* A request beats the other side by one level at a time, a stall by any. */
	if (blocks < lowest && blocks > POLICY_PRIORITY_STALL)
		blocks = lowest;
	/* What is asked least urgently blocks nothing; the rest also when it is refused. */
	if (priority < POLICY_BLOCKER_PRIORITIES) {
		own[blocks] = now_ns + (blocks >= POLICY_PRIORITY_CACHED_TAB ? blocker->long_ns :
									       blocker->short_ns);
		for (u32 above = 1; above < blocks; above++)
			own[above] = 0;
	}
	return priority <= lowest;
}

/* --- at work --- */

static void inflate(struct vmmms_state *self, const struct sim_host_view *host, u32 vm,
		    u32 priority, u64 bytes, struct sim_actions *act)
{
	const struct sim_vm_view *view = &host->vm[vm];
	u64 target = policy_clamp_target(view, policy_less(view->target_bytes, bytes));

	if (policy_blocker_ask(&self->vm[vm].blocker, true, priority, host->now_ns) &&
	    target < view->target_bytes)
		policy_set_target(act, vm, target);
}

static void deflate(struct vmmms_state *self, const struct sim_host_view *host, u32 vm,
		    u32 priority, u64 bytes, struct sim_actions *act)
{
	const struct sim_vm_view *view = &host->vm[vm];
	u64 target = policy_clamp_target(view, view->target_bytes + bytes);

	if (policy_blocker_ask(&self->vm[vm].blocker, false, priority, host->now_ns) &&
	    target > view->target_bytes)
		policy_set_target(act, vm, target);
}

/* Upper edge of the bin in which, from the oldest on, there are more than @ignored bytes. */
static u64 oldest_age(const struct sim_vm_report *report, u64 ignored)
{
	u64 bytes = 0;

	for (u32 i = report->bins_count; i-- > 0;) {
		const struct sim_report_bin *bin = &report->bin[i];

		bytes += bin->anon_bytes + bin->file_bytes;
		if (bytes <= ignored)
			continue;
		if (bin->idle_age_ns != ~0ull)
			return bin->idle_age_ns;
		/* The last bin counts as twice its lower edge wide, as elsewhere. */
		return i ? report->bin[i - 1].idle_age_ns * 3 : POLICY_SECOND_NS;
	}
	return 0;
}

static void reclaim(struct vmmms_state *self, const struct sim_host_view *host,
		    struct sim_actions *act)
{
	u64 newest_oldest_ns = ~0ull;

	for (u32 i = 0; i < host->vms_count; i++) {
		const struct sim_vm_view *vm = &host->vm[i];

		if (!vm->running || !vm->report.arrived_ns)
			continue;
		self->vm[i].report_number = vm->report.number;
		newest_oldest_ns = policy_min(newest_oldest_ns,
					      oldest_age(&vm->report,
							 self->as_shipped ? 0 : self->least_bytes));
	}
	for (u32 i = 0; i < host->vms_count; i++) {
		const struct sim_vm_view *vm = &host->vm[i];

		if (!vm->running || !vm->report.arrived_ns)
			continue;
		u64 bytes = policy_idle_longer(&vm->report, newest_oldest_ns).file_bytes;

		if (bytes > self->least_bytes)
			inflate(self, host, i, POLICY_PRIORITY_RECLAIM, bytes, act);
	}
}

/* Every guest's report of this round is there. */
static bool complete(const struct vmmms_state *self, const struct sim_host_view *host)
{
	for (u32 i = 0; i < host->vms_count; i++)
		if (host->vm[i].running && host->vm[i].report.number == self->vm[i].report_number)
			return false;
	return true;
}

static u64 vmmms_tick_ns(const void *state)
{
	return ((const struct vmmms_state *)state)->interval_ns / 10;
}

static void vmmms_tick(void *state, const struct sim_host_view *host, struct sim_actions *act)
{
	struct vmmms_state *self = state;
	bool round = host->now_ns - self->round_ns >= self->interval_ns;

	/* One guest that does not answer does not hold up the others for ever. */
	if (round && (complete(self, host) ||
		      host->now_ns - self->round_ns >= 2 * self->interval_ns)) {
		self->round_ns = host->now_ns;
		reclaim(self, host, act);
	}
	for (u32 i = 0; i < host->vms_count; i++) {
		if (!host->vm[i].running)
			continue;
		act->ops->request_stats(act->ctx, i);
		if (host->now_ns - self->round_ns + 2 * (self->interval_ns / 10) >= self->interval_ns)
			act->ops->request_report(act->ctx, i);
	}
}

static void vmmms_stats(void *state, const struct sim_host_view *host, u32 vm,
			struct sim_actions *act)
{
	struct vmmms_state *self = state;
	const struct sim_vm_view *view = &host->vm[vm];
	double nominal = (double)view->nominal_bytes;
	bool killed = view->stats.oom_kills > self->vm[vm].oom_kills;

	if (!view->running)
		return;
	self->vm[vm].oom_kills = view->stats.oom_kills;
	if (killed)
		deflate(self, host, vm, POLICY_PRIORITY_NO_KILL_GUEST,
			policy_bytes(self->step * nominal), act);
	else if ((double)view->stats.available_bytes < self->guest_low * nominal)
		deflate(self, host, vm, PRIORITY_CACHED_APP, policy_bytes(self->step * nominal), act);
}

/* The host's want is divided evenly. */
static void vmmms_pressure(void *state, const struct sim_host_view *host, u32 level,
			   struct sim_actions *act)
{
	u64 running = 0, wanted = policy_less(host->high_bytes, host->free_bytes);

	for (u32 i = 0; i < host->vms_count; i++)
		running += host->vm[i].running;
	for (u32 i = 0; level && i < host->vms_count; i++)
		if (host->vm[i].running)
			inflate(state, host, i,
				level > 1 ? POLICY_PRIORITY_NO_KILL_HOST : POLICY_PRIORITY_CACHED_TAB,
				wanted / running, act);
}

static void vmmms_stalled(void *state, const struct sim_host_view *host, u32 vm, bool oom,
			  struct sim_actions *act)
{
	struct vmmms_state *self = state;
	const struct sim_vm_view *view = &host->vm[vm];

	/* A balloon stalls on its way down only for want of the guest's memory. */
	if (!view->running || (!oom && view->actual_bytes < view->target_bytes))
		return;
	deflate(self, host, vm, POLICY_PRIORITY_STALL,
		policy_less(view->actual_bytes + self->stall_bytes, view->target_bytes), act);
}

static void vmmms_vm_added(void *state, const struct sim_host_view *host, u32 vm,
			   struct sim_actions *act)
{
	struct vmmms_state *self = state;
	u64 edges[EDGES];

	(void)host;
	for (u32 i = 0; i < EDGES; i++)
		edges[i] = i & 1 ? 15 * POLICY_SECOND_NS << i / 2 : 10 * POLICY_SECOND_NS << i / 2;
	self->vm[vm] = (struct vmmms_vm){ .blocker = { .short_ns = self->short_ns,
						       .long_ns = self->long_ns } };
	act->ops->configure_reports(act->ctx, vm, edges, EDGES, self->interval_ns / 10, 0);
}

const struct sim_policy policy_vmmms = {
	.name = "vmmms",
	.summary = "ChromeOS VMMMS: file pages older than the newest of the oldest generations",
	.rule = "Every 30 s, on new generations: T = least age of the guests' oldest memory\n"
		"    each guest's balloon grows by its file bytes that are older, if over 1 MiB\n"
		"Host pressure inflates evenly; a guest with little available, or that killed,\n"
		"gets memory; a stalled balloon gives 128 MiB back.  A request blocks the other\n"
		"direction at its priority and below, for 100 s (cached tabs and below) or 10 s.",
	.source = "ChromiumOS, vm_tools/concierge/mm",
	.flaw = "Anonymous memory is never taken; the guest with least old memory decides for\n"
		"all; one age whatever a refault costs.",
	.channels = SIM_CH_REPORTS | SIM_CH_STATS | SIM_CH_HOST,
	.params = vmmms_params,
	.params_count = POLICY_COUNT(vmmms_params),
	.state_size = sizeof(struct vmmms_state),
	.tick_ns = vmmms_tick_ns,
	.tick = vmmms_tick,
	.stats = vmmms_stats,
	.pressure = vmmms_pressure,
	.stalled = vmmms_stalled,
	.vm_added = vmmms_vm_added,
};
