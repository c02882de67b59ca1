/* SPDX-License-Identifier: BSD-2-Clause */
/* cmd_trial.c - wssim trial: reclaim algorithms against a baseline, in many settings. */
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli_stop.h"
#include "cli/cmd.h"
#include "cli/cmd_many.h"
#include "cli/cmd_options.h"
#include "cli/cmd_sim.h"
#include "trial/sim_trial_write.h"

static const char doc[] =
	"Compare reclaim algorithms in many settings of one guest: traces by memory by devices.\v"
	"CONFIG is JSON: {\"traces\": [\"redis.wst\"], \"memory\": [0.5, 0.8], \"engines\": "
	"[\"twolist\", \"mglru:6.12\", \"mglru:6.12:nopid\", \"mglru:fg\"], \"devices\": [\"nvme\", "
	"\"zram\"], \"baseline\": \"twolist\", \"swappiness\": [60], \"repeat\": 3, \"idle\": \"1s\", "
	"\"seeds\": 6}; memory is in shares of what the trace needs.  'wssim reclaim --help' tells the "
	"engines and their switches.\n\n"
	"The page has gains and regressions alike, in the kernel's units.  A trial that was ended goes on "
	"with the same command, as a sweep does.\n\n"
	"Examples:\n"
	"  wssim trial sim/trials/mglru-versions.json -o out\n"
	"  wssim trial sim/trials/mglru-ablations.json -o out --slurm --tasks 64\n\n"
	"Exit status: 0 done, 1 failed, interrupted or incomplete, 2 usage or bad input.";

struct job {
	struct cmd_many many;
	const char *path, *command;
	struct sim_trial trial;
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct job *job = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &job->many;
		return 0;
	case ARGP_KEY_END:
		if (job->many.json || job->many.parts_count)
			argp_error(state, "--json and --part are options of sweep; a trial's DIR is a "
					  "sweep with its plan.json");
		return 0;
	default:
		return cmd_option_input(key, arg, state, "configuration", &job->path);
	}
}

static void put_ratio(double ratio)
{
	if (isnan(ratio))
		printf(" %9s", "-");
	else
		printf(" %+8.1f%%", 100 * (ratio - 1));
}

static void print_sums(const struct sim_trial_score *score, const char *dir)
{
	const struct sim_trial *trial = score->trial;
	char label[SIM_TRIAL_LABEL];
	int width = 24;

	for (u32 engine = 0; engine < trial->engines.count; engine++) {
		int length = (int)strlen(trial->engines.text[engine]);
		width = length > width ? length : width;
	}
	printf("%s: %u engines against %s in %u settings, %u seeds each\n\n", trial->name,
	       trial->engines.count, trial->engines.text[trial->baseline],
	       sim_trial_cells(trial) / trial->engines.count, trial->seeds);
	printf("%-*s %5s %6s %5s %5s %9s %9s %9s %9s  %s\n", width, "ENGINE", "GAINS", "LOSSES", "SAME",
	       "OOM", "TIME", "READ BACK", "CPU", "PTES", "WORST SETTING");
	for (u32 engine = 0; engine < trial->engines.count; engine++) {
		struct sim_trial_sum sum;
		if (engine == trial->baseline)
			continue;
		sum = sim_trial_sum(score, engine);
		printf("%-*s %5u %6u %5u %5u", width, trial->engines.text[engine], sum.gains, sum.losses,
		       sum.same, sum.killed);
		put_ratio(sum.time);
		put_ratio(sum.page_ins);
		put_ratio(sum.cpu);
		put_ratio(sum.ptes);
		if (!isnan(sum.worst))
			printf("  %+.1f%% %s", 100 * (sum.worst - 1),
			       sim_trial_label(trial, sum.worst_cell, label));
		putchar('\n');
	}
	printf("\nA gain or loss is 1 %% of time per work or more, and every seed agrees, or another number "
	       "of kills.\nThe other columns are geometric means of settings without kills.\n"
	       "results %s/report.html, table.csv, trial.csv\n", dir);
}

static int finish(void *ctx, struct sim_sweep *sweep)
{
	struct job *job = ctx;
	struct tr_error error = { "" }, plots_error = { "" };
	struct sim_trial_score score;
	int rc, status, said;

	sim_trial_score_init(&score, &job->trial, sweep);
	rc = sim_trial_write(&score, job->many.dir, job->command, !job->many.no_plots, &plots_error,
			     &error);
	status = rc ? cmd_fail(rc, &error) : EXIT_DONE;
	if (!rc)
		print_sums(&score, job->many.dir);
	said = cmd_many_say(&job->many, score.missing_count, score.damaged_count, &plots_error);
	sim_trial_score_free(&score);
	return status == EXIT_DONE ? said : status;
}

static int run_trial(struct job *job)
{
	struct tr_error error = { "" };
	struct sim_plan plan;
	char path[4200];
	int rc = sim_sweep_claim(job->many.dir, &error), status;

	if (!rc)
		rc = sim_trial_plan(&job->trial, job->many.dir, &plan, &error);
	if (rc)
		return cmd_fail(rc, &error);
	snprintf(path, sizeof(path), "%s/plan.json", job->many.dir);
	job->many.plan_path = path;
	status = cmd_many_run(&job->many, &plan, finish, job);
	sim_plan_free(&plan);
	return status;
}

int cmd_trial(int argc, char **argv)
{
	static const struct argp_child children[] = { { &cmd_many_argp, 0, NULL, 0 },
						      { NULL, 0, NULL, 0 } };
	static const struct argp argp = { NULL, parse, "CONFIG", doc, children, NULL, NULL };
	struct job job = { .many = { .dir = "wssim-trial" } };
	struct tr_error error = { "" };
	char *command;
	int rc, status;

	argp_parse(&argp, argc, argv, 0, NULL, &job);
	cli_stop_install();
	signal(SIGXFSZ, SIG_IGN);
	command = cmd_line(argc, argv);
	job.command = command;
	rc = sim_trial_read(&job.trial, job.path, &error);
	status = rc ? cmd_fail(rc, &error) : run_trial(&job);
	if (!rc)
		sim_trial_free(&job.trial);
	free(command);
	return status;
}
