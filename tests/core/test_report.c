/* SPDX-License-Identifier: BSD-2-Clause */
/* test_report.c - when reports are made: refresh interval, forced ageing, threshold. */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "ws_report.h"

#define MS WS_NS_PER_MS

/* A source that says what it was asked for. */
struct source {
	u64 birth_ns;
	u32 ageings, collections;
	int age_error, collect_error;
};

static int source_age(void *ctx, u64 now_ns)
{
	struct source *source = ctx;

	if (source->age_error)
		return source->age_error;
	source->birth_ns = now_ns;
	source->ageings++;
	return 0;
}

static u64 source_birth(void *ctx)
{
	return ((struct source *)ctx)->birth_ns;
}

static int source_collect(void *ctx, struct ws_hist *hist, u64 now_ns)
{
	struct source *source = ctx;

	(void)now_ns;
	source->collections++;
	ws_hist_add_span(hist, WS_ANON, 0, 0, 1);
	return source->collect_error;
}

static const struct ws_ages_ops source_ops = { source_age, source_birth, source_collect };
static struct source source;
static struct ws_report report;

static void start(u64 refresh_ns, u64 threshold_ns)
{
	struct ws_report_config config = {
		.edge_ns = { 100 * MS, 200 * MS }, .edges_count = 2,
		.refresh_interval_ns = refresh_ns, .report_threshold_ns = threshold_ns,
	};

	memset(&source, 0, sizeof(source));
	ws_report_init(&report, &source_ops, &source);
	cr_assert_eq(ws_report_configure(&report, &config), 0);
}

static void expect(u32 ageings, u32 collections)
{
	cr_assert_eq(source.ageings, ageings, "%u ageings, not %u", source.ageings, ageings);
	cr_assert_eq(source.collections, collections, "%u collections, not %u",
		     source.collections, collections);
	cr_assert_eq(report.ageings_count, ageings);
}

Test(report, nothing_before_a_configuration)
{
	ws_report_init(&report, &source_ops, &source);
	cr_assert_eq(ws_report_refresh(&report, 0), -ENODATA);
	cr_assert_eq(ws_report_collect(&report, 0), -ENODATA);
	cr_assert_not(ws_report_pressure(&report, 0));
}

Test(report, a_bad_configuration_changes_nothing)
{
	struct ws_report_config bad = { .edge_ns = { 2, 1 }, .edges_count = 2 };

	start(100 * MS, 0);
	cr_assert_eq(ws_report_refresh(&report, 500 * MS), 0);
	cr_assert_eq(ws_report_configure(&report, &bad), -EINVAL);
	cr_assert(report.valid);
	cr_assert_eq(report.hist.edge_ns[0], 100 * MS);
	bad.edges_count = 0;
	cr_assert_eq(ws_report_configure(&report, &bad), -EINVAL);
}

Test(report, ages_when_the_youngest_generation_is_older_than_the_interval)
{
	start(100 * MS, 0);
	source.birth_ns = 450 * MS;
	cr_assert_eq(ws_report_refresh(&report, 500 * MS), 0);
	expect(0, 1);
	cr_assert_eq(ws_report_refresh(&report, 600 * MS), 0);
	expect(1, 2);
	cr_assert_eq(ws_hist_total(&report.hist, WS_ANON), 1, "collected into an empty histogram");
}

Test(report, gives_the_last_one_while_it_is_younger_than_the_interval)
{
	start(100 * MS, 0);
	cr_assert_eq(ws_report_refresh(&report, 500 * MS), 0);
	cr_assert_eq(ws_report_refresh(&report, 599 * MS), 0);
	expect(1, 1);
	cr_assert_eq(report.cached_count, 1);
	cr_assert_eq(report.made_ns, 500 * MS);
	cr_assert_eq(ws_report_refresh(&report, 600 * MS), 0);
	expect(2, 2);
}

Test(report, interval_zero_collects_every_time_and_never_ages)
{
	start(0, 0);
	for (u32 i = 1; i <= 3; i++) {
		cr_assert_eq(ws_report_refresh(&report, 1000 * MS), 0);
		expect(0, i);
	}
}

Test(report, the_sources_errors_come_through)
{
	start(100 * MS, 0);
	cr_assert_eq(ws_report_refresh(&report, 500 * MS), 0);
	source.age_error = -EBUSY;
	cr_assert_eq(ws_report_refresh(&report, 700 * MS), -EBUSY);
	cr_assert(report.valid, "the last report is still there");
	source.age_error = 0;
	source.collect_error = -EIO;
	cr_assert_eq(ws_report_refresh(&report, 700 * MS), -EIO);
	cr_assert_not(report.valid);
	source.collect_error = 0;
	cr_assert_eq(ws_report_refresh(&report, 701 * MS), 0);
	cr_assert(report.valid);
}

Test(report, pressure_is_announced_once_per_threshold)
{
	start(100 * MS, 300 * MS);
	cr_assert(ws_report_pressure(&report, 0), "there is none yet");
	cr_assert_not(ws_report_pressure(&report, 299 * MS));
	cr_assert(ws_report_pressure(&report, 300 * MS));
	cr_assert_eq(ws_report_refresh(&report, 500 * MS), 0);
	cr_assert_not(ws_report_pressure(&report, 799 * MS), "the host has just heard");
	cr_assert(ws_report_pressure(&report, 800 * MS));
	cr_assert_eq(report.announced_count, 3);
	expect(1, 1);
}

Test(report, threshold_zero_announces_nothing)
{
	start(100 * MS, 0);
	cr_assert_not(ws_report_pressure(&report, 1ull << 60));
}

Test(report, a_new_configuration_forgets_and_unconfiguring_stops)
{
	struct ws_report_config config = { .edge_ns = { 5 }, .edges_count = 1,
					   .report_threshold_ns = 1 };

	start(100 * MS, 300 * MS);
	cr_assert_eq(ws_report_refresh(&report, 500 * MS), 0);
	cr_assert(ws_report_pressure(&report, 900 * MS));
	cr_assert_eq(ws_report_configure(&report, &config), 0);
	cr_assert_not(report.valid);
	cr_assert_eq(report.hist.bins_count, 2);
	cr_assert(ws_report_pressure(&report, 900 * MS));
	ws_report_unconfigure(&report);
	cr_assert_eq(ws_report_refresh(&report, 1000 * MS), -ENODATA);
	cr_assert_not(ws_report_pressure(&report, 2000 * MS));
}

Test(report, the_largest_interval_does_not_overflow)
{
	start(~0ull, ~0ull);
	cr_assert_eq(ws_report_refresh(&report, ~0ull - 1), 0);
	expect(0, 1);
	cr_assert_eq(ws_report_refresh(&report, ~0ull), 0);
	expect(0, 1);
	cr_assert_not(ws_report_pressure(&report, ~0ull));
}

Test(report, collects_each_generation_over_its_span)
{
	static struct ws_age age;
	static u16 page[64];
	static struct ws_hist hist;
	bool folded[WS_TYPES];

	/* Born at 0 0 0 0, 4 s, 8 s; now it is 10 s.  Oldest left: seq 2, 4 s to 10 s ago. */
	cr_assert_eq(ws_age_init(&age, page, 64, WS_GENS_LINUX, 0), 0);
	cr_assert_eq(ws_age_advance(&age, 4000 * MS, folded), 0);
	cr_assert_eq(ws_age_advance(&age, 8000 * MS, folded), 0);
	for (u32 i = 0; i < 60; i++)
		ws_age_add(&age, i, i % 2 ? WS_FILE : WS_ANON, 3 + i % 6 / 2);
	cr_assert_eq(ws_hist_init(&hist, (u64[]){ 1000 * MS, 4000 * MS, 8000 * MS }, 3), 0);
	ws_age_collect(&age, &hist, 10000 * MS);
	for (int type = 0; type < WS_TYPES; type++) {
		/* youngest 10 pages over 0..2 s, next 10 over 2..6 s, next 10 over 6..10 s */
		cr_assert_eq(hist.pages[type][0], 5);
		cr_assert_eq(hist.pages[type][1], 5 + 5);
		cr_assert_eq(hist.pages[type][2], 5 + 5);
		cr_assert_eq(hist.pages[type][3], 5);
	}
}

/* Nothing is shared between two users of one source: neither edges nor intervals. */
Test(report, edges_and_intervals_are_each_report_s_own)
{
	static struct ws_report other;
	struct ws_report_config config = { .edge_ns = { 7 * MS }, .edges_count = 1,
					   .refresh_interval_ns = 50 * MS };

	start(10 * MS, 20 * MS);
	ws_report_init(&other, &source_ops, &source);
	cr_assert_eq(ws_report_configure(&other, &config), 0);
	cr_assert_eq(report.hist.bins_count, 3);
	cr_assert_eq(ws_hist_edge(&report.hist, 0), 100 * MS);
	cr_assert_eq(report.refresh_interval_ns, 10 * MS);
	cr_assert(ws_report_pressure(&report, 100 * MS));
	cr_assert_not(ws_report_pressure(&other, 100 * MS));
	ws_report_unconfigure(&other);
	cr_assert_eq(ws_report_refresh(&report, 100 * MS), 0);
	cr_assert_eq(ws_report_refresh(&other, 100 * MS), -ENODATA);
}
