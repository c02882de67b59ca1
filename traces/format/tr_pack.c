/* SPDX-License-Identifier: BSD-2-Clause */
/* tr_pack.c - see tr_pack.h. */
#define ZSTD_STATIC_LINKING_ONLY /* names ZSTD_c_literalCompressionMode */
#include <errno.h>
#include <stdlib.h>

#include "tr_frame_cost.h"
#include "tr_pack.h"

#define SPLIT_FROM 16384u /* bytes of a block, below which it is one frame */

#define NONE (-100)	  /* a level that hardly looks for repetitions */
#define MATCH_LEAST_MAX 7 /* of those that levels look for */

/* How a column is coded. */
struct coding {
	int level;	 /* 9: up to 10 % smaller than 3; 16: another 2 %, three times as slow */
	int match_least; /* bytes of a repetition; 0: as the level has it */
	bool huffman;	 /* of what does not repeat */
};

/*
 * And how all three are while blocks come, from the quickest to the smallest.  What a step
 * costs and saves, in ns and bytes a record of the samples: repetitions of six bytes in place
 * of five .05 to .18 for .01 to .04; Huffman coding of the lengths .15 to .2 for .04 to .07,
 * of runs .1 to .3 for up to .04, of page bytes .7 for .06 to .13.
 */
static const struct way {
	struct coding lengths, pages, runs;
} ways[] = {
	{ { 9, 5, false }, { 9, 6, false }, { 9, 5, false } },
	{ { 9, 5, false }, { 9, 5, false }, { 9, 5, false } },
	{ { 9, 0, true }, { 9, 5, false }, { 9, 5, false } },
	{ { 9, 0, true }, { 9, 4, false }, { 9, 0, true } },
	{ { 9, 0, true }, { 9, 0, true }, { 9, 0, true } },
	{ { 9, 0, true }, { 19, 4, true }, { 19, 4, true } },
};

#define WAYS (sizeof(ways) / sizeof(ways[0]))
#define SMALL (&ways[WAYS - 2])

/* What a column is tried in when there is time. */
static const struct coding codings[TR_PACK_CODINGS] = {
	{ NONE, 32, false }, { NONE, 24, false }, { NONE, 16, false }, { NONE, 12, false },
	{ NONE, 8, false },  { 9, 6, false },	  { 19, 6, false },    { 9, 5, false },
	{ 19, 5, false },    { 19, 4, false },	  { 9, 0, true },      { 19, 4, true },
};
#define BYTE_PS 1200u	  /* what a byte in the file is worth at least, though there be room */
#define WORTH_TRYING 1.05 /* times the size wanted, for the last and slowest */

/* Repetitions of @least bytes and more, and hardly another: each costs what it costs. */
static void search_long(ZSTD_CCtx *zstd, int least)
{
	ZSTD_CCtx_setParameter(zstd, ZSTD_c_enableLongDistanceMatching, 1);
	ZSTD_CCtx_setParameter(zstd, ZSTD_c_ldmMinMatch, least);
	ZSTD_CCtx_setParameter(zstd, ZSTD_c_ldmHashRateLog, 0); /* looks at each place */
	ZSTD_CCtx_setParameter(zstd, ZSTD_c_ldmHashLog, 17);
	ZSTD_CCtx_setParameter(zstd, ZSTD_c_ldmBucketSizeLog, 4);
	ZSTD_CCtx_setParameter(zstd, ZSTD_c_windowLog, 18); /* the largest column */
}

static size_t put_frame(ZSTD_CCtx *zstd, const struct coding *coding, u8 *to, size_t room,
			const u8 *bytes, size_t size)
{
	if (!size)
		return 0;
	ZSTD_CCtx_reset(zstd, ZSTD_reset_session_and_parameters);
	ZSTD_CCtx_setParameter(zstd, ZSTD_c_compressionLevel, coding->level);
	ZSTD_CCtx_setParameter(zstd, ZSTD_c_checksumFlag, 1);
	if (coding->match_least > MATCH_LEAST_MAX)
		search_long(zstd, coding->match_least);
	else if (coding->match_least)
		ZSTD_CCtx_setParameter(zstd, ZSTD_c_minMatch, coding->match_least);
	if (!coding->huffman)
		ZSTD_CCtx_setParameter(zstd, ZSTD_c_literalCompressionMode, ZSTD_ps_disable);
	return ZSTD_compress2(zstd, to, room, bytes, size);
}

/* A block's columns; a small block is all in the first. */
static void column_sizes(const struct tr_block_head *head, u32 size[TR_PACK_COLUMNS])
{
	u32 total = tr_block_raw_size(head);

	size[0] = total < SPLIT_FROM ? total : tr_block_control_size(head->records_count);
	size[1] = total < SPLIT_FROM ? 0 : head->data_size;
	size[2] = total < SPLIT_FROM ? 0 : head->runs_size;
}

/* Each column as @coding says, and a small block as it does best, into pack->spare. */
static size_t put_block(struct tr_pack *pack, const struct coding *const coding[TR_PACK_COLUMNS],
			const u8 *raw, const struct tr_block_head *head)
{
	bool is_small = tr_block_raw_size(head) < SPLIT_FROM;
	u32 column[TR_PACK_COLUMNS];
	size_t total = 0;

	column_sizes(head, column);
	for (u32 i = 0; i < TR_PACK_COLUMNS; raw += column[i++]) {
		size_t size = put_frame(pack->zstd, is_small ? &SMALL->pages : coding[i],
					pack->spare + total, pack->capacity - total, raw,
					column[i]);

		if (ZSTD_isError(size))
			return size;
		total += size;
	}
	return total;
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

/* The block into pack->spare.  Return: 0 or -EIO with a *reason. */
static int put(struct tr_pack *pack, const struct coding *const coding[TR_PACK_COLUMNS],
	       const u8 *raw, const struct tr_block_head *head, u32 *size, const char **reason)
{
	size_t got = put_block(pack, coding, raw, head);

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
	for (u32 i = 0; i < WAYS; i++) {
		const struct coding *const coding[] = { &ways[i].lengths, &ways[i].pages,
							&ways[i].runs };

		rc = put(pack, coding, raw, head, &size, reason);
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
	bool is_small = tr_block_raw_size(head) < SPLIT_FROM;
	u32 column[TR_PACK_COLUMNS];

	if (reserve(pack, tr_block_raw_size(head)))
		return -ENOMEM;
	column_sizes(head, column);
	for (u32 i = 0; i < TR_PACK_COLUMNS; raw += column[i++]) {
		for (u32 k = 0; k < TR_PACK_CODINGS; k++) {
			size_t got = put_frame(pack->zstd, is_small ? &SMALL->pages : &codings[k],
					       pack->spare, pack->capacity, raw, column[i]);

			if (ZSTD_isError(got)) {
				*reason = ZSTD_getErrorName(got);
				return -EIO;
			}
			sizes->size[i][k] = (u32)got;
			sizes->cost_ps[i][k] = got ? tr_frame_cost_ps(pack->spare, got) : 0;
		}
	}
	return 0;
}

int tr_pack_as(struct tr_pack *pack, const u8 chosen[TR_PACK_COLUMNS], const u8 *raw,
	       struct tr_block_head *head, const char **reason)
{
	const struct coding *const coding[] = { &codings[chosen[0]], &codings[chosen[1]],
						&codings[chosen[2]] };
	int rc = reserve(pack, tr_block_raw_size(head));

	if (!rc)
		rc = put(pack, coding, raw, head, &head->stored_size, reason);
	if (!rc)
		keep_spare(pack);
	return rc;
}

/* The codings that are best when a byte is worth @price_ps.  Return: bytes. */
static u64 choose_at(struct tr_pack_sizes *sizes, u64 price_ps)
{
	u64 total = 0;

	for (u32 i = 0; i < TR_PACK_COLUMNS; i++) {
		u64 least = ~0ull;

		for (u32 k = 0; k < TR_PACK_CODINGS; k++) {
			u64 cost = sizes->cost_ps[i][k] + price_ps * sizes->size[i][k];

			if (cost < least) {
				least = cost;
				sizes->chosen[i] = (u8)k;
			}
		}
		total += sizes->size[i][sizes->chosen[i]];
	}
	return total;
}

static u64 choose_all_at(struct tr_pack_sizes *sizes, u32 count, u64 price_ps)
{
	u64 total = 0;

	for (u32 i = 0; i < count; i++)
		total += choose_at(&sizes[i], price_ps);
	return total;
}

u64 tr_pack_choose(struct tr_pack_sizes *sizes, u32 count, u64 budget_bytes)
{
	u64 low = BYTE_PS, high = 1ull << 30; /* the dearest makes all as small as can be */

	while (low < high) {
		u64 price_ps = (low + high) / 2;

		if (choose_all_at(sizes, count, price_ps) <= budget_bytes)
			high = price_ps;
		else
			low = price_ps + 1;
	}
	return choose_all_at(sizes, count, low);
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
