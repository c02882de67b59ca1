/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tr_pack.h - a block's columns into zstd frames that are quick to read.
 *
 * Internal to the trace file.  Each column of a block becomes a frame of its own, and
 * reading takes them together: zstd unpacks frames that stand one behind the other.  What
 * takes its time is Huffman coding of literals, and that of page bytes, which are nearly
 * random, saves little: they stay as they are, unless the file would become larger than
 * TR_PACK_BYTES a record.  zstd's part in reading the samples is half of what it was.
 * tr_pack() keeps to that as the blocks come: what one does not use, the next ones may.
 * Who sees all blocks before the first is written chooses better: tr_pack_choose().
 */
#ifndef TR_PACK_H
#define TR_PACK_H

#include <zstd.h>

#include "tr_block.h"

#define TR_PACK_BYTES 1.47 /* a record; what quick reading may cost */
#define TR_PACK_COLUMNS 3u	  /* lengths, page bytes, runs */
#define TR_PACK_CODINGS 12u	  /* of a column, to choose from */

/* One file's. */
struct tr_pack {
	ZSTD_CCtx *zstd;
	u8 *stored, *spare; /* the block packed, and one way of packing it */
	size_t capacity;
	u64 records, bytes; /* so far */
};

int tr_pack_init(struct tr_pack *pack); /* 0 or -ENOMEM */
void tr_pack_destroy(struct tr_pack *pack); /* zeroed is fine */

/*
 * The block @raw into pack->stored; @head tells the sizes of its columns, and gets
 * stored_size.  Return: 0, -ENOMEM, or -EIO with a *reason.
 */
int tr_pack(struct tr_pack *pack, const u8 *raw, struct tr_block_head *head,
	    const char **reason);

/* What a block's columns take by coding, and to unpack; and which codings are chosen. */
struct tr_pack_sizes {
	u32 size[TR_PACK_COLUMNS][TR_PACK_CODINGS];
	u64 cost_ps[TR_PACK_COLUMNS][TR_PACK_CODINGS];
	u8 chosen[TR_PACK_COLUMNS];
};

/* Packs the block's columns in all codings and keeps none; errors as above. */
int tr_pack_try(struct tr_pack *pack, const u8 *raw, const struct tr_block_head *head,
		struct tr_pack_sizes *sizes, const char **reason);
/*
 * The codings of @count blocks that are quickest to read among those of @budget_bytes at
 * most together, or the smallest ones.  Return: bytes of all.
 */
u64 tr_pack_choose(struct tr_pack_sizes *sizes, u32 count, u64 budget_bytes);
/* As tr_pack(), as chosen. */
int tr_pack_as(struct tr_pack *pack, const u8 chosen[TR_PACK_COLUMNS], const u8 *raw,
	       struct tr_block_head *head, const char **reason);

#endif /* TR_PACK_H */
