/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sim_future.h - a guest's accesses of the whole run, known beforehand, for OPT.
 *
 * The declared segments are played once without memory: the accesses of each repetition
 * in the order of the trace's own times, until these pass the run's duration.  A page
 * that is freed, or that ends with a repetition, is not used again by what follows.
 *
 * Streams that stall drift from this order, so with more than one stream OPT is only
 * nearly optimal; with one it is exact except for pages that readahead brings in.
 *
 * Memory: 8 bytes an access of the run, and 4 an access of each trace.
 */
#ifndef SIM_FUTURE_H
#define SIM_FUTURE_H

#include "model/sim_workload.h"

struct sim_future {
	u32 *timeline; /* page << 1, count of them */
	u32 *next_use; /* by position, or SIM_NEVER */
	u32 count, capacity;
	u32 **order; /* by source and stream (source * streams_count + stream): k-th access's place */
	u32 *lengths; /* entries of each */
	u32 *starts; /* by repetition: its first position */
	u32 starts_count;
	u32 streams_count, sources_count;
};

/* Plays guest->workload.  Return: 0 or negative errno with text. */
int sim_future_init(struct sim_future *future, struct sim_guest *guest, struct tr_error *error);
void sim_future_destroy(struct sim_future *future);

/* Position of the @nth access of @stream in repetition number @repetition of the run. */
static inline u32 sim_future_position(const struct sim_future *future, u32 source, u32 stream,
				      u32 repetition, u32 nth)
{
	u32 list = source * future->streams_count + stream;

	if (repetition >= future->starts_count || nth >= future->lengths[list])
		return future->count; /* beyond what was foreseen */
	u32 position = future->starts[repetition] + future->order[list][nth];

	return position < future->count ? position : future->count;
}

#endif /* SIM_FUTURE_H */
