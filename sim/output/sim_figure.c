/* SPDX-License-Identifier: BSD-2-Clause */
/* sim_figure.c - axes, units and grids of the figures of one run. */
#include <math.h>

#include "output/sim_figure.h"
#include "output/sim_figures.h"
#include "tr_units.h"

struct sim_figure_axis sim_figure_time_axis(const struct sim_history *history)
{
	double end_s = fmax(history->end_s, 1e-3);

	if (end_s > 3 * 3600)
		return (struct sim_figure_axis){ 3600, end_s / 3600, "time (h)" };
	if (end_s > 180)
		return (struct sim_figure_axis){ 60, end_s / 60, "time (min)" };
	return (struct sim_figure_axis){ 1, end_s, "time (s)" };
}

double sim_figure_size_unit(double pages_max, const char **label)
{
	bool gib = pages_max * TR_PAGE_SIZE >= 2.0 * (1u << 30);

	*label = gib ? "GiB" : "MiB";
	return TR_PAGE_SIZE / (gib ? (double)(1u << 30) : (double)(1u << 20));
}

u32 sim_figure_panels_count(const struct sim_history *history)
{
	return history->vms_count < SIM_FIGURE_PANELS_MAX ? history->vms_count :
							    SIM_FIGURE_PANELS_MAX;
}

void sim_figure_cell(const struct sim_figure_grid *grid, u32 index, double at[4])
{
	u32 column = index % grid->columns, row = index / grid->columns;
	double width = (grid->right - grid->left - grid->gap_x * (grid->columns - 1)) / grid->columns;
	double height = (grid->top - grid->bottom - grid->gap_y * (grid->rows - 1)) / grid->rows;

	at[0] = grid->left + column * (width + grid->gap_x);
	at[1] = at[0] + width;
	at[3] = grid->top - row * (height + grid->gap_y);
	at[2] = at[3] - height;
}

u32 sim_figure_grid_columns(u32 panels)
{
	return panels <= 1 ? 1 : panels <= 4 ? 2 : 3;
}

u32 sim_figure_layers_count(const struct sim_history *history)
{
	u32 most = sim_plot_colors_count();

	return history->vms_count <= most ? history->vms_count : most - 1;
}

void sim_figure_begin(struct sim_plot *plot, const char *title, double y)
{
	fputs("set multiplot\nset label 100 ", plot->draw);
	sim_plot_quote(plot->draw, title);
	fprintf(plot->draw, " at screen 0.5,%.4f center font ',15'\n", y);
}
