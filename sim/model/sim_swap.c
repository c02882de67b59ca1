/* SPDX-License-Identifier: BSD-2-Clause */
/* sim_swap.c - slots, given out round the area. */
#include <assert.h>

#include "model/sim_swap.h"

u32 sim_swap_take(struct sim_swap_area *area, u32 page)
{
	if (sim_swap_is_full(area))
		return 0;
	while (area->page_of[area->next])
		area->next = area->next + 1 < area->slots_count ? area->next + 1 : 0;
	u32 slot = area->next;

	area->page_of[slot] = page + 1;
	area->used++;
	area->next = slot + 1 < area->slots_count ? slot + 1 : 0;
	return slot + 1;
}

void sim_swap_give(struct sim_swap_area *area, u32 slot)
{
	assert(slot && area->page_of[slot - 1]);
	area->page_of[slot - 1] = 0;
	area->used--;
}
