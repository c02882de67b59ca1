/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_reclaim.c - every reclaim algorithm against a model that is too simple to be
 * wrong, on made-up traces with and without frees.
 */
#include <criterion/criterion.h>
#include <string.h>

#include "lab_traces.h"
#include "reclaim/sim_bitset.h"
#include "reclaim/sim_hot.h"
#include "reclaim/sim_ring.h"
#include "tr_error.h"

#define PAGES 256u
#define COUNT 6000u
#define NEVER 0xffffffffu

enum naive_kind { NAIVE_FIFO, NAIVE_CLOCK, NAIVE_LRU, NAIVE_OPT };

/* Pages in memory, oldest first. */
struct naive {
	const struct sim_lab_trace *trace;
	u32 page[PAGES], count;
	bool bit[PAGES];
};

static u32 naive_find(const struct naive *naive, u32 page)
{
	u32 i = 0;

	while (i < naive->count && naive->page[i] != page)
		i++;
	return i;
}

static void naive_take(struct naive *naive, u32 i)
{
	memmove(&naive->page[i], &naive->page[i + 1], sizeof(u32) * (naive->count - i - 1));
	naive->count--;
}

/* Where @page is used next after @position, unless it is freed before. */
static u32 naive_next(const struct sim_lab_trace *trace, u32 page, u32 position)
{
	for (u32 i = position + 1; i < trace->array.count; i++) {
		for (u64 k = 0; k < trace->array.frees_count; k++)
			if (trace->array.frees[k].position == i &&
			    trace->array.frees[k].page == page)
				return NEVER;
		if (TR_PAGE(trace->array.page[i]) == page)
			return i;
	}
	return NEVER;
}

static void naive_evict(struct naive *naive, enum naive_kind kind, u32 position)
{
	u32 victim = 0, farthest = 0;

	while (kind == NAIVE_CLOCK && naive->bit[naive->page[0]]) {
		u32 page = naive->page[0];
		naive->bit[page] = false;
		naive_take(naive, 0);
		naive->page[naive->count++] = page;
	}
	for (u32 i = 0; kind == NAIVE_OPT && i < naive->count; i++) {
		u32 next = naive_next(naive->trace, naive->page[i], position);
		if (next > farthest) {
			farthest = next;
			victim = i;
		}
	}
	naive_take(naive, victim);
}

static u64 naive_misses(const struct sim_lab_trace *trace, enum naive_kind kind, u32 frames)
{
	struct naive naive = { .trace = trace };
	u64 misses = 0, frees = 0;

	for (u32 i = 0; i < trace->array.count; i++) {
		for (; frees < trace->array.frees_count &&
		       trace->array.frees[frees].position <= i; frees++) {
			u32 at = naive_find(&naive, trace->array.frees[frees].page);
			if (at < naive.count)
				naive_take(&naive, at);
		}
		u32 page = TR_PAGE(trace->array.page[i]), at = naive_find(&naive, page);
		if (at < naive.count) {
			naive.bit[page] = true;
			if (kind == NAIVE_LRU) {
				naive_take(&naive, at);
				naive.page[naive.count++] = page;
			}
			continue;
		}
		misses++;
		if (naive.count == frames)
			naive_evict(&naive, kind, i);
		naive.page[naive.count++] = page;
		naive.bit[page] = false;
	}
	return misses;
}

static struct sim_reclaim_choice choose(const char *text)
{
	struct sim_reclaim_choice choice = { .ops = NULL };

	cr_assert(!sim_reclaim_choose(&choice, text, NULL), "%s", text);
	return choice;
}

static u64 lab_misses(const struct sim_lab_trace *trace, const char *name, u32 frames, bool common)
{
	struct sim_reclaim_choice choice = choose(name);
	struct sim_lab_result result;
	int rc = common ? sim_lab_run_common(trace, &choice, frames, &result)
			: sim_lab_run(trace, &choice, frames, &result);

	cr_assert(!rc, "%s: %d", name, rc);
	cr_assert(result.accesses == trace->array.count);
	return result.misses;
}

static void hold_against_naive(const char *name, enum naive_kind kind, u32 count)
{
	static const u32 frames[] = { 1, 2, 7, 64, PAGES - 1, PAGES + 10 };
	static const u32 free_every[] = { 0, 5, 300 };

	for (u64 seed = 1; seed <= 3; seed++) {
		struct sim_lab_trace trace = lab_trace(seed, PAGES, count, free_every[seed - 1]);
		cr_assert(!sim_lab_trace_future(&trace));
		for (u32 i = 0; i < sizeof(frames) / sizeof(frames[0]); i++) {
			u32 most = frames[i] < PAGES ? frames[i] : PAGES;
			u64 want = naive_misses(&trace, kind, most);
			u64 quick = lab_misses(&trace, name, frames[i], false);
			u64 common = lab_misses(&trace, name, frames[i], true);
			cr_assert(quick == want && common == want,
				  "seed %llu, %s, %u frames: %llu and %llu, wanted %llu", seed, name,
				  frames[i], quick, common, want);
		}
		sim_lab_trace_destroy(&trace);
	}
}

Test(reclaim, fifo_is_the_naive_one)
{
	hold_against_naive("fifo", NAIVE_FIFO, COUNT);
}

Test(reclaim, clock_is_the_naive_one)
{
	hold_against_naive("clock", NAIVE_CLOCK, COUNT);
}

Test(reclaim, lru_is_the_naive_one)
{
	hold_against_naive("lru", NAIVE_LRU, COUNT);
}

Test(reclaim, opt_misses_as_rarely_as_the_naive_one)
{
	hold_against_naive("opt", NAIVE_OPT, 500);
}

/* Inclusion: what a smaller LRU memory holds, a larger one holds too.  OPT has it as well. */
Test(reclaim, more_frames_never_miss_more_under_lru_and_opt)
{
	struct sim_lab_trace trace = lab_trace(11, PAGES, COUNT, 50);
	u64 lru_before = ~0ull, opt_before = ~0ull;

	cr_assert(!sim_lab_trace_future(&trace));
	for (u32 frames = 1; frames <= PAGES; frames += 5) {
		u64 lru = lab_misses(&trace, "lru", frames, false);
		u64 opt = lab_misses(&trace, "opt", frames, false);
		cr_assert(lru <= lru_before && opt <= opt_before && opt <= lru, "%u frames", frames);
		lru_before = lru;
		opt_before = opt;
	}
	sim_lab_trace_destroy(&trace);
}

Test(reclaim, nothing_beats_opt_and_cold_misses_stay)
{
	static const u32 frames[] = { 3, 40, 100, PAGES };
	struct sim_lab_trace trace = lab_trace(5, PAGES, COUNT, 0);

	cr_assert(!sim_lab_trace_future(&trace));
	for (u32 i = 0; sim_reclaims[i]; i++) {
		for (u32 k = 0; k < sizeof(frames) / sizeof(frames[0]); k++) {
			u64 opt = lab_misses(&trace, "opt", frames[k], false);
			u64 misses = lab_misses(&trace, sim_reclaims[i]->name, frames[k], false);
			cr_assert(misses >= opt, "%s, %u frames", sim_reclaims[i]->name, frames[k]);
			if (frames[k] == PAGES)
				cr_assert(misses == trace.array.pages_touched, "%s: %llu",
					  sim_reclaims[i]->name, misses);
		}
	}
	sim_lab_trace_destroy(&trace);
}

/* Popular pages stay: both of Linux's algorithms must be near LRU on a zipf trace. */
Test(reclaim, linux_algorithms_come_near_lru_on_zipf)
{
	struct sim_lab_trace trace = lab_zipf(3, 20000, 400000);
	double lru = (double)lab_misses(&trace, "lru", 4000, false);
	double fifo = (double)lab_misses(&trace, "fifo", 4000, false);

	for (u32 i = 0; i < 2; i++) {
		const char *name = i ? "twolist" : "mglru";
		double misses = (double)lab_misses(&trace, name, 4000, false);
		cr_assert(misses < lru * 1.03 && misses < fifo, "%s: %.0f, lru %.0f, fifo %.0f",
			  name, misses, lru, fifo);
	}
	sim_lab_trace_destroy(&trace);
}

/* The quick loop for plain traces takes the core's decisions, every one of them. */
Test(reclaim, packed_mglru_does_what_the_core_does)
{
	static const u32 frames[] = { SIM_LAB_BATCH_FRAMES_MIN, 2500, 4000, 9000, 19000, 30000 };
	static const char *const names[] = { "mglru", "mglru:9" };

	for (u64 seed = 1; seed <= 4; seed++) {
		struct sim_lab_trace trace = seed % 2 ? lab_zipf(seed, 20000, 400000)
						      : lab_trace(seed, 20011, 400000, 0);
		for (u32 i = 0; i < sizeof(frames) / sizeof(frames[0]); i++) {
			struct sim_reclaim_choice choice = choose(names[i % 2]);
			struct sim_lab_result quick, core;
			cr_assert(!sim_lab_run(&trace, &choice, frames[i], &quick));
			cr_assert(!sim_lab_run_common(&trace, &choice, frames[i], &core));
			cr_assert(quick.misses == core.misses && quick.scanned == core.scanned &&
					  quick.evictions == core.evictions &&
					  quick.ageings == core.ageings &&
					  quick.entries_scanned == core.entries_scanned &&
					  quick.rmap_walks == core.rmap_walks &&
					  quick.refaults == core.refaults,
				  "seed %llu, %u frames: misses %llu, core %llu; scanned %llu, %llu",
				  seed, frames[i], quick.misses, core.misses, quick.scanned,
				  core.scanned);
		}
		sim_lab_trace_destroy(&trace);
	}
}

/* A loop over one page more than fits: LRU always misses, OPT hardly ever. */
Test(reclaim, loop_larger_than_memory)
{
	struct tr_array array = { .count = 1000, .pages_count = 101, .pages_touched = 101 };
	struct sim_lab_trace trace;

	array.page = malloc(sizeof(u32) * array.count);
	for (u32 i = 0; i < array.count; i++)
		array.page[i] = i % 101 << 1;
	sim_lab_trace_adopt(&trace, &array);
	cr_assert(!sim_lab_trace_future(&trace));
	cr_assert(lab_misses(&trace, "lru", 100, false) == 1000);
	cr_assert(lab_misses(&trace, "fifo", 100, false) == 1000);
	cr_assert(lab_misses(&trace, "opt", 100, false) < 120);
	sim_lab_trace_destroy(&trace);
}

/* --- engines by hand: pages are never lost and never doubled --- */

struct bed {
	struct sim_reclaim_space space;
	struct sim_reclaim *reclaim[2]; /* two lruvecs over one space */
	u8 memcg[PAGES];
	u32 timeline[2 * PAGES], next_use[2 * PAGES]; /* every page twice, in two orders */
	u32 present[2];
};

static void bed_make(struct bed *bed, const struct sim_reclaim_choice *choice)
{
	*bed = (struct bed){ .present = { 0, 0 } };
	for (u32 i = 0; i < PAGES; i++) {
		u32 again = PAGES + i * 37 % PAGES;
		bed->timeline[i] = bed->timeline[again] = i << 1;
		bed->next_use[i] = again;
		bed->next_use[again] = SIM_NEVER;
		bed->memcg[i] = i % 3 == 0;
	}
	bed->space = (struct sim_reclaim_space){
		.pages_count = PAGES,
		.accessed = SIM_HOT_ACCESSED_GUEST,
		.hot = calloc(PAGES, 1),
		.entry = calloc(PAGES, sizeof(u16)),
		.link = calloc(1, sim_reclaim_link_bytes(choice->ops, PAGES)),
		.link2 = calloc(PAGES, sizeof(u32)),
		.memcg = bed->memcg,
		.timeline = bed->timeline,
		.next_use = bed->next_use,
		.timeline_count = 2 * PAGES,
	};
	for (u16 i = 0; i < 2; i++)
		cr_assert(!sim_reclaim_open(&bed->reclaim[i], choice, &bed->space, i, 0));
}

static void bed_free(struct bed *bed)
{
	for (u32 i = 0; i < 2; i++)
		sim_reclaim_close(bed->reclaim[i]);
	free(bed->space.hot);
	free(bed->space.entry);
	free(bed->space.link);
	free(bed->space.link2);
}

static void bed_check(const struct bed *bed, u64 step)
{
	for (u32 i = 0; i < 2; i++) {
		struct sim_reclaim_stat stat;
		const struct sim_reclaim *reclaim = bed->reclaim[i];
		reclaim->ops->stat(reclaim, &stat);
		cr_assert(stat.pages[0] + stat.pages[1] == bed->present[i],
			  "%s, step %llu: %llu + %llu pages, wanted %u", reclaim->ops->name, step,
			  stat.pages[0], stat.pages[1], bed->present[i]);
		cr_assert(reclaim->ops->check(reclaim), "%s, step %llu", reclaim->ops->name, step);
	}
}

static u32 bed_evict(struct bed *bed, u32 memcg, u32 swappiness, u32 want, u64 step)
{
	struct sim_reclaim *reclaim = bed->reclaim[memcg];
	struct sim_reclaim_scan scan = { .swappiness = swappiness, .budget = 10000 };
	u32 victims[32], shadows[32];
	u32 count = reclaim->ops->evict(reclaim, &scan, victims, shadows, want);

	cr_assert(count <= want && scan.scanned <= scan.budget);
	for (u32 i = 0; i < count; i++) {
		u32 page = victims[i];
		cr_assert(bed->space.hot[page] & SIM_HOT_PRESENT, "%s, step %llu: page %u twice",
			  reclaim->ops->name, step, page);
		cr_assert(bed->memcg[page] == memcg);
		cr_assert(shadows[i] != 0);
		cr_assert(swappiness || bed->space.entry[page] & WS_PAGE_FILE,
			  "%s evicted anon without swap", reclaim->ops->name);
		bed->space.hot[page] = 0;
	}
	bed->present[memcg] -= count;
	return count;
}

static void bed_touch(struct bed *bed, u32 page, struct lab_random *random)
{
	struct sim_reclaim *reclaim = bed->reclaim[bed->memcg[page]];
	enum ws_type type = page & 4 ? WS_FILE : WS_ANON;
	bool descriptor = type == WS_FILE && lab_draw(random, 2);

	if (!(bed->space.hot[page] & SIM_HOT_PRESENT)) {
		bed->space.hot[page] = SIM_HOT_PRESENT | SIM_HOT_ACCESSED_GUEST;
		reclaim->ops->insert(reclaim, page, type,
				     descriptor ? WS_ENTER_READ : WS_ENTER_FAULT,
				     lab_draw(random, 3) ? lab_draw(random, 1u << 31) | 1 : 0);
		bed->present[bed->memcg[page]]++;
	} else if (descriptor && reclaim->ops->descriptor) {
		reclaim->ops->descriptor(reclaim, page);
	}
	bed->space.hot[page] |= SIM_HOT_ACCESSED_GUEST;
	if (reclaim->ops->access)
		reclaim->ops->access(reclaim, page,
				     lab_draw(random, 2) ? page : PAGES + page * 37 % PAGES);
}

static void bed_step(struct bed *bed, struct lab_random *random, u64 step)
{
	u32 page = lab_page(random, PAGES, (u32)step), memcg = lab_draw(random, 2);
	struct sim_reclaim *reclaim = bed->reclaim[memcg];

	switch (lab_draw(random, 12)) {
	case 0:
		if (!(bed->space.hot[page] & SIM_HOT_PRESENT))
			return;
		bed->space.hot[page] = 0;
		bed->present[bed->memcg[page]]--;
		reclaim = bed->reclaim[bed->memcg[page]];
		reclaim->ops->remove(reclaim, page);
		return;
	case 1:
		if (reclaim->ops->age)
			reclaim->ops->age(reclaim, step, step % 3 == 0);
		return;
	case 2:
		bed_evict(bed, memcg, lab_draw(random, 3) * 60, 1 + lab_draw(random, 31), step);
		return;
	default:
		bed_touch(bed, page, random);
	}
}

/* Then all pages come out, each once, however young they are. */
static void bed_drain(struct bed *bed, u64 step)
{
	for (u32 memcg = 0; memcg < 2; memcg++) {
		struct sim_reclaim *reclaim = bed->reclaim[memcg];
		for (u32 round = 0; bed->present[memcg]; round++) {
			cr_assert(round < 1000, "%s keeps %u pages", reclaim->ops->name,
				  bed->present[memcg]);
			if (!bed_evict(bed, memcg, 60, 32, step) && reclaim->ops->age)
				reclaim->ops->age(reclaim, step, step % 3 == 0);
		}
	}
}

Test(reclaim, engines_neither_lose_nor_double_pages)
{
	static const char *const names[] = {
		"lru", "fifo", "clock", "mglru", "mglru:3", "mglru:64", "mglru:6.1", "mglru:6.1.y",
		"mglru:6.12", "mglru:6.14", "mglru:mm-new:5", "mglru:fg", "mglru:fg:3",
		"mglru:6.14:16:spread", "mglru:6.12:nopid:notiers:nolook:norefault",
		"mglru:6.14:distance:ahead-old:swappiness=10", "twolist", "opt",
	};

	for (u32 i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct sim_reclaim_choice choice = choose(names[i]);
		struct lab_random random = { 40 + i };
		struct bed bed;
		bed_make(&bed, &choice);
		for (u64 step = 0; step < 20000; step++) {
			bed_step(&bed, &random, step);
			if (step % 64 == 0)
				bed_check(&bed, step);
		}
		bed_drain(&bed, 20000);
		bed_check(&bed, 20001);
		bed_free(&bed);
	}
}

/* workingset_refault, _activate and _restore of cold pages that come back by a fault at once. */
Test(reclaim, refaults_count_as_each_version_of_linux_counts_them)
{
	static const struct {
		const char *engine;
		u64 refaults, activates, restores;
	} known[] = {
		/* Nothing is active: no distance is short enough. */
		{ "twolist", 32, 0, 0 },      { "mglru:6.1", 32, 0, 32 },
		{ "mglru:6.12", 32, 32, 32 }, { "mglru:6.14", 32, 32, 0 },
		/* Only those of the working set come in active, or with the reference of their fault. */
		{ "mglru:mm-new", 32, 0, 0 }, { "mglru:fg", 32, 32, 0 },
		{ "mglru:6.14:norefault", 32, 0, 0 },
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		struct sim_reclaim_choice choice = choose(known[i].engine);
		struct sim_reclaim_scan scan = { .swappiness = 60, .budget = 10000 };
		u32 victims[32], shadows[32];
		struct sim_reclaim_stat stat;
		struct bed *bed = malloc(sizeof(*bed));

		cr_assert(bed);
		bed_make(bed, &choice);
		struct sim_reclaim *reclaim = bed->reclaim[0];
		for (u32 page = 1; page < PAGES; page += 3)
			reclaim->ops->insert(reclaim, page, WS_ANON, WS_ENTER_FAULT, 0);
		for (u32 k = 0; reclaim->ops->age && k < 3; k++)
			reclaim->ops->age(reclaim, k + 1, true);
		cr_assert_eq(reclaim->ops->evict(reclaim, &scan, victims, shadows, 32), 32);
		for (u32 k = 0; k < 32; k++)
			reclaim->ops->insert(reclaim, victims[k], WS_ANON, WS_ENTER_FAULT, shadows[k]);
		reclaim->ops->stat(reclaim, &stat);
		cr_assert_eq(stat.refaults[WS_ANON], known[i].refaults, "%s", known[i].engine);
		cr_assert_eq(stat.activates[WS_ANON], known[i].activates, "%s: %llu", known[i].engine,
			     stat.activates[WS_ANON]);
		cr_assert_eq(stat.restores[WS_ANON], known[i].restores, "%s: %llu", known[i].engine,
			     stat.restores[WS_ANON]);
		cr_assert_eq(stat.refaults[WS_FILE] + stat.activates[WS_FILE] + stat.restores[WS_FILE], 0);
		bed_free(bed);
		free(bed);
	}
}

/* A second use on the inactive list activates; what is active outlives a scan. */
Test(reclaim, two_lists_protect_what_is_used_twice)
{
	struct sim_lab_trace trace;
	struct tr_array array = { .count = 0, .pages_count = 20064, .pages_touched = 20064 };

	array.page = malloc(sizeof(u32) * 200000);
	for (u32 i = 0; i < 20000; i++) { /* 64 hot pages, and a scan that is never used again */
		for (u32 k = 0; k < 4; k++)
			array.page[array.count++] = (i * 4 + k) % 64 << 1;
		array.page[array.count++] = (64 + i) << 1;
	}
	sim_lab_trace_adopt(&trace, &array);
	u64 misses = lab_misses(&trace, "twolist", 200, false);
	cr_assert(misses < 20064 + 64, "%llu", misses);
	misses = lab_misses(&trace, "mglru", 200, false);
	cr_assert(misses < 20064 + 64, "mglru: %llu", misses);
	sim_lab_trace_destroy(&trace);
}

Test(reclaim, choosing_by_name_tells_what_is_known)
{
	struct sim_reclaim_choice choice;
	struct tr_error error;

	cr_assert(sim_reclaim_choose(&choice, "magic", &error) == -EINVAL);
	for (u32 i = 0; sim_reclaims[i]; i++)
		cr_assert(strstr(error.text, sim_reclaims[i]->name) != NULL, "%s", error.text);
	cr_assert(sim_reclaim_choose(&choice, "", &error) == -EINVAL);
	cr_assert(sim_reclaim_choose(&choice, "lru:3", &error) == -EINVAL);
	cr_assert(sim_reclaim_choose(&choice, "mglru:2", &error) == -EINVAL);
	cr_assert(sim_reclaim_choose(&choice, "mglru:65", &error) == -EINVAL);
	cr_assert(sim_reclaim_choose(&choice, "mglru:-4", &error) == -EINVAL);
	cr_assert(sim_reclaim_choose(&choice, "mglru:", &error) == -EINVAL);
	cr_assert(sim_reclaim_choose(&choice, "mglru:99999999999999999999", &error) == -EINVAL);
	cr_assert(sim_reclaim_choose(&choice, "mglru:16", &error) == 0 && choice.param == 16);
	cr_assert(!choice.by_rules, "the quick loop knows it");
	cr_assert(sim_reclaim_choose(&choice, "mglru:6.13", &error) == -EINVAL);
	cr_assert(sim_reclaim_choose(&choice, "mglru:6.12:6.14", &error) == -EINVAL);
	cr_assert(sim_reclaim_choose(&choice, "mglru:8:9", &error) == -EINVAL);
	cr_assert(sim_reclaim_choose(&choice, "mglru:6.12:swappiness=201", &error) == -EINVAL);
	cr_assert(sim_reclaim_choose(&choice, "twolist:nopid", &error) == -EINVAL);
	cr_assert(strstr(error.text, "unknown word \"nopid\"; known: past swappiness=0..200"), "%s",
		  error.text);
	cr_assert(sim_reclaim_choose(&choice, "twolist:swappiness=201", &error) == -EINVAL);
	cr_assert(sim_reclaim_choose(&choice, "twolist:past:swappiness=200", &error) == 0);
	cr_assert(choice.past && choice.rules.swappiness == 200);
	cr_assert(sim_reclaim_choose(&choice, "mglru:nopid:12:fg:swappiness=7", &error) == 0);
	cr_assert(choice.by_rules && choice.param == 12 && choice.rules.refs == WS_REFS_NUMBER &&
		  choice.rules.swappiness == 7 && !choice.rules.controller);
}

Test(reclaim, window_counts_evictions_of_young_pages)
{
	struct sim_lab_trace trace = lab_trace(9, PAGES, 1u << 16, 0);
	struct sim_reclaim_choice lru = choose("lru"), clock = choose("clock");
	struct sim_lab_result result;
	u32 steps = (1u << 16) / SIM_LAB_TIME_STEP;

	trace.array.window_ns = 1000;
	trace.time_ns = malloc(sizeof(u64) * steps);
	for (u32 i = 0; i < steps; i++)
		trace.time_ns[i] = 400ull * i; /* the window is two and a half steps long */
	cr_assert(!sim_lab_run(&trace, &lru, 16, &result));
	cr_assert(result.young_evictions == result.evictions && sim_lab_invalid(&result));
	cr_assert(!sim_lab_run(&trace, &clock, 16, &result));
	cr_assert(result.young_evictions == result.evictions);
	trace.array.window_ns = 1;
	for (u32 i = 0; i < steps; i++)
		trace.time_ns[i] = 1000ull * i;
	cr_assert(!sim_lab_run(&trace, &lru, PAGES - 1, &result));
	cr_assert(result.evictions > 0 && result.young_evictions < result.evictions);
	sim_lab_trace_destroy(&trace);
}

Test(reclaim, ring_keeps_order_through_holes_and_growth)
{
	struct sim_ring ring;
	u32 where[1000];

	cr_assert(!sim_ring_init(&ring, where, 0));
	for (u32 round = 0; round < 5; round++) {
		for (u32 page = 0; page < 1000; page++)
			sim_ring_push(&ring, page);
		for (u32 page = 0; page < 1000; page += 3)
			sim_ring_remove(&ring, page);
		for (u32 page = 0; page < 1000; page++)
			if (page % 3)
				cr_assert(sim_ring_pop(&ring) == page);
		cr_assert(ring.pages == 0);
	}
	sim_ring_destroy(&ring);
}

Test(reclaim, bitset_gives_its_greatest_member)
{
	static const u32 sizes[] = { 1, 63, 64, 65, 4096, 300000 };

	for (u32 i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct sim_bitset set;
		struct lab_random random = { i };
		u8 *model = calloc(sizes[i], 1);
		cr_assert(!sim_bitset_init(&set, sizes[i]));
		for (u32 step = 0; step < 3000; step++) {
			u32 member = lab_draw(&random, sizes[i]);
			model[member] = !model[member];
			if (model[member])
				sim_bitset_add(&set, member);
			else
				sim_bitset_remove(&set, member);
			u32 limit = lab_draw(&random, sizes[i]), want = limit;
			while (want != NEVER && !model[want])
				want--;
			u32 got = sim_bitset_last(&set, limit);
			cr_assert(got == want, "size %u, step %u: %u, wanted %u", sizes[i], step,
				  got, want);
		}
		sim_bitset_destroy(&set);
		free(model);
	}
}

Test(reclaim, harvest_takes_its_bit_and_no_other)
{
	for (u32 bit = 0; bit < 8; bit++) {
		struct lab_random random = { bit };
		u8 hot[64], before[64], mask = (u8)(1u << bit);
		for (u32 i = 0; i < 64; i++)
			before[i] = hot[i] = (u8)lab_draw(&random, 256);
		u64 bits = sim_hot_harvest(hot, mask);
		for (u32 i = 0; i < 64; i++) {
			cr_assert((bits >> i & 1) == !!(before[i] & mask), "bit %u, page %u", bit, i);
			cr_assert(hot[i] == (before[i] & ~mask));
		}
	}
}

static struct sim_reclaim *open_space(struct sim_reclaim_space *space,
				      const struct sim_reclaim_choice *choice)
{
	struct sim_reclaim *reclaim;

	space->accessed = SIM_HOT_ACCESSED_GUEST;
	space->hot = calloc(space->pages_count, 1);
	space->entry = calloc(space->pages_count, sizeof(u16));
	space->link = calloc(1, sim_reclaim_link_bytes(choice->ops, space->pages_count));
	space->link2 = calloc(space->pages_count, sizeof(u32));
	cr_assert(!sim_reclaim_open(&reclaim, choice, space, 0, 0));
	return reclaim;
}

static void close_space(struct sim_reclaim_space *space, struct sim_reclaim *reclaim)
{
	sim_reclaim_close(reclaim);
	free(space->hot), free(space->entry), free(space->link), free(space->link2);
}

/*
 * Does eviction deactivate pages of a file lruvec of @inactive and @active pages, each of which
 * stands for @stands_for?
 */
static bool deactivates(u32 inactive, u32 active, u32 stands_for)
{
	struct sim_reclaim_choice choice = choose("twolist");
	struct sim_reclaim_space space = { .pages_count = (inactive + active + 63) / 64 * 64,
					   .stands_for = stands_for };
	struct sim_reclaim_scan scan = { .budget = 1000 };
	struct sim_reclaim *reclaim = open_space(&space, &choice);
	struct sim_reclaim_stat stat;
	u32 victims[64], want = (inactive >> 12) + 1; /* one more than the first look at the lists gives */

	for (u32 page = 0; page < inactive + active; page++) {
		space.hot[page] = SIM_HOT_PRESENT;
		choice.ops->insert(reclaim, page, WS_FILE, WS_ENTER_READ, 0);
		for (u32 use = 0; use < 2 && page < active; use++)
			choice.ops->descriptor(reclaim, page);
	}
	choice.ops->stat(reclaim, &stat);
	cr_assert_eq(stat.active[WS_FILE], active);
	cr_assert_eq(choice.ops->evict(reclaim, &scan, victims, NULL, want), want);
	choice.ops->stat(reclaim, &stat);
	close_space(&space, reclaim);
	return stat.active[WS_FILE] < active;
}

/* inactive_is_low(): one to one below 1 GiB, one to the root of ten times the GiB above. */
Test(reclaim, two_lists_keep_a_smaller_inactive_list_in_larger_memory)
{
	cr_assert(deactivates(100000, 100001, 1));
	cr_assert(!deactivates(100000, 100000, 1));
	cr_assert(deactivates(74999, 225001, 1)); /* 1 GiB: one to three */
	cr_assert(!deactivates(75000, 225000, 1));
	cr_assert(deactivates(99999, 500001, 1)); /* 2 GiB: one to four */
	cr_assert(!deactivates(120000, 480000, 1));
	/* A sampled guest is as large as what its pages stand for. */
	cr_assert(deactivates(18749, 56251, 4));
	cr_assert(!deactivates(18750, 56250, 4));
}

/* Are file pages recent that come back after as many evictions as there are anonymous pages? */
static bool far_file_is_recent(const char *name, u32 swappiness, bool no_swap)
{
	enum { ANON = 400, FILES = 240 };
	struct sim_reclaim_choice choice = choose(name);
	struct sim_reclaim_space space = { .pages_count = 640 };
	struct sim_reclaim_scan scan = { .swappiness = swappiness, .no_swap = no_swap,
					 .budget = 1000 };
	struct sim_reclaim *reclaim = open_space(&space, &choice);
	u32 victims[FILES], shadows[FILES], got = 0;

	for (u32 page = 0; page < ANON + FILES; page++) {
		space.hot[page] = SIM_HOT_PRESENT;
		choice.ops->insert(reclaim, page, page < ANON ? WS_ANON : WS_FILE, WS_ENTER_FAULT, 0);
	}
	while (got < FILES - 40)
		got += choice.ops->evict(reclaim, &scan, victims + got, shadows + got, 20);
	for (u32 i = 0; i < got; i++)
		cr_assert(victims[i] >= ANON, "page %u", victims[i]);
	bool recent = choice.ops->insert(reclaim, victims[0], WS_FILE, WS_ENTER_FAULT, shadows[0]);
	close_space(&space, reclaim);
	return recent;
}

/* workingset_test_recent() asks whether there is swap, and not for vm.swappiness. */
Test(reclaim, two_lists_count_anon_as_room_for_files_while_there_is_swap)
{
	cr_assert(far_file_is_recent("twolist:swappiness=0", 60, false));
	cr_assert(far_file_is_recent("twolist", 0, false), "a guest's own swappiness is no other");
	cr_assert(!far_file_is_recent("twolist:swappiness=0", 0, true));
	cr_assert(!far_file_is_recent("twolist", 0, true));
	cr_assert(!far_file_is_recent("twolist:swappiness=60", 60, true), "what is not there");
}
