/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * ws_math.h - exact arithmetic that is the same on every machine.
 *
 * Products of two u64 take 128 bits, and a 64-bit division by a variable is a
 * call into libgcc on 32-bit machines, which kernels do not link.  So both are
 * written out here, once, in additions, shifts and 32-bit multiplications.
 *
 * Division is by shift and subtract, one quotient bit a step, at most 128
 * steps: some 100 ns, meant for reports and configuration and not for a path
 * that runs once a page.
 *
 * No state, no errors but broken promises, which trap.
 */
#ifndef WS_MATH_H
#define WS_MATH_H

#include <ws_env.h>

struct ws_u128 {
	u64 high, low;
};

/* a * b, all 128 bits of it. */
struct ws_u128 ws_mul(u64 a, u64 b);

/* floor(a * b / c); @c is not 0 and the result fits 64 bits. */
u64 ws_muldiv(u64 a, u64 b, u64 c);

/* floor(a / c) for @c not 0. */
static inline u64 ws_div(u64 a, u64 c)
{
	return ws_muldiv(a, 1, c);
}

/* a * b <= c * d, without rounding or overflow. */
bool ws_mul_le(u64 a, u64 b, u64 c, u64 d);

/*
 * Number of the lowest bit set; @word is not 0.  On 32 bits, in halves: the
 * compiler's own way to do that for 64 is a call into libgcc.
 */
static inline u32 ws_lowest_bit(u64 word)
{
	if (sizeof(long) == sizeof(u64))
		return (u32)__builtin_ctzll(word);
	if ((u32)word)
		return (u32)__builtin_ctz((u32)word);
	return 32 + (u32)__builtin_ctz((u32)(word >> 32));
}

#endif /* WS_MATH_H */
