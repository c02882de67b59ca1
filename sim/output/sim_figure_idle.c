/* SPDX-License-Identifier: BSD-2-Clause */
/* sim_figure_idle.c - a panel per VM: how much memory has been idle how long, over time. */
#include <math.h>

#include "output/sim_figure.h"
#include "output/sim_figures.h"
#include "tr_units.h"

#define AGE_COLUMNS 180u

/* The kept point nearest to a column's middle. */
static u32 column_point(const struct sim_history *history, u32 column)
{
	double middle_s = history->end_s * (column + 0.5) / AGE_COLUMNS;
	u32 best = 0;

	for (u32 i = 1; i < history->points_count; i++)
		if (fabs(history->time_s[i] - middle_s) < fabs(history->time_s[best] - middle_s))
			best = i;
	return best;
}

static void ages_data(struct sim_plot *plot, const struct sim_history *history, u32 vm,
		      const struct sim_figure_axis *axis)
{
	fprintf(plot->data, "$ages%u << EOD\n", vm);
	for (u32 column = 0; column < AGE_COLUMNS; column++) {
		const struct sim_vm_point *point =
			sim_history_vm(history, column_point(history, column), vm);
		for (u32 row = 0; row < SIM_AGE_ROWS; row++) {
			double mib = (double)point->age[row] * TR_PAGE_SIZE / (1u << 20);
			fprintf(plot->data, "%.5g %u ", (column + 0.5) * axis->end / AGE_COLUMNS, row);
			if (mib >= 0.1)
				fprintf(plot->data, "%.4g\n", mib);
			else
				fputs("NaN\n", plot->data);
		}
		fputc('\n', plot->data);
	}
	fputs("EOD\n", plot->data);
}

/* Age edges as tics: 1, 2, 5, 10 ... s, 1, 2, 5 min ... */
static void age_tics(FILE *to, const struct sim_history *history)
{
	static const struct {
		double s;
		const char *text;
	} tics[] = { { 0.1, "0.1 s" }, { 1, "1 s" },	  { 5, "5 s" },	    { 20, "20 s" },
		     { 60, "1 min" },  { 300, "5 min" },  { 1200, "20 min" }, { 3600, "1 h" },
		     { 14400, "4 h" }, { 86400, "1 d" } };
	const char *comma = "";

	fputs("set ytics (", to);
	for (size_t i = 0; i < sizeof(tics) / sizeof(*tics); i++) {
		/* Row r ends at its edge, at r + 0.5 on the axis; two rows an octave. */
		double row = 2 * log2(tics[i].s / history->age_edge_s[SIM_AGE_ROWS - 1]) +
			     SIM_AGE_ROWS - 0.5;
		if (row < -0.5 || row > SIM_AGE_ROWS - 0.5)
			continue;
		fprintf(to, "%s'%s' %.4f", comma, tics[i].text, row);
		comma = ", ";
	}
	fputs(")\n", to);
}

static double ages_top_mib(const struct sim_history *history)
{
	double top = 1;

	for (u32 i = 0; i < history->points_count; i++)
		for (u32 vm = 0; vm < history->vms_count; vm++)
			for (u32 row = 0; row < SIM_AGE_ROWS; row++)
				top = fmax(top, (double)sim_history_vm(history, i, vm)->age[row] *
							TR_PAGE_SIZE / (1u << 20));
	return top;
}

int sim_figure_idle(const struct sim_history *history, const char *dir, const char *title,
		     struct tr_error *error)
{
	struct sim_figure_axis axis = sim_figure_time_axis(history);
	u32 panels = sim_figure_panels_count(history), columns = sim_figure_grid_columns(panels);
	u32 rows = (panels + columns - 1) / columns;
	u32 width = columns == 1 ? 900 : columns == 2 ? 1100 : 1400, height = 80 + rows * 270;
	struct sim_figure_grid grid = { columns, rows, 90.0 / width, 1 - 105.0 / width, 70.0 / height,
			     1 - 62.0 / height, 80.0 / width, 88.0 / height };
	struct sim_plot plot;

	sim_plot_begin(&plot, width, height);
	FILE *to = plot.draw;
	sim_figure_begin(&plot, title, 1 - 16.0 / height);
	fputs("unset grid\nset logscale cb\nset palette defined (0 '#fde725', 1 '#90d743', "
	      "2 '#35b779', 3 '#21918c', 4 '#31688e', 5 '#443983', 6 '#440154')\n", to);
	fprintf(to, "set cbrange [0.1:%.4g]\nset xrange [0:%.6g]\nset yrange [-0.5:%.1f]\n",
		ages_top_mib(history), axis.end, SIM_AGE_ROWS - 0.5);
	fprintf(to,
		"set colorbox user origin screen %.4f,%.4f size screen %.4f,%.4f noborder\n"
		"set label 101 'MiB' at screen %.4f,%.4f left\nset format cb '%%g'\n"
		"set border 3 front\n",
		1 - 78.0 / width, 70.0 / height, 14.0 / width, 1 - 150.0 / height,
		1 - 82.0 / width, 1 - 62.0 / height);
	age_tics(to, history);
	for (u32 vm = 0; vm < panels; vm++) {
		double at[4];
		ages_data(&plot, history, vm, &axis);
		sim_figure_cell(&grid, vm, at);
		sim_plot_panel(&plot, at[0], at[1], at[2], at[3]);
		fputs("set title ", to);
		sim_plot_quote(to, history->scenario->vm[vm].name);
		fprintf(to, " offset 0,-0.7 font ',13'\nset xlabel '%s' offset 0,0.5\n"
			    "set ylabel '%s' offset 0.5,0\n",
			axis.label, vm % columns ? "" : "idle for");
		fprintf(to, "plot $ages%u using 1:2:3 with image notitle\n", vm);
		fputs("unset colorbox\nunset label\n", to);
	}
	fputs("unset multiplot\n", to);
	return sim_plot_finish(&plot, dir, sim_figure_name[SIM_FIG_AGES], error);
}
