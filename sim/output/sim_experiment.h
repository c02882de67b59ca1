/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sim_experiment.h - policies times runs, side by side, into one results directory.
 *
 * What "run" and "compare" both are.  Run k has the same number under every policy and
 * in the baseline, so all share their random streams.  Files:
 *
 *	one policy, one run	csv files, journal, scenario and plots at the top of DIR
 *	otherwise		those of each policy's first run in DIR/runs/POLICY
 *	always			summary.json, summary.csv, vms.csv, provenance.txt, report.html
 *
 * A job per run and one per baseline, in the order baseline 0, all policies' run 0,
 * baseline 1, ...: what is done when somebody stops it belongs together.
 */
#ifndef SIM_EXPERIMENT_H
#define SIM_EXPERIMENT_H

#include "output/sim_comparison.h"
#include "tr_error.h"

struct sim_experiment {
	const struct sim_scenario *scenario; /* one per policy */
	u32 policies_count, runs_count;	     /* run numbers start with the scenario's */
	u32 workers;
	bool baseline, plots, journal, perfetto;
	bool no_oracles; /* which take as long as a few runs */
	const char *dir;
	const char *command; /* for the report */
	const volatile bool *stop;
	/* In the parent: runs that ended, of all.  May be NULL. */
	void (*progress)(void *ctx, u32 done_count, u32 all_count);
	/* In the process of the only run of one policy: its simulated time.  May be NULL. */
	void (*run_progress)(void *ctx, u64 now_ns);
	void *progress_ctx;
	/* Results: what ran, and why there are no plots (empty: there are). */
	struct sim_comparison comparison; /* the caller destroys it, also after an error */
	struct tr_error plots_error;
};

/*
 * Run all and replace the results in dir.  Stopped: what was finished is written, and
 * comparison.interrupted says so; -EINTR when nothing was.
 *
 * Return: 0 or negative errno with text; then dir is as it was.
 */
int sim_experiment_run(struct sim_experiment *experiment, struct tr_error *error);

#endif /* SIM_EXPERIMENT_H */
