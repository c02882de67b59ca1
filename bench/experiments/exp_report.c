/* SPDX-License-Identifier: BSD-2-Clause */
/* exp_report.c - the table and the page. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "exp_eval.h"
#include "exp_report.h"
#include "observe/sim_stats.h"
#include "output/sim_html.h"
#include "observe/sim_results.h"

static const char *tag_text(const char *tag)
{
	static const struct {
		const char *tag, *text;
	} tags[] = {
		{ "V", "read in the source" },
		{ "V2", "read in a text that quotes the source" },
		{ "M", "from memory of the source, not checked again" },
		{ "D", "worked out from a figure of the source" },
	};

	for (size_t i = 0; i < sizeof(tags) / sizeof(*tags); i++)
		if (!strcmp(tag, tags[i].tag))
			return tags[i].text;
	return tag;
}

#define BOOTSTRAP_SEED 1

/* "1.05", or over runs the median and the mean's interval: "1.05 (1.01 .. 1.09)". */
static char *value_text(const struct exp_value *value, char *text, size_t size)
{
	struct sim_estimate mean = sim_stats_estimate(value->at, value->count, BOOTSTRAP_SEED);

	if (value->count > 1)
		snprintf(text, size, "%.4g (%.4g .. %.4g)", exp_median(value), mean.low, mean.high);
	else
		snprintf(text, size, "%.4g", value->at[0]);
	return text;
}

void exp_print(const struct exp *exps, u32 exps_count, bool values, FILE *to)
{
	u32 counts[4] = { 0 };
	char text[128];

	for (u32 i = 0; i < exps_count; i++) {
		const struct exp *exp = &exps[i];
		counts[exp->verdict]++;
		fprintf(to, "%-4s %-22s %s\n", exp->id, exp_verdict_text(exp->verdict), exp->title);
		for (u32 j = 0; j < exp->checks.count && exp->verdict == EXP_FAILS; j++)
			if (!exp->passed[j])
				fprintf(to, "     not: %s\n", exp->checks.at[j].name);
		if (exp->verdict == EXP_BROKEN)
			fprintf(to, "     %s\n", exp->error.text);
		for (u32 j = 0; j < exp->values.count && values && exp->verdict <= EXP_FAILS; j++)
			fprintf(to, "     %s = %s\n", exp->values.at[j].name,
				value_text(&exp->value[j], text, sizeof(text)));
	}
	fprintf(to, "\n%u hold, %u do not, %u cannot be tested here, %u could not be run\n",
		counts[EXP_HOLDS], counts[EXP_FAILS], counts[EXP_CANNOT], counts[EXP_BROKEN]);
}

static void put_paragraph(FILE *to, const char *head, const char *text)
{
	if (!text)
		return;
	fprintf(to, "<p><b>%s</b> ", head);
	sim_html_prose(to, text);
	fputs("</p>\n", to);
}

static void put_values(FILE *to, const struct exp *exp)
{
	char text[128];

	if (!exp->values.count)
		return;
	fputs("<div class=wide><table><tr><th>measured</th><th></th><th>how</th></tr>\n", to);
	for (u32 i = 0; i < exp->values.count; i++) {
		fputs("<tr><td>", to);
		sim_html_text(to, exp->values.at[i].name);
		fprintf(to, "</td><td>%s</td><td class=l><code>",
			value_text(&exp->value[i], text, sizeof(text)));
		sim_html_text(to, exp->values.at[i].text);
		fputs("</code></td></tr>\n", to);
	}
	fputs("</table></div>\n", to);
	if (exp->runs_count > 1)
		fprintf(to, "<p class=sub>Medians of %u runs, and the 95 %% bootstrap interval of the "
			    "mean.</p>\n", exp->runs_count);
}

static void put_checks(FILE *to, const struct exp *exp)
{
	if (exp->cannot || exp->verdict == EXP_BROKEN)
		return;
	fputs("<div class=wide><table><tr><th>must come out</th><th class=l>check</th><th></th></tr>\n",
	      to);
	for (u32 i = 0; i < exp->checks.count; i++) {
		fputs("<tr><td class=wrap>", to);
		sim_html_text(to, exp->checks.at[i].name);
		fputs("</td><td class=wrap><code>", to);
		sim_html_text(to, exp->checks.at[i].text);
		fprintf(to, "</code></td><td>%s</td></tr>\n",
			exp->passed[i] ? "yes" : "<span class=bad>no</span>");
	}
	fputs("</table></div>\n", to);
}

static void put_arms(FILE *to, const struct exp *exp)
{
	if (!exp->scenario)
		return;
	fprintf(to, "<details><summary>Arms (wssim run %s ..)</summary><pre>", exp->scenario);
	for (u32 i = 0; i < exp->arms.count; i++) {
		sim_html_text(to, exp->arms.at[i].name);
		fputs(": ", to);
		sim_html_text(to, exp->arms.at[i].text);
		fputc('\n', to);
	}
	fputs("</pre></details>\n", to);
}

void exp_draw(struct exp *exp, const char *dir)
{
	char plots[EXP_PATH_MAX];

	snprintf(plots, sizeof(plots), "%.900s/plots", dir);
	mkdir(plots, 0777);
	exp->drawn = exp->verdict <= EXP_FAILS ? exp_plot(exp, plots, &exp->error) : 1;
}

static int put_experiment(FILE *to, const struct exp *exp, const char *dir, struct tr_error *error)
{
	char path[EXP_PATH_MAX + 32];
	int rc = exp->drawn;

	fprintf(to, "<h2 id=%s>%s: ", exp->id, exp->id);
	sim_html_text(to, exp->title);
	fprintf(to, "</h2>\n<p><b>%s%s%s</b></p>\n", exp->verdict == EXP_HOLDS ? "" : "<span class=bad>",
		exp_verdict_text(exp->verdict), exp->verdict == EXP_HOLDS ? "" : "</span>");
	put_paragraph(to, "Published:", exp->published);
	put_paragraph(to, "Source:", exp->source);
	put_paragraph(to, "How sure:", tag_text(exp->tag));
	put_paragraph(to, "Here:", exp->here);
	put_paragraph(to, "Why not:", exp->cannot);
	if (exp->verdict == EXP_FAILS)
		put_paragraph(to, "What we know of the difference:", exp->gap);
	if (exp->verdict == EXP_BROKEN)
		put_paragraph(to, "Error:", exp->error.text);
	put_checks(to, exp);
	if (exp->verdict <= EXP_FAILS)
		put_values(to, exp);
	snprintf(path, sizeof(path), "%.900s/plots/%s.svg", dir, exp->id);
	if (!rc)
		rc = sim_html_figure(to, path, exp->title, error);
	else if (rc > 0)
		rc = 0;
	else
		*error = exp->error;
	put_arms(to, exp);
	return rc;
}

static void put_summary(FILE *to, const struct exp *exps, u32 exps_count)
{
	fputs("<h1>Published experiments, run again</h1>\n<p class=sub>What was published, what came "
	      "out of the simulator, and whether the shape holds: order, monotonicity, crossing, "
	      "convergence. Every verdict is worked out from the runs.</p>\n"
	      "<div class=wide><table><tr><th></th><th class=l>experiment</th><th class=l>verdict</th>"
	      "<th>checks</th></tr>\n", to);
	for (u32 i = 0; i < exps_count; i++) {
		const struct exp *exp = &exps[i];
		u32 passed = 0;

		for (u32 j = 0; j < exp->checks.count; j++)
			passed += exp->passed[j];
		fprintf(to, "<tr><td><a href=#%s>%s</a></td><td class=l>", exp->id, exp->id);
		sim_html_text(to, exp->title);
		fprintf(to, "</td><td class=l>%s</td><td>%u of %u</td></tr>\n",
			exp_verdict_text(exp->verdict), passed, exp->checks.count);
	}
	fputs("</table></div>\n", to);
}

int exp_report(const struct exp *exps, u32 exps_count, const char *dir, struct tr_error *error)
{
	char from[SIM_FILE_PATH_MAX + 16], to[SIM_FILE_PATH_MAX];
	struct sim_file page;
	struct tr_error why;
	int first = 0, rc = sim_file_create(&page, dir, "report.html.tmp", error);

	if (rc)
		return rc;
	sim_html_head(page.stream, "wssim: published experiments");
	put_summary(page.stream, exps, exps_count);
	for (u32 i = 0; i < exps_count; i++) {
		rc = put_experiment(page.stream, &exps[i], dir, &why);
		if (rc && !first) {
			first = rc;
			tr_fail(error, rc, "%s: plot: %s", exps[i].id, why.text);
		}
	}
	sim_html_foot(page.stream);
	rc = sim_file_close(&page, &why);
	if (rc)
		return tr_fail(error, rc, "%s", why.text);
	snprintf(from, sizeof(from), "%s/report.html.tmp", dir);
	snprintf(to, sizeof(to), "%s/report.html", dir);
	if (rename(from, to))
		return tr_fail(error, -errno, "%s: %s", to, strerror(errno));
	return first;
}
