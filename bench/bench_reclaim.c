/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bench_reclaim.c - the speed of the single-guest laboratory: wssim reclaim and wssim mrc.
 *
 * The trace is the one on which libCacheSim was measured (zipf 1.0, 20 M accesses, 1 M
 * pages); the targets are 25 times its Clock and 15 times its LRU as it ran on a
 * 2-vCPU Zen 4 machine: 6.5 and 6.1 M/s for Clock, 6.0 and 4.7 for LRU, with a tenth and
 * half of the pages in memory.
 */
#include <stdlib.h>

#include "bench.h"
#include "bench_zipf.h"
#include "lab/sim_mrc.h"

#define ACCESSES 20000000u
#define PAGES 1000000u
#define UNIT "M accesses/CPU-s"
#define LIMIT "decoding and setting a bit"

static const struct {
	const char *name, *algorithm;
	double part, target;
} cells[] = {
	{ "reclaim.fifo.10", "fifo", 0.1, 0 },
	{ "reclaim.clock.10", "clock", 0.1, 25 * 6.5 },
	{ "reclaim.clock.50", "clock", 0.5, 25 * 6.1 },
	{ "reclaim.mglru.10", "mglru", 0.1, 25 * 6.5 },
	{ "reclaim.mglru.50", "mglru", 0.5, 25 * 6.1 },
	{ "reclaim.lru.10", "lru", 0.1, 15 * 6.0 },
	{ "reclaim.lru.50", "lru", 0.5, 15 * 4.7 },
	{ "reclaim.twolist.50", "twolist", 0.5, 0 },
	{ "reclaim.opt.50", "opt", 0.5, 0 },
};

struct job {
	const struct sim_lab_trace *trace;
	volatile u8 *hot;
	struct sim_reclaim_choice choice;
	u32 frames;
	double rate;
	struct sim_mrc *mrc;
};

/* What no simulator can do without: fetch the page number, set its accessed bit. */
static int bare_loop(void *ctx)
{
	const struct job *job = ctx;
	const struct sim_lab_trace *trace = job->trace;

	for (u32 i = 0; i < ACCESSES; i++)
		job->hot[TR_PAGE(trace->array.page[i])] |= SIM_HOT_ACCESSED_GUEST;
	return 0;
}

static int reclaim_once(void *ctx)
{
	const struct job *job = ctx;
	struct sim_lab_result result;

	return sim_lab_run(job->trace, &job->choice, job->frames, &result);
}

static int curve_once(void *ctx)
{
	const struct job *job = ctx;

	sim_mrc_destroy(job->mrc);
	return sim_mrc_make(job->mrc, job->trace, job->rate);
}

static int measure(struct bench_report *report, struct job *job, int (*once)(void *ctx),
		   const char *name, double target)
{
	struct bench_line line = { .name = name, .unit = UNIT, .limit_name = LIMIT,
				   .target = target };
	struct bench_work figure = { once, job, ACCESSES / 1e6 };
	struct bench_work limit = { bare_loop, job, ACCESSES / 1e6 };
	int rc = bench_pairs(&line, &figure, &limit);

	if (!rc)
		bench_add(report, &line);
	return rc;
}

static int reclaim_cell(struct bench_report *report, struct job *job, u32 cell)
{
	int rc = sim_reclaim_choose(&job->choice, cells[cell].algorithm, NULL);

	job->frames = (u32)(job->trace->array.pages_touched * cells[cell].part);
	return rc ? rc : measure(report, job, reclaim_once, cells[cell].name, cells[cell].target);
}

static int curve(struct bench_report *report, struct job *job, const char *name, double rate,
		 double target, struct sim_mrc *mrc)
{
	*mrc = (struct sim_mrc){ .hits = NULL };
	job->rate = rate;
	job->mrc = mrc;
	return measure(report, job, curve_once, name, target);
}

static int curves(struct bench_report *report, struct job *job)
{
	struct bench_line line = { .name = "reclaim.mrc.error", .unit = "of miss ratio",
				   .samples_count = 1, .target = 0.002, .less_is_good = true,
				   .exact = true };
	struct sim_mrc exact, sampled = { .hits = NULL };
	int rc = curve(report, job, "reclaim.mrc.exact", 1, 10, &exact);

	if (!rc)
		rc = curve(report, job, "reclaim.mrc.sampled", 0.01, 100, &sampled);
	if (!rc) {
		line.sample[0] =
			sim_mrc_mean_error(&exact, &sampled, job->trace->array.pages_touched);
		bench_add(report, &line);
	}
	sim_mrc_destroy(&exact);
	sim_mrc_destroy(&sampled);
	return rc;
}

static int run(struct bench_report *report)
{
	struct sim_lab_trace trace;
	struct job job = { .trace = &trace };
	struct tr_array array;
	int rc = bench_zipf(&array, PAGES, ACCESSES, 1.0, 1);

	if (rc)
		return rc;
	sim_lab_trace_adopt(&trace, &array);
	job.hot = calloc(trace.pages_count, 1);
	rc = job.hot ? sim_lab_trace_future(&trace) : -ENOMEM;
	for (u32 i = 0; !rc && i < sizeof(cells) / sizeof(cells[0]); i++)
		rc = reclaim_cell(report, &job, i);
	if (!rc)
		rc = curves(report, &job);
	free((void *)job.hot);
	sim_lab_trace_destroy(&trace);
	return rc;
}

const struct bench bench_reclaim = {
	.name = "reclaim",
	.summary = "one guest, zipf 1.0, 20 M accesses to 1 M pages",
	.run = run,
};
