/* SPDX-License-Identifier: BSD-2-Clause */
/* tr_pages.c - hash of 2 MiB regions of places, and hash of chunks of files. */
#include <stdlib.h>
#include <string.h>

#include "tr_pages.h"
#include "tr_raw.h"

#define REGION_PAGES 512u

struct region {
	u64 number; /* place / REGION_PAGES */
	struct tr_page page[REGION_PAGES];
};

struct chunk {
	u64 key;  /* file << 40 | index / TR_FILE_CHUNK, never 0 */
	u32 next; /* of the same file; 0 ends */
};

struct tr_pages {
	struct region **region; /* hash, open addressing, power of two */
	u32 regions_count, regions_room;
	struct region *last;
	struct chunk *chunk; /* by order; [0] unused */
	u32 chunks_count, chunks_room;
	u32 *chunk_hash; /* index into chunk, 0 empty; twice chunks_room */
	u32 file_head[TR_RAW_FILES + 1];
};

static u32 mix(u64 key, u32 room)
{
	return (u32)((key * 0x9e3779b97f4a7c15ull) >> 32) & (room - 1);
}

struct tr_pages *tr_pages_new(void)
{
	struct tr_pages *pages = calloc(1, sizeof(*pages));

	if (!pages)
		return NULL;
	pages->regions_room = 1024;
	pages->region = calloc(pages->regions_room, sizeof(struct region *));
	pages->chunks_room = 1024;
	pages->chunks_count = 1;
	pages->chunk = calloc(pages->chunks_room, sizeof(*pages->chunk));
	pages->chunk_hash = calloc(2 * pages->chunks_room, sizeof(u32));
	if (!pages->region || !pages->chunk || !pages->chunk_hash) {
		tr_pages_delete(pages);
		return NULL;
	}
	return pages;
}

void tr_pages_delete(struct tr_pages *pages)
{
	if (!pages)
		return;
	for (u32 i = 0; pages->region && i < pages->regions_room; i++)
		free(pages->region[i]);
	free(pages->region);
	free(pages->chunk);
	free(pages->chunk_hash);
	free(pages);
}

static struct region **region_slot(struct region **table, u32 room, u64 number)
{
	u32 at = mix(number, room);

	while (table[at] && table[at]->number != number)
		at = (at + 1) & (room - 1);
	return &table[at];
}

static int regions_grow(struct tr_pages *pages)
{
	u32 room = pages->regions_room * 2;
	struct region **table = calloc(room, sizeof(struct region *));

	if (!table)
		return -ENOMEM;
	for (u32 i = 0; i < pages->regions_room; i++) {
		if (pages->region[i])
			*region_slot(table, room, pages->region[i]->number) = pages->region[i];
	}
	free(pages->region);
	pages->region = table;
	pages->regions_room = room;
	return 0;
}

static struct region *region_get(struct tr_pages *pages, u64 number, bool create)
{
	struct region **slot;

	if (pages->last && pages->last->number == number)
		return pages->last;
	if (create && pages->regions_count * 2 >= pages->regions_room && regions_grow(pages))
		return NULL;
	slot = region_slot(pages->region, pages->regions_room, number);
	if (!*slot && create) {
		*slot = calloc(1, sizeof(struct region));
		if (*slot) {
			(*slot)->number = number;
			pages->regions_count++;
		}
	}
	if (*slot)
		pages->last = *slot;
	return *slot;
}

struct tr_page *tr_pages_get(struct tr_pages *pages, u64 place, bool create)
{
	struct region *region = region_get(pages, place / REGION_PAGES, create);

	return region ? &region->page[place % REGION_PAGES] : NULL;
}

void tr_page_begin(struct tr_page *page, u64 place, u16 stream, u8 type)
{
	WS_ASSERT(!page->live && place < 1ull << TR_PLACE_BITS);
	if (page->number && page->freed_by != stream)
		page->generation++;
	page->number = place | (u64)page->generation << TR_PLACE_BITS;
	page->type = type;
	page->live = 1;
}

void tr_page_end(struct tr_page *page, u16 stream)
{
	page->live = 0;
	page->freed_by = stream;
}

void tr_page_move(struct tr_page *from, struct tr_page *to)
{
	u32 generation = to->generation + 1;

	WS_ASSERT(from->live && !to->live);
	*to = *from;
	to->generation = generation; /* its own number may be in use elsewhere */
	from->live = 0;
	from->number = 0;
	from->generation++;
}

static int region_order(const void *a, const void *b)
{
	const struct region *x = *(struct region *const *)a, *y = *(struct region *const *)b;

	return x->number < y->number ? -1 : x->number > y->number;
}

static int region_each(struct region *region, u64 first, u64 end,
		       int (*each)(void *ctx, u64 place, struct tr_page *page), void *ctx)
{
	u64 base = region->number * REGION_PAGES;

	for (u32 i = 0; i < REGION_PAGES; i++) {
		int rc = 0;

		if (base + i >= first && base + i < end && region->page[i].live)
			rc = each(ctx, base + i, &region->page[i]);
		if (rc)
			return rc;
	}
	return 0;
}

/* The range spans more regions than there are: go through those there are. */
static int each_of_all(struct tr_pages *pages, u64 first, u64 end,
		       int (*each)(void *ctx, u64 place, struct tr_page *page), void *ctx)
{
	struct region **sorted = calloc(pages->regions_count + 1, sizeof(struct region *));
	u32 count = 0;
	int rc = 0;

	if (!sorted)
		return -ENOMEM;
	for (u32 i = 0; i < pages->regions_room; i++) {
		if (pages->region[i])
			sorted[count++] = pages->region[i];
	}
	qsort(sorted, count, sizeof(struct region *), region_order);
	for (u32 i = 0; i < count && !rc; i++)
		rc = region_each(sorted[i], first, end, each, ctx);
	free(sorted);
	return rc;
}

int tr_pages_each(struct tr_pages *pages, u64 first, u64 count,
		  int (*each)(void *ctx, u64 place, struct tr_page *page), void *ctx)
{
	u64 end = count < ~0ull - first ? first + count : ~0ull;
	int rc = 0;

	if (count / REGION_PAGES > pages->regions_count)
		return each_of_all(pages, first, end, each, ctx);
	for (u64 place = first; place < end && !rc;
	     place = (place / REGION_PAGES + 1) * REGION_PAGES) {
		struct region *region = region_get(pages, place / REGION_PAGES, false);

		if (region)
			rc = region_each(region, first, end, each, ctx);
	}
	return rc;
}

static int chunks_grow(struct tr_pages *pages)
{
	u32 room = pages->chunks_room * 2;
	struct chunk *chunk = reallocarray(pages->chunk, room, sizeof(*chunk));
	u32 *hash;

	if (!chunk)
		return -ENOMEM;
	pages->chunk = chunk;
	hash = calloc(2 * (size_t)room, sizeof(u32));
	if (!hash)
		return -ENOMEM;
	for (u32 i = 1; i < pages->chunks_count; i++) {
		u32 at = mix(chunk[i].key, 2 * room);

		while (hash[at])
			at = (at + 1) & (2 * room - 1);
		hash[at] = i;
	}
	free(pages->chunk_hash);
	pages->chunk_hash = hash;
	pages->chunks_room = room;
	return 0;
}

u64 tr_pages_file_place(struct tr_pages *pages, u32 file, u64 index, bool create)
{
	u64 key = (u64)file << 40 | ((index / TR_FILE_CHUNK) & ((1ull << 40) - 1));
	u32 at;

	WS_ASSERT(file && file <= TR_RAW_FILES);
	if (create && pages->chunks_count == pages->chunks_room && chunks_grow(pages))
		return 0;
	at = mix(key, 2 * pages->chunks_room);
	while (pages->chunk_hash[at] && pages->chunk[pages->chunk_hash[at]].key != key)
		at = (at + 1) & (2 * pages->chunks_room - 1);
	if (!pages->chunk_hash[at]) {
		struct chunk *chunk = &pages->chunk[pages->chunks_count];

		if (!create)
			return 0;
		chunk->key = key;
		chunk->next = pages->file_head[file];
		pages->file_head[file] = pages->chunks_count;
		pages->chunk_hash[at] = pages->chunks_count++;
	}
	return TR_PLACE_FILES + (u64)pages->chunk_hash[at] * TR_FILE_CHUNK + index % TR_FILE_CHUNK;
}

int tr_pages_each_of_file(struct tr_pages *pages, u32 file, u64 first, u64 last,
			  int (*each)(void *ctx, u64 place, struct tr_page *page), void *ctx)
{
	for (u32 i = pages->file_head[file]; i; i = pages->chunk[i].next) {
		u64 index = (pages->chunk[i].key & ((1ull << 40) - 1)) * TR_FILE_CHUNK;

		for (u32 j = 0; j < TR_FILE_CHUNK; j++) {
			u64 place = TR_PLACE_FILES + (u64)i * TR_FILE_CHUNK + j;
			struct tr_page *page = tr_pages_get(pages, place, false);
			int rc = 0;

			if (page && page->live && index + j >= first && index + j <= last)
				rc = each(ctx, place, page);
			if (rc)
				return rc;
		}
	}
	return 0;
}
