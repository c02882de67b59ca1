/* SPDX-License-Identifier: BSD-2-Clause */
/* cmd_sim.c - options, signals, progress and tables of the commands that simulate. */
#include <assert.h>
#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli_stop.h"
#include "cli/cmd.h"
#include "cli/cmd_options.h"
#include "cli/cmd_sim.h"
#include "output/sim_estimate_write.h"
#include "output/sim_summary_write.h"
#include "scenario/sim_scenario_read.h"
#include "tr_units.h"
#include "model/sim_sampling.h"

enum { KEY_NO_PLOTS = 1000, KEY_NO_BASELINE, KEY_RUN, KEY_SET };

static const struct argp_option options[] = {
	{ "seed", 's', "N", 0, "seed instead of the scenario's; decimal or 0x...", 1 },
	{ "run", KEY_RUN, "K", 0, "number of the (first) run; advances every random stream", 1 },
	{ "set", KEY_SET, "PATH=VALUE", 0, "override a value of the scenario, as in host.memory=4GiB",
	  1 },
	{ "json", 'J', NULL, 0, "print JSON instead of the table", 1 },
	{ NULL, 0, NULL, 0, NULL, 0 },
};

static const struct argp_option results_options[] = {
	{ "output", 'o', "DIR", 0, "results directory (default " CMD_OUT_DEFAULT ")", 1 },
	{ "no-plots", KEY_NO_PLOTS, NULL, 0, "do not draw", 1 },
	{ "no-baseline", KEY_NO_BASELINE, NULL, 0,
	  "leave out the runs with full memory; then there are no slowdowns", 1 },
	{ NULL, 0, NULL, 0, NULL, 0 },
};

static void add_set(struct cmd_sim *sim, struct argp_state *state, const char *set)
{
	if (sim->sets_count == CMD_SETS_MAX)
		argp_error(state, "more than %d overrides", CMD_SETS_MAX);
	sim->set[sim->sets_count++] = set;
}

/* --seed and --run are overrides too; text keeps all 64 bits of a seed. */
static void add_number(struct cmd_sim *sim, struct argp_state *state, const char *key,
		       const char *value)
{
	const char *digits = "0123456789";
	const char *from = value;
	char *set;

	if (!strcmp(key, "seed") && !strncmp(value, "0x", 2)) {
		digits = "0123456789abcdefABCDEF";
		from += 2;
	}
	if (!*from || from[strspn(from, digits)])
		argp_error(state, "--%s %s: not a number", key, value);
	int rc = asprintf(&set, !strcmp(key, "seed") ? "%s=\"%s\"" : "%s=%s", key, value);
	assert(rc >= 0);
	sim->owned[sim->owned_count++] = set;
	add_set(sim, state, set);
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct cmd_sim *sim = state->input;

	switch (key) {
	case 's':
		add_number(sim, state, "seed", arg);
		return 0;
	case KEY_RUN:
		add_number(sim, state, "run", arg);
		return 0;
	case KEY_SET:
		if (!strchr(arg, '='))
			argp_error(state, "--set %s: must be PATH=VALUE", arg);
		add_set(sim, state, arg);
		return 0;
	case 'J':
		sim->json = true;
		return 0;
	default:
		return cmd_option_input(key, arg, state, "scenario", &sim->scenario_path);
	}
}

static error_t parse_results(int key, char *arg, struct argp_state *state)
{
	struct cmd_sim *sim = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = sim;
		return 0;
	case 'o':
		sim->dir = arg;
		return 0;
	case KEY_NO_PLOTS:
		sim->no_plots = true;
		return 0;
	case KEY_NO_BASELINE:
		sim->no_baseline = true;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

const struct argp cmd_scenario_argp = { .options = options, .parser = parse };

static const struct argp_child children[] = { { &cmd_scenario_argp, 0, NULL, 0 },
					      { NULL, 0, NULL, 0 } };
const struct argp cmd_sim_argp = { .options = results_options, .parser = parse_results,
				   .children = children };

int cmd_sim_read(const struct cmd_sim *sim, const char *policy, struct sim_scenario *scenario,
		 struct tr_error *error)
{
	return sim_scenario_read(scenario, sim->scenario_path, sim->set, sim->sets_count, policy,
				 error);
}

void cmd_sim_free(struct cmd_sim *sim)
{
	for (u32 i = 0; i < sim->owned_count; i++)
		free(sim->owned[i]);
}

static void progress_runs(void *ctx, u32 done_count, u32 all_count)
{
	struct cmd_progress *progress = ctx;

	if (!isatty(STDERR_FILENO))
		return;
	fprintf(stderr, "\r%u of %u runs done ", done_count, all_count);
	progress->shown = true;
}

void cmd_progress_time(void *ctx, u64 now_ns)
{
	struct cmd_progress *progress = ctx;
	u32 percent = progress->end_ns ?
			      (u32)(100 * (now_ns / 1000000) / (progress->end_ns / 1000000 + 1)) :
			      0;

	if (percent == progress->last_percent || !isatty(STDERR_FILENO))
		return;
	progress->last_percent = percent;
	fprintf(stderr, "\r%3u %% of the simulated time ", percent);
}

void cmd_progress_clear(struct cmd_progress *progress)
{
	(void)progress;
	if (isatty(STDERR_FILENO))
		fprintf(stderr, "\r%40s\r", "");
}

char *cmd_line(int argc, char **argv)
{
	char *text = NULL;
	size_t size = 0;
	FILE *to = open_memstream(&text, &size);

	assert(to);
	fputs(argv[0], to);
	for (int i = 1; i < argc; i++) {
		bool plain = *argv[i] && !argv[i][strspn(argv[i],
			"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=./,:@%")];
		fputc(' ', to);
		if (plain) {
			fputs(argv[i], to);
			continue;
		}
		fputc('\'', to);
		for (const char *c = argv[i]; *c; c++)
			fputs(*c == '\'' ? "'\\''" : (char[]){ *c, 0 }, to);
		fputc('\'', to);
	}
	fclose(to);
	return text;
}

static const char *cell(const struct sim_comparison *comparison, u32 policy,
			enum sim_run_metric metric, char text[SIM_ESTIMATE_TEXT])
{
	return sim_estimate_text(&sim_run_metrics[metric],
			     sim_comparison_estimate(comparison, policy, metric), text);
}

static const char *mean_cell(const struct sim_comparison *comparison, u32 policy,
			     enum sim_run_metric metric, char text[SIM_ESTIMATE_TEXT])
{
	struct sim_estimate e = sim_comparison_estimate(comparison, policy, metric);

	return sim_metric_text(&sim_run_metrics[metric], e.mean, text);
}

static const char *regret_text(const struct sim_comparison *comparison, u32 policy,
			       enum sim_regret_curve curve, char text[SIM_REGRET_TEXT])
{
	const struct sim_regret *regret = &comparison->regret;

	return sim_regret_cell(curve, regret->known ? regret->could[curve][policy] -
							      regret->saved[policy] : NAN, text);
}

static void print_policies(const struct sim_comparison *comparison)
{
	bool on[SIM_POLICIES_MAX];
	char text[7][SIM_ESTIMATE_TEXT], channels[256];

	sim_comparison_frontier(comparison, SIM_RUN_SLOWDOWN_MEDIAN, on, NULL);
	printf("  %-18s %-20s %-20s %-22s %11s %6s %10s %10s %4s %7s %-5s %s\n", "POLICY",
	       "SLOWDOWN median", "SLOWDOWN worst", "MEMORY saved", "REGRET VMIN", "O5", "GUEST swap",
	       "HOST swap", "OOM", "TURNS/h", "VALID", "CHANNELS");
	for (u32 i = 0; i < comparison->policies_count; i++) {
		sim_channels_text(comparison->scenario[i]->policy->channels, channels,
				  sizeof(channels));
		struct sim_estimate turns =
			sim_comparison_estimate(comparison, i, SIM_RUN_REVERSALS);
		char per_hour[16] = "-", vmin[SIM_REGRET_TEXT], o5[SIM_REGRET_TEXT];

		if (turns.count)
			snprintf(per_hour, sizeof(per_hour), "%.1f", turns.mean);
		printf("%c %-18s %-20s %-20s %-22s %11s %6s %10s %10s %4s %7s %-5s %s\n", on[i] ? '*' : ' ',
		       sim_comparison_name(comparison, i),
		       cell(comparison, i, SIM_RUN_SLOWDOWN_MEDIAN, text[0]),
		       cell(comparison, i, SIM_RUN_SLOWDOWN_MAX, text[1]),
		       cell(comparison, i, SIM_RUN_SAVED, text[2]),
		       regret_text(comparison, i, SIM_REGRET_VMIN, vmin),
		       regret_text(comparison, i, comparison->regret.right[i], o5),
		       mean_cell(comparison, i, SIM_RUN_GUEST_SWAP, text[3]),
		       mean_cell(comparison, i, SIM_RUN_HOST_SWAP, text[4]),
		       mean_cell(comparison, i, SIM_RUN_OOM, text[5]), per_hour,
		       !turns.count ? "-" : sim_comparison_valid(comparison, i) ? "yes" : "NO",
		       channels);
	}
	printf("\n* on the frontier: no other policy saves as much and slows the median VM as little."
	       "\nMeans over %u runs, [95 %% interval]; slowdown against the same run with memory for "
	       "everybody.\n",
	       comparison->runs_count);
	if (comparison->regret.known)
		fputs(sim_regret_legend(comparison->regret.bound, comparison->regret.lru), stdout);
}

static void print_vms(const struct sim_comparison *comparison)
{
	static const enum sim_vm_metric columns[] = {
		SIM_VM_SLOWDOWN,      SIM_VM_SAVED,	    SIM_VM_PSI_SOME, SIM_VM_GUEST_SWAP_IN,
		SIM_VM_GUEST_SWAP_OUT, SIM_VM_HOST_SWAP_IN, SIM_VM_HOST_SWAP_OUT, SIM_VM_OOM,
		SIM_VM_REVERSALS,
	};
	static const char *const titles[] = { "SLOWDOWN", "SAVED",    "PSI some", "SWAP in",
					      "SWAP out", "HOST in",  "HOST out", "OOM",
					      "TURNS" };
	const struct sim_summary *summary = comparison->summary[0];
	char text[SIM_METRIC_TEXT];

	printf("%-16s", "VM");
	for (size_t i = 0; i < sizeof(columns) / sizeof(*columns); i++)
		printf(" %10s", titles[i]);
	putchar('\n');
	for (u32 vm = 0; vm < summary->vms_count; vm++) {
		printf("%-16s", summary->vm[vm].name);
		for (size_t i = 0; i < sizeof(columns) / sizeof(*columns); i++)
			printf(" %10s", sim_metric_text(&sim_vm_metrics[columns[i]],
							summary->vm[vm].value[columns[i]], text));
		putchar('\n');
	}
	putchar('\n');
	static const enum sim_run_metric lines[] = {
		SIM_RUN_SAVED, SIM_RUN_SLOWDOWN_MEDIAN, SIM_RUN_SLOWDOWN_MAX, SIM_RUN_GUEST_SWAP,
		SIM_RUN_HOST_SWAP, SIM_RUN_HOST_LOW, SIM_RUN_LOW_AVAILABLE, SIM_RUN_OOM,
		SIM_RUN_REPORTS, SIM_RUN_WRONG_SHARE,
	};
	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++)
		printf("%-22s %s\n", sim_run_metrics[lines[i]].label,
		       sim_metric_text(&sim_run_metrics[lines[i]], summary->value[lines[i]], text));
}

static void print_results(const struct cmd_sim *sim, const struct sim_experiment *experiment)
{
	const struct sim_comparison *comparison = &experiment->comparison;
	const struct sim_scenario *scenario = experiment->scenario;
	char channels[256];

	if (sim->json) {
		sim_summary_json(comparison, stdout);
		return;
	}
	if (experiment->policies_count == 1 && experiment->runs_count == 1) {
		sim_channels_text(scenario->policy->channels, channels, sizeof(channels));
		printf("%s under %s (channels: %s), run %u%s\n\n", scenario->name,
		       scenario->policy->name, channels, scenario->run,
		       comparison->interrupted ? ", interrupted" : "");
		print_vms(comparison);
		if (!sim_comparison_valid(comparison, 0))
			printf("NOT VALID: a VM evicted too many pages younger than its trace's time "
			       "resolution.\n");
	} else {
		printf("%s%s\n\n", scenario->name, comparison->interrupted ? ", interrupted" : "");
		print_policies(comparison);
	}
	u32 one_in = comparison->scenario[0]->sample_one_in;
	char sampling[SIM_SAMPLING_TEXT];

	if (one_in > 1)
		printf("\nsampled %s\n", sim_sampling_error_text(one_in, sampling));
	printf("\ndigest  0x%016llx\nresults %s/report.html\n", sim_comparison_digest(comparison),
	       experiment->dir);
}

int cmd_experiment(const struct cmd_sim *sim, struct sim_experiment *experiment)
{
	struct cmd_progress progress = { .end_ns = experiment->scenario[0].duration_ns };
	struct tr_error error = { "" };
	int rc, status = EXIT_DONE;

	cli_stop_install();
	/* A file size limit makes writes fail, as a full disk does, and does not kill. */
	signal(SIGXFSZ, SIG_IGN);
	experiment->dir = sim->dir ? sim->dir : CMD_OUT_DEFAULT;
	experiment->baseline = !sim->no_baseline;
	experiment->plots = !sim->no_plots;
	experiment->stop = &cli_stop;
	experiment->progress_ctx = &progress;
	if (experiment->policies_count == 1 && experiment->runs_count == 1)
		experiment->run_progress = cmd_progress_time;
	else
		experiment->progress = progress_runs;
	rc = sim_experiment_run(experiment, &error);
	cmd_progress_clear(&progress);
	if (rc) {
		status = cmd_fail(rc, &error);
	} else {
		print_results(sim, experiment);
		if (*experiment->plots_error.text) {
			fprintf(stderr, "wssim: plots are missing: %s\n", experiment->plots_error.text);
			status = EXIT_FAILED;
		}
		if (experiment->comparison.interrupted) {
			fprintf(stderr, "wssim: interrupted; %s holds what was finished\n",
				experiment->dir);
			status = EXIT_FAILED;
		}
	}
	sim_comparison_destroy(&experiment->comparison);
	return status;
}
