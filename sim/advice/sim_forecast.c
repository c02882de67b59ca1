/* SPDX-License-Identifier: BSD-2-Clause */
/* sim_forecast.c - runs until the intervals are narrow; see sim_forecast.h. */
#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "advice/sim_batch.h"
#include "advice/sim_forecast.h"
#include "advice/sim_variant.h"
#include "model/sim_reclaim.h"
#include "output/sim_single.h"

#define RESAMPLING_SEED 20121218

bool sim_forecast_can_sample(const struct sim_scenario *scenario)
{
	for (u32 i = 0; i < scenario->vms_count; i++) {
		struct sim_reclaim_choice choice;

		if (sim_reclaim_choose(&choice, scenario->vm[i].reclaim, NULL) || choice.ops->future)
			return false;
	}
	return scenario->sample_one_in == 1;
}

/* A VM that did no work has no slowdown, and more runs give it none. */
static bool is_narrow(const double *value, u32 count, double allowed)
{
	struct sim_estimate estimate = sim_stats_estimate(value, count, RESAMPLING_SEED);

	if (!estimate.count)
		return true;
	if (allowed * estimate.mean < 0.1 * (estimate.mean - 1))
		allowed = 0.1 * (estimate.mean - 1) / estimate.mean;
	return (estimate.high - estimate.low) / 2 <= allowed * fmax(estimate.mean, 1);
}

/* Of all policies, after the first @runs, and these agree on whether something is killed. */
static bool all_are_narrow(const struct sim_forecast *forecast, const struct sim_batch *batch,
			   u32 runs)
{
	u32 baseline = forecast->policies_count;
	double slowdown[SIM_RUNS_MAX], saved[SIM_RUNS_MAX];

	for (u32 policy = 0; policy < baseline; policy++) {
		u32 killed = 0;

		for (u32 run = 0; run < runs; run++) {
			struct sim_summary *summary = sim_batch_at(batch, policy, run);

			sim_summary_relate(summary, sim_batch_at(batch, baseline, run));
			slowdown[run] = summary->value[SIM_RUN_SLOWDOWN_MAX];
			saved[run] = summary->value[SIM_RUN_SAVED];
			killed += sim_verdict_is_killed(summary);
		}
		if ((killed && killed < runs) ||
		    !is_narrow(slowdown, runs, forecast->precision) ||
		    !is_narrow(saved, runs, forecast->precision))
			return false;
	}
	return true;
}

static bool enough(void *ctx, const struct sim_batch *batch, u32 runs)
{
	const struct sim_forecast *forecast = ctx;

	/* One run has no interval, so two is the least that can tell. */
	return runs >= forecast->runs_least && runs > 1 && all_are_narrow(forecast, batch, runs);
}

/* The comparison takes over the runs that all have, and is judged. */
static void judge(struct sim_forecast *forecast, struct sim_batch *batch)
{
	struct sim_comparison *comparison = &forecast->comparison;
	struct sim_slo slo = { forecast->slowdown, SIM_RUN_SLOWDOWN_MAX, false };
	u32 policies = forecast->policies_count, runs = batch->runs_done;

	forecast->narrow = runs > 1 && all_are_narrow(forecast, batch, runs);
	sim_comparison_init(comparison, policies, runs);
	for (u32 i = 0; i <= policies; i++)
		for (u32 run = 0; run < runs; run++) {
			struct sim_summary **from = &batch->summary[i * batch->runs_count + run];

			*(i < policies ? &comparison->summary[i * runs + run] :
					 &comparison->baseline[run]) = *from;
			*from = NULL;
		}
	sim_comparison_relate(comparison);
	for (u32 i = 0; i < policies && runs; i++)
		sim_verdict_make(&forecast->verdict[i], &slo, comparison->summary + i * runs,
				 comparison->baseline, runs);
}

int sim_forecast_make(struct sim_forecast *forecast, struct tr_error *error)
{
	u32 policies = forecast->policies_count;
	struct sim_variant *variant = calloc(policies, sizeof(*variant));
	const struct sim_scenario *scenario[SIM_POLICIES_MAX + 1];
	struct sim_scenario from = *forecast->scenario, baseline;
	struct sim_batch batch = { .scenario = scenario, .scenarios_count = policies + 1,
				   .runs_count = forecast->runs_most, .workers = forecast->workers,
				   .stop = forecast->stop, .progress = forecast->progress,
				   .progress_ctx = forecast->progress_ctx, .enough = enough,
				   .enough_ctx = forecast };
	int rc;

	assert(variant && policies && policies <= SIM_POLICIES_MAX);
	assert(forecast->runs_least <= forecast->runs_most && forecast->runs_most <= SIM_RUNS_MAX);
	if (forecast->one_in)
		from.sample_one_in = forecast->one_in;
	for (u32 i = 0; i < policies; i++) {
		variant[i].scenario = from;
		variant[i].scenario.policy_state = NULL;
		sim_variant_policy(&variant[i], forecast->scenario, forecast->policy[i]);
		scenario[i] = &variant[i].scenario;
	}
	sim_baseline_init(&baseline, &from);
	scenario[policies] = &baseline;
	rc = sim_batch_run(&batch, error);
	if (!rc || rc == -EINTR)
		judge(forecast, &batch);
	sim_batch_free(&batch);
	for (u32 i = 0; i < policies; i++)
		free(variant[i].scenario.policy_state);
	free(variant);
	sim_baseline_destroy(&baseline);
	return rc;
}

void sim_forecast_free(struct sim_forecast *forecast)
{
	sim_comparison_destroy(&forecast->comparison);
}
