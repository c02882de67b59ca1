/* SPDX-License-Identifier: BSD-2-Clause */
/* cmd_compare.c - wssim compare: policies side by side on the same random numbers. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cmd.h"
#include "cli/cmd_options.h"
#include "cli/cmd_sim.h"
#include "scenario/sim_scenario_read.h"

#define RUNS_DEFAULT 5

struct compare {
	struct cmd_sim sim;
	const char *policies;
	u32 runs, workers;
	bool no_oracles;
};

#define KEY_NO_ORACLES 1200

static const struct argp_option options[] = {
	{ "policies", 'p', "A,B,C", 0, "policies to compare (default: all)", 0 },
	{ "policy", 'p', NULL, OPTION_ALIAS, NULL, 0 },
	{ "runs", 'n', "N", 0, "runs of each policy (default 5)", 0 },
	{ "jobs", 'j', "N", 0, "processes at a time (default: all cores)", 0 },
	{ "no-oracles", KEY_NO_ORACLES, NULL, 0, "leave out regret, which takes as long as some runs",
	  0 },
	{ NULL, 0, NULL, 0, NULL, 0 },
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct compare *compare = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &compare->sim;
		return 0;
	case 'p':
		compare->policies = arg;
		return 0;
	case 'n':
		compare->runs = cmd_option_count(state, "--runs", arg, SIM_RUNS_MAX);
		return 0;
	case 'j':
		compare->workers = cmd_option_count(state, "--jobs", arg, CMD_WORKERS_MAX);
		return 0;
	case KEY_NO_ORACLES:
		compare->no_oracles = true;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const char doc[] =
	"Simulate a scenario under several policies and compare them.\v"
	"Examples:\n"
	"  wssim compare demo.json --policies static,mom,ws-target --runs 10 -o out\n"
	"  wssim compare demo.json -j 2 --set host.swap=zram\n\n"
	"Run k has the same random numbers under every policy, and a baseline run with memory for "
	"everybody; differences are taken run by run.  --set policy.params.NAME=VALUE is for those "
	"of the policies that have such a parameter.  Ctrl-C keeps the runs that are done and "
	"reports them.\n"
	"Exit status: 0 done, 1 failed or interrupted, 2 usage or bad input.";

#define PARAMETER "policy.params."

static bool has_param(const char *policy, const char *set)
{
	const struct sim_policy *found = sim_policy_find(policy);
	const char *name = set + strlen(PARAMETER);
	size_t size = strcspn(name, "=");

	for (u32 i = 0; found && i < found->params_count; i++)
		if (strlen(found->params[i].name) == size &&
		    !strncmp(found->params[i].name, name, size))
			return true;
	return false;
}

/* A parameter is for those of the policies that have it; one that none has is a mistake. */
static int check_params(const struct cmd_sim *sim, const char *const *policy, u32 count,
			struct tr_error *error)
{
	for (u32 i = 0; i < sim->sets_count; i++) {
		bool had = strncmp(sim->set[i], PARAMETER, strlen(PARAMETER)) != 0;

		for (u32 p = 0; p < count && !had; p++)
			had = has_param(policy[p], sim->set[i]);
		if (!had)
			return tr_fail(error, -EINVAL,
				       "--set %s: none of the policies has such a parameter",
				       sim->set[i]);
	}
	return 0;
}

static int read_for(const struct cmd_sim *sim, const char *policy, struct sim_scenario *scenario,
		    struct tr_error *error)
{
	struct cmd_sim its = *sim;

	its.sets_count = 0;
	for (u32 i = 0; i < sim->sets_count; i++)
		if (strncmp(sim->set[i], PARAMETER, strlen(PARAMETER)) ||
		    has_param(policy, sim->set[i]))
			its.set[its.sets_count++] = sim->set[i];
	return cmd_sim_read(&its, policy, scenario, error);
}

static int compare_all(struct compare *compare, const char *const *policy, u32 count,
		       const char *command)
{
	struct sim_scenario scenario[SIM_POLICIES_MAX];
	struct sim_experiment experiment = {
		.scenario = scenario,
		.policies_count = count,
		.runs_count = compare->runs ? compare->runs : RUNS_DEFAULT,
		.workers = compare->workers ? compare->workers : cmd_cores(),
		.no_oracles = compare->no_oracles,
		.command = command,
	};
	struct tr_error error = { "" };
	u32 read = 0;
	int rc = check_params(&compare->sim, policy, count, &error), status;

	while (read < count && !rc) {
		rc = read_for(&compare->sim, policy[read], &scenario[read], &error);
		read += !rc;
	}
	status = rc ? cmd_fail(rc, &error) : cmd_experiment(&compare->sim, &experiment);
	while (read)
		sim_scenario_free(&scenario[--read]);
	return status;
}

int cmd_compare(int argc, char **argv)
{
	static const struct argp_child children[] = { { &cmd_sim_argp, 0, NULL, 0 },
						      { NULL, 0, NULL, 0 } };
	static const struct argp argp = { options, parse, "SCENARIO", doc, children, NULL, NULL };
	struct compare compare = { .sim = { .sets_count = 0 } };
	struct cmd_policies policies;
	struct tr_error error = { "" };
	char *command;
	int rc, status;

	argp_parse(&argp, argc, argv, 0, NULL, &compare);
	command = cmd_line(argc, argv);
	rc = cmd_policies_split(&policies, compare.policies, &error);
	status = rc ? cmd_fail(rc, &error) :
		      compare_all(&compare, policies.name, policies.count, command);
	cmd_policies_free(&policies);
	free(command);
	cmd_sim_free(&compare.sim);
	return status;
}
