/* SPDX-License-Identifier: BSD-2-Clause */
/* sim_truth.c - replaying a kernel's log through the core; see sim_truth.h. */
#include "lab/sim_truth.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lab/sim_truth_replay.h"

#define AHEAD 64u /* pages that readahead may be ahead of its reader: 32 in hand and 32 on the way */
#define HARVEST_PAGES 512u
#define USUAL_HZ 250u
#define TURN_TICKS 2
#define TURNS_MAX 1024
#define TURNS_EVENTS_MAX 256

const u64 truth_edges[TRUTH_EDGES] = {
	1000000000, 2000000000, 4000000000, 8000000000, 16000000000, 32000000000, 64000000000,
};

/* --- passes ------------------------------------------------------------------------------- */

/* Those of @count pages from @page on of which it is not known which pass sees them. */
static void remember_where(struct truth_replay *replay, const struct ws_lru *lru, u32 page, u32 count)
{
	u32 i;

	for (i = page / 64; i < (page + count) / 64; i++) {
		u64 word = replay->young[i] & replay->residue[i];

		for (; word; word &= word - 1) {
			u32 at = i * 64 + (u32)__builtin_ctzll(word);

			if (!ws_page_aged(replay->page[at]))
				continue;
			replay->was[at] = (struct truth_was){
				.seq = ws_age_seq(&lru->age, at),
				.history = ws_promote_entry(&lru->age, replay->page[at]) & WS_PAGE_HISTORY,
			};
		}
	}
}

static void harvest_region(struct truth_replay *replay, u32 number)
{
	const struct sim_truth_region *region = &replay->section->region[number];
	struct ws_lru *lru = &replay->group[region->group].lru;
	u32 page, end = replay->first_page[number + 1];

	if (region->kind == 'r' || region->kind == 'x' || replay->locked[number])
		return;
	for (page = replay->first_page[number]; page < end; page += HARVEST_PAGES) {
		u32 count = end - page < HARVEST_PAGES ? end - page : HARVEST_PAGES;
		u64 *young = &replay->young[page / 64];

		truth_look_spread(replay, region, page, count);
		remember_where(replay, lru, page, count);
		ws_lru_harvest(lru, page, young, count);
		memset(young, 0, count / 8);
		/* Shared pages are seen once in each page table. */
		ws_lru_harvest(lru, page, &replay->elder[page / 64], count);
		memset(&replay->elder[page / 64], 0, count / 8);
	}
}

static bool overlap(const struct sim_truth_event *touch, const struct sim_truth_event *pass)
{
	return touch->start_ns <= pass->end_ns &&
	       touch->end_ns >= pass->start_ns;
}

static bool is_touch_of(const struct truth_replay *replay, const struct sim_truth_event *event,
			u32 group)
{
	return event->what == SIM_TRUTH_TOUCH &&
	       replay->section->region[event->region].group == group;
}

/* The next pass or eviction of the touch's group that is under way at the same time. */
static const struct sim_truth_event *disturbance_of(const struct truth_replay *replay, u32 index,
						    u32 after)
{
	const struct sim_truth_section *section = replay->section;
	const struct sim_truth_event *touch = &section->events[index];
	u32 group = section->region[touch->region].group, i;

	for (i = after + 1; i < section->events_count; i++) {
		const struct sim_truth_event *event = &section->events[i];

		if (event->start_ns > touch->end_ns)
			break;
		if ((event->what == SIM_TRUTH_AGE || event->what == SIM_TRUTH_EVICT) &&
		    event->group == group && overlap(touch, event))
			return event;
	}
	return NULL;
}

/* Past the last event that can take turns with the touch at @index. */
static u32 turns_end(const struct truth_replay *replay, u32 index)
{
	u32 left = replay->section->events_count - index;

	return index + (left < TURNS_EVENTS_MAX ? left : TURNS_EVENTS_MAX);
}

/* How many touches are under way at @time_ns, of those from @index on, which is one. */
static u32 touches_at(const struct truth_replay *replay, u32 index, s64 time_ns)
{
	const struct sim_truth_event *events = replay->section->events;
	u32 count = 0, end = turns_end(replay, index), i;

	for (i = index; i < end && events[i].start_ns <= time_ns; i++)
		count += events[i].what == SIM_TRUTH_TOUCH && events[i].end_ns > time_ns;
	return count ? count : 1;
}

/*
 * All of a touch.  Others at the same time take turns with it, two ticks of the kernel each, in
 * which a process does what evenly spread it does in as many ticks as there are processes:
 * whose pages were evicted first depends on that.
 */
static void touch_in_turns(struct truth_replay *replay, u32 index)
{
	const struct sim_truth_section *section = replay->section;
	const struct sim_truth_event *touch = &section->events[index];
	s64 turn_ns = TURN_TICKS * 1000000000ll / (replay->log->hz ? replay->log->hz : USUAL_HZ);
	s64 at_ns = touch->start_ns;
	u32 end = turns_end(replay, index), i;

	if (turn_ns < (touch->end_ns - touch->start_ns) / TURNS_MAX)
		turn_ns = (touch->end_ns - touch->start_ns) / TURNS_MAX;
	while (at_ns < touch->end_ns) {
		at_ns += turn_ns * touches_at(replay, index, at_ns);
		if (at_ns > touch->end_ns)
			at_ns = touch->end_ns;
		for (i = index; i < end && section->events[i].start_ns < at_ns; i++)
			if (section->events[i].what == SIM_TRUTH_TOUCH)
				truth_touch_until(replay, i, at_ns);
	}
	truth_touch_until(replay, index, TRUTH_ALWAYS);
}

/* Will a dump between the beginning of the touch at @index and @pass tell how many pages came in? */
static bool dump_before_comes(const struct truth_replay *replay, u32 index,
			      const struct sim_truth_event *pass)
{
	const struct sim_truth_section *section = replay->section;
	u32 i;

	if (!truth_is_filling(replay, index))
		return false;
	for (i = index + 1; i < section->events_count && &section->events[i] != pass; i++)
		if (section->events[i].what == SIM_TRUTH_DUMP && section->events[i].group == pass->group)
			return true;
	return false;
}

/* Do a touch, or as much of it as was done before something disturbs it that comes @after. */
static void begin_touch(struct truth_replay *replay, u32 index, u32 after)
{
	const struct sim_truth_event *touch = &replay->section->events[index], *disturbance;
	u32 *from = &replay->group[replay->section->region[touch->region].group].waiting_from;

	disturbance = disturbance_of(replay, index, after);
	if (!disturbance) {
		touch_in_turns(replay, index);
		return;
	}
	/* What comes in before a pass, the dump before it tells (truth_catch_up()). */
	if (disturbance->what == SIM_TRUTH_AGE && dump_before_comes(replay, index, disturbance)) {
		truth_touch_until(replay, index, touch->start_ns);
		*from = *from < index ? *from : index;
		return;
	}
	/* No pass looks at what is read: all that comes before it ends comes before the fold. */
	if (disturbance->what == SIM_TRUTH_AGE && replay->section->region[touch->region].kind == 'r')
		truth_touch_until(replay, index, disturbance->end_ns);
	else
		truth_touch_until(replay, index, disturbance->start_ns);
	*from = *from < index ? *from : index;
}

/* Until it is touched again, nobody knows whether the page is still young. */
static void leave_residue(struct truth_replay *replay, const struct sim_truth_region *region,
			  u32 page)
{
	(void)region;
	truth_set(replay->residue, page, true);
}

/* What is left of the touch at @index, after the pass as far as is known. */
static void touch_after_pass(struct truth_replay *replay, struct truth_group *group, u32 index)
{
	const struct sim_truth_event *event = &replay->section->events[index];
	u32 from = replay->progress[index].walked;

	/* Read ahead, they came in before the pass, and were touched after it. */
	if (truth_is_filling(replay, index))
		from -= from < AHEAD ? from : AHEAD;
	truth_touch_until(replay, index, TRUTH_ALWAYS);
	truth_for_pages(replay, event, replay->progress[index].number, from, event->pages,
			leave_residue);
	if (group->unsettled_count < TRUTH_UNSETTLED_MAX)
		group->unsettled[group->unsettled_count++] = (struct truth_unsettled){
			.event = event, .number = replay->progress[index].number, .from = from,
		};
}

/* Touches at the same time as the pass come after it, and are remembered for truth_settle(). */
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
	     i < section->events_count && section->events[i].start_ns <= pass->end_ns; i++)
		if (!replay->progress[i].done && is_touch_of(replay, &section->events[i], pass->group) &&
		    overlap(&section->events[i], pass))
			touch_after_pass(replay, group, i);
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

static int advance(struct truth_group *group, u64 now_ns, u32 swappiness)
{
	int rc = ws_lru_advance_for(&group->lru, now_ns, swappiness);

	if (rc != -EAGAIN)
		return rc;
	ws_age_tidy(&group->lru.age, group->lru.age.pages_count, is_mine, group);
	return ws_lru_advance_for(&group->lru, now_ns, swappiness);
}

/* A pass without swap looks at files alone (should_skip_vma(), get_pfn_folio()). */
static bool is_walked(const struct truth_replay *replay, u32 number, const struct sim_truth_event *pass)
{
	return pass->swappiness || truth_type(&replay->section->region[number]) == WS_FILE;
}

static const struct sim_truth_event *dump_before(const struct truth_replay *replay, u32 index)
{
	const struct sim_truth_event *events = replay->section->events;
	u32 i;

	for (i = index; i > 0; i--)
		if (events[i - 1].what == SIM_TRUTH_DUMP && events[i - 1].group == events[index].group)
			return &events[i - 1];
	return NULL;
}

static const struct sim_truth_event *dump_after(const struct truth_replay *replay, u32 index)
{
	const struct sim_truth_event *events = replay->section->events;
	u32 i;

	for (i = index + 1; i < replay->section->events_count; i++)
		if (events[i].what == SIM_TRUTH_DUMP && events[i].group == events[index].group)
			return &events[i];
	return NULL;
}

/*
 * A fault puts pages in the youngest generation (up to 6.13).  The kernel's new one has none
 * after the pass at @index, so all that the dump has came in before it began.
 */
static bool came_before(const struct truth_replay *replay, u32 index)
{
	const struct sim_truth_event *after = dump_after(replay, index);
	const struct truth_group *group = &replay->group[replay->section->events[index].group];

	return group->lru.rules->sighting == WS_SIGHTING_PROMOTES && group->seen && after &&
	       after->letter == 'G' &&
	       !replay->log->gens[after->first_gen + after->gens_count - 1].pages[WS_FILE];
}

static int age_group(struct truth_replay *replay, u32 index)
{
	const struct sim_truth_event *pass = &replay->section->events[index];
	struct truth_group *group = &replay->group[pass->group];
	u32 i;
	int rc;

	for (i = 0; i < replay->section->regions_count; i++)
		if (replay->section->region[i].group == pass->group && is_walked(replay, i, pass))
			harvest_region(replay, i);
	for (i = group->waiting_from; i < index; i++)
		replay->progress[i].walked = replay->progress[i].pages;
	if (came_before(replay, index))
		truth_catch_up(replay, dump_after(replay, index));
	rc = advance(group, replay->zero_ns + (u64)pass->end_ns, pass->swappiness);
	if (rc)
		return rc;
	group->birth_slack_ns[group->lru.age.max_slot] = (u64)(pass->end_ns - pass->start_ns);
	replay->result->passes++;
	group->passed = true;
	touch_meanwhile(replay, index);
	return 0;
}

/* --- evictions ---------------------------------------------------------------------------- */

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

/* How many pages fewer the kernel has after it, by the dumps around it; what was asked for without. */
static s64 fewer_pages(const struct truth_replay *replay, u32 index)
{
	const struct sim_truth_event *before = dump_before(replay, index);
	const struct sim_truth_event *after = dump_after(replay, index);
	s64 fewer;

	if (!before || !after)
		return replay->section->events[index].pages;
	fewer = (s64)dump_total(replay, before) - (s64)dump_total(replay, after);
	return fewer < (s64)replay->pages ? fewer : (s64)replay->pages;
}

/*
 * Did the kernel come to the end of all generations that it was to evict, those older than
 * the two youngest?  Then it has looked at each of their pages, and the last may be young.
 */
static bool ran_out(const struct truth_replay *replay, u32 index)
{
	const struct sim_truth_event *after = dump_after(replay, index);

	return after && after->gens_count == WS_GENS_MIN;
}

/*
 * @wanted victims, of @left that the kernel still wants.  Where it looks at whole batches, the
 * last may bring more than was wanted, and as many are taken as are nearest.  Return: how many.
 */
static u32 evict_some(struct truth_replay *replay, const struct sim_truth_event *event, u32 wanted,
		      u32 left, bool first)
{
	struct ws_lru *lru = &replay->group[event->group].lru;
	bool few = wanted < WS_BATCH / 2, batches = lru->rules->rmap != WS_RMAP_YOUNGEST;
	bool exact = few || (lru->rules->round != WS_ROUND_BATCH && wanted == left);
	struct ws_lru_scan scan = {
		.swappiness = event->swappiness, .budget = replay->pages, .wanted = left,
		.enough = batches && !exact ? wanted - (WS_BATCH / 2 - 1) : wanted,
	};
	u32 i, got;

	if (batches && lru->rules->round == WS_ROUND_BATCH && few && !first)
		return 0;
	got = ws_lru_evict(lru, &scan, &truth_look_ops, replay, replay->victim, replay->left_by,
			   batches ? wanted + WS_BATCH : wanted);
	for (i = 0; i < got; i++) {
		u32 page = replay->victim[i];

		replay->shadow[page] = replay->left_by[i];
		replay->page[page] &= (u16)~WS_PAGE_FILE;
	}
	return got;
}

/* Is it a touch of @group, or a freeing of its pages? */
static bool is_doing_of(const struct truth_replay *replay, const struct sim_truth_event *event,
			u32 group)
{
	return (event->what == SIM_TRUTH_TOUCH || event->what == SIM_TRUTH_FREE) &&
	       replay->section->region[event->region].group == group;
}

/* Does a touch or a freeing go on while the eviction at @index does? */
static bool has_company(const struct truth_replay *replay, u32 index)
{
	const struct sim_truth_section *section = replay->section;
	const struct sim_truth_event *eviction = &section->events[index];
	u32 i;

	for (i = 0; i < section->events_count && section->events[i].start_ns < eviction->end_ns; i++)
		if (!replay->progress[i].done && overlap(&section->events[i], eviction) &&
		    is_doing_of(replay, &section->events[i], eviction->group))
			return true;
	return false;
}

/* Touches and freeings at the same time as the eviction at @index, up to @time_ns. */
static void touch_beside(struct truth_replay *replay, u32 index, s64 time_ns)
{
	const struct sim_truth_section *section = replay->section;
	const struct sim_truth_event *eviction = &section->events[index];
	u32 from = replay->group[eviction->group].waiting_from, i;

	for (i = from < index ? from : index;
	     i < section->events_count && section->events[i].start_ns <= time_ns; i++)
		if (!replay->progress[i].done && is_doing_of(replay, &section->events[i], eviction->group) &&
		    overlap(&section->events[i], eviction))
			truth_touch_until(replay, i, time_ns);
}

/* What is left of them when it is over. */
static void finish_touches(struct truth_replay *replay, u32 index)
{
	const struct sim_truth_section *section = replay->section;
	const struct sim_truth_event *eviction = &section->events[index];
	struct truth_group *group = &replay->group[eviction->group];
	u32 from = group->waiting_from < index ? group->waiting_from : index, i;

	group->waiting_from = section->events_count;
	for (i = from; i < section->events_count && section->events[i].start_ns <= eviction->end_ns; i++)
		if (replay->progress[i].begun && !replay->progress[i].done) {
			if (is_touch_of(replay, &section->events[i], eviction->group))
				begin_touch(replay, i, index);
			else if (is_doing_of(replay, &section->events[i], eviction->group))
				truth_touch_until(replay, i, TRUTH_ALWAYS);
		}
}

static u32 still_wanted(const struct truth_replay *replay, s64 pages)
{
	return pages < (s64)replay->pages ? (u32)pages : replay->pages;
}

/* The most that can have been evicted, of so many pages @fewer (negative: more). */
static s64 most_asked(const struct truth_replay *replay, u32 index, s64 fewer)
{
	const struct sim_truth_section *section = replay->section;
	const struct sim_truth_event *eviction = &section->events[index];
	s64 most = (s64)eviction->pages;
	u32 i;

	if (most > fewer)
		return most;
	/* What is fewer may have been freed: the last batch is all that passes what was asked for. */
	for (i = 0; i < section->events_count && section->events[i].start_ns < eviction->end_ns; i++)
		if (section->events[i].what == SIM_TRUTH_FREE && !replay->progress[i].done &&
		    is_doing_of(replay, &section->events[i], eviction->group))
			return fewer < most + WS_BATCH ? fewer : most + WS_BATCH;
	return fewer;
}

/*
 * As many pages as the kernel evicted: what is fewer but was not freed, and what came in
 * meanwhile, but of that no more than was asked for.  Touches and evictions take turns, evenly.
 */
static void evict(struct truth_replay *replay, u32 index)
{
	const struct sim_truth_event *event = &replay->section->events[index];
	bool company = has_company(replay, index), all = ran_out(replay, index);
	s64 fewer = fewer_pages(replay, index), left = 0, evicted = 0;
	s64 asked = most_asked(replay, index, fewer);
	u64 arrived = replay->arrived, freed = replay->freed;
	u32 got = 1, steps = company ? (u32)(asked / WS_BATCH) + 1 : 1, step;

	for (step = 1; step <= steps || (left > 0 && got); step++) {
		if (step <= steps)
			touch_beside(replay, index, event->start_ns +
				     (event->end_ns - event->start_ns) / steps * step);
		left = fewer + (s64)(replay->arrived - arrived) - (s64)(replay->freed - freed);
		left = (left < asked ? left : asked) - evicted;
		left = all ? replay->pages : left;
		left = company && left > WS_BATCH ? WS_BATCH : left;
		got = left > 0 ? evict_some(replay, event, (u32)left,
					    all ? (u32)left : still_wanted(replay, asked - evicted),
					    !evicted) : 0;
		evicted += got;
	}
	finish_touches(replay, index);
	replay->group[event->group].evicted = true;
	replay->result->evictions++;
}

/* Do a freeing, or what of it comes before an eviction that begins meanwhile. */
static void begin_freeing(struct truth_replay *replay, u32 index)
{
	const struct sim_truth_section *section = replay->section;
	const struct sim_truth_event *freeing = &section->events[index];
	u32 group = section->region[freeing->region].group, i;

	for (i = index + 1; i < section->events_count && section->events[i].start_ns < freeing->end_ns; i++)
		if (section->events[i].what == SIM_TRUTH_EVICT && section->events[i].group == group)
			break;
	if (i == section->events_count || section->events[i].start_ns >= freeing->end_ns) {
		truth_touch_until(replay, index, TRUTH_ALWAYS);
		return;
	}
	truth_touch_until(replay, index, section->events[i].start_ns);
	if (replay->group[group].waiting_from > index)
		replay->group[group].waiting_from = index;
}

/* --- the whole ---------------------------------------------------------------------------- */

static int step(struct truth_replay *replay, u32 index)
{
	const struct sim_truth_event *event = &replay->section->events[index];

	if (!replay->ended && event->start_ns >= replay->end_ns)
		truth_end_processes(replay);
	switch (event->what) {
	case SIM_TRUTH_TOUCH:
		if (!replay->progress[index].done)
			begin_touch(replay, index, index);
		return 0;
	case SIM_TRUTH_FREE:
		begin_freeing(replay, index);
		return 0;
	case SIM_TRUTH_ADVISE:
		truth_advise(replay, event);
		return 0;
	case SIM_TRUTH_AGE:
		return age_group(replay, index);
	case SIM_TRUTH_EVICT:
		evict(replay, index);
		return 0;
	default:
		if (replay->group[event->group].seen)
			truth_catch_up(replay, event);
		if (event->letter == 'G')
			truth_settle(replay, event);
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
	minor += major * 100;
	/* 6.1 and 6.6 live on in stable series, which have taken over the later placement. */
	if (minor < 601)
		return NULL;
	name = minor < 608 ? "6.1.y" : minor < 614 ? "6.12" : minor < 618 ? "6.14" :
	       minor < 702 ? "6.18" : "mm-new";
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
