/* SPDX-License-Identifier: BSD-2-Clause */
/* cmd_ages_write.c - the table, the JSON and the csv files of wssim ages. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cli/cmd_ages.h"
#include "scenario/sim_json_write.h"
#include "tr_units.h"

static double per_second(const struct sim_ages *ages, u64 count)
{
	return (double)count / ((double)ages->span_ns / 1e9);
}

/* Pages and entries that were looked at one way or another. */
static u64 looks(const struct sim_ages_score *score)
{
	return score->cost.ptes + score->cost.rmaps + score->cost.pfns;
}

static void print_header(const struct sim_ages *ages)
{
	char text[TR_UNITS_TEXT];

	printf("trace %s: %llu accesses, %u distinct pages (%s), %s\n", ages->path,
	       ages->accesses_count, ages->pages_touched,
	       tr_about_bytes((u64)ages->pages_touched * TR_PAGE_SIZE, text),
	       tr_about_ns(ages->span_ns, (char[TR_UNITS_TEXT]){ 0 }));
	if (ages->left_out)
		printf("left out: %llu accesses to pages that are never reclaimed\n", ages->left_out);
	if (ages->memory_pages)
		printf("memory: %s; %llu times the page used longest ago went\n",
		       tr_about_bytes(ages->memory_pages * TR_PAGE_SIZE, text),
		       ages->evictions_count);
	printf("truth: every page's last access; %llu reports of %u bins, one every %s\n",
	       ages->reports_count, ages->edges_count + 1, tr_about_ns(ages->report_ns, text));
	if (ages->page_share > 1)
		printf("wrong page: asked of one page in %u\n", ages->page_share);
	if (ages->window_ns)
		printf("window: reuse within %s was not recorded; a source that looks again sooner "
		       "would miss it and is not valid here\n", tr_about_ns(ages->window_ns, text));
}

static void print_share(double share)
{
	if (isfinite(share))
		printf(" %7.1f %%", 100 * share);
	else
		printf(" %9s", "-");
}

void cmd_ages_table(const struct cmd_ages *run, const char *dir)
{
	const struct sim_ages *ages = &run->ages;
	char text[TR_UNITS_TEXT];

	print_header(ages);
	printf("\n%-24s %9s %9s %9s %9s %9s %9s %9s %10s %10s %8s %8s %7s\n", "", "bytes in",
	       "pages in", "error", "of age", "", "cold", "bytes", "CPU", "looks", "flushes", "faults",
	       "bytes");
	printf("%-24s %9s %9s %9s %9s %9s %9s %9s %10s %10s %8s %8s %7s\n", "SOURCE", "wrong bin",
	       "wrong bin", "mean", "p95", "bias", "error", "bias", "us/s", "per s", "per s", "per s",
	       "a page");
	for (u32 i = 0; i < ages->sources_count; i++) {
		const struct sim_ages_score *score = &ages->score[i];
		printf("%-24s", score->choice.name);
		print_share(score->wrong_bin);
		print_share(score->wrong_page);
		printf(" %8.2fs %8.2fs %+8.2fs", score->error_ns / 1e9, score->error_p95_ns / 1e9,
		       score->bias_ns / 1e9);
		print_share(score->cold_error);
		printf(" %+7.1f %%", 100 * score->cold_bias);
		printf(" %10.1f %10.0f %8.1f %8.1f %7.2f%s\n", score->cpu_ns_per_s / 1e3,
		       per_second(ages, looks(score)), per_second(ages, score->cost.flushes),
		       per_second(ages, score->faults_count), score->bytes_per_page,
		       score->valid ? "" : "  INVALID");
	}
	printf("\ncold: idle for %s and longer, as part of the bytes in memory; %.1f %% are\n"
	       "results %s%s\n",
	       tr_about_ns(ages->cold_ns, text), 100 * ages->score[0].cold_true, dir,
	       run->plots_missing ? "" : ", plots/ages.png");
}

static void json_bins(struct sim_json_writer *json, const char *key,
		      const double pages[WS_TYPES][WS_BINS_MAX], u32 bins)
{
	sim_json_object(json, key);
	for (u32 type = 0; type < WS_TYPES; type++) {
		sim_json_array(json, type == WS_ANON ? "anon" : "file");
		for (u32 bin = 0; bin < bins; bin++)
			sim_json_number(json, NULL, pages[type][bin] * TR_PAGE_SIZE);
		sim_json_close(json);
	}
	sim_json_close(json);
}

static void json_score(struct sim_json_writer *json, const struct sim_ages *ages,
		       const struct sim_ages_score *score)
{
	sim_json_object(json, NULL);
	sim_json_text(json, "source", score->choice.name);
	sim_json_text(json, "family", score->choice.family);
	sim_json_number(json, "interval_s", (double)score->choice.interval_ns / 1e9);
	sim_json_bool(json, "valid", score->valid);
	sim_json_number(json, "wrong_bin_share", score->wrong_bin);
	sim_json_number(json, "wrong_page_share", score->wrong_page);
	sim_json_number(json, "age_error_s", score->error_ns / 1e9);
	sim_json_number(json, "age_error_p95_s", score->error_p95_ns / 1e9);
	sim_json_number(json, "age_bias_s", score->bias_ns / 1e9);
	sim_json_number(json, "cold_error_share", score->cold_error);
	sim_json_number(json, "cold_bias_share", score->cold_bias);
	sim_json_number(json, "cold_true_share", score->cold_true);
	sim_json_number(json, "cpu_ns_per_s", score->cpu_ns_per_s);
	sim_json_number(json, "faults_held_off_ns_per_s", score->locked_ns_per_s);
	sim_json_number(json, "ptes_per_s", per_second(ages, score->cost.ptes));
	sim_json_number(json, "young_per_s", per_second(ages, score->cost.young));
	sim_json_number(json, "rmaps_per_s", per_second(ages, score->cost.rmaps));
	sim_json_number(json, "pfns_per_s", per_second(ages, score->cost.pfns));
	sim_json_number(json, "flushes_per_s", per_second(ages, score->cost.flushes));
	sim_json_number(json, "faults_per_s", per_second(ages, score->faults_count));
	sim_json_number(json, "bytes_per_page", score->bytes_per_page);
	json_bins(json, "told_bytes", score->told, ages->edges_count + 1);
	json_bins(json, "true_bytes", score->truth, ages->edges_count + 1);
	sim_json_close(json);
}

void cmd_ages_json(const struct cmd_ages *run, FILE *to)
{
	const struct sim_ages *ages = &run->ages;
	struct sim_json_writer json;

	sim_json_begin(&json, to);
	sim_json_text(&json, "trace", ages->path);
	sim_json_number(&json, "accesses", (double)ages->accesses_count);
	sim_json_number(&json, "left_out", (double)ages->left_out);
	sim_json_number(&json, "pages", ages->pages_touched);
	sim_json_number(&json, "span_s", (double)ages->span_ns / 1e9);
	sim_json_number(&json, "window_ns", (double)ages->window_ns);
	sim_json_number(&json, "memory_pages", (double)ages->memory_pages);
	sim_json_number(&json, "evictions", (double)ages->evictions_count);
	sim_json_number(&json, "reports", (double)ages->reports_count);
	sim_json_number(&json, "report_s", (double)ages->report_ns / 1e9);
	sim_json_number(&json, "cold_s", (double)ages->cold_ns / 1e9);
	sim_json_number(&json, "wrong_page_asked_one_in", ages->page_share);
	sim_json_array(&json, "edges_s");
	for (u32 i = 0; i < ages->edges_count; i++)
		sim_json_number(&json, NULL, (double)ages->edge_ns[i] / 1e9);
	sim_json_close(&json);
	sim_json_object(&json, "costs_ns");
	sim_json_number(&json, "pte", (double)ages->costs.pte);
	sim_json_number(&json, "young", (double)ages->costs.young);
	sim_json_number(&json, "rmap", (double)ages->costs.rmap);
	sim_json_number(&json, "pfn", (double)ages->costs.pfn);
	sim_json_number(&json, "flush", (double)ages->costs.flush);
	sim_json_number(&json, "fault", (double)ages->costs.fault);
	sim_json_close(&json);
	sim_json_array(&json, "sources");
	for (u32 i = 0; i < ages->sources_count; i++)
		json_score(&json, ages, &ages->score[i]);
	sim_json_close(&json);
	sim_json_finish(&json);
}

int cmd_ages_begin_reports(struct cmd_ages *run, struct tr_error *error)
{
	int rc = sim_file_create(&run->reports, run->results.work, "ages.csv", error);

	if (!rc)
		fputs("source,time_s,resident_bytes,wrong_bin_bytes,told_cold_bytes,true_cold_bytes,"
		      "age_error_s,age_bias_s\n", run->reports.stream);
	return rc;
}

void cmd_ages_sample(void *ctx, const struct sim_ages_sample *sample)
{
	struct cmd_ages *run = ctx;
	char text[SIM_NUMBER_TEXT];
	FILE *to = run->reports.stream;

	fprintf(to, "%s,%s,", run->ages.choice[sample->source].name,
		sim_number_text((double)sample->time_ns / 1e9, text));
	fprintf(to, "%llu,%llu,%llu,%llu,", sample->resident_pages * TR_PAGE_SIZE,
		sample->wrong_pages * TR_PAGE_SIZE, sample->told_cold_pages * TR_PAGE_SIZE,
		sample->true_cold_pages * TR_PAGE_SIZE);
	fprintf(to, "%s,", sim_number_text(sample->error_ns / 1e9, text));
	fprintf(to, "%s\n", sim_number_text(sample->bias_ns / 1e9, text));
}

int cmd_ages_end_reports(struct cmd_ages *run, struct tr_error *error)
{
	return sim_file_close(&run->reports, error);
}

static int write_summary_csv(const struct cmd_ages *run, struct tr_error *error)
{
	const struct sim_ages *ages = &run->ages;
	struct sim_file file;
	char text[SIM_NUMBER_TEXT];
	int rc = sim_file_create(&file, run->results.work, "summary.csv", error);

	if (rc)
		return rc;
	fputs("source,family,interval_s,valid,wrong_bin_share,wrong_page_share,age_error_s,"
	      "age_error_p95_s,age_bias_s,cold_error_share,cold_bias_share,cpu_ns_per_s,looks_per_s,"
	      "flushes_per_s,faults_per_s,bytes_per_page\n", file.stream);
	for (u32 i = 0; i < ages->sources_count; i++) {
		const struct sim_ages_score *score = &ages->score[i];
		const double value[] = {
			score->wrong_bin, score->wrong_page, score->error_ns / 1e9,
			score->error_p95_ns / 1e9, score->bias_ns / 1e9, score->cold_error,
			score->cold_bias, score->cpu_ns_per_s, per_second(ages, looks(score)),
			per_second(ages, score->cost.flushes), per_second(ages, score->faults_count),
			score->bytes_per_page,
		};
		fprintf(file.stream, "%s,%s,%s,%d", score->choice.name, score->choice.family,
			sim_number_text((double)score->choice.interval_ns / 1e9, text), score->valid);
		for (u32 k = 0; k < sizeof(value) / sizeof(*value); k++)
			fprintf(file.stream, ",%s", sim_number_text(value[k], text));
		fputc('\n', file.stream);
	}
	return sim_file_close(&file, error);
}

static int write_histograms(const struct cmd_ages *run, struct tr_error *error)
{
	const struct sim_ages *ages = &run->ages;
	struct sim_file file;
	char text[SIM_NUMBER_TEXT];
	int rc = sim_file_create(&file, run->results.work, "histograms.csv", error);

	if (rc)
		return rc;
	fputs("source,type,idle_below_s,told_bytes,true_bytes\n", file.stream);
	for (u32 i = 0; i < ages->sources_count; i++)
		for (u32 type = 0; type < WS_TYPES; type++)
			for (u32 bin = 0; bin <= ages->edges_count; bin++) {
				const struct sim_ages_score *score = &ages->score[i];
				fprintf(file.stream, "%s,%s,%s,", score->choice.name,
					type == WS_ANON ? "anon" : "file",
					bin == ages->edges_count ? "" :
					sim_number_text((double)ages->edge_ns[bin] / 1e9, text));
				fprintf(file.stream, "%s,",
					sim_number_text(score->told[type][bin] * TR_PAGE_SIZE, text));
				fprintf(file.stream, "%s\n",
					sim_number_text(score->truth[type][bin] * TR_PAGE_SIZE, text));
			}
	return sim_file_close(&file, error);
}

int cmd_ages_write(const struct cmd_ages *run, struct tr_error *error)
{
	struct sim_file file;
	int rc = sim_file_create(&file, run->results.work, "summary.json", error);

	if (rc)
		return rc;
	cmd_ages_json(run, file.stream);
	rc = sim_file_close(&file, error);
	if (!rc)
		rc = write_summary_csv(run, error);
	if (!rc)
		rc = write_histograms(run, error);
	return rc;
}
