/* SPDX-License-Identifier: BSD-2-Clause */
/* tr_recorder.c - makes a trace of a command from what the plugin saw of it. */
#include <stdlib.h>
#include <string.h>

#include "tr_pages.h"
#include "tr_recorder.h"
#include "tr_vmas.h"

#define STREAMS_MAX 65536u

struct tr_recorder {
	struct tr_sink sink;
	struct tr_pages *pages;
	struct tr_vmas vmas;
	u16 streams_count;
	u16 stream_of[STREAMS_MAX]; /* by the plugin's number: ours + 1 */
	/* The event that is being worked on. */
	u16 stream;
	u64 time_ns;
	struct tr_error *error;
};

static int no_memory(struct tr_recorder *r)
{
	return tr_fail(r->error, -ENOMEM, "recorder: out of memory");
}

static int put(struct tr_recorder *r, u8 op, u64 number, u8 kind, u8 type, bool write)
{
	struct tr_record record;

	memset(&record, 0, sizeof(record));
	record.op = op;
	record.kind = kind;
	record.type = type;
	record.write = write;
	record.stream = r->stream;
	record.page = number;
	record.time_ns = r->time_ns;
	return r->sink.put(r->sink.ctx, &record, r->error);
}

static int access_place(struct tr_recorder *r, u64 place, u8 kind, u8 type, bool write)
{
	struct tr_page *page = tr_pages_get(r->pages, place, true);
	int rc = 0;

	if (!page)
		return no_memory(r);
	if (!page->live) {
		tr_page_begin(page, place, r->stream, type);
		rc = put(r, TR_ALLOC, page->number, 0, type, false);
	}
	return rc ? rc : put(r, TR_ACCESS, page->number, kind, 0, write);
}

static int access_file(struct tr_recorder *r, u32 file, u64 index, bool shmem, u8 kind, bool write)
{
	u64 place = tr_pages_file_place(r->pages, file, index, true);

	if (!place)
		return no_memory(r);
	return access_place(r, place, kind, shmem ? TR_ANON : TR_FILE, write);
}

static int access_address(struct tr_recorder *r, u64 address, bool write)
{
	const struct tr_vma *vma = tr_vmas_find(&r->vmas, address);
	struct tr_page *page;

	if (!vma)
		return access_place(r, address, TR_MAPPED, TR_ANON, write);
	if (!vma->shared) {
		page = tr_pages_get(r->pages, address, false);
		if (write || (page && page->live))
			return access_place(r, address, TR_MAPPED, TR_ANON, write);
	}
	return access_file(r, vma->file, vma->file_page_first + (address - vma->first), vma->shmem,
			   TR_MAPPED, write);
}

static int free_page(void *ctx, u64 place, struct tr_page *page)
{
	struct tr_recorder *r = ctx;

	(void)place;
	tr_page_end(page, r->stream);
	return put(r, TR_FREE, page->number, 0, 0, false);
}

static int on_map(struct tr_recorder *r, const struct tr_raw_event *event)
{
	u64 pages = event->extra[0];
	struct tr_vma vma = {
		.first = event->arg,
		.end = event->arg + pages,
		.file_page_first = event->extra[1],
		.file = (u32)event->extra[2],
		.shared = event->extra[3] & TR_RAW_MAP_SHARED,
		.shmem = event->extra[3] & TR_RAW_SHMEM,
	};
	int rc = tr_pages_each(r->pages, event->arg, pages, free_page, r);

	if (rc)
		return rc;
	rc = vma.file ? tr_vmas_set(&r->vmas, &vma) : tr_vmas_clear(&r->vmas, vma.first, vma.end);
	return rc ? no_memory(r) : 0;
}

static int on_unmap(struct tr_recorder *r, u64 first, u64 pages)
{
	int rc = tr_pages_each(r->pages, first, pages, free_page, r);

	if (rc)
		return rc;
	return tr_vmas_clear(&r->vmas, first, first + pages) ? no_memory(r) : 0;
}

struct move {
	struct tr_recorder *r;
	u64 from, to, pages;
};

static int move_page(void *ctx, u64 place, struct tr_page *page)
{
	struct move *move = ctx;
	u64 number = page->number;
	struct tr_page *to;

	if (place - move->from >= move->pages)
		return free_page(move->r, place, page);
	to = tr_pages_get(move->r->pages, place - move->from + move->to, true);
	if (!to)
		return no_memory(move->r);
	/* Growing the table leaves regions where they are. */
	tr_page_move(page, to);
	WS_ASSERT(to->number == number);
	return 0;
}

static int on_move(struct tr_recorder *r, const struct tr_raw_event *event)
{
	struct move move = { r, event->arg, event->extra[1], event->extra[2] };
	const struct tr_vma *found = tr_vmas_find(&r->vmas, event->arg);
	struct tr_vma vma;
	int rc;

	if (found)
		vma = *found;
	if (move.to == move.from) { /* in place: only what was cut off is gone */
		if (event->extra[0] > move.pages)
			return on_unmap(r, move.from + move.pages, event->extra[0] - move.pages);
	} else {
		rc = on_unmap(r, move.to, move.pages);
		if (!rc)
			rc = tr_pages_each(r->pages, move.from, event->extra[0], move_page, &move);
		if (!rc)
			rc = on_unmap(r, move.from, event->extra[0]);
		if (rc)
			return rc;
	}
	if (!found)
		return 0;
	vma.file_page_first += move.from - vma.first;
	vma.first = move.to;
	vma.end = move.to + move.pages;
	return tr_vmas_set(&r->vmas, &vma) ? no_memory(r) : 0;
}

static int on_file(struct tr_recorder *r, const struct tr_raw_event *event)
{
	u32 file = (u32)event->extra[0];
	bool shmem = event->extra[0] & TR_RAW_FILE_SHMEM;
	u64 pages = event->extra[1];
	int rc = 0;

	if (event->op == TR_RAW_FILE_DROP)
		return tr_pages_each_of_file(r->pages, file, event->arg,
					     pages > ~0ull - event->arg ? ~0ull
									: event->arg + pages - 1,
					     free_page, r);
	for (u64 i = 0; i < pages && !rc; i++)
		rc = access_file(r, file, event->arg + i, shmem, TR_DESCRIPTOR,
				 event->op == TR_RAW_FILE_WRITE);
	return rc;
}

/* What a sane plugin never says. */
static int check(const struct tr_raw_event *event)
{
	const u64 places = 1ull << 36, limit = (1ull << 19) + 1; /* 2 GiB: one call's most */
	bool by_address = event->op <= TR_RAW_WRITE || event->op == TR_RAW_MAP ||
			  event->op == TR_RAW_UNMAP || event->op == TR_RAW_DISCARD ||
			  event->op == TR_RAW_MOVE;

	if (by_address && (event->arg >= places || event->extra[0] > places))
		return -EINVAL;
	switch (event->op) {
	case TR_RAW_MAP:
		return event->extra[2] > TR_RAW_FILES ? -EINVAL : 0;
	case TR_RAW_MOVE:
		return event->extra[1] >= places || event->extra[2] >= places ? -EINVAL : 0;
	case TR_RAW_FILE_READ:
	case TR_RAW_FILE_WRITE:
		if (event->extra[1] > limit)
			return -EINVAL;
		/* fall through */
	case TR_RAW_FILE_DROP:
		return !(u32)event->extra[0] || (u32)event->extra[0] > TR_RAW_FILES ? -EINVAL : 0;
	default:
		return 0;
	}
}

int tr_recorder_event(void *recorder, const struct tr_raw_event *event, struct tr_error *error)
{
	struct tr_recorder *r = recorder;

	if (check(event))
		return tr_fail(error, -EINVAL, "recorder: plugin's stream: operation %u: no such page",
			       event->op);
	if (!r->stream_of[event->stream])
		r->stream_of[event->stream] = ++r->streams_count;
	r->stream = r->stream_of[event->stream] - 1;
	r->time_ns = event->time_ns;
	r->error = error;
	switch (event->op) {
	case TR_RAW_READ:
	case TR_RAW_WRITE:
		return access_address(r, event->arg, event->op == TR_RAW_WRITE);
	case TR_RAW_IDLE:
		return put(r, TR_IDLE, 0, 0, 0, false);
	case TR_RAW_MAP:
		return on_map(r, event);
	case TR_RAW_UNMAP:
		return on_unmap(r, event->arg, event->extra[0]);
	case TR_RAW_DISCARD:
		return tr_pages_each(r->pages, event->arg, event->extra[0], free_page, r);
	case TR_RAW_MOVE:
		return on_move(r, event);
	case TR_RAW_FILE_READ:
	case TR_RAW_FILE_WRITE:
	case TR_RAW_FILE_DROP:
		return on_file(r, event);
	default:
		return tr_fail(error, -EINVAL, "recorder: plugin's stream: operation %u of guests",
			       event->op);
	}
}

int tr_recorder_open(struct tr_recorder **recorder, struct tr_sink sink, struct tr_error *error)
{
	struct tr_recorder *r = calloc(1, sizeof(*r));

	*recorder = NULL;
	if (!r)
		return tr_fail(error, -ENOMEM, "recorder: out of memory");
	r->sink = sink;
	r->pages = tr_pages_new();
	tr_vmas_init(&r->vmas);
	if (!r->pages) {
		tr_recorder_close(r);
		return tr_fail(error, -ENOMEM, "recorder: out of memory");
	}
	*recorder = r;
	return 0;
}

int tr_recorder_finish(struct tr_recorder *r, struct tr_error *error)
{
	r->error = error;
	return tr_pages_each(r->pages, 0, TR_PLACE_FILES, free_page, r);
}

void tr_recorder_close(struct tr_recorder *r)
{
	if (!r)
		return;
	tr_pages_delete(r->pages);
	tr_vmas_destroy(&r->vmas);
	free(r);
}
