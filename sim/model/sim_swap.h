/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sim_swap.h - a guest's swap area: slots on a device.
 *
 * Slots are given out in order round the area, so pages evicted together lie together
 * and swap-in can read a cluster.  On a block device a page that was read back keeps
 * its slot until it changes (the swap cache): evicting it again costs no write.  On
 * compressed memory the slot goes at once, as Linux does for synchronous devices, and
 * what is stored takes pages of the guest's own memory.
 *
 * A slot number here is the slot + 1, 0 is none.
 */
#ifndef SIM_SWAP_H
#define SIM_SWAP_H

#include "model/sim_device.h"

struct sim_swap_area {
	u32 slots_count, used, next;
	u32 *page_of;	/* by slot: page + 1, 0: free */
	u64 *taken;	/* a bit a slot, so that a free one is found quickly */
	u32 *shadow_of; /* by slot: the reclaim engine's shadow of the evicted page */
	u32 pool_frames; /* compressed: frames that hold what is stored */
	u32 *pool;	 /* which frames, pool_frames of them */
	u32 pool_capacity;
	struct sim_device device;
};

/* A free slot for @page, or 0 when the area is full. */
u32 sim_swap_take(struct sim_swap_area *area, u32 page);
void sim_swap_give(struct sim_swap_area *area, u32 slot);

/* Frames that compressed contents need now. */
static inline u32 sim_swap_pool_want(const struct sim_swap_area *area)
{
	const struct sim_device_config *config = area->device.config;

	return config->compressed ? (u32)(area->used / config->ratio + 0.999) : 0;
}

static inline bool sim_swap_is_full(const struct sim_swap_area *area)
{
	return area->used >= area->slots_count;
}

/* As the kernel's vm_swap_full(): time to be sparing with slots. */
static inline bool sim_swap_is_half_full(const struct sim_swap_area *area)
{
	return 2 * (u64)area->used > area->slots_count;
}

#endif /* SIM_SWAP_H */
