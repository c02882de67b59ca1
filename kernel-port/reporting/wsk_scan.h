/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * wsk_scan.h - the scan: a pass over page tables, then one over page frames.
 *
 * A pass begins at time t and has two parts:
 *
 *   1. wsk_scan_mms(): every page table of every process.  Accessed bits are taken out;
 *	two bits a page frame remember which frames are mapped, and which were accessed.
 *   2. wsk_scan_frames(): every page frame.  What is on an LRU list or mapped by a process
 *	belongs to the lot of its memcg, node and type; what was accessed becomes young.
 *
 * Then every lot begins a new youngest generation, born at t.  So a page whose bit was set
 * by pass k was used between t(k-1) and the end of pass k, and bears the birth t(k-1).
 *
 * A frame that a pass finds free, or no user's, has left its lot: who gets it next starts
 * young.  A frame that changed hands between two passes without being seen free is told by
 * its lot or by its accessed bit, which every fault sets; if neither tells (same memcg, same
 * type, not touched since) it keeps the age of the page before, for one pass too long.
 *
 * A mapped frame that is new to a pass and was not accessed, as a fault would have it, holds
 * a page that was moved there (compaction, another node).  It takes over the age that most
 * of the pages have that left its lot in the same pass and are not claimed yet; without
 * such, that of pages not accessed since the pass before.
 *
 * Large folios are one page of many frames: their age is one, the youngest part's, and
 * they count with all their frames.
 *
 * Memory: for each frame up to the last one of the machine 2 bytes of ws_age, 2 of owner, 1 of
 * flags and 2 bits; for each memcg and node 4.8 KiB.  Locking: wsk_lock.
 */
#ifndef WSK_SCAN_H
#define WSK_SCAN_H

#include <linux/mm_types.h>
#include <linux/types.h>

#include "ws_age.h"

struct wsk_group;

/* The pages of a memcg, without its children's, on a node. */
struct wsk_lot {
	struct ws_age age;
	struct wsk_group *group; /* when the memcg has gone: an ancestor of it */
	int node_index;
	u16 index; /* in wsk_scan.lot, not 0 */
	bool orphan; /* the memcg has gone; its pages go over to @group */
	u32 vacated[WS_ROWS_MAX]; /* by row of age: pages that left in this pass */
	bool relabel; /* names run short: pages get their generation's present one */
};

#define WSK_LOTS_MAX 4096 /* memcgs times nodes; what is beyond counts as its parent's */

struct wsk_scan_stats {
	u64 passes, passes_broken_off; /* unloaded or switched meanwhile */
	u64 walk_ns, sweep_ns; /* of all passes, while other tasks may have run */
	u64 walk_last_ns, sweep_last_ns;
	u64 mms, mms_busy; /* busy: their lock was not to be had, bits stay for the next pass */
	u64 mms_secondary; /* with a secondary MMU, whose accessed bits are not seen */
	u64 ptes, young_ptes, huge_pmds, young_pmds;
	u64 frames, young_frames, cache_hits; /* cache_hits: used by system call, not by mapping */
	u64 moved_frames;
	u64 cleared_referenced, given_back;
};

struct wsk_scan {
	u32 frames_count; /* a multiple of 64 */
	u16 *page; /* ws_age's */
	u16 *owner; /* lot's index * 2 + type; 0: nobody's */
	u8 *flags; /* what the kernel's flags were in the last pass, see wsk_scan_frames.c */
	unsigned long *mapped, *young;
	struct wsk_lot **lot; /* by index */
	u32 lots_end; /* indices in use are below */
	bool first; /* no pass yet */
	u64 pass_ns; /* when the last pass began */
	unsigned long pass_jiffies; /* the same as the kernel's generations have it */
	u64 footprint_bytes;
	struct wsk_scan_stats stats;
};

extern struct wsk_scan wsk_scan;

/* How accessed bits that were taken are given back to the kernel: "giveback=". */
enum wsk_giveback { WSK_GIVE_NOTHING, WSK_GIVE_YOUNG, WSK_GIVE_MARK };

/* wsk_scan_mms.c; -EINTR when wsk_stopping, -ENOMEM */
int wsk_scan_mms(struct wsk_scan *scan);

/* wsk_scan_frames.c; -EINTR when wsk_stopping */
int wsk_scan_frames(struct wsk_scan *scan, enum wsk_giveback giveback);

/* wsk_scan_tlb.c: forget cached translations, so that the next access sets its bit. */
void wsk_scan_flush(void);

static inline struct wsk_lot *wsk_lot_of(const struct wsk_scan *scan, u16 owner)
{
	return scan->lot[owner >> 1];
}

static inline u16 wsk_lot_owner(const struct wsk_lot *lot, enum ws_type type)
{
	return lot->index << 1 | type;
}

#endif /* WSK_SCAN_H */
