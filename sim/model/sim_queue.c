/* SPDX-License-Identifier: BSD-2-Clause */
/* sim_queue.c - a ladder of buckets under a short sorted array. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "model/sim_queue.h"

#define NONE 0xffffffffu
#define NEAR_MIN 128u	 /* first capacity of the array */
#define BUCKET_MOST 32u	 /* events that are sorted at once; a fuller bucket is split */
#define FETCH 24u	 /* buckets fetched ahead: half as fast again with 65,536 pending */
#define FETCH_FROM 8192u /* in rungs of more buckets; what waits in smaller ones is in the caches */
#define BUCKETS_EACH 8u	 /* buckets per event of a new rung */

struct sim_waiting {
	struct sim_event event;
	u32 next;
};

void sim_queue_init(struct sim_queue *queue)
{
	*queue = (struct sim_queue){ .far = NONE, .waiting_unused = NONE, .near_until_ns = ~0ull };
}

void sim_queue_destroy(struct sim_queue *queue)
{
	for (u32 i = 0; i < SIM_QUEUE_RUNGS; i++)
		free(queue->rung[i].bucket);
	free(queue->near);
	free(queue->waiting);
	sim_queue_init(queue);
}

static int by_order(const void *a, const void *b)
{
	return sim_event_before(a, b) ? -1 : sim_event_before(b, a);
}

/* --- events that wait --- */

static void more_waiting(struct sim_queue *queue)
{
	u32 first = queue->waiting_capacity, capacity = first ? 2 * first : 64;

	queue->waiting = realloc(queue->waiting, capacity * sizeof(*queue->waiting));
	assert(queue->waiting);
	for (u32 i = capacity; i-- > first;) {
		queue->waiting[i].next = queue->waiting_unused;
		queue->waiting_unused = i;
	}
	queue->waiting_capacity = capacity;
}

static inline void wait_in(struct sim_queue *queue, struct sim_event event, u32 *chain)
{
	if (queue->waiting_unused == NONE)
		more_waiting(queue);
	u32 i = queue->waiting_unused;
	struct sim_waiting *waiting = &queue->waiting[i];

	queue->waiting_unused = waiting->next;
	waiting->event = event;
	waiting->next = *chain;
	*chain = i;
}

static inline u32 *bucket_of(struct sim_rung *rung, u64 time_ns)
{
	return &rung->bucket[(time_ns - rung->start_ns) >> rung->shift];
}

/* A rung for @count events from start_ns to before end_ns, in front of the others. */
static struct sim_rung *add_rung(struct sim_queue *queue, u64 start_ns, u64 end_ns, u32 count)
{
	struct sim_rung *rung = &queue->rung[queue->rungs_count++];
	u32 buckets = 64;

	while (buckets < BUCKETS_EACH * (u64)count && buckets < 1u << 20)
		buckets *= 2;
	rung->start_ns = start_ns;
	rung->end_ns = end_ns;
	rung->next = 0;
	rung->shift = 0;
	while ((end_ns - 1 - start_ns) >> rung->shift >= buckets)
		rung->shift++;
	rung->buckets_count = (u32)((end_ns - 1 - start_ns) >> rung->shift) + 1;
	if (rung->capacity < buckets) {
		free(rung->bucket);
		rung->bucket = malloc(buckets * sizeof(u32));
		assert(rung->bucket);
		rung->capacity = buckets;
	}
	memset(rung->bucket, 0xff, rung->buckets_count * sizeof(u32));
	return rung;
}

/* All of @chain into the buckets of @rung; they keep their places in memory. */
static void spread(struct sim_queue *queue, struct sim_rung *rung, u32 chain)
{
	while (chain != NONE) {
		struct sim_waiting *waiting = &queue->waiting[chain];
		u32 next = waiting->next, *bucket = bucket_of(rung, waiting->event.time_ns);

		waiting->next = *bucket;
		*bucket = chain;
		chain = next;
	}
}

/* What is far becomes the one rung. */
static void spread_far(struct sim_queue *queue)
{
	u64 first_ns = ~0ull, last_ns = 0;

	for (u32 i = queue->far; i != NONE; i = queue->waiting[i].next) {
		u64 time_ns = queue->waiting[i].event.time_ns;

		first_ns = time_ns < first_ns ? time_ns : first_ns;
		last_ns = time_ns > last_ns ? time_ns : last_ns;
	}
	queue->near_until_ns = first_ns;
	spread(queue, add_rung(queue, first_ns, last_ns + 1, queue->far_count), queue->far);
	queue->far = NONE;
	queue->far_count = 0;
}

/* --- events that are near --- */

/* Room for @count more behind the last. */
static void near_room(struct sim_queue *queue, u32 count)
{
	u32 have = queue->near_end - queue->near_at;

	if (queue->near_end + count <= queue->near_capacity)
		return;
	/* Half of the array stays free, so that moving costs each event no more than once. */
	if (2 * (have + count) > queue->near_capacity) {
		u32 capacity = queue->near_capacity ? queue->near_capacity : NEAR_MIN;

		while (capacity < 2 * (have + count))
			capacity *= 2;
		queue->near = realloc(queue->near, capacity * sizeof(*queue->near));
		assert(queue->near);
		queue->near_capacity = capacity;
	}
	memmove(queue->near, queue->near + queue->near_at, have * sizeof(*queue->near));
	queue->near_at = 0;
	queue->near_end = have;
}

static void sort(struct sim_event *event, u32 count)
{
	if (count > BUCKET_MOST) { /* of one instant */
		qsort(event, count, sizeof(*event), by_order);
		return;
	}
	for (u32 i = 1; i < count; i++) {
		struct sim_event moved = event[i];
		u32 at = i;

		for (; at && sim_event_before(&moved, &event[at - 1]); at--)
			event[at] = event[at - 1];
		event[at] = moved;
	}
}

/* A whole bucket becomes near, behind all that is. */
static void near_bucket(struct sim_queue *queue, u32 chain, u32 count)
{
	near_room(queue, count);
	/* Chains have the last put in first; sorting likes it the other way round. */
	struct sim_event *to = queue->near + queue->near_end + count;

	for (u32 i = 0; i < count; i++) {
		struct sim_waiting *waiting = &queue->waiting[chain];
		u32 next = waiting->next;

		*--to = waiting->event;
		waiting->next = queue->waiting_unused;
		queue->waiting_unused = chain;
		chain = next;
	}
	sort(to, count);
	queue->near_end += count;
}

/*
 * Buckets @from to before @to are passed: have the processor fetch what those hold that
 * come FETCH later.  Each is looked at once; what is put into it afterwards is in the
 * caches anyway.
 */
static void fetch_buckets(const struct sim_queue *queue, const struct sim_rung *rung, u32 from,
			  u32 to)
{
	u32 end = to + FETCH < rung->buckets_count ? to + FETCH : rung->buckets_count;

	for (u32 i = from + FETCH; i < end; i++)
		if (rung->bucket[i] != NONE)
			__builtin_prefetch(&queue->waiting[rung->bucket[i]]);
}

/* The next bucket that holds anything becomes near, or a rung of its own if it is full. */
static void next_bucket(struct sim_queue *queue)
{
	struct sim_rung *rung = &queue->rung[queue->rungs_count - 1];
	u32 i = rung->next, count = 0;

	for (; i < rung->buckets_count && rung->bucket[i] == NONE; i++)
		;
	if (i == rung->buckets_count) {
		queue->near_until_ns = rung->end_ns;
		queue->rungs_count--;
		return;
	}
	u64 start_ns = rung->start_ns + ((u64)i << rung->shift), end_ns = rung->end_ns;

	if (i + 1 < rung->buckets_count)
		end_ns = start_ns + (1ull << rung->shift);
	for (u32 at = rung->bucket[i]; at != NONE; at = queue->waiting[at].next)
		count++;
	if (rung->buckets_count > FETCH_FROM)
		fetch_buckets(queue, rung, rung->next, i + 1);
	rung->next = i + 1;
	if (count > BUCKET_MOST && rung->shift && queue->rungs_count < SIM_QUEUE_RUNGS) {
		queue->near_until_ns = start_ns;
		spread(queue, add_rung(queue, start_ns, end_ns, count), rung->bucket[i]);
		return;
	}
	queue->near_until_ns = end_ns;
	near_bucket(queue, rung->bucket[i], count);
}

/* Have some events near; called with fewer than that. */
void sim_queue_refill(struct sim_queue *queue)
{
	while (queue->near_end - queue->near_at < SIM_QUEUE_AHEAD &&
	       queue->near_end - queue->near_at < queue->count) {
		if (queue->rungs_count)
			next_bucket(queue);
		else
			spread_far(queue);
	}
	if (queue->near_end - queue->near_at == queue->count) {
		queue->near_until_ns = ~0ull; /* nothing waits: all that comes is near again */
		queue->rungs_count = 0;
	}
}

/* Too many are near: the later half waits.  They are all put before the first rung. */
static void relieve(struct sim_queue *queue)
{
	u32 keep = queue->near_at + SIM_QUEUE_NEAR / 2;
	u64 from_ns = queue->near[keep].time_ns;

	if (queue->rungs_count == SIM_QUEUE_RUNGS)
		return;
	while (keep > queue->near_at && queue->near[keep - 1].time_ns == from_ns)
		keep--;
	if (keep - queue->near_at < SIM_QUEUE_AHEAD)
		return; /* one instant: they cannot be told apart by time */
	struct sim_rung *rung = NULL;

	if (queue->rungs_count)
		rung = add_rung(queue, from_ns, queue->near_until_ns, queue->near_end - keep);
	for (u32 i = keep; i < queue->near_end; i++)
		wait_in(queue, queue->near[i],
			rung ? bucket_of(rung, queue->near[i].time_ns) : &queue->far);
	queue->far_count += rung ? 0 : queue->near_end - keep;
	queue->near_until_ns = from_ns;
	queue->near_end = keep;
}

static void near_put(struct sim_queue *queue, const struct sim_event *event)
{
	if (queue->near_at && queue->near_at < queue->near_end &&
	    sim_event_before(event, &queue->near[queue->near_at])) {
		queue->near[--queue->near_at] = *event;
		return;
	}
	near_room(queue, 1);
	struct sim_event *near = queue->near;
	u32 at = queue->near_end++;

	for (; at > queue->near_at && sim_event_before(event, &near[at - 1]); at--)
		near[at] = near[at - 1];
	near[at] = *event;
	if (queue->near_end - queue->near_at > SIM_QUEUE_NEAR)
		relieve(queue);
}

void sim_queue_put_slow(struct sim_queue *queue, u64 time_ns, u64 order, u64 who, u64 ticket)
{
	struct sim_event event = { .time_ns = time_ns, .order = order, .kind = (u16)who,
				   .vm = (u16)(who >> 16), .arg = (u32)(who >> 32),
				   .ticket = ticket };

	assert(event.time_ns != ~0ull);
	if (event.time_ns < queue->near_until_ns) {
		near_put(queue, &event);
		return;
	}
	for (u32 i = queue->rungs_count; i-- > 0;) {
		if (event.time_ns < queue->rung[i].end_ns) {
			wait_in(queue, event, bucket_of(&queue->rung[i], event.time_ns));
			return;
		}
	}
	wait_in(queue, event, &queue->far);
	queue->far_count++;
}
