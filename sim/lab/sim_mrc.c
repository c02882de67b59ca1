/* SPDX-License-Identifier: BSD-2-Clause */
/* sim_mrc.c - miss-ratio curves, exact and sampled. */
#include <stdlib.h>

#include "lab/sim_lab_loop.h"
#include "lab/sim_mrc.h"
#include "lab/sim_stack.h"

#define CHOOSE_BATCH 4096u

struct mrc_build {
	const struct sim_lab_trace *trace;
	struct sim_stack stack;
	u32 *reuse; /* by distance; [0]: cold */
	u32 reuse_count;
	u64 sampled;
	u32 threshold; /* a page is followed when its hash is below */
};

/* Mixes all bits of a page number into all others (the finalizer of MurmurHash3). */
static inline u32 page_hash(u32 page)
{
	page ^= page >> 16;
	page *= 0x85ebca6bu;
	page ^= page >> 13;
	page *= 0xc2b2ae35u;
	return page ^ page >> 16;
}

static int exact_span(void *ctx, u32 from, u32 to)
{
	struct mrc_build *build = ctx;
	const u32 *trace = build->trace->array.page;
	struct sim_stack *stack = &build->stack;
	u32 end = sim_lab_ahead_end(from, to);

	for (u32 i = from; i < to; i++) {
		if (i < end)
			__builtin_prefetch(&stack->last[TR_PAGE(trace[i + SIM_LAB_AHEAD])], 1);
		build->reuse[sim_stack_access(stack, TR_PAGE(trace[i]))]++;
	}
	build->sampled += to - from;
	return 0;
}

/* First find the chosen of a batch, without branches; then follow them. */
static int sampled_span(void *ctx, u32 from, u32 to)
{
	struct mrc_build *build = ctx;
	const u32 *trace = build->trace->array.page;
	u32 chosen[CHOOSE_BATCH];

	while (from < to) {
		u32 batch = to - from < CHOOSE_BATCH ? to - from : CHOOSE_BATCH, count = 0;
		for (u32 i = 0; i < batch; i++) {
			u32 page = TR_PAGE(trace[from + i]);
			chosen[count] = page;
			count += page_hash(page) < build->threshold;
		}
		for (u32 i = 0; i < count; i++)
			build->reuse[sim_stack_access(&build->stack, chosen[i])]++;
		build->sampled += count;
		from += batch;
	}
	return 0;
}

static void freed(void *ctx, u32 page)
{
	struct mrc_build *build = ctx;

	if (page_hash(page) < build->threshold || !build->threshold)
		sim_stack_free(&build->stack, page);
}

/* How many pages may be followed at once: an upper bound for distances. */
static u32 followed_pages(const struct mrc_build *build)
{
	u32 count = 0;

	if (!build->threshold)
		return build->trace->pages_count;
	for (u32 page = 0; page < build->trace->pages_count; page++)
		count += page_hash(page) < build->threshold;
	return count;
}

static int mrc_finish(struct sim_mrc *mrc, const struct mrc_build *build)
{
	u32 distance_max = build->reuse_count - 1;

	while (distance_max && !build->reuse[distance_max])
		distance_max--;
	mrc->hits = malloc(sizeof(u64) * ((u64)distance_max + 1));
	if (!mrc->hits)
		return -ENOMEM;
	mrc->hits[0] = 0;
	for (u32 i = 1; i <= distance_max; i++)
		mrc->hits[i] = mrc->hits[i - 1] + build->reuse[i];
	mrc->distance_max = distance_max;
	mrc->pages = build->reuse[0];
	mrc->sampled = build->sampled;
	return 0;
}

int sim_mrc_make(struct sim_mrc *mrc, const struct sim_lab_trace *trace, double rate)
{
	struct mrc_build build = { .trace = trace };

	if (!(rate > 0 && rate <= 1))
		return -EINVAL;
	if (trace->array.count >= 0xffffffffu)
		return -ERANGE;
	*mrc = (struct sim_mrc){ .accesses = trace->array.count, .rate = rate };
	/* No threshold: all pages.  A rate too small to choose anything chooses one in 2^32. */
	if (rate < 1)
		build.threshold = rate * 4294967296.0 < 1 ? 1 : (u32)(rate * 4294967296.0);
	u32 marks = followed_pages(&build);
	int rc = sim_stack_init(&build.stack, trace->pages_count, marks,
				trace->array.frees_count != 0);
	if (rc)
		return rc;
	build.reuse_count = marks + 1;
	build.reuse = calloc(build.reuse_count, sizeof(u32));
	rc = -ENOMEM;
	if (build.reuse) {
		rc = sim_lab_each(trace, &build, build.threshold ? sampled_span : exact_span,
				  freed);
		if (!rc)
			rc = mrc_finish(mrc, &build);
	}
	free(build.reuse);
	sim_stack_destroy(&build.stack);
	return rc;
}

void sim_mrc_destroy(struct sim_mrc *mrc)
{
	free(mrc->hits);
	mrc->hits = NULL;
}

double sim_mrc_ratio(const struct sim_mrc *mrc, u64 frames)
{
	if (!mrc->accesses || !frames)
		return 1;
	if (mrc->rate == 1) {
		u32 at = frames < mrc->distance_max ? (u32)frames : mrc->distance_max;
		return (double)(mrc->accesses - mrc->hits[at]) / (double)mrc->accesses;
	}
	/* Between two sampled distances reuse is taken to be spread evenly. */
	double expected = (double)mrc->accesses * mrc->rate;
	double at = (double)frames * mrc->rate, hits;
	double missing = expected - (double)mrc->sampled;
	if (at >= mrc->distance_max) {
		hits = (double)mrc->hits[mrc->distance_max] + missing;
	} else {
		u32 below = (u32)at;
		double part = at - below;
		hits = (double)mrc->hits[below] +
		       part * (double)(mrc->hits[below + 1] - mrc->hits[below]) +
		       missing * (below ? 1 : part);
	}
	double ratio = 1 - hits / expected;
	return ratio < 0 ? 0 : ratio > 1 ? 1 : ratio;
}

u32 sim_mrc_points(const struct sim_mrc *mrc, u64 *frames, u32 count)
{
	u64 most = (u64)((double)mrc->distance_max / mrc->rate + 0.5);

	if (!most)
		most = 1;
	if (count > most)
		count = (u32)most;
	for (u32 i = 0; i < count; i++)
		frames[i] = most * (i + 1) / count;
	return count;
}

double sim_mrc_mean_error(const struct sim_mrc *a, const struct sim_mrc *b, u64 frames_max)
{
	double sum = 0;

	for (u64 frames = 1; frames <= frames_max; frames++) {
		double gap = sim_mrc_ratio(a, frames) - sim_mrc_ratio(b, frames);
		sum += gap < 0 ? -gap : gap;
	}
	return frames_max ? sum / (double)frames_max : 0;
}
