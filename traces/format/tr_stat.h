/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tr_stat.h - what a trace is like: reuse, rate, working set over time.
 *
 * One pass over a .wst file, streams merged.  A page's reuse time is the time since
 * the access before in the same life.  The working set of an interval is the
 * distinct pages accessed in it (Denning 1968, with intervals that do not overlap).
 *
 * Memory: 16 bytes a page number.  Errors as tr_file.h.
 */
#ifndef TR_STAT_H
#define TR_STAT_H

#include "tr_file.h"

#define TR_STAT_INTERVALS_MAX 1000u
#define TR_STAT_QUANTILES 5u

struct tr_stat_interval {
	u64 accesses_count, writes_count, idle_ns;
	u32 working_set_pages; /* distinct pages accessed in the interval */
	u32 new_pages;	       /* lives that begin in it */
	u32 live_pages;	       /* begun and not freed, at its end */
};

struct tr_stat {
	u64 accesses_count, writes_count;
	u64 accesses_by_kind[3]; /* by enum tr_kind */
	u64 accesses_by_type[3]; /* by enum tr_type of the page */
	u64 lives_by_type[3];
	u64 lives_count, frees_count;
	u32 live_pages_max;
	u64 reuses_count;			   /* accesses that are not a life's first */
	u64 reuse_ns[TR_STAT_QUANTILES];	   /* quantiles of the reuse time: */
	u32 reuse_percent[TR_STAT_QUANTILES];	   /* 10, 50, 90, 99, 100; rounded up by < 7 % */
	u64 stream_ns;				   /* time of all streams together */
	u64 interval_ns;
	u32 intervals_count;
	struct tr_stat_interval interval[TR_STAT_INTERVALS_MAX];
};

/* @intervals_count: 1 to TR_STAT_INTERVALS_MAX. */
int tr_stat_collect(struct tr_stat *stat, struct tr_file *file, u32 intervals_count,
		    struct tr_error *error);

#endif /* TR_STAT_H */
