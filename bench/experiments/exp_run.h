/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * exp_run.h - the runs of experiments: makes what is missing, side by side.
 *
 * A run is a call of wssim and its results directory DIR/runs/HASH, where HASH is of the
 * program, the scenario, the arm's options, the traces and the run's number.  Results appear
 * whole or not at all, so one that is there is done, and after a kill the rest is made.
 */
#ifndef EXP_RUN_H
#define EXP_RUN_H

#include "exp.h"

struct exp_runner {
	const char *wssim;   /* the program */
	const char *dir;     /* everything is made below it */
	const char *samples; /* folder of recorded traces */
	u32 workers;
	u32 done_count, all_count; /* runs */
};

/* Make traces and runs, and load their tables.  What fails is in the experiment's error
 * and makes it EXP_BROKEN; -EINTR when stopped. */
int exp_run_all(struct exp_runner *runner, struct exp *exps, u32 exps_count);

#endif /* EXP_RUN_H */
