/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sim_reclaim_mglru.c - Linux's multi-generational LRU: the core, fed from hot[].
 *
 * All that is here is the way from the simulator's accessed bits to the core's calls:
 * what the walk of page tables (age) and the look-around of eviction read.
 */
#include <assert.h>

#include "model/sim_reclaim.h"
#include "reclaim/sim_hot.h"
#include "ws_walk.h"

#define UPCOMING 48u	/* pages fetched ahead: what a call for 32 victims looks at */

struct sim_mglru {
	struct sim_reclaim base;
	struct ws_walk walk;
	struct ws_lru lru;
	struct ws_reaccess reaccess; /* after watch() */
	struct ws_reaccess_gen reaccess_gen[WS_REACCESS_GENS_MIN];
};

static struct sim_mglru *mglru_of(struct sim_reclaim *reclaim)
{
	return (struct sim_mglru *)reclaim;
}

static int mglru_init(struct sim_reclaim *reclaim, u64 now_ns)
{
	const struct sim_reclaim_space *space = reclaim->space;

	ws_walk_init(&mglru_of(reclaim)->walk);
	if (!reclaim->by_rules)
		return ws_lru_init(&mglru_of(reclaim)->lru, space->entry, space->link,
				   space->pages_count, reclaim->param, now_ns);
	return ws_lru_init_rules(&mglru_of(reclaim)->lru, space->entry, space->link,
				 space->pages_count, &reclaim->rules, now_ns);
}

static bool mglru_insert(struct sim_reclaim *reclaim, u32 page, enum ws_type type,
			 enum ws_enter how, u32 shadow)
{
	struct sim_mglru *mglru = mglru_of(reclaim);
	const struct ws_refault *refault = &mglru->lru.refault;
	u64 before = refault->workingset_recent[type];

	ws_lru_add(&mglru->lru, page, type, how, shadow);
	return refault->workingset_recent[type] != before;
}

static void mglru_fetch(const struct sim_reclaim *reclaim, u32 step)
{
	const struct sim_mglru *mglru = (const struct sim_mglru *)reclaim;
	const struct ws_lru *lru = &mglru->lru;
	u32 slot = lru->age.max_slot;

	if (!step) {
		__builtin_prefetch(reclaim);
		__builtin_prefetch(&lru->plain);
		__builtin_prefetch(&lru->age.max_slot);
		__builtin_prefetch(&lru->reaccess);
		__builtin_prefetch(&lru->refault.workingset_recent);
		return;
	}
	for (u32 type = 0; type < WS_TYPES; type++) {
		const struct ws_queue *queue = &lru->queue[ws_age_row(slot, type)];

		__builtin_prefetch(queue, 1);
		__builtin_prefetch(&queue->young, 1);
		__builtin_prefetch(&queue->young[WS_CHUNK_PAGES - 1], 1);
		__builtin_prefetch(&lru->age.bearers[ws_age_kind(lru->age.label_of[slot], type)], 1);
	}
	__builtin_prefetch(&lru->age.pages[ws_age_row(slot, 0)], 1);
}

static void mglru_remove(struct sim_reclaim *reclaim, u32 page)
{
	ws_lru_remove(&mglru_of(reclaim)->lru, page);
}

static void mglru_descriptor(struct sim_reclaim *reclaim, u32 page)
{
	ws_lru_descriptor_access(&mglru_of(reclaim)->lru, page);
}

static bool mglru_wants_ageing(const struct sim_reclaim *reclaim, u32 swappiness)
{
	return ws_lru_wants_ageing(&((const struct sim_mglru *)reclaim)->lru, swappiness);
}

/* Which of the 64 pages at @first are this lruvec's. */
static u64 own_pages(const struct sim_reclaim *reclaim, u32 first)
{
	const u8 *memcg = reclaim->space->memcg;
	u64 mine = 0;

	for (u32 i = 0; i < 64; i++)
		mine |= (u64)((memcg[first + i] & SIM_RECLAIM_MEMCG) == reclaim->memcg) << i;
	return mine;
}

/* Accessed bits of the 64 pages at @first, cleared; only this lruvec's. */
static u64 harvest(const struct sim_reclaim *reclaim, u32 first)
{
	const struct sim_reclaim_space *space = reclaim->space;

	if (!space->memcg)
		return sim_hot_harvest(space->hot + first, space->accessed);
	return sim_hot_harvest_some(space->hot + first, space->accessed,
				    own_pages(reclaim, first));
}

static u64 mglru_look_around(void *ctx, u32 page)
{
	struct sim_mglru *mglru = ctx;
	const struct sim_reclaim *reclaim = &mglru->base;
	const struct sim_reclaim_space *space = reclaim->space;
	u64 young;

	if (!(space->hot[page] & space->accessed))
		return 0;
	if (reclaim->rules.look_around == 1) {
		space->hot[page] &= (u8)~space->accessed;
		return 1ull << page % 64;
	}
	young = harvest(reclaim, page & ~63u);
	if (reclaim->rules.bloom)
		ws_walk_look_around(&mglru->walk, mglru->lru.age.max_seq, page / WS_TABLE_PAGES,
				    (u32)__builtin_popcountll(young), 64);
	return young;
}

static bool is_own(const void *ctx, u32 page)
{
	const struct sim_reclaim *reclaim = ctx;

	return (reclaim->space->memcg[page] & SIM_RECLAIM_MEMCG) == reclaim->memcg;
}

/* Begin a generation; the core may ask for a round of tidying first. */
static void mglru_advance(struct sim_reclaim *reclaim, u64 now_ns)
{
	struct sim_mglru *mglru = mglru_of(reclaim);
	u32 pages_count = reclaim->space->pages_count, tidied = 0;

	while (ws_lru_advance(&mglru->lru, now_ns) == -EAGAIN) {
		/* Two rounds relabel every page, so the labels cannot run out. */
		assert(tidied <= 2 * (u64)pages_count);
		tidied += ws_age_tidy(&mglru->lru.age, WS_TABLE_PAGES * 64,
				      reclaim->space->memcg ? is_own : NULL, reclaim);
	}
}

static bool table_exists(void *ctx, u32 table)
{
	const struct sim_reclaim *reclaim = ctx;

	return !reclaim->space->region_pages || reclaim->space->region_pages[table];
}

static u32 harvest_table(void *ctx, u32 table, u64 young[WS_TABLE_WORDS], u32 *young_count)
{
	struct sim_reclaim *reclaim = ctx;
	u32 first = table * WS_TABLE_PAGES, left = reclaim->space->pages_count - first;
	u32 count = left < WS_TABLE_PAGES ? left : WS_TABLE_PAGES;

	for (u32 i = 0; i < count; i += 64) {
		young[i / 64] = harvest(reclaim, first + i);
		*young_count += (u32)__builtin_popcountll(young[i / 64]);
	}
	if (*young_count)
		ws_lru_harvest(&mglru_of(reclaim)->lru, first, young, count);
	return count;
}

static u64 mglru_age(struct sim_reclaim *reclaim, u64 now_ns, bool forced)
{
	static const struct ws_walk_ops ops = { .exists = table_exists, .harvest = harvest_table };
	struct sim_mglru *mglru = mglru_of(reclaim);
	u32 tables = (reclaim->space->pages_count + WS_TABLE_PAGES - 1) / WS_TABLE_PAGES;
	u64 before = mglru->walk.entries_scanned;

	ws_walk_begin(&mglru->walk, mglru->lru.age.max_seq, tables, reclaim->rules.bloom, forced);
	while (ws_walk_step(&mglru->walk, &ops, reclaim, tables))
		;
	mglru_advance(reclaim, now_ns);
	return mglru->walk.entries_scanned - before;
}

/* Fetch the accessed bits that the next call will look at; the core fetches its own state. */
static void fetch_upcoming(const struct sim_mglru *mglru, u32 swappiness)
{
	const struct sim_reclaim_space *space = mglru->base.space;
	u32 pages[UPCOMING], count = ws_lru_upcoming(&mglru->lru, swappiness, pages, UPCOMING);

	for (u32 i = 0; i < count; i++)
		__builtin_prefetch(&space->hot[pages[i]], 1);
}

static u32 mglru_evict(struct sim_reclaim *reclaim, struct sim_reclaim_scan *scan, u32 *victims,
		       u32 *shadows, u32 max)
{
	static const struct ws_lru_ops ops = { .look_around = mglru_look_around };
	struct ws_lru_scan core = { .swappiness = scan->swappiness, .budget = scan->budget };
	u32 count = ws_lru_evict(&mglru_of(reclaim)->lru, &core, &ops, reclaim, victims, shadows,
				 max);

	fetch_upcoming(mglru_of(reclaim), scan->swappiness);
	scan->scanned = core.scanned;
	scan->rmap_walks = core.rmap_walks;
	return count;
}

static void mglru_stat(const struct sim_reclaim *reclaim, struct sim_reclaim_stat *stat)
{
	const struct sim_mglru *mglru = (const struct sim_mglru *)reclaim;
	const struct ws_age *age = &mglru->lru.age;

	*stat = (struct sim_reclaim_stat){ .aged_young = mglru->walk.entries_young };
	for (u32 type = 0; type < WS_TYPES; type++) {
		for (u64 seq = age->min_seq[type]; seq <= age->max_seq; seq++) {
			u64 pages = ws_age_pages(age, seq, type);
			stat->pages[type] += pages;
			/* lru_gen_is_active(): the two youngest generations */
			stat->active[type] += seq + 1 >= age->max_seq ? pages : 0;
		}
		stat->refaults[type] = mglru->lru.refault.workingset_refault[type];
		stat->activates[type] = mglru->lru.refault.workingset_activate[type];
		stat->restores[type] = mglru->lru.refault.workingset_restore[type];
	}
}

static struct ws_lru *mglru_core(struct sim_reclaim *reclaim)
{
	return &mglru_of(reclaim)->lru;
}

static void mglru_watch(struct sim_reclaim *reclaim, struct ws_reaccess *aggregate, u64 now_ns)
{
	struct sim_mglru *mglru = mglru_of(reclaim);
	int rc = ws_reaccess_init(&mglru->reaccess, aggregate, mglru->reaccess_gen,
				  WS_REACCESS_GENS_MIN, now_ns);

	assert(!rc);
	ws_lru_watch(&mglru->lru, &mglru->reaccess, now_ns);
}

static bool mglru_check(const struct sim_reclaim *reclaim)
{
	return ws_lru_check(&((const struct sim_mglru *)reclaim)->lru);
}

const struct sim_reclaim_ops sim_reclaim_mglru = {
	.name = "mglru",
	.summary = "Linux's multi-generational LRU",
	.param_name = "number of generations",
	.param_default = WS_GENS_LINUX,
	.param_min = WS_GENS_MIN + 1, /* the youngest WS_GENS_MIN are never evicted from */
	.param_max = WS_GENS_MAX,
	.state_size = sizeof(struct sim_mglru),
	.links = 1,
	.versions = true,
	.link_bytes = ws_lru_footprint,
	.init = mglru_init,
	.fetch = mglru_fetch,
	.insert = mglru_insert,
	.remove = mglru_remove,
	.descriptor = mglru_descriptor,
	.wants_ageing = mglru_wants_ageing,
	.age = mglru_age,
	.evict = mglru_evict,
	.stat = mglru_stat,
	.core = mglru_core,
	.watch = mglru_watch,
	.check = mglru_check,
};
