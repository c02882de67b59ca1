/* SPDX-License-Identifier: BSD-2-Clause */
/* tr_reader.h - an open .wst file as its cursors see it.  Internal to the trace file. */
#ifndef TR_READER_H
#define TR_READER_H

#include "tr_block.h"
#include "tr_layout.h"

#define TR_NO_BLOCK (~0u)

/* What the index says of a block, checked against the file's size and its neighbours. */
struct tr_block_ref {
	struct tr_index_entry entry;
	u32 stored_size;    /* bytes of the block in the file, head included */
	u32 next_in_stream; /* block of the same stream, or TR_NO_BLOCK */
};

struct tr_share; /* tr_decoded.h */

struct tr_file {
	int fd;
	char *path, *origin;
	struct tr_meta meta;
	u64 digest;
	struct tr_block_ref *blocks;
	u32 blocks_count;
	u32 *first_in_stream; /* by stream; TR_NO_BLOCK: the stream is empty */
	struct tr_share *share; /* NULL: each cursor decodes for itself */
};

/* Read exactly @size bytes at @offset; "file: byte N: reason" otherwise. */
int tr_reader_read(const struct tr_file *file, void *bytes, size_t size, u64 offset,
		   struct tr_error *error);

#endif /* TR_READER_H */
