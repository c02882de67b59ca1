/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * ws_refault.h - what evicted pages leave behind, and what their return teaches.
 *
 * A page that is evicted leaves a shadow: a token that says which generation
 * was the oldest and how often the page had been used through descriptors.  When
 * the page comes back with its token, and the oldest generation is still the
 * same, the eviction was too early and counts as a refault of the page's tier.
 *
 *	descriptor accesses	1	2	3..4	5..
 *	tier			0	1	2	3
 *
 * A controller compares tiers.  P is refaulted / (evicted + protected) in the
 * generation being evicted; I are the averages of the generations before, each
 * weighing half of the one after it; there is no D.  A tier that refaults more
 * than twice as often as tier 0 is protected: its pages go to the next
 * generation instead.  Tier 0 is never protected, so eviction always proceeds.
 *
 * That is 6.1.  What later versions do otherwise is in ws_rules.h, and reaches
 * here through the functions that take rules.
 *
 * Memory: the caller's struct.  Time: none is read.  Errors: none.  Locking: the
 * caller serializes with the ws_lru that holds it.  Source: Linux 6.1 and 6.12,
 * mm/workingset.c (lru_gen_eviction, lru_gen_refault) and mm/vmscan.c (the
 * feedback loop); where the two differ, 6.1 for the test of recency (same
 * min_seq) and 6.12 for counting all refaults, recent or not.
 */
#ifndef WS_REFAULT_H
#define WS_REFAULT_H

#include "ws_rules.h"

/* The fewest refaults that mean something, and the controller's damping (MIN_LRU_BATCH). */
#define WS_REFAULT_BATCH 64

struct ws_refault {
	/* the generation being evicted */
	u64 refaulted[WS_TYPES][WS_TIERS];
	u64 evicted[WS_TYPES][WS_TIERS];
	u64 protected[WS_TYPES][WS_TIERS]; /* [0] stays 0 */
	/* the generations before it */
	u64 refaulted_avg[WS_TYPES][WS_TIERS];
	u64 total_avg[WS_TYPES][WS_TIERS];
	/* running totals, named as in /proc/vmstat */
	u64 workingset_refault[WS_TYPES];  /* came back with a shadow */
	u64 workingset_recent[WS_TYPES];   /* of these, evicted from today's oldest generation */
	u64 workingset_activate[WS_TYPES]; /* 6.1: protected; 6.12: recent; later: and active */
	u64 workingset_restore[WS_TYPES];  /* recent, and in a fault or of the highest tier */
	u32 nonresident_age; /* evictions and protections so far; kept for WS_RECENCY_DISTANCE */
};

/* What ws_refault_arrive() finds out about a page. */
struct ws_refault_verdict {
	bool recent;	 /* evicted from the generation that is still the oldest */
	bool workingset; /* set WS_PAGE_WORKINGSET */
};

void ws_refault_init(struct ws_refault *refault);

/* Tier of a page with @refs descriptor accesses past the first, 0..WS_REFS_MAX. */
static inline u32 ws_refault_tier(u32 refs)
{
	return (u32)(refs > 0) + (refs > 1) + (refs > 3); /* order_base_2(refs + 1) */
}

/*
 * A shadow: 28 bits of min_seq, two of accesses, one that the page was in the
 * working set at all, one that is always set.
 */
#define WS_SHADOW_ALWAYS 0x1u
#define WS_SHADOW_WORKINGSET 0x2u
#define WS_SHADOW_REFS_SHIFT 2
#define WS_SHADOW_REFS 0x3u
#define WS_SHADOW_SEQ_SHIFT 4

/* A page is evicted, with @refs as for its tier; returns its shadow, never 0. */
static inline u32 ws_refault_evict(struct ws_refault *refault, enum ws_type type, u64 min_seq,
				   u32 refs)
{
	u32 shadow = (u32)min_seq << WS_SHADOW_SEQ_SHIFT | WS_SHADOW_ALWAYS;

	refault->evicted[type][ws_refault_tier(refs)]++;
	if (refs)
		shadow |= (refs - 1) << WS_SHADOW_REFS_SHIFT | WS_SHADOW_WORKINGSET;
	return shadow;
}

/* A page is protected instead. */
void ws_refault_protect(struct ws_refault *refault, enum ws_type type, u32 tier);

/**
 * ws_refault_arrive() - a page comes back with its shadow
 * @shadow: any value but 0; values this module did not make are harmless
 * @min_seq: oldest generation of @type now
 * @in_fault: by a page fault, and not by read() or readahead
 */
struct ws_refault_verdict ws_refault_arrive(struct ws_refault *refault, enum ws_type type,
					    u64 min_seq, u32 shadow, bool in_fault);

/* The oldest generation of @type ends: its figures go into the averages. */
void ws_refault_carry(struct ws_refault *refault, enum ws_type type);

/* Highest tier of @type that may be evicted, 0..WS_TIERS - 1. */
u32 ws_refault_tier_limit(const struct ws_refault *refault, enum ws_type type);

/**
 * ws_refault_choose() - the type to evict from when both are equally old
 * @swappiness: 0..200; gain of anon, and 200 - swappiness that of file
 * @tier_limit: out, as ws_refault_tier_limit(), but against tier 0 of the other type
 */
enum ws_type ws_refault_choose(const struct ws_refault *refault, u32 swappiness, u32 *tier_limit);

/* --- the same by rules --- */

/* The rest of ws_refault_leave(). */
u32 ws_refault_leave_by_rules(struct ws_refault *refault, const struct ws_rules *rules,
			      enum ws_type type, u64 min_seq, u16 entry);

/* A page is evicted; @entry: with the history that counts.  Return: its shadow, never 0. */
static inline u32 ws_refault_leave(struct ws_refault *refault, const struct ws_rules *rules,
				   enum ws_type type, u64 min_seq, u16 entry)
{
	if (rules->refs != WS_REFS_PAST_FIRST || !rules->tiers ||
	    rules->recency == WS_RECENCY_DISTANCE)
		return ws_refault_leave_by_rules(refault, rules, type, min_seq, entry);
	/* For a shadow, accesses count from the second on (isolate_folio()). */
	return ws_refault_evict(refault, type, min_seq,
				entry & WS_PAGE_REFERENCED ? ws_rules_refs(rules, entry) : 0);
}

/* Where a page comes back to. */
struct ws_refault_at {
	enum ws_type type;
	u64 min_seq, max_seq; /* of its type, now */
	u32 gens;
	u64 pages; /* that its reuse distance may reach: those of its lruvec */
	bool in_fault;
};

struct ws_refault_return {
	bool recent;
	u16 history; /* WS_PAGE_HISTORY bits to come in with */
	u32 refs;    /* what the shadow had, if recent */
};

/* A page comes back with its shadow; any value but 0 is harmless. */
struct ws_refault_return ws_refault_return(struct ws_refault *refault, const struct ws_rules *rules,
					   const struct ws_refault_at *at, u32 shadow);

/* A page of @tier is protected; @counted: the controller is to know. */
void ws_refault_keep(struct ws_refault *refault, const struct ws_rules *rules, enum ws_type type,
		     u32 tier, bool counted);

/* Highest tier of @type that may be evicted. */
u32 ws_refault_limit(const struct ws_refault *refault, const struct ws_rules *rules,
		     enum ws_type type);

/* The type to evict from, all tiers of each together (WS_CHOICE_SUM). */
enum ws_type ws_refault_choose_sum(const struct ws_refault *refault, u32 swappiness);

#endif /* WS_REFAULT_H */
