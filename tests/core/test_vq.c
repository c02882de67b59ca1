/* SPDX-License-Identifier: BSD-2-Clause */
/* test_vq.c - numbers of queues: a table of cases, and all sets of features. */
#include <criterion/criterion.h>
#include <errno.h>

#include "ws_vq.h"
#include "ws_wire.h"

#define BIT(bit) (1ull << (bit))
#define STATS BIT(WS_F_STATS_VQ)
#define HINTS BIT(WS_F_FREE_PAGE_HINT)
#define REPORTING BIT(WS_F_PAGE_REPORTING)
#define OTHERS (BIT(WS_F_MUST_TELL_HOST) | BIT(WS_F_DEFLATE_ON_OOM) | BIT(WS_F_PAGE_POISON))
#define NO (-ENODATA)

struct vq_case {
	const char *what;
	enum ws_vq_rule rule;
	u32 bit;
	u64 offered, negotiated;
	int index[WS_VQS];
};

static const struct vq_case vq_cases[] = {
	{ "nothing but the two", WS_VQ_FIXED, 9, 0, 0, { 0, 1, NO, NO, NO, NO, NO } },
	{ "nothing but the two, moved", WS_VQ_OFFERED, 9, 0, 0, { 0, 1, NO, NO, NO, NO, NO } },
	{ "all, fixed", WS_VQ_FIXED, 9, ~0ull, ~0ull, { 0, 1, 2, 3, 4, 5, 6 } },
	{ "all, by what is offered", WS_VQ_OFFERED, 9, ~0ull, ~0ull, { 0, 1, 2, 3, 4, 5, 6 } },
	{ "all, by what is taken", WS_VQ_NEGOTIATED, 9, ~0ull, ~0ull, { 0, 1, 2, 3, 4, 5, 6 } },
	{ "crosvm's device until 2025", WS_VQ_FIXED, 8, STATS | BIT(8), STATS | BIT(8),
	  { 0, 1, 2, NO, NO, 5, 6 } },
	{ "crosvm's device since", WS_VQ_OFFERED, 8, STATS | BIT(8), STATS | BIT(8),
	  { 0, 1, 2, NO, NO, 3, 4 } },
	{ "crosvm's device since, reporting too", WS_VQ_OFFERED, 8, STATS | REPORTING | BIT(8),
	  STATS | REPORTING | BIT(8), { 0, 1, 2, NO, 3, 4, 5 } },
	{ "QEMU's default with RFC v2", WS_VQ_OFFERED, 6, STATS | BIT(6), STATS | BIT(6),
	  { 0, 1, 2, NO, NO, 3, 4 } },
	{ "the specification's device of the same", WS_VQ_FIXED, 6, STATS | BIT(6), STATS | BIT(6),
	  { 0, 1, 2, NO, NO, 5, 6 } },
	{ "the picture of ws_vq.h, fixed", WS_VQ_FIXED, 9, STATS | REPORTING | BIT(9),
	  REPORTING | BIT(9), { 0, 1, NO, NO, 4, 5, 6 } },
	{ "the picture of ws_vq.h, offered", WS_VQ_OFFERED, 9, STATS | REPORTING | BIT(9),
	  REPORTING | BIT(9), { 0, 1, NO, NO, 3, 4, 5 } },
	{ "the picture of ws_vq.h, negotiated", WS_VQ_NEGOTIATED, 9, STATS | REPORTING | BIT(9),
	  REPORTING | BIT(9), { 0, 1, NO, NO, 2, 3, 4 } },
	{ "features without queues move nothing", WS_VQ_OFFERED, 9, OTHERS | HINTS | BIT(9),
	  OTHERS | BIT(9), { 0, 1, NO, NO, NO, 3, 4 } },
	{ "offered and not taken, device", WS_VQ_OFFERED, 9, ~0ull, BIT(9),
	  { 0, 1, NO, NO, NO, 5, 6 } },
	{ "offered and not taken, driver", WS_VQ_NEGOTIATED, 9, ~0ull, BIT(9),
	  { 0, 1, NO, NO, NO, 2, 3 } },
	{ "working sets not taken", WS_VQ_OFFERED, 9, ~0ull, ~BIT(9), { 0, 1, 2, 3, 4, NO, NO } },
	{ "a bit above 31", WS_VQ_FIXED, 50, BIT(50), BIT(50), { 0, 1, NO, NO, NO, 5, 6 } },
};

Test(vq, numbers_by_rule_and_features)
{
	for (u32 i = 0; i < sizeof(vq_cases) / sizeof(*vq_cases); i++) {
		const struct vq_case *c = &vq_cases[i];

		for (u32 queue = 0; queue < WS_VQS; queue++)
			cr_assert_eq(ws_vq_index(c->rule, c->offered, c->negotiated, c->bit, queue),
				     c->index[queue], "%s: queue %u", c->what, queue);
	}
}

/* The u'th set of the four features that have queues. */
static u64 features_of(u32 u, u32 bit)
{
	return (u & 1 ? STATS : 0) | (u & 2 ? HINTS : 0) | (u & 4 ? REPORTING : 0) |
	       (u & 8 ? BIT(bit) : 0);
}

/* Every set offered, every subset taken, every rule: numbers ascend, begin at 0 and fit. */
Test(vq, numbers_ascend_and_fit_for_all_sets)
{
	for (u32 rule = WS_VQ_FIXED; rule <= WS_VQ_NEGOTIATED; rule++)
		for (u32 o = 0; o < 16; o++)
			for (u32 n = 0; n < 16; n++) {
				u64 offered = features_of(o, 9), negotiated = features_of(n, 9);
				int last = -1;

				for (u32 queue = 0; queue < WS_VQS; queue++) {
					int at = ws_vq_index(rule, offered, negotiated, 9, queue);

					if (n & ~o) {
						cr_assert_eq(at, -EINVAL);
						continue;
					}
					if (at == -ENODATA)
						continue;
					cr_assert_gt(at, last);
					cr_assert_leq(at, (int)queue);
					cr_assert_lt(at, (int)ws_vq_count(rule, offered, 9));
					last = at;
				}
			}
}

Test(vq, a_compacted_device_and_driver_agree_unless_a_queue_before_was_refused)
{
	for (u32 o = 0; o < 16; o++)
		for (u32 n = 0; n < 16; n++) {
			u32 refused = o & ~n, behind = 0;

			if (n & ~o)
				continue;
			for (u32 bit = 0; bit < 4; bit++) /* a queue taken behind one refused */
				behind |= n >> bit & 1 && refused & ((1u << bit) - 1);
			cr_assert_eq(ws_vq_agree(WS_VQ_OFFERED, WS_VQ_NEGOTIATED, features_of(o, 9),
						 features_of(n, 9), 9), !behind, "%x %x", o, n);
			cr_assert(ws_vq_agree(WS_VQ_FIXED, WS_VQ_FIXED, features_of(o, 9),
					      features_of(n, 9), 9));
		}
}

Test(vq, a_fixed_device_and_a_compacting_driver_agree_without_gaps_only)
{
	cr_assert(ws_vq_agree(WS_VQ_FIXED, WS_VQ_NEGOTIATED, ~0ull, ~0ull, 9));
	cr_assert(ws_vq_agree(WS_VQ_FIXED, WS_VQ_NEGOTIATED, STATS, STATS, 9));
	cr_assert_not(ws_vq_agree(WS_VQ_FIXED, WS_VQ_NEGOTIATED, STATS | BIT(9), STATS | BIT(9), 9));
}

Test(vq, how_many_queues_a_device_has)
{
	cr_assert_eq(ws_vq_count(WS_VQ_FIXED, 0, 9), 2);
	cr_assert_eq(ws_vq_count(WS_VQ_FIXED, REPORTING, 9), 5);
	cr_assert_eq(ws_vq_count(WS_VQ_FIXED, BIT(9), 9), 7);
	cr_assert_eq(ws_vq_count(WS_VQ_OFFERED, BIT(9), 9), 4);
	cr_assert_eq(ws_vq_count(WS_VQ_OFFERED, REPORTING, 9), 3);
	cr_assert_eq(ws_vq_count(WS_VQ_NEGOTIATED, ~0ull, 9), 7);
}

Test(vq, what_is_refused)
{
	cr_assert_eq(ws_vq_index(WS_VQ_FIXED, 0, BIT(9), 9, WS_VQ_NOTIFY), -EINVAL);
	cr_assert_eq(ws_vq_index(WS_VQ_FIXED, ~0ull, ~0ull, 64, WS_VQ_NOTIFY), -EINVAL);
	cr_assert_eq(ws_vq_index(WS_VQ_FIXED, ~0ull, ~0ull, 9, WS_VQS), -EINVAL);
	cr_assert_not(ws_vq_agree(WS_VQ_FIXED, WS_VQ_FIXED, 0, STATS, 9), "taken and not offered");
	cr_assert_not(ws_vq_agree(WS_VQ_OFFERED, WS_VQ_NEGOTIATED, 0, 0, 64));
	cr_assert_eq(ws_vq_count(WS_VQ_FIXED, ~0ull, 64), 5);
	cr_assert_eq(ws_vq_count(WS_VQ_OFFERED, ~0ull, 0xffffffff), 5);
}
