/* SPDX-License-Identifier: BSD-2-Clause */
/* sim_ring.c - the slow paths of the page queue: its memory. */
#include <assert.h>
#include <stdlib.h>

#include "reclaim/sim_ring.h"

#define SIM_RING_SLOTS_MIN 64u

static u32 slots_for(u32 pages)
{
	u32 slots = SIM_RING_SLOTS_MIN;

	while (slots < pages && slots < 1u << 31)
		slots *= 2;
	return slots;
}

int sim_ring_init(struct sim_ring *ring, u32 *where, u32 pages)
{
	u32 slots = slots_for(pages);

	*ring = (struct sim_ring){ .where = where, .mask = slots - 1 };
	ring->slot = malloc(sizeof(u32) * slots);
	return ring->slot ? 0 : -ENOMEM;
}

void sim_ring_destroy(struct sim_ring *ring)
{
	free(ring->slot);
	ring->slot = NULL;
}

void sim_ring_make_room(struct sim_ring *ring)
{
	/* A quarter of holes makes squeezing cheap enough: three pushes pay for one move. */
	u32 slots = ring->mask + 1, fresh_slots = slots;
	if (ring->pages > slots - slots / 4) {
		assert(slots < 1u << 31);
		fresh_slots = slots * 2;
	}
	u32 *fresh = malloc(sizeof(u32) * fresh_slots);
	u32 count = 0;

	assert(fresh);
	for (u32 at = ring->head; at != ring->tail; at++) {
		u32 page = ring->slot[at & ring->mask];
		if (page == WS_NO_PAGE)
			continue;
		if (ring->where)
			ring->where[page] = count;
		fresh[count++] = page;
	}
	assert(count == ring->pages);
	free(ring->slot);
	ring->slot = fresh;
	ring->mask = fresh_slots - 1;
	ring->head = 0;
	ring->tail = count;
}
