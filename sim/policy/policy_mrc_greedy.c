/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * policy_mrc_greedy.c - memory by miss-ratio curves.
 *
 * Rule: see .rule below.
 * Source: Zhao and Wang, Dynamic Memory Balancing for Virtual Machines, VEE 2009; the
 * division in shortage is greedy by marginal utility, after Stone, Turek and Wolf, 1992.
 * May see: working-set reports, balloon statistics.
 * Known flaw: a curve with a cliff behind a plateau is not climbed, for the next chunk
 * alone gains nothing there (convex hulls would see it); misses are all alike but for the
 * device.
 *
 * The original traps accesses to build LRU histograms.  Here the curve is estimated from
 * pairs of reports: what is idle for longer than a would not fit into the memory that holds
 * the rest, and the rate at which it is used again is the rate of misses at that size
 * (policy_curve.h).
 */
#include <stdio.h>

#include "policy/policy_curve.h"
#include "policy/policy_list.h"
#include "policy/policy_rules.h"

#define PRIOR 0.02
#define FORGET_NS (600 * POLICY_SECOND_NS)
#define CHUNKS 512

struct mrc_greedy_state {
	u64 interval_ns;
	double share, headroom, reserve, band;

	struct mrc_vm {
		struct policy_curve curve;
		u64 swap_in, swap_out, reclaimed;
		u64 used; /* bytes, when the statistics came: the balloon may move before the next */
	} vm[SIM_VMS_MAX];
	struct policy_mrc mrc[SIM_VMS_MAX];
};

#define MRC_FIELD(field) POLICY_FIELD(mrc_greedy_state, field)

static const struct sim_param mrc_greedy_params[] = {
	{ "interval", "time between two reports, and divisions", SIM_PARAM_TIME,
	  MRC_FIELD(interval_ns), 10e9, 1e9, 3.6e12 },
	{ "miss_ratio", "share of accesses that may miss at the size a guest needs",
	  SIM_PARAM_DOUBLE, MRC_FIELD(share), 0.05, 0, 1 },
	{ "headroom", "free memory left to each guest, share of nominal", SIM_PARAM_DOUBLE,
	  MRC_FIELD(headroom), 0.05, 0, 1 },
	{ "reserve", "share of host memory not given out", SIM_PARAM_DOUBLE, MRC_FIELD(reserve),
	  0.05, 0, 0.9 },
	{ "band", "smaller changes are not made, share of nominal", SIM_PARAM_DOUBLE,
	  MRC_FIELD(band), 0.02, 0, 0.5 },
};

/* --- rules --- */

double policy_mrc_at(const struct policy_mrc *mrc, double size)
{
	u32 last = mrc->points_count - 1;

	if (size <= mrc->size[0])
		return mrc->misses[0];
	for (u32 i = 0; i < last; i++) {
		double width = mrc->size[i + 1] - mrc->size[i];

		if (size < mrc->size[i + 1])
			return mrc->misses[i] + (mrc->misses[i + 1] - mrc->misses[i]) *
							(size - mrc->size[i]) / width;
	}
	return mrc->misses[last];
}

double policy_mrc_need(const struct policy_mrc *mrc, double share)
{
	double limit = share * mrc->accesses;
	u32 i = 0;

	while (i < mrc->points_count && mrc->misses[i] > limit)
		i++;
	if (i == mrc->points_count)
		return mrc->size[i - 1];
	if (!i)
		return mrc->size[0];
	return mrc->size[i - 1] + (mrc->size[i] - mrc->size[i - 1]) *
					  (mrc->misses[i - 1] - limit) /
					  (mrc->misses[i - 1] - mrc->misses[i]);
}

static double within(const struct policy_mrc *mrc, double size)
{
	return size < mrc->least ? mrc->least : size > mrc->most ? mrc->most : size;
}

static double need_of(const struct policy_mrc *mrc, double share)
{
	return within(mrc, policy_mrc_need(mrc, share));
}

/* What a chunk more saves per byte, in time. */
static double gain(const struct policy_mrc *mrc, double chunk)
{
	double end = within(mrc, mrc->got + chunk);

	if (!(end > mrc->got))
		return 0;
	return (policy_mrc_at(mrc, mrc->got) - policy_mrc_at(mrc, end)) * mrc->cost /
	       (end - mrc->got);
}

/*
 * Chunk by chunk to where it saves most; where it saves as much, to who has least, so that
 * equals stay equal.  What nobody gains from is not given out.
 */
static void climb(struct policy_mrc *mrc, u32 count, double left, double chunk)
{
	while (left > 0) {
		double best_gain = 0, step = chunk < left ? chunk : left;
		u32 best = count;

		for (u32 i = 0; i < count; i++) {
			double found = gain(&mrc[i], step);
			double tie = best_gain * 1e-9;

			if (found > best_gain + tie ||
			    (found > 0 && found >= best_gain - tie && mrc[i].got < mrc[best].got)) {
				best_gain = found;
				best = i;
			}
		}
		if (best == count)
			break;
		double end = within(&mrc[best], mrc[best].got + step);

		left -= end - mrc[best].got;
		mrc[best].got = end;
	}
}

/*
 * From the needs on, in proportion to them; what somebody has no room for goes to the
 * others in the same way.
 */
static void share_spare(struct policy_mrc *mrc, u32 count, double memory, double share)
{
	bool full = true;

	while (full) {
		double spare = memory, needs = 0;

		full = false;
		for (u32 i = 0; i < count; i++) {
			spare -= mrc[i].got;
			needs += mrc[i].got < mrc[i].most ? need_of(&mrc[i], share) : 0;
		}
		if (!(spare > 0) || !(needs > 0))
			return;
		for (u32 i = 0; i < count; i++) {
			double end = mrc[i].got + spare * need_of(&mrc[i], share) / needs;

			if (mrc[i].got >= mrc[i].most)
				continue;
			full |= end > mrc[i].most;
			mrc[i].got = end > mrc[i].most ? mrc[i].most : end;
		}
	}
}

void policy_mrc_divide(struct policy_mrc *mrc, u32 count, double memory, double share,
		       double chunk)
{
	double needs = 0, least = 0;

	for (u32 i = 0; i < count; i++) {
		needs += need_of(&mrc[i], share);
		least += mrc[i].least;
	}
	for (u32 i = 0; i < count; i++)
		mrc[i].got = needs > memory ? mrc[i].least : need_of(&mrc[i], share);
	if (needs > memory)
		climb(mrc, count, memory - least, chunk);
	else
		share_spare(mrc, count, memory, share);
}

/* --- at work --- */

/* Curve of a guest of which nothing is known: all its memory is worth the same. */
static void unknown(const struct sim_vm_view *vm, struct policy_mrc *mrc)
{
	mrc->points_count = 2;
	mrc->size[0] = 0;
	mrc->misses[0] = mrc->accesses = (double)vm->nominal_bytes / POLICY_PAGE_SIZE;
	mrc->size[1] = (double)vm->nominal_bytes;
	mrc->misses[1] = 0;
}

static void add_point(struct policy_mrc *mrc, double size, double misses)
{
	u32 n = mrc->points_count;

	/* Ascending, and never more misses with more memory. */
	if (n && size <= mrc->size[n - 1])
		return;
	mrc->size[n] = size;
	mrc->misses[n] = n && misses > mrc->misses[n - 1] ? mrc->misses[n - 1] : misses;
	mrc->points_count++;
}

static void curve_of(const struct mrc_greedy_state *self, const struct sim_vm_view *view,
		     const struct mrc_vm *vm, struct policy_mrc *mrc)
{
	const struct policy_curve *curve = &vm->curve;
	double all = curve->all[POLICY_ANON] + curve->all[POLICY_FILE], out = 0, gone = 0;
	double base = (double)vm->used - all;
	double misses[POLICY_CURVE_AGES], size[POLICY_CURVE_AGES];

	base = (base > 0 ? base : 0) + self->headroom * (double)view->nominal_bytes;
	for (u32 i = 0; i <= POLICY_CURVE_AGES; i++)
		gone += curve->gone[i];
	for (u32 k = POLICY_CURVE_AGES; k-- > 0;) {
		double idle = curve->idle[POLICY_ANON][k] + curve->idle[POLICY_FILE][k];

		out += curve->gone[k + 1];
		size[k] = base + all + gone - idle - out;
		misses[k] = (policy_curve_hazard(curve, POLICY_ANON, k, PRIOR) *
				     (curve->idle[POLICY_ANON][k] + out) +
			     policy_curve_hazard(curve, POLICY_FILE, k, PRIOR) *
				     curve->idle[POLICY_FILE][k]) / POLICY_PAGE_SIZE;
	}
	mrc->accesses = misses[0] + (size[0] - base) / POLICY_PAGE_SIZE /
					    ((double)curve->interval_ns / 1e9);
	add_point(mrc, base, mrc->accesses);
	for (u32 k = 0; k < POLICY_CURVE_AGES; k++)
		add_point(mrc, size[k], misses[k]);
	add_point(mrc, base + all + gone, 0);
}

static void divide(struct mrc_greedy_state *self, const struct sim_host_view *host)
{
	double memory = (double)host->memory_bytes * (1 - self->reserve);

	for (u32 i = 0; i < host->vms_count; i++) {
		const struct sim_vm_view *view = &host->vm[i];
		struct policy_mrc *mrc = &self->mrc[i];

		*mrc = (struct policy_mrc){ .points_count = 1 };
		if (!view->running)
			continue;
		mrc->cost = (double)(view->refault_ns ? view->refault_ns : 1);
		mrc->least = (double)view->min_bytes;
		mrc->most = (double)view->nominal_bytes;
		mrc->points_count = 0;
		if (self->vm[i].curve.made_ns && view->stats.time_ns)
			curve_of(self, view, &self->vm[i], mrc);
		else
			unknown(view, mrc);
	}
	policy_mrc_divide(self->mrc, host->vms_count, memory, self->share, memory / CHUNKS);
}

/* The curve as points "MiB misses/s", for people. */
static void explain(const struct policy_mrc *mrc, double share, u32 vm, u64 target,
		    struct sim_actions *act)
{
	char text[512];
	int used;

	if (!act->ops->explain)
		return;
	used = snprintf(text, sizeof(text), "need %.1f MiB, target %.1f MiB; misses a second:",
			policy_mrc_need(mrc, share) / (1 << 20), (double)target / (1 << 20));
	for (u32 i = 0; i < mrc->points_count && used > 0 && used < (int)sizeof(text); i++)
		used += snprintf(text + used, sizeof(text) - (size_t)used, " %.0f at %.0f",
				 mrc->misses[i], mrc->size[i] / (1 << 20));
	act->ops->explain(act->ctx, vm, text);
}

static u64 mrc_greedy_tick_ns(const void *state)
{
	return ((const struct mrc_greedy_state *)state)->interval_ns;
}

static void mrc_greedy_tick(void *state, const struct sim_host_view *host,
			    struct sim_actions *act)
{
	struct mrc_greedy_state *self = state;

	divide(self, host);
	for (u32 i = 0; i < host->vms_count; i++) {
		const struct sim_vm_view *view = &host->vm[i];
		u64 target = policy_clamp_target(view, policy_bytes(self->mrc[i].got));
		u64 change = policy_max(policy_less(target, view->target_bytes),
					policy_less(view->target_bytes, target));

		if (!view->running)
			continue;
		if ((double)change > self->band * (double)view->nominal_bytes)
			policy_set_target(act, i, target);
		explain(&self->mrc[i], self->share, i, target, act);
		act->ops->request_stats(act->ctx, i);
		act->ops->request_report(act->ctx, i);
	}
}

static void mrc_greedy_stats(void *state, const struct sim_host_view *host, u32 vm,
			     struct sim_actions *act)
{
	const struct sim_vm_view *view = &host->vm[vm];

	(void)act;
	((struct mrc_greedy_state *)state)->vm[vm].used =
		policy_less(view->actual_bytes, view->stats.free_bytes);
}

static void mrc_greedy_report(void *state, const struct sim_host_view *host, u32 vm,
			      struct sim_actions *act)
{
	struct mrc_greedy_state *self = state;
	const struct sim_vm_view *view = &host->vm[vm];
	struct mrc_vm *known = &self->vm[vm];
	u64 reclaimed = (view->stats.async_reclaim + view->stats.direct_reclaim) * POLICY_PAGE_SIZE;
	struct policy_flow flow = {
		.reclaimed = (double)policy_less(reclaimed, known->reclaimed),
		.swapped_out = (double)policy_less(view->stats.swap_out_bytes, known->swap_out),
		.swapped_in = (double)policy_less(view->stats.swap_in_bytes, known->swap_in),
	};
	struct policy_learning learning = {
		.prior = PRIOR, .forget_ns = FORGET_NS,
		.refault_ns = { (double)view->refault_ns, (double)view->file_refault_ns },
	};

	(void)act;
	if (!view->running || !view->report.arrived_ns)
		return;
	known->reclaimed = reclaimed;
	known->swap_out = view->stats.swap_out_bytes;
	known->swap_in = view->stats.swap_in_bytes;
	policy_curve_update(&known->curve, &view->report, &flow, &learning);
}

static void mrc_greedy_vm_added(void *state, const struct sim_host_view *host, u32 vm,
				struct sim_actions *act)
{
	struct mrc_greedy_state *self = state;
	u64 edges[POLICY_CURVE_AGES];

	memset(&self->vm[vm], 0, sizeof(self->vm[vm]));
	policy_curve_init(&self->vm[vm].curve, self->interval_ns);
	policy_curve_edges(&self->vm[vm].curve, edges);
	act->ops->configure_reports(act->ctx, vm, edges, POLICY_CURVE_AGES, self->interval_ns / 2, 0);
	mrc_greedy_tick(state, host, act);
}

const struct sim_policy policy_mrc_greedy = {
	.name = "mrc-greedy",
	.summary = "miss-ratio curves: 5 % misses for all, or each chunk where it saves most",
	.rule = "Every 10 s: need = least size at which at most 5 % of accesses miss, by the line\n"
		"    between two points of the curve; memory = 95 % of the host (reserve)\n"
		"    sum(need) <= memory: target = need + spare * need / sum(need); what exceeds a\n"
		"          nominal size goes to the others in the same way\n"
		"    else: from the minima on, chunk by chunk to the guest with the largest\n"
		"          (misses(size) - misses(size + chunk)) * time of a refault / chunk\n"
		"Changes of less than 2 % of a nominal size are not made (band).",
	.source = "Zhao and Wang, VEE 2009; Stone, Turek and Wolf, 1992",
	.flaw = "Does not climb a cliff behind a plateau; the curves are estimated from pairs of\n"
		"reports, so what was not seen lately has none; blind to who needs it soon.",
	.channels = SIM_CH_REPORTS | SIM_CH_STATS,
	.params = mrc_greedy_params,
	.params_count = POLICY_COUNT(mrc_greedy_params),
	.state_size = sizeof(struct mrc_greedy_state),
	.tick_ns = mrc_greedy_tick_ns,
	.tick = mrc_greedy_tick,
	.report = mrc_greedy_report,
	.stats = mrc_greedy_stats,
	.vm_added = mrc_greedy_vm_added,
};
