/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sim_figures_ages.h - sources of ages: error against cost.
 *
 * A point per source and interval; the intervals of one source are joined by a line.
 * Left the share of bytes in the wrong bin, right the mean error of age, both over the
 * processor time that the source takes.  Goes to DIR/plots/ages.*.
 */
#ifndef SIM_FIGURES_AGES_H
#define SIM_FIGURES_AGES_H

#include <ws_env.h>

#include "tr_error.h"

#define SIM_FIGURE_AGES "ages"

struct sim_ages_point {
	const char *family; /* points of one family follow each other */
	double cost_ns_per_s, wrong_share, error_s;
};

/* @dir is there.  Return: 0 or negative errno with text (-ENOENT: no gnuplot). */
int sim_figures_ages(const struct sim_ages_point *point, u32 points_count, const char *dir,
		     struct tr_error *error);

#endif /* SIM_FIGURES_AGES_H */
