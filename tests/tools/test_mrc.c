/* SPDX-License-Identifier: BSD-2-Clause */
/* test_mrc.c - miss-ratio curves: exact ones against LRU runs, sampled ones against exact. */
#include <criterion/criterion.h>
#include <string.h>

#include "lab/sim_mrc.h"
#include "lab/sim_stack.h"
#include "lab_traces.h"

static u64 lru_misses(const struct sim_lab_trace *trace, u32 frames)
{
	struct sim_reclaim_choice lru;
	struct sim_lab_result result;

	cr_assert(!sim_reclaim_choose(&lru, "lru", NULL));
	cr_assert(!sim_lab_run(trace, &lru, frames, &result));
	return result.misses;
}

static void hold_against_lru(u64 seed, u32 pages, u32 count, u32 free_every)
{
	struct sim_lab_trace trace = lab_trace(seed, pages, count, free_every);
	struct sim_mrc mrc;

	cr_assert(!sim_mrc_make(&mrc, &trace, 1));
	for (u32 frames = 1; frames <= pages + 3; frames++) {
		u64 misses = lru_misses(&trace, frames);
		double want = (double)misses / count, got = sim_mrc_ratio(&mrc, frames);
		cr_assert(got == want, "seed %llu, %u frames: %.9f, wanted %.9f", seed, frames, got,
			  want);
	}
	sim_mrc_destroy(&mrc);
	sim_lab_trace_destroy(&trace);
}

Test(mrc, exact_curve_is_lru_at_every_size)
{
	hold_against_lru(1, 300, 20000, 0);
	hold_against_lru(2, 3, 100, 0);
	hold_against_lru(3, 2000, 3000, 0);
}

Test(mrc, exact_curve_is_lru_at_every_size_with_frees)
{
	hold_against_lru(4, 300, 20000, 2);
	hold_against_lru(5, 300, 20000, 20);
	hold_against_lru(6, 300, 60000, 1000);
}

/* Distances against a list that is searched from its end, over many renumberings. */
Test(mrc, stack_distances_are_those_of_a_list)
{
	enum { PAGES = 700, STEPS = 120000 };
	struct lab_random random = { 12 };
	struct sim_stack stack;
	u32 list[PAGES], count = 0;

	cr_assert(!sim_stack_init(&stack, PAGES, PAGES, false));
	for (u32 step = 0; step < STEPS; step++) {
		u32 page = lab_page(&random, PAGES, step), at = count, want = 0;
		while (at && list[at - 1] != page)
			at--;
		if (at) {
			want = count - at + 1;
			memmove(&list[at - 1], &list[at], sizeof(u32) * (count - at));
			count--;
		}
		list[count++] = page;
		u32 got = sim_stack_access(&stack, page);
		cr_assert(got == want, "step %u, page %u: %u, wanted %u", step, page, got, want);
	}
	sim_stack_destroy(&stack);
}

/* Large enough for all levels of counters: more than 8M slots. */
Test(mrc, stack_counts_across_its_top_level)
{
	enum { PAGES = 3000000 };
	struct sim_stack stack;

	cr_assert(!sim_stack_init(&stack, PAGES, PAGES, false));
	for (u32 round = 0; round < 5; round++)
		for (u32 page = 0; page < PAGES; page++) {
			u32 got = sim_stack_access(&stack, page);
			if (got != (round ? PAGES : 0))
				cr_assert_fail("round %u, page %u: %u", round, page, got);
		}
	for (u32 page = 0; page < PAGES; page += 1000) {
		u32 got = sim_stack_access(&stack, page), want = PAGES - page + page / 1000;
		cr_assert(got == want, "page %u: %u, wanted %u", page, got, want);
	}
	sim_stack_destroy(&stack);
}

Test(mrc, sampling_comes_near_the_exact_curve)
{
	struct sim_lab_trace trace = lab_zipf(7, 100000, 2000000);
	static const struct {
		double rate, error_max;
	} bound[] = { { 0.3, 0.004 }, { 0.1, 0.006 }, { 0.03, 0.01 }, { 0.01, 0.02 } };
	struct sim_mrc exact, sampled, again;

	cr_assert(!sim_mrc_make(&exact, &trace, 1));
	for (u32 i = 0; i < sizeof(bound) / sizeof(bound[0]); i++) {
		cr_assert(!sim_mrc_make(&sampled, &trace, bound[i].rate));
		cr_assert(!sim_mrc_make(&again, &trace, bound[i].rate));
		double error = sim_mrc_mean_error(&exact, &sampled, 100000);
		cr_assert(error < bound[i].error_max, "rate %g: %.5f", bound[i].rate, error);
		cr_assert(sim_mrc_mean_error(&sampled, &again, 100000) == 0);
		double share = (double)sampled.pages / exact.pages / bound[i].rate;
		cr_assert(share > 0.9 && share < 1.1, "rate %g: %.3f of the pages it promises",
			  bound[i].rate, share);
		sim_mrc_destroy(&sampled);
		sim_mrc_destroy(&again);
	}
	sim_mrc_destroy(&exact);
	sim_lab_trace_destroy(&trace);
}

Test(mrc, sampled_curves_never_rise_and_stay_between_0_and_1)
{
	for (u64 seed = 1; seed <= 20; seed++) {
		struct sim_lab_trace trace = lab_trace(seed, 200, 3000, seed % 2 ? 40 : 0);
		struct sim_mrc mrc;
		double before = 1;
		cr_assert(!sim_mrc_make(&mrc, &trace, 0.02 * (double)seed));
		for (u64 frames = 0; frames < 300; frames++) {
			double ratio = sim_mrc_ratio(&mrc, frames);
			cr_assert(ratio >= 0 && ratio <= 1 && ratio <= before,
				  "seed %llu, %llu frames: %.6f after %.6f", seed, frames, ratio,
				  before);
			before = ratio;
		}
		sim_mrc_destroy(&mrc);
		sim_lab_trace_destroy(&trace);
	}
}

Test(mrc, points_rise_to_the_footprint)
{
	struct sim_lab_trace trace = lab_trace(2, 100, 5000, 0);
	struct sim_mrc mrc;
	u64 frames[1000];

	cr_assert(!sim_mrc_make(&mrc, &trace, 1));
	cr_assert(sim_mrc_points(&mrc, frames, 7) == 7);
	cr_assert(frames[6] == mrc.distance_max);
	for (u32 i = 1; i < 7; i++)
		cr_assert(frames[i] > frames[i - 1]);
	cr_assert(sim_mrc_points(&mrc, frames, 1000) == mrc.distance_max);
	cr_assert(frames[0] == 1);
	sim_mrc_destroy(&mrc);
	sim_lab_trace_destroy(&trace);
}

Test(mrc, rates_outside_0_to_1_are_refused)
{
	struct sim_lab_trace trace = lab_trace(1, 10, 100, 0);
	struct sim_mrc mrc;

	cr_assert(sim_mrc_make(&mrc, &trace, 0) == -EINVAL);
	cr_assert(sim_mrc_make(&mrc, &trace, -0.5) == -EINVAL);
	cr_assert(sim_mrc_make(&mrc, &trace, 1.01) == -EINVAL);
	sim_lab_trace_destroy(&trace);
}
