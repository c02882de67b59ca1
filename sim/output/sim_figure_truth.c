/* SPDX-License-Identifier: BSD-2-Clause */
/* sim_figure_truth.c - reported against true bytes by bin; share in the wrong bin over time. */
#include <math.h>

#include "output/sim_figure.h"
#include "output/sim_figures.h"

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
	struct sim_figure_axis axis = sim_figure_time_axis(history);
	u32 layers = sim_figure_layers_count(history);
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

int sim_figure_truth(const struct sim_history *history, const char *dir, const char *title,
		      struct tr_error *error)
{
	struct sim_plot plot;

	sim_plot_begin(&plot, 1200, 460);
	FILE *to = plot.draw;
	sim_figure_begin(&plot, title, 0.96);
	sim_plot_panel(&plot, 0.075, 0.42, 0.31, 0.84);
	truth_bins(&plot, most_used_binning(history));
	fputs("unset label 100\n", to);
	sim_plot_panel(&plot, 0.50, 0.84, 0.19, 0.84);
	truth_over_time(&plot, history);
	fputs("unset multiplot\n", to);
	return sim_plot_finish(&plot, dir, sim_figure_name[SIM_FIG_TRUTH], error);
}
