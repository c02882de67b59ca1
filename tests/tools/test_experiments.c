/* SPDX-License-Identifier: BSD-2-Clause */
/* test_experiments.c - published experiments: expressions, and verdicts that can fail. */
#include <criterion/criterion.h>
#include <glob.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "exp_eval.h"
#include "exp_series.h"
#include "exp_table.h"

/* What an arm measured, as its files would have it. */
struct measured {
	const char *series, *vms, *decisions;
};

static struct exp *made;

static void set(u32 arm, u32 run, struct measured measured)
{
	struct exp_tables *tables = calloc(1, sizeof(*tables));
	const char *ages = "time_s,vm,generation,idle_age_s,anon_bytes,file_bytes\n"
			   "1,a,0,1,5000000,0\n1,a,1,7,0,3000000\n1,a,2,99,10,0\n2,a,0,2,5000000,0\n";
	const char *histograms = "vm,bin,idle_age_max_s,true_anon_bytes,true_file_bytes\n"
				 "a,0,10,60,10\na,1,20,10,10\na,2,,5,5\nb,0,10,100,0\n";

	cr_assert(tables);
	made->tables[arm][run] = tables;
	cr_assert_eq(exp_table_parse(&tables->series, strdup(measured.series)), 0);
	cr_assert_eq(exp_table_parse(&tables->vms, strdup(measured.vms)), 0);
	cr_assert_eq(exp_table_parse(&tables->decisions, strdup(measured.decisions)), 0);
	cr_assert_eq(exp_table_parse(&tables->ages, strdup(ages)), 0);
	cr_assert_eq(exp_table_parse(&tables->histograms, strdup(histograms)), 0);
	cr_assert_eq(exp_table_parse(&tables->host, strdup("time_s,free_bytes\n1,8\n2,6\n")), 0);
	cr_assert_eq(exp_table_parse(&tables->summary, strdup("policy,slowdown\n(baseline),\nmom,1.5\n")),
		     0);
}

static const char vms[] = "policy,vm,slowdown\nmom,a,1.25\nmom,b,2\n(baseline),a,\n";
static const char told[] = "time_s,vm,text\n1,a,\"active 0.5, due \"\"all\"\"\"\n2,a,active 0.75\n";

static void begin(void)
{
	made = calloc(1, sizeof(*made));
	made->arms.count = 2;
	made->arms.at[0].name = "up";
	made->arms.at[1].name = "down";
	made->runs_count = 2;
	for (u32 run = 0; run < 2; run++) {
		set(0, run, (struct measured){
			run ? "time_s,vm,x\n1,a,1\n1,b,9\n2,a,4\n2,b,9\n3,a,9\n3,b,9\n" :
			      "time_s,vm,x\n1,a,1\n1,b,9\n2,a,2\n2,b,9\n3,a,7\n3,b,9\n", vms, told });
		set(1, run, (struct measured){
			"time_s,vm,x\n1,a,9\n2,a,1\n3,a,8\n4,a,7\n5,a,2\n", vms, told });
	}
}

static void end(void)
{
	exp_free(made);
	free(made);
}

TestSuite(experiments, .init = begin, .fini = end);

static double worth(const char *text)
{
	struct exp_value value;
	struct tr_error error = { .text = "" };
	int rc = exp_eval(made, 0, text, &value, &error);

	cr_assert_eq(rc, 0, "%s: %s", text, error.text);
	return exp_average(&value);
}

static void refused(const char *text)
{
	struct exp_value value;
	struct tr_error error = { .text = "" };

	cr_assert_neq(exp_eval(made, 0, text, &value, &error), 0, "\"%s\" was taken", text);
	cr_assert_neq(error.text[0], 0);
}

Test(experiments, arithmetic_binds_as_usual)
{
	cr_assert_eq(worth("1 + 2 * 3 - 8 / 4"), 5);
	cr_assert_eq(worth("-(1 + 2) * 2"), -6);
	cr_assert_eq(worth("2 < 3"), 1);
	cr_assert_eq(worth("3 <= 3"), 1);
	cr_assert_eq(worth("(2 > 3) + (3 >= 3)"), 1);
	cr_assert_eq(worth("near(105, 100, 0.05)"), 1);
	cr_assert_eq(worth("near(106, 100, 0.05)"), 0);
}

Test(experiments, what_is_no_number_passes_no_check)
{
	cr_assert_eq(worth("0 / 0 < 1"), 0);
	cr_assert_eq(worth("0 / 0 >= 0"), 0);
	cr_assert_eq(worth("near(0 / 0, 0, 1)"), 0);
	cr_assert_eq(worth("rising(1, 0 / 0)"), 0);
	cr_assert_eq(worth("not_falling(1, 0 / 0)"), 0);
}

Test(experiments, columns_add_up)
{
	cr_assert_eq(worth("max('down', 'a', 'x+x')"), 18);
	cr_assert_eq(worth("last('up', '*', 'x+time_s+x')"), 2 * (8 + 9) + 6);
	refused("max('up', 'a', 'x+')");
	refused("max('up', 'a', '+')");
	refused("max('up', 'a', 'x+nothing')");
	refused("max('up', 'a', 'x+x+x+x+x')");
}

Test(experiments, faults_are_refused)
{
	const char *bad[] = { "", "1 +", "(1", "1)", "nobody", "mean('up', 'a')", "mean('up', 'c', 'x')",
			      "mean('up', 'a', 'y')", "mean('left', 'a', 'x')", "near(1, 2)", "sin(1)",
			      "mean('up, 'a', 'x')", "vm('up', 'a', 'nothing')", "'up'" };

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		refused(bad[i]);
	char deep[200];
	memset(deep, '(', sizeof(deep) - 1);
	deep[sizeof(deep) - 1] = 0;
	refused(deep);
}

Test(experiments, quantities_over_time)
{
	cr_assert_float_eq(worth("mean('down', 'a', 'x')"), 5.4, 1e-9);
	cr_assert_eq(worth("mean('down', 'a', 'x', 3, 4)"), 7.5);
	cr_assert_eq(worth("max('down', 'a', 'x', 2)"), 8);
	cr_assert_eq(worth("min('down', 'a', 'x')"), 1);
	cr_assert_eq(worth("last('down', 'a', 'x')"), 2);
	cr_assert_eq(worth("gain('down', 'a', 'x')"), -7);
	cr_assert_eq(worth("turns('down', 'a', 'x', 5)"), 2);
	cr_assert_eq(worth("turns('down', 'a', 'x', 100)"), 0);
	cr_assert_eq(worth("share_above('down', 'a', 'x', 7)"), 0.4);
	cr_assert_eq(worth("when_below('down', 'a', 'x', 2)"), 2);
	cr_assert_eq(worth("when_above('down', 'a', 'x', 8, 2)"), 3);
	cr_assert_eq(worth("when_above('down', 'a', 'x', 100)"), INFINITY);
	cr_assert_eq(worth("max('up', '*', 'x')"), 17, "VMs add up");
	cr_assert_eq(worth("gain('up', 'host', 'free_bytes')"), -2);
	cr_assert_eq(worth("max('up', 'a', 'told active ')"), 0.75);
	cr_assert_eq(worth("max('up', 'a', 'oldest')"), 7, "generations with a MiB count");
	cr_assert_eq(worth("idle('up', 10, 'a')"), 0.3);
	cr_assert_eq(worth("idle('up', 20)"), 0.05);
}

Test(experiments, rows_are_of_the_policy_and_not_of_its_baseline)
{
	cr_assert_eq(worth("vm('up', 'a', 'slowdown')"), 1.25);
	cr_assert_eq(worth("run('up', 'slowdown')"), 1.5);
	cr_assert_eq(worth("most_vm('up', 'slowdown')"), 2);
}

Test(experiments, runs_go_in_pairs)
{
	struct exp_value value;
	struct tr_error error;

	cr_assert_eq(exp_eval(made, 0, "max('up', 'a', 'x') - max('down', 'a', 'x')", &value, &error), 0);
	cr_assert_eq(value.count, 2);
	cr_assert_eq(value.at[0], -2);
	cr_assert_eq(value.at[1], 0);
	cr_assert_eq(worth("spread(max('up', 'a', 'x'))"), sqrt(2));
	cr_assert_eq(worth("least(max('up', 'a', 'x')) + most(max('up', 'a', 'x'))"), 16);
	/* One run in three goes astray: the mean is beyond 3, the median is not. */
	made->values.count = 1;
	made->values.at[0] = (struct exp_pair){ "odd", "" };
	made->value[0] = (struct exp_value){ .at = { 1, 2, 90 }, .count = 3 };
	cr_assert_eq(exp_eval(made, 1, "odd < 3", &value, &error), 0);
	cr_assert_eq(value.at[0], 1);
	cr_assert_eq(exp_eval(made, 1, "rising(odd, 3)", &value, &error), 0);
	cr_assert_eq(value.at[0], 1);
	made->value[0].at[1] = NAN;
	cr_assert_eq(exp_eval(made, 1, "odd < 3", &value, &error), 0);
	cr_assert_eq(value.at[0], 0, "what was not measured passes nothing");
}

/* The same check on arms of which one has the shape and one has not. */
Test(experiments, a_verdict_follows_what_was_measured)
{
	made->values.count = made->checks.count = 1;
	made->values.at[0] = (struct exp_pair){ "gained", "gain('up', 'a', 'x')" };
	made->checks.at[0] = (struct exp_pair){ "it rises", "gained > 0" };
	exp_judge(made);
	cr_assert_eq(made->verdict, EXP_HOLDS);
	made->values.at[0].text = "gain('down', 'a', 'x')";
	exp_judge(made);
	cr_assert_eq(made->verdict, EXP_FAILS);
	made->values.at[0].text = "gain('down', 'a', 'nothing')";
	exp_judge(made);
	cr_assert_eq(made->verdict, EXP_BROKEN);
}

static void give(struct exp *real, const char *name, double number)
{
	for (u32 i = 0; i < real->values.count; i++)
		if (!strcmp(real->values.at[i].name, name))
			real->value[i] = (struct exp_value){ .at = { number }, .count = 1 };
}

static bool passes(struct exp *real, u32 check)
{
	struct exp_value value;
	struct tr_error error = { .text = "" };
	int rc = exp_eval(real, real->values.count, real->checks.at[check].text, &value, &error);

	/* A check that looks into runs has none here; it is refused, and not passed. */
	return !rc && exp_average(&value) == 1;
}

/*
 * Every check of every experiment that is shipped fails when nothing was measured.
 */
Test(experiments, no_shipped_check_passes_on_anything)
{
	glob_t found;
	u32 checked = 0;

	cr_assert_eq(glob("bench/experiments/E*.json", 0, NULL, &found), 0, "run in the tree's top");
	for (size_t i = 0; i < found.gl_pathc; i++) {
		struct tr_error error = { .text = "" };
		struct exp *real;

		if (strstr(found.gl_pathv[i], ".scenario."))
			continue;
		real = calloc(1, sizeof(*real));
		cr_assert_eq(exp_read(real, found.gl_pathv[i], &error), 0, "%s", error.text);
		for (u32 c = 0; c < real->checks.count; c++, checked++) {
			for (u32 v = 0; v < real->values.count; v++)
				give(real, real->values.at[v].name, NAN);
			cr_assert(!passes(real, c), "%s: \"%s\" passes with nothing measured", real->id,
				  real->checks.at[c].name);
		}
		exp_free(real);
		free(real);
	}
	globfree(&found);
	cr_assert_gt(checked, 50);
}

static const char *const e1_values[] = { "ratio_0", "ratio_25", "ratio_50", "ratio_75",
					 "closed_form_75", "closed_form_50", "throughput_gain" };

/* With the published shape E1 holds; with any one of its figures out of shape it does not. */
Test(experiments, the_idle_tax_fails_when_one_figure_is_wrong)
{
	static const double right[] = { 1, 0.9, 0.6, 0.4, 0.41, 0.62, 1.4 };
	static const double wrong[] = { 0.8, 0.5, 0.8, 0.5, 0.9, 1, 1.2 };
	struct tr_error error = { .text = "" };
	struct exp *real = calloc(1, sizeof(*real));

	cr_assert_eq(exp_read(real, "bench/experiments/E1.json", &error), 0, "%s", error.text);
	for (int broken = -1; broken < 7; broken++) {
		bool all = true;

		for (int i = 0; i < 7; i++)
			give(real, e1_values[i], i == broken ? wrong[i] : right[i]);
		for (u32 c = 0; c < real->checks.count; c++)
			all &= passes(real, c);
		cr_assert_eq(all, broken < 0, "figure %d", broken);
	}
	exp_free(real);
	free(real);
}
