/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sim_figure.h - what the figures of one run share: axes, units, grids of panels; and the
 * figures, each in its file.
 *
 * Only sim_figures.c calls them; its header says what each shows.
 */
#ifndef SIM_FIGURE_H
#define SIM_FIGURE_H

#include "observe/probe_history.h"
#include "output/sim_plot.h"

/* Time on the x axis, in a unit that gives few digits. */
struct sim_figure_axis {
	double per_unit_s, end;
	const char *label;
};

struct sim_figure_axis sim_figure_time_axis(const struct sim_history *history);

/* Memory on the y axis: MiB or GiB in a page. */
double sim_figure_size_unit(double pages_max, const char **label);

/* Panels: the VMs that are drawn one by one. */
u32 sim_figure_panels_count(const struct sim_history *history);
u32 sim_figure_grid_columns(u32 panels);

/* The VMs that get a layer of their own; the rest is one layer. */
u32 sim_figure_layers_count(const struct sim_history *history);

/* A grid of panels: where each lies in the figure, in parts of it. */
struct sim_figure_grid {
	u32 columns, rows;
	double left, right, bottom, top, gap_x, gap_y;
};

/* @at: out, left, right, bottom and top of a panel, rows first. */
void sim_figure_cell(const struct sim_figure_grid *grid, u32 index, double at[4]);

/* Begin several panels under a title at height @y, label 100: the first panel unsets it. */
void sim_figure_begin(struct sim_plot *plot, const char *title, double y);

/* The figures, drawn into @dir: 0 or negative errno with text.  Two points at least. */
int sim_figure_memory(const struct sim_history *history, const char *dir, const char *title,
		      struct tr_error *error);
int sim_figure_host(const struct sim_history *history, const char *dir, const char *title,
		    struct tr_error *error);
int sim_figure_idle(const struct sim_history *history, const char *dir, const char *title,
		    struct tr_error *error);
/* At least one report. */
int sim_figure_truth(const struct sim_history *history, const char *dir, const char *title,
		     struct tr_error *error);

#endif /* SIM_FIGURE_H */
