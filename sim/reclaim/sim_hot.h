/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sim_hot.h - accessed bits out of hot[], 64 pages at a time.
 *
 * Sixteen pages are a vector where there are vectors (a walk over a million pages then
 * takes a quarter of the time); else eight are a word, and a multiplication gathers
 * one bit of each of its bytes.
 */
#ifndef SIM_HOT_H
#define SIM_HOT_H

#include <ws_env.h>

#if defined(__SSE2__)

#include <emmintrin.h>

/* Test and clear @accessed (one bit) in the 64 bytes at @hot.  Bit i is page i. */
static inline u64 sim_hot_harvest(u8 *hot, u8 accessed)
{
	const __m128i mask = _mm_set1_epi8((char)accessed);
	u64 bits = 0;

	for (u32 i = 0; i < 4; i++) {
		__m128i *at = (__m128i *)(hot + 16 * i);
		__m128i pages = _mm_loadu_si128(at);
		__m128i set = _mm_cmpeq_epi8(_mm_and_si128(pages, mask), mask);
		bits |= (u64)(u32)_mm_movemask_epi8(set) << 16 * i;
		_mm_storeu_si128(at, _mm_andnot_si128(mask, pages));
	}
	return bits;
}

#else

#define SIM_HOT_EACH 0x0101010101010101ull

static inline u64 sim_hot_harvest(u8 *hot, u8 accessed)
{
	u32 shift = (u32)__builtin_ctz(accessed);
	u64 bits = 0;

	for (u32 i = 0; i < 8; i++) {
		u64 word;
		memcpy(&word, hot + 8 * i, 8);
		u64 set = word >> shift & SIM_HOT_EACH;
		if (!set)
			continue;
		word &= ~(set << shift);
		memcpy(hot + 8 * i, &word, 8);
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
		bits |= (set * 0x0102040810204080ull >> 56) << 8 * i;
#else
		for (u32 byte = 0; byte < 8; byte++)
			bits |= (set >> (56 - 8 * byte) & 1) << (8 * i + byte);
#endif
	}
	return bits;
}

#endif /* __SSE2__ */

/* The same for the pages in @mine only; others keep their bits. */
static inline u64 sim_hot_harvest_some(u8 *hot, u8 accessed, u64 mine)
{
	u64 bits = 0;

	for (; mine; mine &= mine - 1) {
		u32 i = (u32)__builtin_ctzll(mine);
		if (!(hot[i] & accessed))
			continue;
		hot[i] &= (u8)~accessed;
		bits |= 1ull << i;
	}
	return bits;
}

#endif /* SIM_HOT_H */
