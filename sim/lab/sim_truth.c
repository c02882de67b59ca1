/* SPDX-License-Identifier: BSD-2-Clause */
/* sim_truth.c - replaying a kernel's log through the core; see sim_truth.h. */
#include "lab/sim_truth.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lab/sim_truth_replay.h"
#include "truth_pages.h"

#define SLACK_NS 2000000 /* what the milliseconds of a log hide */
#define HARVEST_PAGES 512u

const u64 truth_edges[TRUTH_EDGES] = {
	1000000000, 2000000000, 4000000000, 8000000000, 16000000000, 32000000000, 64000000000,
};

/* --- touches ------------------------------------------------------------------------------ */

static enum ws_type type_of(const struct sim_truth_region *region)
{
	return region->kind == 'm' || region->kind == 'r' ? WS_FILE : WS_ANON;
}

static enum ws_enter how_it_enters(const struct sim_truth_region *region)
{
	switch (region->kind) {
	case 'r':
		return WS_ENTER_READ;
	case 'x':
		return WS_ENTER_WRITEBACK; /* not in a fault, and not in swap */
	default:
		return WS_ENTER_FAULT;
	}
}

static void set_young(struct truth_replay *replay, u32 page)
{
	replay->young[page / 64] |= 1ull << page % 64;
	replay->residue[page / 64] &= ~(1ull << page % 64);
}

static bool is_young(const struct truth_replay *replay, u32 page)
{
	return replay->young[page / 64] >> page % 64 & 1;
}

static void clear_young(struct truth_replay *replay, u32 page)
{
	replay->young[page / 64] &= ~(1ull << page % 64);
}

static void touch_page(struct truth_replay *replay, const struct sim_truth_region *region, u32 page)
{
	struct ws_lru *lru = &replay->group[region->group].lru;

	if (!ws_page_aged(replay->page[page])) {
		ws_lru_add(lru, page, type_of(region), how_it_enters(region), replay->shadow[page]);
		replay->result->refaulted += replay->shadow[page] != 0;
		replay->shadow[page] = 0;
	}
	if (region->kind == 'r')
		ws_lru_descriptor_access(lru, page);
	else
		set_young(replay, page);
}

/* Calls @visit for each page of a touch; its number is for the generator of subsets. */
static void for_pages(struct truth_replay *replay, const struct sim_truth_event *event, u32 number,
		      void (*visit)(struct truth_replay *replay,
				    const struct sim_truth_region *region, u32 page))
{
	const struct sim_truth_region *region = &replay->section->region[event->region];
	u32 first = replay->first_page[event->region], i;
	bool subset = region->kind == 's' && event->pages < region->pages;

	for (i = 0; i < event->pages; i++)
		visit(replay, region,
		      first + (subset ? truth_subset_page(event->region, number, i, region->pages) : i));
}

static void free_page(struct truth_replay *replay, const struct sim_truth_region *region, u32 page)
{
	if (ws_page_aged(replay->page[page]))
		ws_lru_remove(&replay->group[region->group].lru, page);
	clear_young(replay, page);
	replay->shadow[page] = 0;
}

static void touch_or_free(struct truth_replay *replay, const struct sim_truth_event *event)
{
	if (event->what == SIM_TRUTH_FREE)
		for_pages(replay, event, 0, free_page);
	else
		for_pages(replay, event, replay->touches[event->region]++, touch_page);
}

/* The processes end, and everything of theirs. */
static void end_processes(struct truth_replay *replay)
{
	u32 i, page;

	for (i = 0; i < replay->section->regions_count; i++)
		for (page = replay->first_page[i]; page < replay->first_page[i + 1]; page++)
			free_page(replay, &replay->section->region[i], page);
	replay->ended = true;
}

/* --- passes ------------------------------------------------------------------------------- */

/* A huge page has one accessed bit. */
static void spread_huge(u64 *young, u32 words)
{
	u64 any = 0;
	u32 i;

	for (i = 0; i < words; i++)
		any |= young[i];
	if (any)
		memset(young, 0xff, words * sizeof(*young));
}

static void harvest_region(struct truth_replay *replay, u32 number)
{
	const struct sim_truth_region *region = &replay->section->region[number];
	struct ws_lru *lru = &replay->group[region->group].lru;
	u32 page, end = replay->first_page[number + 1];

	if (region->kind == 'r' || region->kind == 'x')
		return;
	for (page = replay->first_page[number]; page < end; page += HARVEST_PAGES) {
		u32 count = end - page < HARVEST_PAGES ? end - page : HARVEST_PAGES;
		u64 *young = &replay->young[page / 64];

		if (region->kind == 'h')
			spread_huge(young, count / 64);
		ws_lru_harvest(lru, page, young, count);
		memset(young, 0, count / 8);
	}
}

static bool overlap(const struct sim_truth_event *touch, const struct sim_truth_event *pass)
{
	return touch->start_ns <= pass->end_ns + SLACK_NS &&
	       touch->end_ns + SLACK_NS >= pass->start_ns;
}

static bool is_touch_of(const struct truth_replay *replay, const struct sim_truth_event *event,
			u32 group)
{
	return event->what == SIM_TRUTH_TOUCH &&
	       replay->section->region[event->region].group == group;
}

/* The pass of the touch's group that is under way at the same time, if there is one. */
static bool waits_for_pass(const struct truth_replay *replay, u32 index)
{
	const struct sim_truth_section *section = replay->section;
	const struct sim_truth_event *touch = &section->events[index];
	u32 group = section->region[touch->region].group, i;

	for (i = index + 1; i < section->events_count; i++) {
		const struct sim_truth_event *event = &section->events[i];

		if (event->start_ns > touch->end_ns + SLACK_NS)
			break;
		if (event->what == SIM_TRUTH_AGE && event->group == group)
			return overlap(touch, event);
	}
	return false;
}

/* Until it is touched again, nobody knows whether the page is still young. */
static void leave_residue(struct truth_replay *replay, const struct sim_truth_region *region,
			  u32 page)
{
	(void)region;
	replay->residue[page / 64] |= 1ull << page % 64;
}

/* Touches at the same time as the pass come after it, and are remembered for settle(). */
static void touch_meanwhile(struct truth_replay *replay, u32 index)
{
	const struct sim_truth_section *section = replay->section;
	const struct sim_truth_event *pass = &section->events[index];
	struct truth_group *group = &replay->group[pass->group];
	u32 i;

	memcpy(group->before, group->unsettled, sizeof(group->before));
	group->before_count = group->unsettled_count;
	group->unsettled_count = 0;
	for (i = group->waiting_from < index ? group->waiting_from : index;
	     i < section->events_count; i++) {
		const struct sim_truth_event *event = &section->events[i];

		if (event->start_ns > pass->end_ns + SLACK_NS)
			break;
		if (replay->done[i] || !is_touch_of(replay, event, pass->group) ||
		    !overlap(event, pass))
			continue;
		replay->done[i] = true;
		if (group->unsettled_count < TRUTH_UNSETTLED_MAX) {
			struct truth_unsettled *unsettled =
				&group->unsettled[group->unsettled_count++];

			unsettled->event = event;
			unsettled->number = replay->touches[event->region];
		}
		touch_or_free(replay, event);
		for_pages(replay, event, replay->touches[event->region] - 1, leave_residue);
	}
	group->waiting_from = section->events_count;
}

/* Is @page the group's?  Groups share the array of pages. */
static bool is_mine(const void *ctx, u32 page)
{
	const struct truth_group *group = ctx;
	u32 i;

	for (i = 0; i < group->regions_count; i++)
		if (page >= group->first_page[i] && page < group->end_page[i])
			return true;
	return false;
}

static int advance(struct truth_group *group, u64 now_ns)
{
	int rc = ws_lru_advance(&group->lru, now_ns);

	if (rc != -EAGAIN)
		return rc;
	ws_age_tidy(&group->lru.age, group->lru.age.pages_count, is_mine, group);
	return ws_lru_advance(&group->lru, now_ns);
}

static int age_group(struct truth_replay *replay, u32 index)
{
	const struct sim_truth_event *pass = &replay->section->events[index];
	struct truth_group *group = &replay->group[pass->group];
	u32 i;
	int rc;

	for (i = 0; i < replay->section->regions_count; i++)
		if (replay->section->region[i].group == pass->group)
			harvest_region(replay, i);
	rc = advance(group, replay->zero_ns + (u64)pass->end_ns);
	if (rc)
		return rc;
	group->birth_slack_ns[group->lru.age.max_slot] = (u64)(pass->end_ns - pass->start_ns);
	replay->result->passes++;
	group->passed = true;
	touch_meanwhile(replay, index);
	return 0;
}

/* --- settling what was touched while a pass was under way --------------------------------- */

/* Moves @page between generations when that brings the core nearer to the dump. */
static void settle_page(struct truth_replay *replay, const struct sim_truth_region *region,
			u32 page, u64 from, u64 to)
{
	struct truth_group *group = &replay->group[region->group];
	struct ws_age *age = &group->lru.age;
	s64 *too_many = group->too_many[type_of(region)];

	if (from == to || too_many[ws_age_slot(age, from)] <= 0 ||
	    too_many[ws_age_slot(age, to)] >= 0)
		return;
	too_many[ws_age_slot(age, from)]--;
	too_many[ws_age_slot(age, to)]++;
	ws_age_move(age, page, to);
	replay->result->settled++;
	if (to == age->max_seq - 1)
		clear_young(replay, page);
}

/* Touched during the last pass, and taken not to be seen by it: was it? */
static void settle_seen(struct truth_replay *replay, const struct sim_truth_region *region, u32 page)
{
	struct ws_age *age = &replay->group[region->group].lru.age;

	if (ws_page_aged(replay->page[page]))
		settle_page(replay, region, page, ws_age_seq(age, page), age->max_seq - 1);
}

/* Touched during the pass before, only then, and so seen by the last pass: by that before? */
static void settle_residue(struct truth_replay *replay, const struct sim_truth_region *region,
			   u32 page)
{
	struct ws_age *age = &replay->group[region->group].lru.age;

	if (ws_page_aged(replay->page[page]) && replay->residue[page / 64] >> page % 64 & 1 &&
	    ws_age_seq(age, page) == age->max_seq - 1)
		settle_page(replay, region, page, age->max_seq - 1, age->max_seq - 2);
}

/* Came in by read() or MADV_RANDOM during the last pass: before its end, one generation older? */
static void settle_filled(struct truth_replay *replay, const struct sim_truth_region *region,
			  u32 page)
{
	struct ws_age *age = &replay->group[region->group].lru.age;
	u64 seq;

	if (!ws_page_aged(replay->page[page]))
		return;
	seq = ws_age_seq(age, page);
	if (seq > age->min_seq[type_of(region)])
		settle_page(replay, region, page, seq, seq - 1);
}

static void settle_events(struct truth_replay *replay, const struct truth_unsettled *unsettled,
			  u32 count,
			  void (*settle_one)(struct truth_replay *replay,
					     const struct sim_truth_region *region, u32 page))
{
	u32 i;

	for (i = 0; i < count; i++) {
		const struct sim_truth_region *region =
			&replay->section->region[unsettled[i].event->region];

		if (region->kind != 'r' && region->kind != 'x')
			for_pages(replay, unsettled[i].event, unsettled[i].number, settle_one);
		else if (settle_one == settle_seen && !unsettled[i].number)
			for_pages(replay, unsettled[i].event, 0, settle_filled);
	}
}

/* @dump is the first after a pass: its counts settle what the log leaves open. */
static void settle(struct truth_replay *replay, const struct sim_truth_event *dump)
{
	struct truth_group *group = &replay->group[dump->group];

	if (!group->seen || !group->passed)
		return;
	group->passed = false;
	truth_excess(replay, dump, group->too_many);
	settle_events(replay, group->before, group->before_count, settle_residue);
	settle_events(replay, group->unsettled, group->unsettled_count, settle_seen);
}

/* --- evictions ---------------------------------------------------------------------------- */

static bool is_random(const struct truth_replay *replay, u32 page)
{
	u32 i;

	for (i = 0; page >= replay->first_page[i + 1];)
		i++;
	return replay->section->region[i].kind == 'x';
}

static u64 look_around(void *ctx, u32 page)
{
	struct truth_replay *replay = ctx;
	u64 young;

	if (!is_young(replay, page))
		return 0;
	if (is_random(replay, page)) {
		if (!replay->random_is_seen)
			return 0;
		clear_young(replay, page);
		return 1ull << page % 64;
	}
	young = replay->young[page / 64];
	replay->young[page / 64] = 0;
	return young;
}

static u64 dump_total(const struct truth_replay *replay, const struct sim_truth_event *dump)
{
	u64 pages = 0;
	u32 i;

	for (i = 0; i < dump->gens_count; i++) {
		const struct sim_truth_gen *gen = &replay->log->gens[dump->first_gen + i];

		pages += gen->pages[WS_ANON] + gen->pages[WS_FILE];
	}
	return pages;
}

/* How many pages the kernel evicted, by the dumps around it; what was asked for without. */
static u32 evicted_pages(const struct truth_replay *replay, u32 index)
{
	const struct sim_truth_event *events = replay->section->events;
	const struct sim_truth_event *before = NULL, *after = NULL;
	u64 left, right;
	u32 i;

	for (i = index; i > 0 && !before; i--)
		if (events[i - 1].what == SIM_TRUTH_DUMP && events[i - 1].group == events[index].group)
			before = &events[i - 1];
	for (i = index + 1; i < replay->section->events_count && !after; i++)
		if (events[i].what == SIM_TRUTH_DUMP && events[i].group == events[index].group)
			after = &events[i];
	if (!before || !after)
		return events[index].pages;
	left = dump_total(replay, before);
	right = dump_total(replay, after);
	return left > right ? (u32)(left - right) : 0;
}

static void evict(struct truth_replay *replay, u32 index)
{
	const struct sim_truth_event *event = &replay->section->events[index];
	static const struct ws_lru_ops ops = { .look_around = look_around };
	struct ws_lru *lru = &replay->group[event->group].lru;
	u32 left = evicted_pages(replay, index), got = 1;

	while (left && got) {
		u32 victims[64], shadows[64], i;
		struct ws_lru_scan scan = { .swappiness = event->swappiness, .budget = replay->pages };

		got = ws_lru_evict(lru, &scan, &ops, replay, victims, shadows, left < 64 ? left : 64);
		for (i = 0; i < got; i++) {
			replay->shadow[victims[i]] = shadows[i];
			replay->page[victims[i]] &= (u16)~WS_PAGE_FILE;
		}
		left -= got;
	}
	replay->result->evictions++;
}

/* --- the whole ---------------------------------------------------------------------------- */

static int step(struct truth_replay *replay, u32 index)
{
	const struct sim_truth_event *event = &replay->section->events[index];

	if (replay->done[index])
		return 0;
	if (!replay->ended && event->start_ns >= replay->end_ns)
		end_processes(replay);
	switch (event->what) {
	case SIM_TRUTH_TOUCH:
		if (!waits_for_pass(replay, index)) {
			touch_or_free(replay, event);
		} else {
			u32 *from = &replay->group[replay->section->region[event->region].group]
					     .waiting_from;

			*from = *from < index ? *from : index;
		}
		return 0;
	case SIM_TRUTH_FREE:
		touch_or_free(replay, event);
		return 0;
	case SIM_TRUTH_AGE:
		return age_group(replay, index);
	case SIM_TRUTH_EVICT:
		evict(replay, index);
		return 0;
	default:
		if (event->letter == 'G')
			settle(replay, event);
		truth_compare(replay, index);
		return 0;
	}
}

static int replay_section(struct truth_replay *replay)
{
	u32 i;
	int rc = 0;

	for (i = 0; i < replay->section->events_count && !rc; i++)
		rc = step(replay, i);
	for (i = 0; i < replay->section->groups_count; i++)
		ws_hist_merge(&replay->result->came_back, &replay->group[i].reaccess.hist);
	return rc;
}

const struct ws_rules *sim_truth_rules(const char *release)
{
	char *end;
	unsigned long major = strtoul(release, &end, 10), minor;
	const char *name;

	if (end == release || *end != '.')
		return NULL;
	minor = strtoul(end + 1, NULL, 10);
	/* 6.1 and 6.6 live on in stable series, which have taken over the later placement. */
	if (major != 6 || minor < 1)
		return NULL;
	name = minor < 8 ? "6.1.y" : minor < 14 ? "6.12" : "6.14";
	return ws_rules_find(name, (u32)strlen(name));
}

int sim_truth_replay(const struct sim_truth_log *log, const struct ws_rules *rules,
		     const struct sim_truth_visitor *visitor, struct sim_truth_result *result)
{
	u32 i;
	int rc = 0;

	memset(result, 0, sizeof(*result));
	ws_hist_init(&result->came_back, truth_edges, TRUTH_EDGES);
	for (i = 0; i < log->sections_count && !rc; i++) {
		struct truth_replay replay;

		result->sections_count++;
		if (!log->sections[i].touches_count) {
			result->sections_skipped++;
			continue;
		}
		rc = truth_replay_init(&replay, log, &log->sections[i], rules, visitor, result);
		if (!rc)
			rc = replay_section(&replay);
		truth_replay_destroy(&replay);
	}
	return rc;
}
