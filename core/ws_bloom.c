/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* ws_bloom.c - a set of page tables; see ws_bloom.h. */
#include "ws_bloom.h"

/* Both bits come from one hash of 2 * WS_BLOOM_SHIFT bits (splitmix's last steps). */
static void bits_of(u32 key, u32 bit[WS_BLOOM_KEYS])
{
	u64 hash = (key + 1ull) * 0x9e3779b97f4a7c15ull;

	hash = (hash ^ hash >> 30) * 0xbf58476d1ce4e5b9ull;
	hash ^= hash >> 27;
	bit[0] = (u32)hash & (WS_BLOOM_BITS - 1);
	bit[1] = (u32)(hash >> WS_BLOOM_SHIFT) & (WS_BLOOM_BITS - 1);
}

void ws_bloom_reset(struct ws_bloom *bloom)
{
	memset(bloom, 0, sizeof(*bloom));
}

void ws_bloom_add(struct ws_bloom *bloom, u32 key)
{
	u32 bit[WS_BLOOM_KEYS], i;

	bits_of(key, bit);
	for (i = 0; i < WS_BLOOM_KEYS; i++)
		bloom->word[bit[i] / 64] |= 1ull << bit[i] % 64;
}

bool ws_bloom_test(const struct ws_bloom *bloom, u32 key)
{
	u32 bit[WS_BLOOM_KEYS], i;

	bits_of(key, bit);
	for (i = 0; i < WS_BLOOM_KEYS; i++)
		if (!(bloom->word[bit[i] / 64] >> bit[i] % 64 & 1))
			return false;
	return true;
}
