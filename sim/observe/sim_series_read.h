/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sim_series_read.h - a run's timeseries.csv and decisions.csv, read back row by row.
 *
 * What probe_series.c wrote, and nothing else: a file with other heads, a row with other
 * than as many fields, quotes that do not end and a number that is none are errors, told
 * with file and line.  A row of one kind comes from one reader:
 *
 *	rc = sim_states_open(&series, "out", &error);
 *	while (!rc && (rc = sim_states_next(series, &state, &error)) > 0)
 *		rc = take(&state);
 *	sim_series_close(series);
 *
 * Memory: texts belong to the reader and last until its next row.  Errors: negative errno
 * with text "DIR/FILE: line N: reason".
 */
#ifndef SIM_SERIES_READ_H
#define SIM_SERIES_READ_H

#include <ws_env.h>

#include "tr_error.h"

struct sim_series;

/* One VM at one time; totals count from the start of the run. */
struct sim_state {
	const char *vm;
	double time_s;
	double target_bytes, balloon_bytes, nominal_bytes; /* sizes of guest and balloon */
	double free_bytes, swapped_bytes;		   /* in the guest */
	double backed_bytes;				   /* by the host */
	double psi_some_s, swap_in_bytes, swap_out_bytes;  /* totals */
};

/* What the policy said about a decision: clauses parted by "; ", the first being the move. */
struct sim_decision {
	const char *vm, *text;
	double time_s;
};

/* Return: 0 or negative errno with text; *series is for sim_series_close() in both cases. */
int sim_states_open(struct sim_series **series, const char *dir, struct tr_error *error);
int sim_decisions_open(struct sim_series **series, const char *dir, struct tr_error *error);

/* Return: 1, 0 at the end, negative errno with text. */
int sim_states_next(struct sim_series *series, struct sim_state *state, struct tr_error *error);
int sim_decisions_next(struct sim_series *series, struct sim_decision *decision,
		       struct tr_error *error);

void sim_series_close(struct sim_series *series); /* NULL is fine */

#endif /* SIM_SERIES_READ_H */
