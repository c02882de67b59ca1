/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* ws_wire_wsr1.h - the head of wsr1's messages.  For that dialect's files only. */
#ifndef WS_WIRE_WSR1_H
#define WS_WIRE_WSR1_H

#include "ws_wsr1.h"

#define WSR1_REQUEST 1u
#define WSR1_CONFIG 2u
#define WSR1_REPORT 3u
#define WSR1_VERDICT 4u

#define WSR1_HEAD_BYTES 16u
#define WSR1_EDGE_MS_MAX 0xffffffffull

struct ws_wsr1_head {
	u32 type, flags, status;
};

void ws_wsr1_put_head(u8 *buf, const struct ws_msg *msg, const struct ws_wsr1_head *head, u32 len);

int ws_wsr1_encode_report(const struct ws_msg *msg, u32 bins, u8 *buf, u32 size);
int ws_wsr1_decode_report(struct ws_msg *msg, const struct ws_wsr1_head *head, u32 bins,
			  const u8 *buf, u32 len);

#endif /* WS_WIRE_WSR1_H */
