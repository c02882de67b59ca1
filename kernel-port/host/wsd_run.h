/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * wsd_run.h - a run of the daemon, from options to results.
 *
 * Around the loop stand the same writers as around a simulated world (sim_single.h), so
 * DIR holds the same files.  Without --output nothing is written but the record's digest.
 */
#ifndef WSD_RUN_H
#define WSD_RUN_H

#include "wsd_options.h"

struct wsd_run {
	struct wsd_options *options; /* checked */
	const char *command;	     /* for the report */
	void (*say)(const char *vm, const char *text);
	/* Results. */
	u64 digest, events;
	bool plots_missing;
	struct tr_error plots_error;
};

/* Until the duration is over, somebody says quit, or SIGINT or SIGTERM comes. */
int wsd_run(struct wsd_run *run, struct tr_error *error);

#endif /* WSD_RUN_H */
