/* SPDX-License-Identifier: BSD-2-Clause */
/* sim_truth_touch.c - what the processes of a log do, page by page; see sim_truth.h. */
#include "lab/sim_truth_replay.h"
#include "truth_pages.h"

enum ws_type truth_type(const struct sim_truth_region *region)
{
	return region->kind == 'm' || region->kind == 'r' ? WS_FILE : WS_ANON;
}

/*
 * Swapped in from compressed memory, a page leaves the swap cache at once, but for each that
 * fills a processor's batch, for then it is put on its list before.
 */
static enum ws_enter how_it_swaps_in(struct truth_replay *replay)
{
	return ++replay->swapped_in % SIM_TRUTH_BATCH ? WS_ENTER_SWAPIN : WS_ENTER_FAULT;
}

static enum ws_enter how_it_enters(struct truth_replay *replay,
				   const struct sim_truth_region *region, u32 page)
{
	if (replay->shadow[page] && truth_type(region) == WS_ANON)
		return how_it_swaps_in(replay);
	switch (region->kind) {
	case 'r':
		return WS_ENTER_READ;
	case 'x':
		return WS_ENTER_WRITEBACK; /* not in a fault, and not in swap */
	default:
		return WS_ENTER_FAULT;
	}
}

static void touch_page(struct truth_replay *replay, const struct sim_truth_region *region, u32 page)
{
	struct ws_lru *lru = &replay->group[region->group].lru;

	truth_set(replay->filled, page, !ws_page_aged(replay->page[page]));
	truth_set(replay->residue, page, false);
	if (!ws_page_aged(replay->page[page])) {
		ws_lru_add(lru, page, truth_type(region), how_it_enters(replay, region, page),
			   replay->shadow[page]);
		replay->result->refaulted += replay->shadow[page] != 0;
		replay->shadow[page] = 0;
		replay->arrived++;
	}
	if (region->kind == 'r')
		ws_lru_descriptor_access(lru, page);
	else if (region->forks && replay->touches[region - replay->section->region] == 1)
		truth_set(replay->elder, page, true);
	else
		truth_set(replay->young, page, true);
}

void truth_for_pages(struct truth_replay *replay, const struct sim_truth_event *event, u32 number,
		     u32 from, u32 to,
		     void (*visit)(struct truth_replay *replay,
				   const struct sim_truth_region *region, u32 page))
{
	const struct sim_truth_region *region = &replay->section->region[event->region];
	u32 first = replay->first_page[event->region], i;
	bool subset = (region->kind == 's' || region->kind == 'z') && event->pages < region->pages;

	for (i = from; i < to; i++)
		visit(replay, region,
		      first + (subset ? truth_subset_page(region->kind, event->region, number, i,
							  region->pages) : i));
}

static void remove_page(struct truth_replay *replay, const struct sim_truth_region *region, u32 page)
{
	if (ws_page_aged(replay->page[page]))
		ws_lru_remove(&replay->group[region->group].lru, page);
	truth_set(replay->young, page, false);
	truth_set(replay->elder, page, false);
	replay->shadow[page] = 0;
}

/* A mapping's end leaves its file cached, and accessed bits count as accesses (zap_pte_range()). */
static void free_page(struct truth_replay *replay, const struct sim_truth_region *region, u32 page)
{
	if (truth_type(region) == WS_ANON) {
		remove_page(replay, region, page);
		return;
	}
	if (truth_is_set(replay->young, page))
		ws_lru_descriptor_access(&replay->group[region->group].lru, page);
	truth_set(replay->young, page, false);
}

/* The shortest time that a touch of this region and as many pages took: with all of them there. */
static s64 usual_ns(const struct truth_replay *replay, const struct sim_truth_event *event)
{
	const struct sim_truth_section *section = replay->section;
	s64 least = event->end_ns - event->start_ns;
	u32 i;

	for (i = 0; i < section->events_count; i++) {
		const struct sim_truth_event *other = &section->events[i];

		if (other->what == event->what && other->region == event->region &&
		    other->pages == event->pages && other->end_ns - other->start_ns < least)
			least = other->end_ns - other->start_ns;
	}
	return least;
}

/* What of @from_ns..@to_ns a process has the processor for, which it shares with evictions. */
static s64 own_ns(const struct truth_replay *replay, s64 from_ns, s64 to_ns)
{
	const struct sim_truth_section *section = replay->section;
	s64 own = 2 * (to_ns - from_ns);
	u32 i;

	for (i = 0; i < section->events_count && section->events[i].start_ns < to_ns; i++) {
		const struct sim_truth_event *event = &section->events[i];
		s64 begin = event->start_ns > from_ns ? event->start_ns : from_ns;
		s64 end = event->end_ns < to_ns ? event->end_ns : to_ns;

		if (event->what == SIM_TRUTH_EVICT && end > begin)
			own -= end - begin;
	}
	return own;
}

/* When the first eviction begins that @event meets; its end if none does. */
static s64 undisturbed_until(const struct truth_replay *replay, const struct sim_truth_event *event)
{
	const struct sim_truth_section *section = replay->section;
	u32 i;

	for (i = 0; i < section->events_count; i++) {
		const struct sim_truth_event *other = &section->events[i];

		if (other->what == SIM_TRUTH_EVICT && other->end_ns > event->start_ns &&
		    other->start_ns < event->end_ns)
			return other->start_ns > event->start_ns ? other->start_ns : event->start_ns;
	}
	return event->end_ns;
}

/*
 * How many pages of @event are done by @time_ns: at the usual pace until an eviction begins,
 * and the rest evenly in the time that is left, half of it while the eviction goes on.
 */
static u32 pages_by(const struct truth_replay *replay, const struct sim_truth_event *event,
		    s64 time_ns)
{
	s64 until = undisturbed_until(replay, event), pages = event->pages, known, rest;

	if (time_ns >= event->end_ns)
		return event->pages;
	if (time_ns <= event->start_ns)
		return 0;
	if (until == event->end_ns)
		return (u32)(pages * (time_ns - event->start_ns) / (until - event->start_ns));
	rest = time_ns < until ? time_ns : until;
	known = pages * (rest - event->start_ns) / (usual_ns(replay, event) | 1);
	known = known < pages ? known : pages;
	if (time_ns <= until)
		return (u32)known;
	return (u32)(known + (pages - known) * own_ns(replay, until, time_ns) /
				     (own_ns(replay, until, event->end_ns) | 1));
}

void truth_touch_until(struct truth_replay *replay, u32 index, s64 time_ns)
{
	const struct sim_truth_event *event = &replay->section->events[index];
	struct truth_progress *progress = &replay->progress[index];
	u32 to = pages_by(replay, event, time_ns);
	bool frees = event->what == SIM_TRUTH_FREE;

	if (progress->done)
		return;
	if (!progress->begun)
		progress->number = frees ? 0 : replay->touches[event->region]++;
	progress->begun = true;
	progress->done = time_ns >= event->end_ns;
	if (to > progress->pages) {
		truth_for_pages(replay, event, progress->number, progress->pages, to,
				frees ? free_page : touch_page);
		progress->pages = to;
	}
}

void truth_end_processes(struct truth_replay *replay)
{
	u32 i, page;

	for (i = 0; i < replay->section->regions_count; i++)
		for (page = replay->first_page[i]; page < replay->first_page[i + 1]; page++)
			remove_page(replay, &replay->section->region[i], page);
	replay->ended = true;
}
