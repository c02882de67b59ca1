/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cmd_explain.c - wssim explain: why a balloon moved, from a run's results.
 *
 * Of what the policy said with a decision, each clause is told with what it means
 * (policy_ws_explain.h); and how the VM was at the time.
 */
#include <argp.h>
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/cmd.h"
#include "cli/cmd_options.h"
#include "observe/sim_moves.h"
#include "policy/sim_policy.h"
#include "scenario/sim_json.h"
#include "tr_error.h"
#include "tr_units.h"

#define FOLDERS_SHOWN 8

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

static void print_has(const struct sim_state *now)
{
	printf("At %.0f s it has %.0f of %.0f MiB (target %.0f), %.0f free; %.0f swapped out, "
	       "%.0f backed by the host.\n",
	       now->time_s, MIB(now->nominal_bytes - now->balloon_bytes), MIB(now->nominal_bytes),
	       MIB(now->target_bytes), MIB(now->free_bytes), MIB(now->swapped_bytes),
	       MIB(now->backed_bytes));
}

static void print_state(const struct past *past)
{
	const struct sim_state *now = &past->now, *before = &past->before;

	if (!past->now_known) {
		printf("No sample of it yet.\n");
		return;
	}
	print_has(now);
	if (past->before_known && now->time_s > before->time_s)
		printf("In the %.0f s before, it waited for memory %.1f %% of the time, swapped %.0f "
		       "MiB in and %.0f out.\n", now->time_s - before->time_s,
		       100 * (now->psi_some_s - before->psi_some_s) / (now->time_s - before->time_s),
		       MIB(now->swap_in_bytes - before->swap_in_bytes),
		       MIB(now->swap_out_bytes - before->swap_out_bytes));
}

/* --- what was decided without a reason on record --- */

/* The last move until the time, or all of them one by one. */
struct moves {
	const struct explain *explain;
	struct sim_move last;
	u32 count;
};

static void take_move(void *ctx, const struct sim_move *move)
{
	struct moves *moves = ctx;
	const struct explain *explain = moves->explain;

	if (explain->at && move->to.time_s * 1e9 > (double)explain->at_ns)
		return;
	moves->count++;
	moves->last = *move;
	if (explain->at)
		return;
	printf("%8.1f s  ", move->to.time_s);
	if (!explain->vm)
		printf("%-12s ", move->to.vm);
	printf("%s %.0f -> %.0f MiB; it had %.0f, of them %.0f free, and %.0f swapped out\n",
	       move->to.target_bytes > move->from_bytes ? "grow" : "shrink", MIB(move->from_bytes),
	       MIB(move->to.target_bytes), MIB(move->to.nominal_bytes - move->to.balloon_bytes),
	       MIB(move->to.free_bytes), MIB(move->to.swapped_bytes));
}

/* The policy that the run was made with; NULL: not one of this program's. */
static const struct sim_policy *policy_of(struct explain *explain)
{
	const struct sim_policy *policy = NULL;
	struct sim_json *json = NULL;
	struct sim_json_in top, at, in;
	struct tr_error error;
	const char *name;
	char path[4096];

	if ((size_t)snprintf(path, sizeof(path), "%s/scenario.json", explain->dir) >= sizeof(path) ||
	    sim_json_read_file(&json, path, &error))
		return NULL;
	top = sim_json_top(json, path);
	if (sim_json_find(&top, "policy", &at) && sim_json_find(&at, "name", &in) &&
	    !sim_json_get_text(&in, &name, &error))
		policy = sim_policy_find(name);
	sim_json_free(json);
	return policy;
}

/* By what the targets were made, since no decision says it. */
static void print_rule(struct explain *explain)
{
	const struct sim_policy *policy = policy_of(explain);
	char channels[128];

	if (!policy)
		return;
	sim_channels_text(policy->channels, channels, sizeof(channels));
	printf("\n%s sees the balloons' targets and sizes, besides: %s.  Its rule:\n%s\n",
	       policy->name, channels, policy->rule);
}

static int explain_moves(struct explain *explain)
{
	struct moves moves = { .explain = explain };
	int rc;

	if (explain->at)
		printf("\nNo decision about it is recorded until then.\n");
	else
		printf("No decision about %s is recorded; what targets were seen to do:\n",
		       explain->vm ? "it" : "any VM");
	rc = sim_moves_read(explain->dir, explain->vm, take_move, &moves, &explain->error);
	if (rc)
		return rc;
	if (!moves.count) {
		printf("%s target moved.\n", explain->at ? "Until then, no" : "No");
	} else if (explain->at) {
		printf("Its target moved last between %g and %g s: from %.0f to %.0f MiB.\n",
		       moves.last.from_s < moves.last.to.time_s ? moves.last.from_s : 0,
		       moves.last.to.time_s, MIB(moves.last.from_bytes),
		       MIB(moves.last.to.target_bytes));
		print_has(&moves.last.to);
	}
	print_rule(explain);
	return 0;
}

/* --- the command --- */

static void print_at(double last_s, const char *last, double after_s, const char *after)
{
	if (last) {
		printf("\nIts last decision, at %.1f s:\n", last_s);
		print_clauses(last);
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
	if (!rc && (explain->at ? !last : !count))
		rc = explain_moves(explain);
	if (!rc && explain->at)
		print_at(last_s, last, after_s, after);
	free(last);
	free(after);
	sim_series_close(series);
	return rc;
}

struct folders {
	u32 count;
	size_t used;
	char names[1024];
};

/* Those in DIR/@below that hold a run's results. */
static void list_runs(const char *dir, const char *below, struct folders *folders)
{
	struct dirent **entry;
	char path[4096];
	int count;

	if ((size_t)snprintf(path, sizeof(path), "%s/%s", dir, below) >= sizeof(path))
		return;
	count = scandir(path, &entry, NULL, alphasort);
	for (int i = 0; i < count; i++) {
		const char *name = entry[i]->d_name;
		size_t room = sizeof(folders->names) - folders->used;
		int size = snprintf(path, sizeof(path), "%s/%s%s/timeseries.csv", dir, below, name);

		if (*name != '.' && size < (int)sizeof(path) && !access(path, F_OK) &&
		    folders->count++ < FOLDERS_SHOWN && room > 1) {
			size = snprintf(folders->names + folders->used, room, "%s%s%s",
					folders->used ? ", " : "", below, name);
			folders->used += (size_t)size < room ? (size_t)size : room - 1;
		}
		free(entry[i]);
	}
	if (count >= 0)
		free(entry);
}

/* A folder with runs in it, as a comparison's, is not one itself: say which there are. */
static int check_folder(struct explain *explain)
{
	struct folders folders = { 0 };
	char path[4096];

	if ((size_t)snprintf(path, sizeof(path), "%s/timeseries.csv", explain->dir) >= sizeof(path) ||
	    !access(path, F_OK))
		return 0;
	list_runs(explain->dir, "", &folders);
	list_runs(explain->dir, "runs/", &folders);
	if (!folders.count)
		return 0;
	return tr_fail(&explain->error, -EINVAL,
		       "%s: is not one run's results; runs in it: %s%s", explain->dir, folders.names,
		       folders.count > FOLDERS_SHOWN ? ", ..." : "");
}

static int explain_all(struct explain *explain)
{
	struct past past = { .is_there = false };
	int rc = check_folder(explain);

	if (!rc)
		rc = read_states(explain, &past);
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
	{ "at", 'a', "TIME", 0,
	  "how it was then, and the last decision in full: 90s, 2m, 42.5, 1:20 (hours:minutes), "
	  "0:01:30", 0 },
	{ NULL, 0, NULL, 0, NULL, 0 },
};

/* Hours, minutes and, if given, seconds of simulated time: "12:10", "0:01:30". */
static bool parse_clock(const char *text, u64 *ns)
{
	unsigned int hours, minutes, seconds = 0;
	int end = 0;

	if (strspn(text, "0123456789:") != strlen(text) || !isdigit((unsigned char)*text))
		return false;
	if (sscanf(text, "%7u:%2u%n:%2u%n", &hours, &minutes, &end, &seconds, &end) < 2 ||
	    !end || text[end] || minutes > 59 || seconds > 59)
		return false;
	*ns = ((hours * 60ull + minutes) * 60 + seconds) * 1000000000;
	return true;
}

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
		if (tr_parse_ns(arg, &explain->at_ns) && tr_parse_ns(seconds, &explain->at_ns) &&
		    !parse_clock(arg, &explain->at_ns))
			argp_error(state, "--at %s: not a time, such as 90s, 2m, 1:20 (hours and "
					  "minutes since the start) or 0:01:30", arg);
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
