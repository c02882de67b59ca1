/* SPDX-License-Identifier: BSD-2-Clause */
/* sim_queue.c - a 4-ary heap of events. */
#include <assert.h>
#include <stdlib.h>

#include "model/sim_queue.h"

#define ARITY 4u

void sim_queue_init(struct sim_queue *queue)
{
	*queue = (struct sim_queue){ 0 };
}

void sim_queue_destroy(struct sim_queue *queue)
{
	free(queue->heap);
	queue->heap = NULL;
}

static inline bool before(const struct sim_event *a, const struct sim_event *b)
{
	return a->time_ns != b->time_ns ? a->time_ns < b->time_ns : a->order < b->order;
}

void sim_queue_put(struct sim_queue *queue, struct sim_event event, enum sim_class class)
{
	u32 at = queue->count;

	if (queue->count == queue->capacity) {
		queue->capacity = queue->capacity ? 2 * queue->capacity : 64;
		queue->heap = realloc(queue->heap, queue->capacity * sizeof(*queue->heap));
		assert(queue->heap);
	}
	event.order = (u64)class << 56 | queue->sequence++;
	queue->count++;
	while (at) {
		u32 parent = (at - 1) / ARITY;

		if (!before(&event, &queue->heap[parent]))
			break;
		queue->heap[at] = queue->heap[parent];
		at = parent;
	}
	queue->heap[at] = event;
}

bool sim_queue_take(struct sim_queue *queue, struct sim_event *event)
{
	struct sim_event *heap = queue->heap;
	u32 at = 0;

	if (!queue->count)
		return false;
	*event = heap[0];
	struct sim_event last = heap[--queue->count];

	for (;;) {
		u32 child = at * ARITY + 1, least = child;

		if (child >= queue->count)
			break;
		for (u32 i = child + 1; i < child + ARITY && i < queue->count; i++)
			if (before(&heap[i], &heap[least]))
				least = i;
		if (!before(&heap[least], &last))
			break;
		heap[at] = heap[least];
		at = least;
	}
	heap[at] = last;
	return true;
}
