/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* ws_math.c - exact arithmetic; see ws_math.h. */
#include "ws_math.h"

#define LOW32(x) ((x) & 0xffffffffull)

struct ws_u128 ws_mul(u64 a, u64 b)
{
	u64 low = LOW32(a) * LOW32(b);
	u64 mid_a = (a >> 32) * LOW32(b) + (low >> 32); /* at most 2^64 - 2^32 */
	u64 mid_b = LOW32(a) * (b >> 32) + LOW32(mid_a);
	struct ws_u128 product;

	product.high = (a >> 32) * (b >> 32) + (mid_a >> 32) + (mid_b >> 32);
	product.low = mid_b << 32 | LOW32(low);
	return product;
}

u64 ws_muldiv(u64 a, u64 b, u64 c)
{
	struct ws_u128 product = ws_mul(a, b);
	u64 rest = product.high, low = product.low;
	u32 bit;

	WS_ASSERT(c && rest < c); /* rest < c: the quotient fits 64 bits */
	for (bit = 0; bit < 64; bit++) {
		bool carry = rest >> 63;

		rest = rest << 1 | low >> 63;
		low <<= 1;
		if (carry || rest >= c) {
			rest -= c;
			low |= 1;
		}
	}
	return low;
}

bool ws_mul_le(u64 a, u64 b, u64 c, u64 d)
{
	struct ws_u128 left = ws_mul(a, b), right = ws_mul(c, d);

	return left.high < right.high || (left.high == right.high && left.low <= right.low);
}
