/* SPDX-License-Identifier: BSD-2-Clause */
/* test_demand.c - demand series: what is made up has the demand, and lines are refused. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tr_import.h"
#include "tr_input.h"
#include "tr_units.h"

#define SEC 1000000000ull
#define PAGES_MAX 65536

/* What a writer would make of the records, second by second. */
struct seen {
	bool live[PAGES_MAX];
	u64 last_ns[PAGES_MAX];
	u64 pages, accesses, writes, reuses, now_ns, idle_ns, busy_until_ns;
	u64 accesses_first, writes_first; /* in the first second */
	u64 gap_hot, gap_warm, gap_other; /* reuse after 10 s, 300 s, anything else */
	u64 pages_at[4000]; /* by second */
};

static int look(void *ctx, const struct tr_record *record, struct tr_error *error)
{
	struct seen *seen = ctx;

	(void)error;
	cr_assert_geq(record->time_ns, seen->now_ns, "time goes back at %llu ns", record->time_ns);
	if (record->op == TR_IDLE) {
		seen->idle_ns += record->time_ns - seen->now_ns;
		seen->now_ns = record->time_ns;
		seen->pages_at[record->time_ns / SEC % 4000] = seen->pages;
		return 0;
	}
	seen->now_ns = record->time_ns;
	cr_assert_lt(record->page, PAGES_MAX);
	if (record->op == TR_ALLOC) {
		cr_assert(!seen->live[record->page]);
		seen->live[record->page] = true;
		seen->last_ns[record->page] = record->time_ns;
		seen->pages++;
	} else if (record->op == TR_FREE) {
		cr_assert(seen->live[record->page]);
		seen->live[record->page] = false;
		seen->pages--;
	} else {
		u64 gap_s = (record->time_ns - seen->last_ns[record->page] + SEC / 2) / SEC;

		cr_assert(seen->live[record->page], "access to a page that is free");
		seen->accesses++;
		seen->writes += record->write;
		seen->accesses_first += record->time_ns < SEC;
		seen->writes_first += record->time_ns < SEC && record->write;
		seen->gap_hot += gap_s == 10;
		seen->gap_warm += gap_s == 300;
		seen->gap_other += gap_s > 1 && gap_s != 10 && gap_s != 300;
		seen->last_ns[record->page] = record->time_ns;
	}
	return 0;
}

static int import(struct seen *seen, const char *text, const char *format,
		  const struct tr_import_options *options, struct tr_error *error)
{
	struct tr_import *one;
	struct tr_input *input;

	memset(seen, 0, sizeof(*seen));
	cr_assert_eq(tr_input_open_memory(&input, "in", text, strlen(text), error), 0);
	int rc = tr_import_open_input(&one, input, format, options, error);
	if (rc)
		return rc;
	cr_assert_str_eq(tr_import_info(one)->format, format ? format : tr_import_info(one)->format);
	rc = tr_import_run(one, (struct tr_sink){ look, seen }, error);
	tr_import_close(one);
	return rc;
}

static struct tr_import_options options_of(u64 memory_bytes)
{
	struct tr_import_options options;

	tr_import_options_init(&options);
	options.demand.memory_bytes = memory_bytes;
	return options;
}

#define MIB (1ull << 20)

Test(demand, memory_in_use_follows_the_series_and_is_linear_between_samples)
{
	static struct seen seen;
	struct tr_error error = { "" };
	struct tr_import_options options = options_of(64 * MIB);

	cr_assert_eq(import(&seen, "40.0 10.0\n40.0 50.0\n40.0 25.0\n", NULL, &options, &error), 0,
		     "%s", error.text);
	cr_assert_eq(seen.pages_at[1], 64 * 256 / 10, "%llu", seen.pages_at[1]);
	cr_assert_eq(seen.pages_at[301], 64 * 256 / 2, "%llu", seen.pages_at[301]);
	cr_assert_eq(seen.pages_at[601], 64 * 256 / 4, "%llu", seen.pages_at[601]);
	s64 half = (s64)seen.pages_at[151] - 64 * 256 * 3 / 10;
	cr_assert(half > -2 && half < 2, "%llu in the middle", seen.pages_at[151]);
	cr_assert_eq(seen.now_ns, 900 * SEC);
}

Test(demand, recency_is_what_the_model_says)
{
	static struct seen seen;
	struct tr_error error = { "" };
	struct tr_import_options options = options_of(64 * MIB);
	char text[4096] = "";

	for (u32 i = 0; i < 12; i++) /* an hour */
		snprintf(text + 10 * i, sizeof(text) - 10 * i, "40.0 50.0\n");
	cr_assert_eq(import(&seen, text, "gcd", &options, &error), 0);
	/* 8192 pages; 0.2 of them 6 times a minute, 0.3 of them 12 times an hour */
	double hot = (double)seen.gap_hot / (8192 * 0.2 * 360);
	double warm = (double)seen.gap_warm / (8192 * 0.3 * 12);
	cr_assert_float_eq(hot, 1, 0.15, "hot %.2f", hot);
	cr_assert_float_eq(warm, 1, 0.2, "warm %.2f", warm);
	cr_assert_lt(seen.gap_other, seen.accesses / 50, "%llu of %llu", seen.gap_other, seen.accesses);
	cr_assert_float_eq((double)seen.idle_ns / (double)seen.now_ns, 0.6, 0.01, "CPU share");
	double writes = (double)(seen.writes - 8192) / (double)(seen.accesses - 8192);
	cr_assert_float_eq(writes, 0.3, 0.03, "%.3f writes", writes);
}

/* A guest that fills at once and uses all of it each second: no more than the tick holds. */
Test(demand, a_second_holds_what_a_guest_that_grows_does_in_it)
{
	static struct seen seen;
	struct tr_error error = { "" };
	struct tr_import_options options = options_of(64 * MIB);

	options.demand.hot = TR_DEMAND_ONE;
	options.demand.warm = 0;
	options.demand.hot_ns = SEC;
	cr_assert_eq(import(&seen, "100.0 90.0\n100.0 90.0\n", "gcd", &options, &error), 0, "%s",
		     error.text);
	cr_assert_eq(seen.now_ns, 600 * SEC);
}

/* Which chunks are used often says nothing about which are written. */
Test(demand, what_is_hot_is_written_no_more_than_the_rest)
{
	static struct seen seen;
	struct tr_error error = { "" };
	struct tr_import_options options = options_of(256 * MIB);

	options.demand.hot = options.demand.write = 200000;
	options.demand.warm = 0;
	options.demand.hot_ns = SEC;
	cr_assert_eq(import(&seen, "40.0 90.0\n", "gcd", &options, &error), 0, "%s", error.text);
	u64 filled = 256 * 256 * 9 / 10;
	double writes = (double)(seen.writes_first - filled) / (double)(seen.accesses_first - filled);
	cr_assert_float_eq(writes, 0.2, 0.05, "%.3f written in the first second", writes);
}

Test(demand, the_time_scale_shortens_the_trace_and_nothing_else)
{
	static struct seen seen;
	struct tr_error error = { "" };
	struct tr_import_options options = options_of(64 * MIB);
	char text[TR_DEMAND_TEXT];

	options.demand.time_scale = 10 * TR_DEMAND_ONE;
	cr_assert_eq(import(&seen, "40.0 10.0\n40.0 50.0\n40.0 50.0\n", "gcd", &options, &error), 0);
	cr_assert_eq(seen.now_ns, 90 * SEC);
	cr_assert_eq(seen.pages_at[31], 64 * 256 / 2);
	cr_assert(strstr(tr_demand_text(&options.demand, text), "time divided by 10."), "%s", text);
}

Test(demand, alibaba_rows_of_one_container_come_in_order)
{
	static struct seen seen;
	struct tr_error error = { "" };
	struct tr_import_options options = options_of(64 * MIB);
	const char *text = "value,timestamp_anon,container_ip\n"
			   "0.5,1060.0,a\n0.9,1000.0,b\n0.25,1000.0,a\n0.1,1030.0,\n1.5e-06,1120.0,a\n"
			   "-1.2e-05,1150.0,a\n";

	cr_assert_eq(import(&seen, text, "alibaba", &options, &error), 0, "%s", error.text);
	cr_assert_eq(seen.pages_at[1], 64 * 256 / 4, "%llu", seen.pages_at[1]);
	cr_assert_eq(seen.pages_at[61], 64 * 256 / 2, "%llu", seen.pages_at[61]);
	cr_assert_eq(seen.pages_at[121], 0);
	cr_assert_eq(seen.pages_at[151], 0, "a little below nothing, as the published data has it");
	options.vm = "b";
	cr_assert_eq(import(&seen, text, "alibaba", &options, &error), 0);
	cr_assert_eq(seen.pages_at[1], 64 * 256 * 9 / 10);
	options.vm = "c";
	cr_assert_eq(import(&seen, text, "alibaba", &options, &error), -EINVAL);
	cr_assert_str_eq(error.text, "in: no rows of 'c'");
}

Test(demand, bitbrains_seconds_are_seconds_and_its_memory_is_its_own)
{
	static struct seen seen;
	struct tr_error error = { "" };
	struct tr_import_options options = options_of(0);
	const char *text =
		"Timestamp [ms];\tCPU cores;\tCPU capacity provisioned [MHZ];\tCPU usage [MHZ];\t"
		"CPU usage [%];\tMemory capacity provisioned [KB];\tMemory usage [KB];\tDisk read\n"
		"1376314846;\t1;\t2599.9;\t19.1;\t20.0;\t65536.0;\t16384.0;\t0.0;\t1.4;\t0.0;\t0.1\n"
		"1376315146;\t1;\t2599.9;\t19.1;\t20.0;\t65536.0;\t32768.0;\t0.0;\t1.4;\t0.0;\t0.1\n";

	cr_assert_eq(import(&seen, text, NULL, &options, &error), 0, "%s", error.text);
	cr_assert_eq(seen.pages_at[1], 4096);
	cr_assert_eq(seen.pages_at[301], 8192);
	cr_assert_eq(seen.now_ns, 600 * SEC);
	options.demand.memory_bytes = 128 * MIB;
	cr_assert_eq(import(&seen, text, NULL, &options, &error), 0);
	cr_assert_eq(seen.pages_at[301], 16384, "the same share of another size");
}

Test(demand, what_is_wrong_is_told_with_its_line)
{
	static const struct {
		const char *format, *text, *reason;
	} bad[] = {
		{ "gcd", "1.0 2.0\n1.0\n", "in: line 2: wanted 'cpu% mem%', two numbers" },
		{ "gcd", "1.0 2.0 3.0\n", "in: line 1: wanted 'cpu% mem%', two numbers" },
		{ "gcd", "-1.0 2.0\n", "in: line 1: wanted 'cpu% mem%', two numbers" },
		{ "gcd", "\n", "in: no samples" },
		{ "alibaba", "0.5,99999999999,a\n", "in: line 1: time is out of range" },
		{ "alibaba", "0.5,nan,a\n", "in: line 1: wanted 'value,timestamp,container'" },
		{ "alibaba", "0.5,1,a\n0.5,5000000000,a\n",
		  "the series is longer than 400 days of the trace" },
		{ "bitbrains", "1;2;3\n", "in: line 1: column 3: wanted a number, and ';' behind it" },
		{ "bitbrains", "1;1;1;1;1;0;1;1;1;1;1\n", "in: line 1: no memory is provisioned" },
	};
	static struct seen seen;

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct tr_error error = { "" };
		struct tr_import_options options = options_of(MIB);
		int rc = import(&seen, bad[i].text, bad[i].format, &options, &error);

		cr_assert(rc < 0, "%s: %s", bad[i].format, bad[i].text);
		cr_assert_str_eq(error.text, bad[i].reason);
	}
}
