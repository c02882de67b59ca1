/* SPDX-License-Identifier: BSD-2-Clause */
/* sim_sweep_figures.h - the plots of a sweep: a frontier, and a figure for each parameter. */
#ifndef SIM_SWEEP_FIGURES_H
#define SIM_SWEEP_FIGURES_H

#include "sweep/sim_gather.h"

#define SIM_FIGURE_SWEEP_FRONTIER "frontier"

/* Parameters that have a figure, the scenario as axes_count: those with several values. */
bool sim_sweep_axis_drawn(const struct sim_plan *plan, u32 axis);
/* "parameter-1", "scenarios" */
const char *sim_sweep_figure_name(const struct sim_plan *plan, u32 axis, char name[32]);

/* Draw all into @dir, which is there. */
int sim_sweep_figures(const struct sim_gather *gather, const char *dir, struct tr_error *error);

#endif /* SIM_SWEEP_FIGURES_H */
