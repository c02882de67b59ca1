/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sim_reclaim_twolist.c - Linux's classic reclaim: an active and an inactive list a type.
 *
 * Rules of Linux 6.12, mm/vmscan.c and mm/workingset.c: pages come in inactive; a
 * second use seen on the inactive list, or a refault that is nearer than the size of
 * the working set, makes them active; the active list is shrunk when the inactive one
 * is small or when activations say that the working set is changing.  How much of
 * which type is scanned follows from what reclaiming it has cost.
 *
 * Linux scans what it has planned and takes what that yields.  Here the caller says
 * how many pages it takes, so the plan (struct twolist_plan) outlives the call: the
 * next call goes on where this one stopped, and the proportions between the lists are
 * those of the plan.
 *
 * Not modelled: executable file pages' second round, watermarks' say in the choice of
 * type (file_is_tiny), pages mapped more than once.
 */
#include <assert.h>

#include "model/sim_reclaim.h"
#include "reclaim/sim_list.h"

#define PRIORITY_START 12 /* DEF_PRIORITY */
#define CLUSTER 32u	  /* SWAP_CLUSTER_MAX */
#define PAGES_GIB_SHIFT 18

enum { INACTIVE, ACTIVE, LISTS };

/* What is left to scan at the current priority, and what doing so has given. */
struct twolist_plan {
	u64 left[WS_TYPES][LISTS];
	s32 priority;
	u32 turn; /* the list whose turn it is: type * LISTS + list */
	u64 reclaimed;
	bool may_deactivate[WS_TYPES];
	bool forced; /* last resort: deactivate whatever the rules say */
};

struct sim_twolist {
	struct sim_reclaim base;
	struct sim_list list[WS_TYPES][LISTS];
	struct twolist_plan plan;
	u64 age; /* nonresident_age: evictions and activations so far */
	u64 cost[WS_TYPES];
	u64 refaults[WS_TYPES]; /* WORKINGSET_ACTIVATE */
	u64 came_back[WS_TYPES], restores[WS_TYPES]; /* WORKINGSET_REFAULT, WORKINGSET_RESTORE */
	u64 refaults_seen[WS_TYPES]; /* when the last run ended */
	bool swap; /* anon can be evicted */
};

static struct sim_twolist *twolist_of(struct sim_reclaim *reclaim)
{
	return (struct sim_twolist *)reclaim;
}

static u64 size_of(const struct sim_twolist *two, enum ws_type type, u32 list)
{
	return two->list[type][list].pages;
}

/* A shadow: age at eviction, workingset bit, and a one so that it is never 0. */
#define SHADOW_AGE_MASK 0x3fffffffu

static u32 make_shadow(u64 age, u16 entry)
{
	return ((u32)age & SHADOW_AGE_MASK) << 2 | (entry & WS_PAGE_WORKINGSET ? 2 : 0) | 1;
}

static void push(struct sim_twolist *two, u32 page, u16 entry)
{
	struct sim_reclaim_space *space = two->base.space;

	space->entry[page] = entry;
	sim_list_push(&two->list[ws_page_type(entry)][entry & WS_PAGE_ACTIVE ? ACTIVE : INACTIVE],
		      space->link, space->link2, page);
}

/* Off its list.  Return: its flags. */
static u16 take(struct sim_twolist *two, u32 page)
{
	struct sim_reclaim_space *space = two->base.space;
	u16 entry = space->entry[page];

	sim_list_remove(
		&two->list[ws_page_type(entry)][entry & WS_PAGE_ACTIVE ? ACTIVE : INACTIVE],
		space->link, space->link2, page);
	return entry;
}

static int twolist_init(struct sim_reclaim *reclaim, u64 now_ns)
{
	struct sim_twolist *two = twolist_of(reclaim);

	(void)now_ns;
	for (u32 type = 0; type < WS_TYPES; type++)
		for (u32 list = 0; list < LISTS; list++)
			two->list[type][list] = SIM_LIST_EMPTY;
	two->plan.priority = PRIORITY_START + 1;
	two->swap = true;
	return 0;
}

/* lru_note_cost() */
static void note_cost(struct sim_twolist *two, enum ws_type type, u64 io_pages, u64 rotated)
{
	u64 size = 0;

	two->cost[type] += io_pages * CLUSTER + rotated;
	for (u32 i = 0; i < WS_TYPES; i++)
		size += size_of(two, i, INACTIVE) + size_of(two, i, ACTIVE);
	if (two->cost[WS_ANON] + two->cost[WS_FILE] > size / 4) {
		two->cost[WS_ANON] /= 2;
		two->cost[WS_FILE] /= 2;
	}
}

/* workingset_test_recent(): was the page gone for less than the working set's size? */
static bool is_recent(const struct sim_twolist *two, enum ws_type type, u32 shadow)
{
	u32 distance = ((u32)two->age - (shadow >> 2)) & SHADOW_AGE_MASK;
	u64 size = size_of(two, WS_FILE, ACTIVE);

	if (type == WS_ANON)
		size += size_of(two, WS_FILE, INACTIVE);
	if (two->swap)
		size += size_of(two, WS_ANON, ACTIVE);
	if (two->swap && type == WS_FILE)
		size += size_of(two, WS_ANON, INACTIVE);
	return distance <= size;
}

static bool twolist_insert(struct sim_reclaim *reclaim, u32 page, enum ws_type type,
			   enum ws_enter how, u32 shadow)
{
	struct sim_twolist *two = twolist_of(reclaim);
	u16 entry = type == WS_FILE ? WS_PAGE_FILE : 0;
	bool recent = shadow && is_recent(two, type, shadow);

	(void)how;
	two->came_back[type] += shadow != 0;
	if (recent) {
		entry |= WS_PAGE_ACTIVE;
		two->age++;
		two->refaults[type]++;
		if (shadow & 2) {
			entry |= WS_PAGE_WORKINGSET;
			two->restores[type]++;
			note_cost(two, type, 1, 0);
		}
	}
	push(two, page, entry);
	return recent;
}

static void twolist_remove(struct sim_reclaim *reclaim, u32 page)
{
	take(twolist_of(reclaim), page);
}

/* folio_mark_accessed() */
static void twolist_descriptor(struct sim_reclaim *reclaim, u32 page)
{
	struct sim_twolist *two = twolist_of(reclaim);
	u16 entry = reclaim->space->entry[page];

	if (!(entry & WS_PAGE_REFERENCED)) {
		reclaim->space->entry[page] = entry | WS_PAGE_REFERENCED;
	} else if (!(entry & WS_PAGE_ACTIVE)) {
		entry = take(two, page);
		push(two, page, (u16)((entry & ~WS_PAGE_REFERENCED) | WS_PAGE_ACTIVE));
		two->age++;
	}
}

static u64 int_sqrt(u64 x)
{
	u64 root = 0;

	while ((root + 1) * (root + 1) <= x)
		root++;
	return root;
}

static bool inactive_is_low(const struct sim_twolist *two, enum ws_type type)
{
	u64 inactive = size_of(two, type, INACTIVE), active = size_of(two, type, ACTIVE);
	u32 stands_for = two->base.space->stands_for;
	u64 gib = (inactive + active) * (stands_for ? stands_for : 1) >> PAGES_GIB_SHIFT;
	u64 ratio = gib ? int_sqrt(10 * gib) : 1;

	return inactive * ratio < active;
}

/* get_scan_count(): pages to scan of each list at the plan's priority. */
static void plan_lists(struct sim_twolist *two, u32 swappiness)
{
	struct twolist_plan *plan = &two->plan;
	u32 priority = (u32)plan->priority;
	u64 weight[WS_TYPES] = { 1, 1 }, total = 1;
	bool trim = size_of(two, WS_FILE, INACTIVE) >> priority && !plan->may_deactivate[WS_FILE];

	if (!swappiness || (priority && trim)) {
		weight[WS_ANON] = 0;
	} else if (priority) {
		u64 both = two->cost[WS_ANON] + two->cost[WS_FILE];
		u64 anon = both + two->cost[WS_ANON], file = both + two->cost[WS_FILE];
		weight[WS_ANON] = swappiness * (anon + file + 1) / (anon + 1);
		weight[WS_FILE] = (200 - swappiness) * (anon + file + 1) / (file + 1);
		total = weight[WS_ANON] + weight[WS_FILE];
	}
	for (u32 type = 0; type < WS_TYPES; type++)
		for (u32 list = 0; list < LISTS; list++)
			plan->left[type][list] =
				(size_of(two, type, list) >> priority) * weight[type] / total;
}

/*
 * Start over at the first priority when the last plan gave enough or another run is
 * due, else look at twice as much.  Return: false when even all pages gave nothing.
 */
static bool plan_next(struct sim_twolist *two, u32 swappiness)
{
	struct twolist_plan *plan = &two->plan;

	if (plan->reclaimed >= CLUSTER || plan->priority > PRIORITY_START) {
		*plan = (struct twolist_plan){ .priority = PRIORITY_START };
		for (u32 type = 0; type < WS_TYPES; type++)
			two->refaults_seen[type] = two->refaults[type];
	} else if (plan->priority) {
		plan->priority--;
	} else if (!plan->forced) {
		plan->priority = PRIORITY_START;
		plan->forced = true;
	} else if (plan->reclaimed) {
		*plan = (struct twolist_plan){ .priority = PRIORITY_START };
	} else {
		plan->priority = PRIORITY_START + 1;
		plan->forced = false;
		return false;
	}
	plan->turn = 0;
	for (u32 type = 0; type < WS_TYPES; type++)
		plan->may_deactivate[type] = plan->forced || inactive_is_low(two, type) ||
					     two->refaults[type] != two->refaults_seen[type];
	plan_lists(two, swappiness);
	return true;
}

/* shrink_active_list(): all lose their place, referenced or not, and their accessed bit. */
static u32 shrink_active(struct sim_twolist *two, enum ws_type type, u32 count)
{
	struct sim_reclaim_space *space = two->base.space;
	u32 scanned = 0;

	while (scanned < count && size_of(two, type, ACTIVE)) {
		u32 page = two->list[type][ACTIVE].old;
		u16 entry = take(two, page);
		space->hot[page] &= (u8)~space->accessed;
		push(two, page, (u16)((entry & ~WS_PAGE_ACTIVE) | WS_PAGE_WORKINGSET));
		scanned++;
	}
	return scanned;
}

struct twolist_victims {
	u32 *pages, *shadows;
	u32 count, max;
};

/* folio_check_references().  Return: true for a victim; else the page is on a list again. */
static bool judge(struct sim_twolist *two, u32 page, u16 entry)
{
	struct sim_reclaim_space *space = two->base.space;
	bool referenced = entry & WS_PAGE_REFERENCED;

	entry &= (u16)~WS_PAGE_REFERENCED;
	if (!(space->hot[page] & space->accessed))
		return true;
	space->hot[page] &= (u8)~space->accessed;
	entry |= WS_PAGE_REFERENCED;
	if (referenced) {
		entry |= WS_PAGE_ACTIVE;
		two->age++;
	}
	push(two, page, entry);
	return false;
}

/* shrink_inactive_list().  Return: pages scanned. */
static u32 shrink_inactive(struct sim_twolist *two, enum ws_type type, u32 count,
			   struct twolist_victims *victims)
{
	struct sim_reclaim_space *space = two->base.space;
	u32 scanned = 0, before = victims->count, io_pages = 0;

	while (scanned < count && victims->count < victims->max && size_of(two, type, INACTIVE)) {
		u32 page = two->list[type][INACTIVE].old;
		u16 entry = take(two, page);
		scanned++;
		if (!judge(two, page, entry))
			continue;
		/* An anonymous page is written to swap, a file page only if it is dirty. */
		io_pages += type == WS_ANON || space->hot[page] & SIM_HOT_DIRTY_GUEST;
		if (victims->shadows)
			victims->shadows[victims->count] = make_shadow(two->age, entry);
		two->age++;
		space->entry[page] = entry & WS_PAGE_FILE;
		victims->pages[victims->count++] = page;
	}
	u32 reclaimed = victims->count - before;
	two->plan.reclaimed += reclaimed;
	note_cost(two, type, io_pages, scanned - reclaimed);
	return scanned;
}

/* One turn of one list: at most a cluster of pages of what the plan has left for it. */
static u32 shrink_turn(struct sim_twolist *two, struct twolist_victims *victims, u32 budget)
{
	struct twolist_plan *plan = &two->plan;
	enum ws_type type = plan->turn / LISTS;
	u32 list = plan->turn % LISTS, scanned = 0;
	u64 *left = &plan->left[type][list];
	u32 count = *left < CLUSTER ? (u32)*left : CLUSTER;

	plan->turn = (plan->turn + 1) % (WS_TYPES * LISTS);
	count = count < budget ? count : budget;
	if (!count)
		return 0;
	if (list == INACTIVE)
		scanned = shrink_inactive(two, type, count, victims);
	else if (plan->may_deactivate[type])
		scanned = shrink_active(two, type, count);
	/* What is left of a turn that the caller's need cut short stays planned. */
	*left -= list == INACTIVE && victims->count == victims->max ? scanned : count;
	return scanned;
}

static bool plan_done(const struct twolist_plan *plan)
{
	/* As in shrink_lruvec(), active anon alone keeps no plan going. */
	return !plan->left[WS_ANON][INACTIVE] && !plan->left[WS_FILE][INACTIVE] &&
	       !plan->left[WS_FILE][ACTIVE];
}

static u32 twolist_evict(struct sim_reclaim *reclaim, struct sim_reclaim_scan *scan, u32 *pages,
			 u32 *shadows, u32 max)
{
	struct sim_twolist *two = twolist_of(reclaim);
	struct twolist_victims victims = { pages, shadows, 0, max };
	struct twolist_plan *plan = &two->plan;
	u32 swappiness = scan->no_swap ? 0 : scan->swappiness;

	/* can_age_anon_pages(): with swap anon pages are deactivated even at a swappiness of 0. */
	two->swap = !scan->no_swap;
	if (two->swap && reclaim->rules.swappiness != WS_SWAPPINESS_CALLER)
		swappiness = reclaim->rules.swappiness;
	if (!swappiness) /* what an earlier call planned no longer holds */
		plan->left[WS_ANON][INACTIVE] = plan->left[WS_ANON][ACTIVE] = 0;
	scan->scanned = scan->rmap_walks = 0;
	while (victims.count < max && scan->scanned < scan->budget) {
		if (plan_done(plan)) {
			/* A plan's end: some of anon is deactivated in any case. */
			if (two->swap && plan->priority <= PRIORITY_START &&
			    inactive_is_low(two, WS_ANON))
				scan->scanned += shrink_active(two, WS_ANON, CLUSTER);
			if (!plan_next(two, swappiness))
				break;
			continue;
		}
		scan->scanned += shrink_turn(two, &victims, scan->budget - scan->scanned);
	}
	scan->rmap_walks = scan->scanned;
	return victims.count;
}

static void twolist_stat(const struct sim_reclaim *reclaim, struct sim_reclaim_stat *stat)
{
	const struct sim_twolist *two = (const struct sim_twolist *)reclaim;

	for (u32 type = 0; type < WS_TYPES; type++) {
		stat->active[type] = size_of(two, type, ACTIVE);
		stat->pages[type] = stat->active[type] + size_of(two, type, INACTIVE);
		stat->refaults[type] = two->came_back[type];
		stat->activates[type] = two->refaults[type];
		stat->restores[type] = two->restores[type];
	}
}

static bool twolist_check(const struct sim_reclaim *reclaim)
{
	const struct sim_twolist *two = (const struct sim_twolist *)reclaim;
	const struct sim_reclaim_space *space = reclaim->space;

	for (u32 type = 0; type < WS_TYPES; type++) {
		for (u32 list = 0; list < LISTS; list++) {
			const struct sim_list *pages = &two->list[type][list];
			if (!sim_list_check(pages, space->link, space->link2))
				return false;
			for (u32 page = pages->old; page != WS_NO_PAGE; page = space->link[page])
				if (ws_page_type(space->entry[page]) != type ||
				    !(space->entry[page] & WS_PAGE_ACTIVE) != (list == INACTIVE))
					return false;
		}
	}
	return true;
}

const struct sim_reclaim_ops sim_reclaim_twolist = {
	.name = "twolist",
	.summary = "Linux's active and inactive lists",
	.state_size = sizeof(struct sim_twolist),
	.links = 2,
	.caller = true,
	.init = twolist_init,
	.insert = twolist_insert,
	.remove = twolist_remove,
	.descriptor = twolist_descriptor,
	.evict = twolist_evict,
	.stat = twolist_stat,
	.check = twolist_check,
};
