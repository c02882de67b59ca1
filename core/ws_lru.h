/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * ws_lru.h - which page to evict next: eviction order on top of ws_age.
 *
 * One queue for each generation and type.  A page enters a queue's young end
 * and is looked at when it reaches the old end.  Ageing does not touch the
 * queues: it changes a page's generation in ws_age, and eviction finds the page
 * on a queue it no longer belongs to and sorts it then (lazy promotion, as
 * sort_folio() of Linux does).
 *
 * A page that leaves (freed) stays queued as a ghost and is dropped when it
 * reaches the old end; when it comes back before that, it is simply alive again,
 * on the queue it was on, and will be sorted from there.  A ghost may come back
 * to its own struct ws_lru only.
 *
 * What decides about a page at the old end, in this order (sort_folio() and
 * folio_check_references()):
 *	gone                         drop the ghost
 *	in another generation        move to that generation's queue
 *	tier above the tier limit    next generation, counted as protected
 *	accessed since               youngest generation, neighbours too (look-around)
 *	else                         victim
 * What differs between versions of Linux is in ws_rules.h; the above is 6.1.
 *
 * A fold reverses the order of the folded pages, as inc_min_seq() of Linux does,
 * which takes them from the old end one by one and makes each the oldest of the
 * next generation.  Those that have been promoted Linux moves to the old end of
 * their generation; so do rules with WS_FOLD_SORTS, and then a fold looks at every
 * page of the generation.  With WS_FOLD_LAZY, as in base, they stay where they are
 * until eviction reaches them and moves them to the young end: such a fold costs
 * the same for any number of pages.
 *
 * Without swap Linux passes the oldest generation of anon over (ws_lru_advance_for()), and
 * with its list those promoted pages that were still on it.  They are then on the list of the
 * youngest, and when their own generation is folded they are not found: it is passed over for
 * them.  So the next N folds of rules with WS_FOLD_SORTS move page by page what is on the list.
 *
 * Memory: the caller's queue pool (ws_queue.h) beside ws_age's page array; both
 * may be shared by the lruvecs of one guest.  Time, errors, locking: as in
 * ws_age.h.  Source: Linux 6.1, mm/vmscan.c.
 */
#ifndef WS_LRU_H
#define WS_LRU_H

#include "ws_promote.h"
#include "ws_queue.h"
#include "ws_reaccess.h"
#include "ws_refault.h"

/* Victims of one type before the choice of type and tiers is made again (MIN_LRU_BATCH). */
#define WS_BATCH 64u

struct ws_lru {
	const struct ws_rules *rules; /* the caller's, or a row of ws_rules_table[] */
	bool plain; /* made by ws_lru_init(): the base's rules, known to the compiler */
	struct ws_age age;
	struct ws_refault refault;
	struct ws_reaccess *reaccess; /* the caller's, after ws_lru_watch(); NULL: not counted */
	u32 *pool; /* shared by all queues of the page array */
	struct ws_queue queue[WS_ROWS_MAX]; /* by row, as ws_age_row() */
	u8 strays; /* folds of anon until no page is on a younger queue than its generation's */
	u64 protected_pages, promoted_pages; /* running totals of what eviction sorted */
	u64 evicted_pages[WS_TYPES];
};

/* What eviction asks about pages; the caller counts what its answers cost. */
struct ws_lru_ops {
	/*
	 * Has @page been accessed?  If not, return 0.  If so, test and clear the
	 * accessed bits of the window of 64 pages that holds it, as a look-around
	 * through its page table does.  Bit i is the window's page i.  Only pages
	 * of this lruvec may be reported; under rules without look-around, only @page.
	 * NULL: no page has accessed bits.
	 */
	u64 (*look_around)(void *ctx, u32 page);
	/*
	 * The first page of that window, at most 63 before @page.  Linux's has @page
	 * in its middle, and keeps within its mapping and page table.  NULL: the
	 * aligned block of 64, so that the environment has half as many words to look at.
	 */
	u32 (*window)(void *ctx, u32 page);
	/*
	 * Set accessed bits of the window that begins with page @first again: those of
	 * pages that are still to be examined themselves, each with its own window, whose
	 * bits Linux has left alone since 6.14.  NULL: it is remembered that these pages
	 * were accessed, and nothing more.
	 */
	void (*restore)(void *ctx, u32 first, u64 young);
};

/* Bytes of queue pool for @pages_count pages. */
u64 ws_lru_footprint(u32 pages_count);

/**
 * ws_lru_init() - no pages yet
 * @page: zeroed, ws_age_footprint() bytes
 * @pool: zeroed, ws_lru_footprint() bytes (more than one entry a page), aligned to 64 for speed
 *
 * Return: 0, or -EINVAL for @gens out of range.
 */
int ws_lru_init(struct ws_lru *lru, u16 *page, u32 *pool, u32 pages_count, u32 gens, u64 now_ns);

/**
 * ws_lru_init_rules() - the same, by other rules than the base's
 * @rules: must outlive @lru; its number of generations is taken
 *
 * Return: 0, or -EINVAL for rules that ws_rules_check() refuses.
 */
int ws_lru_init_rules(struct ws_lru *lru, u16 *page, u32 *pool, u32 pages_count,
		      const struct ws_rules *rules, u64 now_ns);

/* From now on count pages that come back in @reaccess, which is initialized; NULL ends that. */
void ws_lru_watch(struct ws_lru *lru, struct ws_reaccess *reaccess, u64 now_ns);

/* A page comes in; with a shadow of its last eviction (0: none) as ws_refault.h tells. */
void ws_lru_add(struct ws_lru *lru, u32 page, enum ws_type type, enum ws_enter how, u32 shadow);

/* A page goes (freed); O(1), it stays linked as a ghost. */
void ws_lru_remove(struct ws_lru *lru, u32 page);

/* An access through a descriptor: counts towards the page's tier (folio_mark_accessed()). */
void ws_lru_descriptor_access(struct ws_lru *lru, u32 page);

/* A walk found pages accessed; arguments as ws_age_harvest().  Return: pages that moved. */
u32 ws_lru_harvest(struct ws_lru *lru, u32 first, const u64 *young, u32 count);

/* @page, which is in a generation, is one of an executable file's mapping, or not. */
void ws_lru_set_exec(struct ws_lru *lru, u32 page, bool exec);

/*
 * Should a walk of the accessed bits come before eviction with @swappiness?
 * (should_run_aging(); enum ws_ageing says when.)  @swappiness 0: anon is not
 * evicted.
 */
bool ws_lru_wants_ageing(const struct ws_lru *lru, u32 swappiness);

/* ws_age_advance() with the queues kept in step: a pass for a report, or when all can be evicted. */
int ws_lru_advance(struct ws_lru *lru, u64 now_ns);

/*
 * The same for reclaim with @swappiness (try_to_inc_max_seq()).  0: anon is not evicted, and
 * what becomes of its oldest generation is the rules' (enum ws_swapless).  Linux's walk then
 * leaves the accessed bits of anon pages alone, which is the caller's part.
 */
int ws_lru_advance_for(struct ws_lru *lru, u64 now_ns, u32 swappiness);

struct ws_lru_scan {
	u32 swappiness;	 /* 0..200, as vm.swappiness */
	/*
	 * Stop at so many victims; 0: at victims_max.  Linux always looks at a whole batch of
	 * WS_BATCH and so may take up to 63 more than are wanted; with a victims_max that much
	 * larger, the core does the same.  By rules that limit a round to what is wanted (enum
	 * ws_round) this is the limit, and may be more than one call is to give.
	 */
	u32 wanted;
	u32 enough;	 /* stop earlier, at so many victims, for a part of what is wanted; 0: do not */
	u32 budget;	 /* pages that may be looked at in this call */
	u32 scanned;	 /* out: pages looked at */
	u32 rmap_walks;	 /* out: calls of look_around */
};

/**
 * ws_lru_evict() - take victims from the oldest generation
 * @victims, @victims_max: filled with pages; they are out of all generations
 *	when this returns, and still have their WS_PAGE_FILE flag
 * @shadows: may be NULL; for each victim the token to hand to ws_lru_add()
 *	when the page comes back, never 0
 *
 * Chooses the type as enum ws_choice says.  Return: number of victims; 0
 * with budget left over means that ageing must come first or that nothing is
 * left to evict.
 */
u32 ws_lru_evict(struct ws_lru *lru, struct ws_lru_scan *scan, const struct ws_lru_ops *ops,
		 void *ctx, u32 *victims, u32 *shadows, u32 victims_max);

/**
 * ws_lru_upcoming() - pages that ws_lru_evict() is about to look at
 * @pages: up to @max of them
 *
 * For a caller that keeps state of its own per page and wants it in the cache by then.
 * A guess, for one type only: the next call may choose the other.
 */
u32 ws_lru_upcoming(const struct ws_lru *lru, u32 swappiness, u32 *pages, u32 max);

/* False when queues and generations contradict each other; walks everything; for tests. */
bool ws_lru_check(const struct ws_lru *lru);

#endif /* WS_LRU_H */
