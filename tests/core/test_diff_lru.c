/* SPDX-License-Identifier: BSD-2-Clause */
/* test_diff_lru.c - eviction order against a model of it that is slow and plain. */
#include <criterion/criterion.h>

#include "naive_lru.h"

Test(diff_lru, eviction_agrees_with_shifted_arrays)
{
	for (u32 gens = 2; gens <= GENS; gens++)
		for (u32 row = 0; row < WS_RULES_COUNT; row++)
			diff_expect_same(lru_world_run, row + 1, LRU_CHOICE(gens, row, AS_IS), 20000);
}

Test(diff_lru, so_it_does_with_one_rule_changed)
{
	for (u32 variant = 1; variant < VARIANTS; variant++)
		for (u32 row = 0; row < WS_RULES_COUNT; row++)
			diff_expect_same(lru_world_run, variant,
					 LRU_CHOICE(3 + (row + variant) % 4, row, variant), 10000);
}

Test(diff_lru, random_operations_come_by_all_that_is_compared)
{
	for (u32 row = 0; row < WS_RULES_COUNT; row++) {
		diff_expect_same(lru_world_run, 3, LRU_CHOICE(WS_GENS_LINUX, row, AS_IS), 100000);
		for (int type = 0; type < 2; type++) {
			cr_assert_gt(naive.recent[type], 100);
			cr_assert_gt(naive.restores[type], 10);
			cr_assert_gt(naive.victims[type], 1000);
		}
		cr_assert_gt(naive.protections, 100);
		cr_assert_gt(lru.promoted_pages, 1000);
	}
}
