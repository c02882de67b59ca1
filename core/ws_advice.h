/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * ws_advice.h - what a program says about its pages: MADV_COLD, MADV_PAGEOUT, mlock().
 *
 * Each takes pages off the lists at once and, unlike eviction, out of their order:
 *	cold	a page that nobody else maps forgets its last access, or all (enum ws_cold),
 *		and goes to where one comes in that is not active (lru_deactivate()): of a
 *		file the oldest generations, but anon, by all rules from 6.1.y on, the second
 *		youngest
 *	pageout	it is a victim, whatever its generation and accesses (reclaim_pages())
 *	lock	it is on no list until it is unlocked, and then comes in as one that is
 *		not active, its history as it was (__mlock_folio(), __munlock_folio())
 * Which pages are meant, and their accessed bits, are the caller's: COLD clears those, and
 * a walk passes locked areas over.  A locked page is in no generation meanwhile; when it is
 * freed, the core need not be told.  A page that is unlocked counts as used then, as nobody
 * looked at its accesses before.
 *
 * Pages of @pages that are in no generation are passed over; none may be twice in it.  A call
 * walks all queues once: cheap for an area, dear for a page.
 *
 * Memory, time, errors, locking: as in ws_lru.h.  Source: Linux 6.1.192, 6.12.95 and 7.3,
 * mm/madvise.c, mm/swap.c, mm/mlock.c.
 */
#ifndef WS_ADVICE_H
#define WS_ADVICE_H

#include "ws_lru.h"

/* Return: how many pages were in a generation. */
u32 ws_advice_cold(struct ws_lru *lru, const u32 *pages, u32 count);

/*
 * @shadows: may be NULL; for each of @pages the token to hand to ws_lru_add() when it comes
 * back, 0 for those that were in no generation.  Return: how many are evicted.
 */
u32 ws_advice_pageout(struct ws_lru *lru, const u32 *pages, u32 count, u32 *shadows);

/* Return: how many pages were in a generation. */
u32 ws_advice_lock(struct ws_lru *lru, const u32 *pages, u32 count);

/* @pages have been locked, all of them, and have not been freed since. */
void ws_advice_unlock(struct ws_lru *lru, const u32 *pages, u32 count);

#endif /* WS_ADVICE_H */
