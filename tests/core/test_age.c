/* SPDX-License-Identifier: BSD-2-Clause */
/* test_age.c - generations: the facts seen on Linux 6.1, and the contract's edges. */
#include <criterion/criterion.h>
#include <errno.h>
#include <signal.h>
#include <string.h>

#include "ws_age.h"
#include "ws_math.h"

#define PAGES 1024u

static struct ws_age age;
static u16 page[PAGES];

static void start(u32 gens)
{
	memset(page, 0, sizeof(page));
	cr_assert_eq(ws_age_init(&age, page, PAGES, gens, 1000), 0);
}

static void advance(u64 now_ns)
{
	bool folded[WS_TYPES];

	cr_assert_eq(ws_age_advance(&age, now_ns, folded), 0);
	cr_assert(ws_age_check(&age));
}

/* All pages of [first, first + count) were accessed. */
static u32 touch(u32 first, u32 count)
{
	u64 young[PAGES / 64] = { 0 };
	u32 moved = 0;

	for (u32 i = first; i < first + count; i++)
		young[i / 64] |= 1ull << i % 64;
	for (u32 i = 0; i < PAGES; i += 512)
		moved += ws_age_harvest(&age, i, young + i / 64, 512);
	return moved;
}

Test(age, starts_with_all_generations_born_and_empty)
{
	for (u32 gens = WS_GENS_MIN; gens <= WS_GENS_MAX; gens++) {
		start(gens);
		cr_assert(ws_age_check(&age));
		cr_assert_eq(age.max_seq, gens - 1);
		cr_assert_eq(ws_age_gens(&age, WS_ANON), gens);
		cr_assert_eq(ws_age_gens(&age, WS_FILE), gens);
		for (u64 seq = 0; seq < gens; seq++) {
			cr_assert_eq(ws_age_birth(&age, seq), 1000);
			cr_assert_eq(ws_age_pages(&age, seq, WS_ANON), 0);
		}
	}
	cr_assert_eq(ws_age_footprint(PAGES), sizeof(page));
}

Test(age, refuses_numbers_of_generations_out_of_range)
{
	cr_assert_eq(ws_age_init(&age, page, PAGES, 1, 0), -EINVAL);
	cr_assert_eq(ws_age_init(&age, page, PAGES, 0, 0), -EINVAL);
	cr_assert_eq(ws_age_init(&age, page, PAGES, WS_GENS_MAX + 1, 0), -EINVAL);
}

Test(age, young_pages_go_to_the_generation_that_was_youngest_before_the_pass)
{
	start(WS_GENS_LINUX);
	for (u32 i = 0; i < 100; i++)
		ws_age_add(&age, i, WS_ANON, 0);
	cr_assert_eq(touch(0, 40), 40);
	advance(5000);
	cr_assert_eq(ws_age_pages(&age, 3, WS_ANON), 40);
	cr_assert_eq(ws_age_pages(&age, 4, WS_ANON), 0, "the new youngest starts empty");
	cr_assert_eq(ws_age_birth(&age, 4), 5000);
	cr_assert_eq(ws_age_birth(&age, 3), 1000, "and the age shown is the time of birth");
}

Test(age, only_n_generations_and_the_oldest_is_folded)
{
	/* 48 cold and 16 hot pages, aged every 4 s as in the recorded run on Linux 6.1. */
	start(WS_GENS_LINUX);
	for (u32 i = 0; i < 64; i++)
		ws_age_add(&age, i, WS_ANON, age.max_seq);
	for (u32 pass = 1; pass <= 20; pass++) {
		touch(0, 16);
		advance(1000 + pass * 4000ull);
		cr_assert_eq(ws_age_gens(&age, WS_ANON), WS_GENS_LINUX);
	}
	cr_assert_eq(age.max_seq, 23);
	cr_assert_eq(ws_age_seq(&age, 0), 22);
	cr_assert_eq(ws_age_seq(&age, 63), 20);
	/* However cold, a page shows three intervals: idle age saturates. */
	cr_assert_eq(81000 - ws_age_birth(&age, ws_age_seq(&age, 63)), 3 * 4000);
}

Test(age, more_generations_tell_more_ages)
{
	start(WS_GENS_MAX);
	for (u32 i = 0; i < 60; i++) {
		ws_age_add(&age, i, WS_FILE, age.max_seq);
		advance(1000 + (i + 1) * 4000ull);
	}
	for (u32 i = 0; i < 60; i++)
		cr_assert_eq(ws_age_birth(&age, ws_age_seq(&age, i)), i ? 1000 + i * 4000ull : 1000);
}

Test(age, sequence_numbers_are_clamped_to_what_the_type_has)
{
	start(WS_GENS_LINUX);
	advance(2000);
	ws_age_add(&age, 0, WS_ANON, 0);
	ws_age_add(&age, 1, WS_ANON, 99);
	cr_assert_eq(ws_age_seq(&age, 0), 1);
	cr_assert_eq(ws_age_seq(&age, 1), 4);
	ws_age_move(&age, 0, 3);
	cr_assert_eq(ws_age_seq(&age, 0), 3);
	ws_age_move(&age, 0, ~0ull);
	cr_assert_eq(ws_age_seq(&age, 0), 4);
	ws_age_move(&age, 0, 0);
	cr_assert_eq(ws_age_seq(&age, 0), 1);
}

Test(age, harvest_ignores_pages_in_no_generation_and_bits_past_the_count)
{
	u64 young[8] = { ~0ull, ~0ull, ~0ull, ~0ull, ~0ull, ~0ull, ~0ull, ~0ull };

	start(WS_GENS_LINUX);
	ws_age_add(&age, 3, WS_FILE, 0);
	ws_age_add(&age, 70, WS_FILE, 0);
	ws_age_add(&age, 71, WS_FILE, 0);
	cr_assert_eq(ws_age_harvest(&age, 0, young, 71), 2);
	cr_assert_eq(ws_age_seq(&age, 70), 3);
	cr_assert_eq(ws_age_seq(&age, 71), 0);
	cr_assert_eq(ws_age_harvest(&age, 0, young, 71), 0, "they are there already");
	cr_assert_eq(ws_age_harvest(&age, 0, young, 0), 0);
	cr_assert(ws_age_check(&age));
}

Test(age, being_young_takes_the_history_away)
{
	start(WS_GENS_LINUX);
	ws_age_add(&age, 0, WS_FILE, 0);
	page[0] |= WS_PAGE_HISTORY | WS_PAGE_LINKED | WS_PAGE_MOVING;
	touch(0, 1);
	cr_assert_eq(page[0] & WS_PAGE_HISTORY, 0);
	page[0] |= WS_PAGE_REFERENCED;
	touch(0, 1);
	cr_assert_eq(page[0] & WS_PAGE_HISTORY, 0, "also in the youngest generation");
	cr_assert_eq(page[0] & ~WS_PAGE_KIND, WS_PAGE_LINKED | WS_PAGE_MOVING, "no other flag");
	ws_age_remove(&age, 0);
	cr_assert_eq(page[0], WS_PAGE_LINKED);
}

Test(age, a_generation_ends_only_while_two_remain)
{
	start(WS_GENS_LINUX);
	ws_age_add(&age, 0, WS_ANON, 0);
	cr_assert_not(ws_age_drop_empty(&age, WS_ANON), "not empty");
	cr_assert(ws_age_drop_empty(&age, WS_FILE));
	cr_assert(ws_age_drop_empty(&age, WS_FILE));
	cr_assert_not(ws_age_drop_empty(&age, WS_FILE), "two are left");
	cr_assert(ws_age_fold(&age, WS_ANON));
	cr_assert_eq(ws_age_seq(&age, 0), 1);
	cr_assert(ws_age_fold(&age, WS_ANON));
	cr_assert_not(ws_age_fold(&age, WS_ANON));
	cr_assert_eq(ws_age_pages(&age, 2, WS_ANON), 1);
	cr_assert(ws_age_check(&age));
}

Test(age, types_fold_by_themselves)
{
	bool folded[WS_TYPES];

	start(3);
	ws_age_drop_empty(&age, WS_FILE);
	cr_assert_eq(ws_age_advance(&age, 2000, folded), 0);
	cr_assert(folded[WS_ANON]);
	cr_assert_not(folded[WS_FILE]);
}

static bool mine(const void *ctx, u32 i)
{
	(void)ctx;
	return i == 0;
}

Test(age, shared_arrays_are_tidied_for_one_owner_only)
{
	static struct ws_age other;
	u16 before;
	bool folded[WS_TYPES];

	start(2);
	cr_assert_eq(ws_age_init(&other, page, PAGES, 2, 1000), 0);
	ws_age_add(&age, 0, WS_ANON, 0);
	ws_age_add(&other, 1, WS_ANON, 0);
	advance(2000);
	cr_assert_eq(ws_age_advance(&other, 2000, folded), 0);
	before = page[1];
	cr_assert_eq(ws_age_tidy(&age, PAGES, mine, NULL), PAGES);
	cr_assert_eq(page[1], before);
	cr_assert(ws_page_labelled_now(&age, page[0]));
	cr_assert(ws_age_check(&age));
	cr_assert(ws_age_check(&other));
	cr_assert_eq(ws_age_tidy(&age, 3 * PAGES, mine, NULL), PAGES, "one round at most");
}

Test(age, a_type_that_stays_has_its_oldest_pages_among_the_youngest)
{
	static const bool stay[WS_TYPES] = { true, false };
	bool folded[WS_TYPES];
	u64 young = 1;

	start(4);
	ws_age_add(&age, 0, WS_ANON, 0);
	ws_age_add(&age, 1, WS_FILE, 0);
	ws_age_add(&age, 2, WS_ANON, 1);
	page[0] |= WS_PAGE_REFERENCED;
	cr_assert_eq(ws_age_advance_over(&age, 2000, stay, folded), 0);
	cr_assert(!folded[WS_ANON] && folded[WS_FILE]);
	cr_assert(ws_age_seq(&age, 0) == 4 && age.min_seq[WS_ANON] == 1);
	cr_assert(ws_age_seq(&age, 1) == 1 && ws_age_seq(&age, 2) == 1);
	cr_assert_eq(age.oldest_ns[ws_age_row(age.max_slot, WS_ANON)], 1000, "as old as they were");
	cr_assert_eq(ws_age_left(&age, page[0]), page[0], "its history stands");
	cr_assert_eq(ws_age_harvest(&age, 0, &young, 1), 0, "it is in the youngest");
	cr_assert(ws_age_check(&age));
}

Test(age, pages_that_stayed_keep_their_history_until_a_fold)
{
	static const bool stay[WS_TYPES] = { true, true };
	bool folded[WS_TYPES];

	start(2);
	for (u32 i = 0; i < 4; i++)
		ws_age_add(&age, i, i % 2 ? WS_FILE : WS_ANON, 0);
	page[0] |= WS_PAGE_WORKINGSET;
	page[2] |= WS_PAGE_WORKINGSET;
	for (u32 pass = 0; pass < 3; pass++)
		cr_assert_eq(ws_age_advance_over(&age, 2000 + pass, stay, folded), 0);
	cr_assert(ws_age_seq(&age, 0) == 4 && !ws_page_labelled_now(&age, page[0]));
	cr_assert_eq(ws_age_left(&age, page[0]) & WS_PAGE_HISTORY, WS_PAGE_WORKINGSET);
	ws_age_tidy(&age, 1, NULL, NULL);
	cr_assert(ws_page_labelled_now(&age, page[0]));
	cr_assert_eq(page[0] & WS_PAGE_HISTORY, WS_PAGE_WORKINGSET);
	advance(3000);
	advance(3001);
	cr_assert_eq(ws_age_left(&age, page[2]) & WS_PAGE_HISTORY, 0);
	cr_assert(ws_age_check(&age));
}

Test(age, check_sees_wrong_counts)
{
	start(4);
	ws_age_add(&age, 0, WS_ANON, 2);
	age.pages[ws_age_row(2, WS_ANON)]++;
	cr_assert_not(ws_age_check(&age));
	start(4);
	age.label_of[1] = age.label_of[2];
	cr_assert_not(ws_age_check(&age));
	start(4);
	age.max_slot = 0;
	cr_assert_not(ws_age_check(&age));
	start(4);
	age.min_seq[WS_FILE] = 4;
	cr_assert_not(ws_age_check(&age));
}

Test(age, adding_a_page_twice_traps, .signal = SIGILL)
{
	start(4);
	ws_age_add(&age, 0, WS_ANON, 0);
	ws_age_add(&age, 0, WS_ANON, 0);
}

Test(age, removing_a_page_that_is_not_there_traps, .signal = SIGILL)
{
	start(4);
	ws_age_remove(&age, 0);
}

Test(age, a_harvest_past_the_end_traps, .signal = SIGILL)
{
	u64 young[8] = { 0 };

	start(4);
	ws_age_harvest(&age, PAGES - 64, young, 65);
}

Test(math, products_have_all_their_bits)
{
	struct ws_u128 product = ws_mul(~0ull, ~0ull);

	cr_assert_eq(product.high, ~0ull - 1);
	cr_assert_eq(product.low, 1);
	for (u64 i = 1; i; i <<= 1) {
		product = ws_mul(i, 0xfedcba9876543210ull);
		unsigned __int128 want = (unsigned __int128)i * 0xfedcba9876543210ull;

		cr_assert_eq(product.high, (u64)(want >> 64));
		cr_assert_eq(product.low, (u64)want);
	}
}

Test(math, muldiv_is_exact_where_64_bits_are_not_enough)
{
	cr_assert_eq(ws_muldiv(~0ull, ~0ull, ~0ull), ~0ull);
	cr_assert_eq(ws_muldiv(~0ull, ~0ull - 1, ~0ull), ~0ull - 1);
	cr_assert_eq(ws_muldiv(1ull << 63, 3, 4), 3ull << 61);
	cr_assert_eq(ws_muldiv(0, 5, 7), 0);
	cr_assert_eq(ws_muldiv(7, 5, 6), 5);
	cr_assert_eq(ws_div(1000, 7), 142);
}

Test(math, comparison_of_products_sees_the_last_bit)
{
	cr_assert(ws_mul_le(~0ull, ~0ull, ~0ull, ~0ull));
	cr_assert(ws_mul_le(1ull << 32, 1ull << 32, (1ull << 32) + 1, 1ull << 32));
	cr_assert_not(ws_mul_le((1ull << 63) + 1, 2, 1ull << 63, 2));
	cr_assert_not(ws_mul_le(1ull << 32, 1ull << 32, ~0ull, 1));
}

Test(math, a_quotient_that_does_not_fit_traps, .signal = SIGILL)
{
	ws_muldiv(~0ull, 2, 1);
}

Test(math, division_by_zero_traps, .signal = SIGILL)
{
	ws_div(1, 0);
}
