/* SPDX-License-Identifier: BSD-2-Clause */
/* bench_report.c - medians, pairs, and the printing of lines. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench_report.h"

double bench_cpu_seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void sorted(double *to, const double *from, u32 count)
{
	memcpy(to, from, sizeof(double) * count);
	qsort(to, count, sizeof(double), by_value);
}

static double middle(const double *value, u32 count)
{
	double order[BENCH_SAMPLES_MAX];

	sorted(order, value, count);
	return count ? order[(count - 1) / 2] : 0;
}

double bench_median(const struct bench_line *line)
{
	return middle(line->sample, line->samples_count);
}

static double limit_of(const struct bench_line *line)
{
	return line->limit > 0 ? line->limit : middle(line->limit_sample, line->samples_count);
}

double bench_ratio(const struct bench_line *line)
{
	double ratio[BENCH_SAMPLES_MAX];

	if (!line->limit_name)
		return 0;
	for (u32 i = 0; i < line->samples_count; i++)
		ratio[i] = line->sample[i] /
			   (line->limit > 0 ? line->limit : line->limit_sample[i]);
	return middle(ratio, line->samples_count);
}

static int timed(const struct bench_work *work, double *millions_per_second)
{
	double start = bench_cpu_seconds();
	int rc = work->run(work->ctx);

	*millions_per_second = work->millions / (bench_cpu_seconds() - start);
	return rc;
}

int bench_pairs(struct bench_line *line, const struct bench_work *figure,
		const struct bench_work *limit)
{
	int rc = 0;

	line->samples_count = 0;
	for (u32 i = 0; !rc && i < BENCH_REPEATS; i++) {
		if (limit)
			rc = timed(limit, &line->limit_sample[i]);
		if (!rc)
			rc = timed(figure, &line->sample[i]);
		line->samples_count++;
	}
	return rc;
}

static bool is_good(const struct bench_line *line)
{
	double median = bench_median(line);

	if (line->ratio_target > 0 && bench_ratio(line) < line->ratio_target)
		return false;
	return line->target <= 0 ||
	       (line->less_is_good ? median <= line->target : median >= line->target);
}

static void add_json(struct bench_report *report, const struct bench_line *line, double least,
		     double most)
{
	struct sim_json_writer *json = &report->writer;

	sim_json_object(json, NULL);
	sim_json_text(json, "name", line->name);
	sim_json_text(json, "unit", line->unit);
	sim_json_number(json, "median", bench_median(line));
	sim_json_number(json, "min", least);
	sim_json_number(json, "max", most);
	sim_json_number(json, "samples", line->samples_count);
	if (line->limit_name) {
		sim_json_text(json, "limit_name", line->limit_name);
		sim_json_number(json, "limit", limit_of(line));
		sim_json_number(json, "ratio", bench_ratio(line));
	}
	if (line->target > 0)
		sim_json_number(json, "target", line->target);
	if (line->ratio_target > 0)
		sim_json_number(json, "ratio_target", line->ratio_target);
	if (line->target > 0 || line->ratio_target > 0)
		sim_json_bool(json, "reached", is_good(line));
	sim_json_close(json);
}

static void add_text(const struct bench_line *line, double least, double most)
{
	printf("%-24s %9.4g %-18s %9.4g ..%9.4g", line->name, bench_median(line), line->unit, least,
	       most);
	if (line->limit_name)
		printf("  %.3g of %.4g: %s", bench_ratio(line), limit_of(line), line->limit_name);
	if (line->target > 0)
		printf("  target %g", line->target);
	if (line->ratio_target > 0)
		printf("%s ratio %g", line->target > 0 ? " and" : "  target", line->ratio_target);
	if (line->target > 0 || line->ratio_target > 0)
		printf(": %s", is_good(line) ? "reached" : "MISSED");
	putchar('\n');
	fflush(stdout);
}

/* For the comparison; of a benchmark run again, the better of the two. */
static void keep(struct bench_report *report, const struct bench_line *line)
{
	double value = line->limit_name ? bench_ratio(line) : bench_median(line);
	struct bench_kept *kept = report->kept;

	if (line->unchecked || !(line->limit_name || line->exact))
		return;
	while (kept < report->kept + report->kept_count && strcmp(kept->name, line->name))
		kept++;
	if (kept == report->kept + BENCH_LINES_MAX)
		return;
	if (kept == report->kept + report->kept_count) {
		report->kept_count++;
		snprintf(kept->name, sizeof(kept->name), "%s", line->name);
		kept->less_is_good = line->less_is_good;
		kept->value = value;
	}
	if (isnan(kept->value) || (line->less_is_good ? value < kept->value : value > kept->value))
		kept->value = value;
}

void bench_add(struct bench_report *report, const struct bench_line *line)
{
	double order[BENCH_SAMPLES_MAX];

	sorted(order, line->sample, line->samples_count);
	keep(report, line);
	if (report->json)
		add_json(report, line, order[0], order[line->samples_count - 1]);
	else if (!report->quiet)
		add_text(line, order[0], order[line->samples_count - 1]);
}

void bench_note(struct bench_report *report, const char *text)
{
	if (!report->json && !report->quiet)
		printf("  (%s)\n", text);
}
