/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tr_layout.h - header, index and footer of a .wst file, as bytes.
 *
 * Internal to the trace file; traces/README.md gives every byte.
 */
#ifndef TR_LAYOUT_H
#define TR_LAYOUT_H

#include "tr_error.h"
#include "tr_file.h"

/* As PNG's: a byte above 127, CR LF, ^Z and LF betray transfers that changed the file. */
#define TR_MAGIC "\x89WST\r\n\x1a\n"
#define TR_END_MAGIC "WSTEND\r\n"
#define TR_MAGIC_SIZE 8
#define TR_VERSION 1
#define TR_HEADER_BYTES 48u /* without the origin text */
#define TR_INDEX_BYTES 40u  /* one block */
#define TR_FOOTER_BYTES 128u
#define TR_ORIGIN_MAX 65536u

struct tr_index_entry {
	u64 offset; /* of the block's head, from the start of the file */
	u64 time_ns, end_ns;
	u64 check; /* the block head's */
	u32 records_count;
	u16 stream;
};

struct tr_footer {
	u64 index_offset;
	u64 blocks_count;
	u64 digest; /* over header, origin, index and totals, hence over all blocks' checks */
};

void tr_layout_put_header(u8 *bytes, const struct tr_meta *meta, u32 origin_size);
/* @meta gets the header's fields; *origin_size what follows.  0 or -EINVAL with *reason. */
int tr_layout_get_header(const u8 *bytes, struct tr_meta *meta, u32 *origin_size,
			 const char **reason);
void tr_layout_put_index(u8 *bytes, const struct tr_index_entry *entry);
void tr_layout_get_index(struct tr_index_entry *entry, const u8 *bytes);
/* The digest is taken over @so_far (hash of what stands before) and the footer's own bytes. */
u64 tr_layout_put_footer(u8 *bytes, const struct tr_meta *meta, const struct tr_footer *footer,
			 u64 so_far);
int tr_layout_get_footer(const u8 *bytes, struct tr_meta *meta, struct tr_footer *footer,
			 const char **reason);
/* What the digest must be, given the hash of header, origin and index. */
u64 tr_layout_digest(const u8 *footer_bytes, u64 so_far);

#endif /* TR_LAYOUT_H */
