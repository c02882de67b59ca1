/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tr_reader.c - opens .wst files: header, footer and index.
 *
 * Every byte is taken as hostile.  What passes here bounds all that cursors
 * allocate; the blocks themselves are checked when a cursor reads them.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tr_decoded.h"
#include "tr_hash.h"
#include "tr_number.h"

int tr_reader_read(const struct tr_file *file, void *bytes, size_t size, u64 offset,
		   struct tr_error *error)
{
	u8 *to = bytes;

	while (size) {
		ssize_t got = pread(file->fd, to, size, (off_t)offset);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return tr_fail(error, -errno, "%s: byte %llu: cannot read: %s", file->path,
				       offset, strerror(errno));
		if (!got)
			return tr_fail(error, -EINVAL, "%s: byte %llu: the file ends here",
				       file->path, offset);
		to += got;
		size -= (size_t)got;
		offset += (u64)got;
	}
	return 0;
}

static int read_header(struct tr_file *file, u64 file_size, u64 *blocks_offset, u64 *hash,
		       struct tr_error *error)
{
	u8 bytes[TR_HEADER_BYTES];
	const char *reason;
	u32 origin_size;

	if (file_size < sizeof(bytes) + TR_FOOTER_BYTES) {
		size_t size = file_size < 8 ? (size_t)file_size : 8;
		memset(bytes, 0, sizeof(bytes));
		int rc = tr_reader_read(file, bytes, size, 0, error);
		if (rc)
			return rc;
		if (size < 4 || memcmp(bytes, TR_MAGIC, size))
			return tr_fail(error, -EINVAL, "%s: byte 0: not a .wst file", file->path);
		return tr_fail(error, -EINVAL, "%s: byte %llu: the file is truncated", file->path,
			       file_size);
	}
	int rc = tr_reader_read(file, bytes, sizeof(bytes), 0, error);
	if (rc)
		return rc;
	if (tr_layout_get_header(bytes, &file->meta, &origin_size, &reason))
		return tr_fail(error, -EINVAL, "%s: byte 0: %s", file->path, reason);
	*blocks_offset = sizeof(bytes) + (u64)origin_size;
	if (*blocks_offset + TR_FOOTER_BYTES > file_size)
		return tr_fail(error, -EINVAL, "%s: byte %llu: the file is truncated", file->path,
			       file_size);
	file->origin = calloc(1, origin_size + 1);
	if (!file->origin)
		return tr_fail(error, -ENOMEM, "%s: out of memory", file->path);
	rc = tr_reader_read(file, file->origin, origin_size, sizeof(bytes), error);
	*hash = tr_hash64(bytes, sizeof(bytes), 0);
	*hash = tr_hash64(file->origin, origin_size, *hash);
	return rc;
}

static int bad_index(const struct tr_file *file, u32 block, u64 offset, const char *reason,
		     struct tr_error *error)
{
	return tr_fail(error, -EINVAL, "%s: index entry of block %u at byte %llu: %s", file->path,
		       block, offset, reason);
}

/* Blocks lie one behind the other and each stream's times touch. */
static const char *check_ref(const struct tr_file *file, const struct tr_block_ref *ref,
			     u64 expected_offset, u64 end_offset, const struct tr_block_ref *before)
{
	const struct tr_index_entry *entry = &ref->entry;

	if (entry->offset != expected_offset || end_offset < entry->offset)
		return "the block is not behind the one before it";
	if (end_offset - entry->offset < TR_BLOCK_HEAD_BYTES ||
	    end_offset - entry->offset > 8u * TR_BLOCK_RECORDS * TR_RUN_BYTES_MAX)
		return "the block's size is impossible";
	if (entry->records_count > TR_BLOCK_RECORDS)
		return "more than 65536 records";
	if (entry->stream >= file->meta.streams_count)
		return "the stream does not exist";
	if (entry->time_ns > entry->end_ns || entry->end_ns > file->meta.span_ns)
		return "times are out of order, or later than the trace";
	if (before && before->entry.end_ns != entry->time_ns)
		return "the block does not begin when the stream's block before it ends";
	return NULL;
}

/* Chain the blocks of each stream; check everything the index says. */
static int link_blocks(struct tr_file *file, const struct tr_footer *footer, u64 blocks_offset,
		       struct tr_error *error)
{
	u32 *last = malloc(file->meta.streams_count * sizeof(*last) + 1);
	u64 offset = blocks_offset, records = 0;
	const u64 *by_op = file->meta.records;

	if (!last)
		return tr_fail(error, -ENOMEM, "%s: out of memory", file->path);
	for (u32 i = 0; i < file->meta.streams_count; i++)
		last[i] = file->first_in_stream[i] = TR_NO_BLOCK;
	for (u32 i = 0; i < file->blocks_count; i++) {
		struct tr_block_ref *ref = &file->blocks[i];
		u64 end = i + 1 < file->blocks_count ? ref[1].entry.offset : footer->index_offset;
		u32 stream = ref->entry.stream;
		u32 before = stream < file->meta.streams_count ? last[stream] : TR_NO_BLOCK;
		const char *reason =
			check_ref(file, ref, offset, end,
				  before == TR_NO_BLOCK ? NULL : &file->blocks[before]);
		if (reason) {
			free(last);
			return bad_index(file, i, footer->index_offset + (u64)i * TR_INDEX_BYTES,
					 reason, error);
		}
		ref->stored_size = (u32)(end - offset);
		ref->next_in_stream = TR_NO_BLOCK;
		*(before == TR_NO_BLOCK ? &file->first_in_stream[stream] :
					  &file->blocks[before].next_in_stream) = i;
		last[stream] = i;
		records += ref->entry.records_count;
		offset = end;
	}
	free(last);
	if (offset != footer->index_offset ||
	    records != by_op[TR_ACCESS] + by_op[TR_ALLOC] + by_op[TR_FREE])
		return tr_fail(error, -EINVAL, "%s: footer: its totals are not the index's",
			       file->path);
	return 0;
}

static int read_index(struct tr_file *file, u64 file_size, u64 blocks_offset, u64 hash,
		      struct tr_error *error)
{
	u64 footer_offset = file_size - TR_FOOTER_BYTES;
	u8 bytes[TR_FOOTER_BYTES];
	struct tr_footer footer;
	const char *reason;
	int rc = tr_reader_read(file, bytes, sizeof(bytes), footer_offset, error);

	if (rc)
		return rc;
	if (tr_layout_get_footer(bytes, &file->meta, &footer, &reason))
		return tr_fail(error, -EINVAL, "%s: byte %llu: %s", file->path, footer_offset,
			       reason);
	if (footer.index_offset < blocks_offset || footer.index_offset > footer_offset ||
	    (footer_offset - footer.index_offset) % TR_INDEX_BYTES ||
	    (footer_offset - footer.index_offset) / TR_INDEX_BYTES != footer.blocks_count ||
	    footer.blocks_count >= TR_NO_BLOCK)
		return tr_fail(error, -EINVAL, "%s: byte %llu: footer: the index is not there",
			       file->path, footer_offset);
	file->blocks_count = (u32)footer.blocks_count;
	file->blocks = malloc(file->blocks_count * sizeof(*file->blocks) + 1);
	file->first_in_stream = malloc(file->meta.streams_count * sizeof(u32) + 1);
	if (!file->blocks || !file->first_in_stream)
		return tr_fail(error, -ENOMEM, "%s: out of memory", file->path);
	for (u32 i = 0; i < file->blocks_count; i++) {
		u8 entry[TR_INDEX_BYTES];
		rc = tr_reader_read(file, entry, sizeof(entry),
				    footer.index_offset + (u64)i * TR_INDEX_BYTES, error);
		if (rc)
			return rc;
		hash = tr_hash64(entry, sizeof(entry), hash);
		tr_layout_get_index(&file->blocks[i].entry, entry);
	}
	file->digest = footer.digest;
	if (tr_layout_digest(bytes, hash) != footer.digest)
		return tr_fail(error, -EINVAL,
			       "%s: header, index or footer is corrupt (the digest does not match)",
			       file->path);
	return link_blocks(file, &footer, blocks_offset, error);
}

int tr_file_open(struct tr_file **result, const char *path, struct tr_error *error)
{
	struct tr_file *file = calloc(1, sizeof(*file));
	u64 blocks_offset = 0, hash = 0;
	struct stat stat;
	int rc;

	if (!file)
		return tr_fail(error, -ENOMEM, "%s: out of memory", path);
	file->path = strdup(path);
	file->fd = open(path, O_RDONLY | O_CLOEXEC);
	if (!file->path || file->fd < 0 || fstat(file->fd, &stat)) {
		rc = tr_fail(error, -errno, "%s: cannot open: %s", path, strerror(errno));
		goto out;
	}
	if (!S_ISREG(stat.st_mode)) {
		rc = tr_fail(error, -EINVAL, "%s: not a regular file, which .wst must be", path);
		goto out;
	}
	rc = read_header(file, (u64)stat.st_size, &blocks_offset, &hash, error);
	if (!rc)
		rc = read_index(file, (u64)stat.st_size, blocks_offset, hash, error);
	if (rc)
		goto out;
	file->meta.origin = file->origin;
	*result = file;
	return 0;
out:
	tr_file_close(file);
	return rc;
}

const struct tr_meta *tr_file_meta(const struct tr_file *file)
{
	return &file->meta;
}

u64 tr_file_digest(const struct tr_file *file)
{
	return file->digest;
}

void tr_file_close(struct tr_file *file)
{
	if (!file)
		return;
	if (file->fd >= 0)
		close(file->fd);
	tr_share_close(file->share);
	free(file->blocks);
	free(file->first_in_stream);
	free(file->origin);
	free(file->path);
	free(file);
}
