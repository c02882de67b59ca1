/* SPDX-License-Identifier: BSD-2-Clause */
/* sim_figures.c - memory of VMs and host, idle ages, truth of reports. */
#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "output/sim_figures.h"
#include "output/sim_plot.h"
#include "tr_units.h"

const char *const sim_figure_name[SIM_FIGURES] = { "memory", "host", "ages", "truth" };

const char *const sim_figure_caption[SIM_FIGURES] = {
	[SIM_FIG_MEMORY] =
		"Memory of each VM over time, as the guest sees it: what is resident, free, in the "
		"balloon, and (above the nominal size) swapped out by the guest. The black line is the "
		"balloon's target, the green line the host memory that backs the VM; marks at the top "
		"are working-set reports. Below: memory pressure (PSI some, 10 s average).",
	[SIM_FIG_HOST] = "Host memory over time, stacked by VM, against the memory the host has.",
	[SIM_FIG_AGES] = "How much of each VM's memory had been idle for how long, over time, from "
			 "the guest's generations.",
	[SIM_FIG_TRUTH] =
		"How true the reports were. Left: bytes by idle age, as reported and as they truly "
		"were, over all reports. Right: share of bytes that stood in the wrong bin, per report.",
};

/* Time on the x axis, in a unit that gives few digits. */
struct axis {
	double per_unit_s, end;
	const char *label;
};

static struct axis time_axis(const struct sim_history *history)
{
	double end_s = fmax(history->end_s, 1e-3);

	if (end_s > 3 * 3600)
		return (struct axis){ 3600, end_s / 3600, "time (h)" };
	if (end_s > 180)
		return (struct axis){ 60, end_s / 60, "time (min)" };
	return (struct axis){ 1, end_s, "time (s)" };
}

/* Memory on the y axis. */
static double size_unit(double pages_max, const char **label)
{
	bool gib = pages_max * TR_PAGE_SIZE >= 2.0 * (1u << 30);

	*label = gib ? "GiB" : "MiB";
	return TR_PAGE_SIZE / (gib ? (double)(1u << 30) : (double)(1u << 20));
}

static u32 panels_count(const struct sim_history *history)
{
	return history->vms_count < SIM_FIGURE_PANELS_MAX ? history->vms_count :
							    SIM_FIGURE_PANELS_MAX;
}

/* A grid of panels: where each lies in the figure, in parts of it. */
struct grid {
	u32 columns, rows;
	double left, right, bottom, top, gap_x, gap_y;
};

static void cell(const struct grid *grid, u32 index, double at[4])
{
	u32 column = index % grid->columns, row = index / grid->columns;
	double width = (grid->right - grid->left - grid->gap_x * (grid->columns - 1)) / grid->columns;
	double height = (grid->top - grid->bottom - grid->gap_y * (grid->rows - 1)) / grid->rows;

	at[0] = grid->left + column * (width + grid->gap_x);
	at[1] = at[0] + width;
	at[3] = grid->top - row * (height + grid->gap_y);
	at[2] = at[3] - height;
}

static u32 grid_columns(u32 panels)
{
	return panels <= 1 ? 1 : panels <= 4 ? 2 : 3;
}

/* --- memory of VMs --- */

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
			double unit, const struct axis *axis)
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
		for (u32 vm = 0; vm < panels_count(history); vm++)
			most = fmax(most, (double)sim_history_vm(history, i, vm)->psi_some_percent);
	for (size_t i = 0; i < sizeof(tops) / sizeof(*tops); i++)
		if (most <= tops[i])
			return tops[i];
	return 100;
}

static void memory_panel(struct sim_plot *plot, const struct sim_history *history, u32 vm,
			 const double at[4], const struct axis *axis)
{
	double psi = psi_top(history);
	const char *unit_label;
	double top_pages = vm_top_pages(history, vm), unit = size_unit(top_pages, &unit_label);
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

static int draw_memory(const struct sim_history *history, const char *dir, const char *title,
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
	struct axis axis = time_axis(history);
	u32 panels = panels_count(history), columns = grid_columns(panels);
	u32 rows = (panels + columns - 1) / columns;
	u32 width = columns == 1 ? 900 : columns == 2 ? 1100 : 1400, height = 100 + rows * 340;
	struct grid grid = { columns, rows, 85.0 / width, 1 - 20.0 / width, 130.0 / height,
			     1 - 62.0 / height, 90.0 / width, 92.0 / height };
	struct sim_plot plot;

	sim_plot_begin(&plot, width, height);
	fputs("set multiplot\n", plot.draw);
	fputs("set label 100 ", plot.draw);
	sim_plot_quote(plot.draw, title);
	fprintf(plot.draw, " at screen 0.5,%.4f center font ',15'\n", 1 - 16.0 / height);
	for (u32 vm = 0; vm < panels; vm++) {
		double at[4];
		cell(&grid, vm, at);
		memory_panel(&plot, history, vm, at, &axis);
	}
	draw_key(&plot, key, sizeof(key) / sizeof(*key), 6, 56.0 / height, 22.0 / height);
	fputs("unset multiplot\n", plot.draw);
	return sim_plot_finish(&plot, dir, sim_figure_name[SIM_FIG_MEMORY], error);
}

/* --- host --- */

/* The VMs that get a layer of their own; the rest is one layer. */
static u32 host_layers(const struct sim_history *history)
{
	u32 most = sim_plot_colors_count();

	return history->vms_count <= most ? history->vms_count : most - 1;
}

static double host_data(struct sim_plot *plot, const struct sim_history *history, double unit,
			const struct axis *axis)
{
	u32 layers = host_layers(history);
	double top = 0;

	fputs("$host << EOD\n", plot->data);
	for (u32 i = 0; i < history->points_count; i++) {
		double sum = 0;
		fprintf(plot->data, "%.4f 0", history->time_s[i] / axis->per_unit_s);
		for (u32 vm = 0; vm < history->vms_count; vm++) {
			sum += sim_history_vm(history, i, vm)->backed;
			if (vm < layers || vm + 1 == history->vms_count)
				fprintf(plot->data, " %.5g", sum * unit);
		}
		sum += history->host[i].compressed;
		fprintf(plot->data, " %.5g %.5g\n", sum * unit,
			(sum + history->host[i].swapped) * unit);
		top = fmax(top, (sum + history->host[i].swapped) * unit);
	}
	fputs("EOD\n", plot->data);
	return top;
}

static int draw_host(const struct sim_history *history, const char *dir, const char *title,
		     struct tr_error *error)
{
	struct axis axis = time_axis(history);
	u32 layers = host_layers(history), rest = layers < history->vms_count, column = 2;
	double nominal = 0, memory = history->points_count ? history->host[0].memory : 1;
	const char *unit_label;
	struct sim_plot plot;

	for (u32 vm = 0; vm < history->vms_count; vm++)
		nominal += (double)(history->scenario->vm[vm].memory_bytes >> TR_PAGE_SHIFT);
	double unit = size_unit(nominal, &unit_label);
	sim_plot_begin(&plot, 1000, 440);
	double top = fmax(host_data(&plot, history, unit, &axis), fmax(nominal, memory) * unit);
	FILE *to = plot.draw;
	fputs("set title ", to);
	sim_plot_quote(to, title);
	fprintf(to, " font ',15'\nset key outside right top vertical Left reverse invert\n"
		    "set xrange [0:%.6g]\n"
		    "set yrange [0:%.6g]\nset xlabel '%s'\nset ylabel 'host memory (%s)'\nplot ",
		axis.end, top * 1.05, axis.label, unit_label);
	for (u32 vm = 0; vm < layers + rest; vm++, column++) {
		fprintf(to, "$host using 1:%u:%u with filledcurves lc rgb '%s' title ", column,
			column + 1, vm < layers ? sim_plot_color(vm) : "#bbbbbb");
		sim_plot_quote(to, vm < layers ? history->scenario->vm[vm].name : "other VMs");
		fputs(", \\\n", to);
	}
	fprintf(to, "$host using 1:%u:%u with filledcurves lc rgb '#c8c8c8' title 'compressed', \\\n",
		column, column + 1);
	column++;
	fprintf(to,
		"$host using 1:%u:%u with filledcurves fs pattern 4 lc rgb '%s' title 'swapped by host', "
		"\\\n", column, column + 1, SIM_COLOR_SWAPPED);
	fprintf(to, "%.6g with lines lw 2 lc rgb '%s' title 'host has', \\\n", memory * unit,
		SIM_COLOR_LIMIT);
	fprintf(to, "%.6g with lines lw 1.5 dt 2 lc rgb '%s' title 'sum of nominal'\n",
		nominal * unit, SIM_COLOR_LIMIT);
	return sim_plot_finish(&plot, dir, sim_figure_name[SIM_FIG_HOST], error);
}

/* --- idle ages --- */

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
		      const struct axis *axis)
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

static int draw_ages(const struct sim_history *history, const char *dir, const char *title,
		     struct tr_error *error)
{
	struct axis axis = time_axis(history);
	u32 panels = panels_count(history), columns = grid_columns(panels);
	u32 rows = (panels + columns - 1) / columns;
	u32 width = columns == 1 ? 900 : columns == 2 ? 1100 : 1400, height = 80 + rows * 270;
	struct grid grid = { columns, rows, 90.0 / width, 1 - 105.0 / width, 70.0 / height,
			     1 - 62.0 / height, 80.0 / width, 88.0 / height };
	struct sim_plot plot;

	sim_plot_begin(&plot, width, height);
	FILE *to = plot.draw;
	fputs("set multiplot\nset label 100 ", to);
	sim_plot_quote(to, title);
	fprintf(to, " at screen 0.5,%.4f center font ',15'\n", 1 - 16.0 / height);
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
		cell(&grid, vm, at);
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

/* --- truth --- */

static const struct sim_binning *most_used_binning(const struct sim_history *history)
{
	const struct sim_binning *best = NULL;

	for (u32 i = 0; i < history->binnings_count; i++)
		if (!best || history->binning[i].reports_count > best->reports_count)
			best = &history->binning[i];
	return best;
}

static void age_text(u64 ns, char *text, size_t size)
{
	double s = (double)ns / 1e9;

	if (s < 120)
		snprintf(text, size, "%g s", s);
	else if (s < 7200)
		snprintf(text, size, "%.3g min", s / 60);
	else
		snprintf(text, size, "%.3g h", s / 3600);
}

static void truth_bins(struct sim_plot *plot, const struct sim_binning *binning)
{
	double reported = 0, real = 0;
	char low[32] = "0", high[32];
	bool many = binning->bins_count > 6;
	FILE *to = plot->draw;

	for (u32 i = 0; i < binning->bins_count; i++) {
		reported += binning->reported_bytes[i];
		real += binning->true_bytes[i];
	}
	fputs("$bins << EOD\n", plot->data);
	for (u32 i = 0; i < binning->bins_count; i++) {
		bool last = i + 1 == binning->bins_count;
		age_text(binning->edge_ns[i], high, sizeof(high));
		/* Many bins leave room for one edge only. */
		const char *from = last || many ? "" : low, *dash = last || many ? "" : " – ";
		fprintf(plot->data, "%u %.5g %.5g \"%s%s%s%s\"\n", i,
			reported > 0 ? 100 * binning->reported_bytes[i] / reported : 0,
			real > 0 ? 100 * binning->true_bytes[i] / real : 0, from, dash,
			last ? "> " : many ? "≤ " : "", last ? low : high);
		snprintf(low, sizeof(low), "%s", high);
	}
	fputs("EOD\n", plot->data);
	fputs("set boxwidth 0.38\nset yrange [0:*]\nset ylabel 'share of bytes (%)'\n"
	      "set xlabel 'idle age' offset 0,0.5\nset xtics rotate by -45 scale 0 font ',10'\n"
	      "set key at graph 0.5,1.1 center horizontal\n", to);
	fprintf(to, "set xrange [-0.6:%.1f]\n", binning->bins_count - 0.4);
	fprintf(to,
		"plot $bins using ($1-0.2):2:xtic(4) with boxes lc rgb '%s' title 'reported', "
		"$bins using ($1+0.2):3 with boxes lc rgb '%s' title 'true'\n",
		sim_plot_color(1), sim_plot_color(0));
}

static void truth_over_time(struct sim_plot *plot, const struct sim_history *history)
{
	struct axis axis = time_axis(history);
	u32 layers = host_layers(history);
	FILE *to = plot->draw;
	const char *comma = "";

	fprintf(to, "set xtics norotate scale 0.6 autofreq font ',13'\nset xrange [0:%.6g]\n"
		    "set yrange [0:100]\nset ytics 0,20,100\nset xlabel '%s' offset 0,0\n"
		    "set ylabel 'bytes in the wrong bin (%%)'\n"
		    "set key at screen 0.85,0.84 left top vertical Left reverse\nplot ",
		axis.end, axis.label);
	for (u32 vm = 0; vm < layers; vm++) {
		fprintf(plot->data, "$wrong%u << EOD\n", vm);
		for (u32 i = 0; i < history->marks_count; i++) {
			const struct sim_report_mark *mark = &history->mark[i];
			if (mark->vm == vm && isfinite(mark->wrong_share))
				fprintf(plot->data, "%.4f %.4g\n", mark->time_s / axis.per_unit_s,
					100 * mark->wrong_share);
		}
		/* A point out of range keeps a VM without reports from being an error. */
		fputs("-1 -1\nEOD\n", plot->data);
		fprintf(to, "%s$wrong%u using 1:2 with points pt 7 ps 0.45 lc rgb '%s' title ",
			comma, vm, sim_plot_color(vm));
		sim_plot_quote(to, history->scenario->vm[vm].name);
		comma = ", \\\n";
	}
	fputc('\n', to);
}

static int draw_truth(const struct sim_history *history, const char *dir, const char *title,
		      struct tr_error *error)
{
	struct sim_plot plot;

	sim_plot_begin(&plot, 1200, 460);
	FILE *to = plot.draw;
	fputs("set multiplot\nset label 100 ", to);
	sim_plot_quote(to, title);
	fputs(" at screen 0.5,0.96 center font ',15'\n", to);
	sim_plot_panel(&plot, 0.075, 0.42, 0.31, 0.84);
	truth_bins(&plot, most_used_binning(history));
	fputs("unset label 100\n", to);
	sim_plot_panel(&plot, 0.50, 0.84, 0.19, 0.84);
	truth_over_time(&plot, history);
	fputs("unset multiplot\n", to);
	return sim_plot_finish(&plot, dir, sim_figure_name[SIM_FIG_TRUTH], error);
}

int sim_figures_draw(const struct sim_history *history, const char *dir, const char *title,
		     bool drawn[SIM_FIGURES], struct tr_error *error)
{
	static int (*const draw[SIM_FIGURES])(const struct sim_history *, const char *,
					      const char *, struct tr_error *) = {
		[SIM_FIG_MEMORY] = draw_memory,
		[SIM_FIG_HOST] = draw_host,
		[SIM_FIG_AGES] = draw_ages,
		[SIM_FIG_TRUTH] = draw_truth,
	};

	memset(drawn, 0, SIM_FIGURES * sizeof(*drawn));
	if (history->points_count < 2)
		return 0;
	for (u32 i = 0; i < SIM_FIGURES; i++) {
		if (i == SIM_FIG_TRUTH && !history->binnings_count)
			continue;
		int rc = draw[i](history, dir, title, error);
		if (rc)
			return rc;
		drawn[i] = true;
	}
	return 0;
}
