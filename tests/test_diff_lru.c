/* SPDX-License-Identifier: BSD-2-Clause */
/* test_diff_lru.c - eviction order against a model of it that is slow and plain. */
#include <criterion/criterion.h>

#include "naive_lru.h"

Test(diff_lru, eviction_agrees_with_shifted_arrays)
{
	for (u32 gens = 2; gens <= GENS; gens++)
		for (u64 seed = 1; seed <= 3; seed++)
			diff_expect_same(lru_world_run, seed, gens, 50000);
}

Test(diff_lru, random_operations_come_by_all_that_is_compared)
{
	diff_expect_same(lru_world_run, 3, WS_GENS_LINUX, 100000);
	for (int type = 0; type < 2; type++) {
		cr_assert_gt(naive.recent[type], 100);
		cr_assert_gt(naive.restores[type], 10);
	}
	cr_assert_gt(naive.protections, 100);
	cr_assert_gt(lru.promoted_pages, 1000);
}
