/* SPDX-License-Identifier: BSD-2-Clause */
/* sim_lab.c - chooses the loop for an algorithm: its own if it has one, else the common one. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "lab/sim_lab_loop.h"

/* One type of page, through page tables only, no frees, no window, memory of some size. */
static bool is_plain(const struct sim_lab_trace *trace, const struct sim_reclaim_choice *choice,
		     u32 frames)
{
	return !trace->attribute && !trace->time_ns && !trace->array.frees_count &&
	       !choice->by_rules && choice->param >= WS_GENS_LINUX && frames >= SIM_LAB_BATCH_FRAMES_MIN;
}

static bool is_any(const struct sim_lab_trace *trace, const struct sim_reclaim_choice *choice,
		   u32 frames)
{
	(void)trace, (void)choice, (void)frames;
	return true;
}

static const struct {
	const char *name;
	bool (*fits)(const struct sim_lab_trace *trace, const struct sim_reclaim_choice *choice,
		     u32 frames);
	int (*run)(const struct sim_lab_trace *trace, u32 frames, struct sim_lab_result *result);
} quick[] = {
	{ "fifo", is_any, sim_lab_run_fifo },
	{ "clock", is_any, sim_lab_run_clock },
	{ "lru", is_any, sim_lab_run_lru },
	{ "mglru", is_plain, sim_lab_run_mglru },
};

int sim_lab_run(const struct sim_lab_trace *trace, const struct sim_reclaim_choice *choice,
		u32 frames, struct sim_lab_result *result)
{
	assert(frames);
	if (trace->array.count + trace->pages_count >= SIM_NEVER)
		return -ERANGE;
	*result = (struct sim_lab_result){ .accesses = trace->array.count };
	for (u32 i = 0; i < sizeof(quick) / sizeof(quick[0]); i++)
		if (!strcmp(quick[i].name, choice->ops->name) &&
		    quick[i].fits(trace, choice, frames))
			return quick[i].run(trace, frames, result);
	return sim_lab_run_common(trace, choice, frames, result);
}

int sim_lab_loop_init(struct sim_lab_loop *loop, const struct sim_lab_trace *trace, u32 frames,
		      struct sim_lab_result *result)
{
	*loop = (struct sim_lab_loop){ .trace = trace, .frames = frames, .result = result };
	loop->hot = calloc(trace->pages_count, 1);
	if (trace->time_ns)
		loop->last = calloc(trace->pages_count, sizeof(u32));
	if (loop->hot && (loop->last || !trace->time_ns))
		return 0;
	sim_lab_loop_destroy(loop);
	return -ENOMEM;
}

void sim_lab_loop_destroy(struct sim_lab_loop *loop)
{
	free(loop->hot);
	free(loop->last);
}
