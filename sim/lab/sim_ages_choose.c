/* SPDX-License-Identifier: BSD-2-Clause */
/* sim_ages_choose.c - what people write for a source, and what sources' work costs. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lab/sim_ages.h"
#include "tr_units.h"
#include "ws_source_lists.h"

#define INTERVAL_MIN_NS 1000000ull

const struct sim_ages_costs sim_ages_costs_default = {
	/* The first two and the fault as in a scenario's "costs" (sim_costs.c). */
	.pte = 5,
	.young = 60,
	/*
	 * Choice: find the mapping of a single page and its entry, four levels down: some
	 * misses that depend on each other, and a lock.  An entry of a walk is 40 times
	 * cheaper because its neighbours share its cache line.
	 */
	.rmap = 200,
	/* Choice: a page's flags by number, with its share of a system call for 64 of them. */
	.pfn = 20,
	/* Choice: one flush of a range, with an interrupt to the other processors. */
	.flush = 1000,
	.fault = 600,
};

static const struct {
	const char *name;
	enum sim_ages_kind kind;
	bool numbered;
	u32 initial, least, most;
} kinds[] = {
	{ "mglru", SIM_AGES_MGLRU, true, WS_GENS_LINUX, WS_GENS_MIN + 1, WS_GENS_MAX },
	{ "twolist", SIM_AGES_LISTS, true, 2, 0, WS_LISTS_PRIORITY_MAX },
	{ "damon", SIM_AGES_DAMON, false, 0, 0, 0 },
	{ "scan", SIM_AGES_IDLE, false, 0, 0, 0 },
	{ "scan:idle", SIM_AGES_IDLE, false, 0, 0, 0 },
	{ "scan:clear_refs", SIM_AGES_REFS, false, 0, 0, 0 },
	{ "scan:pagemap_scan", SIM_AGES_WRITES, false, 0, 0, 0 },
};

/* The part between two colons. */
static size_t word_length(const char *word)
{
	return strcspn(word, ":");
}

static int refuse_word(const char *text, enum sim_ages_kind kind, u32 least, u32 most,
		       struct tr_error *error)
{
	char versions[128] = "";

	for (u32 i = 0; kind == SIM_AGES_MGLRU && i < WS_RULES_COUNT; i++) {
		size_t length = strlen(versions);
		snprintf(versions + length, sizeof(versions) - length, "%s %s",
			 i ? "" : ", or a version:", ws_rules_table[i].name);
	}
	return tr_fail(error, -EINVAL, "%s: needs a number from %u to %u after the colon%s", text,
		       least, most, versions);
}

/* One number, and for MGLRU a version, in any order.  @words: behind the first colon. */
static int choose_words(struct sim_ages_choice *choice, const char *text, const char *words,
			u32 least, u32 most, struct tr_error *error)
{
	bool numbered = false, versioned = false;
	char word[SIM_AGES_NAME_MAX];

	for (;; words++) {
		size_t length = word_length(words);
		const struct ws_rules *rules = choice->kind == SIM_AGES_MGLRU ?
						       ws_rules_find(words, (u32)length) : NULL;
		u64 number;

		snprintf(word, sizeof(word), "%.*s", (int)length, words);
		if (!rules && (tr_parse_count(word, &number) || number < least || number > most))
			return refuse_word(text, choice->kind, least, most, error);
		if (rules ? versioned : numbered)
			return tr_fail(error, -EINVAL, "%s: two %s", text,
				       rules ? "versions" : "numbers");
		if (rules) {
			choice->rules = rules;
			versioned = true;
		} else {
			choice->param = (u32)number;
			numbered = true;
		}
		words += length;
		if (!*words)
			return 0;
	}
}

static int choose_kind(struct sim_ages_choice *choice, const char *text, struct tr_error *error)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		size_t length = strlen(kinds[i].name);
		choice->kind = kinds[i].kind;
		choice->param = kinds[i].initial;
		if (!strcmp(text, kinds[i].name))
			return 0;
		if (kinds[i].numbered && !strncmp(text, kinds[i].name, length) && text[length] == ':')
			return choose_words(choice, text, text + length + 1, kinds[i].least,
					    kinds[i].most, error);
	}
	return tr_fail(error, -EINVAL,
		       "%s: no such source; there are mglru[:VERSION][:GENERATIONS], "
		       "twolist[:PRIORITY], damon, scan:idle, scan:clear_refs, scan:pagemap_scan",
		       text);
}

int sim_ages_choose(struct sim_ages_choice *choice, const char *text, struct tr_error *error)
{
	const char *at = strchr(text, '@');
	size_t length = at ? (size_t)(at - text) : strlen(text);
	u64 interval_ns = 0;

	memset(choice, 0, sizeof(*choice));
	choice->rules = ws_rules_base;
	if (!length || length >= sizeof(choice->family) - 16)
		return tr_fail(error, -EINVAL, "%.60s: no such source", text);
	snprintf(choice->family, sizeof(choice->family), "%.*s", (int)length, text);
	memcpy(choice->name, choice->family, sizeof(choice->name));
	if (at && (tr_parse_ns(at + 1, &interval_ns) || interval_ns < INTERVAL_MIN_NS))
		return tr_fail(error, -EINVAL, "%s: behind the @ stands an interval, 1ms or more",
			       text);
	int rc = choose_kind(choice, choice->family, error);
	if (!rc && interval_ns)
		sim_ages_set_interval(choice, interval_ns);
	return rc;
}

void sim_ages_set_interval(struct sim_ages_choice *choice, u64 interval_ns)
{
	char text[TR_UNITS_TEXT];
	size_t length = strlen(choice->family);

	choice->interval_ns = interval_ns;
	memcpy(choice->name, choice->family, sizeof(choice->name));
	snprintf(choice->name + length, sizeof(choice->name) - length, "@%s",
		 tr_format_ns(interval_ns, text));
}
