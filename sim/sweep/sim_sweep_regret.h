/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sim_sweep_regret.h - regret of a sweep's policies against the oracles (output/sim_regret.h).
 *
 * Of the first sample of every cell.  Oracles know no policy and no host's memory, so cells
 * that share a baseline run share them: they are made once for each different baseline, and
 * each takes about as long as a few runs of its scenario.
 */
#ifndef SIM_SWEEP_REGRET_H
#define SIM_SWEEP_REGRET_H

#include "output/sim_regret.h"

struct sim_gather;

/* Not made unasked when there are more different baselines than this. */
#define SIM_SWEEP_ORACLES_UNASKED 16

struct sim_sweep_regret {
	u32 oracles_count; /* different baselines */
	/* By cell. */
	bool *known, *bound, *lru; /* as in struct sim_regret */
	/* By cell, then variant. */
	double *could[SIM_REGRET_CURVES];
	enum sim_regret_curve *right;
};

/* How many different baselines the plan has; 0: it has none, and there is no regret. */
u32 sim_sweep_oracles(const struct sim_gather *gather);

/*
 * Cells whose baseline's first run is missing stay unknown; so do those that come after a
 * stop.  @progress: may be NULL.
 * Return: 0 or negative errno with text; sim_sweep_regret_free() in both cases.
 */
int sim_sweep_regret_make(struct sim_sweep_regret *regret, const struct sim_gather *gather,
			  u32 workers, const volatile bool *stop,
			  void (*progress)(u32 done_count, u32 all_count), struct tr_error *error);
void sim_sweep_regret_free(struct sim_sweep_regret *regret);

/* Points of nominal memory between @curve and the variant's first sample, NaN when unknown. */
double sim_sweep_regret_at(const struct sim_sweep_regret *regret, const struct sim_gather *gather,
			   u32 cell, u32 variant, enum sim_regret_curve curve);
enum sim_regret_curve sim_sweep_regret_right(const struct sim_sweep_regret *regret,
					     const struct sim_gather *gather, u32 cell, u32 variant);

/* For tables, against VMIN and against the right one of the two O5 ("~": of any size). */
void sim_sweep_regret_cells(const struct sim_gather *gather, u32 cell, u32 variant,
			    char vmin[SIM_REGRET_TEXT], char o5[SIM_REGRET_TEXT]);
/* Below such a table; says of a bound only what holds in all cells. */
const char *sim_sweep_regret_legend(const struct sim_gather *gather);

#endif /* SIM_SWEEP_REGRET_H */
