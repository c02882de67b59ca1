/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * ws_rules.h - how the kernel's multi-generational LRUs differ.
 *
 * Linux's MGLRU has changed its rules several times, and some are in dispute.
 * Here each rule is a field with a few named choices, each stated once, and a
 * version is a column of the table in ws_rules.c, which can be read like a list
 * of the differences.  Everything else in ws_age, ws_lru and ws_refault is
 * common to all versions.
 *
 *	base	6.1 as released, every ageing walks all page tables, and what is read
 *		ahead is the first to go: what ws_lru_init() means, and the default
 *	6.1	as released in December 2022
 *	6.1.y	6.1 with what its stable series took over (6.1.192)
 *	6.12	6.8 to 6.13
 *	6.14	after the series "mm/mglru: performance optimizations" of December 2024
 *	6.18	6.14 with two things that came between: @round and @proportional; up to 7.1
 *	mm-new	what the memory-management tree had in October 2026, and 7.3; 7.2 but for
 *		exec_first
 *	fg	MGLRU-FG, proposed in 2026: references counted in three bits.  It also counts pages as
 *		active by their references and not by their generation.  That is no rule here:
 *		the counts are statistics (NR_ACTIVE_*, memory.stat), which the core does not keep,
 *		and reclaim reads them only to decide how much it scans at once
 *		(set_initial_priority(), too_many_isolated()), which is the caller's budget.
 *
 * A caller may copy a row and change fields: that is how one mechanism at a time
 * is switched off in order to see what it is worth.
 *
 * A page's references (the history bits of its entry in ws_age.h) mean what
 * @refs says; ws_rules_tier() and ws_rules_refs() read them.
 *
 * Memory: rows are constant; a copy is the caller's, and must outlive its users.
 * Time: none.  Errors: 0 or negative errno.  Locking: none.
 * Sources: Linux 6.1.192, 6.12.117, 6.18.15, 7.2 and 7.3 read; 6.14 and FG as their authors and
 * reviewers describe them.  Held against the generations of booted kernels (tests/truth):
 * 6.1.y, 6.12, 6.18 and mm-new (by 7.3).
 */
#ifndef WS_RULES_H
#define WS_RULES_H

#include "ws_age.h"

#define WS_TIERS 4     /* MAX_NR_TIERS */
#define WS_REFS_MAX 4  /* references past the first that 6.1 tells apart */
#define WS_LOOK_AROUND 64 /* page-table entries that a look-around covers */

/* Where a page is put when it comes in; slots are clamped to the type's range. */
enum ws_place {
	WS_PLACE_OLDEST,	  /* min_seq */
	WS_PLACE_NEXT_OLDEST,	  /* min_seq + 1 */
	WS_PLACE_SPARE_OLDEST,	  /* min_seq + 1 if there is one more than reclaim needs, else min_seq */
	WS_PLACE_LAST,		  /* max_seq - N + 1; a working-set page one younger */
	WS_PLACE_LAST_REFERENCED, /* the same, but one younger for any referenced page */
	WS_PLACE_SECOND_YOUNGEST, /* max_seq - 1 */
	WS_PLACE_YOUNG,		  /* max_seq - 1; a working-set page max_seq */
	WS_PLACE_YOUNGEST,	  /* max_seq */
};

/* What a page fault makes active (PG_active), that is: puts at @place_active. */
enum ws_activates {
	WS_ACTIVATES_ALL,	 /* every page that is added during a fault */
	WS_ACTIVATES_WORKINGSET, /* those whose shadow says working set; others count one reference */
	WS_ACTIVATES_REFERENCED, /* those whose shadow has references; others count one reference */
};

/* What readahead and swap-in clusters bring in beside the page that faulted. */
enum ws_ahead {
	WS_AHEAD_AS_FAULT, /* as the page itself: the kernel's rule */
	WS_AHEAD_OLDEST,   /* not used yet, so the first to go: proposed as lazy activation */
	WS_AHEAD_YOUNGEST,
};

/* How the history bits count, and what makes a tier of them. */
enum ws_refs {
	/* REFERENCED, then WORKINGSET, then a count to 3: five are told apart; tier by the
	 * accesses past the first, 1: 0, 2: 1, 3 and 4: 2, 5: 3 */
	WS_REFS_PAST_FIRST,
	/* REFERENCED, then a count to 3, then WORKINGSET: tier by accesses, 1: 0, 2: 1,
	 * 3 and 4: 2, working set: 3 */
	WS_REFS_WORKINGSET_LAST,
	/* One number of three bits, 0..7: tier by references, 2: 1, 3 and 4: 2, 5 to 7: 3 */
	WS_REFS_NUMBER,
};

/* What an access through a page table does, found by a walk or by look-around. */
enum ws_sighting {
	WS_SIGHTING_PROMOTES, /* to the youngest generation; history is forgotten */
	WS_SIGHTING_SECOND,   /* the first sets REFERENCED, the second promotes and sets WORKINGSET */
	WS_SIGHTING_COUNTS,   /* counts; promotes from 2 references on; leaves the oldest generation */
};

/* What becomes of a page that eviction finds accessed. */
enum ws_rmap {
	WS_RMAP_YOUNGEST, /* rejected, thus active, thus the youngest generation */
	WS_RMAP_SECOND,	  /* second youngest; a page seen before, the youngest */
	WS_RMAP_THIRD,	  /* counts, and goes where one comes in; seen before, second youngest; from
			   * 2 references on, the working set, and the youngest */
	WS_RMAP_COUNTS,	  /* counts; second youngest, the youngest from 2 references on; then 2 at most */
};

/* What an access through a descriptor does besides counting. */
enum ws_descriptor {
	WS_DESCRIPTOR_COUNTS,
	WS_DESCRIPTOR_MOVES, /* past 7: next generation with 3; from 2 on leaves the oldest generation */
};

/* What MADV_COLD takes of a page (ws_advice.h). */
enum ws_cold {
	WS_COLD_REFERENCED, /* PG_referenced, and its place */
	WS_COLD_HISTORY,    /* all references; its place, unless it is in the oldest generation */
};

/* A page with as many references as are counted, whatever the controller says. */
enum ws_full {
	WS_FULL_AS_OTHERS,
	WS_FULL_PROTECTED, /* protected and counted so */
	WS_FULL_PROMOTED,  /* goes to the next generation, not counted */
};

/* What the refaults of a tier are measured against. */
enum ws_setpoint {
	WS_SETPOINT_FIRST, /* tier 0 */
	WS_SETPOINT_BELOW, /* all tiers below it, together */
};

/* Which type is evicted from, when both can be. */
enum ws_choice {
	/* that with the older generation; else tier 0 of one against tier 0 of the other, and
	 * the tiers of the chosen type against tier 0 of the other */
	WS_CHOICE_OLDER,
	/* all tiers of one against all of the other; swappiness 0, 1 and 200 are final */
	WS_CHOICE_SUM,
	/* in proportion to swappiness, as if nothing was known about refaults */
	WS_CHOICE_SHARE,
};

/* How much one round of eviction looks at, after which type and tiers are chosen anew. */
enum ws_round {
	WS_ROUND_BATCH,	  /* 4096 pages; one that found no victim leaves it to the other type */
	WS_ROUND_LIMITED, /* the same, but no more pages than are wanted still */
	WS_ROUND_WANTED,  /* nor these; one that looked at any page leaves nothing to the other */
};

/* When ageing comes before eviction. */
enum ws_ageing {
	/* 2 generations; or 3, of which the youngest has above a half or the oldest below a quarter */
	WS_AGEING_SIZES,
	/* up to 3 generations of either evictable type */
	WS_AGEING_THREE,
	/* ours: up to 3; and up to N - 1, when the youngest has more than its share of pages */
	WS_AGEING_SPREAD,
};

/* What a fold does with pages that were promoted and are still among the folded. */
enum ws_fold {
	WS_FOLD_LAZY,  /* ours: leaves them, for eviction to find; costs the same for any number */
	WS_FOLD_SORTS, /* puts them at the old ends of their generations: a look at every page */
};

/* What ageing does with the oldest generation of anon when it cannot be evicted. */
enum ws_swapless {
	WS_SWAPLESS_FOLDS,   /* ours: as if it could, so that ages stay right */
	WS_SWAPLESS_INVERTS, /* it is left where it is, which is then the youngest generation */
};

/* Which refaults are recent, and so count. */
enum ws_recency {
	WS_RECENCY_SAME,     /* evicted from what is still the oldest generation */
	WS_RECENCY_NEAR,     /* that generation is fewer than N from the youngest */
	WS_RECENCY_DISTANCE, /* fewer pages were evicted since than are in memory (two lists' rule) */
	WS_RECENCY_NEVER,    /* no feedback */
};

/* What a recent refault gives back. */
enum ws_restores {
	WS_RESTORES_FLAG,      /* in a fault, or of 5 accesses: WORKINGSET */
	WS_RESTORES_ALL,       /* in a fault, or of 4 accesses: as if accessed 5 times */
	WS_RESTORES_ALL_READ,  /* in a fault WORKINGSET, else as before: activation clears the count */
	WS_RESTORES_REFS,      /* WORKINGSET if it had it, else its count */
	WS_RESTORES_NUMBER,    /* its references, 3 at most */
};

/* Whose oldest generation min_ttl looks at. */
enum ws_ttl {
	WS_TTL_FILE,	  /* file's, which is never older than anon's */
	WS_TTL_EVICTABLE, /* the oldest that may be evicted from */
};

struct ws_rules {
	const char *name;
	u8 gens;	   /* N */
	/* coming in */
	u8 place_active;   /* enum ws_place */
	u8 place_pending;  /* anon that is not in swap, and pages in writeback, unless active */
	u8 place_inactive; /* all others */
	u8 activates;	   /* enum ws_activates */
	u8 ahead;	   /* enum ws_ahead */
	/* accesses */
	u8 refs;	   /* enum ws_refs */
	u8 sighting;	   /* enum ws_sighting */
	u8 exec_first;	   /* an executable file page is promoted by its first sighting */
	u8 rmap;	   /* enum ws_rmap */
	u8 descriptor;	   /* enum ws_descriptor */
	u8 cold;	   /* enum ws_cold */
	/* eviction */
	u8 keeps;	   /* enum ws_keeps, ws_age.h */
	u8 full;	   /* enum ws_full */
	u8 protects_old;   /* protected pages enter the old end of the next generation, not the young */
	u8 setpoint;	   /* enum ws_setpoint */
	u8 gain_setpoint, gain_tier; /* a tier is protected when its rate passes gain_tier / gain_setpoint */
	u8 choice;	   /* enum ws_choice */
	u8 round;	   /* enum ws_round */
	u8 coupled;	   /* file's min_seq follows anon's, while anon can be evicted */
	u8 swapless;	   /* enum ws_swapless */
	u8 ageing;	   /* enum ws_ageing */
	u8 ttl;		   /* enum ws_ttl */
	u8 proportional;   /* a group scans in proportion to what it has beyond its protection */
	/* refaults */
	u8 recency;	   /* enum ws_recency */
	u8 restores;	   /* enum ws_restores */
	/* mechanisms that can be switched off */
	u8 fold;	   /* enum ws_fold */
	u8 fold_counts;	   /* a fold that sorts counts its pages as protected */
	u8 controller;	   /* tiers that refault are protected */
	u8 tiers;	   /* accesses through descriptors make tiers */
	u8 bloom;	   /* heuristic ageing skips page tables that were not young before */
	u8 look_around;	   /* entries that an rmap hit looks at: WS_LOOK_AROUND, or 1 */
	u8 swappiness;	   /* 0..200 instead of the caller's; WS_SWAPPINESS_CALLER: the caller's */
};

#define WS_SWAPPINESS_MAX 200
#define WS_SWAPPINESS_CALLER 255

#define WS_RULES_COUNT 8
extern const struct ws_rules ws_rules_table[WS_RULES_COUNT]; /* base, 6.1, .. in order of time */
#define ws_rules_base (&ws_rules_table[0])

/* The row that @name, of @length characters, names; NULL: none. */
const struct ws_rules *ws_rules_find(const char *name, u32 length);

/* 0, or -EINVAL when a field is out of its range. */
int ws_rules_check(const struct ws_rules *rules);

/* References that a shadow carries and a tier is made of, 0..7; @entry with its history valid. */
static inline u32 ws_rules_refs(const struct ws_rules *rules, u16 entry)
{
	u32 count = (u32)(entry & WS_PAGE_REFS) >> WS_PAGE_REFS_SHIFT;

	if (rules->refs == WS_REFS_PAST_FIRST)
		return count + !!(entry & WS_PAGE_WORKINGSET);
	if (rules->refs == WS_REFS_NUMBER)
		return ws_page_number(entry);
	return entry & WS_PAGE_REFERENCED ? count + 1 : 0;
}

/* Tier, 0..WS_TIERS - 1. */
static inline u32 ws_rules_tier(const struct ws_rules *rules, u16 entry)
{
	u32 refs = ws_rules_refs(rules, entry) + (rules->refs == WS_REFS_PAST_FIRST);

	if (!rules->tiers)
		return 0;
	if (rules->refs == WS_REFS_WORKINGSET_LAST && entry & WS_PAGE_WORKINGSET)
		return WS_TIERS - 1;
	return (u32)(refs > 1) + (refs > 2) + (refs > 4); /* order_base_2() */
}

/* Does @entry belong to the working set: does it come in one generation younger? */
static inline bool ws_rules_workingset(const struct ws_rules *rules, u16 entry)
{
	if (rules->refs == WS_REFS_NUMBER)
		return ws_page_number(entry) >= 2;
	return entry & WS_PAGE_WORKINGSET;
}

#endif /* WS_RULES_H */
