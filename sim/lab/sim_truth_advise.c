/* SPDX-License-Identifier: BSD-2-Clause */
/* sim_truth_advise.c - what processes of a log say about their pages; see sim_truth.h. */
#include "lab/sim_truth_replay.h"
#include "ws_advice.h"

/* Has @page been mapped by one process, and by no other? */
static bool is_exclusive(const struct truth_replay *replay, const struct sim_truth_region *region,
			 u32 page)
{
	return !replay->inherited[region - replay->section->region] && !truth_is_set(replay->elder, page);
}

/* Those of the region that are in memory and nobody else's, into replay->victim; return: how many. */
static u32 gather(struct truth_replay *replay, u32 number)
{
	const struct sim_truth_region *region = &replay->section->region[number];
	u32 page, count = 0;

	for (page = replay->first_page[number]; page < replay->first_page[number + 1]; page++)
		if (ws_page_aged(replay->page[page]) && is_exclusive(replay, region, page))
			replay->victim[count++] = page;
	return count;
}

static void make_cold(struct truth_replay *replay, struct ws_lru *lru, u32 number)
{
	u32 count = gather(replay, number), i;

	ws_advice_cold(lru, replay->victim, count);
	for (i = 0; i < count; i++) {
		truth_set(replay->young, replay->victim[i], false);
		truth_set(replay->residue, replay->victim[i], false);
	}
}

static void page_out(struct truth_replay *replay, struct ws_lru *lru, u32 number)
{
	u32 count = gather(replay, number), i;

	ws_advice_pageout(lru, replay->victim, count, replay->left_by);
	for (i = 0; i < count; i++) {
		u32 page = replay->victim[i];

		replay->shadow[page] = replay->left_by[i];
		replay->page[page] &= (u16)~WS_PAGE_FILE;
		truth_set(replay->young, page, false);
		truth_set(replay->residue, page, false);
	}
}

/* All pages come in that are not there, and leave the lists. */
static void lock_all(struct truth_replay *replay, struct ws_lru *lru, u32 number)
{
	const struct sim_truth_region *region = &replay->section->region[number];
	u32 page, count = 0;

	if (replay->locked[number])
		return;
	for (page = replay->first_page[number]; page < replay->first_page[number + 1]; page++) {
		if (!ws_page_aged(replay->page[page]))
			truth_come_in(replay, region, page);
		replay->victim[count++] = page;
	}
	ws_advice_lock(lru, replay->victim, count);
	replay->locked[number] = true;
}

void truth_unlock(struct truth_replay *replay, u32 number)
{
	struct ws_lru *lru = &replay->group[replay->section->region[number].group].lru;
	u32 page, count = 0;

	if (!replay->locked[number])
		return;
	for (page = replay->first_page[number]; page < replay->first_page[number + 1]; page++)
		replay->victim[count++] = page;
	ws_advice_unlock(lru, replay->victim, count);
	replay->locked[number] = false;
}

void truth_advise(struct truth_replay *replay, const struct sim_truth_event *event)
{
	struct ws_lru *lru = &replay->group[replay->section->region[event->region].group].lru;

	if (replay->ended)
		return;
	switch (event->advice) {
	case SIM_TRUTH_COLD:
		make_cold(replay, lru, event->region);
		break;
	case SIM_TRUTH_PAGEOUT:
		page_out(replay, lru, event->region);
		break;
	case SIM_TRUTH_LOCK:
		lock_all(replay, lru, event->region);
		break;
	default:
		truth_unlock(replay, event->region);
	}
}
