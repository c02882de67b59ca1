/* SPDX-License-Identifier: BSD-2-Clause */
/* tr_hash.c - see tr_hash.h. */
#include "tr_bytes.h"
#include "tr_hash.h"

#define P1 0x9e3779b185ebca87ull
#define P2 0xc2b2ae3d27d4eb4full
#define P3 0x165667b19e3779f9ull
#define P4 0x85ebca77c2b2ae63ull
#define P5 0x27d4eb2f165667c5ull

static inline u64 rotate(u64 x, int bits)
{
	return x << bits | x >> (64 - bits);
}

static inline u64 round64(u64 lane, u64 word)
{
	return rotate(lane + word * P2, 31) * P1;
}

static inline u64 merge(u64 hash, u64 lane)
{
	return (hash ^ round64(0, lane)) * P1 + P4;
}

/* Whole stripes of 32 bytes into four lanes; returns the lanes folded into one. */
static u64 stripes(const u8 **p, size_t count, u64 seed)
{
	u64 a = seed + P1 + P2, b = seed + P2, c = seed, d = seed - P1;

	for (; count; count--, *p += 32) {
		a = round64(a, tr_get64(*p));
		b = round64(b, tr_get64(*p + 8));
		c = round64(c, tr_get64(*p + 16));
		d = round64(d, tr_get64(*p + 24));
	}
	u64 hash = rotate(a, 1) + rotate(b, 7) + rotate(c, 12) + rotate(d, 18);
	return merge(merge(merge(merge(hash, a), b), c), d);
}

u64 tr_hash64(const void *data, size_t size, u64 seed)
{
	const u8 *p = data;
	u64 hash = size >= 32 ? stripes(&p, size / 32, seed) : seed + P5;
	size_t rest = size & 31;

	hash += size;
	for (; rest >= 8; rest -= 8, p += 8)
		hash = rotate(hash ^ round64(0, tr_get64(p)), 27) * P1 + P4;
	if (rest >= 4) {
		hash = rotate(hash ^ tr_get32(p) * P1, 23) * P2 + P3;
		rest -= 4;
		p += 4;
	}
	for (; rest; rest--)
		hash = rotate(hash ^ *p++ * P5, 11) * P1;
	hash = (hash ^ hash >> 33) * P2;
	hash = (hash ^ hash >> 29) * P3;
	return hash ^ hash >> 32;
}
