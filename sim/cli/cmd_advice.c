/* SPDX-License-Identifier: BSD-2-Clause */
/* cmd_advice.c - what the commands that give advice share; see cmd_advice.h. */
#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/cmd_advice.h"
#include "cli/cmd_options.h"
#include "model/sim_sampling.h"
#include "output/sim_comparison.h"
#include "scenario/sim_json_write.h"
#include "scenario/sim_scenario_read.h"
#include "tr_file.h"
#include "tr_units.h"

#define SECOND 1000000000ull
#define MIB (1ull << 20)

enum { KEY_DURATION = 1100, KEY_MEMORY, KEY_HOST_MEMORY, KEY_SEED, KEY_SET };

static const struct argp_option options[] = {
	{ "slowdown", 's', "X", 0, "bound: so many times the time with memory for everybody (1.05)", 1 },
	{ "slo", 's', NULL, OPTION_ALIAS, NULL, 1 },
	{ "runs", 'n', "N", 0, "runs with different random numbers; all must keep the bound", 1 },
	{ "jobs", 'j', "N", 0, "processes at a time (default: all cores)", 1 },
	{ "seed", KEY_SEED, "N", 0, "seed of the random numbers", 1 },
	{ "set", KEY_SET, "PATH=VALUE", 0, "override a value of the scenario", 1 },
	{ "duration", KEY_DURATION, "TIME", 0, "simulate so long", 1 },
	{ "memory", KEY_MEMORY, "SIZE", 0, "of the VM, when a trace is given", 1 },
	{ "host-memory", KEY_HOST_MEMORY, "SIZE", 0, "of the host, instead of the scenario's", 1 },
	{ "json", 'J', NULL, 0, "print JSON", 1 },
	{ NULL, 0, NULL, 0, NULL, 0 },
};

static void add_set(struct cmd_advice *advice, struct argp_state *state, const char *set)
{
	if (!strchr(set, '='))
		argp_error(state, "--set %s: must be PATH=VALUE", set);
	if (advice->sets_count == CMD_ADVICE_SETS)
		argp_error(state, "more than %d overrides", CMD_ADVICE_SETS);
	advice->set[advice->sets_count++] = set;
}

static void size_arg(struct argp_state *state, const char *name, const char *arg, u64 *bytes)
{
	if (tr_parse_bytes(arg, bytes) || *bytes < MIB || *bytes > 1ull << 46)
		argp_error(state, "%s %s: not a size from 1MiB to 64TiB", name, arg);
	*bytes = *bytes / TR_PAGE_SIZE * TR_PAGE_SIZE;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct cmd_advice *advice = state->input;
	u64 seed;

	switch (key) {
	case 's':
		advice->slowdown = cmd_option_ratio(state, "--slowdown (--slo)", arg, 1, 100);
		return 0;
	case 'n':
		advice->runs = cmd_option_count(state, "--runs", arg, SIM_RUNS_MAX);
		return 0;
	case 'j':
		advice->workers = cmd_option_count(state, "--jobs", arg, CMD_WORKERS_MAX);
		return 0;
	case KEY_SEED:
		if (advice->owned || tr_parse_count(arg, &seed))
			argp_error(state, "--seed %s: a number, once", arg);
		int got = asprintf(&advice->owned, "seed=\"%llu\"", seed);
		assert(got > 0);
		add_set(advice, state, advice->owned);
		return 0;
	case KEY_SET:
		add_set(advice, state, arg);
		return 0;
	case KEY_DURATION:
		if (tr_parse_ns(arg, &advice->duration_ns) || advice->duration_ns < SECOND)
			argp_error(state, "--duration %s: not a time of a second or more", arg);
		return 0;
	case KEY_MEMORY:
		size_arg(state, "--memory", arg, &advice->memory_bytes);
		return 0;
	case KEY_HOST_MEMORY:
		size_arg(state, "--host-memory", arg, &advice->host_memory_bytes);
		return 0;
	case 'J':
		advice->json = true;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

const struct argp cmd_advice_argp = { .options = options, .parser = parse };

bool cmd_advice_is_trace(const char *path)
{
	static const unsigned char magic[4] = { 0x89, 'W', 'S', 'T' };
	unsigned char head[4] = { 0 };
	FILE *file = fopen(path, "rb");
	size_t got = file ? fread(head, 1, sizeof(head), file) : 0;

	if (file)
		fclose(file);
	return got == sizeof(head) && !memcmp(head, magic, sizeof(magic));
}

int cmd_advice_first(const char *path)
{
	FILE *file = fopen(path, "r");
	int c = file ? getc(file) : EOF;

	while (c == ' ' || c == '\t' || c == '\n' || c == '\r')
		c = getc(file);
	if (file)
		fclose(file);
	return c;
}

static u64 default_duration(u64 span_ns)
{
	u64 ns = 2 * span_ns;

	return ns < 60 * SECOND ? 60 * SECOND : ns > 600 * SECOND ? 600 * SECOND : ns;
}

#define SPAN_MIN_NS 10000000ull

/* What a trace touches and a sixth more, with the kernel of so large a guest. */
static u64 default_memory(const struct tr_meta *meta)
{
	u64 bytes = (u64)meta->pages_touched * TR_PAGE_SIZE;

	bytes = (bytes + bytes / 6 + 32 * MIB) * 66 / 64;
	return (bytes + 4 * MIB - 1) / (4 * MIB) * (4 * MIB);
}

int cmd_advice_trace_scenario(const struct cmd_advice *advice, const char *trace,
			      struct sim_scenario *scenario, struct tr_error *error)
{
	struct tr_file *file;
	char *text = NULL;
	size_t size;
	int rc = tr_file_open(&file, trace, error);

	if (rc)
		return rc;
	const struct tr_meta *meta = tr_file_meta(file);

	/* It is run again and again for minutes; a few records would be looked up for ever. */
	if (meta->span_ns < SPAN_MIN_NS) {
		u64 span_us = meta->span_ns / 1000;

		tr_file_close(file);
		return tr_fail(error, -EINVAL, "%s: lasts %llu us, too short to judge memory by "
			       "(at least %llu ms)", trace, span_us, SPAN_MIN_NS / 1000000);
	}
	u64 memory = advice->memory_bytes ? advice->memory_bytes : default_memory(meta);
	u64 host = advice->host_memory_bytes ? advice->host_memory_bytes :
		   memory < 32 * MIB	     ? 128 * MIB :
					       4 * memory;
	u64 duration = advice->duration_ns ? advice->duration_ns : default_duration(meta->span_ns);
	FILE *to = open_memstream(&text, &size);
	assert(to);
	fprintf(to, "{\"duration\": \"%lluns\", \"host\": {\"memory\": %llu}, \"vms\": [{\"name\": "
		    "\"vm\", \"memory\": %llu, \"workload\": [{\"trace\": ", duration, host, memory);
	sim_json_quote(to, trace);
	fprintf(to, "}]}]}");
	fclose(to);
	tr_file_close(file);
	rc = sim_scenario_read_text(scenario, "trace", text, size, advice->set, advice->sets_count,
				    NULL, error);
	free(text);
	return rc;
}

int cmd_advice_read(const struct cmd_advice *advice, struct sim_scenario *scenario,
		    struct tr_error *error)
{
	const char *set[CMD_ADVICE_SETS + 2];
	char duration[64], memory[64];
	u32 count = 0;
	int first = cmd_advice_first(advice->input);

	if (cmd_advice_is_trace(advice->input))
		return cmd_advice_trace_scenario(advice, advice->input, scenario, error);
	if (first != EOF && first != '{')
		return tr_fail(error, -EINVAL, "%s: neither a .wst trace nor a scenario (JSON); 'wssim "
			       "trace import' reads other traces, whatif lists of VMs", advice->input);
	if (advice->memory_bytes)
		return tr_fail(error, -EINVAL, "--memory: is for traces; a scenario says it itself, or "
					       "--set vms.0.memory=SIZE");
	snprintf(duration, sizeof(duration), "duration=%lluns", advice->duration_ns);
	snprintf(memory, sizeof(memory), "host.memory=%llu", advice->host_memory_bytes);
	if (advice->duration_ns)
		set[count++] = duration;
	if (advice->host_memory_bytes)
		set[count++] = memory;
	for (u32 i = 0; i < advice->sets_count; i++)
		set[count++] = advice->set[i];
	return sim_scenario_read(scenario, advice->input, set, count, NULL, error);
}

int cmd_advice_vm(const struct cmd_advice *advice, const struct sim_scenario *scenario, u32 *vm,
		  struct tr_error *error)
{
	*vm = 0;
	if (!advice->vm && scenario->vms_count == 1)
		return 0;
	for (u32 i = 0; i < scenario->vms_count && advice->vm; i++) {
		const char *name = scenario->vm[i].name;
		size_t length = strlen(advice->vm);

		/* Of several of a kind ("count"), the kind's name means the first. */
		if (strncmp(name, advice->vm, length) || (name[length] && strcmp(name + length, "-1")))
			continue;
		*vm = i;
		return 0;
	}
	return tr_fail(error, -EINVAL, advice->vm ? "--vm %s: no VM of that name in %s; the first is %s" :
						    "%s%s has several VMs; choose one, as --vm %s",
		       advice->vm ? advice->vm : "", scenario->path, scenario->vm[0].name);
}

void cmd_advice_progress(const char *format, ...)
{
	va_list args;

	if (!isatty(STDERR_FILENO))
		return;
	fprintf(stderr, "\r%60s\r", "");
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fflush(stderr);
}

char *cmd_advice_why(const struct sim_verdict *verdict, char text[CMD_ADVICE_TEXT])
{
	if (verdict->oom_runs)
		snprintf(text, CMD_ADVICE_TEXT, "out of memory in %u of %u runs", verdict->oom_runs,
			 verdict->runs);
	else
		snprintf(text, CMD_ADVICE_TEXT, "%.3fx for %s, mostly %s (%.1f %% of its busy time)",
			 verdict->worst, verdict->slowest, sim_verdict_cause(verdict->cause),
			 100 * verdict->cause_share);
	return text;
}

void cmd_say_sampled(u32 one_in)
{
	char text[SIM_SAMPLING_TEXT];

	if (one_in > 1)
		printf("\nSampled: %s. Intervals do not cover that.\n",
		       sim_sampling_error_text(one_in, text));
}

void cmd_json_sampled(struct sim_json_writer *json, u32 one_in)
{
	char text[SIM_SAMPLING_TEXT];

	if (one_in > 1)
		sim_json_text(json, "sampled", sim_sampling_error_text(one_in, text));
}

/* "%.3f" and the like for one number. */
char *cmd_interval(struct sim_estimate e, double factor, const char *format,
		   char text[CMD_INTERVAL_TEXT])
{
	char low[24], high[24];

	snprintf(low, sizeof(low), format, factor * e.low);
	snprintf(high, sizeof(high), format, factor * e.high);
	if (e.count < 2)
		snprintf(text, CMD_INTERVAL_TEXT, "%s", e.count ? "one run: no interval" : "no run");
	else if (e.count < CMD_INTERVAL_RUNS)
		snprintf(text, CMD_INTERVAL_TEXT, "%u runs: no interval, %s to %s", e.count, low, high);
	else
		snprintf(text, CMD_INTERVAL_TEXT, "%s to %s", low, high);
	return text;
}

void cmd_interval_short(struct sim_estimate e, char *text, size_t size)
{
	if (e.count < CMD_INTERVAL_RUNS)
		snprintf(text, size, "%.3f [%u run%s]", e.mean, e.count, e.count == 1 ? "" : "s");
	else
		snprintf(text, size, "%.3f [%.3f %.3f]", e.mean, e.low, e.high);
}

void cmd_advice_free(struct cmd_advice *advice)
{
	free(advice->owned);
}
