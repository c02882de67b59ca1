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

/* Came in during the last pass, not to the youngest generation: seen, or one generation older? */
static void settle_filled(struct truth_replay *replay, const struct sim_truth_region *region,
			  u32 page, u64 seq)
{
	const struct ws_lru *lru = &replay->group[region->group].lru;
	u64 seen = lru->age.max_seq - 1;

	/* Used once by its fault, so that the pass saw it a second time. */
	if (lru->rules->sighting == WS_SIGHTING_SECOND && region->kind == 'm' && seq < seen &&
	    replay->page[page] & WS_PAGE_HISTORY && settle_page(replay, region, page, seq, seen)) {
		replay->page[page] |= WS_PAGE_WORKINGSET;
		truth_set(replay->young, page, false);
		return;
	}
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

/* Seen by the last pass, which it may not have been: back to where it was. */
static void settle_back(struct truth_replay *replay, const struct sim_truth_region *region, u32 page)
{
	const struct ws_lru *lru = &replay->group[region->group].lru;
	u64 was = replay->was[page].seq, min = lru->age.min_seq[truth_type(region)];

	if (lru->rules->sighting != WS_SIGHTING_SECOND) {
		/* The pass before saw it instead. */
		settle_page(replay, region, page, lru->age.max_seq - 1, lru->age.max_seq - 2);
	} else if (settle_page(replay, region, page, lru->age.max_seq - 1, was > min ? was : min)) {
		replay->page[page] &= (u16)~WS_PAGE_HISTORY;
		replay->page[page] |= replay->was[page].history;
	}
}

/*
 * Touched during the pass before, and only then, so that either saw it.  By the kernel's first
 * dump after that pass it was that one, or because that one had come by already, the last.
 */
static void settle_residue(struct truth_replay *replay, const struct sim_truth_region *region,
			   u32 page)
{
	const struct ws_lru *lru = &replay->group[region->group].lru;
	u64 seen = lru->age.max_seq - 1, seq;

	if (!ws_page_aged(replay->page[page]) || !truth_is_set(replay->residue, page) ||
	    region->kind == 'r' || region->kind == 'x')
		return;
	seq = ws_age_seq(&lru->age, page);
	if (seq == seen)
		settle_back(replay, region, page);
	else if (seq < seen && settle_page(replay, region, page, seq, seen) &&
		 lru->rules->sighting == WS_SIGHTING_SECOND)
		replay->page[page] |= WS_PAGE_WORKINGSET;
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

/* --- pages that come in beside a pass ------------------------------------------------------- */

/* Is the next page of the touch at @index, which has one, in memory? */
static bool next_is_there(const struct truth_replay *replay, u32 index)
{
	u32 first = replay->first_page[replay->section->events[index].region];

	return ws_page_aged(replay->page[first + replay->progress[index].pages]);
}

bool truth_is_filling(const struct truth_replay *replay, u32 index)
{
	const struct sim_truth_event *event = &replay->section->events[index];
	u32 first = replay->first_page[event->region], i;

	if (event->what != SIM_TRUTH_TOUCH || replay->locked[event->region] ||
	    truth_type(&replay->section->region[event->region]) != WS_FILE)
		return false;
	for (i = replay->progress[index].pages; i < event->pages; i++)
		if (!ws_page_aged(replay->page[first + i]))
			return true;
	return false;
}

/* The kernel's pages of @type in @dump less the core's. */
static s64 excess_of(const struct truth_replay *replay, const struct sim_truth_event *dump,
		     enum ws_type type)
{
	const struct ws_age *age = &replay->group[dump->group].lru.age;
	s64 excess = 0;
	u32 i;

	for (i = 0; i < dump->gens_count; i++)
		excess += (s64)replay->log->gens[dump->first_gen + i].pages[type];
	for (i = 0; i < age->gens; i++)
		excess -= (s64)age->pages[ws_age_row(i, type)];
	return excess;
}

/*
 * The touch of @type, in @dump's group, that is under way when it is taken; events_count: none.
 * *@several: there are more.
 */
static u32 under_way(const struct truth_replay *replay, const struct sim_truth_event *dump,
		     enum ws_type type, bool *several)
{
	const struct sim_truth_section *section = replay->section;
	u32 found = section->events_count, i;

	*several = false;
	for (i = 0; i < section->events_count && section->events[i].start_ns <= dump->start_ns; i++) {
		const struct sim_truth_event *event = &section->events[i];
		const struct sim_truth_region *region = &section->region[event->region];

		if ((event->what != SIM_TRUTH_TOUCH && event->what != SIM_TRUTH_FREE) ||
		    event->end_ns < dump->start_ns || region->group != dump->group ||
		    truth_type(region) != type)
			continue;
		*several = found < section->events_count;
		found = i;
	}
	return found;
}

/*
 * As many more pages of the touch at @index as bring @pages in, and of those behind that are
 * there what its pace allows by @time_ns.
 */
static void touch_until_arrived(struct truth_replay *replay, u32 index, s64 pages, s64 time_ns)
{
	u64 until = replay->arrived + (u64)(pages > 0 ? pages : 0);
	u32 end = replay->section->events[index].pages, pace = truth_pages_by(replay, index, time_ns);
	const u32 *done = &replay->progress[index].pages;

	while (*done < end && replay->arrived < until)
		truth_touch_pages(replay, index, 1);
	while (*done < end && *done < pace && next_is_there(replay, index))
		truth_touch_pages(replay, index, 1);
}

void truth_catch_up(struct truth_replay *replay, const struct sim_truth_event *dump)
{
	struct truth_group *group = &replay->group[dump->group];
	s64 excess = excess_of(replay, dump, WS_FILE);
	bool several;
	u32 index = under_way(replay, dump, WS_FILE, &several);

	if (index == replay->section->events_count)
		group->undeclared = excess;
	else if (!several && replay->progress[index].begun && truth_is_filling(replay, index))
		touch_until_arrived(replay, index, excess - group->undeclared, dump->start_ns);
}
