/* SPDX-License-Identifier: BSD-2-Clause */
/* test_regret.c - which oracle is right for a policy, and whether it bounds what runs do. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "model/sim_rng.h"
#include "output/sim_comparison.h"
#include "output/sim_single.h"
#include "scenario/sim_scenario_read.h"
#include "sweep/sim_gather.h"
#include "tr_file.h"
#include "own_folder.h"

#define MIB (1ull << 20)

/* 20 s of uses of 3000 pages, of which a quarter is used most; then only that quarter. */
static void write_trace(void)
{
	struct tr_meta meta = { .default_type = TR_ANON, .origin = "" };
	struct tr_error error = { "" };
	struct tr_writer *writer;
	struct sim_rng rng;
	char path[128];

	path_of(path, sizeof(path), "a.wst");
	sim_rng_init(&rng, 1, 0, "trace");
	cr_assert_eq(tr_writer_open(&writer, path, &meta, &error), 0, "%s", error.text);
	for (u32 i = 0; i < 20000; i++) {
		u32 pages = i < 10000 && !sim_rng_below(&rng, 8) ? 3000 : 750;
		struct tr_record record = { .op = TR_ACCESS,
					    .page = (u32)sim_rng_below(&rng, pages),
					    .time_ns = (i + 1) * 1000000ull };
		cr_assert_eq(tr_writer_put(writer, &record, &error), 0, "%s", error.text);
	}
	cr_assert_eq(tr_writer_commit(writer, &error), 0, "%s", error.text);
}

#define TEXT                                                                                       \
	"{\"duration\": \"40s\", \"open_loop\": true, \"host\": {\"memory\": \"128MiB\", "	       \
	"\"reserved\": \"0\", \"huge_pages\": false, \"swap\": {\"device\": \"nvme\", \"size\": "      \
	"\"64MiB\"}}, \"defaults\": {\"memory\": \"16MiB\", \"memory_min\": \"6MiB\", \"kernel\": "    \
	"\"1MiB\", \"swap\": \"nvme\", \"reclaim\": \"lru\"}, \"vms\": [{\"name\": \"a\", \"workload\": "\
	"[{\"trace\": \"a.wst\"}]}, {\"name\": \"b\", \"phase\": \"5s\", \"workload\": [{\"trace\": "    \
	"\"a.wst\"}]}]}"

static void read_scenario(struct sim_scenario *scenario, const char *policy, const char *set)
{
	struct tr_error error = { "" };
	char path[128];

	path_of(path, sizeof(path), "scenario.json");
	cr_assert_eq(sim_scenario_read_text(scenario, path, TEXT, strlen(TEXT), &set, set != NULL,
					    policy, &error), 0, "%s", error.text);
}

static enum sim_regret_curve right_of(const char *policy, const char *set, double host_swap)
{
	struct sim_scenario scenario;
	enum sim_regret_curve right;

	read_scenario(&scenario, policy, set);
	right = sim_regret_right(&scenario, host_swap);
	sim_scenario_free(&scenario);
	return right;
}

Test(regret, limits_hold_only_where_nothing_but_a_balloon_takes_memory, .init = make_folder,
     .fini = remove_folder)
{
	write_trace();
	cr_assert_eq(right_of("mom", NULL, 0), SIM_REGRET_LIMITED);
	cr_assert_eq(right_of("mom", "vms.*.mechanism=huge-balloon", 0), SIM_REGRET_LIMITED);
	cr_assert_eq(right_of("mom", NULL, 4096), SIM_REGRET_ANY_SIZE, "the host swaps");
	cr_assert_eq(right_of("wmo", NULL, 0), SIM_REGRET_ANY_SIZE, "guests are made to reclaim");
	cr_assert_eq(right_of("mom", "vms.1.page_reporting=true", 0), SIM_REGRET_ANY_SIZE);
	cr_assert_eq(right_of("mom", "vms.1.mechanism=hyperalloc", 0), SIM_REGRET_ANY_SIZE);
}

static struct sim_summary *run_of(const char *policy, const char *set, bool baseline)
{
	struct sim_scenario scenario, run;
	struct sim_single single = { .scenario = &run };
	struct tr_error error = { "" };

	read_scenario(&scenario, policy, set);
	run = scenario;
	if (baseline)
		sim_baseline_init(&run, &scenario);
	cr_assert_eq(sim_single_run(&single, &error), 0, "%s", error.text);
	if (baseline)
		sim_baseline_destroy(&run);
	sim_scenario_free(&scenario);
	return single.summary;
}

/*
 * What a policy saves in an open-loop run is never above its right oracle, whose grid may tell
 * a level (a 48th) too little.
 */
static void check_bound(const char *policy, const char *set, enum sim_regret_curve expected)
{
	struct sim_summary *baseline = run_of(policy, set, true), *run = run_of(policy, set, false);
	struct sim_regret_oracle oracle, alone;
	struct sim_scenario scenario;
	struct tr_error error = { "" };
	double could[SIM_REGRET_CURVES];

	sim_summary_relate(run, baseline);
	read_scenario(&scenario, policy, set);
	enum sim_regret_curve right =
		sim_regret_right(&scenario, run->value[SIM_RUN_HOST_SWAP]);
	cr_assert_eq(right, expected, "%s: oracle %u", policy, right);
	cr_assert(sim_regret_lru(&scenario));
	cr_assert_eq(sim_regret_oracle_make(&oracle, &scenario, baseline, 2, NULL, &error), 0);
	cr_assert_eq(sim_regret_oracle_make(&alone, &scenario, baseline, 1, NULL, &error), 0);
	double slowdown = run->value[SIM_RUN_SLOWDOWN_MEAN], saved = run->value[SIM_RUN_SAVED];
	for (u32 curve = 0; curve < SIM_REGRET_CURVES; curve++) {
		could[curve] = sim_regret_could(&oracle, curve, slowdown);
		double one = sim_regret_could(&alone, curve, slowdown);
		cr_assert_eq(could[curve], one, "curve %u at %g: %g, of one worker %g", curve,
			     slowdown, could[curve], one);
	}
	cr_assert_geq(could[right], saved - 1.0 / SIM_ELASTIC_LEVELS, "%s %s: saved %g at %g, %s %g",
		      policy, set, saved, slowdown, sim_regret_texts[right].key, could[right]);
	cr_assert_geq(could[SIM_REGRET_VMIN], saved);
	cr_assert_geq(could[SIM_REGRET_VMIN], could[SIM_REGRET_ANY_SIZE] - 1e-9);
	cr_assert_geq(could[SIM_REGRET_ANY_SIZE], could[SIM_REGRET_LIMITED] - 1e-9);
	cr_assert_geq(could[SIM_REGRET_ANY_SIZE], could[SIM_REGRET_LIMITED] + 0.01,
		      "memory_min limits nothing here? %g, %g", could[SIM_REGRET_ANY_SIZE],
		      could[SIM_REGRET_LIMITED]);
	sim_regret_oracle_destroy(&oracle);
	sim_regret_oracle_destroy(&alone);
	sim_scenario_free(&scenario);
	free(baseline);
	free(run);
}

Test(regret, a_comparison_gets_curves_and_a_place_for_each_policy, .init = make_folder,
     .fini = remove_folder)
{
	static const char *const names[] = { "mom", "static" };
	struct sim_comparison comparison;
	struct sim_scenario scenario[2];
	struct tr_error error = { "" };

	write_trace();
	sim_comparison_init(&comparison, 2, 1);
	for (u32 i = 0; i < 2; i++) {
		read_scenario(&scenario[i], names[i], NULL);
		comparison.scenario[i] = &scenario[i];
		comparison.summary[i] = run_of(names[i], NULL, false);
	}
	struct sim_regret *regret = &comparison.regret;
	cr_assert(!sim_regret_make(regret, &comparison, 1, NULL, &error) && !regret->known);
	comparison.baseline[0] = run_of("mom", NULL, true);
	sim_comparison_relate(&comparison);
	cr_assert_eq(sim_regret_make(regret, &comparison, 1, NULL, &error), 0, "%s", error.text);
	cr_assert(regret->known && regret->bound && regret->lru);
	for (u32 k = 0; k < SIM_REGRET_CURVES; k++) {
		const struct sim_vmin_point *curve = regret->curve[k];

		cr_assert_float_eq(curve[0].slowdown, 1.0001, 1e-9);
		cr_assert_float_eq(curve[SIM_REGRET_POINTS - 1].slowdown, 2, 1e-9);
		for (u32 i = 1; i < SIM_REGRET_POINTS; i++)
			cr_assert(curve[i].slowdown > curve[i - 1].slowdown &&
				  curve[i].saved >= curve[i - 1].saved - 1e-12, "point %u", i);
		/* A policy's place lies on the curve. */
		for (u32 i = 0; i < 2; i++) {
			double could = regret->could[k][i];
			u32 above = 0;

			while (above < SIM_REGRET_POINTS - 1 &&
			       curve[above].slowdown < regret->slowdown[i])
				above++;
			cr_assert_leq(could, curve[above].saved + 1e-12);
			cr_assert(!above || could >= curve[above - 1].saved - 1e-12);
		}
	}
	sim_comparison_destroy(&comparison);
	for (u32 i = 0; i < 2; i++)
		sim_scenario_free(&scenario[i]);
}

Test(regret, the_right_oracle_bounds_runs_in_open_loop, .init = make_folder, .fini = remove_folder)
{
	write_trace();
	check_bound("static", "policy={\"name\":\"static\",\"params\":{\"fraction\":0.4}}",
		    SIM_REGRET_LIMITED);
	check_bound("equal-share", "host.memory=20MiB", SIM_REGRET_LIMITED);
	check_bound("wmo", NULL, SIM_REGRET_ANY_SIZE);
}

Test(regret, what_a_guest_never_touched_is_not_backed, .init = make_folder, .fini = remove_folder)
{
	struct sim_regret_oracle oracle;
	struct sim_scenario scenario;
	struct tr_error error = { "" };

	/* It touches some 8 MiB of 64 on average, and could not be made smaller than 60. */
	write_trace();
	struct sim_summary *baseline = run_of("static", "vms.*.memory=64MiB", true);
	read_scenario(&scenario, "static", "vms.*.memory=64MiB");
	for (u32 i = 0; i < scenario.vms_count; i++)
		scenario.vm[i].memory_min_bytes = 60 * MIB;
	cr_assert_eq(sim_regret_oracle_make(&oracle, &scenario, baseline, 1, NULL, &error), 0);
	double could = sim_regret_could(&oracle, SIM_REGRET_LIMITED, 1.01);
	cr_assert_geq(could, 0.8, "%g", could);
	cr_assert_leq(could, 0.95, "%g", could);
	sim_regret_oracle_destroy(&oracle);
	sim_scenario_free(&scenario);
	free(baseline);
}

Test(regret, bounds_are_told_from_references)
{
	cr_assert(sim_regret_bounds(true, false, SIM_REGRET_LIMITED, SIM_REGRET_VMIN));
	cr_assert_not(sim_regret_bounds(false, true, SIM_REGRET_LIMITED, SIM_REGRET_VMIN),
		      "in closed loop nothing is");
	cr_assert(sim_regret_bounds(true, true, SIM_REGRET_LIMITED, SIM_REGRET_LIMITED));
	cr_assert(sim_regret_bounds(true, true, SIM_REGRET_LIMITED, SIM_REGRET_ANY_SIZE));
	cr_assert_not(sim_regret_bounds(true, false, SIM_REGRET_LIMITED, SIM_REGRET_LIMITED));
	cr_assert_not(sim_regret_bounds(true, true, SIM_REGRET_ANY_SIZE, SIM_REGRET_LIMITED));
	cr_assert_not(sim_regret_bounds(true, true, SIM_REGRET_LIMITED, SIM_REGRET_WS));
}

static void open_plan(struct sim_plan *plan, struct sim_sweep *sweep)
{
	struct tr_error error = { "" };
	char scenario[128], path[128], dir[128], text[512];

	path_of(scenario, sizeof(scenario), "scenario.json");
	FILE *to = fopen(scenario, "w");
	cr_assert_not_null(to);
	fputs(TEXT, to);
	cr_assert_eq(fclose(to), 0);
	path_of(path, sizeof(path), "plan.json");
	snprintf(text, sizeof(text), "{\"scenarios\": [\"scenario.json\"], \"policies\": [\"static\", "
				     "\"wmo\"], \"parameters\": {\"host.memory\": [\"100MiB\", "
				     "\"128MiB\"], \"vms.*.memory_min\": [\"6MiB\", \"8MiB\"]}, "
				     "\"runs\": 1}");
	cr_assert_eq(sim_plan_read_text(plan, path, text, strlen(text), &error), 0, "%s", error.text);
	path_of(dir, sizeof(dir), "out");
	cr_assert_eq(sim_sweep_open(sweep, plan, dir, true, &error), 0, "%s", error.text);
}

Test(regret, cells_of_a_sweep_that_share_a_baseline_share_oracles, .init = make_folder,
     .fini = remove_folder)
{
	struct sim_sweep_work work = { .workers = 2, .parts_count = 1 };
	struct sim_sweep_regret regret;
	struct tr_error error = { "" };
	struct sim_gather gather;
	struct sim_sweep sweep;
	struct sim_plan plan;
	double most = 0;

	write_trace();
	open_plan(&plan, &sweep);
	cr_assert_eq(plan.cells_count, 4);
	cr_assert_eq(sim_sweep_do(&sweep, &work, &error), 0, "%s", error.text);
	cr_assert_eq(work.failed_count, 0);
	sim_gather_init(&gather, &sweep);
	cr_assert_eq(sim_sweep_oracles(&gather), 2, "%u, one for each memory_min",
		     sim_sweep_oracles(&gather));
	cr_assert_eq(sim_sweep_regret_make(&regret, &gather, 2, NULL, NULL, &error), 0, "%s",
		     error.text);
	gather.regret = &regret;
	for (u32 cell = 0; cell < plan.cells_count; cell++) {
		cr_assert(regret.known[cell] && regret.bound[cell] && regret.lru[cell]);
		cr_assert_eq(sim_sweep_regret_right(&regret, &gather, cell, 0), SIM_REGRET_LIMITED);
		cr_assert_eq(sim_sweep_regret_right(&regret, &gather, cell, 1), SIM_REGRET_ANY_SIZE);
		/* Nobody takes anything from a static guest, so an oracle saves no less. */
		double more = sim_sweep_regret_at(&regret, &gather, cell, 0, SIM_REGRET_LIMITED);
		cr_assert_geq(more, 0, "cell %u: %g", cell, more);
		most = fmax(most, more);
	}
	cr_assert_gt(most, 0.01, "%g", most);
	cr_assert_not_null(strstr(sim_sweep_regret_legend(&gather), "and so does O5"));
	sim_sweep_regret_free(&regret);

	/* Stopped before it began: all unknown, and nothing fails. */
	static const volatile bool stop = true;
	cr_assert_eq(sim_sweep_regret_make(&regret, &gather, 1, &stop, NULL, &error), 0);
	gather.regret = &regret;
	cr_assert_not(regret.known[0]);
	cr_assert(isnan(sim_sweep_regret_at(&regret, &gather, 0, 0, SIM_REGRET_VMIN)));
	sim_sweep_regret_free(&regret);
	sim_gather_free(&gather);
	sim_sweep_close(&sweep);
	sim_plan_free(&plan);
}
