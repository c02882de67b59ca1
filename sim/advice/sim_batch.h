/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sim_batch.h - scenarios times runs, side by side, for their summaries alone.
 *
 * What the commands that give advice ask: no files, no plots.  Run k has the same number
 * in every scenario of a batch, and so the same random numbers.  First comes run 0 of all
 * scenarios, then run 1, and so on.
 */
#ifndef SIM_BATCH_H
#define SIM_BATCH_H

#include "observe/probe_summary.h"
#include "tr_error.h"

struct sim_batch {
	const struct sim_scenario *const *scenario;
	u32 scenarios_count, runs_count; /* run numbers start with each scenario's */
	u32 workers;
	const volatile bool *stop; /* may be NULL */
	void (*progress)(void *ctx, u32 done_count, u32 all_count); /* may be NULL */
	void *progress_ctx;
	/*
	 * May be NULL.  Asked as soon as the first @runs of all scenarios are there, for each
	 * number of runs in turn, so that its answer depends on nothing but the runs: true, and
	 * there are no more.
	 */
	bool (*enough)(void *ctx, const struct sim_batch *batch, u32 runs);
	void *enough_ctx;
	struct sim_summary **summary; /* results, by scenario, then run */
	bool closed; /* there were enough */
	u32 runs_done; /* of all scenarios; later ones may be there of some, and do not count */
};

/*
 * Return: 0, with enough runs; -EINTR with text when it was stopped before, and runs_done
 * says after how many; what a run returned.
 */
int sim_batch_run(struct sim_batch *batch, struct tr_error *error);
void sim_batch_free(struct sim_batch *batch); /* also after an error */

static inline struct sim_summary *sim_batch_at(const struct sim_batch *batch, u32 scenario, u32 run)
{
	return batch->summary[scenario * batch->runs_count + run];
}

#endif /* SIM_BATCH_H */
