/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sim_stack.h - LRU stack distances: how many frames an access needs in order to hit.
 *
 * Mattson's stack (1970) without a stack: every page marks the slot of its last access
 * in a long row of bits, in order of time, and its depth is the number of marks from
 * there to the end (Olken 1981, with counters in place of a tree).
 *
 * Counters are prefix sums on four levels.  A look-up reads one counter of each level
 * and counts the bits of one word.  Taking a mark away subtracts a row of ones from
 * all later counters of its group, which vector units do in a few instructions; there
 * is no branch to mispredict.  Marks are only added at the end, where the counters
 * are written as the end passes.
 *
 *	level	one counter stands for	counters in a group
 *	0	64 slots		32
 *	1	2,048 slots		64
 *	2	131,072 slots		64
 *	3	8,388,608 slots		all
 *
 * Frees.  A freed page leaves a hole, which is a free frame for every cache that is
 * deep enough to hold it.  The next access that comes from deeper than the topmost
 * hole (or from nowhere) fills it, and leaves a hole where it came from: the pages
 * between do not move.  So distances remain exact at every size.
 *
 * Memory: 4 bytes a page and 4 to 8 slots of 1.3 bits a page; allocated here.
 * Errors: init gives 0 or -ENOMEM.  Time: constant for each access, amortized over
 * renumbering the slots when they are used up.
 */
#ifndef SIM_STACK_H
#define SIM_STACK_H

#include "reclaim/sim_bitset.h"

#define SIM_STACK_NONE 0xffffffffu

struct sim_stack {
	u32 *last;	     /* by page: its slot, or SIM_STACK_NONE */
	u32 pages_count;
	u32 slots, end;	     /* slots there are; next one to use */
	u32 marks;	     /* pages and holes */
	u64 *word;	     /* marks, a bit a slot */
	u16 *count0;	     /* by slot >> 6: marks before it in its group */
	u32 *count1, *count2, *count3; /* by slot >> 11, 17, 23 */
	struct sim_bitset holes; /* slots of holes; no memory when there are no frees */
};

/* Distances of accesses to pages 0..pages_count - 1, of which about @marks are distinct. */
int sim_stack_init(struct sim_stack *stack, u32 pages_count, u32 marks, bool frees);
void sim_stack_destroy(struct sim_stack *stack);

/* Renumber slots from 0.  Called by access when they are used up. */
void sim_stack_renumber(struct sim_stack *stack);
/* The end enters a new word, and perhaps new groups. */
void sim_stack_enter(struct sim_stack *stack);
/* The part of an access that only a trace with frees needs; see above. */
u32 sim_stack_access_holes(struct sim_stack *stack, u32 page);
void sim_stack_free(struct sim_stack *stack, u32 page);

/* Rows of zeros and then ones, to subtract from the counters after one. */
extern const u16 sim_stack_step16[64];
extern const u32 sim_stack_step32[128];

static inline u32 sim_stack_popcount(u64 word)
{
	word -= word >> 1 & 0x5555555555555555ull;
	word = (word & 0x3333333333333333ull) + (word >> 2 & 0x3333333333333333ull);
	word = (word + (word >> 4)) & 0x0f0f0f0f0f0f0f0full;
	return (u32)(word * 0x0101010101010101ull >> 56);
}

/* Marks at @slot and before. */
static inline u32 sim_stack_rank(const struct sim_stack *stack, u32 slot)
{
	u64 word = stack->word[slot >> 6] & (~0ull >> (63 - (slot & 63)));

	return stack->count3[slot >> 23] + stack->count2[slot >> 17] + stack->count1[slot >> 11] +
	       stack->count0[slot >> 6] + sim_stack_popcount(word);
}

static inline void sim_stack_unmark(struct sim_stack *stack, u32 slot)
{
	stack->word[slot >> 6] &= ~(1ull << (slot & 63));

	u16 *restrict count0 = stack->count0 + (slot >> 11) * 32;
	const u16 *restrict step0 = sim_stack_step16 + 31 - (slot >> 6 & 31);
	for (u32 i = 0; i < 32; i++)
		count0[i] -= step0[i];

	u32 *restrict count1 = stack->count1 + (slot >> 17) * 64;
	const u32 *restrict step1 = sim_stack_step32 + 63 - (slot >> 11 & 63);
	for (u32 i = 0; i < 64; i++)
		count1[i] -= step1[i];

	u32 *restrict count2 = stack->count2 + (slot >> 23) * 64;
	const u32 *restrict step2 = sim_stack_step32 + 63 - (slot >> 17 & 63);
	for (u32 i = 0; i < 64; i++)
		count2[i] -= step2[i];

	for (u32 i = (slot >> 23) + 1; i <= stack->end >> 23; i++)
		stack->count3[i]--;
	stack->marks--;
}

/* Mark the slot at the end. */
static inline u32 sim_stack_mark(struct sim_stack *stack)
{
	u32 slot = stack->end;

	if (!(slot & 63))
		sim_stack_enter(stack);
	stack->word[slot >> 6] |= 1ull << (slot & 63);
	stack->marks++;
	stack->end++;
	return slot;
}

/*
 * @page is accessed.  Return: its stack distance, 1 for the page accessed last, or 0
 * for a cold page: no number of frames would have made it a hit.
 */
static inline u32 sim_stack_access(struct sim_stack *stack, u32 page)
{
	u32 distance = 0;

	if (__builtin_expect(stack->end == stack->slots, 0))
		sim_stack_renumber(stack);
	if (stack->holes.memory)
		return sim_stack_access_holes(stack, page);
	u32 slot = stack->last[page];
	if (slot != SIM_STACK_NONE) {
		distance = stack->marks - sim_stack_rank(stack, slot) + 1;
		sim_stack_unmark(stack, slot);
	}
	stack->last[page] = sim_stack_mark(stack);
	return distance;
}

#endif /* SIM_STACK_H */
