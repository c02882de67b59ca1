/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_reaccess.c - ages at which pages came back, against true times of use.
 *
 * The naive side knows when each page was really used last.  Whenever a page comes
 * back, its true age must lie in the span that the core has for its generation;
 * and the histograms must be what the spans make, page by page, by an arithmetic
 * of their own.
 */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "diff.h"
#include "ws_lru.h"
#include "ws_reaccess.h"

#define PAGES 1024u
#define KEPT 128u
#define SECOND 1000000000ull
#define EVENTS_MAX (PAGES * 4)

static const u64 edges[] = { SECOND, 3 * SECOND, 10 * SECOND, 31 * SECOND, 100 * SECOND };
static const u64 coarse[] = { 10 * SECOND };
enum { EDGES = sizeof(edges) / sizeof(edges[0]) };

/* A page that came back, not settled yet. */
struct event {
	u64 seq, age_ns;
	enum ws_type type;
	bool evicted, unknown;
};

struct world {
	u64 random;
	u64 seed, now_ns;
	u16 page[PAGES];
	u32 *pool;
	struct ws_lru lru;
	struct ws_reaccess top, middle, leaf;
	struct ws_reaccess_gen gen[KEPT];
	u64 young[PAGES / 64];
	u64 used_ns[PAGES], counted_ns[PAGES];
	bool is_file[PAGES];
	bool inverts; /* every other pass is for reclaim without swap */
	u32 shadow[PAGES];
	u64 evicted_seq[PAGES];
	struct event event[EVENTS_MAX];
	u32 events_count;
	u64 naive[WS_TYPES][EDGES + 1];
	u64 resident[WS_TYPES], evicted[WS_TYPES], unknown[WS_TYPES];
};

static u32 draw(struct world *world, u32 below)
{
	return (u32)(diff_draw(&world->random) >> 32) % below;
}

static void came_back(struct world *world, u32 page, u64 seq, bool evicted)
{
	struct event *event = &world->event[world->events_count++];

	cr_assert(world->events_count < EVENTS_MAX);
	event->seq = seq;
	event->age_ns = world->now_ns - world->used_ns[page];
	event->type = world->is_file[page] ? WS_FILE : WS_ANON;
	event->evicted = evicted;
	event->unknown = evicted && seq < world->leaf.first_seq;
}

static void use(struct world *world, u32 page)
{
	enum ws_type type = world->is_file[page] ? WS_FILE : WS_ANON;

	if (!ws_page_aged(world->page[page])) {
		enum ws_enter how = type == WS_FILE && draw(world, 2) ? WS_ENTER_READ :
									WS_ENTER_FAULT;

		if (world->shadow[page])
			came_back(world, page, world->evicted_seq[page], true);
		ws_lru_add(&world->lru, page, type, how, world->shadow[page]);
		world->shadow[page] = 0;
		/* The fault itself sets the bit, by which rules since 6.14 may promote the page. */
		world->counted_ns[page] = 0;
		if (how == WS_ENTER_FAULT)
			world->young[page / 64] |= 1ull << page % 64;
	} else if (type == WS_FILE && draw(world, 3) == 0) {
		ws_lru_descriptor_access(&world->lru, page);
	} else {
		/* Only the first use after the last harvest is a return. */
		if (!(world->young[page / 64] >> page % 64 & 1))
			world->counted_ns[page] = world->now_ns - world->used_ns[page];
		world->young[page / 64] |= 1ull << page % 64;
	}
	world->used_ns[page] = world->now_ns;
}

static void resident_came_back(struct world *world, u32 page, u64 seq)
{
	u64 used = world->used_ns[page];

	world->used_ns[page] = world->now_ns - world->counted_ns[page];
	came_back(world, page, seq, false);
	world->used_ns[page] = used;
}

/* What a harvest of these bits will count: every page that it moves, as is tried on a copy. */
static void note_returns(struct world *world, u32 first, u64 word)
{
	const struct ws_age *age = &world->lru.age;
	struct ws_age copy = *age;
	u16 entries[PAGES];
	u64 left = word;

	memcpy(entries, world->page, sizeof(entries));
	copy.page = entries;
	ws_promote_harvest(&copy, world->lru.rules, first, &word, 64, NULL);
	for (; left; left &= left - 1) {
		u32 page = first + (u32)__builtin_ctzll(left);

		if (ws_page_aged(entries[page]) && ws_age_seq(&copy, page) != ws_age_seq(age, page))
			resident_came_back(world, page, ws_age_seq(age, page));
	}
}

/* Victims that were taken off the lists and turn out to be accessed leave the oldest generation. */
static void note_put_back(struct world *world, u32 first, u64 word)
{
	for (; word; word &= word - 1) {
		u32 page = first + (u32)__builtin_ctzll(word);
		enum ws_type type = world->is_file[page] ? WS_FILE : WS_ANON;

		if (!ws_page_aged(world->page[page]))
			resident_came_back(world, page, world->lru.age.min_seq[type]);
	}
}

static u64 look_around(void *ctx, u32 page)
{
	struct world *world = ctx;
	u64 word = world->young[page / 64];

	if (!(word >> page % 64 & 1))
		return 0;
	note_returns(world, page & ~63u, word);
	note_put_back(world, page & ~63u, word);
	world->young[page / 64] = 0;
	return word;
}

static void evict(struct world *world, u32 max)
{
	static const struct ws_lru_ops ops = { .look_around = look_around };
	struct ws_lru_scan scan = { .swappiness = draw(world, 201), .budget = PAGES };
	u32 victims[64], shadows[64], count, i;

	count = ws_lru_evict(&world->lru, &scan, &ops, world, victims, shadows, max);
	for (i = 0; i < count; i++) {
		world->shadow[victims[i]] = shadows[i];
		world->page[victims[i]] &= (u16)~WS_PAGE_FILE;
		/* By the test's own knowledge of a shadow: generations here are few. */
		world->evicted_seq[victims[i]] = shadows[i] >> WS_SHADOW_SEQ_SHIFT;
	}
}

/* Page by page the split of ws_hist.h: below each edge a rounded-down share. */
static void naive_add(struct world *world, enum ws_type type, u64 min_ns, u64 max_ns, u64 pages)
{
	u64 below[EDGES + 1] = { 0 };

	for (u32 i = 0; i < EDGES; i++) {
		if (edges[i] <= min_ns)
			below[i] = 0;
		else if (edges[i] >= max_ns)
			below[i] = pages;
		else
			below[i] = (u64)((unsigned __int128)pages * (edges[i] - min_ns) /
					 (max_ns - min_ns));
	}
	below[EDGES] = pages;
	for (u32 i = 0; i <= EDGES; i++)
		world->naive[type][i] += below[i] - (i ? below[i - 1] : 0);
}

/* Settle, with every event held against its span, and the sums against the histogram. */
static void settle(struct world *world)
{
	struct event *event = world->event;
	u64 settled_ns = world->leaf.settled_ns;

	/* Bring the times of the generations up to date, but keep what is pending. */
	struct ws_reaccess probe = world->leaf;
	struct ws_reaccess_gen copy[KEPT];

	memcpy(copy, world->gen, sizeof(copy));
	probe.gen = copy;
	probe.parent = NULL;
	ws_reaccess_settle(&probe, &world->lru.age, world->now_ns);
	probe.settled_ns = settled_ns;
	for (u32 i = 0; i < world->events_count; i++) {
		u64 min_ns, max_ns, pages = 1;

		if (event[i].age_ns == WS_AGE_INFINITE)
			continue;
		if (event[i].unknown) {
			world->unknown[event[i].type]++;
			world->evicted[event[i].type]++;
			continue;
		}
		cr_assert(ws_reaccess_span(&probe, event[i].type, event[i].seq, event[i].evicted,
					   world->now_ns, &min_ns, &max_ns));
		for (u32 k = i; k < world->events_count; k++) {
			if (event[k].seq != event[i].seq || event[k].type != event[i].type ||
			    event[k].evicted != event[i].evicted ||
			    event[k].age_ns == WS_AGE_INFINITE)
				continue;
			cr_assert(event[k].age_ns >= min_ns && event[k].age_ns <= max_ns,
				  "seed %llu, %s, %.3f s: %s page of generation %llu was %llu ns old, "
				  "not %llu..%llu", world->seed, world->lru.rules->name,
				  (double)world->now_ns / 1e9,
				  event[i].evicted ? "evicted" : "resident", event[i].seq,
				  event[k].age_ns, min_ns, max_ns);
			pages += k > i;
			if (k > i)
				event[k].age_ns = WS_AGE_INFINITE;
		}
		naive_add(world, event[i].type, min_ns, max_ns, pages);
		(event[i].evicted ? world->evicted : world->resident)[event[i].type] += pages;
	}
	world->events_count = 0;
}

static void compare(struct world *world)
{
	for (enum ws_type type = WS_ANON; type < WS_TYPES; type++) {
		u64 total = ws_hist_total(&world->leaf.hist, type) + world->leaf.older[type];

		for (u32 i = 0; i < EDGES; i++)
			cr_assert(world->leaf.hist.pages[type][i] == world->naive[type][i],
				  "seed %llu: bin %u: %llu, wanted %llu", world->seed, i,
				  world->leaf.hist.pages[type][i], world->naive[type][i]);
		cr_assert(world->leaf.resident_total[type] == world->resident[type],
			  "seed %llu: %llu resident, wanted %llu", world->seed,
			  world->leaf.resident_total[type], world->resident[type]);
		cr_assert(world->leaf.evicted_total[type] == world->evicted[type]);
		cr_assert(total == world->resident[type] + world->evicted[type]);
		cr_assert(world->leaf.older[type] <= world->unknown[type]);
		/* Ancestors: the same, by their own edges; one without edges knows the sum. */
		cr_assert(ws_hist_total(&world->middle.hist, type) + world->middle.older[type] == total);
		cr_assert(world->middle.hist.pages[type][0] == world->naive[type][0] +
			  world->naive[type][1] + world->naive[type][2]);
		cr_assert(world->top.older[type] == total);
	}
}

static void pass(struct world *world)
{
	u32 swappiness;

	for (u32 page = 0; page < PAGES; page += 64) {
		note_returns(world, page, world->young[page / 64]);
		ws_lru_harvest(&world->lru, page, &world->young[page / 64], 64);
		world->young[page / 64] = 0;
	}
	settle(world);
	swappiness = world->inverts && draw(world, 2) ? 0 : 60;
	while (ws_lru_advance_for(&world->lru, world->now_ns, swappiness) == -EAGAIN)
		ws_age_tidy(&world->lru.age, PAGES, NULL, NULL);
	compare(world);
}

static struct world *new_world(u64 seed, const char *name, u32 gens, struct ws_rules *rules)
{
	struct world *world = calloc(1, sizeof(*world));

	cr_assert(world != NULL);
	world->random = seed;
	world->seed = seed;
	world->now_ns = 5 * SECOND;
	*rules = *ws_rules_find(name, (u32)strlen(name));
	rules->gens = (u8)gens;
	world->pool = aligned_alloc(64, (ws_lru_footprint(PAGES) + 63) & ~63ull);
	cr_assert(world->pool != NULL);
	memset(world->pool, 0, ws_lru_footprint(PAGES));
	cr_assert(!ws_lru_init_rules(&world->lru, world->page, world->pool, PAGES, rules,
				     world->now_ns));
	cr_assert(!ws_reaccess_init(&world->top, NULL, NULL, 0, world->now_ns));
	cr_assert(!ws_reaccess_init(&world->middle, &world->top, NULL, 0, world->now_ns));
	cr_assert(!ws_reaccess_init(&world->leaf, &world->middle, world->gen, KEPT, world->now_ns));
	cr_assert(!ws_reaccess_configure(&world->leaf, edges, EDGES, world->now_ns));
	cr_assert(!ws_reaccess_configure(&world->middle, coarse, 1, world->now_ns));
	ws_lru_watch(&world->lru, &world->leaf, world->now_ns);
	for (u32 page = 0; page < PAGES; page++)
		world->is_file[page] = draw(world, 3) == 0;
	return world;
}

static void delete_world(struct world *world)
{
	free(world->pool);
	free(world);
}

static void run(u64 seed, const char *name, u32 gens, u32 steps, bool inverts)
{
	struct ws_rules rules;
	struct world *world = new_world(seed, name, gens, &rules);

	world->inverts = inverts;
	for (u32 step = 0; step < steps; step++) {
		world->now_ns += draw(world, SECOND / 20);
		switch (draw(world, 40)) {
		case 0:
			pass(world);
			break;
		case 1:
			evict(world, 1 + draw(world, 64));
			break;
		case 2: {
			u32 page = draw(world, PAGES);

			/* Freed: what comes later is another page. */
			if (ws_page_aged(world->page[page]))
				ws_lru_remove(&world->lru, page);
			world->young[page / 64] &= ~(1ull << page % 64);
			world->shadow[page] = 0;
			break;
		}
		default:
			/* Some pages often, some seldom. */
			use(world, draw(world, 1 + draw(world, PAGES)));
		}
	}
	pass(world);
	cr_assert(world->resident[WS_ANON] > 10 && world->evicted[WS_ANON] > 10,
		  "seed %llu: %llu, %llu came back", seed, world->resident[WS_ANON],
		  world->evicted[WS_ANON]);
	delete_world(world);
}

Test(reaccess, true_ages_lie_in_the_spans_and_bins_are_what_the_spans_make)
{
	for (u64 seed = 1; seed <= 6; seed++) {
		run(seed, "base", 3, 12000, false);
		run(seed, "6.12", 64, 12000, false);
		for (u32 row = 0; row < WS_RULES_COUNT; row++)
			run(seed, ws_rules_table[row].name, seed % 3 ? 4 : 16, 12000, false);
	}
}

/* Generations that are passed over hold pages that are older than the youngest. */
Test(reaccess, so_they_do_when_old_pages_become_the_youngest)
{
	for (u64 seed = 1; seed <= 3; seed++)
		for (u32 row = 0; row < WS_RULES_COUNT; row++)
			run(seed, ws_rules_table[row].name, 4, 12000, true);
}

static u64 all_young(void *ctx, u32 page)
{
	(void)ctx;
	return page < 64 ? ~0ull : 0;
}

/*
 * In one interval eviction finds 64 pages of the oldest generation accessed and puts them into
 * the second youngest, and a walk promotes 64 others from there.
 */
Test(reaccess, pages_that_come_into_a_generation_do_not_hide_those_that_leave_it)
{
	static const struct ws_lru_ops ops = { .look_around = all_young };
	static const char *const names[] = { "6.14", "6.18" };

	for (u32 i = 0; i < 2; i++) {
		struct ws_rules rules;
		struct world *world = new_world(1, names[i], 4, &rules);
		struct ws_lru_scan scan = { .swappiness = 60, .budget = 64 };
		const u64 *bin = world->leaf.hist.pages[WS_ANON];
		u64 young[2] = { 0, ~0ull };
		u32 victims[64];

		for (u32 page = 0; page < 64; page++)
			ws_lru_add(&world->lru, page, WS_ANON, WS_ENTER_FAULT, 0);
		cr_assert_eq(ws_lru_advance(&world->lru, 15 * SECOND), 0);
		cr_assert_eq(ws_lru_advance(&world->lru, 25 * SECOND), 0);
		for (u32 page = 64; page < 128; page++)
			ws_lru_add(&world->lru, page, WS_ANON, WS_ENTER_FAULT, 0);
		cr_assert_eq(ws_lru_harvest(&world->lru, 0, young, 128), 0, "a first sighting");
		cr_assert_eq(ws_lru_evict(&world->lru, &scan, &ops, NULL, victims, NULL, 64), 0);
		cr_assert_eq(ws_age_seq(&world->lru.age, 5), world->lru.age.max_seq - 1);
		cr_assert_eq(ws_lru_harvest(&world->lru, 0, young, 128), 64);
		ws_reaccess_settle(&world->leaf, &world->lru.age, 25 * SECOND);
		cr_assert_eq(world->leaf.resident_total[WS_ANON], 128, "%llu",
			     world->leaf.resident_total[WS_ANON]);
		/* The first were used between 5 and 15 s, and again after 25 s; the others since 15 s. */
		cr_assert_eq(bin[3], 64, "%llu of 10 s and more", bin[3]);
		cr_assert_eq(bin[0] + bin[1] + bin[2], 64);
		delete_world(world);
	}
}

/*
 * Eviction finds 64 pages of the oldest generation accessed, for the second time.  By rules that
 * leave such pages where they are they come back when a walk promotes them; either way, once.
 */
Test(reaccess, a_page_that_eviction_puts_back_where_it_was_has_not_come_back)
{
	static const struct ws_lru_ops ops = { .look_around = all_young };
	static const struct {
		enum ws_place place;
		u32 by_eviction, by_walk;
	} cases[] = { { WS_PLACE_OLDEST, 0, 64 }, { WS_PLACE_YOUNG, 64, 0 } };

	for (u32 i = 0; i < 2; i++) {
		struct ws_rules rules;
		struct world *world = new_world(1, "fg", 4, &rules);
		struct ws_lru_scan scan = { .swappiness = 60, .budget = 64 };
		const struct ws_age *age = &world->lru.age;
		const u64 *total = &world->leaf.resident_total[WS_ANON];
		u64 young = ~0ull;
		u32 victims[64];

		rules.place_active = (u8)cases[i].place;
		cr_assert_eq(ws_rules_check(&rules), 0);
		for (u32 page = 0; page < 64; page++)
			ws_lru_add(&world->lru, page, WS_ANON, WS_ENTER_FAULT, 0);
		cr_assert_eq(ws_lru_advance(&world->lru, 15 * SECOND), 0);
		cr_assert_eq(ws_lru_advance(&world->lru, 25 * SECOND), 0);
		cr_assert_eq(ws_age_seq(age, 5), age->min_seq[WS_ANON]);
		cr_assert_eq(ws_lru_evict(&world->lru, &scan, &ops, NULL, victims, NULL, 64), 0);
		cr_assert_eq(world->lru.promoted_pages, 64);
		cr_assert_eq(ws_age_seq(age, 5) == age->min_seq[WS_ANON],
			     cases[i].place == WS_PLACE_OLDEST);
		ws_reaccess_settle(&world->leaf, age, 26 * SECOND);
		cr_assert_eq(*total, cases[i].by_eviction, "%llu came back", *total);
		cr_assert_eq(ws_lru_harvest(&world->lru, 0, &young, 64), cases[i].by_walk);
		ws_reaccess_settle(&world->leaf, age, 27 * SECOND);
		cr_assert_eq(*total, 64, "%llu came back", *total);
		cr_assert(ws_lru_check(&world->lru));
		delete_world(world);
	}
}

/* An exact case: one page, used at 10 s, its generation folded three times, back at 100 s. */
Test(reaccess, folded_generations_are_as_old_as_the_oldest_in_them)
{
	struct ws_rules rules;
	struct world *world = new_world(1, "6.12", 4, &rules);
	u64 min_ns = 0, max_ns = 0;

	world->is_file[7] = false;
	world->now_ns = 10 * SECOND;
	use(world, 7);
	for (u32 i = 1; i <= 9; i++) {
		world->now_ns = (10 + 10 * i) * SECOND;
		pass(world);
	}
	cr_assert(ws_reaccess_span(&world->leaf, WS_ANON, ws_age_seq(&world->lru.age, 7), false,
				   world->now_ns, &min_ns, &max_ns));
	cr_assert(max_ns == 95 * SECOND, "%llu", max_ns);
	cr_assert(min_ns == 20 * SECOND, "%llu", min_ns);
	delete_world(world);
}

/* Protection moves unused pages to a younger generation: they do not become younger by it. */
Test(reaccess, protected_pages_stay_as_old_as_they_were)
{
	struct ws_rules rules;
	struct world *world = new_world(5, "6.12", 4, &rules);
	struct ws_lru_scan scan = { .swappiness = 60, .budget = 1 };
	u64 min_ns = 0, max_ns = 0, seq;
	u32 victim;

	world->is_file[3] = true;
	ws_lru_add(&world->lru, 3, WS_FILE, WS_ENTER_FAULT, 0);
	for (u32 i = 0; i < 3; i++) {
		world->now_ns += 10 * SECOND;
		ws_lru_advance(&world->lru, world->now_ns);
	}
	seq = ws_age_seq(&world->lru.age, 3);
	for (u32 i = 0; i < 5; i++)
		ws_lru_descriptor_access(&world->lru, 3);
	cr_assert(!ws_lru_evict(&world->lru, &scan, NULL, NULL, &victim, NULL, 1));
	cr_assert(ws_age_seq(&world->lru.age, 3) == seq + 1, "not protected");
	ws_reaccess_settle(&world->leaf, &world->lru.age, world->now_ns);
	cr_assert(ws_reaccess_span(&world->leaf, WS_FILE, seq + 1, false, world->now_ns, &min_ns,
				   &max_ns));
	cr_assert(max_ns == 30 * SECOND, "%llu", max_ns);
	cr_assert(min_ns == 0, "%llu", min_ns);
	delete_world(world);
}

Test(reaccess, a_generation_no_longer_kept_goes_where_it_is_certain_or_is_called_older)
{
	struct ws_rules rules;
	struct world *world = new_world(2, "6.12", 4, &rules);

	memset(world->is_file, 0, sizeof(world->is_file));
	for (u32 page = 0; page < 128; page++)
		use(world, page);
	for (u32 i = 0; i < 6; i++) {
		world->now_ns += SECOND;
		pass(world);
	}
	evict(world, 64);
	for (u32 i = 0; i < KEPT + 10; i++) {
		world->now_ns += SECOND / 10;
		pass(world);
	}
	for (u32 page = 0; page < 128; page++)
		if (world->shadow[page])
			use(world, page);
	/* 13 s and more: for edges up to 100 s nothing is certain, for the coarse one it is. */
	pass(world);
	cr_assert(world->leaf.older[WS_ANON] == 64, "%llu", world->leaf.older[WS_ANON]);
	cr_assert(world->middle.older[WS_ANON] == 0);
	cr_assert(world->middle.hist.pages[WS_ANON][1] == 64);
	delete_world(world);
}

Test(reaccess, shadows_that_nobody_made_are_harmless)
{
	struct ws_rules rules;
	struct world *world = new_world(3, "6.12", 4, &rules);
	u64 counted = 0;

	for (u32 i = 0; i < 1000; i++) {
		u32 shadow = (u32)diff_draw(&world->random) | 1;

		ws_reaccess_refault(&world->leaf, WS_FILE, i < 500 ? shadow : 0xfffffff1u - (i << 4));
	}
	ws_reaccess_settle(&world->leaf, &world->lru.age, world->now_ns);
	counted = ws_hist_total(&world->leaf.hist, WS_FILE) + world->leaf.older[WS_FILE];
	cr_assert(counted == 1000, "%llu", counted);
	delete_world(world);
}

Test(reaccess, new_edges_clear_the_same_edges_do_not)
{
	struct ws_rules rules;
	struct world *world = new_world(4, "6.12", 4, &rules);
	u32 clearings = world->leaf.clearings_count;

	for (u32 i = 0; i < 50; i++)
		ws_reaccess_refault(&world->leaf, WS_ANON, 1u << WS_SHADOW_SEQ_SHIFT | 1);
	ws_reaccess_settle(&world->leaf, &world->lru.age, world->now_ns);
	cr_assert(!ws_reaccess_configure(&world->leaf, edges, EDGES, 9 * SECOND));
	cr_assert(ws_hist_total(&world->leaf.hist, WS_ANON) == 50);
	cr_assert(world->leaf.clearings_count == clearings && world->leaf.since_ns == 5 * SECOND);
	cr_assert(ws_reaccess_configure(&world->leaf, edges, 0, 9 * SECOND) == -EINVAL);
	cr_assert(ws_hist_total(&world->leaf.hist, WS_ANON) == 50);
	cr_assert(!ws_reaccess_configure(&world->leaf, coarse, 1, 9 * SECOND));
	cr_assert(ws_hist_total(&world->leaf.hist, WS_ANON) == 0);
	cr_assert(world->leaf.evicted_total[WS_ANON] == 0);
	cr_assert(world->leaf.clearings_count == clearings + 1);
	cr_assert(world->leaf.since_ns == 9 * SECOND);
	/* The parents keep what they counted. */
	cr_assert(ws_hist_total(&world->middle.hist, WS_ANON) == 50);
	cr_assert(world->top.older[WS_ANON] == 50);
	delete_world(world);
}

Test(reaccess, init_refuses_what_cannot_be)
{
	struct ws_reaccess reaccess;
	struct ws_reaccess_gen gen[64];

	cr_assert(ws_reaccess_init(&reaccess, NULL, gen, 63, 0) == -EINVAL);
	cr_assert(ws_reaccess_init(&reaccess, NULL, gen, 32, 0) == -EINVAL);
	cr_assert(ws_reaccess_init(&reaccess, NULL, gen, 2 * WS_REACCESS_GENS_MAX, 0) == -EINVAL);
	cr_assert(!ws_reaccess_init(&reaccess, NULL, gen, 64, 0));
	cr_assert(ws_reaccess_footprint(64) == sizeof(gen));
}
