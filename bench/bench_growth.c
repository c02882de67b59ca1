/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bench_growth.c - what an access costs as VMs are added to a host.
 *
 * Every VM compiles (traces/samples/cc1.wst) on a host that has memory for all, under
 * ws-target with its reports.  growth.N is the speed with N VMs in one world; its limit
 * are worlds with one such VM each, one after the other, which do the same work per VM:
 * the same second from the boot on, so the same accesses, faults and readahead (the VMs
 * begin within 100 ms in both).  growth.boot is the first half of that second alone, in
 * which every third access is a fault; growth.steady goes on to where each VM has been
 * through its trace once and is at it again, so most accesses are hits, there is pressure,
 * and balloons move.
 * growth.lines is growth.boot.1000 in faults, beside the cache lines of a fault's two turns
 * alone (bench_lines.h): 44 of some 8 KiB that are in use in each VM, and 8 of all pages' state.
 * growth.pair is one run while a second runs on another core, beside one run alone.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"
#include "bench_lines.h"
#include "bench_wst.h"
#include "model/sim_world.h"
#include "scenario/sim_scenario_read.h"

#define SAMPLE "traces/samples/cc1.wst"
#define VM_MIB 80u
#define DURATION "1s"
#define SINGLES 100u /* worlds of one VM */
#define RATIO_TARGET (1 / 1.5)

static const char scenario_text[] =
	"{ \"name\": \"growth\", \"duration\": \"%s\","
	"  \"host\": { \"memory\": \"%uMiB\", \"reserved\": \"0\" },"
	"  \"defaults\": { \"swap\": \"nvme\", \"phase_jitter\": \"100ms\" },"
	"  \"vms\": [ { \"name\": \"vm\", \"memory\": \"80MiB\", \"kernel\": \"4MiB\", \"count\": %u,"
	"    \"workload\": [ { \"trace\": \"%s\" } ] } ],"
	"  \"policy\": \"ws-target\" }";

struct job {
	struct sim_scenario scenario;
	u32 worlds; /* created and run one after the other */
	u64 accesses, faults; /* of all worlds */
};

static void at_end(void *ctx, const struct sim_run_result *result,
		   const struct sim_host_sample *host, const struct sim_vm_sample *vm, u32 vms_count)
{
	struct job *job = ctx;

	(void)result, (void)host;
	for (u32 i = 0; i < vms_count; i++) {
		job->accesses += vm[i].counters.accesses;
		for (u32 k = 0; k < SIM_FAULTS; k++)
			job->faults += vm[i].counters.faults[k];
	}
}

static int worlds_once(void *ctx)
{
	struct job *job = ctx;
	struct sim_probe probe = { .ctx = job, .end = at_end };
	struct sim_run_result result;
	struct sim_world *world;
	int rc = 0;

	job->accesses = job->faults = 0;
	for (u32 i = 0; !rc && i < job->worlds; i++) {
		job->scenario.run = i;
		rc = sim_world_create(&world, &job->scenario, &probe, 1, NULL);
		if (rc)
			break;
		rc = sim_world_run(world, NULL, NULL, NULL, &result, NULL);
		sim_world_destroy(world);
	}
	return rc;
}

static int job_open(struct job *job, const struct bench_folder *folder, u32 vms, u32 worlds,
		    const char *duration)
{
	char text[1024], path[BENCH_PATH_MAX], sample[512];

	if (!realpath(SAMPLE, sample))
		return -errno;
	snprintf(text, sizeof(text), scenario_text, duration, vms * VM_MIB, vms, sample);
	*job = (struct job){ .worlds = worlds };
	int rc = bench_text_write(folder, "growth.json", text);

	return rc ? rc
		  : sim_scenario_read(&job->scenario, bench_folder_file(folder, "growth.json", path),
				      NULL, 0, NULL, NULL);
}

static int cell(struct bench_report *report, const struct bench_folder *folder, const char *name,
		u32 vms, bool unchecked, const char *duration)
{
	struct bench_line line = { .name = name, .unit = "M accesses/CPU-s",
				   .limit_name = "one VM a world", .ratio_target = RATIO_TARGET,
				   .unchecked = unchecked };
	struct job many, single;
	struct bench_work figure = { worlds_once, &many, 1 }, limit = { worlds_once, &single, 1 };
	int rc = job_open(&many, folder, vms, 1, duration);

	if (rc)
		return rc;
	rc = job_open(&single, folder, 1, SINGLES, duration);
	if (!rc)
		rc = worlds_once(&many);
	figure.millions = (double)many.accesses / 1e6;
	if (!rc)
		rc = worlds_once(&single);
	limit.millions = (double)single.accesses / 1e6;
	if (!rc)
		rc = bench_pairs(&line, &figure, &limit);
	if (!rc)
		bench_add(report, &line);
	sim_scenario_free(&many.scenario);
	sim_scenario_free(&single.scenario);
	return rc;
}

static int lines(struct bench_report *report, const struct bench_folder *folder)
{
	struct bench_line line = { .name = "growth.lines", .unit = "M faults/CPU-s",
				   .limit_name = "their cache lines alone" };
	struct bench_lines lines = { .part = { { 44, 8u << 20, NULL }, { 8, 256u << 20, NULL } },
				     .rounds = 500000 };
	struct bench_work limit = { bench_lines_once, &lines, lines.rounds / 1e6 };
	struct job job;
	struct bench_work figure = { worlds_once, &job, 1 };
	int rc = job_open(&job, folder, 1000, 1, "500ms");

	if (rc)
		return rc;
	rc = bench_lines_open(&lines);
	if (!rc)
		rc = worlds_once(&job);
	figure.millions = (double)job.faults / 1e6;
	if (!rc)
		rc = bench_pairs(&line, &figure, &limit);
	if (!rc)
		bench_add(report, &line);
	bench_lines_close(&lines);
	sim_scenario_free(&job.scenario);
	return rc;
}

/* --- side by side --- */

static int in_child(struct job *job)
{
	pid_t child = fork();

	if (child)
		return child < 0 ? -errno : child;
	_exit(worlds_once(job) ? 1 : 0);
}

static double children_seconds(void)
{
	struct rusage usage;

	getrusage(RUSAGE_CHILDREN, &usage);
	return (double)usage.ru_utime.tv_sec + (double)usage.ru_stime.tv_sec +
	       (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e-6;
}

/* CPU time of one of @count runs at the same time. */
static int seconds_of(struct job *job, u32 count, double *seconds)
{
	double start = children_seconds();
	int rc = 0, status;

	for (u32 i = 0; i < count && rc >= 0; i++)
		rc = in_child(job);
	while (wait(&status) > 0)
		if (!WIFEXITED(status) || WEXITSTATUS(status))
			rc = -ECHILD;
	*seconds = (children_seconds() - start) / count;
	return rc < 0 ? rc : 0;
}

static int pair(struct bench_report *report, const struct bench_folder *folder)
{
	struct bench_line line = { .name = "growth.pair", .unit = "runs/CPU-s",
				   .limit_name = "alone", .ratio_target = 0.8, .unchecked = true };
	struct job job;
	int rc = job_open(&job, folder, 10, 1, "2s");

	if (rc)
		return rc;
	for (u32 i = 0; !rc && i < BENCH_REPEATS; i++) {
		double alone = 0, beside = 0;

		rc = seconds_of(&job, 1, &alone);
		if (!rc)
			rc = seconds_of(&job, 2, &beside);
		line.limit_sample[i] = 1 / alone;
		line.sample[i] = 1 / beside;
		line.samples_count++;
	}
	if (!rc)
		bench_add(report, &line);
	sim_scenario_free(&job.scenario);
	return rc;
}

static int run(struct bench_report *report)
{
	struct bench_folder folder;
	int rc = bench_folder_make(&folder);

	if (!rc)
		rc = cell(report, &folder, "growth.10", 10, false, DURATION);
	if (!rc)
		rc = cell(report, &folder, "growth.100", 100, false, DURATION);
	if (!rc)
		rc = cell(report, &folder, "growth.1000", 1000, false, DURATION);
	if (!rc)
		rc = cell(report, &folder, "growth.boot.1000", 1000, false, "500ms");
	if (!rc)
		rc = cell(report, &folder, "growth.steady.1000", 1000, true, "10s");
	if (!rc)
		rc = lines(report, &folder);
	if (!rc)
		rc = pair(report, &folder);
	bench_folder_remove(&folder);
	return rc;
}

const struct bench bench_growth = {
	.name = "growth",
	.summary = "what an access costs with 10, 100 and 1,000 VMs; two runs side by side",
	.run = run,
};
