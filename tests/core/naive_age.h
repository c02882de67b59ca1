/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * naive_age.h - ageing and binning once more, slow and plain; and both sides in step.
 *
 * The model is a few lines that anyone can check by eye: a page remembers what was the
 * youngest generation when it was last used, and everything else is found by looking at
 * all pages again; a bin is computed by itself, in 128 bits.  test_diff_core.c drives
 * both sides by random operations, fuzz_age.c by a fuzzer's.
 */
#ifndef NAIVE_AGE_H
#define NAIVE_AGE_H

#include <string.h>

#include "diff.h"
#include "ws_age.h"
#include "ws_report.h"

#define NAIVE_AGE_PAGES 700u /* no multiple of 64 or 512 */
#define NAIVE_AGE_SEQ_MAX 4096u

struct naive_age_page {
	bool here;
	enum ws_type type;
	u64 used_seq; /* the youngest generation when the page was last used */
};

struct naive_age {
	struct naive_age_page page[NAIVE_AGE_PAGES];
	u32 gens;
	u64 max_seq, min_seq[WS_TYPES];
	u64 birth_ns[NAIVE_AGE_SEQ_MAX]; /* by seq */
};

static inline void naive_age_init(struct naive_age *naive, u32 gens, u64 now_ns)
{
	memset(naive, 0, sizeof(*naive));
	naive->gens = gens;
	naive->max_seq = gens - 1;
	for (u32 seq = 0; seq < gens; seq++)
		naive->birth_ns[seq] = now_ns;
}

/* A page is as old as its last use, but never older than the oldest generation. */
static inline u64 naive_age_seq(const struct naive_age *naive, u32 page)
{
	u64 min_seq = naive->min_seq[naive->page[page].type];

	return naive->page[page].used_seq > min_seq ? naive->page[page].used_seq : min_seq;
}

/* The oldest pages of a type that stays are called the youngest. */
static inline void naive_age_pass_over(struct naive_age *naive, enum ws_type type)
{
	for (u32 i = 0; i < NAIVE_AGE_PAGES; i++)
		if (naive->page[i].type == type &&
		    naive_age_seq(naive, i) == naive->min_seq[type])
			naive->page[i].used_seq = naive->max_seq + 1;
}

static inline void naive_age_advance(struct naive_age *naive, u64 now_ns, const bool *stay)
{
	for (enum ws_type type = WS_ANON; type < WS_TYPES; type++) {
		if (naive->max_seq - naive->min_seq[type] + 1 < naive->gens)
			continue;
		if (stay[type])
			naive_age_pass_over(naive, type);
		naive->min_seq[type]++;
	}
	naive->birth_ns[++naive->max_seq] = now_ns;
}

/* How many pages of @type each generation has, from the type's oldest one on. */
static inline void naive_age_tally(const struct naive_age *naive, enum ws_type type,
				   u64 pages[WS_GENS_MAX])
{
	memset(pages, 0, sizeof(u64) * WS_GENS_MAX);
	for (u32 i = 0; i < NAIVE_AGE_PAGES; i++)
		if (naive->page[i].here && naive->page[i].type == type)
			pages[naive_age_seq(naive, i) - naive->min_seq[type]]++;
}

static inline u64 naive_age_clamp(const struct naive_age *naive, enum ws_type type, u64 seq)
{
	if (seq < naive->min_seq[type])
		return naive->min_seq[type];
	return seq > naive->max_seq ? naive->max_seq : seq;
}

/* --- binning --------------------------------------------------------------------------- */

/* How many of @pages, evenly spread over [from, to), lie below @edge? */
static inline u64 naive_below(u64 from, u64 to, u64 pages, u64 edge)
{
	if (edge <= from)
		return 0;
	if (edge >= to)
		return pages;
	return (u64)((unsigned __int128)pages * (edge - from) / (to - from));
}

static inline u64 naive_bin(const u64 *edge_ns, u32 edges_count, u32 bin, u64 from, u64 to,
			    u64 pages)
{
	if (from == to) {
		bool above = bin == 0 || edge_ns[bin - 1] <= from;
		bool under = bin == edges_count || from < edge_ns[bin];

		return above && under ? pages : 0;
	}
	return (bin == edges_count ? pages : naive_below(from, to, pages, edge_ns[bin])) -
	       (bin ? naive_below(from, to, pages, edge_ns[bin - 1]) : 0);
}

/* --- both in step ------------------------------------------------------------------------ */

struct age_world {
	struct naive_age naive;
	struct ws_age age;
	u16 page[NAIVE_AGE_PAGES];
	u64 now_ns;
	const char *fault;
};

static inline void age_world_compare(struct age_world *world)
{
	const struct naive_age *naive = &world->naive;
	const struct ws_age *age = &world->age;

	if (age->max_seq != naive->max_seq || memcmp(age->min_seq, naive->min_seq, 16))
		world->fault = "sequence numbers";
	if (!ws_age_check(age))
		world->fault = "ws_age_check()";
	for (u32 i = 0; i < NAIVE_AGE_PAGES && !world->fault; i++) {
		if (ws_page_aged(world->page[i]) != naive->page[i].here)
			world->fault = "presence";
		else if (naive->page[i].here && ws_age_seq(age, i) != naive_age_seq(naive, i))
			world->fault = "generation of a page";
	}
	for (int type = 0; type < WS_TYPES && !world->fault; type++) {
		u64 pages[WS_GENS_MAX], seq = age->min_seq[type];

		naive_age_tally(naive, type, pages);
		for (u32 i = 0; seq <= age->max_seq; i++, seq++)
			if (ws_age_pages(age, seq, type) != pages[i] ||
			    ws_age_birth(age, seq) != naive->birth_ns[seq])
				world->fault = "pages or birth of a generation";
	}
}

/* A report, its edges from @op; every page is in a bin, and in the right one. */
static inline void age_world_bins(struct age_world *world, u64 op)
{
	u32 edges_count = 1 + diff_pick(&op, WS_EDGES_MAX);
	u64 edge_ns[WS_EDGES_MAX], edge = 0;
	struct ws_hist hist;

	for (u32 i = 0; i < edges_count; i++)
		edge_ns[i] = edge += 1 + diff_draw(&op) % 400;
	ws_hist_init(&hist, edge_ns, edges_count);
	ws_age_collect(&world->age, &hist, world->now_ns);
	for (int type = 0; type < WS_TYPES; type++) {
		u64 min_seq = world->naive.min_seq[type], pages[WS_GENS_MAX];

		naive_age_tally(&world->naive, type, pages);
		for (u32 bin = 0; bin <= edges_count; bin++) {
			u64 want = 0, from = 0;

			for (u64 seq = world->naive.max_seq;; seq--) {
				u64 to = world->now_ns - world->naive.birth_ns[seq];

				want += naive_bin(edge_ns, edges_count, bin, from, to,
						  pages[seq - min_seq]);
				from = to;
				if (seq == min_seq)
					break;
			}
			if (hist.pages[type][bin] != want)
				world->fault = "pages of a bin";
		}
	}
}

static inline void age_world_harvest(struct age_world *world, u64 op)
{
	u32 first = diff_pick(&op, NAIVE_AGE_PAGES) & ~63u;
	u32 count = 1 + diff_pick(&op, NAIVE_AGE_PAGES - first), sparse = diff_pick(&op, 3);
	u32 moved = 0;
	u64 young[8];

	count = count > 512 ? 512 : count;
	for (u32 i = 0; i < 8; i++) {
		young[i] = diff_draw(&op) & diff_draw(&op);
		if (sparse && diff_draw(&op) % 3)
			young[i] &= diff_draw(&op) & diff_draw(&op) & diff_draw(&op);
	}
	for (u32 i = 0; i < count; i++) {
		struct naive_age_page *page = &world->naive.page[first + i];

		if (!(young[i / 64] >> i % 64 & 1) || !page->here)
			continue;
		moved += naive_age_seq(&world->naive, first + i) != world->naive.max_seq;
		page->used_seq = world->naive.max_seq;
	}
	if (ws_age_harvest(&world->age, first, young, count) != moved)
		world->fault = "number of pages harvested";
	/* The same bits again find nothing left to do. */
	if (ws_age_harvest(&world->age, first, young, count))
		world->fault = "pages harvested twice";
}

static inline void age_world_advance(struct age_world *world, u64 op)
{
	bool folded[WS_TYPES], stay[WS_TYPES] = { diff_pick(&op, 4) == 0, diff_pick(&op, 4) == 0 };
	bool full[WS_TYPES];
	int error;

	if (world->naive.max_seq + 1 == NAIVE_AGE_SEQ_MAX)
		return;
	for (enum ws_type type = WS_ANON; type < WS_TYPES; type++)
		full[type] = ws_age_gens(&world->age, type) == world->age.gens;
	do {
		error = stay[0] || stay[1] || op % 2 ?
				ws_age_advance_over(&world->age, world->now_ns, stay, folded) :
				ws_age_advance(&world->age, world->now_ns, folded);
		if (error)
			ws_age_tidy(&world->age, 1 + diff_pick(&op, NAIVE_AGE_PAGES), NULL, NULL);
	} while (error);
	for (enum ws_type type = WS_ANON; type < WS_TYPES; type++)
		if (folded[type] != (full[type] && !stay[type]))
			world->fault = "what was folded";
	naive_age_advance(&world->naive, world->now_ns, stay);
}

static inline void age_world_fold(struct age_world *world, u64 op)
{
	struct naive_age *naive = &world->naive;
	enum ws_type type = diff_pick(&op, 2);
	bool drop = diff_pick(&op, 2), can, empty;
	u64 pages[WS_GENS_MAX];

	naive_age_tally(naive, type, pages);
	empty = !pages[0];
	can = naive->max_seq - naive->min_seq[type] + 1 > WS_GENS_MIN && (empty || !drop);
	if ((drop ? ws_age_drop_empty(&world->age, type) : ws_age_fold(&world->age, type)) != can)
		world->fault = "whether a generation could end";
	naive->min_seq[type] += can;
}

/* A page comes, goes or is moved. */
static inline void age_world_page(struct age_world *world, u64 op)
{
	struct naive_age *naive = &world->naive;
	u32 i = diff_pick(&op, NAIVE_AGE_PAGES);
	struct naive_age_page *page = &naive->page[i];
	enum ws_type type = diff_pick(&op, 2);
	u32 leave = diff_pick(&op, 2), back = diff_pick(&op, naive->gens + 4);
	u64 seq = naive->max_seq + 2 > back ? naive->max_seq + 2 - back : 0;

	if (!page->here) {
		ws_age_add(&world->age, i, type, seq);
		*page = (struct naive_age_page){ true, type, naive_age_clamp(naive, type, seq) };
	} else if (leave) {
		ws_age_remove(&world->age, i);
		page->here = false;
	} else {
		ws_age_move(&world->age, i, seq);
		page->used_seq = naive_age_clamp(naive, page->type, seq);
	}
}

static inline void age_world_step(struct age_world *world, u64 op)
{
	u32 what = diff_pick(&op, 32);

	world->now_ns += diff_pick(&op, 50);
	if (what < 2)
		age_world_advance(world, op);
	else if (what < 6)
		age_world_harvest(world, op);
	else if (what == 6)
		ws_age_tidy(&world->age, diff_pick(&op, 100), NULL, NULL);
	else if (what == 7)
		age_world_fold(world, op);
	else if (what == 8)
		age_world_bins(world, op);
	else
		age_world_page(world, op);
}

/* @gens generations; the whole state is compared every 16 operations and at the end. */
static inline const char *age_world_run(const u64 *op, u32 count, u32 gens)
{
	static struct age_world world;

	memset(&world, 0, sizeof(world));
	naive_age_init(&world.naive, gens, 0);
	if (ws_age_init(&world.age, world.page, NAIVE_AGE_PAGES, gens, 0))
		return "ws_age_init()";
	for (u32 i = 0; i < count && !world.fault; i++) {
		age_world_step(&world, op[i]);
		if (i % 16 == 0 || i + 1 == count)
			age_world_compare(&world);
	}
	return world.fault;
}

#endif /* NAIVE_AGE_H */
