/* SPDX-License-Identifier: BSD-2-Clause */
/* sim_comparison.c - estimates over runs, differences of policies, the frontier. */
#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "output/sim_comparison.h"

/* Every interval is resampled with the same numbers; any fixed seed would do. */
#define RESAMPLING_SEED 20121218

void sim_comparison_init(struct sim_comparison *comparison, u32 policies_count, u32 runs_count)
{
	assert(policies_count <= SIM_POLICIES_MAX && runs_count <= SIM_RUNS_MAX);
	memset(comparison, 0, sizeof(*comparison));
	comparison->policies_count = policies_count;
	comparison->runs_count = runs_count;
	comparison->summary = calloc((size_t)policies_count * runs_count,
				     sizeof(*comparison->summary));
	comparison->baseline = calloc(runs_count, sizeof(*comparison->baseline));
	assert(comparison->summary && comparison->baseline);
}

void sim_comparison_destroy(struct sim_comparison *comparison)
{
	for (u32 i = 0; i < comparison->policies_count * comparison->runs_count; i++)
		free(comparison->summary[i]);
	for (u32 i = 0; i < comparison->runs_count; i++)
		free(comparison->baseline[i]);
	free(comparison->summary);
	free(comparison->baseline);
	memset(comparison, 0, sizeof(*comparison));
}

void sim_comparison_relate(struct sim_comparison *comparison)
{
	for (u32 policy = 0; policy < comparison->policies_count; policy++)
		for (u32 run = 0; run < comparison->runs_count; run++) {
			struct sim_summary *summary = sim_comparison_run(comparison, policy, run);
			if (summary && comparison->baseline[run])
				sim_summary_relate(summary, comparison->baseline[run]);
		}
}

u32 sim_comparison_finished(const struct sim_comparison *comparison, u32 policy)
{
	u32 count = 0;

	for (u32 run = 0; run < comparison->runs_count; run++)
		count += sim_comparison_run(comparison, policy, run) != NULL;
	return count;
}

bool sim_comparison_valid(const struct sim_comparison *comparison, u32 policy)
{
	for (u32 run = 0; run < comparison->runs_count; run++) {
		const struct sim_summary *summary = sim_comparison_run(comparison, policy, run);
		if (summary && !summary->valid)
			return false;
	}
	return true;
}

/* A metric of every run; NaN where a run is missing. */
static void values(const struct sim_comparison *comparison, u32 policy,
		   enum sim_run_metric metric, double value[SIM_RUNS_MAX])
{
	for (u32 run = 0; run < comparison->runs_count; run++) {
		const struct sim_summary *summary = sim_comparison_run(comparison, policy, run);
		value[run] = summary ? summary->value[metric] : NAN;
	}
}

struct sim_estimate sim_comparison_estimate(const struct sim_comparison *comparison, u32 policy,
					    enum sim_run_metric metric)
{
	double value[SIM_RUNS_MAX];

	values(comparison, policy, metric, value);
	return sim_stats_estimate(value, comparison->runs_count, RESAMPLING_SEED);
}

struct sim_estimate sim_comparison_vm_estimate(const struct sim_comparison *comparison,
					       u32 policy, u32 vm, enum sim_vm_metric metric)
{
	double value[SIM_RUNS_MAX];

	for (u32 run = 0; run < comparison->runs_count; run++) {
		const struct sim_summary *summary = sim_comparison_run(comparison, policy, run);
		value[run] = summary ? summary->vm[vm].value[metric] : NAN;
	}
	return sim_stats_estimate(value, comparison->runs_count, RESAMPLING_SEED);
}

struct sim_estimate sim_comparison_difference(const struct sim_comparison *comparison, u32 a,
					      u32 b, enum sim_run_metric metric)
{
	double value_a[SIM_RUNS_MAX], value_b[SIM_RUNS_MAX];

	values(comparison, a, metric, value_a);
	values(comparison, b, metric, value_b);
	return sim_stats_paired(value_a, value_b, comparison->runs_count, RESAMPLING_SEED);
}

static double mean(const struct sim_comparison *comparison, u32 policy, enum sim_run_metric metric)
{
	double value[SIM_RUNS_MAX];

	values(comparison, policy, metric, value);
	return sim_stats_mean(value, comparison->runs_count);
}

void sim_comparison_frontier(const struct sim_comparison *comparison,
			     enum sim_run_metric slowdown, bool on[SIM_POLICIES_MAX],
			     u32 beaten_by[SIM_POLICIES_MAX])
{
	double saved[SIM_POLICIES_MAX], slow[SIM_POLICIES_MAX];
	bool sound[SIM_POLICIES_MAX];

	for (u32 i = 0; i < comparison->policies_count; i++) {
		saved[i] = mean(comparison, i, SIM_RUN_SAVED);
		slow[i] = mean(comparison, i, slowdown);
		/* Saving by killing is no saving. */
		sound[i] = sim_comparison_valid(comparison, i) &&
			   mean(comparison, i, SIM_RUN_OOM) <= 0;
	}
	for (u32 i = 0; i < comparison->policies_count; i++) {
		bool fit = sound[i] && isfinite(saved[i]) && isfinite(slow[i]);
		on[i] = fit;
		if (beaten_by)
			beaten_by[i] = i;
		for (u32 j = 0; j < comparison->policies_count && fit; j++) {
			bool better = saved[j] >= saved[i] && slow[j] <= slow[i] &&
				      (saved[j] > saved[i] || slow[j] < slow[i]);
			if (!better || !sound[j])
				continue;
			/* Of several the one that slows least, which none beats in turn. */
			if (beaten_by && (on[i] || slow[j] < slow[beaten_by[i]] ||
					  (slow[j] == slow[beaten_by[i]] &&
					   saved[j] > saved[beaten_by[i]])))
				beaten_by[i] = j;
			on[i] = false;
		}
	}
}

u64 sim_comparison_digest(const struct sim_comparison *comparison)
{
	u64 digest = 0xcbf29ce484222325ull; /* FNV-1a over the digests' bytes */

	if (comparison->policies_count == 1 && comparison->runs_count == 1 &&
	    comparison->summary[0])
		return comparison->summary[0]->digest;
	for (u32 i = 0; i < comparison->policies_count * comparison->runs_count; i++) {
		u64 value = comparison->summary[i] ? comparison->summary[i]->digest : 0;
		for (u32 byte = 0; byte < 8; byte++)
			digest = (digest ^ (value >> (8 * byte) & 0xff)) * 0x100000001b3ull;
	}
	return digest;
}
