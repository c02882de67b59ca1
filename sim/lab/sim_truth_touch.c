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

/* How many pages of @event are done by @time_ns; they are taken to be spread evenly. */
static u32 pages_by(const struct sim_truth_event *event, s64 time_ns)
{
	s64 span = event->end_ns - event->start_ns;

	if (time_ns >= event->end_ns)
		return event->pages;
	if (time_ns <= event->start_ns)
		return 0;
	return (u32)((double)event->pages * (double)(time_ns - event->start_ns) / (double)span);
}

void truth_touch_until(struct truth_replay *replay, u32 index, s64 time_ns)
{
	const struct sim_truth_event *event = &replay->section->events[index];
	struct truth_progress *progress = &replay->progress[index];
	u32 to = pages_by(event, time_ns);
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
