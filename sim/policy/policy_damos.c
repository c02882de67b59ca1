/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * policy_damos.c - DAMON's proactive reclaim with a quota that follows a goal.
 *
 * Rule: see .rule below; the guest's own reclaim takes what is idle for long.
 * Source: Linux, mm/damon (DAMON_RECLAIM, and the quota goal of DAMON-based schemes).
 * May see: working-set reports, an agent in the guest (memory pressure), balloon
 * statistics (memory in use).
 * Known flaw: the goal is a level of pressure to reach, not to stay below: a guest without
 * pressure is reclaimed ever faster, until only the age holds it back; the pressure of one
 * interval is noisy, and the quota follows it at once.
 *
 * DAMON's sampled regions are replaced by the guest's report.  The other quota, on CPU time,
 * has no counterpart.  What is reclaimed is free memory of the guest; unless balloon=off,
 * the balloon follows memory in use, so that the host gets it.
 *
 * As shipped, the quota that follows the goal starts at one byte and is not held to the
 * limit, only what is reclaimed is: after a long quiet it has grown beyond all bounds, and
 * pressure between the goal and its double brings it down too slowly to matter.  And a guest
 * with less than 20 % free is left to its own reclaim.  With as_shipped=off, the default, the
 * quota stays between `quota_min` and `quota`, and there is no low watermark, for a balloon
 * that leaves 15 % free would be below it for good.
 */
#include "policy/policy_list.h"
#include "policy/policy_rules.h"

struct damos_state {
	u64 interval_ns, age_ns, quota_bytes, quota_min_bytes;
	double goal, high, middle, low, headroom;
	bool balloon, as_shipped;

	struct damos_vm {
		double quota;
		u64 psi_ns, looked_ns;
		u64 report_number; /* of the last report that was used up */
		double left;	   /* of its cold bytes */
		bool active;	   /* by the watermarks */
	} vm[SIM_VMS_MAX];
};

#define DAMOS_FIELD(field) POLICY_FIELD(damos_state, field)

static const struct sim_param damos_params[] = {
	{ "interval", "time between two applications, for which the quota counts", SIM_PARAM_TIME,
	  DAMOS_FIELD(interval_ns), 1e9, 1e8, 3.6e12 },
	{ "min_age", "memory idle for longer is reclaimed", SIM_PARAM_TIME, DAMOS_FIELD(age_ns),
	  120e9, 1e9, 8.64e13 },
	{ "quota", "most to reclaim in one interval", SIM_PARAM_SIZE, DAMOS_FIELD(quota_bytes),
	  134217728, 4096, 1e15 },
	{ "quota_min", "what the quota does not fall below, and starts from", SIM_PARAM_SIZE,
	  DAMOS_FIELD(quota_min_bytes), 1048576, 4096, 1e15 },
	{ "goal", "share of time stalled that is aimed at", SIM_PARAM_DOUBLE, DAMOS_FIELD(goal),
	  0.001, 0.000001, 1 },
	{ "wmark_high", "free share of a guest above which nothing is reclaimed",
	  SIM_PARAM_DOUBLE, DAMOS_FIELD(high), 0.5, 0, 1 },
	{ "wmark_mid", "free share below which it is begun again", SIM_PARAM_DOUBLE,
	  DAMOS_FIELD(middle), 0.4, 0, 1 },
	{ "wmark_low", "as_shipped: free share below which it is left to the guest's own reclaim",
	  SIM_PARAM_DOUBLE, DAMOS_FIELD(low), 0.2, 0, 1 },
	{ "balloon", "the balloon follows memory in use, so that the host gains",
	  SIM_PARAM_BOOL, DAMOS_FIELD(balloon), 1, 0, 1 },
	{ "headroom", "with balloon: memory left beyond what is used, share of nominal",
	  SIM_PARAM_DOUBLE, DAMOS_FIELD(headroom), 0.15, 0, 1 },
	{ "as_shipped", "a quota without bounds, and the low watermark", SIM_PARAM_BOOL,
	  DAMOS_FIELD(as_shipped), 0, 0, 1 },
};

/* What the kernel's counter of the quota can hold, in bytes. */
#define QUOTA_MAX 1.8446744073709552e15

double policy_damos_quota(double last, double goal, double current, double least)
{
	double next = last * ((goal - current) / goal + 1);

	return next > least ? next : least;
}

bool policy_damos_active(bool active, double free, double high, double middle, double low)
{
	if (free > high || free < low)
		return false;
	return active || free < middle;
}

static double next_quota(const struct damos_state *self, double last, double psi)
{
	double least = self->as_shipped ? 1 : (double)self->quota_min_bytes;
	double most = self->as_shipped ? QUOTA_MAX : (double)self->quota_bytes;
	double next = policy_damos_quota(last, self->goal, psi, least);

	return next < most ? next : most;
}

static u64 damos_tick_ns(const void *state)
{
	return ((const struct damos_state *)state)->interval_ns;
}

static void apply(struct damos_state *self, const struct sim_host_view *host, u32 index,
		  struct sim_actions *act)
{
	const struct sim_vm_view *view = &host->vm[index];
	struct damos_vm *vm = &self->vm[index];
	u64 dt_ns = policy_less(host->now_ns, vm->looked_ns);

	if (!dt_ns)
		return;
	double psi = (double)policy_less(view->psi_some_ns, vm->psi_ns) / (double)dt_ns;

	vm->psi_ns = view->psi_some_ns;
	vm->looked_ns = host->now_ns;
	vm->quota = next_quota(self, vm->quota, psi);
	if (view->report.number != vm->report_number) {
		struct policy_idle idle = policy_idle_longer(&view->report, self->age_ns);

		vm->report_number = view->report.number;
		vm->left = (double)idle.anon_bytes + (double)idle.file_bytes;
	}
	if (!view->stats.time_ns || !view->actual_bytes)
		return;
	vm->active = policy_damos_active(vm->active,
					 (double)view->stats.free_bytes / (double)view->actual_bytes,
					 self->high, self->middle, self->as_shipped ? self->low : 0);
	if (!vm->active)
		return;
	u64 quota = policy_min(policy_bytes(vm->quota), self->quota_bytes);
	u64 bytes = policy_bytes(vm->left < (double)quota ? vm->left : (double)quota);

	if (!bytes)
		return;
	vm->left -= (double)bytes;
	act->ops->reclaim(act->ctx, index, bytes);
}

static void damos_tick(void *state, const struct sim_host_view *host, struct sim_actions *act)
{
	struct damos_state *self = state;
	u64 every = policy_max(1, self->age_ns / 12 / self->interval_ns);
	bool ages = host->now_ns / self->interval_ns % every == 0;

	for (u32 i = 0; i < host->vms_count; i++) {
		if (!host->vm[i].running)
			continue;
		apply(self, host, i, act);
		act->ops->request_stats(act->ctx, i);
		if (ages)
			act->ops->request_report(act->ctx, i);
	}
}

static void damos_stats(void *state, const struct sim_host_view *host, u32 vm,
			struct sim_actions *act)
{
	const struct damos_state *self = state;

	if (self->balloon)
		policy_follow_use(&host->vm[vm], vm, self->headroom, act);
}

static void damos_vm_added(void *state, const struct sim_host_view *host, u32 vm,
			   struct sim_actions *act)
{
	struct damos_state *self = state;
	double least = self->as_shipped ? 1 : (double)self->quota_min_bytes;
	u64 edges[] = { self->age_ns / 4, self->age_ns / 2, self->age_ns, 2 * self->age_ns };

	self->vm[vm] = (struct damos_vm){ .quota = least,
					  .psi_ns = host->vm[vm].psi_some_ns,
					  .looked_ns = host->now_ns };
	act->ops->configure_reports(act->ctx, vm, edges, POLICY_COUNT(edges), self->age_ns / 24, 0);
}

const struct sim_policy policy_damos = {
	.name = "damos",
	.summary = "DAMON: idle for 120 s is reclaimed, as fast as a goal of pressure lets",
	.rule = "Every second, for each guest, psi = share of the time stalled:\n"
		"    quota = max(quota * ((goal - psi) / goal + 1), quota_min), at most 128 MiB\n"
		"The guest reclaims as much of what is idle for longer than 120 s; the balloon\n"
		"leaves what is used and headroom * nominal (balloon=on).  Nothing is reclaimed of a\n"
		"guest with more than 50 % free, until it has less than 40 %.",
	.source = "Linux, mm/damon: DAMON_RECLAIM and quota goals",
	.flaw = "Without pressure the quota doubles each time; pressure of one interval is noisy\n"
		"and followed at once; takes memory also when the host has plenty.  As shipped the\n"
		"quota grows without bounds in quiet times, and pressure comes too late for it.",
	.channels = SIM_CH_REPORTS | SIM_CH_STATS | SIM_CH_AGENT | SIM_CH_RECLAIM,
	.params = damos_params,
	.params_count = POLICY_COUNT(damos_params),
	.state_size = sizeof(struct damos_state),
	.tick_ns = damos_tick_ns,
	.tick = damos_tick,
	.stats = damos_stats,
	.vm_added = damos_vm_added,
};
