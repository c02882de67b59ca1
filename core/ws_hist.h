/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * ws_hist.h - how many pages were last used how long ago.
 *
 * A source of ages knows spans: these n pages were last used between a and b
 * ago.  Those who ask have bins of their own.  A span that crosses edges is split
 * in proportion to time, because nothing is known about when inside the span its
 * pages were used, and any other rule would need a parameter.
 *
 *	idle	0         edge[0]         edge[1]         for ever
 *		|  bin 0  |     bin 1     |     bin 2 ...
 *	span	      |----- n pages -----|
 *
 * Bin i holds edge[i - 1] <= idle < edge[i].
 *
 * The split is by running totals: below an edge e lie
 *	floor(n * (e - a) / (b - a))
 * of the n pages, multiplied before dividing, in 128 bits.  So each total is less
 * than one page short of the exact value and the remainder is counted in the older
 * bin; no page is lost or invented; and a total does not depend on which other
 * edges there are: finer bins add up to the coarser ones exactly.
 *
 * (The series that was posted for Linux divides first, n / (b - a) * (e - a),
 * in jiffies; a generation of fewer pages than jiffies then falls into one bin.)
 *
 * Memory: the caller's.  Time: ages in ns, computed by the caller; at most one
 * division for each edge.  Errors: 0 or negative errno.  Locking: the caller
 * serializes per object.  Source: fill of bins in the working-set-reporting
 * series, 2023 to 2024, with its arithmetic corrected.
 */
#ifndef WS_HIST_H
#define WS_HIST_H

#include "ws_types.h"

struct ws_hist {
	u64 edge_ns[WS_EDGES_MAX];	   /* strictly ascending, not 0 */
	u64 pages[WS_TYPES][WS_BINS_MAX]; /* by type and bin, youngest bin first */
	u32 bins_count;			   /* edges + 1, 2..WS_BINS_MAX */
};

/**
 * ws_hist_init() - an empty histogram
 * @edge_ns: strictly ascending, the first above 0, none WS_AGE_INFINITE
 * @edges_count: 1..WS_EDGES_MAX
 *
 * Return: 0, or -EINVAL and @hist untouched.
 */
int ws_hist_init(struct ws_hist *hist, const u64 *edge_ns, u32 edges_count);

/* The rule of ws_hist_init() alone: 0 or -EINVAL. */
int ws_hist_check_edges(const u64 *edge_ns, u32 edges_count);

/* No pages; the edges stay. */
void ws_hist_reset(struct ws_hist *hist);

/**
 * ws_hist_add_span() - add @pages that were last used between two ages ago
 * @age_min_ns, @age_max_ns: age_min_ns <= age_max_ns; equal: all have that age
 */
void ws_hist_add_span(struct ws_hist *hist, enum ws_type type, u64 age_min_ns, u64 age_max_ns,
		      u64 pages);

/* Add the pages of @from.  Return: 0, or -EINVAL when the edges differ. */
int ws_hist_merge(struct ws_hist *hist, const struct ws_hist *from);

/* Pages of @type in all bins. */
u64 ws_hist_total(const struct ws_hist *hist, enum ws_type type);

/* Upper edge of a bin; WS_AGE_INFINITE for the last. */
static inline u64 ws_hist_edge(const struct ws_hist *hist, u32 bin)
{
	if (bin >= WS_EDGES_MAX || bin + 1 >= hist->bins_count)
		return WS_AGE_INFINITE;
	return hist->edge_ns[bin];
}

#endif /* WS_HIST_H */
