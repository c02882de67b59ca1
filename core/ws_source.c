/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* ws_source.c - what sources of ages have in common; see ws_source.h. */
#include "ws_source.h"

void ws_source_init(struct ws_source *source, const struct ws_source_ops *ops,
		    const struct ws_access *access, u32 pages_count, u64 now_ns)
{
	source->ops = ops;
	source->access = *access;
	source->pages_count = pages_count;
	source->began_ns = now_ns;
	memset(&source->cost, 0, sizeof(source->cost));
}

u32 ws_source_weight(const u64 *bits, u32 words)
{
	u32 weight = 0, i;
	u64 word;

	for (i = 0; i < words; i++)
		for (word = bits[i]; word; word &= word - 1)
			weight++;
	return weight;
}

int ws_source_advance(struct ws_age *age, u64 now_ns, bool (*mine)(const void *ctx, u32 page),
		      const void *mine_ctx)
{
	bool folded[WS_TYPES];
	int error = ws_age_advance(age, now_ns, folded);

	if (error != -EAGAIN)
		return error;
	/* One round relabels every page; then there are no more labels in use than generations. */
	ws_age_tidy(age, age->pages_count, mine, mine_ctx);
	return ws_age_advance(age, now_ns, folded);
}

struct ws_span ws_source_gen_span(const struct ws_age *age, u64 seq, u64 now_ns)
{
	struct ws_span span = { 0, now_ns - ws_age_birth(age, seq) };

	if (seq != age->max_seq)
		span.age_min_ns = now_ns - ws_age_birth(age, seq + 1);
	return span;
}

void ws_source_spans(const struct ws_age *age, struct ws_span_sink *sink, u64 now_ns)
{
	enum ws_type type;

	for (type = WS_ANON; type < WS_TYPES; type++) {
		u64 seq = age->max_seq;

		for (;; seq--) {
			struct ws_span span = ws_source_gen_span(age, seq, now_ns);
			u64 pages = ws_age_pages(age, seq, type);

			if (pages)
				sink->put(sink, type, span.age_min_ns, span.age_max_ns, pages);
			if (seq == age->min_seq[type])
				break;
		}
	}
}

struct hist_sink {
	struct ws_span_sink sink;
	struct ws_hist *hist;
};

static void hist_put(struct ws_span_sink *sink, enum ws_type type, u64 age_min_ns, u64 age_max_ns,
		     u64 pages)
{
	ws_hist_add_span(((struct hist_sink *)sink)->hist, type, age_min_ns, age_max_ns, pages);
}

static int ages_age(void *ctx, u64 now_ns)
{
	struct ws_source *source = ctx;

	return source->ops->age(source, now_ns);
}

static u64 ages_youngest_birth(void *ctx)
{
	const struct ws_source *source = ctx;

	return source->ops->youngest_birth(source);
}

static int ages_collect(void *ctx, struct ws_hist *hist, u64 now_ns)
{
	struct ws_source *source = ctx;
	struct hist_sink sink = { { hist_put }, hist };

	return source->ops->collect(source, &sink.sink, now_ns);
}

const struct ws_ages_ops ws_source_ages = {
	.age = ages_age,
	.youngest_birth = ages_youngest_birth,
	.collect = ages_collect,
};
