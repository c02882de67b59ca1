/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * wsd_guard.h - reading and writing memory that a VM or its VMM can take away.
 *
 * The VMM may cut the file behind a mapping short at any moment; the next access is
 * then a SIGBUS.  Every access to guest memory goes through these calls, which turn
 * that into -EFAULT.  Guest memory also changes while it is being read, so nothing is
 * read twice: callers copy once and look at the copy.
 *
 * Locking: one thread.  Errors: 0 or -EFAULT.
 */
#ifndef WSD_GUARD_H
#define WSD_GUARD_H

#include <ws_env.h>

/* Before the first access.  Return: 0 or negative errno. */
int wsd_guard_install(void);

int wsd_guard_copy(void *to, const void *from, size_t size);
int wsd_guard_load16(const u16 *from, u16 *value); /* what the peer wrote before is visible after */
int wsd_guard_store16(u16 *to, u16 value);	   /* visible after all that was written before */

#endif /* WSD_GUARD_H */
