/* SPDX-License-Identifier: BSD-2-Clause */
/* tr_zipf.c - see tr_zipf.h. */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "tr_zipf.h"

#define BITS 40 /* of fraction in logarithms */

/* log2(@x) for x >= 1 in BITS fixed point: squaring yields one bit of the fraction a time. */
static u64 log2_fixed(u32 x)
{
	u32 whole = 31 - (u32)__builtin_clz(x);
	u64 mantissa = (u64)x << (62 - whole); /* 1.0 is 2^62 */
	u64 result = (u64)whole << BITS;

	for (u64 bit = 1ull << (BITS - 1); bit; bit >>= 1) {
		unsigned __int128 square = (unsigned __int128)mantissa * mantissa >> 62;
		if (square >> 63) {
			result |= bit;
			square >>= 1;
		}
		mantissa = (u64)square;
	}
	return result;
}

/* root[i] = 2^(-2^-i) as a fraction of 2^62, by square roots. */
static void fill_roots(u64 root[BITS + 1])
{
	root[0] = 1ull << 61;
	for (int i = 1; i <= BITS; i++) {
		/* The largest r with r * r <= the one before. */
		unsigned __int128 target = (unsigned __int128)root[i - 1] << 62;
		u64 r = 0;
		for (u64 bit = 1ull << 62; bit; bit >>= 1)
			if ((unsigned __int128)(r | bit) * (r | bit) <= target)
				r |= bit;
		root[i] = r;
	}
}

/* 2^-x for x in BITS fixed point, as a fraction of 2^62. */
static u64 exp2_minus(const u64 root[BITS + 1], u64 x)
{
	u64 whole = x >> BITS, result = 1ull << 62;

	for (int i = 1; i <= BITS; i++)
		if (x >> (BITS - i) & 1)
			result = (u64)((unsigned __int128)result * root[i] >> 62);
	return whole < 62 ? result >> whole : 0;
}

/* Weights become shares of count * 2^32, exactly. */
static void fill_shares(u64 *share, u32 count, u32 alpha)
{
	unsigned __int128 sum = 0, given = 0, all = (unsigned __int128)count << 32;
	u64 root[BITS + 1];

	fill_roots(root);
	for (u32 i = 0; i < count; i++) {
		unsigned __int128 power = (unsigned __int128)log2_fixed(i + 1) * alpha;
		share[i] = exp2_minus(root, (u64)(power / TR_ZIPF_ALPHA_ONE)) >> 22; /* 40 bits */
		sum += share[i];
	}
	for (u32 i = 0; i < count; i++) {
		share[i] = (u64)(all * share[i] / sum);
		given += share[i];
	}
	share[0] += (u64)(all - given);
}

int tr_zipf_create(struct tr_zipf *zipf, u32 count, u32 alpha)
{
	u64 *share = malloc((u64)count * sizeof(*share));
	u32 *work = malloc((u64)count * sizeof(*work)); /* small from below, large from above */
	u32 small = 0, large = count;

	assert(count && count <= 0x7fffffff && alpha <= 4 * TR_ZIPF_ALPHA_ONE);
	zipf->count = count;
	zipf->place = malloc((u64)count * sizeof(*zipf->place));
	if (!share || !work || !zipf->place) {
		free(share);
		free(work);
		tr_zipf_destroy(zipf);
		return -ENOMEM;
	}
	fill_shares(share, count, alpha);
	for (u32 i = 0; i < count; i++) {
		zipf->place[i] = (struct tr_zipf_place){ ~0u, i };
		work[share[i] < 1ull << 32 ? small++ : --large] = i;
	}
	/* Each small share is filled up from a large one, which may become small. */
	while (small && large < count) {
		u32 i = work[--small], from = work[large];
		zipf->place[i] = (struct tr_zipf_place){ (u32)share[i], from };
		share[from] -= (1ull << 32) - share[i];
		if (share[from] < 1ull << 32) {
			large++;
			work[small++] = from;
		}
	}
	free(share);
	free(work);
	return 0;
}

void tr_zipf_destroy(struct tr_zipf *zipf)
{
	free(zipf->place);
	zipf->place = NULL;
}
