/* SPDX-License-Identifier: BSD-2-Clause */
/* tr_decoded.c - decoded blocks in memory, shared by all who read the file. */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#define ZSTD_STATIC_LINKING_ONLY /* names ZSTD_d_forceIgnoreChecksum */
#include "tr_decoded.h"
#include "tr_file.h"
#include "tr_hash.h"
#include "tr_number.h"

#define IDLE_MAX 32u /* blocks kept for those that come after, some 10 MB */

int tr_fail_block(const struct tr_file *file, u32 block, const char *reason,
		  struct tr_error *error)
{
	return tr_fail(error, -EINVAL, "%s: block %u at byte %llu: %s", file->path, block,
		       file->blocks[block].entry.offset, reason);
}

int tr_workspace_init(struct tr_workspace *workspace)
{
	*workspace = (struct tr_workspace){ .zstd = ZSTD_createDCtx() };
	if (!workspace->zstd)
		return -ENOMEM;
	/* The block's own checksum was right by then; a zstd that cannot skip its own does not. */
	ZSTD_DCtx_setParameter(workspace->zstd, ZSTD_d_forceIgnoreChecksum, ZSTD_d_ignoreChecksum);
	return 0;
}

void tr_workspace_destroy(struct tr_workspace *workspace)
{
	free(workspace->stored);
	free(workspace->raw);
	ZSTD_freeDCtx(workspace->zstd);
	*workspace = (struct tr_workspace){ .zstd = NULL };
}

static int reserve(u8 **bytes, size_t *capacity, size_t size)
{
	if (size <= *capacity)
		return 0;
	u8 *grown = realloc(*bytes, size);
	if (!grown)
		return -ENOMEM;
	*bytes = grown;
	*capacity = size;
	return 0;
}

/* Does the head in the file say what the index says, and does the block hash to it? */
static int check_stored(const struct tr_file *file, u32 block, const u8 *stored,
			struct tr_block_head *head, struct tr_error *error)
{
	const struct tr_block_ref *ref = &file->blocks[block];
	const struct tr_index_entry *entry = &ref->entry;
	const char *reason;
	u64 check;

	if (tr_block_get_head(head, stored, &reason))
		return tr_fail_block(file, block, reason, error);
	if (head->stream != entry->stream || head->records_count != entry->records_count ||
	    head->time_ns != entry->time_ns || head->end_ns != entry->end_ns ||
	    head->check != entry->check ||
	    head->stored_size != ref->stored_size - TR_BLOCK_HEAD_BYTES)
		return tr_fail_block(file, block, "is not what the index says", error);
	check = tr_hash64(stored, TR_BLOCK_HEAD_BYTES - 8, 0);
	check = tr_hash64(stored + TR_BLOCK_HEAD_BYTES, head->stored_size, check);
	if (check != head->check)
		return tr_fail_block(file, block, "is corrupt (its checksum does not match)", error);
	return 0;
}

/* Bytes of the block into workspace->raw, decompressed. */
static int read_block(const struct tr_file *file, u32 block, struct tr_workspace *workspace,
		      struct tr_block_head *head, struct tr_error *error)
{
	const struct tr_block_ref *ref = &file->blocks[block];
	int rc;

	if (reserve(&workspace->stored, &workspace->stored_capacity, ref->stored_size))
		return tr_fail(error, -ENOMEM, "%s: out of memory", file->path);
	rc = tr_reader_read(file, workspace->stored, ref->stored_size, ref->entry.offset, error);
	if (rc)
		return rc;
	rc = check_stored(file, block, workspace->stored, head, error);
	if (rc)
		return rc;
	u32 raw_size = tr_block_raw_size(head);
	if (reserve(&workspace->raw, &workspace->raw_capacity, raw_size + TR_BLOCK_SLACK))
		return tr_fail(error, -ENOMEM, "%s: out of memory", file->path);
	size_t got = ZSTD_decompressDCtx(workspace->zstd, workspace->raw, raw_size,
					 workspace->stored + TR_BLOCK_HEAD_BYTES, head->stored_size);
	if (ZSTD_isError(got))
		return tr_fail_block(file, block, ZSTD_getErrorName(got), error);
	if (got != raw_size)
		return tr_fail_block(file, block, "is shorter than its head says", error);
	memset(workspace->raw + raw_size, 0, TR_BLOCK_SLACK);
	return 0;
}

/* No more than the block needs: a trace may have a thousand short streams. */
static int reserve_entries(struct tr_decoded *decoded, u32 count)
{
	if (decoded->entry && count <= decoded->entry_capacity)
		return 0;
	u32 *grown = realloc(decoded->entry, (count + TR_RUN_AHEAD) * sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	decoded->entry = grown;
	decoded->entry_capacity = count;
	return 0;
}

static int reserve_runs(struct tr_decoded *decoded, u32 count)
{
	if (decoded->run && count <= decoded->runs_capacity)
		return 0;
	struct tr_block_run *grown = realloc(decoded->run, (count + 1) * sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	decoded->run = grown;
	decoded->runs_capacity = count;
	return 0;
}

int tr_decoded_fill(struct tr_decoded *decoded, const struct tr_file *file, u32 block,
		    struct tr_workspace *workspace, struct tr_error *error)
{
	const struct tr_run_bounds bounds = { file->meta.memcgs_count, file->meta.nodes_count };
	struct tr_block_head *head = &decoded->head;
	const char *reason;
	u32 page_max = 0;
	int rc = read_block(file, block, workspace, head, error);

	if (rc)
		return rc;
	if (reserve_entries(decoded, head->records_count) ||
	    reserve_runs(decoded, head->runs_count))
		return tr_fail(error, -ENOMEM, "%s: out of memory", file->path);
	if (tr_block_decode(decoded->entry, head->records_count, workspace->raw, head->data_size,
			    &page_max))
		return tr_fail_block(file, block, "lengths of its entries do not add up", error);
	if (head->records_count && page_max >= file->meta.pages_count)
		return tr_fail_block(file, block, "has a page beyond the trace's last", error);
	memset(decoded->entry + head->records_count, 0, TR_RUN_AHEAD * sizeof(*decoded->entry));
	const u8 *runs = workspace->raw + tr_block_raw_size(head) - head->runs_size;
	if (tr_block_get_runs(decoded->run, head, runs, &bounds, &reason))
		return tr_fail_block(file, block, reason, error);
	return 0;
}

void tr_decoded_release(struct tr_decoded *decoded)
{
	free(decoded->entry);
	free(decoded->run);
	*decoded = (struct tr_decoded){ .entry = NULL };
}

/* --- shared --- */

int tr_file_share(struct tr_file *file)
{
	struct tr_share *share = file->share;

	if (share) {
		share->idle_max = IDLE_MAX;
		return 0;
	}
	share = calloc(1, sizeof(*share));
	if (!share)
		return -ENOMEM;
	/* A single reader goes on into the memory that it just left: it is in the caches. */
	share->idle_max = 1;
	share->of_block = calloc((size_t)file->blocks_count + 1, sizeof(*share->of_block));
	if (!share->of_block || tr_workspace_init(&share->workspace)) {
		tr_share_close(share);
		return -ENOMEM;
	}
	file->share = share;
	return 0;
}

/* The one without readers for the longest time, to be filled anew. */
static struct tr_decoded *take_idle(struct tr_share *share)
{
	struct tr_decoded *decoded = share->idle_first;

	share->idle_first = decoded->next;
	if (!share->idle_first)
		share->idle_last = NULL;
	share->idle_count--;
	share->of_block[decoded->block] = NULL;
	return decoded;
}

/* A block without readers has one again. */
static void revive(struct tr_share *share, struct tr_decoded *decoded)
{
	struct tr_decoded **link = &share->idle_first, *before = NULL;

	while (*link != decoded) {
		before = *link;
		link = &before->next;
	}
	*link = decoded->next;
	if (share->idle_last == decoded)
		share->idle_last = before;
	share->idle_count--;
}

int tr_share_take(struct tr_file *file, u32 block, struct tr_decoded **result,
		  struct tr_error *error)
{
	struct tr_share *share = file->share;
	struct tr_decoded *decoded = share->of_block[block];

	*result = NULL;
	if (decoded) {
		if (!decoded->readers)
			revive(share, decoded);
	} else {
		decoded = share->idle_count >= share->idle_max ? take_idle(share)
							       : calloc(1, sizeof(*decoded));
		if (!decoded)
			return tr_fail(error, -ENOMEM, "%s: out of memory", file->path);
		int rc = tr_decoded_fill(decoded, file, block, &share->workspace, error);

		if (rc) {
			tr_decoded_release(decoded);
			free(decoded);
			return rc;
		}
		decoded->block = block;
		share->of_block[block] = decoded;
	}
	decoded->readers++;
	*result = decoded;
	return 0;
}

void tr_share_give(struct tr_file *file, struct tr_decoded *decoded)
{
	struct tr_share *share = file->share;

	assert(decoded->readers);
	if (--decoded->readers)
		return;
	decoded->next = NULL;
	*(share->idle_last ? &share->idle_last->next : &share->idle_first) = decoded;
	share->idle_last = decoded;
	share->idle_count++;
	while (share->idle_count > share->idle_max) {
		decoded = take_idle(share);
		tr_decoded_release(decoded);
		free(decoded);
	}
}

void tr_share_close(struct tr_share *share)
{
	if (!share)
		return;
	while (share->idle_first) {
		struct tr_decoded *decoded = take_idle(share);

		tr_decoded_release(decoded);
		free(decoded);
	}
	tr_workspace_destroy(&share->workspace);
	free(share->of_block);
	free(share);
}
