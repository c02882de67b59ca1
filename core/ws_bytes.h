/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * ws_bytes.h - little-endian numbers at any alignment, on any machine.
 *
 * Shifts and not casts: compilers turn them into single loads and stores on
 * machines that can do that, and into correct code on those that cannot.  The
 * caller has checked that the bytes are there.
 */
#ifndef WS_BYTES_H
#define WS_BYTES_H

#include <ws_env.h>

static inline u16 ws_get_le16(const u8 *from)
{
	return (u16)(from[0] | from[1] << 8);
}

static inline u32 ws_get_le32(const u8 *from)
{
	return (u32)ws_get_le16(from) | (u32)ws_get_le16(from + 2) << 16;
}

static inline u64 ws_get_le64(const u8 *from)
{
	return (u64)ws_get_le32(from) | (u64)ws_get_le32(from + 4) << 32;
}

static inline void ws_put_le16(u8 *to, u16 value)
{
	to[0] = (u8)value;
	to[1] = (u8)(value >> 8);
}

static inline void ws_put_le32(u8 *to, u32 value)
{
	ws_put_le16(to, (u16)value);
	ws_put_le16(to + 2, (u16)(value >> 16));
}

static inline void ws_put_le64(u8 *to, u64 value)
{
	ws_put_le32(to, (u32)value);
	ws_put_le32(to + 4, (u32)(value >> 32));
}

#endif /* WS_BYTES_H */
