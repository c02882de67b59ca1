/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sim_reclaim_rules.c - the words after "mglru:": a version, a number, switches.
 *
 *	mglru			the base (ws_rules.h): 6.1 that walks all page tables
 *	mglru:16		the same with 16 generations
 *	mglru:6.14		a version of Linux, with all of its mechanisms
 *	mglru:fg:8:nopid	with 8 generations, and one mechanism off
 *
 *	twolist:swappiness=200	other algorithms know what is said of their caller: swappiness, past
 *
 * Words come in any order, each kind of rule once; switches act on the version,
 * wherever it stands.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/sim_reclaim.h"
#include "tr_error.h"

#define SWAPPINESS "swappiness="

static void no_controller(struct sim_reclaim_choice *choice)
{
	choice->rules.controller = 0;
	choice->rules.choice = WS_CHOICE_SHARE;
}

static void no_tiers(struct sim_reclaim_choice *choice)
{
	choice->rules.tiers = 0;
}

static void no_bloom(struct sim_reclaim_choice *choice)
{
	choice->rules.bloom = 0;
}

static void bloom(struct sim_reclaim_choice *choice)
{
	choice->rules.bloom = 1;
}

static void no_look(struct sim_reclaim_choice *choice)
{
	choice->rules.look_around = 1;
}

static void no_refault(struct sim_reclaim_choice *choice)
{
	choice->rules.recency = WS_RECENCY_NEVER;
}

static void distance(struct sim_reclaim_choice *choice)
{
	choice->rules.recency = WS_RECENCY_DISTANCE;
}

static void ahead_old(struct sim_reclaim_choice *choice)
{
	choice->rules.ahead = WS_AHEAD_OLDEST;
}

static void ahead_young(struct sim_reclaim_choice *choice)
{
	choice->rules.ahead = WS_AHEAD_YOUNGEST;
}

static void spread(struct sim_reclaim_choice *choice)
{
	choice->rules.ageing = WS_AGEING_SPREAD;
}

static void past(struct sim_reclaim_choice *choice)
{
	choice->past = true;
}

const struct sim_reclaim_switch sim_reclaim_switches[] = {
	{ "nopid", "no controller: no tier is protected, type by swappiness", no_controller },
	{ "notiers", "accesses through descriptors make no tiers", no_tiers },
	{ "nobloom", "ageing walks all page tables", no_bloom },
	{ "bloom", "ageing walks the tables that were young before", bloom },
	{ "nolook", "eviction looks at one page-table entry, not at 64", no_look },
	{ "norefault", "no refault counts as recent", no_refault },
	{ "distance", "refaults are recent by reuse distance, as with two lists", distance },
	{ "ahead-old", "readahead goes to the oldest generation", ahead_old },
	{ "ahead-young", "readahead goes to the youngest generation", ahead_young },
	{ "past", "background reclaim takes a high mark's worth each time, past the mark", past },
	{ "spread", "ageing keeps pages spread over all generations", spread },
	{ NULL, NULL, NULL },
};

/* What a word may be, for a message. */
static void list_known(char *text, size_t size)
{
	size_t used = 0;

	for (u32 i = 0; i < WS_RULES_COUNT && used < size; i++)
		used += (size_t)snprintf(text + used, size - used, "%s ", ws_rules_table[i].name);
	for (u32 i = 0; sim_reclaim_switches[i].name && used < size; i++)
		used += (size_t)snprintf(text + used, size - used, "%s ",
					 sim_reclaim_switches[i].name);
	if (used < size)
		snprintf(text + used, size - used, "%s0..200", SWAPPINESS);
}

static const struct sim_reclaim_switch *find_switch(const char *word, size_t length)
{
	const struct sim_reclaim_switch *known = sim_reclaim_switches;

	for (; known->name; known++)
		if (strlen(known->name) == length && !memcmp(known->name, word, length))
			return known;
	return NULL;
}

/* A number of at most nine digits, and nothing else.  Return: false otherwise. */
static bool read_number(u32 *number, const char *word, size_t length)
{
	char *end;

	if (!length || length > 9 || word[0] < '0' || word[0] > '9')
		return false;
	*number = (u32)strtoul(word, &end, 10);
	return end == word + length;
}

/* Has the word nothing but digits?  Then it is a number, though perhaps too long for one. */
static bool is_digits(const char *word, size_t length)
{
	return length && strspn(word, "0123456789") >= length;
}

/* "swappiness=N" into @choice.  Return: 0 or -EINVAL. */
static int apply_swappiness(struct sim_reclaim_choice *choice, const char *word, size_t length)
{
	size_t prefix = strlen(SWAPPINESS);
	u32 number;

	if (length <= prefix || memcmp(word, SWAPPINESS, prefix) ||
	    !read_number(&number, word + prefix, length - prefix) || number > WS_SWAPPINESS_MAX)
		return -EINVAL;
	choice->rules.swappiness = (u8)number;
	choice->by_rules = true;
	return 0;
}

/* A word that is no version: into @choice.  Return: 0 or -EINVAL. */
static int apply_word(struct sim_reclaim_choice *choice, const char *word, size_t length)
{
	const struct sim_reclaim_switch *known = find_switch(word, length);

	if (known) {
		known->apply(choice);
		choice->by_rules = true;
		return 0;
	}
	if (is_digits(word, length)) {
		if (choice->param_given || !read_number(&choice->param, word, length))
			return -EINVAL;
		choice->param_given = true;
		return 0;
	}
	return apply_swappiness(choice, word, length);
}

/* Length of the word at @word, and the next one or NULL. */
static size_t split_word(const char *word, const char **next)
{
	const char *colon = strchr(word, ':');

	*next = colon ? colon + 1 : NULL;
	return colon ? (size_t)(colon - word) : strlen(word);
}

int sim_reclaim_read_rules(struct sim_reclaim_choice *choice, const char *words,
			   struct tr_error *error)
{
	const struct sim_reclaim_ops *ops = choice->ops;
	const char *word, *next;
	char known[256] = "";
	bool versioned = false;

	for (word = words; word; word = next) {
		const struct ws_rules *version =
			ws_rules_find(word, (u32)split_word(word, &next));

		if (version && versioned)
			return tr_fail(error, -EINVAL, "%s:%s: two versions", ops->name, words);
		if (version)
			choice->rules = *version;
		versioned |= version != NULL;
	}
	choice->by_rules = versioned;
	for (word = words; word; word = next) {
		size_t length = split_word(word, &next);

		if (ws_rules_find(word, (u32)length) || !apply_word(choice, word, length))
			continue;
		list_known(known, sizeof(known));
		return tr_fail(error, -EINVAL,
			       "%s:%s: unknown word \"%.*s\"; known: a number of generations, %s",
			       ops->name, words, (int)length, word, known);
	}
	if (choice->param < ops->param_min || choice->param > ops->param_max)
		return tr_fail(error, -EINVAL, "%s:%s: %s of %s is a number from %u to %u",
			       ops->name, words, ops->param_name, ops->name, ops->param_min,
			       ops->param_max);
	return 0;
}

int sim_reclaim_read_caller(struct sim_reclaim_choice *choice, const char *words,
			    struct tr_error *error)
{
	const char *word, *next;

	for (word = words; word; word = next) {
		size_t length = split_word(word, &next);
		const struct sim_reclaim_switch *known = find_switch(word, length);

		if (known && known->apply == past)
			past(choice);
		else if (apply_swappiness(choice, word, length))
			return tr_fail(error, -EINVAL,
				       "%s:%s: unknown word \"%.*s\"; known: past %s0..%d",
				       choice->ops->name, words, (int)length, word, SWAPPINESS,
				       WS_SWAPPINESS_MAX);
	}
	return 0;
}
