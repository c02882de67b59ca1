/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sim_gather.h - the figures of all runs of a sweep that are done, and what they say.
 *
 * Estimates are means over samples (seeds times runs) with 95 % intervals.  One over
 * several cells takes the mean over the cells within each sample first, so that what the
 * cells have in common (the sample's random numbers) is not counted as evidence twice; a
 * sample counts only when it is done in all of them.
 */
#ifndef SIM_GATHER_H
#define SIM_GATHER_H

#include "observe/sim_metrics.h"
#include "observe/sim_stats.h"
#include "sweep/sim_sweep.h"
#include "sweep/sim_sweep_regret.h"

struct sim_gather {
	const struct sim_sweep *sweep;
	const struct sim_plan *plan;
	/* By cell, variant, sample. */
	double *value[SIM_RUN_METRICS];
	u64 *digest;
	bool *done, *valid;
	u32 missing_count; /* of runs[] without baselines */
	u32 damaged_count; /* files that did not read; they are gone now */
	const struct sim_sweep_regret *regret; /* the caller's; NULL: left out */
};

void sim_gather_init(struct sim_gather *gather, const struct sim_sweep *sweep);
void sim_gather_free(struct sim_gather *gather);

static inline u64 sim_gather_at(const struct sim_gather *gather, u32 cell, u32 variant, u32 sample)
{
	return ((u64)cell * gather->plan->variants_count + variant) *
		       sim_plan_samples(gather->plan) + sample;
}

u32 sim_gather_done(const struct sim_gather *gather, u32 cell, u32 variant);  /* samples */
bool sim_gather_valid(const struct sim_gather *gather, u32 cell, u32 variant); /* all of them */

struct sim_estimate sim_gather_estimate(const struct sim_gather *gather, u32 cell, u32 variant,
					enum sim_run_metric metric);

/*
 * Over all cells in which axis @axis has value @value; axes_count stands for the
 * scenario, SIM_ANY_AXIS for all cells.
 */
#define SIM_ANY_AXIS (~0u)
struct sim_estimate sim_gather_margin(const struct sim_gather *gather, u32 axis, int value,
				      u32 variant, enum sim_run_metric metric);

#endif /* SIM_GATHER_H */
