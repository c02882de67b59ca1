/* SPDX-License-Identifier: BSD-2-Clause */
/* cmd_size.c - wssim size: the smallest guest, or the largest balloon, for a slowdown. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "advice/sim_size.h"
#include "advice/sim_variant.h"
#include "cli/cli_stop.h"
#include "cli/cmd.h"
#include "cli/cmd_advice.h"
#include "cli/cmd_options.h"
#include "lab/sim_mrc.h"
#include "oracle/sim_vmin.h"
#include "scenario/sim_json_write.h"
#include "scenario/sim_scenario_read.h"
#include "tr_file.h"
#include "tr_units.h"

#define RUNS_DEFAULT 10
#define STEPS 64 /* the answer is found to this part of the VM */

struct options {
	struct cmd_advice advice;
	u64 step_bytes;
	bool balloon;
};

/* What knows nothing of the simulator's kernel: for the reader to compare. */
struct reference {
	bool lru_known, elastic_known;
	u64 lru_bytes;	   /* exact LRU over the trace, with the kernel's memory */
	u64 elastic_bytes; /* mean over time, if memory could come and go by perfect idle ages */
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct options *options = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &options->advice;
		return 0;
	case 'b':
		options->balloon = true;
		return 0;
	case 'S':
		if (tr_parse_bytes(arg, &options->step_bytes) || options->step_bytes < TR_PAGE_SIZE)
			argp_error(state, "--step %s: not a size of 4KiB or more", arg);
		return 0;
	case CMD_ADVICE_VM:
		options->advice.vm = arg;
		return 0;
	default:
		return cmd_option_input(key, arg, state, "trace or scenario", &options->advice.input);
	}
}

static const struct argp_option option[] = {
	{ "balloon", 'b', NULL, 0, "the VM keeps its size: the largest safe balloon, not the smallest guest",
	  0 },
	{ "step", 'S', "SIZE", 0, "find the size to this (default: 1/64 of the VM)", 0 },
	CMD_ADVICE_VM_OPTION,
	{ NULL, 0, NULL, 0, NULL, 0 },
};

static const char doc[] =
	"Find the smallest guest, or the largest balloon, with which a workload is not slowed down by "
	"more than a bound."
	"\v"
	"Examples:\n"
	"  wssim size redis.wst --slowdown 1.05\n"
	"  wssim size redis.wst --balloon --memory 384MiB --runs 10\n"
	"  wssim size demo.json --vm cache --set 'vms.*.swap=zram'\n\n"
	"The VM runs alone on a host that has memory; every size is simulated --runs times (default "
	"10), and is safe when every run keeps the bound and nothing is killed; the first run that "
	"does not ends the trial of a size.  Intervals are over runs, which differ in their random "
	"numbers alone.  Beside the answer "
	"stand two references that do not simulate a kernel: exact LRU with the swap device's median "
	"latency, and the memory that perfect idle ages would need on average.\n"
	"Exit status: 0 done, 1 no size is safe, failed or interrupted, 2 usage or bad input.";

static void progress(void *ctx, u32 tries, u64 bytes)
{
	char text[TR_UNITS_TEXT];

	(void)ctx;
	cmd_advice_progress("size %u: %s ", tries + 1, tr_about_bytes(bytes, text));
}

/* Misses of exact LRU at the swap device's median latency, per compute time of the trace. */
static int lru_reference(const struct sim_vm_config *vm, double slowdown,
			 struct reference *reference, struct tr_error *error)
{
	const struct sim_segment *only = NULL;
	struct sim_lab_trace trace;
	struct tr_file *file;
	struct sim_mrc mrc;
	int rc;

	for (u32 i = 0; i < vm->segments_count; i++) {
		if (*vm->segment[i].trace && only)
			return 0; /* of several traces there is no one curve */
		only = *vm->segment[i].trace ? &vm->segment[i] : only;
	}
	if (!only)
		return 0;
	rc = tr_file_open(&file, only->trace, error);
	if (rc)
		return rc;
	const struct tr_meta *meta = tr_file_meta(file);
	double compute_ns = (double)meta->span_ns * meta->streams_count - (double)meta->idle_ns;
	tr_file_close(file);
	rc = sim_lab_trace_load(&trace, only->trace, NULL, error);
	if (rc)
		return rc;
	rc = sim_mrc_make(&mrc, &trace, 1);
	sim_lab_trace_destroy(&trace);
	if (rc)
		return tr_fail(error, rc, "%s: %s", only->trace, strerror(-rc));
	double cold = sim_mrc_ratio(&mrc, mrc.distance_max) * (double)mrc.accesses;
	u64 low = 1, high = mrc.distance_max;
	while (compute_ns > 0 && low < high) {
		u64 frames = low + (high - low) / 2;
		double misses = sim_mrc_ratio(&mrc, frames) * (double)mrc.accesses - cold;

		if (misses * (double)vm->swap.read_ns <= (slowdown - 1) * compute_ns)
			high = frames;
		else
			low = frames + 1;
	}
	reference->lru_known = compute_ns > 0;
	reference->lru_bytes = high * TR_PAGE_SIZE + vm->kernel_bytes;
	sim_mrc_destroy(&mrc);
	return 0;
}

static int elastic_reference(const struct sim_size *size, struct reference *reference,
			     struct tr_error *error)
{
	struct sim_variant variant;
	struct sim_vmin vmin;
	int rc;

	sim_variant_copies(&variant, size->scenario, size->vm, 1);
	sim_variant_ample(&variant);
	rc = sim_vmin_make(&vmin, &variant.scenario, NULL, &cli_stop, error);
	if (!rc) {
		struct sim_vmin_point point =
			sim_vmin_best(&vmin, SIM_VMIN_PAST, SIM_VMIN_SINGLE, size->slo.slowdown);
		reference->elastic_bytes = (u64)((1 - point.saved) * (double)size->full_bytes);
		reference->elastic_known = true;
	}
	sim_vmin_destroy(&vmin);
	sim_variant_free(&variant);
	return rc;
}

static void print_tries(const struct sim_size *size)
{
	char bytes[TR_UNITS_TEXT], why[CMD_ADVICE_TEXT];

	printf("\n%12s %28s %7s  %s\n", "MEMORY", "SLOWDOWN [95 %]", "SAFE", "");
	for (u32 i = 0; i < size->tries_count; i++) {
		const struct sim_verdict *verdict = &size->tried[i].verdict;
		char slow[64];

		cmd_interval_short(verdict->slowdown, slow, sizeof(slow));
		printf("%12s %28s %3u/%-3u  %s%s\n", tr_about_bytes(size->tried[i].bytes, bytes), slow,
		       verdict->safe, verdict->runs,
		       sim_verdict_is_safe(verdict) ? "" : cmd_advice_why(verdict, why),
		       verdict->valid ? "" : " (not valid: reuse below the trace's window matters)");
	}
}

static void print_reference(const struct reference *reference)
{
	char text[TR_UNITS_TEXT];

	if (reference->lru_known)
		printf("Reference: exact LRU over one pass of the trace, at the swap device's median "
		       "latency and nothing else, needs %s with its kernel.\n",
		       tr_about_bytes(reference->lru_bytes, text));
	if (reference->elastic_known)
		printf("Reference: memory that followed perfect idle ages would be %s on average.\n",
		       tr_about_bytes(reference->elastic_bytes, text));
}

static void print_answer(const struct sim_size *size, const struct reference *reference)
{
	const struct sim_vm_config *vm = &size->scenario->vm[size->vm];
	char answer[TR_UNITS_TEXT], full[TR_UNITS_TEXT], rest[TR_UNITS_TEXT], why[CMD_ADVICE_TEXT];
	char interval[CMD_INTERVAL_TEXT];

	tr_about_bytes(size->full_bytes, full);
	if (size->answer == ~0u) {
		printf("No size up to %s keeps %s within %.3gx: %s.\n", full, vm->name,
		       size->slo.slowdown,
		       cmd_advice_why(&size->tried[size->broken].verdict, why));
		print_tries(size);
		return;
	}
	const struct sim_size_try *at = &size->tried[size->answer];
	tr_about_bytes(at->bytes, answer);
	if (size->balloon)
		printf("The largest safe balloon for %s (%s) is %s: leave it %s.\n", vm->name, full,
		       tr_about_bytes(size->full_bytes - at->bytes, rest), answer);
	else
		printf("The smallest safe guest for %s is %s, %.0f %% of %s.\n", vm->name, answer,
		       100.0 * (double)at->bytes / (double)size->full_bytes, full);
	printf("There it takes %.3fx the time with all its memory (bound %.3gx; 95 %% interval of the "
	       "mean over runs: %s).\n", at->verdict.slowdown.mean, size->slo.slowdown,
	       cmd_interval(at->verdict.slowdown, 1, "%.3f", interval));
	printf("Confidence: all %u run%s safe, so with 95 %% confidence fewer than %.0f %% of runs "
	       "are not. %s\n", at->verdict.runs, at->verdict.runs > 1 ? "s were" : " was",
	       100 * sim_verdict_upper(0, at->verdict.runs), CMD_SEEDS_ALONE);
	if (size->broken != ~0u)
		printf("What limits it: with %s, %s.\n",
		       tr_about_bytes(size->tried[size->broken].bytes, rest),
		       cmd_advice_why(&size->tried[size->broken].verdict, why));
	else
		printf("What limits it: nothing; even the least that a guest can have is safe.\n");
	if (size->bumpy)
		printf("Slowdown does not fall steadily with memory here; sizes below may be safe, too.\n");
	if (!at->verdict.valid)
		printf("Not valid: at this size pages are evicted that the trace's window hides.\n");
	print_reference(reference);
	print_tries(size);
}

static void print_json(const struct sim_size *size, const struct reference *reference)
{
	struct sim_json_writer json;

	sim_json_begin(&json, stdout);
	sim_json_text(&json, "vm", size->scenario->vm[size->vm].name);
	sim_json_text(&json, "what", size->balloon ? "balloon" : "guest");
	sim_json_number(&json, "slowdown_bound", size->slo.slowdown);
	sim_json_number(&json, "full_bytes", (double)size->full_bytes);
	cmd_json_sampled(&json, size->scenario->sample_one_in);
	if (size->answer != ~0u) {
		u64 bytes = size->tried[size->answer].bytes;
		sim_json_number(&json, "bytes", (double)bytes);
		if (size->balloon)
			sim_json_number(&json, "balloon_bytes", (double)(size->full_bytes - bytes));
		sim_json_number(&json, "unsafe_runs_share_below", sim_verdict_upper(0, size->runs));
		sim_json_bool(&json, "valid", size->tried[size->answer].verdict.valid);
	}
	sim_json_bool(&json, "bumpy", size->bumpy);
	if (reference->lru_known)
		sim_json_number(&json, "exact_lru_bytes", (double)reference->lru_bytes);
	if (reference->elastic_known)
		sim_json_number(&json, "perfect_ages_mean_bytes", (double)reference->elastic_bytes);
	sim_json_array(&json, "sizes");
	for (u32 i = 0; i < size->tries_count; i++) {
		const struct sim_verdict *verdict = &size->tried[i].verdict;

		sim_json_object(&json, NULL);
		sim_json_number(&json, "bytes", (double)size->tried[i].bytes);
		sim_json_bool(&json, "safe", sim_verdict_is_safe(verdict));
		sim_json_number(&json, "safe_runs", verdict->safe);
		sim_json_number(&json, "runs", verdict->runs);
		sim_json_number(&json, "slowdown", verdict->slowdown.mean);
		sim_json_number(&json, "slowdown_low", verdict->slowdown.low);
		sim_json_number(&json, "slowdown_high", verdict->slowdown.high);
		sim_json_number(&json, "oom_runs", verdict->oom_runs);
		sim_json_text(&json, "cause", sim_verdict_cause(verdict->cause));
		sim_json_number(&json, "cause_share", verdict->cause_share);
		sim_json_close(&json);
	}
	sim_json_close(&json);
	sim_json_finish(&json);
}

static int size_it(const struct options *options, const struct sim_scenario *scenario)
{
	struct reference reference = { 0 };
	struct tr_error error = { "" };
	struct sim_size size = {
		.scenario = scenario,
		.balloon = options->balloon,
		.slo = { options->advice.slowdown, SIM_RUN_SLOWDOWN_MAX, options->balloon },
		.runs = options->advice.runs,
		.workers = options->advice.workers,
		.stop = &cli_stop,
		.progress = progress,
	};
	int rc = cmd_advice_vm(&options->advice, scenario, &size.vm, &error);

	if (rc)
		return cmd_fail(rc, &error);
	size.step_bytes = options->step_bytes ? options->step_bytes :
						scenario->vm[size.vm].memory_bytes / STEPS;
	rc = sim_size_search(&size, &error);
	cmd_advice_progress("%s", "");
	if (!rc)
		rc = lru_reference(&scenario->vm[size.vm], size.slo.slowdown, &reference, &error);
	if (!rc)
		rc = elastic_reference(&size, &reference, &error);
	if (rc)
		return cmd_fail(rc, &error);
	if (options->advice.json)
		print_json(&size, &reference);
	else
		print_answer(&size, &reference);
	if (!options->advice.json)
		cmd_say_sampled(scenario->sample_one_in);
	return size.answer == ~0u ? EXIT_FAILED : EXIT_DONE;
}

int cmd_size(int argc, char **argv)
{
	static const struct argp_child children[] = { { &cmd_advice_argp, 0, NULL, 0 },
						      { NULL, 0, NULL, 0 } };
	static const struct argp argp = { option, parse, "TRACE|SCENARIO", doc, children, NULL, NULL };
	struct options options = { .advice = { .slowdown = 1.05,
					       .runs = RUNS_DEFAULT } };
	struct sim_scenario scenario;
	struct tr_error error = { "" };
	int rc, status;

	argp_parse(&argp, argc, argv, 0, NULL, &options);
	options.advice.workers = options.advice.workers ? options.advice.workers : cmd_cores();
	cli_stop_install();
	rc = cmd_advice_read(&options.advice, &scenario, &error);
	status = rc ? cmd_fail(rc, &error) : size_it(&options, &scenario);
	if (!rc)
		sim_scenario_free(&scenario);
	cmd_advice_free(&options.advice);
	return status;
}
