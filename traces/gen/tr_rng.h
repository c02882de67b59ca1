/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tr_rng.h - random numbers of the generators: xoshiro256**, seeded by splitmix64.
 *
 * Source: D. Blackman, S. Vigna, "Scrambled linear pseudorandom number generators",
 * ACM TOMS 47(4), 2021.  Integers only: the same on every machine.
 */
#ifndef TR_RNG_H
#define TR_RNG_H

#include "tr_hash.h"

struct tr_rng {
	u64 state[4];
};

/* Streams of one seed, told apart by @name, are independent. */
static inline void tr_rng_init(struct tr_rng *rng, u64 seed, const char *name)
{
	for (; *name; name++)
		seed = tr_mix64(seed ^ (u8)*name) + 0x9e3779b97f4a7c15ull;
	for (int i = 0; i < 4; i++) {
		seed += 0x9e3779b97f4a7c15ull;
		rng->state[i] = tr_mix64(seed);
	}
}

static inline u64 tr_rng_next(struct tr_rng *rng)
{
	u64 *s = rng->state, x = s[1] * 5, t = s[1] << 17;
	u64 result = (x << 7 | x >> 57) * 9;

	s[2] ^= s[0];
	s[3] ^= s[1];
	s[1] ^= s[2];
	s[0] ^= s[3];
	s[2] ^= t;
	s[3] = s[3] << 45 | s[3] >> 19;
	return result;
}

/* 0 to @bound - 1; off by less than bound / 2^64 from uniform. */
static inline u64 tr_rng_below(struct tr_rng *rng, u64 bound)
{
	return (u64)((unsigned __int128)tr_rng_next(rng) * bound >> 64);
}

/*
 * Nearly normal, mean 0, standard deviation 65536: the sum of twelve uniform draws
 * (Irwin-Hall), good to 3 deviations and bounded at 6.
 */
static inline s64 tr_rng_normal(struct tr_rng *rng)
{
	s64 sum = 0;

	for (int i = 0; i < 3; i++) {
		u64 x = tr_rng_next(rng);
		sum += (s64)(x & 0xffff) + (s64)(x >> 16 & 0xffff) + (s64)(x >> 32 & 0xffff) +
		       (s64)(x >> 48);
	}
	return sum - 6 * 65535;
}

#endif /* TR_RNG_H */
