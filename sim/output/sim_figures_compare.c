/* SPDX-License-Identifier: BSD-2-Clause */
/* sim_figures_compare.c - slowdown bars and the frontier. */
#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "output/sim_figures_compare.h"
#include "output/sim_figures_regret.h"
#include "output/sim_plot.h"
#include "observe/sim_results.h"

#define GROUPS_MAX 12u /* VMs with bars of their own */

/* By place: with the colours by name two of a comparison may have the same. */
const char *sim_comparison_color(u32 policy)
{
	return sim_plot_color(policy);
}

u32 sim_comparison_point(u32 policy)
{
	static const u32 points[] = { 7, 5, 9, 11, 13, 15 };

	/* Another point when the colours begin again. */
	return points[(policy + policy / sim_plot_colors_count()) % 6];
}

/* --- slowdown --- */

/* Groups of bars: the worst VM and the median first, then VMs by themselves. */
static struct sim_estimate group_estimate(const struct sim_comparison *comparison, u32 policy,
					  u32 group)
{
	if (group == 0)
		return sim_comparison_estimate(comparison, policy, SIM_RUN_SLOWDOWN_MEDIAN);
	if (group == 1)
		return sim_comparison_estimate(comparison, policy, SIM_RUN_SLOWDOWN_MAX);
	return sim_comparison_vm_estimate(comparison, policy, group - 2, SIM_VM_SLOWDOWN);
}

static void slowdown_data(struct sim_plot *plot, const struct sim_comparison *comparison,
			  u32 groups, double *low, double *high)
{
	double width = 0.84 / comparison->policies_count;

	for (u32 policy = 0; policy < comparison->policies_count; policy++) {
		fprintf(plot->data, "$bars%u << EOD\n", policy);
		for (u32 group = 0; group < groups; group++) {
			struct sim_estimate e = group_estimate(comparison, policy, group);
			double x = group - 0.42 + (policy + 0.5) * width + (group > 1 ? 0.35 : 0);
			if (!isfinite(e.mean))
				continue;
			fprintf(plot->data, "%.4f %.6g %.6g %.6g\n", x, e.mean, e.low, e.high);
			*low = fmin(*low, e.low);
			*high = fmax(*high, e.high);
		}
		/* Keeps a policy without numbers from being an error. */
		fputs("-9 1 1 1\nEOD\n", plot->data);
	}
}

static void slowdown_tics(FILE *to, const struct sim_comparison *comparison, u32 groups)
{
	fputs("set xtics scale 0 (", to);
	for (u32 group = 0; group < groups; group++) {
		const char *name = group == 0 ? "median VM" :
				   group == 1 ? "worst VM" :
						comparison->scenario[0]->vm[group - 2].name;
		fputs(group ? ", " : "", to);
		sim_plot_quote(to, name);
		fprintf(to, " %.2f", group + (group > 1 ? 0.35 : 0));
	}
	fputs(")\n", to);
}

static int draw_slowdown(const struct sim_comparison *comparison, const char *dir,
			 struct tr_error *error)
{
	u32 vms = comparison->scenario[0]->vms_count;
	u32 groups = 2 + (vms < GROUPS_MAX ? vms : GROUPS_MAX);
	double low = 1, high = 1, half = 0.39 / comparison->policies_count;
	struct sim_plot plot;

	sim_plot_begin(&plot, groups > 6 ? 1200 : 900, 460);
	slowdown_data(&plot, comparison, groups, &low, &high);
	FILE *to = plot.draw;
	/* Equal factors look equal; and one VM that thrashes does not hide the others. */
	bool logarithmic = high > 5;
	slowdown_tics(to, comparison, groups);
	fprintf(to, "set xrange [-0.6:%.2f]\n", groups - 0.05);
	if (logarithmic)
		fprintf(to, "set logscale y 2\nset yrange [%.4g:%.4g]\n", fmax(low / 1.1, 0.5),
			high * 1.15);
	else
		fprintf(to, "set yrange [%.4g:%.4g]\n", low < 0.995 ? low - 0.05 : 1 - 0.04 * (high - 1),
			high + fmax(0.08 * (high - 1), 0.005));
	fputs("set ylabel 'slowdown against full memory (x)'\nset grid noxtics\n"
	      "set key outside above horizontal center\nset style fill solid 1 noborder\n"
	      "set arrow 1 from 1.67,graph 0 to 1.67,graph 1 nohead dt 3 lc rgb '#808080'\n"
	      "plot ", to);
	for (u32 policy = 0; policy < comparison->policies_count; policy++) {
		fprintf(to,
			"$bars%u using 1:2:($1-%.4f):($1+%.4f):(%s):(%s) with boxxyerror lc rgb '%s' "
			"title ",
			policy, half, half, "$2 < 1 ? $2 : 1", "$2 < 1 ? 1 : $2",
			sim_comparison_color(policy));
		sim_plot_quote(to, sim_comparison_name(comparison, policy));
		fputs(", \\\n", to);
	}
	for (u32 policy = 0; policy < comparison->policies_count; policy++)
		fprintf(to,
			"$bars%u using 1:3:(0):($4-$3) with vectors heads size screen 0.003,90 nofilled "
			"lw 1.2 lc rgb '#202020' notitle, \\\n",
			policy);
	fputs("1 with lines lw 0.8 lc rgb '#404040' notitle\n", to);
	return sim_plot_finish(&plot, dir, SIM_FIGURE_SLOWDOWN, error);
}

/* --- frontier --- */

struct box {
	double x0, y0, x1, y1;
};

static double overlap(const struct box *a, const struct box *b)
{
	double w = fmin(a->x1, b->x1) - fmax(a->x0, b->x0);
	double h = fmin(a->y1, b->y1) - fmax(a->y0, b->y0);

	return w > 0 && h > 0 ? w * h : 0;
}

/* One panel in pixels: where points lie and labels go. */
struct panel {
	double left, bottom, width, height; /* in the figure, px */
	double x_low, x_high, y_low, y_high;
	struct sim_estimate saved[SIM_POLICIES_MAX], slow[SIM_POLICIES_MAX];
	double front[SIM_POLICIES_MAX][2]; /* the frontier: per cent saved, slowdown */
	u32 front_count;
};

static double to_px(double value, double low, double high, double size)
{
	return (value - low) / (high - low) * size;
}

/*
 * Put each label at that one of eight places around its point where it covers the least
 * of points, error bars and labels put before; near places first.
 */
static void place_label(const struct panel *panel, u32 policy, double width, struct box *taken,
			u32 *taken_count, double *label_x, double *label_y)
{
	static const double way[8][2] = { { 1, 1 },  { -1, 1 }, { 1, -1 }, { -1, -1 },
					  { 1, 0 },  { -1, 0 }, { 0, 1 },  { 0, -1 } };
	double x = to_px(100 * panel->saved[policy].mean, panel->x_low, panel->x_high, panel->width);
	double y = to_px(panel->slow[policy].mean, panel->y_low, panel->y_high, panel->height);
	double best = INFINITY, height = 15;
	struct box chosen = { 0, 0, 0, 0 };

	for (u32 step = 0; step < 24; step++) {
		double reach = 9 + 13 * (step / 8);
		double cx = x + way[step % 8][0] * (reach + width / 2);
		double cy = y + way[step % 8][1] * (reach + height / 2 - 4);
		struct box box = { cx - width / 2, cy - height / 2, cx + width / 2,
				   cy + height / 2 };
		double cost = 4.0 * step;
		for (u32 i = 0; i < *taken_count; i++)
			cost += overlap(&box, &taken[i]);
		/* Outside of the panel. */
		cost += 60 * (fmax(0, -box.x0) + fmax(0, box.x1 - panel->width) +
			      fmax(0, -box.y0) + fmax(0, box.y1 - panel->height));
		if (cost < best) {
			best = cost;
			chosen = box;
		}
	}
	taken[(*taken_count)++] = chosen;
	*label_x = chosen.x0;
	*label_y = (chosen.y0 + chosen.y1) / 2;
}

static void fit_ranges(struct panel *panel, u32 policies)
{
	double x0 = INFINITY, x1 = -INFINITY, y0 = 1, y1 = 1.01;

	for (u32 i = 0; i < policies; i++) {
		if (!isfinite(panel->saved[i].mean) || !isfinite(panel->slow[i].mean))
			continue;
		x0 = fmin(x0, 100 * panel->saved[i].low);
		x1 = fmax(x1, 100 * panel->saved[i].high);
		y0 = fmin(y0, panel->slow[i].low);
		y1 = fmax(y1, panel->slow[i].high);
	}
	double pad_x = fmax((x1 - x0) * 0.15, 1), pad_y = (y1 - y0) * 0.12;
	panel->x_low = x0 - pad_x;
	panel->x_high = x1 + pad_x;
	panel->y_low = y0 - pad_y;
	panel->y_high = y1 + pad_y;
}

static void frontier_points(struct sim_plot *plot, const struct sim_comparison *comparison,
			    const struct panel *panel, u32 index)
{
	for (u32 i = 0; i < comparison->policies_count; i++) {
		const struct sim_estimate *x = &panel->saved[i], *y = &panel->slow[i];
		fprintf(plot->data, "$point%u_%u << EOD\n", index, i);
		if (isfinite(x->mean) && isfinite(y->mean))
			fprintf(plot->data, "%.6g %.6g %.6g %.6g %.6g %.6g\n", 100 * x->mean,
				y->mean, 100 * x->low, 100 * x->high, y->low, y->high);
		else
			fputs("-900 -900 -900 -900 -900 -900\n", plot->data);
		fputs("EOD\n", plot->data);
	}
}

static int by_saved(const void *a, const void *b)
{
	const double *x = a, *y = b;

	if (x[0] != y[0])
		return x[0] < y[0] ? -1 : 1;
	return x[1] < y[1] ? -1 : x[1] > y[1];
}

/* The least slowdown for saving so much: up at one policy's point, across to the next. */
static void frontier_steps(struct sim_plot *plot, const struct sim_comparison *comparison,
			   struct panel *panel, enum sim_run_metric metric, u32 index)
{
	bool on[SIM_POLICIES_MAX];
	double (*point)[2] = panel->front;
	u32 count = 0;

	sim_comparison_frontier(comparison, metric, on, NULL);
	for (u32 i = 0; i < comparison->policies_count; i++)
		if (on[i]) {
			point[count][0] = 100 * panel->saved[i].mean;
			point[count++][1] = panel->slow[i].mean;
		}
	panel->front_count = count;
	qsort(point, count, sizeof(point[0]), by_saved);
	fprintf(plot->data, "$front%u << EOD\n", index);
	for (u32 i = 0; i < count; i++)
		fprintf(plot->data, "%.6g %.6g\n", point[i][0], point[i][1]);
	if (!count)
		fputs("-900 -900\n", plot->data);
	fputs("EOD\n", plot->data);
}

/* Where points, their error bars and the dashed steps are, so that no label lies there. */
static u32 take_marks(const struct panel *panel, u32 policies, struct box *taken)
{
	u32 count = 0;

	for (u32 i = 0; i < policies; i++) {
		const struct sim_estimate *sx = &panel->saved[i], *sy = &panel->slow[i];
		if (!isfinite(sx->mean) || !isfinite(sy->mean))
			continue;
		double x = to_px(100 * sx->mean, panel->x_low, panel->x_high, panel->width);
		double y = to_px(sy->mean, panel->y_low, panel->y_high, panel->height);
		double x0 = to_px(100 * sx->low, panel->x_low, panel->x_high, panel->width);
		double x1 = to_px(100 * sx->high, panel->x_low, panel->x_high, panel->width);
		double y0 = to_px(sy->low, panel->y_low, panel->y_high, panel->height);
		double y1 = to_px(sy->high, panel->y_low, panel->y_high, panel->height);
		taken[count++] = (struct box){ fmin(x0, x - 6), y - 6, fmax(x1, x + 6), y + 6 };
		taken[count++] = (struct box){ x - 3, y0, x + 3, y1 };
	}
	for (u32 i = 0; i + 1 < panel->front_count; i++) {
		double x0 = to_px(panel->front[i][0], panel->x_low, panel->x_high, panel->width);
		double x1 = to_px(panel->front[i + 1][0], panel->x_low, panel->x_high, panel->width);
		double y0 = to_px(panel->front[i][1], panel->y_low, panel->y_high, panel->height);
		double y1 = to_px(panel->front[i + 1][1], panel->y_low, panel->y_high, panel->height);
		taken[count++] = (struct box){ x0 - 2, fmin(y0, y1), x0 + 2, fmax(y0, y1) };
		taken[count++] = (struct box){ x0, y1 - 2, x1, y1 + 2 };
	}
	return count;
}

static void frontier_labels(struct sim_plot *plot, const struct sim_comparison *comparison,
			    const struct panel *panel)
{
	struct box taken[5 * SIM_POLICIES_MAX];
	u32 policies = comparison->policies_count;
	u32 taken_count = take_marks(panel, policies, taken);
	FILE *to = plot->draw;

	for (u32 i = 0; i < policies; i++) {
		const char *name = sim_comparison_name(comparison, i);
		double x, y;
		if (!isfinite(panel->saved[i].mean) || !isfinite(panel->slow[i].mean))
			continue;
		place_label(panel, i, 7.6 * (double)strlen(name), taken, &taken_count, &x, &y);
		fputs("set label ", to);
		sim_plot_quote(to, name);
		fprintf(to, " at screen %.4f,%.4f left font ',12' tc rgb '#202020'\n",
			(panel->left + x) / plot->width, (panel->bottom + y) / plot->height);
	}
}

static void frontier_panel(struct sim_plot *plot, const struct sim_comparison *comparison,
			   enum sim_run_metric metric, const char *title, u32 index)
{
	struct panel panel = { .left = 95 + index * 585.0, .bottom = 65, .width = 475, .height = 350 };
	FILE *to = plot->draw;

	for (u32 i = 0; i < comparison->policies_count; i++) {
		panel.saved[i] = sim_comparison_estimate(comparison, i, SIM_RUN_SAVED);
		panel.slow[i] = sim_comparison_estimate(comparison, i, metric);
	}
	fit_ranges(&panel, comparison->policies_count);
	frontier_points(plot, comparison, &panel, index);
	frontier_steps(plot, comparison, &panel, metric, index);
	sim_plot_panel(plot, panel.left / plot->width, (panel.left + panel.width) / plot->width,
		       panel.bottom / plot->height, (panel.bottom + panel.height) / plot->height);
	fputs("unset label\n", to);
	frontier_labels(plot, comparison, &panel);
	fprintf(to, "set title '%s' font ',13' offset 0,-0.3\nset xrange [%.5g:%.5g]\n"
		    "set yrange [%.5g:%.5g]\nset xlabel 'memory saved (%% of nominal)'\n"
		    "set ylabel 'slowdown (x)'\nset key off\n"
		    "set label 'better' at graph 0.99,0.03 right font ',11' tc rgb '#808080'\n"
		    "set arrow 9 from graph 0.90,0.16 to graph 0.97,0.07 size screen 0.006,20 "
		    "filled lw 1 lc rgb '#808080'\nplot $front%u with fsteps lw 1.2 dt 2 "
		    "lc rgb '#808080' notitle",
		title, panel.x_low, panel.x_high, panel.y_low, panel.y_high, index);
	for (u32 i = 0; i < comparison->policies_count; i++)
		fprintf(to,
			", \\\n$point%u_%u using 1:2:3:4:5:6 with xyerrorbars pt %u ps 1.1 lw 1.4 "
			"lc rgb '%s' notitle",
			index, i, sim_comparison_point(i),
			sim_comparison_color(i));
	fputs("\nunset arrow 9\n", to);
}

static int draw_frontier(const struct sim_comparison *comparison, const char *dir,
			 struct tr_error *error)
{
	struct sim_plot plot;

	sim_plot_begin(&plot, 1180, 460);
	fputs("set multiplot\n", plot.draw);
	frontier_panel(&plot, comparison, SIM_RUN_SLOWDOWN_MEDIAN, "median VM", 0);
	frontier_panel(&plot, comparison, SIM_RUN_SLOWDOWN_MAX, "worst VM", 1);
	fputs("unset multiplot\n", plot.draw);
	return sim_plot_finish(&plot, dir, SIM_FIGURE_FRONTIER, error);
}

int sim_figures_compare(struct sim_comparison *comparison, const char *dir,
			struct tr_error *error)
{
	char plots[SIM_FILE_PATH_MAX];
	bool any = false;
	int rc;

	for (u32 i = 0; i < comparison->policies_count; i++)
		any |= sim_comparison_estimate(comparison, i, SIM_RUN_SLOWDOWN_MEDIAN).count > 0;
	if (!any)
		return 0;
	int n = snprintf(plots, sizeof(plots), "%s/plots", dir);
	if (n < 0 || (size_t)n >= sizeof(plots) || (mkdir(plots, 0777) && errno != EEXIST))
		return tr_fail(error, -errno, "%s: %s", dir, strerror(errno));
	rc = draw_slowdown(comparison, plots, error);
	if (!rc)
		rc = draw_frontier(comparison, plots, error);
	if (!rc && comparison->regret.known)
		rc = sim_figures_regret(comparison, plots, error);
	comparison->comparison_figures = !rc;
	return rc;
}
