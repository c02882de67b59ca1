/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sim_latency.h - random latencies from integer quantile tables.
 *
 * Log-normal: a median and the ratio of the 99th percentile to it.  The table is built
 * once from the normal quantiles with integer arithmetic, so that a draw, and with it
 * every event, is the same on every machine.
 */
#ifndef SIM_LATENCY_H
#define SIM_LATENCY_H

#include "model/sim_quantiles.h"
#include "model/sim_rng.h"

struct sim_latency {
	u64 ns[SIM_QUANTILES];
};

/* @tail: 99th percentile over median, 1 (constant) to 1,000. */
void sim_latency_init(struct sim_latency *latency, u64 median_ns, double tail);

static inline u64 sim_latency_draw(const struct sim_latency *latency, struct sim_rng *rng)
{
	return latency->ns[sim_rng_next(rng) >> 54];
}

/* Mean of the table, rounded down. */
u64 sim_latency_mean(const struct sim_latency *latency);

#endif /* SIM_LATENCY_H */
