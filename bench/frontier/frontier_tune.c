/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * frontier_tune.c - ws-target's parameters, by the simplex method of Nelder and Mead.
 *
 * usage: wssim-tune [WSSIM [DIR [STEPS]]], after 'make frontier' has made DIR
 *
 * Every evaluation is a sweep of the tuning set (never of the held-out one) at two values
 * of `slowdown`, 0.02 and 0.05.  What is minimised is the sum over both of
 *
 *	2.5 * (mean slowdown - 1) + 0.25 * (worst VM's - 1) - memory saved
 *
 * where 2.5 is about what the frontier gives for slowdown in that range: a setting gains
 * only by going beyond the line, and not by going along it.  Parameters are optimised as
 * logarithms, and bent back into their range; each step is printed, so that what was tried
 * can be seen.
 */
#include <gsl/gsl_multimin.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof(*(array)))
#define STEPS_DEFAULT 24
#define FAILED 1e9

static const struct {
	const char *name;
	double from, least, most;
} params[] = {
	{ "patience", 0.1, 0.01, 0.5 },
	{ "growth_max", 0.1, 0.02, 0.5 },
	{ "headroom", 0.05, 0.002, 0.1 },
	{ "gain", 0.05, 0.01, 0.2 },
};

struct search {
	const char *wssim, *dir;
	unsigned tried;
	bool failed;
};

static double value(const gsl_vector *at, size_t i)
{
	return fmin(fmax(exp(gsl_vector_get(at, i)), params[i].least), params[i].most);
}

static bool write_plan(const struct search *search, const gsl_vector *at)
{
	char path[4096];
	FILE *to;

	snprintf(path, sizeof(path), "%s/plan-step.json", search->dir);
	to = fopen(path, "w");
	if (!to)
		return false;
	fputs("{ \"name\": \"step\", \"runs\": 1,\n"
	      "  \"parameters\": { \"host.memory\": [\"416MiB\", \"544MiB\"] },\n"
	      "  \"scenarios\": [\"tune-servers.json\", \"tune-mixed.json\", \"tune-made.json\"],\n"
	      "  \"policies\": [ { \"policy\": \"ws-target\", \"params\": { \"slowdown\": [0.02, 0.05]", to);
	for (size_t i = 0; i < COUNT(params); i++)
		fprintf(to, ", \"%s\": %.4g", params[i].name, value(at, i));
	fputs(" } } ] }\n", to);
	return !fclose(to);
}

/* Done by a child, which finds its own results again. */
static bool sweep(const struct search *search)
{
	pid_t pid = fork();
	int status;

	if (!pid) {
		if (chdir(search->dir) || !freopen("tune.log", "w", stdout))
			_exit(127);
		execl(search->wssim, "wssim", "sweep", "plan-step.json", "-o", "steps", "--no-plots",
		      (char *)NULL);
		_exit(127);
	}
	return pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) &&
	       !WEXITSTATUS(status);
}

/* The columns that count, of all lines of steps/table.csv, as means. */
static bool read_table(const struct search *search, double mean[3])
{
	static const char *const names[3] = { "slowdown_mean", "slowdown_max", "saved_share" };
	char path[4096], *line = NULL, *rest, *word;
	unsigned lines = 0, at[3] = { 0 };
	size_t room = 0;
	FILE *from;

	snprintf(path, sizeof(path), "%s/steps/table.csv", search->dir);
	from = fopen(path, "r");
	memset(mean, 0, 3 * sizeof(*mean));
	for (; from && getline(&line, &room, from) > 0; lines++) {
		rest = line;
		for (unsigned column = 0; (word = strsep(&rest, ",\n")); column++)
			for (unsigned i = 0; i < 3; i++)
				if (!lines && !strcmp(word, names[i]))
					at[i] = column;
				else if (lines && column == at[i])
					mean[i] += strtod(word, NULL);
	}
	free(line);
	if (from)
		fclose(from);
	for (unsigned i = 0; i < 3; i++)
		mean[i] /= lines > 1 ? lines - 1 : 1;
	return lines > 1 && at[0] && at[1] && at[2];
}

static double cost(const gsl_vector *at, void *ctx)
{
	struct search *search = ctx;
	double mean[3], result;

	if (!write_plan(search, at) || !sweep(search) || !read_table(search, mean)) {
		search->failed = true;
		return FAILED;
	}
	result = 2.5 * (mean[0] - 1) + 0.25 * (mean[1] - 1) - mean[2];
	printf("%3u", ++search->tried);
	for (size_t i = 0; i < COUNT(params); i++)
		printf("  %s %.4g", params[i].name, value(at, i));
	printf("  slowdown %.4f, worst %.4f, saved %.2f %%  cost %.5f\n", mean[0], mean[1],
	       100 * mean[2], result);
	fflush(stdout);
	return result;
}

static void print_best(gsl_multimin_fminimizer *solver)
{
	printf("best:");
	for (size_t i = 0; i < COUNT(params); i++)
		printf(" %s=%.4g", params[i].name, value(solver->x, i));
	printf("  cost %.5f\n", solver->fval);
}

int main(int argc, char **argv)
{
	struct search search = {
		.wssim = realpath(argc > 1 ? argv[1] : "build/release/wssim", NULL),
		.dir = argc > 2 ? argv[2] : "build/frontier",
	};
	unsigned steps = argc > 3 ? (unsigned)strtoul(argv[3], NULL, 10) : STEPS_DEFAULT;
	gsl_multimin_function function = { cost, COUNT(params), &search };
	gsl_multimin_fminimizer *solver =
		gsl_multimin_fminimizer_alloc(gsl_multimin_fminimizer_nmsimplex2, COUNT(params));
	gsl_vector *from = gsl_vector_alloc(COUNT(params)), *size = gsl_vector_alloc(COUNT(params));

	for (size_t i = 0; i < COUNT(params); i++) {
		gsl_vector_set(from, i, log(params[i].from));
		gsl_vector_set(size, i, log(2));
	}
	gsl_multimin_fminimizer_set(solver, &function, from, size);
	while (search.tried < steps && !search.failed)
		if (gsl_multimin_fminimizer_iterate(solver) ||
		    gsl_multimin_fminimizer_size(solver) < 0.05)
			break;
	print_best(solver);
	if (search.failed)
		fprintf(stderr, "wssim-tune: a sweep failed; see %s/tune.log\n", search.dir);
	gsl_multimin_fminimizer_free(solver);
	gsl_vector_free(from);
	gsl_vector_free(size);
	free((char *)search.wssim);
	return search.failed;
}
