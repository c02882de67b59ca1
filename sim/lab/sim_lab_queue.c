/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sim_lab_queue.c - the loop of FIFO and CLOCK: sim_ring.h without calls between.
 *
 * The same queue and the same step of the hand as sim_reclaim_clock.c, expanded in
 * place.  Where a trace has no frees the queue needs no where[], which saves a store
 * to a random place for each page that gets a second chance.
 */
#include <stdlib.h>

#include "lab/sim_lab_loop.h"
#include "reclaim/sim_ring.h"

#define RING_AHEAD 12u

struct lab_queue {
	struct sim_lab_loop loop;
	struct sim_ring ring;
	u32 *where;
};

sim_lab_inline void queue_miss(struct lab_queue *queue, struct sim_ring *ring, u8 *hot, u32 page,
			       u32 position, u8 accessed, bool track)
{
	struct sim_lab_loop *loop = &queue->loop;

	loop->result->misses++;
	if (loop->used == loop->frames) {
		u32 victim;
		do {
			if (accessed)
				__builtin_prefetch(&hot[sim_ring_peek(ring, RING_AHEAD)], 1);
			victim = sim_ring_clock_step(ring, hot, accessed);
			loop->result->scanned++;
		} while (victim == WS_NO_PAGE);
		hot[victim] = 0;
		loop->result->evictions++;
		if (track)
			sim_lab_check_window(loop->trace, loop->result, position,
					     loop->last[victim]);
	} else {
		loop->used++;
	}
	sim_ring_push(ring, page);
	hot[page] = SIM_HOT_PRESENT;
}

sim_lab_inline void queue_accesses(struct lab_queue *queue, u32 from, u32 to, u8 accessed,
				   bool track, bool ahead)
{
	const u32 *trace = queue->loop.trace->array.page;
	u8 *hot = queue->loop.hot;

	for (u32 i = from; i < to; i++) {
		u32 page = TR_PAGE(trace[i]);
		u8 bits = hot[page];
		if (ahead)
			__builtin_prefetch(&hot[TR_PAGE(trace[i + SIM_LAB_AHEAD])], 1);
		if (accessed)
			hot[page] = bits | accessed;
		if (__builtin_expect(!(bits & SIM_HOT_PRESENT), 0))
			queue_miss(queue, &queue->ring, hot, page, i, accessed, track);
		if (track)
			queue->loop.last[page] = i;
	}
}

sim_lab_inline int queue_span(struct lab_queue *queue, u32 from, u32 to, u8 accessed)
{
	u32 end = sim_lab_ahead_end(from, to);

	if (queue->loop.last) {
		queue_accesses(queue, from, to, accessed, true, false);
		return 0;
	}
	queue_accesses(queue, from, end, accessed, false, true);
	queue_accesses(queue, end, to, accessed, false, false);
	return 0;
}

static int fifo_span(void *ctx, u32 from, u32 to)
{
	return queue_span(ctx, from, to, 0);
}

static int clock_span(void *ctx, u32 from, u32 to)
{
	return queue_span(ctx, from, to, SIM_HOT_ACCESSED_GUEST);
}

static void queue_freed(void *ctx, u32 page)
{
	struct lab_queue *queue = ctx;

	if (!(queue->loop.hot[page] & SIM_HOT_PRESENT))
		return;
	queue->loop.hot[page] = 0;
	queue->loop.used--;
	sim_ring_remove(&queue->ring, page);
}

static int queue_run(const struct sim_lab_trace *trace, u32 frames,
		     struct sim_lab_result *result, int (*span)(void *ctx, u32 from, u32 to))
{
	struct lab_queue queue = { .where = NULL };
	int rc = sim_lab_loop_init(&queue.loop, trace, frames, result);

	if (rc)
		return rc;
	rc = -ENOMEM;
	if (trace->array.frees_count) {
		queue.where = malloc(sizeof(u32) * trace->pages_count);
		if (!queue.where)
			goto out_loop;
	}
	rc = sim_ring_init(&queue.ring, queue.where,
			   frames < trace->pages_count ? frames : trace->pages_count);
	if (rc)
		goto out_where;
	result->state_bytes = 1 + 4 + (queue.where ? 4 : 0) + (queue.loop.last ? 4 : 0);
	rc = sim_lab_each(trace, &queue, span, queue_freed);
	sim_ring_destroy(&queue.ring);
out_where:
	free(queue.where);
out_loop:
	sim_lab_loop_destroy(&queue.loop);
	return rc;
}

int sim_lab_run_fifo(const struct sim_lab_trace *trace, u32 frames, struct sim_lab_result *result)
{
	return queue_run(trace, frames, result, fifo_span);
}

int sim_lab_run_clock(const struct sim_lab_trace *trace, u32 frames,
		      struct sim_lab_result *result)
{
	return queue_run(trace, frames, result, clock_span);
}
