/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sim_pool.h - independent jobs side by side, each in a process of its own.
 *
 * Processes and not threads: a run needs nothing of another, a crash in one is an
 * error and not the end of all, and memory of a finished run is gone for certain.  A
 * job hands its result over as one block of bytes.  Jobs start in order; results are
 * taken as they come, so what is made of them must go by the job's index.
 */
#ifndef SIM_POOL_H
#define SIM_POOL_H

#include <ws_env.h>

#include "tr_error.h"

struct sim_pool {
	u32 jobs_count;
	u32 workers; /* at the same time, >= 1 */
	/* When true: no further jobs; those under way get SIGTERM and are left out. */
	const volatile bool *stop;
	void *ctx;
	/*
	 * In the child: do @job; *result is from malloc.  -EINTR: it was stopped, there is
	 * no result and no error.
	 */
	int (*work)(void *ctx, u32 job, void **result, size_t *bytes, struct tr_error *error);
	/* In the parent: one result.  Return: 0 or negative errno to give up. */
	int (*done)(void *ctx, u32 job, const void *result, size_t bytes);
	/*
	 * In the parent: a job failed or its process ended badly.  Return: true to go on
	 * with the others.  NULL is false.
	 */
	bool (*failed)(void *ctx, u32 job, int rc, const struct tr_error *error);
	/* In the parent, may be NULL: something began or ended. */
	void (*progress)(void *ctx, u32 done_count, u32 running_count);
};

/*
 * Return: 0, also when stopped; the first error of a job, when all others have been
 * ended.
 */
int sim_pool_run(const struct sim_pool *pool, struct tr_error *error);

#endif /* SIM_POOL_H */
