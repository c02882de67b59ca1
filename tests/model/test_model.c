/* SPDX-License-Identifier: BSD-2-Clause */
/* test_model.c - the parts of the model, each by itself. */
#include <criterion/criterion.h>
#include <gsl/gsl_cdf.h>
#include <math.h>

#include "model/sim_device.h"
#include "model/sim_frames.h"
#include "model/sim_psi.h"
#include "model/sim_queue.h"
#include "model/sim_swap.h"
#include "model/sim_watermark.h"

#define MS 1000000ull

static struct sim_latency_set latencies; /* each test has a process of its own */

Test(model, the_normal_quantiles_are_those_of_gsl)
{
	for (u32 i = 0; i < SIM_QUANTILES; i++) {
		double z = gsl_cdf_ugaussian_Pinv((i + 0.5) / SIM_QUANTILES) * 65536;

		cr_assert(fabs(z - sim_quantile_z[i]) <= 0.51, "entry %u: %d, GSL %g", i,
			  sim_quantile_z[i], z);
	}
}

Test(model, latencies_have_the_median_and_the_tail_that_were_asked_for)
{
	static struct sim_latency latency;
	const double tails[] = { 1, 1.5, 3, 10, 100 };

	for (u32 i = 0; i < sizeof(tails) / sizeof(tails[0]); i++) {
		sim_latency_init(&latency, 90000, tails[i]);
		double median = ((double)latency.ns[511] + (double)latency.ns[512]) / 2;
		double p99 = (double)latency.ns[(u32)(0.99 * SIM_QUANTILES)];

		cr_assert(fabs(median / 90000 - 1) < 0.01, "median %g", median);
		cr_assert(fabs(p99 / median / tails[i] - 1) < 0.03, "tail %g for %g", p99 / median,
			  tails[i]);
		for (u32 k = 1; k < SIM_QUANTILES; k++)
			cr_assert_leq(latency.ns[k - 1], latency.ns[k]);
		/* The mean of a log-normal distribution, but for the tail that a table cuts off. */
		double sigma = log(tails[i]) / gsl_cdf_ugaussian_Pinv(0.99);
		double mean = 90000 * exp(sigma * sigma / 2);

		cr_assert(fabs((double)sim_latency_mean(&latency) / mean - 1) < 0.05);
	}
}

/* The queue against a list that is searched: events in bursts, far apart, and all at once. */
#define LIST_MOST 3000u
static struct sim_event list[LIST_MOST];

static u32 earliest(u32 count)
{
	u32 first = 0;

	for (u32 i = 1; i < count; i++)
		if (sim_event_before(&list[i], &list[first]))
			first = i;
	return first;
}

static void queue_against_list(u64 seed, u64 spread_ns, u32 most)
{
	struct sim_queue queue;
	struct sim_rng rng;
	u64 now_ns = 0, sequence = 0;
	u32 count = 0, arg = 0;

	sim_queue_init(&queue);
	sim_rng_init(&rng, seed, 0, "queue");
	for (u32 step = 0; step < 6000; step++) {
		bool grow = sim_rng_below(&rng, 2 * most) >= count;

		for (u32 i = 0; grow && i < 3 && count < most; i++) {
			u64 shift = sim_rng_below(&rng, 40);
			struct sim_event put = { .time_ns = now_ns +
						 (sim_rng_below(&rng, spread_ns) >> shift), .arg = arg++ };
			enum sim_class class = (enum sim_class)sim_rng_below(&rng, 5);

			sim_queue_put(&queue, put, class);
			put.order = (u64)class << 56 | sequence++;
			list[count++] = put;
		}
		struct sim_event taken = { .arg = ~0u };
		if (!count) {
			cr_assert(!sim_queue_take(&queue, &taken));
			continue;
		}
		u32 first = earliest(count);

		cr_assert_eq(sim_queue_next_ns(&queue), list[first].time_ns);
		cr_assert(sim_queue_take(&queue, &taken));
		cr_assert_eq(taken.arg, list[first].arg, "seed %llu, step %u", seed, step);
		now_ns = taken.time_ns;
		list[first] = list[--count];
		cr_assert_eq(queue.count, count);
	}
	sim_queue_destroy(&queue);
}

Test(model, events_come_out_as_from_a_list)
{
	queue_against_list(1, 1, 500);		  /* all at one instant */
	queue_against_list(2, 100, 1000);
	queue_against_list(3, 1000000000, 20);
	queue_against_list(4, 1000000000, LIST_MOST);
	queue_against_list(5, 1ull << 60, 300);
	queue_against_list(6, 50000000, 100);
}

Test(model, events_come_out_by_time_class_and_sequence)
{
	struct sim_queue queue;
	struct sim_event event, last = { 0 };
	struct sim_rng rng;
	u32 taken = 0;

	sim_queue_init(&queue);
	sim_rng_init(&rng, 7, 0, "queue");
	for (u32 i = 0; i < 5000; i++) {
		struct sim_event put = { .time_ns = sim_rng_below(&rng, 100), .arg = i };

		sim_queue_put(&queue, put, (enum sim_class)sim_rng_below(&rng, 5));
		if (i % 3 == 2 && sim_queue_take(&queue, &event))
			taken++;
	}
	while (sim_queue_take(&queue, &event)) {
		cr_assert(event.time_ns > last.time_ns ||
			  (event.time_ns == last.time_ns && event.order > last.order) || !last.order);
		last = event;
		taken++;
	}
	cr_assert_eq(taken, 5000);
	cr_assert_eq(sim_queue_next_ns(&queue), ~0ull);
	sim_queue_destroy(&queue);
}

Test(model, random_streams_differ_by_name_and_run_and_by_nothing_else)
{
	struct sim_rng a, b, c, d;

	sim_rng_init(&a, 1, 0, "vm/swap");
	sim_rng_init(&b, 1, 0, "vm/swap");
	sim_rng_init(&c, 1, 1, "vm/swap");
	sim_rng_init(&d, 1, 0, "vm/disk");
	u64 first = sim_rng_next(&a);

	cr_assert_eq(first, sim_rng_next(&b));
	cr_assert_neq(first, sim_rng_next(&c));
	cr_assert_neq(first, sim_rng_next(&d));
	for (u32 i = 0; i < 1000; i++)
		cr_assert_lt(sim_rng_below(&a, 10), 10);
}

Test(model, a_device_makes_operations_wait_when_its_servers_are_busy)
{
	struct sim_device_config config = { .name = "test", .read_ns = 100000, .write_ns = 100000,
					    .tail = 1, .read_bps = 0, .parallel = 2 };
	struct sim_device device;

	sim_device_init(&device, &config, &latencies, 1, 0, "test");
	cr_assert_eq(sim_device_submit(&device, 0, false, 1), 100000);
	cr_assert_eq(sim_device_submit(&device, 0, false, 1), 100000);
	cr_assert_eq(sim_device_submit(&device, 0, false, 1), 200000, "both servers are busy");
	cr_assert_eq(sim_device_submit(&device, 500000, false, 1), 600000, "the queue is empty");
}

Test(model, a_device_does_not_exceed_its_bandwidth)
{
	struct sim_device_config config = { .name = "test", .read_ns = 1000, .write_ns = 1000,
					    .tail = 1, .read_bps = 409600000, .parallel = 64 };
	struct sim_device device;
	u64 end_ns = 0;

	sim_device_init(&device, &config, &latencies, 1, 0, "test");
	for (u32 i = 0; i < 1000; i++)
		end_ns = sim_device_submit(&device, 0, false, 1);
	cr_assert(end_ns >= 10 * MS && end_ns < 11 * MS, "1,000 pages at 100,000 a second: %llu ns",
		  end_ns);
}

Test(model, a_compressed_device_takes_its_time_for_each_page_and_has_no_queue)
{
	struct sim_device_config config = { .name = "test", .compressed = true, .read_ns = 2000,
					    .write_ns = 10000, .tail = 1, .parallel = 1 };
	struct sim_device device;

	sim_device_init(&device, &config, &latencies, 1, 0, "test");
	cr_assert_eq(sim_device_submit(&device, 500, true, 8), 500 + 8 * 10000);
	cr_assert_eq(sim_device_submit(&device, 500, false, 1), 500 + 2000, "a processor does it");
	cr_assert_eq(device.written_pages, 8);
	cr_assert_eq(device.read_pages, 1);
}

Test(model, frames_are_taken_from_partly_used_regions_first)
{
	struct sim_frames frames;
	u32 first, other;

	cr_assert_eq(sim_frames_init(&frames, 4 * SIM_REGION_PAGES), 0);
	first = sim_frames_take(&frames) / SIM_REGION_PAGES;
	for (u32 i = 1; i < SIM_REGION_PAGES; i++)
		cr_assert_eq(sim_frames_take(&frames) / SIM_REGION_PAGES, first);
	other = sim_frames_take(&frames);
	cr_assert_neq(other / SIM_REGION_PAGES, first);
	sim_frames_give(&frames, first * SIM_REGION_PAGES + 5);
	sim_frames_give(&frames, other);
	cr_assert_eq(sim_frames_take(&frames), first * SIM_REGION_PAGES + 5,
		     "a region that is whole again stays whole");
	for (u32 i = 0; i < 3 * SIM_REGION_PAGES; i++)
		cr_assert_neq(sim_frames_take(&frames), SIM_NO_FRAME);
	cr_assert_eq(sim_frames_take(&frames), SIM_NO_FRAME);
	cr_assert_eq(frames.free_count, 0);
	sim_frames_destroy(&frames);
}

Test(model, watermarks_are_those_of_linux)
{
	/* MiB min, low, high of zones of 1, 4, 16 and 64 GiB, to a tenth of a MiB */
	static const struct {
		u64 gib;
		double min, low, high;
	} known[] = { { 1, 4, 5, 6 }, { 4, 8, 12.1, 16.2 }, { 16, 16, 32.4, 48.8 },
		      { 64, 32, 97.5, 163 } };

	for (u32 i = 0; i < 4; i++) {
		struct sim_watermark mark = sim_watermark_of(known[i].gib << 18);

		cr_assert(fabs((double)mark.min / 256 - known[i].min) < 0.1);
		cr_assert(fabs((double)mark.low / 256 - known[i].low) < 0.1 + known[i].low / 100);
		cr_assert(fabs((double)mark.high / 256 - known[i].high) < 0.1 + known[i].high / 100);
	}
}

Test(model, pressure_is_some_while_one_task_stalls_and_full_while_none_works)
{
	struct sim_psi psi = { 0 };

	sim_psi_change(&psi, 0, 0, 2);	     /* two tasks run */
	sim_psi_change(&psi, 100, 1, -1);    /* one stalls */
	sim_psi_change(&psi, 300, 0, -1);    /* the other goes idle */
	sim_psi_change(&psi, 400, -1, 1);    /* the first goes on */
	sim_psi_update(&psi, 1000);
	cr_assert_eq(psi.some_ns, 300);
	cr_assert_eq(psi.full_ns, 100);
}

Test(model, the_average_of_constant_pressure_rises_as_in_the_kernel)
{
	struct sim_psi psi = { .stalled = 1 };

	for (u32 i = 1; i <= 5; i++)
		sim_psi_period(&psi, i * SIM_PSI_PERIOD_NS);
	/* 1 - e^-1 after ten seconds */
	cr_assert(psi.some_avg10 > 6270 && psi.some_avg10 < 6370, "%u", psi.some_avg10);
	cr_assert_eq(psi.some_avg10, psi.full_avg10);
}

Test(model, slots_of_pages_evicted_together_lie_together)
{
	struct sim_device_config config = { .name = "test", .tail = 1, .parallel = 1 };
	u32 page_of[8] = { 0 };
	u64 taken = 0;
	struct sim_swap_area area = { .slots_count = 8, .page_of = page_of, .taken = &taken };

	sim_device_init(&area.device, &config, &latencies, 1, 0, "test");
	for (u32 i = 0; i < 8; i++)
		cr_assert_eq(sim_swap_take(&area, 100 + i), i + 1);
	cr_assert_eq(sim_swap_take(&area, 200), 0, "full");
	sim_swap_give(&area, 3);
	cr_assert_eq(sim_swap_take(&area, 200), 3);
	cr_assert_eq(area.page_of[2], 201);
}

Test(model, free_slots_are_found_round_the_area_in_order)
{
	struct sim_device_config config = { .name = "test", .tail = 1, .parallel = 1 };
	u32 page_of[200] = { 0 }, at = 0;
	u64 taken[4] = { 0 };
	struct sim_swap_area area = { .slots_count = 200, .page_of = page_of, .taken = taken };
	struct sim_rng rng;

	sim_device_init(&area.device, &config, &latencies, 1, 0, "test");
	sim_rng_init(&rng, 3, 0, "slots");
	for (u32 step = 0; step < 20000; step++) {
		u32 slot = (u32)sim_rng_below(&rng, 200);

		if (page_of[slot]) {
			sim_swap_give(&area, slot + 1);
			continue;
		}
		if (sim_swap_is_full(&area))
			continue;
		while (page_of[at])
			at = (at + 1) % 200;
		cr_assert_eq(sim_swap_take(&area, step), at + 1);
		at = (at + 1) % 200;
	}
}
