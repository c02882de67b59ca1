/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_grid.c - what can be tried completely, is: all edges by all spans on a small grid.
 *
 * Times 0..9, so the edges are any of the 255 sets of 1..8 that are not empty, the spans
 * any of the 55 pairs; pages 0..7, which are fewer than the times, as many, and more.
 * For each of the 112,200 cases, the properties that make a histogram one:
 *
 *	conservation	the bins hold the span's pages, no more and no fewer
 *	support		a bin outside the span holds none
 *	exactness	the pages below an edge are the whole part of their exact share
 *	refinement	finer edges add up to coarser ones, for all pairs of sets
 *	shift		edges and span later by the same time: the same bins
 *	addition	the same span twice is twice the pages of one
 */
#include <criterion/criterion.h>
#include <string.h>

#include "ws_hist.h"
#include "ws_report.h"

#define TIMES 10u
#define PAGES_MAX 7u
#define SETS 256u /* bit i: there is an edge at i + 1 */

static u32 edges_of(u32 set, u64 shift, u64 *edge_ns)
{
	u32 count = 0;

	for (u32 i = 0; i < 8; i++)
		if (set >> i & 1)
			edge_ns[count++] = i + 1 + shift;
	return count;
}

static void fill(struct ws_hist *hist, u32 set, u64 shift, u64 from, u64 to, u64 pages)
{
	u64 edge_ns[8];

	cr_assert_eq(ws_hist_init(hist, edge_ns, edges_of(set, shift, edge_ns)), 0);
	ws_hist_add_span(hist, WS_ANON, from + shift, to + shift, pages);
}

/* Pages below an edge, by the definition: floor(n * (e - a) / (b - a)). */
static u64 below(u64 edge, u64 from, u64 to, u64 pages)
{
	if (edge <= from)
		return 0;
	return edge >= to ? pages : pages * (edge - from) / (to - from);
}

static void check_case(u32 set, u64 from, u64 to, u64 pages)
{
	struct ws_hist hist, other;
	u64 total = 0, begin = 0;

	fill(&hist, set, 0, from, to, pages);
	for (u32 bin = 0; bin < hist.bins_count; bin++) {
		u64 end = ws_hist_edge(&hist, bin), held = hist.pages[WS_ANON][bin];

		total += held;
		if (held)
			cr_assert(end > from && (begin < to || (from == to && begin == to)),
				  "set %x, span %llu..%llu: bin %u is outside", set, from, to, bin);
		if (from < to && end != WS_AGE_INFINITE)
			cr_assert_eq(total, below(end, from, to, pages), "set %x, span %llu..%llu, bin %u",
				     set, from, to, bin);
		begin = end;
	}
	cr_assert_eq(total, pages);
	cr_assert_eq(ws_hist_total(&hist, WS_ANON), pages);
	cr_assert_eq(ws_hist_total(&hist, WS_FILE), 0);

	fill(&other, set, 1ull << 40, from, to, pages);
	cr_assert_eq(memcmp(hist.pages, other.pages, sizeof(hist.pages)), 0, "shifted");
	fill(&other, set, 0, from, to, pages);
	ws_hist_add_span(&other, WS_ANON, from, to, pages);
	for (u32 bin = 0; bin < hist.bins_count; bin++)
		cr_assert_eq(other.pages[WS_ANON][bin], 2 * hist.pages[WS_ANON][bin]);
}

Test(grid, all_edges_by_all_spans)
{
	u32 cases = 0;

	for (u32 set = 1; set < SETS; set++)
		for (u64 from = 0; from < TIMES; from++)
			for (u64 to = from; to < TIMES; to++)
				for (u64 pages = 0; pages <= PAGES_MAX; pages++, cases++)
					check_case(set, from, to, pages);
	cr_assert_eq(cases, 255 * 55 * 8);
}

/* The pages of @fine below the edge at @time. */
static u64 pages_below(const struct ws_hist *fine, u64 time)
{
	u64 pages = 0;

	for (u32 bin = 0; bin < fine->bins_count && ws_hist_edge(fine, bin) <= time; bin++)
		pages += fine->pages[WS_ANON][bin];
	return pages;
}

Test(grid, finer_edges_add_up_to_coarser_ones)
{
	static struct ws_hist hist[SETS];
	u32 pairs = 0;

	for (u64 from = 0; from < TIMES; from++) {
		for (u64 to = from; to < TIMES; to++) {
			for (u32 set = 1; set < SETS; set++)
				fill(&hist[set], set, 0, from, to, PAGES_MAX);
			for (u32 fine = 1; fine < SETS; fine++) {
				for (u32 coarse = fine; coarse; coarse = (coarse - 1) & fine, pairs++)
					for (u32 time = 1; time <= 8; time++)
						if (coarse >> (time - 1) & 1)
							cr_assert_eq(pages_below(&hist[fine], time),
								     pages_below(&hist[coarse], time),
								     "sets %x and %x, %llu..%llu", fine,
								     coarse, from, to);
			}
		}
	}
	cr_assert_eq(pairs, 55 * (6561 - 256)); /* subsets of all sets, but the empty ones */
}

/* --- properties of a report over generations ---------------------------------------------- */

#define AGED 640u

static void live(struct ws_age *age, u16 *page, u64 begin_ns, u32 passes)
{
	u64 young[8], state = 7;
	bool folded[WS_TYPES];

	memset(page, 0, AGED * sizeof(*page));
	cr_assert_eq(ws_age_init(age, page, AGED, 8, begin_ns), 0);
	for (u32 i = 0; i < AGED; i++)
		ws_age_add(age, i, i % 3 ? WS_ANON : WS_FILE, age->max_seq);
	for (u32 pass = 1; pass <= passes; pass++) {
		for (u32 i = 0; i < 8; i++) {
			state = state * 6364136223846793005ull + 1442695040888963407ull;
			young[i] = state >> 20 & state >> 7;
		}
		ws_age_harvest(age, pass % 3 * 64, young, 512);
		cr_assert_eq(ws_age_advance(age, begin_ns + pass * 10, folded), 0);
	}
}

Test(grid, a_report_does_not_change_when_all_times_shift)
{
	static const u64 edge_ns[] = { 3, 10, 25, 39, 40, 77 };
	static u16 page[AGED], later_page[AGED];
	static struct ws_age age, later;
	struct ws_hist hist, later_hist;
	const u64 shift = 1ull << 50;

	for (u32 passes = 0; passes < 30; passes++) {
		live(&age, page, 0, passes);
		live(&later, later_page, shift, passes);
		cr_assert_eq(memcmp(page, later_page, sizeof(page)), 0);
		ws_hist_init(&hist, edge_ns, 6);
		ws_hist_init(&later_hist, edge_ns, 6);
		ws_age_collect(&age, &hist, passes * 10 + 4);
		ws_age_collect(&later, &later_hist, shift + passes * 10 + 4);
		cr_assert_eq(memcmp(hist.pages, later_hist.pages, sizeof(hist.pages)), 0);
		cr_assert_eq(ws_hist_total(&hist, WS_ANON) + ws_hist_total(&hist, WS_FILE), AGED);
	}
}

Test(grid, the_same_life_twice_is_the_same_to_the_byte_and_looking_changes_nothing)
{
	static const u64 edge_ns[] = { 20, 50 };
	static u16 page[AGED], again_page[AGED];
	static struct ws_age age, again;
	struct ws_hist hist;

	live(&age, page, 5, 100);
	live(&again, again_page, 5, 100);
	for (u32 i = 0; i < 3; i++) {
		ws_hist_init(&hist, edge_ns, 2);
		ws_age_collect(&again, &hist, 2000);
		cr_assert(ws_age_check(&again));
	}
	again.page = age.page;
	cr_assert_eq(memcmp(&age, &again, sizeof(age)), 0);
	cr_assert_eq(memcmp(page, again_page, sizeof(page)), 0);
}
