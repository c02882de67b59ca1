/* SPDX-License-Identifier: BSD-2-Clause */
/* cmd_density.c - wssim density: how many VMs of a kind fit on a host. */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "advice/sim_density.h"
#include "cli/cli_stop.h"
#include "cli/cmd.h"
#include "cli/cmd_advice.h"
#include "cli/cmd_options.h"
#include "output/sim_pool.h"
#include "scenario/sim_json_write.h"
#include "scenario/sim_scenario_read.h"
#include "tr_file.h"
#include "tr_units.h"

#define RUNS_DEFAULT 10
#define KEY_P95 900
#define COUNT_MAX_DEFAULT 64

struct options {
	struct cmd_advice advice;
	const char *policies;
	u64 cycle_ns;
	u32 count_max;
	bool p95;
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct options *options = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &options->advice;
		return 0;
	case 'p':
		options->policies = arg;
		return 0;
	case 't':
		options->advice.trace = arg;
		return 0;
	case 'm':
		options->count_max = cmd_option_count(state, "--max", arg, SIM_VMS_MAX);
		return 0;
	case 'c':
		if (tr_parse_ns(arg, &options->cycle_ns) || !options->cycle_ns)
			argp_error(state, "--cycle %s: not a time", arg);
		return 0;
	case KEY_P95:
		options->p95 = true;
		return 0;
	case ARGP_KEY_NO_ARGS:
		return 0; /* --trace may stand for it */
	case ARGP_KEY_END:
		if (!options->advice.input && !options->advice.trace)
			argp_error(state, "which scenario? Or --trace and --host-memory");
		if (options->advice.trace && !options->advice.input &&
		    !options->advice.host_memory_bytes)
			argp_error(state, "--trace without a scenario needs --host-memory");
		if (options->advice.trace && options->advice.vm)
			argp_error(state, "--vm or --trace, not both");
		return 0;
	case CMD_ADVICE_VM:
		options->advice.vm = arg;
		return 0;
	default:
		return cmd_option_input(key, arg, state, "scenario", &options->advice.input);
	}
}

static const struct argp_option option[] = {
	{ "policies", 'p', "A,B,C", 0, "policies to try (default: static and ws-target)", 0 },
	{ "policy", 'p', NULL, OPTION_ALIAS, NULL, 0 },
	{ "p95", KEY_P95, NULL, 0, "the bound is for the 95th percentile over VMs, not for the worst VM", 0 },
	{ "trace", 't', "FILE", 0, "VMs that play this trace, of --memory", 0 },
	{ "max", 'm', "N", 0, "no more VMs than this (default 64)", 0 },
	{ "cycle", 'c', "TIME", 0, "spread load begins within this (default: half of the run)", 0 },
	CMD_ADVICE_VM_OPTION,
	{ NULL, 0, NULL, 0, NULL, 0 },
};

static const char doc[] =
	"Find how many VMs of a kind fit on a host at a bound on slowdown, by policy, for load that "
	"comes to all at once and for load that is spread."
	"\v"
	"Examples:\n"
	"  wssim density demo.json --vm cache --slowdown 1.05 --policies static,mom\n"
	"  wssim density --trace redis.wst --memory 384MiB --host-memory 2GiB\n\n"
	"The host is the scenario's.  A number of VMs is safe when in every run (--runs, default 10) "
	"the worst VM keeps the bound against a run with memory for everybody and nothing is killed "
	"for want of memory, in guests or on the host.  Load together: all VMs in the same phase; "
	"spread: each begins at a random time, other in each run.  The search is with the first "
	"run alone; then the most that passed is confirmed with all runs, and the first one that is "
	"not safe ends a trial.  Intervals are over runs, which differ in their random numbers "
	"alone.\n"
	"Exit status: 0 done, 1 failed or interrupted, 2 usage or bad input.";

static void progress(void *ctx, u32 count)
{
	const struct sim_density *density = ctx;

	cmd_advice_progress("%s, load %s: %u VMs ", density->policy->name,
			    density->spread ? "spread" : "together", count);
}

static u32 answer_of(const struct sim_density *density)
{
	return density->answer == ~0u ? 0 : density->tried[density->answer].count;
}

static void print_row(const struct sim_density *density)
{
	const struct sim_density_try *at =
		density->answer == ~0u ? NULL : &density->tried[density->answer];
	char why[CMD_ADVICE_TEXT] = "", slow[48] = "-", saved[16] = "-";

	if (at) {
		cmd_interval_short(at->verdict.slowdown, slow, sizeof(slow));
		snprintf(saved, sizeof(saved), "%.0f %%", 100 * at->verdict.saved);
	}
	if (density->broken == ~0u)
		snprintf(why, sizeof(why), "no more than %u were to be tried or fit at all",
			 density->room);
	else
		cmd_advice_why(&density->tried[density->broken].verdict, why);
	printf("%-18s %-9s %5u %24s %7s  ", density->policy->name,
	       density->spread ? "spread" : "together", answer_of(density), slow, saved);
	if (density->broken == ~0u)
		printf("%s\n", why);
	else
		printf("with %u: %s\n", density->tried[density->broken].count, why);
}

static void json_row(struct sim_json_writer *json, const struct sim_density *density)
{
	sim_json_object(json, NULL);
	sim_json_text(json, "policy", density->policy->name);
	sim_json_text(json, "load", density->spread ? "spread" : "together");
	sim_json_number(json, "vms", answer_of(density));
	sim_json_number(json, "vms_that_fit_at_all", density->room);
	sim_json_array(json, "tried");
	for (u32 i = 0; i < density->tries_count; i++) {
		const struct sim_verdict *verdict = &density->tried[i].verdict;

		sim_json_object(json, NULL);
		sim_json_number(json, "vms", density->tried[i].count);
		sim_json_bool(json, "safe", sim_verdict_is_safe(verdict));
		sim_json_number(json, "safe_runs", verdict->safe);
		sim_json_number(json, "runs", verdict->runs);
		sim_json_number(json, "slowdown", verdict->slowdown.mean);
		sim_json_number(json, "slowdown_low", verdict->slowdown.low);
		sim_json_number(json, "slowdown_high", verdict->slowdown.high);
		sim_json_number(json, "saved_share", verdict->saved);
		sim_json_number(json, "oom_runs", verdict->oom_runs);
		sim_json_text(json, "cause", sim_verdict_cause(verdict->cause));
		sim_json_close(json);
	}
	sim_json_close(json);
	sim_json_close(json);
}

static void print_head(const struct options *options, const struct sim_scenario *scenario, u32 vm)
{
	char host[TR_UNITS_TEXT], size[TR_UNITS_TEXT];

	printf("VMs like %s (%s) on a host of %s; %s within %.3gx in each of %u runs, and no kills.\n"
	       "With 95 %% confidence fewer than %.0f %% of runs with as many VMs are unsafe. %s\n\n",
	       scenario->vm[vm].name, tr_about_bytes(scenario->vm[vm].memory_bytes, size),
	       tr_about_bytes(scenario->host.memory_bytes, host),
	       options->p95 ? "95th percentile of VMs" : "worst VM", options->advice.slowdown,
	       options->advice.runs, 100 * sim_verdict_upper(0, options->advice.runs),
	       CMD_SEEDS_ALONE);
	printf("%-18s %-9s %5s %24s %7s  %s\n", "POLICY", "LOAD", "VMS", "SLOWDOWN [95 %]", "SAVED",
	       "WHAT LIMITS IT");
}

static int work(void *ctx, u32 job, void **result, size_t *bytes, struct tr_error *error)
{
	struct sim_density *density = &((struct sim_density *)ctx)[job], *found;
	int rc;

	density->progress_ctx = density;
	rc = sim_density_search(density, error);
	if (rc)
		return rc;
	found = malloc(sizeof(*found));
	assert(found);
	*found = *density;
	*result = found;
	*bytes = sizeof(*found);
	return 0;
}

static int take(void *ctx, u32 job, const void *result, size_t bytes)
{
	assert(bytes == sizeof(struct sim_density));
	memcpy(&((struct sim_density *)ctx)[job], result, bytes);
	return 0;
}

/* Every search by itself, on the cores that there are. */
static int search_all(const struct options *options, const struct sim_scenario *scenario, u32 vm,
		      const struct cmd_policies *policies, struct sim_density *density,
		      struct tr_error *error)
{
	u32 count = 2 * policies->count, workers = options->advice.workers;
	struct sim_pool pool = { .jobs_count = count, .workers = workers, .stop = &cli_stop,
				 .ctx = density, .work = work, .done = take };
	int rc;

	for (u32 i = 0; i < count; i++)
		density[i] = (struct sim_density){
			.scenario = scenario,
			.vm = vm,
			.policy = sim_policy_find(policies->name[i / 2]),
			.spread = i % 2,
			.cycle_ns = options->cycle_ns ? options->cycle_ns : scenario->duration_ns / 2,
			.slo = { options->advice.slowdown,
				 options->p95 ? SIM_RUN_SLOWDOWN_P95 : SIM_RUN_SLOWDOWN_MAX, false },
			.runs = options->advice.runs,
			.workers = (workers + count - 1) / count,
			.count_max = options->count_max,
			.stop = &cli_stop,
			.progress = progress,
		};
	rc = sim_pool_run(&pool, error);
	cmd_advice_progress("%s", "");
	return rc ? rc : cli_stop ? tr_fail(error, -EINTR, "interrupted") : 0;
}

static int density_all(const struct options *options, const struct sim_scenario *scenario, u32 vm,
		       const struct cmd_policies *policies)
{
	struct sim_json_writer json;
	struct sim_density *density = calloc(2ull * policies->count, sizeof(*density));
	struct tr_error error = { "" };
	int rc;

	assert(density);
	if (options->advice.json) {
		sim_json_begin(&json, stdout);
		sim_json_text(&json, "vm", scenario->vm[vm].name);
		sim_json_number(&json, "host_bytes", (double)scenario->host.memory_bytes);
		sim_json_number(&json, "slowdown_bound", options->advice.slowdown);
		cmd_json_sampled(&json, scenario->sample_one_in);
		sim_json_array(&json, "answers");
	} else {
		print_head(options, scenario, vm);
	}
	rc = search_all(options, scenario, vm, policies, density, &error);
	for (u32 i = 0; i < 2 * policies->count && !rc; i++) {
		if (options->advice.json)
			json_row(&json, &density[i]);
		else
			print_row(&density[i]);
	}
	if (options->advice.json) {
		sim_json_close(&json);
		sim_json_finish(&json);
	} else if (!rc) {
		cmd_say_sampled(scenario->sample_one_in);
	}
	free(density);
	return rc ? cmd_fail(rc, &error) : EXIT_DONE;
}

static int read_all(const struct options *options, struct sim_scenario *scenario,
		    struct sim_scenario *host, bool *two, struct tr_error *error)
{
	int rc;

	*two = options->advice.trace && options->advice.input;
	if (!options->advice.trace)
		return cmd_advice_read(&options->advice, scenario, error);
	rc = cmd_advice_trace_scenario(&options->advice, options->advice.trace, scenario, error);
	if (rc || !*two)
		return rc;
	/* The VM is the trace's; host, costs and policy are the scenario's. */
	struct cmd_advice only = options->advice;
	only.memory_bytes = 0;
	rc = cmd_advice_read(&only, host, error);
	if (rc) {
		sim_scenario_free(scenario);
		return rc;
	}
	scenario->host = host->host;
	scenario->costs = host->costs;
	scenario->link = host->link;
	scenario->seed = host->seed;
	return 0;
}

int cmd_density(int argc, char **argv)
{
	static const struct argp_child children[] = { { &cmd_advice_argp, 0, NULL, 0 },
						      { NULL, 0, NULL, 0 } };
	static const struct argp argp = { option, parse, "SCENARIO", doc, children, NULL, NULL };
	struct options options = { .count_max = COUNT_MAX_DEFAULT,
				   .advice = { .slowdown = 1.05,
					       .runs = RUNS_DEFAULT } };
	struct sim_scenario scenario, host;
	struct cmd_policies policies;
	struct tr_error error = { "" };
	bool two;
	u32 vm;
	int rc, status;

	argp_parse(&argp, argc, argv, 0, NULL, &options);
	options.advice.workers = options.advice.workers ? options.advice.workers : cmd_cores();
	cli_stop_install();
	rc = cmd_policies_split(&policies, options.policies ? options.policies : "static,ws-target",
				&error);
	if (!rc)
		rc = read_all(&options, &scenario, &host, &two, &error);
	if (rc) {
		cmd_policies_free(&policies);
		cmd_advice_free(&options.advice);
		return cmd_fail(rc, &error);
	}
	rc = cmd_advice_vm(&options.advice, &scenario, &vm, &error);
	status = rc ? cmd_fail(rc, &error) : density_all(&options, &scenario, vm, &policies);
	sim_scenario_free(&scenario);
	if (two)
		sim_scenario_free(&host);
	cmd_policies_free(&policies);
	cmd_advice_free(&options.advice);
	return status;
}
