/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* ws_lru.c - eviction order on top of ageing; see ws_lru.h. */
#include "ws_lru.h"

/* Victims of one type before the choice of type and tiers is made again (MIN_LRU_BATCH). */
#define ROUND_PAGES 64u

u64 ws_lru_footprint(u32 pages_count)
{
	return ws_queue_footprint(pages_count);
}

int ws_lru_init(struct ws_lru *lru, u16 *page, u32 *pool, u32 pages_count, u32 gens, u64 now_ns)
{
	u32 row;
	int error = ws_age_init(&lru->age, page, pages_count, gens, now_ns);

	if (error)
		return error;
	ws_refault_init(&lru->refault);
	ws_queue_pool_init(pool, pages_count);
	lru->rules = ws_rules_base;
	lru->pool = pool;
	for (row = 0; row < WS_ROWS_MAX; row++)
		ws_queue_init(&lru->queue[row]);
	lru->protected_pages = 0;
	lru->promoted_pages = 0;
	return 0;
}

int ws_lru_init_rules(struct ws_lru *lru, u16 *page, u32 *pool, u32 pages_count,
		      const struct ws_rules *rules, u64 now_ns)
{
	int error = ws_rules_check(rules);

	if (error)
		return error;
	error = ws_lru_init(lru, page, pool, pages_count, rules->gens, now_ns);
	lru->rules = rules;
	return error;
}

static u32 slot_to_enter(const struct ws_age *age, enum ws_type type, enum ws_enter how)
{
	switch (how) {
	case WS_ENTER_FAULT:
		return age->max_slot;
	case WS_ENTER_WRITEBACK:
		return ws_age_slot_after(age, age->min_slot[type]);
	case WS_ENTER_READ:
	case WS_ENTER_SWAPCACHE:
	default:
		return age->min_slot[type];
	}
}

static void enter(struct ws_lru *lru, u32 page, enum ws_type type, enum ws_enter how, u32 history)
{
	u32 slot = slot_to_enter(&lru->age, type, how), linked;

	WS_ASSERT(page < lru->age.pages_count);
	WS_ASSERT(!ws_page_aged(lru->age.page[page]));
	linked = lru->age.page[page] & WS_PAGE_LINKED;
	ws_age_enter(&lru->age, page, type, slot, history | WS_PAGE_LINKED);
	if (!linked)
		ws_queue_add_young(&lru->queue[ws_age_row(slot, type)], lru->pool, page);
}

static void enter_refaulted(struct ws_lru *lru, u32 page, enum ws_type type, enum ws_enter how,
			    u32 shadow)
{
	struct ws_refault_verdict verdict = ws_refault_arrive(
		&lru->refault, type, lru->age.min_seq[type], shadow, how == WS_ENTER_FAULT);

	enter(lru, page, type, how, verdict.workingset ? WS_PAGE_WORKINGSET : 0);
}

void ws_lru_add(struct ws_lru *lru, u32 page, enum ws_type type, enum ws_enter how, u32 shadow)
{
	if (shadow)
		enter_refaulted(lru, page, type, how, shadow);
	else
		enter(lru, page, type, how, 0);
}

void ws_lru_remove(struct ws_lru *lru, u32 page)
{
	ws_age_remove(&lru->age, page);
}

/* Accesses past the first, of a page whose history counts. */
static u32 refs_of(u16 entry)
{
	return (u32)(entry & WS_PAGE_REFS) / (1u << WS_PAGE_REFS_SHIFT) +
	       !!(entry & WS_PAGE_WORKINGSET);
}

void ws_lru_descriptor_access(struct ws_lru *lru, u32 page)
{
	struct ws_age *age = &lru->age;
	u16 entry;

	WS_ASSERT(page < age->pages_count);
	entry = age->page[page];
	if (!ws_page_aged(entry))
		return;
	if (!ws_page_labelled_now(age, entry)) {
		/* Folded since: its history is void, so begin a new one. */
		ws_age_move(age, page, ws_age_seq(age, page));
		entry = age->page[page];
	}
	if (!(entry & WS_PAGE_REFERENCED))
		entry |= WS_PAGE_REFERENCED;
	else if (!(entry & WS_PAGE_WORKINGSET))
		entry |= WS_PAGE_WORKINGSET;
	else if ((entry & WS_PAGE_REFS) != WS_PAGE_REFS)
		entry = (u16)(entry + (1u << WS_PAGE_REFS_SHIFT));
	age->page[page] = entry;
}

bool ws_lru_wants_ageing(const struct ws_lru *lru, u32 swappiness)
{
	const struct ws_age *age = &lru->age;
	enum ws_type first = swappiness ? WS_ANON : WS_FILE, type;
	u64 young = 0, old = 0, total = 0, seq;
	u32 gens = ws_age_gens(age, first);

	if (gens <= WS_GENS_MIN)
		return true;
	if (gens > WS_GENS_MIN + 1)
		return false;
	for (type = first; type < WS_TYPES; type++) {
		u32 slot = age->min_slot[type];

		for (seq = age->min_seq[type]; seq <= age->max_seq; seq++) {
			u64 pages = age->pages[ws_age_row(slot, type)];

			total += pages;
			if (seq == age->max_seq)
				young += pages;
			else if (seq + WS_GENS_MIN == age->max_seq)
				old += pages;
			slot = ws_age_slot_after(age, slot);
		}
	}
	/* The aim is a third each in young, middle and old; a half and a quarter are bounds. */
	return young * WS_GENS_MIN > total || old * (WS_GENS_MIN + 2) < total;
}

/* The oldest generation of @type, which was in @slot, is part of the next one now. */
static void folded(struct ws_lru *lru, enum ws_type type, u32 slot)
{
	ws_queue_join(&lru->queue[ws_age_row(lru->age.min_slot[type], type)],
		      &lru->queue[ws_age_row(slot, type)], lru->pool);
	ws_refault_carry(&lru->refault, type);
}

int ws_lru_advance(struct ws_lru *lru, u64 now_ns)
{
	u32 slot[WS_TYPES] = { lru->age.min_slot[WS_ANON], lru->age.min_slot[WS_FILE] };
	bool was_folded[WS_TYPES];
	enum ws_type type;
	int error = ws_age_advance(&lru->age, now_ns, was_folded);

	if (error)
		return error;
	for (type = WS_ANON; type < WS_TYPES; type++)
		if (was_folded[type])
			folded(lru, type, slot[type]);
	return 0;
}

/* One call of ws_lru_evict(). */
struct eviction {
	struct ws_lru *lru;
	struct ws_lru_scan *scan;
	u64 (*look_around)(void *ctx, u32 page);
	void *ctx;
	u32 *victims, *shadows;
	u32 count;
};

/* @page came off a queue on which it no longer belongs. */
static void sort_elsewhere(struct ws_lru *lru, u32 page, u16 entry)
{
	if (ws_page_aged(entry))
		ws_queue_add_young(&lru->queue[lru->age.row_of[entry & WS_PAGE_KIND]], lru->pool,
				   page);
	else
		lru->age.page[page] = (u16)(entry & ~WS_PAGE_LINKED);
}

/* Should @page, of a tier above the limit, stay?  Then it goes to the next generation. */
static bool is_protected(struct ws_lru *lru, u32 page, u16 entry, enum ws_type type, u32 tier,
			 u32 limit)
{
	struct ws_age *age = &lru->age;
	u32 slot = ws_age_slot_after(age, age->min_slot[type]);

	if (tier <= limit)
		return false;
	ws_refault_protect(&lru->refault, type, tier);
	lru->protected_pages++;
	ws_age_leave(age, entry);
	ws_age_enter(age, page, type, slot, entry & ~(WS_PAGE_HISTORY | WS_PAGE_KIND));
	ws_queue_add_old(&lru->queue[ws_age_row(slot, type)], lru->pool, page);
	return true;
}

/* Was @page, a victim but for this, accessed?  Then it and its neighbours become young. */
static bool is_young(struct eviction *eviction, u32 page, enum ws_type type)
{
	struct ws_lru *lru = eviction->lru;
	u32 first = page & ~63u, count = lru->age.pages_count - first;
	u32 row = ws_age_row(lru->age.max_slot, type);
	u64 young;

	eviction->scan->rmap_walks++;
	young = eviction->look_around(eviction->ctx, page);
	if (!young)
		return false;
	lru->promoted_pages += ws_age_harvest(&lru->age, first, &young, count < 64 ? count : 64);
	if (lru->age.row_of[lru->age.page[page] & WS_PAGE_KIND] != row)
		return false;
	ws_queue_add_young(&lru->queue[row], lru->pool, page);
	return true;
}

/* Fetch the entries of all pages of a chunk at once: each is a cache miss of its own. */
static bool open_chunk(struct ws_lru *lru, struct ws_queue *queue)
{
	u32 i;

	if (!ws_queue_refill(queue, lru->pool))
		return false;
	for (i = queue->old_begin; i < queue->old_end; i++)
		__builtin_prefetch(&lru->age.page[queue->old[i]], 1);
	return true;
}

/* Sort the page at the old end of the oldest generation of @type: evicted or not? */
static void sort_page(struct eviction *eviction, u32 page, enum ws_type type, u32 row, u32 limit)
{
	struct ws_lru *lru = eviction->lru;
	struct ws_age *age = &lru->age;
	u16 entry = age->page[page];
	u32 refs = 0, shadow;

	if (age->row_of[entry & WS_PAGE_KIND] != row) {
		sort_elsewhere(lru, page, entry);
		return;
	}
	if ((entry & WS_PAGE_HISTORY) && ws_page_labelled_now(age, entry)) {
		refs = refs_of(entry);
		if (is_protected(lru, page, entry, type, ws_refault_tier(refs), limit))
			return;
		/* For a shadow, accesses count from the second on. */
		if (!(entry & WS_PAGE_REFERENCED))
			refs = 0;
	}
	if (eviction->look_around && is_young(eviction, page, type))
		return;
	ws_age_leave(age, entry);
	age->page[page] = entry & WS_PAGE_FILE;
	shadow = ws_refault_evict(&lru->refault, type, age->min_seq[type], refs);
	if (eviction->shadows)
		eviction->shadows[eviction->count] = shadow;
	eviction->victims[eviction->count++] = page;
}

/* Victims of @type until there are @max in all.  Return: found any, or ran out of budget. */
static bool evict_type(struct eviction *eviction, enum ws_type type, u32 limit, u32 max)
{
	struct ws_lru *lru = eviction->lru;
	u32 row = ws_age_row(lru->age.min_slot[type], type), before = eviction->count;
	u32 scanned = eviction->scan->scanned, budget = eviction->scan->budget;
	struct ws_queue *queue = &lru->queue[row];

	if (ws_age_gens(&lru->age, type) <= WS_GENS_MIN)
		return false;
	while (eviction->count < max && scanned < budget) {
		if (queue->old_begin == queue->old_end && !open_chunk(lru, queue))
			break;
		scanned++;
		sort_page(eviction, queue->old[queue->old_begin++], type, row, limit);
	}
	eviction->scan->scanned = scanned;
	return eviction->count > before || scanned == budget;
}

/*
 * Oldest generations whose queues are used up end.  File does not run ahead of
 * anon as long as anon can be evicted: both are equally old then (6.1).
 */
static bool advance_min_seq(struct ws_lru *lru, bool can_swap)
{
	struct ws_age *age = &lru->age;
	u64 min_seq[WS_TYPES] = { age->min_seq[WS_ANON], age->min_seq[WS_FILE] };
	enum ws_type first = can_swap ? WS_ANON : WS_FILE, type;
	bool moved = false;

	for (type = first; type < WS_TYPES; type++) {
		u32 slot = age->min_slot[type];

		while (min_seq[type] + WS_GENS_MIN <= age->max_seq &&
		       ws_queue_empty(&lru->queue[ws_age_row(slot, type)])) {
			min_seq[type]++;
			slot = ws_age_slot_after(age, slot);
		}
	}
	if (can_swap) {
		if (min_seq[WS_ANON] > min_seq[WS_FILE])
			min_seq[WS_ANON] = min_seq[WS_FILE];
		min_seq[WS_FILE] = age->min_seq[WS_FILE] > min_seq[WS_ANON] ?
					   age->min_seq[WS_FILE] : min_seq[WS_ANON];
	}
	for (type = first; type < WS_TYPES; type++) {
		if (age->min_seq[type] == min_seq[type])
			continue;
		moved = true;
		ws_refault_carry(&lru->refault, type);
		/* Pages may be left that came back as ghosts of younger queues: fold, not drop. */
		while (age->min_seq[type] < min_seq[type])
			ws_age_fold(age, type);
	}
	return moved;
}

static enum ws_type choose_type(const struct ws_lru *lru, u32 swappiness, u32 *limit)
{
	const struct ws_age *age = &lru->age;
	enum ws_type type;

	if (!swappiness)
		type = WS_FILE;
	else if (age->min_seq[WS_ANON] < age->min_seq[WS_FILE])
		type = WS_ANON;
	else if (swappiness == 1)
		type = WS_FILE;
	else if (swappiness == 200)
		type = WS_ANON;
	else
		return ws_refault_choose(&lru->refault, swappiness, limit);
	*limit = ws_refault_tier_limit(&lru->refault, type);
	return type;
}

u32 ws_lru_evict(struct ws_lru *lru, struct ws_lru_scan *scan, const struct ws_lru_ops *ops,
		 void *ctx, u32 *victims, u32 *shadows, u32 victims_max)
{
	struct eviction eviction = {
		.lru = lru, .scan = scan, .look_around = ops ? ops->look_around : NULL,
		.ctx = ctx, .victims = victims, .shadows = shadows,
	};
	bool can_swap = scan->swappiness > 0;

	WS_ASSERT(scan->swappiness <= 200);
	scan->scanned = 0;
	scan->rmap_walks = 0;
	while (eviction.count < victims_max && scan->scanned < scan->budget) {
		u32 left = victims_max - eviction.count, limit;
		u32 max = eviction.count + (left < ROUND_PAGES ? left : ROUND_PAGES);
		enum ws_type type = choose_type(lru, scan->swappiness, &limit);
		bool found = evict_type(&eviction, type, limit, max);

		if (!found && can_swap) {
			type = type == WS_ANON ? WS_FILE : WS_ANON;
			limit = ws_refault_tier_limit(&lru->refault, type);
			found = evict_type(&eviction, type, limit, max);
		}
		if (!advance_min_seq(lru, can_swap) && !found)
			break;
	}
	return eviction.count;
}

u32 ws_lru_upcoming(const struct ws_lru *lru, u32 swappiness, u32 *pages, u32 max)
{
	u32 limit;
	enum ws_type type = choose_type(lru, swappiness, &limit);
	u32 row = ws_age_row(lru->age.min_slot[type], type);

	return ws_queue_peek(&lru->queue[row], lru->pool, pages, max);
}

/* ws_lru_check(): counts what is on the queues. */
struct census {
	const struct ws_lru *lru;
	u64 aged, queued;
	bool bad;
};

static void census_visit(void *ctx, u32 page)
{
	struct census *census = ctx;
	const struct ws_age *age = &census->lru->age;

	if (page >= age->pages_count || !(age->page[page] & WS_PAGE_LINKED)) {
		census->bad = true;
		return;
	}
	census->queued++;
	census->aged += ws_page_aged(age->page[page]);
}

bool ws_lru_check(const struct ws_lru *lru)
{
	struct census census = { .lru = lru };
	u64 aged = 0;
	u32 row;

	if (!ws_age_check(&lru->age))
		return false;
	for (row = 0; row < WS_ROWS_MAX; row++) {
		aged += lru->age.pages[row];
		if (!ws_queue_walk(&lru->queue[row], lru->pool, census_visit, &census))
			return false;
	}
	/* Every aged page is on exactly one queue. */
	return !census.bad && census.aged == aged && census.queued <= lru->age.pages_count;
}
