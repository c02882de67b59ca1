/* SPDX-License-Identifier: BSD-2-Clause */
/* cmd_sweep.c - wssim sweep: a plan of many runs, resumable, here or on Slurm. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli_stop.h"
#include "cli/cmd.h"
#include "cli/cmd_advice.h"
#include "cli/cmd_many.h"
#include "cli/cmd_options.h"
#include "cli/cmd_sim.h"
#include "output/sim_estimate_write.h"
#include "sweep/sim_sweep_write.h"

#define ROWS_MAX 60 /* of the table on the terminal */

enum { KEY_ORACLES = 1200, KEY_NO_ORACLES };

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
	"  wssim sweep plan.json -o out --gather          tables of what is done so far\n"
	"  wssim sweep plan.json -o out --slurm --tasks 32 --sbatch=--partition=short\n"
	"  wssim sweep plan.json -o out --part 0/2        by hand, on two machines\n\n"
	"Exit status: 0 done, 1 failed, interrupted or incomplete, 2 usage or bad input.";

/* --- the table --- */

/* @width: of the first column */
static void print_row(const struct sim_gather *gather, const char *cell, int width, u32 at,
		      u32 variant)
{
	static const enum sim_run_metric columns[] = { SIM_RUN_SLOWDOWN_MEDIAN, SIM_RUN_SLOWDOWN_MAX,
						       SIM_RUN_SAVED, SIM_RUN_HOST_SWAP };
	char text[SIM_ESTIMATE_TEXT];

	printf("%-*s %-24s", width, cell, gather->plan->variant[variant].label);
	for (size_t i = 0; i < sizeof(columns) / sizeof(*columns); i++)
		printf(" %-22s",
		       sim_estimate_text(&sim_run_metrics[columns[i]],
				cell && *cell ? sim_gather_estimate(gather, at, variant, columns[i]) :
						sim_gather_margin(gather, SIM_ANY_AXIS, 0, variant,
								  columns[i]),
				text));
	if (gather->regret && cell && *cell) {
		char vmin[SIM_REGRET_TEXT], o5[SIM_REGRET_TEXT];

		sim_sweep_regret_cells(gather, at, variant, vmin, o5);
		printf(" %11s %6s", vmin, o5);
	}
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
	printf("%-*s %-24s %-22s %-22s %-22s %-22s %s\n", width, all ? "CELL" : "", "POLICY",
	       "SLOWDOWN median", "SLOWDOWN worst", "MEMORY saved", "HOST swap",
	       all && gather->regret ? "REGRET VMIN     O5" : "");
	for (u32 cell = 0; all && cell < plan->cells_count; cell++)
		for (u32 variant = 0; variant < plan->variants_count; variant++)
			print_row(gather, sim_plan_cell_label(plan, cell, label), width, cell,
				  variant);
	for (u32 variant = 0; !all && variant < plan->variants_count; variant++)
		print_row(gather, "", width, 0, variant);
	if (all && gather->regret)
		printf("\n%s", sim_sweep_regret_legend(gather));
	else if (plan->baseline && !gather->regret)
		printf("\nRegret against oracles is left out; --oracles asks for it.");
	printf("\nMeans%s, [95 %% intervals].\nresults %s/report.html, table.csv (a line per cell and "
	       "policy), sweep.csv (a line per run)\n",
	       all ? "" : " over all cells", dir);
	cmd_say_sampled(gather->sweep->sample_one_in);
}

enum oracles { ORACLES_IF_FEW, ORACLES_ALL, ORACLES_NONE };

struct sweep {
	struct cmd_many many;
	const char *command;
	enum oracles oracles;
};

static void progress(u32 done_count, u32 all_count)
{
	cmd_advice_progress("oracles: %u of %u done ", done_count, all_count);
}

static int make_regret(const struct sweep *sweep, struct sim_gather *gather,
		       struct sim_sweep_regret *regret, struct tr_error *error)
{
	u32 oracles = sweep->oracles == ORACLES_NONE ? 0 : sim_sweep_oracles(gather);
	int rc;

	if (!oracles || cli_stop ||
	    (sweep->oracles == ORACLES_IF_FEW && oracles > SIM_SWEEP_ORACLES_UNASKED))
		return 0;
	gather->regret = regret;
	rc = sim_sweep_regret_make(regret, gather,
				   sweep->many.workers ? sweep->many.workers : cmd_cores(),
				   &cli_stop, progress, error);
	cmd_advice_progress("%s", "");
	return rc;
}

static int finish(void *ctx, struct sim_sweep *done)
{
	const struct sweep *sweep = ctx;
	struct tr_error error = { "" }, plots_error = { "" };
	struct sim_sweep_regret regret;
	struct sim_gather gather;
	int rc, status, said;

	sim_gather_init(&gather, done);
	rc = make_regret(sweep, &gather, &regret, &error);
	if (!rc)
		rc = sim_sweep_write(&gather, sweep->many.dir, sweep->command, !sweep->many.no_plots,
			     &plots_error, &error);
	status = rc ? cmd_fail(rc, &error) : EXIT_DONE;
	if (!rc && sweep->many.json)
		sim_sweep_json(&gather, stdout);
	else if (!rc)
		print_table(&gather, sweep->many.dir);
	said = cmd_many_say(&sweep->many, gather.missing_count, gather.damaged_count, &plots_error);
	if (gather.regret)
		sim_sweep_regret_free(&regret);
	sim_gather_free(&gather);
	return status == EXIT_DONE ? said : status;
}

static const struct argp_option options[] = {
	{ "oracles", KEY_ORACLES, NULL, 0,
	  "Regret in every cell (default: when there are no more than 16 different baselines)", 1 },
	{ "no-oracles", KEY_NO_ORACLES, NULL, 0, "Leave out regret", 1 },
	{ NULL, 0, NULL, 0, NULL, 0 },
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct sweep *sweep = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &sweep->many;
		return 0;
	case KEY_ORACLES:
		sweep->oracles = ORACLES_ALL;
		return 0;
	case KEY_NO_ORACLES:
		sweep->oracles = ORACLES_NONE;
		return 0;
	default:
		return cmd_option_input(key, arg, state, "plan", &sweep->many.plan_path);
	}
}

int cmd_sweep(int argc, char **argv)
{
	static const struct argp_child children[] = { { &cmd_many_argp, 0, NULL, 0 },
						      { NULL, 0, NULL, 0 } };
	static const struct argp argp = { options, parse, "PLAN", doc, children, NULL, NULL };
	struct sweep sweep = { .many = { .dir = "wssim-sweep" } };
	struct tr_error error = { "" };
	struct sim_plan plan;
	char *command;
	int rc, status;

	argp_parse(&argp, argc, argv, 0, NULL, &sweep);
	cli_stop_install();
	signal(SIGXFSZ, SIG_IGN);
	command = cmd_line(argc, argv);
	sweep.command = command;
	rc = sim_plan_read(&plan, sweep.many.plan_path, &error);
	if (rc) {
		status = cmd_fail(rc, &error);
	} else {
		status = cmd_many_run(&sweep.many, &plan, finish, &sweep);
		sim_plan_free(&plan);
	}
	free(command);
	return status;
}
