/* SPDX-License-Identifier: BSD-2-Clause */
/* sim_watch.h - a drill, second by second, as the checks look at it. */
#ifndef SIM_WATCH_H
#define SIM_WATCH_H

#include "lint/sim_drill.h"

/* A guest is in distress when it waited this share of the last WINDOW seconds for its swap. */
#define SIM_WATCH_DISTRESS 0.2
#define SIM_WATCH_WINDOW_S 10

struct sim_watch_vm {
	bool running, distress;
	u16 target, actual, need; /* blocks; need: what it works on, with its kernel */
	u16 idle;		  /* not used for 60 s, or free, and the balloon could take it */
	u16 oom_deflates, oom_kills; /* in this second */
	float stall;		     /* share of the last seconds */
	u32 informed_s;		     /* when it last told the policy something */
};

struct sim_watch_host {
	u16 free, high, swapped; /* blocks; swapped: of guests, by the host */
	float stall; /* of all guests, waiting for the host's swap: shares of the last seconds */
};

struct sim_watch {
	const struct sim_drill *drill;
	u32 seconds;
	struct sim_watch_host host[SIM_DRILL_SECONDS];
	struct sim_watch_vm vm[SIM_PLANT_VMS][SIM_DRILL_SECONDS];
	u64 commands[SIM_PLANT_VMS], requests[SIM_PLANT_VMS];
	struct sim_plant_breach below_min, above_nominal, undeclared;
	/* What the policy had said last when a guest's first long distress began. */
	char explained[SIM_PLANT_VMS][256];
};

/*
 * Take @policy through @drill.  @state: its parameters, as sim_policy_defaults() and
 * sim_policy_set() make them.  Return: 0, -ENOMEM, or what init() returned.
 */
int sim_watch_run(struct sim_watch *watch, const struct sim_drill *drill,
		  const struct sim_policy *policy, const void *state);

#endif /* SIM_WATCH_H */
