/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tr_decoded.h - a block of a .wst file in memory, as its cursors read it.
 *
 * Internal to the trace file.  A cursor has a decoded block of its own for each stream,
 * unless the file is shared (tr_file_share()): then cursors that stand in the same block
 * read one and the same copy, and one decompressor serves them all.  A thousand VMs that
 * play the same trace read some 0.4 MB between them in place of each its own.
 */
#ifndef TR_DECODED_H
#define TR_DECODED_H

#include <zstd.h>

#include "tr_block_run.h"
#include "tr_reader.h"

/* What decoding needs besides, for one block after the other. */
struct tr_workspace {
	u8 *stored, *raw;
	size_t stored_capacity, raw_capacity;
	ZSTD_DCtx *zstd;
};

struct tr_decoded {
	struct tr_block_head head;
	u32 *entry;
	u32 entry_capacity;
	struct tr_block_run *run; /* head.runs_count of them, and TR_RUN_NONE */
	u32 runs_capacity;
	/* Of shared ones: */
	u32 block, readers;
	struct tr_decoded *next; /* among those without readers, the longest idle first */
};

/* The file's decoded blocks, when its cursors share them. */
struct tr_share {
	struct tr_decoded **of_block;
	struct tr_decoded *idle_first, *idle_last;
	u32 idle_count, idle_max;
	struct tr_workspace workspace;
};

int tr_workspace_init(struct tr_workspace *workspace); /* 0 or -ENOMEM */
void tr_workspace_destroy(struct tr_workspace *workspace);

/* Read and check block @block into @decoded.  Return: 0 or negative errno with text. */
int tr_decoded_fill(struct tr_decoded *decoded, const struct tr_file *file, u32 block,
		    struct tr_workspace *workspace, struct tr_error *error);
/* Frees what @decoded holds, and not itself. */
void tr_decoded_release(struct tr_decoded *decoded);

/* Block @block of a shared file, to be given back; errors as above. */
int tr_share_take(struct tr_file *file, u32 block, struct tr_decoded **decoded,
		  struct tr_error *error);
void tr_share_give(struct tr_file *file, struct tr_decoded *decoded);
void tr_share_close(struct tr_share *share);

int tr_fail_block(const struct tr_file *file, u32 block, const char *reason,
		  struct tr_error *error);

#endif /* TR_DECODED_H */
