/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* ws_vq.c - numbers of virtqueues; see ws_vq.h. */
#include "ws_vq.h"
#include "ws_wire.h"

/* Is @queue there, as far as @features say? */
static bool exists(enum ws_vq queue, u64 features, u32 working_set_bit)
{
	switch (queue) {
	case WS_VQ_STATS:
		return features >> WS_F_STATS_VQ & 1;
	case WS_VQ_FREE_PAGE:
		return features >> WS_F_FREE_PAGE_HINT & 1;
	case WS_VQ_REPORTING:
		return features >> WS_F_PAGE_REPORTING & 1;
	case WS_VQ_WORKING_SET:
	case WS_VQ_NOTIFY:
		return working_set_bit < WS_VQ_BITS && features >> working_set_bit & 1;
	case WS_VQ_INFLATE:
	case WS_VQ_DEFLATE:
	case WS_VQS:
	default:
		return true;
	}
}

/* Queues before @queue. */
static u32 count_before(enum ws_vq queue, u64 features, u32 working_set_bit)
{
	u32 i, count = 0;

	for (i = 0; i < (u32)queue; i++)
		count += exists((enum ws_vq)i, features, working_set_bit);
	return count;
}

int ws_vq_index(enum ws_vq_rule rule, u64 offered, u64 negotiated, u32 working_set_bit,
		enum ws_vq queue)
{
	if ((u32)queue >= WS_VQS || working_set_bit >= WS_VQ_BITS || negotiated & ~offered)
		return -EINVAL;
	if (!exists(queue, negotiated, working_set_bit))
		return -ENODATA;
	if (rule == WS_VQ_FIXED)
		return (int)queue;
	return (int)count_before(queue, rule == WS_VQ_OFFERED ? offered : negotiated,
				 working_set_bit);
}

u32 ws_vq_count(enum ws_vq_rule rule, u64 offered, u32 working_set_bit)
{
	u32 last = WS_VQS;

	if (rule != WS_VQ_FIXED)
		return count_before(WS_VQS, offered, working_set_bit);
	while (!exists((enum ws_vq)(last - 1), offered, working_set_bit))
		last--;
	return last;
}

bool ws_vq_agree(enum ws_vq_rule device, enum ws_vq_rule driver, u64 offered, u64 negotiated,
		 u32 working_set_bit)
{
	u32 i;

	for (i = 0; i < WS_VQS; i++) {
		int index = ws_vq_index(device, offered, negotiated, working_set_bit, (enum ws_vq)i);

		if (index == -EINVAL || index != ws_vq_index(driver, offered, negotiated,
							     working_set_bit, (enum ws_vq)i))
			return false;
	}
	return true;
}
