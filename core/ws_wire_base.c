/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * ws_wire_base.c - the bytes of virtio-balloon as the specification has it:
 * page frame numbers, statistics, config space, hints.
 */
#include "ws_bytes.h"
#include "ws_wire.h"

#define PFN_BYTES 4u
#define STAT_BYTES 10u /* le16 tag, le64 value, packed */

int ws_wire_pfns_encode(const u32 *pfn, u32 count, u8 *buf, u32 size)
{
	u32 i;

	WS_ASSERT(count <= WS_PFNS_MAX);
	if (size < count * PFN_BYTES)
		return -ENOSPC;
	for (i = 0; i < count; i++)
		ws_put_le32(buf + i * PFN_BYTES, pfn[i]);
	return (int)(count * PFN_BYTES);
}

int ws_wire_pfns_decode(u32 *pfn, u32 pfn_max, const u8 *buf, u32 len)
{
	u32 count = len / PFN_BYTES, i;

	if (!len || len % PFN_BYTES)
		return -EMSGSIZE;
	if (count > pfn_max)
		return -ENOSPC;
	for (i = 0; i < count; i++)
		pfn[i] = ws_get_le32(buf + i * PFN_BYTES);
	return (int)count;
}

int ws_wire_stats_encode(const struct ws_stats *stats, u8 *buf, u32 size)
{
	u32 tag, len = 0;

	for (tag = 0; tag < WS_STATS; tag++) {
		if (!(stats->present & 1u << tag))
			continue;
		if (size - len < STAT_BYTES)
			return -ENOSPC;
		ws_put_le16(buf + len, (u16)tag);
		ws_put_le64(buf + len + 2, stats->value[tag]);
		len += STAT_BYTES;
	}
	return (int)len;
}

int ws_wire_stats_decode(struct ws_stats *stats, const u8 *buf, u32 len)
{
	u32 at;

	memset(stats, 0, sizeof(*stats));
	if (len % STAT_BYTES)
		return -EMSGSIZE;
	for (at = 0; at < len; at += STAT_BYTES) {
		u32 tag = ws_get_le16(buf + at);

		if (tag >= WS_STATS) {
			stats->unknown_count++;
			continue;
		}
		stats->present |= 1u << tag;
		stats->value[tag] = ws_get_le64(buf + at + 2);
	}
	return 0;
}

int ws_wire_config_encode(const struct ws_balloon_config *config, u8 *buf, u32 size)
{
	WS_ASSERT(config->working_set_bins <= WS_BINS_MAX);
	if (size < WS_CONFIG_BYTES)
		return -ENOSPC;
	ws_put_le32(buf, config->num_pages);
	ws_put_le32(buf + 4, config->actual);
	ws_put_le32(buf + WS_CONFIG_HINT_OFFSET, config->free_page_hint_cmd_id);
	ws_put_le32(buf + 12, config->poison_val);
	ws_put_le32(buf + WS_CONFIG_BINS_OFFSET, config->working_set_bins);
	return WS_CONFIG_BYTES;
}

int ws_wire_config_decode(struct ws_balloon_config *config, const struct ws_dialect *dialect,
			  const u8 *buf, u32 len)
{
	u32 bins_bytes = dialect ? dialect->config_bins_bytes : 0;

	memset(config, 0, sizeof(*config));
	if (len < 8)
		return -EMSGSIZE;
	config->num_pages = ws_get_le32(buf);
	config->actual = ws_get_le32(buf + 4);
	if (len >= 12)
		config->free_page_hint_cmd_id = ws_get_le32(buf + WS_CONFIG_HINT_OFFSET);
	if (len >= 16)
		config->poison_val = ws_get_le32(buf + 12);
	if (bins_bytes == 1 && len > WS_CONFIG_BINS_OFFSET)
		config->working_set_bins = buf[WS_CONFIG_BINS_OFFSET];
	else if (bins_bytes == 4 && len >= WS_CONFIG_BINS_OFFSET + 4)
		config->working_set_bins = ws_get_le32(buf + WS_CONFIG_BINS_OFFSET);
	return 0;
}

int ws_wire_hint_encode(u32 cmd_id, u8 *buf, u32 size)
{
	if (size < 4)
		return -ENOSPC;
	ws_put_le32(buf, cmd_id);
	return 4;
}

int ws_wire_hint_decode(u32 *cmd_id, const u8 *buf, u32 len)
{
	if (len != 4)
		return -EMSGSIZE;
	*cmd_id = ws_get_le32(buf);
	return 0;
}
