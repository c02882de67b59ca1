/* SPDX-License-Identifier: BSD-2-Clause */
/* test_sweep.c - plans, the store of finished runs, and what is gathered from it. */
#include <criterion/criterion.h>
#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "scenario/sim_scenario_read.h"
#include "sweep/sim_gather.h"
#include "own_folder.h"

static int read_plan(struct sim_plan *plan, const char *text, struct tr_error *error)
{
	return sim_plan_read_text(plan, "dir/plan.json", text, strlen(text), error);
}

static void must_read(struct sim_plan *plan, const char *text)
{
	struct tr_error error = { "" };

	cr_assert_eq(read_plan(plan, text, &error), 0, "%s", error.text);
}

static void must_refuse(const char *text, const char *reason)
{
	struct tr_error error = { "" };
	struct sim_plan plan;

	cr_assert_eq(read_plan(&plan, text, &error), -EINVAL, "%s", text);
	cr_assert(strstr(error.text, reason), "'%s' has no '%s'", error.text, reason);
}

Test(sweep, a_plan_of_all_combinations_has_each_once_in_order)
{
	char label[SIM_PLAN_LABEL_MAX];
	struct sim_plan plan;

	must_read(&plan, "{\"scenarios\": [\"a.json\", \"/b.json\"], \"policies\": [\"mom\"],"
			 "\"parameters\": {\"host.memory\": [\"1GiB\", \"2GiB\"], \"link.loss\": "
			 "[0, 0.1, 0.2]}, \"seeds\": [\"0x1\", \"0xffffffffffffffff\"], \"runs\": 4}");
	cr_assert_eq(plan.cells_count, 12);
	cr_assert_eq(sim_plan_samples(&plan), 8);
	cr_assert_str_eq(plan.scenario[0], "dir/a.json");
	cr_assert_str_eq(plan.scenario[1], "/b.json");
	cr_assert_str_eq(sim_plan_cell_label(&plan, 0, label),
			 "a.json host.memory=1GiB link.loss=0");
	cr_assert_str_eq(sim_plan_cell_label(&plan, 1, label),
			 "a.json host.memory=1GiB link.loss=0.1");
	cr_assert_str_eq(sim_plan_cell_label(&plan, 11, label),
			 "b.json host.memory=2GiB link.loss=0.2");
	cr_assert_str_eq(plan.axis[0].set[1], "host.memory=\"2GiB\"");
	cr_assert_str_eq(plan.axis[1].set[2], "link.loss=0.2");

	struct sim_scenario scenario = { .seed = 9, .run = 100 };
	sim_plan_sample(&plan, 6, &scenario);
	cr_assert_eq(scenario.seed, 0xffffffffffffffffull);
	cr_assert_eq(scenario.run, 102);
	sim_plan_free(&plan);
}

Test(sweep, one_parameter_at_a_time_starts_with_the_scenario_as_it_is)
{
	char label[SIM_PLAN_LABEL_MAX];
	struct sim_plan plan;

	must_read(&plan, "{\"scenarios\": [\"a.json\"], \"vary\": \"each\", \"parameters\": "
			 "{\"x\": [1, 2], \"y\": [true]}}");
	cr_assert_eq(plan.cells_count, 4);
	cr_assert_str_eq(sim_plan_cell_label(&plan, 0, label), "as it is");
	cr_assert_str_eq(sim_plan_cell_label(&plan, 2, label), "x=2");
	cr_assert_str_eq(sim_plan_cell_label(&plan, 3, label), "y=true");
	cr_assert_eq(sim_plan_cell(&plan, 3).value[0], -1);
	sim_plan_free(&plan);
}

Test(sweep, params_of_a_policy_are_combined_into_variants)
{
	struct sim_plan plan;

	must_read(&plan, "{\"scenarios\": [\"a.json\"], \"policies\": [\"static\", {\"policy\": "
			 "\"wmo\", \"params\": {\"idle\": [\"10s\", \"20s\"], \"balloon\": "
			 "[true, false]}}]}");
	cr_assert_eq(plan.variants_count, 5);
	cr_assert_str_eq(plan.variant[0].label, "static");
	cr_assert_str_eq(plan.variant[2].label, "wmo idle=10s balloon=false");
	cr_assert_str_eq(plan.variant[3].set[0], "policy.params.idle=\"20s\"");
	sim_plan_free(&plan);
}

Test(sweep, a_wrong_plan_is_refused_with_its_place)
{
	must_refuse("[]", "must be an object");
	must_refuse("{}", "needs \"scenarios\"");
	must_refuse("{\"scenarios\": []}", "/scenarios: ");
	must_refuse("{\"scenarios\": [\"a\", \"a\"]}", "/scenarios/1: twice");
	must_refuse("{\"scenarios\": [\"a\"], \"policies\": [\"best\"]}", "/policies/0: 'best'");
	must_refuse("{\"scenarios\": [\"a\"], \"policies\": [\"mom\", \"mom\"]}", "mom: twice");
	must_refuse("{\"scenarios\": [\"a\"], \"parameters\": {\"x\": []}}", "/parameters/x: ");
	must_refuse("{\"scenarios\": [\"a\"], \"parameters\": {\"x\": [1, 1]}}", "twice");
	must_refuse("{\"scenarios\": [\"a\"], \"parameters\": {\"seed\": [1]}}", "of their own");
	must_refuse("{\"scenarios\": [\"a\"], \"parameters\": {\"x\": {}}}", "must be a number");
	must_refuse("{\"scenarios\": [\"a\"], \"vary\": \"some\"}", "all or each");
	must_refuse("{\"scenarios\": [\"a\"], \"runs\": 0}", "/runs: ");
	must_refuse("{\"scenarios\": [\"a\"], \"color\": 1}", "unknown key");
	must_refuse("{\"scenarios\": [\"a\"], \"runs\": 100000, \"parameters\": {\"x\": "
		    "[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21]}}", "more than");
}

static struct sim_summary *make_summary(double base)
{
	struct sim_summary *summary = calloc(1, sim_summary_bytes(2));

	cr_assert_not_null(summary);
	summary->vms_count = 2;
	snprintf(summary->policy, sizeof(summary->policy), "mom");
	summary->seed = 0xfedcba9876543210ull;
	summary->run = 3;
	summary->digest = ~0ull;
	summary->valid = true;
	for (u32 i = 0; i < SIM_RUN_METRICS; i++)
		summary->value[i] = base / (i + 3.0);
	summary->value[1] = NAN;
	for (u32 vm = 0; vm < 2; vm++) {
		snprintf(summary->vm[vm].name, SIM_NAME_MAX, "vm \"%u\"", vm);
		for (u32 i = 0; i < SIM_VM_METRICS; i++)
			summary->vm[vm].value[i] = base * (vm + 1) / (i + 7.0);
	}
	return summary;
}

Test(sweep, a_stored_run_comes_back_to_the_last_bit, .init = make_folder, .fini = remove_folder)
{
	struct sim_summary *in = make_summary(1.1), *out;
	struct tr_error error = { "" };
	struct sim_store store;

	cr_assert_eq(sim_store_open(&store, folder, &error), 0, "%s", error.text);
	cr_assert_not(sim_store_has(&store, 42));
	cr_assert_null(sim_store_get(&store, 42));
	cr_assert_eq(sim_store_put(&store, 42, in, &error), 0, "%s", error.text);
	cr_assert(sim_store_has(&store, 42));
	out = sim_store_get(&store, 42);
	cr_assert_not_null(out);
	cr_assert_eq(out->seed, in->seed);
	cr_assert_eq(out->digest, in->digest);
	cr_assert_eq(out->run, 3);
	cr_assert(isnan(out->value[1]));
	for (u32 i = 0; i < SIM_RUN_METRICS; i++)
		cr_assert(i == 1 || out->value[i] == in->value[i], "metric %u", i);
	cr_assert_eq(memcmp(out->vm[1].value, in->vm[1].value, sizeof(in->vm[1].value)), 0);
	cr_assert_str_eq(out->vm[1].name, "vm \"1\"");
	free(out);
	free(in);
}

Test(sweep, a_torn_file_counts_as_not_done, .init = make_folder, .fini = remove_folder)
{
	struct sim_summary *in = make_summary(2);
	struct tr_error error = { "" };
	struct sim_store store;
	char path[128];
	struct stat file;

	cr_assert_eq(sim_store_open(&store, folder, &error), 0);
	cr_assert_eq(sim_store_put(&store, 7, in, &error), 0);
	snprintf(path, sizeof(path), "%s/runs/%016llx.json", folder, 7ull);
	cr_assert_eq(stat(path, &file), 0);
	for (off_t size = file.st_size - 2; size >= 0; size -= 97) {
		cr_assert_eq(truncate(path, size), 0);
		cr_assert_null(sim_store_get(&store, 7), "cut to %ld bytes", (long)size);
	}
	/* Another run's file under this name is none either. */
	cr_assert_eq(sim_store_put(&store, 8, in, &error), 0);
	char other[128];
	snprintf(other, sizeof(other), "%s/runs/%016llx.json", folder, 8ull);
	cr_assert_eq(rename(other, path), 0);
	cr_assert_null(sim_store_get(&store, 7));
	free(in);
}

/* Every third character of the file in turn is another one: what reads is what was stored. */
Test(sweep, a_file_with_another_byte_counts_as_not_done, .init = make_folder, .fini = remove_folder)
{
	struct sim_summary *in = make_summary(3);
	char path[128], text[32768];
	struct tr_error error = { "" };
	struct sim_store store;
	u32 damaged = 0, read = 0;

	cr_assert_eq(sim_store_open(&store, folder, &error), 0);
	snprintf(path, sizeof(path), "%s/runs/%016llx.json", folder, 7ull);
	cr_assert_eq(sim_store_put(&store, 7, in, &error), 0);
	FILE *file = fopen(path, "r");
	cr_assert_not_null(file);
	size_t size = fread(text, 1, sizeof(text), file);
	cr_assert(size && size < sizeof(text));
	fclose(file);
	for (size_t at = 0; at < size; at += 3) {
		char was = text[at];

		text[at] = was == '7' ? '8' : '7';
		file = fopen(path, "w");
		cr_assert_not_null(file);
		cr_assert_eq(fwrite(text, 1, size, file), size);
		cr_assert_eq(fclose(file), 0);
		text[at] = was;
		struct sim_summary *out = sim_store_take(&store, 7, &damaged);
		if (!out)
			continue;
		/* White space, the format's number, or a last digit that no double has. */
		read++;
		cr_assert_eq(memcmp(out->value + 2, in->value + 2, sizeof(in->value) - 16), 0,
			     "byte %zu", at);
		cr_assert_str_eq(out->vm[1].name, in->vm[1].name, "byte %zu", at);
		cr_assert_eq(out->seed, in->seed, "byte %zu", at);
		free(out);
	}
	cr_assert(damaged > size / 4, "%u of %zu bytes", damaged, size / 3);
	cr_assert(read < 16, "%u files read", read);
	free(in);
}

Test(sweep, what_is_no_file_is_no_run, .init = make_folder, .fini = remove_folder)
{
	struct sim_summary *in = make_summary(2);
	struct tr_error error = { "" };
	struct sim_store store;
	u32 damaged = 0;
	char path[128];

	cr_assert_eq(sim_store_open(&store, folder, &error), 0);
	snprintf(path, sizeof(path), "%s/runs/%016llx.json", folder, 7ull);
	cr_assert_eq(mkdir(path, 0777), 0);
	cr_assert_not(sim_store_has(&store, 7));
	cr_assert_null(sim_store_take(&store, 7, &damaged));
	cr_assert_eq(damaged, 0);
	cr_assert(sim_store_put(&store, 7, in, &error) < 0);
	cr_assert_not_null(strstr(error.text, "0000000000000007.json: "), "%s", error.text);
	free(in);
}

Test(sweep, runs_differ_by_seed_number_and_identity)
{
	u64 seen[4 * 4 * 4];
	u32 count = 0;

	for (u64 identity = 0; identity < 4; identity++)
		for (u64 seed = 0; seed < 4; seed++)
			for (u32 run = 0; run < 4; run++)
				seen[count++] = sim_store_key(identity, seed, run);
	for (u32 i = 0; i < count; i++)
		for (u32 k = 0; k < i; k++)
			cr_assert_neq(seen[i], seen[k]);
}

/* Two cells, two variants, two samples without baseline: 8 runs. */
static void open_small(struct sim_plan *plan, struct sim_sweep *sweep)
{
	struct tr_error error = { "" };
	char scenario[128], text[512], dir[128];

	path_of(scenario, sizeof(scenario), "s.json");
	FILE *to = fopen(scenario, "w");
	cr_assert_not_null(to);
	fputs("{\"duration\": \"1s\", \"host\": {\"memory\": \"2GiB\"}, \"vms\": [{\"name\": \"a\", "
	      "\"memory\": \"32MiB\", \"workload\": [{\"idle\": \"1s\"}]}]}", to);
	cr_assert_eq(fclose(to), 0);
	snprintf(text, sizeof(text), "{\"scenarios\": [\"%s\"], \"policies\": [\"static\", \"mom\"], "
				     "\"parameters\": {\"host.memory\": [\"2GiB\", \"3GiB\"]}, "
				     "\"runs\": 2, \"baseline\": false}", scenario);
	must_read(plan, text);
	path_of(dir, sizeof(dir), "out");
	cr_assert_eq(sim_sweep_open(sweep, plan, dir, true, &error), 0, "%s", error.text);
}

Test(sweep, a_damaged_file_is_found_when_the_sweep_is_opened, .init = make_folder,
     .fini = remove_folder)
{
	struct sim_summary *summary = make_summary(1);
	struct sim_sweep sweep, again;
	struct tr_error error = { "" };
	struct sim_plan plan;
	char dir[128], path[sizeof(sweep.store.dir) + 32];

	open_small(&plan, &sweep);
	for (u32 sample = 0; sample < 2; sample++)
		cr_assert_eq(sim_store_put(&sweep.store, sim_sweep_at(&sweep, 1, 1, sample)->key, summary,
					   &error), 0);
	snprintf(path, sizeof(path), "%s/%016llx.json", sweep.store.dir,
		 sim_sweep_at(&sweep, 1, 1, 0)->key);
	cr_assert_eq(truncate(path, 100), 0);
	sim_sweep_close(&sweep);
	path_of(dir, sizeof(dir), "out");
	cr_assert_eq(sim_sweep_open(&again, &plan, dir, true, &error), 0, "%s", error.text);
	cr_assert_eq(again.damaged_count, 1);
	cr_assert_eq(again.done_count, 1);
	cr_assert_neq(access(path, F_OK), 0);
	sim_sweep_close(&again);
	sim_plan_free(&plan);
	free(summary);
}

Test(sweep, gathering_takes_means_over_cells_within_samples, .init = make_folder,
     .fini = remove_folder)
{
	struct tr_error error = { "" };
	struct sim_gather gather;
	struct sim_sweep sweep;
	struct sim_plan plan;

	open_small(&plan, &sweep);
	cr_assert_eq(sweep.unique_count, 8);
	cr_assert_eq(sweep.done_count, 0);
	for (u32 cell = 0; cell < 2; cell++)
		for (u32 variant = 0; variant < 2; variant++)
			for (u32 sample = 0; sample < 2; sample++) {
				struct sim_summary *summary = make_summary(1);
				summary->value[SIM_RUN_SAVED] =
					100.0 * cell + 10.0 * variant + sample;
				cr_assert_eq(sim_store_put(&sweep.store,
							   sim_sweep_at(&sweep, cell, variant, sample)->key,
							   summary, &error), 0);
				free(summary);
			}
	sim_sweep_count(&sweep);
	cr_assert_eq(sweep.done_count, 8);
	sim_gather_init(&gather, &sweep);
	cr_assert_eq(gather.missing_count, 0);
	struct sim_estimate e = sim_gather_estimate(&gather, 1, 1, SIM_RUN_SAVED);
	cr_assert_float_eq(e.mean, 110.5, 1e-12);
	cr_assert_eq(e.count, 2);
	e = sim_gather_margin(&gather, SIM_ANY_AXIS, 0, 0, SIM_RUN_SAVED);
	cr_assert_float_eq(e.mean, 50.5, 1e-12);
	cr_assert(e.high - e.low <= 1 + 1e-12, "the cells' spread is not noise");
	e = sim_gather_margin(&gather, 0, 1, 0, SIM_RUN_SAVED);
	cr_assert_float_eq(e.mean, 100.5, 1e-12);
	sim_gather_free(&gather);

	/* Without one run its sample is left out of what goes over cells. */
	char path[sizeof(sweep.store.dir) + 32];
	snprintf(path, sizeof(path), "%s/%016llx.json", sweep.store.dir,
		 sim_sweep_at(&sweep, 1, 0, 0)->key);
	cr_assert_eq(unlink(path), 0);
	sim_gather_init(&gather, &sweep);
	cr_assert_eq(gather.missing_count, 1);
	e = sim_gather_margin(&gather, SIM_ANY_AXIS, 0, 0, SIM_RUN_SAVED);
	cr_assert_eq(e.count, 1);
	cr_assert_float_eq(e.mean, 51, 1e-12);
	sim_gather_free(&gather);
	sim_sweep_close(&sweep);
	sim_plan_free(&plan);
}

Test(sweep, a_changed_trace_or_scenario_is_another_run, .init = make_folder, .fini = remove_folder)
{
	struct tr_error error = { "" };
	struct sim_sweep sweep, again;
	struct sim_plan plan;
	char scenario[128], dir[128];
	u64 key;

	open_small(&plan, &sweep);
	key = sweep.run[0].key;
	sim_sweep_close(&sweep);
	path_of(dir, sizeof(dir), "out");
	cr_assert_eq(sim_sweep_open(&again, &plan, dir, true, &error), 0, "%s", error.text);
	cr_assert_eq(again.run[0].key, key);
	sim_sweep_close(&again);
	path_of(scenario, sizeof(scenario), "s.json");
	FILE *to = fopen(scenario, "w");
	cr_assert_not_null(to);
	fputs("{\"duration\": \"2s\", \"host\": {\"memory\": \"2GiB\"}, \"vms\": [{\"name\": \"a\", "
	      "\"memory\": \"32MiB\", \"workload\": [{\"idle\": \"1s\"}]}]}", to);
	cr_assert_eq(fclose(to), 0);
	cr_assert_eq(sim_sweep_open(&again, &plan, dir, true, &error), 0, "%s", error.text);
	cr_assert_neq(again.run[0].key, key);
	sim_sweep_close(&again);
	sim_plan_free(&plan);
}

Test(sweep, plans_that_we_ship_are_sound)
{
	static const char *const paths[] = { "sim/plans/mechanisms.json", "sim/plans/sensitivity.json" };

	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++) {
		struct tr_error error = { "" };
		struct sim_plan plan;

		cr_assert_eq(sim_plan_read(&plan, paths[i], &error), 0, "%s", error.text);
		cr_assert_gt(plan.cells_count, 10);
		sim_plan_free(&plan);
	}
}
