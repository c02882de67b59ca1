/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bench_sampling.c - what simulating one block of pages in N costs in truth.
 *
 * The demo, with all shipped traces, in full and sampled (sim_sampling.h), three runs
 * each.  The two differ by
 *
 * sampling.N.slowdown	busy time over compute time, the difference's mean over VMs and runs
 * sampling.N.memory	memory of the host in use at the end of each second, mean over the
 *			run: the difference as a part of the full run's
 *
 * sampling.seed.*: the same between full runs of different run numbers, which is what a
 * result is uncertain by anyway.  sim_sampling_error_text() tells these figures.
 */
#include <math.h>
#include <stdlib.h>

#include "bench.h"
#include "model/sim_world.h"
#include "scenario/sim_scenario_read.h"

#define SCENARIO "sim/scenarios/demo.json"
#define RUNS 3u
#define VMS_MAX 64u

struct outcome {
	double slowdown[VMS_MAX];
	double backed; /* sum of samples */
	u32 vms_count, samples;
};

static void at_sample(void *ctx, u64 now_ns, const struct sim_host_sample *host,
		      const struct sim_vm_sample *vm, u32 vms_count)
{
	struct outcome *outcome = ctx;

	(void)now_ns, (void)vm, (void)vms_count;
	outcome->backed += (double)host->backed_pages;
	outcome->samples++;
}

static void at_end(void *ctx, const struct sim_run_result *result,
		   const struct sim_host_sample *host, const struct sim_vm_sample *vm, u32 vms_count)
{
	struct outcome *outcome = ctx;

	(void)result, (void)host;
	outcome->vms_count = vms_count < VMS_MAX ? vms_count : VMS_MAX;
	for (u32 i = 0; i < outcome->vms_count; i++)
		outcome->slowdown[i] = (double)vm[i].counters.busy_ns /
				       (double)(vm[i].counters.compute_ns + 1);
}

static int run_demo(struct outcome *outcome, const char *one_in, u32 run)
{
	struct sim_probe probe = { .ctx = outcome, .sample = at_sample, .end = at_end };
	struct sim_scenario scenario;
	struct sim_run_result result;
	struct sim_world *world;
	int rc = sim_scenario_read(&scenario, SCENARIO, &one_in, 1, NULL, NULL);

	*outcome = (struct outcome){ .samples = 0 };
	if (rc)
		return rc;
	scenario.run = run;
	rc = sim_world_create(&world, &scenario, &probe, 1, NULL);
	if (!rc) {
		rc = sim_world_run(world, NULL, NULL, NULL, &result, NULL);
		sim_world_destroy(world);
	}
	sim_scenario_free(&scenario);
	return rc;
}

static double slowdown_error(const struct outcome *a, const struct outcome *b)
{
	double sum = 0;

	for (u32 i = 0; i < a->vms_count; i++)
		sum += fabs(a->slowdown[i] - b->slowdown[i]);
	return sum / a->vms_count;
}

static double memory_error(const struct outcome *a, const struct outcome *b)
{
	return fabs(a->backed / a->samples - b->backed / b->samples) / (a->backed / a->samples);
}

/* Runs @first.. of the demo as @one_in says, beside the full ones. */
static int compare(struct bench_report *report, const struct outcome *full, const char *one_in,
		   u32 first, const char *slowdown_name, const char *memory_name)
{
	struct bench_line slowdown = { .name = slowdown_name, .unit = "of busy/compute",
				       .samples_count = RUNS, .less_is_good = true };
	struct bench_line memory = { .name = memory_name, .unit = "of memory in use",
				     .samples_count = RUNS, .less_is_good = true };
	int rc = 0;

	for (u32 i = 0; !rc && i < RUNS; i++) {
		struct outcome other;

		rc = run_demo(&other, one_in, first + i);
		slowdown.sample[i] = slowdown_error(&full[i], &other);
		memory.sample[i] = memory_error(&full[i], &other);
	}
	if (!rc) {
		bench_add(report, &slowdown);
		bench_add(report, &memory);
	}
	return rc;
}

static int run(struct bench_report *report)
{
	struct outcome *full = calloc(RUNS, sizeof(*full));
	int rc = full ? 0 : -ENOMEM;

	for (u32 i = 0; !rc && i < RUNS; i++)
		rc = run_demo(&full[i], "sample_one_in=1", i);
	if (!rc)
		rc = compare(report, full, "sample_one_in=1", RUNS, "sampling.seed.slowdown",
			     "sampling.seed.memory");
	if (!rc)
		rc = compare(report, full, "sample_one_in=4", 0, "sampling.4.slowdown",
			     "sampling.4.memory");
	if (!rc)
		rc = compare(report, full, "sample_one_in=16", 0, "sampling.16.slowdown",
			     "sampling.16.memory");
	free(full);
	return rc;
}

const struct bench bench_sampling = {
	.name = "sampling",
	.summary = "the demo with one block of pages in 4 and in 16, beside all of them",
	.run = run,
};
