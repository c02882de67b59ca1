/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tr_record_run.h - runs an emulator with the plugin and takes in what it says.
 *
 * Shared by the recorders of commands and of guests.
 */
#ifndef TR_RECORD_RUN_H
#define TR_RECORD_RUN_H

#include <limits.h>

#include "tr_raw_read.h"
#include "tr_record_cmd.h"
#include "tr_scratch.h"

/* A folder of our own, with the FIFO in it. */
struct tr_run_dir {
	struct tr_scratch folder;
	char pipe[PATH_MAX];
};

int tr_run_dir_make(struct tr_run_dir *dir, struct tr_error *error);
void tr_run_dir_remove(struct tr_run_dir *dir); /* and what is in it */

/* @name with a slash is taken as it is, else looked for in $PATH. */
int tr_find_program(const char *name, char *path, size_t size, struct tr_error *error);

/* The argument of -plugin; QEMU splits it at commas, so those in paths are doubled. */
int tr_plugin_argument(char *to, size_t size, const struct tr_record_options *options,
		       const char *pipe, struct tr_error *error);

/*
 * Run @args until it ends, handing records to @event.  A request to stop, or an error
 * of @event's, ends the emulator: SIGTERM, and SIGKILL after two seconds.
 */
int tr_run(char **args, const struct tr_run_dir *dir, const struct tr_record_options *options,
	   int (*event)(void *ctx, const struct tr_raw_event *event, struct tr_error *error),
	   void *ctx, struct tr_record_result *result, struct tr_error *error);

#endif /* TR_RECORD_RUN_H */
