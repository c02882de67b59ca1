/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tr_pack.h - a block's columns into zstd frames that are quick to read.
 *
 * Internal to the trace file.  Each column of a block becomes a frame of its own, and
 * reading takes them together: zstd unpacks frames that stand one behind the other.  What
 * takes its time is Huffman coding of literals, and that of page bytes, which are nearly
 * random, saves little: they stay as they are, unless the file would become larger than
 * TR_PACK_BYTES a record.  zstd's part in reading the samples is half of what it was.
 */
#ifndef TR_PACK_H
#define TR_PACK_H

#include <zstd.h>

#include "tr_block.h"

#define TR_PACK_BYTES 1.47 /* a record; what quick reading may cost */

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

#endif /* TR_PACK_H */
