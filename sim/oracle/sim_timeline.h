/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sim_timeline.h - when each VM of a scenario uses which page, if nothing ever stalls.
 *
 * What the oracles know and no policy does.  The declared segments are played at the
 * traces' own times from each VM's phase on, to the end of the run: an open-loop timeline.
 * In a closed loop a stall moves all that follows, so every policy has a timeline of its
 * own; against those an oracle is a reference, and in open loop a bound.
 *
 * Uses of a page within one quantum count as one.  A page that was freed and comes again
 * is a new page; ends are in the list, in the order of time.  Unevictable pages are not in
 * the list; their time is summed.
 *
 * Memory: none but a page's state while a VM is played; the stored timeline has 8 bytes a
 * page and quantum in which it is used.
 */
#ifndef SIM_TIMELINE_H
#define SIM_TIMELINE_H

#include "scenario/sim_scenario.h"
#include "tr_error.h"

/* One use, or the end of a page's life: page << 3 | flags. */
#define SIM_USE_FIRST 1u /* of this life of the page: no memory would have held it */
#define SIM_USE_FILE 2u
#define SIM_USE_END 4u /* no use: the page is freed */
#define SIM_USE_PAGE(entry) ((entry) >> 3)

struct sim_use {
	u32 quantum, entry;
};

/* A VM's timeline, summed up. */
struct sim_timeline_sums {
	u32 pages_count;
	u64 compute_ns;		   /* trace time that was not idle, of all streams */
	double unevictable_page_s; /* pages times seconds */
	u64 start_ns, end_ns;	   /* it ran between these */
};

/* Where uses go, in order of time.  begin() tells how many pages there will be. */
struct sim_timeline_sink {
	int (*begin)(void *ctx, u32 pages_count);
	int (*use)(void *ctx, struct sim_use use);
	void *ctx;
	const volatile bool *stop; /* set by somebody: -EINTR; or NULL */
};

/* Play one VM; what its sink refuses (negative errno) ends it. */
int sim_timeline_play(const struct sim_scenario *scenario, u32 vm,
		      const struct sim_timeline_sink *sink, struct sim_timeline_sums *sums,
		      struct tr_error *error);

struct sim_timeline_vm {
	struct sim_timeline_sums sums;
	struct sim_use *use; /* in order of time */
	u64 uses_count, uses_capacity;
};

struct sim_timeline {
	const struct sim_scenario *scenario;
	struct sim_timeline_vm *vm; /* scenario->vms_count */
};

/*
 * @stop: gives -EINTR; may be NULL.
 * Return: 0 or negative errno with text; sim_timeline_destroy() in both cases.
 */
int sim_timeline_make(struct sim_timeline *timeline, const struct sim_scenario *scenario,
		      const volatile bool *stop, struct tr_error *error);
void sim_timeline_destroy(struct sim_timeline *timeline);

#endif /* SIM_TIMELINE_H */
