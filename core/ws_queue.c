/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * ws_queue.c - pages in order, a cache line at a time; see ws_queue.h.
 *
 * A chunk is 16 u32: its neighbours, then its pages; where there are fewer than
 * 15, WS_NO_PAGE follows the last, and is also in the last word.  Chunk 0 is the
 * pool's own: the first free chunk, and how many were ever in use.
 *
 * A chain can be walked from either end and does not know which one is old, so
 * reversing it is an exchange of its ends.  A chunk has the numbers of its two
 * neighbours, one xor the other: coming from one, the other can be found.
 * SMALLER says that its pages begin at the neighbour with the smaller number.  A
 * chunk that is alone in its chain has 0 on both sides; there SMALLER says that
 * its pages begin at the young end.
 *
 * The chunk at an end has 0 for its neighbour outside, or still the number of one
 * that was removed there, so that it need not be touched then.  queue->beyond holds
 * that number; it is only used in arithmetic.
 */
#include "ws_queue.h"

#define CHUNK_WORDS (WS_CHUNK_PAGES + 1)
#define POOL_FREE 0
#define POOL_USED 1
#define POOL_CHUNKS 2
#define SMALLER 0x80000000u

/* What two neighbours hold at least, so that n pages never need more than n / 8 chunks. */
#define PAIR_PAGES_MIN (WS_CHUNK_PAGES + 1)

/*
 * Why that holds: ends make full chunks only.  Where ws_queue_join() makes neighbours
 * and ws_queue_sift() makes a chunk smaller, two chunks that fit into one are merged;
 * until then there may be one chunk more.
 */

u64 ws_queue_footprint(u32 pages_count)
{
	u64 chunks = 2 + (u64)pages_count / (PAIR_PAGES_MIN / 2);

	return chunks * CHUNK_WORDS * sizeof(u32);
}

void ws_queue_pool_init(u32 *pool, u32 pages_count)
{
	pool[POOL_CHUNKS] = 2 + pages_count / (PAIR_PAGES_MIN / 2);
}

void ws_queue_init(struct ws_queue *queue)
{
	memset(queue, 0, sizeof(*queue));
}

/* --- a chunk ------------------------------------------------------------------------- */

static u32 *chunk_at(u32 *pool, u32 chunk)
{
	return pool + (size_t)chunk * CHUNK_WORDS;
}

static const u32 *chunk_of(const u32 *pool, u32 chunk)
{
	return pool + (size_t)chunk * CHUNK_WORDS;
}

static u32 chunk_count(const u32 *words)
{
	u32 count = 0;

	if (words[WS_CHUNK_PAGES] != WS_NO_PAGE)
		return WS_CHUNK_PAGES;
	while (words[1 + count] != WS_NO_PAGE)
		count++;
	return count;
}

static void chunk_end(u32 *words, u32 count)
{
	if (count < WS_CHUNK_PAGES) {
		words[1 + count] = WS_NO_PAGE;
		words[WS_CHUNK_PAGES] = WS_NO_PAGE;
	}
}

/* The neighbour on the other side than @side. */
static u32 chunk_across(const u32 *words, u32 side)
{
	return (words[0] & ~SMALLER) ^ side;
}

/* Do its pages begin at the neighbour @side?  Of a chunk alone: at the old end? */
static bool chunk_begins_at(const u32 *words, u32 side)
{
	return (side < chunk_across(words, side)) == !!(words[0] & SMALLER);
}

/* Its pages begin at @begin and end at @end. */
static void chunk_set_sides(u32 *words, u32 begin, u32 end)
{
	words[0] = (begin ^ end) | (begin < end ? SMALLER : 0);
}

static void chunk_set_alone(u32 *words, bool begins_old)
{
	words[0] = begins_old ? 0 : SMALLER;
}

static void copy_back(u32 *to, const u32 *from, u32 count)
{
	u32 i;

	for (i = 0; i < count; i++)
		to[i] = from[count - 1 - i];
}

/* Its pages, in the order in which they are met coming from @side.  Return: how many. */
static u32 chunk_read(const u32 *words, u32 side, u32 *pages)
{
	u32 count = chunk_count(words);

	if (chunk_begins_at(words, side))
		memcpy(pages, words + 1, WS_CHUNK_PAGES * sizeof(u32));
	else
		copy_back(pages, words + 1, count);
	return count;
}

/* Put @count pages before its own, or after them, in order or reversed, if there is room. */
static bool chunk_fill(u32 *words, bool before, bool as_they_are, const u32 *pages, u32 count)
{
	u32 there = chunk_count(words), *to = words + 1 + (before ? 0 : there);

	if (there + count > WS_CHUNK_PAGES)
		return false;
	if (before)
		memmove(words + 1 + count, words + 1, there * sizeof(u32));
	if (as_they_are)
		memcpy(to, pages, count * sizeof(u32));
	else
		copy_back(to, pages, count);
	chunk_end(words, there + count);
	return true;
}

static u32 chunk_new(u32 *pool, const u32 *pages, u32 count)
{
	u32 chunk = pool[POOL_FREE], *words;

	if (chunk) {
		pool[POOL_FREE] = *chunk_at(pool, chunk);
	} else {
		chunk = ++pool[POOL_USED];
		WS_ASSERT(chunk < pool[POOL_CHUNKS]);
	}
	words = chunk_at(pool, chunk);
	memcpy(words + 1, pages, count * sizeof(u32));
	chunk_end(words, count);
	return chunk;
}

static void chunk_free(u32 *pool, u32 chunk)
{
	*chunk_at(pool, chunk) = pool[POOL_FREE];
	pool[POOL_FREE] = chunk;
}

/* --- a chain ------------------------------------------------------------------------- */

static bool chain_is_single(const struct ws_queue *queue)
{
	return queue->chunk[WS_QUEUE_OLD] == queue->chunk[WS_QUEUE_YOUNG];
}

/* Do the pages of the chunk at @end begin there? */
static bool chain_begins_at(const struct ws_queue *queue, const u32 *pool, enum ws_queue_end end)
{
	const u32 *words = chunk_of(pool, queue->chunk[end]);

	if (chain_is_single(queue))
		return chunk_begins_at(words, 0) == (end == WS_QUEUE_OLD);
	return chunk_begins_at(words, queue->beyond[end]);
}

/* The chunk after that at @end, 0 if there is none. */
static u32 chain_next(const struct ws_queue *queue, const u32 *pool, enum ws_queue_end end)
{
	if (chain_is_single(queue))
		return 0;
	return chunk_across(chunk_of(pool, queue->chunk[end]), queue->beyond[end]);
}

/* The chunk at @end gets the neighbour @chunk outside. */
static void chain_link(struct ws_queue *queue, u32 *pool, enum ws_queue_end end, u32 chunk)
{
	u32 *words = chunk_at(pool, queue->chunk[end]), next = chain_next(queue, pool, end);

	if (chain_begins_at(queue, pool, end))
		chunk_set_sides(words, chunk, next);
	else
		chunk_set_sides(words, next, chunk);
}

/* Put @chunk, whose pages begin with the oldest, at @end. */
static void chain_add(struct ws_queue *queue, u32 *pool, enum ws_queue_end end, u32 chunk)
{
	u32 *words = chunk_at(pool, chunk), next = queue->chunk[end];

	if (!next) {
		queue->chunk[WS_QUEUE_OLD] = queue->chunk[WS_QUEUE_YOUNG] = chunk;
		queue->beyond[WS_QUEUE_OLD] = queue->beyond[WS_QUEUE_YOUNG] = 0;
		chunk_set_alone(words, true);
		return;
	}
	chain_link(queue, pool, end, chunk);
	queue->chunk[end] = chunk;
	queue->beyond[end] = 0;
	if (end == WS_QUEUE_OLD)
		chunk_set_sides(words, 0, next);
	else
		chunk_set_sides(words, next, 0);
}

/* The chunk at @end is taken away; @next follows it, 0: none. */
static void chain_drop(struct ws_queue *queue, u32 *pool, enum ws_queue_end end, u32 next)
{
	u32 chunk = queue->chunk[end];

	queue->chunk[end] = next;
	queue->beyond[end] = chunk;
	if (!next) {
		queue->chunk[!end] = 0;
	} else if (chain_is_single(queue)) {
		u32 *words = chunk_at(pool, next);

		chunk_set_alone(words, chunk_begins_at(words, chunk) == (end == WS_QUEUE_OLD));
		queue->beyond[WS_QUEUE_OLD] = queue->beyond[WS_QUEUE_YOUNG] = 0;
	}
	chunk_free(pool, chunk);
}

/* Put @count pages, oldest first, into the chunk at @end if there is room. */
static bool chain_fill(struct ws_queue *queue, u32 *pool, enum ws_queue_end end, const u32 *pages,
		       u32 count)
{
	bool begins = chain_begins_at(queue, pool, end);

	return chunk_fill(chunk_at(pool, queue->chunk[end]), begins,
			  begins == (end == WS_QUEUE_OLD), pages, count);
}

/* --- a queue ------------------------------------------------------------------------- */

void ws_queue_close_young(struct ws_queue *queue, u32 *pool)
{
	chain_add(queue, pool, WS_QUEUE_YOUNG, chunk_new(pool, queue->young, WS_CHUNK_PAGES));
	queue->young_count = 0;
}

void ws_queue_add_old(struct ws_queue *queue, u32 *pool, u32 page)
{
	u32 count = queue->old_end - queue->old_begin;

	if (count == WS_CHUNK_PAGES) {
		chain_add(queue, pool, WS_QUEUE_OLD, chunk_new(pool, queue->old, WS_CHUNK_PAGES));
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
	u32 chunk = queue->chunk[WS_QUEUE_OLD], count;

	if (chunk) {
		const u32 *words = chunk_at(pool, chunk);
		u32 side = queue->beyond[WS_QUEUE_OLD], next = chunk_across(words, side);

		__builtin_prefetch(chunk_at(pool, next));
		count = chunk_read(words, side, queue->old);
		chain_drop(queue, pool, WS_QUEUE_OLD,
			   chunk == queue->chunk[WS_QUEUE_YOUNG] ? 0 : next);
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
	u32 count = 0, chunk = queue->chunk[WS_QUEUE_OLD], side = queue->beyond[WS_QUEUE_OLD], i;

	for (i = queue->old_begin; i < queue->old_end && count < max; i++)
		pages[count++] = queue->old[i];
	while (chunk && count < max) {
		const u32 *words = chunk_of(pool, chunk);
		u32 there[WS_CHUNK_PAGES], there_count = chunk_read(words, side, there);

		for (i = 0; i < there_count && count < max; i++)
			pages[count++] = there[i];
		if (chunk == queue->chunk[WS_QUEUE_YOUNG])
			break;
		i = chunk_across(words, side);
		side = chunk;
		chunk = i;
	}
	return count;
}

void ws_queue_reverse(struct ws_queue *queue, u32 *pool)
{
	u32 old[WS_CHUNK_PAGES] = { 0 }, chunk = queue->chunk[WS_QUEUE_OLD];
	u32 beyond = queue->beyond[WS_QUEUE_OLD], old_count = queue->old_end - queue->old_begin;

	if (chunk && chunk == queue->chunk[WS_QUEUE_YOUNG])
		*chunk_at(pool, chunk) ^= SMALLER;
	queue->chunk[WS_QUEUE_OLD] = queue->chunk[WS_QUEUE_YOUNG];
	queue->beyond[WS_QUEUE_OLD] = queue->beyond[WS_QUEUE_YOUNG];
	queue->chunk[WS_QUEUE_YOUNG] = chunk;
	queue->beyond[WS_QUEUE_YOUNG] = beyond;

	copy_back(old, queue->old + queue->old_begin, old_count);
	copy_back(queue->old, queue->young, queue->young_count);
	queue->old_begin = 0;
	queue->old_end = queue->young_count;
	memcpy(queue->young, old, old_count * sizeof(u32));
	queue->young_count = old_count;
	if (old_count == WS_CHUNK_PAGES)
		ws_queue_close_young(queue, pool);
}

/* --- one behind the other ------------------------------------------------------------ */

/* Append as many whole chunks as @pages make.  Return: pages used, all but the last 0..14. */
static u32 append_full(struct ws_queue *queue, u32 *pool, const u32 *pages, u32 count)
{
	u32 used = 0;

	while (count - used >= WS_CHUNK_PAGES) {
		chain_add(queue, pool, WS_QUEUE_YOUNG,
			  chunk_new(pool, pages + used, WS_CHUNK_PAGES));
		used += WS_CHUNK_PAGES;
	}
	return used;
}

/* Put @count pages between the chains; neither is empty, but @older's may be. */
static void fill_seam(struct ws_queue *queue, struct ws_queue *older, u32 *pool, const u32 *pages,
		      u32 count)
{
	if (!count || chain_fill(queue, pool, WS_QUEUE_OLD, pages, count))
		return;
	if (older->chunk[WS_QUEUE_YOUNG] && chain_fill(older, pool, WS_QUEUE_YOUNG, pages, count))
		return;
	chain_add(older, pool, WS_QUEUE_YOUNG, chunk_new(pool, pages, count));
}

/* The chain of @queue follows that of @older, and both are @queue's. */
static void chain_join(struct ws_queue *queue, struct ws_queue *older, u32 *pool)
{
	u32 chunk = older->chunk[WS_QUEUE_YOUNG];

	if (chunk) {
		u32 pages[WS_CHUNK_PAGES];
		u32 count = chunk_count(chunk_of(pool, chunk));

		if (chain_begins_at(older, pool, WS_QUEUE_YOUNG))
			copy_back(pages, chunk_of(pool, chunk) + 1, count);
		else
			memcpy(pages, chunk_of(pool, chunk) + 1, sizeof(pages));
		if (chain_fill(queue, pool, WS_QUEUE_OLD, pages, count))
			chain_drop(older, pool, WS_QUEUE_YOUNG,
				   chain_next(older, pool, WS_QUEUE_YOUNG));
	}
	if (!older->chunk[WS_QUEUE_OLD])
		return;
	chunk = queue->chunk[WS_QUEUE_OLD];
	chain_link(queue, pool, WS_QUEUE_OLD, older->chunk[WS_QUEUE_YOUNG]);
	chain_link(older, pool, WS_QUEUE_YOUNG, chunk);
	queue->chunk[WS_QUEUE_OLD] = older->chunk[WS_QUEUE_OLD];
	queue->beyond[WS_QUEUE_OLD] = older->beyond[WS_QUEUE_OLD];
}

void ws_queue_join(struct ws_queue *queue, struct ws_queue *older, u32 *pool)
{
	u32 seam[3 * WS_CHUNK_PAGES];
	u32 count = older->young_count, old_count = queue->old_end - queue->old_begin, used;

	if (ws_queue_empty(older))
		return;
	/* The pages at the two ends that now meet. */
	memcpy(seam, older->young, count * sizeof(u32));
	memcpy(seam + count, queue->old + queue->old_begin, old_count * sizeof(u32));
	count += old_count;
	if (queue->chunk[WS_QUEUE_OLD]) {
		used = append_full(older, pool, seam, count);
		fill_seam(queue, older, pool, seam + used, count - used);
		chain_join(queue, older, pool);
	} else {
		memcpy(seam + count, queue->young, queue->young_count * sizeof(u32));
		count += queue->young_count;
		used = append_full(older, pool, seam, count);
		queue->young_count = count - used;
		memcpy(queue->young, seam + used, queue->young_count * sizeof(u32));
		memcpy(queue->chunk, older->chunk, sizeof(queue->chunk));
		memcpy(queue->beyond, older->beyond, sizeof(queue->beyond));
	}
	queue->old_begin = older->old_begin;
	queue->old_end = older->old_end;
	memcpy(queue->old, older->old, sizeof(queue->old));
	ws_queue_init(older);
}

/* --- taking out what has no business here -------------------------------------------- */

/*
 * Those of @count pages, as a chunk has them, that are in @misfits go to @taken, oldest
 * first (@forward: the first is the oldest).  Return: pages left.
 */
static u32 split(u32 *pages, u32 count, u32 misfits, bool forward, u32 *taken)
{
	u32 left = 0, out = 0, i;

	for (i = 0; i < count; i++) {
		if (misfits >> i & 1)
			taken[out++] = pages[i];
		else
			pages[left++] = pages[i];
	}
	for (i = 0; !forward && i < out / 2; i++) {
		u32 page = taken[i];

		taken[i] = taken[out - 1 - i];
		taken[out - 1 - i] = page;
	}
	return left;
}

static void take_all(const struct ws_queue_sieve *sieve, void *ctx, const u32 *taken, u32 count)
{
	u32 i;

	for (i = 0; i < count; i++)
		sieve->take(ctx, taken[i]);
}

static u32 sift_open(u32 *pages, u32 count, const struct ws_queue_sieve *sieve, void *ctx)
{
	u32 taken[WS_CHUNK_PAGES], misfits = sieve->misfits(ctx, pages, count), left;

	if (!misfits)
		return count;
	left = split(pages, count, misfits, true, taken);
	take_all(sieve, ctx, taken, count - left);
	return left;
}

/* A chunk that has the neighbour @from has @to instead. */
static void chunk_change_side(u32 *words, u32 from, u32 to)
{
	u32 other = chunk_across(words, from);

	if (chunk_begins_at(words, from))
		chunk_set_sides(words, to, other);
	else
		chunk_set_sides(words, other, to);
}

/* Take @chunk, between @before and @next (0: none), out of the chain. */
static void chain_remove(struct ws_queue *queue, u32 *pool, u32 before, u32 chunk, u32 next)
{
	if (!before) {
		chain_drop(queue, pool, WS_QUEUE_OLD, next);
	} else if (!next) {
		chain_drop(queue, pool, WS_QUEUE_YOUNG, before);
	} else {
		chunk_change_side(chunk_at(pool, before), chunk, next);
		chunk_change_side(chunk_at(pool, next), chunk, before);
		chunk_free(pool, chunk);
	}
}

/*
 * Sift @chunk, between @before and @next (0: none).  Return: has it become a part of the
 * one before it, or empty?
 */
static bool sift_chunk(struct ws_queue *queue, u32 *pool, u32 before, u32 chunk, u32 next,
		       const struct ws_queue_sieve *sieve, void *ctx)
{
	u32 *words = chunk_at(pool, chunk), taken[WS_CHUNK_PAGES];
	u32 count = chunk_count(words), misfits = sieve->misfits(ctx, words + 1, count), left = count;
	u32 side = before ? before : queue->beyond[WS_QUEUE_OLD];
	bool forward = chunk_begins_at(words, side), gone;

	if (misfits) {
		left = split(words + 1, count, misfits, forward, taken);
		chunk_end(words, left);
	}
	gone = !left;
	if (left && left < WS_CHUNK_PAGES && before) {
		u32 *to = chunk_at(pool, before);
		bool at_begin = chunk_begins_at(to, chunk);

		gone = chunk_fill(to, at_begin, forward != at_begin, words + 1, left);
	}
	if (gone)
		chain_remove(queue, pool, before, chunk, next);
	take_all(sieve, ctx, taken, count - left);
	return gone;
}

static void sift_chain(struct ws_queue *queue, u32 *pool, const struct ws_queue_sieve *sieve,
		       void *ctx)
{
	u32 chunk = queue->chunk[WS_QUEUE_OLD], before = 0;
	enum ws_queue_end end;

	if (!chunk)
		return;
	/* Numbers of chunks long gone would be confused with those of new neighbours. */
	for (end = WS_QUEUE_OLD; end <= WS_QUEUE_YOUNG && !chain_is_single(queue); end++) {
		chain_link(queue, pool, end, 0);
		queue->beyond[end] = 0;
	}
	while (chunk) {
		u32 side = before ? before : queue->beyond[WS_QUEUE_OLD], next = 0;

		if (chunk != queue->chunk[WS_QUEUE_YOUNG])
			next = chunk_across(chunk_of(pool, chunk), side);
		__builtin_prefetch(chunk_of(pool, next));
		if (!sift_chunk(queue, pool, before, chunk, next, sieve, ctx))
			before = chunk;
		chunk = next;
	}
}

void ws_queue_sift(struct ws_queue *queue, u32 *pool, const struct ws_queue_sieve *sieve,
		   void *ctx)
{
	queue->old_end = queue->old_begin + sift_open(queue->old + queue->old_begin,
						      queue->old_end - queue->old_begin, sieve, ctx);
	sift_chain(queue, pool, sieve, ctx);
	queue->young_count = sift_open(queue->young, queue->young_count, sieve, ctx);
}

bool ws_queue_walk(const struct ws_queue *queue, const u32 *pool,
		   void (*visit)(void *ctx, u32 page), void *ctx)
{
	u32 chunk = queue->chunk[WS_QUEUE_OLD], side = queue->beyond[WS_QUEUE_OLD], i, steps = 0;

	for (i = queue->old_begin; i < queue->old_end; i++)
		visit(ctx, queue->old[i]);
	while (chunk) {
		u32 pages[WS_CHUNK_PAGES], count, next;

		if (chunk > pool[POOL_USED] || ++steps > pool[POOL_USED])
			return false;
		count = chunk_read(chunk_of(pool, chunk), side, pages);
		next = chunk_across(chunk_of(pool, chunk), side);
		if (!count)
			return false;
		for (i = 0; i < count; i++)
			visit(ctx, pages[i]);
		if (chunk == queue->chunk[WS_QUEUE_YOUNG])
			break;
		side = chunk;
		chunk = next;
	}
	for (i = 0; i < queue->young_count; i++)
		visit(ctx, queue->young[i]);
	return !queue->chunk[WS_QUEUE_OLD] == !queue->chunk[WS_QUEUE_YOUNG];
}
