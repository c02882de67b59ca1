/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cmd_sim.h - what run, compare and replay share: options of scenarios, Ctrl-C, progress
 * on a terminal, tables of results.
 */
#ifndef CMD_SIM_H
#define CMD_SIM_H

#include <argp.h>

#include "output/sim_experiment.h"
#include "tr_error.h"

#define CMD_SETS_MAX 256
#define CMD_OUT_DEFAULT "wssim-out"

/* What these options set. */
struct cmd_sim {
	const char *scenario_path;
	const char *set[CMD_SETS_MAX];
	u32 sets_count;
	char *owned[CMD_SETS_MAX]; /* those of them made from --seed and --run */
	u32 owned_count;
	const char *dir;
	bool json, no_plots, no_baseline;
};

/*
 * Child parsers for argp; their input is a struct cmd_sim.  They take the one argument,
 * the scenario, too.
 */
extern const struct argp cmd_scenario_argp; /* which scenario, and with what changed */
extern const struct argp cmd_sim_argp;	    /* that, and what to leave in which directory */

/* Read the scenario with the overrides.  Return: 0 or negative errno with text. */
int cmd_sim_read(const struct cmd_sim *sim, const char *policy, struct sim_scenario *scenario,
		 struct tr_error *error);
void cmd_sim_free(struct cmd_sim *sim);

/* Progress lines; nothing unless stderr is a terminal. */
struct cmd_progress {
	bool shown;
	u64 end_ns;
	u32 last_percent;
};
void cmd_progress_time(void *progress, u64 now_ns);
void cmd_progress_clear(struct cmd_progress *progress);

/* The command line, quoted for a shell; the caller frees it. */
char *cmd_line(int argc, char **argv);

/* Run, print what comes out of it, and clean up.  Return: exit status. */
int cmd_experiment(const struct cmd_sim *sim, struct sim_experiment *experiment);

#endif /* CMD_SIM_H */
