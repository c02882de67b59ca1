/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* ws_wire_wsr1_report.c - reports of our revision.  The layout is in ws_wsr1.h. */
#include "ws_bytes.h"
#include "ws_wire_ms.h"
#include "ws_wire_wsr1.h"

#define FLAG_PRESSURE 1u
#define FLAG_MORE 2u
#define FLAG_CONTINUED 4u
#define PART_FLAG_STALE 1u

#define FIXED_BYTES 48u
#define PART_HEAD_BYTES 8u
#define TYPES_MAX 16u /* that a sender may have */
#define AGE_MS_MAX 0xffffffffull

/* 32 bins, four nodes: the head, the types, 31 edges padded to 8, the parts. */
_Static_assert(FIXED_BYTES + 2 * TYPES_MAX + 128 +
	       WS_PARTS_MAX * (PART_HEAD_BYTES + 8 * WS_BINS_MAX * TYPES_MAX) == WS_WIRE_HEARD_MAX,
	       "the longest report");

/* Where the parts of a report are; all follows from three counts. */
struct shape {
	u32 bins, types, parts;
	u32 edges_at, parts_at, part_bytes, len;
};

static struct shape shape_of(u32 bins, u32 types, u32 parts)
{
	struct shape shape = { .bins = bins, .types = types, .parts = parts };

	shape.edges_at = FIXED_BYTES + (types * 2 + 3) / 4 * 4;
	shape.parts_at = (shape.edges_at + 4 * (bins - 1) + 7) / 8 * 8;
	shape.part_bytes = PART_HEAD_BYTES + 8 * bins * types;
	shape.len = shape.parts_at + shape.part_bytes * parts;
	return shape;
}

static u32 status_of(int error)
{
	switch (error) {
	case 0:
		return WS_STATUS_OK;
	case -ENODATA:
		return WS_STATUS_NOT_CONFIGURED;
	case -EAGAIN:
	case -EBUSY:
		return WS_STATUS_BUSY;
	case -EINVAL:
		return WS_STATUS_NODE;
	default:
		return WS_STATUS_FAILED;
	}
}

static int error_of(u32 status)
{
	switch (status) {
	case WS_STATUS_OK:
		return 0;
	case WS_STATUS_NOT_CONFIGURED:
		return -ENODATA;
	case WS_STATUS_BUSY:
		return -EAGAIN;
	case WS_STATUS_NODE:
		return -EINVAL;
	default:
		return -EIO;
	}
}

static bool one_node_twice(const struct ws_msg_report *report)
{
	u32 i, j;

	for (i = 1; i < report->parts_count; i++)
		for (j = 0; j < i; j++)
			if (report->part[i].node == report->part[j].node)
				return true;
	return false;
}

static int check_report(const struct ws_msg *msg, u32 bins)
{
	const struct ws_msg_report *report = &msg->report;

	if (report->error > 0 || (msg->id && report->pressure))
		return -EINVAL;
	if (report->parts_count == 1 || report->parts_count > WS_PARTS_MAX ||
	    one_node_twice(report))
		return -EINVAL;
	if (!report->error && (report->bins_count < 2 || report->bins_count > bins))
		return -ERANGE;
	return ws_wire_whole_ms(report->age_ns) > AGE_MS_MAX ? -ERANGE : 0;
}

static void put_fixed(const struct ws_msg *msg, const struct shape *shape, u8 *buf)
{
	const struct ws_msg_report *report = &msg->report;
	struct ws_wsr1_head head = {
		.type = WSR1_REPORT,
		.flags = (report->pressure ? FLAG_PRESSURE : 0) | (report->more ? FLAG_MORE : 0) |
			 (report->continued ? FLAG_CONTINUED : 0),
		.status = status_of(report->error),
	};

	ws_wsr1_put_head(buf, msg, &head, shape->len);
	ws_put_le64(buf + 16, report->sequence);
	ws_put_le64(buf + 24, ws_wire_whole_ms(report->made_ns));
	ws_put_le32(buf + 32, (u32)ws_wire_whole_ms(report->age_ns));
	ws_put_le32(buf + 36, report->config_id);
	ws_put_le16(buf + 40, (u16)shape->bins);
	ws_put_le16(buf + 42, (u16)shape->types);
	ws_put_le32(buf + 44, shape->parts); /* and the reserved half */
}

static u8 *put_part_head(u8 *buf, u16 node, bool stale)
{
	ws_put_le16(buf, node);
	ws_put_le16(buf + 2, stale ? PART_FLAG_STALE : 0);
	ws_put_le32(buf + 4, 0);
	return buf + PART_HEAD_BYTES;
}

static void put_parts(const struct ws_msg *msg, const struct shape *shape, u8 *buf)
{
	const struct ws_msg_report *report = &msg->report;
	u32 i, bin;

	if (!report->parts_count) {
		buf = put_part_head(buf, msg->node, report->stale);
		for (bin = 0; bin < shape->bins; bin++, buf += 16) {
			ws_put_le64(buf, report->bin[bin].anon_bytes);
			ws_put_le64(buf + 8, report->bin[bin].file_bytes);
		}
	}
	for (i = 0; i < report->parts_count; i++) {
		const struct ws_msg_part *part = &report->part[i];

		buf = put_part_head(buf, part->node, part->stale);
		for (bin = 0; bin < shape->bins; bin++, buf += 16) {
			ws_put_le64(buf, part->bytes[WS_ANON][bin]);
			ws_put_le64(buf + 8, part->bytes[WS_FILE][bin]);
		}
	}
}

int ws_wsr1_encode_report(const struct ws_msg *msg, u32 bins, u8 *buf, u32 size)
{
	const struct ws_msg_report *report = &msg->report;
	u64 ms[WS_BINS_MAX];
	struct shape shape = { .len = FIXED_BYTES };
	int error = check_report(msg, bins);
	u32 i;

	if (!error && !report->error) {
		shape = shape_of(report->bins_count, WS_TYPES,
				 report->parts_count ? report->parts_count : 1);
		error = ws_wire_ms_from_report(report, WSR1_EDGE_MS_MAX, ms);
	}
	if (error)
		return error;
	if (size < shape.len)
		return -ENOSPC;
	put_fixed(msg, &shape, buf);
	if (report->error)
		return FIXED_BYTES;
	ws_put_le16(buf + FIXED_BYTES, WS_ANON);
	ws_put_le16(buf + FIXED_BYTES + 2, WS_FILE);
	memset(buf + shape.edges_at, 0, shape.parts_at - shape.edges_at);
	for (i = 0; i < shape.bins - 1; i++)
		ws_put_le32(buf + shape.edges_at + 4 * i, (u32)ms[i]);
	put_parts(msg, &shape, buf + shape.parts_at);
	return (int)shape.len;
}

/* Which columns hold the types known here.  Return: 0 or -EPROTO. */
static int get_types(struct ws_msg_report *report, const struct shape *shape, const u8 *buf,
		     u32 *column)
{
	u32 i;

	column[WS_ANON] = column[WS_FILE] = shape->types;
	for (i = 0; i < shape->types; i++) {
		u32 type = ws_get_le16(buf + FIXED_BYTES + 2 * i);

		if (type >= WS_TYPES)
			report->unknown_types_count++;
		else if (column[type] != shape->types)
			return -EPROTO; /* twice */
		else
			column[type] = i;
	}
	return column[WS_ANON] == shape->types || column[WS_FILE] == shape->types ? -EPROTO : 0;
}

static int get_edges(struct ws_msg_report *report, const struct shape *shape, const u8 *buf)
{
	u32 i;

	for (i = 0; i < shape->bins - 1; i++) {
		report->bin[i].idle_age_ns =
			ws_get_le32(buf + shape->edges_at + 4 * i) * WS_NS_PER_MS;
		if (report->bin[i].idle_age_ns <= (i ? report->bin[i - 1].idle_age_ns : 0))
			return -EPROTO;
	}
	report->bin[i].idle_age_ns = WS_AGE_INFINITE;
	return 0;
}

/* Adds a part's bytes to the report's.  Return: 0 or -ERANGE. */
static int get_bytes(struct ws_msg_report *report, const struct shape *shape, const u32 *column,
		     const u8 *buf, struct ws_msg_part *part)
{
	u32 bin;

	for (bin = 0; bin < shape->bins; bin++, buf += 8 * shape->types) {
		u64 anon = ws_get_le64(buf + 8 * column[WS_ANON]);
		u64 file = ws_get_le64(buf + 8 * column[WS_FILE]);

		if (part) {
			part->bytes[WS_ANON][bin] = anon;
			part->bytes[WS_FILE][bin] = file;
		}
		report->bin[bin].anon_bytes += anon;
		report->bin[bin].file_bytes += file;
		if (report->bin[bin].anon_bytes < anon || report->bin[bin].file_bytes < file)
			return -ERANGE;
	}
	return 0;
}

static int get_parts(struct ws_msg *msg, const struct shape *shape, const u32 *column,
		     const u8 *buf)
{
	struct ws_msg_report *report = &msg->report;
	u32 i;

	report->parts_count = shape->parts > 1 ? shape->parts : 0;
	for (i = 0; i < shape->parts; i++, buf += shape->part_bytes) {
		struct ws_msg_part *part = report->parts_count ? &report->part[i] : NULL;
		u16 node = ws_get_le16(buf);
		bool stale = ws_get_le16(buf + 2) & PART_FLAG_STALE;

		report->stale |= stale;
		if (part) {
			part->node = node;
			part->stale = stale;
		} else {
			msg->node = node;
		}
		if (get_bytes(report, shape, column, buf + PART_HEAD_BYTES, part))
			return -ERANGE;
	}
	return one_node_twice(report) ? -EPROTO : 0;
}

static int get_fixed(struct ws_msg *msg, const struct ws_wsr1_head *head, const u8 *buf)
{
	struct ws_msg_report *report = &msg->report;

	msg->kind = WS_MSG_REPORT;
	report->error = error_of(head->status);
	report->pressure = head->flags & FLAG_PRESSURE;
	report->more = head->flags & FLAG_MORE;
	report->continued = head->flags & FLAG_CONTINUED;
	report->sequence = ws_get_le64(buf + 16);
	report->age_ns = ws_get_le32(buf + 32) * WS_NS_PER_MS;
	report->config_id = ws_get_le32(buf + 36);
	if (msg->id && report->pressure)
		return -EPROTO;
	return ws_wire_ns_from_ms(ws_get_le64(buf + 24), &report->made_ns);
}

int ws_wsr1_decode_report(struct ws_msg *msg, const struct ws_wsr1_head *head, u32 bins,
			  const u8 *buf, u32 len)
{
	u32 column[WS_TYPES], types, parts;
	struct shape shape;
	int error;

	if (len < FIXED_BYTES)
		return -EMSGSIZE;
	error = get_fixed(msg, head, buf);
	if (error)
		return error;
	msg->report.bins_count = ws_get_le16(buf + 40);
	types = ws_get_le16(buf + 42);
	parts = ws_get_le16(buf + 44);
	if (msg->report.error)
		return len == FIXED_BYTES && !msg->report.bins_count && !types && !parts ?
			       0 : -EMSGSIZE;
	if (msg->report.bins_count < 2 || msg->report.bins_count > bins)
		return -ERANGE;
	if (types < WS_TYPES || types > TYPES_MAX || !parts || parts > WS_PARTS_MAX)
		return -ERANGE;
	shape = shape_of(msg->report.bins_count, types, parts);
	if (len != shape.len)
		return -EMSGSIZE;
	error = get_types(&msg->report, &shape, buf, column);
	if (!error)
		error = get_edges(&msg->report, &shape, buf);
	return error ? error : get_parts(msg, &shape, column, buf + shape.parts_at);
}
