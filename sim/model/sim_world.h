/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sim_world.h - one run: a host, its VMs, a policy, from start to end.
 *
 * A run is a function of the scenario (with its seed and run number) and the
 * traces it names; nothing else influences it.  Single-threaded; distinct worlds
 * share nothing.
 */
#ifndef SIM_WORLD_H
#define SIM_WORLD_H

#include "model/sim_probe.h"
#include "tr_error.h"

struct sim_world;

/**
 * sim_world_create() - build a run; opens the traces
 * @probes: observers, probes_count of them; they and the scenario outlive the world
 *
 * Return: 0 or negative errno with text.
 */
int sim_world_create(struct sim_world **world, const struct sim_scenario *scenario,
		     const struct sim_probe *probes, u32 probes_count, struct tr_error *error);

/**
 * sim_world_run() - advance until the scenario's duration is over
 * @stop: looked at between events; true ends the run early, and its result says
 *	interrupted (may be NULL)
 * @progress: called now and then with the simulated time (may be NULL)
 *
 * Return: 0 or negative errno with text (a trace that turns out to be damaged).
 */
int sim_world_run(struct sim_world *world, const volatile bool *stop,
		  void (*progress)(void *ctx, u64 now_ns), void *progress_ctx,
		  struct sim_run_result *result, struct tr_error *error);

/* Before the run: no VM runs ahead of others (sim_ahead.h), so that a test can compare. */
void sim_world_keep_in_step(struct sim_world *world);

void sim_world_destroy(struct sim_world *world);

#endif /* SIM_WORLD_H */
