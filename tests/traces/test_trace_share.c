/* SPDX-License-Identifier: BSD-2-Clause */
/* test_trace_share.c - cursors that share decoded blocks read what cursors of their own read. */
#include <criterion/criterion.h>

#include "model/sim_rng.h"
#include "tr_file.h"

#define SAMPLE "traces/samples/redis.wst" /* has six streams, of many blocks together */
#define CURSORS 24
#define STEPS 60000
#define SEED 7ull

/* The same place, read from a shared file and from one that is not. */
struct pair {
	struct tr_cursor *shared, *own;
	int stream;
};

static void pair_open(struct pair *pair, struct tr_file *shared, struct tr_file *own, int stream)
{
	cr_assert_eq(tr_cursor_open(&pair->shared, shared, stream, NULL), 0);
	cr_assert_eq(tr_cursor_open(&pair->own, own, stream, NULL), 0);
	pair->stream = stream;
}

static void pair_close(struct pair *pair)
{
	tr_cursor_close(pair->shared);
	tr_cursor_close(pair->own);
}

/* Return: false at the end. */
static bool pair_next(struct pair *pair)
{
	struct tr_run run, same;
	int got = tr_cursor_next(pair->shared, &run, NULL);

	cr_assert_eq(tr_cursor_next(pair->own, &same, NULL), got);
	cr_assert_geq(got, 0);
	if (!got)
		return false;
	cr_assert_eq(run.op, same.op);
	cr_assert_eq(run.time_ns, same.time_ns);
	cr_assert_eq(run.span_ns, same.span_ns);
	cr_assert_eq(run.count, same.count);
	cr_assert_eq(memcmp(run.page, same.page, run.count * sizeof(u32)), 0,
		     "stream %d, at %llu ns: other pages", pair->stream, run.time_ns);
	return true;
}

static void wander(u32 sharers)
{
	struct tr_file *shared, *own;
	struct pair pair[CURSORS];
	struct sim_rng rng;

	sim_rng_init(&rng, SEED, sharers, "share");
	cr_assert_eq(tr_file_open(&shared, SAMPLE, NULL), 0);
	cr_assert_eq(tr_file_open(&own, SAMPLE, NULL), 0);
	for (u32 i = 0; i < sharers; i++)
		cr_assert_eq(tr_file_share(shared), 0);
	int streams = (int)tr_file_meta(shared)->streams_count;
	u64 span_ns = tr_file_meta(shared)->span_ns;

	for (int i = 0; i < CURSORS; i++)
		pair_open(&pair[i], shared, own, i % (streams + 1) - 1);
	for (u32 step = 0; step < STEPS; step++) {
		struct pair *at = &pair[sim_rng_below(&rng, CURSORS)];
		u64 what = sim_rng_below(&rng, 200);

		if (what == 0) {
			u64 time_ns = sim_rng_below(&rng, span_ns);

			tr_cursor_seek(at->shared, time_ns);
			tr_cursor_seek(at->own, time_ns);
		} else if (what == 1) {
			pair_close(at);
			pair_open(at, shared, own, (int)sim_rng_below(&rng, (u64)streams + 1) - 1);
		} else {
			for (u32 i = 0; i < 40 && pair_next(at); i++)
				;
		}
	}
	for (u32 i = 0; i < CURSORS; i++)
		pair_close(&pair[i]);
	tr_file_close(shared);
	tr_file_close(own);
}

Test(trace_share, one_sharer_reads_what_it_would_read_alone)
{
	wander(1);
}

Test(trace_share, many_sharers_read_what_they_would_read_alone)
{
	wander(3);
}
