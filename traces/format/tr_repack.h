/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tr_repack.h - rewrites a .wst file, packed to be read quickly.
 *
 * Records, runs, times, header and totals stay as they are, to the byte; what changes is
 * how blocks are compressed, and with it the file's size, digest and reading speed.
 * A writer has to pack blocks as they come; here all are known, and each is packed in the
 * quickest way that leaves the file within TR_REPACK_BYTES a record.
 */
#ifndef TR_REPACK_H
#define TR_REPACK_H

#include <stdbool.h>

#include "tr_error.h"

#define TR_REPACK_BYTES 1.49 /* a record, with all that is in the file */

/*
 * @from to @to, which may be the same.  @stop, which may be NULL: once it is true, @to is left
 * as it was, and -EINTR.  Return: 0 or negative errno with text.
 */
int tr_repack(const char *from, const char *to, const volatile bool *stop, struct tr_error *error);

#endif /* TR_REPACK_H */
