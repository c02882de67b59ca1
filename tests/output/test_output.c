/* SPDX-License-Identifier: BSD-2-Clause */
/* test_output.c - statistics, control figures, summaries, csv, JSON, results directories. */
#include <criterion/criterion.h>
#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fake_run.h"
#include "observe/probe_history.h"
#include "observe/probe_perfetto.h"
#include "observe/probe_series.h"
#include "observe/probe_summary.h"
#include "output/sim_comparison.h"
#include "observe/sim_control.h"
#include "output/sim_findings.h"
#include "output/sim_html.h"
#include "output/sim_plot.h"
#include "output/sim_pool.h"
#include "observe/sim_results.h"
#include "observe/sim_stats.h"
#include "output/sim_summary_write.h"
#include "scenario/sim_json.h"
#include "scenario/sim_json_write.h"
#include "own_folder.h"

#define NEAR(got, want, eps)                                                                       \
	cr_assert(fabs((got) - (want)) <= (eps), "%s is %.12g, not %.12g", #got, (double)(got),    \
		  (double)(want))

/* A fresh folder of this process; tests run in processes of their own. */
static const char *scratch(void)
{
	if (!*folder)
		make_folder();
	return folder;
}

static char *read_all(const char *dir, const char *name)
{
	char path[512], *text = NULL;
	size_t size = 0;
	FILE *from, *to = open_memstream(&text, &size);

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	from = fopen(path, "r");
	cr_assert(from, "%s is missing", path);
	for (int c; (c = fgetc(from)) != EOF;)
		fputc(c, to);
	fclose(from);
	fclose(to);
	return text;
}

/* --- statistics --- */

Test(stats, mean_quantile_max_leave_out_what_is_no_number)
{
	const double x[] = { 3, NAN, 1, 2, INFINITY, 4 };

	NEAR(sim_stats_mean(x, 6), 2.5, 0);
	NEAR(sim_stats_max(x, 6), 4, 0);
	NEAR(sim_stats_quantile(x, 6, 0), 1, 0);
	NEAR(sim_stats_quantile(x, 6, 0.5), 2.5, 1e-15);
	NEAR(sim_stats_quantile(x, 6, 0.95), 3.85, 1e-12);
	cr_assert(isnan(sim_stats_mean(x + 1, 1)));
	cr_assert(isnan(sim_stats_quantile(NULL, 0, 0.5)));
	cr_assert(isnan(sim_stats_jain(NULL, 0)));
}

Test(stats, jain_is_one_for_equals_and_one_nth_for_one_who_has_all)
{
	const double equal[] = { 2, 2, 2, 2 }, one[] = { 0, 0, 5, 0 }, half[] = { 1, 1, 0, 0 };

	NEAR(sim_stats_jain(equal, 4), 1, 1e-15);
	NEAR(sim_stats_jain(one, 4), 0.25, 1e-15);
	NEAR(sim_stats_jain(half, 4), 0.5, 1e-15);
}

Test(stats, interval_holds_the_mean_and_narrows_with_more_runs)
{
	double x[100];

	for (int i = 0; i < 100; i++)
		x[i] = 10 + (i * 37 % 101) / 10.0;
	struct sim_estimate few = sim_stats_estimate(x, 10, 1), many = sim_stats_estimate(x, 100, 1);
	cr_assert_eq(few.count, 10);
	cr_assert(few.low < few.mean && few.mean < few.high);
	cr_assert(many.high - many.low < (few.high - few.low) / 2);
	/* Uniform on 0..10: standard error of the mean 2.9 / 10. */
	NEAR(many.high - many.low, 2 * 1.98 * 0.29, 0.15);
}

Test(stats, interval_of_a_normal_sample_covers_as_a_t_interval_does)
{
	/* Mean 10, standard deviation exactly 1 (n - 1), n = 5: t interval 10 -+ 1.2416. */
	const double x[] = { 8.7350889, 9.3675445, 10, 10.6324555, 11.2649111 };
	struct sim_estimate e = sim_stats_estimate(x, 5, 3);

	/* The bootstrap's range cannot leave the data; it must be most of it. */
	cr_assert(e.low >= 8.73 && e.low < 9.1, "low %g", e.low);
	cr_assert(e.high <= 11.27 && e.high > 10.9, "high %g", e.high);
}

/* So many that draws are not kept. */
Test(stats, interval_of_many_holds_their_mean_and_is_as_narrow_as_normal_theory_says)
{
	enum { COUNT = 20000 };
	double *x = malloc(COUNT * sizeof(*x));

	cr_assert(x);
	for (int i = 0; i < COUNT; i++)
		x[i] = 1000 + i % 2; /* standard deviation 0.5 */
	struct sim_estimate e = sim_stats_estimate(x, COUNT, 1);
	NEAR(e.mean, 1000.5, 1e-9);
	NEAR(e.high - e.low, 2 * 1.96 * 0.5 / sqrt(COUNT), 0.002);
	NEAR((e.high + e.low) / 2, 1000.5, 0.001);
	free(x);
}

Test(stats, same_seed_same_interval_other_seed_nearly)
{
	const double x[] = { 1, 5, 2, 8, 3, 9, 4 };
	struct sim_estimate a = sim_stats_estimate(x, 7, 5), b = sim_stats_estimate(x, 7, 5);
	struct sim_estimate c = sim_stats_estimate(x, 7, 6);

	cr_assert_eq(a.low, b.low);
	cr_assert_eq(a.high, b.high);
	NEAR(a.low, c.low, 0.4);
}

Test(stats, pairs_take_out_what_runs_share)
{
	/* Runs differ by 100, policies by 1: only the paired difference sees it. */
	const double a[] = { 101, 203, 300.5, 402 }, b[] = { 100, 201, 300, 401 };
	struct sim_estimate d = sim_stats_paired(a, b, 4, 1);

	NEAR(d.mean, 1.125, 1e-9);
	cr_assert(d.low > 0, "low %g", d.low);
	const double one[] = { 4, NAN };
	d = sim_stats_paired(one, b, 2, 1);
	cr_assert_eq(d.count, 1);
	cr_assert_eq(d.low, d.mean);
}

/* --- control --- */

static void move(struct sim_control *control, u64 s, u64 balloon)
{
	sim_control_balloon(control, s * FAKE_S, balloon);
}

Test(control, reversals_count_turns_and_not_wiggles)
{
	struct sim_control control;

	sim_control_init(&control, 10000, 0);
	move(&control, 10, 1000);  /* down */
	move(&control, 20, 950);   /* half a percent back: a wiggle */
	move(&control, 30, 2000);  /* on */
	move(&control, 40, 1500);  /* turn 1 */
	move(&control, 50, 2500);  /* turn 2 */
	move(&control, 60, 2420);  /* wiggle */
	sim_control_end(&control, 3600 * FAKE_S);
	cr_assert_eq(control.reversals_count, 2);
	NEAR(sim_control_reversals_per_h(&control), 2, 1e-12);
	sim_control_destroy(&control);
}

Test(control, churn_is_movement_over_net_and_overshoot_what_was_taken_back)
{
	struct sim_control control;

	sim_control_init(&control, 10000, 0);
	move(&control, 1, 3000);
	move(&control, 2, 1000);
	sim_control_end(&control, 10 * FAKE_S);
	NEAR(sim_control_churn(&control), 5, 1e-12);	    /* 3000 + 2000 over 1000 */
	NEAR(sim_control_overshoot(&control), 0.4, 1e-12); /* 2000 of 5000 */
	sim_control_destroy(&control);

	sim_control_init(&control, 10000, 0);
	sim_control_end(&control, 10 * FAKE_S);
	NEAR(sim_control_churn(&control), 0, 0);
	NEAR(sim_control_overshoot(&control), 0, 0);
	sim_control_destroy(&control);

	/* Forth and back to the start: net counts as 1 %. */
	sim_control_init(&control, 10000, 0);
	move(&control, 1, 500);
	move(&control, 2, 0);
	sim_control_end(&control, 10 * FAKE_S);
	NEAR(sim_control_churn(&control), 10, 1e-12);
	NEAR(sim_control_overshoot(&control), 0.5, 1e-12);
	sim_control_destroy(&control);
}

Test(control, reaction_is_ninety_percent_settling_ninetyfive)
{
	struct sim_control control;

	sim_control_init(&control, 10000, 0);
	sim_control_target(&control, 100 * FAKE_S, 8000); /* take 2000 */
	move(&control, 101, 1000);
	move(&control, 102, 1799);
	move(&control, 103, 1800); /* 90 % */
	move(&control, 105, 1899);
	move(&control, 107, 1900); /* 95 % */
	/* Replaced before it got anywhere: counts for nothing. */
	sim_control_target(&control, 200 * FAKE_S, 4000);
	move(&control, 210, 3000);
	sim_control_target(&control, 220 * FAKE_S, 7000);
	/* Below 1 % away: no step. */
	sim_control_target(&control, 230 * FAKE_S, 6950);
	sim_control_end(&control, 300 * FAKE_S);
	cr_assert_eq(control.reactions_count, 1);
	cr_assert_eq(control.settlings_count, 1);
	NEAR(sim_control_reaction(&control), 3, 1e-9);
	NEAR(sim_control_settling(&control), 7, 1e-9);
	sim_control_destroy(&control);
}

Test(control, gap_is_distance_times_time)
{
	struct sim_control control;

	sim_control_init(&control, 1u << 20, 0);
	sim_control_target(&control, 10 * FAKE_S, (1u << 20) - (1u << 18)); /* 1 GiB away */
	move(&control, 14, 1u << 18);
	sim_control_end(&control, 100 * FAKE_S);
	NEAR(sim_control_gap_gib_s(&control), 4, 1e-9);
	cr_assert(isnan(sim_control_reaction(&control)) == 0);
	sim_control_destroy(&control);
}

/* --- summary --- */

static struct sim_summary *fake_summary(u32 vms_count, u64 slow_percent)
{
	struct sim_scenario scenario;

	fake_scenario(&scenario, vms_count, 600);
	struct probe_summary *probe = probe_summary_create(&scenario);
	struct sim_probe probes[] = { probe_summary_probe(probe) };
	cr_assert_null(probe_summary_take(probe), "a summary without a run");
	fake_run(&scenario, probes, 1, slow_percent);
	struct sim_summary *summary = probe_summary_take(probe);
	cr_assert(summary);
	probe_summary_destroy(probe);
	fake_scenario_free(&scenario);
	return summary;
}

Test(summary, counters_become_metrics)
{
	struct sim_summary *summary = fake_summary(2, 10);
	const double *vm = summary->vm[1].value;

	cr_assert_str_eq(summary->policy, "fake");
	cr_assert_eq(summary->digest, 0xabcdef);
	cr_assert_eq(summary->traces_digest, 0x1234);
	cr_assert_eq(summary->end_ns, 600 * FAKE_S);
	NEAR(vm[SIM_VM_WORK], 300, 1e-9);
	NEAR(vm[SIM_VM_TIME_PER_WORK], 1.2, 1e-9);
	NEAR(vm[SIM_VM_IO_SHARE], 0.2 / 1.2, 1e-9);
	NEAR(vm[SIM_VM_PSI_SOME], 0.1, 1e-9);
	NEAR(vm[SIM_VM_GUEST_SWAP_IN], 6000 * 4096.0, 0);
	NEAR(vm[SIM_VM_GUEST_SWAP_OUT], 12000 * 4096.0, 0);
	NEAR(vm[SIM_VM_SWAP_WRITTEN], 12000 * 4096.0, 0);
	NEAR(vm[SIM_VM_WINDOW_SHARE], 0.002, 1e-12);
	NEAR(vm[SIM_VM_WRONG_SHARE], 2.0 / 7, 1e-9);
	NEAR(summary->value[SIM_RUN_WRONG_SHARE], 2.0 / 7, 1e-9);
	NEAR(summary->value[SIM_RUN_GUEST_SWAP], 2 * 18000 * 4096.0, 0);
	NEAR(summary->value[SIM_RUN_OVERCOMMIT], 1.5, 1e-4);
	/* The fake balloon goes down and up twice: three turns in ten minutes. */
	NEAR(vm[SIM_VM_REVERSALS], 18, 1e-9);
	cr_assert(isnan(vm[SIM_VM_SLOWDOWN]));
	free(summary);
}

Test(summary, memory_is_integrated_by_trapezoids)
{
	struct sim_scenario scenario;
	struct sim_host_sample host = { .memory_pages = 1000, .free_pages = 500 };
	struct sim_vm_sample vm[2] = { { .running = true, .nominal_pages = 262144 } };
	struct sim_run_info info = { &scenario, 0 };
	struct sim_run_result result = { .end_ns = 120 * FAKE_S, .valid = true };

	fake_scenario(&scenario, 2, 120);
	scenario.vm[0].memory_bytes = scenario.vm[1].memory_bytes = 1ull << 30;
	struct probe_summary *probe = probe_summary_create(&scenario);
	struct sim_probe on = probe_summary_probe(probe);
	vm[1] = vm[0];
	on.start(on.ctx, &info);
	/* VM 0 from nothing to all in a minute, then stays; VM 1 is gone after a minute. */
	vm[1].backed_pages = 131072;
	on.sample(on.ctx, 0, &host, vm, 2);
	vm[0].backed_pages = 262144;
	on.sample(on.ctx, 60 * FAKE_S, &host, vm, 2);
	fake_event(&on, 60, SIM_EV_STOP, 1, 0, 0, 0);
	vm[1].running = false;
	vm[1].backed_pages = 0;
	on.sample(on.ctx, 61 * FAKE_S, &host, vm, 2);
	on.end(on.ctx, &result, &host, vm, 2);

	struct sim_summary *summary = probe_summary_take(probe);
	NEAR(summary->vm[0].value[SIM_VM_FOOTPRINT], 1.5, 1e-9);
	NEAR(summary->vm[0].value[SIM_VM_SAVED], 0.25, 1e-9);
	NEAR(summary->vm[0].value[SIM_VM_BACKED], 0.75 * (1 << 30), 1);
	NEAR(summary->vm[1].value[SIM_VM_SAVED], 0.5, 1e-9);
	NEAR(summary->value[SIM_RUN_SAVED], 1 - (1.5 + 0.5) / 3, 1e-9);
	NEAR(summary->value[SIM_RUN_USED_MEAN], 0.5, 1e-9);
	free(summary);
	probe_summary_destroy(probe);
	fake_scenario_free(&scenario);
}

Test(summary, time_before_the_first_sample_counts)
{
	struct sim_scenario scenario;
	struct sim_host_sample host = { .memory_pages = 1000, .free_pages = 250 };
	struct sim_vm_sample vm = { .running = true, .nominal_pages = 262144,
				    .backed_pages = 131072 };
	struct sim_run_info info = { &scenario, 0 };
	struct sim_run_result result = { .end_ns = 60 * FAKE_S, .valid = true };

	fake_scenario(&scenario, 1, 60);
	struct probe_summary *probe = probe_summary_create(&scenario);
	struct sim_probe on = probe_summary_probe(probe);
	on.start(on.ctx, &info);
	fake_event(&on, 30, SIM_EV_START, 0, 0, 0, 0);
	on.end(on.ctx, &result, &host, &vm, 1);
	struct sim_summary *summary = probe_summary_take(probe);
	NEAR(summary->vm[0].value[SIM_VM_FOOTPRINT], 0.25, 1e-9);
	NEAR(summary->value[SIM_RUN_USED_MEAN], 0.75, 1e-9);
	free(summary);
	probe_summary_destroy(probe);
	fake_scenario_free(&scenario);
}

Test(summary, slowdown_is_relative_to_the_baseline)
{
	struct sim_summary *base = fake_summary(4, 0), *slow = fake_summary(4, 10);

	sim_summary_relate(slow, base);
	for (u32 i = 0; i < 4; i++)
		NEAR(slow->vm[i].value[SIM_VM_SLOWDOWN], 1.1 + 0.1 * i, 1e-9);
	NEAR(slow->value[SIM_RUN_SLOWDOWN_MEDIAN], 1.25, 1e-9);
	NEAR(slow->value[SIM_RUN_SLOWDOWN_MAX], 1.4, 1e-9);
	NEAR(slow->value[SIM_RUN_SLOWDOWN_P95], 1.385, 1e-9);
	NEAR(slow->value[SIM_RUN_JAIN], 25.0 / (4 * 6.3), 1e-9);
	/* A VM that did no work has no slowdown, and does not spoil the rest. */
	base->vm[3].value[SIM_VM_TIME_PER_WORK] = NAN;
	sim_summary_relate(slow, base);
	cr_assert(isnan(slow->vm[3].value[SIM_VM_SLOWDOWN]));
	NEAR(slow->value[SIM_RUN_SLOWDOWN_MAX], 1.3, 1e-9);
	free(base);
	free(slow);
}

Test(summary, every_metric_is_defined_under_a_key_of_its_own)
{
	const struct sim_metric *tables[] = { sim_vm_metrics, sim_run_metrics };
	const u32 counts[] = { SIM_VM_METRICS, SIM_RUN_METRICS };

	for (u32 t = 0; t < 2; t++)
		for (u32 i = 0; i < counts[t]; i++) {
			const struct sim_metric *metric = &tables[t][i];
			cr_assert(metric->key && metric->label && metric->unit, "metric %u of %u", i, t);
			cr_assert(metric->definition && strlen(metric->definition) > 10, "%s",
				  metric->key);
			for (u32 j = 0; j < i; j++)
				cr_assert_str_neq(metric->key, tables[t][j].key);
		}
}

Test(summary, texts_have_units_people_read)
{
	char text[SIM_METRIC_TEXT];

	cr_assert_str_eq(sim_metric_text(&sim_run_metrics[SIM_RUN_SAVED], 0.375, text), "37.5 %");
	cr_assert_str_eq(sim_metric_text(&sim_run_metrics[SIM_RUN_GUEST_SWAP], 3 << 20, text),
			 "3.00 MiB");
	cr_assert_str_eq(sim_metric_text(&sim_run_metrics[SIM_RUN_SLOWDOWN_MAX], 1.25, text), "1.250");
	cr_assert_str_eq(sim_metric_text(&sim_run_metrics[SIM_RUN_REVERSALS], 18, text), "18 /h");
	cr_assert_str_eq(sim_metric_text(&sim_run_metrics[SIM_RUN_OOM], NAN, text), "-");
}

/* --- history --- */

Test(history, memory_is_bounded_and_the_shape_stays)
{
	struct sim_scenario scenario;

	fake_scenario(&scenario, 2, 9000);
	struct sim_history *history = sim_history_create(&scenario);
	struct sim_probe probe = sim_history_probe(history);
	fake_run(&scenario, &probe, 1, 0);
	cr_assert(history->points_count <= SIM_HISTORY_POINTS);
	cr_assert(history->points_count > SIM_HISTORY_POINTS / 2);
	cr_assert_eq(history->points_stride, 16);
	for (u32 i = 0; i < history->points_count; i++)
		NEAR(history->time_s[i], 16.0 * i, 1e-9);
	cr_assert_eq(history->binnings_count, 1);
	cr_assert_eq(history->binning[0].reports_count, 1800);
	sim_history_destroy(history);
	fake_scenario_free(&scenario);
}

Test(history, idle_ages_keep_every_page)
{
	struct sim_scenario scenario;

	fake_scenario(&scenario, 1, 100);
	struct sim_history *history = sim_history_create(&scenario);
	struct sim_probe probe = sim_history_probe(history);
	fake_run(&scenario, &probe, 1, 0);
	for (u32 i = 0; i < history->points_count; i++) {
		const struct sim_vm_point *point = sim_history_vm(history, i, 0);
		double sum = 0, want = point->anon / 4 * 4 + point->file / 4 * 4;
		for (u32 row = 0; row < SIM_AGE_ROWS; row++)
			sum += (double)point->age[row];
		NEAR(sum, want, want * 1e-5);
	}
	sim_history_destroy(history);
	fake_scenario_free(&scenario);
}

/* --- files --- */

static u32 count_fields(const char *line)
{
	u32 count = 1;
	bool quoted = false;

	for (; *line && (quoted || *line != '\n'); line++) {
		if (*line == '"')
			quoted = !quoted;
		count += *line == ',' && !quoted;
	}
	return count;
}

/* Every row has as many fields as the first.  Return: rows. */
static u32 check_csv(const char *dir, const char *name)
{
	char *text = read_all(dir, name), *line = text;
	u32 columns = count_fields(text), rows = 0;

	for (; line && *line; line = strchr(line, '\n') + 1, rows++)
		cr_assert_eq(count_fields(line), columns, "%s: row %u has %u fields, not %u", name, rows,
			     count_fields(line), columns);
	free(text);
	return rows;
}

Test(series, csv_files_are_well_formed)
{
	struct sim_scenario scenario;
	struct probe_series *series;
	struct tr_error error = { "" };

	fake_scenario(&scenario, 3, 60);
	cr_assert_eq(probe_series_create(&series, scratch(), &scenario, &error), 0, "%s", error.text);
	struct sim_probe probe = probe_series_probe(series);
	fake_run(&scenario, &probe, 1, 5);
	cr_assert_eq(probe_series_close(series, &error), 0, "%s", error.text);
	cr_assert_eq(check_csv(scratch(), "timeseries.csv"), 1 + 3 * 61);
	cr_assert_eq(check_csv(scratch(), "host.csv"), 1 + 61);
	cr_assert_eq(check_csv(scratch(), "ages.csv"), 1 + 3 * 61 * 4);
	cr_assert_eq(check_csv(scratch(), "histograms.csv"), 1 + 3 * 6 * 4);
	/* A row where a bin has moved: bin 1 of three VMs at 30 and 60 s, the unknown age of two at once. */
	cr_assert_eq(check_csv(scratch(), "reaccess.csv"), 1 + 3 * 2 + 2);
	cr_assert_eq(check_csv(scratch(), "decisions.csv"), 2);

	char *text = read_all(scratch(), "decisions.csv");
	cr_assert_str_eq(text, "time_s,vm,text\n5.000,vm0,\"because, \"\"so\"\"\"\n");
	free(text);
	remove_folder();
	fake_scenario_free(&scenario);
}

Test(series, perfetto_file_is_json)
{
	struct sim_scenario scenario;
	struct probe_perfetto *perfetto;
	struct tr_error error = { "" };
	struct sim_json *json;

	fake_scenario(&scenario, 2, 10);
	cr_assert_eq(probe_perfetto_create(&perfetto, scratch(), "p.json", &scenario, &error), 0);
	struct sim_probe probe = probe_perfetto_probe(perfetto);
	fake_run(&scenario, &probe, 1, 5);
	cr_assert_eq(probe_perfetto_close(perfetto, &error), 0);
	char *text = read_all(scratch(), "p.json");
	cr_assert_eq(sim_json_parse(&json, "p.json", text, strlen(text), &error), 0, "%s", error.text);
	struct sim_json_in top = sim_json_top(json, "p.json");
	cr_assert_eq(sim_json_kind(&top), SIM_JSON_ARRAY);
	cr_assert(sim_json_count(&top) > 11 * 7);
	sim_json_free(json);
	free(text);
	remove_folder();
	fake_scenario_free(&scenario);
}

static void fake_comparison(struct sim_comparison *comparison, struct sim_scenario scenario[2])
{
	static struct sim_policy other;

	sim_comparison_init(comparison, 2, 3);
	other = fake_policy;
	other.name = "other";
	for (u32 policy = 0; policy < 2; policy++) {
		fake_scenario(&scenario[policy], 4, 600);
		comparison->scenario[policy] = &scenario[policy];
		for (u32 run = 0; run < 3; run++) {
			struct sim_summary *summary = fake_summary(4, 10 + 10 * policy + run);
			summary->run = run;
			summary->value[SIM_RUN_SAVED] += 0.01 * run;
			comparison->summary[policy * 3 + run] = summary;
		}
	}
	scenario[1].policy = &other;
	for (u32 run = 0; run < 3; run++)
		comparison->baseline[run] = fake_summary(4, 0);
	sim_comparison_relate(comparison);
}

static void fake_comparison_destroy(struct sim_comparison *comparison,
				    struct sim_scenario scenario[2])
{
	sim_comparison_destroy(comparison);
	fake_scenario_free(&scenario[0]);
	fake_scenario_free(&scenario[1]);
}

Test(comparison, summary_files_are_well_formed_and_repeat)
{
	struct sim_comparison comparison;
	struct sim_scenario scenario[2];
	struct tr_error error = { "" };
	struct sim_json *json;
	struct sim_json_in policies, first, runs;
	bool frontier;

	fake_comparison(&comparison, scenario);
	cr_assert_eq(sim_summary_write(&comparison, scratch(), &error), 0, "%s", error.text);
	cr_assert_eq(check_csv(scratch(), "summary.csv"), 1 + 2 * 3 + 3);
	cr_assert_eq(check_csv(scratch(), "vms.csv"), 1 + (2 * 3 + 3) * 4);
	char *text = read_all(scratch(), "summary.json"), *again;
	cr_assert_eq(sim_json_parse(&json, "s", text, strlen(text), &error), 0, "%s", error.text);
	struct sim_json_in top = sim_json_top(json, "s");
	cr_assert(sim_json_find(&top, "policies", &policies));
	cr_assert_eq(sim_json_count(&policies), 2);
	cr_assert(sim_json_first(&policies, &first));
	cr_assert(sim_json_find(&first, "runs", &runs));
	cr_assert_eq(sim_json_count(&runs), 3);
	cr_assert(sim_json_find(&first, "on_frontier", &runs));
	cr_assert_eq(sim_json_get_bool(&runs, &frontier, &error), 0);
	cr_assert(frontier);
	sim_json_free(json);
	cr_assert_eq(sim_summary_write(&comparison, scratch(), &error), 0);
	again = read_all(scratch(), "summary.json");
	cr_assert_str_eq(text, again);
	free(text);
	free(again);
	fake_comparison_destroy(&comparison, scenario);
	remove_folder();
}

Test(comparison, frontier_leaves_out_who_is_beaten_and_who_kills)
{
	struct sim_comparison comparison;
	struct sim_scenario scenario[2];
	bool on[SIM_POLICIES_MAX];
	u32 by[SIM_POLICIES_MAX] = { 9, 9 };

	fake_comparison(&comparison, scenario);
	/* Equal savings, the second slows more. */
	sim_comparison_frontier(&comparison, SIM_RUN_SLOWDOWN_MEDIAN, on, by);
	cr_assert(on[0] && !on[1]);
	cr_assert_eq(by[1], 0);
	/* It saves more: both. */
	for (u32 run = 0; run < 3; run++)
		sim_comparison_run(&comparison, 1, run)->value[SIM_RUN_SAVED] += 0.1;
	sim_comparison_frontier(&comparison, SIM_RUN_SLOWDOWN_MEDIAN, on, NULL);
	cr_assert(on[0] && on[1]);
	/* The first is better in both, but kills. */
	for (u32 run = 0; run < 3; run++) {
		sim_comparison_run(&comparison, 0, run)->value[SIM_RUN_SAVED] += 0.3;
		sim_comparison_run(&comparison, 0, run)->value[SIM_RUN_OOM] = 1;
	}
	sim_comparison_frontier(&comparison, SIM_RUN_SLOWDOWN_MEDIAN, on, NULL);
	cr_assert(!on[0] && on[1]);
	fake_comparison_destroy(&comparison, scenario);
}

Test(comparison, missing_runs_are_left_out)
{
	struct sim_comparison comparison;
	struct sim_scenario scenario[2];

	fake_comparison(&comparison, scenario);
	free(comparison.summary[1]);
	comparison.summary[1] = NULL;
	cr_assert_eq(sim_comparison_finished(&comparison, 0), 2);
	struct sim_estimate e = sim_comparison_estimate(&comparison, 0, SIM_RUN_SLOWDOWN_MAX);
	cr_assert_eq(e.count, 2);
	NEAR(e.mean, (1.40 + 1.48) / 2, 1e-9);
	e = sim_comparison_difference(&comparison, 1, 0, SIM_RUN_SLOWDOWN_MAX);
	cr_assert_eq(e.count, 2);
	NEAR(e.mean, 0.4, 1e-9);
	fake_comparison_destroy(&comparison, scenario);
}

Test(comparison, findings_name_frontier_and_cautions)
{
	struct sim_comparison comparison;
	struct sim_scenario scenario[2];
	struct sim_findings findings;
	u32 settings = 0, answers = 0, kills = 0;

	fake_comparison(&comparison, scenario);
	sim_comparison_run(&comparison, 1, 2)->value[SIM_RUN_OOM] = 3;
	sim_findings_make(&findings, &comparison);
	for (u32 i = 0; i < findings.count; i++) {
		const struct sim_finding *finding = &findings.finding[i];
		settings += finding->kind == SIM_FINDING_SETTING &&
			    strstr(finding->text, "4 VMs with 2.00 GiB of nominal memory") &&
			    strstr(finding->text, "(1.50 times overcommitted)");
		answers += finding->kind == SIM_FINDING_ANSWER &&
			   strstr(finding->text, "On the frontier: fake saves") != NULL;
		kills += finding->kind == SIM_FINDING_CAUTION &&
			 strstr(finding->text, "other led to 1 OOM kill in guests") != NULL;
	}
	cr_assert_eq(settings, 1);
	cr_assert_eq(answers, 1);
	cr_assert_eq(kills, 1);
	sim_findings_destroy(&findings);
	fake_comparison_destroy(&comparison, scenario);
}

Test(output_text, numbers_keep_whole_values_and_six_digits)
{
	char text[SIM_NUMBER_TEXT];

	cr_assert_str_eq(sim_number_text(9007199254740991.0, text), "9007199254740991");
	cr_assert_str_eq(sim_number_text(-0.0, text), "0");
	cr_assert_str_eq(sim_number_text(1.0 / 3, text), "0.333333");
	cr_assert_str_eq(sim_number_text(NAN, text), "");
}

Test(output_text, html_and_gnuplot_texts_are_made_harmless)
{
	char *text = NULL;
	size_t size;
	FILE *to = open_memstream(&text, &size);

	sim_html_text(to, "<a href=\"x\">&</a>");
	sim_plot_quote(to, "it's\n`rm`");
	fclose(to);
	cr_assert_str_eq(text, "&lt;a href=&quot;x&quot;&gt;&amp;&lt;/a&gt;'it''s `rm`'");
	free(text);
}

/* --- results directories --- */

static int write_file(const char *dir, const char *name, u32 bytes, struct tr_error *error)
{
	struct sim_file file;
	int rc = sim_file_create(&file, dir, name, error);

	if (rc)
		return rc;
	for (u32 i = 0; i < bytes; i++)
		fputc('x', file.stream);
	return sim_file_close(&file, error);
}

/* Entries of a folder besides . and .. */
static u32 entries(const char *path)
{
	DIR *dir = opendir(path);
	u32 count = 0;

	cr_assert(dir, "%s", path);
	while (readdir(dir))
		count++;
	closedir(dir);
	return count - 2;
}

static void make_results(const char *dir, u32 bytes)
{
	struct sim_results results;
	struct tr_error error = { "" };

	cr_assert_eq(sim_results_begin(&results, dir, &error), 0, "%s", error.text);
	cr_assert_eq(write_file(results.work, "summary.json", bytes, &error), 0, "%s", error.text);
	cr_assert_eq(write_file(results.work, "plots/a.svg", 1, &error), 0, "%s", error.text);
	cr_assert_eq(sim_results_commit(&results, &error), 0, "%s", error.text);
}

Test(results, replaced_as_a_whole_and_nothing_is_left_beside)
{
	char dir[128], *text;
	struct stat status;

	snprintf(dir, sizeof(dir), "%s/out", scratch());
	make_results(dir, 1);
	make_results(dir, 3);
	text = read_all(dir, "summary.json");
	cr_assert_str_eq(text, "xxx");
	free(text);
	snprintf(dir, sizeof(dir), "%s/out/plots/a.svg", scratch());
	cr_assert_eq(stat(dir, &status), 0);
	cr_assert_eq(entries(scratch()), 1, "something was left beside the results");
	remove_folder();
}

Test(results, what_is_not_ours_is_not_replaced)
{
	struct sim_results results;
	struct tr_error error = { "" };
	char dir[128];

	snprintf(dir, sizeof(dir), "%s/notes", scratch());
	cr_assert_eq(mkdir(dir, 0777), 0);
	/* Empty: fine. */
	cr_assert_eq(sim_results_begin(&results, dir, &error), 0, "%s", error.text);
	sim_results_abort(&results);
	cr_assert_eq(write_file(dir, "thesis.tex", 1, &error), 0);
	cr_assert_eq(sim_results_begin(&results, dir, &error), -EEXIST);
	cr_assert(strstr(error.text, "nor results of wssim"), "%s", error.text);
	/* Ours, but somebody put something beside. */
	cr_assert_eq(write_file(dir, "summary.json", 1, &error), 0);
	cr_assert_eq(sim_results_begin(&results, dir, &error), -EEXIST);
	cr_assert(strstr(error.text, "thesis.tex"), "%s", error.text);
	/* A file, and a folder whose parent is missing. */
	snprintf(dir, sizeof(dir), "%s/notes/thesis.tex", scratch());
	cr_assert_eq(sim_results_begin(&results, dir, &error), -ENOTDIR, "%s", error.text);
	snprintf(dir, sizeof(dir), "%s/a/b", scratch());
	cr_assert_eq(sim_results_begin(&results, dir, &error), -ENOENT, "%s", error.text);
	cr_assert_eq(sim_results_begin(&results, "", &error), -EINVAL);
	cr_assert_eq(entries(scratch()), 1);
	remove_folder();
}

Test(results, full_disk_leaves_the_previous_results)
{
	struct rlimit limit = { 4096, 4096 };
	struct sim_results results;
	struct tr_error error = { "" };
	char dir[128], *text;

	snprintf(dir, sizeof(dir), "%s/out", scratch());
	make_results(dir, 2);
	signal(SIGXFSZ, SIG_IGN);
	cr_assert_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	cr_assert_eq(sim_results_begin(&results, dir, &error), 0);
	cr_assert_eq(write_file(results.work, "summary.json", 100000, &error), -EFBIG, "%s",
		     error.text);
	cr_assert(strstr(error.text, "summary.json: File too large"), "%s", error.text);
	sim_results_abort(&results);
	text = read_all(dir, "summary.json");
	cr_assert_str_eq(text, "xx");
	free(text);
	cr_assert_eq(entries(scratch()), 1);
	remove_folder();
}

Test(results, full_disk_in_a_long_series_is_told_at_the_end)
{
	struct rlimit limit = { 8192, 8192 };
	struct sim_scenario scenario;
	struct probe_series *series;
	struct tr_error error = { "" };

	fake_scenario(&scenario, 3, 200);
	signal(SIGXFSZ, SIG_IGN);
	cr_assert_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	cr_assert_eq(probe_series_create(&series, scratch(), &scenario, &error), 0);
	struct sim_probe probe = probe_series_probe(series);
	fake_run(&scenario, &probe, 1, 5);
	cr_assert(probe_series_close(series, &error) < 0);
	cr_assert(strstr(error.text, "timeseries.csv: "), "%s", error.text);
	fake_scenario_free(&scenario);
	remove_folder();
}

/* --- pool --- */

struct pool_test {
	u32 got[20], done_count;
	volatile bool stop;
};

static int pool_work(void *ctx, u32 job, void **result, size_t *bytes, struct tr_error *error)
{
	(void)ctx;
	if (job == 13)
		return tr_fail(error, -EINVAL, "thirteen");
	if (job == 17)
		raise(SIGKILL);
	if (job == 19)
		return -EINTR;
	*bytes = 100000 + sizeof(job);
	*result = calloc(1, *bytes);
	memcpy(*result, &job, sizeof(job));
	return 0;
}

static int pool_done(void *ctx, u32 job, const void *result, size_t bytes)
{
	struct pool_test *test = ctx;

	cr_assert_eq(bytes, 100000 + sizeof(job));
	memcpy(&test->got[job], result, sizeof(job));
	test->got[job]++;
	test->done_count++;
	if (job == 5)
		test->stop = true;
	return 0;
}

static struct sim_pool pool_of(struct pool_test *test, u32 jobs, u32 workers)
{
	return (struct sim_pool){ .jobs_count = jobs, .workers = workers, .ctx = test,
				  .work = pool_work, .done = pool_done };
}

Test(pool, takes_every_result_once)
{
	struct pool_test test = { .done_count = 0 };
	struct sim_pool pool = pool_of(&test, 12, 3);
	struct tr_error error = { "" };

	cr_assert_eq(sim_pool_run(&pool, &error), 0, "%s", error.text);
	cr_assert_eq(test.done_count, 12);
	for (u32 i = 0; i < 12; i++)
		cr_assert_eq(test.got[i], i + 1);
}

Test(pool, tells_the_error_of_a_job_and_the_death_of_one)
{
	struct pool_test test = { .done_count = 0 };
	struct sim_pool pool = pool_of(&test, 16, 1);
	struct tr_error error = { "" };

	cr_assert_eq(sim_pool_run(&pool, &error), -EINVAL);
	cr_assert_str_eq(error.text, "thirteen");
	cr_assert_eq(test.done_count, 13);

	struct sim_pool killed = pool_of(&test, 18, 20);
	killed.work = pool_work;
	cr_assert(sim_pool_run(&killed, &error) < 0);
}

Test(pool, stops_when_told_and_keeps_what_is_done)
{
	struct pool_test test = { .done_count = 0 };
	struct sim_pool pool = pool_of(&test, 12, 1);
	struct tr_error error = { "" };

	pool.stop = &test.stop;
	cr_assert_eq(sim_pool_run(&pool, &error), 0);
	cr_assert_eq(test.done_count, 6);
}
