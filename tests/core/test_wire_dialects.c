/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_wire_dialects.c - RFC v1 and crosvm as their sources lay them out, byte for byte,
 * and what all dialects have in common.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ws_wire.h"

#define MS WS_NS_PER_MS

static struct ws_msg msg, back;
static u8 buf[WS_WIRE_TO_HOST_MAX];

/* The posted example: 200, 800, 3000 ms; refresh 750 ms, threshold 1 s. */
static const struct ws_report_config posted = {
	.edge_ns = { 200 * MS, 800 * MS, 3000 * MS }, .edges_count = 3,
	.refresh_interval_ns = 750 * MS, .report_threshold_ns = 1000 * MS,
};

static void say_config(void)
{
	memset(&msg, 0, sizeof(msg));
	msg.kind = WS_MSG_CONFIG;
	msg.node = WS_NODE_ANY;
	msg.config = posted;
}

static void say_report(void)
{
	static struct ws_hist hist;

	ws_hist_init(&hist, posted.edge_ns, 3);
	hist.pages[WS_ANON][0] = 0x10;
	hist.pages[WS_FILE][0] = 0x20;
	hist.pages[WS_ANON][1] = 0x1234;
	hist.pages[WS_FILE][3] = 0x123456789a;
	ws_msg_from_hist(&msg, &hist, WS_NODE_ANY);
}

/* Encodes to exactly @bytes, in a buffer of just that size, and decodes to itself. */
static void both_ways(const struct ws_dialect *d, u32 bins, const u8 *bytes, u32 len)
{
	bool to_host = msg.kind == WS_MSG_REPORT;
	u8 *exact = malloc(len);

	memset(exact, 0xee, len);
	cr_assert_eq(to_host ? d->encode_to_host(&msg, bins, exact, len) :
			       d->encode_to_guest(&msg, bins, exact, len), (int)len, "%s", d->name);
	for (u32 i = 0; i < len; i++)
		cr_assert_eq(exact[i], bytes[i], "%s: byte %u is %02x, not %02x", d->name, i,
			     exact[i], bytes[i]);
	cr_assert_eq(to_host ? d->decode_to_host(&back, bins, exact, len) :
			       d->decode_to_guest(&back, bins, exact, len), 0, "%s", d->name);
	cr_assert_eq(memcmp(&back, &msg, sizeof(msg)), 0, "%s", d->name);
	cr_assert_eq(to_host ? d->encode_to_host(&msg, bins, exact, len - 1) :
			       d->encode_to_guest(&msg, bins, exact, len - 1), -ENOSPC);
	free(exact);
}

static const u8 request_bytes[] = { 1, 0 };

static const u8 rfc1_config_bytes[42] = {
	2, 0,
	200, 0, 0, 0, 0, 0, 0, 0,
	0x20, 0x03, 0, 0, 0, 0, 0, 0,
	0xb8, 0x0b, 0, 0, 0, 0, 0, 0,
	0xee, 0x02, 0, 0, 0, 0, 0, 0,
	0xe8, 0x03, 0, 0, 0, 0, 0, 0,
};

static const u8 crosvm_config_bytes[22] = {
	2, 0,
	200, 0, 0, 0,
	0x20, 0x03, 0, 0,
	0xb8, 0x0b, 0, 0,
	0xee, 0x02, 0, 0,
	0xe8, 0x03, 0, 0,
};

/* tag 0, node -1, four reserved bytes, edge, anonymous, file */
static const u8 element_bytes[128] = {
	0, 0, 0xff, 0xff, 0, 0, 0, 0,  200, 0, 0, 0, 0, 0, 0, 0,
	0, 0, 1, 0, 0, 0, 0, 0,        0, 0, 2, 0, 0, 0, 0, 0,
	0, 0, 0xff, 0xff, 0, 0, 0, 0,  0x20, 0x03, 0, 0, 0, 0, 0, 0,
	0, 0x40, 0x23, 0x01, 0, 0, 0, 0,  0, 0, 0, 0, 0, 0, 0, 0,
	0, 0, 0xff, 0xff, 0, 0, 0, 0,  0xb8, 0x0b, 0, 0, 0, 0, 0, 0,
	0, 0, 0, 0, 0, 0, 0, 0,        0, 0, 0, 0, 0, 0, 0, 0,
	0, 0, 0xff, 0xff, 0, 0, 0, 0,  0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0,
	0, 0, 0, 0, 0, 0, 0, 0,        0, 0xa0, 0x89, 0x67, 0x45, 0x23, 0x01, 0,
};

Test(wire_dialects, rfc1_byte_for_byte)
{
	say_config();
	both_ways(&ws_dialect_rfc1, 4, rfc1_config_bytes, sizeof(rfc1_config_bytes));
	say_report();
	both_ways(&ws_dialect_rfc1, 4, element_bytes, sizeof(element_bytes));
	memset(&msg, 0, sizeof(msg));
	msg.kind = WS_MSG_REQUEST;
	msg.node = WS_NODE_ANY;
	both_ways(&ws_dialect_rfc1, 4, request_bytes, 2);
}

Test(wire_dialects, crosvm_byte_for_byte)
{
	say_config();
	both_ways(&ws_dialect_crosvm, 4, crosvm_config_bytes, sizeof(crosvm_config_bytes));
	say_report();
	both_ways(&ws_dialect_crosvm, 4, element_bytes, sizeof(element_bytes));
	memset(&msg, 0, sizeof(msg));
	msg.kind = WS_MSG_REQUEST;
	msg.node = WS_NODE_ANY;
	both_ways(&ws_dialect_crosvm, 4, request_bytes, 2);
}

/* The layouts' sizes for all numbers of bins, from the reference's formulas. */
Test(wire_dialects, lengths_by_number_of_bins)
{
	for (u32 bins = 2; bins <= 16; bins++) {
		static struct ws_hist hist;

		say_config();
		msg.config.edges_count = bins - 1;
		for (u32 i = 0; i < bins - 1; i++)
			msg.config.edge_ns[i] = (i + 1) * MS;
		ws_hist_init(&hist, msg.config.edge_ns, bins - 1);
		cr_assert_eq(ws_dialect_crosvm.encode_to_guest(&msg, bins, buf, sizeof(buf)),
			     (int)(2 + 4 * (bins - 1) + 8));
		cr_assert_eq(ws_dialect_rfc1.encode_to_guest(&msg, bins, buf, sizeof(buf)),
			     (int)(2 + 8 * (bins + 1)));
		ws_msg_from_hist(&msg, &hist, 0);
		cr_assert_eq(ws_dialect_crosvm.encode_to_host(&msg, bins, buf, sizeof(buf)),
			     (int)(32 * bins));
		cr_assert_eq(ws_dialect_rfc1.encode_to_host(&msg, bins, buf, sizeof(buf)),
			     (int)(32 * bins));
	}
	cr_assert_eq(ws_dialect_rfc1.bins_min, 4);
	cr_assert_eq(ws_dialect_crosvm.bins_min, 2);
	cr_assert_eq(ws_dialect_crosvm.bins_max, 16);
	cr_assert_eq(ws_dialect_crosvm.feature_bit, 8);
	cr_assert_eq(ws_dialect_rfc1.feature_bit, 6);
}

Test(wire_dialects, crosvm_does_not_understand_the_others_lengths)
{
	cr_assert_eq(ws_dialect_crosvm.decode_to_guest(&back, 4, rfc1_config_bytes, 42), -EMSGSIZE);
	cr_assert_eq(ws_dialect_rfc2.decode_to_guest(&back, 4, crosvm_config_bytes, 22), -EMSGSIZE);
	cr_assert_eq(ws_dialect_rfc1.decode_to_guest(&back, 4, crosvm_config_bytes, 22), -EMSGSIZE);
}

Test(wire_dialects, crosvm_intervals_have_32_bits)
{
	say_config();
	msg.config.edge_ns[2] = 0xffffffffull * MS;
	cr_assert_eq(ws_dialect_crosvm.encode_to_guest(&msg, 4, buf, sizeof(buf)), 22);
	cr_assert_eq(ws_dialect_crosvm.decode_to_guest(&back, 4, buf, 22), 0);
	cr_assert_eq(back.config.edge_ns[2], 0xffffffffull * MS);
	msg.config.edge_ns[2] = 0x100000000ull * MS;
	cr_assert_eq(ws_dialect_crosvm.encode_to_guest(&msg, 4, buf, sizeof(buf)), -ERANGE);
	cr_assert_eq(ws_dialect_rfc1.encode_to_guest(&msg, 4, buf, sizeof(buf)), 42);
	say_config();
	msg.config.refresh_interval_ns = 0x100000000ull * MS;
	cr_assert_eq(ws_dialect_crosvm.encode_to_guest(&msg, 4, buf, sizeof(buf)), -ERANGE);
}

Test(wire_dialects, operations_that_nobody_sends)
{
	const struct ws_dialect *dialects[] = { &ws_dialect_crosvm, &ws_dialect_rfc1 };

	for (u32 i = 0; i < 2; i++)
		for (u32 op = 0; op < 5; op++) {
			u8 two[2] = { (u8)op, 0 };
			int error = dialects[i]->decode_to_guest(&back, 4, two, 2);

			cr_assert_eq(error, op == 1 ? 0 : op == 2 ? -EMSGSIZE : -EPROTO,
				     "operation %u: %d", op, error);
		}
}

Test(wire_dialects, elements_that_were_never_set)
{
	for (u32 i = 0; i < 4; i++) {
		u8 *at = buf + 32 * i;

		memset(at, 0, 16);
		memset(at + 2, 0xff, 2);
		memset(at + 16, 0xff, 16);
	}
	cr_assert_eq(ws_dialect_rfc1.decode_to_host(&back, 4, buf, 128), -ENODATA);
	cr_assert_eq(ws_dialect_crosvm.decode_to_host(&back, 4, buf, 128), -ENODATA);
	cr_assert_eq(ws_dialect_rfc2.decode_to_host(&back, 4, buf, 128), -EPROTO, "tag -1 there");
	memcpy(buf, element_bytes, 32);
	cr_assert_eq(ws_dialect_rfc1.decode_to_host(&back, 4, buf, 128), -EPROTO, "some unset");
	memcpy(buf, element_bytes, 128);
	buf[0] = buf[1] = 0xff;
	cr_assert_eq(ws_dialect_rfc1.decode_to_host(&back, 4, buf, 128), -EPROTO, "v2's tag");
}

Test(wire_dialects, nodes_that_are_not_looked_at)
{
	memcpy(buf, element_bytes, 128);
	buf[2] = buf[3] = 0;
	cr_assert_eq(ws_dialect_rfc1.decode_to_host(&back, 4, buf, 128), 0);
	cr_assert_eq(back.node, WS_NODE_ANY);
	cr_assert_eq(ws_dialect_crosvm.decode_to_host(&back, 4, buf, 128), 0);
	cr_assert_eq(ws_dialect_rfc2.decode_to_host(&back, 4, buf, 128), -EPROTO, "two nodes");
	say_report();
	msg.node = 3;
	cr_assert_eq(ws_dialect_crosvm.encode_to_host(&msg, 4, buf, sizeof(buf)), 128);
	cr_assert_eq(memcmp(buf, element_bytes, 128), 0);
}
