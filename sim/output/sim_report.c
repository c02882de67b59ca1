/* SPDX-License-Identifier: BSD-2-Clause */
/* sim_report.c - report.html, section by section. */
#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "output/sim_estimate_write.h"
#include "output/sim_figures_compare.h"
#include "output/sim_figures_regret.h"
#include "output/sim_findings.h"
#include "output/sim_html.h"
#include "output/sim_page.h"
#include "output/sim_report.h"
#include "observe/sim_results.h"
#include "output/sim_summary_write.h"
#include "scenario/sim_scenario_read.h"
#include "tr_file.h"
#include "tr_units.h"
#include "model/sim_sampling.h"

/* Columns of the first table. */
static const enum sim_run_metric table_metrics[] = {
	SIM_RUN_SLOWDOWN_MEDIAN, SIM_RUN_SLOWDOWN_MAX, SIM_RUN_SAVED,	     SIM_RUN_GUEST_SWAP,
	SIM_RUN_HOST_SWAP,	 SIM_RUN_OOM,	       SIM_RUN_LOW_AVAILABLE, SIM_RUN_HOST_LOW,
	SIM_RUN_REVERSALS,
};

static void put_policy_name(FILE *to, const struct sim_comparison *comparison, u32 policy)
{
	fprintf(to, "<span class=\"dot\" style=\"background:%s\"></span>",
		sim_comparison_color(policy));
	sim_html_text(to, sim_comparison_name(comparison, policy));
}

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

static void put_table(FILE *to, const struct sim_comparison *comparison)
{
	bool on[SIM_POLICIES_MAX];
	char channels[256];

	sim_comparison_frontier(comparison, SIM_RUN_SLOWDOWN_MEDIAN, on, NULL);
	fputs("<div class=\"wide\"><table>\n<tr><th>policy</th><th class=\"l\">channels</th>", to);
	for (size_t i = 0; i < COUNT(table_metrics); i++)
		sim_page_metric(to, &sim_run_metrics[table_metrics[i]]);
	fputs("<th>valid</th></tr>\n", to);
	for (u32 i = 0; i < comparison->policies_count; i++) {
		bool front = on[i] && comparison->policies_count > 1;
		fprintf(to, "<tr%s><td>", front ? " class=\"front\"" : "");
		put_policy_name(to, comparison, i);
		if (front)
			fputs("<small>on the frontier</small>", to);
		sim_channels_text(comparison->scenario[i]->policy->channels, channels,
				  sizeof(channels));
		fputs("</td><td class=\"wrap\">", to);
		sim_html_text(to, channels);
		fputs("</td>", to);
		for (size_t j = 0; j < COUNT(table_metrics); j++)
			sim_estimate_html(to, &sim_run_metrics[table_metrics[j]],
					  sim_comparison_estimate(comparison, i, table_metrics[j]));
		fprintf(to, "<td>%s</td></tr>\n",
			!sim_comparison_finished(comparison, i) ? "-" :
			sim_comparison_valid(comparison, i) ? "yes" :
							      "<span class=\"bad\">no</span>");
	}
	fputs("</table></div>\n<p class=\"sub\">Means over runs, below them 95 % bootstrap intervals. "
	      "Slowdown is time per unit of work against the same run on a host with memory for "
	      "everybody. Memory counts as saved whoever took it, so the host's swapping of an "
	      "overcommitted host saves, too, at its price.</p>\n", to);
}

static void put_findings(FILE *to, const struct sim_findings *findings, const char *title,
			 enum sim_finding_kind kind)
{
	bool any = false;

	for (u32 i = 0; i < findings->count; i++) {
		if (findings->finding[i].kind != kind)
			continue;
		if (!any)
			fprintf(to, "<h2>%s</h2>\n<ul>\n", title);
		any = true;
		fputs("<li>", to);
		sim_html_text(to, findings->finding[i].text);
		fputs("</li>\n", to);
	}
	if (any)
		fputs("</ul>\n", to);
}

static void put_setting(FILE *to, const struct sim_findings *findings)
{
	for (u32 i = 0; i < findings->count; i++) {
		if (findings->finding[i].kind != SIM_FINDING_SETTING)
			continue;
		fputs("<p>", to);
		sim_html_text(to, findings->finding[i].text);
		fputs("</p>\n", to);
	}
}

static void put_regret_cells(FILE *to, const struct sim_regret *regret, u32 policy, u32 curve)
{
	const char *bold = regret->right[policy] == curve ? "b" : "span";
	double could = regret->could[curve][policy];

	if (isfinite(could))
		fprintf(to, "<td>%.1f %%</td><td><%s>%.1f %%</%s></td>", 100 * could, bold,
			100 * (could - regret->saved[policy]), bold);
	else
		fputs("<td>-</td><td>-</td>", to);
}

static void put_bounds(FILE *to)
{
	fputs("<ul>\n", to);
	for (u32 curve = 0; curve < SIM_REGRET_CURVES; curve++)
		fprintf(to, "<li>%s: %s%s.</li>\n", sim_regret_texts[curve].label,
			sim_regret_texts[curve].bounds ? "in open loop a bound of " :
							 "a reference, and a bound of ",
			sim_regret_texts[curve].bounds ? sim_regret_texts[curve].bounds : "nothing");
	fputs("</ul>\n", to);
}

static int put_regret(FILE *to, const struct sim_comparison *comparison, const char *dir,
		      struct tr_error *error)
{
	const struct sim_regret *regret = &comparison->regret;
	char path[SIM_FILE_PATH_MAX];
	int rc;

	fputs("<h2>What could have been saved</h2>\n", to);
	snprintf(path, sizeof(path), "%s/plots/" SIM_FIGURE_REGRET ".svg", dir);
	rc = sim_html_figure(to, path,
			     "Memory saved at each mean slowdown, first run. VMIN knows every future use "
			     "of a page and chooses victims; the LRU curves are a balloon that knows the "
			     "future in guests that evict in LRU order, of any size or not below "
			     "memory_min; all of these read whole clusters. WS knows past uses exactly, "
			     "keeps to the best idle ages in hindsight, and reads a page at a time: what "
			     "reports of ages could reach if they were perfect.", error);
	if (rc)
		return rc;
	fputs("<div class=\"wide\"><table>\n<tr><th>policy</th><th>mean slowdown</th><th>saved</th>", to);
	for (u32 curve = 0; curve < SIM_REGRET_CURVES; curve++)
		fprintf(to, "<th>%s saves</th><th>regret</th>", sim_regret_texts[curve].label);
	fputs("</tr>\n", to);
	for (u32 i = 0; i < comparison->policies_count; i++) {
		if (!isfinite(regret->slowdown[i]))
			continue;
		fputs("<tr><td>", to);
		put_policy_name(to, comparison, i);
		fprintf(to, "</td><td>%.4f</td><td>%.1f %%</td>", regret->slowdown[i],
			100 * regret->saved[i]);
		for (u32 curve = 0; curve < SIM_REGRET_CURVES; curve++)
			put_regret_cells(to, regret, i, curve);
		fputs("</tr>\n", to);
	}
	fprintf(to, "</table></div>\n<p class=\"sub\">Regret in shares of nominal memory, at the policy's "
		    "own slowdown; bold: the oracle that is right for the policy (of any size where "
		    "guests are made to reclaim, the host swaps or free pages are reported). %s</p>\n",
		regret->bound ? "These runs are open-loop." :
				"In closed loop every policy has a timeline of its own, so all of them are "
				"references and no bounds.");
	put_bounds(to);
	return 0;
}

static int put_comparison_figures(FILE *to, const struct sim_comparison *comparison,
				  const char *dir, struct tr_error *error)
{
	char path[SIM_FILE_PATH_MAX];
	int rc;

	if (!comparison->comparison_figures)
		return 0;
	fputs("<h2>Savings against slowdown</h2>\n", to);
	snprintf(path, sizeof(path), "%s/plots/" SIM_FIGURE_FRONTIER ".svg", dir);
	rc = sim_html_figure(to, path,
			     "Memory saved against slowdown, a point per policy with 95 % intervals "
			     "both ways; lower right is better. The dashed line joins the policies that "
			     "no other beats in both. Left the median VM, right the worst.",
			     error);
	if (rc)
		return rc;
	if (comparison->regret.known)
		rc = put_regret(to, comparison, dir, error);
	if (rc)
		return rc;
	fputs("<h2>Slowdown of each VM</h2>\n", to);
	snprintf(path, sizeof(path), "%s/plots/" SIM_FIGURE_SLOWDOWN ".svg", dir);
	return sim_html_figure(to, path,
			       "Slowdown of each VM under each policy, with 95 % intervals over runs; 1 "
			       "is the speed with full memory.",
			       error);
}

/* The differences of every policy from one that stands for "do nothing". */
static void put_differences(FILE *to, const struct sim_comparison *comparison)
{
	static const enum sim_run_metric metrics[] = {
		SIM_RUN_SLOWDOWN_MEDIAN, SIM_RUN_SLOWDOWN_MAX, SIM_RUN_SAVED, SIM_RUN_GUEST_SWAP,
		SIM_RUN_HOST_SWAP,	 SIM_RUN_WORK,
	};
	u32 reference = 0;

	if (comparison->policies_count < 2)
		return;
	for (u32 i = 0; i < comparison->policies_count; i++)
		if (!strcmp(sim_comparison_name(comparison, i), "static"))
			reference = i;
	fputs("<h3>Differences from ", to);
	sim_html_text(to, sim_comparison_name(comparison, reference));
	fputs(", run by run</h3>\n<div class=\"wide\"><table>\n<tr><th>policy</th>", to);
	for (size_t i = 0; i < COUNT(metrics); i++)
		sim_page_metric(to, &sim_run_metrics[metrics[i]]);
	fputs("</tr>\n", to);
	for (u32 i = 0; i < comparison->policies_count; i++) {
		if (i == reference)
			continue;
		fputs("<tr><td>", to);
		put_policy_name(to, comparison, i);
		fputs("</td>", to);
		for (size_t j = 0; j < COUNT(metrics); j++)
			sim_estimate_html(to, &sim_run_metrics[metrics[j]],
					  sim_comparison_difference(comparison, i, reference,
								    metrics[j]));
		fputs("</tr>\n", to);
	}
	fputs("</table></div>\n<p class=\"sub\">Paired on common random numbers: an interval that "
	      "leaves out 0 is a difference beyond noise.</p>\n", to);
}

static void put_vms(FILE *to, const struct sim_comparison *comparison, u32 policy)
{
	static const enum sim_vm_metric metrics[] = {
		SIM_VM_SLOWDOWN,      SIM_VM_SAVED,	   SIM_VM_PSI_SOME,	 SIM_VM_PSI_FULL,
		SIM_VM_IO_SHARE,      SIM_VM_HOST_STALL_SHARE, SIM_VM_RESIDENT, SIM_VM_GUEST_SWAP_IN,
		SIM_VM_HOST_SWAP_IN,  SIM_VM_FILE_IN,	   SIM_VM_REVERSALS,	 SIM_VM_REACTION,
		SIM_VM_LOW_AVAILABLE, SIM_VM_OOM,	   SIM_VM_REPORTS,	 SIM_VM_WRONG_SHARE,
	};

	fputs("<div class=\"wide\"><table>\n<tr><th>VM</th>", to);
	for (size_t i = 0; i < COUNT(metrics); i++)
		sim_page_metric(to, &sim_vm_metrics[metrics[i]]);
	fputs("</tr>\n", to);
	for (u32 vm = 0; vm < comparison->scenario[policy]->vms_count; vm++) {
		fputs("<tr><td>", to);
		sim_html_text(to, comparison->scenario[policy]->vm[vm].name);
		fputs("</td>", to);
		for (size_t i = 0; i < COUNT(metrics); i++)
			sim_estimate_html(to, &sim_vm_metrics[metrics[i]],
					  sim_comparison_vm_estimate(comparison, policy, vm,
								     metrics[i]));
		fputs("</tr>\n", to);
	}
	fputs("</table></div>\n", to);
}

static void put_paragraph(FILE *to, const char *label, const char *text)
{
	if (!text || !*text)
		return;
	fprintf(to, "<p><b>%s.</b> ", label);
	sim_html_prose(to, text);
	fputs("</p>\n", to);
}

static int put_policy(FILE *to, const struct sim_comparison *comparison, u32 policy,
		      const char *dir, bool open, struct tr_error *error)
{
	const struct sim_policy *about = comparison->scenario[policy]->policy;
	char path[SIM_FILE_PATH_MAX];

	fprintf(to, "<details%s><summary>", open ? " open" : "");
	put_policy_name(to, comparison, policy);
	fputs(": ", to);
	sim_html_text(to, about->summary ? about->summary : "");
	fputs("</summary>\n", to);
	put_paragraph(to, "Rule", about->rule);
	put_paragraph(to, "Source", about->source);
	put_paragraph(to, "Known flaw", about->flaw);
	put_vms(to, comparison, policy);
	for (u32 i = 0; i < SIM_FIGURES; i++) {
		if (!comparison->figures[policy][i])
			continue;
		if (comparison->policies_count > 1)
			snprintf(path, sizeof(path), "%s/runs/%s/plots/%s.svg", dir, about->name,
				 sim_figure_name[i]);
		else
			snprintf(path, sizeof(path), "%s/plots/%s.svg", dir, sim_figure_name[i]);
		int rc = sim_html_figure(to, path, sim_figure_caption[i], error);
		if (rc)
			return rc;
	}
	fputs("</details>\n", to);
	return 0;
}

static int put_policies(FILE *to, const struct sim_comparison *comparison, const char *dir,
			struct tr_error *error)
{
	bool on[SIM_POLICIES_MAX];

	sim_comparison_frontier(comparison, SIM_RUN_SLOWDOWN_MEDIAN, on, NULL);
	fputs(comparison->policies_count > 1 ?
		      "<h2>Each policy</h2>\n<p class=\"sub\">Figures are of each policy's first run. "
		      "Those on the frontier are unfolded.</p>\n" :
		      "<h2>The run</h2>\n", to);
	for (u32 i = 0; i < comparison->policies_count; i++) {
		bool open = comparison->policies_count == 1 || on[i];
		int rc = put_policy(to, comparison, i, dir, open, error);
		if (rc)
			return rc;
	}
	return 0;
}

static void put_traces(FILE *to, const struct sim_scenario *scenario)
{
	static const struct sim_segment *segment[SIM_TRACES_MAX];
	u32 count = sim_scenario_traces(scenario, segment, SIM_TRACES_MAX);
	char text[TR_UNITS_TEXT];

	if (!count)
		return;
	fputs("<h2>Where the traces came from</h2>\n", to);
	for (u32 i = 0; i < count; i++) {
		const char *name = sim_segment_name(segment[i]), *slash = strrchr(name, '/');
		struct tr_file *file;
		if (tr_file_open(&file, segment[i]->trace, NULL))
			continue;
		const struct tr_meta *meta = tr_file_meta(file);
		fputs("<details><summary><code>", to);
		sim_html_text(to, slash ? slash + 1 : name);
		fprintf(to, "</code>: %u pages touched, ", meta->pages_touched);
		fprintf(to, "%s long, digest 0x%016llx</summary>\n<pre>",
			tr_about_ns(meta->span_ns, text), tr_file_digest(file));
		sim_html_text(to, meta->origin ? meta->origin : "not said");
		fputs("</pre></details>\n", to);
		tr_file_close(file);
	}
}

static void put_digests(FILE *to, const struct sim_comparison *comparison)
{
	fputs("<details><summary>Digests of all runs</summary>\n<div class=\"wide\"><table>\n"
	      "<tr><th>policy</th><th>run</th><th>events</th><th>digest</th></tr>\n", to);
	for (u32 i = 0; i < comparison->policies_count; i++)
		for (u32 run = 0; run < comparison->runs_count; run++) {
			const struct sim_summary *summary = sim_comparison_run(comparison, i, run);
			if (!summary)
				continue;
			fputs("<tr><td>", to);
			sim_html_text(to, sim_comparison_name(comparison, i));
			fprintf(to,
				"</td><td>%u</td><td>%llu</td><td><code>0x%016llx</code></td></tr>\n",
				summary->run, summary->events, summary->digest);
		}
	fputs("</table></div></details>\n", to);
}

static void put_reproduction(FILE *to, const struct sim_comparison *comparison)
{
	const struct sim_scenario *scenario = comparison->scenario[0];
	char text[TR_UNITS_TEXT];

	sim_page_again(to, comparison->command ? comparison->command : "");
	fprintf(to, "<p>Digest <code>0x%016llx</code>; seed <code>0x%llx</code>; ",
		sim_comparison_digest(comparison), scenario->seed);
	fprintf(to, "guests run at most %s ahead of each other (quantum).</p>\n",
		tr_format_ns(scenario->quantum_ns, text));
	if (scenario->sample_one_in > 1) {
		char sampling[SIM_SAMPLING_TEXT];

		fprintf(to, "<p>Sampled: %s.</p>\n",
			sim_sampling_error_text(scenario->sample_one_in, sampling));
	}
	put_digests(to, comparison);
	fputs("<details><summary>Effective scenario, every default filled in</summary>\n<pre>", to);
	char *effective = sim_scenario_print(scenario);
	sim_html_text(to, effective ? effective : "");
	free(effective);
	fputs("</pre></details>\n", to);
}

static void put_definitions(FILE *to, const char *title, const struct sim_metric *metric, u32 count)
{
	fprintf(to, "<details><summary>%s</summary>\n<div class=\"wide\"><table>\n<tr><th>metric</th>"
		    "<th class=\"l\">column</th><th class=\"l\">unit</th>"
		    "<th class=\"l\">definition</th></tr>\n", title);
	for (u32 i = 0; i < count; i++) {
		fprintf(to, "<tr><td>%s</td><td class=\"l\"><code>%s</code></td><td class=\"l\">%s</td>"
			    "<td class=\"wrap\">", metric[i].label, metric[i].key, metric[i].unit);
		sim_html_text(to, metric[i].definition);
		fputs("</td></tr>\n", to);
	}
	fputs("</table></div></details>\n", to);
}

static int put_page(FILE *to, const struct sim_comparison *comparison, const char *dir,
		    struct tr_error *error)
{
	const struct sim_scenario *scenario = comparison->scenario[0];
	struct sim_findings findings;
	int rc;

	fprintf(to, "%u polic%s, %u run%s each, %u VM%s; %s.%s"
		    "</p>\n",
		comparison->policies_count, comparison->policies_count == 1 ? "y" : "ies",
		comparison->runs_count, comparison->runs_count == 1 ? "" : "s", scenario->vms_count,
		scenario->vms_count == 1 ? "" : "s",
		comparison->made_by ? comparison->made_by : "simulated by wssim",
		comparison->interrupted ? " <span class=\"bad\">Interrupted.</span>" : "");
	sim_findings_make(&findings, comparison);
	put_setting(to, &findings);
	put_table(to, comparison);
	put_findings(to, &findings, "Which policy serves best", SIM_FINDING_ANSWER);
	put_findings(to, &findings, "Cautions", SIM_FINDING_CAUTION);
	rc = put_comparison_figures(to, comparison, dir, error);
	put_findings(to, &findings, "Why", SIM_FINDING_WHY);
	sim_findings_destroy(&findings);
	put_differences(to, comparison);
	if (!rc)
		rc = put_policies(to, comparison, dir, error);
	put_traces(to, scenario);
	put_reproduction(to, comparison);
	fputs("<h2>What the metrics mean</h2>\n", to);
	put_definitions(to, "Of a run", sim_run_metrics, SIM_RUN_METRICS);
	put_definitions(to, "Of a VM", sim_vm_metrics, SIM_VM_METRICS);
	return rc;
}

int sim_report_write(const struct sim_comparison *comparison, const char *dir,
		     struct tr_error *error)
{
	struct sim_file file;
	int rc = sim_page_begin(&file, dir, comparison->scenario[0]->name, error);

	if (rc)
		return rc;
	rc = put_page(file.stream, comparison, dir, error);
	return sim_page_end(&file, rc, error);
}
