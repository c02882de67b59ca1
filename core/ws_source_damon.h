/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * ws_source_damon.h - ages from DAMON's regions.
 *
 * The range is cut into regions that are taken to be accessed alike.  Each sampling
 * interval one random page of each region has its accessed bit cleared, and looked at
 * one interval later; a region counts the hits (nr_accesses).  Each aggregation
 * interval
 *	age	counts up where nr_accesses changed little since the last time (by at most
 *		a tenth of the most that any region has had in this one) and not between
 *		none and some; else it is 0
 *	merge	neighbours whose nr_accesses differ as little become one, with the mean
 *		of their counts and ages by size, unless that were larger than the range
 *		by the least number of regions
 *	split	each region in two at a random place, in three when nothing moved, if
 *		that keeps within the most
 * as mm/damon/core.c of Linux 6.12 does (but for "none and some", which is in 7.3).  The
 * range is fixed, as with physical addresses: what is not in memory is never accessed and
 * looks idle.
 *
 * A region without accesses in the last aggregation has been idle for its age, in
 * aggregation intervals, as DAMON_STAT says it; one with accesses for less than one.
 * Pages in memory, by type, are counted inside each region when a report is made (as
 * DAMOS filters do), a lookup each: DAMON itself knows no types, and no holes.
 *
 * Errors come from sampling: one page speaks for a region, so a small hot spot in a
 * cold region is missed until a split finds it, an age counts from the last time a
 * sample hit, and merging averages ages.
 */
#ifndef WS_SOURCE_DAMON_H
#define WS_SOURCE_DAMON_H

#include "ws_source.h"

#define WS_DAMON_SPLIT_MAX 3u

struct ws_damon_config {
	u64 sample_ns;	    /* 5 ms */
	u64 aggregation_ns; /* 100 ms; a multiple of sample_ns */
	u32 regions_min;    /* 10, at least 3 */
	u32 regions_max;    /* 1000, at least regions_min */
	u64 seed;
};

struct ws_damon_region {
	u32 first, count; /* pages; count is not 0 */
	u32 sampled;	  /* the page whose bit was cleared */
	u32 nr_accesses;  /* in this aggregation so far */
	u32 last_nr_accesses;
	u32 age; /* aggregations without a notable change */
};

struct ws_source_damon {
	struct ws_source source;
	struct ws_damon_config config;
	struct ws_damon_region *region; /* in order, without gaps or overlap */
	u32 regions_count;
	u32 regions_before; /* at the last split */
	u32 samples;	    /* taken in this aggregation */
	bool armed;	    /* region[].sampled are set */
	u64 random;
	u64 aggregated_ns;
};

/* Bytes of regions. */
u64 ws_source_damon_footprint(const struct ws_damon_config *config);

/**
 * ws_source_damon_init() - regions_min regions of equal size, or one a page
 * @region: ws_source_damon_footprint() bytes, any content
 *
 * Return: 0, or -EINVAL for a config out of range or @pages_count 0.
 */
int ws_source_damon_init(struct ws_source_damon *damon, const struct ws_damon_config *config,
			 struct ws_damon_region *region, u32 pages_count,
			 const struct ws_access *access, u64 now_ns);

/* False unless regions cover the range in order, in bounds of number; for tests. */
bool ws_source_damon_check(const struct ws_source_damon *damon);

#endif /* WS_SOURCE_DAMON_H */
