/* SPDX-License-Identifier: BSD-2-Clause */
/* test_oracle.c - oracles against naive ones and against each other. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "model/sim_rng.h"
#include "oracle/sim_elastic.h"
#include "oracle/sim_min.h"
#include "oracle/sim_oracle.h"
#include "oracle/sim_vmin.h"
#include "scenario/sim_scenario_read.h"
#include "tr_file.h"
#include "own_folder.h"

/* A trace of @count accesses, 1 ms apart, to @pages pages; some are freed on the way. */
static void write_trace(const char *name, u64 seed, u32 count, u32 pages, bool frees)
{
	struct tr_meta meta = { .default_type = TR_ANON, .origin = "" };
	struct tr_error error = { "" };
	struct tr_writer *writer;
	struct sim_rng rng;
	char path[128];

	path_of(path, sizeof(path), name);
	sim_rng_init(&rng, seed, 0, "trace");
	cr_assert_eq(tr_writer_open(&writer, path, &meta, &error), 0, "%s", error.text);
	for (u32 i = 0; i < count; i++) {
		u32 page = (u32)sim_rng_below(&rng, sim_rng_below(&rng, 2) ? pages : pages / 4 + 1);
		bool end = frees && !sim_rng_below(&rng, 50);
		struct tr_record record = { .op = end ? TR_FREE : TR_ACCESS, .page = page,
					    .time_ns = (i + 1) * 1000000ull };
		cr_assert_eq(tr_writer_put(writer, &record, &error), 0, "%s", error.text);
	}
	cr_assert_eq(tr_writer_commit(writer, &error), 0, "%s", error.text);
}

static void read_scenario(struct sim_scenario *scenario, const char *vms, const char *more)
{
	struct tr_error error = { "" };
	char text[2048], path[128];

	snprintf(text, sizeof(text), "{\"duration\": \"20s\", \"quantum\": \"1ms\", \"host\": {\"memory\": "
				     "\"8MiB\", \"reserved\": \"0\"}, \"vms\": [%s]%s}", vms, more);
	path_of(path, sizeof(path), "scenario.json");
	cr_assert_eq(sim_scenario_read_text(scenario, path, text, strlen(text), NULL, 0, "static",
					    &error), 0, "%s", error.text);
}

#define VM(name, trace, repeat) \
	"{\"name\": \"" name "\", \"memory\": \"4MiB\", \"memory_min\": \"1MiB\", \"kernel\": \"0\", " \
	"\"swap\": \"nvme\", \"workload\": [{\"trace\": \"" trace "\", \"repeat\": " repeat "}]}"

/* MIN by its definition: look ahead at every eviction. */
static u64 naive_min(const u32 *page, const bool *first, u32 count, u32 frames)
{
	u32 *held = calloc(frames + 1, sizeof(*held)), used = 0;
	u64 page_ins = 0;

	for (u32 i = 0; i < count; i++) {
		u32 at = 0, farthest = 0, distance = 0;
		while (at < used && held[at] != page[i])
			at++;
		/* A page that begins a new life is not the one in memory. */
		if (at < used && first[i])
			held[at] = held[--used], at = used;
		if (at == used) {
			page_ins += !first[i];
			held[used++] = page[i];
		}
		if (used <= frames)
			continue;
		for (u32 k = 0; k < used; k++) {
			u32 next = i + 1;
			while (next < count && page[next] != held[k])
				next++;
			if (next < count && first[next])
				next = count;
			if (next - i >= distance) {
				distance = next - i;
				farthest = k;
			}
		}
		held[farthest] = held[--used];
	}
	free(held);
	return page_ins;
}

Test(oracle, min_is_beladys_at_every_size, .init = make_folder, .fini = remove_folder)
{
	struct tr_error error = { "" };

	for (u64 seed = 1; seed <= 6; seed++) {
		struct sim_scenario scenario;
		struct sim_timeline timeline;
		struct sim_min min;

		write_trace("a.wst", seed, 700, 40, seed & 1);
		read_scenario(&scenario, VM("a", "a.wst", "1"), "");
		cr_assert_eq(sim_timeline_make(&timeline, &scenario, NULL, &error), 0, "%s", error.text);
		cr_assert_eq(sim_min_make(&min, &timeline, 0, &error), 0);
		cr_assert_gt(min.uses_count, 500);
		for (u32 frames = 0; frames <= 42; frames += 3) {
			u64 page_ins;
			cr_assert_eq(sim_min_page_ins(&min, frames, &page_ins), 0);
			u64 naive = naive_min(min.page, min.first, min.uses_count, frames);
			cr_assert_eq(page_ins, naive, "seed %llu, %u frames: %llu, naive %llu", seed,
				     frames, page_ins, naive);
		}
		sim_min_destroy(&min);
		sim_timeline_destroy(&timeline);
		sim_scenario_free(&scenario);
	}
}

Test(oracle, idle_time_parts_the_repetitions_of_a_segment, .init = make_folder,
     .fini = remove_folder)
{
	struct tr_error error = { "" };
	struct sim_scenario scenario;
	struct sim_timeline timeline;
	u32 last = 0, uses = 0;

	write_trace("a.wst", 1, 1, 1, false);
	read_scenario(&scenario, "{\"name\": \"a\", \"memory\": \"4MiB\", \"memory_min\": \"1MiB\", "
				 "\"kernel\": \"0\", \"swap\": \"nvme\", \"workload\": [{\"trace\": "
				 "\"a.wst\", \"idle\": \"500ms\"}]}", "");
	cr_assert_eq(sim_timeline_make(&timeline, &scenario, NULL, &error), 0, "%s", error.text);
	/* Quanta are 1 ms, and so is the trace, more or less. */
	for (u64 i = 0; i < timeline.vm[0].uses_count; i++) {
		struct sim_use use = timeline.vm[0].use[i];

		if (use.entry & SIM_USE_END)
			continue;
		if (uses++)
			cr_assert(use.quantum - last >= 500 && use.quantum - last <= 503, "%u to %u", last,
				  use.quantum);
		last = use.quantum;
	}
	cr_assert(uses >= 39 && uses <= 40, "%u repetitions in 20 s", uses);
	sim_timeline_destroy(&timeline);
	sim_scenario_free(&scenario);
}

/* LRU as a list. */
static u64 naive_lru(const struct sim_timeline_vm *vm, u32 frames)
{
	u32 *stack = calloc(vm->sums.pages_count + 1, sizeof(*stack)), used = 0;
	u64 page_ins = 0;

	for (u64 i = 0; i < vm->uses_count; i++) {
		u32 page = SIM_USE_PAGE(vm->use[i].entry), at = 0;
		while (at < used && stack[at] != page)
			at++;
		bool hit = at < used;
		if (hit)
			memmove(stack + at, stack + at + 1, (--used - at) * sizeof(*stack));
		if (vm->use[i].entry & SIM_USE_END)
			continue;
		page_ins += !hit && !(vm->use[i].entry & SIM_USE_FIRST);
		if (frames && used == frames)
			memmove(stack, stack + 1, --used * sizeof(*stack));
		if (frames)
			stack[used++] = page;
	}
	free(stack);
	return page_ins;
}

Test(oracle, lru_page_ins_are_a_lists_at_every_size, .init = make_folder, .fini = remove_folder)
{
	struct tr_error error = { "" };
	u64 page_ins[51];

	for (u64 seed = 1; seed <= 4; seed++) {
		struct sim_scenario scenario;
		struct sim_timeline timeline;

		write_trace("a.wst", seed, 900, 50, seed & 1);
		read_scenario(&scenario, VM("a", "a.wst", "3"), "");
		cr_assert_eq(sim_timeline_make(&timeline, &scenario, NULL, &error), 0, "%s", error.text);
		cr_assert_eq(sim_lru_page_ins(&timeline.vm[0], 50, page_ins), 0);
		for (u32 frames = 0; frames <= 50; frames++) {
			u64 naive = naive_lru(&timeline.vm[0], frames);
			cr_assert_eq(page_ins[frames], naive, "seed %llu, %u frames: %llu, naive %llu",
				     seed, frames, page_ins[frames], naive);
		}
		sim_timeline_destroy(&timeline);
		sim_scenario_free(&scenario);
	}
}

Test(oracle, the_best_division_is_that_of_trying_all)
{
	struct sim_rng rng;

	sim_rng_init(&rng, 7, 0, "curves");
	for (u32 round = 0; round < 200; round++) {
		double curve[3][11], hull, best = INFINITY, sum = 0;
		const double *curves[3] = { curve[0], curve[1], curve[2] };
		struct sim_partition partition;
		u32 chunks = 0;

		for (u32 vm = 0; vm < 3; vm++) {
			double value = 1000;
			for (u32 c = 0; c <= 10; c++) {
				curve[vm][c] = value;
				value -= (double)sim_rng_below(&rng, (u64)value + 1) *
					 (double)sim_rng_below(&rng, 2);
			}
		}
		for (u32 a = 0; a <= 10; a++)
			for (u32 b = 0; a + b <= 10; b++)
				best = fmin(best, curve[0][a] + curve[1][b] + curve[2][10 - a - b]);
		cr_assert_eq(sim_partition_best(&partition, curves, 3, 10), 0);
		cr_assert_float_eq(partition.page_ins, best, 1e-9, "round %u", round);
		for (u32 vm = 0; vm < 3; vm++) {
			sum += curve[vm][partition.chunks[vm]];
			chunks += partition.chunks[vm];
		}
		cr_assert_float_eq(sum, best, 1e-9);
		cr_assert_leq(chunks, 10);
		cr_assert_eq(sim_partition_hull(&hull, curves, 3, 10), 0);
		cr_assert_leq(hull, best + 1e-9, "round %u: the hull is no bound", round);
		sim_partition_destroy(&partition);
	}
}

Test(oracle, bounds_stand_in_their_order, .init = make_folder, .fini = remove_folder)
{
	struct tr_error error = { "" };
	struct sim_scenario scenario;
	struct sim_timeline timeline;
	struct sim_oracle oracle;

	write_trace("a.wst", 3, 3000, 900, true);
	write_trace("b.wst", 4, 3000, 1400, false);
	read_scenario(&scenario, VM("a", "a.wst", "2") "," VM("b", "b.wst", "2"), "");
	cr_assert_eq(sim_timeline_make(&timeline, &scenario, NULL, &error), 0, "%s", error.text);
	scenario.host.memory_bytes = 192 * 4096;
	cr_assert_eq(sim_oracle_make(&oracle, &timeline, NULL, &error), 0, "%s", error.text);
	cr_assert_gt(oracle.page_ins[SIM_O3A], 0);
	cr_assert_leq(oracle.page_ins[SIM_O3A], oracle.page_ins[SIM_O3B]);
	cr_assert_leq(oracle.page_ins[SIM_O3B], oracle.page_ins[SIM_O1]);
	cr_assert_leq(oracle.page_ins[SIM_O2], oracle.page_ins[SIM_O1]);
	cr_assert_lt(oracle.page_ins[SIM_O1], (double)oracle.reuses);
	sim_oracle_destroy(&oracle);
	sim_timeline_destroy(&timeline);
	sim_scenario_free(&scenario);
}

/* Memory saved, and slowdown, of a guest under LRU that is always of one size. */
static struct sim_vmin_point of_one_size(const struct sim_timeline *timeline,
					 const struct sim_vmin *vmin, u32 pages)
{
	u64 *page_ins = calloc(pages + 1, sizeof(*page_ins));
	const struct sim_timeline_sums *sums = &timeline->vm[0].sums;
	double life_s = (double)(sums->end_ns - sums->start_ns) / 1e9;
	struct sim_vmin_point point;

	cr_assert_eq(sim_lru_page_ins(&timeline->vm[0], pages, page_ins), 0);
	point.slowdown = 1 + (double)page_ins[pages] * vmin->vm[0].cost_ns[SIM_VMIN_SINGLE][0] /
				     vmin->vm[0].busy_ns;
	point.saved = 1 - pages * life_s / vmin->nominal_page_s;
	free(page_ins);
	return point;
}

Test(oracle, a_balloon_that_knows_the_future_is_between_vmin_and_the_best_fixed_size,
     .init = make_folder, .fini = remove_folder)
{
	for (u64 seed = 1; seed <= 4; seed++) {
		struct tr_error error = { "" };
		struct sim_scenario scenario;
		struct sim_timeline timeline;
		struct sim_elastic elastic;
		struct sim_vmin vmin;

		write_trace("a.wst", seed, 6000, 800, seed & 1);
		read_scenario(&scenario, VM("a", "a.wst", "3"), "");
		cr_assert_eq(sim_timeline_make(&timeline, &scenario, NULL, &error), 0, "%s", error.text);
		cr_assert_eq(sim_vmin_make(&vmin, &scenario, NULL, NULL, &error), 0, "%s", error.text);
		cr_assert_eq(sim_elastic_make(&elastic, &scenario, &vmin, NULL, &error), 0, "%s",
			     error.text);
		u32 below = 0;
		for (u32 pages = 40; pages <= 700; pages += 60) {
			struct sim_vmin_point fixed = of_one_size(&timeline, &vmin, pages);
			double best = sim_elastic_best(&elastic, SIM_ELASTIC_FREE, SIM_VMIN_SINGLE,
						       fixed.slowdown);
			double vmin_saves = sim_vmin_best(&vmin, SIM_VMIN_FUTURE, SIM_VMIN_SINGLE,
							  fixed.slowdown).saved;
			double limited = sim_elastic_best(&elastic, SIM_ELASTIC_LIMITED,
							  SIM_VMIN_SINGLE, fixed.slowdown);
			/* Up to a level of the grid. */
			cr_assert_geq(best, fixed.saved - 1.0 / SIM_ELASTIC_LEVELS,
				      "seed %llu, %u pages: %g, fixed %g", seed, pages, best,
				      fixed.saved);
			cr_assert_leq(best, vmin_saves + 0.01, "seed %llu, %u pages: %g, VMIN %g", seed,
				      pages, best, vmin_saves);
			cr_assert_leq(limited, best + 1e-9);
			/* 1 MiB of 4 cannot be taken, once it was touched. */
			cr_assert_leq(limited, 0.76, "%g", limited);
			below += best < vmin_saves - 0.02;
		}
		cr_assert_gt(below, 3, "LRU's victims are as good as VMIN's?");
		sim_vmin_destroy(&vmin);
		sim_timeline_destroy(&timeline);
		sim_scenario_free(&scenario);
	}
}

Test(oracle, a_page_of_a_cluster_costs_its_share_of_the_read, .init = make_folder, .fini = remove_folder)
{
	struct tr_error error = { "" };
	struct sim_scenario scenario;
	struct sim_vmin vmin;

	write_trace("a.wst", 1, 100, 20, false);
	read_scenario(&scenario, VM("a", "a.wst", "1"), "");
	scenario.host.swap.name[0] = 0; /* the guest's is the only one */
	scenario.vm[0].swap.read_ns = 80000;
	scenario.vm[0].swap.cluster_pages = 8;
	scenario.vm[0].disk.read_ns = 320000;
	scenario.costs.minor_fault_ns = 1000;
	cr_assert_eq(sim_vmin_make(&vmin, &scenario, NULL, NULL, &error), 0, "%s", error.text);
	double(*cost_ns)[2] = vmin.vm[0].cost_ns;
	cr_assert_float_eq(cost_ns[SIM_VMIN_SINGLE][0], 1000 + 80000, 1e-6);
	cr_assert_float_eq(cost_ns[SIM_VMIN_CLUSTERS][0], 1000 + 80000 / 8, 1e-6);
	cr_assert_float_eq(cost_ns[SIM_VMIN_SINGLE][1], 1000 + 320000, 1e-6);
	cr_assert_float_eq(cost_ns[SIM_VMIN_CLUSTERS][1], 1000 + 320000 / 32, 1e-6, "128 KiB a read");
	sim_vmin_destroy(&vmin);
	scenario.vm[0].swap.compressed = true; /* each page by itself */
	cr_assert_eq(sim_vmin_make(&vmin, &scenario, NULL, NULL, &error), 0, "%s", error.text);
	cr_assert_float_eq(vmin.vm[0].cost_ns[SIM_VMIN_CLUSTERS][0], 1000 + 80000, 1e-6);
	sim_vmin_destroy(&vmin);
	sim_scenario_free(&scenario);
}

/* Page 0 at 0.1, 1.1 and 5.1 s; page 1 at 0.2 s only. */
static void write_small(void)
{
	static const struct { u64 page, ms; } uses[] = { { 0, 100 }, { 1, 200 }, { 0, 1100 }, { 0, 5100 } };
	struct tr_meta meta = { .default_type = TR_ANON, .origin = "" };
	struct tr_error error = { "" };
	struct tr_writer *writer;
	char path[128];

	path_of(path, sizeof(path), "s.wst");
	cr_assert_eq(tr_writer_open(&writer, path, &meta, &error), 0);
	for (u32 i = 0; i < 4; i++) {
		struct tr_record record = { .op = TR_ACCESS, .page = uses[i].page,
					    .time_ns = uses[i].ms * 1000000ull };
		cr_assert_eq(tr_writer_put(writer, &record, &error), 0);
	}
	cr_assert_eq(tr_writer_commit(writer, &error), 0);
}

Test(oracle, vmin_and_ws_on_four_accesses, .init = make_folder, .fini = remove_folder)
{
	struct tr_error error = { "" };
	struct sim_scenario scenario;
	struct sim_vmin vmin;
	struct sim_vmin_point point;
	double nominal_page_s = 20.0 * 1024;

	write_small();
	read_scenario(&scenario, "{\"name\": \"a\", \"memory\": \"4MiB\", \"memory_min\": \"1MiB\", "
		      "\"kernel\": \"0\", \"swap\": \"nvme\", \"loop\": false, \"workload\": "
		      "[{\"trace\": \"s.wst\", \"keep\": \"all\"}]}", "");
	cr_assert_eq(sim_vmin_make(&vmin, &scenario, NULL, NULL, &error), 0, "%s", error.text);
	double worth = vmin.vm[0].cost_ns[SIM_VMIN_SINGLE][0] / vmin.vm[0].busy_ns;

	/* Cheap memory: both gaps are held, nothing after the last use. */
	point = sim_vmin_at(&vmin, SIM_VMIN_FUTURE, SIM_VMIN_SINGLE, worth / 100);
	cr_assert_float_eq((1 - point.saved) * nominal_page_s, 1 + 4, 0.02);
	cr_assert_eq(point.page_ins, 0);
	cr_assert_float_eq(point.slowdown, 1, 1e-12);
	/* A fault is worth two seconds: the gap of one is held. */
	point = sim_vmin_at(&vmin, SIM_VMIN_FUTURE, SIM_VMIN_SINGLE, worth / 2);
	cr_assert_float_eq((1 - point.saved) * nominal_page_s, 1, 0.02);
	cr_assert_eq(point.page_ins, 1);
	cr_assert_float_eq(point.slowdown, 1 + worth, 1e-9);
	/* WS at half a second a fault: it does not pay to hold anything for any time. */
	point = sim_vmin_at(&vmin, SIM_VMIN_PAST, SIM_VMIN_SINGLE, worth * 2);
	cr_assert_eq(point.page_ins, 2);
	cr_assert_float_eq((1 - point.saved) * nominal_page_s, 0, 0.02);
	/* Ten seconds: 4 s for each gap and both pages after their last use. */
	point = sim_vmin_at(&vmin, SIM_VMIN_PAST, SIM_VMIN_SINGLE, worth / 100);
	cr_assert_eq(point.page_ins, 0);
	cr_assert_float_eq((1 - point.saved) * nominal_page_s, 1 + 4 + 4 + 4, 0.05);
	/* The future is never worth less than the past. */
	for (double slowdown = 1; slowdown < 1.001; slowdown += 0.00005)
		cr_assert_geq(sim_vmin_best(&vmin, SIM_VMIN_FUTURE, SIM_VMIN_SINGLE, slowdown).saved,
			      sim_vmin_best(&vmin, SIM_VMIN_PAST, SIM_VMIN_SINGLE, slowdown).saved - 1e-12);
	sim_vmin_destroy(&vmin);
	sim_scenario_free(&scenario);
}
