/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sim_figures.h - what is drawn of one run.
 *
 *	memory		a panel per VM: its memory over time, stacked, with the balloon's
 *			target, the host memory behind it, reports, and memory pressure
 *	host		host memory over time, stacked by VM, against what the host has
 *	ages		a panel per VM: how much memory has been idle how long, over time
 *	truth		reported against true bytes by bin; share in the wrong bin over time
 *
 * Files go to DIR/plots.  A figure without data (no report arrived) is not made.
 */
#ifndef SIM_FIGURES_H
#define SIM_FIGURES_H

#include "observe/probe_history.h"
#include "tr_error.h"

#define SIM_FIGURE_PANELS_MAX 12 /* VMs drawn one by one; more would be too small to read */

enum sim_figure { SIM_FIG_MEMORY, SIM_FIG_HOST, SIM_FIG_AGES, SIM_FIG_TRUTH, SIM_FIGURES };

/* Name without suffix, as in "plots/memory.svg"; and what it shows, for a caption. */
extern const char *const sim_figure_name[SIM_FIGURES];
extern const char *const sim_figure_caption[SIM_FIGURES];

/*
 * Draw all figures of a run into @dir, which is there.
 * @title: of the run, as in "ws-target"
 * @drawn: out, which were made
 */
int sim_figures_draw(const struct sim_history *history, const char *dir, const char *title,
		     bool drawn[SIM_FIGURES], struct tr_error *error);

#endif /* SIM_FIGURES_H */
