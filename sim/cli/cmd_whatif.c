/* SPDX-License-Identifier: BSD-2-Clause */
/* cmd_whatif.c - wssim whatif: what would a policy do to my VMs? */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "advice/sim_forecast.h"
#include "advice/sim_inventory.h"
#include "cli/cli_stop.h"
#include "cli/cmd.h"
#include "cli/cmd_advice.h"
#include "cli/cmd_options.h"
#include "model/sim_sampling.h"
#include "output/sim_estimate_write.h"
#include "scenario/sim_demand.h"
#include "scenario/sim_json_write.h"
#include "scenario/sim_scenario_read.h"
#include "tr_demand.h"
#include "tr_scratch.h"
#include "tr_units.h"

#define RUNS_LEAST CMD_INTERVAL_RUNS
#define RUNS_MOST 10
#define PRECISION_DEFAULT 0.01
#define LOOK_ONE_IN 16 /* the first look; its error is known (sim_sampling.h) */
#define LOOK_FROM_NS (7200 * 1000000000ull) /* VM time: with less the answer itself is soon there */
#define POLICIES_DEFAULT "static,auto-balloon,mom,ws-target"

struct options {
	struct cmd_advice advice;
	const char *policies;
	double time_scale, precision;
	u64 from_ns, searched_ns; /* of demand series */
	bool from, scaled; /* were given */
	bool series;	   /* there are some */
	bool quick;
};

/* Everything that was found. */
struct answer {
	const struct sim_scenario *scenario;
	struct sim_forecast forecast;
	u64 nominal_bytes;
	u32 runs_fixed; /* 0: as many as the intervals need */
	u32 one_in;	/* 0: all pages */
	bool interrupted;
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
		options->time_scale = cmd_option_ratio(state, "--time-scale", arg, 0, 1e6);
		if (options->time_scale < 1)
			argp_error(state, "--time-scale %s: not a number from 1 to 1000000", arg);
		options->scaled = true;
		return 0;
	case 'f':
		if (tr_parse_ns(arg, &options->from_ns) || options->from_ns > TR_DEMAND_SPAN_MAX)
			argp_error(state, "--from %s: not a time of 400 days or less", arg);
		options->from = true;
		return 0;
	case 'P':
		options->precision = cmd_option_ratio(state, "--precision", arg, 0, 1);
		return 0;
	case 'q':
		options->quick = true;
		return 0;
	default:
		return cmd_option_input(key, arg, state, "inventory or scenario", &options->advice.input);
	}
}

static const struct argp_option option[] = {
	{ "policy", 'p', "A,B,C", 0, "policies to try (default " POLICIES_DEFAULT ")", 0 },
	{ "policies", 'p', NULL, OPTION_ALIAS, NULL, 0 },
	{ "time-scale", 'x', "FACTOR", 0,
	  "demand series of an inventory: divide their times (default 1; 24: a day in an hour)", 0 },
	{ "from", 'f', "TIME", 0,
	  "demand series: begin so late in them (default: when VMs together use most, or with a "
	  "--time-scale above 1 at their beginning)", 0 },
	{ "precision", 'P', "SHARE", 0,
	  "without --runs: stop when slowdown and saving are known within so much (default 0.01)", 0 },
	{ "quick", 'q', NULL, 0, "the first look alone: one run, one block of 32 pages in 16", 0 },
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
	"intervals over runs with different random numbers: errors of the model, its costs and the "
	"traces are not in them, and fewer than 5 runs have none. Without --runs, 5 runs are made, and "
	"more, up to 10, until for each policy the intervals of the worst VM's slowdown and of the "
	"saving are within 1 % (--precision) and runs agree on whether anything is killed. Where the "
	"VMs together run for two hours or more, a first look at a sixteenth of their pages is "
	"printed before. Ctrl-C ends it with what is known by then.\n\n"
	"Of demand series the hour (--duration) is simulated in which the VMs together use most "
	"memory, at its real pace; it is looked for as far as all of them last, and for 31 days at "
	"most. With --time-scale 24 a day passes in an hour, from their beginning; but to move memory "
	"costs as much as ever, and so what it adds to VMs' time is overstated, up to 24 times: "
	"slowdown then is an upper bound.\n"
	"Exit status: 0 done, 1 failed or interrupted, 2 usage or bad input.";

static void on_progress(void *ctx, u32 done_count, u32 all_count)
{
	const struct answer *answer = ctx;

	if (answer->runs_fixed)
		cmd_advice_progress("%u of %u runs done ", done_count, all_count);
	else
		cmd_advice_progress("%u runs done, %u at most; Ctrl-C: answer from what is done ",
				    done_count, all_count);
}

static int make_forecast(const struct options *options, const struct cmd_policies *policies,
			 struct answer *answer, u32 one_in, struct tr_error *error)
{
	u32 runs = one_in ? 1 : options->advice.runs;
	struct sim_forecast *forecast = &answer->forecast;

	answer->runs_fixed = runs;
	answer->one_in = one_in;
	*forecast = (struct sim_forecast){
		.scenario = answer->scenario,
		.policies_count = policies->count,
		.runs_least = runs ? runs : RUNS_LEAST,
		.runs_most = runs ? runs : RUNS_MOST,
		.precision = options->precision,
		.slowdown = options->advice.slowdown,
		.one_in = one_in,
		.workers = options->advice.workers,
		.stop = &cli_stop,
		.progress = on_progress,
		.progress_ctx = answer,
	};
	for (u32 i = 0; i < policies->count; i++)
		forecast->policy[i] = sim_policy_find(policies->name[i]);
	int rc = sim_forecast_make(forecast, error);

	cmd_advice_progress("%s", "");
	return rc;
}

static void say_policy(const struct answer *answer, u32 policy, const char *name)
{
	const struct sim_comparison *comparison = &answer->forecast.comparison;
	const struct sim_verdict *verdict = &answer->forecast.verdict[policy];
	struct sim_estimate median =
		sim_comparison_estimate(comparison, policy, SIM_RUN_SLOWDOWN_MEDIAN);
	struct sim_estimate saved = sim_comparison_estimate(comparison, policy, SIM_RUN_SAVED);
	char bytes[TR_UNITS_TEXT], guest[TR_UNITS_TEXT], host[TR_UNITS_TEXT], risk[SIM_SHARE_TEXT];
	char interval[CMD_INTERVAL_TEXT], interval2[CMD_INTERVAL_TEXT];

	printf("Under %s the median VM takes %.3fx (%s) and the worst, %s, %.3fx (%s) the time that it "
	       "takes with memory for everybody",
	       name, median.mean, cmd_interval(median, 1, "%.3f", interval), verdict->slowest,
	       verdict->slowdown.mean, cmd_interval(verdict->slowdown, 1, "%.3f", interval2));
	if (verdict->cause_share > 0.005)
		printf("; most of that is %s", sim_verdict_cause(verdict->cause));
	printf(". ");
	if (!verdict->oom_runs)
		printf("Nothing was killed for want of memory in %u run%s; ", verdict->runs,
		       verdict->runs > 1 ? "s" : "");
	else if (verdict->oom_runs == verdict->runs)
		printf("Something runs out of memory and is killed in every run (%u of %u): expect it; ",
		       verdict->oom_runs, verdict->runs);
	else
		printf("Something runs out of memory and is killed in %u of %u runs; ",
		       verdict->oom_runs, verdict->runs);
	printf("the risk per run is %s (95 %% confidence). ",
	       sim_verdict_share_text(verdict->oom_runs, verdict->runs, risk));
	printf("It saves %.1f %% (%s) of what the VMs were promised, %s on average; guests swap "
	       "%s, the host %s.%s\n\n", 100 * saved.mean, cmd_interval(saved, 100, "%.1f", interval),
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
		if (!sim_verdict_is_safe(&answer->forecast.verdict[i]))
			continue;
		printf("%s%s", best >= 0 ? ", " : "", policies->name[i]);
		if (best < 0 || answer->forecast.verdict[i].saved > most) {
			best = (int)i;
			most = answer->forecast.verdict[i].saved;
		}
	}
	if (best < 0)
		printf("none of them. A larger host, fewer VMs (wssim density) or a looser bound is "
		       "needed.\n");
	else
		printf(". Of these %s saves most, %.1f %%.\n", policies->name[best], 100 * most);
	for (u32 i = 1; i < policies->count; i++) {
		struct sim_estimate slow = sim_comparison_difference(&answer->forecast.comparison, i, 0,
								     SIM_RUN_SLOWDOWN_MAX);
		struct sim_estimate saved =
			sim_comparison_difference(&answer->forecast.comparison, i, 0, SIM_RUN_SAVED);

		char interval[2][CMD_INTERVAL_TEXT];

		printf("Against %s, run by run, %s changes the worst VM's slowdown by %+.3f (%s) and "
		       "memory saved by %+.1f points (%s).\n",
		       policies->name[0], policies->name[i], slow.mean,
		       cmd_interval(slow, 1, "%+.3f", interval[0]), 100 * saved.mean,
		       cmd_interval(saved, 100, "%+.1f", interval[1]));
	}
}

static void print_table(const struct answer *answer, const struct cmd_policies *policies)
{
	printf("\n%-18s %9s %9s %13s %8s %12s %12s %6s\n", "POLICY", "MEDIAN", "WORST", "OOM RISK",
	       "SAVED", "GUEST swap", "HOST swap", "SAFE");
	for (u32 i = 0; i < policies->count; i++) {
		const struct sim_verdict *verdict = &answer->forecast.verdict[i];
		struct sim_estimate median = sim_comparison_estimate(&answer->forecast.comparison, i,
								     SIM_RUN_SLOWDOWN_MEDIAN);
		char guest[TR_UNITS_TEXT], host[TR_UNITS_TEXT], risk[SIM_SHARE_TEXT];

		sim_verdict_share_text(verdict->oom_runs, verdict->runs, risk);
		printf("%-18s %9.3f %9.3f %13s %6.1f %% %12s %12s %2u/%-3u\n", policies->name[i],
		       median.mean, verdict->slowdown.mean, risk, 100 * verdict->saved,
		       tr_about_bytes((u64)verdict->guest_swap, guest),
		       tr_about_bytes((u64)verdict->host_swap, host), verdict->safe, verdict->runs);
	}
}

/* How many runs there were, and why so many. */
static void say_runs(const struct options *options, const struct answer *answer)
{
	u32 runs = answer->forecast.comparison.runs_count;
	double percent = 100 * options->precision;

	printf("%u run%s of each", runs, runs > 1 ? "s" : "");
	if (answer->interrupted)
		printf(": interrupted");
	else if (!answer->runs_fixed && answer->forecast.narrow)
		printf(": by then the intervals of slowdown and saving were within %.3g %%, and runs "
		       "agreed on what is killed", percent);
	else if (!answer->runs_fixed)
		printf(", the most that are made, though some intervals are still wider than %.3g %%, or "
		       "runs disagree on what is killed (--runs makes more)", percent);
	printf(". %s\n\n", runs < CMD_INTERVAL_RUNS ?
		       "An interval needs five runs, and is over their random numbers alone." :
		       CMD_SEEDS_ALONE);
}

static void print_head(const struct answer *answer)
{
	const struct sim_scenario *scenario = answer->scenario;
	char nominal[TR_UNITS_TEXT], host[TR_UNITS_TEXT], duration[TR_UNITS_TEXT];

	printf("%u VM%s of together %s on a host of %s (%.0f %% of its memory), %s.\n\n",
	       scenario->vms_count, scenario->vms_count > 1 ? "s" : "",
	       tr_about_bytes(answer->nominal_bytes, nominal),
	       tr_about_bytes(scenario->host.memory_bytes, host),
	       100.0 * (double)answer->nominal_bytes / (double)scenario->host.memory_bytes,
	       tr_about_ns(scenario->duration_ns, duration));
}

static void print_look(const struct answer *answer, const struct cmd_policies *policies, bool alone)
{
	char text[SIM_SAMPLING_TEXT];

	printf("A first look: one run of each; %s; where memory is short, it may be several times that.\n",
	       sim_sampling_error_text(answer->one_in, text));
	print_table(answer, policies);
	if (!alone)
		printf("\nNow with all pages:\n");
	fflush(stdout);
}

static void print_text(const struct options *options, const struct answer *answer,
		       const struct cmd_policies *policies)
{
	say_runs(options, answer);
	for (u32 i = 0; i < policies->count; i++)
		say_policy(answer, i, policies->name[i]);
	say_choice(options, answer, policies);
	print_table(answer, policies);
	cmd_say_sampled(answer->scenario->sample_one_in);
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
	sim_json_number(&json, "runs", answer->forecast.comparison.runs_count);
	sim_json_number(&json, "pages_one_in", answer->one_in ? answer->one_in :
						      answer->scenario->sample_one_in);
	cmd_json_sampled(&json, answer->one_in ? answer->one_in : answer->scenario->sample_one_in);
	if (options->series) {
		sim_json_number(&json, "time_scale", options->time_scale);
		sim_json_number(&json, "series_from_s", (double)options->from_ns / 1e9);
		if (options->searched_ns)
			sim_json_number(&json, "series_searched_s", (double)options->searched_ns / 1e9);
		sim_json_text(&json, "slowdown_is", options->time_scale > 1 ? "upper bound" : "estimate");
	}
	sim_json_bool(&json, "intervals_narrow", answer->forecast.narrow);
	sim_json_bool(&json, "interrupted", answer->interrupted);
	sim_json_array(&json, "policies");
	for (u32 i = 0; i < policies->count; i++) {
		const struct sim_verdict *verdict = &answer->forecast.verdict[i];
		const struct sim_comparison *comparison = &answer->forecast.comparison;

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
		struct sim_share risk = sim_verdict_share(verdict->oom_runs, verdict->runs);

		sim_json_number(&json, "oom_risk_above", risk.low);
		sim_json_number(&json, "oom_risk_below", risk.high);
		sim_json_number(&json, "guest_swap_bytes", verdict->guest_swap);
		sim_json_number(&json, "host_swap_bytes", verdict->host_swap);
		sim_json_number(&json, "safe_runs", verdict->safe);
		sim_json_bool(&json, "valid", verdict->valid);
		sim_json_close(&json);
	}
	sim_json_close(&json);
	sim_json_finish(&json);
}

/* Is the answer itself so long in coming that a look at some of the pages helps? */
static bool wants_look(const struct options *options, const struct sim_scenario *scenario)
{
	u64 vm_ns = scenario->vms_count * scenario->duration_ns;

	return options->quick || (!options->advice.json && vm_ns >= LOOK_FROM_NS &&
				  sim_forecast_can_sample(scenario));
}

static int look(const struct options *options, const struct cmd_policies *policies,
		struct answer *answer, struct tr_error *error)
{
	if (!sim_forecast_can_sample(answer->scenario))
		return tr_fail(error, -EINVAL, "--quick: pages of this scenario cannot be sampled, or are "
					       "already");
	int rc = make_forecast(options, policies, answer, LOOK_ONE_IN, error);

	if (!rc && options->advice.json)
		print_json(options, answer, policies);
	else if (!rc)
		print_look(answer, policies, options->quick);
	sim_forecast_free(&answer->forecast);
	return rc;
}

static int answer_in_full(const struct options *options, const struct cmd_policies *policies,
			  struct answer *answer, struct tr_error *error)
{
	int rc = make_forecast(options, policies, answer, 0, error);

	answer->interrupted = rc == -EINTR;
	if (rc && !(answer->interrupted && answer->forecast.comparison.runs_count))
		;
	else if (options->advice.json)
		print_json(options, answer, policies);
	else
		print_text(options, answer, policies);
	sim_forecast_free(&answer->forecast);
	return rc;
}

static int answer_all(const struct options *options, const struct cmd_policies *policies,
		      const struct sim_scenario *scenario)
{
	struct answer *answer = calloc(1, sizeof(*answer));
	struct tr_error error = { "" };
	int rc = 0;

	assert(answer);
	answer->scenario = scenario;
	for (u32 i = 0; i < scenario->vms_count; i++)
		answer->nominal_bytes += scenario->vm[i].memory_bytes;
	if (!options->advice.json)
		print_head(answer);
	if (wants_look(options, scenario))
		rc = look(options, policies, answer, &error);
	if (!rc && !options->quick)
		rc = answer_in_full(options, policies, answer, &error);
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

/* Why it may not be the time of most use of all that there is. */
static void say_searched(const struct sim_inventory *inventory)
{
	bool month = inventory->searched_ns == SIM_DEMAND_MINUTES * 60000000000ull;
	char searched[TR_UNITS_TEXT];

	printf("It was looked for in the first %s alone: %s.\n",
	       tr_about_ns(inventory->searched_ns, searched),
	       month ? "no more is searched, though there is more" :
			       "there the shortest series ends (a run that is longer begins it anew)");
}

static void say_series(const struct options *options, const struct sim_inventory *inventory)
{
	char from[TR_UNITS_TEXT];

	printf("%u of %u rows are demand series: accesses are generated to match. ",
	       inventory->demands_count, inventory->rows_count);
	if (options->time_scale > 1)
		printf("Their time is divided by %g, and what it costs to move memory is not: what they "
		       "say of slowdown is an upper bound, overstated up to %g times; --time-scale 1 "
		       "simulates the time of most use at its real pace.\n",
		       options->time_scale, options->time_scale);
	else
		printf("They are played at their real pace from %s on%s. At the start VMs take what they "
		       "use all at once.\n", tr_about_ns(inventory->begun_ns, from),
		       options->from ? "" : ", the time in which together they use most");
	if (inventory->searched_ns)
		say_searched(inventory);
}

/* Traces for demand series are made in @work, an absolute path. */
static int read_inventory(struct options *options, const char *work,
			  struct sim_scenario *scenario, struct tr_error *error)
{
	const struct cmd_advice *advice = &options->advice;
	struct sim_inventory inventory = {
		.path = advice->input,
		.host_bytes = advice->host_memory_bytes,
		.duration_ns = advice->duration_ns,
		.time_scale = (u64)(options->time_scale * TR_DEMAND_ONE),
		.from_ns = options->from || options->time_scale > 1 ? options->from_ns :
								      SIM_INVENTORY_BUSIEST,
		.work = work,
	};
	int rc;

	if (!advice->host_memory_bytes)
		return tr_fail(error, -EINVAL, "%s: an inventory needs --host-memory", advice->input);
	rc = sim_inventory_make(&inventory, error);
	if (rc)
		return rc;
	options->series = inventory.demands_count;
	options->from_ns = inventory.begun_ns;
	options->searched_ns = inventory.searched_ns;
	if (options->series && !advice->json)
		say_series(options, &inventory);
	rc = sim_scenario_read_text(scenario, advice->input, inventory.scenario,
				    strlen(inventory.scenario), advice->set, advice->sets_count, NULL,
				    error);
	free(inventory.scenario);
	return rc;
}

/* What stands in no relation to the input, before hours are spent on it. */
static int check(const struct options *options, bool inventory, struct tr_error *error)
{
	if (options->quick && options->advice.runs)
		return tr_fail(error, -EINVAL,
			       "--quick: makes one run of each, so --runs has no place there");
	if (!inventory && (options->scaled || options->from))
		return tr_fail(error, -EINVAL, "%s: is for demand series of an inventory; a scenario says "
			       "it itself", options->scaled ? "--time-scale" : "--from");
	return 0;
}

static int read_and_answer(struct options *options, bool inventory)
{
	struct tr_scratch work = { "", -1 };
	struct cmd_policies policies;
	struct sim_scenario scenario;
	struct tr_error error = { "" };
	int rc = cmd_policies_split(&policies, options->policies ? options->policies :
								   POLICIES_DEFAULT, &error);
	int status = EXIT_DONE;

	if (!rc && inventory)
		rc = tr_scratch_make(&work, "whatif", &error);
	if (!rc)
		rc = inventory ? read_inventory(options, work.path, &scenario, &error) :
				 cmd_advice_read(&options->advice, &scenario, &error);
	status = rc ? cmd_fail(rc, &error) : answer_all(options, &policies, &scenario);
	if (!rc)
		sim_scenario_free(&scenario);
	cmd_policies_free(&policies);
	tr_scratch_remove(&work);
	return status;
}

int cmd_whatif(int argc, char **argv)
{
	static const struct argp_child children[] = { { &cmd_advice_argp, 0, NULL, 0 },
						      { NULL, 0, NULL, 0 } };
	static const struct argp argp = { option, parse, "INVENTORY|SCENARIO", doc, children, NULL,
					  NULL };
	struct options options = { .time_scale = 1, .precision = PRECISION_DEFAULT,
				   .advice = { .slowdown = 1.05 } };
	struct tr_error error = { "" };
	bool inventory;
	int rc, status;

	argp_parse(&argp, argc, argv, 0, NULL, &options);
	options.advice.workers = options.advice.workers ? options.advice.workers : cmd_cores();
	cli_stop_install();
	inventory = !cmd_advice_is_trace(options.advice.input) && is_inventory(options.advice.input);
	rc = check(&options, inventory, &error);
	status = rc ? cmd_fail(rc, &error) : read_and_answer(&options, inventory);
	cmd_advice_free(&options.advice);
	return status;
}
