/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sim_rng.h - named streams of random integers.
 *
 * A stream is a function of (seed, run, name): a component that is added to a scenario
 * draws from its own stream and leaves all other numbers as they were, while another
 * replication (run) changes all of them.  Integers only; SplitMix64 (Steele, Lea, Flood 2014).
 */
#ifndef SIM_RNG_H
#define SIM_RNG_H

#include <ws_env.h>

struct sim_rng {
	u64 state;
};

/* Mix 64 bits; the finalizer of SplitMix64.  Also the simulator's hash of integers. */
static inline u64 sim_mix64(u64 x)
{
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ull;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebull;
	return x ^ (x >> 31);
}

static inline u64 sim_rng_next(struct sim_rng *rng)
{
	rng->state += 0x9e3779b97f4a7c15ull;
	return sim_mix64(rng->state);
}

/* Uniform in 0..bound-1; @bound > 0. */
static inline u64 sim_rng_below(struct sim_rng *rng, u64 bound)
{
	return (u64)(((unsigned __int128)sim_rng_next(rng) * bound) >> 64);
}

/* True with probability @share, 0..1. */
static inline bool sim_rng_chance(struct sim_rng *rng, double share)
{
	return (double)(sim_rng_next(rng) >> 11) < share * 9007199254740992.0;
}

static inline void sim_rng_init(struct sim_rng *rng, u64 seed, u32 run, const char *name)
{
	u64 hash = sim_mix64(seed) ^ sim_mix64(0x632be59bd9b4e019ull + run);

	for (; *name; name++)
		hash = sim_mix64(hash ^ (u8)*name);
	rng->state = hash;
}

#endif /* SIM_RNG_H */
