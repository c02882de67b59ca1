/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tr_frame_cost.h - what unpacking a zstd frame costs, told from the frame itself.
 *
 * Internal to the trace file.  Of two frames of the same bytes the smaller one is often
 * the slower one, and a measured time would make files differ from run to run.  So the
 * cost is counted: repetitions ("sequences") and literals in Huffman coding, with what one
 * of each took on a Zen 4 (least squares over 1,590 frames of the samples).
 */
#ifndef TR_FRAME_COST_H
#define TR_FRAME_COST_H

#include <stddef.h>

#include <ws_env.h>

/* @frame: a whole frame, as ZSTD_compress2() made it.  Return: picoseconds, about. */
u64 tr_frame_cost_ps(const u8 *frame, size_t size);

#endif /* TR_FRAME_COST_H */
