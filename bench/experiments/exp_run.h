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

/*
 * Make traces and runs.  What fails is in the experiment's error and makes it EXP_BROKEN;
 * -EINTR when stopped.
 */
int exp_run_all(struct exp_runner *runner, struct exp *exps, u32 exps_count);

/* The tables of its runs, or EXP_BROKEN; those of ten runs an arm take a gigabyte for some. */
void exp_load(struct exp *exp);
/* Once it is judged and drawn. */
void exp_unload(struct exp *exp);

#endif /* EXP_RUN_H */
