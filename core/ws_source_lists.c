/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * ws_source_lists.c - ages from active and inactive lists; see ws_source_lists.h.
 *
 * A page stays on the queue it was put on until the queue's old end is looked at, also
 * when it goes, or becomes active in between; it is sorted then, as ws_lru does.
 */
#include "ws_source_lists.h"

#define PAGES_PER_GIB_SHIFT 18

static struct ws_source_lists *lists_of(struct ws_source *source)
{
	return (struct ws_source_lists *)source;
}

static enum ws_list list_of(u16 entry)
{
	return entry & WS_PAGE_ACTIVE ? WS_ACTIVE : WS_INACTIVE;
}

u64 ws_source_lists_pages(const struct ws_source_lists *lists, enum ws_list list,
			  enum ws_type type)
{
	const struct ws_age *age = &lists->list[list];
	u64 pages = 0, seq;

	for (seq = age->min_seq[type]; seq <= age->max_seq; seq++)
		pages += ws_age_pages(age, seq, type);
	return pages;
}

bool ws_source_lists_low(u64 inactive_pages, u64 active_pages)
{
	u64 gib = (inactive_pages + active_pages) >> PAGES_PER_GIB_SHIFT, ratio = 1;

	while (gib && (ratio + 1) * (ratio + 1) <= 10 * gib)
		ratio++;
	return inactive_pages * ratio < active_pages;
}

/* Put a page that is in no epoch into the present one of @list. */
static void put_at_head(struct ws_source_lists *lists, u32 page, enum ws_type type,
			enum ws_list list, u32 flags)
{
	struct ws_age *age = &lists->list[list];
	u16 *entry = &age->page[page];

	ws_age_add(age, page, type, age->max_seq);
	*entry = (u16)(*entry | flags | (list == WS_ACTIVE ? WS_PAGE_ACTIVE : 0));
}

static void link_young(struct ws_source_lists *lists, u32 page)
{
	u16 *entry = &lists->list[0].page[page];

	*entry |= WS_PAGE_LINKED;
	ws_queue_add_young(&lists->queue[list_of(*entry)][ws_page_type(*entry)], lists->pool,
			   page);
}

static void lists_enter(struct ws_source *source, u32 page, enum ws_type type, enum ws_enter how)
{
	struct ws_source_lists *lists = lists_of(source);
	bool linked = lists->list[0].page[page] & WS_PAGE_LINKED;

	(void)how;
	put_at_head(lists, page, type, WS_INACTIVE, 0);
	if (!linked)
		link_young(lists, page);
}

static void lists_leave(struct ws_source *source, u32 page)
{
	struct ws_source_lists *lists = lists_of(source);

	ws_age_remove(&lists->list[list_of(lists->list[0].page[page])], page);
}

/* folio_mark_accessed() */
static void lists_descriptor(struct ws_source *source, u32 page)
{
	struct ws_source_lists *lists = lists_of(source);
	u16 *entry = &lists->list[0].page[page];

	if (!(*entry & WS_PAGE_REFERENCED)) {
		*entry |= WS_PAGE_REFERENCED;
	} else if (list_of(*entry) == WS_INACTIVE) {
		enum ws_type type = ws_page_type(*entry);

		ws_age_remove(&lists->list[WS_INACTIVE], page);
		put_at_head(lists, page, type, WS_ACTIVE, 0);
	}
}

/* shrink_active_list(): all lose their place, and their accessed bit. */
static void look_active(struct ws_source_lists *lists, u32 page, enum ws_type type)
{
	struct ws_access *access = &lists->source.access;

	access->ops->take_page(access->ctx, page);
	ws_age_remove(&lists->list[WS_ACTIVE], page);
	put_at_head(lists, page, type, WS_INACTIVE, WS_PAGE_WORKINGSET);
}

/* folio_check_references(), for a caller that evicts nothing. */
static void look_inactive(struct ws_source_lists *lists, u32 page, enum ws_type type)
{
	struct ws_access *access = &lists->source.access;
	struct ws_age *age = &lists->list[WS_INACTIVE];
	bool referenced = age->page[page] & WS_PAGE_REFERENCED;
	bool accessed = access->ops->take_page(access->ctx, page);

	age->page[page] = (u16)(age->page[page] & ~WS_PAGE_REFERENCED);
	if (!accessed)
		return;
	lists->source.cost.young++;
	ws_age_remove(age, page);
	if (referenced)
		put_at_head(lists, page, type, WS_ACTIVE, 0);
	else
		put_at_head(lists, page, type, WS_INACTIVE, WS_PAGE_REFERENCED);
}

/* Look at up to @pages of a list, from the tail, until the first one put back comes again. */
static void look_at(struct ws_source_lists *lists, enum ws_list list, enum ws_type type,
		    u64 pages)
{
	struct ws_queue *queue = &lists->queue[list][type];
	u32 page, back = WS_NO_PAGE;

	while (pages && (page = ws_queue_take_old(queue, lists->pool)) != WS_NO_PAGE) {
		u16 *entry = &lists->list[0].page[page];

		if (page == back) {
			link_young(lists, page);
			break;
		}
		if (!ws_page_aged(*entry)) {
			*entry = (u16)(*entry & ~WS_PAGE_LINKED);
			continue;
		}
		if (list_of(*entry) == list && ws_page_type(*entry) == type) {
			pages--;
			lists->source.cost.rmaps++;
			if (list == WS_ACTIVE)
				look_active(lists, page, type);
			else
				look_inactive(lists, page, type);
		}
		link_young(lists, page);
		if (back == WS_NO_PAGE && list_of(*entry) == list && ws_page_type(*entry) == type)
			back = page;
	}
}

struct lists_mine {
	const u16 *page;
	u32 active;
};

static bool lists_mine(const void *ctx, u32 page)
{
	const struct lists_mine *mine = ctx;

	return (mine->page[page] & WS_PAGE_ACTIVE) == mine->active;
}

static int lists_age(struct ws_source *source, u64 now_ns)
{
	struct ws_source_lists *lists = lists_of(source);
	enum ws_type type;
	u32 list;

	for (type = WS_ANON; type < WS_TYPES; type++) {
		u64 inactive = ws_source_lists_pages(lists, WS_INACTIVE, type);
		u64 active = ws_source_lists_pages(lists, WS_ACTIVE, type);

		look_at(lists, WS_INACTIVE, type, inactive >> lists->priority);
		if (ws_source_lists_low(inactive, active))
			look_at(lists, WS_ACTIVE, type, active >> lists->priority);
	}
	for (list = 0; list < WS_LISTS; list++) {
		struct lists_mine mine = { lists->list[0].page,
					   list == WS_ACTIVE ? WS_PAGE_ACTIVE : 0 };
		int error = ws_source_advance(&lists->list[list], now_ns, lists_mine, &mine);

		if (error)
			return error;
	}
	return 0;
}

static u64 lists_youngest_birth(const struct ws_source *source)
{
	const struct ws_age *age = &((const struct ws_source_lists *)source)->list[0];

	return ws_age_birth(age, age->max_seq);
}

static int lists_collect(struct ws_source *source, struct ws_span_sink *sink, u64 now_ns)
{
	const struct ws_age *active = &lists_of(source)->list[WS_ACTIVE];
	enum ws_type type;
	u64 seq;

	ws_source_spans(&lists_of(source)->list[WS_INACTIVE], sink, now_ns);
	for (type = WS_ANON; type < WS_TYPES; type++)
		for (seq = active->min_seq[type]; seq <= active->max_seq; seq++)
			if (ws_age_pages(active, seq, type))
				sink->put(sink, type, 0, now_ns - ws_age_birth(active, seq),
					  ws_age_pages(active, seq, type));
	return 0;
}

static int lists_page_span(const struct ws_source *source, u32 page, u64 now_ns,
			   struct ws_span *span)
{
	const struct ws_source_lists *lists = (const struct ws_source_lists *)source;
	enum ws_list list = list_of(lists->list[0].page[page]);
	const struct ws_age *age = &lists->list[list];

	*span = ws_source_gen_span(age, ws_age_seq(age, page), now_ns);
	if (list == WS_ACTIVE)
		span->age_min_ns = 0;
	return 0;
}

static const struct ws_source_ops lists_ops = {
	.name = "twolist",
	.enter = lists_enter,
	.leave = lists_leave,
	.descriptor = lists_descriptor,
	.age = lists_age,
	.youngest_birth = lists_youngest_birth,
	.collect = lists_collect,
	.page_span = lists_page_span,
};

void ws_source_lists_init(struct ws_source_lists *lists, u16 *page, u32 *pool, u32 pages_count,
			  u32 priority, const struct ws_access *access, u64 now_ns)
{
	u32 list, type;

	WS_ASSERT(priority <= WS_LISTS_PRIORITY_MAX);
	ws_source_init(&lists->source, &lists_ops, access, pages_count, now_ns);
	lists->priority = priority;
	lists->pool = pool;
	ws_queue_pool_init(pool, pages_count);
	for (list = 0; list < WS_LISTS; list++) {
		int error = ws_age_init(&lists->list[list], page, pages_count, WS_GENS_MAX, now_ns);

		WS_ASSERT(!error);
		for (type = 0; type < WS_TYPES; type++)
			ws_queue_init(&lists->queue[list][type]);
	}
}
