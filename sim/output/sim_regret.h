/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sim_regret.h - how much more memory could have been saved for the same slowdown.
 *
 * Of the first run, against two curves (oracle/sim_vmin.h): VMIN, which knows every
 * future use, and WS, which knows every past use exactly and keeps to the best idle ages
 * in hindsight.  Regret is the share of nominal memory between a policy and the curve at
 * the policy's own mean slowdown over VMs.  VMIN bounds every policy in open loop; in
 * closed loop a policy has a timeline of its own and both are references.
 */
#ifndef SIM_REGRET_H
#define SIM_REGRET_H

#include "oracle/sim_vmin.h"

struct sim_comparison;

enum sim_regret_curve { SIM_REGRET_VMIN, SIM_REGRET_WS, SIM_REGRET_CURVES };

#define SIM_REGRET_POINTS 48
#define SIM_REGRET_POLICIES 32 /* SIM_POLICIES_MAX */

struct sim_regret {
	bool known; /* there are curves */
	bool bound; /* the runs were open-loop */
	struct sim_vmin_point curve[SIM_REGRET_CURVES][SIM_REGRET_POINTS]; /* slowdown rising */
	/* By policy, NaN where its first run is not done. */
	double slowdown[SIM_REGRET_POLICIES];
	double saved[SIM_REGRET_POLICIES];
	double could[SIM_REGRET_CURVES][SIM_REGRET_POLICIES]; /* saved at that slowdown */
};

/*
 * Plays the scenario's traces once more.  Without a baseline, or with one policy only,
 * nothing is known.  Return: 0 or negative errno with text.
 */
int sim_regret_make(struct sim_regret *regret, const struct sim_comparison *comparison,
		    struct tr_error *error);

#endif /* SIM_REGRET_H */
