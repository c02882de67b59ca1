/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bench_guest.c - the speed of the full guest model's access loop, and of reading a trace.
 *
 * guest.read	a .wst of the zipf trace, decoded and added up
 * guest.hits	the same, through the model's access loop; the half of the pages that is
 *		used most is resident, and an access to another page is passed over
 * guest.cold	the same over 16 M pages, the popular ones scattered over memory
 *
 * The limit is a loop that decodes the trace and sets a bit for each access.
 */
#include <stdlib.h>

#include "bench.h"
#include "bench_wst.h"
#include "bench_zipf.h"
#include "model/sim_access.h"
#include "tr_file.h"

#define ACCESSES 20000000u
#define UNIT "M accesses/CPU-s"
#define LIMIT "decoding and setting a bit"

struct job {
	struct tr_file *file;
	u8 *hot;
	u64 sum;
};

/* Play the file once, a run at a time. */
static int play(struct job *job, void (*run_of)(struct job *job, const struct tr_run *run))
{
	struct tr_cursor *cursor;
	struct tr_run run;
	int got = tr_cursor_open(&cursor, job->file, 0, NULL);

	if (got)
		return got;
	while ((got = tr_cursor_next(cursor, &run, NULL)) > 0)
		run_of(job, &run);
	tr_cursor_close(cursor);
	return got;
}

static void run_read(struct job *job, const struct tr_run *run)
{
	for (u32 i = 0; i < run->count; i++)
		job->sum += run->page[i];
}

static void run_bare(struct job *job, const struct tr_run *run)
{
	for (u32 i = 0; i < run->count; i++)
		job->hot[TR_PAGE(run->page[i])] |= SIM_HOT_ACCESSED_GUEST;
}

static void run_hits(struct job *job, const struct tr_run *run)
{
	for (u32 at = 0; at < run->count; at++) {
		at = sim_access_hits(job->hot, run->page, at, run->count,
				     SIM_HOT_ACCESSED_GUEST | SIM_HOT_ACCESSED_HOST);
		job->sum += at < run->count;
	}
}

/* The pages that come first are the popular ones; half of all becomes resident. */
static u32 seen_count, resident_count;
static void run_first(struct job *job, const struct tr_run *run)
{
	for (u32 i = 0; i < run->count; i++) {
		u8 *hot = &job->hot[TR_PAGE(run->page[i])];

		if (*hot)
			continue;
		*hot = seen_count++ < resident_count ? SIM_HOT_FAST : SIM_HOT_MAPPED;
	}
}

static int do_read(void *ctx) { return play(ctx, run_read); }
static int do_bare(void *ctx) { return play(ctx, run_bare); }
static int do_hits(void *ctx) { return play(ctx, run_hits); }

static int measure(struct bench_report *report, struct job *job, int (*once)(void *ctx),
		   const char *name, double target, double ratio_target)
{
	struct bench_line line = { .name = name, .unit = UNIT, .limit_name = LIMIT, .target = target,
				   .ratio_target = ratio_target };
	struct bench_work figure = { once, job, ACCESSES / 1e6 };
	struct bench_work limit = { do_bare, job, ACCESSES / 1e6 };
	int rc = bench_pairs(&line, &figure, &limit);

	if (!rc)
		bench_add(report, &line);
	return rc;
}

struct shape {
	u32 pages;
	bool scattered;
};

/* A zipf trace with @shape, opened, its popular half resident. */
static int prepare(struct job *job, const struct bench_folder *folder, const struct shape *shape)
{
	struct bench_wst how = { .access_ns = 500, .scattered = shape->scattered };
	char path[BENCH_PATH_MAX];
	struct tr_array array;
	int rc = bench_zipf(&array, shape->pages, ACCESSES, 1.0, 1);

	*job = (struct job){ .file = NULL };
	if (rc)
		return rc;
	seen_count = 0;
	resident_count = array.pages_touched / 2;
	rc = bench_wst_write(folder, "zipf.wst", &array, &how);
	tr_array_destroy(&array);
	if (!rc)
		rc = tr_file_open(&job->file, bench_folder_file(folder, "zipf.wst", path), NULL);
	if (rc)
		return rc;
	job->hot = sim_zeroed(tr_file_meta(job->file)->pages_count + SIM_REGION_PAGES);
	return job->hot ? play(job, run_first) : -ENOMEM;
}

static void finish(struct job *job)
{
	if (job->file) {
		sim_zeroed_free(job->hot, tr_file_meta(job->file)->pages_count + SIM_REGION_PAGES);
		tr_file_close(job->file);
	}
}

static int run(struct bench_report *report)
{
	static const struct shape small = { 1000000, false }, large = { 16u << 20, true };
	struct bench_folder folder;
	struct job job = { .file = NULL };
	int rc = bench_folder_make(&folder);

	if (!rc)
		rc = prepare(&job, &folder, &small);
	if (!rc)
		rc = measure(report, &job, do_read, "guest.read", 100, 0);
	if (!rc)
		rc = measure(report, &job, do_hits, "guest.hits", 150, 0.5);
	finish(&job);
	if (!rc)
		rc = prepare(&job, &folder, &large);
	if (!rc)
		rc = measure(report, &job, do_hits, "guest.cold", 40, 0.5);
	finish(&job);
	bench_folder_remove(&folder);
	return rc;
}

const struct bench bench_guest = {
	.name = "guest",
	.summary = "reading a trace and the access loop; zipf 1.0, 20 M accesses to 1 M and 16 M pages",
	.run = run,
};
