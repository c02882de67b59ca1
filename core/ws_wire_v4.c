/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * ws_wire_v4.c - the dialect of Linux v4, 2024.
 *
 *	to guest  le16 op, le16 node, le32 report_ms, le32 refresh_ms,
 *		  le32 edge_ms[32], all ones after the last edge	140 bytes
 *	to host	  le32 error, le32 node, 32 times: le64 edge_ms,
 *		  le64 anon_bytes, le64 file_bytes; edge all ones in the
 *		  last bin that counts					776 bytes
 *
 * A request needs the first four bytes only; the rest means nothing then.  The
 * posted guest stores its error as 16 bits of a 32-bit field: so do we, and read
 * both that and a whole negative number.
 */
#include "ws_bytes.h"
#include "ws_wire_ms.h"

#define OP_REQUEST 1u
#define OP_CONFIG 2u

#define REQUEST_BYTES 4u
#define NOTIFY_BYTES 140u
#define EDGES_OFFSET 12u
#define EDGE_END 0xffffffffu

#define REPORT_BYTES 776u
#define BINS_OFFSET 8u
#define BIN_BYTES 24u
#define BINS 32u
#define LAST_EDGE_MS (~0ull)
#define ERROR_MIN (-0x8000) /* of 16 bits */

_Static_assert(EDGES_OFFSET + BINS * 4 == NOTIFY_BYTES, "layout of notifications");
_Static_assert(BINS_OFFSET + BINS * BIN_BYTES == REPORT_BYTES, "layout of reports");
_Static_assert(BINS == WS_BINS_MAX, "every report of ours fits");

static int encode_config(const struct ws_msg *msg, u8 *buf)
{
	const struct ws_report_config *config = &msg->config;
	u64 ms[WS_EDGES_MAX], refresh_ms = 0, report_ms = 0;
	u32 i;
	int error = ws_hist_check_edges(config->edge_ns, config->edges_count);

	if (!error)
		error = ws_wire_ms_from_edges(config->edge_ns, config->edges_count, EDGE_END - 1,
					      ms);
	if (!error)
		error = ws_wire_ms_from_ns(config->refresh_interval_ns, ~0u, &refresh_ms);
	if (!error)
		error = ws_wire_ms_from_ns(config->report_threshold_ns, ~0u, &report_ms);
	if (error)
		return error;
	ws_put_le16(buf, OP_CONFIG);
	ws_put_le16(buf + 2, msg->node);
	ws_put_le32(buf + 4, (u32)report_ms);
	ws_put_le32(buf + 8, (u32)refresh_ms);
	for (i = 0; i < BINS; i++)
		ws_put_le32(buf + EDGES_OFFSET + 4 * i,
			    i < config->edges_count ? (u32)ms[i] : EDGE_END);
	return NOTIFY_BYTES;
}

static int encode_to_guest(const struct ws_msg *msg, u32 bins, u8 *buf, u32 size)
{
	(void)bins;
	if (msg->kind != WS_MSG_REQUEST && msg->kind != WS_MSG_CONFIG)
		return -EINVAL;
	if (size < NOTIFY_BYTES)
		return -ENOSPC;
	if (msg->kind == WS_MSG_CONFIG)
		return encode_config(msg, buf);
	memset(buf, 0, NOTIFY_BYTES);
	ws_put_le16(buf, OP_REQUEST);
	ws_put_le16(buf + 2, msg->node);
	return NOTIFY_BYTES;
}

static int decode_config(struct ws_report_config *config, const u8 *buf)
{
	u32 i;

	config->report_threshold_ns = ws_get_le32(buf + 4) * WS_NS_PER_MS;
	config->refresh_interval_ns = ws_get_le32(buf + 8) * WS_NS_PER_MS;
	for (i = 0; i < BINS; i++) {
		u32 edge_ms = ws_get_le32(buf + EDGES_OFFSET + 4 * i);

		if (edge_ms == EDGE_END)
			break;
		if (i == WS_EDGES_MAX)
			return -ERANGE;
		config->edge_ns[i] = edge_ms * WS_NS_PER_MS;
	}
	config->edges_count = i;
	if (!i)
		return -ERANGE;
	return ws_hist_check_edges(config->edge_ns, i) ? -EPROTO : 0;
}

static int decode_to_guest(struct ws_msg *msg, u32 bins, const u8 *buf, u32 len)
{
	(void)bins;
	if (len != REQUEST_BYTES && len != NOTIFY_BYTES)
		return -EMSGSIZE;
	memset(msg, 0, sizeof(*msg));
	msg->node = ws_get_le16(buf + 2);
	switch (ws_get_le16(buf)) {
	case OP_REQUEST:
		msg->kind = WS_MSG_REQUEST;
		return 0;
	case OP_CONFIG:
		msg->kind = WS_MSG_CONFIG;
		return len == REQUEST_BYTES ? -EMSGSIZE : decode_config(&msg->config, buf);
	default:
		return -EPROTO;
	}
}

static int encode_bins(const struct ws_msg_report *report, u8 *buf)
{
	u64 ms[WS_BINS_MAX];
	u32 i;
	int error;

	if (report->bins_count < 2 || report->bins_count > BINS)
		return -ERANGE;
	error = ws_wire_ms_from_report(report, LAST_EDGE_MS - 1, ms);
	if (error)
		return error;
	ms[report->bins_count - 1] = LAST_EDGE_MS;
	for (i = 0; i < report->bins_count; i++) {
		u8 *to = buf + BINS_OFFSET + i * BIN_BYTES;

		ws_put_le64(to, ms[i]);
		ws_put_le64(to + 8, report->bin[i].anon_bytes);
		ws_put_le64(to + 16, report->bin[i].file_bytes);
	}
	return 0;
}

static int encode_to_host(const struct ws_msg *msg, u32 bins, u8 *buf, u32 size)
{
	const struct ws_msg_report *report = &msg->report;
	int error = 0;

	(void)bins;
	if (msg->kind != WS_MSG_REPORT || report->error > 0 || report->error < ERROR_MIN)
		return -EINVAL;
	if (size < REPORT_BYTES)
		return -ENOSPC;
	memset(buf, 0, REPORT_BYTES);
	ws_put_le16(buf, (u16)report->error);
	ws_put_le32(buf + 4, msg->node);
	if (!report->error)
		error = encode_bins(report, buf);
	return error ? error : (int)REPORT_BYTES;
}

/* The error field: none, a negative number, or the low half of one. */
static int decode_error(u32 field, int *error)
{
	if (!field)
		*error = 0;
	else if (field >= 0xffff8000u)
		*error = -(int)(~field + 1);
	else if (field >= 0x8000u && field <= 0xffffu)
		*error = (int)field - 0x10000;
	else
		return -EPROTO;
	return 0;
}

static int decode_bins(struct ws_msg_report *report, const u8 *buf)
{
	u64 below_ns = 0;
	u32 i;

	for (i = 0; i < BINS; i++) {
		const u8 *from = buf + BINS_OFFSET + i * BIN_BYTES;
		u64 edge_ms = ws_get_le64(from);
		struct ws_msg_bin *bin = &report->bin[i];

		bin->anon_bytes = ws_get_le64(from + 8);
		bin->file_bytes = ws_get_le64(from + 16);
		if (edge_ms == LAST_EDGE_MS) {
			bin->idle_age_ns = WS_AGE_INFINITE;
			report->bins_count = i + 1;
			return i ? 0 : -ERANGE;
		}
		if (ws_wire_ns_from_ms(edge_ms, &bin->idle_age_ns))
			return -ERANGE;
		if (bin->idle_age_ns <= below_ns)
			return -EPROTO;
		below_ns = bin->idle_age_ns;
	}
	return -ERANGE; /* no last bin */
}

static int decode_to_host(struct ws_msg *msg, u32 bins, const u8 *buf, u32 len)
{
	u32 node;
	int error;

	(void)bins;
	if (len != REPORT_BYTES)
		return -EMSGSIZE;
	memset(msg, 0, sizeof(*msg));
	msg->kind = WS_MSG_REPORT;
	node = ws_get_le32(buf + 4);
	if (node > 0xffff)
		return -ERANGE;
	msg->node = (u16)node;
	error = decode_error(ws_get_le32(buf), &msg->report.error);
	if (error || msg->report.error)
		return error;
	return decode_bins(&msg->report, buf);
}

const struct ws_dialect ws_dialect_v4 = {
	.name = "v4",
	.feature_bit = 6,
	.bins_min = WS_BINS_MAX,
	.bins_max = WS_BINS_MAX,
	.config_bins_bytes = 0,
	.refresh_zero_disables = true,
	.carries_node = true,
	.asks_node = true,
	.nodes_max = 1,
	.encode_to_guest = encode_to_guest,
	.encode_to_host = encode_to_host,
	.decode_to_guest = decode_to_guest,
	.decode_to_host = decode_to_host,
};
