/* SPDX-License-Identifier: BSD-2-Clause */
/* test_free.c - free pages: who may take which feature, what poison is, what may be discarded. */
#include <criterion/criterion.h>

#include "ws_free.h"

#define BIT(n) (1ull << (n))
#define POISON BIT(WS_F_PAGE_POISON)
#define REPORTING BIT(WS_F_PAGE_REPORTING)
#define HINTS BIT(WS_F_FREE_PAGE_HINT)

static const struct ws_free_value unknown = { false, 0 }, zeroes = { true, 0 },
				  pattern = { true, 0xaaaaaaaa };

/* All sets of the three features beside others, by what free pages hold. */
Test(free_pages, features_that_a_driver_may_take)
{
	for (u64 set = 0; set < 64; set++) {
		u64 offered = set | BIT(32) | BIT(9);

		cr_assert_eq(ws_free_features(offered, &unknown), offered & ~POISON);
		cr_assert_eq(ws_free_features(offered, &zeroes), ws_free_features(offered, &pattern));
		if (offered & POISON)
			cr_assert_eq(ws_free_features(offered, &pattern), offered);
		else
			cr_assert_eq(ws_free_features(offered, &pattern), offered & ~REPORTING);
	}
	cr_assert_eq(ws_free_features(HINTS, &pattern), HINTS, "hints need no poison");
}

Test(free_pages, poison_is_told_when_it_is_known_and_negotiated)
{
	cr_assert(ws_free_tells(POISON, &pattern));
	cr_assert(ws_free_tells(POISON | REPORTING, &zeroes), "that it is 0, too");
	cr_assert_not(ws_free_tells(POISON, &unknown));
	cr_assert_not(ws_free_tells(REPORTING | HINTS, &pattern));
}

Test(free_pages, poison_is_fixed_by_driver_ok)
{
	u32 poison_val = ws_free_poison(0, 0xaaaaaaaa, false);

	cr_assert_eq(poison_val, 0xaaaaaaaa);
	poison_val = ws_free_poison(poison_val, 0x55555555, false);
	cr_assert_eq(poison_val, 0x55555555, "the last one before it");
	poison_val = ws_free_poison(poison_val, 0, true);
	cr_assert_eq(poison_val, 0x55555555);
}

Test(free_pages, what_must_keep_its_poison)
{
	cr_assert(ws_free_must_keep(POISON | REPORTING, 1));
	cr_assert(ws_free_must_keep(POISON, 0xaaaaaaaa));
	cr_assert_not(ws_free_must_keep(POISON | REPORTING, 0), "a discarded page reads as 0");
	cr_assert_not(ws_free_must_keep(REPORTING, 0xaaaaaaaa), "it was never agreed on");
}

Test(free_pages, blocks_are_of_whole_pages)
{
	cr_assert_eq(ws_free_block_pages(0, 4096), 1);
	cr_assert_eq(ws_free_block_pages(0x200000, 0x400000), 1024);
	cr_assert_eq(ws_free_block_pages(0, 0), 0);
	cr_assert_eq(ws_free_block_pages(0x200001, 4096), 0);
	cr_assert_eq(ws_free_block_pages(0x200000, 4095), 0);
	cr_assert_eq(ws_free_block_pages(0x200000, 4097), 0);
	cr_assert_eq(ws_free_block_pages(~0ull - 4095, 4096), 0, "it ends where addresses do");
	cr_assert_eq(ws_free_block_pages(~0ull - 8191, 4096), 1);
	cr_assert_eq(ws_free_block_pages(~0ull - 4095, 8192), 0);
}

/* What either end does follows from the same: no page that must hold a pattern is discarded. */
Test(free_pages, no_pattern_is_lost_between_the_two_ends)
{
	const struct ws_free_value *values[] = { &unknown, &zeroes, &pattern };

	for (u32 i = 0; i < 3; i++) {
		for (u64 offered = 0; offered < 64; offered++) {
			u64 taken = ws_free_features(offered, values[i]);
			u32 poison_val = 0;
			bool discards;

			if (ws_free_tells(taken, values[i]))
				poison_val = ws_free_poison(poison_val, values[i]->word, false);
			discards = taken & REPORTING && !ws_free_must_keep(taken, poison_val);
			cr_assert(!discards || !values[i]->known || !values[i]->word,
				  "offered %llx", offered);
		}
	}
}
