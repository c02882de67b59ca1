/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sim_trial_score.h - a trial's figures, and each engine held against the baseline.
 *
 * Seed k has the same random numbers under every engine, so engines are compared seed by
 * seed.  An engine gains in a setting (trace, memory, device, swappiness) when its time
 * per work is lower than the baseline's with every seed, and the median by 1 % or more;
 * it loses when it is higher with every seed by as much.  With six seeds chance alone
 * would say so in 3 % of settings.
 */
#ifndef SIM_TRIAL_SCORE_H
#define SIM_TRIAL_SCORE_H

#include "observe/sim_metrics.h"
#include "sweep/sim_sweep.h"
#include "trial/sim_trial.h"

#define SIM_TRIAL_TOLD 0.01 /* smaller differences are not told */

enum sim_trial_verdict { SIM_TRIAL_SAME, SIM_TRIAL_GAIN, SIM_TRIAL_LOSS, SIM_TRIAL_UNKNOWN };

struct sim_trial_score {
	const struct sim_trial *trial;
	double *value[SIM_VM_METRICS]; /* by cell, then seed; NaN: not done */
	bool *valid;		       /* by cell: no run evicted inside the trace's window */
	u32 missing_count, damaged_count;
};

/* What is told of each cell, in this order; by the kernel's name where it has one. */
struct sim_trial_metric {
	enum sim_vm_metric metric;
	const char *kernel; /* counter of /proc/vmstat, in pages; NULL: the metric's own label and unit */
};
extern const struct sim_trial_metric sim_trial_metrics[];
extern const u32 sim_trial_metrics_count;

void sim_trial_score_init(struct sim_trial_score *score, const struct sim_trial *trial,
			  const struct sim_sweep *sweep);
void sim_trial_score_free(struct sim_trial_score *score);

struct sim_trial_spread {
	double median, low, high; /* low and high: least and greatest */
};
struct sim_trial_spread sim_trial_spread(const struct sim_trial_score *score, u32 cell,
					 enum sim_vm_metric metric);

/* The same of the ratios to the baseline's cell @base, seed by seed. */
struct sim_trial_spread sim_trial_ratio(const struct sim_trial_score *score, u32 cell, u32 base,
					enum sim_vm_metric metric);

/*
 * By time, if every seed agrees; but out-of-memory kills in the median seed go before it:
 * a program that was killed may have been quick.  For the same reason time says nothing
 * between two that were killed as often.
 */
enum sim_trial_verdict sim_trial_judge(const struct sim_trial_score *score, u32 cell, u32 base);

/* An engine over all settings. */
struct sim_trial_sum {
	u32 gains, losses, same, unknown;
	u32 killed; /* settings in which the median seed ran out of memory; in none of what follows */
	u32 best_cell, worst_cell; /* by ratio of time; of those that are known */
	double best, worst;
	/* Geometric means of ratios to the baseline, of settings where both are above zero. */
	double time, page_ins, cpu, ptes;
	double first_oom; /* the same of the time to the first kill, where both were killed */
};
struct sim_trial_sum sim_trial_sum(const struct sim_trial_score *score, u32 engine);

/* Median of sums of seeds: bytes read back from swap and disk; CPU time of reclaim. */
double sim_trial_page_ins(const struct sim_trial_score *score, u32 cell);
double sim_trial_cpu(const struct sim_trial_score *score, u32 cell);

#endif /* SIM_TRIAL_SCORE_H */
