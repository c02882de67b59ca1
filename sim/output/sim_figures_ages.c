/* SPDX-License-Identifier: BSD-2-Clause */
/* sim_figures_ages.c - the two panels of error against cost. */
#include <errno.h>
#include <math.h>
#include <string.h>
#include <sys/stat.h>

#include "output/sim_figures_ages.h"
#include "output/sim_plot.h"
#include "observe/sim_results.h"

#define LEAST_COST 1.0	 /* ns a second: what a logarithm can show */
#define LEAST_ERROR_S 1e-3
#define RANGE_LEAST 4.0	 /* from end to end of a logarithmic axis */

/* A data block for each family. */
static void put_data(struct sim_plot *plot, const struct sim_ages_point *point, u32 count)
{
	u32 families = 0;

	for (u32 i = 0; i < count; i++) {
		if (!i || strcmp(point[i].family, point[i - 1].family))
			fprintf(plot->data, "%s$family%u << EOD\n", i ? "EOD\n" : "", families++);
		fprintf(plot->data, "%.6g %.6g %.6g\n",
			fmax(point[i].cost_ns_per_s, LEAST_COST) / 1e3, 100 * point[i].wrong_share,
			fmax(point[i].error_s, LEAST_ERROR_S));
	}
	fputs("EOD\n", plot->data);
}

static void put_panel(struct sim_plot *plot, const struct sim_ages_point *point, u32 count,
		      u32 column, bool titled)
{
	FILE *to = plot->draw;
	u32 family = 0;

	fputs("plot ", to);
	for (u32 i = 0; i < count; i++) {
		if (i && !strcmp(point[i].family, point[i - 1].family))
			continue;
		fprintf(to, "%s$family%u using 1:%u with linespoints lw 1.6 pt %u ps 1.1 lc rgb '%s' ",
			family ? ", \\\n" : "", family, column, 4 + family % 10,
			sim_plot_color(family));
		family++;
		if (titled) {
			fputs("title ", to);
			sim_plot_quote(to, point[i].family);
		} else {
			fputs("notitle", to);
		}
	}
	fputs("\n", to);
}

/*
 * A range with room around, for a logarithmic axis, and labels as close as it needs: by
 * itself gnuplot labels powers of ten, of which a short range has one or none.
 */
static void log_axis(FILE *to, const char *axis, double least, double most)
{
	static const double steps[][6] = { { 1 }, { 1, 2, 5 }, { 1, 1.5, 2, 3, 5, 7 } };
	double room = fmax(1.25, sqrt(RANGE_LEAST * least / most));
	double from = least / room, to_value = most * room, span = log10(to_value / from);
	const double *step = steps[span > 2.5 ? 0 : span > 1 ? 1 : 2];
	const char *between = "";

	fprintf(to, "set %srange [%.4g:%.4g]\nset %stics (", axis, from, to_value, axis);
	for (int decade = (int)floor(log10(from)); pow(10, decade) <= to_value; decade++) {
		for (u32 i = 0; i < 6 && step[i] > 0; i++) {
			double value = step[i] * pow(10, decade);

			if (value < from || value > to_value)
				continue;
			fprintf(to, "%s%.4g", between, value);
			between = ", ";
		}
	}
	fputs(")\n", to);
}

static void put_ranges(FILE *to, const struct sim_ages_point *point, u32 count, bool errors)
{
	double least = INFINITY, most = 0;

	for (u32 i = 0; i < count; i++) {
		double value = errors ? fmax(point[i].error_s, LEAST_ERROR_S) :
					fmax(point[i].cost_ns_per_s, LEAST_COST) / 1e3;
		least = fmin(least, value);
		most = fmax(most, value);
	}
	log_axis(to, errors ? "y" : "x", least, most);
}

int sim_figures_ages(const struct sim_ages_point *point, u32 points_count, const char *dir,
		     struct tr_error *error)
{
	char plots[SIM_FILE_PATH_MAX];
	struct sim_plot plot;
	int n = snprintf(plots, sizeof(plots), "%s/plots", dir);

	if (n < 0 || (size_t)n >= sizeof(plots) || (mkdir(plots, 0777) && errno != EEXIST))
		return tr_fail(error, -EIO, "%s/plots: cannot be made", dir);
	sim_plot_begin(&plot, 1100, 460);
	put_data(&plot, point, points_count);
	FILE *to = plot.draw;

	fputs("set multiplot\nset logscale x 10\nset format x '%g'\n"
	      "set xlabel 'processor time of the source (us a second)'\n", to);
	fputs("set key at screen 0.825,0.95 left top Left reverse vertical samplen 2.5\n", to);
	put_ranges(to, point, points_count, false);
	sim_plot_panel(&plot, 0.065, 0.40, 0.14, 0.95);
	fputs("set ylabel 'bytes in the wrong bin (%)'\nset yrange [0:*]\n", to);
	put_panel(&plot, point, points_count, 2, true);
	sim_plot_panel(&plot, 0.47, 0.81, 0.14, 0.95);
	fputs("set ylabel 'mean error of age (s)'\nset logscale y 10\nset format y '%g'\n", to);
	put_ranges(to, point, points_count, true);
	put_panel(&plot, point, points_count, 3, false);
	fputs("unset multiplot\n", to);
	return sim_plot_finish(&plot, plots, SIM_FIGURE_AGES, error);
}
