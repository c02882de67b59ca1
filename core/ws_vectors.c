/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* ws_vectors.c - examples with their results; see ws_vectors.h. */
#include "ws_vectors.h"

#define MS WS_NS_PER_MS

/* A digest that changes without a change that was meant is a fault. */
const struct ws_kat_result ws_vectors_kat[WS_KAT_COUNT] = {
	{ "math", 0xb6a596c12f74bbdeull },
	{ "age", 0x852ac5a6e01c1956ull },
	{ "refault", 0xc9231b7f8acd1cd4ull },
	{ "lru", 0x1d36576c2ff50c70ull },
	{ "hist", 0x181d49b5e16147b1ull },
	{ "report", 0x1adcdef35332272eull },
	{ "wire", 0x7169f4284eed6c93ull },
	{ "proto", 0xad71d79e7f0a962aull },
	{ "balloon", 0xc20945e3f9beae20ull },
	{ "source", 0x13402ea8a32b1aa3ull },
	{ "rules", 0xdbd5b49e5f317870ull },
	{ "walk", 0x5ce12e22c7111222ull },
	{ "group", 0xc350f87d02f912a8ull },
	{ "reaccess", 0x22b4f8b96585b67cull },
	{ "hint", 0x52561d0ffcfcaf0full },
};

/* --- bytes ------------------------------------------------------------------------- */

/* le16 op */
static const u8 request[] = { 1, 0 };

/* le16 op, three le64 edges, le64 refresh, le64 report, all in ms */
static const u8 config_64[42] = {
	2, 0,
	200, 0, 0, 0, 0, 0, 0, 0,  0x20, 3, 0, 0, 0, 0, 0, 0,  0xb8, 0x0b, 0, 0, 0, 0, 0, 0,
	0xee, 2, 0, 0, 0, 0, 0, 0,  0xe8, 3, 0, 0, 0, 0, 0, 0,
};

/* the same with le32 */
static const u8 config_32[22] = {
	2, 0,  200, 0, 0, 0,  0x20, 3, 0, 0,  0xb8, 0x0b, 0, 0,  0xee, 2, 0, 0,  0xe8, 3, 0, 0,
};

/* le16 tag 0, le16 node -1, four reserved bytes, le64 edge, le64 anonymous, le64 file */
static const u8 report_any[128] = {
	0, 0, 0xff, 0xff, 0, 0, 0, 0,  200, 0, 0, 0, 0, 0, 0, 0,
	0, 0, 1, 0, 0, 0, 0, 0,        0, 0, 2, 0, 0, 0, 0, 0,
	0, 0, 0xff, 0xff, 0, 0, 0, 0,  0x20, 3, 0, 0, 0, 0, 0, 0,
	0, 0x40, 0x23, 1, 0, 0, 0, 0,  0, 0, 0, 0, 0, 0, 0, 0,
	0, 0, 0xff, 0xff, 0, 0, 0, 0,  0xb8, 0x0b, 0, 0, 0, 0, 0, 0,
	0, 0, 0, 0, 0, 0, 0, 0,        0, 0, 0, 0, 0, 0, 0, 0,
	0, 0, 0xff, 0xff, 0, 0, 0, 0,  0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0,
	0, 0, 0, 0, 0, 0, 0, 0,        0, 0xa0, 0x89, 0x67, 0x45, 0x23, 1, 0,
};

/* the same of node 1 */
static const u8 report_node[128] = {
	0, 0, 1, 0, 0, 0, 0, 0,        200, 0, 0, 0, 0, 0, 0, 0,
	0, 0, 1, 0, 0, 0, 0, 0,        0, 0, 2, 0, 0, 0, 0, 0,
	0, 0, 1, 0, 0, 0, 0, 0,        0x20, 3, 0, 0, 0, 0, 0, 0,
	0, 0x40, 0x23, 1, 0, 0, 0, 0,  0, 0, 0, 0, 0, 0, 0, 0,
	0, 0, 1, 0, 0, 0, 0, 0,        0xb8, 0x0b, 0, 0, 0, 0, 0, 0,
	0, 0, 0, 0, 0, 0, 0, 0,        0, 0, 0, 0, 0, 0, 0, 0,
	0, 0, 1, 0, 0, 0, 0, 0,        0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0,
	0, 0, 0, 0, 0, 0, 0, 0,        0, 0xa0, 0x89, 0x67, 0x45, 0x23, 1, 0,
};

#define ONES_16 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, \
		0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff

/* le16 op, le16 node, le32 report, le32 refresh, 32 times le32 edge: -1 behind the last */
static const u8 v4_config[140] = {
	2, 0, 1, 0,  0xe8, 3, 0, 0,  0xee, 2, 0, 0,
	200, 0, 0, 0,  0x20, 3, 0, 0,  0xb8, 0x0b, 0, 0,
	ONES_16, ONES_16, ONES_16, ONES_16, ONES_16, ONES_16, ONES_16, 0xff, 0xff, 0xff, 0xff,
};

/* le32 error, le32 node, 32 times le64 edge, anonymous, file: all ones end them */
static const u8 v4_report[776] = {
	0, 0, 0, 0,  1, 0, 0, 0,
	200, 0, 0, 0, 0, 0, 0, 0,      0, 0, 1, 0, 0, 0, 0, 0,  0, 0, 2, 0, 0, 0, 0, 0,
	0x20, 3, 0, 0, 0, 0, 0, 0,     0, 0x40, 0x23, 1, 0, 0, 0, 0,  0, 0, 0, 0, 0, 0, 0, 0,
	0xb8, 0x0b, 0, 0, 0, 0, 0, 0,  0, 0, 0, 0, 0, 0, 0, 0,  0, 0, 0, 0, 0, 0, 0, 0,
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	0, 0, 0, 0, 0, 0, 0, 0,        0, 0xa0, 0x89, 0x67, 0x45, 0x23, 1, 0,
};

/* u8 version, u8 type, le16 flags, le32 length, le32 id, le16 node, le16 status */
static const u8 wsr1_request[16] = { 1, 1, 0, 0, 16, 0, 0, 0, 4, 3, 2, 1, 1, 0, 0, 0 };

/* then le32 report, le32 refresh, le16 edges, le16 0, le32 edge */
static const u8 wsr1_config[40] = {
	1, 2, 0, 0, 40, 0, 0, 0, 4, 3, 2, 1, 1, 0, 0, 0,  0xe8, 3, 0, 0,  0xee, 2, 0, 0,
	3, 0, 0, 0,  200, 0, 0, 0,  0x20, 3, 0, 0,  0xb8, 0x0b, 0, 0,
};

/* or le32 detail, le32 id in force */
static const u8 wsr1_verdict[24] = {
	1, 4, 0, 0, 24, 0, 0, 0, 4, 3, 2, 1, 1, 0, 7, 0,  0xee, 2, 0, 0,  3, 3, 2, 1,
};

/* or le64 sequence, le64 made, le32 age, le32 id in force, le16 bins, types, nodes, 0, le16
 * types, le32 edges, to a multiple of 8; le16 node, le16 flags, le32 0, le64 anonymous, file */
static const u8 wsr1_report[136] = {
	1, 3, 0, 0, 136, 0, 0, 0, 4, 3, 2, 1, 1, 0, 0, 0,
	6, 0, 0, 0, 0, 0, 0, 0,        0, 0, 1, 0, 0, 0, 0, 0,
	20, 0, 0, 0,  3, 3, 2, 1,      4, 0, 2, 0, 1, 0, 0, 0,
	0, 0, 1, 0,  200, 0, 0, 0,     0x20, 3, 0, 0,  0xb8, 0x0b, 0, 0,
	1, 0, 0, 0, 0, 0, 0, 0,
	0, 0, 1, 0, 0, 0, 0, 0,        0, 0, 2, 0, 0, 0, 0, 0,
	0, 0x40, 0x23, 1, 0, 0, 0, 0,  0, 0, 0, 0, 0, 0, 0, 0,
	0, 0, 0, 0, 0, 0, 0, 0,        0, 0, 0, 0, 0, 0, 0, 0,
	0, 0, 0, 0, 0, 0, 0, 0,        0, 0xa0, 0x89, 0x67, 0x45, 0x23, 1, 0,
};

#define ANY WS_NODE_ANY
#define ID 0x01020304u
#define VECTOR(d, k, n, i, b) { #d " " #k, &ws_dialect_##d, WS_MSG_##k, n, i, sizeof(b), b }

const struct ws_vector_wire ws_vectors_wire[] = {
	VECTOR(rfc1, REQUEST, ANY, 0, request),
	VECTOR(rfc1, CONFIG, ANY, 0, config_64),
	VECTOR(rfc1, REPORT, ANY, 0, report_any),
	VECTOR(rfc2, REQUEST, ANY, 0, request),
	VECTOR(rfc2, CONFIG, ANY, 0, config_64),
	VECTOR(rfc2, REPORT, 1, 0, report_node),
	VECTOR(crosvm, REQUEST, ANY, 0, request),
	VECTOR(crosvm, CONFIG, ANY, 0, config_32),
	VECTOR(crosvm, REPORT, ANY, 0, report_any),
	VECTOR(v4, CONFIG, 1, 0, v4_config),
	VECTOR(v4, REPORT, 1, 0, v4_report),
	VECTOR(wsr1, REQUEST, 1, ID, wsr1_request),
	VECTOR(wsr1, CONFIG, 1, ID, wsr1_config),
	VECTOR(wsr1, REPORT, 1, ID, wsr1_report),
	VECTOR(wsr1, VERDICT, 1, ID, wsr1_verdict),
};

const u32 ws_vectors_wire_count = sizeof(ws_vectors_wire) / sizeof(ws_vectors_wire[0]);

static void say_report(const struct ws_vector_wire *vector, struct ws_msg *msg)
{
	static const struct ws_msg_bin bin[] = {
		{ 200 * MS, 0x10ull << 12, 0x20ull << 12 },
		{ 800 * MS, 0x1234ull << 12, 0 },
		{ 3000 * MS, 0, 0 },
		{ WS_AGE_INFINITE, 0, 0x123456789aull << 12 },
	};

	msg->report.bins_count = 4;
	memcpy(msg->report.bin, bin, sizeof(bin));
	if (!vector->dialect->numbered)
		return;
	msg->report.config_id = ID - 1;
	msg->report.sequence = 6;
	msg->report.made_ns = 0x10000 * MS;
	msg->report.age_ns = 20 * MS;
}

void ws_vector_message(const struct ws_vector_wire *vector, struct ws_msg *msg)
{
	static const struct ws_report_config config = {
		.edge_ns = { 200 * MS, 800 * MS, 3000 * MS },
		.edges_count = 3,
		.refresh_interval_ns = 750 * MS,
		.report_threshold_ns = 1000 * MS,
	};

	memset(msg, 0, sizeof(*msg));
	msg->kind = vector->kind;
	msg->node = vector->node;
	msg->id = vector->id;
	if (vector->kind == WS_MSG_CONFIG)
		msg->config = config;
	if (vector->kind == WS_MSG_REPORT)
		say_report(vector, msg);
	if (vector->kind == WS_MSG_VERDICT) {
		msg->verdict.status = WS_STATUS_INTERVAL;
		msg->verdict.detail = 750;
		msg->verdict.config_id = ID - 1;
	}
}

static u32 bins_of(const struct ws_dialect *dialect)
{
	return dialect->bins_min <= 4 && !dialect->numbered ? 4 : dialect->bins_max;
}

int ws_vector_wire_check(const struct ws_vector_wire *vector, struct ws_msg *msg, u8 *buf)
{
	const struct ws_dialect *d = vector->dialect;
	bool to_host = vector->kind == WS_MSG_REPORT || vector->kind == WS_MSG_VERDICT;
	u32 round, bins = bins_of(d);

	ws_vector_message(vector, msg);
	/* The second time it is made of what the bytes were understood as. */
	for (round = 0; round < 2; round++) {
		int len = to_host ? d->encode_to_host(msg, bins, buf, WS_WIRE_TO_HOST_MAX) :
				    d->encode_to_guest(msg, bins, buf, WS_WIRE_TO_HOST_MAX);
		int error;

		if (len < 0)
			return len;
		if ((u32)len != vector->len || memcmp(buf, vector->bytes, vector->len))
			return -EPROTO;
		error = to_host ? d->decode_to_host(msg, bins, vector->bytes, vector->len) :
				  d->decode_to_guest(msg, bins, vector->bytes, vector->len);
		if (error)
			return error;
	}
	return 0;
}

/* --- bins ---------------------------------------------------------------------------- */

const struct ws_vector_hist ws_vectors_hist[] = {
	{
		"a bin holds its younger edge and not its older", { 10, 20 }, 2, 2,
		{ { WS_ANON, 10, 10, 1 }, { WS_FILE, 20, 20, 2 } },
		{ { 0, 1, 0 }, { 0, 0, 2 } },
	},
	{
		"a span is split in proportion to time", { 10, 20, 40 }, 3, 1,
		{ { WS_ANON, 0, 50, 500 } },
		{ { 100, 100, 200, 100 } },
	},
	{
		"what rounding leaves is older", { 10, 20 }, 2, 1,
		{ { WS_FILE, 0, 30, 10 } },
		{ { 0 }, { 3, 3, 4 } },
	},
	{
		"fewer pages than nanoseconds are split too", { 1000 * MS }, 1, 1,
		{ { WS_ANON, 0, 4000 * MS, 4 } },
		{ { 1, 3 } },
	},
	{
		"products of more than 64 bits", { 1ull << 40 }, 1, 1,
		{ { WS_FILE, 0, 1ull << 41, 1ull << 40 } },
		{ { 0 }, { 1ull << 39, 1ull << 39 } },
	},
	{
		"a span within a bin stays together", { 5, 100 }, 2, 3,
		{ { WS_ANON, 0, 5, 7 }, { WS_ANON, 5, 100, 11 }, { WS_ANON, 100, 1000, 13 } },
		{ { 7, 11, 13 } },
	},
};

const u32 ws_vectors_hist_count = sizeof(ws_vectors_hist) / sizeof(ws_vectors_hist[0]);

int ws_vector_hist_check(const struct ws_vector_hist *vector, struct ws_hist *hist)
{
	u32 i, type;
	int error = ws_hist_init(hist, vector->edge_ns, vector->edges_count);

	if (error)
		return error;
	for (i = 0; i < vector->spans_count; i++)
		ws_hist_add_span(hist, vector->span[i].type, vector->span[i].age_min_ns,
				 vector->span[i].age_max_ns, vector->span[i].pages);
	for (type = 0; type < WS_TYPES; type++)
		for (i = 0; i < hist->bins_count; i++)
			if (hist->pages[type][i] != vector->pages[type][i])
				return -ERANGE;
	return 0;
}
