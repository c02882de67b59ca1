/* SPDX-License-Identifier: BSD-2-Clause */
/* policy_fill.c - taking memory from many guests where it costs least. */
#include "policy/policy_fill.h"

#include <stdlib.h>

#include "policy/policy_util.h"

void policy_fill_clear(struct policy_fill *fill)
{
	fill->pieces_count = 0;
}

void policy_fill_offer(struct policy_fill *fill, u32 vm, u64 bytes, double cost)
{
	u32 n = fill->pieces_count;

	if (!bytes || n >= POLICY_PIECES_MAX)
		return;
	if (n && fill->piece[n - 1].vm == vm && cost < fill->piece[n - 1].cost)
		cost = fill->piece[n - 1].cost;
	fill->piece[n] = (struct policy_piece){ .cost = cost, .bytes = bytes, .vm = vm };
	fill->pieces_count = n + 1;
}

/* Pieces of one guest and one cost are alike, so this order decides all that matters. */
static int by_cost(const void *left, const void *right)
{
	const struct policy_piece *a = left, *b = right;

	if (a->cost != b->cost)
		return a->cost < b->cost ? -1 : 1;
	if (a->vm != b->vm)
		return a->vm < b->vm ? -1 : 1;
	return a->bytes < b->bytes ? -1 : a->bytes > b->bytes;
}

double policy_fill_take(struct policy_fill *fill, u64 wanted, u64 *taken)
{
	double dearest = 0;

	qsort(fill->piece, fill->pieces_count, sizeof(fill->piece[0]), by_cost);
	for (u32 i = 0; i < fill->pieces_count && wanted; i++) {
		u64 part = policy_min(wanted, fill->piece[i].bytes);

		taken[fill->piece[i].vm] += part;
		wanted -= part;
		dearest = fill->piece[i].cost;
	}
	return dearest;
}
