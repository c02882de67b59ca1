/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* ws_source_scan.c - ages kept in user space; see ws_source_scan.h. */
#include "ws_source_scan.h"

static struct ws_source_scan *scan_of(struct ws_source *source)
{
	return (struct ws_source_scan *)source;
}

static void scan_enter(struct ws_source *source, u32 page, enum ws_type type, enum ws_enter how)
{
	struct ws_age *age = &scan_of(source)->age;

	(void)how;
	ws_age_add(age, page, type, age->max_seq);
}

static void scan_leave(struct ws_source *source, u32 page)
{
	ws_age_remove(&scan_of(source)->age, page);
}

/* By page frame: look up every one, and find the mappings of those in memory twice. */
static void charge_idle(struct ws_source *source, u32 first, u32 count)
{
	u64 resident[WS_BLOCK_WORDS] = { 0 }, file[WS_BLOCK_WORDS] = { 0 };

	source->access.ops->resident(source->access.ctx, first, count, resident, file);
	source->cost.pfns += 2 * (u64)count;
	source->cost.rmaps += 2 * (u64)ws_source_weight(resident, WS_BLOCK_WORDS);
}

static int scan_age(struct ws_source *source, u64 now_ns)
{
	struct ws_source_scan *scan = scan_of(source);
	u64 bits[WS_BLOCK_WORDS];
	u32 block;

	for (block = 0; block < ws_source_blocks(source); block++) {
		u32 first = block * WS_BLOCK_PAGES, found;
		u32 count = ws_source_block(source, first), entries;

		memset(bits, 0, sizeof(bits));
		entries = source->access.ops->take(source->access.ctx, first, count, bits);
		found = ws_source_weight(bits, WS_BLOCK_WORDS);
		if (scan->what == WS_SCAN_IDLE) {
			charge_idle(source, first, count);
		} else {
			source->cost.ptes += entries;
			source->cost.young += found;
			source->cost.flushes += found != 0;
		}
		if (found)
			ws_age_harvest(&scan->age, first, bits, count);
	}
	return ws_source_advance(&scan->age, now_ns, NULL, NULL);
}

static u64 scan_youngest_birth(const struct ws_source *source)
{
	const struct ws_age *age = &((const struct ws_source_scan *)source)->age;

	return ws_age_birth(age, age->max_seq);
}

static int scan_collect(struct ws_source *source, struct ws_span_sink *sink, u64 now_ns)
{
	ws_source_spans(&scan_of(source)->age, sink, now_ns);
	return 0;
}

static int scan_page_span(const struct ws_source *source, u32 page, u64 now_ns,
			  struct ws_span *span)
{
	const struct ws_age *age = &((const struct ws_source_scan *)source)->age;

	*span = ws_source_gen_span(age, ws_age_seq(age, page), now_ns);
	return 0;
}

static const struct ws_source_ops scan_ops = {
	.name = "scan",
	.enter = scan_enter,
	.leave = scan_leave,
	.age = scan_age,
	.youngest_birth = scan_youngest_birth,
	.collect = scan_collect,
	.page_span = scan_page_span,
};

void ws_source_scan_init(struct ws_source_scan *scan, enum ws_scan what, u16 *page,
			 u32 pages_count, const struct ws_access *access, u64 now_ns)
{
	int error;

	ws_source_init(&scan->source, &scan_ops, access, pages_count, now_ns);
	scan->what = what;
	error = ws_age_init(&scan->age, page, pages_count, WS_GENS_MAX, now_ns);
	WS_ASSERT(!error);
}
