/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sim_frames.h - the guest's page allocator: which physical frames are free.
 *
 * Frames are handed out from partly used 2 MiB regions first and from a wholly free
 * one only when there is no other, as a buddy allocator keeps its large blocks: what
 * the host backs with huge pages, and what free page reporting finds, depend on it.
 * Everything is O(1).
 *
 * Memory: a bit a frame and 12 bytes a region.
 */
#ifndef SIM_FRAMES_H
#define SIM_FRAMES_H

#include <ws_env.h>

#define SIM_REGION_PAGES 512u /* 2 MiB */
#define SIM_NO_FRAME 0xffffffffu

struct sim_frames {
	u32 frames_count, free_count, regions_count;
	u64 *free_bits;	 /* a bit a frame */
	u16 *region_free; /* free frames of each region */
	u32 *before, *after; /* doubly linked lists of regions */
	u32 partial, whole;  /* first region of each list, SIM_NO_FRAME when empty */
};

/* All frames free.  Return: 0 or -ENOMEM. */
int sim_frames_init(struct sim_frames *frames, u32 frames_count);
void sim_frames_destroy(struct sim_frames *frames);
/* All frames free again, as after sim_frames_init(). */
void sim_frames_reset(struct sim_frames *frames);

/* A free frame, taken; SIM_NO_FRAME when there is none. */
u32 sim_frames_take(struct sim_frames *frames);

/* What sim_frames_take() would give, or SIM_NO_FRAME. */
u32 sim_frames_next(const struct sim_frames *frames);

/* Have the processor fetch what both will read. */
static inline void sim_frames_fetch(const struct sim_frames *frames)
{
	u32 region = frames->partial;

	if (region == SIM_NO_FRAME)
		return;
	__builtin_prefetch(&frames->free_bits[region * (SIM_REGION_PAGES / 64)], 1);
	__builtin_prefetch(&frames->region_free[region], 1);
}

void sim_frames_give(struct sim_frames *frames, u32 frame);

/* Take all frames of a region that are free.  Return: how many; is_free() is false then. */
u32 sim_frames_isolate(struct sim_frames *frames, u32 region);

static inline bool sim_frames_is_free(const struct sim_frames *frames, u32 frame)
{
	return frames->free_bits[frame / 64] >> frame % 64 & 1;
}

#endif /* SIM_FRAMES_H */
