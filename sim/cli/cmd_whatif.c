/* SPDX-License-Identifier: BSD-2-Clause */
/* cmd_whatif.c - wssim whatif: what would a policy do to my VMs? */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "advice/sim_batch.h"
#include "advice/sim_inventory.h"
#include "advice/sim_variant.h"
#include "cli/cli_stop.h"
#include "cli/cmd.h"
#include "cli/cmd_advice.h"
#include "cli/cmd_options.h"
#include "output/sim_comparison.h"
#include "output/sim_estimate_write.h"
#include "observe/sim_results.h"
#include "output/sim_single.h"
#include "scenario/sim_json_write.h"
#include "scenario/sim_scenario_read.h"
#include "tr_demand.h"
#include "tr_scratch.h"
#include "tr_units.h"

#define RUNS_DEFAULT 5
#define SCALE_DEFAULT 24
#define POLICIES_DEFAULT "static,auto-balloon,mom,ws-target"

struct options {
	struct cmd_advice advice;
	const char *policies;
	double time_scale;
};

/* Everything that was found. */
struct answer {
	const struct sim_scenario *scenario;
	struct sim_comparison comparison;
	struct sim_verdict verdict[CMD_POLICIES_MAX]; /* the worst VM against --slowdown */
	u64 nominal_bytes;
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
	case 'x':
		options->time_scale = cmd_option_ratio(state, "--time-scale", arg, 0.999999, 1e6);
		return 0;
	default:
		return cmd_option_input(key, arg, state, "inventory or scenario", &options->advice.input);
	}
}

static const struct argp_option option[] = {
	{ "policy", 'p', "A,B,C", 0, "policies to try (default " POLICIES_DEFAULT ")", 0 },
	{ "policies", 'p', NULL, OPTION_ALIAS, NULL, 0 },
	{ "time-scale", 'x', "FACTOR", 0,
	  "demand series of an inventory: divide their times (default 24: a day in an hour)", 0 },
	{ NULL, 0, NULL, 0, NULL, 0 },
};

static const char doc[] =
	"Predict what balloon policies would do to these VMs on this host: slowdown, risk of running "
	"out of memory, memory saved, each with its confidence."
	"\v"
	"Input is a scenario (JSON), or an inventory: a csv file with a header and the columns name, "
	"memory, and trace (a .wst file) or demand (memory in use over time: GCD, Alibaba or "
	"Bitbrains layout), and if wanted count, swap, container.\n\n"
	"Examples:\n"
	"  wssim whatif vms.csv --host-memory 64GiB --policy static,mom,ws-target\n"
	"  wssim whatif demo.json --slowdown 1.1 --runs 10\n"
	"  wssim whatif demo.json --policy ws-target --set host.memory=400MiB\n\n"
	"Slowdown is against the same run with memory for everybody; intervals are 95 % bootstrap "
	"intervals over --runs runs (default 5).\n"
	"Exit status: 0 done, 1 failed or interrupted, 2 usage or bad input.";

static void on_progress(void *ctx, u32 done_count, u32 all_count)
{
	(void)ctx;
	cmd_advice_progress("%u of %u runs done ", done_count, all_count);
}

static int run_all(const struct options *options, const struct cmd_policies *policies,
		   struct answer *answer, struct tr_error *error)
{
	const struct sim_scenario *from = answer->scenario;
	struct sim_variant *variant = calloc(policies->count, sizeof(*variant));
	const struct sim_scenario *scenario[CMD_POLICIES_MAX + 1];
	struct sim_scenario baseline;
	struct sim_batch batch = { .scenario = scenario, .scenarios_count = policies->count + 1,
				   .runs_count = options->advice.runs,
				   .workers = options->advice.workers, .stop = &cli_stop,
				   .progress = on_progress };
	struct sim_comparison *comparison = &answer->comparison;
	u32 runs = options->advice.runs;
	int rc;

	assert(variant);
	for (u32 i = 0; i < policies->count; i++) {
		variant[i].scenario = *from;
		variant[i].scenario.policy_state = NULL;
		sim_variant_policy(&variant[i], from, sim_policy_find(policies->name[i]));
		scenario[i] = &variant[i].scenario;
	}
	sim_baseline_init(&baseline, from);
	scenario[policies->count] = &baseline;
	rc = sim_batch_run(&batch, error);
	cmd_advice_progress("%s", "");
	/* The comparison takes over the summaries, which come in its order. */
	sim_comparison_init(comparison, policies->count, runs);
	for (u32 i = 0; i < policies->count * runs && !rc; i++) {
		comparison->summary[i] = batch.summary[i];
		batch.summary[i] = NULL;
	}
	for (u32 run = 0; run < runs && !rc; run++) {
		comparison->baseline[run] = batch.summary[policies->count * runs + run];
		batch.summary[policies->count * runs + run] = NULL;
	}
	sim_comparison_relate(comparison);
	struct sim_slo slo = { options->advice.slowdown, SIM_RUN_SLOWDOWN_MAX, false };
	for (u32 i = 0; i < policies->count && !rc; i++)
		sim_verdict_make(&answer->verdict[i], &slo, comparison->summary + i * runs,
				 comparison->baseline, runs);
	sim_batch_free(&batch);
	for (u32 i = 0; i < policies->count; i++)
		free(variant[i].scenario.policy_state);
	free(variant);
	sim_baseline_destroy(&baseline);
	return rc;
}

static void say_policy(const struct answer *answer, u32 policy, const char *name)
{
	const struct sim_comparison *comparison = &answer->comparison;
	const struct sim_verdict *verdict = &answer->verdict[policy];
	struct sim_estimate median =
		sim_comparison_estimate(comparison, policy, SIM_RUN_SLOWDOWN_MEDIAN);
	struct sim_estimate saved = sim_comparison_estimate(comparison, policy, SIM_RUN_SAVED);
	char bytes[TR_UNITS_TEXT], guest[TR_UNITS_TEXT], host[TR_UNITS_TEXT];

	printf("Under %s the median VM takes %.3fx (%.3f to %.3f) and the worst, %s, %.3fx (%.3f to "
	       "%.3f) the time that it takes with memory for everybody",
	       name, median.mean, median.low, median.high, verdict->slowest, verdict->slowdown.mean,
	       verdict->slowdown.low, verdict->slowdown.high);
	if (verdict->cause_share > 0.005)
		printf("; most of that is %s", sim_verdict_cause(verdict->cause));
	printf(". ");
	if (verdict->oom_runs)
		printf("Something runs out of memory and is killed in %u of %u runs; ",
		       verdict->oom_runs, verdict->runs);
	else
		printf("Nothing was killed for want of memory in %u runs; ", verdict->runs);
	printf("the risk per run is below %.0f %% (95 %% confidence). ",
	       100 * sim_verdict_upper(verdict->oom_runs, verdict->runs));
	printf("It saves %.1f %% (%.1f to %.1f) of what the VMs were promised, %s on average; guests swap "
	       "%s, the host %s.%s\n\n", 100 * saved.mean, 100 * saved.low, 100 * saved.high,
	       tr_about_bytes((u64)((saved.mean > 0 ? saved.mean : 0) * (double)answer->nominal_bytes),
			      bytes),
	       tr_about_bytes((u64)verdict->guest_swap, guest),
	       tr_about_bytes((u64)verdict->host_swap, host),
	       verdict->valid ? "" : " NOT VALID: pages are evicted that the traces' window hides.");
}

static void say_choice(const struct options *options, const struct answer *answer,
		       const struct cmd_policies *policies)
{
	int best = -1;
	double most = 0;

	printf("Within %.3gx for the worst VM, in every run and without a kill: ",
	       options->advice.slowdown);
	for (u32 i = 0; i < policies->count; i++) {
		if (!sim_verdict_is_safe(&answer->verdict[i]))
			continue;
		printf("%s%s", best >= 0 ? ", " : "", policies->name[i]);
		if (best < 0 || answer->verdict[i].saved > most) {
			best = (int)i;
			most = answer->verdict[i].saved;
		}
	}
	if (best < 0)
		printf("none of them. A larger host, fewer VMs (wssim density) or a looser bound is "
		       "needed.\n");
	else
		printf(". Of these %s saves most, %.1f %%.\n", policies->name[best], 100 * most);
	for (u32 i = 1; i < policies->count; i++) {
		struct sim_estimate slow = sim_comparison_difference(&answer->comparison, i, 0,
								     SIM_RUN_SLOWDOWN_MAX);
		struct sim_estimate saved =
			sim_comparison_difference(&answer->comparison, i, 0, SIM_RUN_SAVED);

		printf("Against %s, run by run, %s changes the worst VM's slowdown by %+.3f (%+.3f to "
		       "%+.3f) and memory saved by %+.1f points (%+.1f to %+.1f).\n",
		       policies->name[0], policies->name[i], slow.mean, slow.low, slow.high,
		       100 * saved.mean, 100 * saved.low, 100 * saved.high);
	}
}

static void print_table(const struct answer *answer, const struct cmd_policies *policies)
{
	printf("\n%-18s %9s %9s %10s %8s %12s %12s %6s\n", "POLICY", "MEDIAN", "WORST", "OOM RISK",
	       "SAVED", "GUEST swap", "HOST swap", "SAFE");
	for (u32 i = 0; i < policies->count; i++) {
		const struct sim_verdict *verdict = &answer->verdict[i];
		struct sim_estimate median = sim_comparison_estimate(&answer->comparison, i,
								     SIM_RUN_SLOWDOWN_MEDIAN);
		char guest[TR_UNITS_TEXT], host[TR_UNITS_TEXT], risk[16];

		snprintf(risk, sizeof(risk), "< %.0f %%",
			 100 * sim_verdict_upper(verdict->oom_runs, verdict->runs));
		printf("%-18s %9.3f %9.3f %10s %6.1f %% %12s %12s %2u/%-3u\n", policies->name[i],
		       median.mean, verdict->slowdown.mean, risk, 100 * verdict->saved,
		       tr_about_bytes((u64)verdict->guest_swap, guest),
		       tr_about_bytes((u64)verdict->host_swap, host), verdict->safe, verdict->runs);
	}
}

static void print_text(const struct options *options, const struct answer *answer,
		       const struct cmd_policies *policies)
{
	const struct sim_scenario *scenario = answer->scenario;
	char nominal[TR_UNITS_TEXT], host[TR_UNITS_TEXT], duration[TR_UNITS_TEXT];

	printf("%u VM%s of together %s on a host of %s (%.0f %% of its memory), %s, %u runs.\n\n",
	       scenario->vms_count, scenario->vms_count > 1 ? "s" : "",
	       tr_about_bytes(answer->nominal_bytes, nominal),
	       tr_about_bytes(scenario->host.memory_bytes, host),
	       100.0 * (double)answer->nominal_bytes / (double)scenario->host.memory_bytes,
	       tr_about_ns(scenario->duration_ns, duration), options->advice.runs);
	for (u32 i = 0; i < policies->count; i++)
		say_policy(answer, i, policies->name[i]);
	say_choice(options, answer, policies);
	print_table(answer, policies);
}

static void print_json(const struct options *options, const struct answer *answer,
		       const struct cmd_policies *policies)
{
	struct sim_json_writer json;

	sim_json_begin(&json, stdout);
	sim_json_number(&json, "vms", answer->scenario->vms_count);
	sim_json_number(&json, "nominal_bytes", (double)answer->nominal_bytes);
	sim_json_number(&json, "host_bytes", (double)answer->scenario->host.memory_bytes);
	sim_json_number(&json, "slowdown_bound", options->advice.slowdown);
	sim_json_number(&json, "runs", options->advice.runs);
	sim_json_array(&json, "policies");
	for (u32 i = 0; i < policies->count; i++) {
		const struct sim_verdict *verdict = &answer->verdict[i];
		const struct sim_comparison *comparison = &answer->comparison;

		sim_json_object(&json, NULL);
		sim_json_text(&json, "policy", policies->name[i]);
		sim_estimate_json(&json, "slowdown_median",
			      sim_comparison_estimate(comparison, i, SIM_RUN_SLOWDOWN_MEDIAN));
		sim_estimate_json(&json, "slowdown_worst", verdict->slowdown);
		sim_estimate_json(&json, "saved_share",
			      sim_comparison_estimate(comparison, i, SIM_RUN_SAVED));
		sim_json_text(&json, "worst_vm", verdict->slowest);
		sim_json_text(&json, "cause", sim_verdict_cause(verdict->cause));
		sim_json_number(&json, "oom_runs", verdict->oom_runs);
		sim_json_number(&json, "oom_risk_below",
				sim_verdict_upper(verdict->oom_runs, verdict->runs));
		sim_json_number(&json, "guest_swap_bytes", verdict->guest_swap);
		sim_json_number(&json, "host_swap_bytes", verdict->host_swap);
		sim_json_number(&json, "safe_runs", verdict->safe);
		sim_json_bool(&json, "valid", verdict->valid);
		sim_json_close(&json);
	}
	sim_json_close(&json);
	sim_json_finish(&json);
}

static int answer_all(const struct options *options, const struct sim_scenario *scenario)
{
	struct answer *answer = calloc(1, sizeof(*answer));
	struct cmd_policies policies;
	struct tr_error error = { "" };
	int rc = cmd_policies_split(&policies, options->policies ? options->policies :
								   POLICIES_DEFAULT, &error);

	assert(answer);
	answer->scenario = scenario;
	for (u32 i = 0; i < scenario->vms_count; i++)
		answer->nominal_bytes += scenario->vm[i].memory_bytes;
	if (!rc) {
		rc = run_all(options, &policies, answer, &error);
		if (!rc && options->advice.json)
			print_json(options, answer, &policies);
		else if (!rc)
			print_text(options, answer, &policies);
		sim_comparison_destroy(&answer->comparison);
	}
	cmd_policies_free(&policies);
	free(answer);
	return rc ? cmd_fail(rc, &error) : EXIT_DONE;
}

static bool is_inventory(const char *path)
{
	size_t length = strlen(path);
	int first = cmd_advice_first(path);

	return first == EOF ? length >= 4 && !access(path, R_OK) && !strcmp(path + length - 4, ".csv") :
			      first != '{';
}

/* Traces for demand series are made in @work, an absolute path. */
static int read_inventory(const struct options *options, const char *work,
			  struct sim_scenario *scenario, struct tr_error *error)
{
	const struct cmd_advice *advice = &options->advice;
	struct sim_inventory inventory = {
		.path = advice->input,
		.host_bytes = advice->host_memory_bytes,
		.duration_ns = advice->duration_ns,
		.time_scale = (u64)(options->time_scale * TR_DEMAND_ONE),
		.work = work,
	};
	int rc;

	if (!advice->host_memory_bytes)
		return tr_fail(error, -EINVAL, "%s: an inventory needs --host-memory", advice->input);
	rc = sim_inventory_make(&inventory, error);
	if (rc)
		return rc;
	if (inventory.demands_count && !advice->json)
		printf("%u of %u rows are demand series: accesses are generated to match, and their time is "
		       "divided by %g.\n", inventory.demands_count, inventory.rows_count,
		       options->time_scale);
	rc = sim_scenario_read_text(scenario, advice->input, inventory.scenario,
				    strlen(inventory.scenario), advice->set, advice->sets_count, NULL,
				    error);
	free(inventory.scenario);
	return rc;
}

int cmd_whatif(int argc, char **argv)
{
	static const struct argp_child children[] = { { &cmd_advice_argp, 0, NULL, 0 },
						      { NULL, 0, NULL, 0 } };
	static const struct argp argp = { option, parse, "INVENTORY|SCENARIO", doc, children, NULL,
					  NULL };
	struct options options = { .time_scale = SCALE_DEFAULT,
				   .advice = { .slowdown = 1.05,
					       .runs = RUNS_DEFAULT } };
	struct tr_scratch work = { "", -1 };
	struct sim_scenario scenario;
	struct tr_error error = { "" };
	bool inventory;
	int rc = 0, status;

	argp_parse(&argp, argc, argv, 0, NULL, &options);
	options.advice.workers = options.advice.workers ? options.advice.workers : cmd_cores();
	cli_stop_install();
	inventory = !cmd_advice_is_trace(options.advice.input) && is_inventory(options.advice.input);
	if (inventory)
		rc = tr_scratch_make(&work, "whatif", &error);
	if (rc)
		return cmd_fail(rc, &error);
	rc = inventory ? read_inventory(&options, work.path, &scenario, &error) :
			 cmd_advice_read(&options.advice, &scenario, &error);
	status = rc ? cmd_fail(rc, &error) : answer_all(&options, &scenario);
	if (!rc)
		sim_scenario_free(&scenario);
	tr_scratch_remove(&work);
	cmd_advice_free(&options.advice);
	return status;
}
