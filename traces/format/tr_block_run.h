/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tr_block_run.h - a block's runs, decoded all at once.
 *
 * Internal to the trace file.  Recorded programs make runs of some five to twenty
 * records, whose counts and spans are one to five bytes long in no order: a loop over
 * their bytes mispredicts at almost every run, so the common run is decoded without a
 * branch that depends on its numbers.  And one by one, as the cursor is asked, each
 * decoding waits for the reader's own mispredictions; all at once they overlap, and the
 * cursor has nothing left to check.
 */
#ifndef TR_BLOCK_RUN_H
#define TR_BLOCK_RUN_H

#include "tr_block.h"
#include "tr_bytes.h"

#define TR_RUN_PLACED 0x40u   /* in a run's first byte: memcg and node follow */
#define TR_RUN_RESERVED 0x80u /* must not be */
#define TR_RUN_FAST_BYTES 6u  /* readable bytes that the decoder below wants */

/*
 * A run without its pages and its place in time, which are where the one before ends.
 * What comes first is as in struct tr_run, so that it is copied in two moves.
 */
struct tr_block_run {
	u8 op, kind, type, node;
	u16 memcg, stream;
	u32 count;
	u64 span_ns;
};

#define TR_RUN_NONE ((u64)1 << 63) /* span_ns of what stands behind a block's last run */

/* What a block's runs may name. */
struct tr_run_bounds {
	u32 memcgs_count, nodes_count;
};

/*
 * All of the runs of a block into @run, which has room for head->runs_count and TR_RUN_NONE
 * behind them; @bytes are head->runs_size, with TR_BLOCK_SLACK readable ones behind them.
 * Checks that they add up to the block.  Return: 0 or -EINVAL with *reason.
 */
int tr_block_get_runs(struct tr_block_run *run, const struct tr_block_head *head,
		      const u8 *bytes, const struct tr_run_bounds *bounds,
		      const char **reason);

/* The same for runs in columns; tr_block_get_runs() calls it. */
int tr_block_get_columns(struct tr_block_run *run, const struct tr_block_head *head,
			 const u8 *bytes, const struct tr_run_bounds *bounds,
			 const char **reason);
/*
 * @count runs, of any time, as columns into @bytes, which has room for TR_RUN_BYTES_MAX each.
 * Return: bytes.
 */
u32 tr_block_put_columns(u8 *bytes, const struct tr_block_run *run, u32 count);

/* Bit h: a first byte of h is an operation with records, a kind and a type, not placed. */
#define TR_RUN_ORDINARY 0x0000077707770777ull

/*
 * An ordinary run with a count of one byte and a span of up to four; @bytes has
 * TR_RUN_FAST_BYTES readable ones.  All but its stream.
 * Return: what follows, or NULL when the run is another or none: tr_block_get_run()
 * is to decide.
 */
static inline const u8 *tr_block_get_run_fast(const u8 *bytes, struct tr_block_run *run)
{
	u32 low = tr_get32(bytes), count = low >> 8 & 0xff;
	u32 span = tr_get32(bytes + 2);
	u32 stops = ~span & 0x80808080u; /* the top bit of each byte that ends a number */

	if (low & 0xc0 || !(TR_RUN_ORDINARY >> (low & 63) & 1) || count - 1 > 126u || !stops)
		return NULL;
	/* Seven bits of each byte up to the first stop, moved together. */
	span &= (stops ^ (stops - 1)) & 0x7f7f7f7fu;
	span = (span & 0x007f007fu) | (span & 0x7f007f00u) >> 1;
	run->span_ns = (span & 0x3fffu) | (span & 0x3fff0000u) >> 2;
	run->op = low & 3;
	run->kind = low >> 2 & 3;
	run->type = low >> 4 & 3;
	run->node = 0;
	run->memcg = 0;
	run->count = count;
	return bytes + 3 + (u32)__builtin_ctz(stops) / 8;
}

#endif /* TR_BLOCK_RUN_H */
