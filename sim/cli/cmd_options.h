/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cmd_options.h - values of options as several commands take them.
 *
 * A bad value ends the process with a usage error, as argp does.
 */
#ifndef CMD_OPTIONS_H
#define CMD_OPTIONS_H

#include <argp.h>

#include "policy/sim_policy.h"
#include "tr_error.h"

#define CMD_WORKERS_MAX 1024
#define CMD_POLICIES_MAX 32

/* 1 to @max. */
u32 cmd_option_count(struct argp_state *state, const char *option, const char *text, u32 max);
/* Above @least up to @most, as in 1.05 */
double cmd_option_ratio(struct argp_state *state, const char *option, const char *text,
			double least, double most);

/*
 * The one argument that is no option: to be called for keys that a parser does not know.
 * A second one is a usage error, and so is none at all ("which @what?").
 * Return: 0, or ARGP_ERR_UNKNOWN for any other key.
 */
error_t cmd_option_input(int key, const char *arg, struct argp_state *state, const char *what,
			 const char **input);

/*
 * For a help filter: @text with a list below it.  @row says what stands in line @i, and
 * false behind the last.  Return: memory that argp frees, or @text when there is none.
 */
char *cmd_option_list(const char *text, const char *title,
		      bool (*row)(u32 i, const char **name, const char **what));

/* Cores that this process may use. */
u32 cmd_cores(void);

struct cmd_policies {
	char *list; /* the names point into it */
	const char *name[CMD_POLICIES_MAX];
	u32 count;
};

/*
 * The names of a list with commas, or all.  Return: 0 or -EINVAL with text.
 * cmd_policies_free() also after an error.
 */
int cmd_policies_split(struct cmd_policies *policies, const char *names, struct tr_error *error);
void cmd_policies_free(struct cmd_policies *policies);

/*
 * A policy's state with parameters set from "name=value" texts.
 * Return: the state, for the caller to free; NULL with text.
 */
void *cmd_policy_state(const struct sim_policy *policy, const char *const *sets, u32 sets_count,
		       struct tr_error *error);

#endif /* CMD_OPTIONS_H */
