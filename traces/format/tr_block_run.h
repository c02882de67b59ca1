/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tr_block_run.h - decodes the common run without a branch that depends on its numbers.
 *
 * Internal to the trace file.  Recorded programs make runs of some five to twenty
 * records, whose counts and spans are one to five bytes long in no order: a loop over
 * their bytes mispredicts at almost every run.
 */
#ifndef TR_BLOCK_RUN_H
#define TR_BLOCK_RUN_H

#include "tr_block.h"
#include "tr_bytes.h"

#define TR_RUN_PLACED 0x40u   /* in a run's first byte: memcg and node follow */
#define TR_RUN_RESERVED 0x80u /* must not be */
#define TR_RUN_FAST_BYTES 16u /* readable bytes that the decoder below wants */

/* Bytes of the varint whose stop bits (the inverted top bits) are @stops; not 0. */
static inline u32 tr_run_varint_size(u64 stops)
{
	return (u32)__builtin_ctzll(stops) / 8 + 1;
}

/* Seven bits of each of eight bytes, moved together. */
static inline u64 tr_run_varint_value(u64 bytes, u64 stops)
{
	u64 x = bytes & (stops ^ (stops - 1)) & 0x7f7f7f7f7f7f7f7full;

	x = (x & 0x007f007f007f007full) | (x & 0x7f007f007f007f00ull) >> 1;
	x = (x & 0x00003fff00003fffull) | (x & 0x3fff00003fff0000ull) >> 2;
	return (x & 0x0fffffffull) | (x & 0x0fffffff00000000ull) >> 4;
}

/*
 * A run with records, without memcg and node, with a span below 2^56 ns; @bytes has
 * TR_RUN_FAST_BYTES readable ones.  Fills op, kind, type, count and span_ns.
 * Return: what follows, or NULL when the run is another or none: tr_block_get_run()
 * is to decide.
 */
static inline const u8 *tr_block_get_run_fast(const u8 *bytes, struct tr_run *run)
{
	u32 head = *bytes, op = head & 3, kind = head >> 2 & 3, type = head >> 4;
	u64 low = tr_get64(bytes + 1);
	u64 stops = ~low & 0x808080u;

	/* A head with one of the two top bits has a type beyond the last, too. */
	if (type > TR_UNEVICTABLE || kind > TR_KERNEL || op == TR_IDLE || !stops)
		return NULL;
	u32 bits = (u32)(low & (stops ^ (stops - 1)));
	u32 count = (bits & 0x7f) | (bits >> 1 & 0x3f80) | (bits >> 2 & 0x1fc000);
	bytes += 1 + tr_run_varint_size(stops);
	low = tr_get64(bytes);
	stops = ~low & 0x8080808080808080ull;
	if (!stops || count - 1 > 65535u)
		return NULL;
	run->op = (u8)op;
	run->kind = (u8)kind;
	run->type = (u8)type;
	run->count = count;
	run->span_ns = tr_run_varint_value(low, stops);
	return bytes + tr_run_varint_size(stops);
}

#endif /* TR_BLOCK_RUN_H */
