/* SPDX-License-Identifier: BSD-2-Clause */
/* cmd_compare.c - wssim compare: policies side by side on the same random numbers. */
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cmd.h"
#include "cli/cmd_sim.h"
#include "scenario/sim_scenario_read.h"
#include "tr_units.h"

#define WORKERS_MAX 1024
#define RUNS_DEFAULT 5

struct compare {
	struct cmd_sim sim;
	const char *policies;
	u32 runs, workers;
};

static const struct argp_option options[] = {
	{ "policies", 'p', "A,B,C", 0, "Policies to compare (default: all)", 0 },
	{ "runs", 'n', "N", 0, "Runs of each policy (default 5)", 0 },
	{ "jobs", 'j', "N", 0, "Processes at the same time (default: all cores)", 0 },
	{ NULL, 0, NULL, 0, NULL, 0 },
};

static u32 number(struct argp_state *state, const char *option, const char *text, u32 max)
{
	u64 value;

	if (tr_parse_count(text, &value) || !value || value > max)
		argp_error(state, "%s %s: not a number from 1 to %u", option, text, max);
	return (u32)value;
}

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
		compare->runs = number(state, "--runs", arg, SIM_RUNS_MAX);
		return 0;
	case 'j':
		compare->workers = number(state, "--jobs", arg, WORKERS_MAX);
		return 0;
	case ARGP_KEY_ARG:
		if (compare->sim.scenario_path)
			argp_error(state, "one scenario only");
		compare->sim.scenario_path = arg;
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "which scenario?");
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
	"everybody; differences are taken run by run.  Ctrl-C keeps the runs that are done and "
	"reports them.\n"
	"Exit status: 0 done, 1 failed or interrupted, 2 usage or bad input.";

static u32 cores(void)
{
	cpu_set_t set;

	return sched_getaffinity(0, sizeof(set), &set) ? 1 : (u32)CPU_COUNT(&set);
}

/* The names of a list with commas, or all; *list is the storage they point into. */
static int split(const char *names, char **list, const char *policy[SIM_POLICIES_MAX], u32 *count,
		 struct tr_error *error)
{
	char *at, *next;

	*list = strdup(names ? names : "");
	*count = 0;
	for (u32 i = 0; !names && sim_policies[i] && *count < SIM_POLICIES_MAX; i++)
		policy[(*count)++] = sim_policies[i]->name;
	for (at = *list; names && at; at = next) {
		next = strchr(at, ',');
		if (next)
			*next++ = 0;
		if (!sim_policy_find(at))
			return tr_fail(error, -EINVAL,
				       "--policies: '%s': no such policy; 'wssim policies' lists them",
				       at);
		for (u32 i = 0; i < *count; i++)
			if (!strcmp(policy[i], at))
				return tr_fail(error, -EINVAL, "--policies: '%s' twice", at);
		if (*count == SIM_POLICIES_MAX)
			return tr_fail(error, -EINVAL, "--policies: more than %d", SIM_POLICIES_MAX);
		policy[(*count)++] = at;
	}
	return 0;
}

static int compare_all(struct compare *compare, const char *const *policy, u32 count,
		       const char *command)
{
	struct sim_scenario scenario[SIM_POLICIES_MAX];
	struct sim_experiment experiment = {
		.scenario = scenario,
		.policies_count = count,
		.runs_count = compare->runs ? compare->runs : RUNS_DEFAULT,
		.workers = compare->workers ? compare->workers : cores(),
		.command = command,
	};
	struct tr_error error = { "" };
	u32 read = 0;
	int rc = 0, status;

	while (read < count && !rc) {
		rc = cmd_sim_read(&compare->sim, policy[read], &scenario[read], &error);
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
	struct compare compare = { .sim = { .command = "compare" } };
	const char *policy[SIM_POLICIES_MAX];
	struct tr_error error = { "" };
	char *list, *command;
	u32 count;
	int rc, status;

	argp_err_exit_status = EXIT_USAGE;
	argp_parse(&argp, argc, argv, 0, NULL, &compare);
	command = cmd_line(argc, argv);
	rc = split(compare.policies, &list, policy, &count, &error);
	status = rc ? cmd_fail(rc, &error) : compare_all(&compare, policy, count, command);
	free(list);
	free(command);
	cmd_sim_free(&compare.sim);
	return status;
}
