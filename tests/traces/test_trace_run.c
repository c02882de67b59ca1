/* SPDX-License-Identifier: BSD-2-Clause */
/* test_trace_run.c - each way to store and to decode a run says what the careful one says. */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "model/sim_rng.h"
#include "tr_block_run.h"

/* Numbers of every length alike. */
static u64 of_any_length(u64 *state, u32 bits)
{
	*state = sim_mix64(*state + 1);
	return *state >> (64 - 1 - *state % bits);
}

static void compare(const u8 *bytes, u32 size, u32 *fast_count)
{
	struct tr_block_run fast = { .op = 0 };
	struct tr_run slow = { .op = 0 };
	const u8 *after_slow = tr_block_get_run(bytes, bytes + size, &slow);
	const u8 *after_fast = tr_block_get_run_fast(bytes, &fast);

	if (!after_fast)
		return;
	(*fast_count)++;
	cr_assert(after_fast == after_slow);
	cr_assert_eq(fast.op, slow.op);
	cr_assert_eq(fast.kind, slow.kind);
	cr_assert_eq(fast.type, slow.type);
	cr_assert_eq(fast.count, slow.count);
	cr_assert_eq(fast.span_ns, slow.span_ns, "%llu, not %llu", fast.span_ns, slow.span_ns);
	cr_assert_eq(slow.memcg, 0);
	cr_assert_eq(slow.node, 0);
}

Test(trace_run, ordinary_runs_that_are_short_are_decoded_fast_and_alike)
{
	u64 state = 1;
	u32 fast_count = 0;

	for (u32 i = 0; i < 100000; i++) {
		struct tr_run run = {
			.op = (u8)(i % 3), .kind = (u8)(i / 3 % 3), .type = (u8)(i / 9 % 3),
			.count = (u32)of_any_length(&state, 16) + 1,
			.span_ns = of_any_length(&state, 56),
		};
		u8 bytes[TR_RUN_BYTES_MAX + TR_RUN_FAST_BYTES];
		memset(bytes, 0x80 | i, sizeof(bytes));
		u32 size = tr_block_put_run(bytes, &run);
		struct tr_block_run back;
		const u8 *after = tr_block_get_run_fast(bytes, &back);
		bool is_short = run.count < 128 && run.span_ns < 1u << 28;
		cr_assert(after == (is_short ? bytes + size : NULL), "run %u", i);
		compare(bytes, sizeof(bytes), &fast_count);
	}
	cr_assert_gt(fast_count, 10000);
}

Test(trace_run, of_any_bytes_the_fast_way_takes_none_that_the_careful_one_refuses)
{
	u64 state = 2;
	u32 fast_count = 0;

	for (u32 i = 0; i < 300000; i++) {
		u8 bytes[TR_RUN_BYTES_MAX + TR_RUN_FAST_BYTES];
		for (u32 b = 0; b < sizeof(bytes); b++) {
			state = sim_mix64(state + 1);
			bytes[b] = (u8)(b ? state : state & 0x3f);
		}
		if (i % 8 == 0)
			bytes[0] |= 0x40u << (i / 8 % 2);
		compare(bytes, sizeof(bytes), &fast_count);
	}
	cr_assert_gt(fast_count, 10000);
}

enum { RUNS = 700, RUNS_ROOM = RUNS * TR_RUN_BYTES_MAX + TR_BLOCK_SLACK };

static struct tr_block_run runs_in[RUNS], runs_back[RUNS + 1];
static u8 columns[RUNS_ROOM];
static const struct tr_run_bounds bounds = { .memcgs_count = 65536, .nodes_count = 256 };

/* A run of any kind; one in @rarely is not ordinary. */
static struct tr_block_run any_run(u64 *state, u32 rarely)
{
	struct tr_block_run run = { .op = (u8)of_any_length(state, 20) % 3,
				    .kind = (u8)of_any_length(state, 20) % 3,
				    .type = (u8)of_any_length(state, 20) % 3,
				    .stream = 7,
				    .count = (u32)of_any_length(state, 7) + 1,
				    .span_ns = of_any_length(state, 31) };

	if (of_any_length(state, 40) % rarely)
		return run;
	switch (of_any_length(state, 40) % 5) {
	case 0:
		run.op = TR_IDLE;
		run.count = 0;
		break;
	case 1:
		run.memcg = (u16)of_any_length(state, 15);
		run.node = (u8)of_any_length(state, 7);
		break;
	case 2:
		run.count = (u32)of_any_length(state, 15) + 1;
		break;
	case 3:
		run.span_ns = of_any_length(state, 50);
		break;
	default:
		run.span_ns = 0xfffffffeu + of_any_length(state, 40) % 3;
	}
	return run;
}

static struct tr_block_head make_runs(struct tr_block_run *run, u32 count, u32 rarely, u64 *state)
{
	struct tr_block_head head = { .stream = 7, .runs_count = count, .time_ns = 12345 };

	head.end_ns = head.time_ns;
	for (u32 i = 0; i < count; i++) {
		run[i] = any_run(state, rarely);
		head.records_count += run[i].count;
		head.end_ns += run[i].span_ns;
	}
	return head;
}

static void compare_runs(const struct tr_block_run *a, const struct tr_block_run *b)
{
	cr_assert(a->op == b->op && a->kind == b->kind && a->type == b->type);
	cr_assert(a->memcg == b->memcg && a->node == b->node && a->stream == b->stream);
	cr_assert_eq(a->count, b->count);
	cr_assert_eq(a->span_ns, b->span_ns);
}

Test(trace_run, columns_give_back_the_runs_that_rows_do)
{
	const char *reason;
	u64 state = 3;

	for (u32 n = 1; n < RUNS; n += n / 9 + 1) {
		struct tr_block_head head = make_runs(runs_in, n, n % 2 ? 3 : 60, &state);

		head.runs_size = tr_block_put_columns(columns, runs_in, n);
		head.runs_layout = TR_RUNS_COLUMNS;
		memset(columns + head.runs_size, 0xff, TR_BLOCK_SLACK);
		cr_assert_eq(tr_block_get_runs(runs_back, &head, columns, &bounds, &reason), 0, "%s", reason);
		for (u32 i = 0; i < n; i++)
			compare_runs(&runs_in[i], &runs_back[i]);
		cr_assert_eq(runs_back[n].span_ns, TR_RUN_NONE);
		u8 *at = columns;
		for (u32 i = 0; i < n; i++) {
			struct tr_run row = { .op = runs_in[i].op, .kind = runs_in[i].kind,
					      .type = runs_in[i].type, .node = runs_in[i].node,
					      .memcg = runs_in[i].memcg, .count = runs_in[i].count,
					      .span_ns = runs_in[i].span_ns };
			at += tr_block_put_run(at, &row);
		}
		head.runs_size = (u32)(at - columns);
		head.runs_layout = TR_RUNS_ROWS;
		memset(at, 0xff, TR_BLOCK_SLACK);
		cr_assert_eq(tr_block_get_runs(runs_back, &head, columns, &bounds, &reason), 0, "%s", reason);
		for (u32 i = 0; i < n; i++)
			compare_runs(&runs_in[i], &runs_back[i]);
	}
}

Test(trace_run, columns_that_do_not_fit_their_block_are_refused)
{
	const char *reason;
	u64 state = 4;

	for (u32 n = 1; n < RUNS; n += n / 9 + 1) {
		const struct tr_block_head good = make_runs(runs_in, n, n % 2 ? 3 : 1000000, &state);
		u32 size = tr_block_put_columns(columns, runs_in, n);

		memset(columns + size, 0x01, TR_BLOCK_SLACK);
		for (u32 wrong = 0; wrong < 8; wrong++) {
			struct tr_block_head head = good;

			head.runs_layout = TR_RUNS_COLUMNS;
			head.runs_size = wrong == 0 ? size - 1 : wrong == 1 ? size + 1 :
					 wrong == 2 ? n	       : size;
			head.records_count += wrong == 3;
			head.records_count -= wrong == 4;
			head.end_ns += wrong == 5;
			head.end_ns -= wrong == 6 && head.end_ns > head.time_ns;
			head.runs_count += wrong == 7;
			if (wrong == 6 && head.end_ns == good.end_ns)
				continue;
			reason = NULL;
			cr_assert_eq(tr_block_get_runs(runs_back, &head, columns, &bounds, &reason), -EINVAL,
				     "%u runs, fault %u", n, wrong);
			cr_assert(reason);
		}
	}
}

Test(trace_run, columns_with_a_wrong_byte_are_runs_or_are_refused)
{
	const char *reason;
	u64 state = 5;
	u32 good = 0;

	for (u32 i = 0; i < 20000; i++) {
		u32 n = 1 + i % 80;
		struct tr_block_head head = make_runs(runs_in, n, i % 2 ? 3 : 1000, &state);

		head.runs_layout = TR_RUNS_COLUMNS;
		head.runs_size = tr_block_put_columns(columns, runs_in, n);
		u64 at = of_any_length(&state, 40) % head.runs_size;
		columns[at] ^= (u8)(1 + of_any_length(&state, 40) % 255);
		if (tr_block_get_runs(runs_back, &head, columns, &bounds, &reason))
			continue;
		u64 span_ns = 0, records = 0;
		for (u32 r = 0; r < n; r++) {
			cr_assert(runs_back[r].op <= TR_IDLE && runs_back[r].kind <= TR_KERNEL);
			cr_assert_leq(runs_back[r].type, TR_UNEVICTABLE);
			cr_assert_eq(runs_back[r].op == TR_IDLE, !runs_back[r].count);
			span_ns += runs_back[r].span_ns;
			records += runs_back[r].count;
		}
		cr_assert_eq(span_ns, head.end_ns - head.time_ns);
		cr_assert_eq(records, head.records_count);
		good++;
	}
	cr_assert(good > 100 && good < 15000, "%u of 20000 taken", good);
}
