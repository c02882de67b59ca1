/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bench_guest.c - the speed of the full guest model, and of reading a trace.
 *
 * guest.read	a .wst of the zipf trace, decoded and added up
 * guest.hits	the same, through the model's access loop; the half of the pages that is
 *		used most is resident, and an access to another page is passed over
 * guest.run	a whole run: one VM whose memory holds half of the pages, with its faults,
 *		reclaim, swap and host, the trace read from file; until the trace is over
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "bench.h"
#include "bench_zipf.h"
#include "model/sim_access.h"
#include "model/sim_world.h"
#include "scenario/sim_scenario_read.h"
#include "tr_file.h"

#define ACCESSES 20000000u
#define PAGES 1000000u
#define ACCESS_NS 500 /* virtual */
#define UNIT "M accesses/CPU-s"

static const char scenario_text[] =
	"{ \"name\": \"bench\", \"duration\": \"1h\", \"sample\": \"10s\","
	"  \"host\": { \"memory\": \"8GiB\" },"
	"  \"vms\": [ { \"name\": \"zipf\", \"memory\": \"2048MiB\", \"kernel\": \"32MiB\","
	"    \"swap\": { \"device\": \"nvme\", \"size\": \"4GiB\" },"
	"    \"workload\": [ { \"trace\": \"zipf.wst\" } ], \"loop\": false } ],"
	"  \"policy\": \"static\" }";

struct places {
	char folder[32], trace[64], scenario[64];
};

static double million_since(double start, u64 accesses)
{
	return (double)accesses / (bench_cpu_seconds() - start) / 1e6;
}

static int write_trace(const struct tr_array *array, const char *path)
{
	struct tr_meta meta = { .numbering = TR_NUMBER_OBJECTS, .origin = "source: benchmark\n" };
	struct tr_writer *writer;
	int rc = tr_writer_open(&writer, path, &meta, NULL);

	for (u32 i = 0; !rc && i < ACCESSES; i++) {
		struct tr_record record = { .op = TR_ACCESS, .page = TR_PAGE(array->page[i]),
					    .write = TR_IS_WRITE(array->page[i]),
					    .time_ns = (u64)i * ACCESS_NS };

		rc = tr_writer_put(writer, &record, NULL);
	}
	return rc ? rc : tr_writer_commit(writer, NULL);
}

/* Play the file once; @hot NULL: only add the numbers up. */
static int play(struct tr_file *file, u8 *hot, u64 *sum)
{
	struct tr_cursor *cursor;
	struct tr_run run;
	int got = tr_cursor_open(&cursor, file, 0, NULL);

	if (got)
		return got;
	while ((got = tr_cursor_next(cursor, &run, NULL)) > 0) {
		if (!hot) {
			for (u32 i = 0; i < run.count; i++)
				*sum += run.page[i];
			continue;
		}
		for (u32 at = 0; at < run.count; at++) {
			at = sim_access_hits(hot, run.page, at, run.count,
					     SIM_HOT_ACCESSED_GUEST | SIM_HOT_ACCESSED_HOST);
			*sum += at < run.count;
		}
	}
	tr_cursor_close(cursor);
	return got;
}

static int bench_play(struct bench_report *report, const char *path, u8 *hot, const char *name,
		      double limit, double target, double *median)
{
	struct bench_line line = { .name = name, .unit = UNIT, .limit = limit, .target = target,
				   .limit_name = limit ? "decoding the trace" : NULL };
	struct tr_file *file;
	int rc = tr_file_open(&file, path, NULL);

	if (rc)
		return rc;
	while (!rc && line.samples_count < BENCH_REPEATS) {
		u64 sum = 0;
		double start = bench_cpu_seconds();

		rc = play(file, hot, &sum);
		line.sample[line.samples_count++] = million_since(start, ACCESSES);
		if (!sum)
			rc = -EINVAL; /* the compiler must not see that nobody wants it */
	}
	tr_file_close(file);
	bench_add(report, &line);
	*median = bench_median(&line);
	return rc;
}

static void count_accesses(void *ctx, const struct sim_run_result *result,
			   const struct sim_host_sample *host, const struct sim_vm_sample *vm,
			   u32 vms_count)
{
	(void)result, (void)host, (void)vms_count;
	*(u64 *)ctx = vm->counters.accesses;
}

static int bench_run(struct bench_report *report, const char *path, double limit)
{
	struct bench_line line = { .name = "guest.run", .unit = UNIT, .limit = limit,
				   .limit_name = "decoding the trace" };
	int rc = 0;

	while (!rc && line.samples_count < BENCH_REPEATS) {
		struct sim_scenario scenario;
		struct sim_run_result result;
		struct sim_world *world;
		u64 accesses = 0;
		struct sim_probe probe = { .ctx = &accesses, .end = count_accesses };

		rc = sim_scenario_read(&scenario, path, NULL, 0, NULL, NULL);
		if (rc)
			return rc;
		double start = bench_cpu_seconds();

		rc = sim_world_create(&world, &scenario, &probe, 1, NULL);
		if (!rc) {
			rc = sim_world_run(world, NULL, NULL, NULL, &result, NULL);
			sim_world_destroy(world);
		}
		line.sample[line.samples_count++] = million_since(start, accesses);
		sim_scenario_free(&scenario);
		if (!rc && accesses != ACCESSES)
			rc = -EINVAL; /* the run ended before the trace */
	}
	bench_add(report, &line);
	return rc;
}

static int make_files(struct places *places, u8 *hot)
{
	struct tr_array array;
	int rc = bench_zipf(&array, PAGES, ACCESSES, 1.0, 1);
	FILE *file;

	if (rc)
		return rc;
	/* Numbers are by first appearance, so the popular pages have the low ones. */
	for (u32 page = 0; page < PAGES / 2; page++)
		hot[page] = SIM_HOT_FAST;
	snprintf(places->folder, sizeof(places->folder), "/tmp/wssim-bench-XXXXXX");
	if (!mkdtemp(places->folder))
		rc = -errno;
	snprintf(places->trace, sizeof(places->trace), "%s/zipf.wst", places->folder);
	snprintf(places->scenario, sizeof(places->scenario), "%s/one.json", places->folder);
	if (!rc)
		rc = write_trace(&array, places->trace);
	tr_array_destroy(&array);
	file = rc ? NULL : fopen(places->scenario, "w");
	if (!rc && (!file || fputs(scenario_text, file) < 0 || fclose(file)))
		rc = -EIO;
	return rc;
}

static int run(struct bench_report *report)
{
	struct places places = { .folder = "" };
	double read = 0, hits = 0;
	u8 *hot = calloc(PAGES + 512, 1);
	int rc = hot ? make_files(&places, hot) : -ENOMEM;

	if (!rc)
		rc = bench_play(report, places.trace, NULL, "guest.read", 0, 100, &read);
	if (!rc)
		rc = bench_play(report, places.trace, hot, "guest.hits", read, 100, &hits);
	if (!rc)
		rc = bench_run(report, places.scenario, read);
	unlink(places.trace);
	unlink(places.scenario);
	rmdir(places.folder);
	free(hot);
	return rc;
}

const struct bench bench_guest = {
	.name = "guest",
	.summary = "reading a trace, the access loop, a whole run of one guest",
	.run = run,
};
