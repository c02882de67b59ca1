/* SPDX-License-Identifier: BSD-2-Clause */
/* sim_figure_host.c - host memory over time, stacked by VM, against what the host has. */
#include <math.h>

#include "output/sim_figure.h"
#include "output/sim_figures.h"
#include "tr_units.h"

static double host_data(struct sim_plot *plot, const struct sim_history *history, double unit,
			const struct sim_figure_axis *axis)
{
	u32 layers = sim_figure_layers_count(history);
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

int sim_figure_host(const struct sim_history *history, const char *dir, const char *title,
		     struct tr_error *error)
{
	struct sim_figure_axis axis = sim_figure_time_axis(history);
	u32 layers = sim_figure_layers_count(history), rest = layers < history->vms_count, column = 2;
	double nominal = 0, memory = history->points_count ? history->host[0].memory : 1;
	const char *unit_label;
	struct sim_plot plot;

	for (u32 vm = 0; vm < history->vms_count; vm++)
		nominal += (double)(history->scenario->vm[vm].memory_bytes >> TR_PAGE_SHIFT);
	double unit = sim_figure_size_unit(nominal, &unit_label);
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
