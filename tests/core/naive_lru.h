/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * naive_lru.h - eviction order once more, slow and plain; and both sides in step.
 *
 * In the model a page knows its generation and its references as separate fields,
 * generations are lists kept in arrays that are shifted, folding visits every page,
 * evicted pages remember everything, and the controller computes in 128 bits.  No labels,
 * no rows, no chunks, no bits.  Every version of the rules is here, written down from the
 * words of ws_rules.h.  Victims, their order and all counters must be the same.
 * test_diff_lru.c drives both sides by random operations, fuzz_lru.c by a fuzzer's.
 */
#ifndef NAIVE_LRU_H
#define NAIVE_LRU_H

#include <string.h>

#include "diff.h"
#include "ws_advice.h"
#include "ws_lru.h"

#ifndef PAGES
#define PAGES 1024u
#endif
#define GENS 8u /* most that are tried */

/* --- the model ------------------------------------------------------------------------- */

struct list {
	u32 count, page[PAGES];
};

/* References of a page, or of one that was evicted. */
struct history {
	bool referenced, workingset;
	u32 count; /* to 3; where references are one number, that number */
};

struct naive_page {
	bool here, queued, exec, locked;
	bool leaving; /* its list, within one step */
	int type;
	u64 seq;
	struct history history;
	/* left behind by the last eviction */
	bool shadow;
	u64 shadow_seq, shadow_age;
	struct history shadow_history;
};

struct naive {
	struct naive_page page[PAGES];
	struct ws_rules rules;
	u32 gens;
	u64 max_seq, min_seq[2];
	struct list list[GENS][2]; /* [seq % gens][type] */
	u64 refaulted[2][4], evicted[2][4], protected[2][4], refaulted_avg[2][4], total_avg[2][4];
	u64 recent[2], refaults[2], restores[2], activations[2], victims[2], protections;
	u64 age; /* evictions, and protections where they count */
	u32 strays; /* folds of anon until all are on the lists of their generations */
};

static void list_insert(struct list *list, u32 at, u32 page)
{
	memmove(list->page + at + 1, list->page + at, (list->count - at) * sizeof(u32));
	list->page[at] = page;
	list->count++;
}

static u32 list_take(struct list *list)
{
	u32 page = list->page[0];

	memmove(list->page, list->page + 1, --list->count * sizeof(u32));
	return page;
}

static struct list *list_of(struct naive *n, u64 seq, int type)
{
	return &n->list[seq % n->gens][type];
}

static void list_append(struct naive *n, u32 i)
{
	struct list *list = list_of(n, n->page[i].seq, n->page[i].type);

	list_insert(list, list->count, i);
}

/* --- references --- */

static bool is_number(const struct naive *n)
{
	return n->rules.refs == WS_REFS_NUMBER;
}

static u32 refs_of(const struct naive *n, const struct history *history)
{
	if (is_number(n))
		return history->count;
	if (n->rules.refs == WS_REFS_WORKINGSET_LAST)
		return history->referenced ? history->count + 1 : 0;
	return history->count + history->workingset;
}

static u32 tier_of(const struct naive *n, const struct history *history)
{
	static const u32 past_first[] = { 0, 1, 2, 2, 3 }, others[] = { 0, 0, 1, 2, 2, 3, 3, 3 };
	u32 refs = refs_of(n, history);

	if (!n->rules.tiers)
		return 0;
	if (n->rules.refs == WS_REFS_PAST_FIRST)
		return past_first[refs];
	return !is_number(n) && history->workingset ? 3 : others[refs];
}

static bool in_working_set(const struct naive *n, const struct history *history)
{
	return is_number(n) ? history->count >= 2 : history->workingset;
}

static void forget(struct naive_page *page)
{
	page->history = (struct history){ false, false, 0 };
}

/* It goes to the next generation. */
static void fade(const struct naive *n, struct naive_page *page)
{
	struct history had = page->history;

	forget(page);
	if (n->rules.keeps == WS_KEEPS_WORKINGSET)
		page->history.workingset = had.workingset;
	if (n->rules.keeps == WS_KEEPS_TWO)
		page->history.count = had.count < 2 ? had.count : 2;
}

static bool is_exec_first(const struct naive *n, const struct naive_page *page)
{
	return n->rules.exec_first && page->exec && page->type == WS_FILE;
}

/* First sighting: referenced, and @else_seq; the second: working set, and the youngest. */
static void see_twice(struct naive *n, struct naive_page *page, u64 else_seq)
{
	bool before = page->history.referenced || page->history.workingset;

	forget(page);
	if (before || is_exec_first(n, page)) {
		page->history.workingset = true;
		page->seq = n->max_seq;
	} else {
		page->history.referenced = true;
		page->seq = else_seq;
	}
}

static void see_and_count(struct naive *n, struct naive_page *page)
{
	u32 number = page->history.count + 1, most = page->seq == n->max_seq ? 7 : 3;

	if (number >= 2 || is_exec_first(n, page))
		page->seq = n->max_seq;
	else if (page->seq == n->min_seq[page->type])
		page->seq++;
	page->history.count = number < most ? number : most;
}

/* An access through a page table, found by a walk or beside a page that was looked at. */
static void see(struct naive *n, struct naive_page *page)
{
	if (!page->here)
		return;
	if (n->rules.sighting == WS_SIGHTING_COUNTS) {
		see_and_count(n, page);
	} else if (n->rules.sighting == WS_SIGHTING_SECOND) {
		see_twice(n, page, page->seq);
	} else {
		page->seq = n->max_seq;
		forget(page);
	}
}

static void use_number(struct naive *n, struct naive_page *page)
{
	u32 number = page->history.count + 1;

	if (page->seq == n->max_seq) {
		number = number < 7 ? number : 7;
	} else if (number > 7 || (page->seq == n->min_seq[page->type] && number >= 2)) {
		page->seq++;
		number = number < 3 ? number : 3;
	}
	page->history.count = number;
}

/* An access through a descriptor. */
static void use(struct naive *n, struct naive_page *page)
{
	struct history *history = &page->history;

	if (is_number(n)) {
		use_number(n, page);
	} else if (!history->referenced) {
		history->referenced = true;
		if (n->rules.refs == WS_REFS_WORKINGSET_LAST)
			history->count = 0;
	} else if (n->rules.refs == WS_REFS_WORKINGSET_LAST) {
		history->workingset |= history->count == 3;
		history->count += history->count < 3;
	} else if (!history->workingset) {
		history->workingset = true;
	} else {
		history->count += history->count < 3;
	}
}

/* --- generations --- */

static u64 clamped(const struct naive *n, int type, u64 seq)
{
	if (seq < n->min_seq[type])
		return n->min_seq[type];
	return seq > n->max_seq ? n->max_seq : seq;
}

static u64 seq_of_place(const struct naive *n, enum ws_place place, int type,
			const struct history *history)
{
	bool workingset = in_working_set(n, history);
	u64 min = n->min_seq[type], last = n->max_seq + 1 - n->gens;

	switch (place) {
	case WS_PLACE_OLDEST: return min;
	case WS_PLACE_NEXT_OLDEST: return min + 1;
	case WS_PLACE_SPARE_OLDEST: return n->max_seq - min > 2 ? min + 1 : min;
	case WS_PLACE_LAST: return clamped(n, type, last + workingset);
	case WS_PLACE_LAST_REFERENCED:
		return clamped(n, type, last + (workingset || history->referenced));
	case WS_PLACE_SECOND_YOUNGEST: return clamped(n, type, n->max_seq - 1);
	case WS_PLACE_YOUNG: return clamped(n, type, workingset ? n->max_seq : n->max_seq - 1);
	default: return n->max_seq;
	}
}

static void carry(struct naive *n, int type)
{
	for (int tier = 0; tier < 4; tier++) {
		n->refaulted_avg[type][tier] += n->refaulted[type][tier];
		n->refaulted_avg[type][tier] /= 2;
		n->total_avg[type][tier] += n->evicted[type][tier] + n->protected[type][tier];
		n->total_avg[type][tier] /= 2;
		n->refaulted[type][tier] = n->evicted[type][tier] = n->protected[type][tier] = 0;
	}
}

static bool is_full(const struct naive *n, const struct history *history)
{
	return n->rules.full != WS_FULL_AS_OTHERS && refs_of(n, history) == 4 &&
	       (n->rules.refs != WS_REFS_WORKINGSET_LAST || history->workingset);
}

/* The oldest generation of @type goes into the next: page by page, each before all others. */
static void fold(struct naive *n, int type, bool ageing)
{
	u64 next = n->min_seq[type] + 1;
	struct list *from = list_of(n, n->min_seq[type], type);

	for (u32 i = 0; i < from->count && n->rules.fold_counts && n->rules.fold && ageing; i++) {
		struct naive_page *page = &n->page[from->page[i]];

		if (page->here && !is_full(n, &page->history))
			n->protected[type][tier_of(n, &page->history)]++;
	}
	for (u32 i = 0; i < PAGES; i++) {
		struct naive_page *page = &n->page[i];

		if (page->here && page->type == type && page->seq < next) {
			page->seq = next;
			fade(n, page);
		}
	}
	while (from->count) {
		u32 i = list_take(from);
		struct naive_page *page = &n->page[i];

		if (n->rules.fold == WS_FOLD_LAZY)
			list_insert(list_of(n, next, type), 0, i);
		else if (page->here)
			list_insert(list_of(n, page->seq, page->type), 0, i);
		else
			page->queued = false;
	}
	n->min_seq[type]++;
}

/* Left where they are, and where that is are the youngest from now on. */
static void pass_over(struct naive *n, int type)
{
	for (u32 i = 0; i < PAGES; i++)
		if (n->page[i].here && n->page[i].type == type && n->page[i].seq == n->min_seq[type])
			n->page[i].seq = n->max_seq + 1;
	n->min_seq[type]++;
}

/* Anon pages of the oldest generation that are on another's list are left when it is folded. */
static void leave_strays(struct naive *n)
{
	struct list *from = list_of(n, n->min_seq[WS_ANON], WS_ANON);

	for (u32 i = 0; i < PAGES; i++) {
		bool found = false;

		for (u32 k = 0; k < from->count; k++)
			found |= from->page[k] == i;
		if (n->page[i].here && n->page[i].type == WS_ANON && !found &&
		    n->page[i].seq == n->min_seq[WS_ANON])
			n->page[i].seq = n->max_seq + 1;
	}
}

static void naive_advance(struct naive *n, bool can_swap)
{
	for (int type = 0; type < 2; type++) {
		if (n->max_seq - n->min_seq[type] + 1 < n->gens)
			continue;
		if (type == WS_ANON && !can_swap && n->rules.swapless == WS_SWAPLESS_INVERTS) {
			pass_over(n, type);
			n->strays = n->rules.fold == WS_FOLD_SORTS ? n->gens : 0;
		} else {
			if (type == WS_ANON && n->strays) {
				leave_strays(n);
				n->strays--;
			}
			fold(n, type, true);
		}
		carry(n, type);
	}
	n->max_seq++;
}

/* --- coming in --- */

static u64 pages_here(const struct naive *n)
{
	u64 pages = 0;

	for (u32 i = 0; i < PAGES; i++)
		pages += n->page[i].here;
	return pages;
}

static bool is_recent(const struct naive *n, const struct naive_page *page)
{
	switch (n->rules.recency) {
	case WS_RECENCY_SAME: return page->shadow_seq == n->min_seq[page->type];
	case WS_RECENCY_NEAR: return n->max_seq - page->shadow_seq < n->gens;
	case WS_RECENCY_DISTANCE: return n->age - page->shadow_age <= pages_here(n) - 1;
	default: return false;
	}
}

/* @page, of which @refs are remembered, was evicted too early: what it has now. */
static void restore(struct naive *n, struct naive_page *page, u32 refs, bool in_fault)
{
	struct history *history = &page->history;
	bool all = n->rules.restores == WS_RESTORES_ALL_READ ? !in_fault && refs >= 3 :
							       in_fault || refs >= 3;

	switch (n->rules.restores) {
	case WS_RESTORES_FLAG:
		history->workingset = in_fault || refs == 4;
		break;
	case WS_RESTORES_ALL:
	case WS_RESTORES_ALL_READ:
		history->workingset = in_fault || all;
		history->count = all ? 3 : 0;
		break;
	case WS_RESTORES_REFS:
		history->workingset = page->shadow_history.workingset;
		history->count = history->workingset ? 0 : refs - 1;
		break;
	default:
		history->count = refs < 3 ? refs : 3;
	}
}

static bool is_activated(const struct naive *n, const struct naive_page *page, u32 refs)
{
	if (n->rules.activates == WS_ACTIVATES_WORKINGSET)
		return page->history.workingset;
	return n->rules.activates == WS_ACTIVATES_ALL || refs;
}

/* It came back.  Return: its references, if that was recent. */
static u32 refault(struct naive *n, struct naive_page *page, bool in_fault)
{
	struct history *was = &page->shadow_history;
	u32 refs;

	n->refaults[page->type]++;
	if (!is_recent(n, page))
		return 0;
	/* Used once or never: not told apart where the count begins at the first. */
	if (n->rules.refs == WS_REFS_WORKINGSET_LAST)
		was->referenced = true;
	refs = refs_of(n, was);
	n->recent[page->type]++;
	n->refaulted[page->type][tier_of(n, was)]++;
	restore(n, page, refs, in_fault);
	n->restores[page->type] += in_working_set(n, &page->history);
	if (n->rules.restores == WS_RESTORES_REFS || n->rules.restores == WS_RESTORES_NUMBER)
		n->activations[page->type] += in_fault && is_activated(n, page, refs);
	else
		n->activations[page->type] += n->rules.restores == WS_RESTORES_ALL_READ;
	return refs;
}

static u64 seq_of_arrival(struct naive *n, struct naive_page *page, enum ws_enter how, bool with_shadow,
			  u32 refs, bool in_fault)
{
	bool ahead = how == WS_ENTER_SWAPCACHE || how == WS_ENTER_AHEAD;
	bool pending = how == WS_ENTER_WRITEBACK;

	if (ahead && n->rules.ahead != WS_AHEAD_AS_FAULT)
		return n->rules.ahead == WS_AHEAD_OLDEST ? n->min_seq[page->type] : n->max_seq;
	if (in_fault && is_activated(n, page, refs))
		return seq_of_place(n, n->rules.place_active, page->type, &page->history);
	if (in_fault) {
		page->history.referenced = true;
		if (n->rules.refs == WS_REFS_WORKINGSET_LAST)
			page->history.count = 0;
		if (is_number(n) && page->history.count % 2 == 0)
			page->history.count++;
		pending = how == WS_ENTER_SWAPIN ||
			  (page->type == WS_ANON && !with_shadow && how != WS_ENTER_SWAPCACHE);
	}
	return seq_of_place(n, pending ? n->rules.place_pending : n->rules.place_inactive, page->type,
			    &page->history);
}

static void naive_add(struct naive *n, u32 i, int type, enum ws_enter how, bool with_shadow)
{
	struct naive_page *page = &n->page[i];
	bool ahead = how == WS_ENTER_SWAPCACHE || how == WS_ENTER_AHEAD;
	bool in_fault = ahead ? n->rules.ahead == WS_AHEAD_AS_FAULT :
				how == WS_ENTER_FAULT || how == WS_ENTER_SWAPIN;

	page->here = true;
	page->type = type;
	page->exec = false;
	forget(page);
	page->seq = seq_of_arrival(n, page, how, with_shadow,
				   with_shadow ? refault(n, page, in_fault) : 0, in_fault);
	page->shadow = false;
	if (!page->queued)
		list_append(n, i);
	page->queued = true;
}

/* --- the controller --- */

struct position {
	unsigned __int128 refaulted, total, gain;
};

/* Of the tiers from..to together. */
static struct position position(const struct naive *n, int type, int from, int to, u32 gain)
{
	struct position sum = { 0, 0, gain };

	for (int tier = from; tier <= to; tier++) {
		sum.refaulted += n->refaulted_avg[type][tier] + n->refaulted[type][tier];
		sum.total += n->total_avg[type][tier] + n->evicted[type][tier] +
			     n->protected[type][tier];
	}
	return sum;
}

static bool no_worse(struct position sp, struct position pv)
{
	return pv.refaulted < 64 ||
	       pv.refaulted * (sp.total + 64) * sp.gain <= (sp.refaulted + 1) * pv.total * pv.gain;
}

static int limit_of(const struct naive *n, int type)
{
	int tier = 1;

	while (tier < 4 && n->rules.controller) {
		int to = n->rules.setpoint == WS_SETPOINT_BELOW ? tier - 1 : 0;

		if (!no_worse(position(n, type, 0, to, n->rules.gain_setpoint),
			      position(n, type, tier, tier, n->rules.gain_tier)))
			break;
		tier++;
	}
	return n->rules.controller ? tier - 1 : 3;
}

/* Both types are equally old: tier 0 of one against tier 0 of the other. */
static int type_of_older(const struct naive *n, u32 swappiness, int *limit)
{
	struct position zero[2] = { position(n, 0, 0, 0, swappiness),
				    position(n, 1, 0, 0, 200 - swappiness) };
	int type = no_worse(zero[0], zero[1]), tier = 1;
	u32 gain = type ? 200 - swappiness : swappiness;

	while (tier < 4 && no_worse(zero[!type], position(n, type, tier, tier, gain)))
		tier++;
	*limit = n->rules.controller ? tier - 1 : 3;
	return type;
}

static int naive_type(const struct naive *n, u32 swappiness, int *limit)
{
	int type;

	if (!swappiness)
		type = 1;
	else if (n->rules.choice == WS_CHOICE_SHARE)
		type = n->victims[0] * (200 - swappiness) >= n->victims[1] * swappiness;
	else if (n->rules.choice == WS_CHOICE_OLDER && n->min_seq[0] < n->min_seq[1])
		type = 0;
	else if (swappiness == 1 || swappiness == 200)
		type = swappiness == 1;
	else if (n->rules.choice == WS_CHOICE_OLDER)
		return type_of_older(n, swappiness, limit);
	else
		type = no_worse(position(n, 0, 0, 3, swappiness), position(n, 1, 0, 3, 200 - swappiness));
	*limit = limit_of(n, type);
	return type;
}

/* --- eviction --- */

/* Seen for the third time it is hot; for the first, it goes where a page once used comes in. */
static void rescue_third(struct naive *n, struct naive_page *page)
{
	struct history had = page->history;

	if (is_exec_first(n, page) || refs_of(n, &had) > 1) {
		forget(page);
		page->history.workingset = true;
	} else {
		use(n, page);
	}
	if (had.referenced || had.workingset || page->history.workingset) {
		page->seq = seq_of_place(n, n->rules.place_active, page->type, &page->history);
		return;
	}
	page->seq = seq_of_place(n, page->type == WS_ANON ? n->rules.place_pending :
				 n->rules.place_inactive, page->type, &page->history);
	if (page->seq == n->min_seq[page->type]) {
		forget(page);
		page->seq = seq_of_place(n, n->rules.place_active, page->type, &page->history);
	}
}

static bool apart; /* pages of one batch keep their accessed bits when another's window is looked at */
static bool centred; /* windows have their page in the middle, not an aligned block */

/* The first of the 64 pages that are looked at with page @i. */
static u32 first_beside(u32 i)
{
	if (!centred)
		return i / 64 * 64;
	i = i < 32 ? 0 : i - 32;
	return i < PAGES - 64 ? i : PAGES - 64;
}

static bool was_accessed(const u64 *accessed, u32 i)
{
	return accessed[i / 64] >> i % 64 & 1;
}

/* Pages beside @i have been looked at. */
static void forget_beside(u64 *accessed, u32 i)
{
	for (u32 j = first_beside(i); j < first_beside(i) + 64; j++)
		accessed[j / 64] &= ~(1ull << j % 64);
}

/* Eviction looked at page @i and found it accessed; its neighbours are seen too. */
static void rescue(struct naive *n, u32 i, u64 *accessed)
{
	struct naive_page *page = &n->page[i];

	for (u32 j = first_beside(i); n->rules.rmap == WS_RMAP_YOUNGEST && j < first_beside(i) + 64; j++)
		if (was_accessed(accessed, j))
			see(n, &n->page[j]);
	if (n->rules.rmap == WS_RMAP_YOUNGEST)
		forget_beside(accessed, i);
	if (n->rules.rmap == WS_RMAP_SECOND) {
		see_twice(n, page, clamped(n, page->type, n->max_seq - 1));
		page->history.referenced &= page->type == WS_ANON;
	} else if (n->rules.rmap == WS_RMAP_THIRD) {
		rescue_third(n, page);
	} else if (n->rules.rmap == WS_RMAP_COUNTS) {
		page->history.count++;
		page->seq = seq_of_place(n, n->rules.place_active, page->type, &page->history);
		page->history.count = page->history.count < 2 ? page->history.count : 2;
	}
	list_append(n, i);
}

static void protect(struct naive *n, u32 i)
{
	struct naive_page *page = &n->page[i];
	bool counts = !is_full(n, &page->history) || n->rules.full == WS_FULL_PROTECTED;

	n->protected[page->type][tier_of(n, &page->history)] += counts;
	n->activations[page->type] += n->rules.restores == WS_RESTORES_FLAG ||
				      n->rules.restores == WS_RESTORES_ALL;
	n->protections++;
	n->age += n->rules.recency == WS_RECENCY_DISTANCE;
	page->seq++;
	fade(n, page);
	if (n->rules.protects_old)
		list_insert(list_of(n, page->seq, page->type), 0, i);
	else
		list_append(n, i);
}

static void naive_evict_page(struct naive *n, u32 i, u32 *victims, u32 *count)
{
	struct naive_page *page = &n->page[i];

	if (n->rules.refs == WS_REFS_PAST_FIRST && !page->history.referenced)
		forget(page);
	n->evicted[page->type][tier_of(n, &page->history)]++;
	n->victims[page->type]++;
	page->here = page->queued = false;
	page->shadow = true;
	page->shadow_seq = n->min_seq[page->type];
	page->shadow_history = page->history;
	if (n->rules.refs == WS_REFS_WORKINGSET_LAST && !page->history.referenced)
		page->shadow_history.count = 0; /* what came back counted anew from its first use */
	page->shadow_age = n->age++;
	victims[(*count)++] = i;
}

/* Of the pages that were put aside, those that were accessed go back; seen is what is not aside. */
static void naive_judge(struct naive *n, const u32 *aside, u32 number, u64 *accessed, u32 *victims,
			u32 *count)
{
	bool young[64] = { false }, later[64];

	for (u32 k = 0; k < number; k++) {
		u32 i = aside[k];

		if (!young[k] && was_accessed(accessed, i)) {
			young[k] = true;
			for (u32 m = k + 1; m < number; m++)
				later[m] = aside[m] >= first_beside(i) &&
					    aside[m] < first_beside(i) + 64 &&
					    was_accessed(accessed, aside[m]);
			for (u32 j = first_beside(i); j < first_beside(i) + 64; j++)
				if (was_accessed(accessed, j))
					see(n, &n->page[j]);
			forget_beside(accessed, i);
			for (u32 m = k + 1; m < number; m++) {
				young[m] |= later[m] && !apart;
				if (later[m] && apart)
					accessed[aside[m] / 64] |= 1ull << aside[m] % 64;
			}
		}
		n->page[i].here = true;
		if (young[k])
			rescue(n, i, accessed);
		else
			naive_evict_page(n, i, victims, count);
	}
}

/* What one eviction is to do. */
struct naive_scan {
	u32 budget, wanted, stop, max;
};

/*
 * One type; true when it gave a victim, or put a page aside, or has looked at all that it
 * may, or at anything by rules that ask no more.
 */
static bool naive_evict_type(struct naive *n, int type, int limit, struct naive_scan *scan,
			     u64 *accessed, u32 *victims, u32 *count)
{
	struct list *list = list_of(n, n->min_seq[type], type);
	u32 before = *count, aside[64], number = 0, max = scan->max - *count, looks = scan->budget;
	bool keeps_on = n->rules.round == WS_ROUND_WANTED, looked = false;
	bool isolates = n->rules.rmap != WS_RMAP_YOUNGEST;

	if (n->max_seq - n->min_seq[type] + 1 <= 2)
		return false;
	if (n->rules.round != WS_ROUND_BATCH && looks > scan->wanted - before)
		looks = scan->wanted - before;
	max = max < 64 ? *count + max : *count + 64;
	while (*count + number < max && looks && list->count) {
		u32 i = list_take(list);
		struct naive_page *page = &n->page[i];

		looks--;
		scan->budget--;
		looked = true;
		if (!page->here)
			page->queued = false;
		else if (page->seq != n->min_seq[type] || page->type != type)
			list_append(n, i);
		else if ((int)tier_of(n, &page->history) > limit || is_full(n, &page->history))
			protect(n, i);
		else if (isolates)
			n->page[aside[number++] = i].here = false;
		else if (accessed[i / 64] >> i % 64 & 1)
			rescue(n, i, accessed);
		else
			naive_evict_page(n, i, victims, count);
	}
	naive_judge(n, aside, number, accessed, victims, count);
	return *count > before || number || !looks || (keeps_on && looked);
}

/* Which generations the types' oldest should be now that lists are used up. */
static void wanted_min_seq(struct naive *n, bool can_swap, u64 want[2])
{
	for (int type = !can_swap; type < 2; type++)
		while (want[type] + 2 <= n->max_seq && !list_of(n, want[type], type)->count)
			want[type]++;
	if (!can_swap)
		return;
	if (n->rules.coupled) {
		want[0] = want[0] < want[1] ? want[0] : want[1];
		want[1] = want[0] > n->min_seq[1] ? want[0] : n->min_seq[1];
		return;
	}
	for (int type = 0; type < 2; type++) {
		/* Only two generations are left of this one, and more of the other. */
		if (want[type] + 1 == n->max_seq && want[!type] + 2 < n->max_seq) {
			want[type] = n->max_seq - 2;
			return;
		}
	}
}

static bool naive_advance_min_seq(struct naive *n, bool can_swap)
{
	u64 want[2] = { n->min_seq[0], n->min_seq[1] };
	bool moved = false;

	wanted_min_seq(n, can_swap, want);
	for (int type = !can_swap; type < 2; type++) {
		if (want[type] <= n->min_seq[type])
			continue;
		moved = true;
		carry(n, type);
		while (n->min_seq[type] < want[type])
			fold(n, type, false);
	}
	return moved;
}

static u32 naive_evict(struct naive *n, u32 swappiness, struct naive_scan scan, u64 *accessed,
		       u32 *victims)
{
	u32 count = 0;

	if (swappiness && n->rules.swappiness != WS_SWAPPINESS_CALLER)
		swappiness = n->rules.swappiness;
	while (count < scan.stop && scan.budget) {
		int limit, type = naive_type(n, swappiness, &limit);
		bool found = naive_evict_type(n, type, limit, &scan, accessed, victims, &count);

		if (!found && swappiness)
			found = naive_evict_type(n, !type, limit_of(n, !type), &scan, accessed, victims,
						 &count);
		if (!naive_advance_min_seq(n, swappiness > 0) && !found)
			break;
	}
	return count;
}

/* Pages in the generation @back before the youngest, of the types from @first on. */
static u64 pages_at(const struct naive *n, int first, u64 back)
{
	u64 pages = 0;

	for (u32 i = 0; i < PAGES; i++)
		pages += n->page[i].here && n->page[i].type >= first &&
			 n->page[i].seq + back == n->max_seq;
	return pages;
}

static bool naive_wants_ageing(const struct naive *n, u32 swappiness)
{
	int first = !swappiness;
	u64 gens = n->max_seq - n->min_seq[first] + 1, file_gens = n->max_seq - n->min_seq[1] + 1;
	u64 young = pages_at(n, first, 0), total = 0;

	for (u64 back = 0; back < n->gens; back++)
		total += pages_at(n, first, back);
	if (n->rules.ageing == WS_AGEING_SIZES)
		return gens <= 2 || (gens == 3 && (young * 2 > total ||
						   pages_at(n, first, 2) * 4 < total));
	gens = gens > file_gens ? gens : file_gens;
	return gens <= 3 || (n->rules.ageing == WS_AGEING_SPREAD && gens < n->gens &&
			     young * (n->gens - 1) > total);
}

/* --- both together ----------------------------------------------------------------------- */

static struct naive naive; /* what the last run left */
static struct ws_lru lru;
static u16 entry[PAGES];
static u32 pool[16 * (2 + PAGES / 8)], shadow[PAGES];
static u64 accessed[PAGES / 64], naive_accessed[PAGES / 64];
static u32 gone[16]; /* evicted of late */

static u32 window(void *ctx, u32 page)
{
	(void)ctx;
	return first_beside(page);
}

static u64 look_around(void *ctx, u32 page)
{
	u32 first = first_beside(page);
	u64 young = 0;

	(void)ctx;
	if (!was_accessed(accessed, page))
		return 0;
	for (u32 j = first; j < first + 64; j++)
		young |= (u64)was_accessed(accessed, j) << (j - first);
	forget_beside(accessed, page);
	return young;
}

static void leave_alone(void *ctx, u32 first, u64 young)
{
	(void)ctx;
	for (u32 j = first; j < first + 64; j++)
		accessed[j / 64] |= (young >> (j - first) & 1) << j % 64;
}

static const char *step_evict(u64 op)
{
	static const u32 choice[] = { 60, 60, 60, 0, 0, 1, 200, 100 };
	static const struct ws_lru_ops aligned = { .look_around = look_around };
	static const struct ws_lru_ops around = { .look_around = look_around, .window = window };
	static const struct ws_lru_ops linux_s = {
		.look_around = look_around, .window = window, .restore = leave_alone,
	};
	static const struct ws_lru_ops *const all[] = { &aligned, &around, &linux_s };
	u32 swappiness = choice[diff_pick(&op, 8)], budget = diff_pick(&op, 300);
	u32 max = diff_pick(&op, 20), victims[20], shadows[20], want[20], count;
	const struct ws_lru_ops *ops = all[diff_pick(&op, 3)];
	struct ws_lru_scan scan = {
		.swappiness = swappiness, .budget = budget, .wanted = diff_pick(&op, 30),
		.enough = diff_pick(&op, 3) ? 0 : diff_pick(&op, 20),
	};
	struct naive_scan plain = {
		.budget = budget, .max = max, .wanted = scan.wanted ? scan.wanted : max,
	};

	plain.stop = plain.wanted < max ? plain.wanted : max;
	if (scan.enough && scan.enough < plain.stop)
		plain.stop = scan.enough;
	centred = ops->window;
	apart = ops->restore;
	count = ws_lru_evict(&lru, &scan, ops, NULL, victims, shadows, max);
	if (naive_evict(&naive, swappiness, plain, naive_accessed, want) != count)
		return "number of victims";
	if (memcmp(want, victims, count * sizeof(u32)))
		return "order of victims";
	for (u32 i = 0; i < count; i++) {
		shadow[victims[i]] = shadows[i];
		gone[diff_draw(&op) % 16] = victims[i];
		accessed[victims[i] / 64] &= ~(1ull << victims[i] % 64);
		naive_accessed[victims[i] / 64] &= ~(1ull << victims[i] % 64);
	}
	return memcmp(accessed, naive_accessed, sizeof(accessed)) ? "accessed bits" : NULL;
}

static void step_age(u64 op, u64 now_ns)
{
	if (diff_pick(&op, 2)) {
		for (u32 i = 0; i < PAGES; i += 512)
			ws_lru_harvest(&lru, i, accessed + i / 64, PAGES < 512 ? PAGES : 512);
		for (u32 i = 0; i < PAGES; i++)
			if (accessed[i / 64] >> i % 64 & 1)
				see(&naive, &naive.page[i]);
		memset(accessed, 0, sizeof(accessed));
		memset(naive_accessed, 0, sizeof(accessed));
	}
	/* For a report; or for reclaim, for which the rules' swappiness is not what is swapless. */
	if (!diff_pick(&op, 3)) {
		u32 swappiness = diff_pick(&op, 2) * 60;

		while (ws_lru_advance_for(&lru, now_ns, swappiness))
			ws_age_tidy(&lru.age, PAGES, NULL, NULL);
		naive_advance(&naive, swappiness && naive.rules.swappiness);
		return;
	}
	while (ws_lru_advance(&lru, now_ns))
		ws_age_tidy(&lru.age, PAGES, NULL, NULL);
	naive_advance(&naive, true);
}

static void step_page(u64 op)
{
	u32 a = diff_pick(&op, PAGES), i = diff_pick(&op, a + 1), what = diff_pick(&op, 16);

	if (diff_pick(&op, 4) == 0)
		i = gone[diff_pick(&op, 16)];
	if (naive.page[i].locked)
		return;
	if (!naive.page[i].here) {
		enum ws_type type = i % 5 < 3 ? WS_ANON : WS_FILE;
		enum ws_enter how = what < 8 ? WS_ENTER_FAULT : what < 12 ? WS_ENTER_READ :
				    what == 12 ? WS_ENTER_AHEAD :
				    what == 13 ? WS_ENTER_WRITEBACK :
				    what == 14 && type == WS_ANON ? WS_ENTER_SWAPIN : WS_ENTER_SWAPCACHE;
		/* What was used through descriptors comes back sooner: the controller has to act. */
		const struct history *was = &naive.page[i].shadow_history;
		bool with_shadow = naive.page[i].shadow &&
				   (was->count || was->workingset ? what != 7 : what % 4 == 1);

		ws_lru_add(&lru, i, type, how, with_shadow ? shadow[i] : 0);
		naive_add(&naive, i, type, how, with_shadow);
	} else if (what == 0) {
		ws_lru_remove(&lru, i);
		naive.page[i].here = false;
		naive.page[i].shadow = false;
	} else if (what < 10) {
		ws_lru_descriptor_access(&lru, i);
		use(&naive, &naive.page[i]);
	} else if (what == 10) {
		ws_lru_set_exec(&lru, i, a & 1);
		naive.page[i].exec = a & 1;
	} else {
		accessed[i / 64] |= 1ull << i % 64;
		naive_accessed[i / 64] |= 1ull << i % 64;
	}
}

/* A past in which some tier did well or badly: it would take long to come about by itself. */
static void step_past(u64 op)
{
	u32 type = diff_pick(&op, 2), tier = diff_pick(&op, 4);
	u64 refaulted = diff_pick(&op, 400), total = refaulted + diff_pick(&op, 1000);

	lru.refault.refaulted_avg[type][tier] = naive.refaulted_avg[type][tier] = refaulted;
	lru.refault.total_avg[type][tier] = naive.total_avg[type][tier] = total;
}

/* --- what programs say --- */

static void unlist_leaving(struct naive *n)
{
	for (u32 at = 0; at < n->gens * 2; at++) {
		struct list *list = &n->list[at / 2][at % 2];
		u32 kept = 0;

		for (u32 k = 0; k < list->count; k++)
			if (!n->page[list->page[k]].leaving)
				list->page[kept++] = list->page[k];
		list->count = kept;
	}
}

static void naive_deactivate(struct naive *n, struct naive_page *page)
{
	page->seq = seq_of_place(n, page->type == WS_ANON ? n->rules.place_pending :
				 n->rules.place_inactive, page->type, &page->history);
	page->leaving = true;
}

static void naive_cold(struct naive *n, struct naive_page *page)
{
	if (n->rules.cold == WS_COLD_HISTORY) {
		forget(page);
		if (page->seq == n->min_seq[page->type])
			return;
	}
	page->history.referenced = false;
	naive_deactivate(n, page);
}

static void naive_pageout(struct naive *n, struct naive_page *page)
{
	page->history.referenced = false;
	if (is_number(n))
		page->history.count &= ~1u;
	n->evicted[page->type][tier_of(n, &page->history)]++;
	n->victims[page->type]++;
	page->here = page->queued = false;
	page->shadow = page->leaving = true;
	page->shadow_seq = n->min_seq[page->type];
	page->shadow_history = page->history;
	if (n->rules.refs == WS_REFS_WORKINGSET_LAST)
		page->shadow_history.count = 0;
	page->shadow_age = n->age++;
}

enum step_advice { COLD, PAGEOUT, LOCK, UNLOCK };

static void naive_advise(struct naive *n, enum step_advice what, const u32 *pages, u32 count)
{
	for (u32 k = 0; k < count; k++) {
		struct naive_page *page = &n->page[pages[k]];

		if (what == UNLOCK) {
			page->locked = false;
			page->here = page->queued = true;
			naive_deactivate(n, page);
		} else if (page->here && what == COLD) {
			naive_cold(n, page);
		} else if (page->here && what == PAGEOUT) {
			naive_pageout(n, page);
		} else if (page->here) {
			page->here = page->queued = false;
			page->locked = page->leaving = true;
		}
	}
	unlist_leaving(n);
	for (u32 k = 0; k < count; k++) {
		struct naive_page *page = &n->page[pages[k]];

		if (page->leaving && page->here)
			list_append(n, pages[k]);
		page->leaving = false;
	}
}

/* Pages of an area, or all that are locked. */
static const char *step_advice(u64 op)
{
	enum step_advice what = diff_pick(&op, 4);
	u32 first = diff_pick(&op, PAGES), most = 1 + diff_pick(&op, 100), count = 0, here = 0, done = 0;
	u32 pages[PAGES], shadows[PAGES];

	for (u32 i = first; what != UNLOCK && i < PAGES && i < first + most; i++)
		if (!naive.page[i].locked)
			pages[count++] = i;
	for (u32 i = 0; what == UNLOCK && i < PAGES; i++)
		if (naive.page[i].locked)
			pages[count++] = i;
	for (u32 i = 0; i < count; i++)
		here += naive.page[pages[i]].here;
	if (what == COLD)
		done = ws_advice_cold(&lru, pages, count);
	else if (what == PAGEOUT)
		done = ws_advice_pageout(&lru, pages, count, shadows);
	else if (what == LOCK)
		done = ws_advice_lock(&lru, pages, count);
	else
		ws_advice_unlock(&lru, pages, count);
	for (u32 i = 0; what == PAGEOUT && i < count; i++)
		if (naive.page[pages[i]].here)
			shadow[pages[i]] = shadows[i];
	naive_advise(&naive, what, pages, count);
	return done == here ? NULL : "number of pages advised";
}

static const char *compare(void)
{
	const struct ws_refault *refault = &lru.refault;

	if (!ws_lru_check(&lru))
		return "ws_lru_check()";
	if (lru.age.max_seq != naive.max_seq || memcmp(lru.age.min_seq, naive.min_seq, 16))
		return "sequence numbers";
	for (u32 i = 0; i < PAGES; i++)
		if (ws_page_aged(entry[i]) != naive.page[i].here ||
		    (naive.page[i].here && ws_age_seq(&lru.age, i) != naive.page[i].seq))
			return "generation of a page";
	if (memcmp(refault->refaulted, naive.refaulted, sizeof(naive.refaulted)) ||
	    memcmp(refault->evicted, naive.evicted, sizeof(naive.evicted)) ||
	    memcmp(refault->protected, naive.protected, sizeof(naive.protected)) ||
	    memcmp(refault->refaulted_avg, naive.refaulted_avg, sizeof(naive.refaulted_avg)) ||
	    memcmp(refault->total_avg, naive.total_avg, sizeof(naive.total_avg)))
		return "the controller's counts";
	if (memcmp(refault->workingset_refault, naive.refaults, 16) ||
	    memcmp(refault->workingset_recent, naive.recent, 16) ||
	    memcmp(refault->workingset_restore, naive.restores, 16) ||
	    memcmp(refault->workingset_activate, naive.activations, 16) ||
	    memcmp(lru.evicted_pages, naive.victims, 16) ||
	    lru.protected_pages != naive.protections)
		return "running totals";
	for (u32 swappiness = 0; swappiness < 2; swappiness++)
		if (ws_lru_wants_ageing(&lru, swappiness) != naive_wants_ageing(&naive, swappiness))
			return "whether ageing is wanted";
	return NULL;
}


/* What is changed in a version of the rules. */
enum variant {
	AS_IS, BY_DISTANCE, OTHER_SETPOINT, NO_TIERS, NO_CONTROLLER, BY_SHARE, SPREAD, AHEAD_YOUNGEST,
	OTHER_FOLD, OTHER_AHEAD, OTHER_END, FIXED_SWAPPINESS, OTHER_ROUND,
	OTHER_SWAPLESS, OTHER_COLD, VARIANTS
};

static void change(struct ws_rules *rules, enum variant variant)
{
	switch (variant) {
	case BY_DISTANCE: rules->recency = WS_RECENCY_DISTANCE; break;
	case OTHER_SETPOINT: rules->setpoint = !rules->setpoint; break;
	case NO_TIERS: rules->tiers = 0; break;
	case NO_CONTROLLER: rules->controller = 0; break;
	case BY_SHARE: rules->choice = WS_CHOICE_SHARE; break;
	case SPREAD: rules->ageing = WS_AGEING_SPREAD; break;
	case AHEAD_YOUNGEST: rules->ahead = WS_AHEAD_YOUNGEST; break;
	case OTHER_FOLD: rules->fold = !rules->fold; break;
	case OTHER_AHEAD: rules->ahead = !rules->ahead; break;
	case OTHER_END: rules->protects_old = !rules->protects_old; break;
	case FIXED_SWAPPINESS: rules->swappiness = 77; break;
	case OTHER_ROUND: rules->round = (u8)((rules->round + 1) % (WS_ROUND_WANTED + 1)); break;
	case OTHER_COLD: rules->cold = rules->refs == WS_REFS_NUMBER || !rules->cold; break;
	case OTHER_SWAPLESS: rules->swapless = !rules->swapless; break;
	case AS_IS:
	case VARIANTS:
	default: break;
	}
}

/* @choice: generations, version of the rules, and what is changed in it */
#define LRU_CHOICE(gens, row, variant) (((variant) * WS_RULES_COUNT + (row)) * 64 + (gens))

static const char *lru_world_begin(u32 choice)
{
	memset(&naive, 0, sizeof(naive));
	memset(entry, 0, sizeof(entry));
	memset(pool, 0, sizeof(pool));
	memset(accessed, 0, sizeof(accessed));
	memset(naive_accessed, 0, sizeof(accessed));
	memset(gone, 0, sizeof(gone));
	naive.rules = ws_rules_table[choice / 64 % WS_RULES_COUNT];
	change(&naive.rules, choice / 64 / WS_RULES_COUNT);
	naive.rules.gens = (u8)(choice % 64);
	naive.gens = naive.rules.gens;
	naive.max_seq = naive.gens - 1;
	/* The base has a way of its own in. */
	if (choice / 64 == 0)
		return ws_lru_init(&lru, entry, pool, PAGES, naive.gens, 0) ? "init" : NULL;
	return ws_lru_init_rules(&lru, entry, pool, PAGES, &naive.rules, 0) ? "init" : NULL;
}

static inline const char *lru_world_run(const u64 *op, u32 count, u32 choice)
{
	const char *fault = lru_world_begin(choice);

	for (u32 i = 0; i < count && !fault; i++) {
		u64 rest = op[i];
		u32 what = diff_pick(&rest, 1024);

		if (what == 0)
			step_age(rest, i);
		else if (what < 4)
			fault = step_advice(rest);
		else if (what < 100)
			fault = step_evict(rest);
		else if (what < 120)
			step_past(rest);
		else
			step_page(rest);
		if (!fault && (i % 64 == 0 || i + 1 == count))
			fault = compare();
	}
	return fault;
}

#endif /* NAIVE_LRU_H */
