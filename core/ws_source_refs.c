/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* ws_source_refs.c - working sets by window as ages; see ws_source_refs.h. */
#include "ws_source_refs.h"

static struct ws_source_refs *refs_of(struct ws_source *source)
{
	return (struct ws_source_refs *)source;
}

/* Sums only: arrivals and departures matter only when a report is asked for. */
static void refs_nobody(struct ws_source *source, u32 page, enum ws_type type, enum ws_enter how)
{
	(void)source;
	(void)page;
	(void)type;
	(void)how;
}

static void refs_leave(struct ws_source *source, u32 page)
{
	(void)source;
	(void)page;
}

/* Pages of each type in memory; of these with @only, those whose bit is set. */
static void count_block(struct ws_source *source, u32 first, const u64 *only, u64 pages[WS_TYPES])
{
	u64 resident[WS_BLOCK_WORDS] = { 0 }, file[WS_BLOCK_WORDS] = { 0 };
	u32 i;

	source->access.ops->resident(source->access.ctx, first, ws_source_block(source, first),
				     resident, file);
	for (i = 0; i < WS_BLOCK_WORDS; i++) {
		if (only)
			resident[i] &= only[i];
		file[i] &= resident[i];
		resident[i] &= ~file[i];
	}
	pages[WS_ANON] += ws_source_weight(resident, WS_BLOCK_WORDS);
	pages[WS_FILE] += ws_source_weight(file, WS_BLOCK_WORDS);
}

/* smaps */
static void read_window(struct ws_source_refs *refs, u32 window, u64 now_ns)
{
	struct ws_source *source = &refs->source;
	u64 bits[WS_BLOCK_WORDS], *pages = refs->pages[window];
	u32 block;

	pages[WS_ANON] = pages[WS_FILE] = 0;
	for (block = 0; block < ws_source_blocks(source); block++) {
		u32 first = block * WS_BLOCK_PAGES;

		memset(bits, 0, sizeof(bits));
		source->cost.ptes += source->access.ops->look(source->access.ctx, first,
							      ws_source_block(source, first), bits);
		count_block(source, first, bits, pages);
	}
	source->cost.young += pages[WS_ANON] + pages[WS_FILE];
	refs->window_ns[window] = now_ns - refs->cleared_ns;
	if (refs->known <= window)
		refs->known = window + 1;
}

/* clear_refs */
static void clear(struct ws_source_refs *refs, u64 now_ns)
{
	struct ws_source *source = &refs->source;
	u64 bits[WS_BLOCK_WORDS];
	u32 block;

	for (block = 0; block < ws_source_blocks(source); block++) {
		u32 first = block * WS_BLOCK_PAGES, entries;

		memset(bits, 0, sizeof(bits));
		entries = source->access.ops->take(source->access.ctx, first,
						   ws_source_block(source, first), bits);
		source->cost.ptes += entries;
		source->cost.locked_ptes += entries;
		source->cost.young += ws_source_weight(bits, WS_BLOCK_WORDS);
	}
	refs->cleared_ns = now_ns;
	refs->passes = 0;
}

static int refs_age(struct ws_source *source, u64 now_ns)
{
	struct ws_source_refs *refs = refs_of(source);
	u32 window;

	refs->passes++;
	for (window = 0; window < WS_REFS_WINDOWS; window++)
		if (refs->passes == 1u << window)
			read_window(refs, window, now_ns);
	refs->read_ns = now_ns;
	if (refs->passes == 1u << (WS_REFS_WINDOWS - 1))
		clear(refs, now_ns);
	return 0;
}

static u64 refs_youngest_birth(const struct ws_source *source)
{
	return ((const struct ws_source_refs *)source)->read_ns;
}

/* One type: the curve of windows, never falling and never above what is in memory. */
static void put_curve(const struct ws_source_refs *refs, struct ws_span_sink *sink,
		      enum ws_type type, u64 total, u64 now_ns)
{
	u64 below = 0, from_ns = 0, oldest_ns = now_ns - refs->source.began_ns;
	u32 window;

	for (window = 0; window < refs->known; window++) {
		u64 pages = refs->pages[window][type], to_ns = refs->window_ns[window];

		if (pages > total)
			pages = total;
		if (to_ns < from_ns)
			to_ns = from_ns;
		if (pages > below) {
			sink->put(sink, type, from_ns, to_ns, pages - below);
			below = pages;
		}
		from_ns = to_ns;
	}
	if (total > below)
		sink->put(sink, type, from_ns, oldest_ns > from_ns ? oldest_ns : from_ns,
			  total - below);
}

static int refs_collect(struct ws_source *source, struct ws_span_sink *sink, u64 now_ns)
{
	u64 total[WS_TYPES] = { 0, 0 };
	enum ws_type type;
	u32 block;

	/* The kernel counts resident pages anyway, so this is not charged. */
	for (block = 0; block < ws_source_blocks(source); block++)
		count_block(source, block * WS_BLOCK_PAGES, NULL, total);
	for (type = WS_ANON; type < WS_TYPES; type++)
		put_curve(refs_of(source), sink, type, total[type], now_ns);
	return 0;
}

static int refs_page_span(const struct ws_source *source, u32 page, u64 now_ns,
			  struct ws_span *span)
{
	(void)source;
	(void)page;
	(void)now_ns;
	(void)span;
	return -ENODATA;
}

static const struct ws_source_ops refs_ops = {
	.name = "clear_refs",
	.enter = refs_nobody,
	.leave = refs_leave,
	.age = refs_age,
	.youngest_birth = refs_youngest_birth,
	.collect = refs_collect,
	.page_span = refs_page_span,
};

void ws_source_refs_init(struct ws_source_refs *refs, u32 pages_count,
			 const struct ws_access *access, u64 now_ns)
{
	memset(refs, 0, sizeof(*refs));
	ws_source_init(&refs->source, &refs_ops, access, pages_count, now_ns);
	refs->cleared_ns = now_ns;
	refs->read_ns = now_ns;
}
