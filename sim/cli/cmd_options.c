/* SPDX-License-Identifier: BSD-2-Clause */
/* cmd_options.c - values of options; see cmd_options.h. */
#include <assert.h>
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cmd.h"
#include "cli/cmd_options.h"
#include "tr_units.h"

u32 cmd_option_count(struct argp_state *state, const char *option, const char *text, u32 max)
{
	u64 value;

	if (tr_parse_count(text, &value) || !value || value > max)
		argp_error(state, "%s %s: not a number from 1 to %u", option, text, max);
	return (u32)value;
}

double cmd_option_ratio(struct argp_state *state, const char *option, const char *text,
			double least, double most)
{
	char *end;
	double value = strtod(text, &end);

	if (end == text || *end || !(value > least && value <= most))
		argp_error(state, "%s %s: not a number above %g, up to %g", option, text, least,
			   most);
	return value;
}

error_t cmd_option_input(int key, const char *arg, struct argp_state *state, const char *what,
			 const char **input)
{
	switch (key) {
	case ARGP_KEY_ARG:
		if (*input)
			argp_error(state, "one %s only", what);
		*input = arg;
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "which %s?", what);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

char *cmd_option_list(const char *text, const char *title,
		      bool (*row)(u32 i, const char **name, const char **what))
{
	const char *name, *what;
	char *all = NULL;
	size_t size;
	FILE *stream = open_memstream(&all, &size);

	if (!stream)
		return (char *)text;
	fprintf(stream, "%s\n\n%s:\n", text, title);
	for (u32 i = 0; row(i, &name, &what); i++)
		fprintf(stream, "  %-14s %s\n", name, what);
	fclose(stream);
	return all;
}

u32 cmd_cores(void)
{
	cpu_set_t set;

	return sched_getaffinity(0, sizeof(set), &set) ? 1 : (u32)CPU_COUNT(&set);
}

int cmd_policies_split(struct cmd_policies *policies, const char *names, struct tr_error *error)
{
	char *at, *next;

	*policies = (struct cmd_policies){ .list = strdup(names ? names : "") };
	assert(policies->list);
	for (u32 i = 0; !names && sim_policies[i] && policies->count < CMD_POLICIES_MAX; i++)
		policies->name[policies->count++] = sim_policies[i]->name;
	for (at = policies->list; names && at; at = next) {
		next = strchr(at, ',');
		if (next)
			*next++ = 0;
		if (!sim_policy_find(at))
			return tr_fail(error, -EINVAL,
				       "--policies: '%s': no such policy; 'wssim policies' lists them",
				       at);
		for (u32 i = 0; i < policies->count; i++)
			if (!strcmp(policies->name[i], at))
				return tr_fail(error, -EINVAL, "--policies: '%s' twice", at);
		if (policies->count == CMD_POLICIES_MAX)
			return tr_fail(error, -EINVAL, "--policies: more than %d", CMD_POLICIES_MAX);
		policies->name[policies->count++] = at;
	}
	return 0;
}

void cmd_policies_free(struct cmd_policies *policies)
{
	free(policies->list);
	policies->list = NULL;
}

void *cmd_policy_state(const struct sim_policy *policy, const char *const *sets, u32 sets_count,
		       struct tr_error *error)
{
	void *state = calloc(1, policy->state_size + 1);

	assert(state);
	sim_policy_defaults(policy, state);
	for (u32 i = 0; i < sets_count; i++) {
		char name[64];
		const char *value = strchr(sets[i], '=');
		int rc = -ENOENT;

		if (value && (size_t)(value - sets[i]) < sizeof(name)) {
			snprintf(name, sizeof(name), "%.*s", (int)(value - sets[i]), sets[i]);
			rc = sim_policy_set(policy, state, name, value + 1);
		}
		if (!rc)
			continue;
		tr_fail(error, rc, "--set %s: %s", sets[i],
			!value ? "must be NAME=VALUE" :
			rc == -ENOENT ? "no such parameter; 'wssim policies NAME' lists them" :
			rc == -ERANGE ? "out of range; 'wssim policies NAME' tells it" :
					"not a value of that type");
		free(state);
		return NULL;
	}
	return state;
}
