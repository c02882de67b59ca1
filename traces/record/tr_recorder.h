/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tr_recorder.h - makes a trace of a command from what the plugin saw of it.
 *
 * Rules, which the kernel's are the model of:
 * - A page begins when it is first touched, not when it is mapped.
 * - An anonymous page is an address's; it ends when it is unmapped, given back by
 *   madvise(), or when the command ends.
 * - A page of a file is the file's, whether it is mapped (shared, or private and
 *   never written) or read and written by descriptor; it ends when the file is
 *   deleted or truncated, and outlives the command, as page cache does.
 * - The first store to a private mapping of a file begins an anonymous page at that
 *   address (copy on write).
 * - Files on tmpfs and memfds are anonymous to the kernel, and here.
 * - mremap() moves pages, it does not copy them.
 * - One TR_DESCRIPTOR access for each page and system call, none left out.
 *
 * Memory: 16 bytes a page touched.  Errors: negative errno and text.  Locking: none.
 */
#ifndef TR_RECORDER_H
#define TR_RECORDER_H

#include "tr_raw_read.h"
#include "tr_record.h"

struct tr_recorder;

int tr_recorder_open(struct tr_recorder **recorder, struct tr_sink sink, struct tr_error *error);
/* A handler for struct tr_raw_reader. */
int tr_recorder_event(void *recorder, const struct tr_raw_event *event, struct tr_error *error);
/* The command is over: its memory is freed. */
int tr_recorder_finish(struct tr_recorder *recorder, struct tr_error *error);
void tr_recorder_close(struct tr_recorder *recorder);

#endif /* TR_RECORDER_H */
