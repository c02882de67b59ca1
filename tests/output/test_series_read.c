/* SPDX-License-Identifier: BSD-2-Clause */
/* test_series_read.c - a run's rows come back as they were written; anything else is told. */
#include <criterion/criterion.h>
#include <errno.h>
#include <math.h>

#include "fake_run.h"
#include "observe/probe_series.h"
#include "observe/sim_moves.h"
#include "observe/sim_series_read.h"
#include "own_folder.h"

TestSuite(series_read, .init = make_folder, .fini = remove_folder);

static void put_file(const char *name, const char *text)
{
	char path[128];
	FILE *to;

	path_of(path, sizeof(path), name);
	to = fopen(path, "w");
	cr_assert(to && fputs(text, to) >= 0 && !fclose(to));
}

Test(series_read, states_are_what_was_sampled)
{
	struct sim_scenario scenario;
	struct probe_series *probe_series;
	struct sim_host_sample host;
	struct sim_vm_sample vm[3];
	struct sim_series *series;
	struct tr_error error = { "" };
	struct sim_state state;
	u32 rows = 0;
	int rc;

	fake_scenario(&scenario, 3, 60);
	cr_assert_eq(probe_series_create(&probe_series, folder, &scenario, &error), 0);
	struct sim_probe probe = probe_series_probe(probe_series);
	fake_run(&scenario, &probe, 1, 5);
	cr_assert_eq(probe_series_close(probe_series, &error), 0);
	cr_assert_eq(sim_states_open(&series, folder, &error), 0, "%s", error.text);
	for (; (rc = sim_states_next(series, &state, &error)) > 0; rows++) {
		const struct sim_vm_sample *want = &vm[rows % 3];

		fake_samples(&scenario, rows / 3, 5, &host, vm);
		cr_assert_str_eq(state.vm, scenario.vm[rows % 3].name, "quotes and commas are undone");
		cr_assert_eq(state.time_s, rows / 3);
		cr_assert_eq(state.target_bytes, (double)want->target_pages * 4096);
		cr_assert_eq(state.balloon_bytes, (double)want->balloon_pages * 4096);
		cr_assert_eq(state.nominal_bytes, (double)want->nominal_pages * 4096);
		cr_assert_eq(state.free_bytes, (double)want->free_pages * 4096);
		cr_assert_eq(state.swapped_bytes, (double)want->swapped_pages * 4096);
		cr_assert_eq(state.backed_bytes, (double)want->backed_pages * 4096);
		cr_assert(fabs(state.psi_some_s * 1e9 - (double)want->counters.psi_some_ns) < 1);
		cr_assert_eq(state.swap_in_bytes, (double)want->counters.swap_in_pages * 4096);
		cr_assert_eq(state.swap_out_bytes, (double)want->counters.swap_out_pages * 4096);
	}
	cr_assert_eq(rc, 0, "%s", error.text);
	cr_assert_eq(rows, 3 * 61);
	sim_series_close(series);
	fake_scenario_free(&scenario);
}

Test(series_read, decisions_are_what_was_said)
{
	struct sim_series *series;
	struct tr_error error = { "" };
	struct sim_decision decision;

	put_file("decisions.csv", "time_s,vm,text\n5.250,\"a,b\",\"because, \"\"so\"\"\"\n6,c,\n");
	cr_assert_eq(sim_decisions_open(&series, folder, &error), 0, "%s", error.text);
	cr_assert_eq(sim_decisions_next(series, &decision, &error), 1, "%s", error.text);
	cr_assert_eq(decision.time_s, 5.25);
	cr_assert_str_eq(decision.vm, "a,b");
	cr_assert_str_eq(decision.text, "because, \"so\"");
	cr_assert_eq(sim_decisions_next(series, &decision, &error), 1, "%s", error.text);
	cr_assert_str_eq(decision.text, "");
	cr_assert_eq(sim_decisions_next(series, &decision, &error), 0);
	sim_series_close(series);
}

Test(series_read, what_wssim_did_not_write_is_told_with_its_place)
{
	static const struct {
		const char *text, *want;
	} bad[] = {
		{ "", "decisions.csv: is empty" },
		{ "time_s,vm\n", "decisions.csv: has no column text" },
		{ "time_s,vm,text\n1,a\n", "line 2: not as many fields" },
		{ "time_s,vm,text\n1,a,b\n1,a,b,c\n", "line 3: not as many fields" },
		{ "time_s,vm,text\nsoon,a,b\n", "line 2: time_s: not a number" },
		{ "time_s,vm,text\n1s,a,b\n", "line 2: time_s: not a number" },
		{ "time_s,vm,text\n,a,b\n", "line 2: time_s: not a number" },
		{ "time_s,vm,text\n1,a,\"b\n", "line 2: quotes without an end" },
		{ "time_s,vm,text\n1,\"a\"b,c\n", "line 2: text behind quotes" },
	};

	for (u32 i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct sim_decision decision;
		struct sim_series *series;
		struct tr_error error = { "" };

		put_file("decisions.csv", bad[i].text);
		int rc = sim_decisions_open(&series, folder, &error);
		while (!rc && (rc = sim_decisions_next(series, &decision, &error)) > 0)
			rc = 0;
		sim_series_close(series);
		cr_assert_eq(rc, -EINVAL, "%u", i);
		cr_assert(strstr(error.text, bad[i].want), "%s", error.text);
	}
}

Test(series_read, a_file_that_is_not_there_is_told)
{
	struct sim_series *series;
	struct tr_error error = { "" };

	cr_assert_eq(sim_states_open(&series, folder, &error), -ENOENT);
	cr_assert(strstr(error.text, "timeseries.csv: No such file"), "%s", error.text);
	sim_series_close(series);
}

static u32 moves_count;

/* VM b's moves, as written below. */
static void take_move(void *ctx, const struct sim_move *move)
{
	static const double want[][3] = { { 1, 400, 384 }, { 3, 384, 150 }, { 4, 150, 384 } };

	cr_assert_str_eq(move->to.vm, ctx);
	cr_assert_lt(moves_count, 3);
	cr_assert_eq(move->to.time_s, want[moves_count][0]);
	cr_assert_eq(move->from_s, moves_count ? want[moves_count][0] - 1 : 1, "the sample before");
	cr_assert_eq(move->from_bytes, want[moves_count][1]);
	cr_assert_eq(move->to.target_bytes, want[moves_count][2]);
	moves_count++;
}

Test(series_read, moves_are_changes_of_a_target)
{
	static const u32 target[][2] = { { 300, 384 }, { 300, 384 }, { 300, 150 }, { 300, 384 } };
	struct tr_error error = { "" };
	char text[2048], vm[] = "b";
	int used = snprintf(text, sizeof(text),
			    "time_s,vm,target_bytes,balloon_bytes,nominal_bytes,free_bytes,swapped_bytes,"
			    "backed_bytes,psi_some_s,guest_swap_in_bytes,guest_swap_out_bytes\n");

	for (u32 i = 0; i < 4; i++)
		for (u32 k = 0; k < 2; k++)
			used += snprintf(text + used, sizeof(text) - (size_t)used,
					 "%u,%c,%u,0,%u,0,0,0,0,0,0\n", i + 1, 'a' + (int)k,
					 target[i][k], k ? 400 : 300);
	put_file("timeseries.csv", text);
	cr_assert_eq(sim_moves_read(folder, "b", take_move, vm, &error), 0, "%s", error.text);
	cr_assert_eq(moves_count, 3);
	moves_count = 0;
	cr_assert_eq(sim_moves_read(folder, NULL, take_move, vm, &error), 0, "a's never moves");
	cr_assert_eq(moves_count, 3);
}
