/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * ws_source_lists.h - ages from Linux's active and inactive lists.
 *
 * The lists hold no times, only an order, and order becomes age once it is known when
 * each page was put at the head.  So here a page bears the epoch in which it was put
 * there, because it came in or was seen to be used.  Each pass ends an epoch; up to 63
 * are told apart, in 2 bytes a page.
 *
 * A pass looks at 1/2^priority of each inactive list, and of an active list when the
 * inactive one is low, from the tail, as reclaim at that priority would; it evicts
 * nothing.  By the rules of Linux 6.12:
 *	inactive, accessed once		back to the head; put there now
 *	inactive, accessed twice	to the head of active; put there now
 *	inactive, not accessed		would be evicted; back to the head, epoch kept
 *	active				to the head of inactive, accessed or not, and
 *					its accessed bit is lost; put there now
 *	second use by descriptor	to the head of active; put there now
 *
 * What is said about ages, and what is assumed:
 *	inactive	last used in the epoch in which it was put at the head, anywhere
 *			in it.  Wrong for what was used after that and not yet looked at
 *			(too old), and for what came from active (too young).
 *	active		last used at any time since it was put there, for the kernel
 *			does not look at active pages.  Wrong for what has long been
 *			idle there (too young on average).
 * So without pressure, or these passes, the lists know only when each page came.
 *
 * Not modelled: executable file pages' second round, and how refaults affect deactivation.
 */
#ifndef WS_SOURCE_LISTS_H
#define WS_SOURCE_LISTS_H

#include "ws_queue.h"
#include "ws_source.h"

#define WS_LISTS_PRIORITY_MAX 12 /* DEF_PRIORITY */

enum ws_list { WS_INACTIVE, WS_ACTIVE, WS_LISTS };

struct ws_source_lists {
	struct ws_source source;
	struct ws_age list[WS_LISTS]; /* epochs; a page is in the one that WS_PAGE_ACTIVE says */
	struct ws_queue queue[WS_LISTS][WS_TYPES];
	u32 *pool;
	u32 priority;
};

/**
 * ws_source_lists_init() - empty lists
 * @page: zeroed, ws_age_footprint() bytes
 * @pool: zeroed, ws_queue_footprint() bytes
 * @priority: 0..WS_LISTS_PRIORITY_MAX
 */
void ws_source_lists_init(struct ws_source_lists *lists, u16 *page, u32 *pool, u32 pages_count,
			  u32 priority, const struct ws_access *access, u64 now_ns);

/* Pages on a list. */
u64 ws_source_lists_pages(const struct ws_source_lists *lists, enum ws_list list,
			  enum ws_type type);

/* inactive_is_low(): the active list is large enough to be shrunk. */
bool ws_source_lists_low(u64 inactive_pages, u64 active_pages);

#endif /* WS_SOURCE_LISTS_H */
