/* SPDX-License-Identifier: BSD-2-Clause */
/* tr_number.c - see tr_number.h. */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "tr_hash.h"
#include "tr_number.h"

/* State of a number: who may begin its next life. */
enum { NEVER = 0, LIVES = 1, FREED_BY = 2 /* + stream */ };

#define NO_REGION 0xffffffffu

struct slot {
	u64 key;  /* source region */
	u32 head; /* layer 0 of it; NO_REGION: empty slot */
};

struct tr_number {
	u32 shift, regions_count, regions_capacity, regions_max;
	u32 end, touched;
	u16 *state; /* by number */
	u32 *next;  /* by region: its next layer, or NO_REGION */
	struct slot *slots;
	u32 slots_mask;
	u64 last_key; /* most accesses fall into the region of the one before */
	u32 last_head;
};

static int grow_slots(struct tr_number *number)
{
	u32 mask = number->slots_mask * 2 + 1;
	struct slot *slots = malloc(((size_t)mask + 1) * sizeof(*slots));

	if (!slots)
		return -ENOMEM;
	for (u32 i = 0; i <= mask; i++)
		slots[i].head = NO_REGION;
	for (u32 i = 0; number->slots && i <= number->slots_mask; i++) {
		struct slot *old = &number->slots[i];
		if (old->head == NO_REGION)
			continue;
		u32 at = (u32)tr_mix64(old->key) & mask;
		while (slots[at].head != NO_REGION)
			at = (at + 1) & mask;
		slots[at] = *old;
	}
	free(number->slots);
	number->slots = slots;
	number->slots_mask = mask;
	return 0;
}

/* Room for one more region in the arrays. */
static int grow_regions(struct tr_number *number)
{
	u32 capacity = number->regions_capacity ? number->regions_capacity * 2 : 64;

	if (number->regions_count == number->regions_max)
		return -EOVERFLOW;
	if (number->regions_count < number->regions_capacity)
		return 0;
	if (capacity > number->regions_max)
		capacity = number->regions_max;
	u16 *state = realloc(number->state, ((size_t)capacity << number->shift) * sizeof(*state));
	if (!state)
		return -ENOMEM;
	number->state = state;
	u32 *next = realloc(number->next, capacity * sizeof(*next));
	if (!next)
		return -ENOMEM;
	number->next = next;
	number->regions_capacity = capacity;
	return 0;
}

/* A fresh region; the caller links it. */
static int add_region(struct tr_number *number, u32 *region)
{
	int rc = grow_regions(number);

	if (rc)
		return rc;
	*region = number->regions_count++;
	memset(number->state + ((size_t)*region << number->shift), 0,
	       sizeof(*number->state) << number->shift);
	number->next[*region] = NO_REGION;
	return 0;
}

static struct slot *find_slot(const struct tr_number *number, u64 key)
{
	u32 at = (u32)tr_mix64(key) & number->slots_mask;

	while (number->slots[at].head != NO_REGION && number->slots[at].key != key)
		at = (at + 1) & number->slots_mask;
	return &number->slots[at];
}

/* Layer 0 of source region @key, made if need be. */
static int get_head(struct tr_number *number, u64 key, u32 *head)
{
	if (key == number->last_key && number->last_head != NO_REGION) {
		*head = number->last_head;
		return 0;
	}
	struct slot *slot = find_slot(number, key);
	if (slot->head == NO_REGION) {
		u32 region;
		/* Layers count as regions here, so the table is never fuller than two thirds. */
		if (number->regions_count >= number->slots_mask / 3 * 2) {
			int rc = grow_slots(number);
			if (rc)
				return rc;
			slot = find_slot(number, key);
		}
		int rc = add_region(number, &region);
		if (rc)
			return rc;
		slot->key = key;
		slot->head = region;
	}
	number->last_key = key;
	number->last_head = slot->head;
	*head = slot->head;
	return 0;
}

/* The layer in which the page lives, or NO_REGION. */
static u32 living_layer(const struct tr_number *number, u32 head, u32 offset)
{
	for (u32 layer = head; layer != NO_REGION; layer = number->next[layer])
		if (number->state[((size_t)layer << number->shift) + offset] == LIVES)
			return layer;
	return NO_REGION;
}

/* A layer whose place @stream may use for a new life. */
static int free_layer(struct tr_number *number, u32 head, u32 offset, u32 stream, u32 *result)
{
	u32 layer = head, last;

	do {
		u16 state = number->state[((size_t)layer << number->shift) + offset];
		if (state == NEVER || state == FREED_BY + stream) {
			*result = layer;
			return 0;
		}
		last = layer;
		layer = number->next[layer];
	} while (layer != NO_REGION);
	int rc = add_region(number, result);
	if (!rc)
		number->next[last] = *result;
	return rc;
}

int tr_number_get(struct tr_number *number, u64 page, u32 stream, u32 *result)
{
	u32 offset = (u32)page & ((1u << number->shift) - 1), head, layer;

	assert(stream < TR_STREAMS_MAX);
	int rc = get_head(number, page >> number->shift, &head);
	if (rc)
		return rc;
	*result = (head << number->shift) + offset;
	if (number->state[*result] == LIVES)
		return 0;
	layer = living_layer(number, head, offset);
	if (layer != NO_REGION) {
		*result = (layer << number->shift) + offset;
		return 0;
	}
	rc = free_layer(number, head, offset, stream, &layer);
	if (rc)
		return rc;
	*result = (layer << number->shift) + offset;
	number->touched += number->state[*result] == NEVER;
	number->state[*result] = LIVES;
	if (*result >= number->end)
		number->end = *result + 1;
	return 1;
}

int tr_number_free(struct tr_number *number, u64 page, u32 stream, u32 *result)
{
	u32 offset = (u32)page & ((1u << number->shift) - 1), layer;
	const struct slot *slot = find_slot(number, page >> number->shift);

	assert(stream < TR_STREAMS_MAX);
	if (slot->head == NO_REGION)
		return 0;
	layer = living_layer(number, slot->head, offset);
	if (layer == NO_REGION)
		return 0;
	*result = (layer << number->shift) + offset;
	number->state[*result] = (u16)(FREED_BY + stream);
	return 1;
}

u32 tr_number_end(const struct tr_number *number)
{
	return number->end;
}

u32 tr_number_touched(const struct tr_number *number)
{
	return number->touched;
}

int tr_number_create(struct tr_number **result, u32 region_shift)
{
	struct tr_number *number = calloc(1, sizeof(*number));

	assert(region_shift <= 16);
	if (!number)
		return -ENOMEM;
	number->shift = region_shift;
	number->regions_max = TR_PAGES_MAX >> region_shift;
	number->last_head = NO_REGION;
	number->slots_mask = 127;
	if (grow_slots(number)) {
		free(number);
		return -ENOMEM;
	}
	*result = number;
	return 0;
}

void tr_number_destroy(struct tr_number *number)
{
	if (!number)
		return;
	free(number->state);
	free(number->next);
	free(number->slots);
	free(number);
}
