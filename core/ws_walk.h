/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * ws_walk.h - a walk of page tables that takes accessed bits, and visits few of them.
 *
 * A table is a page-table page: 512 entries, pages table * 512 on.  Ageing walks
 * tables; a heuristic walk, one that reclaim asked for, leaves out those which
 * are not likely to be worth it:
 *
 *	forced walk			every table
 *	heuristic walk for max_seq	tables whose upper-level entry is young, where
 *					the hardware has such a bit, and which the filter
 *					of max_seq holds, if that filter was ever filled
 *
 *	a table goes into the filter of max_seq + 1 when this walk finds it dense in
 *	young entries (one in each cache line of 8), and into that of max_seq when
 *	a look-around of eviction does
 *
 * So what was dense last time is walked again, and what has become dense is found
 * by eviction, which looks at its victims' accessed bits anyway.  There are two
 * filters, chosen by the low bit of max_seq.  A table that the filter leaves out
 * loses no accessed bits: they stay set until eviction looks.
 *
 * Nothing here knows how accessed bits are stored.  The caller's operations read
 * them and hand them to ws_age_harvest() or ws_lru_harvest(), whichever the caller
 * uses.  The walk ends before the new generation begins: the caller calls
 * ws_lru_advance() after it.
 *
 * Memory: the caller's struct, 8.1 KiB.  Time: @budget tables a step.  Errors:
 * none.  Locking: the caller serializes per object.  Source: Linux 6.1,
 * mm/vmscan.c (walk_pmd_range, lru_gen_look_around, suitable_to_scan).
 */
#ifndef WS_WALK_H
#define WS_WALK_H

#include "ws_bloom.h"

#define WS_TABLE_PAGES 512u
#define WS_TABLE_WORDS (WS_TABLE_PAGES / 64)
#define WS_TABLE_LINE 8u /* entries in a cache line */

/* What a walk asks of whoever has the page tables. */
struct ws_walk_ops {
	/*
	 * May @table be walked at all: does it exist, has it entries?  NULL: all do.
	 * A table that does not exist costs nothing and is counted nowhere.
	 */
	bool (*exists)(void *ctx, u32 table);
	/*
	 * Test and clear the accessed bit of the entry that points to @table.  NULL:
	 * the hardware has none (Linux: LRU_GEN_NONLEAF_YOUNG is off).  Not called by a
	 * forced walk.
	 */
	bool (*upper_young)(void *ctx, u32 table);
	/*
	 * Test and clear the accessed bits of @table into @young, which is zeroed, and
	 * promote the young pages.  *@young_count: how many were young.  Return: entries
	 * looked at, at most WS_TABLE_PAGES.
	 */
	u32 (*harvest)(void *ctx, u32 table, u64 young[WS_TABLE_WORDS], u32 *young_count);
};

struct ws_walk {
	struct ws_bloom filter[2]; /* by the low bit of the max_seq that it serves */
	bool filled[2];		   /* ever used: before that, all tables are held to be in it */
	bool forced;		   /* no table is left out by the filter */
	bool upper;		   /* tables are left out by the upper level */
	bool under_way;
	u64 seq;		   /* max_seq of the walk */
	u32 next, tables_count;
	/* this walk, and all before it */
	u64 tables_walked, tables_skipped_upper, tables_skipped_filter;
	u64 entries_scanned, entries_young;
	u64 tables_added, tables_added_by_rmap;
};

/* No filter is filled: the first heuristic walks visit everything. */
void ws_walk_init(struct ws_walk *walk);

/* Are @young of @total entries at least one in each cache line? */
static inline bool ws_walk_is_dense(u32 young, u32 total)
{
	return young && young * WS_TABLE_LINE >= total;
}

/**
 * ws_walk_begin() - begin a walk for the generation that will follow @max_seq
 * @filter: false: leave no table out for the filter (an ablation)
 * @forced: visit every table
 */
void ws_walk_begin(struct ws_walk *walk, u64 max_seq, u32 tables_count, bool filter, bool forced);

/*
 * Look at up to @budget tables, the skipped ones included.  Return: is there more to do?
 */
bool ws_walk_step(struct ws_walk *walk, const struct ws_walk_ops *ops, void *ctx, u32 budget);

/**
 * ws_walk_look_around() - eviction found @young of @total entries of @table young
 * @max_seq: the youngest generation now
 *
 * A dense table will be visited by the next heuristic walk.
 */
void ws_walk_look_around(struct ws_walk *walk, u64 max_seq, u32 table, u32 young, u32 total);

#endif /* WS_WALK_H */
