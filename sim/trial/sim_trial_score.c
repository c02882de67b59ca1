/* SPDX-License-Identifier: BSD-2-Clause */
/* sim_trial_score.c - medians, ratios seed by seed, verdicts. */
#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "observe/sim_stats.h"
#include "trial/sim_trial_score.h"

const struct sim_trial_metric sim_trial_metrics[] = {
	{ SIM_VM_TIME_PER_WORK, NULL },
	{ SIM_VM_MAJOR_FAULTS, NULL },
	{ SIM_VM_REFAULT_ANON, "workingset_refault_anon" },
	{ SIM_VM_REFAULT_FILE, "workingset_refault_file" },
	{ SIM_VM_ACTIVATE_ANON, "workingset_activate_anon" },
	{ SIM_VM_ACTIVATE_FILE, "workingset_activate_file" },
	{ SIM_VM_RESTORE_ANON, "workingset_restore_anon" },
	{ SIM_VM_RESTORE_FILE, "workingset_restore_file" },
	{ SIM_VM_PGSCAN_KSWAPD, "pgscan_kswapd" },
	{ SIM_VM_PGSCAN_DIRECT, "pgscan_direct" },
	{ SIM_VM_PGSTEAL_KSWAPD, "pgsteal_kswapd" },
	{ SIM_VM_PGSTEAL_DIRECT, "pgsteal_direct" },
	{ SIM_VM_PTES_SCANNED, NULL },
	{ SIM_VM_RMAP_WALKS, NULL },
	{ SIM_VM_GUEST_SWAP_IN, "pswpin" },
	{ SIM_VM_GUEST_SWAP_OUT, "pswpout" },
	{ SIM_VM_FILE_IN, NULL },
	{ SIM_VM_RECLAIM_OVERSHOOT, NULL },
	{ SIM_VM_KSWAPD_CPU, NULL },
	{ SIM_VM_AGEING_CPU, NULL },
	{ SIM_VM_OOM, NULL },
	{ SIM_VM_FIRST_OOM, NULL },
};
const u32 sim_trial_metrics_count = sizeof(sim_trial_metrics) / sizeof(*sim_trial_metrics);

static void take(struct sim_trial_score *score, const struct sim_sweep *sweep, u32 cell, u32 seed)
{
	u64 key = sim_sweep_at(sweep, cell, 0, seed)->key, at = (u64)cell * score->trial->seeds + seed;
	struct sim_summary *summary = sim_store_take(&sweep->store, key, &score->damaged_count);

	score->missing_count += !summary;
	for (u32 i = 0; i < SIM_VM_METRICS; i++)
		score->value[i][at] = summary ? summary->vm[0].value[i] : NAN;
	score->valid[cell] &= !summary || summary->valid;
	free(summary);
}

void sim_trial_score_init(struct sim_trial_score *score, const struct sim_trial *trial,
			  const struct sim_sweep *sweep)
{
	u32 cells = sim_trial_cells(trial);

	assert(cells == sweep->plan->cells_count && trial->seeds == sim_plan_samples(sweep->plan));
	memset(score, 0, sizeof(*score));
	score->trial = trial;
	for (u32 i = 0; i < SIM_VM_METRICS; i++) {
		score->value[i] = malloc((u64)cells * trial->seeds * sizeof(double));
		assert(score->value[i]);
	}
	score->valid = malloc(cells * sizeof(*score->valid));
	assert(score->valid);
	for (u32 cell = 0; cell < cells; cell++) {
		score->valid[cell] = true;
		for (u32 seed = 0; seed < trial->seeds; seed++)
			take(score, sweep, cell, seed);
	}
}

void sim_trial_score_free(struct sim_trial_score *score)
{
	for (u32 i = 0; i < SIM_VM_METRICS; i++)
		free(score->value[i]);
	free(score->valid);
}

static struct sim_trial_spread spread_of(const double *value, u32 count)
{
	return (struct sim_trial_spread){
		.median = sim_stats_quantile(value, count, 0.5),
		.low = sim_stats_quantile(value, count, 0),
		.high = sim_stats_quantile(value, count, 1),
	};
}

struct sim_trial_spread sim_trial_spread(const struct sim_trial_score *score, u32 cell,
					 enum sim_vm_metric metric)
{
	u32 seeds = score->trial->seeds;

	return spread_of(&score->value[metric][(u64)cell * seeds], seeds);
}

struct sim_trial_spread sim_trial_ratio(const struct sim_trial_score *score, u32 cell, u32 base,
					enum sim_vm_metric metric)
{
	u32 seeds = score->trial->seeds;
	const double *a = &score->value[metric][(u64)cell * seeds];
	const double *b = &score->value[metric][(u64)base * seeds];
	struct sim_trial_spread spread;
	double *ratio = malloc(seeds * sizeof(*ratio));

	assert(ratio);
	for (u32 i = 0; i < seeds; i++)
		ratio[i] = b[i] > 0 ? a[i] / b[i] : NAN;
	spread = spread_of(ratio, seeds);
	free(ratio);
	return spread;
}

static double kills(const struct sim_trial_score *score, u32 cell)
{
	return sim_trial_spread(score, cell, SIM_VM_OOM).median;
}

enum sim_trial_verdict sim_trial_judge(const struct sim_trial_score *score, u32 cell, u32 base)
{
	u32 seeds = score->trial->seeds;
	struct sim_trial_spread ratio = sim_trial_ratio(score, cell, base, SIM_VM_TIME_PER_WORK);

	for (u32 i = 0; i < seeds; i++)
		if (isnan(score->value[SIM_VM_TIME_PER_WORK][(u64)cell * seeds + i]) ||
		    isnan(score->value[SIM_VM_TIME_PER_WORK][(u64)base * seeds + i]))
			return SIM_TRIAL_UNKNOWN;
	/* A program that was killed may have been quick. */
	if (kills(score, cell) > kills(score, base))
		return SIM_TRIAL_LOSS;
	if (kills(score, cell) < kills(score, base))
		return SIM_TRIAL_GAIN;
	if (kills(score, base) > 0)
		return SIM_TRIAL_SAME;
	if (ratio.high < 1 && ratio.median <= 1 - SIM_TRIAL_TOLD)
		return SIM_TRIAL_GAIN;
	if (ratio.low > 1 && ratio.median >= 1 + SIM_TRIAL_TOLD)
		return SIM_TRIAL_LOSS;
	return SIM_TRIAL_SAME;
}

static double median_sum(const struct sim_trial_score *score, u32 cell, enum sim_vm_metric a,
			 enum sim_vm_metric b)
{
	u32 seeds = score->trial->seeds;
	double *sum = malloc(seeds * sizeof(*sum)), median;

	assert(sum);
	for (u32 i = 0; i < seeds; i++)
		sum[i] = score->value[a][(u64)cell * seeds + i] + score->value[b][(u64)cell * seeds + i];
	median = sim_stats_quantile(sum, seeds, 0.5);
	free(sum);
	return median;
}

double sim_trial_page_ins(const struct sim_trial_score *score, u32 cell)
{
	return median_sum(score, cell, SIM_VM_GUEST_SWAP_IN, SIM_VM_FILE_IN);
}

double sim_trial_cpu(const struct sim_trial_score *score, u32 cell)
{
	return median_sum(score, cell, SIM_VM_KSWAPD_CPU, SIM_VM_AGEING_CPU);
}

/* A geometric mean in the making. */
struct geometric {
	double log_sum;
	u32 count;
};

static void multiply(struct geometric *mean, double a, double b)
{
	if (!(a > 0 && b > 0))
		return;
	mean->log_sum += log(a / b);
	mean->count++;
}

static double root(const struct geometric *mean)
{
	return mean->count ? exp(mean->log_sum / mean->count) : NAN;
}

struct sim_trial_sum sim_trial_sum(const struct sim_trial_score *score, u32 engine)
{
	const struct sim_trial *trial = score->trial;
	struct sim_trial_sum sum = { .best = NAN, .worst = NAN };
	struct geometric time = { 0, 0 }, page_ins = { 0, 0 }, cpu = { 0, 0 }, ptes = { 0, 0 };
	struct geometric oom = { 0, 0 };
	u32 engines = trial->engines.count;

	/* The engine is the innermost coordinate. */
	for (u32 first = 0; first < sim_trial_cells(trial); first += engines) {
		u32 cell = first + engine, base = first + trial->baseline;
		enum sim_trial_verdict verdict = sim_trial_judge(score, cell, base);
		sum.gains += verdict == SIM_TRIAL_GAIN;
		sum.losses += verdict == SIM_TRIAL_LOSS;
		sum.same += verdict == SIM_TRIAL_SAME;
		sum.unknown += verdict == SIM_TRIAL_UNKNOWN;
		if (verdict == SIM_TRIAL_UNKNOWN)
			continue;
		sum.killed += kills(score, cell) > 0;
		if (kills(score, cell) > 0 && kills(score, base) > 0)
			multiply(&oom, sim_trial_spread(score, cell, SIM_VM_FIRST_OOM).median,
				 sim_trial_spread(score, base, SIM_VM_FIRST_OOM).median);
		if (kills(score, cell) > 0 || kills(score, base) > 0)
			continue;
		double ratio = sim_trial_ratio(score, cell, base, SIM_VM_TIME_PER_WORK).median;
		if (!(ratio >= sum.best)) {
			sum.best = ratio;
			sum.best_cell = cell;
		}
		if (!(ratio <= sum.worst)) {
			sum.worst = ratio;
			sum.worst_cell = cell;
		}
		multiply(&time, ratio, 1);
		multiply(&page_ins, sim_trial_page_ins(score, cell), sim_trial_page_ins(score, base));
		multiply(&cpu, sim_trial_cpu(score, cell), sim_trial_cpu(score, base));
		multiply(&ptes, sim_trial_spread(score, cell, SIM_VM_PTES_SCANNED).median,
			 sim_trial_spread(score, base, SIM_VM_PTES_SCANNED).median);
	}
	sum.time = root(&time);
	sum.page_ins = root(&page_ins);
	sum.cpu = root(&cpu);
	sum.ptes = root(&ptes);
	sum.first_oom = root(&oom);
	return sum;
}
