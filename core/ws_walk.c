/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* ws_walk.c - a walk of page tables that visits few of them; see ws_walk.h. */
#include "ws_walk.h"

void ws_walk_init(struct ws_walk *walk)
{
	memset(walk, 0, sizeof(*walk));
}

void ws_walk_begin(struct ws_walk *walk, u64 max_seq, u32 tables_count, bool filter, bool forced)
{
	u32 after = (u32)(max_seq + 1) & 1;

	walk->seq = max_seq;
	walk->tables_count = tables_count;
	walk->next = 0;
	walk->forced = forced || !filter;
	walk->upper = !forced;
	walk->under_way = true;
	ws_bloom_reset(&walk->filter[after]);
	walk->filled[after] = true;
}

/* Is @table one that this walk leaves out? */
static bool is_skipped(struct ws_walk *walk, const struct ws_walk_ops *ops, void *ctx, u32 table)
{
	u32 now = (u32)walk->seq & 1;

	if (walk->upper && ops->upper_young && !ops->upper_young(ctx, table)) {
		walk->tables_skipped_upper++;
		return true;
	}
	if (!walk->forced && walk->filled[now] && !ws_bloom_test(&walk->filter[now], table)) {
		walk->tables_skipped_filter++;
		return true;
	}
	return false;
}

static void walk_table(struct ws_walk *walk, const struct ws_walk_ops *ops, void *ctx, u32 table)
{
	u64 young[WS_TABLE_WORDS] = { 0 };
	u32 young_count = 0, total = ops->harvest(ctx, table, young, &young_count);

	WS_ASSERT(young_count <= total && total <= WS_TABLE_PAGES);
	walk->tables_walked++;
	walk->entries_scanned += total;
	walk->entries_young += young_count;
	if (!ws_walk_is_dense(young_count, total))
		return;
	ws_bloom_add(&walk->filter[(u32)(walk->seq + 1) & 1], table);
	walk->tables_added++;
}

bool ws_walk_step(struct ws_walk *walk, const struct ws_walk_ops *ops, void *ctx, u32 budget)
{
	for (; budget && walk->under_way; budget--) {
		u32 table = walk->next;

		if (table >= walk->tables_count) {
			walk->under_way = false;
			break;
		}
		walk->next++;
		if ((!ops->exists || ops->exists(ctx, table)) && !is_skipped(walk, ops, ctx, table))
			walk_table(walk, ops, ctx, table);
	}
	if (walk->next >= walk->tables_count)
		walk->under_way = false;
	return walk->under_way;
}

void ws_walk_look_around(struct ws_walk *walk, u64 max_seq, u32 table, u32 young, u32 total)
{
	if (!walk->filled[(u32)max_seq & 1] || !ws_walk_is_dense(young, total))
		return;
	ws_bloom_add(&walk->filter[(u32)max_seq & 1], table);
	walk->tables_added_by_rmap++;
}
