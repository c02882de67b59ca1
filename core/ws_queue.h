/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * ws_queue.h - pages in order, a cache line at a time.
 *
 * A list linked from page to page costs one cache miss for each page, and each
 * miss must wait for the one before it.  Here a queue is a chain of chunks of 15
 * page numbers, and an open chunk at either end, so that one miss brings 15
 * pages and their entries can be fetched side by side.
 *
 *	old end                                              young end
 *	[ . . p p ]  ->  [ p x 15 ]  ->  [ p x 15 ]  ->  [ p p p . ]
 *	in the struct      chunks of the pool          in the struct
 *
 * Pages are taken from the old end and added at either.  In constant time, a whole
 * queue can be put before the old end of another, or reversed.
 *
 * Memory: a pool of chunks that any number of queues share.  Two neighbouring
 * chunks hold at least 16 pages together, so n pages need at most n / 8 chunks,
 * whatever the number of queues: 8 bytes a page at worst and 4.3 as a rule.
 * Time: constant.  Errors: none; a page on more than one queue would exhaust the
 * pool, which traps.  Locking: the caller serializes per pool.
 */
#ifndef WS_QUEUE_H
#define WS_QUEUE_H

#include "ws_types.h"

#define WS_NO_PAGE 0xffffffffu
#define WS_CHUNK_PAGES 15u

/* The ends of a queue. */
enum ws_queue_end { WS_QUEUE_OLD, WS_QUEUE_YOUNG };

struct ws_queue {
	u32 chunk[2];  /* by end: the chunk that the chain ends with there, 0: none */
	u32 beyond[2]; /* by end: what that chunk takes for its neighbour outside, ws_queue.c */
	u32 old_begin; /* old[old_begin..old_end) are in use */
	u32 old_end;
	u32 young_count; /* below WS_CHUNK_PAGES */
	u32 old[WS_CHUNK_PAGES];
	u32 young[WS_CHUNK_PAGES];
};

/* Bytes of a pool for @pages_count pages, in as many queues as there may be. */
u64 ws_queue_footprint(u32 pages_count);

/* @pool: zeroed, ws_queue_footprint() bytes; setting it up again for the same size is harmless. */
void ws_queue_pool_init(u32 *pool, u32 pages_count);

/* An empty queue. */
void ws_queue_init(struct ws_queue *queue);

static inline bool ws_queue_empty(const struct ws_queue *queue)
{
	return queue->old_begin == queue->old_end && !queue->chunk[WS_QUEUE_OLD] &&
	       !queue->young_count;
}

/* The open chunk at the young end has become full: chain it. */
void ws_queue_close_young(struct ws_queue *queue, u32 *pool);

static inline void ws_queue_add_young(struct ws_queue *queue, u32 *pool, u32 page)
{
	queue->young[queue->young_count] = page;
	if (++queue->young_count == WS_CHUNK_PAGES)
		ws_queue_close_young(queue, pool);
}

void ws_queue_add_old(struct ws_queue *queue, u32 *pool, u32 page);

/*
 * Open the next chunk when there is no page left in the one at the old end.
 * Return: pages in queue->old[queue->old_begin..], 0 when the queue is empty.
 */
u32 ws_queue_refill(struct ws_queue *queue, u32 *pool);

/* Take the page at the old end; WS_NO_PAGE when empty. */
static inline u32 ws_queue_take_old(struct ws_queue *queue, u32 *pool)
{
	if (queue->old_begin == queue->old_end && !ws_queue_refill(queue, pool))
		return WS_NO_PAGE;
	return queue->old[queue->old_begin++];
}

/* Copy up to @max pages from the old end, oldest first: as many as need nothing moved. */
u32 ws_queue_peek(const struct ws_queue *queue, const u32 *pool, u32 *pages, u32 max);

/* Put all of @older before the old end of @queue; @older is empty then. */
void ws_queue_join(struct ws_queue *queue, struct ws_queue *older, u32 *pool);

/* Reverse @queue: what was at its young end is then at its old end. */
void ws_queue_reverse(struct ws_queue *queue, u32 *pool);

/* What ws_queue_sift() asks. */
struct ws_queue_sieve {
	/* Which of @pages, 15 at most, have no business here?  Bit i is pages[i]. */
	u32 (*misfits)(void *ctx, const u32 *pages, u32 count);
	/* @page has been taken out; may add it to another queue of the pool. */
	void (*take)(void *ctx, u32 page);
};

/* Take all misfits out of @queue, oldest first; all others keep their order. */
void ws_queue_sift(struct ws_queue *queue, u32 *pool, const struct ws_queue_sieve *sieve,
		   void *ctx);

/*
 * Call @visit for each page, oldest first.  For tests; returns false when the
 * chain is broken.
 */
bool ws_queue_walk(const struct ws_queue *queue, const u32 *pool,
		   void (*visit)(void *ctx, u32 page), void *ctx);

#endif /* WS_QUEUE_H */
