/* SPDX-License-Identifier: BSD-2-Clause */
/* sim_gather.c - read the store cell by cell, and estimate. */
#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sweep/sim_gather.h"

static void take(struct sim_gather *gather, u32 cell, u32 variant, u32 sample,
		 const struct sim_summary *baseline)
{
	const struct sim_sweep *sweep = gather->sweep;
	u64 key = sim_sweep_at(sweep, cell, variant, sample)->key;
	u64 at = sim_gather_at(gather, cell, variant, sample);
	struct sim_summary *summary = sim_store_take(&sweep->store, key, &gather->damaged_count);

	if (!summary) {
		gather->missing_count++;
		for (u32 i = 0; i < SIM_RUN_METRICS; i++)
			gather->value[i][at] = NAN;
		return;
	}
	if (baseline && baseline->vms_count == summary->vms_count)
		sim_summary_relate(summary, baseline);
	for (u32 i = 0; i < SIM_RUN_METRICS; i++)
		gather->value[i][at] = summary->value[i];
	gather->digest[at] = summary->digest;
	gather->valid[at] = summary->valid;
	gather->done[at] = true;
	free(summary);
}

static void take_cell(struct sim_gather *gather, u32 cell, u32 sample)
{
	const struct sim_plan *plan = gather->plan;
	const struct sim_store *store = &gather->sweep->store;
	struct sim_summary *baseline = NULL;

	if (plan->baseline) {
		u64 key = sim_sweep_at(gather->sweep, cell, plan->variants_count, sample)->key;
		baseline = sim_store_take(store, key, &gather->damaged_count);
	}
	for (u32 variant = 0; variant < plan->variants_count; variant++)
		take(gather, cell, variant, sample, baseline);
	free(baseline);
}

void sim_gather_init(struct sim_gather *gather, const struct sim_sweep *sweep)
{
	const struct sim_plan *plan = sweep->plan;
	u64 count = (u64)plan->cells_count * plan->variants_count * sim_plan_samples(plan);

	memset(gather, 0, sizeof(*gather));
	gather->sweep = sweep;
	gather->plan = plan;
	for (u32 i = 0; i < SIM_RUN_METRICS; i++) {
		gather->value[i] = malloc(count * sizeof(double));
		assert(gather->value[i]);
	}
	gather->digest = calloc(count, sizeof(*gather->digest));
	gather->done = calloc(count, sizeof(*gather->done));
	gather->valid = calloc(count, sizeof(*gather->valid));
	assert(gather->digest && gather->done && gather->valid);
	for (u32 cell = 0; cell < plan->cells_count; cell++)
		for (u32 sample = 0; sample < sim_plan_samples(plan); sample++)
			take_cell(gather, cell, sample);
}

void sim_gather_free(struct sim_gather *gather)
{
	for (u32 i = 0; i < SIM_RUN_METRICS; i++)
		free(gather->value[i]);
	free(gather->digest);
	free(gather->done);
	free(gather->valid);
}

u32 sim_gather_done(const struct sim_gather *gather, u32 cell, u32 variant)
{
	u32 count = 0;

	for (u32 i = 0; i < sim_plan_samples(gather->plan); i++)
		count += gather->done[sim_gather_at(gather, cell, variant, i)];
	return count;
}

bool sim_gather_valid(const struct sim_gather *gather, u32 cell, u32 variant)
{
	for (u32 i = 0; i < sim_plan_samples(gather->plan); i++) {
		u64 at = sim_gather_at(gather, cell, variant, i);
		if (gather->done[at] && !gather->valid[at])
			return false;
	}
	return true;
}

/* The resampling's seed: any that is the same each time. */
#define RESAMPLING_SEED 0x73776565ull

struct sim_estimate sim_gather_estimate(const struct sim_gather *gather, u32 cell, u32 variant,
					enum sim_run_metric metric)
{
	return sim_stats_estimate(&gather->value[metric][sim_gather_at(gather, cell, variant, 0)],
				  sim_plan_samples(gather->plan), RESAMPLING_SEED);
}

static bool in_margin(const struct sim_plan *plan, u32 cell, u32 axis, int value)
{
	struct sim_cell at;

	if (axis == SIM_ANY_AXIS)
		return true;
	at = sim_plan_cell(plan, cell);
	return (axis == plan->axes_count ? (int)at.scenario : at.value[axis]) == value;
}

struct sim_estimate sim_gather_margin(const struct sim_gather *gather, u32 axis, int value,
				      u32 variant, enum sim_run_metric metric)
{
	const struct sim_plan *plan = gather->plan;
	u32 samples = sim_plan_samples(plan);
	double *mean = malloc(samples * sizeof(*mean));
	struct sim_estimate estimate;

	assert(mean);
	for (u32 sample = 0; sample < samples; sample++) {
		double sum = 0;
		u32 count = 0;
		bool whole = true;
		for (u32 cell = 0; cell < plan->cells_count; cell++) {
			if (!in_margin(plan, cell, axis, value))
				continue;
			u64 at = sim_gather_at(gather, cell, variant, sample);
			whole &= gather->done[at];
			if (!gather->done[at] || isnan(gather->value[metric][at]))
				continue;
			sum += gather->value[metric][at];
			count++;
		}
		mean[sample] = whole && count ? sum / count : NAN;
	}
	estimate = sim_stats_estimate(mean, samples, RESAMPLING_SEED);
	free(mean);
	return estimate;
}
