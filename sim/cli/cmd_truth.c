/* SPDX-License-Identifier: BSD-2-Clause */
/* cmd_truth.c - wssim truth: does the core hold what a real kernel's generations held? */
#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cmd.h"
#include "lab/sim_truth.h"

struct options {
	char **paths;
	u32 paths_count;
	const char *rules;
	bool summary;
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct options *options = state->input;

	switch (key) {
	case 'r':
		options->rules = arg;
		if (!ws_rules_find(arg, (u32)strlen(arg)))
			argp_error(state, "--rules %s: no such rules; 'wssim truth --help' lists them", arg);
		return 0;
	case 's':
		options->summary = true;
		return 0;
	case ARGP_KEY_ARGS:
		options->paths = state->argv + state->next;
		options->paths_count = (u32)(state->argc - state->next);
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "a log is missing");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static void print_dump(void *ctx, const struct sim_truth_dump *dump)
{
	const struct sim_truth_event *event = dump->event;

	(void)ctx;
	printf("%c%u %.3f s, %s%s\n", event->letter, event->group, (double)event->start_ns / 1e9,
	       event->letter == 'G' ? "after" : "before",
	       dump->numbers_differ ? ": THE YOUNGEST GENERATIONS DIFFER IN NUMBER" : "");
	printf("  %6s %8s %8s | %8s %8s %7s | %8s %8s %7s\n", "seq", "age ms", "core", "anon",
	       "core", "diff", "file", "core", "diff");
	for (u32 i = 0; i < dump->rows_count; i++) {
		const struct sim_truth_row *row = &dump->rows[i];
		char kernel_ms[24] = "-", core_ms[24] = "-";

		if (row->in_kernel)
			snprintf(kernel_ms, sizeof(kernel_ms), "%llu", row->kernel_ms);
		if (row->in_core)
			snprintf(core_ms, sizeof(core_ms), "%llu", row->core_ms);
		printf("  %6llu %8s %8s | %8llu %8llu %+7lld | %8llu %8llu %+7lld\n", row->seq,
		       kernel_ms, core_ms, row->kernel[WS_ANON], row->core[WS_ANON],
		       (s64)(row->kernel[WS_ANON] - row->core[WS_ANON]), row->kernel[WS_FILE],
		       row->core[WS_FILE], (s64)(row->kernel[WS_FILE] - row->core[WS_FILE]));
	}
	printf("  misplaced anon %llu (%llu allowed), file %llu (%llu); undeclared anon %+lld, file %+lld"
	       "; ages within %llu ms (%llu)%s\n\n", dump->misplaced[WS_ANON],
	       dump->misplaced_allowed[WS_ANON], dump->misplaced[WS_FILE],
	       dump->misplaced_allowed[WS_FILE],
	       (s64)(dump->kernel[WS_ANON] - dump->core[WS_ANON]),
	       (s64)(dump->kernel[WS_FILE] - dump->core[WS_FILE]), dump->age_error_ms,
	       dump->age_allowed_ms, dump->over ? "  OVER" : "");
}

/* Pages in the kernel's own generation, in percent. */
static double in_place(u64 compared, u64 misplaced)
{
	return compared ? 100 - 100 * (double)misplaced / (double)compared : 100;
}

static void print_came_back(const struct ws_hist *hist)
{
	printf("  pages that came back, by age:");
	for (u32 i = 0; i < hist->bins_count; i++)
		if (i + 1 < hist->bins_count)
			printf(" <%llu s: %llu,", hist->edge_ns[i] / 1000000000,
			       hist->pages[WS_ANON][i] + hist->pages[WS_FILE][i]);
		else
			printf(" older: %llu\n", hist->pages[WS_ANON][i] + hist->pages[WS_FILE][i]);
}

static void print_result(const char *path, const struct sim_truth_log *log,
			 const struct ws_rules *rules, const struct sim_truth_result *result)
{
	printf("%s: kernel %s, rules %s, %u passes, %u evictions, %u dumps compared", path,
	       log->release[0] ? log->release : "unknown", rules->name, result->passes,
	       result->evictions, result->dumps);
	if (result->dumps_skipped)
		printf(", %u not, taken while the processes ended", result->dumps_skipped);
	if (result->sections_skipped)
		printf(", %u of %u sections not, without touches", result->sections_skipped,
		       result->sections_count);
	if (log->unreadable)
		printf("; %u lines cannot be read, the first is line %u", log->unreadable,
		       log->unreadable_line);
	printf("\n");
	for (enum ws_type type = WS_ANON; type < WS_TYPES; type++)
		printf("  %s: %.3f %% of the pages where the kernel has them; in the worst dump %llu "
		       "elsewhere; kernel up to %llu more and %llu fewer than declared\n",
		       type == WS_ANON ? "anon" : "file",
		       in_place(result->compared[type], result->misplaced[type]),
		       result->misplaced_worst[type], result->own_worst[type],
		       result->short_worst[type]);
	printf("  ages within %llu ms; touched during a pass and settled by the dump: %llu pages; "
	       "came back after eviction: %llu\n", result->age_error_worst_ms, result->settled,
	       result->refaulted);
	print_came_back(&result->came_back);
	printf("  %s: %u of %u dumps over what is allowed\n",
	       result->dumps_over || !result->dumps ? "DIFFERENT" : "the same", result->dumps_over,
	       result->dumps);
}

static int one_log(const struct options *options, const char *path)
{
	struct sim_truth_visitor visitor = { .dump = options->summary ? NULL : print_dump };
	const struct ws_rules *rules;
	struct sim_truth_result result;
	struct sim_truth_log log;
	struct tr_error error;
	int status = EXIT_USAGE;

	if (sim_truth_log_load(&log, path, &error)) {
		fprintf(stderr, "wssim truth: %s\n", error.text);
		goto out;
	}
	rules = options->rules ? ws_rules_find(options->rules, (u32)strlen(options->rules)) :
				 sim_truth_rules(log.release);
	if (!rules) {
		fprintf(stderr, "wssim truth: %s: no rules for kernel '%s'; name some with --rules\n",
			path, log.release);
		goto out;
	}
	status = EXIT_FAILED;
	if (sim_truth_replay(&log, rules, &visitor, &result)) {
		fprintf(stderr, "wssim truth: %s: no memory\n", path);
		goto out;
	}
	print_result(path, &log, rules, &result);
	if (!result.dumps_over && result.dumps)
		status = EXIT_DONE;
out:
	sim_truth_log_destroy(&log);
	return status;
}

static const struct argp_option option[] = {
	{ "rules", 'r', "NAME", 0, "the kernel's rules (default: by its release): base, 6.1, 6.1.y, "
	  "6.12, 6.14, 6.18, mm-new, fg", 0 },
	{ "summary", 's', NULL, 0, "only the last lines, not every dump", 0 },
	{ NULL, 0, NULL, 0, NULL, 0 },
};

static const char doc[] =
	"Replay logs of a real kernel's ageing and compare its generations with the core's."
	"\v"
	"A log tells what was touched when, when the kernel aged its pages, and what its generations "
	"held before and after; kernel-port/truth/record.sh makes them.  For each dump a table is "
	"printed: the kernel's pages and the core's, by generation and type.  What is allowed to "
	"differ, and why, stands in sim/lab/sim_truth.h: pages that the log does not declare, batches "
	"of 31 pages that the kernel has not yet counted, and touches that a pass may or may not have "
	"seen.\n\n"
	"Exit status: 0 the same, 1 different or failed, 2 usage or bad input.";

int cmd_truth(int argc, char **argv)
{
	static const struct argp argp = { option, parse, "LOG...", doc, NULL, NULL, NULL };
	struct options options = { .paths = NULL };
	int status = EXIT_DONE;

	if (argp_parse(&argp, argc, argv, 0, NULL, &options))
		return EXIT_USAGE;
	for (u32 i = 0; i < options.paths_count; i++) {
		int one = one_log(&options, options.paths[i]);

		status = one > status ? one : status;
	}
	return status;
}
