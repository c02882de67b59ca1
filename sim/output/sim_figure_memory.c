/* SPDX-License-Identifier: BSD-2-Clause */
/* sim_figure_memory.c - a panel per VM: its memory over time, the balloon's target, memory pressure. */
#include <math.h>
#include <stdlib.h>

#include "output/sim_figure.h"
#include "output/sim_figures.h"
#include "tr_units.h"

static double vm_top_pages(const struct sim_history *history, u32 vm)
{
	double top = 1;

	for (u32 i = 0; i < history->points_count; i++) {
		const struct sim_vm_point *point = sim_history_vm(history, i, vm);
		top = fmax(top, (double)point->nominal + point->swapped);
	}
	return top;
}

static void memory_data(struct sim_plot *plot, const struct sim_history *history, u32 vm,
			double unit, const struct sim_figure_axis *axis)
{
	/* As many as there are pixels. */
	u32 most = history->vms_count > 1 ? 220 : 600;
	u32 stride = (history->points_count + most - 1) / most;

	fprintf(plot->data, "$vm%u << EOD\n", vm);
	for (u32 i = 0; i < history->points_count; i += stride) {
		const struct sim_vm_point *p = sim_history_vm(history, i, vm);
		double kernel = p->kernel, anon = kernel + p->anon, file = anon + p->file;
		double compressed = file + p->compressed;
		double left = (double)p->nominal - p->balloon;
		if (!p->running) {
			fputs("\n", plot->data);
			continue;
		}
		/* What the parts do not explain (caches per CPU and the like) is free. */
		fprintf(plot->data, "%.4f %.5g %.5g %.5g %.5g %.5g %.5g %.5g %.5g %.5g %.4g\n",
			history->time_s[i] / axis->per_unit_s, kernel * unit, anon * unit,
			file * unit, compressed * unit, left * unit, p->nominal * unit,
			((double)p->nominal + p->swapped) * unit, p->target * unit,
			p->backed * unit, p->psi_some_percent);
	}
	fputs("EOD\n", plot->data);
	fprintf(plot->data, "$marks%u << EOD\n", vm);
	for (u32 i = 0; i < history->marks_count; i++)
		if (history->mark[i].vm == vm)
			fprintf(plot->data, "%.4f %d\n", history->mark[i].time_s / axis->per_unit_s,
				history->mark[i].pressure);
	fputs("EOD\n", plot->data);
}

static bool has_marks(const struct sim_history *history, u32 vm, bool pressure)
{
	for (u32 i = 0; i < history->marks_count; i++)
		if (history->mark[i].vm == vm && history->mark[i].pressure == pressure)
			return true;
	return false;
}

static void memory_curves(struct sim_plot *plot, const struct sim_history *history, u32 vm,
			  double mark_y)
{
	static const struct {
		u32 low, high;
		const char *color;
	} layers[] = {
		{ 0, 2, SIM_COLOR_KERNEL },	{ 2, 3, SIM_COLOR_ANON },
		{ 3, 4, SIM_COLOR_FILE },	{ 4, 5, SIM_COLOR_COMPRESSED },
		{ 5, 6, SIM_COLOR_FREE },	{ 6, 7, SIM_COLOR_BALLOON },
		{ 7, 8, SIM_COLOR_SWAPPED },
	};
	FILE *to = plot->draw;

	fputs("plot ", to);
	for (size_t i = 0; i < sizeof(layers) / sizeof(*layers); i++)
		fprintf(to, "$vm%u using 1:%s:%u with filledcurves lc rgb '%s' notitle, \\\n", vm,
			layers[i].low ? (char[]){ '0' + (char)layers[i].low, 0 } : "(0)",
			layers[i].high, layers[i].color);
	fprintf(to, "$vm%u using 1:7 with lines lw 0.8 dt 2 lc rgb '%s' notitle, \\\n", vm,
		SIM_COLOR_LIMIT);
	fprintf(to, "$vm%u using 1:10 with lines lw 1.8 lc rgb '%s' notitle, \\\n", vm,
		SIM_COLOR_BACKED);
	fprintf(to, "$vm%u using 1:9 with steps lw 1.4 lc rgb '%s' notitle", vm, SIM_COLOR_LIMIT);
	if (has_marks(history, vm, false))
		fprintf(to,
			", \\\n$marks%u using ($2 == 0 ? $1 : NaN):(%.5g) with points pt 2 ps 0.35 "
			"lw 0.8 lc rgb '#404040' notitle",
			vm, mark_y);
	if (has_marks(history, vm, true))
		fprintf(to,
			", \\\n$marks%u using ($2 == 1 ? $1 : NaN):(%.5g) with points pt 11 ps 0.5 "
			"lc rgb '%s' notitle",
			vm, mark_y, SIM_COLOR_SWAPPED);
	fputs("\n", to);
}

/* A key for all panels in a strip at the bottom, drawn by hand so that it covers nothing. */
struct key_entry {
	const char *text, *color;
	enum { KEY_AREA, KEY_LINE, KEY_DASHES, KEY_CROSS, KEY_TRIANGLE } kind;
};

/* @bottom, @row_height in parts of the figure; @per_row entries beside each other. */
static void draw_key(struct sim_plot *plot, const struct key_entry *entry, u32 count, u32 per_row,
		     double top, double row_height)
{
	FILE *to = plot->draw;
	double width = 0.94 / per_row, swatch = 26.0 / plot->width;

	fputs("unset label\nunset arrow\nunset object\nunset title\nset xlabel ''\nset ylabel ''\n"
	      "unset border\nunset tics\nunset grid\nunset key\n", to);
	sim_plot_panel(plot, 0, 1, 0, 1);
	for (u32 i = 0; i < count; i++) {
		double x = 0.05 + (i % per_row) * width;
		double y = top - (i / per_row + 0.5) * row_height, half = 5.0 / plot->height;
		if (entry[i].kind == KEY_AREA)
			fprintf(to,
				"set object rectangle from screen %.4f,%.4f to screen %.4f,%.4f "
				"fc rgb '%s' fs solid border lc rgb '#606060' lw 0.3\n",
				x, y - half, x + swatch, y + half, entry[i].color);
		else if (entry[i].kind == KEY_LINE || entry[i].kind == KEY_DASHES)
			fprintf(to,
				"set arrow from screen %.4f,%.4f to screen %.4f,%.4f nohead lw 1.8 "
				"dt %d lc rgb '%s'\n",
				x, y, x + swatch, y, entry[i].kind == KEY_LINE ? 1 : 2,
				entry[i].color);
		else
			fprintf(to,
				"set label '' at screen %.4f,%.4f point pt %d ps 0.6 lc rgb '%s'\n",
				x + swatch / 2, y, entry[i].kind == KEY_CROSS ? 2 : 11,
				entry[i].color);
		fputs("set label ", to);
		sim_plot_quote(to, entry[i].text);
		fprintf(to, " at screen %.4f,%.4f left font ',11'\n", x + swatch * 1.3, y);
	}
	/* Something must be plotted for objects to show. */
	fputs("set xrange [0:1]\nset yrange [0:1]\nplot NaN notitle\n"
	      "unset label\nunset arrow\nunset object\n", to);
}

/* The pressure axis: the next of a few round values above what there is. */
static double psi_top(const struct sim_history *history)
{
	static const double tops[] = { 5, 10, 20, 50, 100 };
	double most = 0;

	for (u32 i = 0; i < history->points_count; i++)
		for (u32 vm = 0; vm < sim_figure_panels_count(history); vm++)
			most = fmax(most, (double)sim_history_vm(history, i, vm)->psi_some_percent);
	for (size_t i = 0; i < sizeof(tops) / sizeof(*tops); i++)
		if (most <= tops[i])
			return tops[i];
	return 100;
}

static void memory_panel(struct sim_plot *plot, const struct sim_history *history, u32 vm,
			 const double at[4], const struct sim_figure_axis *axis)
{
	double psi = psi_top(history);
	const char *unit_label;
	double top_pages = vm_top_pages(history, vm), unit = sim_figure_size_unit(top_pages, &unit_label);
	double top = top_pages * unit, split = at[2] + (at[3] - at[2]) * 0.22;
	FILE *to = plot->draw;

	memory_data(plot, history, vm, unit, axis);
	sim_plot_panel(plot, at[0], at[1], split + 0.012, at[3]);
	fprintf(to, "set xrange [0:%.6g]\nset yrange [0:%.6g]\nset ytics autofreq\n", axis->end,
		top * 1.12);
	fputs("set format x ''\nset xlabel ''\nset title ", to);
	sim_plot_quote(to, history->scenario->vm[vm].name);
	fprintf(to, " offset 0,-0.7 font ',13'\nset ylabel '%s' offset 0.5,0\n", unit_label);
	memory_curves(plot, history, vm, top * 1.07);
	fputs("unset label 100\n", to);
	sim_plot_panel(plot, at[0], at[1], at[2], split - 0.005);
	fprintf(to, "unset title\nset format x '%%g'\nset yrange [0:%g]\nset ytics 0,%g,%g\n"
		    "set ylabel 'PSI %%' offset 0.5,0\n",
		1.35 * psi, psi / 2, psi); /* its top number stays below the 0 of the panel above */
	fprintf(to, "set xlabel '%s' offset 0,0.6\n", axis->label);
	fprintf(to, "plot $vm%u using 1:11 with filledcurves y=0 lc rgb '%s' notitle\n", vm,
		SIM_COLOR_COMPRESSED);
}

int sim_figure_memory(const struct sim_history *history, const char *dir, const char *title,
		       struct tr_error *error)
{
	static const struct key_entry key[] = {
		{ "kernel", SIM_COLOR_KERNEL, KEY_AREA },
		{ "anon", SIM_COLOR_ANON, KEY_AREA },
		{ "file", SIM_COLOR_FILE, KEY_AREA },
		{ "compressed", SIM_COLOR_COMPRESSED, KEY_AREA },
		{ "free", SIM_COLOR_FREE, KEY_AREA },
		{ "balloon", SIM_COLOR_BALLOON, KEY_AREA },
		{ "swapped out", SIM_COLOR_SWAPPED, KEY_AREA },
		{ "balloon target", SIM_COLOR_LIMIT, KEY_LINE },
		{ "backed by host", SIM_COLOR_BACKED, KEY_LINE },
		{ "nominal size", SIM_COLOR_LIMIT, KEY_DASHES },
		{ "report", "#404040", KEY_CROSS },
		{ "pressure report", SIM_COLOR_SWAPPED, KEY_TRIANGLE },
	};
	struct sim_figure_axis axis = sim_figure_time_axis(history);
	u32 panels = sim_figure_panels_count(history), columns = sim_figure_grid_columns(panels);
	u32 rows = (panels + columns - 1) / columns;
	u32 width = columns == 1 ? 900 : columns == 2 ? 1100 : 1400, height = 100 + rows * 340;
	struct sim_figure_grid grid = { columns, rows, 85.0 / width, 1 - 20.0 / width, 130.0 / height,
			     1 - 62.0 / height, 90.0 / width, 92.0 / height };
	struct sim_plot plot;

	sim_plot_begin(&plot, width, height);
	sim_figure_begin(&plot, title, 1 - 16.0 / height);
	for (u32 vm = 0; vm < panels; vm++) {
		double at[4];
		sim_figure_cell(&grid, vm, at);
		memory_panel(&plot, history, vm, at, &axis);
	}
	draw_key(&plot, key, sizeof(key) / sizeof(*key), 6, 56.0 / height, 22.0 / height);
	fputs("unset multiplot\n", plot.draw);
	return sim_plot_finish(&plot, dir, sim_figure_name[SIM_FIG_MEMORY], error);
}
