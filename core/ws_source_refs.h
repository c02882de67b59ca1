/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * ws_source_refs.h - ages from sums: "Referenced" of smaps after clear_refs.
 *
 * Writing 1 to /proc/PID/clear_refs clears every accessed bit of a process; smaps then
 * tells, for each mapping, how much was accessed since.  That is no age of any page,
 * but read 1, 2, 4 ... 32 periods after the clearing it is the working set by window,
 * and if the program goes on as it was, as much has an idle age below that window at
 * any other time too.  So a cycle is: clear; read six times; begin again; and each
 * window's last reading stands until its next.
 *
 * Errors are from that assumption (the program does change), from readings up to a
 * cycle old, and from what is not mapped: page cache used by read() and write() alone
 * is never seen accessed.
 *
 * Clearing walks all page tables with the process's address space locked for writing:
 * its page faults wait; and reclaim loses what it would have found.  Reading walks
 * them, too.  No state by page.
 */
#ifndef WS_SOURCE_REFS_H
#define WS_SOURCE_REFS_H

#include "ws_source.h"

#define WS_REFS_WINDOWS 6u /* 1, 2, 4, 8, 16, 32 periods */

struct ws_source_refs {
	struct ws_source source;
	u64 cleared_ns, read_ns;
	u32 passes; /* since the clearing */
	u32 known;  /* windows that have been read once, from the shortest */
	u64 window_ns[WS_REFS_WINDOWS];
	u64 pages[WS_REFS_WINDOWS][WS_TYPES]; /* accessed within the window */
};

/* Begins with a clearing, which is not charged.  The pass (age) is to come each period. */
void ws_source_refs_init(struct ws_source_refs *refs, u32 pages_count,
			 const struct ws_access *access, u64 now_ns);

#endif /* WS_SOURCE_REFS_H */
