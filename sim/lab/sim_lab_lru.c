/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sim_lab_lru.c - exact LRU in four bytes a page, with the trace as its recency log.
 *
 * last[page] is the position of the page's last access, so a hit is one store.  The
 * least recently used page is found by following the trace: the access at the oldest
 * position that is still some page's last one.  That position only moves forward, so
 * it passes over the trace once in all.
 */
#include <stdlib.h>

#include "lab/sim_lab_loop.h"

#define LRU_OUT 0xffffffffu /* last[page] of a page that is not in memory */

struct lab_lru {
	const struct sim_lab_trace *trace;
	struct sim_lab_result *result;
	u32 *last;
	u32 frames, used, oldest;
};

/* Everything before @oldest is not a page's last access. */
sim_lab_inline u32 lru_evict(struct lab_lru *lru)
{
	const u32 *trace = lru->trace->array.page;
	u32 *last = lru->last, oldest = lru->oldest, page;

	for (;; oldest++) {
		/* Within the trace: the log ends where the current access is, far ahead. */
		page = TR_PAGE(trace[oldest]);
		if (last[page] == oldest)
			break;
	}
	lru->result->scanned += oldest + 1 - lru->oldest;
	lru->oldest = oldest + 1;
	last[page] = LRU_OUT;
	return oldest;
}

sim_lab_inline void lru_accesses(struct lab_lru *lru, u32 from, u32 to, bool track, bool ahead)
{
	const u32 *trace = lru->trace->array.page;
	u32 *last = lru->last;

	for (u32 i = from; i < to; i++) {
		u32 page = TR_PAGE(trace[i]), before = last[page];
		if (ahead)
			__builtin_prefetch(&last[TR_PAGE(trace[i + SIM_LAB_AHEAD])], 1);
		last[page] = i;
		if (__builtin_expect(before != LRU_OUT, 1))
			continue;
		lru->result->misses++;
		if (lru->used < lru->frames) {
			lru->used++;
			continue;
		}
		u32 victim_last = lru_evict(lru);
		lru->result->evictions++;
		if (track)
			sim_lab_check_window(lru->trace, lru->result, i, victim_last);
	}
}

static int lru_span(void *ctx, u32 from, u32 to)
{
	struct lab_lru *lru = ctx;
	u32 end = sim_lab_ahead_end(from, to);

	if (lru->trace->time_ns) {
		lru_accesses(lru, from, to, true, false);
		return 0;
	}
	lru_accesses(lru, from, end, false, true);
	lru_accesses(lru, end, to, false, false);
	return 0;
}

static void lru_freed(void *ctx, u32 page)
{
	struct lab_lru *lru = ctx;

	if (lru->last[page] == LRU_OUT)
		return;
	lru->last[page] = LRU_OUT;
	lru->used--;
}

int sim_lab_run_lru(const struct sim_lab_trace *trace, u32 frames, struct sim_lab_result *result)
{
	struct lab_lru lru = { .trace = trace, .result = result, .frames = frames };

	lru.last = malloc(sizeof(u32) * trace->pages_count);
	if (!lru.last)
		return -ENOMEM;
	for (u32 page = 0; page < trace->pages_count; page++)
		lru.last[page] = LRU_OUT;
	result->state_bytes = 4;
	int rc = sim_lab_each(trace, &lru, lru_span, lru_freed);
	free(lru.last);
	return rc;
}
