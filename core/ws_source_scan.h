/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * ws_source_scan.h - ages that a program in user space keeps, page by page.
 *
 * Each pass asks the kernel which pages were used since the last one and keeps each
 * page's age in passes, up to 63 (kstaled did so in one byte a page).  Two interfaces
 * of Linux answer by page, and they see different things:
 *
 *	idle	/sys/kernel/mm/page_idle/bitmap: a flag that any use takes away, by
 *		mapping, read() or write().  It is set by page frame, and asked for by
 *		page frame: each costs a lookup for every frame, and a reverse mapping
 *		for every page in memory, once to ask and once to set.  Reclaim still
 *		learns of the accesses (PG_young), so nothing else is disturbed.
 *	writes	ioctl PAGEMAP_SCAN with write protection by userfaultfd: a walk of page
 *		tables that returns and protects again what was WRITTEN.  Reads are
 *		never seen, and a page that is only read grows old.  What is protected
 *		must be flushed, one range a page-table page; and each page's next
 *		write costs its process a minor fault (which the environment counts).
 *		Soft-dirty bits (clear_refs 4) see the same and no more.
 *
 * A page that comes into memory counts as used, by both.
 */
#ifndef WS_SOURCE_SCAN_H
#define WS_SOURCE_SCAN_H

#include "ws_source.h"

enum ws_scan { WS_SCAN_IDLE, WS_SCAN_WRITES };

struct ws_source_scan {
	struct ws_source source;
	enum ws_scan what;
	struct ws_age age;
};

/* @page: zeroed, ws_age_footprint() bytes.  @access tells of idle flags, or of writes. */
void ws_source_scan_init(struct ws_source_scan *scan, enum ws_scan what, u16 *page,
			 u32 pages_count, const struct ws_access *access, u64 now_ns);

#endif /* WS_SOURCE_SCAN_H */
