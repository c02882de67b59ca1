/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sim_host.h - the host's memory under its VMs.
 *
 * A frame of a VM is unbacked (never touched, or given back), backed by a page of the
 * host, or swapped out by the host.  A VM's first touch of an unbacked frame is an EPT
 * violation, which backs 4 KiB, or the whole 2 MiB region when huge pages are on and
 * nothing in the region was backed, swapped or ballooned before.  Only what is backed
 * costs the host memory, and only a backed frame that the balloon takes gives memory
 * back.
 *
 * When free memory is short the host ages each VM's frames with the same core as the
 * guests, by the accessed bits that it sees, and swaps out the oldest.  It does not
 * know what the guest thinks of its pages, nor which frames are free in the guest; that
 * is how double paging and the swapping of garbage come about.
 *
 * State per frame is in the table of sim_guest.h.
 */
#ifndef SIM_HOST_H
#define SIM_HOST_H

#include "model/sim_device.h"
#include "model/sim_engine.h"
#include "model/sim_frames.h"
#include "model/sim_reclaim.h"
#include "model/sim_psi.h"

struct sim_guest;

/* state[frame]: the engine's bits, and ours above. */
#define SIM_BACK_BACKED SIM_HOT_PRESENT
#define SIM_BACK_ACCESSED SIM_HOT_ACCESSED_GUEST /* the bit that the host's engine reads */
#define SIM_BACK_DIRTY 0x10u			 /* written since its copy in swap was made */
#define SIM_BACK_SWAPPED 0x20u			 /* only in the host's swap */
#define SIM_BACK_COPY 0x40u			 /* backed, and swap holds a copy */
#define SIM_BACK_BALLOON 0x80u			 /* in the balloon: the guest may not touch it */

/* region[]: what a 2 MiB region is backed by. */
#define SIM_REGION_HUGE 1u
#define SIM_REGION_SPLIT 2u /* was huge, or could not become so, because of a 4 KiB loss */

#define SIM_OWNER_NONE 0xffffffffu   /* free in the guest, which the host does not know */
#define SIM_OWNER_KERNEL 0xfffffffeu /* the guest kernel's own: always in use */

/* The host's side of one VM's memory. */
struct sim_backing {
	u32 frames_count;
	u32 *owner; /* the guest's page in the frame, or SIM_OWNER_* (kept by the guest) */
	u8 *state;
	u8 *region;
	struct sim_reclaim_space space;
	struct sim_reclaim *lruvec;
	u16 *region_backed;
	u64 backed, swapped, copies, huge_regions, split_regions;
};

/* Frames being written to swap. */
struct sim_host_batch {
	u64 done_ns;
	u32 frames; /* 0: unused */
};

struct sim_host {
	struct sim_engine *engine;
	const struct sim_host_config *config;
	struct sim_guest **guest; /* vms_count; NULL entries are VMs that do not run */
	u32 vms_count;
	u64 memory_pages;	  /* for VMs: memory - reserved */
	u64 taken_pages;	  /* by disturbances */
	u64 owed_pages;		  /* what they will take besides, as soon as it is free */
	u64 free_pages;
	u64 min_pages, low_pages, high_pages;
	u64 swap_pages, swap_used; /* slots */
	u64 pool_pages;		   /* memory that compressed swap takes */
	struct sim_device swap;
	struct sim_host_batch *batch;
	u32 batches_count;
	u64 writing_pages;	   /* frames on their way to swap */
	bool reclaiming;
	u32 failures;		   /* reclaim steps in a row that found nothing */
	u64 aged_ns;		   /* last ageing pass */
	u32 collapse_vm, collapse_region; /* khugepaged: looked at last */
	u64 collapse_pages;	   /* that khugepaged backed and were not backed before */
	struct sim_psi psi;
	u64 swap_in_pages, swap_out_pages, cpu_ns, low_ns, critical_ns;
};

int sim_host_init(struct sim_host *host, struct sim_engine *engine);
void sim_host_destroy(struct sim_host *host);

/* Host side of a VM with @frames_count frames.  Return: 0 or -ENOMEM. */
int sim_backing_init(struct sim_backing *backing, const struct sim_host *host, u32 frames_count,
		     u64 now_ns);
void sim_backing_destroy(struct sim_backing *backing, struct sim_arena *arena);

/* What a touch of a frame cost. */
struct sim_touch {
	enum sim_fault fault; /* SIM_FAULTS: nothing had to be done */
	u64 cpu_ns;	      /* time the vCPU spent */
	u64 ready_ns;	      /* data are there then (0: at once) */
	bool retry;	      /* the host had no memory: try again at ready_ns */
};

/* The guest uses @frame: back it if it is not. */
struct sim_touch sim_host_touch(struct sim_host *host, struct sim_guest *guest, u32 frame);

/* Does the host hold anything of the 2 MiB region, in memory or in swap? */
static inline bool sim_host_has_region(const struct sim_backing *backing, u32 region)
{
	return backing->region_backed[region] || backing->region[region];
}

/* The guest gives the region up whole (reporting, VM gone): memory and swap come back. */
void sim_host_unback_region(struct sim_host *host, struct sim_guest *guest, u32 region);

/* The guest put @frame into its balloon: it comes back, and its region is split for good. */
void sim_host_balloon(struct sim_host *host, struct sim_guest *guest, u32 frame);

/* The guest gave the region up whole and may not touch it: no huge page is split for it. */
void sim_host_take_region(struct sim_host *host, struct sim_guest *guest, u32 region);

/* @count free frames of one region were reported: they come back, the region is split. */
void sim_host_report(struct sim_host *host, struct sim_guest *guest, u32 first, u32 count);

/* The region is backed by 4 KiB pages from now on. */
void sim_host_split(struct sim_guest *guest, u32 region);

/* Swap @want frames of one VM out, the oldest first.  Return: frames gone or going. */
u32 sim_host_evict(struct sim_host *host, struct sim_guest *guest, u32 want);

/* Back an unbacked frame with a free page of the host, whoever wants it. */
void sim_host_back(struct sim_host *host, struct sim_backing *backing, u32 frame);

/* SIM_WAKE_HOST_RECLAIM, SIM_WAKE_HOST_WRITTEN. */
void sim_host_reclaim(struct sim_host *host);
void sim_host_written(struct sim_host *host, u32 batch);

/*
 * Something else takes memory from the host (negative: gives it back): at once what is
 * free, the rest as reclaim finds it.
 */
void sim_host_take(struct sim_host *host, s64 pages);

/* Pressure as told to policies: 0 none, 1 low, 2 medium, 3 critical. */
static inline u32 sim_host_pressure(const struct sim_host *host)
{
	return host->free_pages < host->min_pages   ? 3
	       : host->free_pages < host->low_pages ? 2
	       : host->free_pages < host->high_pages ? 1
						     : 0;
}

#endif /* SIM_HOST_H */
