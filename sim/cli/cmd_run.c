/* SPDX-License-Identifier: BSD-2-Clause */
/* cmd_run.c - wssim run: one scenario, one policy, one run. */
#include <stdlib.h>

#include "cli/cmd.h"
#include "cli/cmd_sim.h"
#include "scenario/sim_scenario_read.h"

enum { KEY_JOURNAL = 2000, KEY_PERFETTO };

struct run {
	struct cmd_sim sim;
	const char *policy;
	bool journal, perfetto;
};

static const struct argp_option options[] = {
	{ "policy", 'p', "NAME", 0, "policy instead of the scenario's ('wssim policies' lists them)",
	  0 },
	{ "journal", KEY_JOURNAL, NULL, 0, "write every event to journal.wsj, for 'wssim replay'", 0 },
	{ "perfetto", KEY_PERFETTO, NULL, 0, "write perfetto.json, for ui.perfetto.dev", 0 },
	{ NULL, 0, NULL, 0, NULL, 0 },
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct run *run = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &run->sim;
		return 0;
	case 'p':
		run->policy = arg;
		return 0;
	case KEY_JOURNAL:
		run->journal = true;
		return 0;
	case KEY_PERFETTO:
		run->perfetto = true;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const char doc[] =
	"Simulate a scenario once and write what came out.\v"
	"Examples:\n"
	"  wssim run sim/scenarios/demo.json -o out\n"
	"  wssim run demo.json --policy mom --set host.memory=2GiB --set duration=5m\n"
	"  wssim run demo.json --seed 0x2a --journal -o out\n"
	"  wssim replay out/journal.wsj\n\n"
	"The baseline, the same run on a host with memory for everybody, is simulated as well; "
	"slowdown is measured against it.  The results directory is replaced as a whole once "
	"everything is written, and only if it is empty or wssim's own.\n"
	"Exit status: 0 done, 1 failed or interrupted, 2 usage or bad input.";

int cmd_run(int argc, char **argv)
{
	static const struct argp_child children[] = { { &cmd_sim_argp, 0, NULL, 0 },
						      { NULL, 0, NULL, 0 } };
	static const struct argp argp = { options, parse, "SCENARIO", doc, children, NULL, NULL };
	struct run run = { .sim = { .sets_count = 0 } };
	struct sim_experiment experiment = { .policies_count = 1, .runs_count = 1, .workers = 2 };
	struct sim_scenario scenario;
	struct tr_error error = { "" };
	int rc, status;

	argp_parse(&argp, argc, argv, 0, NULL, &run);
	rc = cmd_sim_read(&run.sim, run.policy, &scenario, &error);
	if (rc) {
		cmd_sim_free(&run.sim);
		return cmd_fail(rc, &error);
	}
	char *command = cmd_line(argc, argv);
	experiment.command = command;
	experiment.scenario = &scenario;
	experiment.journal = run.journal;
	experiment.perfetto = run.perfetto;
	status = cmd_experiment(&run.sim, &experiment);
	free(command);
	sim_scenario_free(&scenario);
	cmd_sim_free(&run.sim);
	return status;
}
