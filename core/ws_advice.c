/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* ws_advice.c - pages that a program calls cold, evicts or locks; see ws_advice.h. */
#include "ws_advice.h"

static u32 moving(void *ctx, const u32 *pages, u32 count)
{
	const struct ws_lru *lru = ctx;
	u32 found = 0, i;

	for (i = 0; i < count; i++)
		found |= (u32)!!(lru->age.page[pages[i]] & WS_PAGE_MOVING) << i;
	return found;
}

static void unlink_page(void *ctx, u32 page)
{
	struct ws_lru *lru = ctx;

	lru->age.page[page] &= (u16)~(WS_PAGE_MOVING | WS_PAGE_LINKED);
}

/* A page may be on another queue than its generation's: all are looked through. */
static void unlink_moving(struct ws_lru *lru)
{
	static const struct ws_queue_sieve sieve = { moving, unlink_page };
	u32 row;

	for (row = 0; row < lru->age.gens * WS_TYPES; row++)
		ws_queue_sift(&lru->queue[row], lru->pool, &sieve, lru);
}

/* Where it comes in as a page that is not active, with the history in @entry. */
static u32 slot_inactive(const struct ws_lru *lru, u16 entry)
{
	struct ws_arrival arrival = {
		.type = ws_page_type(entry), .history = entry & WS_PAGE_HISTORY,
		.how = entry & WS_PAGE_FILE ? WS_ENTER_READ : WS_ENTER_WRITEBACK,
	};
	u16 history;

	return ws_promote_arrive(&lru->age, lru->rules, &arrival, &history);
}

/* Out of its generation; what is left of its history, and its type, stay in its entry. */
static void leave(struct ws_lru *lru, u32 page)
{
	u16 entry = lru->age.page[page];

	ws_age_leave(&lru->age, entry);
	lru->age.page[page] = (ws_promote_entry(&lru->age, entry) & (u16)~WS_PAGE_LABEL) | WS_PAGE_MOVING;
}

/* From one generation to another without having been used; or it stays in the oldest. */
static void deactivate(struct ws_lru *lru, u32 page)
{
	struct ws_age *age = &lru->age;
	bool all = lru->rules->cold == WS_COLD_HISTORY;
	u16 taken = all ? WS_PAGE_HISTORY : WS_PAGE_REFERENCED;
	u16 entry = ws_promote_entry(age, age->page[page]) & (u16)~taken;
	u32 slot = slot_inactive(lru, entry), from = age->row_of[entry & WS_PAGE_KIND];
	enum ws_type type = ws_page_type(entry);

	if (all && from == ws_age_row(age->min_slot[type], type)) {
		age->page[page] = entry;
		return;
	}
	ws_age_leave(age, entry);
	ws_age_enter(age, page, type, slot, (entry & (u16)~WS_PAGE_KIND) | WS_PAGE_MOVING);
	ws_age_note_unused(age, from, ws_age_row(slot, type));
	/* Where it comes from it may have been used just now. */
	ws_age_note_late(age, type, slot);
}

/* The last of all on its generation's queue, if it is on none. */
static void queue_young(struct ws_lru *lru, u32 page)
{
	u16 *entry = &lru->age.page[page];

	if (!ws_page_aged(*entry) || *entry & WS_PAGE_LINKED)
		return;
	*entry |= WS_PAGE_LINKED;
	ws_queue_add_young(&lru->queue[lru->age.row_of[*entry & WS_PAGE_KIND]], lru->pool, page);
}

u32 ws_advice_cold(struct ws_lru *lru, const u32 *pages, u32 count)
{
	u32 moved = 0, i;

	for (i = 0; i < count; i++) {
		WS_ASSERT(pages[i] < lru->age.pages_count);
		if (!ws_page_aged(lru->age.page[pages[i]]))
			continue;
		deactivate(lru, pages[i]);
		moved++;
	}
	unlink_moving(lru);
	for (i = 0; i < count; i++)
		queue_young(lru, pages[i]);
	return moved;
}

/* For the controller: MADV_PAGEOUT clears PG_referenced, but 6.1 counts the others without it. */
static u16 as_victim(const struct ws_rules *rules, u16 entry)
{
	return rules->refs == WS_REFS_PAST_FIRST ? entry | WS_PAGE_REFERENCED :
						   entry & (u16)~WS_PAGE_REFERENCED;
}

static u32 make_victim(struct ws_lru *lru, u32 page)
{
	u16 *entry = &lru->age.page[page];
	enum ws_type type = ws_page_type(*entry);
	u32 shadow;

	leave(lru, page);
	shadow = ws_refault_leave(&lru->refault, lru->rules, type, lru->age.min_seq[type],
				  as_victim(lru->rules, *entry));
	*entry &= WS_PAGE_MOVING | WS_PAGE_LINKED | WS_PAGE_FILE;
	lru->evicted_pages[type]++;
	return shadow;
}

u32 ws_advice_pageout(struct ws_lru *lru, const u32 *pages, u32 count, u32 *shadows)
{
	u32 evicted = 0, i;

	for (i = 0; i < count; i++) {
		u32 shadow = 0;

		WS_ASSERT(pages[i] < lru->age.pages_count);
		if (ws_page_aged(lru->age.page[pages[i]])) {
			shadow = make_victim(lru, pages[i]);
			evicted++;
		}
		if (shadows)
			shadows[i] = shadow;
	}
	unlink_moving(lru);
	return evicted;
}

u32 ws_advice_lock(struct ws_lru *lru, const u32 *pages, u32 count)
{
	u32 locked = 0, i;

	for (i = 0; i < count; i++) {
		WS_ASSERT(pages[i] < lru->age.pages_count);
		if (!ws_page_aged(lru->age.page[pages[i]]))
			continue;
		leave(lru, pages[i]);
		locked++;
	}
	unlink_moving(lru);
	return locked;
}

void ws_advice_unlock(struct ws_lru *lru, const u32 *pages, u32 count)
{
	struct ws_age *age = &lru->age;
	u32 i;

	for (i = 0; i < count; i++) {
		u16 entry;
		u32 slot;

		WS_ASSERT(pages[i] < age->pages_count);
		entry = age->page[pages[i]];
		WS_ASSERT(!ws_page_aged(entry) && !(entry & WS_PAGE_LINKED));
		slot = slot_inactive(lru, entry);
		ws_age_enter(age, pages[i], ws_page_type(entry), slot, entry & (u16)~WS_PAGE_KIND);
		ws_age_note_late(age, ws_page_type(entry), slot);
		queue_young(lru, pages[i]);
	}
}
