/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sim_queue.h - the one event queue, in a total order.
 *
 * Events come out by (time, class, sequence): what completes comes before what it
 * lets start, and events that are alike in both come in the order in which they were
 * put in.  A 4-ary heap: four children share a cache line and the tree is half as
 * deep as a binary one.
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

struct sim_queue {
	struct sim_event *heap;
	u32 count, capacity;
	u64 sequence;
};

void sim_queue_init(struct sim_queue *queue);
void sim_queue_destroy(struct sim_queue *queue);

/* Put in; event->order is filled here.  Aborts the process when memory is out. */
void sim_queue_put(struct sim_queue *queue, struct sim_event event, enum sim_class class);

/* Take the first out into *event; false when empty. */
bool sim_queue_take(struct sim_queue *queue, struct sim_event *event);

/* Time of the first event, or ~0. */
static inline u64 sim_queue_next_ns(const struct sim_queue *queue)
{
	return queue->count ? queue->heap[0].time_ns : ~0ull;
}

#endif /* SIM_QUEUE_H */
