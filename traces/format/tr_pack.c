/* SPDX-License-Identifier: BSD-2-Clause */
/* tr_pack.c - see tr_pack.h. */
#define ZSTD_STATIC_LINKING_ONLY /* names ZSTD_c_literalCompressionMode */
#include <errno.h>
#include <stdlib.h>

#include "tr_pack.h"

#define SPLIT_FROM 16384u /* bytes of a block, below which it is one frame */

/* How a column is coded. */
struct coding {
	int level;	 /* 9: up to 10 % smaller than 3; 16: another 2 %, three times as slow */
	int match_least; /* bytes of a repetition; 0: as the level has it */
	bool huffman;	 /* of what does not repeat */
};

/*
 * And how all three are, from the quickest to the smallest.  What a step costs and saves,
 * in ns and bytes a record of the samples: repetitions of six bytes in place of five .05 to
 * .18 for .01 to .04; Huffman coding of the lengths .15 to .2 for .04 to .07, of runs .1 to
 * .3 for up to .04, of page bytes .7 for .06 to .13.
 */
static const struct way {
	struct coding lengths, pages, runs;
	u32 cost; /* of reading a record, in .01 ns more than the first's */
} ways[TR_PACK_WAYS] = {
	{ { 9, 5, false }, { 9, 6, false }, { 9, 5, false }, 0 },
	{ { 9, 5, false }, { 9, 5, false }, { 9, 5, false }, 10 },
	{ { 9, 0, true }, { 9, 5, false }, { 9, 5, false }, 25 },
	{ { 9, 0, true }, { 9, 4, false }, { 9, 0, true }, 55 },
	{ { 9, 0, true }, { 9, 0, true }, { 9, 0, true }, 130 },
	{ { 9, 0, true }, { 19, 4, true }, { 19, 4, true }, 131 },
};

#define SMALL (&ways[TR_PACK_WAYS - 2])
#define WORTH_TRYING 1.05 /* times the size wanted, for the last and slowest */

static size_t put_frame(ZSTD_CCtx *zstd, const struct coding *coding, u8 *to, size_t room,
			const u8 *bytes, size_t size)
{
	if (!size)
		return 0;
	ZSTD_CCtx_reset(zstd, ZSTD_reset_session_and_parameters);
	ZSTD_CCtx_setParameter(zstd, ZSTD_c_compressionLevel, coding->level);
	ZSTD_CCtx_setParameter(zstd, ZSTD_c_checksumFlag, 1);
	if (coding->match_least)
		ZSTD_CCtx_setParameter(zstd, ZSTD_c_minMatch, coding->match_least);
	if (!coding->huffman)
		ZSTD_CCtx_setParameter(zstd, ZSTD_c_literalCompressionMode, ZSTD_ps_disable);
	return ZSTD_compress2(zstd, to, room, bytes, size);
}

static size_t put_columns(struct tr_pack *pack, const struct way *way, const u8 *raw,
			  const struct tr_block_head *head)
{
	const struct {
		const struct coding *coding;
		u32 size;
	} column[] = { { &way->lengths, tr_block_control_size(head->records_count) },
		       { &way->pages, head->data_size }, { &way->runs, head->runs_size } };
	size_t total = 0;

	for (u32 i = 0; i < 3; raw += column[i++].size) {
		size_t size = put_frame(pack->zstd, column[i].coding, pack->spare + total,
					pack->capacity - total, raw, column[i].size);

		if (ZSTD_isError(size))
			return size;
		total += size;
	}
	return total;
}

static size_t put_block(struct tr_pack *pack, const struct way *way, const u8 *raw,
			const struct tr_block_head *head)
{
	u32 size = tr_block_raw_size(head);

	return size < SPLIT_FROM ? put_frame(pack->zstd, &SMALL->pages, pack->spare,
					     pack->capacity, raw, size)
				 : put_columns(pack, way, raw, head);
}

static int reserve(struct tr_pack *pack, u32 raw_size)
{
	size_t capacity = ZSTD_compressBound(raw_size) + 3 * ZSTD_compressBound(0);

	if (capacity <= pack->capacity)
		return 0;
	u8 *stored = realloc(pack->stored, capacity);

	pack->stored = stored ? stored : pack->stored;
	u8 *spare = stored ? realloc(pack->spare, capacity) : NULL;

	pack->spare = spare ? spare : pack->spare;
	pack->capacity = spare ? capacity : pack->capacity;
	return spare ? 0 : -ENOMEM;
}

/* As @way says, into pack->spare.  Return: 0 or -EIO with a *reason. */
static int put(struct tr_pack *pack, const struct way *way, const u8 *raw,
	       const struct tr_block_head *head, u32 *size, const char **reason)
{
	size_t got = put_block(pack, way, raw, head);

	if (ZSTD_isError(got)) {
		*reason = ZSTD_getErrorName(got);
		return -EIO;
	}
	*size = (u32)got;
	return 0;
}

static void keep_spare(struct tr_pack *pack)
{
	u8 *packed = pack->spare;

	pack->spare = pack->stored;
	pack->stored = packed;
}

int tr_pack(struct tr_pack *pack, const u8 *raw, struct tr_block_head *head,
	    const char **reason)
{
	u32 size, least = 0;
	int rc = reserve(pack, tr_block_raw_size(head));

	if (rc)
		return rc;
	pack->records += head->records_count;
	for (u32 i = 0; i < TR_PACK_WAYS; i++) {
		rc = put(pack, &ways[i], raw, head, &size, reason);
		if (rc)
			return rc;
		if (!i || size < least) {
			keep_spare(pack);
			least = size;
		}
		double over = (double)(pack->bytes + least) - TR_PACK_BYTES * (double)pack->records;

		if (over <= 0 || tr_block_raw_size(head) < SPLIT_FROM ||
		    (&ways[i] == SMALL && over > (WORTH_TRYING - 1) * (double)least))
			break;
	}
	pack->bytes += least;
	head->stored_size = least;
	return 0;
}

int tr_pack_try(struct tr_pack *pack, const u8 *raw, const struct tr_block_head *head,
		struct tr_pack_sizes *sizes, const char **reason)
{
	int rc = reserve(pack, tr_block_raw_size(head));

	sizes->records_count = head->records_count;
	for (u32 i = 0; !rc && i < TR_PACK_WAYS; i++)
		rc = put(pack, &ways[i], raw, head, &sizes->way[i], reason);
	return rc;
}

int tr_pack_as(struct tr_pack *pack, u32 way, const u8 *raw, struct tr_block_head *head,
	       const char **reason)
{
	int rc = reserve(pack, tr_block_raw_size(head));

	if (!rc)
		rc = put(pack, &ways[way], raw, head, &head->stored_size, reason);
	if (!rc)
		keep_spare(pack);
	return rc;
}

/* The way that is best when a byte is worth @price, in 2^-16 of a record's .01 ns. */
static u32 best_at(const struct tr_pack_sizes *sizes, u64 price)
{
	u64 least = ~0ull;
	u32 best = 0;

	for (u32 i = 0; i < TR_PACK_WAYS; i++) {
		u64 cost = ((u64)ways[i].cost * sizes->records_count << 16) +
			   price * sizes->way[i];

		if (cost < least) {
			least = cost;
			best = i;
		}
	}
	return best;
}

u64 tr_pack_choose(struct tr_pack_sizes *sizes, u32 count, u64 budget_bytes)
{
	u64 low = 0, high = 1ull << 30, total = 0; /* the dearest makes all as small as can be */

	while (low < high) {
		u64 price = (low + high) / 2;

		total = 0;
		for (u32 i = 0; i < count; i++)
			total += sizes[i].way[best_at(&sizes[i], price)];
		if (total <= budget_bytes)
			high = price;
		else
			low = price + 1;
	}
	total = 0;
	for (u32 i = 0; i < count; i++) {
		sizes[i].chosen = best_at(&sizes[i], low);
		total += sizes[i].way[sizes[i].chosen];
	}
	return total;
}

int tr_pack_init(struct tr_pack *pack)
{
	*pack = (struct tr_pack){ .zstd = ZSTD_createCCtx() };
	return pack->zstd ? 0 : -ENOMEM;
}

void tr_pack_destroy(struct tr_pack *pack)
{
	ZSTD_freeCCtx(pack->zstd);
	free(pack->stored);
	free(pack->spare);
}
