/* SPDX-License-Identifier: BSD-2-Clause */
/* sim_bitset.c - memory of the ordered set. */
#include <stdlib.h>

#include "reclaim/sim_bitset.h"

int sim_bitset_init(struct sim_bitset *set, u64 size)
{
	u64 words[SIM_BITSET_LEVELS], total = 0;

	*set = (struct sim_bitset){ 0 };
	do {
		size = size / 64 + 1;
		words[set->levels++] = size;
		total += size;
	} while (size > 1 && set->levels < SIM_BITSET_LEVELS);
	set->memory = calloc(total, sizeof(u64));
	if (!set->memory)
		return -ENOMEM;
	u64 *at = set->memory;
	for (u32 level = 0; level < set->levels; level++) {
		set->word[level] = at;
		at += words[level];
	}
	return 0;
}

void sim_bitset_destroy(struct sim_bitset *set)
{
	free(set->memory);
	set->memory = NULL;
}
