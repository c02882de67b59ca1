/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sim_queue.h - the one event queue, in a total order.
 *
 * Events come out by (time, class, sequence): completions come before what they allow
 * to start, and events alike in time and class come in the order in which they were put
 * in.
 *
 * The next events are kept sorted in one short array, "near"; all others wait unsorted in
 * buckets of time, which are sorted when their time comes (a ladder queue: Tang, Goh,
 * Thng, "Ladder Queue", ACM TOMACS 15(3), 2005).  So a put or take costs the same with a
 * hundred thousand events pending as with sixteen, which no heap can offer.  It is also
 * known well ahead which events are next, so that the processor can fetch the state they
 * need: with a thousand VMs that is worth more than the queue itself (sim_world.c).
 *
 * An event cannot be taken back; its owner keeps a ticket and ignores events whose
 * ticket is not the current one.
 */
#ifndef SIM_QUEUE_H
#define SIM_QUEUE_H

#include <ws_env.h>

/* Within one instant, in this order. */
enum sim_class {
	SIM_CLASS_COMPLETION, /* a device is done: frames come free */
	SIM_CLASS_MESSAGE,    /* something arrives over the link */
	SIM_CLASS_TIMER,      /* policies, ageing, balloons, reclaim */
	SIM_CLASS_STREAM,     /* workloads go on */
	SIM_CLASS_SAMPLE,     /* observers look */
};

struct sim_event {
	u64 time_ns;
	u64 order; /* class << 56 | sequence */
	u16 kind;  /* enum sim_wake of the model */
	u16 vm;
	u32 arg;
	u64 ticket;
};

#define SIM_QUEUE_RUNGS 14u /* each splits a bucket of the one above into 64 or more */
#define SIM_QUEUE_AHEAD 12u  /* at least so many events are near, if there are so many */
#define SIM_QUEUE_NEAR 64u  /* and at most so many, unless they are of one instant */

/* A stretch of time in buckets, 2^shift ns each; a bucket is a chain of waiting events. */
struct sim_rung {
	u64 start_ns, end_ns;
	u32 *bucket;
	u32 buckets_count, capacity;
	u32 shift, next; /* bucket whose events are near next */
};

struct sim_waiting;

struct sim_queue {
	struct sim_event *near; /* [near_at, near_end) sorted; free room before and after */
	u32 near_at, near_end, near_capacity;
	u64 near_until_ns; /* what comes before that is near */
	struct sim_rung rung[SIM_QUEUE_RUNGS];
	u32 rungs_count;   /* the last one comes first in time */
	u32 far, far_count; /* chain of what comes after all rungs */
	struct sim_waiting *waiting;
	u32 waiting_capacity, waiting_unused; /* chain of unused ones */
	u32 count; /* of all events */
	u64 sequence;
};

void sim_queue_init(struct sim_queue *queue);
void sim_queue_destroy(struct sim_queue *queue);

/*
 * What does not go into the sorted array, or goes there when it is full.  Four words in
 * registers, because an event that is handed over in memory is read in wider words than it
 * was written in.
 */
void sim_queue_put_slow(struct sim_queue *queue, u64 time_ns, u64 order, u64 who, u64 ticket);

static inline bool sim_event_before(const struct sim_event *a, const struct sim_event *b)
{
	return a->time_ns != b->time_ns ? a->time_ns < b->time_ns : a->order < b->order;
}

/*
 * Put in, for a time below ~0 and not before that of the last event taken; event.order
 * is filled here.  Aborts the process when memory is out.
 *
 * Put and take are inline, so that an event stays in registers in between: loads that
 * span what was just stored piece by piece took half of the time with 16 pending.
 */
static inline void sim_queue_put(struct sim_queue *queue, struct sim_event event,
				 enum sim_class class)
{
	u32 at = queue->near_end;

	event.order = (u64)class << 56 | queue->sequence++;
	queue->count++;
	if (event.time_ns >= queue->near_until_ns || at == queue->near_capacity ||
	    at - queue->near_at >= SIM_QUEUE_NEAR) {
		sim_queue_put_slow(queue, event.time_ns, event.order,
				   event.kind | (u64)event.vm << 16 | (u64)event.arg << 32,
				   event.ticket);
		return;
	}
	struct sim_event *near = queue->near;

	for (; at > queue->near_at && sim_event_before(&event, &near[at - 1]); at--)
		near[at] = near[at - 1];
	near[at].time_ns = event.time_ns;
	near[at].order = event.order;
	near[at].kind = event.kind;
	near[at].vm = event.vm;
	near[at].arg = event.arg;
	near[at].ticket = event.ticket;
	queue->near_end++;
}

/* Take the first out into *event; false when empty. */
void sim_queue_refill(struct sim_queue *queue);
static inline bool sim_queue_take(struct sim_queue *queue, struct sim_event *event)
{
	if (!queue->count)
		return false;
	*event = queue->near[queue->near_at++];
	queue->count--;
	if (queue->near_end - queue->near_at < SIM_QUEUE_AHEAD)
		sim_queue_refill(queue);
	return true;
}

/* Time of the first event, or ~0. */
static inline u64 sim_queue_next_ns(const struct sim_queue *queue)
{
	return queue->count ? queue->near[queue->near_at].time_ns : ~0ull;
}

/* The event that comes @ahead after the first one, as things stand; NULL: not known. */
static inline const struct sim_event *sim_queue_peek(const struct sim_queue *queue, u32 ahead)
{
	u32 at = queue->near_at + ahead;

	return at < queue->near_end ? &queue->near[at] : NULL;
}

#endif /* SIM_QUEUE_H */
