/* SPDX-License-Identifier: BSD-2-Clause */
/* sim_figures_ages.c - the two panels of error against cost. */
#include <errno.h>
#include <math.h>
#include <string.h>
#include <sys/stat.h>

#include "output/sim_figures_ages.h"
#include "output/sim_plot.h"
#include "output/sim_results.h"

#define LEAST_COST 1.0	 /* ns a second: what a logarithm can show */
#define LEAST_ERROR_S 1e-3

/* A data block for each family.  Return: families. */
static u32 put_data(struct sim_plot *plot, const struct sim_ages_point *point, u32 count)
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
	return families;
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

int sim_figures_ages(const struct sim_ages_point *point, u32 points_count, const char *dir,
		     struct tr_error *error)
{
	char plots[SIM_FILE_PATH_MAX];
	struct sim_plot plot;
	int n = snprintf(plots, sizeof(plots), "%s/plots", dir);

	if (n < 0 || (size_t)n >= sizeof(plots) || (mkdir(plots, 0777) && errno != EEXIST))
		return tr_fail(error, -EIO, "%s/plots: cannot be made", dir);
	sim_plot_begin(&plot, 1100, 460);
	u32 families = put_data(&plot, point, points_count);
	FILE *to = plot.draw;
	double top = families > 6 ? 0.80 : 0.86;

	fputs("set multiplot\nset logscale x 10\nset format x '%g'\n"
	      "set xlabel 'processor time of the source (us a second)'\n", to);
	fprintf(to, "set key at screen 0.5,0.985 top center maxcols 6 width 1 samplen 2.5\n");
	sim_plot_panel(&plot, 0.07, 0.49, 0.14, top);
	fputs("set ylabel 'bytes in the wrong bin (%)'\nset yrange [0:*]\n", to);
	put_panel(&plot, point, points_count, 2, true);
	sim_plot_panel(&plot, 0.57, 0.985, 0.14, top);
	fputs("set ylabel 'mean error of age (s)'\nset autoscale y\nset logscale y 10\n"
	      "set format y '%g'\n", to);
	put_panel(&plot, point, points_count, 3, false);
	fputs("unset multiplot\n", to);
	return sim_plot_finish(&plot, plots, SIM_FIGURE_AGES, error);
}
