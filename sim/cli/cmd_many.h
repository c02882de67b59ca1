/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cmd_many.h - what commands that do many runs share: options, progress, the ways to get
 * a plan's runs done (sweep/sim_sweep.h).
 */
#ifndef CMD_MANY_H
#define CMD_MANY_H

#include <argp.h>

#include "sweep/sim_sweep.h"

#define CMD_SBATCH_MAX 64

struct cmd_many {
	const char *plan_path; /* that tasks of an array are to read */
	const char *dir;
	u32 workers, part, parts_count, tasks;
	bool json, no_plots, gather_only, slurm;
	const char *sbatch[CMD_SBATCH_MAX];
	u32 sbatch_count;
};

/* A child parser for argp; its input is a struct cmd_many. */
extern const struct argp cmd_many_argp;

/*
 * Do what is missing of @plan, then finish(), unless this was a part of many.
 * Return: exit status.
 */
int cmd_many_run(const struct cmd_many *many, const struct sim_plan *plan,
		 int (*finish)(void *ctx, struct sim_sweep *sweep), void *ctx);

/* The last words after results were written.  Return: exit status. */
int cmd_many_say(const struct cmd_many *many, u32 missing, u32 damaged,
		 const struct tr_error *plots_error);

#endif /* CMD_MANY_H */
