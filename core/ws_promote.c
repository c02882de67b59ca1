/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* ws_promote.c - what the rules do to a single page; see ws_promote.h. */
#include "ws_math.h"
#include "ws_promote.h"

#define KEPT_NUMBER 3u /* references that a page keeps when it is promoted for them (FG) */
#define RMAP_NUMBER 2u /* and when eviction found it accessed */

static u32 slot_of_seq(const struct ws_age *age, enum ws_type type, u64 seq)
{
	if (seq <= age->min_seq[type])
		return age->min_slot[type];
	return seq >= age->max_seq ? age->max_slot : ws_age_slot(age, seq);
}

static u32 slot_of_page(const struct ws_age *age, u16 entry)
{
	return age->row_of[entry & WS_PAGE_KIND] / WS_TYPES;
}

/* @workingset, @referenced: of the page that is placed. */
static u32 slot_of_place(const struct ws_age *age, enum ws_place place, enum ws_type type,
			 bool workingset, bool referenced)
{
	u64 last = age->max_seq + 1 - age->gens;

	switch (place) {
	case WS_PLACE_OLDEST:
		return age->min_slot[type];
	case WS_PLACE_NEXT_OLDEST:
		return ws_age_slot_after(age, age->min_slot[type]);
	case WS_PLACE_SPARE_OLDEST:
		if (age->min_seq[type] + WS_GENS_MIN >= age->max_seq)
			return age->min_slot[type];
		return ws_age_slot_after(age, age->min_slot[type]);
	case WS_PLACE_LAST:
		return slot_of_seq(age, type, last + workingset);
	case WS_PLACE_LAST_REFERENCED:
		return slot_of_seq(age, type, last + (workingset || referenced));
	case WS_PLACE_SECOND_YOUNGEST:
		return slot_of_seq(age, type, age->max_seq - 1);
	case WS_PLACE_YOUNG:
		return slot_of_seq(age, type, age->max_seq - !workingset);
	case WS_PLACE_YOUNGEST:
	default:
		return age->max_slot;
	}
}

bool ws_promote_in_fault(const struct ws_rules *rules, enum ws_enter how)
{
	if (how == WS_ENTER_SWAPCACHE || how == WS_ENTER_AHEAD)
		return rules->ahead == WS_AHEAD_AS_FAULT;
	return how == WS_ENTER_FAULT || how == WS_ENTER_SWAPIN;
}

static bool is_activated(const struct ws_rules *rules, const struct ws_arrival *arrival)
{
	switch (rules->activates) {
	case WS_ACTIVATES_WORKINGSET:
		return arrival->history & WS_PAGE_WORKINGSET;
	case WS_ACTIVATES_REFERENCED:
		return arrival->refs;
	default:
		return true;
	}
}

u32 ws_promote_arrive(const struct ws_age *age, const struct ws_rules *rules,
		      const struct ws_arrival *arrival, u16 *history)
{
	enum ws_type type = arrival->type;
	bool pending = arrival->how == WS_ENTER_WRITEBACK;
	enum ws_place place;

	*history = arrival->history;
	if (arrival->how == WS_ENTER_SWAPCACHE || arrival->how == WS_ENTER_AHEAD) {
		if (rules->ahead == WS_AHEAD_OLDEST)
			return age->min_slot[type];
		if (rules->ahead == WS_AHEAD_YOUNGEST)
			return age->max_slot;
	}
	if (ws_promote_in_fault(rules, arrival->how)) {
		if (is_activated(rules, arrival))
			return slot_of_place(age, (enum ws_place)rules->place_active, type,
					     ws_rules_workingset(rules, *history), false);
		/* Used once, by the fault itself (REFERENCED is the number 1, too). */
		if (rules->refs == WS_REFS_WORKINGSET_LAST)
			*history &= (u16)~WS_PAGE_REFS;
		*history |= WS_PAGE_REFERENCED;
		pending = arrival->how == WS_ENTER_SWAPIN ||
			  (type == WS_ANON && !arrival->shadowed &&
			   arrival->how != WS_ENTER_SWAPCACHE);
	}
	place = (enum ws_place)(pending ? rules->place_pending : rules->place_inactive);
	return slot_of_place(age, place, type, ws_rules_workingset(rules, *history),
			     *history & WS_PAGE_REFERENCED);
}

/* Give an aged page, used just now, generation @slot and the history in @entry. */
static void put(struct ws_age *age, u32 page, u32 slot, u16 entry)
{
	ws_age_leave(age, age->page[page]);
	ws_age_enter(age, page, ws_page_type(entry), slot, entry & ~WS_PAGE_KIND);
	ws_age_note_late(age, ws_page_type(entry), slot);
}

static bool is_exec_first(const struct ws_rules *rules, u16 entry)
{
	return rules->exec_first && (entry & WS_PAGE_EXEC) && (entry & WS_PAGE_FILE);
}

/* First access: REFERENCED; later ones: WORKINGSET and @slot.  @else_slot: of the first. */
static void sighting_second(struct ws_age *age, const struct ws_rules *rules, u32 page, u32 slot,
			    u32 else_slot)
{
	u16 entry = ws_promote_entry(age, age->page[page]);

	if (!(entry & (WS_PAGE_REFERENCED | WS_PAGE_WORKINGSET)) && !is_exec_first(rules, entry))
		put(age, page, else_slot, (u16)((entry & ~WS_PAGE_REFS) | WS_PAGE_REFERENCED));
	else
		put(age, page, slot, (u16)((entry & ~WS_PAGE_HISTORY) | WS_PAGE_WORKINGSET));
}

/* References count; from 2 on they promote, and none are left in the oldest generation. */
static void sighting_counts(struct ws_age *age, const struct ws_rules *rules, u32 page)
{
	u16 entry = ws_promote_entry(age, age->page[page]);
	u32 slot = slot_of_page(age, entry), number = ws_page_number(entry);
	u32 most = slot == age->max_slot ? WS_PAGE_NUMBER_MAX : KEPT_NUMBER;

	number++;
	if (number >= 2 || is_exec_first(rules, entry))
		slot = age->max_slot;
	else if (slot == age->min_slot[ws_page_type(entry)])
		slot = ws_age_slot_after(age, slot);
	put(age, page, slot, ws_page_with_number(entry, number < most ? number : most));
}

static u32 harvest_word(struct ws_age *age, const struct ws_rules *rules, u32 first, u64 word,
			u64 *left)
{
	u32 moved = 0;

	for (; word; word &= word - 1) {
		u32 page = first + ws_lowest_bit(word), slot;
		u16 entry = age->page[page];

		if (!ws_page_aged(entry))
			continue;
		slot = slot_of_page(age, entry);
		if (rules->sighting == WS_SIGHTING_COUNTS)
			sighting_counts(age, rules, page);
		else
			sighting_second(age, rules, page, age->max_slot, slot);
		if (slot_of_page(age, age->page[page]) == slot)
			continue;
		moved++;
		if (left)
			left[ws_age_row(slot, ws_page_type(entry))]++;
	}
	return moved;
}

/* All go to the youngest generation, so that what the others lose is what left them. */
static u32 harvest_to_youngest(struct ws_age *age, u32 first, const u64 *young, u32 count, u64 *left)
{
	u32 youngest = ws_age_row(age->max_slot, WS_ANON), rows = age->gens * WS_TYPES, moved, row;

	for (row = 0; row < rows; row++)
		left[row] += age->pages[row];
	left[youngest + WS_ANON] -= age->pages[youngest + WS_ANON];
	left[youngest + WS_FILE] -= age->pages[youngest + WS_FILE];
	moved = ws_age_harvest(age, first, young, count);
	for (row = 0; row < rows; row++)
		left[row] -= age->pages[row];
	left[youngest + WS_ANON] += age->pages[youngest + WS_ANON];
	left[youngest + WS_FILE] += age->pages[youngest + WS_FILE];
	return moved;
}

u32 ws_promote_harvest(struct ws_age *age, const struct ws_rules *rules, u32 first,
		       const u64 *young, u32 count, u64 *left)
{
	u32 moved = 0, i;

	if (rules->sighting == WS_SIGHTING_PROMOTES)
		return left ? harvest_to_youngest(age, first, young, count, left) :
			      ws_age_harvest(age, first, young, count);
	WS_ASSERT(first % 64 == 0 && first <= age->pages_count &&
		  count <= age->pages_count - first);
	for (i = 0; i < count; i += 64) {
		u64 word = young[i / 64];

		if (count - i < 64)
			word &= (1ull << (count - i)) - 1;
		moved += harvest_word(age, rules, first + i, word, left);
	}
	return moved;
}

/* REFERENCED, WORKINGSET, then the count. */
static u16 count_past_first(u16 entry)
{
	if (!(entry & WS_PAGE_REFERENCED))
		return entry | WS_PAGE_REFERENCED;
	if (!(entry & WS_PAGE_WORKINGSET))
		return entry | WS_PAGE_WORKINGSET;
	if ((entry & WS_PAGE_REFS) != WS_PAGE_REFS)
		return (u16)(entry + (1u << WS_PAGE_REFS_SHIFT));
	return entry;
}

/* REFERENCED, the count, then WORKINGSET. */
static u16 count_workingset_last(u16 entry)
{
	if (!(entry & WS_PAGE_REFERENCED))
		return (u16)((entry & ~WS_PAGE_REFS) | WS_PAGE_REFERENCED);
	if ((entry & WS_PAGE_REFS) != WS_PAGE_REFS)
		return (u16)(entry + (1u << WS_PAGE_REFS_SHIFT));
	return entry | WS_PAGE_WORKINGSET;
}

/* Count; when the number is full, or in the oldest generation, the page moves on by one. */
static void count_number(struct ws_age *age, u32 page, u16 entry)
{
	u32 slot = slot_of_page(age, entry), number = ws_page_number(entry) + 1;
	u32 from = ws_age_row(slot, ws_page_type(entry));
	bool oldest = slot == age->min_slot[ws_page_type(entry)];

	if (slot == age->max_slot) {
		number = number < WS_PAGE_NUMBER_MAX ? number : WS_PAGE_NUMBER_MAX;
	} else if (number > WS_PAGE_NUMBER_MAX || (oldest && number >= 2)) {
		slot = ws_age_slot_after(age, slot);
		number = number < KEPT_NUMBER ? number : KEPT_NUMBER;
		/* Its accessed bit may be set, too, and from before: then it is as old as it was. */
		ws_age_note_unused(age, from, ws_age_row(slot, ws_page_type(entry)));
	}
	put(age, page, slot, ws_page_with_number(entry, number));
}

void ws_promote_descriptor(struct ws_age *age, const struct ws_rules *rules, u32 page)
{
	u16 entry;

	WS_ASSERT(page < age->pages_count);
	entry = age->page[page];
	if (!ws_page_aged(entry))
		return;
	if (!ws_page_labelled_now(age, entry)) {
		/* It was folded or passed over meanwhile: start from what is left of its history. */
		put(age, page, slot_of_page(age, entry), ws_age_left(age, entry));
		entry = age->page[page];
	}
	ws_age_note_late(age, ws_page_type(entry), slot_of_page(age, entry));
	if (rules->descriptor == WS_DESCRIPTOR_MOVES)
		count_number(age, page, entry);
	else if (rules->refs == WS_REFS_WORKINGSET_LAST)
		age->page[page] = count_workingset_last(entry);
	else
		age->page[page] = count_past_first(entry);
}

/* Active: second youngest, or the youngest from 2 references on. */
static void rmap_counts(struct ws_age *age, const struct ws_rules *rules, u32 page)
{
	u16 entry = ws_promote_entry(age, age->page[page]);
	u32 number = ws_page_number(entry) + 1;
	enum ws_type type = ws_page_type(entry);
	u32 slot = slot_of_place(age, (enum ws_place)rules->place_active, type, number >= 2, false);

	put(age, page, slot,
	    ws_page_with_number(entry, number < RMAP_NUMBER ? number : RMAP_NUMBER));
}

static void rmap_second(struct ws_age *age, const struct ws_rules *rules, u32 page)
{
	enum ws_type type = ws_page_type(age->page[page]);
	u32 second = slot_of_place(age, WS_PLACE_SECOND_YOUNGEST, type, false, false);

	sighting_second(age, rules, page, age->max_slot, second);
	/* Made active so as not to return to the oldest generation, a file page forgets it was seen. */
	if (type == WS_FILE)
		age->page[page] &= (u16)~(WS_PAGE_REFERENCED | WS_PAGE_REFS);
}

/* A first access: goes where a referenced page comes in; if that is the oldest, is made active. */
static void rmap_first(struct ws_age *age, const struct ws_rules *rules, u32 page, u16 entry)
{
	enum ws_type type = ws_page_type(entry);
	enum ws_place place = (enum ws_place)(type == WS_ANON ? rules->place_pending :
								rules->place_inactive);
	u32 slot = slot_of_place(age, place, type, false, true);

	entry = (u16)((entry & ~WS_PAGE_HISTORY) | WS_PAGE_REFERENCED);
	if (slot == age->min_slot[type]) {
		slot = slot_of_place(age, (enum ws_place)rules->place_active, type, false, false);
		entry &= (u16)~WS_PAGE_HISTORY;
	}
	put(age, page, slot, entry);
}

static void rmap_third(struct ws_age *age, const struct ws_rules *rules, u32 page)
{
	u16 entry = ws_promote_entry(age, age->page[page]);
	bool active = is_exec_first(rules, entry) || ws_rules_refs(rules, entry) > 1;

	if (!active && !(entry & (WS_PAGE_REFERENCED | WS_PAGE_WORKINGSET))) {
		rmap_first(age, rules, page, entry);
		return;
	}
	if (active)
		entry = (u16)((entry & ~WS_PAGE_HISTORY) | WS_PAGE_WORKINGSET);
	else
		entry = count_workingset_last(entry);
	put(age, page, slot_of_place(age, (enum ws_place)rules->place_active, ws_page_type(entry),
				     entry & WS_PAGE_WORKINGSET, false), entry);
}

void ws_promote_rmap(struct ws_age *age, const struct ws_rules *rules, u32 page)
{
	WS_ASSERT(page < age->pages_count && ws_page_aged(age->page[page]));
	switch (rules->rmap) {
	case WS_RMAP_COUNTS:
		rmap_counts(age, rules, page);
		break;
	case WS_RMAP_SECOND:
		rmap_second(age, rules, page);
		break;
	case WS_RMAP_THIRD:
		rmap_third(age, rules, page);
		break;
	default:
		put(age, page, age->max_slot, (u16)(age->page[page] & ~WS_PAGE_HISTORY));
	}
}

void ws_promote_protect(struct ws_age *age, u32 page)
{
	u16 entry = age->page[page];
	enum ws_type type = ws_page_type(entry);
	u32 from = age->min_slot[type], slot = ws_age_slot_after(age, from);

	WS_ASSERT(ws_page_aged(entry));
	ws_age_leave(age, entry);
	ws_age_enter(age, page, type, slot, ws_age_faded(age, entry) & ~WS_PAGE_KIND);
	ws_age_note_unused(age, ws_age_row(from, type), ws_age_row(slot, type));
}
