/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sim_regret.h - how much more memory could have been saved for the same slowdown.
 *
 * Regret is the share of nominal memory between a policy and an oracle's curve at the
 * policy's own mean slowdown over VMs, in the first run.  The curves, oracle/sim_vmin.h and
 * oracle/sim_elastic.h:
 *
 *	VMIN	knows every future use of every page and chooses victims itself
 *	O5	a balloon that knows the future, in guests that evict in LRU order; of any size,
 *		or not below memory_min and the guest's watermark
 *	WS	knows past uses exactly, and keeps to the best idle ages in hindsight
 *
 * In open loop VMIN bounds everybody, and O5 those whose guests evict in LRU order: within
 * limits where nothing but a balloon takes memory, of any size where a guest is made to
 * reclaim, the host swaps or free pages go back besides.  The tighter one of the two that
 * holds for a policy is its right oracle.  In closed loop a policy has a timeline of its own
 * and all are references; WS is one in either.
 */
#ifndef SIM_REGRET_H
#define SIM_REGRET_H

#include "oracle/sim_elastic.h"
#include "oracle/sim_vmin.h"

struct sim_comparison;
struct sim_summary;

enum sim_regret_curve {
	SIM_REGRET_VMIN,
	SIM_REGRET_ANY_SIZE,
	SIM_REGRET_LIMITED,
	SIM_REGRET_WS,
	SIM_REGRET_CURVES
};

struct sim_regret_text {
	const char *key, *label;
	const char *bounds; /* what it bounds in open loop; NULL: nothing */
};
extern const struct sim_regret_text sim_regret_texts[SIM_REGRET_CURVES];

/* The oracles of one run of a scenario. */
struct sim_regret_oracle {
	struct sim_vmin vmin;
	struct sim_elastic elastic;
};

/*
 * Plays the scenario's traces twice more, on up to @workers cores.
 * @baseline: the run with memory for everybody that slowdown is measured against
 * Return: 0 or negative errno with text; sim_regret_oracle_destroy() in both cases.
 */
int sim_regret_oracle_make(struct sim_regret_oracle *oracle, const struct sim_scenario *scenario,
			   const struct sim_summary *baseline, u32 workers,
			   const volatile bool *stop, struct tr_error *error);
void sim_regret_oracle_destroy(struct sim_regret_oracle *oracle);

/* What it saves at a mean slowdown of @slowdown or less; NaN where that cannot be had. */
double sim_regret_could(const struct sim_regret_oracle *oracle, enum sim_regret_curve curve,
			double slowdown);

/* Which of the two O5 is right for @scenario's policy, under which the host swapped so much. */
enum sim_regret_curve sim_regret_right(const struct sim_scenario *scenario,
				       double host_swap_bytes);

#define SIM_REGRET_POINTS 48
#define SIM_REGRET_POLICIES 32 /* SIM_POLICIES_MAX */

/* Of a comparison of policies. */
struct sim_regret {
	bool known; /* there are curves */
	bool bound; /* the runs were open-loop: VMIN is a bound */
	bool lru;   /* and guests evict in LRU order: so is O5 */
	struct sim_vmin_point curve[SIM_REGRET_CURVES][SIM_REGRET_POINTS]; /* slowdown rising */
	/* By policy, NaN where its first run is not done. */
	double slowdown[SIM_REGRET_POLICIES];
	double saved[SIM_REGRET_POLICIES];
	double could[SIM_REGRET_CURVES][SIM_REGRET_POLICIES]; /* saved at that slowdown */
	enum sim_regret_curve right[SIM_REGRET_POLICIES];
};

/*
 * Without a baseline, with one policy only, or when stopped, nothing is known.
 * Return: 0 or negative errno with text.
 */
int sim_regret_make(struct sim_regret *regret, const struct sim_comparison *comparison,
		    u32 workers, const volatile bool *stop, struct tr_error *error);

/* In tables, points of nominal memory: "24.1", "24.1~" against O5 of any size, or "-". */
#define SIM_REGRET_TEXT 24
char *sim_regret_cell(enum sim_regret_curve curve, double share, char text[SIM_REGRET_TEXT]);

/* All guests evict in LRU order, exactly. */
bool sim_regret_lru(const struct sim_scenario *scenario);

/* @curve bounds what this policy could do, and is no mere reference. */
static inline bool sim_regret_bounds(bool bound, bool lru, enum sim_regret_curve right,
				     enum sim_regret_curve curve)
{
	return bound && (curve == SIM_REGRET_VMIN ||
			 (lru && (curve == right || curve == SIM_REGRET_ANY_SIZE)));
}

/* Sentences below a table: what each oracle is, and of what it is a bound here. */
const char *sim_regret_legend(bool bound, bool lru);

#endif /* SIM_REGRET_H */
