/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * exp_main.c - wssim-experiments [ID..]: published experiments, run again.
 *
 * Reads E*.json, makes the runs that are missing, prints a table and writes a page.
 * Exit status: 0 all was run and judged, whatever the verdicts; 1 something could not be
 * run; 2 usage or a bad file.
 */
#include <argp.h>
#include <errno.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "exp.h"
#include "exp_report.h"
#include "exp_run.h"

struct options {
	const char *from; /* folder of E*.json */
	struct exp_runner runner;
	bool values;
	char **ids;
	u32 ids_count;
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct options *options = state->input;

	switch (key) {
	case 'w':
		options->runner.wssim = arg;
		return 0;
	case 'o':
		options->runner.dir = arg;
		return 0;
	case 'v':
		options->values = true;
		return 0;
	case 'f':
		options->from = arg;
		return 0;
	case 's':
		options->runner.samples = arg;
		return 0;
	case 'j':
		options->runner.workers = (u32)strtoul(arg, NULL, 10);
		if (!options->runner.workers || options->runner.workers > 1024)
			argp_error(state, "-j: from 1 to 1024");
		return 0;
	case ARGP_KEY_ARGS:
		options->ids = state->argv + state->next;
		options->ids_count = (u32)(state->argc - state->next);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static bool wanted(const struct options *options, const char *path)
{
	const char *name = strrchr(path, '/') + 1;
	size_t length = strcspn(name, ".");

	if (strcmp(name + length, ".json"))
		return false; /* a scenario */
	for (u32 i = 0; i < options->ids_count; i++)
		if (strlen(options->ids[i]) == length && !strncmp(options->ids[i], name, length))
			return true;
	return !options->ids_count;
}

/* E2 before E10. */
static int by_number(const void *a, const void *b)
{
	const char *x = strrchr(*(char *const *)a, '/') + 2, *y = strrchr(*(char *const *)b, '/') + 2;
	long m = strtol(x, NULL, 10), n = strtol(y, NULL, 10);

	return m != n ? (m > n) - (m < n) : strcmp(x, y);
}

static int read_all(const struct options *options, struct exp **exps, u32 *count)
{
	char pattern[EXP_PATH_MAX];
	struct tr_error error;
	glob_t found;
	int rc = 0;

	snprintf(pattern, sizeof(pattern), "%s/E*.json", options->from);
	if (glob(pattern, GLOB_NOSORT, NULL, &found)) {
		fprintf(stderr, "wssim-experiments: %s: no experiments\n", options->from);
		return -ENOENT;
	}
	qsort(found.gl_pathv, found.gl_pathc, sizeof(*found.gl_pathv), by_number);
	*exps = calloc(found.gl_pathc, sizeof(**exps));
	for (size_t i = 0; i < found.gl_pathc && *exps && !rc; i++) {
		if (!wanted(options, found.gl_pathv[i]))
			continue;
		rc = exp_read(&(*exps)[(*count)++], found.gl_pathv[i], &error);
		if (rc)
			fprintf(stderr, "wssim-experiments: %s\n", error.text);
	}
	globfree(&found);
	if (!rc && *exps && *count < options->ids_count) {
		fprintf(stderr, "wssim-experiments: %s knows only %u of the %u experiments named\n",
			options->from, *count, options->ids_count);
		rc = -ENOENT;
	}
	return *exps ? rc : -ENOMEM;
}

static int run(struct options *options, struct exp *exps, u32 count)
{
	struct tr_error error;
	bool broken = false;
	int rc;

	if (access(options->runner.wssim, X_OK)) {
		fprintf(stderr, "wssim-experiments: %s: %s\n", options->runner.wssim, strerror(errno));
		return 2;
	}
	rc = exp_run_all(&options->runner, exps, count);

	if (rc) {
		fprintf(stderr, "wssim-experiments: %s: %s\n", options->runner.dir, strerror(-rc));
		return 1;
	}
	for (u32 i = 0; i < count; i++) {
		if (exps[i].verdict != EXP_BROKEN && !exps[i].cannot)
			exp_load(&exps[i]);
		if (exps[i].verdict != EXP_BROKEN)
			exp_judge(&exps[i]);
		exp_draw(&exps[i], options->runner.dir);
		exp_unload(&exps[i]);
		broken |= exps[i].verdict == EXP_BROKEN;
	}
	exp_print(exps, count, options->values, stdout);
	rc = exp_report(exps, count, options->runner.dir, &error);
	if (rc)
		fprintf(stderr, "wssim-experiments: %s\n", error.text);
	printf("page %s/report.html\n", options->runner.dir);
	return rc || broken || fflush(stdout) ? 1 : 0;
}

int main(int argc, char **argv)
{
	static const struct argp_option known[] = {
		{ "wssim", 'w', "PROGRAM", 0, "the simulator", 0 },
		{ "output", 'o', "DIR", 0, "runs, plots and the page", 0 },
		{ "from", 'f', "DIR", 0, "where E*.json are (default bench/experiments)", 0 },
		{ "samples", 's', "DIR", 0, "recorded traces (default traces/samples)", 0 },
		{ "values", 'v', NULL, 0, "also print what was measured", 0 },
		{ "jobs", 'j', "N", 0, "runs at a time (default: processors)", 0 },
		{ 0 },
	};
	static const struct argp argp = { known, parse, "[ID...]",
					  "Published experiments, run again: E1 to E20.", NULL, NULL, NULL };
	long processors = sysconf(_SC_NPROCESSORS_ONLN);
	struct options options = {
		.from = "bench/experiments",
		.runner = { .wssim = "build/release/wssim",
			    .dir = "build/experiments",
			    .samples = "traces/samples",
			    .workers = processors > 0 ? (u32)processors : 1 },
	};
	struct exp *exps = NULL;
	u32 count = 0;
	int status = 2;

	argp_err_exit_status = 2;
	argp_parse(&argp, argc, argv, 0, NULL, &options);
	if (!read_all(&options, &exps, &count))
		status = run(&options, exps, count);
	for (u32 i = 0; i < count; i++)
		exp_free(&exps[i]);
	free(exps);
	return status;
}
