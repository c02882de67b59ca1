/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* ws_source_mglru.c - ages from generations; see ws_source_mglru.h. */
#include "ws_source_mglru.h"

static struct ws_source_mglru *mglru_of(struct ws_source *source)
{
	return (struct ws_source_mglru *)source;
}

static void mglru_enter(struct ws_source *source, u32 page, enum ws_type type, enum ws_enter how)
{
	struct ws_age *age = &mglru_of(source)->age;
	u64 old = age->max_seq < WS_GENS_LINUX ? 0 : age->max_seq - (WS_GENS_LINUX - 1);

	ws_age_add(age, page, type, how == WS_ENTER_FAULT ? age->max_seq : old);
}

static void mglru_leave(struct ws_source *source, u32 page)
{
	ws_age_remove(&mglru_of(source)->age, page);
}

static int mglru_age(struct ws_source *source, u64 now_ns)
{
	struct ws_age *age = &mglru_of(source)->age;

	ws_source_walk(source, age);
	return ws_source_advance(age, now_ns, NULL, NULL);
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
	.age = mglru_age,
	.youngest_birth = mglru_youngest_birth,
	.collect = mglru_collect,
	.page_span = mglru_page_span,
};

int ws_source_mglru_init(struct ws_source_mglru *mglru, u16 *page, u32 pages_count, u32 gens,
			 const struct ws_access *access, u64 now_ns)
{
	ws_source_init(&mglru->source, &mglru_ops, access, pages_count, now_ns);
	return ws_age_init(&mglru->age, page, pages_count, gens, now_ns);
}
