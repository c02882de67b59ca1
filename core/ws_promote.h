/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * ws_promote.h - what coming in, an access and protection do to a page, by the rules.
 *
 * All that the versions of ws_rules.h do differently to a single page stands
 * here: which generation it goes to, and what becomes of its references.  The
 * queues of ws_lru.h need no telling, as they are sorted at eviction.
 *
 * Memory, time, errors and locking: as in ws_age.h; constant for each page.
 * Sources: as in ws_rules.h.
 */
#ifndef WS_PROMOTE_H
#define WS_PROMOTE_H

#include "ws_rules.h"

/* How a page comes in, from which the rules derive its generation. */
enum ws_enter {
	WS_ENTER_FAULT,	    /* page fault, anon or mapped file */
	WS_ENTER_READ,	    /* page cache filled by read(), or by readahead for it */
	WS_ENTER_SWAPCACHE, /* anon brought in beside a faulting one */
	WS_ENTER_WRITEBACK, /* could not be evicted yet, being written */
	WS_ENTER_AHEAD,	    /* page cache brought in beside a page that faulted */
	/* Anon that faulted and does not stay in the swap cache, as from compressed memory. */
	WS_ENTER_SWAPIN,
};

/* What is known of a page that comes in. */
struct ws_arrival {
	enum ws_type type;
	enum ws_enter how;
	bool shadowed;	   /* it came back from swap or its file, with a shadow */
	u16 history;	   /* WS_PAGE_HISTORY bits that a recent refault gave back */
	u32 refs;	   /* references that its shadow had, if the refault is recent */
};

/* Is this an arrival in a page fault, as far as the rules care? */
bool ws_promote_in_fault(const struct ws_rules *rules, enum ws_enter how);

/* Return: the slot of the generation that it enters; *@history: the history it enters with. */
u32 ws_promote_arrive(const struct ws_age *age, const struct ws_rules *rules,
		      const struct ws_arrival *arrival, u16 *history);

/* The history of an aged page that counts: that of its present label, or what is left of it. */
static inline u16 ws_promote_entry(const struct ws_age *age, u16 entry)
{
	return ws_page_labelled_now(age, entry) ? entry : ws_age_left(age, entry);
}

/**
 * ws_promote_harvest() - take accessed bits in; arguments as ws_age_harvest()
 * @left: NULL, or by row of @age: to which is added how many pages left it.  Each page is
 *	counted by where it was, wherever it goes
 *
 * Return: pages that changed generation.
 */
u32 ws_promote_harvest(struct ws_age *age, const struct ws_rules *rules, u32 first,
		       const u64 *young, u32 count, u64 *left);

/* An access through a descriptor; a page in no generation ignores it. */
void ws_promote_descriptor(struct ws_age *age, const struct ws_rules *rules, u32 page);

/* Eviction found an aged page accessed; it is never in the oldest generation afterwards. */
void ws_promote_rmap(struct ws_age *age, const struct ws_rules *rules, u32 page);

/* An aged page of the oldest generation is protected: it goes to the next. */
void ws_promote_protect(struct ws_age *age, u32 page);

#endif /* WS_PROMOTE_H */
