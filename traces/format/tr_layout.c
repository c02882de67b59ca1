/* SPDX-License-Identifier: BSD-2-Clause */
/* tr_layout.c - see tr_layout.h. */
#include <errno.h>

#include "tr_block.h"
#include "tr_bytes.h"
#include "tr_hash.h"
#include "tr_layout.h"
#include "tr_number.h"

void tr_layout_put_header(u8 *bytes, const struct tr_meta *meta, u32 origin_size)
{
	memset(bytes, 0, TR_HEADER_BYTES);
	memcpy(bytes, TR_MAGIC, TR_MAGIC_SIZE);
	tr_put32(bytes + 8, TR_VERSION);
	tr_put32(bytes + 12, meta->numbering);
	tr_put32(bytes + 16, meta->default_type);
	tr_put32(bytes + 20, origin_size);
	tr_put64(bytes + 24, meta->window_ns);
	tr_put64(bytes + 40, tr_hash64(bytes, 40, 0));
}

int tr_layout_get_header(const u8 *bytes, struct tr_meta *meta, u32 *origin_size,
			 const char **reason)
{
	*reason = NULL;
	if (memcmp(bytes, TR_MAGIC, TR_MAGIC_SIZE)) {
		*reason = memcmp(bytes + 1, TR_MAGIC + 1, 3) ?
				  "not a .wst file" :
				  "not a whole .wst file: a transfer in text mode changed it";
		return -EINVAL;
	}
	if (tr_get32(bytes + 8) != TR_VERSION) {
		*reason = "version of the format is not 1";
		return -EINVAL;
	}
	meta->numbering = tr_get32(bytes + 12);
	meta->default_type = tr_get32(bytes + 16);
	*origin_size = tr_get32(bytes + 20);
	meta->window_ns = tr_get64(bytes + 24);
	if (tr_get64(bytes + 40) != tr_hash64(bytes, 40, 0))
		*reason = "header is corrupt (its checksum does not match)";
	else if (meta->numbering > TR_NUMBER_OBJECTS)
		*reason = "numbering is neither regions nor objects";
	else if (meta->default_type > TR_UNEVICTABLE)
		*reason = "default type is unknown";
	else if (*origin_size > TR_ORIGIN_MAX)
		*reason = "origin text is longer than 64 KiB";
	else if (meta->window_ns >= TR_TIME_MAX)
		*reason = "window is out of range";
	return *reason ? -EINVAL : 0;
}

void tr_layout_put_index(u8 *bytes, const struct tr_index_entry *entry)
{
	memset(bytes, 0, TR_INDEX_BYTES);
	tr_put64(bytes, entry->offset);
	tr_put64(bytes + 8, entry->time_ns);
	tr_put64(bytes + 16, entry->end_ns);
	tr_put64(bytes + 24, entry->check);
	tr_put32(bytes + 32, entry->records_count);
	tr_put16(bytes + 36, entry->stream);
}

void tr_layout_get_index(struct tr_index_entry *entry, const u8 *bytes)
{
	entry->offset = tr_get64(bytes);
	entry->time_ns = tr_get64(bytes + 8);
	entry->end_ns = tr_get64(bytes + 16);
	entry->check = tr_get64(bytes + 24);
	entry->records_count = tr_get32(bytes + 32);
	entry->stream = tr_get16(bytes + 36);
}

u64 tr_layout_digest(const u8 *footer_bytes, u64 so_far)
{
	return tr_hash64(footer_bytes, TR_FOOTER_BYTES - 16, so_far);
}

u64 tr_layout_put_footer(u8 *bytes, const struct tr_meta *meta, const struct tr_footer *footer,
			 u64 so_far)
{
	memset(bytes, 0, TR_FOOTER_BYTES);
	tr_put64(bytes, footer->index_offset);
	tr_put64(bytes + 8, footer->blocks_count);
	tr_put32(bytes + 16, meta->streams_count);
	tr_put32(bytes + 20, meta->memcgs_count);
	tr_put32(bytes + 24, meta->nodes_count);
	tr_put32(bytes + 28, meta->pages_count);
	tr_put32(bytes + 32, meta->pages_touched);
	for (int op = 0; op < 4; op++)
		tr_put64(bytes + 40 + 8 * op, meta->records[op]);
	tr_put64(bytes + 72, meta->span_ns);
	tr_put64(bytes + 80, meta->idle_ns);
	u64 digest = tr_layout_digest(bytes, so_far);
	tr_put64(bytes + 112, digest);
	memcpy(bytes + 120, TR_END_MAGIC, TR_MAGIC_SIZE);
	return digest;
}

int tr_layout_get_footer(const u8 *bytes, struct tr_meta *meta, struct tr_footer *footer,
			 const char **reason)
{
	*reason = NULL;
	if (memcmp(bytes + 120, TR_END_MAGIC, TR_MAGIC_SIZE)) {
		*reason = "the footer is missing: the file is truncated, or still being written";
		return -EINVAL;
	}
	footer->index_offset = tr_get64(bytes);
	footer->blocks_count = tr_get64(bytes + 8);
	meta->streams_count = tr_get32(bytes + 16);
	meta->memcgs_count = tr_get32(bytes + 20);
	meta->nodes_count = tr_get32(bytes + 24);
	meta->pages_count = tr_get32(bytes + 28);
	meta->pages_touched = tr_get32(bytes + 32);
	for (int op = 0; op < 4; op++)
		meta->records[op] = tr_get64(bytes + 40 + 8 * op);
	meta->span_ns = tr_get64(bytes + 72);
	meta->idle_ns = tr_get64(bytes + 80);
	footer->digest = tr_get64(bytes + 112);
	if (meta->streams_count > TR_STREAMS_MAX)
		*reason = "footer claims more than 1024 streams";
	else if (meta->pages_count > TR_PAGES_MAX || meta->pages_touched > meta->pages_count)
		*reason = "footer claims an impossible number of pages";
	else if (!meta->memcgs_count || meta->memcgs_count > 65536 || !meta->nodes_count ||
		 meta->nodes_count > 256)
		*reason = "footer claims an impossible number of memcgs or nodes";
	else if (meta->span_ns >= TR_TIME_MAX)
		*reason = "footer claims an impossible span";
	return *reason ? -EINVAL : 0;
}
