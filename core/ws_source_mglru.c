/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* ws_source_mglru.c - ages from generations; see ws_source_mglru.h. */
#include "ws_source_mglru.h"

static struct ws_source_mglru *mglru_of(struct ws_source *source)
{
	return (struct ws_source_mglru *)source;
}

/* The slot so many generations before the youngest, and back. */
static u32 turn(const struct ws_age *age, u32 slot)
{
	return slot <= age->max_slot ? age->max_slot - slot : age->max_slot + age->gens - slot;
}

/* Places that the rules count from the old end are counted from the oldest of four. */
static u32 slot_of_four(const struct ws_age *age, u32 slot)
{
	u32 back = turn(age, slot);

	if (age->gens > WS_GENS_LINUX && back >= WS_GENS_MIN)
		back -= age->gens - WS_GENS_LINUX;
	return turn(age, back);
}

static void mglru_enter(struct ws_source *source, u32 page, enum ws_type type, enum ws_enter how)
{
	struct ws_source_mglru *mglru = mglru_of(source);
	struct ws_arrival arrival = { .type = type, .how = how };
	struct ws_age *age = &mglru->age;
	u16 history;
	u32 slot;

	WS_ASSERT(page < age->pages_count && !ws_page_aged(age->page[page]));
	slot = slot_of_four(age, ws_promote_arrive(age, mglru->rules, &arrival, &history));
	ws_age_enter(age, page, type, slot, history);
	ws_age_note_late(age, type, slot);
}

static void mglru_leave(struct ws_source *source, u32 page)
{
	ws_age_remove(&mglru_of(source)->age, page);
}

static void mglru_descriptor(struct ws_source *source, u32 page)
{
	ws_promote_descriptor(&mglru_of(source)->age, mglru_of(source)->rules, page);
}

/* One walk: take bits in, block by block. */
static int mglru_age(struct ws_source *source, u64 now_ns)
{
	struct ws_source_mglru *mglru = mglru_of(source);
	u64 bits[WS_BLOCK_WORDS];
	u32 block;

	for (block = 0; block < ws_source_blocks(source); block++) {
		u32 first = block * WS_BLOCK_PAGES, count = ws_source_block(source, first), found;

		memset(bits, 0, sizeof(bits));
		source->cost.ptes += source->access.ops->take(source->access.ctx, first, count,
							      bits);
		found = ws_source_weight(bits, WS_BLOCK_WORDS);
		source->cost.young += found;
		if (found)
			ws_promote_harvest(&mglru->age, mglru->rules, first, bits, count, NULL);
	}
	return ws_source_advance(&mglru->age, now_ns, NULL, NULL);
}

static u64 mglru_youngest_birth(const struct ws_source *source)
{
	const struct ws_age *age = &((const struct ws_source_mglru *)source)->age;

	return ws_age_birth(age, age->max_seq);
}

static int mglru_collect(struct ws_source *source, struct ws_span_sink *sink, u64 now_ns)
{
	ws_source_spans(&mglru_of(source)->age, sink, now_ns);
	return 0;
}

static int mglru_page_span(const struct ws_source *source, u32 page, u64 now_ns,
			   struct ws_span *span)
{
	const struct ws_age *age = &((const struct ws_source_mglru *)source)->age;

	*span = ws_source_gen_span(age, ws_age_seq(age, page), now_ns);
	return 0;
}

static const struct ws_source_ops mglru_ops = {
	.name = "mglru",
	.enter = mglru_enter,
	.leave = mglru_leave,
	.descriptor = mglru_descriptor,
	.age = mglru_age,
	.youngest_birth = mglru_youngest_birth,
	.collect = mglru_collect,
	.page_span = mglru_page_span,
};

int ws_source_mglru_init(struct ws_source_mglru *mglru, u16 *page, u32 pages_count,
			 const struct ws_rules *rules, u32 gens, const struct ws_access *access,
			 u64 now_ns)
{
	int error = ws_rules_check(rules);

	if (error)
		return error;
	ws_source_init(&mglru->source, &mglru_ops, access, pages_count, now_ns);
	mglru->rules = rules;
	error = ws_age_init(&mglru->age, page, pages_count, gens, now_ns);
	mglru->age.keeps = (enum ws_keeps)rules->keeps;
	return error;
}
