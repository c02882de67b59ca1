/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sim_single.h - one run with its observers, from scenario to files.
 *
 * Also makes the baseline: the same scenario, seed and run number on a host that has
 * memory for everybody, under the static policy and without disturbances.  Slowdown is
 * measured against that (sim_metrics.h).
 */
#ifndef SIM_SINGLE_H
#define SIM_SINGLE_H

#include "observe/probe_summary.h"
#include "output/sim_figures.h"
#include "tr_error.h"

struct sim_single {
	const struct sim_scenario *scenario;
	const char *dir;     /* csv files go here; NULL: only the summary is made */
	const char *title;   /* of the figures */
	bool plots;	     /* figures into DIR/plots */
	bool journal, perfetto; /* DIR/journal.wsj, DIR/perfetto.json */
	const volatile bool *stop;
	void (*progress)(void *ctx, u64 now_ns);
	void *progress_ctx;
	/*
	 * What runs in place of the simulated world, and tells @probe of it: real VMs.
	 * NULL: the scenario is simulated.
	 */
	int (*drive)(void *ctx, const struct sim_probe *probe, u32 probes_count,
		     struct sim_run_result *result, struct tr_error *error);
	void *drive_ctx;
	/* Results. */
	struct sim_summary *summary; /* the caller frees it */
	bool figures[SIM_FIGURES];   /* that were drawn */
	int plots_rc;		     /* drawing failed, the rest is whole; text in plots_error */
	struct tr_error plots_error;
};

/*
 * Return: 0, also when it was stopped (the summary says interrupted); negative errno
 * with text for a damaged trace or files that cannot be written.
 */
int sim_single_run(struct sim_single *single, struct tr_error *error);

/*
 * Make @baseline from @scenario; it borrows everything but its policy's state.
 * sim_baseline_destroy() frees that.
 */
void sim_baseline_init(struct sim_scenario *baseline, const struct sim_scenario *scenario);
void sim_baseline_destroy(struct sim_scenario *baseline);

#endif /* SIM_SINGLE_H */
