/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * trace_mend.h - gives a changed .wst file right checksums again, as an attacker
 * would, so that tests reach what lies behind them.
 */
#ifndef TRACE_MEND_H
#define TRACE_MEND_H

#include "tr_block.h"
#include "tr_bytes.h"
#include "tr_hash.h"
#include "tr_layout.h"

static inline void trace_mend_block(u8 *block, u64 size, u8 *index_entry)
{
	u64 check = tr_hash64(block, TR_BLOCK_HEAD_BYTES - 8, 0);

	check = tr_hash64(block + TR_BLOCK_HEAD_BYTES, size - TR_BLOCK_HEAD_BYTES, check);
	tr_put64(block + TR_BLOCK_HEAD_BYTES - 8, check);
	tr_put64(index_entry + 24, check);
}

static inline void trace_mend(u8 *bytes, size_t size)
{
	if (size < TR_HEADER_BYTES + TR_FOOTER_BYTES)
		return;
	u32 origin_size = tr_get32(bytes + 20);
	u8 *footer = bytes + size - TR_FOOTER_BYTES;
	u64 index_offset = tr_get64(footer), count = tr_get64(footer + 8);

	tr_put64(bytes + 40, tr_hash64(bytes, 40, 0));
	u64 hash = tr_hash64(bytes, TR_HEADER_BYTES, 0);
	if (TR_HEADER_BYTES + (u64)origin_size > size || index_offset > size ||
	    count > (size - index_offset) / TR_INDEX_BYTES)
		return;
	hash = tr_hash64(bytes + TR_HEADER_BYTES, origin_size, hash);
	for (u64 i = 0; i < count; i++) {
		u8 *entry = bytes + index_offset + i * TR_INDEX_BYTES;
		u64 offset = tr_get64(entry), end = index_offset;
		if (i + 1 < count)
			end = tr_get64(entry + TR_INDEX_BYTES);
		if (offset < end && end <= size && end - offset > TR_BLOCK_HEAD_BYTES)
			trace_mend_block(bytes + offset, end - offset, entry);
		hash = tr_hash64(entry, TR_INDEX_BYTES, hash);
	}
	tr_put64(footer + TR_FOOTER_BYTES - 16, tr_layout_digest(footer, hash));
}

#endif /* TRACE_MEND_H */
