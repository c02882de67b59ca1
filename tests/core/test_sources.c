/* SPDX-License-Identifier: BSD-2-Clause */
/* test_sources.c - each source of ages on cases small enough to work out by hand. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ws_source_damon.h"
#include "ws_source_lists.h"
#include "ws_source_mglru.h"
#include "ws_source_refs.h"
#include "ws_source_scan.h"

#define PAGES 1024u
#define SECOND 1000000000ull

/* Pages with a bit each, all mapped where any is present. */
struct memory {
	u8 young[PAGES], present[PAGES], file[PAGES];
};

static u32 read_bits(struct memory *memory, u32 first, u32 count, u64 *bits, bool clear)
{
	cr_assert(first % 64 == 0 && count <= WS_BLOCK_PAGES && first + count <= PAGES);
	for (u32 i = 0; i < count; i++) {
		bits[i / 64] |= (u64)(memory->young[first + i] && memory->present[first + i]) << i % 64;
		if (clear)
			memory->young[first + i] = 0;
	}
	return count;
}

static u32 memory_take(void *ctx, u32 first, u32 count, u64 *bits)
{
	return read_bits(ctx, first, count, bits, true);
}

static u32 memory_look(void *ctx, u32 first, u32 count, u64 *bits)
{
	return read_bits(ctx, first, count, bits, false);
}

static bool memory_take_page(void *ctx, u32 page)
{
	struct memory *memory = ctx;
	bool young = memory->young[page] && memory->present[page];

	cr_assert_lt(page, PAGES);
	memory->young[page] = 0;
	return young;
}

static void memory_resident(void *ctx, u32 first, u32 count, u64 *resident, u64 *file)
{
	const struct memory *memory = ctx;

	for (u32 i = 0; i < count; i++) {
		resident[i / 64] |= (u64)memory->present[first + i] << i % 64;
		file[i / 64] |= (u64)memory->file[first + i] << i % 64;
	}
}

static const struct ws_access_ops memory_ops = {
	memory_take, memory_look, memory_take_page, memory_resident,
};
static struct memory memory;
static u16 page_array[PAGES];
static const struct ws_access access_to_memory = { &memory_ops, &memory };

static void come(struct ws_source *source, u32 page, enum ws_type type, enum ws_enter how)
{
	memory.present[page] = 1;
	memory.file[page] = type == WS_FILE;
	memory.young[page] = how == WS_ENTER_FAULT;
	source->ops->enter(source, page, type, how);
}

static void go(struct ws_source *source, u32 page)
{
	source->ops->leave(source, page);
	memory.present[page] = memory.young[page] = 0;
}

/* A sink that keeps the sums: pages, and pages whose whole span lies in [from, to]. */
struct sums {
	struct ws_span_sink sink;
	u64 from_ns, to_ns, pages[WS_TYPES], inside, spans;
};

static void sums_put(struct ws_span_sink *sink, enum ws_type type, u64 age_min_ns, u64 age_max_ns,
		     u64 pages)
{
	struct sums *sums = (struct sums *)sink;

	cr_assert_leq(age_min_ns, age_max_ns);
	cr_assert_gt(pages, 0);
	sums->pages[type] += pages;
	sums->spans++;
	if (age_min_ns >= sums->from_ns && age_max_ns <= sums->to_ns)
		sums->inside += pages;
}

static struct sums collect(struct ws_source *source, u64 from_ns, u64 to_ns, u64 now_ns)
{
	struct sums sums = { .sink = { sums_put }, .from_ns = from_ns, .to_ns = to_ns };

	cr_assert_eq(source->ops->collect(source, &sums.sink, now_ns), 0);
	return sums;
}

static void expect_span(struct ws_source *source, u32 page, u64 now_ns, u64 min_ns, u64 max_ns)
{
	struct ws_span span = { 1, 0 };

	cr_assert_eq(source->ops->page_span(source, page, now_ns, &span), 0);
	cr_assert_eq(span.age_min_ns, min_ns, "page %u: from %llu, not %llu", page, span.age_min_ns,
		     min_ns);
	cr_assert_eq(span.age_max_ns, max_ns, "page %u: to %llu, not %llu", page, span.age_max_ns,
		     max_ns);
}

static void pass(struct ws_source *source, u64 now_ns)
{
	cr_assert_eq(source->ops->age(source, now_ns), 0);
	cr_assert_eq(source->ops->youngest_birth(source), now_ns);
}

Test(sources, generations_know_an_age_to_one_interval)
{
	struct ws_source_mglru mglru;
	struct ws_source *source = &mglru.source;

	cr_assert_eq(ws_source_mglru_init(&mglru, page_array, PAGES, ws_rules_base, 8,
					  &access_to_memory, 0), 0);
	come(source, 1, WS_ANON, WS_ENTER_FAULT);
	come(source, 2, WS_FILE, WS_ENTER_FAULT);
	pass(source, 1 * SECOND); /* both young */
	memory.young[2] = 1;
	pass(source, 2 * SECOND);
	pass(source, 3 * SECOND);
	/* 1 was used before 1 s, 2 between 1 and 2 s. */
	expect_span(source, 1, 3500000000, 2500000000, 3500000000);
	expect_span(source, 2, 3500000000, 1500000000, 2500000000);
	struct sums sums = collect(source, 1500000000, 2500000000, 3500000000);
	cr_assert(sums.pages[WS_ANON] == 1 && sums.pages[WS_FILE] == 1 && sums.inside == 1);
	cr_assert_eq(source->cost.ptes, 3 * PAGES);
	cr_assert_eq(source->cost.young, 3);
	go(source, 1);
	sums = collect(source, 0, 10 * SECOND, 4 * SECOND);
	cr_assert(sums.pages[WS_ANON] == 0 && sums.inside == 1);
}

Test(sources, four_generations_fold_what_is_older_than_three_intervals)
{
	struct ws_source_mglru mglru;

	cr_assert_eq(ws_source_mglru_init(&mglru, page_array, PAGES, ws_rules_base, 4,
					  &access_to_memory, 0), 0);
	come(&mglru.source, 5, WS_ANON, WS_ENTER_FAULT);
	for (u32 i = 1; i <= 10; i++)
		pass(&mglru.source, i * SECOND);
	/* The oldest of generations born at 7, 8, 9 and 10 s. */
	expect_span(&mglru.source, 5, 10 * SECOND, 2 * SECOND, 3 * SECOND);
}

Test(sources, what_read_brings_in_begins_in_the_oldest_of_four_whatever_n_is)
{
	struct ws_source_mglru mglru;

	for (u32 gens = 4; gens <= 64; gens *= 2) {
		memset(&memory, 0, sizeof(memory));
		memset(page_array, 0, sizeof(page_array));
		cr_assert_eq(ws_source_mglru_init(&mglru, page_array, PAGES, ws_rules_base, gens,
						  &access_to_memory, 0), 0);
		for (u32 i = 1; i <= 20; i++)
			pass(&mglru.source, i * SECOND);
		come(&mglru.source, 9, WS_FILE, WS_ENTER_READ);
		expect_span(&mglru.source, 9, 20 * SECOND, 2 * SECOND, 3 * SECOND);
	}
	cr_assert_eq(ws_source_mglru_init(&mglru, page_array, PAGES, ws_rules_base, 65,
					  &access_to_memory, 0), -EINVAL);
	struct ws_rules rules = *ws_rules_base;
	rules.sighting = 77;
	cr_assert_eq(ws_source_mglru_init(&mglru, page_array, PAGES, &rules, 4, &access_to_memory,
					  0), -EINVAL);
}

/* Generations before the youngest into which a page comes, or moves, by the rules of @name. */
static u32 back_of(const struct ws_source_mglru *mglru, u32 page)
{
	return (u32)(mglru->age.max_seq - ws_age_seq(&mglru->age, page));
}

static void start_mglru(struct ws_source_mglru *mglru, const char *name, u32 gens)
{
	memset(&memory, 0, sizeof(memory));
	memset(page_array, 0, sizeof(page_array));
	cr_assert_eq(ws_source_mglru_init(mglru, page_array, PAGES,
					  ws_rules_find(name, (u32)strlen(name)), gens,
					  &access_to_memory, 0), 0);
	for (u32 i = 1; i <= 2 * gens; i++)
		pass(&mglru->source, i * SECOND);
}

/*
 * As the kernels place them: folio_add_lru() makes active what comes in during a fault, swapped-in
 * anon too, and lru_gen_add_folio() or lru_gen_folio_seq() finds the generation.  From 6.14 on
 * active is the second youngest; mm-new leaves file pages and refaulted anon inactive.
 */
Test(sources, pages_come_in_where_each_version_puts_them_whatever_n_is)
{
	static const struct {
		const char *rules;
		u32 fault_anon, fault_file, swapin, swapcache, ahead, read, writeback;
	} want[] = {
		{ "base",   0, 0, 0, 3, 3, 3, 2 }, { "6.1",    0, 0, 0, 0, 0, 3, 2 },
		{ "6.1.y",  0, 0, 0, 0, 0, 2, 1 }, { "6.12",   0, 0, 0, 0, 0, 2, 1 },
		{ "6.14",   1, 1, 1, 1, 1, 3, 1 }, { "6.18",   1, 1, 1, 1, 1, 3, 1 },
		{ "mm-new", 1, 2, 1, 2, 2, 3, 1 }, { "fg",     1, 3, 1, 3, 3, 3, 1 },
	};
	struct ws_source_mglru mglru;

	cr_assert_eq(sizeof(want) / sizeof(*want), WS_RULES_COUNT);
	for (u32 i = 0; i < WS_RULES_COUNT; i++) {
		for (u32 gens = 4; gens <= 64; gens *= 2) {
			start_mglru(&mglru, want[i].rules, gens);
			come(&mglru.source, 0, WS_ANON, WS_ENTER_FAULT);
			come(&mglru.source, 1, WS_FILE, WS_ENTER_FAULT);
			come(&mglru.source, 2, WS_ANON, WS_ENTER_SWAPIN);
			come(&mglru.source, 3, WS_ANON, WS_ENTER_SWAPCACHE);
			come(&mglru.source, 4, WS_FILE, WS_ENTER_AHEAD);
			come(&mglru.source, 5, WS_FILE, WS_ENTER_READ);
			come(&mglru.source, 6, WS_FILE, WS_ENTER_WRITEBACK);
			const u32 back[] = { want[i].fault_anon, want[i].fault_file, want[i].swapin,
					     want[i].swapcache, want[i].ahead, want[i].read,
					     want[i].writeback };
			for (u32 page = 0; page < 7; page++)
				cr_assert_eq(back_of(&mglru, page), back[page],
					     "%s, %u generations, page %u: %u, not %u", want[i].rules,
					     gens, page, back_of(&mglru, page), back[page]);
			cr_assert(ws_age_check(&mglru.age));
		}
	}
}

Test(sources, a_page_just_swapped_in_is_young)
{
	struct ws_source_mglru mglru;

	start_mglru(&mglru, "base", 4);
	come(&mglru.source, 9, WS_ANON, WS_ENTER_SWAPIN);
	expect_span(&mglru.source, 9, 8 * SECOND + SECOND / 2, 0, SECOND / 2);
}

/*
 * Up to 6.13 the first sighting promotes; from 6.14 on the second does, and all after it; since
 * 7.2 (mm-new) and with FG the fault that brought the page in counts as the first.
 */
Test(sources, from_6_14_on_a_page_used_once_stays_old)
{
	static const struct {
		const char *rules;
		u32 back[3]; /* after 1, 2, 3 sightings; 10 passes went by before */
	} want[] = {
		{ "base", { 1, 1, 1 } },  { "6.12", { 1, 1, 1 } },   { "6.14", { 11, 1, 1 } },
		{ "6.18", { 11, 1, 1 } }, { "mm-new", { 1, 1, 1 } }, { "fg", { 1, 1, 1 } },
	};
	struct ws_source_mglru mglru;

	for (u32 i = 0; i < sizeof(want) / sizeof(*want); i++) {
		u64 now_ns = 32 * SECOND;

		start_mglru(&mglru, want[i].rules, 16);
		come(&mglru.source, 9, WS_FILE, WS_ENTER_FAULT);
		memory.young[9] = 0;
		for (u32 k = 0; k < 9; k++)
			pass(&mglru.source, now_ns += SECOND);
		for (u32 sighting = 0; sighting < 3; sighting++) {
			memory.young[9] = 1;
			pass(&mglru.source, now_ns += SECOND);
			cr_assert_eq(back_of(&mglru, 9), want[i].back[sighting],
				     "%s, sighting %u: %u generations back, not %u", want[i].rules,
				     sighting + 1, back_of(&mglru, 9), want[i].back[sighting]);
		}
		/* A fold of all generations leaves the working set what it was, and forgets a flag. */
		for (u32 k = 0; k < 20; k++)
			pass(&mglru.source, now_ns += SECOND);
		memory.young[9] = 1;
		pass(&mglru.source, now_ns += SECOND);
		cr_assert_eq(back_of(&mglru, 9), 1, "%s", want[i].rules);
	}
}

Test(sources, a_flag_set_by_one_sighting_is_forgotten_in_a_fold)
{
	struct ws_source_mglru mglru;

	for (u32 gens = 4; gens <= 16; gens += 12) {
		u64 now_ns = 2 * gens * SECOND;

		start_mglru(&mglru, "6.18", gens);
		come(&mglru.source, 9, WS_ANON, WS_ENTER_FAULT);
		pass(&mglru.source, now_ns += SECOND);
		for (u32 k = 0; k < 6; k++)
			pass(&mglru.source, now_ns += SECOND);
		memory.young[9] = 1;
		pass(&mglru.source, now_ns += SECOND);
		/* Of four, folded since; of sixteen, not: this sighting is the second. */
		cr_assert_eq(back_of(&mglru, 9), gens == 4 ? 3 : 1, "%u generations", gens);
	}
}

Test(sources, an_access_by_read_counts_towards_the_sighting_that_promotes)
{
	struct ws_source_mglru mglru;
	u64 now_ns = 8 * SECOND;

	start_mglru(&mglru, "6.18", 4);
	come(&mglru.source, 1, WS_FILE, WS_ENTER_READ);
	come(&mglru.source, 2, WS_FILE, WS_ENTER_READ);
	mglru.source.ops->descriptor(&mglru.source, 1);
	memory.young[1] = memory.young[2] = 1;
	pass(&mglru.source, now_ns += SECOND);
	cr_assert_eq(back_of(&mglru, 1), 1);
	cr_assert_eq(back_of(&mglru, 2), 3);
}

static struct ws_source_lists lists;
static u32 *pool;

static void start_lists(u32 priority)
{
	pool = aligned_alloc(64, (ws_queue_footprint(PAGES) + 63) / 64 * 64);
	memset(pool, 0, ws_queue_footprint(PAGES));
	ws_source_lists_init(&lists, page_array, pool, PAGES, priority, &access_to_memory, 0);
}

static u64 on(enum ws_list list)
{
	return ws_source_lists_pages(&lists, list, WS_ANON);
}

Test(sources, a_list_page_accessed_twice_becomes_active_and_is_told_young)
{
	start_lists(0);
	come(&lists.source, 3, WS_ANON, WS_ENTER_FAULT);
	come(&lists.source, 4, WS_ANON, WS_ENTER_FAULT);
	memory.young[4] = 0;
	pass(&lists.source, 1 * SECOND); /* 3 is referenced, back to the head */
	cr_assert(on(WS_INACTIVE) == 2 && on(WS_ACTIVE) == 0);
	memory.young[3] = 1;
	pass(&lists.source, 2 * SECOND); /* 3 again: active */
	cr_assert(on(WS_INACTIVE) == 1 && on(WS_ACTIVE) == 1);
	/* Put on active in the epoch from 1 to 2 s; looked at by nobody since. */
	expect_span(&lists.source, 3, 5 * SECOND, 0, 4 * SECOND);
	/* 4 came before 1 s and was not seen used: its epoch stays, wherever it is. */
	expect_span(&lists.source, 4, 5 * SECOND, 4 * SECOND, 5 * SECOND);
	struct sums sums = collect(&lists.source, 4 * SECOND, 5 * SECOND, 5 * SECOND);
	cr_assert(sums.pages[WS_ANON] == 2 && sums.inside == 1);
	cr_assert_eq(lists.source.cost.rmaps, 4);
}

Test(sources, deactivation_takes_the_accessed_bit_and_makes_an_idle_page_look_young)
{
	start_lists(0);
	come(&lists.source, 3, WS_ANON, WS_ENTER_FAULT);
	pass(&lists.source, 1 * SECOND);
	memory.young[3] = 1;
	pass(&lists.source, 2 * SECOND);
	cr_assert_eq(on(WS_ACTIVE), 1);
	memory.young[3] = 1; /* used at 2.5 s, say, and never again */
	pass(&lists.source, 9 * SECOND);
	cr_assert(on(WS_ACTIVE) == 0 && on(WS_INACTIVE) == 1, "inactive was low: 0 < 1");
	cr_assert_eq(memory.young[3], 0);
	expect_span(&lists.source, 3, 9 * SECOND, 0, 7 * SECOND);
}

Test(sources, two_reads_through_a_descriptor_activate)
{
	start_lists(0);
	come(&lists.source, 7, WS_FILE, WS_ENTER_READ);
	lists.source.ops->descriptor(&lists.source, 7);
	cr_assert_eq(ws_source_lists_pages(&lists, WS_ACTIVE, WS_FILE), 0);
	lists.source.ops->descriptor(&lists.source, 7);
	cr_assert_eq(ws_source_lists_pages(&lists, WS_ACTIVE, WS_FILE), 1);
	go(&lists.source, 7);
	cr_assert_eq(ws_source_lists_pages(&lists, WS_ACTIVE, WS_FILE), 0);
}

Test(sources, lists_look_at_their_part_and_never_twice_in_a_pass)
{
	start_lists(2);
	for (u32 page = 0; page < 100; page++)
		come(&lists.source, page, WS_ANON, WS_ENTER_FAULT);
	pass(&lists.source, SECOND);
	cr_assert_eq(lists.source.cost.rmaps, 25);
	/* The tail came first: these have been looked at, the next are at the tail now. */
	for (u32 page = 0; page < 100; page++)
		cr_assert_eq(memory.young[page], page >= 25, "page %u", page);
	/* Ghosts on the queue, and pages that came back as another type, are sorted out. */
	for (u32 page = 0; page < 100; page++)
		go(&lists.source, page);
	for (u32 page = 0; page < 100; page += 2)
		come(&lists.source, page, WS_FILE, WS_ENTER_FAULT);
	for (u32 i = 2; i < 200; i++)
		pass(&lists.source, i * SECOND);
	cr_assert_eq(ws_source_lists_pages(&lists, WS_INACTIVE, WS_FILE) +
		     ws_source_lists_pages(&lists, WS_ACTIVE, WS_FILE), 50);
	cr_assert(ws_age_check(&lists.list[WS_INACTIVE]) && ws_age_check(&lists.list[WS_ACTIVE]) ==
		  ws_age_check(&lists.list[WS_INACTIVE]));
}

Test(sources, inactive_is_low_follows_the_root_of_ten_times_the_size)
{
	cr_assert(ws_source_lists_low(9, 10) && !ws_source_lists_low(10, 10));
	/* 10 GiB: the active list may be ten times the inactive one. */
	u64 all = 10ull << 18;
	cr_assert(ws_source_lists_low(all / 11 - 1, all - all / 11 + 1));
	cr_assert_not(ws_source_lists_low(all / 11 + 1, all - all / 11 - 1));
	/* 1 GiB: three times. */
	cr_assert(ws_source_lists_low((1 << 16) - 1, 3 * (1 << 16) + 1));
	cr_assert_not(ws_source_lists_low(1 << 16, 3 << 16));
}

Test(sources, a_scan_of_writes_does_not_see_reads)
{
	struct ws_source_scan scan;

	/* The environment's bit is "written": a page that is only read never has it. */
	ws_source_scan_init(&scan, WS_SCAN_WRITES, page_array, PAGES, &access_to_memory, 0);
	come(&scan.source, 1, WS_ANON, WS_ENTER_FAULT);
	come(&scan.source, 600, WS_ANON, WS_ENTER_FAULT);
	pass(&scan.source, 1 * SECOND);
	cr_assert_eq(scan.source.cost.flushes, 2, "one range in each page-table page");
	memory.young[600] = 1;
	for (u32 i = 2; i <= 9; i++)
		pass(&scan.source, i * SECOND);
	expect_span(&scan.source, 1, 9 * SECOND, 8 * SECOND, 9 * SECOND);
	expect_span(&scan.source, 600, 9 * SECOND, 7 * SECOND, 8 * SECOND);
	cr_assert(scan.source.cost.flushes == 3 && scan.source.cost.ptes == 9 * PAGES);
	cr_assert(scan.source.cost.rmaps == 0 && scan.source.cost.pfns == 0);
}

Test(sources, the_idle_bitmap_pays_by_page_and_by_frame)
{
	struct ws_source_scan scan;

	ws_source_scan_init(&scan, WS_SCAN_IDLE, page_array, PAGES, &access_to_memory, 0);
	for (u32 page = 0; page < 10; page++)
		come(&scan.source, page, WS_FILE, WS_ENTER_READ);
	pass(&scan.source, SECOND);
	cr_assert(scan.source.cost.rmaps == 20 && scan.source.cost.pfns == 2 * PAGES);
	cr_assert(scan.source.cost.ptes == 0 && scan.source.cost.flushes == 0);
	/* It tells 63 intervals apart, and then folds. */
	for (u32 i = 2; i <= 100; i++)
		pass(&scan.source, i * SECOND);
	expect_span(&scan.source, 4, 100 * SECOND, 62 * SECOND, 63 * SECOND);
}

Test(sources, sums_become_the_curve_of_the_windows)
{
	struct ws_source_refs refs;
	struct ws_source *source = &refs.source;
	struct ws_span span;

	ws_source_refs_init(&refs, PAGES, &access_to_memory, 0);
	for (u32 page = 0; page < 100; page++)
		come(source, page, page < 60 ? WS_ANON : WS_FILE, WS_ENTER_READ);
	cr_assert_eq(source->ops->page_span(source, 0, 0, &span), -ENODATA);
	for (u32 page = 0; page < 10; page++)
		memory.young[page] = 1;
	pass(source, 1 * SECOND); /* window 1 s: 10 pages */
	for (u32 page = 0; page < 30; page++)
		memory.young[page] = 1;
	pass(source, 2 * SECOND); /* window 2 s: 30 pages */
	struct sums sums = collect(source, 0, SECOND, 2 * SECOND);
	cr_assert(sums.pages[WS_ANON] == 60 && sums.pages[WS_FILE] == 40 && sums.inside == 10);
	sums = collect(source, SECOND, 2 * SECOND, 2 * SECOND);
	/* 20 between the windows; the 70 others since before: 2 s ago to 2 s ago. */
	cr_assert_eq(sums.inside, 20 + 70);
	for (u32 i = 3; i <= 32; i++)
		pass(source, i * SECOND);
	cr_assert(source->cost.locked_ptes == PAGES && source->cost.ptes == 7 * PAGES);
	cr_assert_eq(memory.young[5], 0, "the cycle's end clears");
	/* The last cycle's readings stand while the next has none. */
	sums = collect(source, 0, 2 * SECOND, 33 * SECOND);
	cr_assert_eq(sums.inside, 30);
	for (u32 page = 0; page < 55; page++)
		go(source, page);
	sums = collect(source, 0, SECOND, 33 * SECOND);
	cr_assert(sums.pages[WS_ANON] == 5 && sums.inside == 5, "never more than is in memory");
	/* The next pass is late: its short window is longer than the others, from before. */
	pass(source, 200 * SECOND);
	sums = collect(source, 168 * SECOND, 200 * SECOND, 200 * SECOND);
	cr_assert_eq(sums.pages[WS_ANON] + sums.pages[WS_FILE], 45);
	cr_assert_eq(sums.inside, 45, "none has been used in that window");
}

/* Random numbers; seeds are printed when something differs. */
static u64 random_state;

static u32 draw(u32 below)
{
	u64 z = random_state += 0x9e3779b97f4a7c15ull;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return (u32)((z ^ z >> 31) >> 32) % below;
}

/* --- DAMON --- */

static const struct ws_damon_config damon_config = {
	.sample_ns = 5000000, .aggregation_ns = 100000000, .regions_min = 10, .regions_max = 100,
	.seed = 1,
};
static struct ws_damon_region regions[100];

/* Pages 0..99 are used all the time, the others never. */
static void run_damon_by(struct ws_source_damon *damon, const struct ws_damon_config *config,
			 u32 aggregations, bool check)
{
	u64 now_ns = 0;

	memset(&memory, 0, sizeof(memory));
	cr_assert_eq(ws_source_damon_init(damon, config, regions, PAGES, &access_to_memory,
					  0), 0);
	for (u32 page = 0; page < PAGES; page++)
		come(&damon->source, page, page % 2 ? WS_FILE : WS_ANON, WS_ENTER_READ);
	for (u32 i = 0; i <= aggregations * 20; i++) {
		now_ns = damon->source.ops->step(&damon->source, now_ns);
		memset(memory.young, 1, 100);
		if (!check)
			continue;
		cr_assert(ws_source_damon_check(damon), "after step %u", i);
		cr_assert_geq(damon->regions_count, 10);
	}
}

static void run_damon(struct ws_source_damon *damon, u32 aggregations, bool check)
{
	run_damon_by(damon, &damon_config, aggregations, check);
}

Test(sources, damon_regions_cover_the_range_in_bounds_at_every_step)
{
	struct ws_source_damon damon;

	run_damon(&damon, 200, true);
	cr_assert_eq(damon.aggregated_ns, 200 * damon_config.aggregation_ns);
}

Test(sources, damon_tells_hot_from_idle_and_idle_for_how_long)
{
	struct ws_source_damon damon;
	u64 now_ns = 100 * damon_config.aggregation_ns;

	run_damon(&damon, 100, false);
	expect_span(&damon.source, 40, now_ns, 0, damon_config.aggregation_ns);
	/* Asked late, when samples have long not been taken: it has been in use since then. */
	expect_span(&damon.source, 40, now_ns + SECOND, 0, SECOND);
	/* Never accessed: its age has counted every aggregation. */
	expect_span(&damon.source, 1000, now_ns, now_ns, now_ns + damon_config.aggregation_ns);
	struct sums sums = collect(&damon.source, 0, damon_config.aggregation_ns, now_ns);
	cr_assert(sums.pages[WS_ANON] == PAGES / 2 && sums.pages[WS_FILE] == PAGES / 2);
	/* The hot 100, but for what a region at the border covers. */
	cr_assert(sums.inside >= 90 && sums.inside <= 170, "%llu", sums.inside);
}

Test(sources, damon_is_the_same_twice_and_another_with_another_seed)
{
	struct ws_source_damon damon;
	struct ws_damon_config config = damon_config;
	struct ws_damon_region first[100];

	run_damon(&damon, 50, false);
	u32 count = damon.regions_count;
	memcpy(first, regions, sizeof(first));
	run_damon(&damon, 50, false);
	cr_assert_eq(damon.regions_count, count);
	cr_assert_eq(memcmp(first, regions, count * sizeof(*first)), 0);
	config.seed++;
	run_damon_by(&damon, &config, 50, false);
	cr_assert(damon.regions_count != count || memcmp(first, regions, count * sizeof(*first)));
}

/* One aggregation, plainly.  @region: as they are before it, the last sample counted. */
static u32 naive_aggregate(struct ws_damon_region *region, u32 count, u32 size_max)
{
	u32 most = 0, merged = 0;

	for (u32 i = 0; i < count; i++)
		most = region[i].nr_accesses > most ? region[i].nr_accesses : most;
	for (u32 i = 0; i < count; i++) {
		struct ws_damon_region *now = &region[i], *left = &region[merged - !!merged];
		bool changed = abs((int)now->nr_accesses - (int)now->last_nr_accesses) > (int)(most / 10);
		bool flipped = !now->nr_accesses != !now->last_nr_accesses;
		u32 size = left->count + now->count;

		now->age = changed || flipped ? 0 : now->age + 1;
		if (i && abs((int)left->nr_accesses - (int)now->nr_accesses) <= (int)(most / 10) &&
		    size <= size_max) {
			left->nr_accesses = (left->nr_accesses * left->count +
					     now->nr_accesses * now->count) / size;
			left->age = (left->age * left->count + now->age * now->count) / size;
			left->count = size;
		} else {
			region[merged++] = *now;
		}
	}
	return merged;
}

/* Every merged region is there, whole or cut into up to @parts, with its count and age. */
static void expect_cut(const struct ws_source_damon *damon, const struct ws_damon_region *merged,
		       u32 merged_count, u32 parts, u64 seed)
{
	u32 at = 0, cut = 0;

	for (u32 i = 0; i < merged_count; i++) {
		u32 pieces = 0, end = merged[i].first + merged[i].count;

		for (; at < damon->regions_count && damon->region[at].first < end; at++, pieces++) {
			const struct ws_damon_region *piece = &damon->region[at];
			cr_assert_eq(piece->age, merged[i].age, "seed %llu, at %llu ns, page %u: age %u, "
				     "not %u", seed, damon->aggregated_ns, piece->first, piece->age,
				     merged[i].age);
			cr_assert_eq(piece->last_nr_accesses, merged[i].nr_accesses, "seed %llu", seed);
			cr_assert_leq(piece->first + piece->count, end, "seed %llu", seed);
		}
		cr_assert(pieces >= 1 && pieces <= (merged[i].count > 2 ? parts : 1),
			  "seed %llu: %u pages in %u pieces, %u at most", seed, merged[i].count, pieces,
			  parts);
		cut += pieces - 1;
	}
	cr_assert_eq(at, damon->regions_count, "seed %llu: a region that nobody merged", seed);
	cr_assert(parts == 1 || cut, "seed %llu: nothing was cut", seed);
}

/* Pages are used the more often the lower they are, by eighths, and seldom the same as before. */
static void use_by_eighths(u32 step)
{
	for (u32 page = 0; page < PAGES; page++) {
		u32 eighth = page * 8 / PAGES;
		memory.young[page] |= eighth != 6 && draw(8) > eighth + step / 700 % 3;
	}
}

Test(sources, damon_ages_merges_and_cuts_as_a_plain_model_does)
{
	struct ws_source_damon damon;
	struct ws_damon_region naive[100];

	for (u64 seed = 1; seed <= 3; seed++) {
		struct ws_damon_config config = damon_config;
		u32 before = 0, aggregations = 0;
		u64 now_ns = 0;

		random_state = config.seed = seed;
		memset(&memory, 0, sizeof(memory));
		memset(memory.present, 1, sizeof(memory.present));
		cr_assert_eq(ws_source_damon_init(&damon, &config, regions, PAGES, &access_to_memory,
						  0), 0);
		for (u32 step = 0; step < 6000; step++) {
			u64 aggregated_ns = damon.aggregated_ns;
			u32 count = damon.regions_count, parts = 2;

			use_by_eighths(step);
			memcpy(naive, regions, sizeof(naive));
			for (u32 i = 0; damon.armed && i < count; i++)
				naive[i].nr_accesses += memory.young[naive[i].sampled];
			now_ns = damon.source.ops->step(&damon.source, now_ns);
			if (damon.aggregated_ns == aggregated_ns)
				continue;
			count = naive_aggregate(naive, count, PAGES / config.regions_min);
			if (count > config.regions_max / 2) {
				parts = 1;
			} else {
				parts += count == before && count < config.regions_max / 3;
				before = count;
			}
			expect_cut(&damon, naive, count, parts, seed);
			aggregations++;
		}
		cr_assert_eq(aggregations, 6000 / 20 - 1, "seed %llu: %u", seed, aggregations);
	}
}

Test(sources, damon_refuses_intervals_and_numbers_that_make_no_sense)
{
	struct ws_source_damon damon;
	struct ws_damon_config bad[4] = { damon_config, damon_config, damon_config, damon_config };

	bad[0].sample_ns = 0;
	bad[1].aggregation_ns = bad[1].sample_ns - 1;
	bad[2].regions_min = 2;
	bad[3].regions_max = 9;
	for (u32 i = 0; i < 4; i++)
		cr_assert_eq(ws_source_damon_init(&damon, &bad[i], regions, PAGES,
						  &access_to_memory, 0), -EINVAL);
	cr_assert_eq(ws_source_damon_init(&damon, &damon_config, regions, 0, &access_to_memory, 0),
		     -EINVAL);
	/* Fewer pages than regions: one each, and they cannot be split. */
	cr_assert_eq(ws_source_damon_init(&damon, &damon_config, regions, 4, &access_to_memory, 0),
		     0);
	for (u64 now_ns = 0; now_ns < SECOND;)
		now_ns = damon.source.ops->step(&damon.source, now_ns);
	cr_assert(ws_source_damon_check(&damon) && damon.regions_count == 4);
}

/* --- all of them --- */

Test(sources, any_source_makes_a_report_that_holds_all_pages)
{
	static struct ws_source_mglru mglru;
	static struct ws_source_damon damon;
	static struct ws_source_scan scan;
	static struct ws_source_refs refs;
	static u16 array[4][PAGES];
	struct ws_source *source[5] = { &mglru.source, &lists.source, &damon.source, &scan.source,
					&refs.source };
	struct ws_report_config config = { .edge_ns = { SECOND, 10 * SECOND }, .edges_count = 2,
					   .refresh_interval_ns = 1 };
	struct ws_report report;

	start_lists(1);
	cr_assert_eq(ws_source_mglru_init(&mglru, array[0], PAGES, ws_rules_base, 4,
					  &access_to_memory, 0), 0);
	cr_assert_eq(ws_source_damon_init(&damon, &damon_config, regions, PAGES,
					  &access_to_memory, 0), 0);
	ws_source_scan_init(&scan, WS_SCAN_IDLE, array[1], PAGES, &access_to_memory, 0);
	ws_source_refs_init(&refs, PAGES, &access_to_memory, 0);
	for (u32 i = 0; i < 5; i++) {
		memset(&memory, 0, sizeof(memory));
		for (u32 page = 0; page < 300; page++)
			come(source[i], page, page < 200 ? WS_ANON : WS_FILE, WS_ENTER_FAULT);
		ws_report_init(&report, &ws_source_ages, source[i]);
		cr_assert_eq(ws_report_configure(&report, &config), 0);
		for (u64 now_ns = 0; now_ns < 20 * SECOND; now_ns += SECOND / 2) {
			cr_assert_eq(ws_report_refresh(&report, now_ns), 0);
			cr_assert_eq(ws_hist_total(&report.hist, WS_ANON), 200, "%s",
				     source[i]->ops->name);
			cr_assert_eq(ws_hist_total(&report.hist, WS_FILE), 100);
		}
	}
}

/* --- at random: seeds are printed when something differs --- */

/* Pages come, go and are used at random between two passes; @told hears of each. */
static void churn(struct ws_source *source, u32 steps, void (*told)(u32 page, char what))
{
	for (u32 i = 0; i < steps; i++) {
		u32 page = draw(PAGES), what = draw(8);

		if (!memory.present[page]) {
			enum ws_enter how = what % 2 ? WS_ENTER_FAULT : WS_ENTER_READ;
			come(source, page, what & 2 ? WS_FILE : WS_ANON, how);
			told(page, how == WS_ENTER_FAULT ? 'f' : 'r');
		} else if (what == 0) {
			go(source, page);
			told(page, 'g');
		} else if (what == 1 && source->ops->descriptor) {
			source->ops->descriptor(source, page);
		} else if (page % 4) { /* a quarter is never used again */
			memory.young[page] = 1;
		}
	}
}

static void nobody(u32 page, char what)
{
	(void)page;
	(void)what;
}

static void expect_all_pages(struct ws_source *source, u64 now_ns, u64 seed)
{
	struct sums sums = collect(source, 0, WS_NEVER_NS, now_ns);
	u64 pages[WS_TYPES] = { 0, 0 };

	for (u32 page = 0; page < PAGES; page++)
		if (memory.present[page])
			pages[memory.file[page] ? WS_FILE : WS_ANON]++;
	for (u32 type = 0; type < WS_TYPES; type++)
		cr_assert_eq(sums.pages[type], pages[type], "seed %llu, %llu ns, type %u: %llu of %llu",
			     seed, now_ns, type, sums.pages[type], pages[type]);
}

/*
 * A page is in the pass in which it was put last, as far back as there are generations.
 * Those before pass 0 are all born at 0.
 */
static int naive_pass[PAGES], naive_passes;

static void naive_told(u32 page, char what)
{
	naive_pass[page] = naive_passes - (what == 'r' ? WS_GENS_LINUX - 1 : 0);
}

static u64 naive_birth(int in)
{
	return in > 0 ? (u64)in * SECOND : 0;
}

static void check_against_naive(struct ws_source *source, u32 gens, u64 seed)
{
	u64 now_ns = naive_birth(naive_passes) + SECOND / 2;
	int oldest = naive_passes + 1 - (int)gens;

	for (u32 page = 0; page < PAGES; page++) {
		int in = naive_pass[page] > oldest ? naive_pass[page] : oldest;
		struct ws_span span;

		if (!memory.present[page])
			continue;
		cr_assert_eq(source->ops->page_span(source, page, now_ns, &span), 0);
		cr_assert_eq(span.age_max_ns, now_ns - naive_birth(in),
			     "seed %llu, pass %d, page %u: %llu, not %llu", seed, naive_passes, page,
			     span.age_max_ns, now_ns - naive_birth(in));
		cr_assert_eq(span.age_min_ns,
			     in == naive_passes ? 0 : now_ns - naive_birth(in + 1));
	}
}

Test(sources, generations_are_those_of_a_naive_model_through_thousands_of_passes)
{
	static const u32 gens[] = { 3, 4, 5, 16, 64 };
	struct ws_source_mglru mglru;

	for (u64 seed = 1; seed <= 5; seed++) {
		u32 n = gens[seed - 1];

		random_state = seed;
		naive_passes = 0;
		memset(&memory, 0, sizeof(memory));
		memset(page_array, 0, sizeof(page_array));
		cr_assert_eq(ws_source_mglru_init(&mglru, page_array, PAGES, ws_rules_base, n,
						  &access_to_memory, 0), 0);
		while (naive_passes < 600) {
			churn(&mglru.source, 100, naive_told);
			/* The pass puts what was used into the present generation. */
			for (u32 page = 0; page < PAGES; page++)
				if (memory.present[page] && memory.young[page])
					naive_pass[page] = naive_passes;
			naive_passes++;
			pass(&mglru.source, naive_birth(naive_passes));
			check_against_naive(&mglru.source, n, seed);
		}
		expect_all_pages(&mglru.source, 600 * SECOND, seed);
		cr_assert(ws_age_check(&mglru.age));
	}
}

Test(sources, lists_scans_and_sums_lose_no_page_at_random)
{
	static struct ws_source_scan scan;
	static struct ws_source_refs refs;

	for (u64 seed = 1; seed <= 4; seed++) {
		for (u32 kind = 0; kind < 3; kind++) {
			struct ws_source *source = kind == 0 ? &lists.source :
						   kind == 1 ? &scan.source : &refs.source;
			random_state = seed;
			memset(&memory, 0, sizeof(memory));
			memset(page_array, 0, sizeof(page_array));
			start_lists((u32)seed - 1);
			ws_source_scan_init(&scan, seed % 2 ? WS_SCAN_IDLE : WS_SCAN_WRITES,
					    page_array, PAGES, &access_to_memory, 0);
			ws_source_refs_init(&refs, PAGES, &access_to_memory, 0);
			for (u32 i = 1; i <= 600; i++) {
				churn(source, 60, nobody);
				pass(source, i * SECOND);
				expect_all_pages(source, i * SECOND + draw(1000000000), seed);
			}
			free(pool);
		}
		cr_assert(ws_age_check(&scan.age));
	}
}

Test(sources, both_lists_are_sound_after_many_passes)
{
	for (u64 seed = 1; seed <= 4; seed++) {
		random_state = seed;
		memset(&memory, 0, sizeof(memory));
		memset(page_array, 0, sizeof(page_array));
		start_lists((u32)seed % 3);
		for (u32 i = 1; i <= 800; i++) {
			churn(&lists.source, 50, nobody);
			pass(&lists.source, i * SECOND);
			cr_assert(ws_age_check(&lists.list[WS_INACTIVE]), "seed %llu", seed);
			cr_assert(ws_age_check(&lists.list[WS_ACTIVE]), "seed %llu", seed);
		}
		cr_assert_gt(on(WS_ACTIVE), 0);
		free(pool);
	}
}

Test(sources, damon_keeps_its_bounds_under_any_load)
{
	static const u32 bounds[][2] = { { 3, 3 }, { 10, 12 }, { 10, 100 }, { 50, 100 } };
	struct ws_source_damon damon;

	for (u64 seed = 1; seed <= 4; seed++) {
		struct ws_damon_config config = damon_config;
		u64 now_ns = 0;

		random_state = seed;
		memset(&memory, 0, sizeof(memory));
		config.regions_min = bounds[seed - 1][0];
		config.regions_max = bounds[seed - 1][1];
		config.seed = seed;
		cr_assert_eq(ws_source_damon_init(&damon, &config, regions, PAGES,
						  &access_to_memory, 0), 0);
		for (u32 i = 0; i < 5000; i++) {
			churn(&damon.source, 40, nobody);
			/* From time to time everything is used, or nothing for a while. */
			if (draw(50) == 0)
				memset(memory.young, (int)draw(2), sizeof(memory.young));
			now_ns = damon.source.ops->step(&damon.source, now_ns);
			cr_assert(ws_source_damon_check(&damon), "seed %llu, step %u", seed, i);
			cr_assert_geq(damon.regions_count, config.regions_min, "seed %llu", seed);
			if (i % 100 == 0)
				expect_all_pages(&damon.source, now_ns, seed);
		}
	}
}
