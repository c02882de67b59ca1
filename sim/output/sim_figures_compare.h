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

/* A policy's colour and point, the same in every figure and table of a comparison. */
const char *sim_comparison_color(u32 policy);
u32 sim_comparison_point(u32 policy); /* gnuplot's number */

#endif /* SIM_FIGURES_COMPARE_H */
