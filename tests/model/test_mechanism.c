/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_mechanism.c - balloons, virtio-mem, a shared allocator, reporting, khugepaged:
 * frames, huge regions and time against what was computed by hand, and against the
 * published rates; and all of them under random work with every invariant checked.
 *
 * One guest and its host are built without a workload; the test is the workload.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifndef SIM_CHECK
#define SIM_CHECK
#endif
#include "model/sim_balloon.h"
#include "model/sim_check.h"
#include "model/sim_guest.h"
#include "model/sim_khugepaged.h"
#include "model/sim_reporter.h"
#include "model/sim_rng.h"
#include "scenario/sim_scenario_read.h"
#include "tr_file.h"
#include "ws_wire.h"
#include "own_folder.h"

TestSuite(mechanism, .init = make_folder, .fini = remove_folder);

#define GIB_REGIONS 512u
#define GIB_PAGES (GIB_REGIONS * SIM_REGION_PAGES)

static struct {
	struct sim_scenario scenario;
	struct sim_engine engine;
	struct sim_host host;
	struct sim_link link;
	struct sim_guest guest;
} toy;

static void write_trace(u32 pages)
{
	struct tr_meta meta = { .numbering = TR_NUMBER_REGIONS, .default_type = TR_ANON,
				.origin = "source: test\n" };
	struct tr_record record = { .op = TR_ACCESS };
	struct tr_writer *writer;
	struct tr_error error;
	char path[160];

	path_of(path, sizeof(path), "t.wst");
	cr_assert_eq(tr_writer_open(&writer, path, &meta, &error), 0, "%s", error.text);
	for (record.page = 0; record.page < pages; record.page++)
		cr_assert_eq(tr_writer_put(writer, &record, &error), 0, "%s", error.text);
	cr_assert_eq(tr_writer_commit(writer, &error), 0, "%s", error.text);
}

/* @vm: members of the VM, beside those that are the same for all. */
static void boot(u32 mib, u32 pages, const char *vm, const char *host)
{
	struct tr_error error;
	char path[160], text[1024];

	write_trace(pages);
	path_of(path, sizeof(path), "s.json");
	snprintf(text, sizeof(text),
		 "{ \"duration\": \"10m\", \"host\": { \"memory\": \"8GiB\" %s }, \"vms\": [ "
		 "{ \"name\": \"a\", \"memory\": \"%uMiB\", \"memory_min\": \"8MiB\","
		 "  \"kernel\": \"1MiB\", \"workload\": [ \"t.wst\" ] %s } ] }", host, mib, vm);
	cr_assert_eq(sim_scenario_read_text(&toy.scenario, path, text, strlen(text), NULL, 0, NULL,
					    &error), 0, "%s", error.text);
	toy.engine = (struct sim_engine){ .scenario = &toy.scenario, .page_bytes = SIM_PAGE_BYTES };
	sim_queue_init(&toy.engine.queue);
	cr_assert_eq(sim_host_init(&toy.host, &toy.engine), 0);
	cr_assert_eq(sim_guest_init(&toy.guest, &toy.engine, &toy.host, 0, &error), 0, "%s",
		     error.text);
	cr_assert_eq(sim_link_init(&toy.link, &toy.engine), 0);
	cr_assert_eq(sim_reporter_init(&toy.guest, &toy.link), 0);
	toy.guest.running = true;
	toy.host.guest[0] = &toy.guest;
	sim_balloon_start(&toy.guest);
	sim_khugepaged_start(&toy.host);
}

static void halt(void)
{
	sim_guest_destroy(&toy.guest);
	sim_host_destroy(&toy.host);
	sim_link_destroy(&toy.link);
	sim_queue_destroy(&toy.engine.queue);
	sim_latency_set_destroy(&toy.engine.latencies);
	sim_traces_destroy(&toy.engine.traces);
	sim_scenario_free(&toy.scenario);
}

/* All frames backed, by huge pages; free in the guest. */
static void touch_all(void)
{
	for (u32 frame = 0; frame < toy.guest.frames_count; frame++)
		sim_host_touch(&toy.host, &toy.guest, frame);
}

static void use(u32 page, u8 type)
{
	u32 frame = sim_frames_take(&toy.guest.frames);

	cr_assert_neq(frame, SIM_NO_FRAME);
	sim_host_touch(&toy.host, &toy.guest, frame);
	sim_page_declare(&toy.guest, page, type, 0);
	sim_page_install(&toy.guest, page, frame, WS_ENTER_FAULT, true);
	sim_page_open(&toy.guest, page);
}

/* The first @used frames of each region hold pages, the others are free. */
static void fragment(u32 used, u8 type)
{
	u32 frames = toy.guest.frames_count;

	for (u32 page = 0; page < frames; page++)
		use(page, page % SIM_REGION_PAGES < used ? type : TR_ANON);
	for (u32 page = 0; page < frames; page++)
		if (page % SIM_REGION_PAGES >= used)
			sim_page_free(&toy.guest, page);
}

/* Handle what comes until @end_ns. Return: when the mechanism last had something to do. */
static u64 run_until(u64 end_ns)
{
	struct sim_event event;
	u64 last_ns = toy.engine.now_ns;

	while (sim_queue_next_ns(&toy.engine.queue) <= end_ns &&
	       sim_queue_take(&toy.engine.queue, &event)) {
		u64 before = sim_balloon_pages(&toy.guest);

		toy.engine.now_ns = event.time_ns;
		if (event.kind == SIM_WAKE_BALLOON && event.ticket == toy.guest.balloon->ticket) {
			last_ns = event.time_ns;
			sim_balloon_wake(&toy.guest, event.ticket);
		} else if (event.kind == SIM_WAKE_MESSAGE) {
			sim_link_done(sim_link_arrived(&toy.link, event.arg));
		} else if (event.kind == SIM_WAKE_MECHANISM) {
			sim_balloon_period(&toy.guest);
		} else if (event.kind == SIM_WAKE_REPORTING) {
			sim_guest_page_reporting(&toy.guest);
		} else if (event.kind == SIM_WAKE_KHUGEPAGED) {
			sim_khugepaged(&toy.host);
		} else if (event.kind == SIM_WAKE_WRITEBACK) {
			sim_guest_written(&toy.guest, event.arg);
		} else if (event.kind == SIM_WAKE_KSWAPD) {
			sim_guest_kswapd(&toy.guest);
		} else if (event.kind == SIM_WAKE_HOST_RECLAIM) {
			sim_host_reclaim(&toy.host);
		} else if (event.kind == SIM_WAKE_HOST_WRITTEN) {
			sim_host_written(&toy.host, event.arg);
		}
		if (before != sim_balloon_pages(&toy.guest))
			sim_check_step(&toy.guest, 1, &toy.host, 0, 1);
	}
	toy.engine.now_ns = end_ns;
	sim_check_step(&toy.guest, 1, &toy.host, 0, 0);
	return last_ns;
}

static void want(u32 pages)
{
	struct ws_balloon_config config = { .num_pages = pages };
	u8 space[WS_CONFIG_BYTES];

	sim_balloon_configured(&toy.guest, space,
			       (u32)ws_wire_config_encode(&config, space, sizeof(space)));
}

/* How long the mechanism takes to get there; it must. */
static u64 time_to(u32 pages)
{
	u64 from_ns = toy.engine.now_ns;

	want(pages);
	u64 done_ns = run_until(from_ns + 20 * SIM_SECOND);

	cr_assert_eq(sim_balloon_pages(&toy.guest), pages, "%llu pages, not %u",
		     sim_balloon_pages(&toy.guest), pages);
	return done_ns - from_ns;
}

static void expect_rate(const char *name, double gib_per_s, u64 took_ns, double published)
{
	cr_assert_lt(gib_per_s, published * 1.03, "%s: %.2f GiB/s in %llu ns, published %.2f", name,
		     gib_per_s, took_ns, published);
	cr_assert_gt(gib_per_s, published * 0.97, "%s: %.2f GiB/s in %llu ns, published %.2f", name,
		     gib_per_s, took_ns, published);
}

Test(mechanism, a_gibibyte_is_taken_and_given_at_the_published_rates)
{
	static const struct {
		const char *name;
		double take, give;
	} published[] = {
		{ "balloon", 0.88, 2.11 }, { "virtio-mem", 29.8, 91 }, { "huge-balloon", 124, 294 },
		{ "hyperalloc\", \"auto\": \"0", 311, 7673 },
	};
	u64 last_ns = SIM_NONE;

	for (u32 i = 0; i < 4; i++) {
		char vm[64];

		snprintf(vm, sizeof(vm), ", \"mechanism\": { \"name\": \"%s\" }", published[i].name);
		boot(2048, 1, vm, "");
		touch_all();
		u64 take_ns = time_to(GIB_PAGES);

		expect_rate(published[i].name, 1e9 / (double)take_ns, take_ns, published[i].take);
		cr_assert_eq(toy.guest.backing.backed, GIB_PAGES, "a gibibyte is the host's again");
		cr_assert_lt(take_ns, last_ns, "each is faster than the one before");
		last_ns = take_ns;
		u64 give_ns = time_to(0);

		expect_rate(published[i].name, 1e9 / (double)give_ns, give_ns, published[i].give);
		cr_assert_eq(toy.guest.frames.free_count, toy.guest.frames_count);
		halt();
	}
}

Test(mechanism, only_the_balloon_of_small_pages_splits_huge_ones)
{
	static const char *const name[] = { "balloon", "huge-balloon", "virtio-mem",
					    "hyperalloc\", \"auto\": \"0" };

	for (u32 i = 0; i < 4; i++) {
		char vm[64];

		snprintf(vm, sizeof(vm), ", \"mechanism\": { \"name\": \"%s\" }", name[i]);
		boot(64, 1, vm, "");
		touch_all();
		cr_assert_eq(toy.guest.backing.huge_regions, 32);
		time_to(2 * SIM_REGION_PAGES);
		cr_assert_eq(toy.guest.backing.huge_regions, 30, "%s", name[i]);
		cr_assert_eq(toy.guest.backing.split_regions, i ? 0 : 2, "%s", name[i]);
		cr_assert_eq(toy.guest.counters.huge_splits, i ? 0 : 2, "%s", name[i]);
		cr_assert_eq(toy.guest.backing.backed, 30 * SIM_REGION_PAGES);
		cr_assert_eq(toy.guest.counters.vm_exits, i == 0 ? 4 : i < 3 ? 1 : 0, "%s: %llu",
			     name[i], toy.guest.counters.vm_exits);
		time_to(0);
		touch_all();
		cr_assert_eq(toy.guest.backing.huge_regions, i ? 32 : 30,
			     "%s: what went whole comes back huge", name[i]);
		halt();
	}
}

Test(mechanism, a_huge_page_is_made_by_moving_what_is_in_the_way)
{
	boot(64, 16384, ", \"mechanism\": \"huge-balloon\"", "");
	fragment(100, TR_ANON);
	/* 512 entries looked at, 100 pages moved, one huge page, one exit. */
	cr_assert_eq(time_to(SIM_REGION_PAGES), 512 * 5 + 100 * 2000 + 15700 + 2500 + 1);
	cr_assert_eq(toy.guest.balloon->totals.migrated_pages, 100);
	cr_assert_eq(toy.guest.balloon->regions_count, 1);
	cr_assert_eq(toy.guest.backing.split_regions, 0);
	cr_assert_eq(toy.guest.resident[TR_ANON], 3200);
	cr_assert_eq(toy.guest.counters.balloon_cpu_ns, 512 * 5 + 100 * 2000 + 15700 + 2500);
	/* 3200 pages fit in 8 regions with what must stay free; the others can all be had. */
	time_to(24 * SIM_REGION_PAGES);
	cr_assert_eq(toy.guest.backing.split_regions, 0);
	halt();
}

Test(mechanism, a_huge_balloon_falls_back_to_small_pages_where_nothing_can_move)
{
	boot(64, 16384, ", \"mechanism\": \"huge-balloon\"", "");
	fragment(1, TR_UNEVICTABLE);
	/* Two batches of 256 touched pages. */
	cr_assert_eq(time_to(SIM_REGION_PAGES), 2 * (2500 + 256 * 4330 + 1));
	cr_assert_eq(toy.guest.balloon->regions_count, 0);
	cr_assert_eq(toy.guest.balloon->small_pages, SIM_REGION_PAGES);
	cr_assert_eq(toy.guest.balloon->totals.migrated_pages, 0);
	cr_assert_eq(toy.guest.backing.split_regions, 2, "511 free frames of one, one of the next");
	halt();
}

Test(mechanism, a_huge_balloon_gives_a_part_of_a_huge_page_back_by_splitting_it)
{
	boot(64, 1, ", \"mechanism\": \"huge-balloon\"", "");
	touch_all();
	time_to(2 * SIM_REGION_PAGES);
	cr_assert_eq(time_to(2 * SIM_REGION_PAGES - 10), 2500 + 10 * 1810 + 1);
	cr_assert_eq(toy.guest.balloon->regions_count, 1);
	cr_assert_eq(toy.guest.balloon->small_pages, SIM_REGION_PAGES - 10);
	cr_assert_eq(toy.guest.backing.split_regions, 1);
	cr_assert(sim_balloon_deflate_on_oom(&toy.guest));
	cr_assert(sim_balloon_deflate_on_oom(&toy.guest));
	cr_assert(sim_balloon_deflate_on_oom(&toy.guest), "from the huge page that is left");
	cr_assert_eq(sim_balloon_pages(&toy.guest), 1014 - 768);
	run_until(toy.engine.now_ns + SIM_SECOND);
	cr_assert_eq(sim_balloon_pages(&toy.guest), 1014 - 768, "until the target changes");
	halt();
}

Test(mechanism, virtio_mem_unplugs_from_the_top_and_moves_pages_away)
{
	boot(64, 16384, ", \"mechanism\": \"virtio-mem\"", "");
	u64 min = toy.guest.watermark.min;

	fragment(100, TR_ANON);
	/* What is moved goes to frames that are backed already. */
	cr_assert_eq(time_to(SIM_REGION_PAGES), 512 * 5 + 100 * 2000 + 65500 + 2500 + 1);
	cr_assert_eq(toy.guest.balloon->region[0], 31);
	cr_assert_eq(toy.guest.balloon->totals.migrated_pages, 100);
	time_to(12 * SIM_REGION_PAGES);
	cr_assert_eq(toy.guest.balloon->region[11], 20);
	cr_assert_lt(toy.guest.watermark.min, min, "the guest knows that it is smaller");
	cr_assert(!sim_balloon_deflate_on_oom(&toy.guest));
	cr_assert_eq(time_to(0), 2500 + 12 * 21500 + 1);
	cr_assert_eq(toy.guest.watermark.min, min);
	halt();
}

Test(mechanism, virtio_mem_leaves_blocks_out_that_hold_what_cannot_move)
{
	boot(64, 16384, ", \"mechanism\": \"virtio-mem\"", "");
	fragment(1, TR_UNEVICTABLE);
	want(SIM_REGION_PAGES);
	run_until(30 * SIM_SECOND);
	/* 8 MiB are memory_min, not the device's. */
	cr_assert_eq(toy.guest.balloon->totals.unmovable_blocks, 28);
	cr_assert_eq(sim_balloon_pages(&toy.guest), 0);
	/* One block can be had, but Linux looks again after 50 s only. */
	for (u32 page = 0; page < toy.guest.frames_count; page++)
		if (toy.guest.backing.owner[10 * SIM_REGION_PAGES] == page)
			sim_page_free(&toy.guest, page);
	run_until(49 * SIM_SECOND);
	cr_assert_eq(sim_balloon_pages(&toy.guest), 0);
	run_until(51 * SIM_SECOND);
	cr_assert_eq(sim_balloon_pages(&toy.guest), SIM_REGION_PAGES);
	cr_assert_eq(toy.guest.balloon->region[0], 10);
	halt();
}

Test(mechanism, virtio_mem_moves_whole_blocks_of_its_size)
{
	boot(64, 1, ", \"mechanism\": { \"name\": \"virtio-mem\", \"block\": \"8MiB\" }", "");
	want(5 * SIM_REGION_PAGES);
	run_until(SIM_SECOND);
	cr_assert_eq(sim_balloon_pages(&toy.guest), 4 * SIM_REGION_PAGES, "not nearer than a block");
	cr_assert_eq(sim_mechanism_unit_pages(&toy.guest), 2048);
	time_to(0);
	halt();
}

Test(mechanism, a_shared_allocator_gives_up_what_is_free_without_the_guest)
{
	boot(64, 16384, ", \"mechanism\": { \"name\": \"hyperalloc\", \"auto\": \"3s\" }", "");
	touch_all();
	for (u32 page = 0; page < 600; page++)
		use(page, TR_ANON);
	u64 cpu_ns = toy.host.cpu_ns;

	run_until(3 * SIM_SECOND - 1);
	cr_assert_eq(toy.guest.backing.backed, 16384);
	run_until(4 * SIM_SECOND);
	cr_assert_eq(toy.guest.backing.backed, 2 * SIM_REGION_PAGES);
	cr_assert_eq(toy.guest.balloon->totals.soft_regions, 30);
	cr_assert_eq(toy.host.cpu_ns - cpu_ns, 30 * 6280);
	cr_assert_eq(toy.guest.counters.vm_exits, 0);
	cr_assert_eq(toy.guest.counters.balloon_cpu_ns, 0);
	cr_assert_eq(toy.guest.frames.free_count, 16384 - 600, "the guest may use all of it");
	/* The next use has it backed as a new huge page. */
	struct sim_touch touch = sim_host_touch(&toy.host, &toy.guest, 20 * SIM_REGION_PAGES);

	cr_assert_eq(touch.cpu_ns, 340000);
	halt();
}

Test(mechanism, without_one_targets_are_not_heard)
{
	boot(64, 1, ", \"mechanism\": \"none\"", "");
	touch_all();
	want(4096);
	run_until(10 * SIM_SECOND);
	cr_assert_eq(sim_balloon_pages(&toy.guest), 0);
	cr_assert_eq(toy.guest.backing.backed, 16384);
	cr_assert(!sim_balloon_deflate_on_oom(&toy.guest));
	halt();
}

Test(mechanism, the_host_s_reclaim_swaps_down_to_the_target_once)
{
	boot(64, 1, ", \"mechanism\": \"host-reclaim\"", "");
	touch_all();
	want(4096);
	run_until(10 * SIM_SECOND);
	cr_assert_eq(toy.guest.backing.backed, 16384 - 4096);
	cr_assert_eq(toy.guest.backing.swapped, 4096);
	cr_assert_eq(sim_balloon_pages(&toy.guest), 0);
	cr_assert_eq(toy.guest.frames.free_count, 16384, "the guest has all of its frames");
	touch_all();
	run_until(20 * SIM_SECOND);
	cr_assert_eq(toy.guest.backing.backed, 16384, "nothing holds it down");
	want(4096);
	run_until(30 * SIM_SECOND);
	cr_assert_eq(toy.guest.backing.backed, 16384 - 4096);
	halt();
}

/* Each region has 412 free frames from its 100th on: blocks of 4, 8, 16, 128 and 256. */
static void report_once(const char *reporting)
{
	char vm[128];

	snprintf(vm, sizeof(vm), ", \"page_reporting\": %s", reporting);
	boot(64, 16384, vm, "");
	fragment(100, TR_ANON);
	sim_guest_page_reporting(&toy.guest);
}

Test(mechanism, page_reporting_finds_what_its_order_lets_it)
{
	report_once("true");
	cr_assert_eq(toy.guest.backing.backed, 16384, "no whole region is free");
	cr_assert_eq(toy.guest.balloon->totals.reporting_cpu_ns, 0);
	halt();
	report_once("{ \"order\": 7, \"passes\": 1 }");
	cr_assert_eq(toy.guest.backing.backed, 16384 - 32 * (128 + 256));
	cr_assert_eq(toy.guest.balloon->totals.reporting_cpu_ns,
		     2 * 2500 + 64 * 580 + 32 * 384 * 30);
	halt();
	report_once("{ \"order\": 0, \"passes\": 1 }");
	cr_assert_eq(toy.guest.backing.backed, 3200);
	cr_assert_eq(toy.guest.backing.split_regions, 32);
	cr_assert_eq(toy.guest.balloon->totals.reporting_cpu_ns,
		     5 * 2500 + 160 * 580 + 13184 * 30);
	cr_assert_eq(toy.guest.counters.vm_exits, 5);
	/* Reported once: there is nothing to say again. */
	run_until(10 * SIM_SECOND);
	cr_assert_eq(toy.guest.counters.vm_exits, 5);
	halt();
}

Test(mechanism, page_reporting_takes_the_passes_that_linux_takes)
{
	boot(2048, 1, ", \"page_reporting\": true", "");
	touch_all();
	sim_guest_page_reporting(&toy.guest);
	/* 1024 free blocks, a sixteenth in batches of 32: 64 of them. */
	cr_assert_eq(toy.guest.balloon->totals.reported_pages, 64 * SIM_REGION_PAGES);
	run_until(29 * SIM_SECOND);
	cr_assert_eq(toy.guest.balloon->totals.reported_pages, 15 * 64 * SIM_REGION_PAGES);
	run_until(31 * SIM_SECOND);
	cr_assert_eq(toy.guest.backing.backed, 0);
	/* Per 2 MiB what a huge balloon costs: 580 + 512 * 30. */
	cr_assert_eq(toy.guest.balloon->totals.reporting_cpu_ns, 32 * 2500 + 1024 * 15940);
	halt();
}

Test(mechanism, khugepaged_heals_split_regions_and_takes_the_saving_back)
{
	boot(64, 16384, ", \"page_reporting\": { \"order\": 0, \"passes\": 1 }",
	     ", \"khugepaged\": true");
	fragment(100, TR_ANON);
	sim_guest_page_reporting(&toy.guest);
	toy.guest.running = false; /* it reports no more, and the host goes on */
	cr_assert_eq(toy.guest.backing.split_regions, 32);
	run_until(10 * SIM_SECOND);
	/* 4096 pages are eight regions. */
	cr_assert_eq(toy.guest.backing.split_regions, 24);
	cr_assert_eq(toy.guest.backing.huge_regions, 8);
	cr_assert_eq(toy.guest.backing.backed, 3200 + 8 * 412);
	cr_assert_eq(toy.host.collapse_pages, 8 * 412);
	run_until(41 * SIM_SECOND);
	cr_assert_eq(toy.guest.backing.backed, 16384);
	halt();
}

Test(mechanism, khugepaged_waits_while_the_host_has_no_huge_page_above_its_low_watermark)
{
	boot(64, 16384, ", \"page_reporting\": { \"order\": 0, \"passes\": 1 }",
	     ", \"khugepaged\": true");
	fragment(100, TR_ANON);
	sim_guest_page_reporting(&toy.guest);
	toy.guest.running = false;
	u64 low_pages = toy.host.low_pages;
	toy.host.low_pages = toy.host.free_pages - SIM_REGION_PAGES;
	run_until(10 * SIM_SECOND);
	cr_assert_eq(toy.guest.backing.split_regions, 32);
	toy.host.low_pages = low_pages;
	run_until(31 * SIM_SECOND);
	cr_assert_lt(toy.guest.backing.split_regions, 32);
	halt();
}

Test(mechanism, khugepaged_backs_what_the_balloon_gave_unless_it_may_miss_nothing)
{
	for (u32 none = 0; none <= 511; none += 511) {
		char host[64];

		snprintf(host, sizeof(host), ", \"khugepaged\": { \"max_none\": %u }", none);
		boot(64, 16384, "", host);
		fragment(100, TR_ANON);
		time_to(4000);
		run_until(60 * SIM_SECOND);
		cr_assert_eq(toy.guest.backing.backed, none ? 16384 : 12384);
		cr_assert_eq(sim_balloon_pages(&toy.guest), 4000);
		time_to(8000);
		run_until(toy.engine.now_ns + 10 * SIM_SECOND);
		time_to(0);
		touch_all();
		run_until(200 * SIM_SECOND);
		cr_assert_eq(toy.guest.backing.huge_regions, 32, "all is there: all heals");
		halt();
	}
}

/* Whatever happens, frames, regions, generations and the host's memory agree. */
static void live(const char *name, u64 seed)
{
	struct sim_rng rng;
	char vm[200];

	snprintf(vm, sizeof(vm), ", \"mechanism\": \"%s\", \"swap\": \"%s\", \"page_reporting\": "
		 "{ \"order\": %u, \"delay\": \"50ms\", \"passes\": 1 }", name,
		 seed % 2 ? "zram" : "nvme", (u32)(seed % 10));
	boot(32, 8000, vm, ", \"khugepaged\": { \"sleep\": \"70ms\" }");
	sim_wake_at(&toy.engine, 1, SIM_CLASS_TIMER, SIM_WAKE_REPORTING, 0, 0, 0);
	sim_rng_init(&rng, seed, 0, name);
	for (u32 step = 0; step < 1500; step++) {
		u32 page = (u32)sim_rng_below(&rng, 8000), what = (u32)sim_rng_below(&rng, 40);
		u32 count = (u32)sim_rng_below(&rng, 400);

		for (u32 i = page; i < page + count && i < 8000; i++) {
			struct sim_alloc alloc = { .frame = SIM_NO_FRAME };

			if (what >= 20 && toy.guest.hot[i] & SIM_HOT_PRESENT)
				sim_page_free(&toy.guest, i);
			if (what >= 20 || toy.guest.hot[i] || toy.guest.frame[i])
				continue;
			sim_guest_alloc(&toy.guest, 0, false, &alloc);
			if (alloc.frame == SIM_NO_FRAME)
				break;
			sim_page_declare(&toy.guest, i, i % 97 ? TR_ANON : TR_UNEVICTABLE, 0);
			sim_host_touch(&toy.host, &toy.guest, alloc.frame);
			sim_page_install(&toy.guest, i, alloc.frame, WS_ENTER_FAULT, true);
			sim_page_open(&toy.guest, i);
		}
		if (what == 0)
			want((u32)sim_rng_below(&rng, 6000));
		if (what == 1)
			sim_balloon_deflate_on_oom(&toy.guest);
		run_until(toy.engine.now_ns + 10 * SIM_MS);
	}
	cr_assert_gt(toy.engine.now_ns, 10 * SIM_SECOND);
	halt();
}

Test(mechanism, all_of_them_keep_every_invariant_under_random_work)
{
	static const char *const name[] = { "balloon", "huge-balloon", "virtio-mem", "hyperalloc",
					    "host-reclaim", "none" };

	for (u32 i = 0; i < 6; i++)
		for (u64 seed = 1; seed <= 4; seed++)
			live(name[i], seed + 4 * i);
}

static void refuse(const char *vm, const char *reason)
{
	struct sim_scenario scenario;
	struct tr_error error;
	char path[160], text[512];

	path_of(path, sizeof(path), "s.json");
	snprintf(text, sizeof(text), "{ \"duration\": \"1m\", \"host\": { \"memory\": \"8GiB\" },"
		 "\"vms\": [ { \"name\": \"a\", \"memory\": \"1GiB\", \"workload\": [ \"t.wst\" ], %s "
		 "} ] }", vm);
	cr_assert_lt(sim_scenario_read_text(&scenario, path, text, strlen(text), NULL, 0, NULL,
					    &error), 0, "%s", vm);
	cr_assert(strstr(error.text, reason), "'%s' has no '%s'", error.text, reason);
}

Test(mechanism, a_scenario_says_which_and_wrong_ones_are_refused)
{
	boot(64, 1, "", "");
	cr_assert_eq(toy.scenario.vm[0].mechanism, SIM_MECHANISM_BALLOON);
	cr_assert_eq(toy.scenario.vm[0].reporting_order, 9);
	cr_assert_eq(toy.scenario.vm[0].reporting_delay_ns, 2 * SIM_SECOND);
	cr_assert_eq(toy.scenario.host.khugepaged_pages, 0);
	halt();
	boot(64, 1, ", \"mechanism\": \"virtio-mem\", \"page_reporting\": { \"delay\": \"100ms\" }",
	     ", \"khugepaged\": true");
	cr_assert_eq(toy.scenario.vm[0].mechanism, SIM_MECHANISM_VIRTIO_MEM);
	cr_assert(toy.scenario.vm[0].page_reporting);
	cr_assert_eq(toy.scenario.vm[0].reporting_delay_ns, 100 * SIM_MS);
	cr_assert_eq(toy.scenario.host.khugepaged_pages, 4096);
	halt();
	refuse("\"mechanism\": \"magic\"", "/vms/0/mechanism: unknown \"magic\"; known: balloon");
	refuse("\"mechanism\": { \"name\": \"balloon\", \"block\": \"4MiB\" }", "virtio-mem only");
	refuse("\"mechanism\": { \"name\": \"virtio-mem\", \"block\": \"3MiB\" }", "multiple of 2MiB");
	refuse("\"mechanism\": { \"name\": \"virtio-mem\", \"auto\": \"1s\" }", "hyperalloc only");
	refuse("\"page_reporting\": { \"order\": 10 }", "/vms/0/page_reporting/order");
	refuse("\"page_reporting\": 3", "/vms/0/page_reporting");
}
