/* SPDX-License-Identifier: BSD-2-Clause */
/* test_sampling.c - a sampled run stands for the whole one. */
#include <criterion/criterion.h>
#include <math.h>

#include "model/sim_sampling.h"
#include "model/sim_world.h"
#include "scenario/sim_scenario_read.h"

Test(sampling, chosen_blocks_are_numbered_densely_and_in_order)
{
	u32 chosen, next = 0, *number = sim_sampling_choose(32 * 10000, 8, 7, &chosen);

	cr_assert_not_null(number);
	for (u32 i = 0; i < 10000; i++)
		if (number[i] != SIM_SAMPLING_NONE)
			cr_assert_eq(number[i], next++);
	cr_assert(chosen >= next && chosen <= next + 1);
	cr_assert(next > 1100 && next < 1400, "%u of 10,000 blocks for one in 8", next);
	free(number);
}

Test(sampling, the_filter_keeps_all_accesses_of_chosen_blocks_and_no_others)
{
	u32 block_of[3] = { SIM_SAMPLING_NONE, 0, SIM_SAMPLING_NONE }, to[6];
	u32 entry[6] = { 5 << 1, 32 << 1 | 1, 63 << 1, 64 << 1, 40 << 1, 31 << 1 | 1 };

	cr_assert_eq(sim_sampling_filter(block_of, entry, 6, to), 3);
	cr_assert_eq(to[0], 0 << 1 | 1);
	cr_assert_eq(to[1], 31 << 1);
	cr_assert_eq(to[2], 8 << 1);
}

struct totals {
	double accesses, backed, nominal, slowdown;
};

static void at_end(void *ctx, const struct sim_run_result *result,
		   const struct sim_host_sample *host, const struct sim_vm_sample *vm, u32 vms_count)
{
	struct totals *totals = ctx;

	(void)result, (void)vms_count;
	*totals = (struct totals){ (double)vm->counters.accesses, (double)host->backed_pages,
				   (double)vm->nominal_pages,
				   (double)vm->counters.busy_ns / (double)vm->counters.compute_ns };
}

static struct totals run_sampled(const char *one_in)
{
	static const char text[] =
		"{ \"name\": \"sampled\", \"duration\": \"20s\","
		"  \"host\": { \"memory\": \"256MiB\", \"reserved\": \"0\" },"
		"  \"vms\": [ { \"name\": \"one\", \"memory\": \"128MiB\", \"kernel\": \"4MiB\","
		"    \"swap\": \"nvme\", \"workload\": [ \"traces/samples/sort.wst\" ] } ],"
		"  \"policy\": \"static\" }";
	struct totals totals;
	struct sim_probe probe = { .ctx = &totals, .end = at_end };
	struct sim_run_result result;
	struct sim_scenario scenario;
	struct sim_world *world;
	struct tr_error error;

	cr_assert_eq(sim_scenario_read_text(&scenario, "sampled", text, sizeof(text) - 1, &one_in, 1,
					    NULL, &error), 0, "%s", error.text);
	cr_assert_eq(sim_world_create(&world, &scenario, &probe, 1, &error), 0, "%s", error.text);
	cr_assert_eq(sim_world_run(world, NULL, NULL, NULL, &result, &error), 0, "%s", error.text);
	sim_world_destroy(world);
	sim_scenario_free(&scenario);
	return totals;
}

Test(sampling, a_sampled_run_tells_what_the_full_one_tells)
{
	struct totals full = run_sampled("sample_one_in=1"), some = run_sampled("sample_one_in=4");

	cr_assert_eq(some.nominal, full.nominal, "sizes are those of the host");
	cr_assert(fabs(some.accesses / full.accesses - 1) < 0.25, "%g accesses, in full %g",
		  some.accesses, full.accesses);
	cr_assert(fabs(some.backed / full.backed - 1) < 0.1, "%g pages, in full %g", some.backed,
		  full.backed);
	cr_assert(fabs(some.slowdown / full.slowdown - 1) < 0.2, "slowdown %g, in full %g",
		  some.slowdown, full.slowdown);
}

Test(sampling, what_cannot_be_sampled_is_refused)
{
	static const char text[] =
		"{ \"duration\": \"1s\", \"host\": { \"memory\": \"256MiB\" }, \"sample_one_in\": 2,"
		"  \"vms\": [ { \"name\": \"one\", \"memory\": \"128MiB\", \"reclaim\": \"opt\","
		"    \"workload\": [ \"traces/samples/sort.wst\" ] } ], \"policy\": \"static\" }";
	static const char *const odd = "sample_one_in=3";
	struct sim_scenario scenario;
	struct sim_world *world;
	struct tr_error error;

	cr_assert_eq(sim_scenario_read_text(&scenario, "x", text, sizeof(text) - 1, &odd, 1, NULL,
					    &error), -EINVAL);
	cr_assert_not_null(strstr(error.text, "power of two"), "%s", error.text);
	cr_assert_eq(sim_scenario_read_text(&scenario, "x", text, sizeof(text) - 1, NULL, 0, NULL,
					    &error), 0, "%s", error.text);
	cr_assert_eq(sim_world_create(&world, &scenario, NULL, 0, &error), -EINVAL);
	cr_assert_not_null(strstr(error.text, "cannot be sampled"), "%s", error.text);
	sim_scenario_free(&scenario);
}

/* Pages stand for as many as were left out; times and messages do not. */
Test(sampling, all_that_is_counted_in_pages_is_told_for_all_pages)
{
	struct sim_vm_sample sample = { .counters = {
		.accesses = 1, .refault = { 2, 3 }, .overshoot_pages = 5, .rmap_walks = 7,
		.huge_splits = 11, .oom_kills = 13, .first_oom_ns = 17, .reports_sent = 19 } };
	const struct sim_vm_counters *told = &sample.counters;

	sim_sampling_tell_vm(&sample, 4);
	cr_assert_eq(told->accesses, 4);
	cr_assert_eq(told->refault[1], 12);
	cr_assert_eq(told->overshoot_pages, 20);
	cr_assert_eq(told->rmap_walks, 28);
	cr_assert_eq(told->huge_splits, 44);
	cr_assert_eq(told->oom_kills, 13);
	cr_assert_eq(told->first_oom_ns, 17);
	cr_assert_eq(told->reports_sent, 19);
}
