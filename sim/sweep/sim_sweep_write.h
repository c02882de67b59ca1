/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sim_sweep_write.h - one table and one set of plots of a sweep, whatever ran it.
 *
 * Everything is written beside and then moved into DIR, so that a reader never sees half
 * a file.  Of a sweep that is not finished they say what is missing.
 */
#ifndef SIM_SWEEP_WRITE_H
#define SIM_SWEEP_WRITE_H

#include <stdio.h>

#include "sweep/sim_gather.h"

/*
 * sweep.csv, table.csv, summary.json, plots/, report.html.
 * @command: how to get them again
 * @plots_error: why there are no plots (empty: there are, or none were wanted)
 */
int sim_sweep_write(const struct sim_gather *gather, const char *dir, const char *command,
		    bool plots, struct tr_error *plots_error, struct tr_error *error);

/* summary.json on a stream. */
void sim_sweep_json(const struct sim_gather *gather, FILE *to);

#endif /* SIM_SWEEP_WRITE_H */
