/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sim_size.h - the smallest guest, or the largest balloon, that keeps a bound on slowdown.
 *
 * By bisection over simulated runs of the VM alone on a host that has memory: every size is
 * run `runs` times and is safe when every run is (sim_verdict.h).  Slowdown does not always
 * fall as memory grows (readahead, huge pages), so sizes above the answer are tried as well;
 * if one is unsafe the search goes on above it, and `bumpy` says so.
 */
#ifndef SIM_SIZE_H
#define SIM_SIZE_H

#include "advice/sim_verdict.h"
#include "tr_error.h"

#define SIM_SIZE_TRIES 48

struct sim_size_try {
	u64 bytes;
	struct sim_verdict verdict;
};

struct sim_size {
	const struct sim_scenario *scenario;
	u32 vm;	      /* of it */
	bool balloon; /* the VM keeps its size: how much must be left to it */
	struct sim_slo slo;
	u32 runs, workers;
	u64 step_bytes; /* the answer is found to this */
	const volatile bool *stop;
	void (*progress)(void *ctx, u32 tries_count, u64 bytes); /* before each; may be NULL */
	void *progress_ctx;
	/* Results. */
	u64 full_bytes, least_bytes; /* between which was searched */
	u32 tries_count;
	struct sim_size_try tried[SIM_SIZE_TRIES]; /* ascending by size */
	u32 answer;  /* index of the smallest safe one with none unsafe above it; ~0: none */
	u32 broken;  /* of the largest unsafe one; ~0: none, even the least is safe */
	bool bumpy;
};

/* Return: 0; -EINTR stopped; -EINVAL with text; what a run returned. */
int sim_size_search(struct sim_size *size, struct tr_error *error);

#endif /* SIM_SIZE_H */
