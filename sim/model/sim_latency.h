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

/*
 * One table for all devices that are alike: drawing from a thousand VMs' own tables
 * would be a cache miss every time.
 */
struct sim_latency_shared;
struct sim_latency_set {
	struct sim_latency_shared *first;
};

/* The table of these two; valid until the set is destroyed.  NULL: out of memory. */
const struct sim_latency *sim_latency_get(struct sim_latency_set *set, u64 median_ns, double tail);
void sim_latency_set_destroy(struct sim_latency_set *set);

/* Mean of the table, rounded down. */
u64 sim_latency_mean(const struct sim_latency *latency);

#endif /* SIM_LATENCY_H */
