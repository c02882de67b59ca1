/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_guest.c - one guest against naive models: what is evicted, whom limits protect,
 * who pays for the kernel's work, and how true the truth is.
 *
 * The traces touch file pages 32 apart, one a readahead window, so that nothing comes
 * in that was not asked for; and they only read, so that nothing has to be written.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "model/sim_guest.h"
#include "model/sim_rng.h"
#include "model/sim_world.h"
#include "scenario/sim_scenario_read.h"
#include "tr_file.h"
#include "own_folder.h"

#define STRIDE 32u
#define PAGES 20000u /* 78 MiB */
#define ACCESSES 200000u
#define MEMORY_PAGES 12288u /* 48 MiB */
#define KERNEL_PAGES 2048u
#define PROTECTED 4096u /* 16 MiB of memcg 2, used in the first second and the last */
#define STREAMED 16384u /* 64 MiB of memcg 1, again and again in between */

TestSuite(guest, .init = make_folder, .fini = remove_folder);

static struct tr_writer *open_trace(const char *name, u8 default_type)
{
	struct tr_meta meta = { .numbering = TR_NUMBER_REGIONS, .default_type = default_type,
				.origin = "source: test\n" };
	struct tr_writer *writer;
	struct tr_error error;
	char path[160];

	path_of(path, sizeof(path), name);
	cr_assert_eq(tr_writer_open(&writer, path, &meta, &error), 0, "%s", error.text);
	return writer;
}

static void put(struct tr_writer *writer, struct tr_record record)
{
	struct tr_error error;

	cr_assert_eq(tr_writer_put(writer, &record, &error), 0, "%s", error.text);
}

static void commit(struct tr_writer *writer)
{
	struct tr_error error;

	cr_assert_eq(tr_writer_commit(writer, &error), 0, "%s", error.text);
}

/* A skewed stream of reads: the square of a uniform number. */
static void fill_accesses(u32 *page)
{
	struct sim_rng rng;

	sim_rng_init(&rng, 11, 0, "guest");
	for (u32 i = 0; i < ACCESSES; i++) {
		u64 x = sim_rng_below(&rng, PAGES);

		page[i] = (u32)(x * x / PAGES);
	}
}

/*
 * Read with a record every 100 us.  The trace's numbers are dense, 512 to a region, so
 * all pages of a region are declared once and a 32nd of them is used.
 */
static void write_reads(const char *name, const u32 *page)
{
	struct tr_writer *writer = open_trace(name, TR_FILE);

	for (u32 i = 0; i < PAGES * STRIDE; i++)
		put(writer, (struct tr_record){ .op = TR_ALLOC, .type = TR_FILE, .page = i });
	for (u32 i = 0; i < ACCESSES; i++)
		put(writer, (struct tr_record){ .op = TR_ACCESS, .page = page[i] * STRIDE,
						.time_ns = i * 100000ull });
	commit(writer);
}

struct seen {
	/* Every fault on a page of a file, and every eviction, in order. */
	struct {
		bool eviction;
		u32 value; /* page or count */
	} *what;
	u32 count, capacity;
	u32 late_faults, first_page, end_page; /* faults after late_ns on a range of pages */
	u64 late_ns;
	u64 anon_most, true_old_bytes, reports;
	u64 tree_ns, tree_bytes, tree_reports; /* the last report that memcgs were told of */
	u64 free_most; /* of the host, once it swaps */
	struct sim_vm_sample last;
	struct sim_host_sample host;
	struct sim_run_result result;
};

static void see_event(void *ctx, const struct sim_event_record *record)
{
	struct seen *seen = ctx;
	u32 fault = record->arg & 0xff;

	if (record->kind == SIM_EV_FAULT && record->time_ns >= seen->late_ns &&
	    record->a >= seen->first_page && record->a < seen->end_page)
		seen->late_faults++;
	bool counts = record->kind == SIM_EV_EVICT ||
		      (record->kind == SIM_EV_FAULT &&
		       (fault == SIM_FAULT_FILE || fault == SIM_FAULT_REFAULT));

	if (!counts)
		return;
	if (seen->count == seen->capacity) {
		seen->capacity = seen->capacity ? 2 * seen->capacity : 4096;
		seen->what = realloc(seen->what, seen->capacity * sizeof(*seen->what));
		cr_assert_not_null(seen->what);
	}
	seen->what[seen->count].eviction = record->kind == SIM_EV_EVICT;
	seen->what[seen->count++].value = (u32)record->a;
}

static void see_sample(void *ctx, u64 now_ns, const struct sim_host_sample *host,
		       const struct sim_vm_sample *vm, u32 vms_count)
{
	struct seen *seen = ctx;

	(void)now_ns, (void)vms_count;
	if (host->swap_out_pages && host->free_pages > seen->free_most)
		seen->free_most = host->free_pages;
	if (vm->anon_pages > seen->anon_most)
		seen->anon_most = vm->anon_pages;
}

/* Sampled bytes that were truly last used more than ten seconds before a late report. */
static void see_report(void *ctx, const struct sim_report_sample *report)
{
	struct seen *seen = ctx;

	if (seen->tree_ns && seen->tree_ns == report->made_ns) {
		u64 bytes = 0;

		for (u32 i = 0; i < report->bins_count; i++)
			bytes += (i + 1) * (report->anon_bytes[i] + report->file_bytes[i]);
		cr_assert_eq(bytes, seen->tree_bytes, "report at %llu ns", report->made_ns);
		seen->tree_reports++;
	}
	if (report->made_ns < 20 * SIM_SECOND)
		return;
	seen->reports++;
	for (u32 i = 0; i < report->bins_count; i++)
		if (i && report->edge_ns[i - 1] >= 10 * SIM_SECOND)
			seen->true_old_bytes += report->true_anon_bytes[i] + report->true_file_bytes[i];
}

/*
 * Memcg 2 below 1, bin by bin: each one's report is its own pages and those of all below.
 * The root's, which is sent, is compared when it arrives.
 */
static void see_memcgs(void *ctx, const struct sim_memcgs_sample *memcgs)
{
	const struct ws_hist *root = &memcgs->hist[0], *stream = &memcgs->hist[1];
	const struct ws_hist *kept = &memcgs->hist[2];
	struct seen *seen = ctx;

	seen->tree_ns = memcgs->made_ns;
	seen->tree_bytes = 0;
	for (u32 i = 0; i < root->bins_count; i++) {
		cr_assert_eq(root->pages[WS_ANON][i], stream->pages[WS_ANON][i]);
		cr_assert_geq(stream->pages[WS_ANON][i], kept->pages[WS_ANON][i]);
		seen->tree_bytes += (i + 1) * root->pages[WS_ANON][i] * SIM_PAGE_BYTES;
	}
	/* All has been touched, and the trace, which takes 17 s, has not ended. */
	if (memcgs->made_ns < 3 * SIM_SECOND || memcgs->made_ns > 17 * SIM_SECOND)
		return;
	cr_assert_eq(ws_hist_total(kept, WS_ANON), PROTECTED);
	cr_assert_eq(ws_hist_total(stream, WS_ANON), PROTECTED + STREAMED);
}

static void see_end(void *ctx, const struct sim_run_result *result,
		    const struct sim_host_sample *host, const struct sim_vm_sample *vm, u32 vms_count)
{
	struct seen *seen = ctx;

	(void)vms_count;
	seen->last = *vm;
	seen->host = *host;
	seen->result = *result;
}

static void run(const char *text, const char *const *sets, u32 sets_count, struct seen *seen)
{
	struct sim_probe probe = { .ctx = seen, .event = see_event, .sample = see_sample,
				   .report = see_report, .memcgs = see_memcgs, .end = see_end };
	struct sim_run_result result;
	struct sim_scenario scenario;
	struct sim_world *world;
	struct tr_error error;
	char path[160];
	FILE *file;

	path_of(path, sizeof(path), "s.json");
	file = fopen(path, "w");
	cr_assert_not_null(file);
	cr_assert(fputs(text, file) >= 0 && !fclose(file));
	cr_assert_eq(sim_scenario_read(&scenario, path, sets, sets_count, NULL, &error), 0, "%s",
		     error.text);
	cr_assert_eq(sim_world_create(&world, &scenario, &probe, 1, &error), 0, "%s", error.text);
	cr_assert_eq(sim_world_run(world, NULL, NULL, NULL, &result, &error), 0, "%s", error.text);
	sim_world_destroy(world);
	sim_scenario_free(&scenario);
}

/* 48 MiB, 8 of them the kernel's; nothing else disturbs. */
static const char alone[] =
	"{ \"name\": \"alone\", \"duration\": \"2m\", \"host\": { \"memory\": \"1GiB\" },"
	"  \"vms\": [ { \"name\": \"a\", \"memory\": \"48MiB\", \"memory_min\": \"16MiB\","
	"             \"kernel\": \"8MiB\", \"swap\": \"none\", \"disk\": \"nvme\","
	"             \"workload\": [ \"t.wst\" ], \"loop\": false } ],"
	"  \"policy\": \"static\" }";

Test(guest, fifo_evicts_in_the_order_of_arrival)
{
	const char *sets[] = { "vms.0.reclaim=\"fifo\"" };
	u32 *page = malloc(ACCESSES * sizeof(u32)), *queue = malloc(ACCESSES * sizeof(u32));
	u32 *gone_at = calloc(PAGES, sizeof(u32));
	bool *resident = calloc(PAGES, 1);
	u32 head = 0, tail = 0, at = 0;
	struct seen seen = { .late_ns = SIM_NONE };

	fill_accesses(page);
	write_reads("t.wst", page);
	run(alone, sets, 1, &seen);
	cr_assert_eq(seen.last.counters.accesses, ACCESSES);
	cr_assert_eq(seen.last.counters.oom_kills, 0);
	for (u32 i = 0; i < seen.count; i++) {
		u32 value = seen.what[i].value;

		if (seen.what[i].eviction) {
			for (; value; value--) {
				cr_assert_lt(head, tail);
				resident[queue[head]] = false;
				gone_at[queue[head++]] = i;
			}
			continue;
		}
		value /= STRIDE;
		/* What was read since the last fault hit, or was evicted only afterwards. */
		for (; at < ACCESSES && (resident[page[at]] || page[at] != value); at++)
			cr_assert(resident[page[at]] || gone_at[page[at]] > 0, "access %u", at);
		cr_assert_lt(at, ACCESSES, "a fault on a page that is resident or not read: %u", value);
		resident[value] = true;
		queue[tail++] = value;
		at++;
	}
	cr_assert_gt(head, 1000, "%u evictions", head);
	free(page);
	free(queue);
	free(gone_at);
	free(resident);
	free(seen.what);
}

/* Faults of an exact LRU of @frames. */
static u32 lru_faults(const u32 *page, u32 frames)
{
	u32 *last = calloc(PAGES, sizeof(u32)), faults = 0, held = 0, oldest = 0;

	for (u32 i = 0; i < ACCESSES; i++) {
		bool hit = last[page[i]] > 0 && last[page[i]] > oldest;

		last[page[i]] = i + 1;
		if (hit)
			continue;
		faults++;
		if (held < frames) {
			held++;
			continue;
		}
		/* Forward to the next record that is still its page's last use: that page goes. */
		for (oldest++; last[page[oldest - 1]] != oldest; oldest++)
			;
	}
	free(last);
	return faults;
}

Test(guest, lru_faults_as_often_as_an_lru_of_its_size)
{
	const char *sets[] = { "vms.0.reclaim=\"lru\"" };
	struct sim_watermark mark = sim_watermark_of(MEMORY_PAGES);
	u32 *page = malloc(ACCESSES * sizeof(u32));
	struct seen seen = { .late_ns = SIM_NONE };

	fill_accesses(page);
	write_reads("t.wst", page);
	run(alone, sets, 1, &seen);
	const u64 *faults = seen.last.counters.faults;
	u64 found = faults[SIM_FAULT_FILE] + faults[SIM_FAULT_REFAULT];
	/* Reclaim keeps between min and high free; LRU never has more faults with more memory. */
	u32 most = lru_faults(page, MEMORY_PAGES - KERNEL_PAGES - (u32)mark.high - 64);
	u32 least = lru_faults(page, MEMORY_PAGES - KERNEL_PAGES - (u32)mark.min);

	cr_assert(found >= least && found <= most, "%llu faults, naive %u to %u", found, least, most);
	cr_assert_lt(most - least, least / 25, "the bounds say something: %u to %u", least, most);
	free(page);
	free(seen.what);
}

/* --- memcgs --- */

static void write_two_memcgs(void)
{
	struct tr_writer *writer = open_trace("t.wst", TR_ANON);
	u64 time_ns = 0;

	for (u32 i = 0; i < PROTECTED + STREAMED; i++)
		put(writer, (struct tr_record){ .op = TR_ALLOC, .type = TR_ANON, .page = i,
						.memcg = i < PROTECTED ? 2 : 1 });
	for (u32 i = 0; i < PROTECTED; i++, time_ns += 100000)
		put(writer, (struct tr_record){ .op = TR_ACCESS, .page = i, .time_ns = time_ns });
	for (u32 i = 0; i < 10 * STREAMED; i++, time_ns += 100000)
		put(writer, (struct tr_record){ .op = TR_ACCESS, .page = PROTECTED + i % STREAMED,
						.write = true, .time_ns = time_ns });
	for (u32 i = 0; i < PROTECTED; i++, time_ns += 100000)
		put(writer, (struct tr_record){ .op = TR_ACCESS, .page = i, .time_ns = time_ns });
	commit(writer);
}

static const char two_memcgs[] =
	"{ \"name\": \"memcgs\", \"duration\": \"2m\", \"host\": { \"memory\": \"1GiB\" },"
	"  \"vms\": [ { \"name\": \"a\", \"memory\": \"48MiB\", \"memory_min\": \"16MiB\","
	"             \"kernel\": \"8MiB\", \"disk\": \"nvme\","
	"             \"swap\": { \"device\": \"nvme\", \"size\": \"128MiB\" },"
	"             \"memcgs\": [ { \"name\": \"stream\" }, { \"name\": \"kept\" } ],"
	"             \"workload\": [ \"t.wst\" ], \"loop\": false } ],"
	"  \"policy\": \"static\" }";

Test(guest, memory_min_keeps_a_memcg_s_pages_and_without_it_they_go)
{
	const char *kept[] = { "vms.0.memcgs.1.min=17MiB" };
	struct seen with = { .late_ns = 2 * SIM_SECOND, .end_page = PROTECTED };
	struct seen without = with;

	write_two_memcgs();
	run(two_memcgs, kept, 1, &with);
	run(two_memcgs, NULL, 0, &without);
	cr_assert_eq(with.late_faults, 0, "%u faults", with.late_faults);
	cr_assert_gt(without.late_faults, PROTECTED / 2, "%u faults", without.late_faults);
	cr_assert_eq(with.last.counters.oom_kills + without.last.counters.oom_kills, 0);
	free(with.what);
	free(without.what);
}

Test(guest, memory_max_is_not_passed_and_ends_in_the_memcg_s_own_oom_without_swap)
{
	const char *limits[] = { "vms.0.memcgs.0.max=8MiB", "vms.0.memcgs.1.max=4MiB" };
	const char *dry[] = { "vms.0.memcgs.0.max=8MiB", "vms.0.memcgs.1.max=4MiB",
			      "vms.0.swap=\"none\"" };
	struct seen seen = { .late_ns = SIM_NONE }, none = seen;

	write_two_memcgs();
	run(two_memcgs, limits, 2, &seen);
	cr_assert_leq(seen.anon_most, 12 * 256, "%llu pages", seen.anon_most);
	cr_assert_gt(seen.anon_most, 8 * 256);
	cr_assert_eq(seen.last.counters.oom_kills, 0);
	cr_assert_eq(seen.last.counters.accesses, 10 * STREAMED + 2 * PROTECTED);
	run(two_memcgs, dry, 3, &none);
	cr_assert_leq(none.anon_most, 12 * 256);
	cr_assert_gt(none.last.counters.oom_kills, 0);
	free(seen.what);
	free(none.what);
}

/*
 * kept below stream.  What stream does not have of protection it cannot hand down; with
 * some of its own, kept's claim counts.  A limit of stream's holds for both together, and
 * reclaim for it spares what kept claims, though stream's own min counts for nothing then.
 */
#define KEPT_BELOW "vms.0.memcgs.1.parent=stream"

Test(guest, a_memcg_has_what_protection_its_parent_has)
{
	const char *alone_sets[] = { KEPT_BELOW, "vms.0.memcgs.1.min=17MiB" };
	const char *handed[] = { KEPT_BELOW, "vms.0.memcgs.1.min=17MiB", "vms.0.memcgs.0.min=17MiB" };
	/* Without readahead, which brings kept's pages back beside stream's. */
	const char *half[] = { KEPT_BELOW, "vms.0.memcgs.1.min=17MiB", "vms.0.memcgs.0.min=8MiB",
			       "vms.0.swap.cluster=1" };
	const char *low[] = { KEPT_BELOW, "vms.0.memcgs.1.low=17MiB", "vms.0.memcgs.0.low=17MiB" };
	const char *const *const sets[] = { alone_sets, handed, half, low };
	static const u32 counts[] = { 2, 3, 4, 3 };
	u32 faults[4];

	write_two_memcgs();
	for (u32 i = 0; i < 4; i++) {
		struct seen seen = { .late_ns = 2 * SIM_SECOND, .end_page = PROTECTED };

		run(two_memcgs, sets[i], counts[i], &seen);
		faults[i] = seen.late_faults;
		cr_assert_eq(seen.last.counters.oom_kills, 0);
		free(seen.what);
	}
	cr_assert_gt(faults[0], PROTECTED / 2, "%u faults", faults[0]);
	cr_assert_eq(faults[1], 0, "%u faults", faults[1]);
	cr_assert(faults[2] > PROTECTED / 4 && faults[2] < PROTECTED * 3 / 4, "%u faults", faults[2]);
	cr_assert_eq(faults[3], 0, "%u faults", faults[3]);
}

Test(guest, memory_max_of_a_parent_holds_for_all_below)
{
	const char *open[] = { KEPT_BELOW, "vms.0.memcgs.0.max=24MiB" };
	const char *spared[] = { KEPT_BELOW, "vms.0.memcgs.0.max=24MiB",
				 "vms.0.memcgs.1.min=17MiB" };
	struct seen seen = { .late_ns = 2 * SIM_SECOND, .end_page = PROTECTED }, with = seen;

	write_two_memcgs();
	run(two_memcgs, open, 2, &seen);
	run(two_memcgs, spared, 3, &with);
	cr_assert_leq(seen.anon_most, 24 * 256, "%llu pages", seen.anon_most);
	cr_assert_leq(with.anon_most, 24 * 256, "%llu pages", with.anon_most);
	cr_assert_gt(with.anon_most, 23 * 256);
	cr_assert_gt(seen.late_faults, PROTECTED / 2);
	cr_assert_eq(with.late_faults, 0, "%u faults", with.late_faults);
	cr_assert_eq(with.last.counters.oom_kills, 0);
	free(seen.what);
	free(with.what);
}

Test(guest, reports_of_memcgs_add_up_to_the_guest_s)
{
	const char *sets[] = { KEPT_BELOW, "vms.0.memory=256MiB", "policy.name=wmo",
			       "policy.params={\"idle\":\"24h\",\"interval\":\"3s\","
			       "\"refresh\":\"1s\",\"balloon\":\"off\"}" };
	struct seen seen = { .late_ns = SIM_NONE };

	write_two_memcgs();
	run(two_memcgs, sets, 4, &seen);
	cr_assert_gt(seen.tree_reports, 2, "%llu", seen.tree_reports);
	free(seen.what);
}

/*
 * 64 MiB go round in 40 every two seconds or so: who must keep what was used in the last
 * half minute has to give up; who must keep a millisecond's has nothing to fear.  A memcg
 * within its memory.min may be as old as it likes.
 */
Test(guest, min_ttl_ends_a_thrashing_guest_by_oom)
{
	const char *off[] = { "vms.0.reclaim.min_ttl=0" };
	const char *brief[] = { "vms.0.reclaim.min_ttl=1ms", "vms.0.memcgs.1.min=17MiB" };
	const char *longer[] = { "vms.0.reclaim.min_ttl=30s", "vms.0.memcgs.1.min=17MiB" };
	const char *newer[] = { "vms.0.reclaim.min_ttl=30s", "vms.0.memcgs.1.min=17MiB",
				"vms.0.reclaim.engine=\"mglru:6.14\"" };
	const char *lists[] = { "vms.0.reclaim.min_ttl=30s", "vms.0.reclaim.engine=twolist" };
	static const struct {
		u32 sets;
		bool oom;
	} known[] = { { 1, false }, { 2, false }, { 2, true }, { 3, true }, { 2, false } };
	const char *const *const sets[] = { off, brief, longer, newer, lists };

	write_two_memcgs();
	for (u32 i = 0; i < 5; i++) {
		struct seen seen = { .late_ns = SIM_NONE };

		run(two_memcgs, sets[i], known[i].sets, &seen);
		cr_assert_eq(seen.last.counters.oom_kills > 0, known[i].oom, "case %u: %llu", i,
			     seen.last.counters.oom_kills);
		free(seen.what);
	}
}

/* --- the rest --- */

Test(guest, clock_finds_a_victim_among_any_number_of_used_pages)
{
	static const char text[] =
		"{ \"name\": \"clock\", \"duration\": \"60s\", \"host\": { \"memory\": \"1GiB\" },"
		"  \"vms\": [ { \"name\": \"a\", \"memory\": \"288MiB\", \"kernel\": \"8MiB\","
		"             \"reclaim\": \"clock\", \"swap\": \"zram\","
		"             \"workload\": [ \"t.wst\" ], \"loop\": false } ],"
		"  \"policy\": \"static\" }";
	struct tr_writer *writer = open_trace("t.wst", TR_ANON);
	struct seen seen = { .late_ns = SIM_NONE };
	u32 pages = 64 * 1024, grow = 12 * 1024;

	/* 256 MiB used without end while 48 more come. */
	for (u32 i = 0; i < 20 * pages; i++)
		put(writer, (struct tr_record){ .op = TR_ACCESS, .time_ns = i * 10000ull,
						.page = i % 4 || i < 4 * pages
								? i % pages
								: pages + (i / 4 - pages) % grow });
	commit(writer);
	run(text, NULL, 0, &seen);
	cr_assert_eq(seen.last.counters.oom_kills, 0, "%llu kills", seen.last.counters.oom_kills);
	cr_assert_gt(seen.last.counters.swap_out_pages, 0);
	cr_assert_gt(seen.last.counters.psi_some_ns, 0, "fast swap is pressure too");
	cr_assert_gt(seen.last.counters.io_ns, 0);
	free(seen.what);
}

Test(guest, pages_in_use_are_truly_young_whenever_a_report_is_made)
{
	static const char text[] =
		"{ \"name\": \"truth\", \"duration\": \"60s\", \"quantum\": \"100ms\","
		"  \"host\": { \"memory\": \"1GiB\" },"
		"  \"vms\": [ { \"name\": \"a\", \"memory\": \"256MiB\", \"kernel\": \"8MiB\","
		"             \"workload\": [ \"t.wst\" ], \"loop\": false } ],"
		"  \"policy\": \"wmo\" }";
	struct tr_writer *writer = open_trace("t.wst", TR_ANON);
	struct seen seen = { .late_ns = SIM_NONE };
	u32 pages = 32 * 1024;

	for (u32 i = 0; i < 6000000; i++)
		put(writer, (struct tr_record){ .op = TR_ACCESS, .page = i % pages,
						.time_ns = i * 10000ull });
	commit(writer);
	run(text, NULL, 0, &seen);
	cr_assert_gt(seen.reports, 0);
	cr_assert_eq(seen.true_old_bytes, 0, "%llu bytes", seen.true_old_bytes);
	free(seen.what);
}

/* 32 MiB are used every 40 s and 8 MiB every 10 s; wmo asks for a report every few seconds. */
Test(guest, pages_that_come_back_are_counted_by_how_long_they_were_idle)
{
	static const char text[] =
		"{ \"name\": \"back\", \"duration\": \"10m\", \"host\": { \"memory\": \"1GiB\" },"
		"  \"vms\": [ { \"name\": \"a\", \"memory\": \"256MiB\", \"kernel\": \"8MiB\","
		"             \"swap\": \"zram\", \"reclaim\": \"mglru:16\","
		"             \"workload\": [ \"t.wst\" ], \"loop\": false } ],"
		"  \"policy\": \"wmo\" }";
	struct tr_writer *writer = open_trace("t.wst", TR_ANON);
	struct seen seen = { .late_ns = SIM_NONE };
	u32 rare = 8192, often = 2048;
	u64 pages[SIM_REACCESS_EDGES + 1], all = 0;

	for (u64 time_s = 0; time_s < 600; time_s += 10)
		for (u32 i = 0; i < often + (time_s % 40 ? 0 : rare); i++)
			put(writer, (struct tr_record){ .op = TR_ACCESS, .page = i,
							.time_ns = time_s * SIM_SECOND + i * 1000 });
	commit(writer);
	run(text, NULL, 0, &seen);
	cr_assert_eq(seen.last.reaccess_bins_count, SIM_REACCESS_EDGES + 1);
	for (u32 i = 0; i <= SIM_REACCESS_EDGES; i++) {
		pages[i] = seen.last.reaccess[i].anon_pages;
		all += pages[i];
	}
	/*
	 * 59 and 14 times, but for the first (still in the youngest generation) and the last (told
	 * when the next one begins) of the 10 s.  Ages are known to within a generation: 10 s are
	 * 4 to 20, 40 s are above 32.
	 */
	cr_assert_eq(all, 57 * often + 14 * rare, "%llu", all);
	cr_assert_eq(pages[6], 14 * rare, "%llu", pages[6]);
	cr_assert_geq(pages[3] + pages[4] + pages[5], 57 * often * 9 / 10, "%llu below 4 s",
		      pages[0] + pages[1] + pages[2]);
	cr_assert_eq(seen.last.reaccess_older_pages[0], 0);
	free(seen.what);
}

Test(guest, the_kernel_s_work_is_free_on_an_idle_vcpu_and_shared_on_busy_ones)
{
	struct sim_engine engine = { .now_ns = 0 };
	struct sim_guest guest = { .vcpus = 2, .engine = &engine };

	sim_guest_owe(&guest, 1000);
	engine.now_ns = 400; /* both idle: 800 are done */
	sim_guest_settle(&guest);
	cr_assert_eq(guest.cpu_debt_ns, 200);
	guest.psi.productive = 2;
	engine.now_ns = 1000; /* nobody has time for it */
	sim_guest_owe(&guest, 800);
	cr_assert_eq(guest.cpu_debt_ns, 1000);
	cr_assert_eq(sim_guest_pay_debt(&guest, 1000, 1600), 300, "half of the time, on both");
	cr_assert_eq(guest.cpu_debt_ns, 400);
	guest.psi.productive = 1;
	cr_assert_eq(sim_guest_pay_debt(&guest, 1300, 1600), 0, "the other vCPU does it");
	engine.now_ns = 1700;
	sim_guest_settle(&guest);
	cr_assert_eq(guest.cpu_debt_ns, 0);
}

Test(guest, a_host_without_swap_that_is_full_neither_hangs_nor_scans_for_ever)
{
	static const char text[] =
		"{ \"name\": \"full\", \"duration\": \"60s\","
		"  \"host\": { \"memory\": \"96MiB\", \"reserved\": \"0\", \"swap\": \"none\" },"
		"  \"vms\": [ { \"name\": \"a\", \"count\": 2, \"memory\": \"80MiB\","
		"             \"memory_min\": \"16MiB\", \"kernel\": \"8MiB\","
		"             \"workload\": [ \"t.wst\" ] } ],"
		"  \"policy\": \"static\" }";
	struct tr_writer *writer = open_trace("t.wst", TR_ANON);
	struct seen seen = { .late_ns = SIM_NONE };

	for (u32 i = 0; i < 100000; i++)
		put(writer, (struct tr_record){ .op = TR_ACCESS, .page = i % 15000, .write = true,
						.time_ns = i * 100000ull });
	commit(writer);
	run(text, NULL, 0, &seen);
	cr_assert_eq(seen.host.swap_out_pages, 0);
	cr_assert_eq(seen.host.psi_some_ns > 30 * SIM_SECOND, true, "VMs wait for memory");
	cr_assert_lt(seen.host.cpu_ns, SIM_SECOND, "the host spent %llu ns", seen.host.cpu_ns);
	cr_assert_lt(seen.result.events, 100000, "%llu events", seen.result.events);
	free(seen.what);
}

/* A host of 64 MiB without a share of its own, low at 10 % and high at 20 %. */
#define HOST_PAGES 16384u
#define HOST_LOW (HOST_PAGES / 10)
#define HOST_HIGH (HOST_PAGES / 5)
static const char small_host[] =
	"{ \"name\": \"small\", \"duration\": \"60s\", \"sample\": \"50ms\","
	"  \"host\": { \"memory\": \"64MiB\", \"reserved\": \"0\", \"low\": 0.1, \"high\": 0.2,"
	"             \"swap\": { \"device\": \"nvme\", \"size\": \"256MiB\" } },"
	"  \"vms\": [ { \"name\": \"a\", \"memory\": \"128MiB\", \"memory_min\": \"16MiB\","
	"             \"kernel\": \"8MiB\", \"workload\": [ \"t.wst\" ], \"loop\": false } ],"
	"  \"policy\": \"static\" }";

static void touch_once(u32 pages)
{
	struct tr_writer *writer = open_trace("t.wst", TR_ANON);

	for (u32 i = 0; i < pages; i++)
		put(writer, (struct tr_record){ .op = TR_ACCESS, .page = i, .write = true,
						.time_ns = i * SIM_MS });
	/* It lives on: what a process leaves is freed. */
	put(writer, (struct tr_record){ .op = TR_ACCESS, .page = 0, .time_ns = 70 * SIM_SECOND });
	commit(writer);
}

Test(guest, a_host_that_is_short_reclaims_until_its_high_watermark)
{
	struct seen seen = { .late_ns = SIM_NONE };

	touch_once(20000);
	run(small_host, NULL, 0, &seen);
	cr_assert_gt(seen.host.swap_out_pages, 20000 + KERNEL_PAGES - HOST_PAGES);
	/* 50 pages are touched between two looks. */
	cr_assert_geq(seen.free_most, HOST_HIGH - 50, "at most %llu free", seen.free_most);
	cr_assert_lt(seen.free_most, HOST_HIGH + 100, "%llu free", seen.free_most);
	free(seen.what);
}

Test(guest, a_host_gives_no_huge_page_that_would_take_it_below_its_low_watermark)
{
	struct seen seen = { .late_ns = SIM_NONE };

	/* Rounded up to huge pages it would be short of memory; as it is, 100 pages are left. */
	touch_once(HOST_PAGES - HOST_LOW - 100 - KERNEL_PAGES);
	run(small_host, NULL, 0, &seen);
	cr_assert_eq(seen.host.swap_out_pages, 0);
	cr_assert_geq(seen.host.free_pages, HOST_LOW, "%llu free", (u64)seen.host.free_pages);
	cr_assert_lt(seen.host.free_pages, HOST_LOW + SIM_REGION_PAGES);
	free(seen.what);
}

Test(guest, a_trace_of_no_record_and_one_of_no_length_let_time_go_on)
{
	static const char text[] =
		"{ \"name\": \"short\", \"duration\": \"10s\","
		"  \"host\": { \"memory\": \"64MiB\", \"reserved\": \"0\" },"
		"  \"vms\": [ { \"name\": \"a\", \"memory\": \"16MiB\", \"memory_min\": \"8MiB\","
		"             \"kernel\": \"1MiB\","
		"             \"workload\": [ \"none.wst\", \"t.wst\" ] } ], \"policy\": \"static\" }";
	struct seen seen = { .late_ns = SIM_NONE };
	struct tr_writer *writer = open_trace("none.wst", TR_ANON);

	commit(writer);
	writer = open_trace("t.wst", TR_ANON);
	put(writer, (struct tr_record){ .op = TR_ACCESS });
	commit(writer);
	run(text, NULL, 0, &seen);
	cr_assert_gt(seen.last.counters.segments_done, 1000, "both take a millisecond");
	cr_assert_leq(seen.last.counters.segments_done, 5000);
	free(seen.what);
}
