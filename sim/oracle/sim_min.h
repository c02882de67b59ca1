/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sim_min.h - Belady's MIN: the fewest page-ins that a number of frames allows.
 *
 * Of the pages in memory, that one leaves whose next use is farthest (Belady, 1966); a
 * page that is used farther away than all others does not stay at all.  Over the merged
 * timeline of all VMs this is one pool from which memory moves for nothing and at once:
 * the bound for every policy on page-ins in open loop (first uses of a page are nobody's
 * fault and do not count).
 */
#ifndef SIM_MIN_H
#define SIM_MIN_H

#include "oracle/sim_timeline.h"

struct sim_min {
	u32 *page;	/* by position in the merged order: VM's first page + page */
	u32 *next;	/* position of the page's next use, or 0xffffffff */
	bool *first;	/* the page's first use of this life */
	u32 uses_count; /* without ends of lives */
};

/* @vm: one VM's own timeline, or -1 for all merged.  Return: 0, -ENOMEM, -EFBIG. */
int sim_min_make(struct sim_min *min, const struct sim_timeline *timeline, int vm,
		 struct tr_error *error);
void sim_min_destroy(struct sim_min *min);

/* Page-ins with @frames frames.  Return: 0 or -ENOMEM. */
int sim_min_page_ins(const struct sim_min *min, u64 frames, u64 *page_ins);

/* The same under LRU at every number of frames: page_ins[f] for f up to @frames_max. */
int sim_lru_page_ins(const struct sim_timeline_vm *vm, u64 frames_max, u64 *page_ins);

#endif /* SIM_MIN_H */
