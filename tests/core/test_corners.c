/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_corners.c - conditions of the core that other tests pass by: broken state that the
 * checks must see, trees with holes, values at the end of their range.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "ws_group.h"
#include "ws_proto.h"
#include "ws_source_damon.h"
#include "ws_wsr1.h"

#define PAGES 256u
#define MS WS_NS_PER_MS

static u16 page[PAGES];
static u32 pool[16 * (2 + PAGES / 8)];
static struct ws_age age;
static struct ws_lru lru;

static void fresh_age(u32 gens)
{
	bool folded[WS_TYPES];

	memset(page, 0, sizeof(page));
	cr_assert_eq(ws_age_init(&age, page, PAGES, gens, 0), 0);
	for (u32 i = 0; i < 100; i++)
		ws_age_add(&age, i, i & 1, age.max_seq - i % 3);
	cr_assert_eq(ws_age_advance(&age, 1, folded), 0);
	cr_assert(ws_age_check(&age));
}

/* --- checks see what is broken -------------------------------------------------------------- */

Test(corners, ws_age_check_sees_every_kind_of_damage)
{
	struct ws_age good;

	fresh_age(6);
	good = age;
	age.min_seq[WS_FILE] = age.max_seq + 1;
	cr_assert_not(ws_age_check(&age), "the oldest after the youngest");
	age = good;
	age.min_seq[WS_ANON] = age.max_seq;
	cr_assert_not(ws_age_check(&age), "fewer than two generations");
	age = good;
	age.min_seq[WS_ANON]--;
	cr_assert_not(ws_age_check(&age), "more than N");
	age = good;
	age.min_slot[WS_ANON] = (age.min_slot[WS_ANON] + 1) % age.gens;
	cr_assert_not(ws_age_check(&age), "a slot that is not the number's");
	age = good;
	age.max_slot = (age.max_slot + 1) % age.gens;
	cr_assert_not(ws_age_check(&age), "nor the youngest's");
	for (u32 gens = 0; gens < 100; gens++) {
		age = good;
		age.gens = gens;
		cr_assert_eq(ws_age_check(&age), gens == good.gens);
	}
	age = good;
	age.label_of[0] = 0;
	cr_assert_not(ws_age_check(&age), "a generation without a label");
	age = good;
	age.label_of[0] = age.label_of[1];
	cr_assert_not(ws_age_check(&age), "one label for two");
	age = good;
	age.bearers[ws_age_kind(0, WS_FILE)]++;
	cr_assert_not(ws_age_check(&age), "pages of no generation that are counted");
}

Test(corners, ws_age_check_sees_pages_in_a_generation_that_has_ended)
{
	u32 row;

	fresh_age(6);
	while (ws_age_fold(&age, WS_ANON))
		;
	row = ws_age_row(ws_age_slot(&age, age.min_seq[WS_ANON] - 1), WS_ANON);
	age.row_of[ws_age_kind(200, WS_ANON)] = (u8)row;
	cr_assert(ws_age_check(&age), "a label without pages is nobody's business");
	age.bearers[ws_age_kind(200, WS_ANON)] = 3;
	age.pages[row] = 3;
	cr_assert_not(ws_age_check(&age));
}

static void fresh_lru(void)
{
	memset(page, 0, sizeof(page));
	memset(pool, 0, sizeof(pool));
	cr_assert_eq(ws_lru_init(&lru, page, pool, PAGES, 4, 0), 0);
	for (u32 i = 0; i < 100; i++)
		ws_lru_add(&lru, i, WS_ANON, WS_ENTER_FAULT, 0);
	cr_assert(ws_lru_check(&lru));
}

Test(corners, ws_lru_check_sees_what_is_queued_wrongly)
{
	struct ws_queue *queue;
	u32 saved;

	fresh_lru();
	queue = &lru.queue[ws_age_row(lru.age.max_slot, WS_ANON)];
	saved = queue->young[0];
	queue->young[0] = PAGES;
	cr_assert_not(ws_lru_check(&lru), "a page that does not exist");
	queue->young[0] = PAGES - 1;
	cr_assert_not(ws_lru_check(&lru), "one that is not marked as queued");
	queue->young[0] = saved;
	queue->young_count--;
	cr_assert_not(ws_lru_check(&lru), "one that is on no queue");
	queue->young_count++;
	lru.age.pages[0]++;
	cr_assert_not(ws_lru_check(&lru), "a count that is wrong");
	lru.age.pages[0]--;
	cr_assert(ws_lru_check(&lru));
}

Test(corners, broken_chains_of_chunks_are_seen)
{
	const u32 used = 1;
	struct ws_queue *queue, good;
	u32 chunk, *words, saved[16];

	fresh_lru();
	queue = &lru.queue[ws_age_row(lru.age.max_slot, WS_ANON)];
	good = *queue;
	chunk = queue->chunk[WS_QUEUE_OLD];
	words = pool + (size_t)16 * chunk;
	memcpy(saved, words, sizeof(saved));
	cr_assert(chunk && chunk != queue->chunk[WS_QUEUE_YOUNG]);
	words[0] = PAGES;
	cr_assert_not(ws_lru_check(&lru), "a chunk that was never given out");
	words[0] = chunk;
	cr_assert_not(ws_lru_check(&lru), "a circle");
	memcpy(words, saved, sizeof(saved));
	words[1] = words[15] = WS_NO_PAGE;
	cr_assert_not(ws_lru_check(&lru), "a chunk of no page");
	memcpy(words, saved, sizeof(saved));
	queue->chunk[WS_QUEUE_YOUNG] = chunk;
	cr_assert_not(ws_lru_check(&lru), "a chain that ends early");
	*queue = good;
	queue->chunk[WS_QUEUE_YOUNG] = 0;
	cr_assert_not(ws_lru_check(&lru), "a chain that has no end");
	*queue = good;
	cr_assert(ws_lru_check(&lru));
	cr_assert_gt(pool[used], 0);
}

Test(corners, ws_source_damon_check_sees_regions_that_do_not_cover_the_range)
{
	static const struct ws_damon_config config = {
		.sample_ns = 5 * MS, .aggregation_ns = 100 * MS, .regions_min = 10, .regions_max = 20,
	};
	static struct ws_damon_region region[40], good[40];
	static struct ws_source_damon damon;
	static const struct ws_access access;

	cr_assert_eq(ws_source_damon_init(&damon, &config, region, 1000, &access, 0), 0);
	memcpy(good, region, sizeof(good));
	cr_assert(ws_source_damon_check(&damon));
	region[3].first++;
	cr_assert_not(ws_source_damon_check(&damon), "a gap");
	memcpy(region, good, sizeof(good));
	region[3].count = 0;
	cr_assert_not(ws_source_damon_check(&damon), "nothing");
	memcpy(region, good, sizeof(good));
	region[9].count = 5000;
	cr_assert_not(ws_source_damon_check(&damon), "past the end");
	region[9].count = good[9].count - 1;
	cr_assert_not(ws_source_damon_check(&damon), "short of the end");
	region[9].count++;
	damon.config.regions_max = 9;
	cr_assert_not(ws_source_damon_check(&damon), "more than there may be");
}

Test(corners, ws_lru_check_sees_more_pages_on_queues_than_there_are)
{
	fresh_lru();
	for (u32 i = 100; i < PAGES; i++)
		page[i] = WS_PAGE_LINKED; /* gone, and still queued: many times over */
	for (u32 row = 0; row < 8; row++)
		for (u32 i = 100; i < PAGES; i++)
			if (lru.queue[row].young_count < 14)
				ws_queue_add_young(&lru.queue[row], pool, i);
	cr_assert(ws_lru_check(&lru));
	for (u32 row = 8; row < WS_ROWS_MAX; row++)
		for (u32 i = 100; i < 114; i++)
			ws_queue_add_young(&lru.queue[row], pool, i);
	cr_assert_not(ws_lru_check(&lru));
}

/* --- ways that are seldom taken -------------------------------------------------------------- */

Test(corners, an_lru_whose_labels_have_run_out_says_so_and_goes_on_when_tidied)
{
	u32 refused = 0;

	memset(page, 0, sizeof(page));
	memset(pool, 0, sizeof(pool));
	cr_assert_eq(ws_lru_init(&lru, page, pool, PAGES, 4, 0), 0);
	for (u32 i = 0; i < PAGES; i++) {
		ws_lru_add(&lru, i, WS_ANON, WS_ENTER_FAULT, 0);
		if (!ws_lru_advance(&lru, i))
			continue;
		refused++;
		ws_age_tidy(&lru.age, PAGES, NULL, NULL);
		cr_assert_eq(ws_lru_advance(&lru, i), 0);
	}
	cr_assert_eq(refused, 1);
	cr_assert(ws_lru_check(&lru));
}

/* The environment says that neighbours were accessed, and the page itself was not. */
static u64 only_neighbours(void *ctx, u32 asked)
{
	(void)ctx;
	return ~(1ull << asked % 64);
}

Test(corners, a_page_whose_neighbours_were_accessed_is_evicted_and_they_are_not)
{
	static const struct ws_lru_ops ops = { .look_around = only_neighbours };

	for (u32 row = 0; row < WS_RULES_COUNT; row++) {
		struct ws_lru_scan scan = { .swappiness = 200, .budget = 1 };
		u32 victim = 999;
		u64 young;

		memset(page, 0, sizeof(page));
		memset(pool, 0, sizeof(pool));
		cr_assert_eq(ws_lru_init_rules(&lru, page, pool, PAGES, &ws_rules_table[row], 0), 0);
		for (u32 i = 0; i < 64; i++)
			ws_lru_add(&lru, i, WS_ANON, WS_ENTER_FAULT, 0);
		for (u32 i = 1; i < 3; i++)
			cr_assert_eq(ws_lru_advance(&lru, i), 0);
		young = lru.promoted_pages;
		cr_assert_eq(ws_lru_evict(&lru, &scan, &ops, NULL, &victim, NULL, 1), 1);
		cr_assert_eq(victim, 0);
		if (ws_rules_table[row].sighting == WS_SIGHTING_PROMOTES)
			cr_assert_eq(lru.promoted_pages, young + 63);
		cr_assert(ws_lru_check(&lru));
	}
}

Test(corners, bits_past_the_count_are_not_looked_at_by_any_rules)
{
	for (u32 row = 0; row < WS_RULES_COUNT; row++) {
		u64 young[2] = { ~0ull, ~0ull };

		memset(page, 0, sizeof(page));
		memset(pool, 0, sizeof(pool));
		cr_assert_eq(ws_lru_init_rules(&lru, page, pool, PAGES, &ws_rules_table[row], 0), 0);
		for (u32 i = 0; i < 128; i++)
			ws_lru_add(&lru, i, WS_ANON, WS_ENTER_FAULT, 0);
		cr_assert_eq(ws_lru_advance(&lru, 1), 0);
		for (u32 times = 0; times < 3; times++)
			ws_lru_harvest(&lru, 0, young, 100);
		for (u32 i = 0; i < 128; i++)
			cr_assert_eq(ws_age_seq(&lru.age, i) == lru.age.max_seq, i < 100);
	}
}

Test(corners, eviction_s_finding_by_the_base_rules_is_the_youngest_generation)
{
	fresh_age(6);
	ws_promote_rmap(&age, ws_rules_base, 2);
	cr_assert_eq(ws_age_seq(&age, 2), age.max_seq);
	cr_assert(ws_age_check(&age));
}

static int no_age(void *ctx, u64 now_ns)
{
	(void)ctx, (void)now_ns;
	return 0;
}

static u64 birth_in_the_future(void *ctx)
{
	(void)ctx;
	return 1000;
}

static int no_pages(void *ctx, struct ws_hist *hist, u64 now_ns)
{
	(void)ctx, (void)hist, (void)now_ns;
	return 0;
}

Test(corners, a_birth_after_now_is_not_long_ago)
{
	static const struct ws_ages_ops ops = { no_age, birth_in_the_future, no_pages };
	struct ws_report_config config = { .edges_count = 1, .edge_ns = { 10 },
					   .refresh_interval_ns = 1 };
	struct ws_report report;

	ws_report_init(&report, &ops, NULL);
	cr_assert_eq(ws_report_configure(&report, &config), 0);
	cr_assert_eq(ws_report_refresh(&report, 10), 0);
	cr_assert_eq(report.ageings_count, 0);
}

/* --- groups ----------------------------------------------------------------------------------- */

#define GROUPS 8u

static struct ws_groups groups;
static u64 memory[GROUPS * (sizeof(struct ws_group) + 2 * sizeof(void *)) / 8];

/* root, 1 (nothing), 2 below the root, 3 (nothing), 4 below 2; lruvecs in 2 and 4, on node 1 */
static void tree_with_holes(void)
{
	u32 made;

	cr_assert_eq(ws_groups_init(&groups, memory, GROUPS, 2), 0);
	for (u32 i = 1; i <= 4; i++) {
		cr_assert_eq(ws_groups_add(&groups, i == 4 ? 2 : WS_GROUP_ROOT, &made), 0);
		cr_assert_eq(made, i);
	}
	cr_assert_eq(ws_groups_remove(&groups, 1), 0);
	cr_assert_eq(ws_groups_remove(&groups, 3), 0);
	fresh_lru();
	cr_assert_eq(ws_groups_attach(&groups, 4, 1, &lru), 0);
}

Test(corners, groups_refuse_what_is_not_there)
{
	u32 made;

	cr_assert_eq(ws_groups_init(&groups, memory, 0, 1), -EINVAL);
	cr_assert_eq(ws_groups_init(&groups, memory, 1, 0), -EINVAL);
	cr_assert_eq(ws_groups_init(&groups, memory, WS_GROUP_NONE, 1), -EINVAL);
	tree_with_holes();
	cr_assert_eq(ws_groups_add(&groups, 3, &made), -EINVAL);
	cr_assert_eq(ws_groups_add(&groups, GROUPS + 1, &made), -EINVAL);
	cr_assert_eq(ws_groups_limit(&groups, 1, 1, 1), -EINVAL);
	cr_assert_eq(ws_groups_attach(&groups, 3, 0, NULL), -EINVAL);
	cr_assert_eq(ws_groups_attach(&groups, 2, 2, NULL), -EINVAL);
	cr_assert_eq(ws_groups_remove(&groups, 3), -EINVAL);
	cr_assert_eq(ws_groups_remove(&groups, 4), -EBUSY, "it has pages");
	cr_assert_eq(ws_groups_remove(&groups, 2), -EBUSY, "it has a group below");
	cr_assert_not(ws_groups_below(&groups, 3, WS_GROUP_ROOT));
	cr_assert(ws_groups_below(&groups, 4, 2) && ws_groups_below(&groups, 4, WS_GROUP_ROOT));
	cr_assert_eq(ws_groups_attach(&groups, 4, 1, NULL), 0);
	cr_assert_eq(ws_groups_remove(&groups, 4), 0);
	cr_assert_eq(groups.groups_top, 3, "the hole before it is given up too");
}

static u32 aged;

static int age_lruvec(void *ctx, struct ws_lru *one, u64 now_ns)
{
	(void)ctx, (void)now_ns;
	aged += one == &lru;
	return 0;
}

Test(corners, passes_over_a_tree_with_holes)
{
	static struct ws_hist hist[GROUPS], one;
	struct ws_groups_pass pass;
	u64 edge_ns = 10;

	tree_with_holes();
	cr_assert_eq(ws_groups_limit(&groups, 4, 40, 60), 0);
	ws_groups_protect(&groups, WS_GROUP_ROOT);
	cr_assert_eq(groups.group[WS_GROUP_ROOT].usage_pages, 100);
	cr_assert_eq(ws_groups_protected(&groups, 3), WS_PROTECTED_NOT, "it uses nothing");
	cr_assert_eq(ws_groups_scan(&groups, 4, 500, true, false), 500);
	cr_assert_eq(ws_groups_scan(&groups, 2, 500, true, true), 500, "it has no protection");
	cr_assert_not(ws_groups_out_of_memory(&groups, 0, 5, 100, 60, 0), "no lruvec there");
	cr_assert(ws_groups_out_of_memory(&groups, 1, 500, 100, 60, 0));
	cr_assert_eq(ws_hist_init(&hist[0], &edge_ns, 1), 0);
	ws_groups_collect_begin(&pass, &groups, hist, 1, 5);
	while (ws_groups_collect_step(&pass, 1))
		;
	cr_assert_eq(ws_hist_total(&hist[0], WS_ANON), 100);
	for (u32 node = 0; node < 3; node++) {
		struct ws_group_source source = { &groups, 2, node < 2 ? node : WS_NODE_ALL,
						  age_lruvec, NULL };

		cr_assert_eq(ws_hist_init(&one, &edge_ns, 1), 0);
		cr_assert_eq(ws_group_ages.collect(&source, &one, 5), 0);
		cr_assert_eq(ws_hist_total(&one, WS_ANON), node ? 100 : 0);
		cr_assert_eq(ws_group_ages.youngest_birth(&source), node ? 0 : WS_AGE_INFINITE);
		aged = 0;
		cr_assert_eq(ws_group_ages.age(&source, 5), 0);
		cr_assert_eq(aged, node > 0);
	}
}

Test(corners, protection_that_a_parent_has_and_its_children_do_not_claim)
{
	/* It goes to who uses more than it claims; when nobody does, to nobody. */
	cr_assert_eq(ws_effective_protection(100, 200, 40, 120, 60, true), 40 + 60 * 60 / 140);
	cr_assert_eq(ws_effective_protection(100, 200, 40, 120, 60, false), 40);
	cr_assert_eq(ws_effective_protection(100, 60, 40, 120, 60, true), 40);
	cr_assert_eq(ws_effective_protection(40, 200, 40, 120, 60, true), 40);
	cr_assert_eq(ws_effective_protection(100, 200, 40, 60, 60, true), 40);
	cr_assert_eq(ws_effective_protection(100, 200, 40, 30, 60, true), 20);
}

Test(corners, min_ttl_at_its_bounds)
{
	bool folded[WS_TYPES];
	struct ws_rules rules = *ws_rules_find("6.14", 4);

	fresh_lru();
	lru.rules = &rules;
	cr_assert_not(ws_lru_is_worth_it(&lru, 0, 0, 60, 0), "born just now");
	cr_assert_not(ws_lru_is_worth_it(&lru, 10, 10, 60, 0));
	cr_assert(ws_lru_is_worth_it(&lru, 10, 11, 60, 0));
	cr_assert_not(ws_lru_is_worth_it(&lru, 10, 11, 60, 7), "fewer than 128 pages");
	cr_assert_not(ws_lru_is_worth_it(&lru, 10, 11, 0, 0), "no file pages");
	cr_assert_eq(ws_age_advance(&lru.age, 50, folded), 0);
}

/* --- rules --------------------------------------------------------------------------------------- */

Test(corners, rules_with_any_field_out_of_range_or_at_odds_are_refused)
{
	for (u32 row = 0; row < WS_RULES_COUNT; row++) {
		const struct ws_rules *good = &ws_rules_table[row];
		/* every byte after the name is a field */
		size_t first = offsetof(struct ws_rules, gens);
		size_t last = offsetof(struct ws_rules, swappiness);

		cr_assert_eq(ws_rules_check(good), 0);
		for (size_t at = first; at <= last; at++) {
			struct ws_rules rules = *good;

			((u8 *)&rules)[at] = 222;
			if (at != offsetof(struct ws_rules, controller) &&
			    at != offsetof(struct ws_rules, tiers) &&
			    at != offsetof(struct ws_rules, bloom) &&
			    at != offsetof(struct ws_rules, gain_setpoint) &&
			    at != offsetof(struct ws_rules, gain_tier))
				cr_assert_eq(ws_rules_check(&rules), -EINVAL, "%s: byte %zu", good->name, at);
		}
	}
}

Test(corners, counts_of_references_are_not_read_as_another_kind)
{
	struct ws_rules fg = *ws_rules_find("fg", 2), new = *ws_rules_find("6.14", 4), rules;

	for (u32 i = 0; i < 8; i++) {
		rules = fg;
		switch (i) {
		case 0: rules.sighting = new.sighting; break;
		case 1: rules.rmap = new.rmap; break;
		case 2: rules.keeps = new.keeps; break;
		case 3: rules.restores = new.restores; break;
		case 4: rules.descriptor = new.descriptor; break;
		case 5: rules.refs = new.refs; break;
		case 6: rules.gain_setpoint = 0; break;
		default: rules.gain_tier = 0; break;
		}
		cr_assert_eq(ws_rules_check(&rules), -EINVAL);
		rules = new;
		switch (i) {
		case 0: rules.sighting = fg.sighting; break;
		case 1: rules.rmap = fg.rmap; break;
		case 2: rules.keeps = fg.keeps; break;
		case 3: rules.restores = fg.restores; break;
		case 4: rules.descriptor = fg.descriptor; break;
		case 5: rules.refs = WS_REFS_PAST_FIRST; break;
		case 6: rules.look_around = 2; break;
		default: rules.gens = WS_GENS_MIN - 1; break;
		}
		cr_assert_eq(ws_rules_check(&rules), -EINVAL);
	}
	rules = new;
	rules.look_around = 1;
	rules.swappiness = WS_SWAPPINESS_MAX;
	cr_assert_eq(ws_rules_check(&rules), 0);
	rules.swappiness++;
	cr_assert_eq(ws_rules_check(&rules), -EINVAL);
	rules = new;
	rules.gens = WS_GENS_MAX + 1;
	cr_assert_eq(ws_rules_check(&rules), -EINVAL);
}

/* --- messages -------------------------------------------------------------------------------------- */

Test(corners, peeking_stops_where_it_is_told_in_every_part_of_a_queue)
{
	static const struct ws_lru_ops silent; /* no page has accessed bits */
	u32 pages[PAGES], count;
	struct ws_lru_scan scan = { .swappiness = 200, .budget = 5 };
	u32 victims[5];

	fresh_lru();
	for (u32 i = 0; i < 3; i++)
		ws_lru_advance(&lru, i + 1);
	for (u32 max = 0; max < 90; max++) {
		count = ws_lru_upcoming(&lru, 200, pages, max);
		cr_assert_eq(count, max); /* of 100, the last ones are in no whole chunk */
		for (u32 i = 0; i < count; i++)
			cr_assert_eq(pages[i], i);
	}
	cr_assert_eq(ws_lru_evict(&lru, &scan, &silent, NULL, victims, NULL, 5), 5);
	for (u32 max = 0; max < 85; max++) {
		count = ws_lru_upcoming(&lru, 200, pages, max);
		cr_assert_eq(count, max);
		for (u32 i = 0; i < count; i++)
			cr_assert_eq(pages[i], i + 5);
	}
}

Test(corners, peeking_goes_through_chunks_that_are_not_full)
{
	struct ws_queue older, queue;
	u32 pages[PAGES];

	memset(pool, 0, sizeof(pool));
	ws_queue_pool_init(pool, PAGES);
	ws_queue_init(&older);
	ws_queue_init(&queue);
	for (u32 i = 0; i < 20; i++)
		ws_queue_add_young(&older, pool, i);
	for (u32 i = 20; i < 50; i++)
		ws_queue_add_young(&queue, pool, i);
	ws_queue_join(&queue, &older, pool);
	for (u32 max = 0; max <= 50; max++) {
		u32 count = ws_queue_peek(&queue, pool, pages, max);

		cr_assert_eq(count, max);
		for (u32 i = 0; i < count; i++)
			cr_assert_eq(pages[i], i);
	}
}

/* --- pages that came back ------------------------------------------------------------------------ */

static struct ws_reaccess_gen kept[64];
static struct ws_reaccess reaccess;

static u64 all_young(void *ctx, u32 asked)
{
	(void)ctx;
	return 1ull << asked % 64;
}

Test(corners, what_comes_back_is_counted_by_every_rules)
{
	static const struct ws_lru_ops ops = { .look_around = all_young };
	u64 edge_ns[] = { 5, 50 };

	for (u32 row = 0; row < 2 * WS_RULES_COUNT; row++) {
		struct ws_lru_scan scan = { .swappiness = 200, .budget = 10 };
		struct ws_rules rules = ws_rules_table[row / 2];
		u32 victims[4], shadows[4], count;

		if (row % 2)
			rules.recency = WS_RECENCY_DISTANCE;
		memset(page, 0, sizeof(page));
		memset(pool, 0, sizeof(pool));
		cr_assert_eq(ws_lru_init_rules(&lru, page, pool, PAGES, &rules, 0), 0);
		cr_assert_eq(ws_reaccess_init(&reaccess, NULL, kept, 64, 0), 0);
		cr_assert_eq(ws_reaccess_configure(&reaccess, edge_ns, 2, 0), 0);
		ws_lru_watch(&lru, &reaccess, 0);
		for (u32 i = 0; i < 100; i++)
			ws_lru_add(&lru, i, WS_ANON, WS_ENTER_FAULT, 0);
		for (u32 i = 1; i < 4; i++)
			cr_assert_eq(ws_lru_advance(&lru, i), 0);
		cr_assert_eq(ws_lru_evict(&lru, &scan, &ops, NULL, victims, shadows, 4), 0);
		cr_assert_gt(scan.rmap_walks, 0);
		scan.budget = 20;
		count = ws_lru_evict(&lru, &scan, NULL, NULL, victims, shadows, 4);
		cr_assert_eq(count, 4);
		for (u32 i = 0; i < count; i++)
			ws_lru_add(&lru, victims[i], WS_ANON, WS_ENTER_FAULT, shadows[i]);
		cr_assert_eq(ws_lru_advance(&lru, 9), 0);
		cr_assert_eq(reaccess.evicted_total[WS_ANON], 4);
		cr_assert_eq(ws_hist_total(&reaccess.hist, WS_ANON) + reaccess.older[WS_ANON],
			     reaccess.evicted_total[WS_ANON] + reaccess.resident_total[WS_ANON]);
		ws_lru_watch(&lru, NULL, 9);
		ws_lru_remove(&lru, 50);
		ws_lru_add(&lru, 50, WS_ANON, WS_ENTER_FAULT, shadows[0]);
		cr_assert_eq(ws_lru_advance(&lru, 10), 0);
		cr_assert_eq(reaccess.evicted_total[WS_ANON], 4, "nobody counts any more");
	}
}

Test(corners, edges_names_and_times_of_what_came_back_at_their_bounds)
{
	u64 edge_ns[] = { 5, 50 }, min_ns, max_ns;

	fresh_lru();
	cr_assert_eq(ws_reaccess_init(&reaccess, NULL, kept, 64, 0), 0);
	cr_assert_eq(ws_reaccess_configure(&reaccess, edge_ns, 2, 1), 0);
	cr_assert_eq(ws_reaccess_configure(&reaccess, edge_ns, 2, 2), 0);
	cr_assert_eq(reaccess.since_ns, 1, "the same edges");
	cr_assert_eq(ws_reaccess_configure(&reaccess, edge_ns, 1, 3), 0);
	cr_assert_eq(reaccess.since_ns, 3, "fewer");
	edge_ns[0]++;
	cr_assert_eq(ws_reaccess_configure(&reaccess, edge_ns, 1, 4), 0);
	cr_assert_eq(reaccess.since_ns, 4, "others");
	ws_lru_watch(&lru, &reaccess, 5);
	ws_reaccess_bits_since(&reaccess, ~0ull);
	cr_assert_leq(reaccess.bits_since_ns, 5, "bits are not younger than they are");
	reaccess.bits_since_ns = 5;
	ws_reaccess_bits_since(&reaccess, 2);
	cr_assert_eq(reaccess.bits_since_ns, 2, "but may be older");
	cr_assert_not(ws_reaccess_span(&reaccess, WS_ANON, lru.age.max_seq + 1, false, 9, &min_ns,
				       &max_ns));
	for (u32 i = 0; i < 80; i++) {
		cr_assert_eq(ws_lru_advance(&lru, 6 + i), 0);
		ws_age_tidy(&lru.age, PAGES, NULL, NULL);
	}
	cr_assert_not(ws_reaccess_span(&reaccess, WS_ANON, 0, true, 99, &min_ns, &max_ns));
	/* A name of the youngest, of one too old, of none that ever was. */
	ws_reaccess_refault(&reaccess, WS_ANON, (u32)lru.age.max_seq << 4 | 1);
	ws_reaccess_refault(&reaccess, WS_ANON, 1);
	ws_reaccess_refault(&reaccess, WS_ANON, (u32)(lru.age.max_seq + 7) << 4 | 1);
	cr_assert_eq(reaccess.unknown[WS_ANON], 3);
}

/* --- and again messages ---------------------------------------------------------------------------- */

Test(corners, staleness_has_no_place_in_dialects_without_numbers)
{
	static struct ws_proto_guest guest;
	u8 bytes[WS_WIRE_TO_HOST_MAX];
	struct ws_report_config config = { .edges_count = 1, .edge_ns = { 10 * MS },
					   .refresh_interval_ns = MS };
	struct ws_proto_report report = { .parts_count = 1 };
	struct ws_msg msg = { .kind = WS_MSG_CONFIG, .config = config };
	struct ws_hist hist;
	int length = ws_dialect_v4.encode_to_guest(&msg, 32, bytes, sizeof(bytes));

	cr_assert_eq(ws_proto_guest_init(&guest, &ws_dialect_v4, 32), 0);
	cr_assert_eq(ws_proto_guest_consume(&guest, bytes, (u32)length, 0), WS_PROTO_CONFIGURE);
	cr_assert_eq(ws_hist_init(&hist, config.edge_ns, 1), 0);
	report.part[0].hist = &hist;
	report.part[0].stale = true;
	length = ws_proto_guest_send(&guest, &report, bytes, sizeof(bytes));
	cr_assert_gt(length, 0);
	cr_assert_eq(ws_dialect_v4.decode_to_host(&msg, 32, bytes, (u32)length), 0);
	cr_assert_not(msg.report.stale);
}

Test(corners, either_end_that_has_not_said_its_version_is_waited_for)
{
	const struct ws_wsr1_bounds said = { 1, 4, 1, 0 }, not_said = { 0, 4, 1, 0 };
	struct ws_wsr1_bounds agreed;

	cr_assert_eq(ws_wsr1_agree(&said, &said, &agreed), 0);
	cr_assert_eq(ws_wsr1_agree(&not_said, &said, &agreed), -ENODATA);
	cr_assert_eq(ws_wsr1_agree(&said, &not_said, &agreed), -ENODATA);
}

/* Hand the host a message made by hand. */
static int host_hears(struct ws_proto_host *host, const struct ws_msg *msg)
{
	static struct ws_msg heard_msg;
	struct ws_proto_heard heard;
	u8 bytes[WS_WIRE_TO_HOST_MAX];
	int length = ws_dialect_wsr1.encode_to_host(msg, 4, bytes, sizeof(bytes));

	cr_assert_gt(length, 0);
	return ws_proto_host_consume(host, bytes, (u32)length, 0, &heard_msg, &heard);
}

Test(corners, a_host_that_has_sent_nothing_hears_no_verdict_and_very_old_reports_are_duplicates)
{
	static struct ws_proto_host host;
	static struct ws_msg verdict, report;
	struct ws_report_config config = { .edges_count = 1, .edge_ns = { 10 * MS },
					   .refresh_interval_ns = MS };
	u8 bytes[WS_WIRE_TO_GUEST_MAX];

	verdict.kind = WS_MSG_VERDICT;
	verdict.id = 1;
	report.kind = WS_MSG_REPORT;
	report.report.bins_count = 2;
	report.report.bin[0].idle_age_ns = 10 * MS;
	report.report.bin[1].idle_age_ns = WS_AGE_INFINITE;
	cr_assert_eq(ws_proto_host_init(&host, &ws_dialect_wsr1, 4, MS), 0);
	cr_assert_eq(host_hears(&host, &verdict), -EPROTO);
	cr_assert_gt(ws_proto_host_config(&host, &config, 0, bytes, sizeof(bytes)), 0);
	report.report.sequence = 100;
	cr_assert_eq(host_hears(&host, &report), WS_PROTO_GOT_REPORT);
	report.report.sequence = 37; /* 63 before: not seen yet */
	cr_assert_eq(host_hears(&host, &report), -ESTALE);
	cr_assert(host.late_count == 1 && host.duplicates_count == 0);
	report.report.sequence = 36; /* 64 before: nobody knows */
	cr_assert_eq(host_hears(&host, &report), -ESTALE);
	cr_assert(host.late_count == 1 && host.duplicates_count == 1);
}

Test(corners, a_v4_report_whose_edges_do_not_ascend_is_not_encoded)
{
	static struct ws_msg msg;
	u8 bytes[WS_WIRE_TO_HOST_MAX];

	msg.kind = WS_MSG_REPORT;
	msg.report.bins_count = 3;
	msg.report.bin[0].idle_age_ns = 10 * MS;
	msg.report.bin[1].idle_age_ns = 10 * MS;
	msg.report.bin[2].idle_age_ns = WS_AGE_INFINITE;
	cr_assert_lt(ws_dialect_v4.encode_to_host(&msg, 32, bytes, sizeof(bytes)), 0);
}

Test(corners, verdicts_that_cannot_be_encoded)
{
	struct ws_msg msg = { .kind = WS_MSG_VERDICT, .id = 1 };
	u8 bytes[64];

	cr_assert_gt(ws_dialect_wsr1.encode_to_host(&msg, 4, bytes, sizeof(bytes)), 0);
	msg.id = 0;
	cr_assert_eq(ws_dialect_wsr1.encode_to_host(&msg, 4, bytes, sizeof(bytes)), -EINVAL);
	msg.id = 1;
	msg.verdict.status = WS_STATUSES;
	cr_assert_eq(ws_dialect_wsr1.encode_to_host(&msg, 4, bytes, sizeof(bytes)), -EINVAL);
	msg.kind = WS_MSG_CONFIG;
	cr_assert_eq(ws_dialect_wsr1.encode_to_host(&msg, 4, bytes, sizeof(bytes)), -EINVAL);
}

/* Sums over nodes that do not fit 64 bits, of either type. */
Test(corners, nodes_whose_sum_overflows_are_refused)
{
	static struct ws_msg msg, back;
	static u8 bytes[WS_WIRE_TO_HOST_MAX];

	for (enum ws_type type = WS_ANON; type < WS_TYPES; type++) {
		memset(&msg, 0, sizeof(msg));
		msg.kind = WS_MSG_REPORT;
		msg.node = WS_NODE_ANY;
		msg.report.bins_count = 2;
		msg.report.bin[0].idle_age_ns = MS;
		msg.report.bin[1].idle_age_ns = WS_AGE_INFINITE;
		msg.report.sequence = 1;
		msg.report.parts_count = 2;
		msg.report.part[1].node = 1;
		for (u32 part = 0; part < 2; part++)
			msg.report.part[part].bytes[type][1] = 1ull << 63;
		int length = ws_dialect_wsr1.encode_to_host(&msg, 4, bytes, sizeof(bytes));

		cr_assert_gt(length, 0);
		cr_assert_eq(ws_dialect_wsr1.decode_to_host(&back, 4, bytes, (u32)length), -ERANGE);
	}
}

Test(corners, tags_and_sizes_that_say_half_of_unset)
{
	static struct ws_msg msg;
	u8 bytes[2 * 32];

	for (u32 tag = 0; tag < 3; tag++) {
		for (u32 unset = 0; unset < 4; unset++) {
			memset(bytes, 0, sizeof(bytes));
			for (u32 i = 0; i < 2; i++) {
				bytes[32 * i] = (u8)tag;
				bytes[32 * i + 8] = 5; /* ms */
				if (unset & 1)
					memset(bytes + 32 * i + 16, 0xff, 8);
				if (unset & 2)
					memset(bytes + 32 * i + 24, 0xff, 8);
			}
			/* RFC v1 has tag 0 for unset elements; only both sizes tell. */
			cr_assert_eq(ws_dialect_rfc1.decode_to_host(&msg, 2, bytes, sizeof(bytes)),
				     tag < 2 && !unset ? 0 :
				     !tag && unset == 3 ? -ENODATA : -EPROTO,
				     "tag %u, unset %u", tag, unset);
		}
	}
}

Test(corners, thirty_two_edges_are_one_too_many)
{
	static struct ws_msg msg;
	u8 bytes[140] = { 2 };

	for (u32 i = 0; i < 32; i++)
		bytes[12 + 4 * i] = (u8)(i + 1);
	cr_assert_eq(ws_dialect_v4.decode_to_guest(&msg, 32, bytes, sizeof(bytes)), -ERANGE);
	memset(bytes + 12 + 4 * 31, 0xff, 4);
	cr_assert_eq(ws_dialect_v4.decode_to_guest(&msg, 32, bytes, sizeof(bytes)), 0);
	cr_assert_eq(msg.config.edges_count, 31);
}
