/* SPDX-License-Identifier: BSD-2-Clause */
/* test_advice.c - sizes, densities and inventories on work whose answers are known. */
#include <criterion/criterion.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "advice/sim_batch.h"
#include "advice/sim_density.h"
#include "advice/sim_forecast.h"
#include "advice/sim_inventory.h"
#include "advice/sim_size.h"
#include "advice/sim_variant.h"
#include "scenario/sim_demand.h"
#include "scenario/sim_scenario_read.h"
#include "tr_demand.h"
#include "tr_file.h"
#include "own_folder.h"

#define MIB (1ull << 20)
#define NONE (~0u)

/* @mib of anonymous memory, used from one end to the other again and again. */
static void write_loop(const char *name, u32 mib)
{
	struct tr_meta meta = { .default_type = TR_ANON, .origin = "" };
	struct tr_error error = { "" };
	struct tr_writer *writer;
	char path[128];

	path_of(path, sizeof(path), name);
	cr_assert_eq(tr_writer_open(&writer, path, &meta, &error), 0, "%s", error.text);
	for (u32 i = 0; i < 20 * mib * 256; i++) {
		struct tr_record record = { .op = TR_ACCESS, .write = 1, .page = i % (mib * 256),
					    .time_ns = (i + 1) * 100000ull };
		cr_assert_eq(tr_writer_put(writer, &record, &error), 0, "%s", error.text);
	}
	cr_assert_eq(tr_writer_commit(writer, &error), 0, "%s", error.text);
}

static void read_scenario(struct sim_scenario *scenario, const char *host, const char *vm)
{
	struct tr_error error = { "" };
	char text[1024], path[128];

	snprintf(text, sizeof(text),
		 "{\"duration\": \"12s\", \"host\": {\"memory\": \"%s\", \"reserved\": \"0\", "
		 "\"huge_pages\": false}, "
		 "\"vms\": [{\"name\": \"vm\", %s, \"workload\": [\"loop.wst\"]}]}", host, vm);
	path_of(path, sizeof(path), "scenario.json");
	cr_assert_eq(sim_scenario_read_text(scenario, path, text, strlen(text), NULL, 0, "static",
					    &error), 0, "%s", error.text);
}

static struct sim_size size_of(const struct sim_scenario *scenario, bool balloon)
{
	struct sim_size size = {
		.scenario = scenario,
		.balloon = balloon,
		.slo = { 1.05, SIM_RUN_SLOWDOWN_MAX, balloon },
		.runs = 2,
		.workers = 1,
		.step_bytes = MIB,
	};
	return size;
}

TestSuite(advice, .init = make_folder, .fini = remove_folder);

Test(advice, a_loop_needs_its_footprint_and_the_kernel)
{
	struct sim_scenario scenario;
	struct tr_error error = { "" };

	write_loop("loop.wst", 8);
	read_scenario(&scenario, "256MiB", "\"memory\": \"64MiB\", \"kernel\": \"4MiB\"");
	struct sim_size size = size_of(&scenario, false);
	cr_assert_eq(sim_size_search(&size, &error), 0, "%s", error.text);
	cr_assert_neq(size.answer, NONE);
	cr_assert_neq(size.broken, NONE);
	u64 bytes = size.tried[size.answer].bytes;
	/* 8 MiB in use, the kernel's 4 (3 of a smaller guest), watermarks */
	cr_assert(bytes >= 11 * MIB && bytes <= 15 * MIB, "%llu bytes", bytes);
	cr_assert_lt(size.answer - 1, size.tries_count);
	cr_assert_eq(size.answer, size.broken + 1, "what limits it is the next smaller");
	cr_assert_leq(bytes - size.tried[size.broken].bytes, size.step_bytes + 4096);
	cr_assert(!sim_verdict_is_safe(&size.tried[size.broken].verdict));
	for (u32 i = 1; i < size.tries_count; i++)
		cr_assert_leq(size.tried[i - 1].bytes, size.tried[i].bytes);
	cr_assert_float_eq(size.tried[size.tries_count - 1].verdict.slowdown.mean, 1, 1e-9,
			   "all its memory is the baseline");
	cr_assert_eq(scenario.vm[0].memory_bytes, 64 * MIB, "the scenario stays as it is");
	sim_scenario_free(&scenario);
}

Test(advice, the_largest_balloon_leaves_what_the_smallest_guest_has)
{
	struct sim_scenario scenario;
	struct tr_error error = { "" };

	write_loop("loop.wst", 8);
	read_scenario(&scenario, "256MiB",
		      "\"memory\": \"64MiB\", \"kernel\": \"4MiB\", \"deflate_on_oom\": true");
	struct sim_size size = size_of(&scenario, true);
	cr_assert_eq(sim_size_search(&size, &error), 0, "%s", error.text);
	cr_assert_neq(size.answer, NONE);
	u64 bytes = size.tried[size.answer].bytes;
	cr_assert(bytes >= 12 * MIB && bytes <= 17 * MIB, "%llu bytes are left", bytes);
	sim_scenario_free(&scenario);
}

Test(advice, a_balloon_of_a_guest_without_swap_may_not_give_way)
{
	struct sim_scenario scenario;
	struct tr_error error = { "" };

	write_loop("loop.wst", 8);
	read_scenario(&scenario, "256MiB",
		      "\"memory\": \"64MiB\", \"kernel\": \"4MiB\", \"swap\": \"none\"");
	struct sim_size size = size_of(&scenario, true);
	cr_assert_eq(sim_size_search(&size, &error), 0, "%s", error.text);
	cr_assert_neq(size.broken, NONE);
	cr_assert_gt(size.tried[size.broken].verdict.oom_runs, 0);
	cr_assert_geq(size.tried[size.answer].bytes, 12 * MIB);
	sim_scenario_free(&scenario);
}

Test(advice, the_first_run_that_is_not_safe_ends_the_trial_of_a_size)
{
	struct sim_scenario scenario;
	struct tr_error error = { "" };

	write_loop("loop.wst", 8);
	read_scenario(&scenario, "256MiB", "\"memory\": \"64MiB\", \"kernel\": \"4MiB\"");
	struct sim_size size = size_of(&scenario, false);
	size.runs = 3;
	size.workers = 4; /* what they have begun or done beyond that does not count */
	cr_assert_eq(sim_size_search(&size, &error), 0, "%s", error.text);
	cr_assert_neq(size.answer, NONE);
	cr_assert_neq(size.broken, NONE);
	cr_assert_eq(size.tried[size.answer].verdict.runs, 3);
	cr_assert_eq(size.tried[size.broken].verdict.runs, 1);
	cr_assert_eq(size.tried[size.broken].verdict.safe, 0);
	sim_scenario_free(&scenario);
}

Test(advice, as_many_vms_fit_as_memory_holds)
{
	struct sim_scenario scenario;
	struct tr_error error = { "" };

	write_loop("loop.wst", 8);
	read_scenario(&scenario, "64MiB", "\"memory\": \"32MiB\", \"kernel\": \"4MiB\"");
	struct sim_density density = {
		.scenario = &scenario,
		.policy = sim_policy_find("static"),
		.slo = { 1.05, SIM_RUN_SLOWDOWN_MAX, false },
		.runs = 2,
		.workers = 1,
		.count_max = 16,
	};
	cr_assert_eq(sim_density_search(&density, &error), 0, "%s", error.text);
	cr_assert_neq(density.answer, NONE);
	cr_assert_neq(density.broken, NONE);
	/* Each backs 12 MiB and little more; the host keeps a watermark. */
	u32 most = density.tried[density.answer].count;
	cr_assert(most >= 4 && most <= 5, "%u", most);
	cr_assert_eq(density.tried[density.broken].count, most + 1);
	density.count_max = 3;
	cr_assert_eq(sim_density_search(&density, &error), 0, "%s", error.text);
	cr_assert_eq(density.tried[density.answer].count, 3);
	cr_assert_eq(density.broken, NONE);
	sim_scenario_free(&scenario);
}

/* A search counts on it: where memory is for all, how many others there are says nothing. */
Test(advice, with_memory_for_all_a_run_of_more_vms_has_the_same_first_ones)
{
	struct sim_scenario scenario;
	struct tr_error error = { "" };
	struct sim_summary *of[2];

	write_loop("loop.wst", 8);
	read_scenario(&scenario, "64MiB", "\"memory\": \"32MiB\", \"kernel\": \"4MiB\"");
	for (u32 i = 0; i < 2; i++) {
		struct sim_variant variant;
		const struct sim_scenario *one = &variant.scenario;
		struct sim_batch batch = { .scenario = &one, .scenarios_count = 1, .runs_count = 1,
					   .workers = 1 };

		sim_variant_copies(&variant, &scenario, 0, 2 + 3 * i);
		for (u32 vm = 0; vm < variant.scenario.vms_count; vm++)
			variant.scenario.vm[vm].phase_jitter_ns = 3000000000ull;
		sim_variant_ample(&variant);
		cr_assert_eq(sim_batch_run(&batch, &error), 0, "%s", error.text);
		of[i] = batch.summary[0];
		batch.summary[0] = NULL;
		sim_batch_free(&batch);
		sim_variant_free(&variant);
	}
	for (u32 vm = 0; vm < 2; vm++)
		for (u32 i = 0; i < SIM_VM_METRICS; i++) {
			double few = of[0]->vm[vm].value[i], many = of[1]->vm[vm].value[i];
			cr_assert(few == many || (isnan(few) && isnan(many)), "VM %u, %s: %g, %g", vm,
				  sim_vm_metrics[i].key, few, many);
		}
	free(of[0]);
	free(of[1]);
	sim_scenario_free(&scenario);
}

static u32 runs_of(struct sim_scenario *scenario, double precision, u32 workers, u32 most,
		   double *slowdown)
{
	struct sim_forecast forecast = {
		.scenario = scenario, .policy = { sim_policy_find("mom") }, .policies_count = 1,
		.runs_least = 2, .runs_most = most, .precision = precision, .slowdown = 1.05,
		.workers = workers,
	};
	struct tr_error error = { "" };

	cr_assert_eq(sim_forecast_make(&forecast, &error), 0, "%s", error.text);
	u32 runs = forecast.comparison.runs_count;

	cr_assert(forecast.narrow || runs == most);
	cr_assert_eq(forecast.verdict[0].runs, runs);
	*slowdown = sim_comparison_run(&forecast.comparison, 0, 1)->value[SIM_RUN_SLOWDOWN_MAX];
	sim_forecast_free(&forecast);
	return runs;
}

Test(advice, as_many_runs_are_made_as_the_intervals_need_however_many_side_by_side)
{
	struct sim_scenario scenario;
	double rough, exact, between[3];
	u32 runs[3];

	write_loop("loop.wst", 12);
	read_scenario(&scenario, "40MiB", "\"memory\": \"32MiB\", \"kernel\": \"4MiB\", \"count\": 2,"
					  "\"phase_jitter\": \"9s\"");
	cr_assert_eq(runs_of(&scenario, 1, 1, 6, &rough), 2, "nothing is asked for: the least");
	cr_assert_eq(runs_of(&scenario, 1e-12, 2, 6, &exact), 6, "too much is asked for: the most");
	cr_assert_float_eq(rough, exact, 0, "run 1 is run 1");
	for (u32 i = 0; i < 3; i++)
		runs[i] = runs_of(&scenario, 0.02, 1 + i, 12, &between[i]);
	cr_assert(runs[0] == runs[1] && runs[1] == runs[2], "%u %u %u", runs[0], runs[1], runs[2]);
	cr_log_info("%u runs, slowdown %g", runs[0], exact);
	sim_scenario_free(&scenario);
}

static const volatile bool stopped = true;

Test(advice, a_search_that_is_stopped_says_so)
{
	struct sim_scenario scenario;
	struct tr_error error = { "" };

	write_loop("loop.wst", 1);
	read_scenario(&scenario, "64MiB", "\"memory\": \"32MiB\", \"kernel\": \"4MiB\"");
	struct sim_size size = size_of(&scenario, false);
	size.stop = &stopped;
	cr_assert_eq(sim_size_search(&size, &error), -EINTR);
	sim_scenario_free(&scenario);
}

Test(advice, bounds_on_shares_are_clopper_and_pearsons)
{
	cr_assert_float_eq(sim_verdict_upper(0, 10), 0.25887, 1e-4);
	cr_assert_float_eq(sim_verdict_upper(0, 5), 0.45072, 1e-4);
	cr_assert_float_eq(sim_verdict_upper(1, 10), 0.39416, 1e-4);
	cr_assert_float_eq(sim_verdict_upper(3, 20), 0.34366, 1e-4);
	cr_assert_float_eq(sim_verdict_upper(4, 4), 1, 0);

	/* From both sides: 0.05^(1/2) where all were bad; tables of 95 % limits in between. */
	char text[SIM_SHARE_TEXT];
	struct sim_share all = sim_verdict_share(2, 2), one = sim_verdict_share(1, 10),
			 none = sim_verdict_share(0, 10);
	cr_assert_float_eq(all.low, 0.22361, 1e-4);
	cr_assert_float_eq(all.high, 1, 0);
	cr_assert_float_eq(one.low, 0.00253, 1e-4);
	cr_assert_float_eq(one.high, 0.44502, 1e-4);
	cr_assert_float_eq(none.low, 0, 0);
	cr_assert_float_eq(none.high, 0.25887, 1e-4);
	cr_assert_str_eq(sim_verdict_share_text(2, 2, text), "at least 22 %");
	cr_assert_str_eq(sim_verdict_share_text(1, 10, text), "0 to 45 %");
	cr_assert_str_eq(sim_verdict_share_text(0, 10, text), "below 26 %");
}

/* --- inventories --- */

static int make_inventory(struct sim_inventory *inventory, const char *text, struct tr_error *error)
{
	static char path[128];
	FILE *file;

	path_of(path, sizeof(path), "vms.csv");
	file = fopen(path, "w");
	cr_assert(file);
	fputs(text, file);
	fclose(file);
	*inventory = (struct sim_inventory){ .path = path, .host_bytes = 256 * MIB,
					     .time_scale = 60 * TR_DEMAND_ONE, .work = folder };
	return sim_inventory_make(inventory, error);
}

Test(advice, an_inventory_becomes_a_scenario)
{
	struct sim_inventory inventory;
	struct sim_scenario scenario;
	struct tr_error error = { "" };
	char path[128];
	FILE *file;

	write_loop("loop.wst", 8);
	path_of(path, sizeof(path), "web.gcd");
	file = fopen(path, "w");
	fputs("10.0 50.0\n10.0 50.0\n", file);
	fclose(file);
	cr_assert_eq(make_inventory(&inventory,
				    "\xef\xbb\xbf# what we have\nname, memory, demand, trace, count\n"
				    "cache,64MiB,,loop.wst,2\n\nweb,128MiB,web.gcd\n", &error), 0,
		     "%s", error.text);
	cr_assert_eq(inventory.rows_count, 2);
	cr_assert_eq(inventory.demands_count, 1);
	path_of(path, sizeof(path), "vms.csv");
	cr_assert_eq(sim_scenario_read_text(&scenario, path, inventory.scenario,
					    strlen(inventory.scenario), NULL, 0, "static", &error), 0,
		     "%s", error.text);
	cr_assert_eq(scenario.vms_count, 3);
	cr_assert_str_eq(scenario.vm[1].name, "cache-2");
	cr_assert_eq(scenario.vm[2].memory_bytes, 128 * MIB);
	cr_assert_eq(scenario.vm[2].phase_jitter_ns, 0, "series have one clock");
	cr_assert_gt(scenario.vm[0].phase_jitter_ns, 0);
	cr_assert_eq(scenario.host.memory_bytes, 256 * MIB);
	sim_scenario_free(&scenario);
	free(inventory.scenario);
}

Test(advice, the_mark_that_spreadsheets_put_before_a_header_is_passed_over)
{
	struct sim_inventory inventory;
	struct tr_error error = { "" };

	write_loop("loop.wst", 1);
	cr_assert_eq(make_inventory(&inventory, "\xef\xbb\xbfname,memory,trace\na,64MiB,loop.wst\n",
				    &error), 0, "%s", error.text);
	cr_assert_eq(inventory.rows_count, 1);
	free(inventory.scenario);
	cr_assert_lt(make_inventory(&inventory, "name,memory,trace\n\xef\xbb\xbf,64MiB\n", &error), 0);
}

/* Two VMs of which one uses much in the third quarter of an hour, the other in the first. */
Test(advice, demand_series_begin_where_together_they_use_most)
{
	static const char *const series[2] = {
		"1.0 10.0\n1.0 10.0\n1.0 10.0\n1.0 10.0\n1.0 10.0\n1.0 10.0\n"
		"1.0 60.0\n1.0 60.0\n1.0 10.0\n1.0 10.0\n1.0 10.0\n1.0 10.0\n",
		"1.0 40.0\n1.0 40.0\n1.0 10.0\n1.0 10.0\n1.0 10.0\n1.0 10.0\n"
		"1.0 10.0\n1.0 10.0\n1.0 10.0\n1.0 10.0\n1.0 10.0\n1.0 10.0\n",
	};
	struct sim_inventory inventory = { .host_bytes = 256 * MIB, .duration_ns = 300000000000ull,
					   .time_scale = TR_DEMAND_ONE, .work = folder,
					   .from_ns = SIM_INVENTORY_BUSIEST };
	struct tr_error error = { "" };
	char path[128], own[128];
	struct tr_file *trace;
	FILE *file;

	for (u32 i = 0; i < 3; i++) {
		path_of(path, sizeof(path), i == 2 ? "vms.csv" : i ? "b" : "a");
		file = fopen(path, "w");
		fputs(i == 2 ? "name,memory,demand,count\na,64MiB,a\nb,64MiB,b,2\n" : series[i], file);
		fclose(file);
	}
	inventory.path = path;
	cr_assert_eq(sim_inventory_make(&inventory, &error), 0, "%s", error.text);
	free(inventory.scenario);
	cr_assert_eq(inventory.begun_ns, 0, "two of the second: %llu", inventory.begun_ns);
	cr_assert_eq(inventory.rows_count, 2);
	cr_assert_eq(inventory.demands_count, 2);
	file = fopen(path, "w");
	fputs("name,memory,demand,count\na,64MiB,a,2\nb,64MiB,b\n", file);
	fclose(file);
	cr_assert_eq(sim_inventory_make(&inventory, &error), 0, "%s", error.text);
	free(inventory.scenario);
	cr_assert_eq(inventory.begun_ns, 1800000000000ull, "%llu", inventory.begun_ns);
	/* 60 % of what is left of 64 MiB beside the kernel's; 10 % at the series' begin */
	path_of(own, sizeof(own), "demand-0.wst");
	cr_assert_eq(tr_file_open(&trace, own, &error), 0, "%s", error.text);
	u32 touched = tr_file_meta(trace)->pages_touched;
	tr_file_close(trace);
	cr_assert(touched > 6500 && touched < 7500, "%u pages", touched);
	inventory.from_ns = 3600000000000ull;
	cr_assert_eq(sim_inventory_make(&inventory, &error), -ERANGE);
	cr_assert(strstr(error.text, "ends before it is to begin"), "%s", error.text);
}

/* A series of @count five minutes, of which those from @high on use much. */
static void write_series(const char *name, u32 count, u32 high)
{
	char path[128];
	FILE *file;

	path_of(path, sizeof(path), name);
	file = fopen(path, "w");
	cr_assert(file);
	for (u32 i = 0; i < count; i++)
		fputs(i < high ? "1.0 10.0\n" : "1.0 60.0\n", file);
	cr_assert_eq(fclose(file), 0);
}

static struct sim_inventory search_busiest(const char *text, u64 duration_s, u64 time_scale)
{
	static char path[128];
	struct sim_inventory inventory = { .path = path, .host_bytes = 256 * MIB,
					   .duration_ns = duration_s * 1000000000ull,
					   .time_scale = time_scale, .work = folder,
					   .from_ns = SIM_INVENTORY_BUSIEST };
	struct tr_error error = { "" };
	FILE *file;

	path_of(path, sizeof(path), "vms.csv");
	file = fopen(path, "w");
	cr_assert(file);
	fputs(text, file);
	cr_assert_eq(fclose(file), 0);
	cr_assert_eq(sim_inventory_make(&inventory, &error), 0, "%s", error.text);
	free(inventory.scenario);
	return inventory;
}

#define MINUTE 60000000000ull

Test(advice, the_search_for_most_use_ends_where_the_shortest_series_does)
{
	struct sim_inventory found;

	write_series("short", 4, 4); /* 20 minutes */
	write_series("long", 12, 8); /* much from minute 40 to 60 */
	found = search_busiest("name,memory,demand\na,64MiB,long\nb,64MiB,short\n", 300, TR_DEMAND_ONE);
	cr_assert_eq(found.begun_ns, 0, "%llu", found.begun_ns);
	cr_assert_eq(found.searched_ns, 20 * MINUTE, "%llu", found.searched_ns);
	cr_assert_eq(found.demands_count, 2);

	write_series("short", 4, 3); /* 15 to 20: the last that it has whole */
	found = search_busiest("name,memory,demand\na,64MiB,short\nb,64MiB,long\n", 300, TR_DEMAND_ONE);
	cr_assert_eq(found.begun_ns, 15 * MINUTE, "%llu", found.begun_ns);

	/* It has no whole half hour: as much as there is. */
	found = search_busiest("name,memory,demand\na,64MiB,short\nb,64MiB,long\n", 1800, TR_DEMAND_ONE);
	cr_assert_eq(found.begun_ns, 0, "%llu", found.begun_ns);
	cr_assert_eq(found.searched_ns, 20 * MINUTE, "%llu", found.searched_ns);

	found = search_busiest("name,memory,demand\nb,64MiB,long\n", 300, TR_DEMAND_ONE);
	cr_assert_eq(found.begun_ns, 40 * MINUTE, "%llu", found.begun_ns);
	cr_assert_eq(found.searched_ns, 0, "all was: %llu", found.searched_ns);
}

Test(advice, a_stretch_of_a_scaled_series_is_as_long_as_the_fraction_makes_it)
{
	struct sim_inventory found;

	write_series("long", 12, 9); /* much for the last 15 minutes */
	/* 20 minutes at 1.5 are 30: the last of them begin at 30. */
	found = search_busiest("name,memory,demand\nb,64MiB,long\n", 1200, TR_DEMAND_ONE * 3 / 2);
	cr_assert_eq(found.begun_ns, 30 * MINUTE, "%llu", found.begun_ns);
}

Test(advice, a_series_of_more_than_a_month_is_searched_for_a_month_and_that_is_told)
{
	u32 month = SIM_DEMAND_MINUTES / 5;
	struct sim_inventory found;

	write_series("month", month, month - 1);
	found = search_busiest("name,memory,demand\na,64MiB,month\n", 300, TR_DEMAND_ONE);
	cr_assert_eq(found.searched_ns, 0, "%llu", found.searched_ns);
	write_series("month", month + 2, month + 1);
	found = search_busiest("name,memory,demand\na,64MiB,month\n", 300, TR_DEMAND_ONE);
	cr_assert_eq(found.searched_ns, SIM_DEMAND_MINUTES * MINUTE, "%llu", found.searched_ns);
	cr_assert_eq(found.begun_ns, 0, "%llu", found.begun_ns);
}

Test(advice, what_is_wrong_with_an_inventory_is_told_with_its_line)
{
	static const struct {
		const char *text, *reason;
	} bad[] = {
		{ "", "vms.csv: no VMs" },
		{ "name,memory\na,1GiB\n", "line 1: needs the columns name, memory, and trace or demand" },
		{ "name,memory,trace,trace\n", "line 1: column 'trace' twice" },
		{ "name,memory,tarce\n", "line 1: column 'tarce': there are" },
		{ "name,memory,trace\na\n", "line 2: has no column 'memory'" },
		{ "name,memory,trace\na,1KiB,x\n", "line 2: memory '1KiB': not a size of 16MiB or more" },
		{ "name,memory,trace\na,16777216TiB,x\n", "line 2: memory '16777216TiB': more than 16TiB" },
		{ "name,memory,trace\na,17TiB,x\n", "line 2: memory '17TiB': more than 16TiB" },
		{ "name,memory,trace\na,1GiB,\n", "line 2: needs a trace or a demand, and not both" },
		{ "name,memory,trace,count\na,1GiB,x,0\n", "line 2: count '0': not a number" },
		{ "name,memory,trace\n\"a\",1GiB,x\n", "line 2: quotes are not known here" },
		{ "name,memory,trace\na,1GiB,b,c,d,e,f,g,h,i\n", "line 2: more than 7 columns" },
		{ "name,memory,trace\na,1GiB,nowhere.wst\n", "nowhere.wst: cannot open: No such file" },
		{ "name,memory,demand\na,1GiB,vms.csv\n", "vms.csv" },
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct sim_inventory inventory;
		struct tr_error error = { "" };

		cr_assert(make_inventory(&inventory, bad[i].text, &error) < 0, "%s", bad[i].text);
		cr_assert(strstr(error.text, bad[i].reason), "%s: %s", bad[i].text, error.text);
		cr_assert_null(inventory.scenario);
	}
}
