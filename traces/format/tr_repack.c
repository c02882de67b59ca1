/* SPDX-License-Identifier: BSD-2-Clause */
/* tr_repack.c - see tr_repack.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tr_decoded.h"
#include "tr_file.h"
#include "tr_hash.h"
#include "tr_pack.h"
#include "tr_place.h"
#include "tr_repack.h"

struct repack {
	struct tr_file *file;
	struct tr_place place;
	const char *path;
	const volatile bool *stop;
	struct tr_workspace workspace;
	struct tr_decoded decoded;
	struct tr_pack pack;
	u8 *raw; /* of the block at hand */
	size_t capacity;
	struct tr_pack_sizes *sizes; /* by block */
	u64 offset, hash;
};

static int put(struct repack *repack, const void *bytes, size_t size, struct tr_error *error)
{
	if (fwrite(bytes, 1, size, repack->place.stream) != size)
		return tr_fail(error, errno ? -errno : -EIO, "%s: byte %llu: cannot write: %s",
			       repack->path, repack->offset, strerror(errno ? errno : EIO));
	repack->offset += size;
	return 0;
}

static int put_hashed(struct repack *repack, const void *bytes, size_t size,
		      struct tr_error *error)
{
	repack->hash = tr_hash64(bytes, size, repack->hash);
	return put(repack, bytes, size, error);
}

static int put_header(struct repack *repack, struct tr_error *error)
{
	u32 size = (u32)strlen(repack->file->origin);
	u8 header[TR_HEADER_BYTES];

	tr_layout_put_header(header, &repack->file->meta, size);
	int rc = put_hashed(repack, header, sizeof(header), error);

	return rc ? rc : put_hashed(repack, repack->file->origin, size, error);
}

/* Block @block into repack->raw: entries as they were, runs as columns; the head says so. */
static int get_block(struct repack *repack, u32 block, struct tr_error *error)
{
	struct tr_block_head *head = &repack->decoded.head;
	int rc = repack->stop && *repack->stop ?
			 tr_fail(error, -EINTR, "%s: interrupted; nothing written", repack->path) :
			 tr_decoded_fill(&repack->decoded, repack->file, block, &repack->workspace,
					 error);

	if (rc)
		return rc;
	u32 entries = tr_block_raw_size(head) - head->runs_size;
	size_t room = entries + (size_t)head->runs_count * TR_RUN_BYTES_MAX;

	if (room > repack->capacity) {
		u8 *raw = realloc(repack->raw, room);

		if (!raw)
			return tr_fail(error, -ENOMEM, "%s: out of memory", repack->path);
		repack->raw = raw;
		repack->capacity = room;
	}
	memcpy(repack->raw, repack->workspace.raw, entries);
	head->runs_layout = TR_RUNS_COLUMNS;
	head->runs_size = tr_block_put_columns(repack->raw + entries, repack->decoded.run,
					       head->runs_count);
	return 0;
}

static int fail_pack(const struct repack *repack, int rc, const char *reason,
		     struct tr_error *error)
{
	if (rc == -ENOMEM)
		return tr_fail(error, rc, "%s: out of memory", repack->path);
	return tr_fail(error, rc, "%s: byte %llu: cannot compress: %s", repack->path,
		       repack->offset, reason);
}

/* What each block takes in each way, and which one it gets. */
static int choose(struct repack *repack, struct tr_error *error)
{
	const struct tr_file *file = repack->file;
	u64 records = 0, rest = TR_HEADER_BYTES + strlen(file->origin) + TR_FOOTER_BYTES +
				(u64)file->blocks_count * (TR_BLOCK_HEAD_BYTES + TR_INDEX_BYTES);
	const char *reason = NULL;

	repack->sizes = calloc(file->blocks_count + 1, sizeof(*repack->sizes));
	if (!repack->sizes)
		return fail_pack(repack, -ENOMEM, NULL, error);
	for (u32 i = 0; i < file->blocks_count; i++) {
		int rc = get_block(repack, i, error);

		if (rc)
			return rc;
		rc = tr_pack_try(&repack->pack, repack->raw, &repack->decoded.head,
				 &repack->sizes[i], &reason);
		if (rc)
			return fail_pack(repack, rc, reason, error);
		records += file->blocks[i].entry.records_count;
	}
	u64 budget = (u64)(TR_REPACK_BYTES * (double)records);

	tr_pack_choose(repack->sizes, file->blocks_count, budget > rest ? budget - rest : 0);
	return 0;
}

/* Block @block, and its index entry's new place and checksum. */
static int put_block(struct repack *repack, u32 block, struct tr_error *error)
{
	struct tr_index_entry *entry = &repack->file->blocks[block].entry;
	struct tr_block_head *head = &repack->decoded.head;
	u8 bytes[TR_BLOCK_HEAD_BYTES];
	const char *reason = NULL;
	int rc = get_block(repack, block, error);

	if (rc)
		return rc;
	rc = tr_pack_as(&repack->pack, repack->sizes[block].chosen, repack->raw, head,
			&reason);
	if (rc)
		return fail_pack(repack, rc, reason, error);
	const u8 *stored = repack->pack.stored;
	tr_block_put_head(bytes, head);
	head->check = tr_hash64(stored, head->stored_size,
				tr_hash64(bytes, sizeof(bytes) - 8, 0));
	tr_block_put_head(bytes, head);
	entry->offset = repack->offset;
	entry->check = head->check;
	rc = put(repack, bytes, sizeof(bytes), error);
	return rc ? rc : put(repack, stored, head->stored_size, error);
}

/* All blocks have been read by then: the index in memory is the new file's. */
static int put_index(struct repack *repack, struct tr_error *error)
{
	const struct tr_file *file = repack->file;
	struct tr_footer footer = { .index_offset = repack->offset,
				    .blocks_count = file->blocks_count };
	u8 bytes[TR_FOOTER_BYTES];
	int rc = 0;

	for (u32 i = 0; !rc && i < file->blocks_count; i++) {
		tr_layout_put_index(bytes, &file->blocks[i].entry);
		rc = put_hashed(repack, bytes, TR_INDEX_BYTES, error);
	}
	tr_layout_put_footer(bytes, &file->meta, &footer, repack->hash);
	return rc ? rc : put(repack, bytes, TR_FOOTER_BYTES, error);
}

static int write_all(struct repack *repack, struct tr_error *error)
{
	int rc = choose(repack, error);

	if (!rc)
		rc = put_header(repack, error);
	for (u32 i = 0; !rc && i < repack->file->blocks_count; i++)
		rc = put_block(repack, i, error);
	return rc ? rc : put_index(repack, error);
}

int tr_repack(const char *from, const char *to, const volatile bool *stop, struct tr_error *error)
{
	struct repack repack = { .path = to, .stop = stop };
	int rc = !tr_pack_init(&repack.pack) && !tr_workspace_init(&repack.workspace)
			 ? tr_file_open(&repack.file, from, error)
			 : tr_fail(error, -ENOMEM, "%s: out of memory", to);

	if (!rc)
		rc = tr_place_open(&repack.place, to, error);
	if (!rc)
		rc = write_all(&repack, error);
	if (!rc)
		rc = tr_place_commit(&repack.place, error);
	else
		tr_place_abort(&repack.place);
	tr_file_close(repack.file);
	tr_decoded_release(&repack.decoded);
	tr_workspace_destroy(&repack.workspace);
	tr_pack_destroy(&repack.pack);
	free(repack.raw);
	free(repack.sizes);
	return rc;
}
