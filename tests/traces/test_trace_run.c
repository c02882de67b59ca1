/* SPDX-License-Identifier: BSD-2-Clause */
/* test_trace_run.c - the fast way to decode a run says what the careful one says. */
#include <criterion/criterion.h>
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
