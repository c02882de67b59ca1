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

static double speed_since(double start)
{
	return ACCESSES / (bench_cpu_seconds() - start) / 1e6;
}

/* What no simulator can do without: fetch the page number, set its accessed bit. */
static int bare_loop(struct bench_report *report, const struct sim_lab_trace *trace, double *limit)
{
	struct bench_line line = { .name = "reclaim.bare", .unit = UNIT };
	volatile u8 *hot = calloc(trace->pages_count, 1);

	if (!hot)
		return -ENOMEM;
	while (line.samples_count < BENCH_REPEATS) {
		double start = bench_cpu_seconds();
		for (u32 i = 0; i < ACCESSES; i++)
			hot[TR_PAGE(trace->array.page[i])] |= SIM_HOT_ACCESSED_GUEST;
		line.sample[line.samples_count++] = speed_since(start);
	}
	free((void *)hot);
	bench_add(report, &line);
	*limit = bench_median(&line);
	return 0;
}

static int reclaim_cell(struct bench_report *report, const struct sim_lab_trace *trace, u32 cell,
			double limit)
{
	struct bench_line line = { .name = cells[cell].name, .unit = UNIT, .limit = limit,
				   .limit_name = LIMIT, .target = cells[cell].target };
	u32 frames = (u32)(trace->array.pages_touched * cells[cell].part);
	struct sim_reclaim_choice choice;
	struct sim_lab_result result;
	int rc = sim_reclaim_choose(&choice, cells[cell].algorithm, NULL);

	while (!rc && line.samples_count < BENCH_REPEATS) {
		double start = bench_cpu_seconds();
		rc = sim_lab_run(trace, &choice, frames, &result);
		line.sample[line.samples_count++] = speed_since(start);
	}
	if (!rc)
		bench_add(report, &line);
	return rc;
}

static int curve(struct bench_report *report, const struct sim_lab_trace *trace, const char *name,
		 double rate, double target, double limit, struct sim_mrc *mrc)
{
	struct bench_line line = { .name = name, .unit = UNIT, .limit = limit, .limit_name = LIMIT,
				   .target = target };
	int rc = 0;

	*mrc = (struct sim_mrc){ .hits = NULL };
	while (!rc && line.samples_count < BENCH_REPEATS) {
		sim_mrc_destroy(mrc);
		double start = bench_cpu_seconds();
		rc = sim_mrc_make(mrc, trace, rate);
		line.sample[line.samples_count++] = speed_since(start);
	}
	if (!rc)
		bench_add(report, &line);
	return rc;
}

static int curves(struct bench_report *report, const struct sim_lab_trace *trace, double limit)
{
	struct bench_line line = { .name = "mrc.sampled.error", .unit = "of miss ratio",
				   .samples_count = 1, .target = 0.002, .less_is_good = true };
	struct sim_mrc exact, sampled = { .hits = NULL };
	int rc = curve(report, trace, "mrc.exact", 1, 10, limit, &exact);

	if (!rc)
		rc = curve(report, trace, "mrc.sampled", 0.01, 100, limit, &sampled);
	if (!rc) {
		line.sample[0] = sim_mrc_mean_error(&exact, &sampled, trace->array.pages_touched);
		bench_add(report, &line);
	}
	sim_mrc_destroy(&exact);
	sim_mrc_destroy(&sampled);
	return rc;
}

static int run(struct bench_report *report)
{
	struct sim_lab_trace trace;
	struct tr_array array;
	double limit = 0;
	int rc = bench_zipf(&array, PAGES, ACCESSES, 1.0, 1);

	if (rc)
		return rc;
	sim_lab_trace_adopt(&trace, &array);
	rc = sim_lab_trace_future(&trace);
	if (!rc)
		rc = bare_loop(report, &trace, &limit);
	for (u32 i = 0; !rc && i < sizeof(cells) / sizeof(cells[0]); i++)
		rc = reclaim_cell(report, &trace, i, limit);
	if (!rc)
		rc = curves(report, &trace, limit);
	sim_lab_trace_destroy(&trace);
	return rc;
}

const struct bench bench_reclaim = {
	.name = "reclaim",
	.summary = "one guest, zipf 1.0, 20 M accesses to 1 M pages",
	.run = run,
};
