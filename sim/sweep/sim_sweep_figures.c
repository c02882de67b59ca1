/* SPDX-License-Identifier: BSD-2-Clause */
/* sim_sweep_figures.c - gnuplot scripts of a sweep's figures. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "output/sim_plot.h"
#include "sweep/sim_sweep_figures.h"

bool sim_sweep_axis_drawn(const struct sim_plan *plan, u32 axis)
{
	if (axis == plan->axes_count)
		return plan->scenarios_count > 1;
	return plan->axis[axis].values_count + plan->each > 1;
}

const char *sim_sweep_figure_name(const struct sim_plan *plan, u32 axis, char name[32])
{
	if (axis == plan->axes_count)
		snprintf(name, 32, "scenarios");
	else
		snprintf(name, 32, "parameter-%u", axis + 1);
	return name;
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* What stands at place @at of an axis; with "each", the scenario as it is comes first. */
static const char *tic_text(const struct sim_plan *plan, u32 axis, int value)
{
	if (axis == plan->axes_count)
		return base_name(plan->scenario[value]);
	return value < 0 ? "as it is" : plan->axis[axis].value[value];
}

static void put_tics(FILE *to, const struct sim_plan *plan, u32 axis, int first, int last)
{
	fputs("set xtics rotate by -30 scale 0.5 (", to);
	for (int value = first; value <= last; value++) {
		fputs(value > first ? ", " : "", to);
		sim_plot_quote(to, tic_text(plan, axis, value));
		fprintf(to, " %d", value);
	}
	fputs(")\n", to);
}

struct panel {
	enum sim_run_metric metric;
	const char *label;
	double scale;
};

static void axis_panel(struct sim_plot *plot, const struct sim_gather *gather, u32 axis,
		       const struct panel *panel, u32 index)
{
	const struct sim_plan *plan = gather->plan;
	int first = axis < plan->axes_count && plan->each ? -1 : 0;
	int last = (int)(axis == plan->axes_count ? plan->scenarios_count :
						    plan->axis[axis].values_count) - 1;
	double left = 0.06 + index * 0.325;
	FILE *to = plot->draw;
	bool empty = true;

	for (u32 variant = 0; variant < plan->variants_count; variant++) {
		fprintf(plot->data, "$p%u_%u << EOD\n", index, variant);
		for (int value = first; value <= last; value++) {
			struct sim_estimate e =
				sim_gather_margin(gather, axis, value, variant, panel->metric);
			if (!isfinite(e.mean))
				continue;
			empty = false;
			fprintf(plot->data, "%.3f %.6g %.6g %.6g\n",
				value + 0.02 * ((double)variant - 0.5 * (plan->variants_count - 1)),
				e.mean * panel->scale, e.low * panel->scale, e.high * panel->scale);
		}
		fputs("\nEOD\n", plot->data);
	}
	sim_plot_panel(plot, left, left + 0.255, 0.22, 0.84);
	fprintf(to, "set xrange [%.1f:%.1f]\nset yrange [*:*]\nset ylabel '%s'\n", first - 0.5, last + 0.5,
		panel->label);
	put_tics(to, plan, axis, first, last);
	fputs(index ? "set key off\n" : "set key at screen 0.5,0.985 center top horizontal\n", to);
	sim_plot_start(plot, empty);
	for (u32 variant = 0; variant < plan->variants_count; variant++) {
		fprintf(to, ", \\\n$p%u_%u using 1:2:3:4 with yerrorlines lw 1.4 pt 7 ps 0.6 dt %u lc rgb "
			    "'%s' title ", index, variant, 1 + variant / sim_plot_colors_count(),
			sim_plot_color(variant));
		sim_plot_quote(to, plan->variant[variant].label);
	}
	fputc('\n', to);
}

static int draw_axis(const struct sim_gather *gather, u32 axis, const char *dir,
		     struct tr_error *error)
{
	static const struct panel panels[] = {
		{ SIM_RUN_SLOWDOWN_MEDIAN, "slowdown of the median VM (x)", 1 },
		{ SIM_RUN_SLOWDOWN_MAX, "slowdown of the worst VM (x)", 1 },
		{ SIM_RUN_SAVED, "memory saved (% of nominal)", 100 },
	};
	struct sim_plot plot;
	char name[32];

	sim_plot_begin(&plot, 1240, 430);
	fputs("set multiplot\n", plot.draw);
	for (u32 i = 0; i < sizeof(panels) / sizeof(*panels); i++)
		axis_panel(&plot, gather, axis, &panels[i], i);
	fputs("unset multiplot\n", plot.draw);
	return sim_plot_finish(&plot, dir, sim_sweep_figure_name(gather->plan, axis, name), error);
}

/* A point per cell and variant: where the variants lie, and how far the cells spread. */
static int draw_frontier(const struct sim_gather *gather, const char *dir, struct tr_error *error)
{
	static const u32 shapes[] = { 7, 5, 9, 11, 13, 15 };
	const struct sim_plan *plan = gather->plan;
	struct sim_plot plot;
	bool empty = true;

	sim_plot_begin(&plot, 1000, 560);
	FILE *to = plot.draw;
	for (u32 variant = 0; variant < plan->variants_count; variant++) {
		fprintf(plot.data, "$v%u << EOD\n", variant);
		for (u32 cell = 0; cell < plan->cells_count; cell++) {
			struct sim_estimate x =
				sim_gather_estimate(gather, cell, variant, SIM_RUN_SAVED);
			struct sim_estimate y =
				sim_gather_estimate(gather, cell, variant, SIM_RUN_SLOWDOWN_MEDIAN);
			if (!isfinite(x.mean) || !isfinite(y.mean))
				continue;
			empty = false;
			fprintf(plot.data, "%.6g %.6g %.6g %.6g %.6g %.6g\n", 100 * x.mean, y.mean,
				100 * x.low, 100 * x.high, y.low, y.high);
		}
		fputs("\nEOD\n", plot.data);
	}
	fputs("set xlabel 'memory saved (% of nominal)'\n"
	      "set ylabel 'slowdown of the median VM (x)'\nset key outside right top\n"
	      "set offsets graph 0.03, graph 0.03, graph 0.03, graph 0.03\n", to);
	sim_plot_start(&plot, empty);
	for (u32 variant = 0; variant < plan->variants_count; variant++) {
		fprintf(to, ", \\\n$v%u using 1:2:3:4:5:6 with xyerrorbars pt %u ps 0.8 lw 1 lc rgb "
			    "'%s' title ", variant, shapes[variant % 6], sim_plot_color(variant));
		sim_plot_quote(to, plan->variant[variant].label);
	}
	fputc('\n', to);
	return sim_plot_finish(&plot, dir, SIM_FIGURE_SWEEP_FRONTIER, error);
}

int sim_sweep_figures(const struct sim_gather *gather, const char *dir, struct tr_error *error)
{
	const struct sim_plan *plan = gather->plan;
	int rc = draw_frontier(gather, dir, error);

	for (u32 axis = 0; axis <= plan->axes_count && !rc; axis++)
		if (sim_sweep_axis_drawn(plan, axis))
			rc = draw_axis(gather, axis, dir, error);
	return rc;
}
