/* SPDX-License-Identifier: BSD-2-Clause */
/* sim_sweep_write.c - csv, JSON and the page of a sweep. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/sim_sampling.h"
#include "output/sim_estimate_write.h"
#include "output/sim_html.h"
#include "output/sim_page.h"
#include "observe/sim_results.h"
#include "scenario/sim_json_write.h"
#include "sweep/sim_beside.h"
#include "sweep/sim_sweep_figures.h"
#include "sweep/sim_sweep_write.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

/* --- csv --- */

static void put_cell_head(FILE *to, const struct sim_plan *plan)
{
	fputs("scenario", to);
	for (u32 i = 0; i < plan->axes_count; i++) {
		fputc(',', to);
		sim_csv_text(to, plan->axis[i].path);
	}
	fputs(",policy", to);
}

static void put_cell(FILE *to, const struct sim_plan *plan, u32 cell, u32 variant)
{
	struct sim_cell at = sim_plan_cell(plan, cell);

	sim_csv_text(to, plan->scenario[at.scenario]);
	for (u32 i = 0; i < plan->axes_count; i++) {
		fputc(',', to);
		if (at.value[i] >= 0)
			sim_csv_text(to, plan->axis[i].value[at.value[i]]);
	}
	fputc(',', to);
	sim_csv_text(to, plan->variant[variant].label);
}

static int write_runs(const struct sim_gather *gather, const char *dir, struct tr_error *error)
{
	const struct sim_plan *plan = gather->plan;
	char text[SIM_NUMBER_TEXT];
	struct sim_file file;
	int rc = sim_file_create(&file, dir, "sweep.csv", error);

	if (rc)
		return rc;
	FILE *to = file.stream;
	put_cell_head(to, plan);
	fputs(",seed,run,valid,digest", to);
	for (u32 i = 0; i < SIM_RUN_METRICS; i++)
		fprintf(to, ",%s", sim_run_metrics[i].key);
	fputc('\n', to);
	for (u32 cell = 0; cell < plan->cells_count; cell++)
		for (u32 variant = 0; variant < plan->variants_count; variant++)
			for (u32 sample = 0; sample < sim_plan_samples(plan); sample++) {
				u64 at = sim_gather_at(gather, cell, variant, sample);
				if (!gather->done[at])
					continue;
				put_cell(to, plan, cell, variant);
				if (plan->seeds_count)
					fprintf(to, ",0x%llx", plan->seed[sample / plan->runs_count]);
				else
					fputc(',', to);
				fprintf(to, ",%u,%u,0x%016llx", sample % plan->runs_count,
					gather->valid[at], gather->digest[at]);
				for (u32 i = 0; i < SIM_RUN_METRICS; i++)
					fprintf(to, ",%s", sim_number_text(gather->value[i][at], text));
				fputc('\n', to);
			}
	return sim_file_close(&file, error);
}

static void put_regret_head(FILE *to)
{
	for (u32 i = 0; i < SIM_REGRET_CURVES; i++)
		fprintf(to, ",regret_%s", sim_regret_texts[i].key);
	fputs(",right_oracle,right_bounds", to);
}

/* Points of the first sample; empty where they are not known. */
static void put_regret(FILE *to, const struct sim_gather *gather, u32 cell, u32 variant)
{
	const struct sim_sweep_regret *regret = gather->regret;
	char text[SIM_NUMBER_TEXT];
	u32 right = sim_sweep_regret_right(regret, gather, cell, variant);

	for (u32 i = 0; i < SIM_REGRET_CURVES; i++)
		fprintf(to, ",%s",
			sim_number_text(sim_sweep_regret_at(regret, gather, cell, variant, i), text));
	if (regret->known[cell])
		fprintf(to, ",%s,%d",
			sim_regret_texts[right].key,
			sim_regret_bounds(regret->bound[cell], regret->lru[cell], right, right));
	else
		fputs(",,", to);
}

static int write_table(const struct sim_gather *gather, const char *dir, struct tr_error *error)
{
	const struct sim_plan *plan = gather->plan;
	char text[SIM_NUMBER_TEXT];
	struct sim_file file;
	int rc = sim_file_create(&file, dir, "table.csv", error);

	if (rc)
		return rc;
	FILE *to = file.stream;
	put_cell_head(to, plan);
	fputs(",runs,valid", to);
	for (u32 i = 0; i < SIM_RUN_METRICS; i++)
		fprintf(to, ",%s,%s_low,%s_high", sim_run_metrics[i].key, sim_run_metrics[i].key,
			sim_run_metrics[i].key);
	if (gather->regret)
		put_regret_head(to);
	fputc('\n', to);
	for (u32 cell = 0; cell < plan->cells_count; cell++)
		for (u32 variant = 0; variant < plan->variants_count; variant++) {
			put_cell(to, plan, cell, variant);
			fprintf(to, ",%u,%u", sim_gather_done(gather, cell, variant),
				sim_gather_valid(gather, cell, variant));
			for (u32 i = 0; i < SIM_RUN_METRICS; i++) {
				struct sim_estimate e = sim_gather_estimate(gather, cell, variant, i);
				fprintf(to, ",%s", sim_number_text(e.mean, text));
				fprintf(to, ",%s", sim_number_text(e.low, text));
				fprintf(to, ",%s", sim_number_text(e.high, text));
			}
			if (gather->regret)
				put_regret(to, gather, cell, variant);
			fputc('\n', to);
		}
	return sim_file_close(&file, error);
}

/* --- JSON --- */

static void put_json_regret(struct sim_json_writer *json, const struct sim_gather *gather, u32 cell,
			    u32 variant)
{
	const struct sim_sweep_regret *regret = gather->regret;
	u32 right = sim_sweep_regret_right(regret, gather, cell, variant);

	sim_json_object(json, "regret");
	sim_json_text(json, "right_oracle", sim_regret_texts[right].key);
	for (u32 i = 0; i < SIM_REGRET_CURVES; i++) {
		const struct sim_regret_text *text = &sim_regret_texts[i];

		sim_json_object(json, text->key);
		sim_json_text(json, "is", sim_regret_bounds(regret->bound[cell], regret->lru[cell], right,
							    i) ? "bound" : "reference");
		sim_json_text(json, "bounds_in_open_loop", text->bounds ? text->bounds : "nothing");
		sim_json_number(json, "regret_share",
				sim_sweep_regret_at(regret, gather, cell, variant, i));
		sim_json_close(json);
	}
	sim_json_close(json);
}

static void put_json_cell(struct sim_json_writer *json, const struct sim_gather *gather, u32 cell,
			  u32 variant)
{
	const struct sim_plan *plan = gather->plan;
	struct sim_cell at = sim_plan_cell(plan, cell);

	sim_json_object(json, NULL);
	sim_json_text(json, "scenario", plan->scenario[at.scenario]);
	sim_json_object(json, "parameters");
	for (u32 i = 0; i < plan->axes_count; i++)
		if (at.value[i] >= 0)
			sim_json_text(json, plan->axis[i].path, plan->axis[i].value[at.value[i]]);
	sim_json_close(json);
	sim_json_text(json, "policy", plan->variant[variant].label);
	sim_json_number(json, "runs", sim_gather_done(gather, cell, variant));
	sim_json_bool(json, "valid", sim_gather_valid(gather, cell, variant));
	sim_json_object(json, "estimates");
	for (u32 i = 0; i < SIM_RUN_METRICS; i++)
		sim_estimate_json(json, sim_run_metrics[i].key,
			     sim_gather_estimate(gather, cell, variant, i));
	sim_json_close(json);
	if (gather->regret && gather->regret->known[cell])
		put_json_regret(json, gather, cell, variant);
	sim_json_close(json);
}

void sim_sweep_json(const struct sim_gather *gather, FILE *to)
{
	const struct sim_plan *plan = gather->plan;
	u32 one_in = gather->sweep->sample_one_in;
	char sampling[SIM_SAMPLING_TEXT];
	struct sim_json_writer json;

	sim_json_begin(&json, to);
	sim_json_text(&json, "sweep", plan->name);
	sim_json_number(&json, "runs", (double)plan->cells_count * plan->variants_count *
					       sim_plan_samples(plan));
	sim_json_number(&json, "missing", gather->missing_count);
	if (one_in > 1)
		sim_json_text(&json, "sampled", sim_sampling_error_text(one_in, sampling));
	sim_json_array(&json, "cells");
	for (u32 cell = 0; cell < plan->cells_count; cell++)
		for (u32 variant = 0; variant < plan->variants_count; variant++)
			put_json_cell(&json, gather, cell, variant);
	sim_json_close(&json);
	sim_json_finish(&json);
}

static int write_json(const struct sim_gather *gather, const char *dir, struct tr_error *error)
{
	struct sim_file file;
	int rc = sim_file_create(&file, dir, "summary.json", error);

	if (rc)
		return rc;
	sim_sweep_json(gather, file.stream);
	return sim_file_close(&file, error);
}

/* --- the page --- */

#define ROWS_MAX 400 /* of the page's table; table.csv has all */

static const enum sim_run_metric columns[] = {
	SIM_RUN_SLOWDOWN_MEDIAN, SIM_RUN_SLOWDOWN_MAX, SIM_RUN_SAVED,	  SIM_RUN_GUEST_SWAP,
	SIM_RUN_HOST_SWAP,	 SIM_RUN_OOM,	       SIM_RUN_REVERSALS,
};

static void put_head(FILE *to, const char *first, bool regret)
{
	fprintf(to, "<div class=\"wide\"><table>\n<tr><th class=\"l\">%s</th>"
		    "<th class=\"l\">policy</th><th>runs</th>", first);
	for (size_t i = 0; i < COUNT(columns); i++)
		sim_page_metric(to, &sim_run_metrics[columns[i]]);
	fprintf(to, "%s<th>valid</th></tr>\n", regret ? "<th>regret VMIN</th><th>O5</th>" : "");
}

static void put_regret_cells(FILE *to, const struct sim_gather *gather, u32 cell, u32 variant)
{
	char vmin[SIM_REGRET_TEXT], o5[SIM_REGRET_TEXT];

	sim_sweep_regret_cells(gather, cell, variant, vmin, o5);
	fprintf(to, "<td>%s</td><td>%s</td>", vmin, o5);
}

static void put_rows(FILE *to, const struct sim_gather *gather)
{
	const struct sim_plan *plan = gather->plan;
	char label[SIM_PLAN_LABEL_MAX];
	u32 rows = 0;

	put_head(to, "cell", gather->regret != NULL);
	for (u32 cell = 0; cell < plan->cells_count; cell++)
		for (u32 variant = 0; variant < plan->variants_count && rows < ROWS_MAX;
		     variant++, rows++) {
			fputs("<tr><td class=\"l\">", to);
			sim_html_text(to, sim_plan_cell_label(plan, cell, label));
			fputs("</td><td class=\"l\">", to);
			sim_html_text(to, plan->variant[variant].label);
			fprintf(to, "</td><td>%u</td>", sim_gather_done(gather, cell, variant));
			for (size_t i = 0; i < COUNT(columns); i++)
				sim_estimate_html(to, &sim_run_metrics[columns[i]],
					   sim_gather_estimate(gather, cell, variant, columns[i]));
			if (gather->regret)
				put_regret_cells(to, gather, cell, variant);
			fprintf(to, "<td>%s</td></tr>\n",
				sim_gather_valid(gather, cell, variant) ?
					"yes" : "<span class=\"bad\">no</span>");
		}
	fputs("</table></div>\n", to);
	if ((u64)plan->cells_count * plan->variants_count > ROWS_MAX)
		fprintf(to, "<p class=\"sub\">The first %d rows; table.csv has all %llu.</p>\n",
			ROWS_MAX, (u64)plan->cells_count * plan->variants_count);
}

static void put_overall(FILE *to, const struct sim_gather *gather)
{
	const struct sim_plan *plan = gather->plan;
	char text[SIM_METRIC_TEXT];

	fputs("<div class=\"wide\"><table>\n<tr><th class=\"l\">policy</th>", to);
	for (size_t i = 0; i < COUNT(columns); i++)
		sim_page_metric(to, &sim_run_metrics[columns[i]]);
	fputs("</tr>\n", to);
	for (u32 variant = 0; variant < plan->variants_count; variant++) {
		fputs("<tr><td>", to);
		sim_html_text(to, plan->variant[variant].label);
		fputs("</td>", to);
		for (size_t i = 0; i < COUNT(columns); i++) {
			struct sim_estimate e = sim_gather_margin(gather, SIM_ANY_AXIS, 0, variant,
								  columns[i]);
			if (e.count)
				sim_estimate_html(to, &sim_run_metrics[columns[i]], e);
			else
				fprintf(to, "<td>%s</td>",
					sim_metric_text(&sim_run_metrics[columns[i]], NAN, text));
		}
		fputs("</tr>\n", to);
	}
	fputs("</table></div>\n<p class=\"sub\">Means over all cells; below them 95 % bootstrap "
	      "intervals over seeds and runs.</p>\n", to);
}

static int put_figures(FILE *to, const struct sim_gather *gather, const char *dir,
		       struct tr_error *error)
{
	const struct sim_plan *plan = gather->plan;
	char path[SIM_FILE_PATH_MAX + 64], name[32], caption[512];
	int rc;

	snprintf(path, sizeof(path), "%s/plots/" SIM_FIGURE_SWEEP_FRONTIER ".svg", dir);
	fputs("<h2>Savings against slowdown</h2>\n", to);
	rc = sim_html_figure(to, path, "A point per cell and policy, with 95 % intervals both ways; "
				       "lower right is better.", error);
	for (u32 axis = 0; axis <= plan->axes_count && !rc; axis++) {
		const char *what = axis < plan->axes_count ? plan->axis[axis].path : "scenario";
		if (!sim_sweep_axis_drawn(plan, axis))
			continue;
		fputs("<h2>By ", to);
		sim_html_text(to, what);
		fputs("</h2>\n", to);
		snprintf(path, sizeof(path), "%s/plots/%s.svg", dir,
			 sim_sweep_figure_name(plan, axis, name));
		snprintf(caption, sizeof(caption), "Means over all cells with the same %.200s, with 95 %% "
						   "intervals over seeds and runs.", what);
		rc = sim_html_figure(to, path, caption, error);
	}
	return rc;
}

static int write_page(const struct sim_gather *gather, const char *dir, const char *command,
		      bool figures, struct tr_error *error)
{
	const struct sim_plan *plan = gather->plan;
	u32 one_in = gather->sweep->sample_one_in;
	char sampling[SIM_SAMPLING_TEXT];
	struct sim_file file;
	int rc = sim_page_begin(&file, dir, plan->name, error);

	if (rc)
		return rc;
	FILE *to = file.stream;
	fprintf(to, "%u scenario%s, %u cell%s, %u polic%s, %u run%s of each; simulated by wssim.",
		plan->scenarios_count, plan->scenarios_count == 1 ? "" : "s", plan->cells_count,
		plan->cells_count == 1 ? "" : "s", plan->variants_count,
		plan->variants_count == 1 ? "y" : "ies", sim_plan_samples(plan),
		sim_plan_samples(plan) == 1 ? "" : "s");
	sim_page_missing(to, gather->missing_count);
	put_overall(to, gather);
	if (one_in > 1)
		fprintf(to, "<p>Sampled: %s. Intervals do not cover that.</p>\n",
			sim_sampling_error_text(one_in, sampling));
	if (figures)
		rc = put_figures(to, gather, dir, error);
	fputs("<h2>Every cell</h2>\n", to);
	put_rows(to, gather);
	if (gather->regret) {
		fputs("<p class=\"sub\">", to);
		sim_html_text(to, sim_sweep_regret_legend(gather));
		fputs("</p>\n", to);
	}
	sim_page_again(to, command);
	return sim_page_end(&file, rc, error);
}

/* --- all of it --- */

struct page {
	const struct sim_gather *gather;
	const char *command;
};

static int draw(const void *ctx, const char *dir, struct tr_error *error)
{
	return sim_sweep_figures(((const struct page *)ctx)->gather, dir, error);
}

static int write_all(const void *ctx, const char *dir, bool drawn, struct tr_error *error)
{
	const struct page *page = ctx;
	int rc = write_runs(page->gather, dir, error);

	if (!rc)
		rc = write_table(page->gather, dir, error);
	if (!rc)
		rc = write_json(page->gather, dir, error);
	return rc ? rc : write_page(page->gather, dir, page->command, drawn, error);
}

int sim_sweep_write(const struct sim_gather *gather, const char *dir, const char *command,
		    bool plots, struct tr_error *plots_error, struct tr_error *error)
{
	static const char *const names[] = { "sweep.csv", "table.csv", "summary.json", "report.html",
					     NULL };
	struct page page = { gather, command };
	struct sim_beside beside = { .names = names, .draw = plots ? draw : NULL, .write = write_all,
				     .ctx = &page };

	return sim_beside_write(&beside, dir, plots_error, error);
}
