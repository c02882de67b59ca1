/* SPDX-License-Identifier: BSD-2-Clause */
/* tr_pack.c - see tr_pack.h. */
#define ZSTD_STATIC_LINKING_ONLY /* names ZSTD_c_literalCompressionMode */
#include <errno.h>
#include <stdlib.h>

#include "tr_pack.h"

#define SPLIT_FROM 16384u /* bytes of a block, below which it is one frame */

/* How page and run columns are coded; from the quickest to the smallest. */
static const struct way {
	int level;	 /* 9: up to 10 % smaller than 3; 16: another 2 %, three times as slow */
	int match_least; /* bytes of a repetition; 0: as the level has it */
	bool huffman;	 /* of what does not repeat */
} ways[] = { { 9, 5, false }, { 9, 4, false }, { 9, 0, true }, { 16, 5, true } };

#define WAYS (sizeof(ways) / sizeof(ways[0]))
#define SMALL (&ways[2])
#define WORTH_TRYING 1.05 /* times the size wanted, for the last and slowest */

static size_t put_frame(ZSTD_CCtx *zstd, const struct way *way, u8 *to, size_t room,
			const u8 *bytes, size_t size)
{
	if (!size)
		return 0;
	ZSTD_CCtx_reset(zstd, ZSTD_reset_session_and_parameters);
	ZSTD_CCtx_setParameter(zstd, ZSTD_c_compressionLevel, way->level);
	ZSTD_CCtx_setParameter(zstd, ZSTD_c_checksumFlag, 1);
	if (way->match_least)
		ZSTD_CCtx_setParameter(zstd, ZSTD_c_minMatch, way->match_least);
	if (!way->huffman)
		ZSTD_CCtx_setParameter(zstd, ZSTD_c_literalCompressionMode, ZSTD_ps_disable);
	return ZSTD_compress2(zstd, to, room, bytes, size);
}

static size_t put_columns(struct tr_pack *pack, const struct way *way, const u8 *raw,
			  const struct tr_block_head *head)
{
	/* Lengths are few values: for them Huffman coding pays. */
	const struct {
		const struct way *way;
		u32 size;
	} column[] = { { SMALL, tr_block_control_size(head->records_count) },
		       { way, head->data_size }, { way, head->runs_size } };
	size_t total = 0;

	for (u32 i = 0; i < 3; raw += column[i++].size) {
		size_t size = put_frame(pack->zstd, column[i].way, pack->spare + total,
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

	return size < SPLIT_FROM ? put_frame(pack->zstd, SMALL, pack->spare, pack->capacity,
					     raw, size)
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

int tr_pack(struct tr_pack *pack, const u8 *raw, struct tr_block_head *head,
	    const char **reason)
{
	size_t least = 0;
	int rc = reserve(pack, tr_block_raw_size(head));

	if (rc)
		return rc;
	pack->records += head->records_count;
	for (u32 i = 0; i < WAYS; i++) {
		size_t size = put_block(pack, &ways[i], raw, head);

		if (ZSTD_isError(size)) {
			*reason = ZSTD_getErrorName(size);
			return -EIO;
		}
		if (!i || size < least) {
			u8 *packed = pack->spare;

			pack->spare = pack->stored;
			pack->stored = packed;
			least = size;
		}
		double over = (double)(pack->bytes + least) - TR_PACK_BYTES * (double)pack->records;

		if (over <= 0 || tr_block_raw_size(head) < SPLIT_FROM ||
		    (&ways[i] == SMALL && over > (WORTH_TRYING - 1) * (double)least))
			break;
	}
	pack->bytes += least;
	head->stored_size = (u32)least;
	return 0;
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
