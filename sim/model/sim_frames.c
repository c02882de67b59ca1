/* SPDX-License-Identifier: BSD-2-Clause */
/* sim_frames.c - free frames by region. */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "model/sim_frames.h"

static void list_add(struct sim_frames *frames, u32 *list, u32 region)
{
	frames->before[region] = SIM_NO_FRAME;
	frames->after[region] = *list;
	if (*list != SIM_NO_FRAME)
		frames->before[*list] = region;
	*list = region;
}

static void list_remove(struct sim_frames *frames, u32 *list, u32 region)
{
	u32 before = frames->before[region], after = frames->after[region];

	if (before != SIM_NO_FRAME)
		frames->after[before] = after;
	else
		*list = after;
	if (after != SIM_NO_FRAME)
		frames->before[after] = before;
}

int sim_frames_init(struct sim_frames *frames, u32 frames_count)
{
	u32 regions = (frames_count + SIM_REGION_PAGES - 1) / SIM_REGION_PAGES;

	*frames = (struct sim_frames){
		.frames_count = frames_count,
		.regions_count = regions,
		.partial = SIM_NO_FRAME,
		.whole = SIM_NO_FRAME,
		.free_bits = calloc(regions * (SIM_REGION_PAGES / 64) + 1, sizeof(u64)),
		.region_free = calloc(regions + 1, sizeof(u16)),
		.before = calloc(regions + 1, sizeof(u32)),
		.after = calloc(regions + 1, sizeof(u32)),
	};
	if (!frames->free_bits || !frames->region_free || !frames->before || !frames->after) {
		sim_frames_destroy(frames);
		return -ENOMEM;
	}
	sim_frames_reset(frames);
	return 0;
}

void sim_frames_reset(struct sim_frames *frames)
{
	u32 regions = frames->regions_count;

	frames->partial = frames->whole = SIM_NO_FRAME;
	frames->free_count = 0;
	memset(frames->free_bits, 0, regions * (SIM_REGION_PAGES / 64) * sizeof(u64));
	memset(frames->region_free, 0, regions * sizeof(u16));
	for (u32 frame = frames->frames_count; frame-- > 0;)
		sim_frames_give(frames, frame);
}

void sim_frames_destroy(struct sim_frames *frames)
{
	free(frames->free_bits);
	free(frames->region_free);
	free(frames->before);
	free(frames->after);
	*frames = (struct sim_frames){ 0 };
}

u32 sim_frames_next(const struct sim_frames *frames)
{
	u32 region = frames->partial != SIM_NO_FRAME ? frames->partial : frames->whole;

	if (region == SIM_NO_FRAME)
		return SIM_NO_FRAME;
	const u64 *bits = frames->free_bits + region * (SIM_REGION_PAGES / 64);
	u32 word = 0;

	while (!bits[word])
		word++;
	return region * SIM_REGION_PAGES + word * 64 + (u32)__builtin_ctzll(bits[word]);
}

u32 sim_frames_take(struct sim_frames *frames)
{
	u32 region = frames->partial != SIM_NO_FRAME ? frames->partial : frames->whole;

	if (region == SIM_NO_FRAME)
		return SIM_NO_FRAME;
	u64 *bits = frames->free_bits + region * (SIM_REGION_PAGES / 64);
	u32 word = 0;

	while (!bits[word])
		word++;
	u32 bit = (u32)__builtin_ctzll(bits[word]);

	bits[word] &= bits[word] - 1;
	if (frames->region_free[region] == SIM_REGION_PAGES) {
		list_remove(frames, &frames->whole, region);
		list_add(frames, &frames->partial, region);
	}
	if (!--frames->region_free[region])
		list_remove(frames, &frames->partial, region);
	frames->free_count--;
	return region * SIM_REGION_PAGES + word * 64 + bit;
}

void sim_frames_give(struct sim_frames *frames, u32 frame)
{
	u32 region = frame / SIM_REGION_PAGES;

	assert(frame < frames->frames_count && !sim_frames_is_free(frames, frame));
	frames->free_bits[frame / 64] |= 1ull << frame % 64;
	if (!frames->region_free[region])
		list_add(frames, &frames->partial, region);
	if (++frames->region_free[region] == SIM_REGION_PAGES) {
		list_remove(frames, &frames->partial, region);
		list_add(frames, &frames->whole, region);
	}
	frames->free_count++;
}

u32 sim_frames_isolate(struct sim_frames *frames, u32 region)
{
	u32 count = frames->region_free[region];
	u64 *bits = frames->free_bits + region * (SIM_REGION_PAGES / 64);

	if (!count)
		return 0;
	list_remove(frames, count == SIM_REGION_PAGES ? &frames->whole : &frames->partial, region);
	for (u32 word = 0; word < SIM_REGION_PAGES / 64; word++)
		bits[word] = 0;
	frames->region_free[region] = 0;
	frames->free_count -= count;
	return count;
}
