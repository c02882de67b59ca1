/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sim_arena.h - one place on huge pages for the arrays of many small VMs.
 *
 * The state of a VM of some 100 MiB is a dozen arrays of a few pages each.  With a thousand
 * VMs a processor's TLB knows none of them when a VM's turn comes, and each costs a walk of
 * page tables, by a hypervisor's too where the simulator runs in a VM, before even the first
 * prefetch: 15 to 20 % of the time of 1,000 VMs (bench/README.md).  So where there are many,
 * small arrays lie one behind the other on huge pages.  Large ones stay apart, and so does
 * whatever a run may never touch: memory counts as soon as a neighbour is touched.
 *
 * Memory: each array is its caller's until given back, and all end with the arena.
 * Locking: none.
 */
#ifndef SIM_ARENA_H
#define SIM_ARENA_H

#include <ws_env.h>

#define SIM_ARENA_VMS 64u /* with fewer there is no arena: their arrays fit the TLB */
#define SIM_ARENA_MOST_BYTES (128u << 10) /* of an array: that of a VM of 128 MiB */

struct sim_arena {
	u8 *chunk; /* the last one; each begins with the address of the one before */
	u64 used_bytes; /* of it */
	bool on;
};

void sim_arena_init(struct sim_arena *arena, u32 vms_count);
void sim_arena_destroy(struct sim_arena *arena);

/* Zeroed memory from a cache line's start on; NULL when there is none. */
void *sim_arena_get(struct sim_arena *arena, u64 bytes);
/* The same @bytes as it was got with. */
void sim_arena_put(struct sim_arena *arena, void *memory, u64 bytes);

#endif /* SIM_ARENA_H */
