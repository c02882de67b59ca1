/* SPDX-License-Identifier: BSD-2-Clause */
/* test_trial.c - trials: configurations, the sweep they become, verdicts. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "scenario/sim_scenario_read.h"
#include "tr_file.h"
#include "trial/sim_trial_score.h"
#include "own_folder.h"

static int read_text(struct sim_trial *trial, const char *text, struct tr_error *error)
{
	char path[128];

	path_of(path, sizeof(path), "trial.json");
	FILE *to = fopen(path, "w");
	cr_assert_not_null(to);
	fputs(text, to);
	cr_assert_eq(fclose(to), 0);
	return sim_trial_read(trial, path, error);
}

static void must_refuse(const char *text, const char *reason)
{
	struct tr_error error = { "" };
	struct sim_trial trial;

	cr_assert_lt(read_text(&trial, text, &error), 0, "%s", text);
	cr_assert(strstr(error.text, reason), "'%s' has no '%s'", error.text, reason);
}

Test(trial, a_wrong_configuration_is_refused_with_its_place, .init = make_folder,
     .fini = remove_folder)
{
	must_refuse("{}", "traces");
	must_refuse("{\"traces\": [\"a\"], \"memory\": [0.5]}", "engines");
	must_refuse("{\"traces\": [\"a\"], \"memory\": [0.5, 0.4], \"engines\": [\"lru\"]}",
		    "/memory/1: 0.4: not above");
	must_refuse("{\"traces\": [\"a\"], \"memory\": [3], \"engines\": [\"lru\"]}", "from 0.01 to 2");
	must_refuse("{\"traces\": [\"a\"], \"memory\": [1], \"engines\": [\"mglru:7.9\"]}", "/engines: ");
	must_refuse("{\"traces\": [\"a\", \"a\"], \"memory\": [1], \"engines\": [\"lru\"]}", "twice");
	must_refuse("{\"traces\": [\"a\"], \"memory\": [1], \"engines\": [\"lru\"], \"baseline\": "
		    "\"mglru\"}", "/baseline: 'mglru' is not among");
	must_refuse("{\"traces\": [\"a\"], \"memory\": [1], \"engines\": [\"lru\"], \"seeds\": 5}",
		    "/seeds: ");
	must_refuse("{\"traces\": [\"a\"], \"memory\": [1], \"engines\": [\"lru\"], \"color\": 1}",
		    "unknown key");
}

static void write_trace(const char *name)
{
	struct tr_meta meta = { .default_type = TR_ANON, .origin = "" };
	struct tr_error error = { "" };
	struct tr_writer *writer;
	char path[128];

	path_of(path, sizeof(path), name);
	cr_assert_eq(tr_writer_open(&writer, path, &meta, &error), 0, "%s", error.text);
	for (u32 i = 0; i < 4000; i++) {
		struct tr_record record = { .op = TR_ACCESS, .page = i % 1000,
					    .time_ns = (i + 1) * 100000ull };
		cr_assert_eq(tr_writer_put(writer, &record, &error), 0);
	}
	cr_assert_eq(tr_writer_commit(writer, &error), 0, "%s", error.text);
}

/* Two traces, two sizes, two devices and no swap, three engines. */
static void open_trial(struct sim_trial *trial, struct sim_plan *plan, const char *dir)
{
	struct tr_error error = { "" };

	write_trace("a.wst");
	write_trace("b.wst");
	cr_assert_eq(read_text(trial, "{\"traces\": [\"a.wst\", \"b.wst\"], \"memory\": [0.5, 1], "
				      "\"devices\": [\"nvme\", \"zram\", \"none\"], "
				      "\"engines\": [\"lru\", \"clock\", "
				      "\"mglru:6.14:nopid\"], \"baseline\": \"clock\"}", &error), 0,
		     "%s", error.text);
	cr_assert_eq(sim_sweep_claim(dir, &error), 0, "%s", error.text);
	cr_assert_eq(sim_trial_plan(trial, dir, plan, &error), 0, "%s", error.text);
}

Test(trial, its_cells_are_the_sweeps, .init = make_folder, .fini = remove_folder)
{
	char dir[128], label[SIM_PLAN_LABEL_MAX];
	struct sim_scenario scenario;
	struct tr_error error = { "" };
	struct sim_trial trial;
	struct sim_plan plan;

	path_of(dir, sizeof(dir), "out");
	open_trial(&trial, &plan, dir);
	cr_assert_eq(trial.baseline, 1);
	cr_assert_eq(plan.cells_count, sim_trial_cells(&trial));
	cr_assert_eq(plan.runs_count, 6);
	sim_plan_cell_label(&plan, sim_trial_cell(&trial, 1, 0, 1, 0, 2), label);
	cr_assert(strstr(label, "b-50.json") && strstr(label, "device=zram") &&
			  strstr(label, "engine=mglru:6.14:nopid"), "%s", label);
	cr_assert_eq(sim_plan_scenario(&plan, sim_trial_cell(&trial, 0, 1, 0, 0, 2), 0, &scenario,
				       &error), 0, "%s", error.text);
	cr_assert_str_eq(scenario.vm[0].reclaim, "mglru:6.14:nopid");
	cr_assert_eq(scenario.vm[0].memory_bytes, 1000 * 4096 + (4 << 20));
	cr_assert_eq(scenario.vm[0].memory_min_bytes, scenario.vm[0].memory_bytes, "no balloon");
	cr_assert_str_eq(scenario.vm[0].swap.name, "nvme");
	sim_scenario_free(&scenario);
	cr_assert_eq(sim_plan_scenario(&plan, sim_trial_cell(&trial, 0, 1, 2, 0, 0), 0, &scenario,
				       &error), 0, "%s", error.text);
	cr_assert_eq(scenario.vm[0].swap_bytes, 0, "no swap at all");
	sim_scenario_free(&scenario);
	sim_plan_free(&plan);
	sim_trial_free(&trial);
}

/* Figures of a trial that never ran: time per work of each seed. */
static void set_times(struct sim_trial_score *score, u32 cell, const double time[6])
{
	for (u32 seed = 0; seed < 6; seed++)
		for (u32 i = 0; i < SIM_VM_METRICS; i++)
			score->value[i][(u64)cell * 6 + seed] = i == SIM_VM_TIME_PER_WORK ? time[seed] :
								i == SIM_VM_OOM ? 0 : 10;
}

Test(trial, a_gain_is_what_every_seed_agrees_on, .init = make_folder, .fini = remove_folder)
{
	static const double base[6] = { 1.10, 1.20, 1.30, 1.40, 1.50, 1.60 };
	static const double less[6] = { 1.05, 1.15, 1.25, 1.35, 1.45, 1.55 };
	static const double more[6] = { 1.20, 1.30, 1.40, 1.50, 1.60, 1.70 };
	static const double mixed[6] = { 1.00, 1.10, 1.20, 1.30, 1.40, 1.61 };
	static const double little[6] = { 1.099, 1.199, 1.299, 1.399, 1.499, 1.599 };
	struct tr_error error = { "" };
	struct sim_trial_score score;
	struct sim_sweep sweep;
	struct sim_trial trial;
	struct sim_plan plan;
	char dir[128];

	path_of(dir, sizeof(dir), "out");
	open_trial(&trial, &plan, dir);
	cr_assert_eq(sim_sweep_open(&sweep, &plan, dir, true, &error), 0, "%s", error.text);
	sim_trial_score_init(&score, &trial, &sweep);
	cr_assert_eq(score.missing_count, plan.cells_count * 6);
	cr_assert_eq(sim_trial_judge(&score, 0, 1), SIM_TRIAL_UNKNOWN);
	set_times(&score, 1, base);
	set_times(&score, 0, less);
	cr_assert_eq(sim_trial_judge(&score, 0, 1), SIM_TRIAL_GAIN);
	cr_assert_eq(sim_trial_judge(&score, 1, 1), SIM_TRIAL_SAME);
	set_times(&score, 0, more);
	cr_assert_eq(sim_trial_judge(&score, 0, 1), SIM_TRIAL_LOSS);
	set_times(&score, 0, mixed);
	cr_assert_eq(sim_trial_judge(&score, 0, 1), SIM_TRIAL_SAME);
	set_times(&score, 0, little);
	cr_assert_eq(sim_trial_judge(&score, 0, 1), SIM_TRIAL_SAME);
	cr_assert_float_eq(sim_trial_spread(&score, 1, SIM_VM_TIME_PER_WORK).median, 1.35, 1e-12);

	set_times(&score, 0, less);
	struct sim_trial_sum sum = sim_trial_sum(&score, 0);
	cr_assert_eq(sum.gains, 1);
	cr_assert_eq(sum.losses, 0);
	cr_assert_eq(sum.unknown, plan.cells_count / 3 - 1);
	cr_assert_float_eq(sum.time, sim_trial_ratio(&score, 0, 1, SIM_VM_TIME_PER_WORK).median, 1e-12);
	cr_assert_float_eq(sum.page_ins, 1, 1e-12);
	cr_assert_eq(sum.killed, 0);
	/* Killed in most seeds, and quicker for it. */
	for (u32 seed = 0; seed < 4; seed++)
		score.value[SIM_VM_OOM][seed] = 2;
	cr_assert_eq(sim_trial_judge(&score, 0, 1), SIM_TRIAL_LOSS);
	cr_assert_eq(sim_trial_judge(&score, 1, 0), SIM_TRIAL_GAIN);
	sum = sim_trial_sum(&score, 0);
	cr_assert_eq(sum.killed, 1);
	cr_assert_eq(sum.losses, 1);
	cr_assert(isnan(sum.time) && isnan(sum.best), "its times enter no mean");
	cr_assert(isnan(sum.first_oom), "the baseline was never killed");
	/* Both killed as often: their times say nothing, and the time to the first kill does. */
	for (u32 seed = 0; seed < 6; seed++) {
		score.value[SIM_VM_OOM][seed] = score.value[SIM_VM_OOM][6 + seed] = 2;
		score.value[SIM_VM_FIRST_OOM][seed] = 15;
	}
	cr_assert_eq(sim_trial_judge(&score, 0, 1), SIM_TRIAL_SAME);
	cr_assert_float_eq(sim_trial_sum(&score, 0).first_oom, 1.5, 1e-12);
	sim_trial_score_free(&score);
	sim_sweep_close(&sweep);
	sim_plan_free(&plan);
	sim_trial_free(&trial);
}
