/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cmd_lab.h - what the commands that look at one trace share (mrc, reclaim): which trace,
 * csv beside the table, where processor time went.
 */
#ifndef CMD_LAB_H
#define CMD_LAB_H

#include <argp.h>
#include <time.h>

#include "lab/sim_lab.h"
#include "scenario/sim_json_write.h"
#include "tr_place.h"

struct cmd_lab {
	const char *path, *format, *csv;
	bool json;
};

/* A child parser for argp; its input is a struct cmd_lab.  It takes the argument, too. */
extern const struct argp cmd_lab_argp;

/*
 * Load the trace, and open the csv file if one is wanted: what cannot be written is told
 * before anything is computed.  place->stream is NULL without a csv file.  The trace can
 * be interrupted from then on.
 *
 * Return: 0, then sim_lab_trace_destroy() and tr_place_commit() or _abort(); negative
 * errno with text.
 */
int cmd_lab_begin(const struct cmd_lab *lab, struct sim_lab_trace *trace, struct tr_place *place,
		  struct tr_error *error);

/* The first line or two of a table, and the same as members. */
void cmd_lab_head(const struct cmd_lab *lab, const struct sim_lab_trace *trace, u64 accesses);
void cmd_lab_json(struct sim_json_writer *json, const struct cmd_lab *lab,
		  const struct sim_lab_trace *trace, u64 accesses);

/* Of CLOCK_PROCESS_CPUTIME_ID or CLOCK_THREAD_CPUTIME_ID. */
double cmd_lab_seconds(clockid_t clock);

/*
 * Commit the csv file, if it is open.
 * Return: @status, or EXIT_FAILED with a line for what could not be written.
 */
int cmd_lab_end(struct tr_place *place, int status);

#endif /* CMD_LAB_H */
