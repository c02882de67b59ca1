/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sim_mrc.h - the miss-ratio curve: misses under exact LRU at every number of frames.
 *
 * Exact by stack distances (sim_stack.h), or sampled by SHARDS (Waldspurger 2015) at a
 * fixed rate R: pages are chosen by a hash of their number, only theirs are followed,
 * and a distance among sampled pages stands for 1/R times as many.  What the sample
 * has more or fewer of accesses than R promises is put into the shortest distances
 * (SHARDS-adj), for it is the few most popular pages that make the difference.
 *
 * The same trace and rate give the same curve on every machine.
 *
 * Memory: the curve's own, freed by sim_mrc_destroy().  Errors: 0 or negative errno.
 */
#ifndef SIM_MRC_H
#define SIM_MRC_H

#include "lab/sim_lab.h"

struct sim_mrc {
	u64 accesses;	 /* of the trace */
	u64 sampled;	 /* of these, followed; all when exact */
	u32 pages;	 /* distinct pages followed; those freed and come again count twice */
	double rate;	 /* share of pages chosen; 1: exact */
	u64 *hits;	 /* hits[d]: followed accesses of distance d or less */
	u32 distance_max; /* hits[] has distance_max + 1 entries */
};

/* @rate: above 0 to 1.  Return: 0, -ENOMEM, -EINVAL (rate), -ERANGE (2^32 accesses or more). */
int sim_mrc_make(struct sim_mrc *mrc, const struct sim_lab_trace *trace, double rate);
void sim_mrc_destroy(struct sim_mrc *mrc);

/* Miss ratio with @frames frames, 0 to 1; exactly misses / accesses when rate is 1. */
double sim_mrc_ratio(const struct sim_mrc *mrc, u64 frames);

/*
 * Numbers of frames at which to print or plot a curve: @count of them, ascending, the
 * last one where it goes flat (the footprint), the others evenly spaced below it.
 * Return: how many were filled, fewer than @count when there are fewer pages.
 */
u32 sim_mrc_points(const struct sim_mrc *mrc, u64 *frames, u32 count);

/* Mean over 1..@frames_max frames of the distance between two curves' miss ratios. */
double sim_mrc_mean_error(const struct sim_mrc *a, const struct sim_mrc *b, u64 frames_max);

#endif /* SIM_MRC_H */
