/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * policy_ws_params.h - ws-target's parameters: one table, from which names, defaults, ranges and
 * help come.
 */
#ifndef POLICY_WS_PARAMS_H
#define POLICY_WS_PARAMS_H

#include "policy/sim_policy.h"

/* The policy's parameters, as its parameter table fills them. */
struct policy_ws_params {
	u64 interval_ns, stats_ns, threshold_ns;
	double slowdown;
	u64 idle_ns;
	double headroom, headroom_max, free_min;
	double step, band, gain;
	u64 hold_ns;
	double prior;
	u64 forget_ns;
	double queueing;
	double overbook;
	double reserve;
	double start, patience, growth_max;
	double exchange, buffer, spare;
	u64 linger_ns;
};

/* Of a state block that begins with a struct policy_ws_params. */
#define POLICY_WS_PARAMS 24
extern const struct sim_param policy_ws_param[POLICY_WS_PARAMS];

/* Fill in what follows from `slowdown`.  Return: 0, -EINVAL they contradict each other. */
int policy_ws_params_complete(struct policy_ws_params *params);

#endif /* POLICY_WS_PARAMS_H */
