/* SPDX-License-Identifier: BSD-2-Clause */
/* cmd_ages.h - a run of wssim ages, and how its results are printed and written. */
#ifndef CMD_AGES_H
#define CMD_AGES_H

#include "cli/cmd_sim.h"
#include "lab/sim_ages.h"
#include "observe/sim_results.h"

struct cmd_ages {
	struct sim_ages ages;
	struct sim_results results;
	struct sim_file reports; /* ages.csv */
	struct cmd_progress progress;
	bool plots_missing;
};

void cmd_ages_table(const struct cmd_ages *run, const char *dir);
void cmd_ages_json(const struct cmd_ages *run, FILE *to);

/* ages.csv grows while the trace runs. */
int cmd_ages_begin_reports(struct cmd_ages *run, struct tr_error *error);
void cmd_ages_sample(void *run, const struct sim_ages_sample *sample);
int cmd_ages_end_reports(struct cmd_ages *run, struct tr_error *error);

/* summary.json, summary.csv, histograms.csv */
int cmd_ages_write(const struct cmd_ages *run, struct tr_error *error);

#endif /* CMD_AGES_H */
