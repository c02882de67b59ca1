/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * ws_wire_rfc2.c - the dialect of Linux RFC v2 and of QEMU's patches, 2023.
 *
 * n bins, as config space says (u8 at offset 16):
 *	REQUEST	le16 op = 1
 *	CONFIG	le16 op = 2, le64 edge_ms[n - 1], le64 refresh_ms, le64 report_ms
 *	REPORT	n times: le16 tag, le16 node, u8 reserved[4], le64 edge_ms,
 *		le64 anon_bytes, le64 file_bytes
 *
 * The guest posts one buffer of CONFIG's size for either message, so REQUEST may
 * come with that length too; what follows its op means nothing then.  In a
 * report the last bin's edge is what jiffies_to_msecs() makes of all ones, which
 * depends on the guest's HZ; its place in the message says that it is the last.
 */
#include "ws_bytes.h"
#include "ws_wire_ms.h"

#define OP_REQUEST 1u
#define OP_CONFIG 2u

#define TAG_RECLAIMABLE 0u
#define TAG_DISCARDABLE 1u
#define TAG_UNSET 0xffffu

#define BIN_BYTES 32u
#define LAST_EDGE_MS 0xffffffffull
#define BYTES_UNSET (~0ull)

static u32 config_bytes(u32 bins)
{
	return 2 + 8 * (bins + 1);
}

static int encode_config(const struct ws_report_config *config, u32 bins, u8 *buf, u32 size)
{
	u64 ms[WS_EDGES_MAX], refresh_ms, report_ms;
	u32 i;
	int error = ws_hist_check_edges(config->edge_ns, config->edges_count);

	if (!error && config->edges_count != bins - 1)
		error = -ERANGE;
	if (!error)
		error = ws_wire_ms_from_edges(config->edge_ns, config->edges_count, ~0ull, ms);
	if (!error)
		error = ws_wire_ms_from_ns(config->refresh_interval_ns, ~0ull, &refresh_ms);
	if (!error)
		error = ws_wire_ms_from_ns(config->report_threshold_ns, ~0ull, &report_ms);
	if (error)
		return error;
	if (size < config_bytes(bins))
		return -ENOSPC;
	ws_put_le16(buf, OP_CONFIG);
	for (i = 0; i < bins - 1; i++)
		ws_put_le64(buf + 2 + 8 * i, ms[i]);
	ws_put_le64(buf + 2 + 8 * (bins - 1), refresh_ms);
	ws_put_le64(buf + 2 + 8 * bins, report_ms);
	return (int)config_bytes(bins);
}

static int encode_to_guest(const struct ws_msg *msg, u32 bins, u8 *buf, u32 size)
{
	if (msg->kind == WS_MSG_CONFIG)
		return encode_config(&msg->config, bins, buf, size);
	if (msg->kind != WS_MSG_REQUEST)
		return -EINVAL;
	if (size < 2)
		return -ENOSPC;
	ws_put_le16(buf, OP_REQUEST);
	return 2;
}

static int decode_config(struct ws_report_config *config, u32 bins, const u8 *buf)
{
	u32 i;
	int error;

	config->edges_count = bins - 1;
	for (i = 0; i < bins - 1; i++) {
		error = ws_wire_ns_from_ms(ws_get_le64(buf + 2 + 8 * i), &config->edge_ns[i]);
		if (error)
			return error;
	}
	if (ws_hist_check_edges(config->edge_ns, config->edges_count))
		return -EPROTO;
	error = ws_wire_ns_from_ms(ws_get_le64(buf + 2 + 8 * (bins - 1)),
				   &config->refresh_interval_ns);
	if (error)
		return error;
	return ws_wire_ns_from_ms(ws_get_le64(buf + 2 + 8 * bins), &config->report_threshold_ns);
}

static int decode_to_guest(struct ws_msg *msg, u32 bins, const u8 *buf, u32 len)
{
	if (len != 2 && len != config_bytes(bins))
		return -EMSGSIZE;
	memset(msg, 0, sizeof(*msg));
	msg->node = WS_NODE_ANY;
	switch (ws_get_le16(buf)) {
	case OP_REQUEST:
		msg->kind = WS_MSG_REQUEST;
		return 0;
	case OP_CONFIG:
		msg->kind = WS_MSG_CONFIG;
		return len == 2 ? -EMSGSIZE : decode_config(&msg->config, bins, buf);
	default:
		return -EPROTO;
	}
}

static int encode_to_host(const struct ws_msg *msg, u32 bins, u8 *buf, u32 size)
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
		ws_put_le16(to + 2, msg->node);
		memset(to + 4, 0, 4);
		ws_put_le64(to + 8, ms[i]);
		ws_put_le64(to + 16, report->bin[i].anon_bytes);
		ws_put_le64(to + 24, report->bin[i].file_bytes);
	}
	return (int)(bins * BIN_BYTES);
}

/* Bin @i of a report.  Return: 0 or negative errno. */
static int decode_bin(struct ws_msg *msg, u32 i, u32 bins, const u8 *from)
{
	struct ws_msg_bin *bin = &msg->report.bin[i];
	u32 tag = ws_get_le16(from);

	if (tag != TAG_RECLAIMABLE && tag != TAG_DISCARDABLE)
		return -EPROTO;
	if (!i)
		msg->node = ws_get_le16(from + 2);
	else if (msg->node != ws_get_le16(from + 2))
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

static int decode_to_host(struct ws_msg *msg, u32 bins, const u8 *buf, u32 len)
{
	u32 unset = 0, i;

	if (len != bins * BIN_BYTES)
		return -EMSGSIZE;
	memset(msg, 0, sizeof(*msg));
	msg->kind = WS_MSG_REPORT;
	for (i = 0; i < bins; i++)
		unset += ws_get_le16(buf + i * BIN_BYTES) == TAG_UNSET;
	if (unset == bins)
		return -ENODATA;
	for (i = 0; i < bins; i++) {
		int error = decode_bin(msg, i, bins, buf + i * BIN_BYTES);

		if (error)
			return error;
	}
	msg->report.bins_count = bins;
	return 0;
}

const struct ws_dialect ws_dialect_rfc2 = {
	.name = "rfc2",
	.feature_bit = 6,
	.bins_min = 2,
	.bins_max = 16,
	.config_bins_offset = 16,
	.refresh_zero_disables = false,
	.carries_node = true,
	.encode_to_guest = encode_to_guest,
	.encode_to_host = encode_to_host,
	.decode_to_guest = decode_to_guest,
	.decode_to_host = decode_to_host,
};
