/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sim_beside.h - tables and plots into a directory that others work in meanwhile.
 *
 * All is written into DIR/tables.tmp and then moved into DIR, name by name, so a reader
 * never sees half a file and the runs in DIR stay.
 */
#ifndef SIM_BESIDE_H
#define SIM_BESIDE_H

#include <ws_env.h>

#include "tr_error.h"

struct sim_beside {
	const char *const *names; /* of the files, ended by NULL; the plots' folder comes besides */
	/* Into @dir, the folder "plots"; NULL: no plots. */
	int (*draw)(const void *ctx, const char *dir, struct tr_error *error);
	/* Into @dir; @drawn: its folder "plots" has all. */
	int (*write)(const void *ctx, const char *dir, bool drawn, struct tr_error *error);
	const void *ctx;
};

/* @plots_error: why drawing failed, which does not keep the rest; empty: it did not */
int sim_beside_write(const struct sim_beside *beside, const char *dir,
		     struct tr_error *plots_error, struct tr_error *error);

#endif /* SIM_BESIDE_H */
