/* SPDX-License-Identifier: BSD-2-Clause */
/* tr_bytes.h - little-endian fields and varints in byte buffers, on any machine. */
#ifndef TR_BYTES_H
#define TR_BYTES_H

#include <ws_env.h>

static inline u16 tr_get16(const u8 *p)
{
	return (u16)(p[0] | p[1] << 8);
}

static inline u32 tr_get32(const u8 *p)
{
	u32 x;

	memcpy(&x, p, 4);
	return __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? __builtin_bswap32(x) : x;
}

static inline u64 tr_get64(const u8 *p)
{
	u64 x;

	memcpy(&x, p, 8);
	return __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? __builtin_bswap64(x) : x;
}

static inline void tr_put16(u8 *p, u16 x)
{
	p[0] = (u8)x;
	p[1] = (u8)(x >> 8);
}

static inline void tr_put32(u8 *p, u32 x)
{
	if (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__)
		x = __builtin_bswap32(x);
	memcpy(p, &x, 4);
}

static inline void tr_put64(u8 *p, u64 x)
{
	tr_put32(p, (u32)x);
	tr_put32(p + 4, (u32)(x >> 32));
}


/* LEB128: seven bits a byte, low first, the top bit says "more".  Returns bytes written. */
static inline u32 tr_put_varint(u8 *p, u64 x)
{
	u32 n = 0;

	for (; x >= 0x80; x >>= 7)
		p[n++] = (u8)(x | 0x80);
	p[n++] = (u8)x;
	return n;
}

/* Returns what follows, or NULL when the varint runs past @end or beyond 64 bits. */
static inline const u8 *tr_get_varint(const u8 *p, const u8 *end, u64 *value)
{
	u64 x = 0;

	for (u32 shift = 0; p < end && shift < 64; shift += 7) {
		u8 byte = *p++;
		if (shift == 63 && byte > 1)
			return NULL;
		x |= (u64)(byte & 0x7f) << shift;
		if (byte < 0x80) {
			*value = x;
			return p;
		}
	}
	return NULL;
}

#endif /* TR_BYTES_H */
