/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * plugin_filter.c - in which window was each page last recorded, exactly.
 *
 * A radix tree of three levels by address, a leaf for 2 MiB, one a thread: 8 bytes
 * a touched page and no collisions.  Only misses of the cache in struct vcpu come
 * here.  Forgetting (a page was unmapped, its next access is another page's) writes
 * into other threads' trees; a torn race costs one record more or less.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugin.h"

#define LEVEL_BITS 9u
#define LEVEL_SLOTS (1u << LEVEL_BITS)
#define LEVELS 3u

struct node {
	void *slot[LEVEL_SLOTS];
};

struct leaf {
	u32 epoch[LEVEL_SLOTS][2];
};

void *plugin_alloc(size_t size)
{
	void *memory = calloc(1, size);

	if (!memory) {
		fputs("wssim-trace-plugin: out of memory\n", stderr);
		abort();
	}
	return memory;
}

static struct leaf *leaf_find(struct vcpu *c, u64 page, bool create)
{
	void **slot = &c->table;

	for (u32 level = LEVELS; level; level--) {
		if (!*slot) {
			if (!create)
				return NULL;
			*slot = plugin_alloc(sizeof(struct node));
		}
		slot = &((struct node *)*slot)->slot[(page >> (level * LEVEL_BITS)) &
						     (LEVEL_SLOTS - 1)];
	}
	if (!*slot && create)
		*slot = plugin_alloc(sizeof(struct leaf));
	return *slot;
}

bool plugin_filter_first(struct vcpu *c, u64 page, u32 write)
{
	u32 *last = &leaf_find(c, page, true)->epoch[page & (LEVEL_SLOTS - 1)][write];

	if (*last == c->epoch)
		return false;
	*last = c->epoch;
	return true;
}

void plugin_filter_renew(struct vcpu *c, u64 page)
{
	struct leaf *leaf = leaf_find(c, page, false);

	if (leaf)
		memset(leaf->epoch[page & (LEVEL_SLOTS - 1)], 0, sizeof(leaf->epoch[0]));
}

void plugin_filter_unsee(struct vcpu *c, u64 page, u64 pages)
{
	for (u32 i = 0; i < SEEN_SLOTS; i++) {
		if ((c->seen[i] & PAGE_MASK) - page < pages)
			c->seen[i] = 0;
	}
}

static void forget_one(struct vcpu *c, u64 page, u64 pages)
{
	u64 end = page + pages;

	for (u64 p = page, next; p < end; p = next) {
		struct leaf *leaf = leaf_find(c, p, false);

		next = (p | (LEVEL_SLOTS - 1)) + 1;
		for (; leaf && p < next && p < end; p++) {
			u32 *epoch = leaf->epoch[p & (LEVEL_SLOTS - 1)];

			epoch[0] = epoch[1] = 0;
		}
	}
	plugin_filter_unsee(c, page, pages);
}

void plugin_filter_forget(u64 page, u64 pages)
{
	/* Huge reservations hold few pages: their windows simply start anew. */
	for (u32 i = 0; i < VCPUS_MAX; i++) {
		struct vcpu *c = plugin.vcpus[i];

		if (!c)
			continue;
		if (pages > 1u << 24)
			plugin_epoch_next(c);
		else
			forget_one(c, page, pages);
	}
}

void plugin_epoch_next(struct vcpu *c)
{
	/* 32 bits of epochs are 1,190 hours of windows of 1 ms; then the tables start anew. */
	if (!++c->epoch) {
		c->table = NULL;
		c->epoch = 1;
	}
	memset(c->seen, 0, sizeof(c->seen));
	c->epoch_end = c->insns + plugin.window_insns;
}
