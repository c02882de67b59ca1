/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bench_host.c - a large host: sim/scenarios/terabyte.json, and a sixteenth of it.
 *
 * Every VM of 4 GiB touches all of its memory once and then works on a tenth of it,
 * 10,000 accesses a second, under ws-target.
 *
 * memory.page	bytes of this process for each page of guest memory, both levels together
 * memory.speed	the accesses of that run, per CPU-second
 * host.*	the same for the whole host, 256 VMs and one simulated hour: a quarter of an hour
 *		of CPU time, so only when it is asked for (make bench-host)
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench.h"
#include "model/sim_engine.h"
#include "model/sim_world.h"
#include "scenario/sim_scenario_read.h"

#define SCENARIO "sim/scenarios/terabyte.json"
#define BARE_PAGES (64u << 20)

struct sums {
	u64 accesses, frames;
};

static void at_end(void *ctx, const struct sim_run_result *result,
		   const struct sim_host_sample *host, const struct sim_vm_sample *vm, u32 vms_count)
{
	struct sums *sums = ctx;

	(void)result, (void)host;
	*sums = (struct sums){ 0 };
	for (u32 i = 0; i < vms_count; i++) {
		sums->accesses += vm[i].counters.accesses;
		sums->frames += vm[i].nominal_pages;
	}
}

/* Resident memory of this process. */
static u64 resident_bytes(void)
{
	unsigned long long pages = 0;
	FILE *file = fopen("/proc/self/statm", "r");

	if (file) {
		if (fscanf(file, "%*u %llu", &pages) != 1)
			pages = 0;
		fclose(file);
	}
	return pages * (u64)sysconf(_SC_PAGESIZE);
}

/* As many random bytes of a large array as the run has accesses: what memory allows. */
static double bare_speed(void)
{
	u8 *hot = sim_zeroed(BARE_PAGES);
	double start = bench_cpu_seconds();
	u64 x = 1;

	for (u32 i = 0; hot && i < BARE_PAGES; i++) {
		x = x * 6364136223846793005ull + 1442695040888963407ull;
		hot[x >> 38] |= 1;
	}
	sim_zeroed_free(hot, BARE_PAGES);
	return BARE_PAGES / 1e6 / (bench_cpu_seconds() - start);
}

static int measure(struct bench_report *report, const char *const *sets, u32 sets_count,
		   const char *const *names, double seconds_target)
{
	struct bench_line page = { .name = names[0], .unit = "bytes a guest page", .target = 32,
				   .less_is_good = true, .exact = true, .samples_count = 1 };
	struct bench_line speed = { .name = names[1], .unit = "M accesses/CPU-s", .samples_count = 1,
				    .limit_name = "random bytes of memory" };
	struct bench_line seconds = { .name = names[2], .unit = "CPU-s", .target = seconds_target,
				      .less_is_good = true, .samples_count = 1 };
	struct bench_line rate = { .name = names[3], .unit = "M accesses/simulated s",
				   .samples_count = 1 };
	struct sums sums;
	struct sim_probe probe = { .ctx = &sums, .end = at_end };
	struct sim_run_result result;
	struct sim_scenario scenario;
	struct sim_world *world = NULL;
	u64 before = resident_bytes();
	int rc = sim_scenario_read(&scenario, SCENARIO, sets, sets_count, NULL, NULL);

	if (rc)
		return rc;
	double start = bench_cpu_seconds();

	rc = sim_world_create(&world, &scenario, &probe, 1, NULL);
	if (!rc)
		rc = sim_world_run(world, NULL, NULL, NULL, &result, NULL);
	if (!rc) {
		seconds.sample[0] = bench_cpu_seconds() - start;
		speed.sample[0] = (double)sums.accesses / 1e6 / seconds.sample[0];
		speed.limit_sample[0] = bare_speed();
		rate.sample[0] = (double)sums.accesses / 1e6 / ((double)result.end_ns / 1e9);
		page.sample[0] = (double)(resident_bytes() - before) / (double)sums.frames;
		bench_add(report, &page);
		bench_add(report, &speed);
		bench_add(report, &seconds);
		bench_add(report, &rate);
	}
	sim_world_destroy(world);
	sim_scenario_free(&scenario);
	return rc;
}

static int run_part(struct bench_report *report)
{
	static const char *const sets[] = { "vms.0.count=16", "host.memory=81GiB",
					    "host.swap.size=16GiB", "duration=3m" };
	static const char *const names[] = { "memory.page", "memory.speed", "memory.seconds",
					     "memory.rate" };

	return measure(report, sets, 4, names, 0);
}

static int run_whole(struct bench_report *report)
{
	static const char *const names[] = { "host.page", "host.speed", "host.seconds",
					     "host.rate" };

	return measure(report, NULL, 0, names, 900);
}

const struct bench bench_memory = {
	.name = "memory",
	.summary = "a sixteenth of the 1 TiB host: 16 VMs of 4 GiB, all touched, a tenth active, 3 minutes",
	.run = run_part,
};

const struct bench bench_host = {
	.name = "host",
	.summary = "1 TiB over 256 VMs, all touched, a tenth active, one simulated hour under ws-target",
	.run = run_whole,
	.long_one = true,
};
