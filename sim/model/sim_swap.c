/* SPDX-License-Identifier: BSD-2-Clause */
/* sim_swap.c - slots, given out round the area. */
#include <assert.h>

#include "model/sim_swap.h"

/* The first free slot from @from on, round the area; there is one. */
static u32 next_free(const struct sim_swap_area *area, u32 from)
{
	u32 word = from / 64, words = (area->slots_count + 63) / 64;
	u64 free = ~area->taken[word] & ~0ull << from % 64;

	for (;;) {
		u32 slot = word * 64 + (free ? (u32)__builtin_ctzll(free) : 64);

		if (free && slot < area->slots_count)
			return slot;
		word = word + 1 < words ? word + 1 : 0;
		free = ~area->taken[word];
	}
}

u32 sim_swap_take(struct sim_swap_area *area, u32 page)
{
	if (sim_swap_is_full(area))
		return 0;
	u32 slot = next_free(area, area->next);

	area->page_of[slot] = page + 1;
	area->taken[slot / 64] |= 1ull << slot % 64;
	area->used++;
	area->next = slot + 1 < area->slots_count ? slot + 1 : 0;
	return slot + 1;
}

void sim_swap_give(struct sim_swap_area *area, u32 slot)
{
	assert(slot && area->page_of[slot - 1]);
	area->page_of[slot - 1] = 0;
	area->taken[(slot - 1) / 64] &= ~(1ull << (slot - 1) % 64);
	area->used--;
}
