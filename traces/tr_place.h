/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tr_place.h - a file that appears when it is whole.
 *
 * It is written as PATH.tmp, beside its place, and renamed when all is written and
 * closed; whatever goes wrong, what was at PATH stays.  Only a regular file is ever
 * replaced: "-o /dev/null" would else put a file in the place of the device.  PATH.tmp
 * is locked while it is written, so that of two processes the second is refused; what
 * a killed process left is written over.  A symbolic link at PATH is
 * followed, but replaced if it leads to nothing.
 *
 * Errors: 0 or negative errno with text "path: reason".  Locking: none.
 */
#ifndef TR_PLACE_H
#define TR_PLACE_H

#include <stdio.h>

#include "tr_error.h"

struct tr_place {
	FILE *stream;
	char *path, *work; /* the file, and what it is until it is whole */
};

int tr_place_open(struct tr_place *place, const char *path, struct tr_error *error);
/* Ends the writing either way, and finds errors of earlier writes too. */
int tr_place_commit(struct tr_place *place, struct tr_error *error);
void tr_place_abort(struct tr_place *place); /* one that is not open is fine */

#endif /* TR_PLACE_H */
