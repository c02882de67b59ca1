/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sim_results.h - a results directory that is whole or not there.
 *
 * Everything is written into DIR.tmp.PID beside DIR.  sim_results_commit() exchanges
 * the two in one step and removes the old results; sim_results_abort() removes the new
 * ones.  A full disk, a kill or an error therefore leaves the previous results as they
 * were.  What a killed process leaves behind, the next one that writes to DIR removes,
 * if the file system can lock directories (tr_scratch.h).
 *
 * DIR is only ever replaced if it is empty, or if wssim wrote it: it has a summary.json
 * and nothing at its top level that wssim does not write.  So neither a mistyped -o nor
 * notes that somebody put beside the results are lost.
 *
 * Errors: 0 or negative errno, with text "DIR: reason".  Every write is checked, at the
 * latest by sim_file_close().
 */
#ifndef SIM_RESULTS_H
#define SIM_RESULTS_H

#include <stdio.h>

#include "tr_error.h"

#define SIM_FILE_PATH_MAX 4096

struct sim_results {
	char final[SIM_FILE_PATH_MAX]; /* the caller's DIR, without trailing slashes */
	char work[SIM_FILE_PATH_MAX];  /* where files go until commit */
	int lock;		       /* on work: its process is alive; or negative */
};

/* Return: 0; -EEXIST when DIR holds something else than results. */
int sim_results_begin(struct sim_results *results, const char *dir, struct tr_error *error);
int sim_results_commit(struct sim_results *results, struct tr_error *error);
void sim_results_abort(struct sim_results *results);

/* One file of the results. */
struct sim_file {
	FILE *stream;
	char path[SIM_FILE_PATH_MAX];
};

/* @name may hold one folder ("plots/x.svg"), which is made. */
int sim_file_create(struct sim_file *file, const char *dir, const char *name,
		    struct tr_error *error);
/*
 * The same in memory of its own: @size zeroed bytes that begin with a struct sim_file.
 * Return: what sim_file_close() and free() are for; NULL with *rc negative and text.
 */
void *sim_file_make(size_t size, const char *dir, const char *name, int *rc,
		    struct tr_error *error);
/* Flush and close; tells of any write that failed since the file was made. */
int sim_file_close(struct sim_file *file, struct tr_error *error);

/* A text as a csv field: quoted when it must be (RFC 4180). */
void sim_csv_text(FILE *stream, const char *text);

#endif /* SIM_RESULTS_H */
