/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tr_guest.h - makes a trace of a whole guest from what the plugin saw of it.
 *
 * What a page is used for is known only after it was: /proc/kpageflags is sampled
 * once a second of the guest's.  So the plugin's records are spooled to a file while
 * this learns, for each span from a page's allocation to its free, which type it had,
 * and the trace is written in a second pass.  A span that no sample fell into has the
 * type that the flags of its allocation tell.
 *
 * Rules:
 * - A page is the guest-physical page from allocation to free; its number is the
 *   frame's, so that 2 MiB of the guest are 2 MiB of the trace.
 * - Pages in use before the tracepoints were on begin with their first access.
 * - Types: anonymous and tmpfs: anon; page cache: file; all else: unevictable.
 * - Through user addresses: TR_MAPPED.  Through the kernel's: TR_DESCRIPTOR on page
 *   cache (each pass over a page of data is recorded), else TR_KERNEL.
 * - When the recording ends all pages are freed: the guest is switched off.
 *
 * Memory: 16 bytes a page and one byte an allocation.  Errors: negative errno and text.
 */
#ifndef TR_GUEST_H
#define TR_GUEST_H

#include "tr_raw_read.h"
#include "tr_record.h"

struct tr_guest;

int tr_guest_open(struct tr_guest **guest, const char *spool_path, u64 pages_count,
		  struct tr_error *error);
/* First pass; a handler for struct tr_raw_reader. */
int tr_guest_event(void *guest, const struct tr_raw_event *event, struct tr_error *error);
/* Second pass. */
int tr_guest_write(struct tr_guest *guest, struct tr_sink sink, struct tr_error *error);
u64 tr_guest_allocations(const struct tr_guest *guest); /* told by tracepoints */
void tr_guest_close(struct tr_guest *guest);

#endif /* TR_GUEST_H */
