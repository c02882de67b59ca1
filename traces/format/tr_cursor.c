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

#include "tr_block_run.h"
#include "tr_decoded.h"
#include "tr_number.h"

/* One stream under way; what every run needs comes first. */
struct lane {
	u32 stream, runs_left;
	const u8 *runs_at, *runs_end;
	const u32 *entry;
	u32 records_count, records_at;
	u64 end_ns; /* of the block */
	struct tr_run run; /* what is left of the run at hand; its time orders the lanes */
	u32 block, next_block; /* numbers in the file, for errors and for going on */
	struct tr_decoded own, *shared; /* the block is in one of them */
};

struct tr_cursor {
	struct lane *alone;   /* behind, and no other lane is under way: or NULL */
	struct tr_file *file;
	u32 *heap;	    /* lanes by (time of run, stream) */
	u32 lanes_count, heap_count;
	bool started, behind; /* behind: lane heap[0] has handed out its run */
	int failed;
	u64 seek_ns;
	bool shares; /* the file's decoded blocks; else */
	struct tr_scratch scratch;
	struct lane lanes[]; /* one, or one a stream; here, so that they are fetched with the rest */
};

static int fail_block(struct tr_cursor *cursor, u32 block, const char *reason,
		      struct tr_error *error)
{
	return tr_fail_block(cursor->file, block, reason, error);
}

/* The lane stands in no block any more. */
static void release_lane(struct tr_cursor *cursor, struct lane *lane)
{
	if (lane->shared)
		tr_share_give(cursor->file, lane->shared);
	lane->shared = NULL;
	tr_decoded_release(&lane->own);
}

/* Put the lane at the beginning of a block. */
static int fill_lane(struct tr_cursor *cursor, struct lane *lane, u32 block,
		     struct tr_error *error)
{
	struct tr_decoded *decoded = &lane->own;
	int rc;

	if (cursor->shares) {
		if (lane->shared) /* first, so that its memory can be had again at once */
			tr_share_give(cursor->file, lane->shared);
		rc = tr_share_take(cursor->file, block, &lane->shared, error);
		decoded = lane->shared;
	} else {
		rc = tr_decoded_fill(decoded, cursor->file, block, &cursor->scratch, error);
	}
	if (rc)
		return rc;
	lane->entry = decoded->entry;
	lane->runs_at = decoded->runs;
	lane->runs_end = decoded->runs + decoded->head.runs_size;
	lane->runs_left = decoded->head.runs_count;
	lane->records_at = 0;
	lane->records_count = decoded->head.records_count;
	lane->block = block;
	lane->next_block = cursor->file->blocks[block].next_in_stream;
	lane->end_ns = decoded->head.end_ns;
	lane->run.time_ns = decoded->head.time_ns;
	lane->run.span_ns = 0;
	return 0;
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
		if (lane->next_block == TR_NO_BLOCK) {
			release_lane(cursor, lane);
			return 0;
		}
		int rc = fill_lane(cursor, lane, lane->next_block, error);
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

void tr_cursor_fetch(const struct tr_cursor *cursor, u32 step)
{
	if (!step) {
		__builtin_prefetch(cursor, 1);
		__builtin_prefetch(&cursor->lanes[0], 1);
		__builtin_prefetch(&cursor->lanes[0].run, 1);
		__builtin_prefetch(&cursor->lanes[0].block, 1);
	} else {
		__builtin_prefetch(cursor->lanes[0].runs_at);
		__builtin_prefetch(cursor->lanes[0].runs_at + 64);
	}
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
	u32 count = stream == TR_MERGED ? file->meta.streams_count : 1;
	struct tr_cursor *cursor = calloc(1, sizeof(*cursor) + count * sizeof(struct lane));

	if (stream < TR_MERGED || (stream >= 0 && (u32)stream >= file->meta.streams_count)) {
		free(cursor);
		return tr_fail(error, -EINVAL, "%s: stream %d: the trace has %u", file->path,
			       stream, file->meta.streams_count);
	}
	if (cursor) {
		cursor->file = file;
		cursor->lanes_count = count;
		cursor->heap = calloc(count + 1, sizeof(*cursor->heap));
		cursor->shares = file->share;
	}
	if (!cursor || !cursor->heap ||
	    (!cursor->shares && tr_scratch_init(&cursor->scratch))) {
		tr_cursor_close(cursor);
		return tr_fail(error, -ENOMEM, "%s: out of memory", file->path);
	}
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
	for (u32 i = 0; i < cursor->lanes_count; i++)
		release_lane(cursor, &cursor->lanes[i]);
	free(cursor->heap);
	tr_scratch_destroy(&cursor->scratch);
	free(cursor);
}
