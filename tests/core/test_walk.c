/* SPDX-License-Identifier: BSD-2-Clause */
/* test_walk.c - the walk of page tables and its filter, against a walk of everything. */
#include <criterion/criterion.h>
#include <string.h>

#include "ws_lru.h"
#include "ws_walk.h"

#define TABLES 256u
#define WORDS (TABLES * WS_TABLE_WORDS)

static struct ws_walk walk;
static u64 bits[WORDS];	    /* accessed bits */
static u64 taken[WORDS];    /* what the walk has taken */
static bool upper[TABLES];
static u32 visited[TABLES]; /* times harvested */

static bool exists(void *ctx, u32 table)
{
	(void)ctx;
	return table != 13;
}

static bool upper_young(void *ctx, u32 table)
{
	bool young = upper[table];

	(void)ctx;
	upper[table] = false;
	return young;
}

static u32 harvest(void *ctx, u32 table, u64 young[WS_TABLE_WORDS], u32 *young_count)
{
	(void)ctx;
	visited[table]++;
	for (u32 i = 0; i < WS_TABLE_WORDS; i++) {
		young[i] = bits[table * WS_TABLE_WORDS + i];
		bits[table * WS_TABLE_WORDS + i] = 0;
		taken[table * WS_TABLE_WORDS + i] |= young[i];
		*young_count += (u32)__builtin_popcountll(young[i]);
	}
	return WS_TABLE_PAGES;
}

static const struct ws_walk_ops ops = { .exists = exists, .harvest = harvest };
static const struct ws_walk_ops ops_upper = { exists, upper_young, harvest };

static u64 draw(u64 *random)
{
	u64 z = *random += 0x9e3779b97f4a7c15ull;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return z ^ z >> 31;
}

static void start(void)
{
	ws_walk_init(&walk);
	memset(bits, 0, sizeof(bits));
	memset(taken, 0, sizeof(taken));
	memset(upper, 0, sizeof(upper));
}

/* @count entries of @table are young, spread evenly. */
static void touch(u32 table, u32 count)
{
	for (u32 i = 0; i < count; i++) {
		u32 entry = i * (WS_TABLE_PAGES / count);

		bits[table * WS_TABLE_WORDS + entry / 64] |= 1ull << entry % 64;
	}
}

static void run(u64 seq, bool filter, bool forced, const struct ws_walk_ops *with)
{
	memset(visited, 0, sizeof(visited));
	ws_walk_begin(&walk, seq, TABLES, filter, forced);
	while (ws_walk_step(&walk, with, NULL, 7))
		;
}

/* --- the filter --- */

Test(walk, what_was_added_is_always_found)
{
	static struct ws_bloom bloom;
	u64 random = 1;

	for (u32 round = 0; round < 4; round++) {
		u32 key[3000];

		ws_bloom_reset(&bloom);
		for (u32 i = 0; i < 3000; i++) {
			key[i] = (u32)draw(&random);
			ws_bloom_add(&bloom, key[i]);
		}
		for (u32 i = 0; i < 3000; i++)
			cr_assert(ws_bloom_test(&bloom, key[i]));
	}
	ws_bloom_reset(&bloom);
	cr_assert_not(ws_bloom_test(&bloom, 0));
}

/* (1 - e^(-2n/m))^2 of those not added: 21 % with 10,000 keys, 50 % with 20,000. */
Test(walk, mistakes_are_as_rare_as_the_size_promises)
{
	static const struct {
		u32 keys, least, most; /* per mille */
	} known[] = { { 1000, 2, 5 }, { 10000, 200, 220 }, { 20000, 485, 515 } };
	static struct ws_bloom bloom;

	for (u32 i = 0; i < 3; i++) {
		u32 found = 0;

		ws_bloom_reset(&bloom);
		for (u32 key = 0; key < known[i].keys; key++)
			ws_bloom_add(&bloom, key);
		for (u32 key = 1000000; key < 1100000; key++)
			found += ws_bloom_test(&bloom, key);
		cr_assert(found / 100 >= known[i].least && found / 100 <= known[i].most,
			  "%u keys: %u of 100,000", known[i].keys, found);
	}
}

/* --- the walk --- */

Test(walk, a_forced_walk_takes_what_a_walk_of_everything_takes)
{
	u64 random = 3, expected[WORDS];

	start();
	for (u32 pass = 0; pass < 20; pass++) {
		for (u32 i = 0; i < WORDS; i++) {
			bits[i] = draw(&random) & draw(&random) & draw(&random);
			expected[i] = i / WS_TABLE_WORDS == 13 ? 0 : bits[i];
		}
		memset(taken, 0, sizeof(taken));
		run(pass, true, true, &ops_upper);
		cr_assert(!memcmp(taken, expected, sizeof(taken)), "pass %u", pass);
	}
	cr_assert_eq(walk.entries_scanned, 20ull * (TABLES - 1) * WS_TABLE_PAGES);
	cr_assert_eq(walk.tables_walked, 20ull * (TABLES - 1));
	cr_assert_eq(walk.tables_skipped_filter + walk.tables_skipped_upper, 0);
}

Test(walk, a_table_is_walked_again_when_it_was_dense)
{
	start();
	touch(1, 64); /* one in each line of eight */
	touch(2, 63);
	run(3, true, false, &ops);
	cr_assert_eq(walk.tables_walked, TABLES - 1, "nothing is known at first");
	cr_assert_eq(walk.tables_added, 1);
	touch(1, 1);
	touch(2, 512);
	run(4, true, false, &ops);
	cr_assert_eq(visited[1], 1);
	cr_assert_eq(visited[2], 0, "was too sparse, and is not looked at");
	cr_assert_eq(bits[2 * WS_TABLE_WORDS], ~0ull, "it keeps its bits");
	run(5, true, false, &ops);
	cr_assert_eq(visited[1], 0, "was too sparse then");
	run(6, true, true, &ops);
	cr_assert_eq(visited[2], 1, "a forced walk finds it");
	run(7, true, false, &ops);
	cr_assert_eq(visited[2], 1, "and the next one knows it");
}

Test(walk, look_around_feeds_the_next_walk)
{
	start();
	run(3, true, false, &ops);
	ws_walk_look_around(&walk, 4, 9, 7, 64);
	ws_walk_look_around(&walk, 4, 10, 8, 64);
	cr_assert_eq(walk.tables_added_by_rmap, 1, "seven of 64 are too few");
	run(4, true, false, &ops);
	cr_assert_eq(visited[9], 0);
	cr_assert_eq(visited[10], 1);
	run(5, true, false, &ops);
	cr_assert_eq(visited[10], 0, "once");
}

/* A filter that was never filled lets every table pass, so there is nothing to add to it. */
Test(walk, look_around_adds_to_a_filter_only_once_a_walk_has_begun_one)
{
	start();
	ws_walk_look_around(&walk, 3, 100, 60, 64);
	cr_assert_eq(walk.tables_added_by_rmap, 0);
	/* The walk for max_seq 3 fills the filter of 4; that of 3 stays as it was. */
	run(3, true, false, &ops);
	ws_walk_look_around(&walk, 3, 100, 60, 64);
	cr_assert_eq(walk.tables_added_by_rmap, 0);
	ws_walk_look_around(&walk, 4, 100, 60, 64);
	cr_assert_eq(walk.tables_added_by_rmap, 1);
}

Test(walk, the_upper_level_is_asked_unless_forced)
{
	start();
	upper[5] = true;
	upper[6] = true;
	run(3, true, false, &ops_upper);
	cr_assert_eq(visited[5] + visited[6], 2);
	cr_assert_eq(walk.tables_walked, 2);
	cr_assert_eq(walk.tables_skipped_upper, TABLES - 3);
	run(4, false, false, &ops_upper);
	cr_assert_eq(walk.tables_walked, 2, "its bits were cleared, and a filter is not needed");
	run(5, false, false, &ops);
	cr_assert_eq(walk.tables_walked, 2 + TABLES - 1, "without filter or bits, everything");
}

/*
 * Against a model that keeps sets instead of filters: tables that the model walks are
 * walked, and those that are walked besides cost time, no bits: each accessed bit is
 * taken, or still there.
 */
Test(walk, heuristic_walks_do_what_exact_sets_would_and_little_more)
{
	for (u64 seed = 1; seed <= 8; seed++) {
		u64 random = seed, extra = 0, walks = 0;
		bool next[TABLES], now[TABLES];

		start();
		memset(now, 1, sizeof(now));
		memset(next, 0, sizeof(next));
		for (u64 seq = 0; seq < 60; seq++) {
			u64 before = 0, after = 0;
			bool forced = draw(&random) % 8 == 0;

			for (u32 n = 0; n < 30; n++)
				touch((u32)draw(&random) % TABLES, 1u << draw(&random) % 10);
			for (u32 n = 0; n < 3 && seq; n++) {
				u32 table = (u32)draw(&random) % TABLES;

				ws_walk_look_around(&walk, seq, table, 20, 64);
				now[table] = true;
			}
			for (u32 i = 0; i < WORDS; i++)
				before += (u64)__builtin_popcountll(bits[i] | taken[i]);
			for (u32 table = 0; table < TABLES; table++) {
				u32 young = 0;

				for (u32 i = 0; i < WS_TABLE_WORDS; i++)
					young += (u32)__builtin_popcountll(
						bits[table * WS_TABLE_WORDS + i]);
				next[table] = young >= 64;
			}
			run(seq, true, forced, &ops);
			for (u32 table = 0; table < TABLES; table++) {
				bool must = table != 13 && (forced || now[table]);

				cr_assert(!must || visited[table], "seed %llu, pass %llu, table %u",
					  seed, seq, table);
				extra += visited[table] && !must;
				walks += visited[table];
				now[table] = next[table] && visited[table];
			}
			for (u32 i = 0; i < WORDS; i++)
				after += (u64)__builtin_popcountll(bits[i] | taken[i]);
			cr_assert_eq(before, after, "no bit is lost");
		}
		cr_assert(extra * 100 < walks, "seed %llu: %llu of %llu walks were mistakes", seed,
			  extra, walks);
	}
}

/* The budget bounds a step, whatever is skipped. */
Test(walk, a_step_looks_at_no_more_tables_than_its_budget)
{
	start();
	ws_walk_begin(&walk, 3, TABLES, true, false);
	for (u32 n = 1; n < TABLES / 32; n++) {
		cr_assert(ws_walk_step(&walk, &ops, NULL, 32));
		cr_assert_eq(walk.next, n * 32);
	}
	cr_assert_not(ws_walk_step(&walk, &ops, NULL, 32), "the last step says so");
	cr_assert_not(ws_walk_step(&walk, &ops, NULL, 32));
	ws_walk_begin(&walk, 4, 0, true, false);
	cr_assert_not(ws_walk_step(&walk, &ops, NULL, 1), "no tables");
}

/* --- ageing through it --- */

#define PAGES (4 * WS_TABLE_PAGES)

static struct ws_lru lru;
static u16 page[PAGES];
static u32 pool[16 * (2 + PAGES / 8)];

static u32 harvest_lru(void *ctx, u32 table, u64 young[WS_TABLE_WORDS], u32 *young_count)
{
	u32 count = harvest(ctx, table, young, young_count);

	ws_lru_harvest(&lru, table * WS_TABLE_PAGES, young, count);
	return count;
}

Test(walk, walked_pages_become_young_and_skipped_ones_wait_for_eviction)
{
	static const struct ws_walk_ops with = { .harvest = harvest_lru };

	start();
	memset(page, 0, sizeof(page));
	memset(pool, 0, sizeof(pool));
	cr_assert_eq(ws_lru_init_rules(&lru, page, pool, PAGES, ws_rules_find("6.12", 4), 0), 0);
	for (u32 i = 0; i < PAGES; i++)
		ws_lru_add(&lru, i, WS_ANON, WS_ENTER_FAULT, 0);
	for (u32 pass = 0; pass < 2; pass++) {
		touch(0, 512);
		touch(1, 8);
		ws_walk_begin(&walk, lru.age.max_seq, 4, true, false);
		while (ws_walk_step(&walk, &with, NULL, 1))
			;
		cr_assert_eq(ws_lru_advance(&lru, pass), 0);
	}
	cr_assert_eq(ws_age_seq(&lru.age, 5), lru.age.max_seq - 1, "dense, walked each time");
	cr_assert_eq(ws_age_seq(&lru.age, 512), lru.age.max_seq - 2, "young, but passed over");
	cr_assert_eq(bits[WS_TABLE_WORDS] & 1, 1, "which eviction will see");
	cr_assert_eq(ws_age_seq(&lru.age, 513), lru.age.max_seq - 2);
	cr_assert_eq(walk.entries_scanned, 4 * 512 + 512);
}
