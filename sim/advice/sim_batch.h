/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sim_batch.h - scenarios times runs, side by side, for their summaries alone.
 *
 * What the commands that give advice ask: no files, no plots.  Run k has the same number
 * in every scenario of a batch, and so the same random numbers.
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
	struct sim_summary **summary; /* results, by scenario, then run */
};

/* Return: 0; -EINTR with text when it was stopped; what a run returned. */
int sim_batch_run(struct sim_batch *batch, struct tr_error *error);
void sim_batch_free(struct sim_batch *batch); /* also after an error */

static inline struct sim_summary *sim_batch_at(const struct sim_batch *batch, u32 scenario, u32 run)
{
	return batch->summary[scenario * batch->runs_count + run];
}

#endif /* SIM_BATCH_H */
