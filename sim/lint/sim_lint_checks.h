/* SPDX-License-Identifier: BSD-2-Clause */
/* sim_lint_checks.h - the checks, for the table in sim_lint_checks.c, and what they share. */
#ifndef SIM_LINT_CHECKS_H
#define SIM_LINT_CHECKS_H

#include "lint/sim_lint.h"

/* Blocks as MiB, for sentences. */
#define MB(blocks) ((unsigned)((blocks) * (SIM_PLANT_BLOCK >> 20)))

/* The policy cannot know now what guests need. */
static inline bool sim_lint_blind(const struct sim_watch *watch, u32 second)
{
	return second >= watch->drill->blind_from_s && second < watch->drill->blind_to_s;
}

void sim_lint_starve(const struct sim_watch *watch, const struct sim_policy *policy,
		     struct sim_lint *lint);
void sim_lint_swing(const struct sim_watch *watch, const struct sim_policy *policy,
		    struct sim_lint *lint);
void sim_lint_rob(const struct sim_watch *watch, const struct sim_policy *policy,
		  struct sim_lint *lint);
void sim_lint_limits(const struct sim_watch *watch, const struct sim_policy *policy,
		     struct sim_lint *lint);
void sim_lint_host(const struct sim_watch *watch, const struct sim_policy *policy,
		   struct sim_lint *lint);
void sim_lint_stale(const struct sim_watch *watch, const struct sim_policy *policy,
		    struct sim_lint *lint);
void sim_lint_flood(const struct sim_watch *watch, const struct sim_policy *policy,
		    struct sim_lint *lint);
void sim_lint_oom(const struct sim_watch *watch, const struct sim_policy *policy,
		  struct sim_lint *lint);

#endif /* SIM_LINT_CHECKS_H */
