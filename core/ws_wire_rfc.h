/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * ws_wire_rfc.h - what RFC v1, RFC v2 and crosvm have in common.  For the
 * dialects' files only.
 *
 * n bins, as config space says:
 *	REQUEST	le16 op = 1
 *	CONFIG	le16 op = 2, interval edge_ms[n - 1], refresh_ms, report_ms
 *	REPORT	n times: le16 tag, le16 node, u8 reserved[4], le64 edge_ms,
 *		le64 anon_bytes, le64 file_bytes
 * An interval has 8 bytes, in crosvm 4.
 *
 * The guest posts one buffer of CONFIG's size for either message, so REQUEST may
 * come with that length too; what follows its op means nothing then.  In a
 * report the last bin's edge is what jiffies_to_msecs() makes of all ones, which
 * depends on the guest's HZ; its place in the message says that it is the last.
 *
 * The functions are those of struct ws_dialect, with the layout before the rest.
 */
#ifndef WS_WIRE_RFC_H
#define WS_WIRE_RFC_H

#include "ws_wire.h"

struct ws_rfc_layout {
	u32 interval_bytes; /* 4 or 8 */
	u32 unset_tag;	    /* of elements before the first report, whose sizes are all ones */
	bool carries_node;  /* else the node is written as all ones and not looked at */
};

int ws_rfc_encode_to_guest(const struct ws_rfc_layout *layout, const struct ws_msg *msg, u32 bins,
			   u8 *buf, u32 size);
int ws_rfc_encode_to_host(const struct ws_rfc_layout *layout, const struct ws_msg *msg, u32 bins,
			  u8 *buf, u32 size);
int ws_rfc_decode_to_guest(const struct ws_rfc_layout *layout, struct ws_msg *msg, u32 bins,
			   const u8 *buf, u32 len);
int ws_rfc_decode_to_host(const struct ws_rfc_layout *layout, struct ws_msg *msg, u32 bins,
			  const u8 *buf, u32 len);

/* The four functions and the row of the table: a dialect is its layout and its numbers. */
#define WS_RFC_DIALECT(id, ...)                                                                    \
	static int encode_to_guest(const struct ws_msg *msg, u32 bins, u8 *buf, u32 size)          \
	{                                                                                          \
		return ws_rfc_encode_to_guest(&layout, msg, bins, buf, size);                      \
	}                                                                                          \
	static int encode_to_host(const struct ws_msg *msg, u32 bins, u8 *buf, u32 size)           \
	{                                                                                          \
		return ws_rfc_encode_to_host(&layout, msg, bins, buf, size);                       \
	}                                                                                          \
	static int decode_to_guest(struct ws_msg *msg, u32 bins, const u8 *buf, u32 len)           \
	{                                                                                          \
		return ws_rfc_decode_to_guest(&layout, msg, bins, buf, len);                       \
	}                                                                                          \
	static int decode_to_host(struct ws_msg *msg, u32 bins, const u8 *buf, u32 len)            \
	{                                                                                          \
		return ws_rfc_decode_to_host(&layout, msg, bins, buf, len);                        \
	}                                                                                          \
	const struct ws_dialect id = {                                                             \
		.encode_to_guest = encode_to_guest,                                                \
		.encode_to_host = encode_to_host,                                                  \
		.decode_to_guest = decode_to_guest,                                                \
		.decode_to_host = decode_to_host,                                                  \
		__VA_ARGS__                                                                        \
	}

#endif /* WS_WIRE_RFC_H */
