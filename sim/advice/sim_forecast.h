/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sim_forecast.h - what policies would do to a scenario's VMs, as sure as is asked for.
 *
 * Runs of all policies and of the baseline are made with run 0, then with run 1, and so on,
 * until for each policy the 95 % intervals of the worst VM's slowdown and of memory saved are
 * narrow: within `precision` of the mean slowdown (or a tenth of what is above 1, where that
 * is more), and within `precision` of what the VMs were promised, and runs agree on whether
 * anything is killed for want of memory.  How many runs that takes
 * depends on their results alone, and not on time or on how many are made side by side.
 *
 * A first look has one run of each, with one block of pages in so many (sim_sampling.h).
 */
#ifndef SIM_FORECAST_H
#define SIM_FORECAST_H

#include "advice/sim_verdict.h"
#include "output/sim_comparison.h"

struct sim_forecast {
	const struct sim_scenario *scenario;
	const struct sim_policy *policy[SIM_POLICIES_MAX];
	u32 policies_count;
	u32 runs_least, runs_most; /* the same: exactly so many */
	double precision;	   /* 0.01: one percent */
	double slowdown;	   /* bound, of the worst VM */
	u32 one_in;		   /* pages; 0: as the scenario says */
	u32 workers;
	const volatile bool *stop;
	void (*progress)(void *ctx, u32 done_count, u32 all_count); /* may be NULL */
	void *progress_ctx;
	/* Results. */
	struct sim_comparison comparison; /* its runs_count is how many were made */
	struct sim_verdict verdict[SIM_POLICIES_MAX];
	bool narrow; /* all intervals are, and runs agree on kills */
};

/*
 * Return: 0; -EINTR with text when it was stopped: there are results all the same if
 * comparison.runs_count is not 0; what a run returned, and then there are none.
 */
int sim_forecast_make(struct sim_forecast *forecast, struct tr_error *error);
void sim_forecast_free(struct sim_forecast *forecast); /* also after an error */

/* May pages of this scenario be sampled, and are they not yet? */
bool sim_forecast_can_sample(const struct sim_scenario *scenario);

#endif /* SIM_FORECAST_H */
