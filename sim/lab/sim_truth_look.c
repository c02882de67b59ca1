/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sim_truth_look.c - what a kernel sees of accessed bits, in the page tables of a log's
 * processes; see sim_truth.h.
 *
 * Eviction that finds a page accessed looks around it.  Folios of several pages are looked at and
 * move as one: that of the page, each of whose entries the kernel asks in turn, and those
 * around it, which an entry in the window marks as accessed, again and again as windows meet
 * more of their entries.
 */
#include <string.h>

#include "lab/sim_truth_replay.h"

#define TABLE_PAGES 512u

/* Pages @first..@first + @count - 1 of the replay. */
struct folio {
	u32 first, count;
};

static const struct sim_truth_region *region_of(const struct truth_replay *replay, u32 page)
{
	u32 i;

	for (i = 0; page >= replay->first_page[i + 1];)
		i++;
	return &replay->section->region[i];
}

/*
 * How readahead of 32 pages cuts a file that is gone through from its beginning: in folios that
 * grow with each turn of it (page_cache_ra_order()), up to 32 pages.  Seen so in 6.18 and 7.3.
 */
static u32 folio_order(char kind, u32 page)
{
	if (kind == 'm')
		return page < 32 ? 0 : page < 64 ? 2 : page < 96 ? 4 : 5;
	return page < 4 ? 0 : page < 16 ? 2 : page < 32 ? 3 : page < 64 ? 4 : 5;
}

static struct folio folio_of(const struct truth_replay *replay, u32 page)
{
	const struct sim_truth_region *region = region_of(replay, page);
	u32 first = replay->first_page[region - replay->section->region];
	u32 order = 0;

	if (replay->big_folios && truth_type(region) == WS_FILE)
		order = folio_order(region->kind, page - first);
	return (struct folio){ .first = page >> order << order, .count = 1u << order };
}

/*
 * Where the kernel's look-around begins: with 32 pages before the victim, but within its
 * mapping and its page table, 64 in all.
 */
static u32 window(void *ctx, u32 page)
{
	const struct truth_replay *replay = ctx;
	u32 region = (u32)(region_of(replay, page) - replay->section->region);
	u32 start = replay->first_page[region], end = replay->first_page[region + 1];

	start += (page - start) / TABLE_PAGES * TABLE_PAGES;
	if (start + TABLE_PAGES < end)
		end = start + TABLE_PAGES;
	if (page - start < WS_LOOK_AROUND / 2)
		return start;
	return end - page < WS_LOOK_AROUND / 2 ? end - WS_LOOK_AROUND : page - WS_LOOK_AROUND / 2;
}

/* Test and clear 64 bits from number @first on. */
static u64 take_bits(u64 *bits, u32 first)
{
	u32 shift = first % 64;
	u64 *word = &bits[first / 64], mask = ~0ull << shift;
	u64 taken = (word[0] & mask) >> shift;

	word[0] &= ~mask;
	if (shift) {
		taken |= word[1] << (64 - shift);
		word[1] &= mask;
	}
	return taken;
}

static void restore(void *ctx, u32 first, u64 young)
{
	struct truth_replay *replay = ctx;

	for (; young; young &= young - 1)
		truth_set(replay->young, first + (u32)__builtin_ctzll(young), true);
}

/* @folio, which lies within 64 pages that begin at a multiple of 64, was seen accessed. */
static void see_folio(struct truth_replay *replay, struct folio folio)
{
	u32 begin = folio.first & ~63u;
	u64 word = ((2ull << (folio.count - 1)) - 1) << (folio.first - begin);

	ws_lru_harvest(&replay->group[region_of(replay, folio.first)->group].lru, begin, &word, 64);
}

/* A window at @page, of the folio @own: others in it are seen, except those awaiting their turn. */
static void see_window(struct truth_replay *replay, u32 page, struct folio own)
{
	u32 first = window(replay, page), last = WS_NO_PAGE, i;

	for (i = first; i < first + WS_LOOK_AROUND; i++) {
		struct folio folio = folio_of(replay, i);

		if (!truth_is_set(replay->young, i) || folio.first == own.first ||
		    !ws_page_aged(replay->page[i]))
			continue;
		truth_set(replay->young, i, false);
		if (folio.first != last)
			see_folio(replay, folio);
		last = folio.first;
	}
}

/* Goes through all entries of @folio.  Return: any of them accessed? */
static bool judge_folio(struct truth_replay *replay, struct folio folio)
{
	bool young = false;
	u32 page;

	for (page = folio.first; page < folio.first + folio.count; page++) {
		if (!truth_is_set(replay->young, page))
			continue;
		truth_set(replay->young, page, false);
		if (!young || !replay->folios_at_once)
			see_window(replay, page, folio);
		young = true;
	}
	return young;
}

/* The first page of a folio that eviction asks about decides for all. */
static bool folio_is_young(struct truth_replay *replay, struct folio folio)
{
	if (!replay->judged_left || replay->judged != folio.first) {
		replay->judged = folio.first;
		replay->judged_left = folio.count;
		replay->judged_young = judge_folio(replay, folio);
	}
	replay->judged_left--;
	return replay->judged_young;
}

static u64 look_around(void *ctx, u32 page)
{
	struct truth_replay *replay = ctx;
	const struct sim_truth_region *region = region_of(replay, page);
	struct folio folio = folio_of(replay, page);

	if (folio.count > 1)
		return (u64)folio_is_young(replay, folio) << (page - window(ctx, page));
	if (!truth_is_set(replay->young, page) || (region->kind == 'x' && !replay->random_is_seen))
		return 0;
	if (region->kind == 'x' || (replay->anon_stands_alone && truth_type(region) == WS_ANON)) {
		truth_set(replay->young, page, false);
		return 1ull << (page - window(ctx, page));
	}
	return take_bits(replay->young, window(ctx, page));
}

const struct ws_lru_ops truth_look_ops = {
	.look_around = look_around, .window = window, .restore = restore,
};

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

static void spread_folio(struct truth_replay *replay, struct folio folio)
{
	u64 mask = ((2ull << (folio.count - 1)) - 1) << folio.first % 64;
	u64 *word = &replay->young[folio.first / 64];

	if (*word & mask)
		*word |= mask;
}

void truth_look_spread(struct truth_replay *replay, const struct sim_truth_region *region, u32 page,
		       u32 count)
{
	u32 i = page;

	if (region->kind == 'h')
		spread_huge(&replay->young[page / 64], count / 64);
	if (!replay->big_folios || region->kind != 'm')
		return;
	while (i < page + count) {
		struct folio folio = folio_of(replay, i);

		spread_folio(replay, folio);
		i = folio.first + folio.count;
	}
}
