/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sim_hot.h - accessed bits out of hot[], 64 pages at a time.
 *
 * Eight pages are one 64-bit word; a multiplication gathers one bit of each of its
 * bytes.  Little-endian or big, the word is read byte by byte in memory order by the
 * compiler's own load, so only little-endian machines get the quick form.
 */
#ifndef SIM_HOT_H
#define SIM_HOT_H

#include <ws_env.h>

#define SIM_HOT_EACH 0x0101010101010101ull

/* Test and clear @accessed (one bit) in the 64 bytes at @hot.  Bit i is page i. */
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
