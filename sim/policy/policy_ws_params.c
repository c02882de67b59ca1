/* SPDX-License-Identifier: BSD-2-Clause */
/* policy_ws_params.c - ws-target's parameters, and what those follow from that nobody gave. */
#include "policy/policy_ws_params.h"

#include <errno.h>

#include "policy/policy_util.h"

/* What `slowdown` means where nothing else is said; by_slowdown(). */
#define START_MOST 1.0
#define START_SLOPE 15.0
#define START_LEAST 0.5
#define EXCHANGE_SLOPE 10.0
#define EXCHANGE_MOST 1.0
#define SPARE_MOST 0.30
#define SPARE_SLOPE 2.0
#define SPARE_LEAST 0.02

#define WS_FIELD(field) POLICY_FIELD(policy_ws_params, field)

const struct sim_param policy_ws_param[] = {
	{ "slowdown", "bound on how much waiting for memory slows a guest, share of its time at work",
	  SIM_PARAM_DOUBLE, WS_FIELD(slowdown), 0.02, 0.0001, 1 },
	{ "interval", "time between reports", SIM_PARAM_TIME, WS_FIELD(interval_ns), 10e9, 1e9,
	  3.6e12 },
	{ "stats_interval", "time between statistics, and decisions", SIM_PARAM_TIME,
	  WS_FIELD(stats_ns), 1e9, 1e8, 3.6e12 },
	{ "report_threshold", "shortest time between two pressure reports of a guest",
	  SIM_PARAM_TIME, WS_FIELD(threshold_ns), 2e9, 0, 3.6e12 },
	{ "idle", "memory used more recently than this is never called cold", SIM_PARAM_TIME,
	  WS_FIELD(idle_ns), 20e9, 1e9, 8.64e13 },
	{ "headroom", "least free memory to leave for growth, share of nominal",
	  SIM_PARAM_DOUBLE, WS_FIELD(headroom), 0.05, 0, 1 },
	{ "headroom_max", "most free memory to leave for growth, share of nominal",
	  SIM_PARAM_DOUBLE, WS_FIELD(headroom_max), 0.10, 0, 1 },
	{ "free_min", "the part of it that is not taken for others either, share of nominal",
	  SIM_PARAM_DOUBLE, WS_FIELD(free_min), 0.02, 0, 1 },
	{ "step", "most to take in one interval without need, share of nominal",
	  SIM_PARAM_DOUBLE, WS_FIELD(step), 0.10, 0.001, 1 },
	{ "band", "smaller changes are not made, share of nominal", SIM_PARAM_DOUBLE,
	  WS_FIELD(band), 0.02, 0, 0.5 },
	{ "gain", "least memory worth taking without need, share of nominal",
	  SIM_PARAM_DOUBLE, WS_FIELD(gain), 0.05, 0, 1 },
	{ "hold", "time without shrinking after growth; window of needs", SIM_PARAM_TIME,
	  WS_FIELD(hold_ns), 120e9, 1e9, 6e11 },
	{ "prior", "weight of the assumption that idle memory comes back after as long again",
	  SIM_PARAM_DOUBLE, WS_FIELD(prior), 0.02, 0.0001, 100 },
	{ "forget", "time constant of what is learnt about refaults", SIM_PARAM_TIME,
	  WS_FIELD(forget_ns), 600e9, 1e10, 8.64e13 },
	{ "queueing", "refault time under load over that of an idle device", SIM_PARAM_DOUBLE,
	  WS_FIELD(queueing), 1.5, 1, 100 },
	{ "overbook", "part of unbacked memory within targets that need not be covered",
	  SIM_PARAM_DOUBLE, WS_FIELD(overbook), 0.5, 0, 1 },
	{ "patience", "slowdown that a guest bears for a minute before it grows",
	  SIM_PARAM_DOUBLE, WS_FIELD(patience), 0.17, 0, 1 },
	{ "growth_max", "most to grow at once, share of nominal", SIM_PARAM_DOUBLE,
	  WS_FIELD(growth_max), 0.1, 0.001, 1 },
	{ "start", "size that a guest starts with and grows from, share of nominal; 0: by `slowdown`",
	  SIM_PARAM_DOUBLE, WS_FIELD(start), 0, 0, 1 },
	{ "exchange", "slowdown borne for saving all of a guest's memory; 0: by `slowdown`",
	  SIM_PARAM_DOUBLE, WS_FIELD(exchange), 0, 0, 10 },
	{ "buffer", "memory beside what programs hold, of guests that are followed, share of that",
	  SIM_PARAM_DOUBLE, WS_FIELD(buffer), 0.2, 0, 10 },
	{ "spare", "the least of it, share of nominal; 0: by `slowdown`", SIM_PARAM_DOUBLE,
	  WS_FIELD(spare), 0, 0, 1 },
	{ "linger", "time after which they lose memory that they do not want", SIM_PARAM_TIME,
	  WS_FIELD(linger_ns), 5e9, 1e9, 6e11 },
	{ "reserve", "share of host memory kept free above the host's own watermark",
	  SIM_PARAM_DOUBLE, WS_FIELD(reserve), 0, 0, 0.9 },
};

/*
 * One knob: what is borne says how small guests start, what saved memory is worth, so which
 * guests are followed, and how much these are left beside their demand.  Starting below
 * START_LEAST only makes more be grown back, in split huge pages.
 */
static void by_slowdown(struct policy_ws_params *params)
{
	double start = START_MOST - START_SLOPE * params->slowdown;
	double spare = SPARE_MOST - SPARE_SLOPE * params->slowdown;
	double exchange = EXCHANGE_SLOPE * params->slowdown;

	start = start < 1 ? start : 1;
	if (params->start <= 0)
		params->start = start > START_LEAST ? start : START_LEAST;
	if (params->exchange <= 0)
		params->exchange = exchange < EXCHANGE_MOST ? exchange : EXCHANGE_MOST;
	if (params->spare <= 0)
		params->spare = spare > SPARE_LEAST ? spare : SPARE_LEAST;
}

int policy_ws_params_complete(struct policy_ws_params *params)
{
	if (params->headroom > params->headroom_max || params->stats_ns > params->interval_ns)
		return -EINVAL;
	by_slowdown(params);
	return 0;
}
