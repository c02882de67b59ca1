/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sim_trial_write.h - trial.csv, table.csv, plots/ and report.html of a trial.
 *
 * Written beside and moved into DIR, as a sweep's are.
 */
#ifndef SIM_TRIAL_WRITE_H
#define SIM_TRIAL_WRITE_H

#include "trial/sim_trial_score.h"

/* @plots_error: why there are no plots (empty: there are, or none were wanted) */
int sim_trial_write(const struct sim_trial_score *score, const char *dir, const char *command,
		    bool plots, struct tr_error *plots_error, struct tr_error *error);

/* "redis, 50 % of its memory, zram, swappiness 60" without what never varies. */
#define SIM_TRIAL_LABEL 256
char *sim_trial_label(const struct sim_trial *trial, u32 cell, char label[SIM_TRIAL_LABEL]);

#endif /* SIM_TRIAL_WRITE_H */
