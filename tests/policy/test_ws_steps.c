/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_ws_steps.c - what ws-target promises, in whole simulated runs: a step of load is
 * followed within two report intervals, and the balloon turns at most once for a step,
 * whatever is wrong with link, guest and neighbours.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/sim_world.h"
#include "scenario/sim_scenario_read.h"
#include "tr_file.h"
#include "own_folder.h"

#define MIB (1ull << 20)
#define SECOND 1000000000ull
#define PAGES_MIB 256
#define STEP_S 150	 /* a load lasts as long */
#define INTERVAL_S 10	 /* between reports, by default */
#define VMS 3

TestSuite(ws_steps, .init = make_folder, .fini = remove_folder, .timeout = 600);

/* Uses @mib[i] MiB, all of it every second, for STEP_S each; what is not used is freed. */
static void write_steps(const char *name, const u32 *mib, u32 count)
{
	struct tr_meta meta = { .numbering = TR_NUMBER_REGIONS, .default_type = TR_ANON,
				.window_ns = 1000000, .origin = "source: test\n" };
	struct tr_writer *writer;
	struct tr_error error;
	char path[160];

	path_of(path, sizeof(path), name);
	cr_assert_eq(tr_writer_open(&writer, path, &meta, &error), 0, "%s", error.text);
	for (u64 second = 0; second < (u64)count * STEP_S; second++) {
		u32 now = mib[second / STEP_S] * PAGES_MIB;
		u32 before = second ? mib[(second - 1) / STEP_S] * PAGES_MIB : 0;
		struct tr_record record = { .op = TR_FREE, .time_ns = second * SECOND };

		for (record.page = now; record.page < before; record.page++)
			cr_assert_eq(tr_writer_put(writer, &record, &error), 0, "%s", error.text);
		record.op = TR_ACCESS;
		record.write = true;
		for (record.page = 0; record.page < now; record.page++) {
			record.time_ns = second * SECOND + record.page * (SECOND / 4) / now;
			cr_assert_eq(tr_writer_put(writer, &record, &error), 0, "%s", error.text);
		}
		record = (struct tr_record){ .op = TR_IDLE, .time_ns = (second + 1) * SECOND };
		cr_assert_eq(tr_writer_put(writer, &record, &error), 0, "%s", error.text);
	}
	cr_assert_eq(tr_writer_commit(writer, &error), 0, "%s", error.text);
}

/* What one run showed, every second. */
struct seen {
	u32 seconds;
	u32 left[VMS][1024]; /* MiB left to the guest by its balloon */
	u32 turns[VMS];
	int direction[VMS];
	u32 extreme[VMS];
	u64 swapped_in[VMS][1024]; /* pages, running total */
};

/* A wiggle below 4 % of the guest is no turn. */
static void see_turn(struct seen *seen, u32 vm, u32 left, u32 nominal)
{
	u32 least = nominal / 25;
	int way = left > seen->extreme[vm] ? 1 : -1;

	if (seen->direction[vm] == way || left == seen->extreme[vm]) {
		seen->extreme[vm] = left;
	} else if (left + least <= seen->extreme[vm] || left >= seen->extreme[vm] + least) {
		seen->turns[vm] += seen->direction[vm] != 0;
		seen->direction[vm] = way;
		seen->extreme[vm] = left;
	}
}

static void see_sample(void *ctx, u64 now_ns, const struct sim_host_sample *host,
		       const struct sim_vm_sample *vm, u32 vms_count)
{
	struct seen *seen = ctx;
	u32 second = (u32)(now_ns / SECOND);

	(void)host;
	if (second >= 1024)
		return;
	seen->seconds = second + 1;
	for (u32 i = 0; i < vms_count && i < VMS; i++) {
		u32 nominal = (u32)(vm[i].nominal_pages / PAGES_MIB);
		u32 left = nominal - (u32)(vm[i].balloon_pages / PAGES_MIB);

		if (!vm[i].running)
			continue;
		if (!seen->extreme[i])
			seen->extreme[i] = left;
		see_turn(seen, i, left, nominal);
		seen->left[i][second] = left;
		seen->swapped_in[i][second] = vm[i].counters.swap_in_pages;
	}
}

static void run(const char *vms, const char *disturbances, const char *params, struct seen *seen)
{
	struct sim_probe probe = { .ctx = seen, .sample = see_sample };
	struct sim_run_result result;
	struct sim_scenario scenario;
	struct sim_world *world;
	struct tr_error error;
	char path[160];
	FILE *file;

	memset(seen, 0, sizeof(*seen));
	path_of(path, sizeof(path), "steps.json");
	file = fopen(path, "w");
	cr_assert_not_null(file);
	fprintf(file,
		"{ \"name\": \"steps\", \"duration\": \"%us\","
		"  \"host\": { \"memory\": \"480MiB\", \"reserved\": \"16MiB\","
		"             \"swap\": { \"device\": \"nvme\", \"size\": \"1GiB\" } },"
		"  \"defaults\": { \"memory\": \"256MiB\", \"memory_min\": \"32MiB\", \"kernel\": \"8MiB\","
		"                 \"swap\": \"nvme\", \"disk\": \"nvme\" },"
		"  \"vms\": [ %s ], \"disturbances\": [ %s ],"
		"  \"policy\": { \"name\": \"ws-target\", \"params\": { %s } } }",
		5 * STEP_S, vms, disturbances, params);
	cr_assert_eq(fclose(file), 0);
	cr_assert_eq(sim_scenario_read(&scenario, path, NULL, 0, NULL, &error), 0, "%s", error.text);
	cr_assert_eq(sim_world_create(&world, &scenario, &probe, 1, &error), 0, "%s", error.text);
	cr_assert_eq(sim_world_run(world, NULL, NULL, NULL, &result, &error), 0, "%s", error.text);
	sim_world_destroy(world);
	sim_scenario_free(&scenario);
	cr_assert_geq(seen->seconds, 5 * STEP_S - 1);
}

/* Up at 150 s, down at 300 s, up at 450 s, down at 600 s. */
static const u32 up_and_down[] = { 60, 180, 60, 180, 60 };
static const u32 down_and_up[] = { 180, 60, 180, 60, 180 };
#define STEPS 4

static const char stepping[] =
	"{ \"name\": \"a\", \"workload\": [ { \"trace\": \"up.wst\" } ] },"
	"{ \"name\": \"b\", \"workload\": [ { \"trace\": \"flat.wst\" } ] }";

static void write_traces(void)
{
	static const u32 flat[] = { 60, 60, 60, 60, 60 };

	write_steps("up.wst", up_and_down, 5);
	write_steps("down.wst", down_and_up, 5);
	write_steps("flat.wst", flat, 5);
}

static const char *const knobs[] = { "\"slowdown\": 0.02", "\"slowdown\": 0.1" };

Test(ws_steps, a_step_up_is_followed_within_two_report_intervals)
{
	struct seen *seen = malloc(sizeof(*seen));

	write_traces();
	for (u32 k = 0; k < 2; k++) {
		run(stepping, "", knobs[k], seen);
		for (u32 step = 1; step < 5; step += 2) {
			u32 at = step * STEP_S, soon = at + 2 * INTERVAL_S;
			u32 end = at + STEP_S - 2;

			cr_assert_geq(seen->left[0][soon], up_and_down[1] + 8, "%s, step at %u s: %u MiB",
				      knobs[k], at, seen->left[0][soon]);
			cr_assert_eq(seen->swapped_in[0][end], seen->swapped_in[0][soon],
				     "%s, step at %u s: it goes on reading back", knobs[k], at);
		}
		/* And down: at the end of the first low load the memory is back. */
		cr_assert_lt(seen->left[0][3 * STEP_S - 2], 120, "%s: %u MiB are left to 60", knobs[k],
			     seen->left[0][3 * STEP_S - 2]);
	}
	free(seen);
}

#define LINK(text) "{ \"kind\": \"link\", \"at\": \"1s\", \"duration\": \"740s\", " text " }"

static const struct wrong {
	const char *name, *vms, *disturbances;
	u32 stepping; /* VMs that step, from the first */
} wrong[] = {
	{ "nothing", stepping, "", 1 },
	{ "messages are lost", stepping, LINK("\"loss\": 0.3"), 1 },
	{ "messages are late", stepping, LINK("\"delay\": \"3s\""), 1 },
	{ "messages change places", stepping,
	  LINK("\"delay\": \"500ms\", \"jitter\": \"2s\", \"reorder\": 0.3"), 1 },
	{ "what is told is 20 s old", stepping, LINK("\"delay\": \"20s\""), 1 },
	{ "the balloon is slow", stepping,
	  "{ \"kind\": \"balloon\", \"at\": \"1s\", \"duration\": \"740s\", \"vm\": \"a\", \"factor\": 50 }",
	  1 },
	{ "the other guest refuses", stepping,
	  "{ \"kind\": \"balloon\", \"at\": \"1s\", \"duration\": \"740s\", \"vm\": \"b\", \"factor\": 0 }",
	  1 },
	{ "a VM arrives",
	  "{ \"name\": \"a\", \"workload\": [ { \"trace\": \"up.wst\" } ] },"
	  "{ \"name\": \"b\", \"workload\": [ { \"trace\": \"flat.wst\" } ] },"
	  "{ \"name\": \"c\", \"start\": \"200s\", \"memory\": \"128MiB\","
	  "  \"workload\": [ { \"trace\": \"flat.wst\" } ] }", "", 1 },
	{ "load comes to all at once",
	  "{ \"name\": \"a\", \"workload\": [ { \"trace\": \"up.wst\" } ] },"
	  "{ \"name\": \"b\", \"workload\": [ { \"trace\": \"up.wst\" } ] }", "", 2 },
	{ "load goes from one to the other",
	  "{ \"name\": \"a\", \"workload\": [ { \"trace\": \"up.wst\" } ] },"
	  "{ \"name\": \"b\", \"workload\": [ { \"trace\": \"down.wst\" } ] }", "", 2 },
};

/*
 * The balloon of a guest whose load does not change may come to rest, and then stays.  With
 * messages lost or out of order nothing is taken back at all: that is no turn either.
 */
Test(ws_steps, at_most_one_turn_for_a_step_whatever_is_wrong)
{
	struct seen *seen = malloc(sizeof(*seen));

	write_traces();
	for (u32 i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		for (u32 k = 0; k < 2; k++) {
			u32 step = STEP_S + 2 * INTERVAL_S;

			run(wrong[i].vms, wrong[i].disturbances, knobs[k], seen);
			/* What is 20 s old cannot be followed in 20 s. */
			if (!strstr(wrong[i].name, "old"))
				cr_expect_geq(seen->left[0][step], up_and_down[1] + 8,
					      "%s, %s: %u MiB after two intervals", wrong[i].name,
					      knobs[k], seen->left[0][step]);
			for (u32 vm = 0; vm < VMS; vm++) {
				u32 most = vm < wrong[i].stepping ? STEPS : 1;

				cr_expect_leq(seen->turns[vm], most, "%s, %s: VM %u turned %u times",
					      wrong[i].name, knobs[k], vm, seen->turns[vm]);
			}
		}
	free(seen);
}
