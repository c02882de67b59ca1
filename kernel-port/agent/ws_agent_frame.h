/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ws_agent_frame.h - frames between ws_agent in a guest and ws-balloond on the host.
 *
 * A virtio-serial port is a stream that either end can open and close at any moment, so
 * a frame begins with a mark by which a reader finds the next one after garbage:
 *
 *	0 "WSA1"	4 le32 length of the payload	8 u8 type, 3 bytes of 0	   12 payload
 *
 *	HELLO	   guest	text: the dialect's name; sent on every open
 *	MESSAGE	   both		a working-set message of that dialect, as on a virtqueue
 *	INFO	   guest	le64 committed bytes, PSI some ns, full ns; le32 avg10 some, full,
 *				in hundredths of a percent; once a second
 *	RECLAIM	   host		le64 bytes that the guest is to give up, coldest first
 *	ASK	   host		nothing: say HELLO again
 *
 * A type that is not known is skipped.
 */
#ifndef WS_AGENT_FRAME_H
#define WS_AGENT_FRAME_H

#include "ws_bytes.h"

#define WS_FRAME_MARK 0x31415357u /* "WSA1" */
#define WS_FRAME_HEAD 12u
#define WS_FRAME_PAYLOAD_MAX 4096u
#define WS_FRAME_INFO_BYTES 32u

enum ws_frame_type {
	WS_FRAME_HELLO = 1,
	WS_FRAME_MESSAGE = 2,
	WS_FRAME_INFO = 3,
	WS_FRAME_RECLAIM = 4,
	WS_FRAME_ASK = 5,
};

static inline void ws_frame_head(u8 *to, enum ws_frame_type type, u32 length)
{
	ws_put_le32(to, WS_FRAME_MARK);
	ws_put_le32(to + 4, length);
	ws_put_le32(to + 8, (u32)type);
}

/*
 * Find the next whole frame in @size bytes.
 * Return: 1 and where it is (payload at *at + WS_FRAME_HEAD); 0 when there is none yet:
 * then *at is where what is worth keeping begins.
 */
static inline int ws_frame_next(const u8 *bytes, u32 size, u32 *at, u32 *type, u32 *length)
{
	u32 i = *at;

	for (; i + 4 <= size; i++) {
		if (ws_get_le32(bytes + i) != WS_FRAME_MARK)
			continue;
		if (i + WS_FRAME_HEAD > size)
			break;
		*length = ws_get_le32(bytes + i + 4);
		*type = bytes[i + 8];
		if (*length > WS_FRAME_PAYLOAD_MAX)
			continue; /* the mark was in the middle of something else */
		if (*length > size - i - WS_FRAME_HEAD)
			break;
		*at = i;
		return 1;
	}
	*at = i;
	return 0;
}

#endif /* WS_AGENT_FRAME_H */
