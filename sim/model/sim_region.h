/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sim_region.h - 2 MiB regions of a guest, free ones found and used ones made free.
 *
 * What a huge-page balloon, virtio-mem and a shared allocator need from the guest's
 * kernel: a whole free region, or compaction, which moves the pages of a region to free
 * frames elsewhere.  Pages of the kernel, unevictable pages, the pool of compressed swap
 * and pages that are being written do not move.
 */
#ifndef SIM_REGION_H
#define SIM_REGION_H

#include "model/sim_guest.h"

struct sim_claim {
	u32 region;   /* taken from the allocator, all of its frames; SIM_NO_FRAME: none */
	u64 cpu_ns;   /* guest's CPU time, also where there is none */
	u64 again_ns; /* memory comes free then; 0: not known */
};

/* A wholly free region, reclaimed and compacted for if there is none. */
struct sim_claim sim_region_claim(struct sim_guest *guest);

/*
 * Exactly @count regions from @first on: their free frames are taken, their used ones
 * emptied.  All or nothing.  Return: 0, -EBUSY for pages that cannot move, -ENOMEM when
 * there is no room for them; *cpu_ns grows by what it took either way.
 */
int sim_region_empty(struct sim_guest *guest, u32 first, u32 count, u64 *cpu_ns);

/* Have more than @pages free frames above the lowest mark.  Return: whether they are. */
bool sim_region_room(struct sim_guest *guest, u64 pages, u64 *cpu_ns, u64 *again_ns);

/* The host takes a region whose frames are all taken, and gives it back to the allocator. */
void sim_region_take(struct sim_guest *guest, u32 region);
void sim_region_give(struct sim_guest *guest, u32 region);

#endif /* SIM_REGION_H */
