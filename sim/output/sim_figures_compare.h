/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sim_figures_compare.h - what is drawn of several policies together.
 *
 *	slowdown	bars by VM and policy, with 95 % intervals
 *	frontier	memory saved against slowdown, of the median VM and of the worst; a
 *			point per policy with intervals both ways
 *
 * Files go to DIR/plots.
 */
#ifndef SIM_FIGURES_COMPARE_H
#define SIM_FIGURES_COMPARE_H

#include "output/sim_comparison.h"
#include "tr_error.h"

#define SIM_FIGURE_SLOWDOWN "slowdown"
#define SIM_FIGURE_FRONTIER "frontier"

/* @dir is there.  Sets comparison->comparison_figures; nothing to draw is no error. */
int sim_figures_compare(struct sim_comparison *comparison, const char *dir,
			struct tr_error *error);

/* The colour of a policy, the same in every figure and table. */
const char *sim_policy_color(const struct sim_policy *policy);

#endif /* SIM_FIGURES_COMPARE_H */
