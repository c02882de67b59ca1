/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tr_repack.h - a .wst file written anew, as today's writer would have packed its blocks.
 *
 * Records, runs, times, header and totals stay as they are, to the byte; what changes is
 * how blocks are compressed, and with it the file's size, digest and reading speed.
 */
#ifndef TR_REPACK_H
#define TR_REPACK_H

#include "tr_error.h"

/* @from to @to, which may be the same.  Return: 0 or negative errno with text. */
int tr_repack(const char *from, const char *to, struct tr_error *error);

#endif /* TR_REPACK_H */
