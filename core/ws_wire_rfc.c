/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* ws_wire_rfc.c - the messages of RFC v1, RFC v2 and crosvm; see ws_wire_rfc.h. */
#include "ws_bytes.h"
#include "ws_wire_ms.h"
#include "ws_wire_rfc.h"

#define OP_REQUEST 1u
#define OP_CONFIG 2u

#define TAG_RECLAIMABLE 0u
#define TAG_DISCARDABLE 1u

#define BIN_BYTES 32u
#define LAST_EDGE_MS 0xffffffffull
#define BYTES_UNSET (~0ull)

static u32 config_bytes(const struct ws_rfc_layout *layout, u32 bins)
{
	return 2 + layout->interval_bytes * (bins + 1);
}

static u64 interval_max(const struct ws_rfc_layout *layout)
{
	return layout->interval_bytes == 4 ? 0xffffffffull : ~0ull;
}

/* Interval @i of a configuration: the edges, the refresh interval, the report threshold. */
static void put_interval(const struct ws_rfc_layout *layout, u8 *buf, u32 i, u64 ms)
{
	buf += 2 + layout->interval_bytes * i;
	if (layout->interval_bytes == 4)
		ws_put_le32(buf, (u32)ms);
	else
		ws_put_le64(buf, ms);
}

static int get_interval(const struct ws_rfc_layout *layout, const u8 *buf, u32 i, u64 *ns)
{
	buf += 2 + layout->interval_bytes * i;
	return ws_wire_ns_from_ms(layout->interval_bytes == 4 ? ws_get_le32(buf) :
								ws_get_le64(buf), ns);
}

static int encode_config(const struct ws_rfc_layout *layout, const struct ws_report_config *config,
			 u32 bins, u8 *buf, u32 size)
{
	u64 ms[WS_EDGES_MAX], refresh_ms = 0, report_ms = 0, ms_max = interval_max(layout);
	u32 i;
	int error = ws_hist_check_edges(config->edge_ns, config->edges_count);

	if (!error && config->edges_count != bins - 1)
		error = -ERANGE;
	if (!error)
		error = ws_wire_ms_from_edges(config->edge_ns, config->edges_count, ms_max, ms);
	if (!error)
		error = ws_wire_ms_from_ns(config->refresh_interval_ns, ms_max, &refresh_ms);
	if (!error)
		error = ws_wire_ms_from_ns(config->report_threshold_ns, ms_max, &report_ms);
	if (error)
		return error;
	if (size < config_bytes(layout, bins))
		return -ENOSPC;
	ws_put_le16(buf, OP_CONFIG);
	for (i = 0; i < bins - 1; i++)
		put_interval(layout, buf, i, ms[i]);
	put_interval(layout, buf, bins - 1, refresh_ms);
	put_interval(layout, buf, bins, report_ms);
	return (int)config_bytes(layout, bins);
}

int ws_rfc_encode_to_guest(const struct ws_rfc_layout *layout, const struct ws_msg *msg, u32 bins,
			   u8 *buf, u32 size)
{
	if (msg->kind == WS_MSG_CONFIG)
		return encode_config(layout, &msg->config, bins, buf, size);
	if (msg->kind != WS_MSG_REQUEST)
		return -EINVAL;
	if (size < 2)
		return -ENOSPC;
	ws_put_le16(buf, OP_REQUEST);
	return 2;
}

static int decode_config(const struct ws_rfc_layout *layout, struct ws_report_config *config,
			 u32 bins, const u8 *buf)
{
	u32 i;
	int error;

	config->edges_count = bins - 1;
	for (i = 0; i < bins - 1; i++) {
		error = get_interval(layout, buf, i, &config->edge_ns[i]);
		if (error)
			return error;
	}
	if (ws_hist_check_edges(config->edge_ns, config->edges_count))
		return -EPROTO;
	error = get_interval(layout, buf, bins - 1, &config->refresh_interval_ns);
	if (error)
		return error;
	return get_interval(layout, buf, bins, &config->report_threshold_ns);
}

int ws_rfc_decode_to_guest(const struct ws_rfc_layout *layout, struct ws_msg *msg, u32 bins,
			   const u8 *buf, u32 len)
{
	if (len != 2 && len != config_bytes(layout, bins))
		return -EMSGSIZE;
	memset(msg, 0, sizeof(*msg));
	msg->node = WS_NODE_ANY;
	switch (ws_get_le16(buf)) {
	case OP_REQUEST:
		msg->kind = WS_MSG_REQUEST;
		return 0;
	case OP_CONFIG:
		msg->kind = WS_MSG_CONFIG;
		return len == 2 ? -EMSGSIZE : decode_config(layout, &msg->config, bins, buf);
	default:
		return -EPROTO;
	}
}

int ws_rfc_encode_to_host(const struct ws_rfc_layout *layout, const struct ws_msg *msg, u32 bins,
			  u8 *buf, u32 size)
{
	const struct ws_msg_report *report = &msg->report;
	u64 ms[WS_BINS_MAX];
	u32 i;
	int error;

	if (msg->kind != WS_MSG_REPORT || report->error)
		return -EINVAL;
	if (report->bins_count != bins)
		return -ERANGE;
	error = ws_wire_ms_from_report(report, ~0ull, ms);
	if (error)
		return error;
	if (size < bins * BIN_BYTES)
		return -ENOSPC;
	ms[bins - 1] = LAST_EDGE_MS;
	for (i = 0; i < bins; i++) {
		u8 *to = buf + i * BIN_BYTES;

		ws_put_le16(to, TAG_RECLAIMABLE);
		ws_put_le16(to + 2, layout->carries_node ? msg->node : WS_NODE_ANY);
		memset(to + 4, 0, 4);
		ws_put_le64(to + 8, ms[i]);
		ws_put_le64(to + 16, report->bin[i].anon_bytes);
		ws_put_le64(to + 24, report->bin[i].file_bytes);
	}
	return (int)(bins * BIN_BYTES);
}

/* Bin @i of a report.  Return: 0 or negative errno. */
static int decode_bin(const struct ws_rfc_layout *layout, struct ws_msg *msg, u32 i, u32 bins,
		      const u8 *from)
{
	struct ws_msg_bin *bin = &msg->report.bin[i];
	u32 tag = ws_get_le16(from), node = layout->carries_node ? ws_get_le16(from + 2) :
								   WS_NODE_ANY;

	if (tag != TAG_RECLAIMABLE && tag != TAG_DISCARDABLE)
		return -EPROTO;
	if (!i)
		msg->node = (u16)node;
	else if (msg->node != node)
		return -EPROTO;
	bin->anon_bytes = ws_get_le64(from + 16);
	bin->file_bytes = ws_get_le64(from + 24);
	if (bin->anon_bytes == BYTES_UNSET || bin->file_bytes == BYTES_UNSET)
		return -EPROTO;
	bin->idle_age_ns = WS_AGE_INFINITE;
	if (i + 1 == bins)
		return 0;
	if (ws_wire_ns_from_ms(ws_get_le64(from + 8), &bin->idle_age_ns))
		return -ERANGE;
	return bin->idle_age_ns > (i ? bin[-1].idle_age_ns : 0) ? 0 : -EPROTO;
}

/* A tag that means nothing else says it alone; tag 0 does with both sizes unset. */
static bool is_unset(const struct ws_rfc_layout *layout, const u8 *from)
{
	if (ws_get_le16(from) != layout->unset_tag)
		return false;
	return layout->unset_tag != TAG_RECLAIMABLE || (ws_get_le64(from + 16) == BYTES_UNSET &&
							ws_get_le64(from + 24) == BYTES_UNSET);
}

int ws_rfc_decode_to_host(const struct ws_rfc_layout *layout, struct ws_msg *msg, u32 bins,
			  const u8 *buf, u32 len)
{
	u32 unset = 0, i;

	if (len != bins * BIN_BYTES)
		return -EMSGSIZE;
	memset(msg, 0, sizeof(*msg));
	msg->kind = WS_MSG_REPORT;
	for (i = 0; i < bins; i++)
		unset += is_unset(layout, buf + i * BIN_BYTES);
	if (unset == bins)
		return -ENODATA;
	for (i = 0; i < bins; i++) {
		int error = decode_bin(layout, msg, i, bins, buf + i * BIN_BYTES);

		if (error)
			return error;
	}
	msg->report.bins_count = bins;
	return 0;
}
