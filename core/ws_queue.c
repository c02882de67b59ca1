/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * ws_queue.c - pages in order, a cache line at a time; see ws_queue.h.
 *
 * A chunk is 16 u32: the next chunk (0: none), then its pages from the old end
 * on; WS_NO_PAGE follows the last when there are fewer than 15.  Chunk 0 is the
 * pool's own: the first free chunk, and how many were ever in use.
 */
#include "ws_queue.h"

#define CHUNK_WORDS (WS_CHUNK_PAGES + 1)
#define POOL_FREE 0
#define POOL_USED 1
#define POOL_CHUNKS 2

/* What two neighbours hold at least, so that n pages never need more than n / 8 chunks. */
#define PAIR_PAGES_MIN (WS_CHUNK_PAGES + 1)

/*
 * Why that holds: ends make full chunks only.  ws_queue_join() alone makes one
 * that is not full, and only if it does not fit into the chunk that follows it;
 * so it has 16 pages together with that one, and with the full one before it,
 * if any.  The last chunk is always full.
 */

u64 ws_queue_footprint(u32 pages_count)
{
	u64 chunks = 1 + (u64)pages_count / (PAIR_PAGES_MIN / 2);

	return chunks * CHUNK_WORDS * sizeof(u32);
}

void ws_queue_pool_init(u32 *pool, u32 pages_count)
{
	pool[POOL_CHUNKS] = 1 + pages_count / (PAIR_PAGES_MIN / 2);
}

void ws_queue_init(struct ws_queue *queue)
{
	memset(queue, 0, sizeof(*queue));
}

static u32 *chunk_at(u32 *pool, u32 chunk)
{
	return pool + (size_t)chunk * CHUNK_WORDS;
}

static u32 chunk_count(const u32 *words)
{
	u32 count = 0;

	while (count < WS_CHUNK_PAGES && words[1 + count] != WS_NO_PAGE)
		count++;
	return count;
}

static void chunk_fill(u32 *words, const u32 *pages, u32 count)
{
	memcpy(words + 1, pages, count * sizeof(u32));
	if (count < WS_CHUNK_PAGES)
		words[1 + count] = WS_NO_PAGE;
}

static u32 chunk_new(u32 *pool, const u32 *pages, u32 count)
{
	u32 chunk = pool[POOL_FREE];

	if (chunk) {
		pool[POOL_FREE] = *chunk_at(pool, chunk);
	} else {
		chunk = ++pool[POOL_USED];
		WS_ASSERT(chunk < pool[POOL_CHUNKS]);
	}
	*chunk_at(pool, chunk) = 0;
	chunk_fill(chunk_at(pool, chunk), pages, count);
	return chunk;
}

static void chunk_free(u32 *pool, u32 chunk)
{
	*chunk_at(pool, chunk) = pool[POOL_FREE];
	pool[POOL_FREE] = chunk;
}

static void chain_append(struct ws_queue *queue, u32 *pool, u32 chunk)
{
	if (queue->first)
		*chunk_at(pool, queue->last) = chunk;
	else
		queue->first = chunk;
	queue->last = chunk;
}

void ws_queue_close_young(struct ws_queue *queue, u32 *pool)
{
	chain_append(queue, pool, chunk_new(pool, queue->young, WS_CHUNK_PAGES));
	queue->young_count = 0;
}

void ws_queue_add_old(struct ws_queue *queue, u32 *pool, u32 page)
{
	u32 count = queue->old_end - queue->old_begin;

	if (count == WS_CHUNK_PAGES) {
		u32 chunk = chunk_new(pool, queue->old, WS_CHUNK_PAGES);

		if (!queue->first)
			queue->last = chunk;
		*chunk_at(pool, chunk) = queue->first;
		queue->first = chunk;
		count = 0;
	}
	if (!count || !queue->old_begin) {
		/* Room in front. */
		memmove(queue->old + WS_CHUNK_PAGES - count, queue->old + queue->old_begin,
			count * sizeof(u32));
		queue->old_begin = WS_CHUNK_PAGES - count;
		queue->old_end = WS_CHUNK_PAGES;
	}
	queue->old[--queue->old_begin] = page;
}

u32 ws_queue_refill(struct ws_queue *queue, u32 *pool)
{
	u32 count;

	if (queue->first) {
		u32 chunk = queue->first;
		const u32 *words = chunk_at(pool, chunk);

		count = chunk_count(words);
		memcpy(queue->old, words + 1, WS_CHUNK_PAGES * sizeof(u32));
		queue->first = words[0];
		if (!queue->first)
			queue->last = 0;
		chunk_free(pool, chunk);
		__builtin_prefetch(chunk_at(pool, queue->first));
	} else {
		count = queue->young_count;
		memcpy(queue->old, queue->young, WS_CHUNK_PAGES * sizeof(u32));
		queue->young_count = 0;
	}
	queue->old_begin = 0;
	queue->old_end = count;
	return count;
}

u32 ws_queue_peek(const struct ws_queue *queue, const u32 *pool, u32 *pages, u32 max)
{
	u32 count = 0, chunk = queue->first, i;

	for (i = queue->old_begin; i < queue->old_end && count < max; i++)
		pages[count++] = queue->old[i];
	for (; chunk && count < max; chunk = pool[(size_t)chunk * CHUNK_WORDS]) {
		const u32 *words = pool + (size_t)chunk * CHUNK_WORDS;

		for (i = 1; i < CHUNK_WORDS && words[i] != WS_NO_PAGE && count < max; i++)
			pages[count++] = words[i];
	}
	return count;
}

/* Append as many whole chunks as @pages make.  Return: pages used, all but the last 0..14. */
static u32 append_full(struct ws_queue *queue, u32 *pool, const u32 *pages, u32 count)
{
	u32 used = 0;

	while (count - used >= WS_CHUNK_PAGES) {
		chain_append(queue, pool, chunk_new(pool, pages + used, WS_CHUNK_PAGES));
		used += WS_CHUNK_PAGES;
	}
	return used;
}

/* Put @count pages, 1..14, before those of a chunk if they fit in. */
static bool chunk_prepend(u32 *words, const u32 *pages, u32 count)
{
	u32 there = chunk_count(words);

	if (there + count > WS_CHUNK_PAGES)
		return false;
	memmove(words + 1 + count, words + 1, there * sizeof(u32));
	memcpy(words + 1, pages, count * sizeof(u32));
	if (there + count < WS_CHUNK_PAGES)
		words[1 + there + count] = WS_NO_PAGE;
	return true;
}

void ws_queue_join(struct ws_queue *queue, struct ws_queue *older, u32 *pool)
{
	u32 seam[3 * WS_CHUNK_PAGES];
	u32 count = older->young_count, old_count = queue->old_end - queue->old_begin, used;

	if (ws_queue_empty(older))
		return;
	/* The pages that stood at the two ends which meet now. */
	memcpy(seam, older->young, count * sizeof(u32));
	memcpy(seam + count, queue->old + queue->old_begin, old_count * sizeof(u32));
	count += old_count;
	if (queue->first) {
		used = append_full(older, pool, seam, count);
		if (count > used &&
		    !chunk_prepend(chunk_at(pool, queue->first), seam + used, count - used))
			chain_append(older, pool, chunk_new(pool, seam + used, count - used));
		if (older->first)
			*chunk_at(pool, older->last) = queue->first;
		else
			older->first = queue->first;
		older->last = queue->last;
	} else {
		memcpy(seam + count, queue->young, queue->young_count * sizeof(u32));
		count += queue->young_count;
		used = append_full(older, pool, seam, count);
		queue->young_count = count - used;
		memcpy(queue->young, seam + used, queue->young_count * sizeof(u32));
	}
	queue->first = older->first;
	queue->last = older->last;
	queue->old_begin = older->old_begin;
	queue->old_end = older->old_end;
	memcpy(queue->old, older->old, sizeof(queue->old));
	ws_queue_init(older);
}

bool ws_queue_walk(const struct ws_queue *queue, const u32 *pool,
		   void (*visit)(void *ctx, u32 page), void *ctx)
{
	u32 chunk, i, steps = 0;

	for (i = queue->old_begin; i < queue->old_end; i++)
		visit(ctx, queue->old[i]);
	for (chunk = queue->first; chunk; chunk = pool[(size_t)chunk * CHUNK_WORDS]) {
		const u32 *words = pool + (size_t)chunk * CHUNK_WORDS;
		u32 count = chunk_count(words);

		if (chunk > pool[POOL_USED] || !count || ++steps > pool[POOL_USED])
			return false;
		if (chunk == queue->last && words[0])
			return false;
		for (i = 0; i < count; i++)
			visit(ctx, words[1 + i]);
	}
	for (i = 0; i < queue->young_count; i++)
		visit(ctx, queue->young[i]);
	return !queue->first == !queue->last;
}
