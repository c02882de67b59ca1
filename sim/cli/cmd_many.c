/* SPDX-License-Identifier: BSD-2-Clause */
/* cmd_many.c - getting the runs of a plan done: here, in parts, on Slurm; with progress. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/cli_stop.h"
#include "cli/cmd.h"
#include "cli/cmd_many.h"
#include "cli/cmd_options.h"
#include "sweep/sim_slurm.h"
#include "tr_units.h"

#define TASKS_DEFAULT 64
#define TASKS_MAX 100000

enum { KEY_NO_PLOTS = 1000, KEY_PART, KEY_GATHER, KEY_SLURM, KEY_TASKS, KEY_SBATCH };

static const struct argp_option options[] = {
	{ "output", 'o', "DIR", 0, "results directory (default wssim-sweep or wssim-trial)", 1 },
	{ "jobs", 'j', "N", 0, "processes at a time (default: all cores)", 1 },
	{ "json", 'J', NULL, 0, "print summary.json instead of the table", 1 },
	{ "no-plots", KEY_NO_PLOTS, NULL, 0, "do not draw", 1 },
	{ "gather", KEY_GATHER, NULL, 0, "run nothing; tables and plots of what is done", 1 },
	{ "part", KEY_PART, "K/N", 0, "do the K-th of N parts (from 0) and make no tables", 2 },
	{ "slurm", KEY_SLURM, NULL, 0, "run on Slurm as a job array, wait for it and gather", 2 },
	{ "tasks", KEY_TASKS, "N", 0, "tasks of the array (default 64 or one a run)", 2 },
	{ "sbatch", KEY_SBATCH, "ARG", 0, "further argument of sbatch; may be repeated", 2 },
	{ NULL, 0, NULL, 0, NULL, 0 },
};

static void part(struct argp_state *state, struct cmd_many *many, const char *text)
{
	char first[16] = "";
	const char *slash = strchr(text, '/');
	u64 k, n;

	if (slash && (size_t)(slash - text) < sizeof(first))
		memcpy(first, text, (size_t)(slash - text));
	if (!*first || tr_parse_count(first, &k) || tr_parse_count(slash + 1, &n) || k >= n ||
	    n > TASKS_MAX)
		argp_error(state, "--part %s: must be K/N with K below N", text);
	many->part = (u32)k;
	many->parts_count = (u32)n;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct cmd_many *many = state->input;

	switch (key) {
	case 'o':
		many->dir = arg;
		return 0;
	case 'j':
		many->workers = cmd_option_count(state, "--jobs", arg, CMD_WORKERS_MAX);
		return 0;
	case 'J':
		many->json = true;
		return 0;
	case KEY_NO_PLOTS:
		many->no_plots = true;
		return 0;
	case KEY_GATHER:
		many->gather_only = true;
		return 0;
	case KEY_PART:
		part(state, many, arg);
		return 0;
	case KEY_SLURM:
		many->slurm = true;
		return 0;
	case KEY_TASKS:
		many->tasks = cmd_option_count(state, "--tasks", arg, TASKS_MAX);
		return 0;
	case KEY_SBATCH:
		if (many->sbatch_count == CMD_SBATCH_MAX)
			argp_error(state, "more than %d arguments of sbatch", CMD_SBATCH_MAX);
		many->sbatch[many->sbatch_count++] = arg;
		return 0;
	case ARGP_KEY_END:
		if (many->slurm && (many->parts_count || many->gather_only))
			argp_error(state, "--slurm with --part or --gather");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

const struct argp cmd_many_argp = { .options = options, .parser = parse };

/* --- progress --- */

struct progress {
	double start_s;
	u32 start_done;
	bool started;
	double told_s;
};

static double now_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static const char *duration(double s, char text[32])
{
	if (s < 90)
		snprintf(text, 32, "%.0f s", s);
	else if (s < 90 * 60)
		snprintf(text, 32, "%.0f min", s / 60);
	else
		snprintf(text, 32, "%.1f h", s / 3600);
	return text;
}

static void tell_progress(void *ctx, u32 done, u32 all, u32 done_now)
{
	struct progress *progress = ctx;
	double now = now_s();
	char bar[25], left[32];
	u32 filled = all ? (u32)(24ull * done / all) : 24;

	if (!progress->started) {
		*progress = (struct progress){ .start_s = now, .start_done = done, .started = true };
		return;
	}
	if (!isatty(STDERR_FILENO) || (now - progress->told_s < 0.2 && done < all))
		return;
	progress->told_s = now;
	for (u32 i = 0; i < 24; i++)
		bar[i] = i < filled ? '#' : '.';
	bar[24] = 0;
	fprintf(stderr, "\r[%s] %u of %u runs", bar, done, all);
	if (done_now && done < all)
		fprintf(stderr, ", about %s left   ",
			duration((now - progress->start_s) / done_now * (all - done), left));
	else
		fputs("                      ", stderr);
}

static void end_progress(void)
{
	if (isatty(STDERR_FILENO))
		fprintf(stderr, "\r%79s\r", "");
}

static void tell_failed(void *ctx, const char *label, const char *reason)
{
	(void)ctx;
	end_progress();
	fprintf(stderr, "wssim: %s: %s\n", label, reason);
}

/* --- ways to get it done --- */

static int run_here(const struct cmd_many *many, struct sim_sweep *sweep,
		    struct progress *progress, u32 *failed, struct tr_error *error)
{
	struct sim_sweep_work work = {
		.workers = many->workers ? many->workers : cmd_cores(),
		.part = many->part,
		.parts_count = many->parts_count ? many->parts_count : 1,
		.stop = &cli_stop,
		.progress = tell_progress,
		.failed = tell_failed,
		.ctx = progress,
	};
	int rc = sim_sweep_do(sweep, &work, error);

	*failed = work.failed_count;
	end_progress();
	return rc;
}

/* Hand it to Slurm, unless it is there already, and wait. */
static int run_on_slurm(const struct cmd_many *many, struct sim_sweep *sweep,
			struct progress *progress, struct tr_error *error)
{
	u32 missing = sweep->unique_count - sweep->done_count, start = sweep->done_count;
	struct sim_slurm slurm = {
		.plan = many->plan_path,
		.dir = many->dir,
		.name = sweep->plan->name,
		.tasks = many->tasks ? many->tasks :
			 missing < TASKS_DEFAULT ? missing : TASKS_DEFAULT,
		.option = many->sbatch,
		.options_count = many->sbatch_count,
	};
	char job[SIM_SLURM_JOB];
	int rc;

	if (!missing)
		return 0;
	if (!sim_slurm_active(many->dir, job)) {
		rc = sim_slurm_submit(&slurm, job, error);
		if (rc)
			return rc;
		fprintf(stderr, "wssim: Slurm job %s, %u tasks for %u runs\n", job, slurm.tasks, missing);
	} else {
		fprintf(stderr, "wssim: Slurm job %s is at work on it; waiting\n", job);
	}
	tell_progress(progress, sweep->done_count, sweep->unique_count, 0);
	for (bool active = true; active && !cli_stop;) {
		active = sim_slurm_active(many->dir, job);
		sim_sweep_count(sweep);
		tell_progress(progress, sweep->done_count, sweep->unique_count,
			      sweep->done_count - start);
		if (sweep->done_count == sweep->unique_count)
			break;
		if (active)
			sleep(1);
	}
	end_progress();
	if (cli_stop)
		fprintf(stderr, "wssim: Slurm job %s goes on; 'scancel %s' ends it\n", job, job);
	return 0;
}

int cmd_many_run(const struct cmd_many *many, const struct sim_plan *plan,
		 int (*finish)(void *ctx, struct sim_sweep *sweep), void *ctx)
{
	bool shared = many->parts_count || many->gather_only;
	struct progress progress = { .started = false };
	struct tr_error error = { "" };
	struct sim_sweep sweep;
	u32 failed = 0;
	char job[SIM_SLURM_JOB];
	int rc, status;

	/* Tasks of an array may be at work while we wait for them. */
	shared |= many->slurm && sim_slurm_active(many->dir, job);
	rc = sim_sweep_open(&sweep, plan, many->dir, !shared, &error);
	if (rc)
		return cmd_fail(rc, &error);
	if (sweep.damaged_count)
		fprintf(stderr, "wssim: %s: %u damaged files of runs were removed\n", many->dir,
			sweep.damaged_count);
	if (many->slurm) {
		sim_sweep_share(&sweep);
		rc = run_on_slurm(many, &sweep, &progress, &error);
	} else if (!many->gather_only) {
		rc = run_here(many, &sweep, &progress, &failed, &error);
	}
	if (rc)
		status = cmd_fail(rc, &error);
	else if (many->parts_count)
		status = failed || cli_stop ? EXIT_FAILED : EXIT_DONE;
	else
		status = finish(ctx, &sweep);
	sim_sweep_close(&sweep);
	return status;
}

int cmd_many_say(const struct cmd_many *many, u32 missing, u32 damaged,
		 const struct tr_error *plots_error)
{
	int status = EXIT_DONE;

	if (*plots_error->text) {
		fprintf(stderr, "wssim: plots are missing: %s\n", plots_error->text);
		status = EXIT_FAILED;
	}
	if (damaged)
		fprintf(stderr, "wssim: %s: %u damaged files of runs do not count; the command without "
				"--gather or --part removes them\n", many->dir, damaged);
	if (missing) {
		fprintf(stderr, "wssim: %u runs are not done; the same command goes on with them\n",
			missing);
		status = EXIT_FAILED;
	}
	return status;
}
