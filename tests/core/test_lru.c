/* SPDX-License-Identifier: BSD-2-Clause */
/* test_lru.c - eviction order, tiers, refaults: the rules of MGLRU one by one. */
#include <criterion/criterion.h>
#include <errno.h>
#include <signal.h>
#include <string.h>

#include "ws_advice.h"
#include "ws_lru.h"

#define PAGES 4096u

static struct ws_lru lru;
static u16 page[PAGES];
static u32 pool[16 * (2 + PAGES / 8)];
static u64 accessed[PAGES / 64];
static u32 walks;

static u64 look_around(void *ctx, u32 i)
{
	u64 young = accessed[i / 64];

	(void)ctx;
	walks++;
	if (!(young >> i % 64 & 1))
		return 0;
	accessed[i / 64] = 0;
	return young;
}

static const struct ws_lru_ops ops = { .look_around = look_around };

static void start(u32 gens)
{
	cr_assert_eq(ws_lru_footprint(PAGES), sizeof(pool));
	memset(pool, 0, sizeof(pool));
	memset(page, 0, sizeof(page));
	cr_assert_eq(ws_lru_init(&lru, page, pool, PAGES, gens, 0), 0);
}

static void add(u32 first, u32 count, enum ws_type type, enum ws_enter how)
{
	for (u32 i = first; i < first + count; i++)
		ws_lru_add(&lru, i, type, how, 0);
}

static void advance(u64 now_ns)
{
	cr_assert_eq(ws_lru_advance(&lru, now_ns), 0);
	cr_assert(ws_lru_check(&lru));
}

static u32 victims[PAGES], shadows[PAGES];

static u32 evict(u32 swappiness, u32 max)
{
	struct ws_lru_scan scan = { .swappiness = swappiness, .budget = 100000 };
	u32 count = ws_lru_evict(&lru, &scan, &ops, NULL, victims, shadows, max);

	cr_assert(ws_lru_check(&lru));
	for (u32 i = 0; i < count; i++) {
		cr_assert_neq(shadows[i], 0);
		cr_assert_not(ws_page_aged(page[victims[i]]));
	}
	return count;
}

Test(lru, where_pages_enter)
{
	start(WS_GENS_LINUX);
	ws_lru_add(&lru, 0, WS_ANON, WS_ENTER_FAULT, 0);
	ws_lru_add(&lru, 1, WS_FILE, WS_ENTER_FAULT, 0);
	ws_lru_add(&lru, 2, WS_FILE, WS_ENTER_READ, 0);
	ws_lru_add(&lru, 3, WS_ANON, WS_ENTER_SWAPCACHE, 0);
	ws_lru_add(&lru, 4, WS_FILE, WS_ENTER_WRITEBACK, 0);
	cr_assert_eq(ws_age_seq(&lru.age, 0), 3, "a fault enters the youngest");
	cr_assert_eq(ws_age_seq(&lru.age, 1), 3);
	cr_assert_eq(ws_age_seq(&lru.age, 2), 0, "read() enters the oldest");
	cr_assert_eq(ws_age_seq(&lru.age, 3), 0);
	cr_assert_eq(ws_age_seq(&lru.age, 4), 1);
	cr_assert(ws_lru_check(&lru));
}

Test(lru, repeated_reads_never_promote)
{
	start(WS_GENS_LINUX);
	add(0, 10, WS_FILE, WS_ENTER_READ);
	for (u32 pass = 1; pass < 10; pass++) {
		for (u32 i = 0; i < 10; i++)
			ws_lru_descriptor_access(&lru, i);
		advance(pass);
		cr_assert_eq(ws_age_pages(&lru.age, lru.age.min_seq[WS_FILE], WS_FILE), 10);
	}
}

Test(lru, evicts_in_the_order_of_arrival)
{
	start(WS_GENS_LINUX);
	for (u32 i = 0; i < 200; i++)
		ws_lru_add(&lru, 199 - i, WS_ANON, WS_ENTER_SWAPCACHE, 0);
	cr_assert_eq(evict(60, 150), 150);
	for (u32 i = 0; i < 150; i++)
		cr_assert_eq(victims[i], 199 - i);
}

Test(lru, leaves_two_generations_alone)
{
	start(WS_GENS_LINUX);
	add(0, 100, WS_ANON, WS_ENTER_FAULT);
	cr_assert_eq(evict(60, 10), 0, "all are in the youngest");
	cr_assert(ws_lru_wants_ageing(&lru, 60));
	advance(1);
	cr_assert_eq(evict(60, 10), 0);
	advance(2);
	cr_assert_eq(evict(60, 10), 10, "second chance is over");
	cr_assert_eq(victims[0], 0);
}

Test(lru, an_accessed_page_is_rescued_with_its_neighbours)
{
	start(WS_GENS_LINUX);
	add(0, 128, WS_ANON, WS_ENTER_SWAPCACHE);
	accessed[0] = 1ull << 0 | 1ull << 40;
	accessed[1] = 1ull << 5;
	cr_assert_eq(evict(60, 200), 125);
	cr_assert_eq(ws_age_seq(&lru.age, 0), 3);
	cr_assert_eq(ws_age_seq(&lru.age, 40), 3);
	cr_assert_eq(ws_age_seq(&lru.age, 69), 3);
	cr_assert_eq(lru.promoted_pages, 3);
	cr_assert_eq(walks, 127, "page 40 was not looked at: it had moved");
}

Test(lru, pages_promoted_by_ageing_are_sorted_late)
{
	u64 young[8] = { ~0ull };

	start(WS_GENS_LINUX);
	add(0, 128, WS_ANON, WS_ENTER_SWAPCACHE);
	cr_assert_eq(ws_age_harvest(&lru.age, 0, young, 512), 64);
	cr_assert(ws_lru_check(&lru));
	cr_assert_eq(evict(60, 200), 64);
	cr_assert_eq(victims[0], 64);
	cr_assert_eq(walks, 64, "the promoted ones cost no walk");
}

Test(lru, freed_pages_are_ghosts_until_the_old_end)
{
	start(WS_GENS_LINUX);
	add(0, 64, WS_ANON, WS_ENTER_SWAPCACHE);
	for (u32 i = 0; i < 64; i += 2)
		ws_lru_remove(&lru, i);
	cr_assert(ws_lru_check(&lru));
	cr_assert_eq(page[0], WS_PAGE_LINKED);
	ws_lru_add(&lru, 0, WS_ANON, WS_ENTER_FAULT, 0);
	ws_lru_add(&lru, 2, WS_FILE, WS_ENTER_FAULT, 0);
	cr_assert_eq(evict(60, 100), 32);
	cr_assert_eq(victims[0], 1);
	cr_assert_eq(ws_age_seq(&lru.age, 0), 3, "alive again, and young");
	cr_assert_eq(ws_age_pages(&lru.age, 3, WS_FILE), 1, "also with another type");
	cr_assert_eq(page[4], 0, "the others are gone for good");
}

Test(lru, ghosts_that_come_back_older_do_not_block_eviction)
{
	/* Queued as young, alive again as old: no queue of the old generation holds it. */
	start(WS_GENS_LINUX);
	add(0, 1, WS_FILE, WS_ENTER_FAULT);
	ws_lru_remove(&lru, 0);
	add(0, 1, WS_FILE, WS_ENTER_READ);
	cr_assert_eq(ws_age_seq(&lru.age, 0), 0);
	cr_assert_eq(evict(60, 1), 0);
	advance(1);
	advance(2);
	cr_assert_eq(evict(60, 1), 1);
	cr_assert_eq(victims[0], 0);
}

Test(lru, upcoming_pages_are_those_at_the_old_end)
{
	u32 upcoming[48];

	start(WS_GENS_LINUX);
	cr_assert_eq(ws_lru_upcoming(&lru, 60, upcoming, 48), 0);
	add(0, 100, WS_FILE, WS_ENTER_READ);
	for (u32 round = 0; round < 3; round++) {
		u32 count = ws_lru_upcoming(&lru, 0, upcoming, 48);

		cr_assert_gt(count, 0);
		cr_assert_leq(count, 48);
		cr_assert_eq(evict(0, 30), 30);
		for (u32 i = 0; i < count && i < 30; i++)
			cr_assert_eq(upcoming[i], victims[i]);
	}
	cr_assert_leq(ws_lru_upcoming(&lru, 0, upcoming, 5), 5);
}

Test(lru, swappiness_zero_spares_anon)
{
	start(WS_GENS_LINUX);
	add(0, 100, WS_ANON, WS_ENTER_SWAPCACHE);
	add(100, 50, WS_FILE, WS_ENTER_READ);
	cr_assert_eq(evict(0, 100), 50);
	for (u32 i = 0; i < 50; i++)
		cr_assert_eq(victims[i], 100 + i);
	cr_assert_eq(evict(60, 200), 100, "and later anon is the older type");
}

Test(lru, equally_old_types_end_together)
{
	/* 6.1: file does not run ahead of anon while anon can be evicted. */
	start(WS_GENS_LINUX);
	add(0, 10, WS_ANON, WS_ENTER_SWAPCACHE);
	add(100, 10, WS_FILE, WS_ENTER_READ);
	cr_assert_eq(evict(1, 10), 10);
	for (u32 i = 0; i < 10; i++)
		cr_assert_eq(victims[i], 100 + i, "swappiness 1: file first");
	cr_assert_eq(lru.age.min_seq[WS_FILE], 0);
	cr_assert_eq(evict(1, 10), 10, "then anon of the same generation");
	cr_assert_geq(lru.age.min_seq[WS_FILE], 1);
	start(WS_GENS_LINUX);
	add(0, 10, WS_ANON, WS_ENTER_SWAPCACHE);
	add(100, 10, WS_FILE, WS_ENTER_READ);
	cr_assert_eq(evict(200, 10), 10);
	cr_assert_eq(victims[0], 0, "swappiness 200: anon first");
}

Test(lru, the_budget_bounds_the_work)
{
	struct ws_lru_scan scan = { .swappiness = 60, .budget = 7 };

	start(WS_GENS_LINUX);
	add(0, 100, WS_ANON, WS_ENTER_SWAPCACHE);
	cr_assert_eq(ws_lru_evict(&lru, &scan, NULL, NULL, victims, NULL, 50), 7);
	cr_assert_eq(scan.scanned, 7);
	cr_assert_eq(scan.rmap_walks, 0, "nobody to ask");
	scan.budget = 0;
	cr_assert_eq(ws_lru_evict(&lru, &scan, &ops, NULL, victims, NULL, 50), 0);
	scan.budget = 100;
	cr_assert_eq(ws_lru_evict(&lru, &scan, &ops, NULL, victims, NULL, 0), 0);
}

static u32 tier_after(u32 accesses)
{
	for (u32 i = 0; i < accesses; i++)
		ws_lru_descriptor_access(&lru, 0);
	return ws_refault_tier(((page[0] & WS_PAGE_REFS) >> WS_PAGE_REFS_SHIFT) +
			       !!(page[0] & WS_PAGE_WORKINGSET));
}

Test(lru, descriptor_accesses_make_tiers)
{
	static const u32 tier[] = { 0, 0, 1, 2, 2, 3, 3, 3 };

	for (u32 accesses = 0; accesses < 8; accesses++) {
		start(WS_GENS_LINUX);
		add(0, 1, WS_FILE, WS_ENTER_READ);
		cr_assert_eq(tier_after(accesses), tier[accesses], "%u accesses", accesses);
	}
	ws_lru_remove(&lru, 0);
	ws_lru_descriptor_access(&lru, 0);
	cr_assert_eq(page[0], WS_PAGE_LINKED, "a page that is not there counts nothing");
}

Test(lru, folding_takes_the_history_away)
{
	start(2);
	add(0, 1, WS_FILE, WS_ENTER_READ);
	cr_assert_eq(tier_after(5), 3);
	advance(1);
	cr_assert_not(ws_page_labelled_now(&lru.age, page[0]));
	ws_lru_descriptor_access(&lru, 0);
	cr_assert(ws_page_labelled_now(&lru.age, page[0]));
	cr_assert_eq(page[0] & WS_PAGE_HISTORY, WS_PAGE_REFERENCED, "it begins anew");
	cr_assert(ws_lru_check(&lru));
}

/* Linux 6.12 without swap, and the base, whose ages stay right. */
Test(lru, without_swap_the_oldest_anon_pages_are_the_youngest_or_folded)
{
	static const struct {
		const char *rules;
		u32 swappiness;
		u64 seq;
	} cases[] = { { "6.12", 0, 4 }, { "6.12", 60, 1 }, { "mm-new", 0, 4 }, { "base", 0, 1 } };

	for (u32 i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		start(WS_GENS_LINUX);
		cr_assert_eq(ws_lru_init_rules(&lru, page, pool, PAGES,
					       ws_rules_find(cases[i].rules, (u32)strlen(cases[i].rules)),
					       0), 0);
		ws_lru_add(&lru, 0, WS_ANON, WS_ENTER_READ, 0);
		ws_lru_add(&lru, 1, WS_FILE, WS_ENTER_READ, 0);
		ws_age_move(&lru.age, 0, 0);
		ws_age_move(&lru.age, 1, 0);
		cr_assert_eq(ws_lru_advance_for(&lru, 1, cases[i].swappiness), 0);
		cr_assert_eq(ws_age_seq(&lru.age, 0), cases[i].seq, "%s", cases[i].rules);
		cr_assert_eq(ws_age_seq(&lru.age, 1), 1);
		cr_assert(ws_lru_check(&lru));
	}
}

/*
 * Page 1 was promoted while it was on the list of the generation that is passed over, which is
 * then a younger one than its own: a fold page by page does not find it, a lazy one needs not.
 */
Test(lru, strays_are_passed_over_by_folds_that_sort_and_folded_by_lazy_ones)
{
	static const struct {
		enum ws_fold fold;
		u64 stray_seq;
	} cases[] = { { WS_FOLD_SORTS, 8 }, { WS_FOLD_LAZY, 5 } };

	for (u32 i = 0; i < 2; i++) {
		struct ws_rules rules = *ws_rules_find("6.12", 4);
		u64 young = 1 << 1;

		start(WS_GENS_LINUX);
		rules.fold = (u8)cases[i].fold;
		cr_assert_eq(ws_lru_init_rules(&lru, page, pool, PAGES, &rules, 0), 0);
		add(0, 2, WS_ANON, WS_ENTER_READ);
		advance(1);
		cr_assert_eq(lru.age.min_seq[WS_ANON], 1);
		cr_assert_eq(ws_age_seq(&lru.age, 0), 1);
		cr_assert_eq(ws_lru_harvest(&lru, 0, &young, 64), 1);
		cr_assert_eq(ws_lru_advance_for(&lru, 2, 0), 0);
		cr_assert_eq(ws_age_seq(&lru.age, 0), 5, "passed over: the youngest");
		cr_assert_eq(ws_age_seq(&lru.age, 1), 4);
		for (u64 now_ns = 3; now_ns < 6; now_ns++)
			advance(now_ns);
		cr_assert_eq(ws_age_seq(&lru.age, 0), 5);
		cr_assert_eq(ws_age_seq(&lru.age, 1), cases[i].stray_seq, "%llu",
			     ws_age_seq(&lru.age, 1));
		/* What is in the oldest generation can be evicted, from whichever list. */
		cr_assert_eq(evict(WS_SWAPPINESS_MAX, 2), 1 + i);
		cr_assert_eq(victims[0], 0);
		cr_assert(i == 0 || victims[1] == 1);
	}
}

Test(lru, pages_paged_out_are_victims_whether_shadows_are_wanted_or_not)
{
	static const u32 area[] = { 3, 4, 7, 5 }; /* 7 is not there */

	for (u32 with = 0; with < 2; with++) {
		u32 given[4] = { 9, 9, 9, 9 };

		start(WS_GENS_LINUX);
		add(3, 3, WS_ANON, WS_ENTER_FAULT);
		add(6, 1, WS_ANON, WS_ENTER_FAULT);
		cr_assert_eq(ws_advice_pageout(&lru, area, 4, with ? given : NULL), 3);
		cr_assert_eq(lru.evicted_pages[WS_ANON], 3);
		for (u32 i = 0; i < 4; i++) {
			cr_assert_not(ws_page_aged(page[area[i]]));
			cr_assert_not(page[area[i]] & WS_PAGE_LINKED, "on no list");
			if (with)
				cr_assert_eq(!given[i], area[i] == 7, "%u: %#x", area[i], given[i]);
		}
		cr_assert(ws_page_aged(page[6]), "nobody named it");
		cr_assert(ws_lru_check(&lru));
	}
}

Test(refault, shadows_are_never_zero_and_tell_recency)
{
	static struct ws_refault refault;

	for (u64 min_seq = 0; min_seq < 3; min_seq++) {
		for (u32 refs = 0; refs <= WS_REFS_MAX; refs++) {
			u32 shadow;

			ws_refault_init(&refault);
			shadow = ws_refault_evict(&refault, WS_FILE, min_seq, refs);
			cr_assert_neq(shadow, 0);
			cr_assert(ws_refault_arrive(&refault, WS_FILE, min_seq, shadow, false).recent);
			cr_assert_not(
				ws_refault_arrive(&refault, WS_FILE, min_seq + 1, shadow, true).recent);
			cr_assert_eq(refault.refaulted[WS_FILE][ws_refault_tier(refs)], 1);
			cr_assert_eq(refault.workingset_refault[WS_FILE], 2);
			cr_assert_eq(refault.workingset_recent[WS_FILE], 1);
			cr_assert_eq(refault.workingset_restore[WS_FILE], refs == WS_REFS_MAX);
		}
	}
}

Test(refault, a_recent_page_in_a_fault_is_restored)
{
	static struct ws_refault refault;
	u32 shadow;

	ws_refault_init(&refault);
	shadow = ws_refault_evict(&refault, WS_ANON, 7, 0);
	cr_assert(ws_refault_arrive(&refault, WS_ANON, 7, shadow, true).workingset);
	cr_assert_eq(refault.workingset_restore[WS_ANON], 1);
}

Test(refault, any_shadow_is_harmless)
{
	static struct ws_refault refault;

	ws_refault_init(&refault);
	for (u32 i = 1; i < 100000; i++)
		ws_refault_arrive(&refault, WS_ANON, 5, i * 2654435761u, i & 1);
	cr_assert_eq(refault.workingset_refault[WS_ANON], 99999);
}

/* @refaults of @evictions pages with @refs come back. */
static void history(struct ws_refault *refault, u32 refs, u32 evictions, u32 refaults)
{
	for (u32 i = 0; i < evictions; i++) {
		u32 shadow = ws_refault_evict(refault, WS_FILE, 1, refs);

		if (i < refaults)
			ws_refault_arrive(refault, WS_FILE, 1, shadow, false);
	}
}

Test(refault, a_tier_is_protected_when_it_refaults_twice_as_often)
{
	static struct ws_refault refault;

	ws_refault_init(&refault);
	cr_assert_eq(ws_refault_tier_limit(&refault, WS_FILE), WS_TIERS - 1, "nothing is known");
	history(&refault, 0, 1000, 100);
	history(&refault, 1, 1000, 63);
	cr_assert_eq(ws_refault_tier_limit(&refault, WS_FILE), 3, "63 are too few to mean much");
	history(&refault, 1, 400, 200);
	/* 263 of 1,400 against 100 of 1,000: less than twice. */
	cr_assert_eq(ws_refault_tier_limit(&refault, WS_FILE), 3);
	history(&refault, 1, 400, 400);
	cr_assert_eq(ws_refault_tier_limit(&refault, WS_FILE), 0, "663 of 1,800");
	cr_assert_eq(ws_refault_tier_limit(&refault, WS_ANON), 3, "the other type is another matter");
}

Test(refault, averages_lose_half_with_each_generation)
{
	static struct ws_refault refault;

	ws_refault_init(&refault);
	history(&refault, 2, 800, 400);
	ws_refault_carry(&refault, WS_FILE);
	cr_assert_eq(refault.refaulted_avg[WS_FILE][2], 200);
	cr_assert_eq(refault.total_avg[WS_FILE][2], 400);
	cr_assert_eq(refault.evicted[WS_FILE][2], 0);
	ws_refault_carry(&refault, WS_FILE);
	cr_assert_eq(refault.refaulted_avg[WS_FILE][2], 100);
}

Test(refault, the_type_that_refaults_less_is_chosen)
{
	static struct ws_refault refault;
	u32 limit;

	ws_refault_init(&refault);
	cr_assert_eq(ws_refault_choose(&refault, 60, &limit), WS_FILE, "few refaults: file");
	history(&refault, 0, 1000, 500);
	cr_assert_eq(ws_refault_choose(&refault, 60, &limit), WS_ANON);
}

Test(lru, a_protected_tier_goes_to_the_next_generation)
{
	start(WS_GENS_LINUX);
	history(&lru.refault, 0, 1000, 10);
	history(&lru.refault, 1, 1000, 500);
	add(0, 100, WS_FILE, WS_ENTER_READ);
	u64 activated = lru.refault.workingset_activate[WS_FILE];
	for (u32 i = 0; i < 10; i++) {
		ws_lru_descriptor_access(&lru, i);
		ws_lru_descriptor_access(&lru, i);
	}
	cr_assert_eq(evict(0, 90), 90);
	cr_assert_eq(victims[0], 10);
	cr_assert_eq(lru.protected_pages, 10);
	cr_assert_eq(lru.refault.workingset_activate[WS_FILE], activated + 10);
	for (u32 i = 0; i < 10; i++) {
		cr_assert_eq(ws_age_seq(&lru.age, i), 1);
		cr_assert_eq(page[i] & WS_PAGE_HISTORY, 0);
	}
}

Test(lru, a_shadow_brings_the_working_set_flag_back)
{
	start(WS_GENS_LINUX);
	add(0, 2, WS_ANON, WS_ENTER_SWAPCACHE);
	add(10, 1, WS_ANON, WS_ENTER_SWAPCACHE); /* keeps the generation the oldest */
	cr_assert_eq(evict(60, 2), 2);
	ws_lru_add(&lru, 0, WS_ANON, WS_ENTER_FAULT, shadows[0]);
	cr_assert(page[0] & WS_PAGE_WORKINGSET);
	cr_assert_eq(lru.refault.workingset_restore[WS_ANON], 1);
	evict(60, 1);
	advance(1);
	ws_lru_add(&lru, 1, WS_ANON, WS_ENTER_FAULT, shadows[1]);
	cr_assert_eq(page[1] & WS_PAGE_WORKINGSET, 0, "the generation it left is over");
	cr_assert_eq(lru.refault.workingset_refault[WS_ANON], 2);
}

Test(lru, ageing_is_wanted_by_size_when_there_are_three_generations)
{
	start(WS_GENS_LINUX);
	cr_assert_not(ws_lru_wants_ageing(&lru, 60), "four generations");
	cr_assert(ws_age_fold(&lru.age, WS_ANON));
	cr_assert(ws_age_fold(&lru.age, WS_FILE));
	add(0, 30, WS_ANON, WS_ENTER_SWAPCACHE);
	add(100, 30, WS_ANON, WS_ENTER_WRITEBACK);
	add(200, 30, WS_ANON, WS_ENTER_FAULT);
	cr_assert_not(ws_lru_wants_ageing(&lru, 60), "a third each");
	add(300, 31, WS_ANON, WS_ENTER_FAULT);
	cr_assert(ws_lru_wants_ageing(&lru, 60), "more than half are young");
	add(400, 200, WS_ANON, WS_ENTER_WRITEBACK);
	cr_assert(ws_lru_wants_ageing(&lru, 60), "less than a quarter are old");
}

Test(lru, refuses_numbers_of_generations_out_of_range)
{
	cr_assert_eq(ws_lru_init(&lru, page, pool, PAGES, 1, 0), -EINVAL);
	cr_assert_eq(ws_lru_init(&lru, page, pool, PAGES, 65, 0), -EINVAL);
}

Test(lru, check_sees_a_page_on_no_queue)
{
	start(WS_GENS_LINUX);
	add(0, 3, WS_ANON, WS_ENTER_FAULT);
	cr_assert(ws_lru_check(&lru));
	ws_age_add(&lru.age, 9, WS_ANON, 0);
	cr_assert_not(ws_lru_check(&lru));
}

Test(lru, many_share_one_array_and_one_pool)
{
	static struct ws_lru many[64];
	u64 random = 1;

	start(WS_GENS_LINUX);
	for (u32 i = 0; i < 64; i++)
		cr_assert_eq(ws_lru_init(&many[i], page, pool, PAGES, WS_GENS_LINUX, 0), 0);
	for (u32 step = 0; step < 100000; step++) {
		u32 i;
		struct ws_lru *one;

		random = random * 6364136223846793005ull + 1442695040888963407ull;
		i = (u32)(random >> 33) % PAGES;
		one = &many[i % 64]; /* a page keeps to one of them */
		if (!ws_page_aged(page[i]))
			ws_lru_add(one, i, i & 64 ? WS_FILE : WS_ANON,
				   random >> 60 ? WS_ENTER_FAULT : WS_ENTER_READ, 0);
		else if (random >> 61)
			ws_lru_descriptor_access(one, i);
		else
			ws_lru_remove(one, i);
		if (step % 1000 == 0) {
			struct ws_lru_scan scan = { .swappiness = 60, .budget = 50 };

			ws_lru_advance(one, step);
			ws_lru_evict(one, &scan, NULL, NULL, victims, shadows, 20);
			cr_assert(ws_lru_check(one));
		}
	}
	for (u32 i = 0; i < 64; i++)
		cr_assert(ws_lru_check(&many[i]));
}

Test(lru, adding_a_page_twice_traps, .signal = SIGILL)
{
	start(WS_GENS_LINUX);
	add(0, 1, WS_ANON, WS_ENTER_FAULT);
	add(0, 1, WS_ANON, WS_ENTER_FAULT);
}

Test(lru, swappiness_above_200_traps, .signal = SIGILL)
{
	start(WS_GENS_LINUX);
	evict(201, 1);
}

Test(queue, joins_of_single_pages_stay_within_the_pool)
{
	static struct ws_queue queue, older;

	start(WS_GENS_LINUX);
	ws_queue_init(&queue);
	ws_queue_init(&older);
	for (u32 i = 0; i < 16; i++)
		ws_queue_add_young(&queue, pool, i);
	for (u32 i = 16; i < PAGES; i++) {
		ws_queue_add_young(&older, pool, i);
		ws_queue_join(&queue, &older, pool);
	}
	for (u32 i = PAGES; i-- > 16;)
		cr_assert_eq(ws_queue_take_old(&queue, pool), i);
	for (u32 i = 0; i < 16; i++)
		cr_assert_eq(ws_queue_take_old(&queue, pool), i);
	cr_assert(ws_queue_empty(&queue));
}

Test(queue, a_pool_used_up_traps, .signal = SIGILL)
{
	static struct ws_queue queue;

	start(WS_GENS_LINUX);
	ws_queue_init(&queue);
	for (u32 i = 0; i < 2 * PAGES; i++)
		ws_queue_add_young(&queue, pool, i);
}
