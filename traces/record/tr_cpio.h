/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tr_cpio.h - writes an initial RAM file system ("newc" cpio, which the kernel reads).
 *
 * All files belong to root and have the date 0.  Parents come before their contents.
 * Errors: negative errno and text; tr_cpio_close() reports what was buffered.
 */
#ifndef TR_CPIO_H
#define TR_CPIO_H

#include <stdio.h>

#include <ws_env.h>

#include "tr_error.h"

struct tr_cpio {
	FILE *file;
	u32 inode;
};

int tr_cpio_open(struct tr_cpio *cpio, const char *path, struct tr_error *error);
int tr_cpio_dir(struct tr_cpio *cpio, const char *name);
int tr_cpio_link(struct tr_cpio *cpio, const char *name, const char *target);
int tr_cpio_text(struct tr_cpio *cpio, const char *name, const char *text);
int tr_cpio_file(struct tr_cpio *cpio, const char *name, const char *from, u32 mode,
		 struct tr_error *error);
int tr_cpio_close(struct tr_cpio *cpio, struct tr_error *error);

#endif /* TR_CPIO_H */
