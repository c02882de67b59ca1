/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * ws_bloom.h - which page tables were found young: a set without false negatives.
 *
 * A Bloom filter of m = 2^15 bits with k = 2 bits for each key, as Linux keeps
 * two of for each lruvec.  A key that was added is always found; one that was not
 * is found by mistake one time in five with 10,000 keys, and half of the time
 * with 20,000.  All that such a mistake costs is a page table walked in vain.
 *
 * Memory: the caller's struct, 4 KiB; all zero is the empty set.  Time: constant.
 * Errors: none.  Locking: the caller serializes.  Source: Linux 6.1, mm/vmscan.c
 * (BLOOM_FILTER_SHIFT); the hash is our own, as Linux's is of addresses.
 */
#ifndef WS_BLOOM_H
#define WS_BLOOM_H

#include "ws_types.h"

#define WS_BLOOM_SHIFT 15
#define WS_BLOOM_BITS (1u << WS_BLOOM_SHIFT)
#define WS_BLOOM_KEYS 2 /* bits a key */

struct ws_bloom {
	u64 word[WS_BLOOM_BITS / 64];
};

void ws_bloom_reset(struct ws_bloom *bloom);

void ws_bloom_add(struct ws_bloom *bloom, u32 key);

/* False: @key was never added. */
bool ws_bloom_test(const struct ws_bloom *bloom, u32 key);

#endif /* WS_BLOOM_H */
