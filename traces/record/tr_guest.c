/* SPDX-License-Identifier: BSD-2-Clause */
/* tr_guest.c - makes a trace of a whole guest from what the plugin saw of it. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tr_guest.h"

/* /proc/kpageflags, from the kernel's documentation. */
#define KPF_LRU (1ull << 5)
#define KPF_SLAB (1ull << 7)
#define KPF_BUDDY (1ull << 10)
#define KPF_ANON (1ull << 12)
#define KPF_SWAPBACKED (1ull << 14)
#define KPF_UNEVICTABLE (1ull << 18)
#define KPF_NOPAGE (1ull << 20)

/* include/linux/gfp_types.h, 5.x to 6.x */
#define GFP_MOVABLE 0x8u
#define GFP_WRITE 0x1000u
#define GFP_NORETRY 0x10000u

#define PAGES_MOST (1u << 24)
#define ORDER_MOST 11u

struct guest_page {
	u32 span; /* index of the type of what now lives here */
	u8 live;
};

struct tr_guest {
	FILE *spool;
	struct guest_page *page;
	u64 pages_count;
	u8 *span_type; /* enum tr_type by span */
	u32 spans_count, spans_room;
	u32 spans_next; /* second pass: the next span begins with this type */
	u64 allocations_count;
	/* Second pass. */
	struct tr_sink sink;
	u64 time_ns;
	struct tr_error *error;
};

static int spool_words(struct tr_guest *g, const u64 *words, size_t count, struct tr_error *error)
{
	if (fwrite(words, sizeof(*words), count, g->spool) == count)
		return 0;
	return tr_fail(error, -EIO, "recorder: cannot write the spool file: %s", strerror(errno));
}

int tr_guest_open(struct tr_guest **guest, const char *spool_path, u64 pages_count,
		  struct tr_error *error)
{
	/* The second pass needs no clock of its own. */
	struct tr_raw_header header = { TR_RAW_MAGIC, 1, 1, 1 };
	struct tr_guest *g = calloc(1, sizeof(*g));
	int rc;

	*guest = NULL;
	if (!g || pages_count > PAGES_MOST)
		goto no_memory;
	g->pages_count = pages_count;
	g->page = calloc(pages_count, sizeof(*g->page));
	g->spans_room = g->spans_count = (u32)pages_count;
	g->span_type = malloc(pages_count);
	if (!g->page || !g->span_type)
		goto no_memory;
	memset(g->span_type, TR_UNEVICTABLE, pages_count);
	for (u32 i = 0; i < pages_count; i++)
		g->page[i].span = i;
	g->spool = fopen(spool_path, "w+e");
	if (!g->spool)
		rc = tr_fail(error, -errno, "%s: %s", spool_path, strerror(errno));
	else
		rc = spool_words(g, (u64 *)&header, sizeof(header) / sizeof(u64), error);
	if (rc)
		tr_guest_close(g);
	else
		*guest = g;
	return rc;
no_memory:
	tr_guest_close(g);
	return tr_fail(error, -ENOMEM, "recorder: out of memory");
}

void tr_guest_close(struct tr_guest *g)
{
	if (!g)
		return;
	if (g->spool)
		fclose(g->spool);
	free(g->page);
	free(g->span_type);
	free(g);
}

u64 tr_guest_allocations(const struct tr_guest *g)
{
	return g->allocations_count;
}

/* --- what both passes agree on --- */

static u8 type_of_gfp(u64 gfp, u64 order)
{
	if (!(gfp & GFP_MOVABLE))
		return TR_UNEVICTABLE;
	return order < 9 && (gfp & (GFP_WRITE | GFP_NORETRY)) ? TR_FILE : TR_ANON;
}

/* Pages of the event, or -EINVAL if they are none of this guest's. */
static int event_pages(const struct tr_guest *g, const struct tr_raw_event *event, u64 *count)
{
	*count = 1;
	if (event->op == TR_RAW_PAGE_ALLOC || event->op == TR_RAW_PAGE_FREE) {
		if (event->extra[0] >= ORDER_MOST)
			return -EINVAL;
		*count = 1ull << event->extra[0];
	} else if (event->op == TR_RAW_PAGE_FLAGS) {
		*count = event->extra[0];
	}
	return event->arg >= g->pages_count || *count > g->pages_count - event->arg ? -EINVAL : 0;
}

/* The same events begin the same spans in both passes. */
static bool begins_span(const struct tr_raw_event *event)
{
	return event->op == TR_RAW_PAGE_ALLOC || event->op == TR_RAW_PAGE_FREE ||
	       (event->op == TR_RAW_PAGE_FLAGS && (event->extra[1] & KPF_BUDDY));
}

/* --- first pass: learn --- */

static int span_begin(struct tr_guest *g, u64 page, u8 type)
{
	if (g->spans_count == g->spans_room) {
		u8 *grown = g->spans_room < 1u << 31 ? realloc(g->span_type, 2 * g->spans_room)
						     : NULL;

		if (!grown)
			return -ENOMEM;
		g->span_type = grown;
		g->spans_room *= 2;
	}
	g->page[page].span = g->spans_count;
	g->span_type[g->spans_count++] = type;
	return 0;
}

static void learn_flags(struct tr_guest *g, u64 page, u64 flags)
{
	u8 *type = &g->span_type[g->page[page].span];

	if (flags & (KPF_NOPAGE | KPF_BUDDY))
		return;
	if (flags & (KPF_UNEVICTABLE | KPF_SLAB))
		*type = TR_UNEVICTABLE;
	else if (flags & KPF_ANON)
		*type = TR_ANON;
	else if (flags & KPF_LRU)
		*type = flags & KPF_SWAPBACKED ? TR_ANON : TR_FILE;
	/* Else it is on its way to a list, or the kernel's: the allocation's flags stand. */
}

static int learn(struct tr_guest *g, const struct tr_raw_event *event)
{
	bool alloc = event->op == TR_RAW_PAGE_ALLOC;
	u64 count;

	if (event_pages(g, event, &count))
		return -EINVAL;
	g->allocations_count += alloc;
	for (u64 page = event->arg; page < event->arg + count; page++) {
		if (begins_span(event) &&
		    span_begin(g, page,
			       alloc ? type_of_gfp(event->extra[1], event->extra[0])
				     : TR_UNEVICTABLE))
			return -ENOMEM;
		if (event->op == TR_RAW_PAGE_FLAGS)
			learn_flags(g, page, event->extra[1]);
	}
	return 0;
}

static bool is_guests(u32 op)
{
	return op <= TR_RAW_IDLE || op >= TR_RAW_KERNEL_READ;
}

int tr_guest_event(void *guest, const struct tr_raw_event *event, struct tr_error *error)
{
	struct tr_guest *g = guest;
	u64 words[6] = { event->time_ns | (u64)event->stream << TR_RAW_TIME_BITS,
			 event->arg | (u64)event->op << TR_RAW_ARG_BITS,
			 event->extra[0],
			 event->extra[1],
			 event->extra[2],
			 event->extra[3] };
	int rc = is_guests(event->op) ? 0 : -EINVAL;

	if (!rc && event->op != TR_RAW_IDLE)
		rc = learn(g, event);
	if (rc == -ENOMEM)
		return tr_fail(error, rc, "recorder: out of memory");
	if (rc)
		return tr_fail(error, rc, "recorder: plugin's stream: operation %u: no such page",
			       event->op);
	return spool_words(g, words, 2 + tr_raw_extra(event->op), error);
}

/* --- second pass: write --- */

static int put(struct tr_guest *g, u8 op, u64 page, u8 kind, bool write)
{
	struct tr_record record;

	memset(&record, 0, sizeof(record));
	record.op = op;
	record.kind = kind;
	record.write = write;
	record.type = op == TR_ALLOC ? g->span_type[g->page[page].span] : 0;
	record.page = page;
	record.time_ns = g->time_ns;
	return g->sink.put(g->sink.ctx, &record, g->error);
}

static int begin(struct tr_guest *g, u64 page)
{
	g->page[page].live = 1;
	return put(g, TR_ALLOC, page, 0, false);
}

static int end(struct tr_guest *g, u64 page)
{
	if (!g->page[page].live)
		return 0;
	g->page[page].live = 0;
	return put(g, TR_FREE, page, 0, false);
}

static int write_access(struct tr_guest *g, const struct tr_raw_event *event)
{
	u64 page = event->arg;
	u8 type = g->span_type[g->page[page].span], kind;
	int rc = g->page[page].live ? 0 : begin(g, page);

	switch (event->op) {
	case TR_RAW_READ:
	case TR_RAW_WRITE:
		kind = TR_MAPPED;
		break;
	case TR_RAW_COPY_READ:
	case TR_RAW_COPY_WRITE:
		kind = type == TR_UNEVICTABLE ? TR_KERNEL : TR_DESCRIPTOR;
		break;
	default:
		kind = type == TR_FILE ? TR_DESCRIPTOR : TR_KERNEL;
		break;
	}
	return rc ? rc
		  : put(g, TR_ACCESS, page, kind,
			event->op == TR_RAW_WRITE || event->op == TR_RAW_KERNEL_WRITE ||
				event->op == TR_RAW_COPY_WRITE);
}

static int write_event(void *guest, const struct tr_raw_event *event, struct tr_error *error)
{
	struct tr_guest *g = guest;
	u64 count;
	int rc = 0;

	g->time_ns = event->time_ns;
	g->error = error;
	if (event->op == TR_RAW_IDLE)
		return put(g, TR_IDLE, 0, 0, false);
	if (event_pages(g, event, &count))
		return tr_fail(error, -EINVAL, "recorder: the spool file was changed");
	if (event->op < TR_RAW_PAGE_ALLOC)
		return write_access(g, event);
	for (u64 page = event->arg; page < event->arg + count && !rc; page++) {
		if (!begins_span(event))
			break;
		rc = end(g, page);
		g->page[page].span = g->spans_next++;
		WS_ASSERT(g->spans_next <= g->spans_count);
		if (!rc && event->op == TR_RAW_PAGE_ALLOC)
			rc = begin(g, page);
	}
	return rc;
}

int tr_guest_write(struct tr_guest *g, struct tr_sink sink, struct tr_error *error)
{
	static u8 chunk[65536];
	struct tr_raw_reader reader;
	size_t got;
	int rc = 0;

	g->sink = sink;
	g->spans_next = (u32)g->pages_count;
	for (u32 i = 0; i < g->pages_count; i++)
		g->page[i].span = i;
	if (fflush(g->spool) || fseek(g->spool, 0, SEEK_SET))
		return tr_fail(error, -EIO, "recorder: spool file: %s", strerror(errno));
	tr_raw_reader_init(&reader, write_event, g);
	while (!rc && (got = fread(chunk, 1, sizeof(chunk), g->spool)))
		rc = tr_raw_reader_feed(&reader, chunk, got, error);
	if (!rc && ferror(g->spool))
		rc = tr_fail(error, -EIO, "recorder: cannot read the spool file");
	g->error = error;
	for (u64 page = 0; page < g->pages_count && !rc; page++)
		rc = end(g, page);
	return rc;
}
