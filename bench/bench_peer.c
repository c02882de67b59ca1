/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bench_peer.c - libCacheSim beside "wssim reclaim", when its cachesim is on PATH.
 *
 * The same trace (zipf 1.0, 20 M accesses to 1 M pages, as its oracleGeneral format), the
 * same sizes, one thread.  Its time is that of its process and so has the reading of the
 * file in it, a tenth or less; ours is that of the simulation.  Miss ratios must be the
 * same to the four digits that it prints, where the algorithms are.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "bench.h"
#include "bench_wst.h"
#include "bench_zipf.h"
#include "lab/sim_lab.h"

#define ACCESSES 20000000u
#define PAGES 1000000u

struct cell {
	const char *name, *ours, *theirs;
	double part, ratio_target;
	bool same; /* the algorithms are the same, so that misses must be */
};

static const struct cell cells[] = {
	{ "peer.clock.10", "clock", "clock", 0.1, 25, true },
	{ "peer.clock.50", "clock", "clock", 0.5, 25, true },
	{ "peer.mglru.10", "mglru", "clock", 0.1, 25, false },
	{ "peer.mglru.50", "mglru", "clock", 0.5, 25, false },
	{ "peer.lru.10", "lru", "lru", 0.1, 15, true },
	{ "peer.lru.50", "lru", "lru", 0.5, 15, true },
};

bool bench_on_path(const char *program)
{
	char line[512];

	snprintf(line, sizeof(line), "command -v %s", program);
	FILE *pipe = popen(line, "r");
	bool found = pipe && fgets(line, sizeof(line), pipe);

	if (pipe)
		pclose(pipe);
	return found;
}

double bench_peer_seconds(const char *command)
{
	FILE *pipe = popen(command, "r");
	double seconds = 0;
	char line[256];

	while (pipe && fgets(line, sizeof(line), pipe))
		sscanf(line, "seconds %lf", &seconds);
	return pipe && !pclose(pipe) ? seconds : 0;
}

static int write_oracle(const struct bench_folder *folder, const struct tr_array *array)
{
	char path[BENCH_PATH_MAX];
	FILE *file = fopen(bench_folder_file(folder, "zipf.oracle", path), "w");
	struct __attribute__((packed)) {
		u32 seconds;
		u64 object;
		u32 size;
		long long next; /* -1: never, which nobody reads here */
	} record = { .size = 4096, .next = -1 };

	if (!file)
		return -errno;
	for (u32 i = 0; i < array->count; i++) {
		record.seconds = i / 1000000;
		record.object = TR_PAGE(array->page[i]) + 1;
		fwrite(&record, sizeof(record), 1, file);
	}
	return ferror(file) | fclose(file) ? -EIO : 0;
}

static double children_seconds(void)
{
	struct rusage usage;

	getrusage(RUSAGE_CHILDREN, &usage);
	return (double)usage.ru_utime.tv_sec + (double)usage.ru_stime.tv_sec +
	       (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e-6;
}

static int run_theirs(const struct bench_folder *folder, const struct cell *cell, u32 frames,
		      double *speed, double *miss_ratio)
{
	double start = children_seconds();
	char command[256], line[1024];

	snprintf(command, sizeof(command),
		 "cd %s && cachesim zipf.oracle oracleGeneral %s %u --ignore-obj-size 1 "
		 "--num-thread 1 2>/dev/null && rm -rf result zipf.oracle.cachesim",
		 folder->path, cell->theirs, frames);
	FILE *pipe = popen(command, "r");

	*miss_ratio = -1;
	while (pipe && fgets(line, sizeof(line), pipe)) {
		const char *at = strstr(line, "miss ratio ");

		if (at)
			*miss_ratio = strtod(at + strlen("miss ratio "), NULL);
	}
	if (!pipe || pclose(pipe) || *miss_ratio < 0)
		return -EIO;
	*speed = ACCESSES / 1e6 / (children_seconds() - start);
	return 0;
}

static int compare(struct bench_report *report, const struct bench_folder *folder,
		   const struct sim_lab_trace *trace, const struct cell *cell)
{
	struct bench_line line = { .name = cell->name, .unit = "M accesses/CPU-s",
				   .limit_name = cell->theirs[0] == 'c' ? "libCacheSim's Clock"
									 : "libCacheSim's LRU",
				   .ratio_target = cell->ratio_target, .unchecked = true };
	u32 frames = (u32)(trace->array.pages_touched * cell->part);
	struct sim_reclaim_choice choice;
	struct sim_lab_result result = { .misses = 0 };
	double theirs = 0;
	int rc = sim_reclaim_choose(&choice, cell->ours, NULL);

	for (u32 i = 0; !rc && i < 3; i++) {
		rc = run_theirs(folder, cell, frames, &line.limit_sample[i], &theirs);
		double start = bench_cpu_seconds();
		if (!rc)
			rc = sim_lab_run(trace, &choice, frames, &result);
		line.sample[i] = ACCESSES / 1e6 / (bench_cpu_seconds() - start);
		line.samples_count++;
	}
	if (rc)
		return rc;
	double ours = (double)result.misses / ACCESSES;

	bench_add(report, &line);
	if (cell->same && fabs(ours - theirs) > 0.00011)
		return -EPROTO; /* one of the two is wrong */
	return 0;
}

static int run(struct bench_report *report)
{
	struct sim_lab_trace trace;
	struct bench_folder folder;
	struct tr_array array;

	if (!bench_on_path("cachesim")) {
		bench_note(report, "no cachesim on PATH: libCacheSim is not run beside");
		return 0;
	}
	int rc = bench_zipf(&array, PAGES, ACCESSES, 1.0, 1);

	if (rc)
		return rc;
	sim_lab_trace_adopt(&trace, &array);
	rc = bench_folder_make(&folder);
	if (!rc)
		rc = write_oracle(&folder, &trace.array);
	for (u32 i = 0; !rc && i < sizeof(cells) / sizeof(cells[0]); i++)
		rc = compare(report, &folder, &trace, &cells[i]);
	bench_folder_remove(&folder);
	sim_lab_trace_destroy(&trace);
	return rc;
}

const struct bench bench_peer = {
	.name = "peer",
	.summary = "libCacheSim on the same trace, side by side",
	.run = run,
};
