/* SPDX-License-Identifier: BSD-2-Clause */
/* sim_latency.c - log-normal quantiles in fixed point. */
#include <assert.h>
#include <stdlib.h>

#include "model/sim_latency.h"

#define Z99 152459 /* quantile of 0.99, times 65,536 */

/* log2(x) times 65,536, x >= 1 given times 65,536: one bit of the fraction a squaring. */
static u64 log2_q16(u64 x)
{
	u64 result = 0;

	while (x >= 2u << 16) {
		x >>= 1;
		result += 1u << 16;
	}
	for (u32 bit = 1u << 15; bit; bit >>= 1) {
		x = x * x >> 16;
		if (x >= 2u << 16) {
			x >>= 1;
			result += bit;
		}
	}
	return result;
}

/* 2^(e / 65,536) times 2^32, for 0 <= e < 65,536: product of the roots of two. */
static u64 exp2_fraction_q32(u32 e)
{
	/* 2^(2^-k) times 2^32, k = 1..16 */
	static const u64 root[16] = {
		6074001000ull, 5107605667ull, 4683695048ull, 4485121744ull,
		4389014833ull, 4341736423ull, 4318288544ull, 4306612134ull,
		4300785774ull, 4297875550ull, 4296421177ull, 4295694175ull,
		4295330720ull, 4295149004ull, 4295058149ull, 4295012722ull,
	};
	u64 result = 1ull << 32;

	for (u32 k = 0; k < 16; k++)
		if (e & 0x8000u >> k)
			result = (u64)((unsigned __int128)result * root[k] >> 32);
	return result;
}

void sim_latency_init(struct sim_latency *latency, u64 median_ns, double tail)
{
	assert(tail >= 1 && tail <= 1000);
	/* sigma, in units of log2, times 65,536 */
	long long sigma = (long long)(log2_q16((u64)(tail * 65536.0)) << 16) / Z99;

	for (u32 i = 0; i < SIM_QUANTILES; i++) {
		long long e = sigma * sim_quantile_z[i] / 65536;
		long long whole = e >= 0 ? e / 65536 : -((65535 - e) / 65536);
		u64 f = exp2_fraction_q32((u32)(e - whole * 65536));
		unsigned __int128 ns = (unsigned __int128)median_ns * f;

		latency->ns[i] = (u64)(whole >= 0 ? ns << whole >> 32 : ns >> (32 - whole));
	}
}

struct sim_latency_shared {
	struct sim_latency_shared *next;
	u64 median_ns;
	double tail;
	struct sim_latency latency;
};

const struct sim_latency *sim_latency_get(struct sim_latency_set *set, u64 median_ns, double tail)
{
	struct sim_latency_shared *shared = set->first;

	while (shared && (shared->median_ns != median_ns || shared->tail != tail))
		shared = shared->next;
	if (shared)
		return &shared->latency;
	shared = malloc(sizeof(*shared));
	if (!shared)
		return NULL;
	*shared = (struct sim_latency_shared){ .next = set->first, .median_ns = median_ns,
					       .tail = tail };
	sim_latency_init(&shared->latency, median_ns, tail);
	set->first = shared;
	return &shared->latency;
}

void sim_latency_set_destroy(struct sim_latency_set *set)
{
	while (set->first) {
		struct sim_latency_shared *next = set->first->next;

		free(set->first);
		set->first = next;
	}
}

u64 sim_latency_mean(const struct sim_latency *latency)
{
	u64 sum = 0;

	for (u32 i = 0; i < SIM_QUANTILES; i++)
		sum += latency->ns[i];
	return sum / SIM_QUANTILES;
}
