/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sim_ring.h - a queue of pages in one array, oldest first.
 *
 * An array and not a list: eviction reads it in order, so the processor fetches ahead,
 * where every step along a list of a million pages is a cache miss (measured: CLOCK runs
 * three to five times faster this way).  A page that leaves from the middle leaves a
 * hole behind, which the old end skips; where[] tells its slot.
 *
 * Memory: the slots, grown by doubling to at most twice the pages queued.  A simulator
 * that cannot get them has no way to go on, so that is asserted.
 */
#ifndef SIM_RING_H
#define SIM_RING_H

#include "ws_lru.h"

struct sim_ring {
	u32 *slot;
	u32 *where;	/* by page: its slot; NULL when no page leaves from the middle */
	u32 mask;	/* slots - 1 */
	u32 head, tail; /* oldest and next free position, both running on modulo 2^32 */
	u32 pages;	/* without holes */
};

/* Room for @pages from the start; @where is the caller's.  Return: 0 or -ENOMEM. */
int sim_ring_init(struct sim_ring *ring, u32 *where, u32 pages);
void sim_ring_destroy(struct sim_ring *ring);

/* Squeeze the holes out, or double.  Called by push when the slots are used up. */
void sim_ring_make_room(struct sim_ring *ring);

static inline void sim_ring_push(struct sim_ring *ring, u32 page)
{
	if (__builtin_expect(ring->tail - ring->head > ring->mask, 0))
		sim_ring_make_room(ring);
	u32 slot = ring->tail++ & ring->mask;
	ring->slot[slot] = page;
	if (ring->where)
		ring->where[page] = slot;
	ring->pages++;
}

/* At the old end; for queues without where[]. */
static inline void sim_ring_push_old(struct sim_ring *ring, u32 page)
{
	if (__builtin_expect(ring->tail - ring->head > ring->mask, 0))
		sim_ring_make_room(ring);
	ring->slot[--ring->head & ring->mask] = page;
	ring->pages++;
}

/* The oldest page, which leaves; the ring is not empty. */
static inline u32 sim_ring_pop(struct sim_ring *ring)
{
	u32 page;

	do
		page = ring->slot[ring->head++ & ring->mask];
	while (ring->where && page == WS_NO_PAGE);
	ring->pages--;
	return page;
}

/* The page that pop would give @ahead calls later, give or take holes: to prefetch. */
static inline u32 sim_ring_peek(const struct sim_ring *ring, u32 ahead)
{
	return ring->slot[(ring->head + ahead) & ring->mask];
}

static inline void sim_ring_remove(struct sim_ring *ring, u32 page)
{
	ring->slot[ring->where[page]] = WS_NO_PAGE;
	ring->pages--;
}

/*
 * One step of CLOCK's hand: the oldest page leaves, or, when its accessed bit is set,
 * loses the bit and is young again.  Return: the victim, or WS_NO_PAGE.
 */
static inline u32 sim_ring_clock_step(struct sim_ring *ring, u8 *hot, u8 accessed)
{
	u32 page = sim_ring_pop(ring);

	if (!(hot[page] & accessed))
		return page;
	hot[page] &= (u8)~accessed;
	sim_ring_push(ring, page);
	return WS_NO_PAGE;
}

#endif /* SIM_RING_H */
