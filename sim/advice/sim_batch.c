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
	struct sim_scenario scenario = *batch->scenario[job / batch->runs_count];
	struct sim_single single = { .scenario = &scenario, .stop = batch->stop };
	int rc;

	scenario.run += job % batch->runs_count;
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

static int take(void *ctx, u32 job, const void *result, size_t bytes)
{
	struct sim_batch *batch = ctx;

	batch->summary[job] = malloc(bytes);
	assert(batch->summary[job]);
	memcpy(batch->summary[job], result, bytes);
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
	rc = sim_pool_run(&pool, error);
	for (u32 i = 0; i < jobs && !rc; i++)
		if (!batch->summary[i])
			rc = tr_fail(error, -EINTR, "interrupted");
	return rc;
}

void sim_batch_free(struct sim_batch *batch)
{
	for (u32 i = 0; batch->summary && i < batch->scenarios_count * batch->runs_count; i++)
		free(batch->summary[i]);
	free(batch->summary);
	batch->summary = NULL;
}
