/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sim_stats.h - the statistics behind tables and error bars; the only user of GSL here.
 *
 * Values that are not numbers (NaN: "this run has none") are left out everywhere, and
 * a result over nothing is NaN.  No function depends on time or environment: the
 * resampling generator is seeded by the caller, so a table is a function of the runs.
 *
 * Intervals are 95 % percentile-bootstrap intervals of the mean, "expanded" for small
 * samples (T. Hesterberg, What Teachers Should Know About the Bootstrap, 2015): the
 * percentile alone is too narrow below some 30 runs, because resampling n values
 * divides by n where an unbiased variance divides by n - 1 and because the normal
 * quantile stands in for Student's t.  The tail probability becomes
 *
 *	alpha' = Phi( -sqrt(n / (n - 1)) * t(1 - alpha/2; n - 1) )
 *
 * With three runs that is the range of the resampled means, which is honest.
 *
 * Policies are compared on common random numbers: run k of each sees the same
 * arrivals, so the interval of the paired difference is the one that tells whether
 * two policies differ; overlapping intervals of the single means do not tell.
 */
#ifndef SIM_STATS_H
#define SIM_STATS_H

#include <ws_env.h>

#define SIM_RESAMPLES 4000

struct sim_estimate {
	double mean;
	double low, high; /* 95 % interval; both equal mean when count < 2 */
	u32 count;	  /* values that were numbers */
};

double sim_stats_mean(const double *value, u32 count);
double sim_stats_max(const double *value, u32 count);

/* Quantile 0..1 with linear interpolation between order statistics (R's type 7). */
double sim_stats_quantile(const double *value, u32 count, double q);

/* Jain's index (sum x)^2 / (n sum x^2): 1 when all are equal, 1/n when one has all. */
double sim_stats_jain(const double *value, u32 count);

/* Mean with its interval. */
struct sim_estimate sim_stats_estimate(const double *value, u32 count, u64 seed);

/* Mean of a[i] - b[i] with its interval; pairs with a NaN are left out. */
struct sim_estimate sim_stats_paired(const double *a, const double *b, u32 count, u64 seed);

#endif /* SIM_STATS_H */
