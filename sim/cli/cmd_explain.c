/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cmd_explain.c - wssim explain: why a balloon moved, from a run's results.
 *
 * decisions.csv has the line that the policy gave with each decision: clauses parted by
 * "; ", the first being the move itself (policy_ws_explain.h).  timeseries.csv has how the
 * VM was at the time.
 */
#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cmd.h"
#include "cli/cmd_options.h"
#include "tr_error.h"
#include "tr_units.h"

#define FIELDS_MAX 64
#define LINE_BYTES_MAX 65536 /* longer lines are none of wssim's */

struct explain {
	const char *dir, *vm;
	u64 at_ns;
	bool at;
	struct tr_error error;
};

/* One of the results' files, read line by line. */
struct table {
	char path[4096];
	FILE *stream;
	char *line;
	size_t room;
	char *field[FIELDS_MAX];
	u32 fields_count;
};

/* Take the line apart in place; quotes are doubled inside quoted fields (RFC 4180). */
static void split(struct table *table)
{
	char *from = table->line, *to;
	bool more = true;

	table->fields_count = 0;
	while (more && table->fields_count < FIELDS_MAX) {
		bool quoted = *from == '"';

		from += quoted;
		table->field[table->fields_count++] = to = from;
		for (; *from && (quoted || *from != ','); from++) {
			if (quoted && *from == '"' && *++from != '"') {
				quoted = false;
				if (!*from || *from == ',')
					break;
			}
			*to++ = *from;
		}
		more = *from == ',';
		from += more;
		*to = 0;
	}
}

/* Return: 1, 0 at the end, negative errno with text. */
static int next(struct table *table, struct tr_error *error)
{
	ssize_t got;

	errno = 0;
	got = getline(&table->line, &table->room, table->stream);
	if (got < 0)
		return errno || ferror(table->stream) ?
			       tr_fail(error, -EIO, "%s: cannot be read", table->path) :
			       0;
	if (got > LINE_BYTES_MAX || strlen(table->line) != (size_t)got)
		return tr_fail(error, -EINVAL, "%s: is not wssim's", table->path);
	table->line[strcspn(table->line, "\n")] = 0;
	split(table);
	return 1;
}

static int column(const struct table *table, const char *name)
{
	for (u32 i = 0; i < table->fields_count; i++)
		if (!strcmp(table->field[i], name))
			return (int)i;
	return -1;
}

/* The file, with its heads read.  Return: 0 or negative errno with text. */
static int open_table(struct table *table, const char *dir, const char *name,
		      struct tr_error *error)
{
	int rc;

	memset(table, 0, sizeof(*table));
	if ((size_t)snprintf(table->path, sizeof(table->path), "%s/%s", dir, name) >=
	    sizeof(table->path))
		return tr_fail(error, -ENAMETOOLONG, "%.60s...: name too long", dir);
	table->stream = fopen(table->path, "r");
	if (!table->stream)
		return tr_fail(error, -errno, "%s: %s", table->path, strerror(errno));
	rc = next(table, error);
	if (!rc || (rc > 0 && (column(table, "time_s") != 0 || column(table, "vm") != 1)))
		rc = tr_fail(error, -EINVAL, "%s: is not wssim's", table->path);
	return rc < 0 ? rc : 0;
}

static void close_table(struct table *table)
{
	if (table->stream)
		fclose(table->stream);
	free(table->line);
}

static double number(const struct table *table, int at)
{
	return at >= 0 && (u32)at < table->fields_count ? strtod(table->field[at], NULL) : 0;
}

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

/* The move, and of the numbers what fits a line. */
static void print_line(const struct table *table, bool with_name)
{
	const char *text = table->field[2], *need = strstr(text, "; need "),
		   *stall = strstr(text, "; stall ");

	printf("%8.1f s  ", number(table, 0));
	if (with_name)
		printf("%-12s ", table->field[1]);
	printf("%.*s", (int)(strstr(text, "; ") ? strstr(text, "; ") - text : (long)strlen(text)),
	       text);
	if (need)
		printf(", %.*s", (int)strcspn(need + 2, "=;"), need + 2);
	if (stall)
		printf("%s%.*s", need && strchr(need, '=') ? "MiB, " : ", ",
		       (int)strcspn(stall + 2, ",;"), stall + 2);
	putchar('\n');
}

/* --- how the VM was --- */

struct state {
	bool known;
	double time_s, target, balloon, nominal, free, swapped, backed, psi_s, in, out;
};

static void take_state(const struct table *table, const int *at, struct state *state)
{
	double *value[] = { &state->target, &state->balloon, &state->nominal, &state->free,
			    &state->swapped, &state->backed, &state->psi_s, &state->in, &state->out };

	state->known = true;
	state->time_s = number(table, 0);
	for (u32 i = 0; i < sizeof(value) / sizeof(*value); i++)
		*value[i] = number(table, at[i]);
}

/* Samples of @explain's VM: at the time and ten seconds before.  Also finds that it is one. */
static int read_states(struct explain *explain, double at_s, struct state *now,
		       struct state *before, bool *is_there)
{
	static const char *const names[] = { "target_bytes", "balloon_bytes", "nominal_bytes",
					     "free_bytes", "swapped_bytes", "backed_bytes",
					     "psi_some_s", "guest_swap_in_bytes",
					     "guest_swap_out_bytes" };
	int at[sizeof(names) / sizeof(*names)];
	struct table table;
	int rc = open_table(&table, explain->dir, "timeseries.csv", &explain->error);

	for (u32 i = 0; !rc && i < sizeof(names) / sizeof(*names); i++) {
		at[i] = column(&table, names[i]);
		if (at[i] < 0)
			rc = tr_fail(&explain->error, -EINVAL, "%s: has no %s", table.path, names[i]);
	}
	while (!rc && (rc = next(&table, &explain->error)) > 0) {
		rc = 0;
		if (table.fields_count < 2 || (explain->vm && strcmp(table.field[1], explain->vm)))
			continue;
		*is_there = true;
		if (number(&table, 0) <= at_s - 10)
			take_state(&table, at, before);
		if (number(&table, 0) <= at_s)
			take_state(&table, at, now);
	}
	close_table(&table);
	return rc;
}

#define MIB(bytes) ((bytes) / (1 << 20))

static void print_state(const struct state *now, const struct state *before)
{
	if (!now->known) {
		printf("No sample of it yet.\n");
		return;
	}
	printf("At %.0f s it has %.0f of %.0f MiB (target %.0f), %.0f free; %.0f swapped out, "
	       "%.0f backed by the host.\n",
	       now->time_s, MIB(now->nominal - now->balloon), MIB(now->nominal), MIB(now->target),
	       MIB(now->free), MIB(now->swapped), MIB(now->backed));
	if (before->known && now->time_s > before->time_s)
		printf("In the %.0f s before, it waited for memory %.1f %% of the time, swapped %.0f "
		       "MiB in and %.0f out.\n", now->time_s - before->time_s,
		       100 * (now->psi_s - before->psi_s) / (now->time_s - before->time_s),
		       MIB(now->in - before->in), MIB(now->out - before->out));
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
		printf("\nThe next, at %.1f s: %.*s\n", after_s,
		       (int)(strstr(after, "; ") ? strstr(after, "; ") - after : (long)strlen(after)),
		       after);
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
	struct table table;
	u32 count = 0;
	int rc = open_table(&table, explain->dir, "decisions.csv", &explain->error);

	while (!rc && (rc = next(&table, &explain->error)) > 0) {
		rc = 0;
		if (table.fields_count < 3 || (explain->vm && strcmp(table.field[1], explain->vm)))
			continue;
		count++;
		if (!explain->at) {
			print_line(&table, !explain->vm);
		} else if (number(&table, 0) * 1e9 <= (double)explain->at_ns) {
			keep(&last, table.field[2]);
			last_s = number(&table, 0);
		} else if (!after) {
			keep(&after, table.field[2]);
			after_s = number(&table, 0);
		}
	}
	if (!rc && explain->at)
		print_at(last_s, last, after_s, after);
	if (!rc && !count)
		printf("The policy explained nothing%s: ws-target and esx do.\n",
		       explain->vm ? " about this VM" : "");
	free(last);
	free(after);
	close_table(&table);
	return rc;
}

static int explain_all(struct explain *explain)
{
	struct state now = { 0 }, before = { 0 };
	bool is_there = false;
	int rc = read_states(explain, (double)explain->at_ns / 1e9, &now, &before, &is_there);

	if (!rc && !is_there)
		rc = explain->vm ? tr_fail(&explain->error, -ENOENT, "%s: no VM is called \"%s\"",
					   explain->dir, explain->vm) :
				   tr_fail(&explain->error, -EINVAL, "%s: has no VMs", explain->dir);
	if (!rc && explain->at)
		print_state(&now, &before);
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

	argp_err_exit_status = EXIT_USAGE;
	argp_parse(&argp, argc, argv, 0, NULL, &explain);
	rc = explain_all(&explain);
	return rc ? cmd_fail(rc, &explain.error) : EXIT_DONE;
}
