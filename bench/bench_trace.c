/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bench_trace.c - reading the sample traces from the page cache, and how small they are.
 *
 * trace.NAME	records a second, through a cursor; the limit is decoding zipf over a million
 *		pages in one run (guest.read), for the samples' runs are short
 * trace.NAME.bytes	the file's size by its records
 */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "bench.h"
#include "bench_wst.h"
#include "bench_zipf.h"
#include "tr_file.h"

#define ZIPF_ACCESSES 4000000u
#define PASSES 4u /* through a sample, for a time that can be measured */

static const char *const samples[] = { "cc1", "guest", "python", "redis", "sort", "sqlite" };

struct job {
	struct tr_file *file;
	u32 passes;
	u64 records, sum;
};

static int read_all(void *ctx)
{
	struct job *job = ctx;
	struct tr_cursor *cursor;
	struct tr_run run;
	int got = 1, rc = tr_cursor_open(&cursor, job->file, TR_MERGED, NULL);

	job->records = 0;
	for (u32 pass = 0; !rc && pass < job->passes; pass++) {
		while ((got = tr_cursor_next(cursor, &run, NULL)) > 0) {
			job->records += run.count;
			for (u32 i = 0; i < run.count; i++)
				job->sum += run.page[i];
		}
		tr_cursor_rewind(cursor);
		rc = got;
	}
	if (!rc)
		tr_cursor_close(cursor);
	return rc;
}

static int sample(struct bench_report *report, struct job *zipf, const char *sample_name)
{
	char name[32], bytes_name[40], path[64];
	struct bench_line line = { .name = name, .unit = "M records/CPU-s", .target = 300,
				   .limit_name = "one long run" };
	struct bench_line bytes = { .name = bytes_name, .unit = "bytes a record", .target = 1.5,
				    .less_is_good = true, .exact = true, .samples_count = 1 };
	struct job job = { .passes = PASSES };
	struct bench_work figure = { read_all, &job, 1 }, limit = { read_all, zipf, 1 };
	struct stat st;

	snprintf(name, sizeof(name), "trace.%s", sample_name);
	snprintf(bytes_name, sizeof(bytes_name), "%s.bytes", name);
	snprintf(path, sizeof(path), "traces/samples/%s.wst", sample_name);
	int rc = stat(path, &st) ? -errno : tr_file_open(&job.file, path, NULL);

	if (rc)
		return rc;
	rc = read_all(&job);
	figure.millions = (double)job.records / 1e6;
	limit.millions = (double)zipf->records / 1e6;
	bytes.sample[0] = (double)st.st_size * PASSES / (double)job.records;
	if (!rc)
		rc = bench_pairs(&line, &figure, &limit);
	tr_file_close(job.file);
	if (!rc) {
		bench_add(report, &line);
		bench_add(report, &bytes);
	}
	return rc;
}

static int run(struct bench_report *report)
{
	struct bench_wst how = { .access_ns = 500 };
	struct job zipf = { .passes = 1 };
	struct bench_folder folder;
	struct tr_array array;
	char path[BENCH_PATH_MAX];
	int rc = bench_folder_make(&folder);

	if (!rc)
		rc = bench_zipf(&array, 1000000, ZIPF_ACCESSES, 1.0, 1);
	if (!rc) {
		rc = bench_wst_write(&folder, "zipf.wst", &array, &how);
		tr_array_destroy(&array);
	}
	if (!rc)
		rc = tr_file_open(&zipf.file, bench_folder_file(&folder, "zipf.wst", path), NULL);
	if (!rc)
		rc = read_all(&zipf);
	for (u32 i = 0; !rc && i < sizeof(samples) / sizeof(samples[0]); i++)
		rc = sample(report, &zipf, samples[i]);
	if (zipf.file)
		tr_file_close(zipf.file);
	bench_folder_remove(&folder);
	return rc;
}

const struct bench bench_trace = {
	.name = "trace",
	.summary = "reading the sample traces, whose runs are short",
	.run = run,
};
