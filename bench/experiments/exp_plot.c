/* SPDX-License-Identifier: BSD-2-Clause */
/* exp_plot.c - an experiment's figure. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "exp_eval.h"
#include "exp_report.h"
#include "exp_series.h"
#include "output/sim_plot.h"

#define POINTS_MAX 32

static const char *text_of(const struct sim_json_in *in, const char *key)
{
	struct sim_json_in child;
	struct tr_error ignored;
	const char *text = "";

	if (sim_json_find(in, key, &child))
		(void)sim_json_get_text(&child, &text, &ignored);
	return text;
}

/* "arm|vm|column|scale" of run 0. */
static int put_series(const struct exp *exp, const struct sim_json_in *in, struct sim_plot *plot,
		      struct tr_error *error)
{
	char copy[512], *part[4], *rest = copy;
	struct exp_series series;
	const char *text;
	int rc = sim_json_get_text(in, &text, error);
	u32 arm = 0;

	if (rc)
		return rc;
	snprintf(copy, sizeof(copy), "%s", text);
	for (u32 i = 0; i < 4; i++) {
		part[i] = strsep(&rest, "|");
		if (!part[i])
			return sim_json_fail(in, -EINVAL, error, "must be arm|vm|column|scale");
	}
	while (arm < exp->arms.count && strcmp(exp->arms.at[arm].name, part[0]))
		arm++;
	if (arm == exp->arms.count)
		return sim_json_fail(in, -EINVAL, error, "no such arm");
	rc = exp_series_get(&series, exp->tables[arm][0], part[1], part[2]);
	for (u32 i = 0; i < series.count && !rc; i++)
		fprintf(plot->data, "%.6g %.6g\n", series.time_s[i], series.at[i] * strtod(part[3], NULL));
	exp_series_free(&series);
	return rc ? sim_json_fail(in, rc, error, "no such VM or column") : 0;
}

static int put_points(const struct exp *exp, const struct sim_json_in *in,
		      const struct sim_json_in *x, struct sim_plot *plot, struct tr_error *error)
{
	struct sim_json_in at, point;
	bool more = sim_json_first(x, &at);

	for (bool ok = sim_json_first(in, &point); ok; ok = sim_json_next(&point)) {
		struct exp_value value;
		const char *text;
		double position;
		int rc = more ? sim_json_get_double(&at, &position, error) :
				sim_json_fail(&point, -EINVAL, error, "more points than \"at\"");

		if (!rc)
			rc = sim_json_get_text(&point, &text, error);
		if (!rc)
			rc = exp_eval(exp, exp->values.count, text, &value, error);
		if (rc)
			return rc;
		if (isfinite(exp_average(&value)))
			fprintf(plot->data, "%.6g %.6g\n", position, exp_average(&value));
		more = sim_json_next(&at);
	}
	return 0;
}

static int put_curves(const struct exp *exp, const struct sim_json_in *in, struct sim_plot *plot,
		      struct tr_error *error)
{
	struct sim_json_in curves, curve, x;
	bool points = sim_json_find(in, "at", &x);
	u32 count = 0;
	int rc = 0;

	if (!sim_json_find(in, "curves", &curves))
		return sim_json_fail(in, -EINVAL, error, "needs curves");
	fputs("set key outside right top\n", plot->draw);
	if (*text_of(in, "set"))
		fprintf(plot->draw, "set %s\n", text_of(in, "set"));
	fputs("set xlabel ", plot->draw);
	sim_plot_quote(plot->draw, points ? text_of(in, "x") : "time (s)");
	fputs("\nset ylabel ", plot->draw);
	sim_plot_quote(plot->draw, text_of(in, "y"));
	fputs("\nplot ", plot->draw);
	for (bool ok = sim_json_first(&curves, &curve); ok && !rc; ok = sim_json_next(&curve)) {
		fprintf(plot->data, "$curve%u << EOD\n", count);
		rc = points ? put_points(exp, &curve, &x, plot, error) :
			      put_series(exp, &curve, plot, error);
		fputs("\nEOD\n", plot->data);
		fprintf(plot->draw, "%s$curve%u using 1:2 with %s lw 2 lc rgb '%s' title ",
			count ? ", \\\n" : "", count, points ? "linespoints" : "lines",
			sim_plot_color(count));
		sim_plot_quote(plot->draw, curve.key);
		count++;
	}
	fputc('\n', plot->draw);
	return rc;
}

int exp_plot(const struct exp *exp, const char *dir, struct tr_error *error)
{
	struct tr_error drawn;
	struct sim_plot plot;
	struct sim_json_in in;
	int rc;

	if (!sim_json_find(&exp->top, "plot", &in))
		return 1;
	sim_plot_begin(&plot, 900, 400);
	rc = put_curves(exp, &in, &plot, error);
	if (rc)
		fputs("$none\n", plot.draw); /* nothing that could be drawn by half */
	int finished = sim_plot_finish(&plot, dir, exp->id, &drawn);
	if (!rc && finished)
		*error = drawn;
	return rc ? rc : finished;
}
