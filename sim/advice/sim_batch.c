/* SPDX-License-Identifier: BSD-2-Clause */
/* sim_batch.c - jobs of a batch, each in a process of its own; see sim_batch.h. */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "advice/sim_batch.h"
#include "output/sim_pool.h"
#include "output/sim_single.h"

static int work(void *ctx, u32 job, void **result, size_t *bytes, struct tr_error *error)
{
	const struct sim_batch *batch = ctx;
	struct sim_scenario scenario = *batch->scenario[job % batch->scenarios_count];
	struct sim_single single = { .scenario = &scenario, .stop = batch->stop };
	int rc;

	scenario.run += job / batch->scenarios_count;
	rc = sim_single_run(&single, error);
	if (!rc && single.summary->interrupted)
		rc = -EINTR;
	if (rc) {
		free(single.summary);
		return rc;
	}
	*result = single.summary;
	*bytes = sim_summary_bytes(single.summary->vms_count);
	return 0;
}

static bool has_run(const struct sim_batch *batch, u32 run)
{
	for (u32 i = 0; i < batch->scenarios_count; i++)
		if (!sim_batch_at(batch, i, run))
			return false;
	return true;
}

static int take(void *ctx, u32 job, const void *result, size_t bytes)
{
	struct sim_batch *batch = ctx;
	u32 run = job / batch->scenarios_count, scenario = job % batch->scenarios_count;
	struct sim_summary *summary;

	if (batch->closed) /* it was done before the pool ended it: luck, and no result */
		return -ECANCELED;
	summary = malloc(bytes);
	assert(summary);
	memcpy(summary, result, bytes);
	batch->summary[scenario * batch->runs_count + run] = summary;
	while (batch->runs_done < batch->runs_count && has_run(batch, batch->runs_done)) {
		batch->runs_done++;
		if (batch->enough && batch->enough(batch->enough_ctx, batch, batch->runs_done)) {
			batch->closed = true;
			return -ECANCELED; /* the pool ends what is still under way */
		}
	}
	return 0;
}

static void on_progress(void *ctx, u32 done_count, u32 running_count)
{
	const struct sim_batch *batch = ctx;

	(void)running_count;
	if (batch->progress)
		batch->progress(batch->progress_ctx, done_count,
				batch->scenarios_count * batch->runs_count);
}

int sim_batch_run(struct sim_batch *batch, struct tr_error *error)
{
	u32 jobs = batch->scenarios_count * batch->runs_count;
	struct sim_pool pool = {
		.jobs_count = jobs,
		.workers = batch->workers,
		.stop = batch->stop,
		.ctx = batch,
		.work = work,
		.done = take,
		.progress = on_progress,
	};
	int rc;

	batch->summary = calloc(jobs, sizeof(*batch->summary));
	assert(batch->summary);
	batch->runs_done = 0;
	batch->closed = false;
	rc = sim_pool_run(&pool, error);
	if (rc == -ECANCELED)
		return 0;
	return !rc && batch->runs_done < batch->runs_count ? tr_fail(error, -EINTR, "interrupted") : rc;
}

void sim_batch_free(struct sim_batch *batch)
{
	for (u32 i = 0; batch->summary && i < batch->scenarios_count * batch->runs_count; i++)
		free(batch->summary[i]);
	free(batch->summary);
	batch->summary = NULL;
}
