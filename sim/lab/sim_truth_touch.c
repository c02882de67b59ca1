/* SPDX-License-Identifier: BSD-2-Clause */
/* sim_truth_touch.c - what the processes of a log do, page by page; see sim_truth.h. */
#include <string.h>

#include "lab/sim_truth_replay.h"
#include "truth_pages.h"

enum ws_type truth_type(const struct sim_truth_region *region)
{
	return region->kind == 'm' || region->kind == 'r' ? WS_FILE : WS_ANON;
}

/*
 * Swapped in from compressed memory, a page leaves the swap cache at once, but for each that
 * fills a processor's batch, for then it is put on its list before.  In a MADV_RANDOM area that
 * is not taken for a fault, and up to 6.18 the swap cache is passed by.
 */
static enum ws_enter how_it_swaps_in(struct truth_replay *replay, bool random)
{
	bool fills = ++replay->swapped_in % SIM_TRUTH_BATCH == 0;

	if (random)
		return fills && replay->swap_is_cached ? WS_ENTER_READ : WS_ENTER_WRITEBACK;
	return fills ? WS_ENTER_FAULT : WS_ENTER_SWAPIN;
}

static enum ws_enter how_it_enters(struct truth_replay *replay,
				   const struct sim_truth_region *region, u32 page)
{
	/* Where another process has it in swap still, it stays in the swap cache (folio_swapped()). */
	if (replay->shadow[page] && truth_type(region) == WS_ANON)
		return replay->inherited[region - replay->section->region] ?
			       WS_ENTER_SWAPCACHE : how_it_swaps_in(replay, region->kind == 'x');
	switch (region->kind) {
	case 'r':
		return WS_ENTER_READ;
	case 'x':
		return WS_ENTER_WRITEBACK;
	default:
		return WS_ENTER_FAULT;
	}
}

void truth_come_in(struct truth_replay *replay, const struct sim_truth_region *region, u32 page)
{
	ws_lru_add(&replay->group[region->group].lru, page, truth_type(region),
		   how_it_enters(replay, region, page), replay->shadow[page]);
	replay->result->refaulted += replay->shadow[page] != 0;
	replay->shadow[page] = 0;
	replay->arrived++;
}

static void touch_page(struct truth_replay *replay, const struct sim_truth_region *region, u32 page)
{
	struct ws_lru *lru = &replay->group[region->group].lru;
	bool here = ws_page_aged(replay->page[page]) ||
		    replay->locked[region - replay->section->region];

	truth_set(replay->filled, page, !here);
	truth_set(replay->residue, page, false);
	if (!here)
		truth_come_in(replay, region, page);
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
	if (ws_page_aged(replay->page[page])) {
		ws_lru_remove(&replay->group[region->group].lru, page);
		replay->freed++;
	}
	truth_set(replay->young, page, false);
	truth_set(replay->elder, page, false);
	replay->shadow[page] = 0;
}

/* A mapping's end leaves the page; accessed bits of one shared count as accesses (zap_pte_range()). */
static void unmap_page(struct truth_replay *replay, const struct sim_truth_region *region, u32 page)
{
	if (truth_is_set(replay->young, page) && (region->kind == 't' || truth_type(region) == WS_FILE))
		ws_lru_descriptor_access(&replay->group[region->group].lru, page);
	truth_set(replay->young, page, false);
}

/* Has another process the pages that @event frees: a child, or for a child its parent? */
static bool others_have(const struct truth_replay *replay, const struct sim_truth_event *event)
{
	const struct sim_truth_section *section = replay->section;
	const struct sim_truth_region *freed = &section->region[event->region], *other;
	u32 i;

	if (freed->kind != 't' && !replay->inherited[event->region])
		return false;
	for (i = 0; i < section->regions_count; i++) {
		const struct sim_truth_event *fork = truth_first_touch(section, i);

		other = &section->region[i];
		if (other->forks && other->group == freed->group && fork &&
		    fork->end_ns <= event->start_ns &&
		    (i == event->region || (!other->own && !freed->own)))
			return true;
	}
	return false;
}

static bool stays_when_freed(const struct truth_replay *replay, const struct sim_truth_event *event)
{
	return truth_type(&replay->section->region[event->region]) == WS_FILE ||
	       others_have(replay, event);
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

/*
 * Does @other take the processor from the touch @event, for a time that is known?  When in a
 * pass it looks at what is touched is not; but at what is read it does not look at all.
 */
static bool disturbs(const struct truth_replay *replay, const struct sim_truth_event *other,
		     const struct sim_truth_event *event)
{
	return other->end_ns > event->start_ns && other->start_ns < event->end_ns &&
	       (other->what == SIM_TRUTH_EVICT ||
		(other->what == SIM_TRUTH_AGE &&
		 replay->section->region[event->region].kind == 'r'));
}

/* Twice what of @from_ns..@to_ns the touch @event has the processor for, which it shares. */
static s64 own_twice_ns(const struct truth_replay *replay, const struct sim_truth_event *event,
			s64 from_ns, s64 to_ns)
{
	const struct sim_truth_section *section = replay->section;
	s64 own = 2 * (to_ns - from_ns);
	u32 i;

	for (i = 0; i < section->events_count && section->events[i].start_ns < to_ns; i++) {
		const struct sim_truth_event *other = &section->events[i];
		s64 begin = other->start_ns > from_ns ? other->start_ns : from_ns;
		s64 end = other->end_ns < to_ns ? other->end_ns : to_ns;

		if (end > begin && disturbs(replay, other, event))
			own -= end - begin;
	}
	return own;
}

/* When @event is first disturbed; its end if it is not. */
static s64 undisturbed_until(const struct truth_replay *replay, const struct sim_truth_event *event)
{
	const struct sim_truth_section *section = replay->section;
	u32 i;

	for (i = 0; i < section->events_count; i++) {
		const struct sim_truth_event *other = &section->events[i];

		if (disturbs(replay, other, event))
			return other->start_ns > event->start_ns ? other->start_ns : event->start_ns;
	}
	return event->end_ns;
}

/* @pages in proportion to @part of @whole. */
static u32 share_of(u32 pages, s64 part, s64 whole)
{
	double share = (double)pages * (double)part / (double)(whole > 0 ? whole : 1);

	return share < 0 ? 0 : share < pages ? (u32)share : pages;
}

/*
 * How many pages of the touch at @index are done by @time_ns: at the usual pace until something
 * disturbs it, and the rest evenly in the time that is left, of which it has half where it shares.
 */
u32 truth_pages_by(const struct truth_replay *replay, u32 index, s64 time_ns)
{
	const struct sim_truth_event *event = &replay->section->events[index];
	const struct truth_progress *progress = &replay->progress[index];
	s64 alone_ns = (time_ns < progress->until_ns ? time_ns : progress->until_ns) - event->start_ns;
	u32 pages;

	if (time_ns >= event->end_ns)
		return event->pages;
	if (time_ns <= event->start_ns)
		return 0;
	if (progress->until_ns == event->end_ns)
		return share_of(event->pages, alone_ns, event->end_ns - event->start_ns);
	pages = share_of(event->pages, alone_ns, progress->usual_ns);
	if (time_ns <= progress->until_ns)
		return pages;
	return pages + share_of(event->pages - pages,
				own_twice_ns(replay, event, progress->until_ns, time_ns),
				own_twice_ns(replay, event, progress->until_ns, event->end_ns));
}

static void begin_progress(struct truth_replay *replay, u32 index)
{
	const struct sim_truth_event *event = &replay->section->events[index];
	struct truth_progress *progress = &replay->progress[index];

	progress->begun = true;
	progress->number = event->what == SIM_TRUTH_FREE ? 0 : replay->touches[event->region]++;
	if (event->what == SIM_TRUTH_FREE)
		truth_unlock(replay, event->region);
	progress->until_ns = undisturbed_until(replay, event);
	progress->usual_ns = usual_ns(replay, event);
}

void truth_touch_until(struct truth_replay *replay, u32 index, s64 time_ns)
{
	const struct sim_truth_event *event = &replay->section->events[index];
	struct truth_progress *progress = &replay->progress[index];
	bool frees = event->what == SIM_TRUTH_FREE;
	u32 to;

	if (progress->done)
		return;
	if (!progress->begun)
		begin_progress(replay, index);
	to = truth_pages_by(replay, index, time_ns);
	progress->done = time_ns >= event->end_ns;
	if (to > progress->pages) {
		truth_for_pages(replay, event, progress->number, progress->pages, to,
				!frees ? touch_page :
				stays_when_freed(replay, event) ? unmap_page : remove_page);
		progress->pages = to;
	}
}

void truth_touch_pages(struct truth_replay *replay, u32 index, u32 count)
{
	const struct sim_truth_event *event = &replay->section->events[index];
	struct truth_progress *progress = &replay->progress[index];

	truth_for_pages(replay, event, progress->number, progress->pages, progress->pages + count,
			touch_page);
	progress->pages += count;
}

void truth_end_processes(struct truth_replay *replay)
{
	u32 i, page;

	for (i = 0; i < replay->section->regions_count; i++)
		for (page = replay->first_page[i]; page < replay->first_page[i + 1]; page++)
			remove_page(replay, &replay->section->region[i], page);
	memset(replay->locked, 0, sizeof(replay->locked));
	replay->ended = true;
}
