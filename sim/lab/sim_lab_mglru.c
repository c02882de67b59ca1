/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sim_lab_mglru.c - MGLRU in one byte a page, for traces of one type of page that is
 * only accessed through page tables and never freed.
 *
 * The core's order of eviction (ws_lru.c), decision by decision, with all that such a
 * trace has no use for left out: labels, types, descriptor tiers, ghosts, folding.
 * A page's generation is two bits of its hot byte, for reclaim alone never keeps more
 * than four generations.  So ageing is a pass over bytes that vector units make, a miss
 * touches half as many cache lines, and the whole is two to three times as fast.  What
 * the feedback loop learns from refaults is the core's own ws_refault.  Everything else
 * goes through sim_lab_common.c and the core; a test holds the two against each other.
 */
#include <assert.h>
#include <stdlib.h>

#include "lab/sim_lab_loop.h"
#include "reclaim/sim_ring.h"

#define GENS 4u
#define BIT_SLOT_SHIFT 2
#define BIT_SLOT 0x0cu
#define BIT_WORKINGSET 0x10u /* came back too soon: tier 1 */
#define YOUNG (SIM_HOT_PRESENT | SIM_HOT_ACCESSED_GUEST)
#define RING_AHEAD 28u /* fetching bytes and shadows this far ahead gave a third more speed */
#define WALK_PAGES 64u
#define WALK_BLOCKS 63u /* 4 pages in each part of each block: 252 at most */

struct lab_mglru {
	struct sim_lab_loop loop;
	u32 *shadow; /* by page: token of its last eviction */
	u64 max_seq, min_seq[WS_TYPES]; /* the trace's pages are WS_ANON; WS_FILE has none */
	u64 pages[GENS];
	struct sim_ring queue[GENS];
	struct ws_refault refault;
};

static u32 slot_of_seq(u64 seq)
{
	return (u32)seq % GENS;
}

static u8 byte_young(const struct lab_mglru *mglru)
{
	return (u8)(SIM_HOT_PRESENT | slot_of_seq(mglru->max_seq) << BIT_SLOT_SHIFT);
}

/* Sixteen pages at a time; the compiler turns this into what the machine has. */
#define VECTOR __attribute__((vector_size(16)))

struct lab_moved {
	u8 VECTOR from[GENS]; /* pages that left each slot, in 16 parts */
};

/* Accessed pages among 64 become young and lose bit and history; the rest their bit. */
sim_lab_inline void harvest_block(u8 *hot, u8 young, struct lab_moved *moved)
{
	u64 any = 0;

	for (u32 i = 0; i < WALK_PAGES; i += 8) {
		u64 word;
		memcpy(&word, hot + i, 8);
		any |= word;
	}
	if (!(any & 0x0101010101010101ull * SIM_HOT_ACCESSED_GUEST))
		return;
	for (u32 i = 0; i < WALK_PAGES; i += 16) {
		u8 VECTOR bits;
		memcpy(&bits, hot + i, 16);
		u8 VECTOR is_young = (u8 VECTOR)((bits & YOUNG) == YOUNG);
		u8 VECTOR slots = (bits & BIT_SLOT) | ~is_young; /* no slot is 0xff */
		for (u32 slot = 0; slot < GENS; slot++)
			moved->from[slot] -= (u8 VECTOR)(slots == (u8)(slot << BIT_SLOT_SHIFT));
		bits = (is_young & young) | (~is_young & bits & (u8)~SIM_HOT_ACCESSED_GUEST);
		memcpy(hot + i, &bits, 16);
	}
}

/* The sum of 16 bytes: in pairs, then all pairs by a multiplication. */
static inline u32 sum_bytes(u8 VECTOR bytes)
{
	const u64 pairs = 0x00ff00ff00ff00ffull;
	u64 half[2];

	memcpy(half, &bytes, 16);
	return (u32)(((half[0] & pairs) + (half[0] >> 8 & pairs) + (half[1] & pairs) +
		      (half[1] >> 8 & pairs)) * 0x0001000100010001ull >> 48);
}

/* Blocks of 64 pages; few enough at a time that no byte of the counters overflows. */
static void harvest(struct lab_mglru *mglru, u8 *hot, u32 blocks)
{
	u8 young = byte_young(mglru);

	while (blocks) {
		u32 part = blocks < WALK_BLOCKS ? blocks : WALK_BLOCKS;
		struct lab_moved moved = { .from = { { 0 } } };
		for (u32 i = 0; i < part; i++, hot += WALK_PAGES)
			harvest_block(hot, young, &moved);
		blocks -= part;
		for (u32 slot = 0; slot < GENS; slot++) {
			u32 count = sum_bytes(moved.from[slot]);
			mglru->pages[slot] -= count;
			mglru->pages[slot_of_seq(mglru->max_seq)] += count;
		}
	}
}

/* ws_lru_wants_ageing() */
static bool wants_ageing(const struct lab_mglru *mglru)
{
	u64 gens = mglru->max_seq - mglru->min_seq[WS_ANON] + 1, total = 0;

	if (gens <= WS_GENS_MIN)
		return true;
	if (gens > WS_GENS_MIN + 1)
		return false;
	for (u32 slot = 0; slot < GENS; slot++)
		total += mglru->pages[slot];
	return mglru->pages[slot_of_seq(mglru->max_seq)] * WS_GENS_MIN > total ||
	       mglru->pages[slot_of_seq(mglru->min_seq[WS_ANON])] * (WS_GENS_MIN + 2) < total;
}

static void age(struct lab_mglru *mglru)
{
	harvest(mglru, mglru->loop.hot, mglru->loop.trace->pages_count / WALK_PAGES);
	mglru->max_seq++;
	assert(mglru->max_seq - mglru->min_seq[WS_ANON] < GENS);
	mglru->loop.result->ageings++;
	mglru->loop.result->entries_scanned += mglru->loop.trace->pages_count;
}

/* advance_min_seq() of ws_lru.c, where file pages' queues are always empty. */
static bool advance_min_seq(struct lab_mglru *mglru)
{
	u64 anon = mglru->min_seq[WS_ANON], file = mglru->min_seq[WS_FILE];
	bool moved = false;

	while (anon + WS_GENS_MIN <= mglru->max_seq && !mglru->queue[slot_of_seq(anon)].pages)
		anon++;
	file = file + WS_GENS_MIN <= mglru->max_seq ? mglru->max_seq + 1 - WS_GENS_MIN : file;
	anon = anon < file ? anon : file;
	file = anon > mglru->min_seq[WS_FILE] ? anon : mglru->min_seq[WS_FILE];
	if (anon != mglru->min_seq[WS_ANON]) {
		ws_refault_carry(&mglru->refault, WS_ANON);
		moved = true;
	}
	if (file != mglru->min_seq[WS_FILE]) {
		ws_refault_carry(&mglru->refault, WS_FILE);
		moved = true;
	}
	mglru->min_seq[WS_ANON] = anon;
	mglru->min_seq[WS_FILE] = file;
	return moved;
}

static void protect(struct lab_mglru *mglru, u32 page, u32 slot)
{
	u32 next = (slot + 1) % GENS;

	ws_refault_protect(&mglru->refault, WS_ANON, ws_refault_tier(1));
	mglru->pages[slot]--;
	mglru->pages[next]++;
	mglru->loop.hot[page] = (u8)((mglru->loop.hot[page] & ~(BIT_SLOT | BIT_WORKINGSET)) |
				     next << BIT_SLOT_SHIFT);
	sim_ring_push_old(&mglru->queue[next], page);
}

/* evict_type() and sort_page() of ws_lru.c.  Return: victims, at most @max. */
static u32 evict_some(struct lab_mglru *mglru, u32 limit, u32 *victims, u32 max)
{
	u32 slot = slot_of_seq(mglru->min_seq[WS_ANON]), count = 0, scanned = 0, kept = 0;
	u32 young = slot_of_seq(mglru->max_seq);
	struct sim_ring *queue = &mglru->queue[slot];
	u8 *hot = mglru->loop.hot;

	if (mglru->max_seq - mglru->min_seq[WS_ANON] + 1 <= WS_GENS_MIN)
		return 0;
	while (count < max && queue->pages) {
		u32 page = sim_ring_pop(queue);
		u8 bits = hot[page];
		u32 soon = sim_ring_peek(queue, RING_AHEAD);
		__builtin_prefetch(&hot[soon], 1);
		__builtin_prefetch(&mglru->shadow[soon], 1);
		scanned++;
		if ((bits & BIT_SLOT) != slot << BIT_SLOT_SHIFT) {
			sim_ring_push(&mglru->queue[(bits & BIT_SLOT) >> BIT_SLOT_SHIFT], page);
			kept++;
		} else if (bits & BIT_WORKINGSET && ws_refault_tier(1) > limit) {
			protect(mglru, page, slot);
			kept++;
		} else if (bits & SIM_HOT_ACCESSED_GUEST) {
			harvest(mglru, hot + (page & ~(WALK_PAGES - 1)), 1);
			sim_ring_push(&mglru->queue[young], page);
		} else {
			mglru->shadow[page] = ws_refault_evict(
				&mglru->refault, WS_ANON, mglru->min_seq[WS_ANON], 0);
			hot[page] = 0;
			victims[count++] = page;
		}
	}
	mglru->pages[slot] -= count;
	mglru->loop.result->scanned += scanned;
	mglru->loop.result->rmap_walks += scanned - kept;
	return count;
}

/* ws_lru_evict() */
static u32 evict_batch(struct lab_mglru *mglru, u32 *victims, u32 max)
{
	u32 count = 0;

	while (count < max) {
		u32 limit, before = count;
		enum ws_type type = WS_ANON;
		if (mglru->min_seq[WS_ANON] < mglru->min_seq[WS_FILE])
			limit = ws_refault_tier_limit(&mglru->refault, WS_ANON);
		else
			type = ws_refault_choose(&mglru->refault, SIM_LAB_SWAPPINESS, &limit);
		if (type == WS_ANON)
			count += evict_some(mglru, limit, victims + count, max - count);
		if (count == before) {
			/* File has nothing; or anon had nothing, and is asked again after file. */
			limit = ws_refault_tier_limit(&mglru->refault, WS_ANON);
			if (type == WS_FILE)
				count += evict_some(mglru, limit, victims + count, max - count);
		}
		if (!advance_min_seq(mglru) && count == before)
			break;
	}
	return count;
}

static int make_room(struct lab_mglru *mglru)
{
	u32 victims[SIM_LAB_BATCH], count = 0;

	if (wants_ageing(mglru))
		age(mglru);
	for (u32 round = 0; !(count = evict_batch(mglru, victims, SIM_LAB_BATCH)); round++) {
		if (round == 2 * WS_GENS_MAX)
			return -EIO;
		age(mglru);
	}
	mglru->loop.used -= count;
	mglru->loop.result->evictions += count;
	return 0;
}

static int serve(struct lab_mglru *mglru, const struct sim_lab_group *group)
{
	u8 *hot = mglru->loop.hot;

	for (u32 i = 0; i < group->count; i++) {
		u32 page = group->absent[i];
		if (hot[page] & SIM_HOT_PRESENT)
			continue;
		mglru->loop.result->misses++;
		if (mglru->loop.used == mglru->loop.frames) {
			int rc = make_room(mglru);
			if (rc)
				return rc;
		}
		u8 bits = byte_young(mglru) | SIM_HOT_ACCESSED_GUEST;
		u32 shadow = mglru->shadow[page], slot = slot_of_seq(mglru->max_seq);
		if (shadow && ws_refault_arrive(&mglru->refault, WS_ANON, mglru->min_seq[WS_ANON],
						shadow, true).workingset)
			bits |= BIT_WORKINGSET;
		hot[page] = bits;
		mglru->pages[slot]++;
		mglru->loop.used++;
		sim_ring_push(&mglru->queue[slot], page);
	}
	return 0;
}

static void fetch(const struct lab_mglru *mglru, struct sim_lab_group *group, u32 from, u32 to,
		  bool ahead)
{
	sim_lab_group_touch(group, mglru->loop.trace->array.page, mglru->loop.hot, from, to, ahead);
	for (u32 i = 0; i < group->count; i++)
		__builtin_prefetch(&mglru->shadow[group->absent[i]], 1);
}

static int span(void *ctx, u32 from, u32 to)
{
	struct sim_lab_group group[2] = { { .count = 0 }, { .count = 0 } };
	struct lab_mglru *mglru = ctx;
	u32 turn = 0;

	for (; to - from >= SIM_LAB_GROUP + SIM_LAB_AHEAD; from += SIM_LAB_GROUP) {
		turn ^= 1;
		fetch(mglru, &group[turn], from, from + SIM_LAB_GROUP, true);
		int rc = serve(mglru, &group[turn ^ 1]);
		if (rc)
			return rc;
	}
	int rc = serve(mglru, &group[turn]);
	while (!rc && from < to) {
		u32 end = to - from < SIM_LAB_GROUP ? to : from + SIM_LAB_GROUP;
		fetch(mglru, &group[0], from, end, false);
		rc = serve(mglru, &group[0]);
		from = end;
	}
	return rc;
}

static void never_freed(void *ctx, u32 page)
{
	(void)ctx, (void)page;
	assert(!"a trace with frees");
}

int sim_lab_run_mglru(const struct sim_lab_trace *trace, u32 frames, struct sim_lab_result *result)
{
	struct lab_mglru mglru = { .max_seq = GENS - 1 };
	int rc = sim_lab_loop_init(&mglru.loop, trace, frames, result);

	if (rc)
		return rc;
	ws_refault_init(&mglru.refault);
	mglru.shadow = calloc(trace->pages_count, sizeof(u32));
	rc = mglru.shadow ? 0 : -ENOMEM;
	for (u32 slot = 0; slot < GENS && !rc; slot++)
		rc = sim_ring_init(&mglru.queue[slot], NULL, 0);
	if (!rc)
		rc = sim_lab_each(trace, &mglru, span, never_freed);
	result->refaults = mglru.refault.workingset_recent[WS_ANON];
	result->state_bytes = 1 + 4 + 4 * 2; /* hot, shadow, queues */
	for (u32 slot = 0; slot < GENS; slot++)
		sim_ring_destroy(&mglru.queue[slot]);
	free(mglru.shadow);
	sim_lab_loop_destroy(&mglru.loop);
	return rc;
}
