/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_diff_core.c - ageing, binning and queues against models that are slow and plain.
 *
 * Random sequences of operations run on both; one that ends in a difference is shrunk and
 * printed (diff.h).
 */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "naive_age.h"
#include "ws_queue.h"

#define PAGES 700u

Test(diff_core, ageing_agrees_with_last_uses_rescanned)
{
	static const u32 gens[] = { 2, 3, 4, 5, 8, 31, 64 };

	for (u32 i = 0; i < sizeof(gens) / sizeof(*gens); i++)
		for (u64 seed = 1; seed <= 5; seed++)
			diff_expect_same(age_world_run, seed, gens[i], 30000);
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

/* One span, into bins whose edges lie close together or, with @wide, anywhere in 64 bits. */
static const char *span_step(u64 op, u32 wide)
{
	u32 edges_count = 1 + diff_pick(&op, WS_EDGES_MAX), degenerate = diff_pick(&op, 8);
	u64 edge_ns[WS_EDGES_MAX], edge = 0, from, to, pages;
	struct ws_hist hist;

	for (u32 i = 0; i < edges_count; i++)
		edge_ns[i] = edge += 1 + (diff_draw(&op) >> (wide ? 8 + diff_draw(&op) % 50 : 58));
	from = diff_draw(&op) >> (wide ? 2 + diff_draw(&op) % 60 : 54);
	to = from + (diff_draw(&op) >> (wide ? 2 + diff_draw(&op) % 60 : 54));
	if (degenerate == 0)
		to = from;
	if (degenerate < 3)
		from = edge_ns[diff_draw(&op) % edges_count];
	if (to < from)
		to = from;
	pages = diff_draw(&op) >> diff_draw(&op) % 64;
	if (ws_hist_init(&hist, edge_ns, edges_count))
		return "init";
	ws_hist_add_span(&hist, WS_FILE, from, to, pages);
	for (u32 bin = 0; bin <= edges_count; bin++)
		if (hist.pages[WS_FILE][bin] != naive_bin(edge_ns, edges_count, bin, from, to, pages))
			return "pages of a bin";
	if (ws_hist_total(&hist, WS_FILE) != pages || ws_hist_total(&hist, WS_ANON))
		return "total";
	return NULL;
}

static const char *span_run(const u64 *op, u32 count, u32 wide)
{
	const char *fault = NULL;

	for (u32 i = 0; i < count && !fault; i++)
		fault = span_step(op[i], wide);
	return fault;
}

Test(diff_core, spans_agree_with_exact_fractions)
{
	for (u64 seed = 1; seed <= 5; seed++) {
		diff_expect_same(span_run, seed, 0, 100000);
		diff_expect_same(span_run, seed, 1, 100000);
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

static void naive_reverse(struct naive_queue *queue)
{
	for (u32 i = 0; i < queue->count / 2; i++) {
		u32 page = queue->page[i];

		queue->page[i] = queue->page[queue->count - 1 - i];
		queue->page[queue->count - 1 - i] = page;
	}
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


struct queue_world {
	struct naive_queue naive[QUEUES];
	struct ws_queue queue[QUEUES];
	u32 free_page[PAGES], free_count;
	u32 *pool;
};

/* Take the page at the old end.  Return: is it the right one? */
static bool queue_take(struct queue_world *world, u32 a)
{
	u32 page = ws_queue_take_old(&world->queue[a], world->pool);
	bool right = page == (world->naive[a].count ? world->naive[a].page[0] : WS_NO_PAGE);

	if (world->naive[a].count)
		world->free_page[world->free_count++] = naive_take(&world->naive[a]);
	return right;
}

static void queue_put(struct queue_world *world, u32 a, bool old)
{
	u32 page;

	if (!world->free_count)
		return;
	page = world->free_page[--world->free_count];
	if (old)
		ws_queue_add_old(&world->queue[a], world->pool, page);
	else
		ws_queue_add_young(&world->queue[a], world->pool, page);
	naive_insert(&world->naive[a], old ? 0 : world->naive[a].count, page);
}

/* A sieve lets pages through that a multiplication tells; they go to another queue. */
struct sieve {
	struct queue_world *world;
	u32 factor, limit, to;
	u32 taken[PAGES], taken_count;
};

static bool is_misfit(const struct sieve *sieve, u32 page)
{
	return page * sieve->factor >> 16 < sieve->limit;
}

static u32 misfits(void *ctx, const u32 *pages, u32 count)
{
	u32 mask = 0;

	for (u32 i = 0; i < count; i++)
		mask |= (u32)is_misfit(ctx, pages[i]) << i;
	return mask;
}

static void take(void *ctx, u32 page)
{
	struct sieve *sieve = ctx;

	sieve->taken[sieve->taken_count++] = page;
	ws_queue_add_old(&sieve->world->queue[sieve->to], sieve->world->pool, page);
}

static const char *queue_sift(struct queue_world *world, u64 op, u32 a, u32 b)
{
	static const struct ws_queue_sieve asks = { misfits, take };
	struct sieve sieve = { .world = world, .to = b, .factor = diff_draw(&op) | 1 };
	struct naive_queue *naive = &world->naive[a];
	u32 left = 0, taken = 0;

	/* None, few, most or all of them. */
	sieve.limit = (u32[]){ 0, 0x600, 0xe000, 0x10000 }[diff_pick(&op, 4)];
	ws_queue_sift(&world->queue[a], world->pool, &asks, &sieve);
	for (u32 i = 0; i < naive->count; i++) {
		u32 page = naive->page[i];

		if (!is_misfit(&sieve, page)) {
			naive->page[left++] = page;
			continue;
		}
		if (taken == sieve.taken_count || sieve.taken[taken++] != page)
			return "what is sifted";
		naive_insert(&world->naive[b], 0, page);
	}
	naive->count = left;
	return taken == sieve.taken_count ? NULL : "more is sifted";
}

/* @burst: how many operations of one kind come together */
static const char *queue_step(struct queue_world *world, u64 op, u32 burst)
{
	u32 a = diff_pick(&op, QUEUES), b = diff_pick(&op, QUEUES), what = diff_pick(&op, 16);

	for (u32 times = 1 + diff_pick(&op, burst); times; times--) {
		if (what < 8)
			queue_put(world, a, what < 3);
		else if (what < 13 && !queue_take(world, a))
			return "page at the old end";
	}
	if (what == 13) {
		ws_queue_reverse(&world->queue[a], world->pool);
		naive_reverse(&world->naive[a]);
	} else if (what == 14 && a != b) {
		return queue_sift(world, op, a, b);
	} else if (what == 15 && a != b) {
		ws_queue_join(&world->queue[a], &world->queue[b], world->pool);
		naive_join(&world->naive[a], &world->naive[b]);
	}
	return NULL;
}

static const char *queue_run(const u64 *op, u32 count, u32 burst)
{
	static struct queue_world world;
	const char *fault = NULL;

	memset(&world, 0, sizeof(world));
	world.pool = calloc(1, ws_queue_footprint(PAGES));
	ws_queue_pool_init(world.pool, PAGES);
	for (u32 i = 0; i < QUEUES; i++)
		ws_queue_init(&world.queue[i]);
	for (u32 i = 0; i < PAGES; i++)
		world.free_page[world.free_count++] = i;
	for (u32 step = 0; step < count && !fault; step++) {
		fault = queue_step(&world, op[step], burst);
		for (u32 i = 0; i < QUEUES && !fault && step % 8 == 0; i++)
			fault = queue_compare(&world.queue[i], world.pool, &world.naive[i]);
	}
	free(world.pool);
	return fault;
}

Test(diff_core, queues_agree_with_shifted_arrays)
{
	for (u64 seed = 1; seed <= 4; seed++) {
		diff_expect_same(queue_run, seed, 1, 150000);
		diff_expect_same(queue_run, seed, 20, 60000);
		diff_expect_same(queue_run, seed, 60, 60000);
	}
}

/* --- what finds the short list must find it --------------------------------------------- */

/* Differs when 7, 8 and 9 come in this order, whatever lies between. */
static const char *three_run(const u64 *op, u32 count, u32 param)
{
	u64 next = 7;

	(void)param;
	for (u32 i = 0; i < count && next < 10; i++)
		next += op[i] == next;
	return next == 10 ? "seven, eight, nine" : NULL;
}

static const char *trap_run(const u64 *op, u32 count, u32 param)
{
	for (u32 i = 0; i < count; i++)
		WS_ASSERT(op[i] != param);
	return NULL;
}

Test(diff_core, a_failing_sequence_is_shrunk_to_what_it_takes)
{
	static const struct diff_engine three = { "three_run", three_run };
	static const struct diff_engine trap = { "trap_run", trap_run };
	static u64 op[5000];

	for (u32 i = 0; i < 5000; i++)
		op[i] = (u64)i * 7919 % 5000;
	op[4999] = 7;
	op[100] = 7, op[2500] = 8, op[4000] = 9;
	cr_assert_eq(diff_shrink(&three, op, 5000, 0), 3);
	cr_assert(op[0] == 7 && op[1] == 8 && op[2] == 9);
	for (u32 i = 0; i < 5000; i++)
		op[i] = i;
	cr_assert_str_eq(diff_guarded(&trap, op, 5000, 1234), "a broken promise (trap)");
	cr_assert_null(diff_guarded(&trap, op, 5000, 5000));
	cr_assert_eq(diff_shrink(&trap, op, 5000, 1234), 1);
	cr_assert_eq(op[0], 1234);
}
