/* SPDX-License-Identifier: BSD-2-Clause */
/* test_world.c - whole runs: determinism, observers, invariants, and what memory does. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "model/sim_rng.h"
#include "model/sim_world.h"
#include "scenario/sim_scenario_read.h"
#include "tr_file.h"
#include "ws_wire.h"
#include "own_folder.h"

#define MIB (1ull << 20)
#define SECOND 1000000000ull

TestSuite(world, .init = make_folder, .fini = remove_folder);

/*
 * A program with @hot_mib used all the time and @cold_mib used once a pass, half of
 * the latter file pages read by read(); @passes passes of @compute_ns, idling as long
 * after each.
 */
static void write_trace(const char *name, u32 hot_mib, u32 cold_mib, u32 passes, u64 compute_ns)
{
	struct tr_meta meta = { .numbering = TR_NUMBER_REGIONS, .default_type = TR_ANON,
				.window_ns = 1000000, .origin = "source: test\n" };
	struct tr_writer *writer;
	struct tr_error error;
	struct sim_rng rng;
	char path[160];
	u64 time_ns = 0, hot = hot_mib * MIB / 4096, cold = cold_mib * MIB / 4096;

	path_of(path, sizeof(path), name);
	cr_assert_eq(tr_writer_open(&writer, path, &meta, &error), 0, "%s", error.text);
	sim_rng_init(&rng, 1, 0, name);
	for (u64 page = cold / 2; page < cold; page++) {
		struct tr_record record = { .op = TR_ALLOC, .type = TR_FILE, .page = hot + page };

		cr_assert_eq(tr_writer_put(writer, &record, &error), 0, "%s", error.text);
	}
	for (u32 pass = 0; pass < passes; pass++) {
		u64 accesses = 4 * hot + cold, from_ns = time_ns;

		for (u64 i = 0; i < accesses; i++) {
			bool is_hot = i % (4 * hot / cold + 1) != 0;
			u64 page = is_hot ? sim_rng_below(&rng, hot) : hot + i * cold / accesses;
			struct tr_record record = {
				.op = TR_ACCESS, .page = page, .time_ns = from_ns + compute_ns * i / accesses,
				.kind = !is_hot && page >= hot + cold / 2 ? TR_DESCRIPTOR : TR_MAPPED,
				.write = sim_rng_below(&rng, 4) == 0 && page < hot + cold / 2,
			};

			cr_assert_eq(tr_writer_put(writer, &record, &error), 0, "%s", error.text);
		}
		time_ns += 2 * compute_ns;
		struct tr_record idle = { .op = TR_IDLE, .time_ns = time_ns };

		cr_assert_eq(tr_writer_put(writer, &idle, &error), 0, "%s", error.text);
	}
	cr_assert_eq(tr_writer_commit(writer, &error), 0, "%s", error.text);
}

static void write_scenario(const char *name, const char *text)
{
	char path[160];
	FILE *file;

	path_of(path, sizeof(path), name);
	file = fopen(path, "w");
	cr_assert_not_null(file);
	fputs(text, file);
	cr_assert_eq(fclose(file), 0);
}

static const char two_vms[] =
	"{ \"name\": \"two\", \"seed\": \"0x2a\", \"duration\": \"60s\", \"quantum\": \"5ms\","
	"  \"host\": { \"memory\": \"200MiB\", \"reserved\": \"8MiB\","
	"             \"swap\": { \"device\": \"nvme\", \"size\": \"1GiB\" } },"
	"  \"defaults\": { \"memory\": \"160MiB\", \"memory_min\": \"32MiB\", \"kernel\": \"8MiB\","
	"                 \"swap\": { \"device\": \"nvme\", \"size\": \"512MiB\" }, \"disk\": \"nvme\" },"
	"  \"vms\": [ { \"name\": \"a\", \"workload\": [ { \"trace\": \"t.wst\", \"repeat\": 1 } ],"
	"             \"loop\": true },"
	"           { \"name\": \"b\", \"workload\": [ { \"trace\": \"t.wst\" } ], \"loop\": true,"
	"             \"phase\": \"3s\" } ],"
	"  \"policy\": \"mom\" }";

/* One guest whose memory holds two thirds of what it touches; no balloon moves. */
static const char one_vm[] =
	"{ \"name\": \"one\", \"duration\": \"60s\", \"host\": { \"memory\": \"1GiB\" },"
	"  \"vms\": [ { \"name\": \"a\", \"memory\": \"88MiB\", \"memory_min\": \"32MiB\","
	"             \"kernel\": \"8MiB\", \"swap\": { \"device\": \"nvme\", \"size\": \"512MiB\" },"
	"             \"disk\": \"nvme\", \"workload\": [ { \"trace\": \"t.wst\" } ], \"loop\": true } ],"
	"  \"policy\": \"static\" }";

struct seen {
	u64 events, samples, reports;
	u64 balloon_most, compressed_most, swapped_most;
	u64 down, backed_while_down, work_up; /* samples of VM 0 not running; its segments by then */
	u64 last_report_ns;
	u64 old_reports; /* of VM 0: made before its reboot at 20 s, and heard after it */
	struct sim_vm_sample last[2];
	struct sim_host_sample host;
};

static void see_event(void *ctx, const struct sim_event_record *record)
{
	struct seen *seen = ctx;

	cr_assert(record->kind >= SIM_EV_START && record->kind <= SIM_EV_END);
	seen->events++;
}

static void see_sample(void *ctx, u64 now_ns, const struct sim_host_sample *host,
		       const struct sim_vm_sample *vm, u32 vms_count)
{
	struct seen *seen = ctx;

	(void)now_ns;
	seen->samples++;
	for (u32 i = 0; i < vms_count; i++) {
		u64 sum = vm[i].free_pages + vm[i].anon_pages + vm[i].file_pages +
			  vm[i].kernel_pages + vm[i].compressed_pages + vm[i].balloon_pages;

		cr_assert_eq(sum, vm[i].nominal_pages, "frames are conserved");
		if (vm[i].balloon_pages > seen->balloon_most)
			seen->balloon_most = vm[i].balloon_pages;
		if (vm[i].compressed_pages > seen->compressed_most) {
			seen->compressed_most = vm[i].compressed_pages;
			seen->swapped_most = vm[i].swapped_pages;
		}
	}
	cr_assert_leq(host->free_pages, host->memory_pages);
	if (!vm[0].running && seen->samples > 1) {
		cr_assert_eq(vm[0].free_pages, vm[0].nominal_pages, "nothing is left of its memory");
		cr_assert_eq(vm[0].swapped_pages + vm[0].dropped_pages, 0, "nor of its swap");
		seen->down++;
		seen->backed_while_down = vm[0].backed_pages;
		seen->work_up = vm[0].counters.segments_done;
	}
}

static void see_report(void *ctx, const struct sim_report_sample *report)
{
	struct seen *seen = ctx;

	cr_assert_geq(report->bins_count, 2);
	cr_assert_geq(report->arrived_ns, report->made_ns);
	seen->reports++;
	if (report->vm)
		return;
	seen->last_report_ns = report->made_ns;
	seen->old_reports += report->made_ns < 20 * SECOND && report->arrived_ns > 20 * SECOND;
}

static void see_end(void *ctx, const struct sim_run_result *result,
		    const struct sim_host_sample *host, const struct sim_vm_sample *vm, u32 vms_count)
{
	struct seen *seen = ctx;

	(void)result;
	seen->host = *host;
	for (u32 i = 0; i < vms_count && i < 2; i++)
		seen->last[i] = vm[i];
}

static struct sim_run_result run(const char *name, const char *policy, const char *const *sets,
				 u32 sets_count, struct seen *seen)
{
	struct sim_probe probe = { .ctx = seen, .event = see_event, .sample = see_sample,
				   .report = see_report, .end = see_end };
	struct sim_run_result result;
	struct sim_scenario scenario;
	struct sim_world *world;
	struct tr_error error;
	char path[160];

	path_of(path, sizeof(path), name);
	cr_assert_eq(sim_scenario_read(&scenario, path, sets, sets_count, policy, &error), 0, "%s",
		     error.text);
	cr_assert_eq(sim_world_create(&world, &scenario, &probe, seen ? 1 : 0, &error), 0, "%s",
		     error.text);
	cr_assert_eq(sim_world_run(world, NULL, NULL, NULL, &result, &error), 0, "%s", error.text);
	sim_world_destroy(world);
	sim_scenario_free(&scenario);
	return result;
}

Test(world, the_same_scenario_gives_the_same_digest_with_and_without_observers)
{
	struct seen seen = { 0 };

	write_trace("t.wst", 40, 80, 3, 2 * SECOND);
	write_scenario("two.json", two_vms);
	struct sim_run_result first = run("two.json", NULL, NULL, 0, &seen);
	struct sim_run_result second = run("two.json", NULL, NULL, 0, NULL);

	cr_assert_eq(first.digest, second.digest, "%llx %llx", first.digest, second.digest);
	cr_assert_eq(first.events, second.events);
	cr_assert_eq(seen.events, first.events);
	cr_assert_gt(seen.samples, 50);
	const char *other[] = { "seed=0x2b" };
	struct sim_run_result third = run("two.json", NULL, other, 1, NULL);

	cr_assert_neq(first.digest, third.digest, "the seed has influence");
}

static const char seven_vms[] =
	"{ \"name\": \"seven\", \"seed\": \"0x2a\", \"duration\": \"3s\", \"quantum\": \"5ms\","
	"  \"host\": { \"memory\": \"%uMiB\","
	"             \"swap\": { \"device\": \"nvme\", \"size\": \"2GiB\" } },"
	"  \"defaults\": { \"memory\": \"%uMiB\", \"memory_min\": \"32MiB\", \"kernel\": \"8MiB\","
	"                 \"phase_jitter\": \"300ms\", \"disk\": \"nvme\","
	"                 \"swap\": { \"device\": \"%s\", \"size\": \"512MiB\" } },"
	"  \"vms\": [ { \"name\": \"a\", \"count\": 4, \"workload\": [ { \"trace\": \"t.wst\" } ] },"
	"           { \"name\": \"b\", \"count\": 2, \"workload\": [ { \"trace\": \"%s\" } ] } ],"
	"  \"disturbances\": [ %s ] }";

/* Of a run of seven VMs; *ahead_turns: how many turns were played before their time. */
static u64 digest_of_seven(const char *policy, bool in_step, u64 *ahead_turns)
{
	struct sim_run_result result;
	struct sim_scenario scenario;
	struct sim_world *world;
	struct tr_error error;
	char path[160];

	path_of(path, sizeof(path), "seven.json");
	cr_assert_eq(sim_scenario_read(&scenario, path, NULL, 0, policy, &error), 0, "%s", error.text);
	cr_assert_eq(sim_world_create(&world, &scenario, NULL, 0, &error), 0, "%s", error.text);
	if (in_step)
		sim_world_keep_in_step(world);
	cr_assert_eq(sim_world_run(world, NULL, NULL, NULL, &result, &error), 0, "%s", error.text);
	sim_world_destroy(world);
	sim_scenario_free(&scenario);
	*ahead_turns = result.ahead_turns;
	return result.digest;
}

Test(world, a_vm_that_runs_ahead_leaves_the_same_digest_as_one_that_keeps_in_step)
{
	static const char *const policies[] = { "static", "mom", "tmo", "ws-target" };
	static const char disturbed[] =
		"{\"kind\":\"device\",\"at\":\"500ms\",\"duration\":\"1s\",\"device\":\"swap\","
		"\"factor\":30},"
		"{\"kind\":\"link\",\"at\":\"700ms\",\"duration\":\"1s\",\"vm\":\"b-1\",\"delay\":\"1us\"},"
		"{\"kind\":\"reboot\",\"at\":\"1s\",\"duration\":\"300ms\",\"vm\":\"a-2\"},"
		"{\"kind\":\"reboot\",\"at\":\"1200ms\",\"duration\":\"1s\",\"vm\":\"b-1\","
		"\"release\":true}";
	/* Ample memory, a host that is short, guests that are short, both; threads in b. */
	static const struct {
		u32 host_mib, guest_mib;
		const char *swap, *disturbances;
	} cells[] = {
		{ 2048, 256, "nvme", "" },	  { 500, 160, "nvme", "" },
		{ 2048, 72, "nvme", "" },	  { 400, 88, "zram", "" },
		{ 2048, 256, "nvme", disturbed }, { 500, 88, "nvme", disturbed },
		{ 400, 88, "zram", disturbed },
	};
	char threads[512], text[4096];

	cr_assert_not_null(realpath("traces/samples/redis.wst", threads));
	write_trace("t.wst", 20, 60, 3, SECOND);
	for (u32 i = 0; i < sizeof(cells) / sizeof(*cells); i++) {
		snprintf(text, sizeof(text), seven_vms, cells[i].host_mib, cells[i].guest_mib, cells[i].swap,
			 threads, cells[i].disturbances);
		write_scenario("seven.json", text);
		for (u32 p = 0; p < sizeof(policies) / sizeof(*policies); p++) {
			u64 turns, none;
			u64 digest = digest_of_seven(policies[p], false, &turns);
			u64 in_step = digest_of_seven(policies[p], true, &none);

			cr_assert_eq(digest, in_step, "%s, cell %u: %llx %llx", policies[p], i, digest,
				     in_step);
			cr_assert_eq(none, 0);
			cr_assert(i || turns > 1000, "%s: %llu turns", policies[p], turns);
			cr_log_info("%s, cell %u: %llu turns ahead", policies[p], i, turns);
		}
	}
}

Test(world, a_policy_moves_balloons_and_a_report_is_made_where_it_asks)
{
	struct seen seen = { 0 };

	write_trace("t.wst", 40, 80, 3, 2 * SECOND);
	write_scenario("two.json", two_vms);
	run("two.json", "ws-target", NULL, 0, &seen);
	cr_assert_gt(seen.reports, 5);
	cr_assert_gt(seen.balloon_most, 1024);
	memset(&seen, 0, sizeof(seen));
	run("two.json", "static", NULL, 0, &seen);
	cr_assert_eq(seen.reports, 0);
	cr_assert_eq(seen.balloon_most, 0);
	cr_assert_gt(seen.last[0].counters.host_swap_out_pages, 0, "overcommitted and not ballooned");
}

Test(world, with_memory_for_everybody_nothing_is_evicted)
{
	const char *sets[] = { "host.memory=2GiB" };
	struct seen seen = { 0 };

	write_trace("t.wst", 40, 80, 3, 2 * SECOND);
	write_scenario("two.json", two_vms);
	run("two.json", "static", sets, 1, &seen);
	for (u32 i = 0; i < 2; i++) {
		cr_assert_eq(seen.last[i].counters.swap_out_pages, 0);
		cr_assert_eq(seen.last[i].counters.host_swap_out_pages, 0);
		cr_assert_eq(seen.last[i].counters.psi_some_ns, 0);
		cr_assert_eq(seen.last[i].counters.refault[1], 0);
		cr_assert_gt(seen.last[i].counters.accesses, 100000);
		/* It computes half of the time and idles the other half. */
		u64 busy = seen.last[i].counters.busy_ns, idle = seen.last[i].counters.idle_ns;

		cr_assert(busy > (busy + idle) * 4 / 10 && busy < (busy + idle) * 6 / 10,
			  "busy %llu idle %llu", busy, idle);
	}
}

Test(world, half_the_quantum_moves_no_summary_figure_by_more_than_one_percent)
{
	const char *sets[] = { "quantum=2500us" };
	struct seen whole = { 0 }, half = { 0 };

	write_trace("t.wst", 40, 80, 3, 2 * SECOND);
	write_scenario("two.json", two_vms);
	run("two.json", "mom", NULL, 0, &whole);
	run("two.json", "mom", sets, 1, &half);
	for (u32 i = 0; i < 2; i++) {
		const struct sim_vm_counters *a = &whole.last[i].counters, *b = &half.last[i].counters;
		double pairs[][2] = {
			{ (double)a->busy_ns, (double)b->busy_ns },
			{ (double)a->compute_ns, (double)b->compute_ns },
			{ (double)a->accesses, (double)b->accesses },
			{ (double)a->faults[SIM_FAULT_MINOR], (double)b->faults[SIM_FAULT_MINOR] },
			{ (double)whole.last[i].balloon_pages, (double)half.last[i].balloon_pages },
		};

		for (u32 k = 0; k < sizeof(pairs) / sizeof(pairs[0]); k++)
			cr_assert(pairs[k][1] >= pairs[k][0] * 0.99 && pairs[k][1] <= pairs[k][0] * 1.01,
				  "vm %u figure %u: %g and %g", i, k, pairs[k][0], pairs[k][1]);
	}
}

static u64 misses(const struct sim_vm_counters *counters)
{
	return counters->faults[SIM_FAULT_SWAPIN] + counters->faults[SIM_FAULT_REFAULT];
}

Test(world, every_reclaim_engine_serves_a_guest_and_none_beats_opt)
{
	static const char *const engines[] = { "opt", "mglru", "twolist", "lru", "clock", "fifo" };
	u64 opt = 0;

	write_trace("t.wst", 40, 80, 3, 2 * SECOND);
	write_scenario("one.json", one_vm);
	for (u32 i = 0; i < sizeof(engines) / sizeof(engines[0]); i++) {
		char set[64];
		const char *sets[] = { set };
		struct seen seen = { 0 };

		snprintf(set, sizeof(set), "vms.0.reclaim=\"%s\"", engines[i]);
		run("one.json", NULL, sets, 1, &seen);
		cr_assert_gt(misses(&seen.last[0].counters), 0, "%s", engines[i]);
		cr_assert_eq(seen.last[0].counters.oom_kills, 0, "%s", engines[i]);
		if (!i)
			opt = misses(&seen.last[0].counters);
		cr_assert_geq(misses(&seen.last[0].counters), opt, "%s: %llu misses, opt %llu",
			      engines[i], misses(&seen.last[0].counters), opt);
	}
}

Test(world, more_memory_means_fewer_misses_and_a_slow_disk_means_more_stall)
{
	const char *large[] = { "vms.0.memory=108MiB" };
	const char *slow[] = { "vms.0.swap.device=\"ssd\"" };
	struct seen small_guest = { 0 }, large_guest = { 0 }, slow_guest = { 0 };

	write_trace("t.wst", 40, 80, 3, 2 * SECOND);
	write_scenario("one.json", one_vm);
	run("one.json", NULL, NULL, 0, &small_guest);
	run("one.json", NULL, large, 1, &large_guest);
	run("one.json", NULL, slow, 1, &slow_guest);
	cr_assert_lt(misses(&large_guest.last[0].counters), misses(&small_guest.last[0].counters));
	const struct sim_vm_counters *fast = &small_guest.last[0].counters,
				     *late = &slow_guest.last[0].counters;

	cr_assert_gt((double)late->psi_some_ns / (double)late->compute_ns,
		     (double)fast->psi_some_ns / (double)fast->compute_ns);
}

Test(world, compressed_swap_takes_memory_of_the_guest_and_no_disk)
{
	const char *sets[] = { "vms.0.swap.device=\"zram\"" };
	struct seen seen = { 0 };

	write_trace("t.wst", 40, 80, 3, 2 * SECOND);
	write_scenario("one.json", one_vm);
	run("one.json", NULL, sets, 1, &seen);
	cr_assert_gt(seen.last[0].counters.swap_out_pages, 0);
	cr_assert_gt(seen.compressed_most, 0);
	cr_assert_lt(seen.compressed_most, seen.swapped_most);
}

Test(world, a_guest_without_swap_and_without_room_is_killed_and_goes_on)
{
	const char *sets[] = { "vms.0.swap=\"none\"", "vms.0.memory=48MiB" };
	struct seen seen = { 0 };

	write_trace("t.wst", 40, 80, 3, 2 * SECOND);
	write_scenario("one.json", one_vm);
	run("one.json", NULL, sets, 2, &seen);
	cr_assert_gt(seen.last[0].counters.oom_kills, 1);
	cr_assert_eq(seen.last[0].counters.swap_out_pages, 0);
}

/* @streams that fill @mib together, in turns of a millisecond. */
static void write_crowd(const char *name, u16 streams, u32 mib)
{
	struct tr_meta meta = { .numbering = TR_NUMBER_REGIONS, .default_type = TR_ANON,
				.window_ns = 1000000, .origin = "source: test\n" };
	u64 pages = mib * MIB / 4096;
	struct tr_writer *writer;
	struct tr_error error;
	char path[160];

	path_of(path, sizeof(path), name);
	cr_assert_eq(tr_writer_open(&writer, path, &meta, &error), 0, "%s", error.text);
	for (u64 i = 0; i < 4 * pages; i++) {
		struct tr_record record = { .op = TR_ACCESS, .page = i % pages, .time_ns = i * 50000,
					    .stream = (u16)(i % streams), .write = true };

		cr_assert_eq(tr_writer_put(writer, &record, &error), 0, "%s", error.text);
	}
	cr_assert_eq(tr_writer_commit(writer, &error), 0, "%s", error.text);
}

/*
 * What the killed streams were about to do is looked at no more: their events are still
 * waiting, among those of many VMs, and the trace that is played next has one stream.
 */
Test(world, a_killed_workload_of_many_streams_gives_way_to_one_of_one)
{
	const char *sets[] = { "vms.0.swap=\"none\"", "vms.0.memory=48MiB", "vms.0.vcpus=8",
			       "vms.1.count=8", "host.memory=8GiB", "duration=4s", "vms.1.phase_step=1ms",
			       "vms.0.workload=[{\"trace\":\"crowd.wst\"},{\"trace\":\"t.wst\"}]" };
	struct seen seen = { 0 };

	write_trace("t.wst", 4, 8, 3, SECOND / 10);
	write_crowd("crowd.wst", 16, 64);
	write_scenario("two.json", two_vms);
	run("two.json", "static", sets, sizeof(sets) / sizeof(*sets), &seen);
	cr_assert_gt(seen.last[0].counters.oom_kills, 0);
	cr_assert_gt(seen.last[0].counters.segments_done, 0);
}

Test(world, disturbances_show_and_end)
{
	const char *sets[] = {
		"disturbances=[{\"kind\":\"link\",\"at\":\"5s\",\"duration\":\"20s\",\"loss\":1.0},"
		"{\"kind\":\"host-memory\",\"at\":\"10s\",\"duration\":\"10s\",\"memory\":\"100MiB\"},"
		"{\"kind\":\"balloon\",\"at\":\"30s\",\"duration\":\"20s\",\"vm\":\"a\",\"factor\":0}]"
	};
	struct seen calm = { 0 }, disturbed = { 0 };

	write_trace("t.wst", 40, 80, 3, 2 * SECOND);
	write_scenario("two.json", two_vms);
	run("two.json", "ws-target", NULL, 0, &calm);
	run("two.json", "ws-target", sets, 1, &disturbed);
	cr_assert_lt(disturbed.reports, calm.reports, "what is lost does not arrive");
	cr_assert_gt(disturbed.reports, 0, "and the link comes back");
	cr_assert_gt(disturbed.host.swap_out_pages, calm.host.swap_out_pages);
}

static struct seen run_disturbed(const char *name, const char *policy, const char *disturbances,
				 const char *set)
{
	struct seen seen = { 0 };
	char text[512];
	const char *sets[] = { text, set };

	snprintf(text, sizeof(text), "disturbances=[%s]", disturbances);
	run(name, policy, sets, set ? 2 : 1, &seen);
	return seen;
}

#define SLOW(at, for_s, what)                                                                 \
	"{\"kind\":\"device\",\"at\":\"" at "s\",\"duration\":\"" for_s "s\",\"device\":" what "}"

Test(world, a_device_slows_down_for_as_long_as_it_is_said)
{
	write_trace("t.wst", 40, 80, 3, 2 * SECOND);
	write_scenario("one.json", one_vm);
	struct seen calm = run_disturbed("one.json", NULL, "", NULL);
	struct seen slow = run_disturbed("one.json", NULL, SLOW("10", "30", "\"swap\",\"factor\":20"), NULL);
	struct seen brief = run_disturbed("one.json", NULL, SLOW("10", "5", "\"swap\",\"factor\":20"), NULL);
	struct seen later = run_disturbed("one.json", NULL, SLOW("10", "30", "\"swap\",\"latency\":\"2ms\""),
					  NULL);
	struct seen both = run_disturbed("one.json", NULL,
					 SLOW("10", "30", "\"swap\",\"vm\":\"a\",\"factor\":4") ","
					 SLOW("10", "30", "\"swap\",\"factor\":5"), NULL);

	cr_assert_gt(slow.last[0].counters.io_ns, 2 * calm.last[0].counters.io_ns);
	cr_assert_gt(slow.last[0].counters.io_ns, brief.last[0].counters.io_ns);
	cr_assert_gt(brief.last[0].counters.io_ns, calm.last[0].counters.io_ns);
	cr_assert_gt(later.last[0].counters.io_ns, 2 * calm.last[0].counters.io_ns);
	cr_assert_eq(memcmp(&both.last[0].counters, &slow.last[0].counters,
			    sizeof(slow.last[0].counters)), 0, "factors of two that overlap multiply");
}

#define REBOOT(more) \
	"{\"kind\":\"reboot\",\"at\":\"20s\",\"duration\":\"10s\",\"vm\":\"a\"" more "}"

Test(world, a_guest_that_reboots_has_nothing_left_and_begins_anew)
{
	write_trace("t.wst", 40, 80, 3, 2 * SECOND);
	write_scenario("two.json", two_vms);
	struct seen calm = run_disturbed("two.json", "ws-target", "", NULL);
	struct seen kept = run_disturbed("two.json", "ws-target", REBOOT(""), NULL);
	struct seen released = run_disturbed("two.json", "ws-target", REBOOT(",\"release\":true"), NULL);
	struct seen stopped = run_disturbed("two.json", "ws-target", REBOOT(""), "vms.0.stop=25s");

	cr_assert_eq(calm.down, 0);
	cr_assert(kept.down >= 9 && kept.down <= 11, "%llu s", kept.down);
	cr_assert_gt(kept.backed_while_down, 0, "the host does not know that it is free");
	cr_assert_eq(released.backed_while_down, 0);
	cr_assert_lt(kept.reports, calm.reports, "no reports meanwhile,");
	cr_assert_gt(kept.last_report_ns, 31 * SECOND, "but again when it has booted");
	cr_assert_gt(kept.last[0].counters.segments_done, kept.work_up, "and work");
	cr_assert_gt(stopped.down, 20, "one that is stopped meanwhile does not come back");
	cr_assert_eq(stopped.last[0].backed_pages, 0);
}

Test(world, what_a_guest_sent_before_it_rebooted_is_not_heard_after_it)
{
	static const char reboot[] =
		"{\"kind\":\"reboot\",\"at\":\"20s\",\"duration\":\"1ms\",\"vm\":\"a\"}";

	write_trace("t.wst", 40, 80, 3, 2 * SECOND);
	write_scenario("two.json", two_vms);
	struct seen calm = run_disturbed("two.json", "ws-target", "", "link.delay=6s");
	struct seen seen = run_disturbed("two.json", "ws-target", reboot, "link.delay=6s");

	cr_assert_gt(calm.old_reports, 0);
	cr_assert_eq(seen.old_reports, 0);
	cr_assert_gt(seen.last_report_ns, 21 * SECOND);
}

/* At once, for ever, and with nothing to do: no time passes in which such a guest takes memory. */
Test(world, guests_without_work_run_ahead_of_nothing)
{
	static const char idle[] =
		"{ \"duration\": \"2s\", \"open_loop\": true, \"host\": { \"memory\": \"1GiB\" },"
		"  \"vms\": [ { \"name\": \"a\", \"count\": 5, \"memory\": \"64MiB\","
		"              \"workload\": [ { \"idle\": \"1s\" } ] } ] }";
	u64 turns, none;

	write_scenario("seven.json", idle);
	u64 digest = digest_of_seven("ws-target", false, &turns);

	cr_assert_eq(digest, digest_of_seven("ws-target", true, &none));
	cr_assert_eq(turns, 0);
}

Test(world, a_guest_reboots_whatever_has_its_memory)
{
	static const char *const sets[] = {
		"defaults.mechanism=balloon", "defaults.mechanism=huge-balloon",
		"defaults.mechanism=virtio-mem", "defaults.mechanism=hyperalloc",
		"defaults.mechanism=host-reclaim", "defaults.mechanism=none",
		"defaults.swap=zram", "defaults.page_reporting=true",
		"defaults.reclaim={\"engine\":\"twolist\",\"ageing_interval\":\"1s\"}",
		"defaults.deflate_on_oom=false", "defaults.reclaim={\"engine\":\"lru\"}",
	};

	write_trace("t.wst", 40, 80, 3, 2 * SECOND);
	write_scenario("two.json", two_vms);
	for (u32 i = 0; i < sizeof(sets) / sizeof(*sets); i++) {
		struct seen seen = run_disturbed("two.json", "mom", REBOOT(""), sets[i]);

		cr_assert_gt(seen.last[0].counters.segments_done, seen.work_up, "%s", sets[i]);
	}
}

Test(world, an_oracle_of_the_future_does_not_take_a_reboot)
{
	const char *sets[] = { "disturbances=[" REBOOT("") "]", "vms.0.reclaim=opt" };
	struct sim_scenario scenario;
	struct sim_world *world;
	struct tr_error error;
	char path[160];

	write_trace("t.wst", 40, 80, 3, 2 * SECOND);
	write_scenario("two.json", two_vms);
	path_of(path, sizeof(path), "two.json");
	cr_assert_eq(sim_scenario_read(&scenario, path, sets, 2, NULL, &error), 0, "%s", error.text);
	cr_assert_eq(sim_world_create(&world, &scenario, NULL, 0, &error), -EINVAL);
	cr_assert_not_null(strstr(error.text, "a reboot changes them"), "%s", error.text);
	sim_scenario_free(&scenario);
}

/* The same guests with the same policy under every dialect, without faults and with many. */
Test(world, reports_arrive_in_every_dialect)
{
	write_trace("t.wst", 40, 80, 3, 2 * SECOND);
	write_scenario("two.json", two_vms);
	for (u32 i = 0; ws_dialects[i]; i++) {
		struct seen calm = { 0 }, lossy = { 0 };
		char dialect[64];
		const char *sets[] = { dialect, "link={\"delay\":\"2ms\",\"jitter\":\"1ms\","
						"\"loss\":0.3,\"reorder\":0.3}" };

		snprintf(dialect, sizeof(dialect), "defaults.dialect=\"%s\"", ws_dialects[i]->name);
		run("two.json", "wmo", sets, 1, &calm);
		cr_assert_gt(calm.reports, 0, "%s", ws_dialects[i]->name);
		run("two.json", "wmo", sets, 2, &lossy);
		if (ws_dialects[i]->numbered) /* a lost configuration is repeated: always some */
			cr_assert_gt(lossy.reports, 0, "%s", ws_dialects[i]->name);
	}
}

Test(world, every_policy_runs_and_says_the_same_twice)
{
	write_trace("t.wst", 40, 80, 3, 2 * SECOND);
	write_scenario("two.json", two_vms);
	for (size_t i = 0; sim_policies[i]; i++) {
		const char *name = sim_policies[i]->name;
		struct seen seen = { 0 };
		struct sim_run_result first = run("two.json", name, NULL, 0, &seen);
		struct sim_run_result second = run("two.json", name, NULL, 0, NULL);

		cr_assert_eq(first.digest, second.digest, "%s: %llx %llx", name, first.digest,
			     second.digest);
		for (u32 vm = 0; vm < 2; vm++)
			cr_assert_gt(seen.last[vm].counters.accesses, 10000, "%s: VM %u", name, vm);
	}
}
