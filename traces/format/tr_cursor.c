/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tr_cursor.c - walks through the runs of a .wst file, one block at a time.
 *
 * A merging cursor holds one block of each stream that is under way and hands out
 * the run that begins first, cut where another stream's next run begins.  A run
 * whose end is cut off keeps its records' times.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#define ZSTD_STATIC_LINKING_ONLY /* names ZSTD_d_forceIgnoreChecksum */
#include <zstd.h>

#include "tr_block_run.h"
#include "tr_hash.h"
#include "tr_number.h"
#include "tr_reader.h"

/* One stream under way. */
struct lane {
	u32 stream;
	u32 block, next_block; /* numbers in the file, for errors and for going on */
	u32 *entry, entry_capacity;
	u8 *runs;
	size_t runs_capacity;
	const u8 *runs_at, *runs_end;
	u32 records_count, records_at, runs_left;
	u64 end_ns; /* of the block */
	struct tr_run run; /* what is left of the run at hand; its time orders the lanes */
};

struct tr_cursor {
	struct tr_file *file;
	struct lane *lanes; /* one, or one a stream */
	u32 *heap;	    /* lanes by (time of run, stream) */
	u32 lanes_count, heap_count;
	bool started, behind; /* behind: lane heap[0] has handed out its run */
	struct lane *alone;   /* behind, and no other lane is under way: or NULL */
	int failed;
	u64 seek_ns;
	u8 *stored, *raw;
	size_t stored_capacity, raw_capacity;
	ZSTD_DCtx *zstd;
};

static int fail_block(struct tr_cursor *cursor, u32 block, const char *reason,
		      struct tr_error *error)
{
	return tr_fail(error, -EINVAL, "%s: block %u at byte %llu: %s", cursor->file->path, block,
		       cursor->file->blocks[block].entry.offset, reason);
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
static int check_stored(struct tr_cursor *cursor, u32 block, struct tr_block_head *head,
			struct tr_error *error)
{
	const struct tr_block_ref *ref = &cursor->file->blocks[block];
	const struct tr_index_entry *entry = &ref->entry;
	const char *reason;
	u64 check;

	if (tr_block_get_head(head, cursor->stored, &reason))
		return fail_block(cursor, block, reason, error);
	if (head->stream != entry->stream || head->records_count != entry->records_count ||
	    head->time_ns != entry->time_ns || head->end_ns != entry->end_ns ||
	    head->check != entry->check ||
	    head->stored_size != ref->stored_size - TR_BLOCK_HEAD_BYTES)
		return fail_block(cursor, block, "is not what the index says", error);
	check = tr_hash64(cursor->stored, TR_BLOCK_HEAD_BYTES - 8, 0);
	check = tr_hash64(cursor->stored + TR_BLOCK_HEAD_BYTES, head->stored_size, check);
	if (check != head->check)
		return fail_block(cursor, block, "is corrupt (its checksum does not match)", error);
	return 0;
}

/* Bytes of the block into cursor->raw, decompressed. */
static int read_block(struct tr_cursor *cursor, u32 block, struct tr_block_head *head,
		      struct tr_error *error)
{
	const struct tr_block_ref *ref = &cursor->file->blocks[block];
	int rc;

	if (reserve(&cursor->stored, &cursor->stored_capacity, ref->stored_size))
		return tr_fail(error, -ENOMEM, "%s: out of memory", cursor->file->path);
	rc = tr_reader_read(cursor->file, cursor->stored, ref->stored_size, ref->entry.offset,
			    error);
	if (rc)
		return rc;
	rc = check_stored(cursor, block, head, error);
	if (rc)
		return rc;
	u32 raw_size = tr_block_raw_size(head);
	if (reserve(&cursor->raw, &cursor->raw_capacity, raw_size + TR_BLOCK_SLACK))
		return tr_fail(error, -ENOMEM, "%s: out of memory", cursor->file->path);
	size_t got = ZSTD_decompressDCtx(cursor->zstd, cursor->raw, raw_size,
					 cursor->stored + TR_BLOCK_HEAD_BYTES, head->stored_size);
	if (ZSTD_isError(got))
		return fail_block(cursor, block, ZSTD_getErrorName(got), error);
	if (got != raw_size)
		return fail_block(cursor, block, "is shorter than its head says", error);
	memset(cursor->raw + raw_size, 0, TR_BLOCK_SLACK);
	return 0;
}

/* No more than the block needs: a trace may have a thousand short streams. */
static int reserve_entries(struct lane *lane, u32 count)
{
	if (count <= lane->entry_capacity)
		return 0;
	u32 *grown = realloc(lane->entry, count * sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	lane->entry = grown;
	lane->entry_capacity = count;
	return 0;
}

/* Decode cursor->raw into the lane. */
static int fill_lane(struct tr_cursor *cursor, struct lane *lane, u32 block,
		     const struct tr_block_head *head, struct tr_error *error)
{
	u32 control_size = tr_block_control_size(head->records_count), page_max = 0;

	if (reserve_entries(lane, head->records_count) ||
	    reserve(&lane->runs, &lane->runs_capacity, head->runs_size))
		return tr_fail(error, -ENOMEM, "%s: out of memory", cursor->file->path);
	if (tr_block_decode(lane->entry, head->records_count, cursor->raw, head->data_size,
			    &page_max))
		return fail_block(cursor, block, "lengths of its entries do not add up", error);
	if (head->records_count && page_max >= cursor->file->meta.pages_count)
		return fail_block(cursor, block, "has a page beyond the trace's last", error);
	memcpy(lane->runs, cursor->raw + control_size + head->data_size, head->runs_size);
	lane->runs_at = lane->runs;
	lane->runs_end = lane->runs + head->runs_size;
	lane->runs_left = head->runs_count;
	lane->records_at = 0;
	lane->records_count = head->records_count;
	lane->block = block;
	lane->next_block = cursor->file->blocks[block].next_in_stream;
	lane->end_ns = head->end_ns;
	lane->run.time_ns = head->time_ns;
	lane->run.span_ns = 0;
	return 0;
}

static void release_lane(struct lane *lane)
{
	free(lane->entry);
	free(lane->runs);
	lane->entry = NULL;
	lane->entry_capacity = 0;
	lane->runs = NULL;
	lane->runs_capacity = 0;
}

/* Take the lane's next run out of its block.  1, or a negative errno. */
static int decode_run(struct tr_cursor *cursor, struct lane *lane, struct tr_error *error)
{
	const struct tr_meta *meta = &cursor->file->meta;
	struct tr_run *run = &lane->run;
	u64 time_ns = run->time_ns + run->span_ns;

	lane->runs_at = tr_block_get_run(lane->runs_at, lane->runs_end, run);
	if (!lane->runs_at)
		return fail_block(cursor, lane->block, "has a run that is none", error);
	if (run->count > lane->records_count - lane->records_at)
		return fail_block(cursor, lane->block, "has runs of more records than it has",
				  error);
	if (run->memcg >= meta->memcgs_count || run->node >= meta->nodes_count)
		return fail_block(cursor, lane->block, "names a memcg or node that is none", error);
	run->stream = (u16)lane->stream;
	run->time_ns = time_ns;
	run->page = lane->entry + lane->records_at;
	lane->records_at += run->count;
	lane->runs_left--;
	if (time_ns + run->span_ns > lane->end_ns)
		return fail_block(cursor, lane->block, "has runs beyond its end", error);
	if (!lane->runs_left &&
	    (lane->records_at != lane->records_count || lane->runs_at != lane->runs_end ||
	     time_ns + run->span_ns != lane->end_ns))
		return fail_block(cursor, lane->block, "has runs that do not add up to it", error);
	return 1;
}

/*
 * The next run of a lane that is alone, if it is an ordinary one, straight into *run:
 * a copy out of lane->run would wait for its stores.  Never a block's last.
 */
static inline bool next_alone(struct lane *lane, struct tr_run *run)
{
	struct tr_run next;

	if (lane->runs_left < 2 || lane->runs_end - lane->runs_at < (s32)TR_RUN_FAST_BYTES)
		return false;
	const u8 *at = tr_block_get_run_fast(lane->runs_at, &next);
	u64 time_ns = lane->run.time_ns + lane->run.span_ns;
	if (!at || next.count > lane->records_count - lane->records_at ||
	    time_ns + next.span_ns > lane->end_ns)
		return false;
	run->op = next.op;
	run->kind = next.kind;
	run->type = next.type;
	run->node = 0;
	run->memcg = 0;
	run->stream = (u16)lane->stream;
	run->count = next.count;
	run->time_ns = lane->run.time_ns = time_ns;
	run->span_ns = lane->run.span_ns = next.span_ns;
	run->page = lane->entry + lane->records_at;
	lane->records_at += next.count;
	lane->runs_at = at;
	lane->runs_left--;
	return true;
}

/* The lane's next run into lane->run.  1, 0 at the stream's end, or a negative errno. */
static int next_run(struct tr_cursor *cursor, struct lane *lane, struct tr_error *error)
{
	if (!lane->runs_left) {
		struct tr_block_head head;
		if (lane->next_block == TR_NO_BLOCK) {
			release_lane(lane);
			return 0;
		}
		int rc = read_block(cursor, lane->next_block, &head, error);
		if (!rc)
			rc = fill_lane(cursor, lane, lane->next_block, &head, error);
		if (rc)
			return rc;
	}
	return decode_run(cursor, lane, error);
}

/* --- cutting runs --- */

/* Records of @run that happen before @time_ns (or at it, when @with_ties). */
static u32 records_until(const struct tr_run *run, u64 time_ns, bool with_ties)
{
	if (time_ns < run->time_ns)
		return 0;
	u64 reach = (time_ns - run->time_ns) + (u64)with_ties;
	if (reach >= run->span_ns)
		return reach ? run->count : 0;
	if (run->span_ns < (u64)1 << 46) /* else a division of 128 bits, which is slow */
		return (u32)((reach * run->count + run->span_ns - 1) / run->span_ns);
	unsigned __int128 count = (unsigned __int128)reach * run->count + run->span_ns - 1;
	return (u32)(count / run->span_ns);
}

/* Drop the first @count records; at least one remains. */
static void cut_front(struct tr_run *run, u32 count)
{
	u64 skip_ns = (u64)((unsigned __int128)run->span_ns * count / run->count);

	run->time_ns += skip_ns;
	run->span_ns -= skip_ns;
	run->count -= count;
	run->page += count;
}

/* --- the order of lanes --- */

static bool before(const struct tr_cursor *cursor, u32 a, u32 b)
{
	const struct tr_run *x = &cursor->lanes[a].run, *y = &cursor->lanes[b].run;

	return x->time_ns != y->time_ns ? x->time_ns < y->time_ns : x->stream < y->stream;
}

static void sift_down(struct tr_cursor *cursor, u32 at)
{
	for (;;) {
		u32 least = at, child = 2 * at + 1;
		for (u32 i = child; i < child + 2 && i < cursor->heap_count; i++)
			if (before(cursor, cursor->heap[i], cursor->heap[least]))
				least = i;
		if (least == at)
			return;
		u32 lane = cursor->heap[at];
		cursor->heap[at] = cursor->heap[least];
		cursor->heap[least] = lane;
		at = least;
	}
}

/* The lane that comes second, or NULL. */
static const struct lane *runner_up(const struct tr_cursor *cursor)
{
	if (cursor->heap_count < 2)
		return NULL;
	u32 second = 1;
	if (cursor->heap_count > 2 && before(cursor, cursor->heap[2], cursor->heap[1]))
		second = 2;
	return &cursor->lanes[cursor->heap[second]];
}

/* Skip what lies before cursor->seek_ns: blocks by the index, then runs, then records. */
static int seek_lane(struct tr_cursor *cursor, struct lane *lane, struct tr_error *error)
{
	const struct tr_block_ref *blocks = cursor->file->blocks;
	u64 seek_ns = cursor->seek_ns;
	int rc;

	while (lane->next_block != TR_NO_BLOCK && blocks[lane->next_block].entry.end_ns < seek_ns)
		lane->next_block = blocks[lane->next_block].next_in_stream;
	for (;;) {
		rc = next_run(cursor, lane, error);
		if (rc <= 0)
			return rc;
		struct tr_run *run = &lane->run;
		u32 skip = seek_ns ? records_until(run, seek_ns - 1, true) : 0;
		if (run->op == TR_IDLE ? run->time_ns + run->span_ns < seek_ns :
					 skip == run->count)
			continue;
		if (skip)
			cut_front(run, skip);
		return 1;
	}
}

static int start(struct tr_cursor *cursor, struct tr_error *error)
{
	cursor->heap_count = 0;
	for (u32 i = 0; i < cursor->lanes_count; i++) {
		int rc = seek_lane(cursor, &cursor->lanes[i], error);
		if (rc < 0)
			return rc;
		if (rc)
			cursor->heap[cursor->heap_count++] = i;
	}
	for (u32 i = cursor->heap_count / 2; i-- > 0;)
		sift_down(cursor, i);
	cursor->started = true;
	cursor->behind = false;
	return 0;
}

/* Bring the heap up to date after its first lane's run was handed out. */
static int advance(struct tr_cursor *cursor, struct tr_error *error)
{
	int rc;

	if (!cursor->behind)
		return 0;
	cursor->behind = false;
	rc = next_run(cursor, &cursor->lanes[cursor->heap[0]], error);
	if (rc < 0)
		return rc;
	if (!rc)
		cursor->heap[0] = cursor->heap[--cursor->heap_count];
	sift_down(cursor, 0);
	return 0;
}

/* All but the ordinary run of a lane that is alone; apart, to keep that one short. */
__attribute__((noinline)) static int next_merged(struct tr_cursor *cursor, struct tr_run *run,
						 struct tr_error *error)
{
	int rc = cursor->failed;

	cursor->alone = NULL;
	if (rc)
		return tr_fail(error, rc, "%s: reading failed before", cursor->file->path);
	rc = cursor->started ? advance(cursor, error) : start(cursor, error);
	if (rc) {
		cursor->failed = rc;
		return rc;
	}
	if (!cursor->heap_count)
		return 0;
	struct lane *lane = &cursor->lanes[cursor->heap[0]];
	const struct lane *other = runner_up(cursor);
	u32 count = lane->run.count;
	if (other)
		count = records_until(&lane->run, other->run.time_ns,
				      lane->stream < other->stream);
	*run = lane->run;
	if (count == lane->run.count) {
		cursor->behind = true;
		if (!other)
			cursor->alone = lane;
		return 1;
	}
	cut_front(&lane->run, count);
	run->count = count;
	run->span_ns = lane->run.time_ns - run->time_ns;
	sift_down(cursor, 0);
	return 1;
}

int tr_cursor_next(struct tr_cursor *cursor, struct tr_run *run, struct tr_error *error)
{
	if (cursor->alone && next_alone(cursor->alone, run))
		return 1;
	return next_merged(cursor, run, error);
}

/* --- opening and closing --- */

static void reset(struct tr_cursor *cursor)
{
	for (u32 i = 0; i < cursor->lanes_count; i++) {
		struct lane *lane = &cursor->lanes[i];
		lane->next_block = cursor->file->first_in_stream[lane->stream];
		lane->runs_left = 0;
	}
	cursor->started = false;
	cursor->alone = NULL;
	cursor->failed = 0;
}

int tr_cursor_open(struct tr_cursor **result, struct tr_file *file, int stream,
		   struct tr_error *error)
{
	struct tr_cursor *cursor = calloc(1, sizeof(*cursor));
	u32 count = stream == TR_MERGED ? file->meta.streams_count : 1;

	if (stream < TR_MERGED || (stream >= 0 && (u32)stream >= file->meta.streams_count)) {
		free(cursor);
		return tr_fail(error, -EINVAL, "%s: stream %d: the trace has %u", file->path,
			       stream, file->meta.streams_count);
	}
	if (cursor) {
		cursor->file = file;
		cursor->lanes_count = count;
		cursor->lanes = calloc(count + 1, sizeof(*cursor->lanes));
		cursor->heap = calloc(count + 1, sizeof(*cursor->heap));
		cursor->zstd = ZSTD_createDCtx();
	}
	if (!cursor || !cursor->lanes || !cursor->heap || !cursor->zstd) {
		tr_cursor_close(cursor);
		return tr_fail(error, -ENOMEM, "%s: out of memory", file->path);
	}
	/* The block's own checksum was right by then; a zstd that cannot skip its own does not. */
	ZSTD_DCtx_setParameter(cursor->zstd, ZSTD_d_forceIgnoreChecksum, ZSTD_d_ignoreChecksum);
	for (u32 i = 0; i < count; i++)
		cursor->lanes[i].stream = stream == TR_MERGED ? i : (u32)stream;
	reset(cursor);
	*result = cursor;
	return 0;
}

void tr_cursor_rewind(struct tr_cursor *cursor)
{
	tr_cursor_seek(cursor, 0);
}

void tr_cursor_seek(struct tr_cursor *cursor, u64 time_ns)
{
	cursor->seek_ns = time_ns;
	reset(cursor);
}

void tr_cursor_close(struct tr_cursor *cursor)
{
	if (!cursor)
		return;
	for (u32 i = 0; cursor->lanes && i < cursor->lanes_count; i++)
		release_lane(&cursor->lanes[i]);
	free(cursor->lanes);
	free(cursor->heap);
	free(cursor->stored);
	free(cursor->raw);
	ZSTD_freeDCtx(cursor->zstd);
	free(cursor);
}
