/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bench_run.c - the speed of whole runs: faults, reclaim, devices, host and all.
 *
 * run.zipf	one VM whose memory holds half of the pages of a zipf trace; accesses
 * run.faults	one VM that walks in circles through twice its memory, so that every access
 *		is a fault that evicts a page, writes it to swap and reads another; faults
 * run.zram	the same with compressed memory for swap
 * run.faults.near, run.zram.near  the same with a sixteenth of the pages, whose state the
 *		processor's own cache holds
 *
 * The limit of run.zipf is a copy of memory: a fault stands for moving 4 KiB, and a
 * simulator that took longer than the move itself would save nobody anything.  That of the
 * others are the cache lines that a fault cannot do without (bench_lines.h): of the page,
 * four, of the victim's four, and its frame's.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "bench_lines.h"
#include "bench_wst.h"
#include "bench_zipf.h"
#include "model/sim_engine.h"
#include "model/sim_world.h"
#include "scenario/sim_scenario_read.h"

#define ACCESSES 10000000u
#define PAGES 1000000u
#define WALK_PAGES 524288u
#define WALK_ACCESSES 4000000u
#define NEAR_PAGES 32768u
#define COPY_PAGES 65536u
#define FAULT_LINES 9u
#define FAULT_BYTES (16u << 20) /* state of pages and frames that a walk has in use */
#define FAULT_NEAR_BYTES (1u << 20)
#define LINES_ROUNDS 2000000u

static const char scenario_text[] =
	"{ \"name\": \"bench\", \"duration\": \"10h\", \"sample\": \"10s\","
	"  \"host\": { \"memory\": \"8GiB\" },"
	"  \"vms\": [ { \"name\": \"one\", \"memory\": \"%s\", \"kernel\": \"32MiB\","
	"    \"swap\": { \"device\": \"%s\", \"size\": \"4GiB\" },"
	"    \"workload\": [ { \"trace\": \"%s\" } ], \"loop\": false } ],"
	"  \"policy\": \"static\" }";

struct job {
	struct sim_scenario scenario;
	u64 accesses, faults;
	u8 *from, *to;
};

static void at_end(void *ctx, const struct sim_run_result *result,
		   const struct sim_host_sample *host, const struct sim_vm_sample *vm, u32 vms_count)
{
	struct job *job = ctx;

	(void)result, (void)host, (void)vms_count;
	job->accesses = vm->counters.accesses;
	job->faults = 0;
	for (u32 i = 0; i < SIM_FAULTS; i++)
		job->faults += vm->counters.faults[i];
}

static int world_once(void *ctx)
{
	struct job *job = ctx;
	struct sim_probe probe = { .ctx = job, .end = at_end };
	struct sim_run_result result;
	struct sim_world *world;
	int rc = sim_world_create(&world, &job->scenario, &probe, 1, NULL);

	if (!rc) {
		rc = sim_world_run(world, NULL, NULL, NULL, &result, NULL);
		sim_world_destroy(world);
	}
	return rc;
}

static int copy_once(void *ctx)
{
	struct job *job = ctx;

	memcpy(job->to, job->from, COPY_PAGES * SIM_PAGE_BYTES);
	return 0;
}

/* What is counted of a run. */
enum counted { COUNT_ACCESSES, COUNT_FAULTS };

static int measure(struct bench_report *report, struct job *job, const char *name,
		   enum counted counted, u32 bytes)
{
	struct bench_line line = { .name = name, .limit_name = "M pages copied",
				   .unit = "M accesses/CPU-s" };
	struct bench_lines lines = { .part[0] = { FAULT_LINES, bytes, NULL },
				     .rounds = LINES_ROUNDS };
	struct bench_work figure = { world_once, job, 1 };
	struct bench_work limit = { copy_once, job, COPY_PAGES / 1e6 };
	int rc = bench_lines_open(&lines);

	if (counted == COUNT_FAULTS) {
		line.limit_name = "its cache lines alone";
		line.unit = "M faults/CPU-s";
		line.target = 5;
		limit = (struct bench_work){ bench_lines_once, &lines, LINES_ROUNDS / 1e6 };
	}
	if (!rc)
		rc = world_once(job); /* to count, and to warm the caches up */
	figure.millions = (double)(counted ? job->faults : job->accesses) / 1e6;
	if (!rc)
		rc = bench_pairs(&line, &figure, &limit);
	if (!rc)
		bench_add(report, &line);
	bench_lines_close(&lines);
	return rc;
}

static int scenario_open(struct job *job, const struct bench_folder *folder, const char *memory,
			 const char *swap, const char *trace)
{
	char text[1024], path[BENCH_PATH_MAX];

	snprintf(text, sizeof(text), scenario_text, memory, swap, trace);
	int rc = bench_text_write(folder, "one.json", text);

	if (!rc)
		rc = sim_scenario_read(&job->scenario,
				       bench_folder_file(folder, "one.json", path), NULL, 0, NULL,
				       NULL);
	return rc;
}

static int zipf_trace(const struct bench_folder *folder)
{
	struct bench_wst how = { .access_ns = 500 };
	struct tr_array array;
	int rc = bench_zipf(&array, PAGES, ACCESSES, 1.0, 1);

	if (rc)
		return rc;
	rc = bench_wst_write(folder, "zipf.wst", &array, &how);
	tr_array_destroy(&array);
	return rc;
}

/* Round and round through more than memory, every access a write: no engine can hit. */
static int walk_trace(const struct bench_folder *folder, const char *name, u32 pages)
{
	struct bench_wst how = { .access_ns = 500, .scattered = true };
	struct tr_array array = { .count = WALK_ACCESSES, .pages_count = pages,
				  .page = malloc(WALK_ACCESSES * sizeof(u32)) };

	if (!array.page)
		return -ENOMEM;
	for (u32 i = 0; i < WALK_ACCESSES; i++)
		array.page[i] = i % pages << 1 | 1;
	int rc = bench_wst_write(folder, name, &array, &how);

	tr_array_destroy(&array);
	return rc;
}

static int cell(struct bench_report *report, struct job *job, const struct bench_folder *folder,
		const char *name, const char *memory, const char *swap, const char *trace,
		enum counted counted, u32 bytes)
{
	int rc = scenario_open(job, folder, memory, swap, trace);

	if (rc)
		return rc;
	rc = measure(report, job, name, counted, bytes);
	sim_scenario_free(&job->scenario);
	return rc;
}

static int run(struct bench_report *report)
{
	struct bench_folder folder;
	struct job job = { .accesses = 0 };
	int rc = bench_folder_make(&folder);

	job.from = malloc(COPY_PAGES * SIM_PAGE_BYTES);
	job.to = malloc(COPY_PAGES * SIM_PAGE_BYTES);
	if (job.from && job.to) {
		memset(job.from, 1, COPY_PAGES * SIM_PAGE_BYTES);
		memset(job.to, 1, COPY_PAGES * SIM_PAGE_BYTES);
	} else if (!rc) {
		rc = -ENOMEM;
	}
	if (!rc)
		rc = zipf_trace(&folder);
	if (!rc)
		rc = walk_trace(&folder, "walk.wst", WALK_PAGES);
	if (!rc)
		rc = walk_trace(&folder, "near.wst", NEAR_PAGES);
	if (!rc)
		rc = cell(report, &job, &folder, "run.zipf", "2048MiB", "nvme", "zipf.wst",
			  COUNT_ACCESSES, 0);
	if (!rc)
		rc = cell(report, &job, &folder, "run.faults", "1088MiB", "nvme", "walk.wst",
			  COUNT_FAULTS, FAULT_BYTES);
	if (!rc)
		rc = cell(report, &job, &folder, "run.zram", "1088MiB", "zram", "walk.wst",
			  COUNT_FAULTS, FAULT_BYTES);
	if (!rc)
		rc = cell(report, &job, &folder, "run.faults.near", "100MiB", "nvme", "near.wst",
			  COUNT_FAULTS, FAULT_NEAR_BYTES);
	if (!rc)
		rc = cell(report, &job, &folder, "run.zram.near", "100MiB", "zram", "near.wst",
			  COUNT_FAULTS, FAULT_NEAR_BYTES);
	bench_folder_remove(&folder);
	free(job.from);
	free(job.to);
	return rc;
}

const struct bench bench_run = {
	.name = "run",
	.summary = "whole runs of one guest: zipf with half of the pages in memory, and nothing but faults",
	.run = run,
};
