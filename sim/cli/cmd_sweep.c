/* SPDX-License-Identifier: BSD-2-Clause */
/* cmd_sweep.c - wssim sweep: a plan of many runs, resumable, here or on Slurm. */
#include <argp.h>
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/cli_stop.h"
#include "cli/cmd.h"
#include "cli/cmd_sim.h"
#include "sweep/sim_slurm.h"
#include "sweep/sim_sweep_write.h"
#include "tr_units.h"

#define WORKERS_MAX 1024
#define TASKS_DEFAULT 64
#define TASKS_MAX 100000
#define SBATCH_MAX 64
#define ROWS_MAX 60 /* of the table on the terminal */

enum { KEY_JSON = 1000, KEY_NO_PLOTS, KEY_PART, KEY_GATHER, KEY_SLURM, KEY_TASKS, KEY_SBATCH };

struct sweep {
	const char *plan_path, *dir;
	u32 workers, part, parts_count, tasks;
	bool json, no_plots, gather_only, slurm;
	const char *sbatch[SBATCH_MAX];
	u32 sbatch_count;
};

static const struct argp_option options[] = {
	{ "output", 'o', "DIR", 0, "Results directory (default wssim-sweep)", 1 },
	{ "jobs", 'j', "N", 0, "Processes at the same time (default: all cores)", 1 },
	{ "json", KEY_JSON, NULL, 0, "Print summary.json in place of the table", 1 },
	{ "no-plots", KEY_NO_PLOTS, NULL, 0, "Do not draw", 1 },
	{ "gather", KEY_GATHER, NULL, 0, "Run nothing; tables and plots of what is done", 1 },
	{ "part", KEY_PART, "K/N", 0, "Do the K-th of N parts (from 0) and make no tables", 2 },
	{ "slurm", KEY_SLURM, NULL, 0, "Run on Slurm as a job array, wait for it and gather", 2 },
	{ "tasks", KEY_TASKS, "N", 0, "Tasks of the array (default 64 or one a run)", 2 },
	{ "sbatch", KEY_SBATCH, "ARG", 0, "Further argument of sbatch; may be repeated", 2 },
	{ NULL, 0, NULL, 0, NULL, 0 },
};

static u32 number(struct argp_state *state, const char *option, const char *text, u32 max)
{
	u64 value;

	if (tr_parse_count(text, &value) || !value || value > max)
		argp_error(state, "%s %s: not a number from 1 to %u", option, text, max);
	return (u32)value;
}

static void part(struct argp_state *state, struct sweep *sweep, const char *text)
{
	char first[16] = "";
	const char *slash = strchr(text, '/');
	u64 k, n;

	if (slash && (size_t)(slash - text) < sizeof(first))
		memcpy(first, text, (size_t)(slash - text));
	if (!*first || tr_parse_count(first, &k) || tr_parse_count(slash + 1, &n) || k >= n ||
	    n > TASKS_MAX)
		argp_error(state, "--part %s: K/N with K below N is wanted", text);
	sweep->part = (u32)k;
	sweep->parts_count = (u32)n;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct sweep *sweep = state->input;

	switch (key) {
	case 'o':
		sweep->dir = arg;
		return 0;
	case 'j':
		sweep->workers = number(state, "--jobs", arg, WORKERS_MAX);
		return 0;
	case KEY_JSON:
		sweep->json = true;
		return 0;
	case KEY_NO_PLOTS:
		sweep->no_plots = true;
		return 0;
	case KEY_GATHER:
		sweep->gather_only = true;
		return 0;
	case KEY_PART:
		part(state, sweep, arg);
		return 0;
	case KEY_SLURM:
		sweep->slurm = true;
		return 0;
	case KEY_TASKS:
		sweep->tasks = number(state, "--tasks", arg, TASKS_MAX);
		return 0;
	case KEY_SBATCH:
		if (sweep->sbatch_count == SBATCH_MAX)
			argp_error(state, "more than %d arguments of sbatch", SBATCH_MAX);
		sweep->sbatch[sweep->sbatch_count++] = arg;
		return 0;
	case ARGP_KEY_ARG:
		if (sweep->plan_path)
			argp_error(state, "one plan only");
		sweep->plan_path = arg;
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "which plan?");
		return 0;
	case ARGP_KEY_END:
		if (sweep->slurm && (sweep->parts_count || sweep->gather_only))
			argp_error(state, "--slurm with --part or --gather");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const char doc[] =
	"Run a plan: scenarios by parameters by policies by seeds by runs.\v"
	"PLAN is JSON: {\"scenarios\": [\"demo.json\"], \"policies\": [\"mom\", {\"policy\": "
	"\"ws-target\", \"params\": {...}}], \"parameters\": {\"host.memory\": [\"4GiB\", \"6GiB\"]}, "
	"\"vary\": \"all\" or \"each\", \"seeds\": [\"0x1\"], \"runs\": 5, \"baseline\": true}; only "
	"scenarios must be there, and they lie beside the plan.\n\n"
	"Every run that ends is a file in DIR/runs, named by scenario, traces, seed, run and program. "
	"After a kill, Ctrl-C or power loss, the same command goes on with what is missing; a plan "
	"that grew runs only what is new.\n\n"
	"Examples:\n"
	"  wssim sweep plan.json -o out\n"
	"  wssim sweep plan.json -o out --gather            tables of what is done so far\n"
	"  wssim sweep plan.json -o out --slurm --tasks 32 --sbatch=--partition=short\n"
	"  wssim sweep plan.json -o out --part 0/2          by hand, on two machines\n\n"
	"Exit status: 0 done, 1 failed, interrupted or incomplete, 2 usage or bad input.";

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

/* --- the table --- */

#define ESTIMATE_TEXT (3 * SIM_METRIC_TEXT + 8)

static const char *estimate(enum sim_run_metric metric, struct sim_estimate e, char text[ESTIMATE_TEXT])
{
	char mean[SIM_METRIC_TEXT], low[SIM_METRIC_TEXT], high[SIM_METRIC_TEXT];
	const struct sim_metric *m = &sim_run_metrics[metric];

	sim_metric_text(m, e.mean, mean);
	if (e.count < 2) {
		snprintf(text, ESTIMATE_TEXT, "%s", mean);
		return text;
	}
	sim_metric_text(m, e.low, low);
	sim_metric_text(m, e.high, high);
	low[strcspn(low, " ")] = mean[strcspn(mean, " ")] = 0;
	snprintf(text, ESTIMATE_TEXT, "%s [%s %s]", mean, low, high);
	return text;
}

/* @width: of the first column */
static void print_row(const struct sim_gather *gather, const char *cell, int width, u32 at,
		      u32 variant)
{
	static const enum sim_run_metric columns[] = { SIM_RUN_SLOWDOWN_MEDIAN, SIM_RUN_SLOWDOWN_MAX,
						       SIM_RUN_SAVED, SIM_RUN_HOST_SWAP };
	char text[ESTIMATE_TEXT];

	printf("%-*s %-24s", width, cell, gather->plan->variant[variant].label);
	for (size_t i = 0; i < sizeof(columns) / sizeof(*columns); i++)
		printf(" %-22s",
		       estimate(columns[i],
				cell && *cell ? sim_gather_estimate(gather, at, variant, columns[i]) :
						sim_gather_margin(gather, SIM_ANY_AXIS, 0, variant,
								  columns[i]),
				text));
	putchar('\n');
}

static void print_table(const struct sim_gather *gather, const char *dir)
{
	const struct sim_plan *plan = gather->plan;
	char label[SIM_PLAN_LABEL_MAX];
	bool all = (u64)plan->cells_count * plan->variants_count <= ROWS_MAX;
	int width = all ? 8 : 0;

	for (u32 cell = 0; all && cell < plan->cells_count; cell++) {
		int length = (int)strlen(sim_plan_cell_label(plan, cell, label));
		width = length > width ? length : width;
	}

	printf("%s: %u cells, %u policies, %u runs of each\n\n", plan->name, plan->cells_count,
	       plan->variants_count, sim_plan_samples(plan));
	printf("%-*s %-24s %-22s %-22s %-22s %s\n", width, all ? "CELL" : "", "POLICY", "SLOWDOWN median",
	       "SLOWDOWN worst", "MEMORY saved", "HOST swap");
	for (u32 cell = 0; all && cell < plan->cells_count; cell++)
		for (u32 variant = 0; variant < plan->variants_count; variant++)
			print_row(gather, sim_plan_cell_label(plan, cell, label), width, cell,
				  variant);
	for (u32 variant = 0; !all && variant < plan->variants_count; variant++)
		print_row(gather, "", width, 0, variant);
	printf("\nMeans%s, [95 %% intervals].\nresults %s/report.html, table.csv (a line per cell and "
	       "policy), sweep.csv (a line per run)\n",
	       all ? "" : " over all cells", dir);
}

/* --- ways to get it done --- */

static int cores(void)
{
	cpu_set_t set;

	return sched_getaffinity(0, sizeof(set), &set) ? 1 : CPU_COUNT(&set);
}

static int run_here(const struct sweep *options_, struct sim_sweep *sweep,
		    struct progress *progress, u32 *failed, struct tr_error *error)
{
	struct sim_sweep_work work = {
		.workers = options_->workers ? options_->workers : (u32)cores(),
		.part = options_->part,
		.parts_count = options_->parts_count ? options_->parts_count : 1,
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
static int run_on_slurm(const struct sweep *options_, struct sim_sweep *sweep,
			struct progress *progress, struct tr_error *error)
{
	u32 missing = sweep->unique_count - sweep->done_count, start = sweep->done_count;
	struct sim_slurm slurm = {
		.plan = options_->plan_path,
		.dir = options_->dir,
		.name = sweep->plan->name,
		.tasks = options_->tasks ? options_->tasks :
			 missing < TASKS_DEFAULT ? missing : TASKS_DEFAULT,
		.option = options_->sbatch,
		.options_count = options_->sbatch_count,
	};
	char job[SIM_SLURM_JOB];
	int rc;

	if (!missing)
		return 0;
	if (!sim_slurm_active(options_->dir, job)) {
		rc = sim_slurm_submit(&slurm, job, error);
		if (rc)
			return rc;
		fprintf(stderr, "wssim: Slurm job %s, %u tasks for %u runs\n", job, slurm.tasks, missing);
	} else {
		fprintf(stderr, "wssim: Slurm job %s is at work on it; waiting\n", job);
	}
	tell_progress(progress, sweep->done_count, sweep->unique_count, 0);
	for (bool active = true; active && !cli_stop;) {
		active = sim_slurm_active(options_->dir, job);
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

static int finish(const struct sweep *options_, struct sim_sweep *sweep, const char *command)
{
	struct tr_error error = { "" }, plots_error = { "" };
	struct sim_gather gather;
	int rc, status = EXIT_DONE;

	sim_gather_init(&gather, sweep);
	rc = sim_sweep_write(&gather, options_->dir, command, !options_->no_plots, &plots_error,
			     &error);
	if (rc) {
		status = cmd_fail(rc, &error);
	} else if (options_->json) {
		sim_sweep_json(&gather, stdout);
	} else {
		print_table(&gather, options_->dir);
	}
	if (!rc && *plots_error.text) {
		fprintf(stderr, "wssim: plots are missing: %s\n", plots_error.text);
		status = EXIT_FAILED;
	}
	if (gather.damaged_count)
		fprintf(stderr, "wssim: %s: %u damaged files of runs were removed\n", options_->dir,
			gather.damaged_count);
	if (gather.missing_count) {
		fprintf(stderr, "wssim: %u runs are not done; the same command goes on with them\n",
			gather.missing_count);
		status = EXIT_FAILED;
	}
	if (fflush(stdout) || ferror(stdout)) {
		fprintf(stderr, "wssim: standard output: cannot be written\n");
		status = EXIT_FAILED;
	}
	sim_gather_free(&gather);
	return status;
}

static int sweep_plan(const struct sweep *options_, const struct sim_plan *plan,
		      const char *command)
{
	bool shared = options_->parts_count || options_->gather_only;
	struct progress progress = { .started = false };
	struct tr_error error = { "" };
	struct sim_sweep sweep;
	u32 failed = 0;
	char job[SIM_SLURM_JOB];
	int rc, status;

	/* Tasks of an array may be at work while we wait for them. */
	shared |= options_->slurm && sim_slurm_active(options_->dir, job);
	rc = sim_sweep_open(&sweep, plan, options_->dir, !shared, &error);
	if (rc)
		return cmd_fail(rc, &error);
	if (options_->slurm) {
		sim_sweep_share(&sweep);
		rc = run_on_slurm(options_, &sweep, &progress, &error);
	} else if (!options_->gather_only) {
		rc = run_here(options_, &sweep, &progress, &failed, &error);
	}
	if (rc)
		status = cmd_fail(rc, &error);
	else if (options_->parts_count)
		status = failed || cli_stop ? EXIT_FAILED : EXIT_DONE;
	else
		status = finish(options_, &sweep, command);
	sim_sweep_close(&sweep);
	return status;
}

int cmd_sweep(int argc, char **argv)
{
	static const struct argp argp = { options, parse, "PLAN", doc, NULL, NULL, NULL };
	struct sweep sweep = { .dir = "wssim-sweep" };
	struct tr_error error = { "" };
	struct sim_plan plan;
	char *command;
	int rc, status;

	argp_err_exit_status = EXIT_USAGE;
	argp_parse(&argp, argc, argv, 0, NULL, &sweep);
	cli_stop_install();
	signal(SIGXFSZ, SIG_IGN);
	command = cmd_line(argc, argv);
	rc = sim_plan_read(&plan, sweep.plan_path, &error);
	if (rc) {
		status = cmd_fail(rc, &error);
	} else {
		status = sweep_plan(&sweep, &plan, command);
		sim_plan_free(&plan);
	}
	free(command);
	return status;
}
