/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tr_frame_cost.c - see tr_frame_cost.h.
 *
 * Source of the layout: RFC 8878, "Zstandard Compression", sections 3.1.1.2 and 3.1.1.3.
 */
#define ZSTD_STATIC_LINKING_ONLY /* names ZSTD_getFrameHeader() */
#include <zstd.h>

#include "tr_bytes.h"
#include "tr_frame_cost.h"

#define SEQUENCE_PS 7100u  /* mostly a mispredicted branch */
#define HUFFMAN_PS 690u	   /* a literal */
#define TABLES_PS 1400000u /* a compressed block's */

#define BLOCK_COMPRESSED 2u
#define LITERALS_COMPRESSED 2u /* and above: Huffman coding; below: raw, or one byte repeated */

/* Literals in Huffman coding; *size: bytes of the whole section. */
static u32 huffman_literals(const u8 *at, u32 *size)
{
	/* Five bytes are there: the least compressed section with as large a header is longer. */
	u64 head = at[0] | (u64)at[1] << 8 | (u64)at[2] << 16 | (u64)at[3] << 24 | (u64)at[4] << 32;
	u32 type = head & 3, format = head >> 2 & 3;

	if (type < LITERALS_COMPRESSED) {
		u32 header = format == 1 ? 2 : format == 3 ? 3 : 1;
		u32 literals = (u32)(header == 1 ? (head & 0xff) >> 3 :
				     header == 2 ? (head & 0xffff) >> 4 : (head & 0xffffff) >> 4);

		*size = header + (type ? 1 : literals);
		return 0;
	}
	u32 bits = format < 2 ? 10 : format == 2 ? 14 : 18;

	*size = (format < 2 ? 3 : format == 2 ? 4 : 5) + (u32)(head >> (4 + bits) & ((1u << bits) - 1));
	return (u32)(head >> 4 & ((1u << bits) - 1));
}

static u32 sequences(const u8 *at)
{
	if (at[0] < 128)
		return at[0];
	return at[0] < 255 ? (at[0] - 128u) << 8 | at[1] : tr_get16(at + 1) + 0x7f00u;
}

u64 tr_frame_cost_ps(const u8 *frame, size_t size)
{
	const u8 *end = frame + size;
	ZSTD_frameHeader header;
	u64 cost = 0;
	u32 head = 0;

	if (ZSTD_getFrameHeader(&header, frame, size))
		return 0;
	for (const u8 *at = frame + header.headerSize; !(head & 1) && end - at >= 3;) {
		u32 type, literals_size;

		head = at[0] | (u32)at[1] << 8 | (u32)at[2] << 16;
		at += 3;
		type = head >> 1 & 3;
		if (type == BLOCK_COMPRESSED) {
			u64 literals = huffman_literals(at, &literals_size);

			cost += TABLES_PS + literals * HUFFMAN_PS +
				(u64)SEQUENCE_PS * sequences(at + literals_size);
		}
		at += type == 1 ? 1 : head >> 3;
	}
	return cost;
}
