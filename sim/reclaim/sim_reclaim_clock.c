/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sim_reclaim_clock.c - FIFO and CLOCK: one queue, without and with a second chance.
 *
 * CLOCK as Corbato described it (1968), in its form as FIFO with reinsertion: a page
 * comes in with its accessed bit clear; at the old end a set bit is cleared and the
 * page goes back to the young end.  FIFO is the same that never looks at the bit.
 */
#include <assert.h>

#include "model/sim_reclaim.h"
#include "reclaim/sim_ring.h"

struct sim_clock {
	struct sim_reclaim base;
	struct sim_ring ring;
	u64 pages[WS_TYPES];
};

static struct sim_clock *clock_of(struct sim_reclaim *reclaim)
{
	return (struct sim_clock *)reclaim;
}

static int clock_init(struct sim_reclaim *reclaim, u64 now_ns)
{
	(void)now_ns;
	return sim_ring_init(&clock_of(reclaim)->ring, reclaim->space->link, 0);
}

static void clock_destroy(struct sim_reclaim *reclaim)
{
	sim_ring_destroy(&clock_of(reclaim)->ring);
}

static bool clock_insert(struct sim_reclaim *reclaim, u32 page, enum ws_type type,
			 enum ws_enter how, u32 shadow)
{
	struct sim_clock *clock = clock_of(reclaim);
	struct sim_reclaim_space *space = reclaim->space;

	(void)how, (void)shadow;
	space->hot[page] &= (u8)~space->accessed;
	space->entry[page] = type == WS_FILE ? WS_PAGE_FILE : 0;
	clock->pages[type]++;
	sim_ring_push(&clock->ring, page);
	return false;
}

static void clock_remove(struct sim_reclaim *reclaim, u32 page)
{
	struct sim_clock *clock = clock_of(reclaim);

	clock->pages[ws_page_type(reclaim->space->entry[page])]--;
	sim_ring_remove(&clock->ring, page);
}

static u32 queue_evict(struct sim_reclaim *reclaim, struct sim_reclaim_scan *scan, u32 *victims,
		       u32 *shadows, u32 max, u8 accessed)
{
	struct sim_clock *clock = clock_of(reclaim);
	const struct sim_reclaim_space *space = reclaim->space;
	u32 count = 0;

	scan->scanned = scan->rmap_walks = 0;
	while (count < max && clock->ring.pages && scan->scanned < scan->budget) {
		u32 page = sim_ring_clock_step(&clock->ring, space->hot, accessed);
		scan->scanned++;
		if (page == WS_NO_PAGE)
			continue;
		enum ws_type type = ws_page_type(space->entry[page]);
		if (type == WS_ANON && !scan->swappiness) {
			sim_ring_push(&clock->ring, page);
			continue;
		}
		clock->pages[type]--;
		if (shadows)
			shadows[count] = 1;
		victims[count++] = page;
	}
	scan->rmap_walks = accessed ? scan->scanned : 0;
	return count;
}

static u32 clock_evict(struct sim_reclaim *reclaim, struct sim_reclaim_scan *scan, u32 *victims,
		       u32 *shadows, u32 max)
{
	return queue_evict(reclaim, scan, victims, shadows, max, reclaim->space->accessed);
}

static u32 fifo_evict(struct sim_reclaim *reclaim, struct sim_reclaim_scan *scan, u32 *victims,
		      u32 *shadows, u32 max)
{
	return queue_evict(reclaim, scan, victims, shadows, max, 0);
}

static void clock_stat(const struct sim_reclaim *reclaim, struct sim_reclaim_stat *stat)
{
	const struct sim_clock *clock = (const struct sim_clock *)reclaim;

	*stat = (struct sim_reclaim_stat){ .pages = { clock->pages[0], clock->pages[1] } };
}

static bool clock_check(const struct sim_reclaim *reclaim)
{
	const struct sim_clock *clock = (const struct sim_clock *)reclaim;
	const struct sim_ring *ring = &clock->ring;
	u64 found[WS_TYPES] = { 0 };

	for (u32 at = ring->head; at != ring->tail; at++) {
		u32 page = ring->slot[at & ring->mask];
		if (page == WS_NO_PAGE)
			continue;
		if (page >= reclaim->space->pages_count || ring->where[page] != (at & ring->mask))
			return false;
		found[ws_page_type(reclaim->space->entry[page])]++;
	}
	return found[0] == clock->pages[0] && found[1] == clock->pages[1] &&
	       found[0] + found[1] == ring->pages;
}

const struct sim_reclaim_ops sim_reclaim_clock = {
	.name = "clock",
	.summary = "FIFO with a second chance for pages whose accessed bit is set",
	.state_size = sizeof(struct sim_clock),
	.links = 1,
	.init = clock_init,
	.destroy = clock_destroy,
	.insert = clock_insert,
	.remove = clock_remove,
	.evict = clock_evict,
	.stat = clock_stat,
	.check = clock_check,
};

const struct sim_reclaim_ops sim_reclaim_fifo = {
	.name = "fifo",
	.summary = "first in, first out; looks at no accessed bit",
	.state_size = sizeof(struct sim_clock),
	.links = 1,
	.init = clock_init,
	.destroy = clock_destroy,
	.insert = clock_insert,
	.remove = clock_remove,
	.evict = fifo_evict,
	.stat = clock_stat,
	.check = clock_check,
};
