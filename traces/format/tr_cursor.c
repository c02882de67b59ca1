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
#include <stdint.h>
#include <stdlib.h>

#include "tr_block_run.h"
#include "tr_decoded.h"
#include "tr_number.h"

/* One stream under way; what every run needs comes first. */
struct lane {
	const struct tr_block_run *run_at; /* the next one of the block */
	const u32 *entry;		   /* its first */
	u64 due_ns;			   /* its time */
	u32 stream, next_block;
	struct tr_run run; /* what is left of the run at hand; its time orders the lanes */
	struct tr_decoded own, *shared; /* the block is in one of them */
};

struct tr_cursor {
	struct lane *ahead; /* the first lane, to be read on until another's run is due: */
	u64 ahead_ns;	    /* before that, or 0 */
	struct tr_file *file;
	u32 *heap;	    /* lanes by (time of run, stream) */
	u32 lanes_count, heap_count;
	bool started, behind; /* behind: lane heap[0] has handed out its run */
	int failed;
	u64 seek_ns;
	bool shares; /* the file's decoded blocks; else */
	struct tr_workspace workspace;
	struct tr_decoded spare; /* memory of a lane that came to its end */
	struct lane lanes[]; /* one, or one a stream; here, so that they are fetched with the rest */
};

static const struct tr_block_run no_run = { .span_ns = TR_RUN_NONE };

/* The lane stands in no block any more.  Its memory is the next one's: it is in the caches. */
static void release_lane(struct tr_cursor *cursor, struct lane *lane)
{
	if (lane->shared)
		tr_share_give(cursor->file, lane->shared);
	lane->shared = NULL;
	lane->run_at = &no_run;
	if (!lane->own.entry)
		return;
	tr_decoded_release(&cursor->spare);
	cursor->spare = lane->own;
	lane->own = (struct tr_decoded){ .entry = NULL };
}

static int fill_own(struct tr_cursor *cursor, struct lane *lane, u32 block,
		    struct tr_error *error)
{
	if (!lane->own.entry) {
		lane->own = cursor->spare;
		cursor->spare = (struct tr_decoded){ .entry = NULL };
	}
	return tr_decoded_fill(&lane->own, cursor->file, block, &cursor->workspace, error);
}

/* Put the lane at the beginning of a block. */
static int fill_lane(struct tr_cursor *cursor, struct lane *lane, u32 block,
		     struct tr_error *error)
{
	struct tr_decoded *decoded = &lane->own;
	int rc;

	lane->run_at = &no_run;
	if (cursor->shares) {
		if (lane->shared) /* first, so that its memory can be had again at once */
			tr_share_give(cursor->file, lane->shared);
		rc = tr_share_take(cursor->file, block, &lane->shared, error);
		decoded = lane->shared;
	} else {
		rc = fill_own(cursor, lane, block, error);
	}
	if (rc)
		return rc;
	lane->run_at = decoded->run;
	lane->entry = decoded->entry;
	lane->next_block = cursor->file->blocks[block].next_in_stream;
	lane->due_ns = decoded->head.time_ns;
	return 0;
}

/* What comes next in the lane's block, which is not at its end. */
static inline void take_run(struct lane *lane, struct tr_run *run)
{
	const struct tr_block_run *next = lane->run_at++;

	run->op = next->op;
	run->kind = next->kind;
	run->type = next->type;
	run->node = next->node;
	run->memcg = next->memcg;
	run->stream = next->stream;
	run->count = next->count;
	run->time_ns = lane->due_ns;
	run->span_ns = next->span_ns;
	run->page = lane->entry;
	lane->due_ns += next->span_ns;
	lane->entry += next->count;
}

/* The lane's next run into lane->run.  1, 0 at the stream's end, or a negative errno. */
static int next_run(struct tr_cursor *cursor, struct lane *lane, struct tr_error *error)
{
	if (lane->run_at->span_ns == TR_RUN_NONE) {
		if (lane->next_block == TR_NO_BLOCK) {
			release_lane(cursor, lane);
			return 0;
		}
		int rc = fill_lane(cursor, lane, lane->next_block, error);
		if (rc)
			return rc;
	}
	take_run(lane, &lane->run);
	return 1;
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

/* All but the next run of a lane that is ahead; apart, to keep that one short. */
__attribute__((noinline)) static int next_merged(struct tr_cursor *cursor, struct tr_run *run,
						 struct tr_error *error)
{
	int rc = cursor->failed;

	cursor->ahead_ns = 0;
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
	bool with_ties = other && lane->stream < other->stream;
	u32 count = lane->run.count;
	if (other)
		count = records_until(&lane->run, other->run.time_ns, with_ties);
	*run = lane->run;
	if (count == lane->run.count) {
		cursor->behind = true;
		cursor->ahead = lane;
		cursor->ahead_ns = other ? other->run.time_ns + with_ties : TR_TIME_MAX;
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
	struct lane *lane = cursor->ahead;

	/* Behind a block's last run, this is beyond all times. */
	if (lane->due_ns + lane->run_at->span_ns >= cursor->ahead_ns)
		return next_merged(cursor, run, error);
	/* Straight into *run: a copy out of lane->run would wait for its stores. */
	take_run(lane, run);
	return 1;
}

void tr_cursor_fetch(const struct tr_cursor *cursor, u32 step)
{
	if (!step) {
		__builtin_prefetch(cursor, 1);
		__builtin_prefetch(&cursor->lanes[0], 1);
		__builtin_prefetch(&cursor->lanes[0].run, 1);
	} else {
		/* As a number: what lies a line further on may be beyond the object. */
		uintptr_t at = (uintptr_t)cursor->lanes[0].run_at;

		__builtin_prefetch((const void *)at);
		__builtin_prefetch((const void *)(at + 64));
	}
}

u64 tr_cursor_reach(const struct tr_cursor *cursor, u64 records, u64 most_ns)
{
	const struct tr_block_run *run = cursor->lanes[0].run_at;
	u64 busy_ns = 0;

	for (; run->span_ns != TR_RUN_NONE && busy_ns < most_ns; run++) {
		if (run->op == TR_IDLE)
			continue; /* who is late goes straight on */
		if (run->op == TR_ACCESS && run->count > records) {
			busy_ns += (u64)((unsigned __int128)run->span_ns * records / run->count);
			break;
		}
		records -= run->op == TR_ACCESS ? run->count : 0;
		busy_ns += run->span_ns;
	}
	return busy_ns < most_ns ? busy_ns : most_ns;
}

/* --- opening and closing --- */

static void reset(struct tr_cursor *cursor)
{
	cursor->lanes[cursor->lanes_count].run_at = &no_run;
	for (u32 i = 0; i < cursor->lanes_count; i++) {
		struct lane *lane = &cursor->lanes[i];
		lane->next_block = cursor->file->first_in_stream[lane->stream];
		lane->run_at = &no_run;
	}
	cursor->started = false;
	cursor->ahead = &cursor->lanes[0];
	cursor->ahead_ns = 0;
	cursor->failed = 0;
}

int tr_cursor_open(struct tr_cursor **result, struct tr_file *file, int stream,
		   struct tr_error *error)
{
	u32 count = stream == TR_MERGED ? file->meta.streams_count : 1;
	/* One more, so that even a trace without streams has a lane to be ahead. */
	struct tr_cursor *cursor = calloc(1, sizeof(*cursor) + (count + 1) * sizeof(struct lane));

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
	    (!cursor->shares && tr_workspace_init(&cursor->workspace))) {
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
	tr_decoded_release(&cursor->spare);
	free(cursor->heap);
	tr_workspace_destroy(&cursor->workspace);
	free(cursor);
}
