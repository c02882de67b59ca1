/* SPDX-License-Identifier: BSD-2-Clause */
/* test_hist.c - spans of ages into bins: examples by hand, conservation, errors. */
#include <criterion/criterion.h>
#include <errno.h>
#include <signal.h>

#include "ws_hist.h"

static struct ws_hist hist;

static void start(const u64 *edge_ns, u32 edges_count)
{
	cr_assert_eq(ws_hist_init(&hist, edge_ns, edges_count), 0);
	cr_assert_eq(hist.bins_count, edges_count + 1);
}

static void expect(const u64 *anon)
{
	for (u32 i = 0; i < hist.bins_count; i++)
		cr_assert_eq(hist.pages[WS_ANON][i], anon[i], "bin %u has %llu pages, not %llu", i,
			     hist.pages[WS_ANON][i], anon[i]);
}

Test(hist, refuses_edges_that_do_not_ascend)
{
	const u64 good[] = { 1, 2 };

	start(good, 2);
	hist.pages[WS_ANON][0] = 7;
	cr_assert_eq(ws_hist_init(&hist, (u64[]){ 5, 5 }, 2), -EINVAL);
	cr_assert_eq(ws_hist_init(&hist, (u64[]){ 6, 5 }, 2), -EINVAL);
	cr_assert_eq(ws_hist_init(&hist, (u64[]){ 0, 5 }, 2), -EINVAL);
	cr_assert_eq(ws_hist_init(&hist, (u64[]){ 5, WS_AGE_INFINITE }, 2), -EINVAL);
	cr_assert_eq(ws_hist_init(&hist, good, 0), -EINVAL);
	cr_assert_eq(ws_hist_init(&hist, good, WS_EDGES_MAX + 1), -EINVAL);
	cr_assert_eq(hist.pages[WS_ANON][0], 7, "and leaves the histogram alone");
}

Test(hist, takes_as_many_edges_as_the_widest_dialect)
{
	u64 edge_ns[WS_EDGES_MAX];

	for (u32 i = 0; i < WS_EDGES_MAX; i++)
		edge_ns[i] = i + 1;
	start(edge_ns, WS_EDGES_MAX);
	for (u64 age = 0; age < 40; age++)
		ws_hist_add_span(&hist, WS_ANON, age, age, 1);
	for (u32 i = 0; i < WS_EDGES_MAX; i++)
		cr_assert_eq(hist.pages[WS_ANON][i], 1);
	cr_assert_eq(hist.pages[WS_ANON][WS_EDGES_MAX], 9);
	cr_assert_eq(ws_hist_edge(&hist, 0), 1);
	cr_assert_eq(ws_hist_edge(&hist, WS_EDGES_MAX), WS_AGE_INFINITE);
}

Test(hist, a_bin_holds_its_younger_edge_and_not_its_older)
{
	start((u64[]){ 10, 20 }, 2);
	ws_hist_add_span(&hist, WS_ANON, 10, 10, 1);
	expect((u64[]){ 0, 1, 0 });
	ws_hist_add_span(&hist, WS_ANON, 20, 20, 2);
	expect((u64[]){ 0, 1, 2 });
	ws_hist_add_span(&hist, WS_ANON, 0, 10, 4);
	expect((u64[]){ 4, 1, 2 });
	ws_hist_add_span(&hist, WS_ANON, 10, 20, 8);
	expect((u64[]){ 4, 9, 2 });
}

Test(hist, splits_in_proportion_to_time)
{
	start((u64[]){ 100, 200, 400 }, 3);
	ws_hist_add_span(&hist, WS_ANON, 50, 450, 400);
	expect((u64[]){ 50, 100, 200, 50 });
}

Test(hist, what_is_short_of_a_page_goes_to_the_older_bin)
{
	start((u64[]){ 100, 200 }, 2);
	ws_hist_add_span(&hist, WS_ANON, 0, 300, 10);
	expect((u64[]){ 3, 3, 4 });
	ws_hist_reset(&hist);
	ws_hist_add_span(&hist, WS_ANON, 0, 300, 2);
	expect((u64[]){ 0, 1, 1 });
	ws_hist_reset(&hist);
	ws_hist_add_span(&hist, WS_ANON, 99, 300, 1);
	expect((u64[]){ 0, 0, 1 });
}

Test(hist, regression_the_posted_series_divides_before_it_multiplies)
{
	/* 300 pages over 1,000 time units: 300 / 1000 is 0, and all went to the oldest bin. */
	start((u64[]){ 250, 500, 750 }, 3);
	ws_hist_add_span(&hist, WS_ANON, 0, 1000, 300);
	expect((u64[]){ 75, 75, 75, 75 });
	/* 1,999 over 1,000: 1 instead of 1.999 a unit, 249 pages short in each bin but the last. */
	ws_hist_reset(&hist);
	ws_hist_add_span(&hist, WS_ANON, 0, 1000, 1999);
	expect((u64[]){ 499, 500, 500, 500 });
}

Test(hist, finer_bins_add_up_to_coarser_ones_exactly)
{
	u64 fine_edge[WS_EDGES_MAX];
	static struct ws_hist fine;

	for (u32 i = 0; i < WS_EDGES_MAX; i++)
		fine_edge[i] = 7 * (i + 1);
	cr_assert_eq(ws_hist_init(&fine, fine_edge, WS_EDGES_MAX), 0);
	start((u64[]){ 7 * 8, 7 * 16, 7 * 24 }, 3);
	for (u32 i = 0; i < 1000; i++) {
		ws_hist_add_span(&fine, WS_ANON, i % 150, i % 150 + i % 89, i);
		ws_hist_add_span(&hist, WS_ANON, i % 150, i % 150 + i % 89, i);
	}
	for (u32 i = 0; i < 4; i++) {
		u64 sum = 0;

		for (u32 j = 8 * i; j < 8 * i + 8; j++)
			sum += fine.pages[WS_ANON][j];
		cr_assert_eq(sum, hist.pages[WS_ANON][i]);
	}
}

Test(hist, ages_and_pages_at_the_end_of_64_bits)
{
	start((u64[]){ 1ull << 62, 1ull << 63 }, 2);
	ws_hist_add_span(&hist, WS_ANON, 0, ~0ull, 1ull << 60);
	expect((u64[]){ 1ull << 58, 1ull << 58, 1ull << 59 });
	ws_hist_reset(&hist);
	ws_hist_add_span(&hist, WS_ANON, 0, 1ull << 63, ~0ull);
	expect((u64[]){ ~0ull / 2, ~0ull / 2 + 1, 0 });
	cr_assert_eq(ws_hist_total(&hist, WS_ANON), ~0ull);
}

Test(hist, types_do_not_mix)
{
	start((u64[]){ 10 }, 1);
	ws_hist_add_span(&hist, WS_FILE, 0, 20, 6);
	cr_assert_eq(ws_hist_total(&hist, WS_ANON), 0);
	cr_assert_eq(hist.pages[WS_FILE][0], 3);
	cr_assert_eq(hist.pages[WS_FILE][1], 3);
}

Test(hist, merges_the_same_bins_only)
{
	static struct ws_hist other;

	start((u64[]){ 10, 20 }, 2);
	cr_assert_eq(ws_hist_init(&other, (u64[]){ 10, 20 }, 2), 0);
	ws_hist_add_span(&hist, WS_ANON, 0, 30, 30);
	ws_hist_add_span(&other, WS_ANON, 0, 10, 5);
	cr_assert_eq(ws_hist_merge(&hist, &other), 0);
	expect((u64[]){ 15, 10, 10 });
	cr_assert_eq(ws_hist_init(&other, (u64[]){ 10, 21 }, 2), 0);
	cr_assert_eq(ws_hist_merge(&hist, &other), -EINVAL);
	cr_assert_eq(ws_hist_init(&other, (u64[]){ 10 }, 1), 0);
	cr_assert_eq(ws_hist_merge(&hist, &other), -EINVAL);
	expect((u64[]){ 15, 10, 10 });
}

Test(hist, a_span_that_ends_before_it_begins_traps, .signal = SIGILL)
{
	start((u64[]){ 10 }, 1);
	ws_hist_add_span(&hist, WS_ANON, 2, 1, 1);
}
