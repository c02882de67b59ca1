/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sim_lab_loop.h - what the laboratory's loops have in common.  Private to sim/lab.
 *
 * A trace is spans of accesses with frees between them, so that the innermost loop
 * has no frees to look for.  It is expanded for each algorithm with its own flags as
 * constants, and looks SIM_LAB_AHEAD accesses ahead to fetch page state before it is
 * needed.
 */
#ifndef SIM_LAB_LOOP_H
#define SIM_LAB_LOOP_H

#include <errno.h>

#include "lab/sim_lab.h"

#define SIM_LAB_AHEAD 40u
#define SIM_LAB_GROUP 64u
#define SIM_LAB_PART (1u << 22) /* accesses between two looks at stop */
#define sim_lab_inline static inline __attribute__((always_inline))

struct sim_lab_loop {
	const struct sim_lab_trace *trace;
	struct sim_lab_result *result;
	u32 frames, used;
	u8 *hot;
	u32 *last; /* by page: position of its last access; NULL unless a window is checked */
};

/* Call @span for [from, to), in parts, so that an interrupt takes effect soon. */
sim_lab_inline int sim_lab_parts(const struct sim_lab_trace *trace, void *ctx,
				 int (*span)(void *ctx, u32 from, u32 to), u32 from, u32 to)
{
	while (from < to) {
		u32 end = to - from < SIM_LAB_PART ? to : from + SIM_LAB_PART;
		int rc = trace->stop && *trace->stop ? -EINTR : span(ctx, from, end);
		if (rc)
			return rc;
		from = end;
	}
	return 0;
}

/* Call @span for every span and @freed for every free, in order. */
sim_lab_inline int sim_lab_each(const struct sim_lab_trace *trace, void *ctx,
				int (*span)(void *ctx, u32 from, u32 to),
				void (*freed)(void *ctx, u32 page))
{
	const struct tr_array *array = &trace->array;
	u32 from = 0;

	for (u64 i = 0; i < array->frees_count; i++) {
		u64 position = array->frees[i].position;
		u32 to = position < array->count ? (u32)position : (u32)array->count;
		int rc = sim_lab_parts(trace, ctx, span, from, to);
		if (rc)
			return rc;
		from = to > from ? to : from;
		freed(ctx, array->frees[i].page);
	}
	return sim_lab_parts(trace, ctx, span, from, (u32)array->count);
}

/* The end of the part of [from, to) in which looking ahead stays inside the span. */
static inline u32 sim_lab_ahead_end(u32 from, u32 to)
{
	return to - from > SIM_LAB_AHEAD ? to - SIM_LAB_AHEAD : from;
}

/*
 * Count an eviction at @position of a page last used at @last.  Accesses by descriptor
 * are all in the trace, so no reuse is hidden behind them.
 */
static inline void sim_lab_check_window(const struct sim_lab_trace *trace,
					struct sim_lab_result *result, u32 position, u32 last)
{
	u64 idle_ns = trace->time_ns[position / SIM_LAB_TIME_STEP] -
		      trace->time_ns[last / SIM_LAB_TIME_STEP];

	if (trace->attribute && trace->attribute[last] & SIM_LAB_DESCRIPTOR)
		return;
	if (idle_ns < trace->array.window_ns)
		result->young_evictions++;
}

/*
 * A group of accesses at a time: set the accessed bits of all of it, hits and misses,
 * and note what is absent.  The state of the misses is fetched meanwhile, and they are
 * served one group later.  No branch depends on a single access.  So a page has its bit
 * set up to two groups before its turn, which processors do to a scanner as well.
 */
struct sim_lab_group {
	u32 absent[SIM_LAB_GROUP], count, position;
};

sim_lab_inline void sim_lab_group_touch(struct sim_lab_group *group, const u32 *trace, u8 *hot,
					u32 from, u32 to, bool ahead)
{
	u32 count = 0;

	for (u32 i = from; i < to; i++) {
		u32 page = TR_PAGE(trace[i]);
		u8 bits = hot[page];
		if (ahead)
			__builtin_prefetch(&hot[TR_PAGE(trace[i + SIM_LAB_AHEAD])], 1);
		hot[page] = bits | SIM_HOT_ACCESSED_GUEST;
		group->absent[count] = page;
		count += !(bits & SIM_HOT_PRESENT);
	}
	group->count = count;
	group->position = from;
}

/* hot[] and, if the trace has a window, last[].  Return: 0 or -ENOMEM. */
int sim_lab_loop_init(struct sim_lab_loop *loop, const struct sim_lab_trace *trace, u32 frames,
		      struct sim_lab_result *result);
void sim_lab_loop_destroy(struct sim_lab_loop *loop);

/* The quicker loops: of FIFO and CLOCK, of LRU, and of MGLRU on plain traces. */
int sim_lab_run_fifo(const struct sim_lab_trace *trace, u32 frames, struct sim_lab_result *result);
int sim_lab_run_clock(const struct sim_lab_trace *trace, u32 frames,
		      struct sim_lab_result *result);
int sim_lab_run_mglru(const struct sim_lab_trace *trace, u32 frames,
		      struct sim_lab_result *result);
int sim_lab_run_lru(const struct sim_lab_trace *trace, u32 frames, struct sim_lab_result *result);

#endif /* SIM_LAB_LOOP_H */
