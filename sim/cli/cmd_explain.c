/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cmd_explain.c - wssim explain: why a balloon moved, from a run's results.
 *
 * Of what the policy said with a decision, each clause is told with what it means
 * (policy_ws_explain.h); and how the VM was at the time.
 */
#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cmd.h"
#include "cli/cmd_options.h"
#include "observe/sim_series_read.h"
#include "tr_error.h"
#include "tr_units.h"

struct explain {
	const char *dir, *vm;
	u64 at_ns;
	bool at;
	struct tr_error error;
};

/* --- in words --- */

struct gloss {
	const char *word, *meaning;
};

/* By the first word of a clause. */
static const struct gloss clause_gloss[] = {
	{ "need", "MiB that the guest should have: what it holds outside its lists (base), plus all "
		  "that it reported, less what can be evicted at a tolerable stall (cold), plus free "
		  "memory to grow into (headroom) and what was recently read back at the expense of "
		  "other memory (deficit)" },
	{ "peak", "the largest recent need; the guest is not shrunk below it" },
	{ "stall", "time spent waiting for memory to be read back, as a share of the time at work and "
		   "in such waits; above the last figure it grows, below it nothing changes" },
	{ "demand", "MiB that programs and kernel hold, without page cache; what the guest would be "
		    "left beyond that if its target followed it; what following would save on "
		    "average; and what that is worth at the exchange rate, less its cost, as a share "
		    "of the guest's time" },
	{ "use", "MiB in use in the guest, of those that it has; how much the host has backed; where "
		 "the balloon was already heading" },
	{ "host", "MiB that the host can give to all guests together; what they would take if they "
		  "could; what this guest goes without because that is more" },
	{ "bound", "the `slowdown` that was asked for is exceeded because the host is short: MiB by "
		   "which the guests' wishes exceed what it can give" },
	{ "report", "age of the working-set report that this is based on" },
	{ "grown", "a guest is not shrunk soon after it has grown, unless the host is short" },
	{ "shrunk", "it is shrunk one step at a time" },
	{ NULL, NULL },
};

/* By the reason in parentheses. */
static const struct gloss why_gloss[] = {
	{ "distress", "it reads back more than the bound, or reclaims though nothing in it is idle" },
	{ "need", "it needs more than it has, and pays for it" },
	{ "cold", "memory in it can go at a bearable stall, and the host gains by it" },
	{ "not wanted", "its programs have not wanted it for a while, and it is led by what they want" },
	{ "others need it more", "it waits for memory and would grow, but the host has no more, and others "
				 "are expected to lose more by it than it would gain" },
	{ "host is short", "guests wish more than the host can give; it is taken where that is "
			   "expected to cost least" },
	{ "deflated on OOM", "it ran out of memory; it keeps what it took, and more" },
	{ "balloon stands still", "the balloon did not follow: it is not pushed" },
	{ "before it has used anything", "a balloon that is filled now splits no huge pages" },
	{ NULL, NULL },
};

static const char *meaning(const struct gloss *gloss, const char *text, size_t size)
{
	for (; gloss->word; gloss++)
		if (strlen(gloss->word) == size && !strncmp(gloss->word, text, size))
			return gloss->meaning;
	return NULL;
}

static void print_clauses(const char *text)
{
	for (const char *at = text; at; at = strstr(at, "; ")) {
		bool first = at == text;
		size_t size;

		at += first ? 0 : 2;
		const char *end = strstr(at, "; ");
		size = end ? (size_t)(end - at) : strlen(at);
		const char *open = memchr(at, '(', size), *shut = memchr(at, ')', size);
		const char *means = !first ? meaning(clause_gloss, at, strcspn(at, " ")) :
				    open && shut > open ?
					     meaning(why_gloss, open + 1, (size_t)(shut - open - 1)) :
					     NULL;
		printf("  %.*s\n", (int)size, at);
		if (means)
			printf("      %s\n", means);
	}
}

/* How much of the text is the move. */
static int move_length(const char *text)
{
	const char *end = strstr(text, "; ");

	return (int)(end ? (size_t)(end - text) : strlen(text));
}

/* The move, and of the numbers what fits a line. */
static void print_line(const struct sim_decision *decision, bool with_name)
{
	const char *text = decision->text, *need = strstr(text, "; need "),
		   *stall = strstr(text, "; stall ");

	printf("%8.1f s  ", decision->time_s);
	if (with_name)
		printf("%-12s ", decision->vm);
	printf("%.*s", move_length(text), text);
	if (need)
		printf(", %.*s", (int)strcspn(need + 2, "=;"), need + 2);
	if (stall)
		printf("%s%.*s", need && strchr(need, '=') ? "MiB, " : ", ",
		       (int)strcspn(stall + 2, ",;"), stall + 2);
	putchar('\n');
}

/* --- how the VM was --- */

/* The last samples of @explain's VM at the time, and ten seconds before. */
struct past {
	struct sim_state now, before;
	bool now_known, before_known, is_there;
};

static int read_states(struct explain *explain, struct past *past)
{
	double at_s = (double)explain->at_ns / 1e9;
	struct sim_series *series;
	struct sim_state state;
	int rc = sim_states_open(&series, explain->dir, &explain->error);

	while (!rc && (rc = sim_states_next(series, &state, &explain->error)) > 0) {
		rc = 0;
		if (explain->vm && strcmp(state.vm, explain->vm))
			continue;
		past->is_there = true;
		if (state.time_s <= at_s - 10) {
			past->before = state;
			past->before_known = true;
		}
		if (state.time_s <= at_s) {
			past->now = state;
			past->now_known = true;
		}
	}
	sim_series_close(series);
	return rc;
}

#define MIB(bytes) ((bytes) / (1 << 20))

static void print_state(const struct past *past)
{
	const struct sim_state *now = &past->now, *before = &past->before;

	if (!past->now_known) {
		printf("No sample of it yet.\n");
		return;
	}
	printf("At %.0f s it has %.0f of %.0f MiB (target %.0f), %.0f free; %.0f swapped out, "
	       "%.0f backed by the host.\n",
	       now->time_s, MIB(now->nominal_bytes - now->balloon_bytes), MIB(now->nominal_bytes),
	       MIB(now->target_bytes), MIB(now->free_bytes), MIB(now->swapped_bytes),
	       MIB(now->backed_bytes));
	if (past->before_known && now->time_s > before->time_s)
		printf("In the %.0f s before, it waited for memory %.1f %% of the time, swapped %.0f "
		       "MiB in and %.0f out.\n", now->time_s - before->time_s,
		       100 * (now->psi_some_s - before->psi_some_s) / (now->time_s - before->time_s),
		       MIB(now->swap_in_bytes - before->swap_in_bytes),
		       MIB(now->swap_out_bytes - before->swap_out_bytes));
}

/* --- the command --- */

static void print_at(double last_s, const char *last, double after_s, const char *after)
{
	if (last) {
		printf("\nIts last decision, at %.1f s:\n", last_s);
		print_clauses(last);
	} else {
		printf("\nNothing was decided about it until then.\n");
	}
	if (after)
		printf("\nThe next, at %.1f s: %.*s\n", after_s, move_length(after), after);
}

static void keep(char **where, const char *text)
{
	free(*where);
	*where = strdup(text); /* NULL reads as nothing said */
}

/* All decisions of the VM, or of all; with a time the last before it and the first after. */
static int read_decisions(struct explain *explain)
{
	double last_s = 0, after_s = 0;
	char *last = NULL, *after = NULL;
	struct sim_decision decision;
	struct sim_series *series;
	u32 count = 0;
	int rc = sim_decisions_open(&series, explain->dir, &explain->error);

	while (!rc && (rc = sim_decisions_next(series, &decision, &explain->error)) > 0) {
		rc = 0;
		if (explain->vm && strcmp(decision.vm, explain->vm))
			continue;
		count++;
		if (!explain->at) {
			print_line(&decision, !explain->vm);
		} else if (decision.time_s * 1e9 <= (double)explain->at_ns) {
			keep(&last, decision.text);
			last_s = decision.time_s;
		} else if (!after) {
			keep(&after, decision.text);
			after_s = decision.time_s;
		}
	}
	if (!rc && explain->at)
		print_at(last_s, last, after_s, after);
	if (!rc && !count)
		printf("The policy explained nothing%s: ws-target, esx and mrc-greedy do.\n",
		       explain->vm ? " about this VM" : "");
	free(last);
	free(after);
	sim_series_close(series);
	return rc;
}

static int explain_all(struct explain *explain)
{
	struct past past = { .is_there = false };
	int rc = read_states(explain, &past);

	if (!rc && !past.is_there)
		rc = explain->vm ? tr_fail(&explain->error, -ENOENT, "%s: no VM is called \"%s\"",
					   explain->dir, explain->vm) :
				   tr_fail(&explain->error, -EINVAL, "%s: has no VMs", explain->dir);
	if (!rc && explain->at)
		print_state(&past);
	return rc ? rc : read_decisions(explain);
}

static const struct argp_option options[] = {
	{ "vm", 'v', "NAME", 0, "about this VM (default: all)", 0 },
	{ "at", 'a', "TIME", 0, "how it was then, and the last decision in full: 90s, 2m, 42.5", 0 },
	{ NULL, 0, NULL, 0, NULL, 0 },
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct explain *explain = state->input;
	char seconds[64];

	switch (key) {
	case 'v':
		explain->vm = arg;
		return 0;
	case 'a':
		/* Results have seconds without a unit. */
		snprintf(seconds, sizeof(seconds), "%ss", arg);
		if (tr_parse_ns(arg, &explain->at_ns) && tr_parse_ns(seconds, &explain->at_ns))
			argp_error(state, "--at %s: not a time, such as 90s or 2m", arg);
		explain->at = true;
		return 0;
	case ARGP_KEY_END:
		if (explain->at && !explain->vm)
			argp_error(state, "--at needs --vm");
		return 0;
	default:
		return cmd_option_input(key, arg, state, "results directory", &explain->dir);
	}
}

static const char doc[] =
	"Why a balloon moved: the decisions of a run, and the numbers that each was made from.\v"
	"RESULTS is what 'wssim run' left. Without --at a line for each decision.\n\n"
	"Examples:\n"
	"  wssim run demo.json -o out\n"
	"  wssim explain out --vm cache-1\n"
	"  wssim explain out --vm cache-1 --at 3m20s\n\n"
	"Exit status: 0 done, 2 usage or bad input.";

int cmd_explain(int argc, char **argv)
{
	static const struct argp argp = { options, parse, "RESULTS", doc, NULL, NULL, NULL };
	struct explain explain = { 0 };
	int rc;

	argp_parse(&argp, argc, argv, 0, NULL, &explain);
	rc = explain_all(&explain);
	return rc ? cmd_fail(rc, &explain.error) : EXIT_DONE;
}
