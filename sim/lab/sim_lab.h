/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sim_lab.h - the laboratory: one guest, a fixed number of frames, one reclaim algorithm.
 *
 * No time, no devices, no watermarks: a page that is accessed is in memory or it is a
 * miss, and a miss takes a free frame or evicts.  That is what the literature calls a
 * miss ratio, so results can be held against other simulators' exactly.
 *
 * Frees end a page: it leaves memory, and a later access to its number is a cold miss.
 * Algorithms with ageing (MGLRU) reclaim up to SIM_LAB_BATCH pages at once, as kernels
 * do; all others one page for one miss.
 *
 * Memory: sim_lab_run() allocates its own and frees it.  Errors: 0 or negative errno.
 * Locking: a trace may be used by many threads at once; nothing here writes to it.
 */
#ifndef SIM_LAB_H
#define SIM_LAB_H

#include "model/sim_reclaim.h"
#include "tr_load.h"

#define SIM_LAB_BATCH 32u	  /* SWAP_CLUSTER_MAX of Linux */
#define SIM_LAB_BATCH_FRAMES_MIN (64 * SIM_LAB_BATCH) /* fewer frames, smaller batches */
#define SIM_LAB_TIME_STEP 1024u	  /* accesses between two entries of time_ns[] */
#define SIM_LAB_SWAPPINESS 60u	  /* Linux's default */
#define SIM_LAB_INVALID_PERCENT 1 /* evictions younger than the window that spoil a result */

/* Bits of attribute[access]. */
#define SIM_LAB_FILE 0x01u	 /* the page is a file's */
#define SIM_LAB_DESCRIPTOR 0x02u /* by read() or write(), not through a mapping */

struct sim_lab_trace {
	struct tr_array array;
	u8 *attribute;	  /* by access; NULL: all are mapped accesses to anon pages */
	u64 *time_ns;	  /* of every SIM_LAB_TIME_STEP-th access; NULL when window_ns is 0 */
	u32 *next_use;	  /* for OPT; NULL until sim_lab_trace_future() */
	u64 left_out;	  /* accesses to unevictable pages, which are not in the array */
	u32 pages_count;  /* array.pages_count, rounded up to a multiple of 64 */
	const volatile bool *stop; /* NULL, or: runs end with -EINTR soon after it is true */
};

struct sim_lab_result {
	u64 accesses, misses, evictions;
	u64 young_evictions; /* of pages whose idle age was below the trace's window */
	u64 scanned;	     /* pages looked at in order to evict */
	u64 ageings;	     /* generations begun */
	u64 entries_scanned; /* page-table entries that ageing looked at */
	u64 rmap_walks;	     /* accessed bits that eviction looked up */
	u64 refaults;	     /* misses that were workingset refaults */
	u32 state_bytes;     /* per page: hot byte, algorithm, and what the loop itself keeps */
};

/* Read @path (tr_load()'s formats; @format may be NULL) with all that the laboratory needs. */
int sim_lab_trace_load(struct sim_lab_trace *trace, const char *path, const char *format,
		       struct tr_error *error);
/* Take over an array that somebody else made; all accesses mapped, all pages anon. */
void sim_lab_trace_adopt(struct sim_lab_trace *trace, struct tr_array *array);
/* Work out next_use[].  Return: 0, -ENOMEM, or -ERANGE for 2^31 accesses and more. */
int sim_lab_trace_future(struct sim_lab_trace *trace);
void sim_lab_trace_destroy(struct sim_lab_trace *trace);

/*
 * Run the whole trace over @frames (1..) frames.
 * Return: 0, -ENOMEM, -ERANGE (too long), -EINTR (*stop), or -EIO: the algorithm gave up
 * no page.
 */
int sim_lab_run(const struct sim_lab_trace *trace, const struct sim_reclaim_choice *choice,
		u32 frames, struct sim_lab_result *result);

/* The same for algorithms that have a quicker loop, through the common one; for tests. */
int sim_lab_run_common(const struct sim_lab_trace *trace, const struct sim_reclaim_choice *choice,
		       u32 frames, struct sim_lab_result *result);

/* True when more than SIM_LAB_INVALID_PERCENT of the evictions were of such pages. */
static inline bool sim_lab_invalid(const struct sim_lab_result *result)
{
	return result->young_evictions * 100 > result->evictions * SIM_LAB_INVALID_PERCENT;
}

#endif /* SIM_LAB_H */
