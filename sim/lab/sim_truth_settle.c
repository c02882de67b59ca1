/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sim_truth_settle.c - touches at the same time as a pass: before or after it?
 *
 * A log cannot tell, and the replay takes them to come after it.  The kernel's first dump
 * after the pass, and after the next, has counts: pages that such a touch touched last,
 * and no others, are moved when that brings the core nearer to them.  See sim_truth.h.
 */
#include "lab/sim_truth_replay.h"

/* Moves @page between generations when that brings the core nearer to the dump. */
static bool settle_page(struct truth_replay *replay, const struct sim_truth_region *region,
			u32 page, u64 from, u64 to)
{
	struct truth_group *group = &replay->group[region->group];
	struct ws_age *age = &group->lru.age;
	s64 *too_many = group->too_many[truth_type(region)];
	u16 history = ws_promote_entry(age, replay->page[page]) & WS_PAGE_HISTORY;

	if (from == to || too_many[ws_age_slot(age, from)] <= 0 ||
	    too_many[ws_age_slot(age, to)] >= 0)
		return false;
	too_many[ws_age_slot(age, from)]--;
	too_many[ws_age_slot(age, to)]++;
	ws_age_move(age, page, to);
	replay->page[page] |= history;
	replay->result->settled++;
	return true;
}

/* Came in during the last pass, not to the youngest generation: one generation older? */
static void settle_filled(struct truth_replay *replay, const struct sim_truth_region *region,
			  u32 page, u64 seq)
{
	const struct ws_lru *lru = &replay->group[region->group].lru;

	if (seq == lru->age.min_seq[truth_type(region)] ||
	    !settle_page(replay, region, page, seq, seq - 1))
		return;
	/* The pass was to come, and saw it. */
	if (lru->rules->sighting == WS_SIGHTING_SECOND && region->kind != 'r' && region->kind != 'x' &&
	    !(replay->page[page] & WS_PAGE_HISTORY)) {
		replay->page[page] |= WS_PAGE_REFERENCED;
		truth_set(replay->young, page, false);
	}
}

/* Touched during the last pass, and taken not to be seen by it: was it? */
static void settle_seen(struct truth_replay *replay, const struct sim_truth_region *region, u32 page)
{
	const struct ws_lru *lru = &replay->group[region->group].lru;
	bool walked = region->kind != 'r' && region->kind != 'x';
	u64 seq;

	if (!ws_page_aged(replay->page[page]))
		return;
	seq = ws_age_seq(&lru->age, page);
	if (truth_is_set(replay->filled, page) && (!walked || seq != lru->age.max_seq)) {
		settle_filled(replay, region, page, seq);
	} else if (walked && settle_page(replay, region, page, seq, lru->age.max_seq - 1)) {
		if (lru->rules->sighting == WS_SIGHTING_SECOND)
			replay->page[page] |= WS_PAGE_WORKINGSET;
		truth_set(replay->young, page, false);
	}
}

/* Touched during the pass before, only then, and so seen by the last pass: by that before? */
static void settle_residue(struct truth_replay *replay, const struct sim_truth_region *region,
			   u32 page)
{
	struct ws_age *age = &replay->group[region->group].lru.age;

	if (ws_page_aged(replay->page[page]) && truth_is_set(replay->residue, page) &&
	    region->kind != 'r' && region->kind != 'x' &&
	    ws_age_seq(age, page) == age->max_seq - 1)
		settle_page(replay, region, page, age->max_seq - 1, age->max_seq - 2);
}

static void settle_events(struct truth_replay *replay, const struct truth_unsettled *unsettled,
			  u32 count,
			  void (*settle_one)(struct truth_replay *replay,
					     const struct sim_truth_region *region, u32 page))
{
	u32 i;

	for (i = 0; i < count; i++)
		truth_for_pages(replay, unsettled[i].event, unsettled[i].number, unsettled[i].from,
				unsettled[i].event->pages, settle_one);
}

void truth_settle(struct truth_replay *replay, const struct sim_truth_event *dump)
{
	struct truth_group *group = &replay->group[dump->group];

	if (!group->seen || !group->passed)
		return;
	group->passed = false;
	truth_excess(replay, dump, group->too_many);
	settle_events(replay, group->before, group->before_count, settle_residue);
	settle_events(replay, group->unsettled, group->unsettled_count, settle_seen);
}
