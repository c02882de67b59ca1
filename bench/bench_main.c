/* SPDX-License-Identifier: BSD-2-Clause */
/* bench_main.c - wssim-bench [--json] [NAME..]: runs the benchmarks and prints their lines. */
#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench.h"
#include "scenario/sim_json_write.h"

static const struct bench *const benches[] = { &bench_guest, &bench_reclaim, NULL };

struct bench_report {
	bool json;
	struct sim_json_writer writer;
};

struct options {
	bool json;
	char **names; /* of the benchmarks to run; none: all */
	u32 names_count;
};

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

static void sorted(double *sample, const struct bench_line *line)
{
	memcpy(sample, line->sample, sizeof(double) * line->samples_count);
	qsort(sample, line->samples_count, sizeof(double), by_value);
}

double bench_median(const struct bench_line *line)
{
	double sample[BENCH_SAMPLES_MAX];

	sorted(sample, line);
	return sample[(line->samples_count - 1) / 2];
}

static bool is_good(const struct bench_line *line, double value)
{
	return line->less_is_good ? value <= line->target : value >= line->target;
}

static void add_json(struct bench_report *report, const struct bench_line *line, double least,
		     double most)
{
	struct sim_json_writer *json = &report->writer;
	double median = bench_median(line);

	sim_json_object(json, NULL);
	sim_json_text(json, "name", line->name);
	sim_json_text(json, "unit", line->unit);
	sim_json_number(json, "median", median);
	sim_json_number(json, "min", least);
	sim_json_number(json, "max", most);
	sim_json_number(json, "samples", line->samples_count);
	if (line->limit > 0) {
		sim_json_text(json, "limit_name", line->limit_name);
		sim_json_number(json, "limit", line->limit);
		sim_json_number(json, "ratio", median / line->limit);
	}
	if (line->target > 0) {
		sim_json_number(json, "target", line->target);
		sim_json_bool(json, "reached", is_good(line, median));
	}
	sim_json_close(json);
}

static void add_text(const struct bench_line *line, double least, double most)
{
	double median = bench_median(line);

	printf("%-24s %9.4g %-18s %9.4g ..%9.4g", line->name, median, line->unit, least, most);
	if (line->limit > 0)
		printf("  %5.1f %% of %s", median / line->limit * 100, line->limit_name);
	if (line->target > 0)
		printf("  target %g: %s", line->target,
		       is_good(line, median) ? "reached" : "MISSED");
	putchar('\n');
	fflush(stdout);
}

void bench_add(struct bench_report *report, const struct bench_line *line)
{
	double sample[BENCH_SAMPLES_MAX];

	sorted(sample, line);
	if (report->json)
		add_json(report, line, sample[0], sample[line->samples_count - 1]);
	else
		add_text(line, sample[0], sample[line->samples_count - 1]);
}

static const struct bench *find(const char *name)
{
	for (u32 i = 0; benches[i]; i++)
		if (!strcmp(benches[i]->name, name))
			return benches[i];
	return NULL;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct options *options = state->input;

	switch (key) {
	case 'J':
		options->json = true;
		return 0;
	case ARGP_KEY_ARGS:
		options->names = state->argv + state->next;
		options->names_count = (u32)(state->argc - state->next);
		for (u32 i = 0; i < options->names_count; i++)
			if (!find(options->names[i]))
				argp_error(state, "%s: no such benchmark", options->names[i]);
		return 0;
	default:
		return arg ? ARGP_ERR_UNKNOWN : 0;
	}
}

static bool wanted(const struct options *options, const char *name)
{
	for (u32 i = 0; i < options->names_count; i++)
		if (!strcmp(options->names[i], name))
			return true;
	return !options->names_count;
}

int main(int argc, char **argv)
{
	static const struct argp_option option[] = {
		{ "json", 'J', NULL, 0, "print JSON", 0 },
		{ NULL, 0, NULL, 0, NULL, 0 },
	};
	static const struct argp argp = { option, parse, "[NAME...]",
					  "Run wssim's benchmarks: medians in CPU time.", NULL, NULL,
					  NULL };
	struct options options = { .json = false };
	struct bench_report report = { .json = false };
	int status = 0;

	argp_err_exit_status = 2;
	if (argp_parse(&argp, argc, argv, 0, NULL, &options))
		return 2;
	report.json = options.json;
	if (report.json) {
		sim_json_begin(&report.writer, stdout);
		sim_json_array(&report.writer, "lines");
	}
	for (u32 i = 0; benches[i]; i++) {
		if (!wanted(&options, benches[i]->name))
			continue;
		if (!report.json)
			printf("%s: %s\n", benches[i]->name, benches[i]->summary);
		int rc = benches[i]->run(&report);
		if (rc) {
			fprintf(stderr, "wssim-bench: %s: %s\n", benches[i]->name, strerror(-rc));
			status = 1;
		}
	}
	if (report.json) {
		sim_json_close(&report.writer);
		sim_json_finish(&report.writer);
	}
	return fflush(stdout) ? 1 : status;
}
