/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * ws_wire_wsr1.c - our revision: heads, requests, configurations, verdicts.  The layout
 * is in ws_wsr1.h.
 */
#include "ws_bytes.h"
#include "ws_wire_ms.h"
#include "ws_wire_wsr1.h"

#define CONFIG_BYTES 28u
#define VERDICT_BYTES 24u

_Static_assert(CONFIG_BYTES + 4 * WS_EDGES_MAX <= WS_WIRE_TO_GUEST_MAX, "configurations fit");

void ws_wsr1_put_head(u8 *buf, const struct ws_msg *msg, const struct ws_wsr1_head *head, u32 len)
{
	buf[0] = WS_WSR1_VERSION;
	buf[1] = (u8)head->type;
	ws_put_le16(buf + 2, (u16)head->flags);
	ws_put_le32(buf + 4, len);
	ws_put_le32(buf + 8, msg->id);
	ws_put_le16(buf + 12, msg->node);
	ws_put_le16(buf + 14, (u16)head->status);
}

/* Sets all of @msg but what its kind has.  Return: 0, -EMSGSIZE or -EPROTO. */
static int get_head(struct ws_msg *msg, struct ws_wsr1_head *head, const u8 *buf, u32 len)
{
	if (len < WSR1_HEAD_BYTES)
		return -EMSGSIZE;
	if (buf[0] != WS_WSR1_VERSION)
		return -EPROTO;
	if (ws_get_le32(buf + 4) != len)
		return -EMSGSIZE;
	memset(msg, 0, sizeof(*msg));
	head->type = buf[1];
	head->flags = ws_get_le16(buf + 2);
	head->status = ws_get_le16(buf + 14);
	msg->id = ws_get_le32(buf + 8);
	msg->node = ws_get_le16(buf + 12);
	return 0;
}

static int encode_config(const struct ws_msg *msg, u32 bins, u8 *buf, u32 size)
{
	const struct ws_report_config *config = &msg->config;
	struct ws_wsr1_head head = { .type = WSR1_CONFIG };
	u64 ms[WS_EDGES_MAX], refresh_ms = 0, report_ms = 0;
	u32 len = CONFIG_BYTES + 4 * config->edges_count, i;
	int error = ws_hist_check_edges(config->edge_ns, config->edges_count);

	if (!error && config->edges_count > bins - 1)
		error = -ERANGE;
	if (!error)
		error = ws_wire_ms_from_edges(config->edge_ns, config->edges_count,
					      WSR1_EDGE_MS_MAX, ms);
	if (!error)
		error = ws_wire_ms_from_ns(config->refresh_interval_ns, ~0u, &refresh_ms);
	if (!error)
		error = ws_wire_ms_from_ns(config->report_threshold_ns, ~0u, &report_ms);
	if (error)
		return error;
	if (size < len)
		return -ENOSPC;
	ws_wsr1_put_head(buf, msg, &head, len);
	ws_put_le32(buf + 16, (u32)report_ms);
	ws_put_le32(buf + 20, (u32)refresh_ms);
	ws_put_le32(buf + 24, config->edges_count); /* and the reserved half */
	for (i = 0; i < config->edges_count; i++)
		ws_put_le32(buf + CONFIG_BYTES + 4 * i, (u32)ms[i]);
	return (int)len;
}

static int encode_to_guest(const struct ws_msg *msg, u32 bins, u8 *buf, u32 size)
{
	struct ws_wsr1_head head = { .type = WSR1_REQUEST };

	if (msg->kind != WS_MSG_REQUEST && msg->kind != WS_MSG_CONFIG)
		return -EINVAL;
	if (!msg->id)
		return -EINVAL;
	if (msg->kind == WS_MSG_CONFIG)
		return encode_config(msg, bins, buf, size);
	if (size < WSR1_HEAD_BYTES)
		return -ENOSPC;
	ws_wsr1_put_head(buf, msg, &head, WSR1_HEAD_BYTES);
	return WSR1_HEAD_BYTES;
}

/* A configuration that cannot be accepted becomes the answer to it. */
static int refuse(struct ws_msg *msg, enum ws_status status, u32 detail)
{
	memset(&msg->config, 0, sizeof(msg->config));
	msg->kind = WS_MSG_VERDICT;
	msg->verdict.status = status;
	msg->verdict.detail = detail;
	return 0;
}

static int decode_config(struct ws_msg *msg, u32 bins, const u8 *buf, u32 len)
{
	struct ws_report_config *config = &msg->config;
	u32 edges_count, i;

	if (len < CONFIG_BYTES)
		return -EMSGSIZE;
	edges_count = ws_get_le16(buf + 24);
	if (len != CONFIG_BYTES + 4 * edges_count)
		return -EMSGSIZE;
	if (!edges_count || edges_count > bins - 1)
		return refuse(msg, WS_STATUS_BINS, bins);
	msg->kind = WS_MSG_CONFIG;
	config->report_threshold_ns = ws_get_le32(buf + 16) * WS_NS_PER_MS;
	config->refresh_interval_ns = ws_get_le32(buf + 20) * WS_NS_PER_MS;
	config->edges_count = edges_count;
	for (i = 0; i < edges_count; i++) {
		config->edge_ns[i] = ws_get_le32(buf + CONFIG_BYTES + 4 * i) * WS_NS_PER_MS;
		if (config->edge_ns[i] <= (i ? config->edge_ns[i - 1] : 0))
			return refuse(msg, WS_STATUS_EDGES, i);
	}
	return 0;
}

static int decode_to_guest(struct ws_msg *msg, u32 bins, const u8 *buf, u32 len)
{
	struct ws_wsr1_head head;
	int error = get_head(msg, &head, buf, len);

	if (error)
		return error;
	if (!msg->id)
		return -EPROTO;
	if (head.type == WSR1_CONFIG)
		return decode_config(msg, bins, buf, len);
	if (head.type != WSR1_REQUEST)
		return -EPROTO;
	msg->kind = WS_MSG_REQUEST;
	return len == WSR1_HEAD_BYTES ? 0 : -EMSGSIZE;
}

static int encode_to_host(const struct ws_msg *msg, u32 bins, u8 *buf, u32 size)
{
	struct ws_wsr1_head head = { .type = WSR1_VERDICT };

	if (msg->kind == WS_MSG_REPORT)
		return ws_wsr1_encode_report(msg, bins, buf, size);
	if (msg->kind != WS_MSG_VERDICT || !msg->id || msg->verdict.status >= WS_STATUSES)
		return -EINVAL;
	if (size < VERDICT_BYTES)
		return -ENOSPC;
	head.status = msg->verdict.status;
	ws_wsr1_put_head(buf, msg, &head, VERDICT_BYTES);
	ws_put_le32(buf + WSR1_HEAD_BYTES, msg->verdict.detail);
	ws_put_le32(buf + WSR1_HEAD_BYTES + 4, msg->verdict.config_id);
	return VERDICT_BYTES;
}

static int decode_to_host(struct ws_msg *msg, u32 bins, const u8 *buf, u32 len)
{
	struct ws_wsr1_head head;
	int error = get_head(msg, &head, buf, len);

	if (error)
		return error;
	if (head.type == WSR1_REPORT)
		return ws_wsr1_decode_report(msg, &head, bins, buf, len);
	if (head.type != WSR1_VERDICT || !msg->id)
		return -EPROTO;
	if (len != VERDICT_BYTES)
		return -EMSGSIZE;
	msg->kind = WS_MSG_VERDICT;
	/* A reason that is not known here is a refusal nevertheless. */
	msg->verdict.status = head.status < WS_STATUSES ? (enum ws_status)head.status :
							  WS_STATUS_FAILED;
	msg->verdict.detail = ws_get_le32(buf + WSR1_HEAD_BYTES);
	msg->verdict.config_id = ws_get_le32(buf + WSR1_HEAD_BYTES + 4);
	return 0;
}

const struct ws_dialect ws_dialect_wsr1 = {
	.name = "wsr1",
	.feature_bit = WS_WSR1_FEATURE_BIT,
	.bins_min = 2,
	.bins_max = WS_BINS_MAX,
	.config_bins_bytes = 0,
	.numbered = true,
	.refresh_zero_disables = true,
	.carries_node = true,
	.asks_node = true,
	.nodes_max = WS_PARTS_MAX,
	.encode_to_guest = encode_to_guest,
	.encode_to_host = encode_to_host,
	.decode_to_guest = decode_to_guest,
	.decode_to_host = decode_to_host,
};
