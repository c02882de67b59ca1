/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_rules.c - the rules of every version of MGLRU, one by one.
 *
 * Four generations throughout; a page's place is told as its distance from the youngest:
 * 0 youngest, 1 second youngest, 2 second oldest, 3 oldest.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "ws_lru.h"

#define PAGES 8192u
#define VERSIONS WS_RULES_COUNT

static struct ws_lru lru;
static u16 page[PAGES];
static u32 pool[16 * (2 + PAGES / 8)];
static u64 accessed[PAGES / 64];
static u32 victims[PAGES], shadows[PAGES];
static struct ws_rules changed;

static u64 look_around(void *ctx, u32 i)
{
	u64 young = accessed[i / 64];

	(void)ctx;
	if (!(young >> i % 64 & 1))
		return 0;
	accessed[i / 64] = 0;
	return young;
}

static const struct ws_lru_ops ops = { .look_around = look_around };

static const struct ws_rules *rules_of(const char *name)
{
	const struct ws_rules *rules = ws_rules_find(name, (u32)strlen(name));

	cr_assert_not_null(rules, "%s", name);
	return rules;
}

static void start_by(const struct ws_rules *rules)
{
	memset(pool, 0, sizeof(pool));
	memset(page, 0, sizeof(page));
	memset(accessed, 0, sizeof(accessed));
	cr_assert_eq(ws_lru_init_rules(&lru, page, pool, PAGES, rules, 0), 0, "%s", rules->name);
}

static void start(const char *name)
{
	start_by(rules_of(name));
}

static void advance(void)
{
	cr_assert_eq(ws_lru_advance(&lru, lru.age.max_seq), 0);
}

static u32 evict_looking(u32 swappiness, u32 max, u32 budget)
{
	struct ws_lru_scan scan = { .swappiness = swappiness, .budget = budget };
	u32 count = ws_lru_evict(&lru, &scan, &ops, NULL, victims, shadows, max);

	cr_assert(ws_lru_check(&lru));
	return count;
}

static u32 evict(u32 swappiness, u32 max)
{
	return evict_looking(swappiness, max, 100000);
}

static u32 distance(u32 i)
{
	return (u32)(lru.age.max_seq - ws_age_seq(&lru.age, i));
}

static u32 tier(u32 i)
{
	return ws_rules_tier(lru.rules, page[i]);
}

static void sight(u32 i)
{
	u64 young[1] = { 1ull << i % 64 };

	ws_lru_harvest(&lru, i & ~63u, young, 64);
	cr_assert(ws_age_check(&lru.age));
}

static void read_pages(u32 first, u32 count)
{
	for (u32 i = first; i < first + count; i++)
		ws_lru_add(&lru, i, WS_FILE, WS_ENTER_READ, 0);
}

static void use(u32 i, u32 times)
{
	while (times--)
		ws_lru_descriptor_access(&lru, i);
}

/* --- the table --- */

Test(rules, every_version_is_found_by_its_name_and_sound)
{
	static const char *const names[] = { "base", "6.1", "6.1.y", "6.12", "6.14", "6.18",
					     "mm-new", "fg" };

	for (u32 i = 0; i < VERSIONS; i++) {
		cr_assert_eq(ws_rules_find(names[i], (u32)strlen(names[i])), &ws_rules_table[i]);
		cr_assert_eq(ws_rules_check(&ws_rules_table[i]), 0, "%s", names[i]);
		cr_assert_eq(ws_rules_table[i].gens, WS_GENS_LINUX);
	}
	cr_assert_null(ws_rules_find("6.13", 4));
	cr_assert_null(ws_rules_find("6.1", 2), "only a part of it");
	cr_assert_null(ws_rules_find("6.1.y", 4));
	cr_assert_null(ws_rules_find("", 0));
}

Test(rules, fields_out_of_range_are_refused)
{
	for (u32 version = 0; version < VERSIONS; version++)
		for (u32 at = sizeof(char *); at < sizeof(changed); at++) {
			u8 *field = (u8 *)&changed + at;

			changed = ws_rules_table[version];
			if (field > &changed.swappiness)
				break;
			/* Two fields are switches of which any value but 0 means on. */
			if (field == &changed.controller || field == &changed.tiers ||
			    field == &changed.bloom || field == &changed.gain_setpoint ||
			    field == &changed.gain_tier)
				continue;
			*field = 254;
			cr_assert_eq(ws_rules_check(&changed), -EINVAL, "field at %u", at);
			cr_assert_eq(ws_lru_init_rules(&lru, page, pool, PAGES, &changed, 0), -EINVAL);
		}
	changed = *rules_of("fg");
	changed.restores = WS_RESTORES_FLAG;
	cr_assert_eq(ws_rules_check(&changed), -EINVAL, "counts of two kinds");
	changed = *rules_of("6.1");
	changed.gain_tier = 0;
	cr_assert_eq(ws_rules_check(&changed), -EINVAL);
}

/* --- coming in --- */

Test(rules, pages_come_in_where_each_version_puts_them)
{
	static const struct {
		const char *version;
		u32 fault_anon, fault_file, read, swapcache, writeback, ahead;
	} known[] = {
		{ "base", 0, 0, 3, 3, 2, 3 },
		{ "6.1", 0, 0, 3, 0, 2, 0 },
		{ "6.1.y", 0, 0, 2, 0, 1, 0 },
		{ "6.12", 0, 0, 2, 0, 1, 0 },
		{ "6.14", 1, 1, 3, 1, 1, 1 },
		{ "6.18", 1, 1, 3, 1, 1, 1 },
		{ "mm-new", 1, 2, 3, 2, 1, 2 },
		{ "fg", 1, 3, 3, 3, 1, 3 },
	};

	for (u32 i = 0; i < VERSIONS; i++) {
		const char *name = known[i].version;

		start(name);
		ws_lru_add(&lru, 0, WS_ANON, WS_ENTER_FAULT, 0);
		ws_lru_add(&lru, 1, WS_FILE, WS_ENTER_FAULT, 0);
		ws_lru_add(&lru, 2, WS_FILE, WS_ENTER_READ, 0);
		ws_lru_add(&lru, 3, WS_ANON, WS_ENTER_SWAPCACHE, 0);
		ws_lru_add(&lru, 4, WS_FILE, WS_ENTER_WRITEBACK, 0);
		ws_lru_add(&lru, 5, WS_FILE, WS_ENTER_AHEAD, 0);
		cr_assert_eq(distance(0), known[i].fault_anon, "%s: anon fault", name);
		cr_assert_eq(distance(1), known[i].fault_file, "%s: file fault", name);
		cr_assert_eq(distance(2), known[i].read, "%s: read", name);
		cr_assert_eq(distance(3), known[i].swapcache, "%s: swap cache", name);
		cr_assert_eq(distance(4), known[i].writeback, "%s: writeback", name);
		cr_assert_eq(distance(5), known[i].ahead, "%s: readahead", name);
	}
}

/* Three generations are what eviction needs; only a fourth is one to spare (6.8 on). */
Test(rules, read_pages_get_the_second_oldest_generation_only_if_there_is_one_to_spare)
{
	start("6.12");
	cr_assert(ws_age_fold(&lru.age, WS_FILE));
	read_pages(0, 1);
	cr_assert_eq(distance(0), 2, "the oldest of three");
	start("6.12");
	read_pages(0, 1);
	cr_assert_eq(distance(0), 2, "the second oldest of four");
}

Test(rules, what_faults_bring_along_can_be_put_elsewhere)
{
	changed = *rules_of("6.14");
	changed.ahead = WS_AHEAD_OLDEST;
	start_by(&changed);
	ws_lru_add(&lru, 0, WS_FILE, WS_ENTER_AHEAD, 0);
	ws_lru_add(&lru, 1, WS_ANON, WS_ENTER_SWAPCACHE, 0);
	cr_assert_eq(distance(0), 3);
	cr_assert_eq(distance(1), 3);
	changed.ahead = WS_AHEAD_YOUNGEST;
	ws_lru_add(&lru, 2, WS_FILE, WS_ENTER_AHEAD, 0);
	cr_assert_eq(distance(2), 0);
}

/* --- accesses through page tables --- */

Test(rules, one_sighting_promotes_in_6_12)
{
	start("6.12");
	read_pages(0, 1);
	use(0, 3);
	sight(0);
	cr_assert_eq(distance(0), 0);
	cr_assert_eq(page[0] & WS_PAGE_HISTORY, 0, "its history is forgotten");
}

Test(rules, the_second_sighting_promotes_in_6_14)
{
	static const char *const names[] = { "6.14", "mm-new" };

	for (u32 i = 0; i < 2; i++) {
		start(names[i]);
		read_pages(0, 1);
		sight(0);
		cr_assert_eq(distance(0), 3, "the first sets a flag");
		cr_assert_eq(page[0] & WS_PAGE_HISTORY, WS_PAGE_REFERENCED);
		sight(0);
		cr_assert_eq(distance(0), 0);
		cr_assert_eq(page[0] & WS_PAGE_HISTORY, WS_PAGE_WORKINGSET);
		/* A page of the working set is promoted at once from then on. */
		advance();
		advance();
		cr_assert_eq(distance(0), 2);
		sight(0);
		cr_assert_eq(distance(0), 0);
	}
}

Test(rules, executables_are_promoted_at_first_sight_from_mm_new_on)
{
	static const struct {
		const char *version;
		u32 distance;
	} known[] = { { "6.14", 3 }, { "mm-new", 0 }, { "fg", 0 } };

	for (u32 i = 0; i < 3; i++) {
		start(known[i].version);
		read_pages(0, 1);
		ws_lru_set_exec(&lru, 0, true);
		sight(0);
		cr_assert_eq(distance(0), known[i].distance, "%s", known[i].version);
	}
	start("mm-new");
	read_pages(0, 1);
	ws_lru_set_exec(&lru, 0, true);
	ws_lru_set_exec(&lru, 0, false);
	sight(0);
	cr_assert_eq(distance(0), 3);
}

Test(rules, sightings_are_counted_in_fg)
{
	start("fg");
	read_pages(0, 1);
	sight(0);
	cr_assert_eq(distance(0), 2, "out of the oldest generation");
	cr_assert_eq(ws_page_number(page[0]), 1);
	sight(0);
	cr_assert_eq(distance(0), 0, "two references promote");
	cr_assert_eq(ws_page_number(page[0]), 2);
	for (u32 number = 3; number < 10; number++) {
		sight(0);
		cr_assert_eq(ws_page_number(page[0]), number < 7 ? number : 7, "seven at most");
	}
	advance();
	sight(0);
	cr_assert_eq(distance(0), 0);
	cr_assert_eq(ws_page_number(page[0]), 3, "three are kept outside the youngest");
	/* From the middle, once: counted, not moved. */
	ws_lru_add(&lru, 1, WS_ANON, WS_ENTER_WRITEBACK, 0);
	sight(1);
	cr_assert_eq(distance(1), 1);
	cr_assert_eq(ws_page_number(page[1]), 1);
}

/* --- accesses through descriptors --- */

Test(rules, descriptor_accesses_make_tiers)
{
	static const struct {
		const char *version;
		u32 tier[9]; /* after 0, 1, 2 .. accesses */
	} known[] = {
		{ "6.1", { 0, 0, 1, 2, 2, 3, 3, 3, 3 } },
		{ "6.12", { 0, 0, 1, 2, 2, 3, 3, 3, 3 } },
		{ "6.14", { 0, 0, 1, 2, 2, 3, 3, 3, 3 } },
		{ "mm-new", { 0, 0, 1, 2, 2, 3, 3, 3, 3 } },
		{ "fg", { 0, 0, 1, 2, 2, 3, 3, 3, 2 } }, /* the eighth moves on with three */
	};

	for (u32 i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		start(known[i].version);
		read_pages(0, 9);
		for (u32 times = 0; times < 9; times++) {
			use(times, times);
			cr_assert_eq(tier(times), known[i].tier[times], "%s: %u accesses",
				     known[i].version, times);
		}
	}
	changed = *rules_of("6.12");
	changed.tiers = 0;
	start_by(&changed);
	read_pages(0, 1);
	use(0, 5);
	cr_assert_eq(tier(0), 0, "tiers are off");
}

Test(rules, fg_moves_what_descriptors_use_often)
{
	static const u32 expected[] = { 3, 3, 2, 2, 2, 2, 2, 2, 1 };

	start("fg");
	read_pages(0, 9);
	for (u32 times = 0; times < 9; times++) {
		use(times, times);
		cr_assert_eq(distance(times), expected[times], "%u accesses", times);
	}
	cr_assert_eq(ws_page_number(page[8]), 3);
	/* In the youngest generation they are only counted. */
	sight(0);
	sight(0);
	use(0, 20);
	cr_assert_eq(distance(0), 0);
	cr_assert_eq(ws_page_number(page[0]), 7);
}

/* --- eviction finds a page accessed --- */

Test(rules, an_accessed_victim_goes_where_each_version_puts_it)
{
	static const struct {
		const char *version;
		u32 sightings, distance, kept;
		enum ws_type type;
	} known[] = {
		{ "6.12", 0, 0, 0, WS_FILE },
		{ "6.14", 0, 1, 0, WS_FILE }, /* activated lest it stay: forgets */
		{ "6.14", 0, 1, WS_PAGE_REFERENCED, WS_ANON },
		{ "6.14", 1, 0, WS_PAGE_WORKINGSET, WS_FILE },
		{ "mm-new", 0, 1, WS_PAGE_REFERENCED, WS_ANON },
		{ "mm-new", 0, 1, 0, WS_FILE }, /* as in 6.14 */
		{ "mm-new", 1, 1, WS_PAGE_REFERENCED | 1 << WS_PAGE_REFS_SHIFT, WS_ANON },
		{ "fg", 0, 1, 1 << WS_PAGE_NUMBER_SHIFT, WS_FILE },
		{ "fg", 0, 1, 1 << WS_PAGE_NUMBER_SHIFT, WS_ANON },
	};

	for (u32 i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		changed = *rules_of(known[i].version);
		changed.place_inactive = WS_PLACE_OLDEST;
		changed.ahead = WS_AHEAD_OLDEST;
		start_by(&changed);
		ws_lru_add(&lru, 0, known[i].type,
			   known[i].type == WS_FILE ? WS_ENTER_READ : WS_ENTER_SWAPCACHE, 0);
		for (u32 n = 0; n < known[i].sightings; n++)
			sight(0);
		accessed[0] = 1;
		cr_assert_eq(evict(100, 1), 0, "case %u", i);
		cr_assert_eq(distance(0), known[i].distance, "case %u: %u", i, distance(0));
		cr_assert_eq(page[0] & WS_PAGE_HISTORY, known[i].kept, "case %u", i);
	}
}

/* Where the oldest is not where a page that was used once comes in, it goes there. */
Test(rules, in_mm_new_an_accessed_victim_is_hot_when_seen_for_the_third_time)
{
	static const struct {
		u32 distance, kept;
	} known[] = {
		{ 2, WS_PAGE_REFERENCED },
		{ 1, WS_PAGE_REFERENCED | 1 << WS_PAGE_REFS_SHIFT },
		{ 0, WS_PAGE_WORKINGSET },
	};

	start("mm-new");
	read_pages(0, 1);
	for (u32 i = 0; i < 3; i++) {
		ws_promote_rmap(&lru.age, lru.rules, 0);
		cr_assert_eq(distance(0), known[i].distance, "%u: %u", i, distance(0));
		cr_assert_eq(page[0] & WS_PAGE_HISTORY, known[i].kept, "%u", i);
	}
	/* Of an executable at once. */
	read_pages(1, 1);
	ws_lru_set_exec(&lru, 1, true);
	ws_promote_rmap(&lru.age, lru.rules, 1);
	cr_assert_eq(distance(1), 0);
	cr_assert_eq(page[1] & WS_PAGE_HISTORY, WS_PAGE_WORKINGSET);
}

/* What a fold moves on, the controller holds to be protected since 6.14. */
Test(rules, folded_pages_count_as_protected_where_the_version_says_so)
{
	static const struct {
		const char *version;
		u64 average;
	} known[] = { { "6.12", 0 }, { "6.14", 2 }, { "mm-new", 2 }, { "fg", 2 } };

	for (u32 i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		changed = *rules_of(known[i].version);
		changed.place_inactive = WS_PLACE_OLDEST;
		start_by(&changed);
		/* Four of tier 0, four of tier 1, and one that is gone. */
		read_pages(0, 9);
		for (u32 n = 0; n < 4; n++)
			use(n, 2);
		ws_lru_remove(&lru, 8);
		advance();
		for (u32 n = 0; n < WS_TIERS; n++)
			cr_assert_eq(lru.refault.total_avg[WS_FILE][n], n < 2 ? known[i].average : 0,
				     "%s, tier %u", known[i].version, n);
	}
}

Test(rules, a_victim_that_was_counted_before_is_promoted_and_keeps_two_in_fg)
{
	start("fg");
	read_pages(0, 1);
	use(0, 1);
	accessed[0] = 1;
	cr_assert_eq(evict(100, 1), 0);
	cr_assert_eq(distance(0), 0);
	cr_assert_eq(ws_page_number(page[0]), 2);
}

/* Those that are victims of the same batch are not neighbours: each is looked at itself. */
Test(rules, neighbours_of_an_accessed_victim_are_sighted)
{
	start("6.14");
	read_pages(0, 3);
	sight(1);
	accessed[0] = 7;
	cr_assert_eq(evict(100, 1), 1, "the third was seen once only, and is still the oldest");
	cr_assert_eq(victims[0], 2);
	cr_assert_eq(distance(0), 1);
	cr_assert_eq(distance(1), 0, "seen before");
}

static u32 from_40(void *ctx, u32 i)
{
	(void)ctx;
	cr_assert(i >= 40 && i < 104);
	return 40;
}

static u64 seen_from_40(void *ctx, u32 i)
{
	u64 young = accessed[0] >> 40 | accessed[1] << 24;

	(void)ctx;
	if (!(young >> (i - 40) & 1))
		return 0;
	accessed[0] &= (1ull << 40) - 1;
	accessed[1] &= ~0ull << 40;
	return young;
}

/* Linux's window has the page in its middle. */
Test(rules, neighbours_are_those_of_the_environment_s_window)
{
	static const struct ws_lru_ops window = { .look_around = seen_from_40, .window = from_40 };
	static const char *const names[] = { "6.12", "6.14" };

	for (u32 k = 0; k < 2; k++) {
		struct ws_lru_scan scan = { .swappiness = 100, .budget = 1 };

		start(names[k]);
		read_pages(72, 1);
		read_pages(40, 2);
		read_pages(103, 2);
		for (u32 i = 40; k && i < 105; i++)
			if (ws_page_aged(page[i]))
				sight(i);
		accessed[0] = 3ull << 40;
		accessed[1] = 1ull << 8 | 3ull << 39;
		cr_assert_eq(ws_lru_evict(&lru, &scan, &window, NULL, victims, NULL, 5), 0);
		for (u32 i = 0; i < 4; i++) {
			static const u32 promoted[] = { 40, 41, 72, 103 };

			cr_assert_eq(distance(promoted[i]), 0, "%s: %u", names[k], promoted[i]);
		}
		cr_assert_eq(distance(104), k ? 3 : 2, "%u", distance(104));
		cr_assert_eq(accessed[1], 1ull << 40);
		cr_assert(ws_lru_check(&lru));
	}
}

Test(rules, victims_of_a_batch_are_told_accessed_one_by_one)
{
	struct ws_lru_scan scan = { .swappiness = 100, .budget = 100 };

	start("6.14");
	read_pages(0, 6);
	sight(1);
	accessed[0] = 1 | 2 | 4 | 1 << 5; /* the last is no victim of this batch */
	cr_assert_eq(ws_lru_evict(&lru, &scan, &ops, NULL, victims, NULL, 5), 3);
	cr_assert(victims[0] == 3 && victims[1] == 4 && victims[2] == 5);
	cr_assert_eq(distance(0), 1);
	cr_assert_eq(distance(1), 0);
	cr_assert_eq(distance(2), 1);
	cr_assert_eq(scan.rmap_walks, 6);
	cr_assert(ws_lru_check(&lru));
}

/* By its end of a round of eviction: a batch, or no more pages than are wanted still. */
Test(rules, a_round_takes_a_batch_or_what_is_wanted)
{
	static const struct {
		const char *version;
		u32 got, looked;
	} known[] = {
		{ "6.12", 10, 14 }, { "6.14", 10, 14 }, { "6.18", 3, 7 }, { "mm-new", 3, 7 },
		{ "fg", 3, 7 },
	};

	for (u32 i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		struct ws_lru_scan scan = { .swappiness = 0, .budget = 100, .wanted = 3 };

		start(known[i].version);
		read_pages(0, 20);
		for (u32 k = 0; k < 4; k++) {
			sight(k);
			sight(k);
		}
		cr_assert_eq(ws_lru_evict(&lru, &scan, NULL, NULL, victims, NULL, 10), known[i].got,
			     "%s", known[i].version);
		cr_assert_eq(scan.scanned, known[i].looked, "%s: %u", known[i].version, scan.scanned);
		cr_assert_eq(victims[0], 4);
		cr_assert(ws_lru_check(&lru));
	}
}

static u32 left_alone;

static void restore(void *ctx, u32 first, u64 young)
{
	(void)ctx;
	left_alone++;
	accessed[first / 64] |= young;
}

/* Since 6.14 a look-around leaves those of its batch alone: they look around themselves. */
Test(rules, victims_of_a_batch_may_each_look_around)
{
	static const struct ws_lru_ops apart = { .look_around = look_around, .restore = restore };
	struct ws_lru_scan scan = { .swappiness = 100, .budget = 3 };

	start("6.14");
	read_pages(0, 6);
	sight(5);
	accessed[0] = 1 | 2 | 1 << 5;
	cr_assert_eq(ws_lru_evict(&lru, &scan, &apart, NULL, victims, NULL, 3), 1);
	cr_assert(victims[0] == 2 && left_alone == 1);
	cr_assert(distance(0) == 1 && distance(1) == 1 && distance(5) == 0);
	cr_assert(!accessed[0] && ws_lru_check(&lru));
}

/* --- what is kept in the next generation --- */

Test(rules, folding_leaves_what_each_version_keeps)
{
	static const struct {
		const char *version;
		u32 accesses, kept;
	} known[] = {
		{ "6.12", 5, 0 },
		{ "6.14", 4, 0 },
		{ "6.14", 5, WS_PAGE_WORKINGSET },
		{ "fg", 1, 1 << WS_PAGE_NUMBER_SHIFT },
	};

	for (u32 i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		for (u32 tidied = 0; tidied < 2; tidied++) {
			changed = *rules_of(known[i].version);
			changed.place_inactive = WS_PLACE_OLDEST;
			start_by(&changed);
			read_pages(0, 1);
			use(0, known[i].accesses);
			advance();
			cr_assert_eq(distance(0), 3, "folded");
			if (tidied)
				ws_age_tidy(&lru.age, PAGES, NULL, NULL);
			cr_assert_eq(ws_promote_entry(&lru.age, page[0]) & WS_PAGE_HISTORY,
				     known[i].kept, "case %u", i);
		}
	start("fg");
	read_pages(0, 1);
	use(0, 5);
	advance();
	advance();
	cr_assert_eq(ws_page_number(ws_promote_entry(&lru.age, page[0])), 2, "two of five");
}

/* A count that was folded away is not added to. */
Test(rules, accesses_after_a_fold_begin_anew)
{
	start("6.14");
	read_pages(0, 1);
	use(0, 3);
	advance();
	use(0, 1);
	cr_assert_eq(tier(0), 0);
	use(0, 1);
	cr_assert_eq(tier(0), 1);
	sight(0);
	cr_assert_eq(distance(0), 0, "it was referenced");
	read_pages(1, 1);
	sight(1);
	advance();
	sight(1);
	cr_assert_eq(distance(1), 3, "the first sighting was folded away");
}

/* --- protection --- */

/* Make tier @tier of file refault always, after 2,000 evictions of tier 0 that never did. */
static void teach(u32 tier, u64 refaulted, u64 total)
{
	lru.refault.evicted[WS_FILE][0] = 2000;
	lru.refault.refaulted[WS_FILE][0] = 200;
	lru.refault.evicted[WS_FILE][tier] = total;
	lru.refault.refaulted[WS_FILE][tier] = refaulted;
}

Test(rules, gains_decide_when_a_tier_is_protected)
{
	static const struct {
		const char *version;
		u64 refaulted; /* of 1,000, against a tenth of tier 0 */
		u32 limit;
	} known[] = {
		{ "6.12", 180, 3 }, { "6.12", 220, 0 }, /* twice as often */
		{ "6.14", 140, 3 }, { "6.14", 160, 0 }, /* half as often again */
		{ "fg", 180, 3 },   { "fg", 220, 0 },
	};

	for (u32 i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		start(known[i].version);
		teach(1, known[i].refaulted, 1000);
		cr_assert_eq(ws_refault_limit(&lru.refault, lru.rules, WS_FILE), known[i].limit,
			     "case %u", i);
	}
	changed = *rules_of("6.12");
	changed.controller = 0;
	start_by(&changed);
	teach(1, 1000, 1000);
	cr_assert_eq(ws_refault_limit(&lru.refault, &changed, WS_FILE), 3, "no controller");
}

/*
 * By its refaults tier 2 is to be protected until there are 3200 pages of it; Linux measures
 * again after it has looked at 4096 (MAX_LRU_BATCH), and evicts the rest.
 */
Test(rules, what_was_protected_counts_after_4096_pages)
{
	changed = *rules_of("6.12");
	changed.place_inactive = WS_PLACE_OLDEST;
	start_by(&changed);
	lru.refault.refaulted[WS_FILE][2] = 100;
	read_pages(0, 5000);
	for (u32 i = 0; i < 5000; i++)
		use(i, 3);
	cr_assert_eq(evict(0, 64), 64);
	cr_assert_eq(lru.protected_pages, 4096);
	cr_assert_eq(lru.refault.protected[WS_FILE][2], 4096);
	cr_assert_eq(victims[0], 4096);
}

/* Tier 2 is twice as bad as tier 0, but not as tiers 0 and 1 together. */
Test(rules, fg_measures_a_tier_against_all_below)
{
	static const char *const names[] = { "6.12", "fg" };

	for (u32 i = 0; i < 2; i++) {
		start(names[i]);
		teach(2, 230, 1000);
		lru.refault.evicted[WS_FILE][1] = 4000;
		lru.refault.refaulted[WS_FILE][1] = 700;
		cr_assert_eq(ws_refault_limit(&lru.refault, lru.rules, WS_FILE), i ? 3 : 1);
	}
}

Test(rules, protected_pages_go_on_with_what_is_kept)
{
	static const struct {
		const char *version;
		u32 looks, kept;
	} known[] = {
		{ "6.1", 1, 0 },
		{ "6.14", 1, WS_PAGE_WORKINGSET },
		/* It has left the oldest generation already: sorted, then protected in the next. */
		{ "fg", 2, 2 << WS_PAGE_NUMBER_SHIFT },
	};

	for (u32 i = 0; i < 3; i++) {
		changed = *rules_of(known[i].version);
		changed.place_inactive = WS_PLACE_OLDEST;
		changed.full = WS_FULL_AS_OTHERS;
		start_by(&changed);
		read_pages(0, 1);
		use(0, 5);
		cr_assert_eq(tier(0), 3);
		teach(3, 1000, 1000);
		cr_assert_eq(evict_looking(0, 1, known[i].looks), 0, "%s", known[i].version);
		cr_assert_eq(lru.protected_pages, 1, "%s", known[i].version);
		/* Counted as activated in 6.1 alone. */
		cr_assert_eq(lru.refault.workingset_activate[WS_FILE], !i, "%s", known[i].version);
		cr_assert_eq(page[0] & WS_PAGE_HISTORY, known[i].kept, "%s", known[i].version);
	}
}

/* Nothing refaulted, so no tier is protected, but a page with all references may be. */
Test(rules, pages_with_all_references_are_kept_anyway)
{
	static const struct {
		const char *version;
		u32 accesses, kept, counted;
	} known[] = {
		{ "6.1", 5, 0, 0 },    { "6.12", 4, 0, 0 }, { "6.12", 5, 1, 1 },
		{ "6.14", 4, 0, 0 },   { "6.14", 5, 1, 0 },
	};

	for (u32 i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		changed = *rules_of(known[i].version);
		changed.place_inactive = WS_PLACE_OLDEST;
		start_by(&changed);
		read_pages(0, 2); /* the second keeps the generation */
		use(0, known[i].accesses);
		cr_assert_eq(evict_looking(0, 1, 1), 1 - known[i].kept, "case %u", i);
		cr_assert_eq(lru.protected_pages, known[i].kept);
		cr_assert_eq(lru.refault.protected[WS_FILE][3], known[i].counted, "case %u", i);
	}
}

Test(rules, protected_pages_enter_the_old_end_until_6_14_takes_the_young)
{
	static const char *const names[] = { "6.1", "6.14" };

	for (u32 i = 0; i < 2; i++) {
		changed = *rules_of(names[i]);
		changed.place_inactive = WS_PLACE_OLDEST;
		changed.full = WS_FULL_AS_OTHERS;
		start_by(&changed);
		/* Page 0 is protected; page 1 waits in the next generation already. */
		read_pages(0, 1);
		use(0, 3);
		changed.place_inactive = WS_PLACE_NEXT_OLDEST;
		read_pages(1, 1);
		teach(2, 1000, 1000);
		cr_assert_eq(evict(0, 1), 1);
		cr_assert_eq(victims[0], i ? 1 : 0, "%s", names[i]);
	}
}

/* --- types --- */

Test(rules, the_older_type_goes_first_until_6_14_compares_all_tiers)
{
	start("6.12");
	for (u32 i = 0; i < 32; i++)
		ws_lru_add(&lru, i, WS_ANON, WS_ENTER_WRITEBACK, 0);
	read_pages(100, 32);
	cr_assert(ws_age_fold(&lru.age, WS_FILE));
	lru.refault.refaulted[WS_FILE][2] = 0;
	cr_assert_eq(ws_refault_choose_sum(&lru.refault, 60), WS_FILE, "nothing is known");
	lru.refault.refaulted[WS_FILE][2] = 500;
	lru.refault.evicted[WS_FILE][2] = 1000;
	lru.refault.evicted[WS_ANON][0] = 1000;
	cr_assert_eq(ws_refault_choose_sum(&lru.refault, 60), WS_ANON, "file refaults");
	cr_assert_eq(ws_refault_choose_sum(&lru.refault, 1), WS_FILE, "1 is final");
	cr_assert_eq(ws_refault_choose_sum(&lru.refault, 0), WS_FILE);
	lru.refault.refaulted[WS_ANON][3] = 100000;
	cr_assert_eq(ws_refault_choose_sum(&lru.refault, 60), WS_FILE);
	cr_assert_eq(ws_refault_choose_sum(&lru.refault, 200), WS_ANON, "and so is 200");
}

Test(rules, without_a_controller_types_share_by_swappiness)
{
	u32 anon = 0;

	changed = *rules_of("6.12");
	changed.controller = 0;
	changed.choice = WS_CHOICE_SHARE;
	changed.place_inactive = WS_PLACE_OLDEST;
	changed.ahead = WS_AHEAD_OLDEST;
	start_by(&changed);
	for (u32 i = 0; i < 400; i++)
		ws_lru_add(&lru, i, WS_ANON, WS_ENTER_SWAPCACHE, 0);
	read_pages(512, 400);
	for (u32 n = 0; n < 400; n++) {
		cr_assert_eq(evict(50, 1), 1);
		anon += victims[0] < 512;
	}
	cr_assert_eq(anon, 100, "a quarter: 50 of 200, and %u", anon);
}

Test(rules, file_waits_for_anon_until_6_14)
{
	static const char *const names[] = { "6.12", "6.14" };

	for (u32 i = 0; i < 2; i++) {
		changed = *rules_of(names[i]);
		changed.place_inactive = WS_PLACE_OLDEST;
		changed.ahead = WS_AHEAD_OLDEST;
		start_by(&changed);
		ws_lru_add(&lru, 0, WS_ANON, WS_ENTER_SWAPCACHE, 0);
		accessed[0] = 0;
		read_pages(64, 1);
		lru.refault.refaulted[WS_ANON][0] = 1000; /* so file is chosen */
		lru.refault.evicted[WS_ANON][0] = 1000;
		cr_assert_eq(evict(60, 1), 1);
		cr_assert_eq(victims[0], 64);
		/* File's oldest generation is empty now; its next two are empty anyway. */
		cr_assert_eq(lru.age.min_seq[WS_FILE], i ? 1 : 0, "%s", names[i]);
		cr_assert_eq(lru.age.min_seq[WS_ANON], 0);
	}
}

/* --- ageing --- */

Test(rules, ageing_is_wanted_by_sizes_until_6_14_counts_generations)
{
	static const char *const names[] = { "6.12", "6.14", "fg" };

	for (u32 i = 0; i < 3; i++) {
		start(names[i]);
		cr_assert_not(ws_lru_wants_ageing(&lru, 60), "four generations are enough");
		cr_assert(ws_age_fold(&lru.age, WS_ANON) && ws_age_fold(&lru.age, WS_FILE));
		/* A third each: even, so 6.12 is content with three. */
		for (u32 seq = 1; seq < 4; seq++)
			for (u32 n = 0; n < 30; n++)
				ws_age_add(&lru.age, seq * 100 + n, WS_ANON, seq);
		cr_assert_eq(ws_lru_wants_ageing(&lru, 60), i > 0, "%s", names[i]);
		cr_assert(ws_age_fold(&lru.age, WS_ANON) && ws_age_fold(&lru.age, WS_FILE));
		cr_assert(ws_lru_wants_ageing(&lru, 60));
	}
	start("6.14");
	cr_assert(ws_age_fold(&lru.age, WS_FILE));
	cr_assert_not(ws_lru_wants_ageing(&lru, 60), "anon has four");
	cr_assert(ws_lru_wants_ageing(&lru, 0), "but is not evicted");
}

Test(rules, ageing_can_keep_pages_spread_over_all_generations)
{
	changed = *rules_of("6.14");
	changed.gens = 9;
	changed.ageing = WS_AGEING_SPREAD;
	start_by(&changed);
	for (u32 n = 0; n < 4; n++)
		cr_assert(ws_age_fold(&lru.age, WS_ANON) && ws_age_fold(&lru.age, WS_FILE));
	cr_assert_eq(ws_age_gens(&lru.age, WS_ANON), 5);
	for (u32 i = 0; i < 90; i++)
		ws_age_add(&lru.age, i, WS_ANON, i < 12 ? lru.age.max_seq : lru.age.max_seq - 1);
	cr_assert(ws_lru_wants_ageing(&lru, 60), "12 of 90 are above an eighth");
	ws_age_remove(&lru.age, 0);
	ws_age_remove(&lru.age, 1);
	cr_assert_not(ws_lru_wants_ageing(&lru, 60), "10 of 88 are not");
}

Test(rules, rules_may_have_a_swappiness_of_their_own)
{
	changed = *rules_of("base");
	changed.swappiness = 200;
	start_by(&changed);
	ws_lru_add(&lru, 0, WS_ANON, WS_ENTER_SWAPCACHE, 0);
	read_pages(64, 1);
	cr_assert_eq(evict(1, 1), 1);
	cr_assert_eq(victims[0], 0, "anon first, though the caller says file");
	cr_assert_eq(evict(0, 1), 1);
	cr_assert_eq(victims[0], 64, "but never without swap");
}

/* --- refaults --- */

static struct ws_refault_return come_back(u32 shadow, u64 min_seq, u64 max_seq, bool in_fault)
{
	struct ws_refault_at at = {
		.type = WS_FILE, .min_seq = min_seq, .max_seq = max_seq, .gens = 4,
		.in_fault = in_fault, .pages = 100,
	};

	return ws_refault_return(&lru.refault, lru.rules, &at, shadow);
}

Test(rules, a_refault_is_recent_while_the_generation_is_oldest_or_near)
{
	static const char *const names[] = { "6.12", "6.14" };

	for (u32 i = 0; i < 2; i++) {
		u32 shadow;

		start(names[i]);
		shadow = ws_refault_leave(&lru.refault, lru.rules, WS_FILE, 10, 0);
		cr_assert(come_back(shadow, 10, 13, false).recent);
		cr_assert_eq(come_back(shadow, 11, 13, false).recent, i, "%s", names[i]);
		cr_assert_not(come_back(shadow, 11, 14, false).recent, "four generations ago");
		cr_assert_eq(come_back(shadow, 5, 9, false).recent, i, "as near from below");
		cr_assert_not(come_back(shadow, 3, 6, false).recent);
	}
}

Test(rules, a_refault_may_be_recent_by_distance)
{
	u32 shadow;

	changed = *rules_of("6.12");
	changed.recency = WS_RECENCY_DISTANCE;
	start_by(&changed);
	shadow = ws_refault_leave(&lru.refault, &changed, WS_FILE, 10, 0);
	for (u32 n = 0; n < 99; n++)
		ws_refault_leave(&lru.refault, &changed, WS_FILE, 10, 0);
	cr_assert(come_back(shadow, 1000, 1003, false).recent, "99 others left since");
	ws_refault_leave(&lru.refault, &changed, WS_FILE, 10, 0);
	cr_assert_not(come_back(shadow, 10, 13, false).recent, "one more than fit");
	changed.recency = WS_RECENCY_NEVER;
	cr_assert_not(come_back(shadow, 10, 13, false).recent);
}

Test(rules, a_recent_refault_gives_back_what_each_version_restores)
{
	enum { WS = WS_PAGE_WORKINGSET, ALL = WS_PAGE_WORKINGSET | WS_PAGE_REFS };
	static const struct {
		const char *version;
		u32 accesses;
		bool in_fault;
		u32 history;
	} known[] = {
		{ "6.1", 0, true, WS },	      { "6.1", 0, false, 0 },
		{ "6.1", 4, false, 0 },	      { "6.1", 5, false, WS },
		{ "6.1.y", 0, true, ALL },    { "6.1.y", 3, false, 0 },
		{ "6.1.y", 4, false, ALL },   { "6.12", 0, true, WS },
		{ "6.12", 4, false, ALL },    { "6.12", 3, false, 0 },
		{ "6.14", 0, true, 0 },	      { "6.14", 4, false, WS_PAGE_REFS },
		{ "6.14", 5, false, WS },     { "6.14", 5, true, WS },
		{ "fg", 1, false, 1 << WS_PAGE_NUMBER_SHIFT },
		{ "fg", 2, false, 2 << WS_PAGE_NUMBER_SHIFT },
		{ "fg", 6, true, 3 << WS_PAGE_NUMBER_SHIFT },
	};

	for (u32 i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		struct ws_refault_return back;
		u32 shadow;

		start(known[i].version);
		read_pages(0, 1);
		use(0, known[i].accesses);
		shadow = ws_refault_leave(&lru.refault, lru.rules, WS_FILE, 10, page[0]);
		cr_assert_neq(shadow, 0);
		back = come_back(shadow, 10, 13, known[i].in_fault);
		cr_assert(back.recent);
		cr_assert_eq(back.history, known[i].history, "case %u: %x", i, back.history);
		cr_assert_eq(lru.refault.workingset_restore[WS_FILE],
			     ws_rules_workingset(lru.rules, back.history));
	}
}

/* The tier that a refault is counted in is that of the eviction, whatever the version. */
Test(rules, tiers_survive_the_shadow)
{
	for (u32 version = 0; version < VERSIONS; version++)
		for (u32 times = 0; times < 7; times++) {
			u32 shadow, of;

			start_by(&ws_rules_table[version]);
			read_pages(0, 1);
			use(0, times);
			of = tier(0);
			shadow = ws_refault_leave(&lru.refault, lru.rules, WS_FILE, 1, page[0]);
			cr_assert_eq(lru.refault.evicted[WS_FILE][of], 1);
			come_back(shadow, 1, 3, false);
			cr_assert_eq(lru.refault.refaulted[WS_FILE][of], 1, "%s, %u accesses",
				     ws_rules_table[version].name, times);
		}
}

/* A faulting page of a recent refault: where does it go? */
Test(rules, refaults_in_a_fault_are_placed_by_what_they_were)
{
	static const struct {
		const char *version;
		u32 accesses, distance;
	} known[] = {
		{ "6.12", 0, 0 }, { "6.14", 0, 1 },   { "6.14", 5, 0 }, { "mm-new", 0, 2 },
		{ "mm-new", 5, 0 }, { "fg", 0, 3 },   { "fg", 1, 1 },	{ "fg", 3, 0 },
	};

	for (u32 i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		u32 shadow;

		start(known[i].version);
		read_pages(0, 1);
		use(0, known[i].accesses);
		shadow = ws_refault_leave(&lru.refault, lru.rules, WS_FILE, 0, page[0]);
		ws_lru_remove(&lru, 0);
		ws_lru_add(&lru, 0, WS_FILE, WS_ENTER_FAULT, shadow);
		cr_assert_eq(distance(0), known[i].distance, "case %u: %u", i, distance(0));
	}
}

/* --- the base --- */

#define TWIN_PAGES 512u

static struct {
	struct ws_lru lru;
	u16 page[TWIN_PAGES];
	u32 pool[16 * (2 + TWIN_PAGES / 8)];
	u64 accessed[TWIN_PAGES / 64];
	u32 shadow[TWIN_PAGES];
} twin[2];

static u64 look_around_twin(void *ctx, u32 i)
{
	u64 *bits = ctx, young = bits[i / 64];

	if (!(young >> i % 64 & 1))
		return 0;
	bits[i / 64] = 0;
	return young;
}

static void twin_do(u32 n, u64 random, u32 step)
{
	static const struct ws_lru_ops with = { .look_around = look_around_twin };
	struct ws_lru_scan scan = { .swappiness = random >> 40 & 1 ? 60 : 0, .budget = 200 };
	u32 i = (u32)random % TWIN_PAGES, what = random >> 32 & 15, victim[16], shadow[16], count;
	struct ws_lru *one = &twin[n].lru;

	if (what == 0 && ws_lru_wants_ageing(one, 60)) {
		for (u32 k = 0; k < TWIN_PAGES; k += 64) {
			ws_lru_harvest(one, k, &twin[n].accessed[k / 64], 64);
			twin[n].accessed[k / 64] = 0;
		}
		while (ws_lru_advance(one, step) == -EAGAIN)
			ws_age_tidy(&one->age, TWIN_PAGES, NULL, NULL);
	} else if (what < 4) {
		count = ws_lru_evict(one, &scan, &with, twin[n].accessed, victim, shadow, 16);
		for (u32 k = 0; k < count; k++)
			twin[n].shadow[victim[k]] = shadow[k];
	} else if (!ws_page_aged(twin[n].page[i])) {
		ws_lru_add(one, i, i % 3 ? WS_FILE : WS_ANON, (enum ws_enter)(random >> 50 & 3),
			   twin[n].shadow[i]);
		twin[n].shadow[i] = 0;
	} else if (what < 10) {
		ws_lru_descriptor_access(one, i);
	} else {
		twin[n].accessed[i / 64] |= 1ull << i % 64;
	}
}

/* ws_lru_init() takes a quicker way than the same rules given to ws_lru_init_rules(). */
Test(rules, the_quick_way_of_the_base_is_the_general_one)
{
	u64 restored = 0;

	changed = *ws_rules_base;
	for (u64 seed = 1; seed <= 5; seed++) {
		u64 random = seed;

		memset(twin, 0, sizeof(twin));
		ws_lru_init(&twin[0].lru, twin[0].page, twin[0].pool, TWIN_PAGES, 4, 0);
		ws_lru_init_rules(&twin[1].lru, twin[1].page, twin[1].pool, TWIN_PAGES, &changed, 0);
		for (u32 step = 0; step < 20000; step++) {
			random = random * 6364136223846793005ull + 1442695040888963407ull;
			twin_do(0, random >> 8, step);
			twin_do(1, random >> 8, step);
			cr_assert(!memcmp(twin[0].page, twin[1].page, sizeof(twin[0].page)),
				  "seed %llu, step %u", seed, step);
			cr_assert(!memcmp(twin[0].shadow, twin[1].shadow, sizeof(twin[0].shadow)));
		}
		cr_assert(!memcmp(&twin[0].lru.refault, &twin[1].lru.refault,
				  sizeof(twin[0].lru.refault)));
		restored += twin[0].lru.refault.workingset_restore[WS_FILE];
	}
	cr_assert(restored >= 20, "few refaults: %llu", restored);
}
