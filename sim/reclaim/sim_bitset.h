/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sim_bitset.h - a set of 32-bit numbers that gives its greatest member at once.
 *
 * A tree of words: a bit of one level says that the word below is not zero.  Five
 * levels reach 2^30, so every operation is a handful of instructions, where a heap
 * of a million entries would compare its way through twenty cache lines.
 */
#ifndef SIM_BITSET_H
#define SIM_BITSET_H

#include <ws_env.h>

#define SIM_BITSET_LEVELS 6
#define SIM_BITSET_NONE 0xffffffffu

struct sim_bitset {
	u64 *word[SIM_BITSET_LEVELS];
	u32 levels;
	u64 *memory;
};

/* An empty set of numbers below @size.  Return: 0 or -ENOMEM. */
int sim_bitset_init(struct sim_bitset *set, u64 size);
void sim_bitset_destroy(struct sim_bitset *set);

static inline void sim_bitset_add(struct sim_bitset *set, u32 member)
{
	for (u32 level = 0; level < set->levels; level++) {
		u64 *word = &set->word[level][member >> 6];
		u64 before = *word;
		*word = before | 1ull << (member & 63);
		if (before)
			return;
		member >>= 6;
	}
}

static inline void sim_bitset_remove(struct sim_bitset *set, u32 member)
{
	for (u32 level = 0; level < set->levels; level++) {
		u64 *word = &set->word[level][member >> 6];
		*word &= ~(1ull << (member & 63));
		if (*word)
			return;
		member >>= 6;
	}
}

/* The greatest member that is at most @limit, or SIM_BITSET_NONE. */
static inline u32 sim_bitset_last(const struct sim_bitset *set, u32 limit)
{
	for (u32 level = 0; level < set->levels; level++) {
		u64 low = set->word[level][limit >> 6] & (~0ull >> (63 - (limit & 63)));
		if (!low) {
			if (!(limit >>= 6))
				return SIM_BITSET_NONE;
			limit--; /* words below, told by the next level */
			continue;
		}
		u32 at = (limit & ~63u) + 63 - (u32)__builtin_clzll(low);
		while (level--)
			at = at * 64 + 63 - (u32)__builtin_clzll(set->word[level][at]);
		return at;
	}
	return SIM_BITSET_NONE;
}

#endif /* SIM_BITSET_H */
