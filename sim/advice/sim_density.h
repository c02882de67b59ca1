/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sim_density.h - how many VMs of a kind fit on a host.
 *
 * The host stays, the VM is copied n times; n is doubled until a bound is broken and then
 * bisected, by the first run alone, for what that breaks is not safe.  The most that it leaves
 * is run `runs` times and is safe when every run is (sim_verdict.h); if it is not, fewer are.
 * Runs are compared with runs of no fewer VMs with memory for everybody.  Load comes together (all
 * copies in the same phase: the same cron hour) or spread (each begins at a random time of
 * its cycle, drawn by run).
 */
#ifndef SIM_DENSITY_H
#define SIM_DENSITY_H

#include "advice/sim_verdict.h"
#include "tr_error.h"

#define SIM_DENSITY_TRIES 64

struct sim_density_try {
	u32 count;
	struct sim_verdict verdict;
};

struct sim_density {
	const struct sim_scenario *scenario; /* host, and the policy's parameters if it is its own */
	u32 vm;
	const struct sim_policy *policy;
	bool spread;
	u64 cycle_ns; /* spread over this */
	struct sim_slo slo;
	u32 runs, workers, count_max;
	const volatile bool *stop;
	void (*progress)(void *ctx, u32 count); /* before each; may be NULL */
	void *progress_ctx;
	/* Results. */
	u32 room; /* VMs that fit at all: what balloons cannot take, in memory and swap */
	u32 tries_count;
	struct sim_density_try tried[SIM_DENSITY_TRIES];
	u32 answer; /* index of the most that are safe; ~0: not even one */
	u32 broken; /* of the fewest that are not, maybe by one run; ~0: none up to the limit */
};

/* Return: 0; -EINTR stopped; what a run returned. */
int sim_density_search(struct sim_density *density, struct tr_error *error);

#endif /* SIM_DENSITY_H */
