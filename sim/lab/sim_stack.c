/* SPDX-License-Identifier: BSD-2-Clause */
/* sim_stack.c - stack distances: memory, renumbering, holes. */
#include <stdlib.h>

#include "lab/sim_stack.h"

#define FOUR(x) x, x, x, x
#define SIXTEEN(x) FOUR(FOUR(x))

const u16 sim_stack_step16[64] = { SIXTEEN(0), SIXTEEN(0), SIXTEEN(1), SIXTEEN(1) };
const u32 sim_stack_step32[128] = { SIXTEEN(0), SIXTEEN(0), SIXTEEN(0), SIXTEEN(0),
				    SIXTEEN(1), SIXTEEN(1), SIXTEEN(1), SIXTEEN(1) };

int sim_stack_init(struct sim_stack *stack, u32 pages_count, u32 marks, bool frees)
{
	u64 slots = 1u << 14;

	*stack = (struct sim_stack){ .pages_count = pages_count };
	while (slots < 4ull * marks && slots < 1ull << 31)
		slots *= 2;
	if (slots < 2ull * marks)
		return -ENOMEM;
	stack->slots = (u32)slots;
	stack->last = malloc(sizeof(u32) * ((u64)pages_count + 1));
	stack->word = calloc(slots >> 6, sizeof(u64));
	stack->count0 = calloc(slots >> 6, sizeof(u16));
	/* whole groups, and one entry for an end that stands at the last slot */
	stack->count1 = calloc((slots >> 17) * 64 + 64, sizeof(u32));
	stack->count2 = calloc((slots >> 23) * 64 + 64, sizeof(u32));
	stack->count3 = calloc((slots >> 23) + 2, sizeof(u32));
	int rc = frees ? sim_bitset_init(&stack->holes, slots) : 0;
	if (rc || !stack->last || !stack->word || !stack->count0 || !stack->count1 ||
	    !stack->count2 || !stack->count3) {
		sim_stack_destroy(stack);
		return -ENOMEM;
	}
	for (u32 page = 0; page < pages_count; page++)
		stack->last[page] = SIM_STACK_NONE;
	return 0;
}

void sim_stack_destroy(struct sim_stack *stack)
{
	free(stack->last);
	free(stack->word);
	free(stack->count0);
	free(stack->count1);
	free(stack->count2);
	free(stack->count3);
	sim_bitset_destroy(&stack->holes);
}

/* Each counter of the level below that is full adds up to the next one above it. */
void sim_stack_enter(struct sim_stack *stack)
{
	u32 slot = stack->end;
	u32 carry = slot ? sim_stack_popcount(stack->word[(slot >> 6) - 1]) : 0;

	stack->count0[slot >> 6] = 0;
	if (!slot) {
		stack->count1[0] = stack->count2[0] = stack->count3[0] = 0;
		return;
	}
	carry += stack->count0[(slot >> 6) - 1];
	if (slot >> 6 & 31) {
		stack->count0[slot >> 6] = (u16)carry;
		return;
	}
	carry += stack->count1[(slot >> 11) - 1];
	stack->count1[slot >> 11] = slot >> 11 & 63 ? carry : 0;
	if (slot >> 11 & 63)
		return;
	carry += stack->count2[(slot >> 17) - 1];
	stack->count2[slot >> 17] = slot >> 17 & 63 ? carry : 0;
	if (slot >> 17 & 63)
		return;
	stack->count3[slot >> 23] = carry + stack->count3[(slot >> 23) - 1];
}

/* A mark's new slot is the number of marks before it. */
void sim_stack_renumber(struct sim_stack *stack)
{
	u32 marks = stack->marks;
	struct sim_bitset *holes = &stack->holes;

	for (u32 page = 0; page < stack->pages_count; page++)
		if (stack->last[page] != SIM_STACK_NONE)
			stack->last[page] = sim_stack_rank(stack, stack->last[page]) - 1;
	if (holes->memory) {
		/* From the least hole up, so that none is overwritten before it is read. */
		for (u32 slot = 0; slot < stack->slots; slot++) {
			if (!(holes->word[0][slot >> 6] >> (slot & 63) & 1))
				continue;
			sim_bitset_remove(holes, slot);
			sim_bitset_add(holes, sim_stack_rank(stack, slot) - 1);
		}
	}
	memset(stack->word, 0, stack->slots >> 3);
	stack->end = stack->marks = 0;
	while (stack->end < marks)
		sim_stack_mark(stack);
}

u32 sim_stack_access_holes(struct sim_stack *stack, u32 page)
{
	u32 slot = stack->last[page];
	u32 hole = sim_bitset_last(&stack->holes, stack->slots - 1);
	u32 distance = 0;

	if (slot != SIM_STACK_NONE)
		distance = stack->marks - sim_stack_rank(stack, slot) + 1;
	if (hole != SIM_BITSET_NONE && (slot == SIM_STACK_NONE || hole > slot)) {
		/* The hole is filled; where the page came from is the hole now. */
		sim_bitset_remove(&stack->holes, hole);
		sim_stack_unmark(stack, hole);
		if (slot != SIM_STACK_NONE)
			sim_bitset_add(&stack->holes, slot);
	} else if (slot != SIM_STACK_NONE) {
		sim_stack_unmark(stack, slot);
	}
	stack->last[page] = sim_stack_mark(stack);
	return distance;
}

void sim_stack_free(struct sim_stack *stack, u32 page)
{
	u32 slot = stack->last[page];

	if (slot == SIM_STACK_NONE)
		return;
	stack->last[page] = SIM_STACK_NONE;
	sim_bitset_add(&stack->holes, slot);
}
