/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bench_wst.h - a temporary folder with traces and scenarios, for benchmarks of whole runs.
 *
 * Errors: 0 or negative errno.
 */
#ifndef BENCH_WST_H
#define BENCH_WST_H

#include "tr_load.h"

struct bench_folder {
	char path[40];
};

int bench_folder_make(struct bench_folder *folder);
/* Removes the folder and all files in it. */
void bench_folder_remove(struct bench_folder *folder);

#define BENCH_PATH_MAX 80
/* "folder/name" into @path; returns it. */
char *bench_folder_file(const struct bench_folder *folder, const char *name,
			char path[BENCH_PATH_MAX]);

int bench_text_write(const struct bench_folder *folder, const char *name, const char *text);

/* How the accesses of an array become a trace. */
struct bench_wst {
	u32 access_ns; /* virtual time from one to the next */
	bool scattered; /* page numbers by address, popular ones anywhere; else by first access */
};
int bench_wst_write(const struct bench_folder *folder, const char *name,
		    const struct tr_array *array, const struct bench_wst *how);

#endif /* BENCH_WST_H */
