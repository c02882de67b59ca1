/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cli_save.h - one result file, written beside its place and renamed when it is whole.
 *
 * Whatever goes wrong, the file that was there before stays as it was.
 * Errors: 0 or negative errno with text "path: reason".
 */
#ifndef CLI_SAVE_H
#define CLI_SAVE_H

#include <stdio.h>

#include "tr_error.h"

#define CLI_SAVE_PATH_MAX 4096

struct cli_save {
	FILE *stream;
	char path[CLI_SAVE_PATH_MAX], work[CLI_SAVE_PATH_MAX];
};

int cli_save_open(struct cli_save *save, const char *path, struct tr_error *error);
int cli_save_commit(struct cli_save *save, struct tr_error *error); /* also finds write errors */

#endif /* CLI_SAVE_H */
