/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tr_scratch.h - a folder for temporary files, which a killed process does not leave for ever.
 *
 * A folder is named TMPDIR/wssim-KIND-XXXXXX and removed by whoever made it.  A process that
 * is killed cannot do that; so every folder is locked (flock) for as long as its maker, or a
 * process forked from it, is alive, and making one first removes those of the same kind and
 * user that nobody has locked any more.  Where a file system cannot lock folders, as over NFS,
 * nothing is removed but by its maker.
 *
 * Errors: 0 or negative errno with text "path: reason".  Locking: none.
 */
#ifndef TR_SCRATCH_H
#define TR_SCRATCH_H

#include <limits.h>

#include "tr_error.h"

struct tr_scratch {
	char path[PATH_MAX]; /* absolute; "" when there is none */
	int lock;	     /* descriptor, or -1 */
};

/* @kind: lower-case letters.  In $TMPDIR if that is an absolute path, else in /tmp. */
int tr_scratch_make(struct tr_scratch *scratch, const char *kind, struct tr_error *error);
/* Remove the folder and all in it; a zeroed struct, or one that could not be made, is fine. */
void tr_scratch_remove(struct tr_scratch *scratch);

/*
 * Lock the folder @name of the directory @folder (a descriptor, or AT_FDCWD).  Return: a
 * descriptor, which holds the lock until it and its copies in other processes are closed;
 * -EWOULDBLOCK when somebody else has it; -ENOENT; any other negative errno when it is no
 * folder of this user's or cannot be locked.
 */
int tr_folder_lock(int folder, const char *name);

/* Remove @path and all below it, without following links.  Return: 0 or negative errno. */
int tr_folder_remove(const char *path);

#endif /* TR_SCRATCH_H */
