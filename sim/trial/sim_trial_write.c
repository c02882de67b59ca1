/* SPDX-License-Identifier: BSD-2-Clause */
/* sim_trial_write.c - tables, figures and the page of a trial. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "output/sim_html.h"
#include "output/sim_page.h"
#include "output/sim_plot.h"
#include "observe/sim_results.h"
#include "scenario/sim_json_write.h"
#include "sweep/sim_beside.h"
#include "trial/sim_trial_write.h"

#define FIGURES_MAX 40

struct place {
	u32 trace, memory, device, swappiness, engine;
};

static struct place place_of(const struct sim_trial *trial, u32 cell)
{
	struct place at = { .engine = cell % trial->engines.count };

	cell /= trial->engines.count;
	at.swappiness = cell % trial->swappiness.count;
	cell /= trial->swappiness.count;
	at.device = cell % trial->devices.count;
	cell /= trial->devices.count;
	at.memory = cell % trial->memory_count;
	at.trace = cell / trial->memory_count;
	return at;
}

char *sim_trial_label(const struct sim_trial *trial, u32 cell, char label[SIM_TRIAL_LABEL])
{
	struct place at = place_of(trial, cell);
	char name[SIM_NAME_MAX];
	size_t used;

	sim_trial_trace_name(trial, at.trace, name);
	used = (size_t)snprintf(label, SIM_TRIAL_LABEL, "%s, %g %% of its memory", name,
				100 * trial->memory[at.memory]);
	if (trial->devices.count > 1 && used < SIM_TRIAL_LABEL)
		used += (size_t)snprintf(label + used, SIM_TRIAL_LABEL - used, ", %s",
					 trial->devices.text[at.device]);
	if (trial->swappiness.count > 1 && used < SIM_TRIAL_LABEL)
		snprintf(label + used, SIM_TRIAL_LABEL - used, ", swappiness %s",
			 trial->swappiness.text[at.swappiness]);
	return label;
}

/* --- csv --- */

static void put_place(FILE *to, const struct sim_trial *trial, u32 cell)
{
	struct place at = place_of(trial, cell);

	sim_csv_text(to, trial->traces.text[at.trace]);
	fprintf(to, ",%g,", trial->memory[at.memory]);
	sim_csv_text(to, trial->devices.text[at.device]);
	fprintf(to, ",%s,", trial->swappiness.text[at.swappiness]);
	sim_csv_text(to, trial->engines.text[at.engine]);
}

static int write_runs(const struct sim_trial_score *score, const char *dir, struct tr_error *error)
{
	const struct sim_trial *trial = score->trial;
	char text[SIM_NUMBER_TEXT];
	struct sim_file file;
	int rc = sim_file_create(&file, dir, "trial.csv", error);

	if (rc)
		return rc;
	fputs("trace,memory_share,device,swappiness,engine,seed", file.stream);
	for (u32 i = 0; i < SIM_VM_METRICS; i++)
		fprintf(file.stream, ",%s", sim_vm_metrics[i].key);
	fputc('\n', file.stream);
	for (u32 cell = 0; cell < sim_trial_cells(trial); cell++)
		for (u32 seed = 0; seed < trial->seeds; seed++) {
			u64 at = (u64)cell * trial->seeds + seed;
			if (isnan(score->value[SIM_VM_TIME_PER_WORK][at]))
				continue;
			put_place(file.stream, trial, cell);
			fprintf(file.stream, ",%u", seed);
			for (u32 i = 0; i < SIM_VM_METRICS; i++)
				fprintf(file.stream, ",%s", sim_number_text(score->value[i][at], text));
			fputc('\n', file.stream);
		}
	return sim_file_close(&file, error);
}

static const char *const verdicts[] = { "same", "gain", "loss", "not done" };

static int write_table(const struct sim_trial_score *score, const char *dir, struct tr_error *error)
{
	const struct sim_trial *trial = score->trial;
	char text[SIM_NUMBER_TEXT];
	struct sim_file file;
	int rc = sim_file_create(&file, dir, "table.csv", error);

	if (rc)
		return rc;
	FILE *to = file.stream;
	fputs("trace,memory_share,device,swappiness,engine,valid,verdict,time_ratio,time_ratio_min,"
	      "time_ratio_max", to);
	for (u32 i = 0; i < sim_trial_metrics_count; i++) {
		const char *key = sim_vm_metrics[sim_trial_metrics[i].metric].key;
		fprintf(to, ",%s_median,%s_min,%s_max", key, key, key);
	}
	fputc('\n', to);
	for (u32 cell = 0; cell < sim_trial_cells(trial); cell++) {
		u32 base = cell - cell % trial->engines.count + trial->baseline;
		struct sim_trial_spread s = sim_trial_ratio(score, cell, base, SIM_VM_TIME_PER_WORK);
		put_place(to, trial, cell);
		fprintf(to, ",%u,%s", score->valid[cell], verdicts[sim_trial_judge(score, cell, base)]);
		for (u32 i = 0; i <= sim_trial_metrics_count; i++) {
			fprintf(to, ",%s", sim_number_text(s.median, text));
			fprintf(to, ",%s", sim_number_text(s.low, text));
			fprintf(to, ",%s", sim_number_text(s.high, text));
			if (i < sim_trial_metrics_count)
				s = sim_trial_spread(score, cell, sim_trial_metrics[i].metric);
		}
		fputc('\n', to);
	}
	return sim_file_close(&file, error);
}

/* --- figures: one for each trace, device and swappiness --- */

enum panel { PANEL_TIME, PANEL_READS, PANEL_CPU, PANELS };
static const char *const panel_labels[PANELS] = { "time per work (x)", "read back (MiB)",
						  "CPU of reclaim (s)" };

static struct sim_trial_spread panel_value(const struct sim_trial_score *score, u32 cell,
					   enum panel panel)
{
	double value;

	if (panel == PANEL_TIME)
		return sim_trial_spread(score, cell, SIM_VM_TIME_PER_WORK);
	value = panel == PANEL_READS ? sim_trial_page_ins(score, cell) / (1 << 20) :
				       sim_trial_cpu(score, cell);
	return (struct sim_trial_spread){ value, value, value };
}

static void put_style(FILE *to, u32 engine)
{
	fprintf(to, "lw 1.3 pt %u ps 0.6 dt %u lc rgb '%s'", 4 + engine % 10,
		1 + engine / sim_plot_colors_count(), sim_plot_color(engine));
}

#define KEY_ROW 22u /* pixels */

/* The key has four columns or so, and as many rows as that makes. */
static u32 key_height(const struct sim_trial *trial)
{
	return 12 + KEY_ROW * ((trial->engines.count + 3) / 4);
}

static u32 figure_height(const struct sim_trial *trial)
{
	return 400 + key_height(trial);
}

static void draw_panel(struct sim_plot *plot, const struct sim_trial_score *score, struct place at,
		       enum panel panel, double top)
{
	const struct sim_trial *trial = score->trial;
	double left = 0.06 + panel * 0.325;
	FILE *to = plot->draw;
	bool empty = true;

	for (u32 engine = 0; engine < trial->engines.count; engine++) {
		fprintf(plot->data, "$p%u_%u << EOD\n", panel, engine);
		for (u32 memory = 0; memory < trial->memory_count; memory++) {
			u32 cell = sim_trial_cell(trial, at.trace, memory, at.device, at.swappiness,
						  engine);
			struct sim_trial_spread s = panel_value(score, cell, panel);
			if (!isfinite(s.median))
				continue;
			empty = false;
			fprintf(plot->data, "%g %.6g %.6g %.6g\n", 100 * trial->memory[memory], s.median,
				s.low, s.high);
		}
		fputs("\nEOD\n", plot->data);
	}
	sim_plot_panel(plot, left, left + 0.255, 60.0 / figure_height(trial), top);
	fprintf(to, "set xlabel 'memory (%% of what the trace needs)'\nset ylabel '%s'\n"
		    "set offsets graph 0.05, graph 0.05, graph 0.05, 0\nset format y '%%.5g'\n"
		    "set xtics (", panel_labels[panel]);
	for (u32 memory = 0; memory < trial->memory_count; memory++)
		fprintf(to, "%s%g", memory ? ", " : "", 100 * trial->memory[memory]);
	fputs(")\nset key off\nset xrange [*:*]\nset yrange [*:*]\n", to);
	sim_plot_start(plot, empty);
	for (u32 engine = 0; engine < trial->engines.count; engine++) {
		fprintf(to, ", \\\n$p%u_%u using 1:2:3:4 with yerrorlines ", panel, engine);
		put_style(to, engine);
	}
	fputc('\n', to);
}

/* Over all panels; gnuplot gives a key no more width than its plot has. */
static void draw_key(struct sim_plot *plot, const struct sim_trial *trial, double bottom)
{
	FILE *to = plot->draw;

	sim_plot_panel(plot, 0.02, 0.98, bottom, 0.99);
	fputs("unset border\nunset tics\nunset xlabel\nunset ylabel\nset xrange [0:1]\n"
	      "set yrange [0:1]\nset key inside center top horizontal maxcols 5\nplot NaN notitle", to);
	for (u32 engine = 0; engine < trial->engines.count; engine++) {
		fputs(", \\\nNaN with linespoints ", to);
		put_style(to, engine);
		fputs(" title ", to);
		sim_plot_quote(to, trial->engines.text[engine]);
	}
	fputc('\n', to);
}

/*
 * All settings at a glance: a row for each engine, a point for each setting, right of the
 * middle what is worse than the baseline.  Symmetric logarithm: most differences are small.
 */
static void draw_glance(struct sim_plot *plot, const struct sim_trial_score *score, bool reads)
{
	const struct sim_trial *trial = score->trial;
	u32 engines = trial->engines.count, points = 0;
	double left = reads ? 0.62 : 0.2;
	FILE *to = plot->draw;

	fprintf(plot->data, "$g%u << EOD\n", reads);
	for (u32 cell = 0; cell < sim_trial_cells(trial); cell++) {
		u32 engine = cell % engines, base = cell - engine + trial->baseline;
		double ratio = reads ? sim_trial_page_ins(score, cell) / sim_trial_page_ins(score, base) :
				       sim_trial_ratio(score, cell, base, SIM_VM_TIME_PER_WORK).median;
		bool killed = sim_trial_spread(score, cell, SIM_VM_OOM).median > 0 ||
			      sim_trial_spread(score, base, SIM_VM_OOM).median > 0;

		if (engine == trial->baseline || killed || !isfinite(ratio))
			continue;
		/* Percent; the asinh keeps 1 % and 50 % on one axis. */
		fprintf(plot->data, "%.6g %g %u\n", asinh(100 * (ratio - 1)),
			(double)engine + 0.1 * ((double)place_of(trial, cell).device - 1),
			1 + place_of(trial, cell).device);
		points++;
	}
	fputs("EOD\n", plot->data);
	sim_plot_panel(plot, left, left + 0.37, 60.0 / (100 + 18 * engines), 0.97);
	fprintf(to, "set xlabel '%s against the baseline (%%)'\nset xtics (", reads ? "read back" : "time");
	for (int i = 0; i < 9; i++) {
		static const int ticks[] = { -50, -10, -3, -1, 0, 1, 3, 10, 50 };

		fprintf(to, "%s'%+d' %.6g", i ? ", " : "", ticks[i], asinh(ticks[i]));
	}
	fprintf(to, ")\nset yrange [%u.5:-0.5]\nset xrange [*:*]\n", engines - 1);
	fputs(reads ? "set key off\nset ytics ('' 0" : "set key inside top right\nset ytics ('' 0", to);
	for (u32 engine = 0; engine < engines && !reads; engine++) {
		fputs(", ", to);
		sim_plot_quote(to, trial->engines.text[engine]);
		fprintf(to, " %u", engine);
	}
	fputs(")\nset arrow 1 from 0, graph 0 to 0, graph 1 nohead lc rgb '#888888'\n", to);
	sim_plot_start(plot, !points);
	for (u32 device = 0; device < trial->devices.count && points; device++) {
		fprintf(to, ", \\\n$g%u using ($3 == %u ? $1 : NaN):2 with points pt 7 ps 0.45 "
			    "lc rgb '%s' title ", reads, device + 1, sim_plot_color(device));
		sim_plot_quote(to, trial->devices.text[device]);
	}
	fputs("\nunset arrow 1\n", to);
}

static int draw_all_glance(const struct sim_trial_score *score, const char *dir,
			   struct tr_error *error)
{
	struct sim_plot plot;

	sim_plot_begin(&plot, 1240, 100 + 18 * score->trial->engines.count);
	fputs("set multiplot\n", plot.draw);
	draw_glance(&plot, score, false);
	draw_glance(&plot, score, true);
	fputs("unset multiplot\n", plot.draw);
	return sim_plot_finish(&plot, dir, "glance", error);
}

/* Figures by number: device and swappiness within trace. */
static u32 figures_count(const struct sim_trial *trial)
{
	u32 count = trial->traces.count * trial->devices.count * trial->swappiness.count;

	return count < FIGURES_MAX ? count : FIGURES_MAX;
}

static struct place figure_place(const struct sim_trial *trial, u32 figure)
{
	return (struct place){
		.swappiness = figure % trial->swappiness.count,
		.device = figure / trial->swappiness.count % trial->devices.count,
		.trace = figure / trial->swappiness.count / trial->devices.count,
	};
}

static int draw_all(const void *ctx, const char *dir, struct tr_error *error)
{
	const struct sim_trial_score *score = ctx;
	u32 height = figure_height(score->trial);
	double top = 1 - (double)key_height(score->trial) / height;
	char name[32];
	int rc = draw_all_glance(score, dir, error);

	for (u32 i = 0; i < figures_count(score->trial) && !rc; i++) {
		struct sim_plot plot;
		sim_plot_begin(&plot, 1240, height);
		fputs("set multiplot\n", plot.draw);
		for (u32 panel = 0; panel < PANELS; panel++)
			draw_panel(&plot, score, figure_place(score->trial, i), panel, top - 0.04);
		draw_key(&plot, score->trial, top);
		fputs("unset multiplot\n", plot.draw);
		snprintf(name, sizeof(name), "setting-%u", i + 1);
		rc = sim_plot_finish(&plot, dir, name, error);
	}
	return rc;
}

/* --- the page --- */

static void put_factor(FILE *to, double ratio)
{
	if (isnan(ratio))
		fputs("<td>-</td>", to);
	else
		fprintf(to, "<td>%+.1f %%</td>", 100 * (ratio - 1));
}

static void put_sums(FILE *to, const struct sim_trial_score *score)
{
	const struct sim_trial *trial = score->trial;
	char label[SIM_TRIAL_LABEL];

	fputs("<div class=\"wide\"><table>\n<tr><th>engine</th><th>gains</th><th>losses</th><th>same</th>"
	      "<th>out of memory</th>"
	      "<th>time</th><th>read back</th><th>CPU of reclaim</th><th>PTEs scanned</th>"
	      "<th>time to OOM</th>"
	      "<th class=\"l\">best</th><th class=\"l\">worst</th></tr>\n", to);
	for (u32 engine = 0; engine < trial->engines.count; engine++) {
		struct sim_trial_sum sum = sim_trial_sum(score, engine);
		fputs("<tr><td>", to);
		sim_html_text(to, trial->engines.text[engine]);
		if (engine == trial->baseline) {
			fputs("<small>baseline</small></td><td colspan=\"11\"></td></tr>\n", to);
			continue;
		}
		fprintf(to, "</td><td>%u</td><td>%s%u%s</td><td>%u</td>", sum.gains,
			sum.losses ? "<span class=\"bad\">" : "", sum.losses,
			sum.losses ? "</span>" : "", sum.same);
		fprintf(to, "<td>%s%u%s</td>", sum.killed ? "<span class=\"bad\">" : "", sum.killed,
			sum.killed ? "</span>" : "");
		put_factor(to, sum.time);
		put_factor(to, sum.page_ins);
		put_factor(to, sum.cpu);
		put_factor(to, sum.ptes);
		put_factor(to, sum.first_oom);
		for (u32 k = 0; k < 2; k++) {
			double ratio = k ? sum.worst : sum.best;
			fputs("<td class=\"wrap\">", to);
			if (!isnan(ratio)) {
				fprintf(to, "%+.1f %% ", 100 * (ratio - 1));
				sim_trial_label(trial, k ? sum.worst_cell : sum.best_cell, label);
				sim_html_text(to, label);
			}
			fputs("</td>", to);
		}
		fputs("</tr>\n", to);
	}
	fprintf(to, "</table></div>\n<p class=\"sub\">Against the baseline, seed by seed on common random "
		    "numbers. A gain or loss is a difference in time per work of %g %% or more in the "
		    "median that every seed agrees on, or in out-of-memory kills, which go before "
		    "time; settings with kills are in no other column. Time, bytes read back from swap "
		    "and disk, CPU time "
		    "of kswapd and ageing, and page-table entries that ageing looked at: geometric means "
		    "over all settings; time to OOM, of those in which both run out of memory.</p>\n",
		100 * SIM_TRIAL_TOLD);
}

/* The kernel counts pages; so does what has its name. */
static void put_value(FILE *to, const struct sim_trial_score *score, u32 cell,
		      const struct sim_trial_metric *shown)
{
	const struct sim_metric *metric = &sim_vm_metrics[shown->metric];
	double median = sim_trial_spread(score, cell, shown->metric).median;
	char text[SIM_METRIC_TEXT];

	if (shown->kernel && isfinite(median))
		fprintf(to, "<td>%.0f</td>", strcmp(metric->unit, "bytes") ? median : median / 4096);
	else
		fprintf(to, "<td>%s</td>", sim_metric_text(metric, median, text));
}

static void put_setting(FILE *to, const struct sim_trial_score *score, u32 first)
{
	const struct sim_trial *trial = score->trial;
	char label[SIM_TRIAL_LABEL];

	fputs("<h3>", to);
	sim_html_text(to, sim_trial_label(trial, first, label));
	fputs("</h3>\n<div class=\"wide\"><table>\n<tr><th>engine</th><th>against baseline</th>", to);
	for (u32 i = 0; i < sim_trial_metrics_count; i++) {
		struct sim_metric shown = sim_vm_metrics[sim_trial_metrics[i].metric];

		if (sim_trial_metrics[i].kernel)
			shown.label = sim_trial_metrics[i].kernel;
		sim_page_metric(to, &shown);
	}
	fputs("</tr>\n", to);
	for (u32 engine = 0; engine < trial->engines.count; engine++) {
		u32 cell = first + engine, base = first + trial->baseline;
		enum sim_trial_verdict verdict = sim_trial_judge(score, cell, base);
		struct sim_trial_spread ratio =
			sim_trial_ratio(score, cell, base, SIM_VM_TIME_PER_WORK);
		fprintf(to, "<tr%s><td>", verdict == SIM_TRIAL_GAIN ? " class=\"front\"" : "");
		sim_html_text(to, trial->engines.text[engine]);
		if (!score->valid[cell])
			fputs("<small class=\"bad\">not valid</small>", to);
		fputs("</td>", to);
		if (engine == trial->baseline || isnan(ratio.median))
			fputs("<td>-</td>", to);
		else
			fprintf(to, "<td>%s%+.1f %%%s<small>%+.1f – %+.1f %%</small></td>",
				verdict == SIM_TRIAL_LOSS ? "<span class=\"bad\">" : "",
				100 * (ratio.median - 1), verdict == SIM_TRIAL_LOSS ? "</span>" : "",
				100 * (ratio.low - 1), 100 * (ratio.high - 1));
		for (u32 i = 0; i < sim_trial_metrics_count; i++)
			put_value(to, score, cell, &sim_trial_metrics[i]);
		fputs("</tr>\n", to);
	}
	fputs("</table></div>\n", to);
}

static int put_figures(FILE *to, const struct sim_trial_score *score, const char *dir,
		       struct tr_error *error)
{
	const struct sim_trial *trial = score->trial;
	char path[SIM_FILE_PATH_MAX + 64], caption[256], name[SIM_NAME_MAX];
	int rc = 0;

	snprintf(path, sizeof(path), "%s/plots/glance.svg", dir);
	rc = sim_html_figure(to, path, "Every setting without kills: a point each, by device of swap; right "
				       "of the middle is worse than the baseline.", error);
	fputs("<h2>By memory</h2>\n", to);
	for (u32 i = 0; i < figures_count(trial) && !rc; i++) {
		struct place at = figure_place(trial, i);
		sim_trial_trace_name(trial, at.trace, name);
		snprintf(caption, sizeof(caption),
			 "%s, swap on %.40s, swappiness %.10s: medians of %u seeds, bars from the least "
			 "to the greatest.",
			 name, trial->devices.text[at.device], trial->swappiness.text[at.swappiness],
			 trial->seeds);
		snprintf(path, sizeof(path), "%s/plots/setting-%u.svg", dir, i + 1);
		rc = sim_html_figure(to, path, caption, error);
	}
	return rc;
}

static int write_page(const struct sim_trial_score *score, const char *dir, const char *command,
		      bool figures, struct tr_error *error)
{
	const struct sim_trial *trial = score->trial;
	struct sim_file file;
	int rc = sim_page_begin(&file, dir, trial->name, error);

	if (rc)
		return rc;
	FILE *to = file.stream;
	fprintf(to, "%u engines in %u settings, %u seeds each; simulated by wssim.",
		trial->engines.count, sim_trial_cells(trial) / trial->engines.count, trial->seeds);
	sim_page_missing(to, score->missing_count);
	put_sums(to, score);
	if (figures)
		rc = put_figures(to, score, dir, error);
	fputs("<h2>Every setting</h2>\n<p class=\"sub\">Medians; counters with the kernel's names are in "
	      "pages. <code>table.csv</code> has least and "
	      "greatest values too, <code>trial.csv</code> every run.</p>\n", to);
	for (u32 first = 0; first < sim_trial_cells(trial); first += trial->engines.count)
		put_setting(to, score, first);
	sim_page_again(to, command);
	fputs("<p class=\"sub\">Each setting stands in <code>scenarios/</code> as a scenario of its "
	      "own: <code>wssim run</code> with <code>--set vms.0.reclaim.engine=...</code> shows one run "
	      "from the inside.</p>\n", to);
	return sim_page_end(&file, rc, error);
}

struct page {
	const struct sim_trial_score *score;
	const char *command;
};

static int write_all(const void *ctx, const char *dir, bool figures, struct tr_error *error)
{
	const struct page *page = ctx;
	int rc = write_runs(page->score, dir, error);

	if (!rc)
		rc = write_table(page->score, dir, error);
	return rc ? rc : write_page(page->score, dir, page->command, figures, error);
}

static int draw(const void *ctx, const char *dir, struct tr_error *error)
{
	return draw_all(((const struct page *)ctx)->score, dir, error);
}

int sim_trial_write(const struct sim_trial_score *score, const char *dir, const char *command,
		    bool plots, struct tr_error *plots_error, struct tr_error *error)
{
	static const char *const names[] = { "trial.csv", "table.csv", "report.html", NULL };
	struct page page = { score, command };
	struct sim_beside beside = { .names = names, .draw = plots ? draw : NULL, .write = write_all,
				     .ctx = &page };

	return sim_beside_write(&beside, dir, plots_error, error);
}
