/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sim_slurm.h - a sweep's parts as a Slurm job array.
 *
 * Every task of the array is "wssim sweep PLAN -o DIR --part K/N", so the store is the
 * only thing that tasks share, and DIR, the plan, its scenarios, its traces and wssim
 * itself must be in the same place on every node.  The number of the last array stands
 * in DIR/slurm/job; what tasks say goes to DIR/slurm/JOB-TASK.txt.
 */
#ifndef SIM_SLURM_H
#define SIM_SLURM_H

#include <ws_env.h>

#include "tr_error.h"

struct sim_slurm {
	const char *plan, *dir, *name;
	u32 tasks; /* >= 1 */
	/* Further arguments of sbatch: "--partition=short", "--cpus-per-task=4". */
	const char *const *option;
	u32 options_count;
};

/* Hand the array in.  @job: its number as Slurm prints it. */
#define SIM_SLURM_JOB 64
int sim_slurm_submit(const struct sim_slurm *slurm, char job[SIM_SLURM_JOB],
		     struct tr_error *error);

/* The array that was handed in last and is still waiting or running; false: none. */
bool sim_slurm_active(const char *dir, char job[SIM_SLURM_JOB]);

#endif /* SIM_SLURM_H */
