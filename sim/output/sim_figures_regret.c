/* SPDX-License-Identifier: BSD-2-Clause */
/* sim_figures_regret.c - policies under the curves of the oracles. */
#include <math.h>
#include <stdio.h>

#include "output/sim_figures_compare.h"
#include "output/sim_figures_regret.h"
#include "output/sim_plot.h"

#define SLOW_LEAST 1e-4 /* the axis is logarithmic in slowdown - 1 */

static void put_data(struct sim_plot *plot, const struct sim_comparison *comparison)
{
	const struct sim_regret *regret = &comparison->regret;

	for (u32 curve = 0; curve < SIM_REGRET_CURVES; curve++) {
		fprintf(plot->data, "$curve%u << EOD\n", curve);
		for (u32 i = 0; i < SIM_REGRET_POINTS; i++)
			if (isfinite(regret->curve[curve][i].saved))
				fprintf(plot->data, "%.6g %.6g\n",
					100 * fmax(regret->curve[curve][i].slowdown - 1, SLOW_LEAST),
					100 * regret->curve[curve][i].saved);
		fputs("\nEOD\n", plot->data);
	}
	for (u32 i = 0; i < comparison->policies_count; i++) {
		fprintf(plot->data, "$policy%u << EOD\n", i);
		if (isfinite(regret->slowdown[i]))
			fprintf(plot->data, "%.6g %.6g\n",
				100 * fmax(regret->slowdown[i] - 1, SLOW_LEAST), 100 * regret->saved[i]);
		fputs("\nEOD\n", plot->data);
	}
}

int sim_figures_regret(const struct sim_comparison *comparison, const char *dir,
		       struct tr_error *error)
{
	struct sim_plot plot;

	sim_plot_begin(&plot, 900, 480);
	put_data(&plot, comparison);
	FILE *to = plot.draw;
	fputs("set logscale x\nset xlabel 'mean slowdown over VMs (%, logarithmic)'\n"
	      "set ylabel 'memory saved (% of nominal)'\nset key outside right top\n"
	      "set format x '%g'\nset yrange [*:100]\n"
	      "plot 1/0 notitle", to);
	for (u32 curve = 0; curve < SIM_REGRET_CURVES; curve++)
		fprintf(to, ", \\\n$curve%u using 1:2 with lines lw 2 dt %u lc rgb '%s' title '%s'", curve,
			curve + 1, curve ? "#707070" : "#202020", sim_regret_texts[curve].label);
	for (u32 i = 0; i < comparison->policies_count; i++) {
		fprintf(to, ", \\\n$policy%u using 1:2 with points pt %u ps 1.2 lc rgb '%s' title ", i,
			sim_comparison_point(i), sim_comparison_color(i));
		sim_plot_quote(to, sim_comparison_name(comparison, i));
	}
	fputc('\n', to);
	return sim_plot_finish(&plot, dir, SIM_FIGURE_REGRET, error);
}
