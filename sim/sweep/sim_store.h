/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sim_store.h - finished runs of a sweep, one file each.
 *
 * A run's file is named by what the run is a function of: the effective scenario with
 * seed and number, the traces' contents, and the program.  So a run is done when its
 * file is there, whoever made it: a sweep that was killed goes on, a plan that grew runs
 * only what is new, two cells that share a baseline run it once, and results of another
 * build or of changed traces are never mixed in.
 *
 * Files are written beside and renamed, and end with a check of their figures.  A machine
 * that loses power may leave one torn, a disk may give other bytes: such a file does not
 * read, and counts as not there.
 */
#ifndef SIM_STORE_H
#define SIM_STORE_H

#include "model/sim_rng.h"
#include "observe/probe_summary.h"
#include "tr_error.h"

struct sim_store {
	char dir[4096]; /* DIR/runs */
};

/* Make DIR/runs if it is not there; DIR is. */
int sim_store_open(struct sim_store *store, const char *dir, struct tr_error *error);

/* Remove files that a killed process was writing; only while nobody else writes. */
void sim_store_sweep_up(const struct sim_store *store);

/*
 * What the runs of @scenario have in common, whatever their seed and number.  Opens its
 * traces for their digests; remembers those of files seen before, so call it from one
 * thread.
 */
int sim_store_identity(const struct sim_scenario *scenario, u64 *identity,
		       struct tr_error *error);

/* The name of one run. */
static inline u64 sim_store_key(u64 identity, u64 seed, u32 run)
{
	return sim_mix64(sim_mix64(sim_mix64(identity) + seed) + run);
}

/* Is there a file of this name?  Whether it reads, only reading it tells. */
bool sim_store_has(const struct sim_store *store, u64 key);
int sim_store_put(const struct sim_store *store, u64 key, const struct sim_summary *summary,
		  struct tr_error *error);
/* Return: the summary, which the caller frees; NULL if it is not there or does not read. */
struct sim_summary *sim_store_get(const struct sim_store *store, u64 key);
/* The same; *@damaged_count is one more if there was a file before it was looked for. */
struct sim_summary *sim_store_take(const struct sim_store *store, u64 key, u32 *damaged_count);
/* Remove the file; only while nobody else writes. */
void sim_store_drop(const struct sim_store *store, u64 key);

#endif /* SIM_STORE_H */
