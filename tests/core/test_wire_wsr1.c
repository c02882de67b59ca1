/* SPDX-License-Identifier: BSD-2-Clause */
/* test_wire_wsr1.c - our revision byte for byte, every check provoked, and its bounds. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ws_bytes.h"
#include "ws_wsr1.h"

#define MS WS_NS_PER_MS

static const struct ws_dialect *const d = &ws_dialect_wsr1;
static struct ws_msg msg, back;
static u8 buf[WS_WIRE_TO_HOST_MAX];

static void put(u32 at, u32 bytes, u64 value)
{
	for (; bytes--; value >>= 8)
		buf[at++] = (u8)value;
}

static void say(enum ws_msg_kind kind)
{
	memset(&msg, 0, sizeof(msg));
	msg.kind = kind;
	msg.id = 0x01020304;
	msg.node = 1;
}

static void say_config(void)
{
	say(WS_MSG_CONFIG);
	msg.config = (struct ws_report_config){
		.edge_ns = { 200 * MS, 800 * MS, 3000 * MS }, .edges_count = 3,
		.refresh_interval_ns = 750 * MS, .report_threshold_ns = 1000 * MS,
	};
}

static void say_report(void)
{
	static struct ws_hist hist;

	ws_hist_init(&hist, (u64[]){ 200 * MS, 800 * MS }, 2);
	hist.pages[WS_ANON][0] = 1;
	hist.pages[WS_FILE][0] = 2;
	hist.pages[WS_ANON][2] = 3;
	ws_msg_from_hist(&msg, &hist, 1);
	msg.id = 0x01020304;
	msg.report.config_id = 5;
	msg.report.sequence = 6;
	msg.report.made_ns = 0x10000 * MS;
	msg.report.age_ns = 20 * MS;
	msg.report.more = true;
	msg.report.stale = true;
}

static bool is_to_host(void)
{
	return msg.kind == WS_MSG_REPORT || msg.kind == WS_MSG_VERDICT;
}

static int encode(u8 *to, u32 size)
{
	return is_to_host() ? d->encode_to_host(&msg, 32, to, size) :
			      d->encode_to_guest(&msg, 32, to, size);
}

static void both_ways(const u8 *bytes, u32 len)
{
	u8 *exact = malloc(len);

	memset(exact, 0xee, len);
	cr_assert_eq(encode(exact, len), (int)len);
	for (u32 i = 0; i < len; i++)
		cr_assert_eq(exact[i], bytes[i], "byte %u is %02x, not %02x", i, exact[i], bytes[i]);
	cr_assert_eq(is_to_host() ? d->decode_to_host(&back, 32, exact, len) :
				    d->decode_to_guest(&back, 32, exact, len), 0);
	cr_assert_eq(memcmp(&back, &msg, sizeof(msg)), 0);
	cr_assert_eq(encode(exact, len - 1), -ENOSPC);
	free(exact);
}

Test(wire_wsr1, request_byte_for_byte)
{
	static const u8 bytes[16] = { 1, 1, 0, 0, 16, 0, 0, 0, 4, 3, 2, 1, 1, 0, 0, 0 };

	say(WS_MSG_REQUEST);
	both_ways(bytes, sizeof(bytes));
}

Test(wire_wsr1, config_byte_for_byte)
{
	static const u8 bytes[40] = {
		1, 2, 0, 0, 40, 0, 0, 0, 4, 3, 2, 1, 1, 0, 0, 0,
		0xe8, 3, 0, 0, 0xee, 2, 0, 0, 3, 0, 0, 0,
		200, 0, 0, 0, 0x20, 3, 0, 0, 0xb8, 0x0b, 0, 0,
	};

	say_config();
	both_ways(bytes, sizeof(bytes));
}

Test(wire_wsr1, verdict_byte_for_byte)
{
	static const u8 bytes[24] = {
		1, 4, 0, 0, 24, 0, 0, 0, 4, 3, 2, 1, 1, 0, 7, 0, 0xee, 2, 0, 0, 3, 3, 2, 1,
	};

	say(WS_MSG_VERDICT);
	msg.verdict.status = WS_STATUS_INTERVAL;
	msg.verdict.detail = 750;
	msg.verdict.config_id = 0x01020303;
	both_ways(bytes, sizeof(bytes));
}

Test(wire_wsr1, report_byte_for_byte)
{
	static const u8 bytes[120] = {
		1, 3, 2, 0, 120, 0, 0, 0, 4, 3, 2, 1, 1, 0, 0, 0,
		6, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0,
		20, 0, 0, 0, 5, 0, 0, 0, 3, 0, 2, 0, 1, 0, 0, 0,
		0, 0, 1, 0, 200, 0, 0, 0, 0x20, 3, 0, 0, 0, 0, 0, 0,
		1, 0, 1, 0, 0, 0, 0, 0,
		0, 0x10, 0, 0, 0, 0, 0, 0, 0, 0x20, 0, 0, 0, 0, 0, 0,
		0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
		0, 0x30, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
	};

	say_report();
	both_ways(bytes, sizeof(bytes));
}

Test(wire_wsr1, flags_of_a_report)
{
	for (u32 flags = 0; flags < 8; flags++) {
		say_report();
		msg.report.pressure = flags & 1;
		msg.report.more = flags & 2;
		msg.report.continued = flags & 4;
		msg.id = msg.report.pressure ? 0 : msg.id;
		cr_assert_eq(encode(buf, sizeof(buf)), 120);
		cr_assert_eq(ws_get_le16(buf + 2), flags);
		cr_assert_eq(d->decode_to_host(&back, 32, buf, 120), 0);
		cr_assert_eq(memcmp(&back, &msg, sizeof(msg)), 0);
	}
}

Test(wire_wsr1, an_error_is_48_bytes)
{
	static const u8 bytes[48] = {
		1, 3, 0, 0, 48, 0, 0, 0, 4, 3, 2, 1, 1, 0, 2, 0, 9,
	};
	static const int errors[] = { -ENODATA, -EAGAIN, -EINVAL, -EIO };

	say(WS_MSG_REPORT);
	msg.report.error = -EAGAIN;
	msg.report.sequence = 9;
	both_ways(bytes, sizeof(bytes));
	for (u32 i = 0; i < 4; i++) {
		msg.report.error = errors[i];
		cr_assert_eq(encode(buf, 48), 48);
		cr_assert_eq(buf[14], i + 1);
		cr_assert_eq(d->decode_to_host(&back, 32, buf, 48), 0);
		cr_assert_eq(back.report.error, errors[i]);
	}
	msg.report.error = -ENOMEM;
	cr_assert_eq(encode(buf, 48), 48);
	put(14, 2, 999);
	cr_assert_eq(d->decode_to_host(&back, 32, buf, 48), 0);
	cr_assert_eq(back.report.error, -EIO, "a status of the future is a failure");
	put(4, 4, 49);
	cr_assert_eq(d->decode_to_host(&back, 32, buf, 49), -EMSGSIZE);
	put(4, 4, 48);
	for (u32 at = 40; at <= 44; at += 2) {
		put(at, 2, 2);
		cr_assert_eq(d->decode_to_host(&back, 32, buf, 48), -EMSGSIZE, "counts of nothing");
		put(at, 2, 0);
	}
	cr_assert_eq(d->decode_to_host(&back, 32, buf, 48), 0);
}

Test(wire_wsr1, several_nodes_in_one_report)
{
	int len;

	say_report();
	msg.node = WS_NODE_ANY;
	msg.report.stale = true;
	msg.report.parts_count = 2;
	msg.report.part[0].node = 0;
	msg.report.part[1].node = 7;
	msg.report.part[1].stale = true;
	for (u32 bin = 0; bin < 3; bin++) {
		for (u32 part = 0; part < 2; part++) {
			msg.report.part[part].bytes[WS_ANON][bin] = 100 * part + bin;
			msg.report.part[part].bytes[WS_FILE][bin] = 1000 * part + bin;
		}
		msg.report.bin[bin].anon_bytes = 100 + 2 * bin;
		msg.report.bin[bin].file_bytes = 1000 + 2 * bin;
	}
	len = encode(buf, sizeof(buf));
	cr_assert_eq(len, 64 + 2 * 56);
	cr_assert_eq(buf[64 + 56], 7);
	cr_assert_eq(d->decode_to_host(&back, 32, buf, (u32)len), 0);
	back.node = WS_NODE_ANY; /* of the first part nobody says anything */
	cr_assert_eq(memcmp(&back, &msg, sizeof(msg)), 0);
	put(64 + 56, 2, 0);
	cr_assert_eq(d->decode_to_host(&back, 32, buf, (u32)len), -EPROTO, "one node twice");
	put(64 + 56, 2, 7);
	put(64 + 8, 8, ~0ull);
	put(64 + 56 + 8, 8, 1);
	cr_assert_eq(d->decode_to_host(&back, 32, buf, (u32)len), -ERANGE, "the sum has no room");
	msg.report.part[1].node = 0;
	cr_assert_eq(encode(buf, sizeof(buf)), -EINVAL, "one node twice");
	msg.report.part[1].node = 7;
	msg.report.parts_count = WS_PARTS_MAX + 1;
	cr_assert_eq(encode(buf, sizeof(buf)), -EINVAL);
	msg.report.parts_count = 1;
	cr_assert_eq(encode(buf, sizeof(buf)), -EINVAL, "one is the report itself");
}

/* Sixteen types of memory, of which two are known: written as the specification's text says. */
Test(wire_wsr1, the_longest_report_of_a_guest_that_knows_more)
{
	static u8 bytes[WS_WIRE_HEARD_MAX + 1];
	u8 *to = bytes;

	memset(bytes, 0, sizeof(bytes));
	to[0] = 1;
	to[1] = 3;
	ws_put_le32(to + 4, WS_WIRE_HEARD_MAX);
	ws_put_le64(to + 16, 1);
	ws_put_le16(to + 40, 32);
	ws_put_le16(to + 42, 16);
	ws_put_le16(to + 44, 4);
	for (u32 type = 0; type < 16; type++)
		ws_put_le16(to + 48 + 2 * type, (u16)(15 - type));
	for (u32 edge = 0; edge < 31; edge++)
		ws_put_le32(to + 80 + 4 * edge, edge + 1);
	to += 208;
	for (u32 node = 0; node < 4; node++) {
		ws_put_le16(to, (u16)node);
		to += 8;
		for (u32 bin = 0; bin < 32; bin++)
			for (u32 type = 0; type < 16; type++, to += 8)
				ws_put_le64(to, node * 1000 + bin * 100 + 15 - type);
	}
	cr_assert_eq(to - bytes, WS_WIRE_HEARD_MAX);
	cr_assert_eq(d->decode_to_host(&back, 32, bytes, WS_WIRE_HEARD_MAX), 0);
	cr_assert_eq(back.report.unknown_types_count, 14);
	cr_assert_eq(back.report.parts_count, 4);
	cr_assert_eq(back.report.part[3].bytes[WS_ANON][31], 6100);
	cr_assert_eq(back.report.part[3].bytes[WS_FILE][31], 6101);
	cr_assert_eq(back.report.bin[2].anon_bytes, 6800);
	ws_put_le16(bytes + 42, 17);
	cr_assert_eq(d->decode_to_host(&back, 32, bytes, WS_WIRE_HEARD_MAX), -ERANGE);
}

Test(wire_wsr1, the_longest_messages_fit)
{
	say_report();
	msg.report.bins_count = 32;
	for (u32 i = 0; i < 32; i++)
		msg.report.bin[i].idle_age_ns = i == 31 ? WS_AGE_INFINITE : (i + 1) * MS;
	msg.report.parts_count = WS_PARTS_MAX;
	for (u16 i = 0; i < WS_PARTS_MAX; i++)
		msg.report.part[i].node = i;
	cr_assert_eq(encode(buf, sizeof(buf)), 176 + 4 * 520);
	cr_assert_leq(176 + 4 * 520, WS_WIRE_TO_HOST_MAX);
	say_config();
	msg.config.edges_count = 31;
	for (u32 i = 0; i < 31; i++)
		msg.config.edge_ns[i] = (i + 1) * MS;
	cr_assert_eq(encode(buf, WS_WIRE_TO_GUEST_MAX), 28 + 4 * 31);
	msg.config.edge_ns[30] = 0x100000000 * MS;
	cr_assert_eq(encode(buf, sizeof(buf)), -ERANGE);
}

/* A sender of the future with three types, its new one first: the two known are found. */
Test(wire_wsr1, types_of_memory_that_are_not_known_are_skipped)
{
	memset(buf, 0, 160);
	say_report();
	cr_assert_eq(encode(buf, sizeof(buf)), 120);
	memmove(buf + 56, buf + 52, 8); /* edges */
	put(4, 4, 144);
	put(42, 2, 3);
	put(48, 2, 77);
	put(50, 2, WS_FILE);
	put(52, 2, WS_ANON);
	put(54, 2, 0);
	put(64, 8, 1);
	for (u32 i = 0; i < 9; i++)
		put(72 + 8 * i, 8, 1000 + i);
	cr_assert_eq(d->decode_to_host(&back, 32, buf, 144), 0);
	cr_assert_eq(back.report.unknown_types_count, 1);
	cr_assert_eq(back.report.bin[0].file_bytes, 1001);
	cr_assert_eq(back.report.bin[0].anon_bytes, 1002);
	cr_assert_eq(back.report.bin[2].file_bytes, 1007);
	cr_assert_eq(back.report.bin[1].idle_age_ns, 800 * MS);
	put(48, 2, WS_ANON);
	cr_assert_eq(d->decode_to_host(&back, 32, buf, 144), -EPROTO, "twice the same");
	put(48, 2, 77);
	put(50, 2, 78);
	cr_assert_eq(d->decode_to_host(&back, 32, buf, 144), -EPROTO, "without files");
	put(50, 2, WS_FILE);
	put(52, 2, 79);
	cr_assert_eq(d->decode_to_host(&back, 32, buf, 144), -EPROTO, "without anonymous memory");
}

static const struct {
	const char *what;
	u32 at, bytes;
	u64 value;
	int error;
} bad_reports[] = {
	{ "version", 0, 1, 2, -EPROTO },
	{ "type", 1, 1, 2, -EPROTO },
	{ "length", 4, 4, 119, -EMSGSIZE },
	{ "an answer under pressure", 2, 2, 1, -EPROTO },
	{ "time out of range", 24, 8, ~0ull, -ERANGE },
	{ "one bin", 40, 2, 1, -ERANGE },
	{ "too many bins", 40, 2, 33, -ERANGE },
	{ "another number of bins", 40, 2, 4, -EMSGSIZE },
	{ "one type", 42, 2, 1, -ERANGE },
	{ "too many types", 42, 2, 17, -ERANGE },
	{ "no node", 44, 2, 0, -ERANGE },
	{ "too many nodes", 44, 2, WS_PARTS_MAX + 1, -ERANGE },
	{ "two nodes in the room of one", 44, 2, 2, -EMSGSIZE },
	{ "bins with an error", 14, 2, 1, -EMSGSIZE },
	{ "first edge 0", 52, 4, 0, -EPROTO },
	{ "edges that do not ascend", 56, 4, 200, -EPROTO },
};

Test(wire_wsr1, what_a_host_refuses)
{
	for (u32 i = 0; i < sizeof(bad_reports) / sizeof(*bad_reports); i++) {
		say_report();
		encode(buf, sizeof(buf));
		put(bad_reports[i].at, bad_reports[i].bytes, bad_reports[i].value);
		cr_assert_eq(d->decode_to_host(&back, 32, buf, 120), bad_reports[i].error, "%s",
			     bad_reports[i].what);
	}
	say_report();
	encode(buf, sizeof(buf));
	cr_assert_eq(d->decode_to_host(&back, 2, buf, 120), -ERANGE, "more bins than agreed");
	for (u32 len = 0; len < 200; len++) {
		put(4, 4, len); /* even when the message says the same */
		if (len != 120)
			cr_assert_eq(d->decode_to_host(&back, 32, buf, len), -EMSGSIZE, "%u", len);
	}
	say(WS_MSG_VERDICT);
	cr_assert_eq(encode(buf, sizeof(buf)), 24);
	put(8, 4, 0);
	cr_assert_eq(d->decode_to_host(&back, 32, buf, 24), -EPROTO, "a verdict on nothing");
	put(8, 4, 1);
	put(14, 2, 1234);
	cr_assert_eq(d->decode_to_host(&back, 32, buf, 24), 0);
	cr_assert_eq(back.verdict.status, WS_STATUS_FAILED, "an unknown reason is one");
	put(4, 4, 20);
	cr_assert_eq(d->decode_to_host(&back, 32, buf, 20), -EMSGSIZE);
}

Test(wire_wsr1, what_a_guest_refuses)
{
	say_config();
	encode(buf, sizeof(buf));
	for (u32 len = 0; len < 60; len++) {
		put(4, 4, len);
		if (len != 40)
			cr_assert_eq(d->decode_to_guest(&back, 32, buf, len), -EMSGSIZE, "%u", len);
	}
	put(4, 4, 40);
	put(8, 4, 0);
	cr_assert_eq(d->decode_to_guest(&back, 32, buf, 40), -EPROTO, "no id");
	put(8, 4, 1);
	put(1, 1, 3);
	cr_assert_eq(d->decode_to_guest(&back, 32, buf, 40), -EPROTO, "a report");
	put(1, 1, 1);
	cr_assert_eq(d->decode_to_guest(&back, 32, buf, 40), -EMSGSIZE, "a long request");
	say(WS_MSG_REQUEST);
	msg.id = 0;
	cr_assert_eq(encode(buf, sizeof(buf)), -EINVAL);
}

/* A message as it is, and with every reserved field and unknown flag set: the same. */
static void means_the_same(u32 len, const u32 *reserved, u32 count)
{
	static struct ws_msg plain;
	bool to_host = is_to_host();

	cr_assert_eq(encode(buf, sizeof(buf)), (int)len);
	cr_assert_eq(to_host ? d->decode_to_host(&plain, 32, buf, len) :
			       d->decode_to_guest(&plain, 32, buf, len), 0);
	for (u32 i = 0; i < count; i++) {
		cr_assert_eq(buf[reserved[i]], 0, "byte %u", reserved[i]);
		buf[reserved[i]] = 0xf0;
	}
	cr_assert_eq(to_host ? d->decode_to_host(&back, 32, buf, len) :
			       d->decode_to_guest(&back, 32, buf, len), 0);
	cr_assert_eq(memcmp(&plain, &back, sizeof(back)), 0);
}

Test(wire_wsr1, what_is_reserved_is_not_looked_at)
{
	static const u32 request[] = { 2, 3, 14, 15 }, config[] = { 2, 3, 14, 15, 26, 27 },
			 verdict[] = { 2, 3 }, report[] = { 3, 46, 47, 67, 68, 69, 70, 71 };

	say(WS_MSG_REQUEST);
	means_the_same(16, request, 4);
	say_config();
	means_the_same(40, config, 6);
	say(WS_MSG_VERDICT);
	means_the_same(24, verdict, 2);
	say_report();
	means_the_same(120, report, 8);
}

Test(wire_wsr1, an_impossible_configuration_becomes_its_verdict)
{
	say_config();
	encode(buf, sizeof(buf));
	cr_assert_eq(d->decode_to_guest(&back, 3, buf, 40), 0);
	cr_assert_eq(back.kind, WS_MSG_VERDICT);
	cr_assert_eq(back.id, 0x01020304);
	cr_assert_eq(back.verdict.status, WS_STATUS_BINS);
	cr_assert_eq(back.verdict.detail, 3);
	cr_assert_eq(d->decode_to_guest(&back, 2, buf, 40), 0);
	cr_assert_eq(back.verdict.detail, 2, "the most, and not what was asked");
	put(36, 4, 800);
	cr_assert_eq(d->decode_to_guest(&back, 32, buf, 40), 0);
	cr_assert_eq(back.verdict.status, WS_STATUS_EDGES);
	cr_assert_eq(back.verdict.detail, 2);
	put(24, 2, 0);
	put(4, 4, 28);
	cr_assert_eq(d->decode_to_guest(&back, 32, buf, 28), 0);
	cr_assert_eq(back.verdict.status, WS_STATUS_BINS);
}

Test(wire_wsr1, what_cannot_be_encoded)
{
	say_config();
	cr_assert_eq(d->encode_to_guest(&msg, 3, buf, sizeof(buf)), -ERANGE);
	cr_assert_eq(d->encode_to_host(&msg, 32, buf, sizeof(buf)), -EINVAL);
	msg.config.edge_ns[1] = 0;
	cr_assert_eq(encode(buf, sizeof(buf)), -EINVAL);
	say(WS_MSG_VERDICT);
	cr_assert_eq(d->encode_to_guest(&msg, 32, buf, sizeof(buf)), -EINVAL);
	msg.verdict.status = WS_STATUSES;
	cr_assert_eq(encode(buf, sizeof(buf)), -EINVAL);
	say_report();
	msg.report.pressure = true;
	cr_assert_eq(encode(buf, sizeof(buf)), -EINVAL, "an answer under pressure");
	msg.id = 0;
	cr_assert_eq(encode(buf, sizeof(buf)), 120);
	msg.report.age_ns = 0x100000000 * MS;
	cr_assert_eq(encode(buf, sizeof(buf)), -ERANGE);
	msg.report.error = 1;
	cr_assert_eq(encode(buf, sizeof(buf)), -EINVAL);
	say_report();
	msg.report.bins_count = 1;
	cr_assert_eq(encode(buf, sizeof(buf)), -ERANGE);
	msg.report.bins_count = 33;
	cr_assert_eq(encode(buf, sizeof(buf)), -ERANGE);
}

Test(wire_wsr1, bounds_in_config_space)
{
	static const u8 bytes[12] = { 1, 32, 4, 0, 2, 16, 8, 0, 0xe8, 3, 0, 0 };
	struct ws_wsr1_bounds device = { 1, 32, 4, 0 }, driver = { 2, 16, 8, 1000 }, a, b;

	cr_assert_eq(WS_WSR1_BOUNDS_OFFSET, 16);
	cr_assert_eq(ws_wsr1_bounds_encode(&device, &driver, buf, 12), 12);
	cr_assert_eq(memcmp(buf, bytes, 12), 0);
	cr_assert_eq(ws_wsr1_bounds_encode(&device, &driver, buf, 11), -ENOSPC);
	cr_assert_eq(ws_wsr1_bounds_decode(&a, &b, buf, 12), 0);
	cr_assert_eq(a.bins_max, 32);
	cr_assert_eq(b.version, 2);
	cr_assert_eq(b.nodes_max, 8);
	cr_assert_eq(b.refresh_min_ms, 1000);
	cr_assert_eq(ws_wsr1_bounds_decode(&a, &b, buf, 11), -EMSGSIZE);
}

Test(wire_wsr1, bounds_that_both_ends_keep)
{
	struct ws_wsr1_bounds device = { 1, 32, 4, 0 }, driver = { 2, 16, 8, 1000 }, both;

	cr_assert_eq(ws_wsr1_agree(&device, &driver, &both), 0);
	cr_assert_eq(both.version, 1);
	cr_assert_eq(both.bins_max, 16);
	cr_assert_eq(both.nodes_max, 4);
	cr_assert_eq(both.refresh_min_ms, 1000);
	driver.bins_max = device.bins_max = 200;
	cr_assert_eq(ws_wsr1_agree(&device, &driver, &both), 0);
	cr_assert_eq(both.bins_max, WS_BINS_MAX, "what is built here bounds too");
	driver.nodes_max = device.nodes_max = 200;
	driver.version = device.version = 2;
	cr_assert_eq(ws_wsr1_agree(&device, &driver, &both), 0);
	cr_assert_eq(both.nodes_max, WS_PARTS_MAX);
	cr_assert_eq(both.version, 1);
	driver.bins_max = 1;
	cr_assert_eq(ws_wsr1_agree(&device, &driver, &both), -ERANGE);
	driver.bins_max = 2;
	driver.nodes_max = 0;
	cr_assert_eq(ws_wsr1_agree(&device, &driver, &both), -ERANGE);
	driver.version = 0;
	cr_assert_eq(ws_wsr1_agree(&device, &driver, &both), -ENODATA);
}
