/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bench_main.c - wssim-bench [NAME..]: runs the benchmarks and prints their lines.
 *
 * --check FILE compares ratios with those in the file and fails on a loss; the machine
 * may be busy, so a benchmark that lost gets two more chances, and its best counts.
 * --expect FILE writes the file.
 */
#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench_report.h"

#define CHECK_TRIES 3

static const struct bench *const benches[] = {
	&bench_core,   &bench_guest,  &bench_trace,   &bench_run,  &bench_queue,
	&bench_growth, &bench_memory, &bench_sampling, &bench_reclaim,  &bench_peer, &bench_record,
	&bench_host, NULL,
};

struct options {
	bool json;
	const char *check, *expect; /* files, or NULL */
	char **names; /* of the benchmarks to run; none: all but the long ones */
	u32 names_count;
};

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
	case 'C':
		options->check = arg;
		return 0;
	case 'E':
		options->expect = arg;
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

static bool wanted(const struct options *options, const struct bench *bench)
{
	for (u32 i = 0; i < options->names_count; i++)
		if (!strcmp(options->names[i], bench->name))
			return true;
	return !options->names_count && !bench->long_one;
}

static int run_bench(const struct bench *bench, struct bench_report *report)
{
	int rc = bench->run(report);

	if (rc)
		fprintf(stderr, "wssim-bench: %s: %s\n", bench->name, strerror(-rc));
	return rc;
}

/* Return: the exit status. */
static int check(const struct options *options, struct bench_report *report)
{
	static struct bench_expected expected;
	const char *stranger;
	struct tr_error error;
	u32 worse = 0;

	if (bench_expected_read(&expected, options->check, &error)) {
		fprintf(stderr, "wssim-bench: %s\n", error.text);
		return 2;
	}
	stranger = bench_expected_stranger(&expected, benches);
	if (stranger) {
		fprintf(stderr, "wssim-bench: %s: %s: of no benchmark\n", options->check, stranger);
		return 2;
	}
	report->quiet = true;
	for (u32 i = 0; benches[i]; i++) {
		const char *name = benches[i]->name;
		u32 lost = 0;

		if (!wanted(options, benches[i]))
			continue;
		if (!bench_expected_has(&expected, name)) {
			printf("%s: not checked, nothing is expected of it\n", name);
			continue;
		}
		printf("%s: %s\n", name, benches[i]->summary);
		fflush(stdout);
		for (u32 try = 0; try < CHECK_TRIES; try++) {
			if (run_bench(benches[i], report))
				return 1;
			lost = bench_compare(report, &expected, name, false);
			if (!lost)
				break;
		}
		bench_compare(report, &expected, name, true);
		worse += lost;
	}
	printf("bench-check: %u lines more than %g %% worse than %s, missing, or not expected\n", worse,
	       BENCH_LOSS_MAX * 100, options->check);
	return worse ? 1 : 0;
}

static int run_all(const struct options *options, struct bench_report *report)
{
	int status = 0;

	report->json = options->json;
	if (report->json) {
		sim_json_begin(&report->writer, stdout);
		sim_json_array(&report->writer, "lines");
	}
	for (u32 i = 0; benches[i]; i++) {
		if (!wanted(options, benches[i]))
			continue;
		if (!report->json)
			printf("%s: %s\n", benches[i]->name, benches[i]->summary);
		if (run_bench(benches[i], report))
			status = 1;
	}
	if (report->json) {
		sim_json_close(&report->writer);
		sim_json_finish(&report->writer);
	}
	if (options->expect && !status && bench_expected_write(report, options->expect)) {
		fprintf(stderr, "wssim-bench: %s: cannot be written\n", options->expect);
		status = 1;
	}
	return status;
}

int main(int argc, char **argv)
{
	static const struct argp_option option[] = {
		{ "json", 'J', NULL, 0, "print JSON", 0 },
		{ "check", 'C', "FILE", 0, "fail when a ratio is more than 20 % worse than in FILE", 0 },
		{ "expect", 'E', "FILE", 0, "write this run's ratios to FILE", 0 },
		{ NULL, 0, NULL, 0, NULL, 0 },
	};
	static const struct argp argp = { option, parse, "[NAME...]",
					  "Run wssim's benchmarks: medians in CPU time.", NULL, NULL,
					  NULL };
	static struct bench_report report;
	struct options options = { .json = false };

	argp_err_exit_status = 2;
	if (argp_parse(&argp, argc, argv, 0, NULL, &options))
		return 2;
	int status = options.check ? check(&options, &report) : run_all(&options, &report);

	return fflush(stdout) ? 1 : status;
}
