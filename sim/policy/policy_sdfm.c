/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * policy_sdfm.c - Google's software-defined far memory.
 *
 * Rule: see .rule below; the guest's own reclaim takes what is older than the threshold.
 * Source: Lagar-Cavilla et al., Software-Defined Far Memory in Warehouse-Scale Computers,
 * ASPLOS 2019.
 * May see: working-set reports, balloon statistics (memory in use, pages swapped in).
 * Known flaw: a rate of promotions is no measure of what they cost, so that a fast device
 * is used as little as a slow one; the rule looks back, and a load unlike its past pays.
 *
 * The original's kernel scans all pages every 120 s and keeps for each the number of scans
 * since it was used, up to 255, so that ages are known to 120 s over 8.5 hours; thresholds
 * are ages of that kind.  Here reports are asked for at the same pace, so that a guest's
 * generations are that wide, and the thresholds are fifteen of those ages: closely spaced up
 * to 16 minutes, where they decide, and up to 8.5 hours beyond.  A guest with four
 * generations tells no more than whether memory was idle for one scan or two; what it says
 * of older ages is spread over all the time since, and thresholds up there mean little.
 *
 * The original's kernel counts promotions by age as faults happen, and decides on them every
 * minute.  Here they are read from two reports, and so every 120 s: what was idle for longer
 * than a, and is not for longer than a and the time between, was used or evicted; what was
 * evicted is subtracted.  What is older than a is part of what is older than a younger age,
 * so no age has more promotions than a younger one.  What comes back from swap is counted
 * against the threshold in force, for its age is gone.
 *
 * What is reclaimed is free memory of the guest; unless balloon=off, the balloon follows
 * memory in use, so that the host gets it.
 */
#include "policy/policy_curve.h"
#include "policy/policy_list.h"
#include "policy/policy_rules.h"

#define AGES 15
#define HISTORY 256

/* Thresholds in scans; the last is the oldest age that the original can tell. */
static const u32 ages_scans[AGES] = { 1, 2, 3, 4, 5, 6, 7, 8, 12, 16, 24, 32, 64, 128, 255 };

struct sdfm_state {
	u64 interval_ns, age_ns, quiet_ns;
	double objective, percentile, headroom;
	bool balloon;

	struct sdfm_vm {
		bool asked;
		u64 started_ns, made_ns, swap_in, reclaimed;
		double idle[AGES]; /* bytes idle for longer than age i, at the last report */
		u32 least[HISTORY]; /* a ring */
		u32 least_count, least_next, threshold;
	} vm[SIM_VMS_MAX];
};

#define SDFM_FIELD(field) POLICY_FIELD(sdfm_state, field)

static const struct sim_param sdfm_params[] = {
	{ "interval", "time between two scans of a guest's pages, and decisions", SIM_PARAM_TIME,
	  SDFM_FIELD(interval_ns), 120e9, 1e9, 3.6e12 },
	{ "age", "least threshold, window of the working set, and unit of thresholds",
	  SIM_PARAM_TIME, SDFM_FIELD(age_ns), 120e9, 1e9, 3.6e12 },
	{ "objective", "promotions that are allowed, share of the working set per minute",
	  SIM_PARAM_DOUBLE, SDFM_FIELD(objective), 0.002, 0, 1 },
	{ "percentile", "K: rank of the past threshold that is used", SIM_PARAM_DOUBLE,
	  SDFM_FIELD(percentile), 0.98, 0, 1 },
	{ "quiet", "S: time after a VM's start without reclaim", SIM_PARAM_TIME,
	  SDFM_FIELD(quiet_ns), 120e9, 0, 8.64e13 },
	{ "balloon", "the balloon follows memory in use, so that the host gains",
	  SIM_PARAM_BOOL, SDFM_FIELD(balloon), 1, 0, 1 },
	{ "headroom", "with balloon: memory left beyond what is used, share of nominal",
	  SIM_PARAM_DOUBLE, SDFM_FIELD(headroom), 0.15, 0, 1 },
};

u32 policy_sdfm_least(const double *promoted, u32 count, double working_set, double objective)
{
	u32 least = count;

	/* From the oldest on: a younger age counts only if all older ones are good. */
	while (least && promoted[least - 1] <= objective * working_set)
		least--;
	return least;
}

u32 policy_sdfm_percentile(const u32 *history, u32 count, double percentile)
{
	double rank = percentile * count;
	u32 below = 0;

	/* The least value that so many of them do not exceed; values are small. */
	for (u32 value = 0;; value++) {
		u32 most = 0;

		below = 0;
		for (u32 i = 0; i < count; i++) {
			below += history[i] <= value;
			most = history[i] > most ? history[i] : most;
		}
		if (value >= most || (below && below >= rank))
			return value;
	}
}

static double idle_longer(const struct sim_vm_report *report, u64 age_ns)
{
	struct policy_idle idle = policy_idle_longer(report, age_ns);

	return (double)idle.anon_bytes + (double)idle.file_bytes;
}

static u64 reclaimed_bytes(const struct sim_vm_view *view)
{
	return (view->stats.async_reclaim + view->stats.direct_reclaim) * POLICY_PAGE_SIZE;
}

/* Bytes per minute of each age that were used again since the last report. */
static void promotions(const struct sdfm_state *self, const struct sdfm_vm *vm,
		       const struct sim_vm_view *view, u64 dt_ns, double *promoted)
{
	double minutes = (double)dt_ns / 60e9;
	double evicted = (double)policy_less(reclaimed_bytes(view), vm->reclaimed);
	double back = (double)policy_less(view->stats.swap_in_bytes, vm->swap_in);
	/* A report that is a little late still has its ages at the edges of bins. */
	u64 later_ns = dt_ns < self->interval_ns * 3 / 2 ? self->interval_ns : dt_ns;

	for (u32 i = 0; i < AGES; i++) {
		u64 age_ns = ages_scans[i] * self->age_ns;
		double again = vm->idle[i] - idle_longer(&view->report, age_ns + later_ns) - evicted;

		promoted[i] = (again > 0 ? again : 0) / minutes;
		if (i && promoted[i] > promoted[i - 1])
			promoted[i] = promoted[i - 1];
	}
	for (u32 i = 0; i <= vm->threshold && i < AGES; i++)
		promoted[i] += back / minutes;
}

static void remember(struct sdfm_vm *vm, u32 least)
{
	vm->least[vm->least_next] = least;
	vm->least_next = (vm->least_next + 1) % HISTORY;
	if (vm->least_count < HISTORY)
		vm->least_count++;
}

static void decide(struct sdfm_state *self, const struct sim_host_view *host, u32 index,
		   struct sim_actions *act)
{
	const struct sim_vm_view *view = &host->vm[index];
	struct sdfm_vm *vm = &self->vm[index];
	u64 dt_ns = host->now_ns - vm->made_ns;
	double promoted[AGES];
	double working_set = (double)policy_report_bytes(&view->report) -
			     idle_longer(&view->report, self->age_ns);

	if (vm->made_ns && dt_ns) {
		promotions(self, vm, view, dt_ns, promoted);
		u32 least = policy_sdfm_least(promoted, AGES, working_set, self->objective);

		remember(vm, least);
		vm->threshold = policy_sdfm_percentile(vm->least, vm->least_count, self->percentile);
		if (vm->threshold < least)
			vm->threshold = least;
	}
	vm->made_ns = host->now_ns;
	vm->swap_in = view->stats.swap_in_bytes;
	vm->reclaimed = reclaimed_bytes(view);
	for (u32 i = 0; i < AGES; i++)
		vm->idle[i] = idle_longer(&view->report, ages_scans[i] * self->age_ns);
	if (!vm->least_count || host->now_ns - vm->started_ns < self->quiet_ns ||
	    vm->threshold >= AGES)
		return;
	u64 cold = policy_bytes(vm->idle[vm->threshold]);

	if (cold)
		act->ops->reclaim(act->ctx, index, cold);
}

static u64 sdfm_tick_ns(const void *state)
{
	return ((const struct sdfm_state *)state)->interval_ns / 24;
}

/* Ages are told by reports; the guest's pages age when it is asked, and not between. */
static void sdfm_tick(void *state, const struct sim_host_view *host, struct sim_actions *act)
{
	struct sdfm_state *self = state;

	for (u32 i = 0; i < host->vms_count; i++) {
		struct sdfm_vm *vm = &self->vm[i];

		if (!host->vm[i].running)
			continue;
		vm->asked |= host->now_ns - policy_max(vm->made_ns, vm->started_ns) >= self->interval_ns;
		act->ops->request_stats(act->ctx, i);
		if (vm->asked)
			act->ops->request_report(act->ctx, i);
	}
}

static void sdfm_report(void *state, const struct sim_host_view *host, u32 vm,
			struct sim_actions *act)
{
	struct sdfm_state *self = state;

	if (!self->vm[vm].asked || !host->vm[vm].running || host->vm[vm].report.pressure)
		return;
	self->vm[vm].asked = false;
	decide(self, host, vm, act);
}

static void sdfm_stats(void *state, const struct sim_host_view *host, u32 vm,
		       struct sim_actions *act)
{
	const struct sdfm_state *self = state;

	if (self->balloon)
		policy_follow_use(&host->vm[vm], vm, self->headroom, act);
}

static void sdfm_vm_added(void *state, const struct sim_host_view *host, u32 vm,
			  struct sim_actions *act)
{
	struct sdfm_state *self = state;
	u64 edges[AGES];

	for (u32 i = 0; i < AGES; i++)
		edges[i] = self->age_ns * ages_scans[i];
	self->vm[vm] = (struct sdfm_vm){ .started_ns = host->now_ns };
	act->ops->configure_reports(act->ctx, vm, edges, AGES, self->interval_ns / 2, 0);
}

const struct sim_policy policy_sdfm = {
	.name = "sdfm",
	.summary = "Google's far memory: the age whose promotions stay below 0.2 % a minute",
	.rule = "Every 120 s, when a guest's pages have been scanned:\n"
		"    T* = least age (120 s, 240 s, .., 8.5 h) such that what was idle for longer\n"
		"         and came back since is at most 0.2 % a minute of the working set, the\n"
		"         bytes used within 120 s\n"
		"    T  = max(98th percentile of past T*, T*)\n"
		"The guest reclaims what is idle for longer than T; nothing in the first 120 s.",
	.source = "Lagar-Cavilla et al., ASPLOS 2019; K, S and the ages are parameters there too",
	.flaw = "A promotion counts the same on a fast and a slow device; looks back only;\n"
		"promotions are estimated from pairs of reports.  A guest with four generations\n"
		"cannot tell ages beyond two scans.",
	.channels = SIM_CH_REPORTS | SIM_CH_STATS | SIM_CH_RECLAIM,
	.params = sdfm_params,
	.params_count = POLICY_COUNT(sdfm_params),
	.state_size = sizeof(struct sdfm_state),
	.tick_ns = sdfm_tick_ns,
	.tick = sdfm_tick,
	.report = sdfm_report,
	.stats = sdfm_stats,
	.vm_added = sdfm_vm_added,
};
