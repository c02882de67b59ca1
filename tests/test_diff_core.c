/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_diff_core.c - ageing, binning and queues against models that are slow and plain.
 *
 * Each model is a few lines that anyone can check by eye: a page remembers what was the
 * youngest generation when it was last used, and everything else is found by looking at
 * all pages again.  Random sequences of operations run on both; a sequence that ends in
 * a difference is cut down by halving it from the front of its tail, and its seed printed.
 */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "ws_lru.h"
#include "ws_report.h"

#define PAGES 700u /* no multiple of 64 or 512 */
#define SEQ_MAX 4096u

static u64 draw(u64 *state)
{
	u64 z = *state += 0x9e3779b97f4a7c15ull;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return z ^ z >> 31;
}

static u32 below(u64 *state, u32 limit)
{
	return (u32)(draw(state) % limit);
}

/* --- the model of ageing ------------------------------------------------------------- */

struct naive_page {
	bool here;
	enum ws_type type;
	u64 used_seq; /* the youngest generation when the page was last used */
};

struct naive_age {
	struct naive_page page[PAGES];
	u32 gens;
	u64 max_seq, min_seq[WS_TYPES];
	u64 birth_ns[SEQ_MAX]; /* by seq */
};

static void naive_init(struct naive_age *naive, u32 gens, u64 now_ns)
{
	memset(naive, 0, sizeof(*naive));
	naive->gens = gens;
	naive->max_seq = gens - 1;
	for (u32 seq = 0; seq < gens; seq++)
		naive->birth_ns[seq] = now_ns;
}

/* A page is as old as its last use, but never older than the oldest generation. */
static u64 naive_seq(const struct naive_age *naive, u32 page)
{
	u64 min_seq = naive->min_seq[naive->page[page].type];

	return naive->page[page].used_seq > min_seq ? naive->page[page].used_seq : min_seq;
}

static void naive_advance(struct naive_age *naive, u64 now_ns)
{
	for (int type = 0; type < WS_TYPES; type++)
		if (naive->max_seq - naive->min_seq[type] + 1 == naive->gens)
			naive->min_seq[type]++;
	naive->birth_ns[++naive->max_seq] = now_ns;
}

static u64 naive_pages(const struct naive_age *naive, u64 seq, enum ws_type type)
{
	u64 pages = 0;

	for (u32 i = 0; i < PAGES; i++)
		pages += naive->page[i].here && naive->page[i].type == type &&
			 naive_seq(naive, i) == seq;
	return pages;
}

static u64 naive_clamp(const struct naive_age *naive, enum ws_type type, u64 seq)
{
	if (seq < naive->min_seq[type])
		return naive->min_seq[type];
	return seq > naive->max_seq ? naive->max_seq : seq;
}

/* --- the model of binning: each bin by itself, in 128 bits ----------------------------- */

/* How many of @pages, evenly spread over [from, to), lie below @edge? */
static u64 naive_below(u64 from, u64 to, u64 pages, u64 edge)
{
	if (edge <= from)
		return 0;
	if (edge >= to)
		return pages;
	return (u64)((unsigned __int128)pages * (edge - from) / (to - from));
}

static u64 naive_bin(const u64 *edge_ns, u32 edges_count, u32 bin, u64 from, u64 to, u64 pages)
{
	if (from == to) {
		bool above = bin == 0 || edge_ns[bin - 1] <= from;
		bool under = bin == edges_count || from < edge_ns[bin];

		return above && under ? pages : 0;
	}
	return (bin == edges_count ? pages : naive_below(from, to, pages, edge_ns[bin])) -
	       (bin ? naive_below(from, to, pages, edge_ns[bin - 1]) : 0);
}

/* --- both together ------------------------------------------------------------------- */

struct world {
	struct naive_age naive;
	struct ws_age age;
	u16 page[PAGES];
	u64 now_ns;
	const char *fault;
};

static void world_compare(struct world *world)
{
	const struct naive_age *naive = &world->naive;
	const struct ws_age *age = &world->age;

	if (age->max_seq != naive->max_seq || memcmp(age->min_seq, naive->min_seq, 16))
		world->fault = "sequence numbers";
	if (!ws_age_check(age))
		world->fault = "ws_age_check()";
	for (u32 i = 0; i < PAGES && !world->fault; i++) {
		if (ws_page_aged(world->page[i]) != naive->page[i].here)
			world->fault = "presence";
		else if (naive->page[i].here && ws_age_seq(age, i) != naive_seq(naive, i))
			world->fault = "generation of a page";
	}
	for (int type = 0; type < WS_TYPES && !world->fault; type++)
		for (u64 seq = age->min_seq[type]; seq <= age->max_seq; seq++)
			if (ws_age_pages(age, seq, type) != naive_pages(naive, seq, type) ||
			    ws_age_birth(age, seq) != naive->birth_ns[seq])
				world->fault = "pages or birth of a generation";
}

static void world_bins(struct world *world, u64 *random)
{
	u64 edge_ns[WS_EDGES_MAX], edge = 0;
	u32 edges_count = 1 + below(random, WS_EDGES_MAX);
	struct ws_hist hist;

	for (u32 i = 0; i < edges_count; i++)
		edge_ns[i] = edge += 1 + below(random, 400);
	ws_hist_init(&hist, edge_ns, edges_count);
	ws_age_collect(&world->age, &hist, world->now_ns);
	for (int type = 0; type < WS_TYPES; type++) {
		for (u32 bin = 0; bin <= edges_count; bin++) {
			u64 want = 0, from = 0;

			for (u64 seq = world->naive.max_seq;; seq--) {
				u64 to = world->now_ns - world->naive.birth_ns[seq];

				want += naive_bin(edge_ns, edges_count, bin, from, to,
						  naive_pages(&world->naive, seq, type));
				from = to;
				if (seq == world->naive.min_seq[type])
					break;
			}
			if (hist.pages[type][bin] != want)
				world->fault = "pages of a bin";
		}
	}
}

static void world_harvest(struct world *world, u64 *random)
{
	u32 first = below(random, PAGES) & ~63u, count = 1 + below(random, PAGES - first), moved = 0;
	u64 young[8];

	count = count > 512 ? 512 : count;
	for (u32 i = 0; i < 8; i++)
		young[i] = draw(random) & draw(random) & (below(random, 3) ? ~0ull : 0);
	for (u32 i = 0; i < count; i++) {
		struct naive_page *page = &world->naive.page[first + i];

		if (!(young[i / 64] >> i % 64 & 1) || !page->here)
			continue;
		moved += naive_seq(&world->naive, first + i) != world->naive.max_seq;
		page->used_seq = world->naive.max_seq;
	}
	if (ws_age_harvest(&world->age, first, young, count) != moved)
		world->fault = "number of pages harvested";
}

static void world_step(struct world *world, u64 *random)
{
	struct naive_age *naive = &world->naive;
	u32 what = below(random, 32), i = below(random, PAGES);
	struct naive_page *page = &naive->page[i];
	enum ws_type type = below(random, 2);
	u64 seq = naive->max_seq + 2 - below(random, naive->gens + 4);
	bool folded[WS_TYPES];

	if ((s64)seq < 0)
		seq = 0;
	world->now_ns += below(random, 50);
	if (what < 2 && naive->max_seq + 1 < SEQ_MAX) {
		while (ws_age_advance(&world->age, world->now_ns, folded) == -EAGAIN)
			ws_age_tidy(&world->age, 1 + below(random, PAGES), NULL, NULL);
		naive_advance(naive, world->now_ns);
	} else if (what < 6) {
		world_harvest(world, random);
	} else if (what == 6) {
		ws_age_tidy(&world->age, below(random, 100), NULL, NULL);
	} else if (what == 7) {
		bool can = naive->max_seq - naive->min_seq[type] + 1 > WS_GENS_MIN;
		bool empty = !naive_pages(naive, naive->min_seq[type], type);

		if (below(random, 2))
			can = can && empty;
		if ((can && !empty ? ws_age_fold(&world->age, type) :
				     ws_age_drop_empty(&world->age, type)) != can)
			world->fault = "whether a generation could end";
		naive->min_seq[type] += can;
	} else if (what == 8) {
		world_bins(world, random);
	} else if (!page->here) {
		ws_age_add(&world->age, i, type, seq);
		*page = (struct naive_page){ true, type, naive_clamp(naive, type, seq) };
	} else if (what < 16) {
		ws_age_remove(&world->age, i);
		page->here = false;
	} else {
		ws_age_move(&world->age, i, seq);
		page->used_seq = naive_clamp(naive, page->type, seq);
	}
}

/* Runs @steps steps, of which those before @quiet skip what only looks.  NULL or the fault. */
static const char *world_run(u64 seed, u32 gens, u32 steps)
{
	static struct world world;
	u64 random = seed;

	memset(&world, 0, sizeof(world));
	naive_init(&world.naive, gens, 0);
	cr_assert_eq(ws_age_init(&world.age, world.page, PAGES, gens, 0), 0);
	for (u32 i = 0; i < steps && !world.fault; i++) {
		world_step(&world, &random);
		if (i % 16 == 0 || i + 1 == steps)
			world_compare(&world);
	}
	return world.fault;
}

/* Shortest power-of-two-cut prefix that still fails: a place to set a breakpoint. */
static u32 shrink(const char *(*run)(u64, u32, u32), u64 seed, u32 param, u32 steps)
{
	for (u32 cut = steps / 2; cut; cut /= 2)
		while (steps > cut && run(seed, param, steps - cut))
			steps -= cut;
	return steps;
}

static void differ(const char *(*run)(u64, u32, u32), u64 seed, u32 param, u32 steps)
{
	const char *fault = run(seed, param, steps);

	if (fault) {
		steps = shrink(run, seed, param, steps);
		cr_assert_fail("%s differs: seed %llu, parameter %u, %u steps", fault, seed, param,
			       steps);
	}
}

Test(diff_core, ageing_agrees_with_last_uses_rescanned)
{
	static const u32 gens[] = { 2, 3, 4, 5, 8, 31, 64 };

	for (u32 i = 0; i < sizeof(gens) / sizeof(*gens); i++)
		for (u64 seed = 1; seed <= 2; seed++)
			differ(world_run, seed, gens[i], 9000);
}

Test(diff_core, labels_run_out_and_are_tidied)
{
	/* Every page keeps its first label until it is tidied: 255 passes use all labels up. */
	static struct ws_age age;
	static u16 page[PAGES];
	bool folded[WS_TYPES];
	u32 refused = 0;

	cr_assert_eq(ws_age_init(&age, page, PAGES, 4, 0), 0);
	for (u32 i = 0; i < 600; i++) {
		ws_age_add(&age, i, WS_ANON, age.max_seq);
		while (ws_age_advance(&age, i, folded)) {
			refused++;
			cr_assert_eq(ws_age_tidy(&age, PAGES, NULL, NULL), PAGES);
		}
		cr_assert(ws_age_check(&age));
	}
	cr_assert_gt(refused, 0);
	cr_assert_lt(refused, 5);
	cr_assert_eq(ws_age_total(&age), 600);
}

/* --- spans --------------------------------------------------------------------------- */

static const char *span_run(u64 seed, u32 wide, u32 steps)
{
	u64 random = seed;

	for (u32 step = 0; step < steps; step++) {
		u64 edge_ns[WS_EDGES_MAX], edge = 0, from, to, pages;
		u32 edges_count = 1 + below(&random, WS_EDGES_MAX);
		struct ws_hist hist;

		for (u32 i = 0; i < edges_count; i++)
			edge_ns[i] = edge += 1 + (draw(&random) >> (wide ? 8 + below(&random, 50) : 58));
		from = draw(&random) >> (wide ? 2 + below(&random, 60) : 54);
		to = from + (draw(&random) >> (wide ? 2 + below(&random, 60) : 54));
		if (below(&random, 8) == 0)
			to = from;
		if (below(&random, 8) == 0)
			from = edge_ns[below(&random, edges_count)];
		if (to < from)
			to = from;
		pages = draw(&random) >> below(&random, 64);
		if (ws_hist_init(&hist, edge_ns, edges_count))
			return "init";
		ws_hist_add_span(&hist, WS_FILE, from, to, pages);
		for (u32 bin = 0; bin <= edges_count; bin++)
			if (hist.pages[WS_FILE][bin] !=
			    naive_bin(edge_ns, edges_count, bin, from, to, pages))
				return "pages of a bin";
		if (ws_hist_total(&hist, WS_FILE) != pages || ws_hist_total(&hist, WS_ANON))
			return "total";
	}
	return NULL;
}

Test(diff_core, spans_agree_with_exact_fractions)
{
	for (u64 seed = 1; seed <= 4; seed++) {
		differ(span_run, seed, 0, 10000);
		differ(span_run, seed, 1, 10000);
	}
}

/* --- queues: arrays that are shifted --------------------------------------------------- */

#define QUEUES 6u

struct naive_queue {
	u32 count, page[PAGES];
};

static void naive_insert(struct naive_queue *queue, u32 at, u32 page)
{
	memmove(queue->page + at + 1, queue->page + at, (queue->count - at) * sizeof(u32));
	queue->page[at] = page;
	queue->count++;
}

static u32 naive_take(struct naive_queue *queue)
{
	u32 page = queue->page[0];

	memmove(queue->page, queue->page + 1, --queue->count * sizeof(u32));
	return page;
}

static void naive_join(struct naive_queue *queue, struct naive_queue *older)
{
	memmove(queue->page + older->count, queue->page, queue->count * sizeof(u32));
	memcpy(queue->page, older->page, older->count * sizeof(u32));
	queue->count += older->count;
	older->count = 0;
}

struct walk {
	const struct naive_queue *naive;
	u32 at;
	bool bad;
};

static void walk_visit(void *ctx, u32 page)
{
	struct walk *walk = ctx;

	walk->bad |= walk->at >= walk->naive->count || walk->naive->page[walk->at] != page;
	walk->at++;
}

static const char *queue_compare(const struct ws_queue *queue, const u32 *pool,
				 const struct naive_queue *naive)
{
	struct walk walk = { naive, 0, false };

	if (!ws_queue_walk(queue, pool, walk_visit, &walk))
		return "chain";
	if (walk.bad || walk.at != naive->count || ws_queue_empty(queue) != !naive->count)
		return "order";
	return NULL;
}

/* @burst: how many operations of one kind come together */
static const char *queue_run(u64 seed, u32 burst, u32 steps)
{
	static struct naive_queue naive[QUEUES];
	static struct ws_queue queue[QUEUES];
	const char *fault = NULL;
	u32 *pool = calloc(1, ws_queue_footprint(PAGES)), free_count = PAGES, i;
	static u32 free_page[PAGES];
	u64 random = seed;

	memset(naive, 0, sizeof(naive));
	ws_queue_pool_init(pool, PAGES);
	for (i = 0; i < QUEUES; i++)
		ws_queue_init(&queue[i]);
	for (i = 0; i < PAGES; i++)
		free_page[i] = i;
	for (u32 step = 0; step < steps && !fault; step++) {
		u32 a = below(&random, QUEUES), b = below(&random, QUEUES), what = below(&random, 16);

		for (u32 times = 1 + below(&random, burst); times; times--) {
			if (what < 8 && free_count) {
				u32 page = free_page[--free_count];

				if (what < 3) {
					ws_queue_add_old(&queue[a], pool, page);
					naive_insert(&naive[a], 0, page);
				} else {
					ws_queue_add_young(&queue[a], pool, page);
					naive_insert(&naive[a], naive[a].count, page);
				}
			} else if (what < 13) {
				u32 page = ws_queue_take_old(&queue[a], pool);

				if (page != (naive[a].count ? naive[a].page[0] : WS_NO_PAGE))
					fault = "page at the old end";
				if (naive[a].count)
					free_page[free_count++] = naive_take(&naive[a]);
			}
		}
		if (what >= 13 && a != b) {
			ws_queue_join(&queue[a], &queue[b], pool);
			naive_join(&naive[a], &naive[b]);
		}
		for (i = 0; i < QUEUES && !fault; i++)
			fault = queue_compare(&queue[i], pool, &naive[i]);
	}
	free(pool);
	return fault;
}

Test(diff_core, queues_agree_with_shifted_arrays)
{
	for (u64 seed = 1; seed <= 4; seed++) {
		differ(queue_run, seed, 1, 6000);
		differ(queue_run, seed, 20, 2000);
		differ(queue_run, seed, 60, 2000);
	}
}
