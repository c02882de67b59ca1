/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sim_lint.h - what is wrong with a policy, found by taking it through drills.
 *
 * Every finding names the drill, the guest, the time and the numbers.  An error is what
 * has taken hosts down in the field: a guest starves beside free memory, memory is never
 * given back, targets swing, commands flood, a guest in distress loses memory to one that
 * is not.  A warning is the same in a smaller measure.  A clean result says that these
 * drills found nothing, and no more.
 */
#ifndef SIM_LINT_H
#define SIM_LINT_H

#include "lint/sim_watch.h"

#define SIM_LINT_FINDINGS 96

struct sim_lint;

enum sim_lint_severity { SIM_LINT_WARNING, SIM_LINT_ERROR };

struct sim_lint_check {
	const char *name, *about;
	void (*check)(const struct sim_watch *watch, const struct sim_policy *policy,
		      struct sim_lint *lint);
};
extern const struct sim_lint_check sim_lint_checks[]; /* ended by a NULL name */

struct sim_lint_finding {
	const char *check, *drill, *vm; /* vm: "host" when of none */
	enum sim_lint_severity severity;
	u32 from_s, to_s;
	u32 count;	  /* of turns, commands, kills; 0: says nothing */
	double bytes;	  /* amplitude, amount; 0: says nothing */
	double period_s;  /* of oscillation; 0: says nothing */
	char evidence[384]; /* a sentence with the numbers */
	char explained[256]; /* the policy's own last words before it; may be empty */
};

struct sim_lint {
	const struct sim_policy *policy;
	u32 findings_count, left_out; /* left_out: beyond the room */
	u32 errors, warnings, drills_count;
	struct sim_lint_finding finding[SIM_LINT_FINDINGS];
};

/**
 * sim_lint_run() - take a policy through one drill, or all
 * @state: parameters set, policy->state_size bytes
 * @only: NULL: all drills
 * @stop: looked at between drills; may be NULL
 * @progress: may be NULL; called before each drill
 *
 * Return: 0; -EINTR stopped; -ENOMEM; what the policy's init() returned.
 */
int sim_lint_run(struct sim_lint *lint, const struct sim_policy *policy, const void *state,
		 const struct sim_drill *only, const volatile bool *stop,
		 void (*progress)(void *ctx, const struct sim_drill *drill), void *progress_ctx);

/* For the checks: the next finding, its name, drill and VM filled in; never NULL. */
struct sim_lint_finding *sim_lint_find(struct sim_lint *lint, const struct sim_watch *watch,
				       const char *check, enum sim_lint_severity severity,
				       const char *vm);
void sim_lint_say(struct sim_lint_finding *finding, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif /* SIM_LINT_H */
