/* SPDX-License-Identifier: BSD-2-Clause */
/* test_wire.c - every layout byte for byte, every check provoked. */
#include <criterion/criterion.h>
#include <errno.h>
#include <signal.h>
#include <string.h>

#include "ws_wire.h"

#define MS WS_NS_PER_MS

static struct ws_msg msg, back;
static u8 buf[WS_WIRE_TO_HOST_MAX];

static u64 le(u32 at, u32 bytes)
{
	u64 value = 0;

	while (bytes--)
		value = value << 8 | buf[at + bytes];
	return value;
}

static void put(u32 at, u32 bytes, u64 value)
{
	for (; bytes--; value >>= 8)
		buf[at++] = (u8)value;
}

/* Three edges: 200, 800, 3000 ms; refresh 750 ms, threshold 1 s: the posted example. */
static void example_config(void)
{
	memset(&msg, 0, sizeof(msg));
	msg.kind = WS_MSG_CONFIG;
	msg.node = 1;
	msg.config = (struct ws_report_config){
		.edge_ns = { 200 * MS, 800 * MS, 3000 * MS }, .edges_count = 3,
		.refresh_interval_ns = 750 * MS, .report_threshold_ns = 1000 * MS,
	};
}

static void example_report(void)
{
	static struct ws_hist hist;

	ws_hist_init(&hist, (u64[]){ 200 * MS, 800 * MS, 3000 * MS }, 3);
	for (u32 i = 0; i < 4; i++) {
		hist.pages[WS_ANON][i] = i + 1;
		hist.pages[WS_FILE][i] = 10 * (i + 1);
	}
	ws_msg_from_hist(&msg, &hist, 1);
}

Test(wire, dialects_are_found_by_name)
{
	u32 count = 0;

	for (; ws_dialects[count]; count++) {
		const struct ws_dialect *dialect = ws_dialects[count];

		cr_assert_eq(ws_dialect_find(dialect->name), dialect);
		cr_assert_leq(dialect->bins_max, WS_BINS_MAX);
		cr_assert_geq(dialect->bins_min, 2);
	}
	cr_assert_geq(count, 2);
	cr_assert_null(ws_dialect_find("rfc"));
	cr_assert_null(ws_dialect_find("rfc22"));
	cr_assert_null(ws_dialect_find(""));
}

Test(wire, a_histogram_becomes_bytes_of_memory)
{
	example_report();
	cr_assert_eq(msg.kind, WS_MSG_REPORT);
	cr_assert_eq(msg.report.bins_count, 4);
	cr_assert_eq(msg.report.bin[0].anon_bytes, 4096);
	cr_assert_eq(msg.report.bin[3].file_bytes, 40 * 4096);
	cr_assert_eq(msg.report.bin[3].idle_age_ns, WS_AGE_INFINITE);
}

Test(wire_rfc2, config_byte_for_byte)
{
	const struct ws_dialect *d = &ws_dialect_rfc2;

	example_config();
	cr_assert_eq(d->encode_to_guest(&msg, 4, buf, sizeof(buf)), 42);
	cr_assert_eq(le(0, 2), 2);
	cr_assert_eq(le(2, 8), 200);
	cr_assert_eq(le(10, 8), 800);
	cr_assert_eq(le(18, 8), 3000);
	cr_assert_eq(le(26, 8), 750);
	cr_assert_eq(le(34, 8), 1000);
	cr_assert_eq(d->decode_to_guest(&back, 4, buf, 42), 0);
	cr_assert_eq(back.kind, WS_MSG_CONFIG);
	cr_assert_eq(back.node, WS_NODE_ANY, "a configuration of this dialect names no node");
	cr_assert_eq(memcmp(&back.config, &msg.config, sizeof(msg.config)), 0);
}

Test(wire_rfc2, request_byte_for_byte)
{
	const struct ws_dialect *d = &ws_dialect_rfc2;

	msg.kind = WS_MSG_REQUEST;
	cr_assert_eq(d->encode_to_guest(&msg, 4, buf, 2), 2);
	cr_assert_eq(le(0, 2), 1);
	cr_assert_eq(d->decode_to_guest(&back, 4, buf, 2), 0);
	cr_assert_eq(back.kind, WS_MSG_REQUEST);
	memset(buf + 2, 0xee, 40);
	cr_assert_eq(d->decode_to_guest(&back, 4, buf, 42), 0, "in a buffer of full size, too");
	cr_assert_eq(back.kind, WS_MSG_REQUEST);
}

Test(wire_rfc2, report_byte_for_byte)
{
	const struct ws_dialect *d = &ws_dialect_rfc2;

	example_report();
	memset(buf, 0xee, sizeof(buf));
	cr_assert_eq(d->encode_to_host(&msg, 4, buf, sizeof(buf)), 128);
	for (u32 i = 0; i < 4; i++) {
		cr_assert_eq(le(32 * i, 2), 0);
		cr_assert_eq(le(32 * i + 2, 2), 1);
		cr_assert_eq(le(32 * i + 4, 4), 0);
		cr_assert_eq(le(32 * i + 16, 8), 4096 * (i + 1));
		cr_assert_eq(le(32 * i + 24, 8), 40960 * (i + 1));
	}
	cr_assert_eq(le(8, 8), 200);
	cr_assert_eq(le(40, 8), 800);
	cr_assert_eq(le(72, 8), 3000);
	cr_assert_eq(le(104, 8), 4294967295);
	cr_assert_eq(buf[128], 0xee, "nothing is written behind");
	cr_assert_eq(d->decode_to_host(&back, 4, buf, 128), 0);
	cr_assert_eq(memcmp(&back, &msg, sizeof(msg)), 0);
	put(104, 8, 4294967292);
	cr_assert_eq(d->decode_to_host(&back, 4, buf, 128), 0, "as a guest with HZ 250 says it");
	cr_assert_eq(back.report.bin[3].idle_age_ns, WS_AGE_INFINITE);
}

Test(wire_rfc2, what_cannot_be_encoded)
{
	const struct ws_dialect *d = &ws_dialect_rfc2;

	example_config();
	cr_assert_eq(d->encode_to_guest(&msg, 5, buf, sizeof(buf)), -ERANGE, "bins are fixed");
	cr_assert_eq(d->encode_to_guest(&msg, 4, buf, 41), -ENOSPC);
	cr_assert_eq(d->encode_to_host(&msg, 4, buf, sizeof(buf)), -EINVAL);
	msg.config.edge_ns[1] = 200 * MS + 1;
	cr_assert_eq(d->encode_to_guest(&msg, 4, buf, sizeof(buf)), -ERANGE, "one millisecond");
	msg.config.edge_ns[1] = 100;
	cr_assert_eq(d->encode_to_guest(&msg, 4, buf, sizeof(buf)), -EINVAL);
	msg.config.edge_ns[0] = 50;
	cr_assert_eq(d->encode_to_guest(&msg, 4, buf, sizeof(buf)), -ERANGE, "0 ms");
	example_config();
	msg.config.refresh_interval_ns = 999;
	cr_assert_eq(d->encode_to_guest(&msg, 4, buf, sizeof(buf)), -ERANGE);
	msg.config.refresh_interval_ns = 0;
	msg.config.report_threshold_ns = 1;
	cr_assert_eq(d->encode_to_guest(&msg, 4, buf, sizeof(buf)), -ERANGE);
	msg.kind = WS_MSG_REQUEST;
	cr_assert_eq(d->encode_to_guest(&msg, 4, buf, 1), -ENOSPC);
	example_report();
	cr_assert_eq(d->encode_to_guest(&msg, 4, buf, sizeof(buf)), -EINVAL);
	cr_assert_eq(d->encode_to_host(&msg, 4, buf, 127), -ENOSPC);
	cr_assert_eq(d->encode_to_host(&msg, 3, buf, sizeof(buf)), -ERANGE);
	msg.report.bin[1].idle_age_ns = 1;
	cr_assert_eq(d->encode_to_host(&msg, 4, buf, sizeof(buf)), -EINVAL);
	msg.report.error = -EAGAIN;
	cr_assert_eq(d->encode_to_host(&msg, 4, buf, sizeof(buf)), -EINVAL, "no place for errors");
}

Test(wire_rfc2, what_a_guest_refuses)
{
	const struct ws_dialect *d = &ws_dialect_rfc2;

	example_config();
	d->encode_to_guest(&msg, 4, buf, sizeof(buf));
	for (u32 len = 0; len < 60; len++)
		if (len != 42)
			cr_assert_eq(d->decode_to_guest(&back, 4, buf, len), -EMSGSIZE, "%u", len);
	put(0, 2, 3);
	cr_assert_eq(d->decode_to_guest(&back, 4, buf, 42), -EPROTO);
	put(0, 2, 2);
	put(10, 8, 200);
	cr_assert_eq(d->decode_to_guest(&back, 4, buf, 42), -EPROTO, "edges do not ascend");
	put(10, 8, ~0ull / MS + 1);
	cr_assert_eq(d->decode_to_guest(&back, 4, buf, 42), -ERANGE);
	put(10, 8, 800);
	put(2, 8, 0);
	cr_assert_eq(d->decode_to_guest(&back, 4, buf, 42), -EPROTO);
	put(2, 8, 200);
	put(26, 8, ~0ull);
	cr_assert_eq(d->decode_to_guest(&back, 4, buf, 42), -ERANGE);
	put(26, 8, 0);
	put(34, 8, ~0ull);
	cr_assert_eq(d->decode_to_guest(&back, 4, buf, 42), -ERANGE);
}

Test(wire_rfc2, what_a_host_refuses)
{
	const struct ws_dialect *d = &ws_dialect_rfc2;
	static const struct {
		u32 at, bytes;
		u64 value;
		int error;
	} bad[] = {
		{ 0, 2, 2, -EPROTO },	      /* tag */
		{ 32, 2, 0xffff, -EPROTO },   /* unset among others */
		{ 34, 2, 2, -EPROTO },	      /* another node */
		{ 40, 8, 200, -EPROTO },      /* edges do not ascend */
		{ 8, 8, 0, -EPROTO },	      /* first edge 0 */
		{ 40, 8, ~0ull, -ERANGE },    /* edge out of range */
		{ 16, 8, ~0ull, -EPROTO },    /* size unset */
		{ 120, 8, ~0ull, -EPROTO },
	};

	example_report();
	for (u32 i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		d->encode_to_host(&msg, 4, buf, sizeof(buf));
		put(bad[i].at, bad[i].bytes, bad[i].value);
		cr_assert_eq(d->decode_to_host(&back, 4, buf, 128), bad[i].error, "case %u", i);
	}
	for (u32 len = 0; len < 200; len++)
		if (len != 128)
			cr_assert_eq(d->decode_to_host(&back, 4, buf, len), -EMSGSIZE);
	memset(buf, 0xff, 128);
	cr_assert_eq(d->decode_to_host(&back, 4, buf, 128), -ENODATA, "all unset");
}

Test(wire_v4, config_byte_for_byte)
{
	const struct ws_dialect *d = &ws_dialect_v4;

	example_config();
	cr_assert_eq(d->encode_to_guest(&msg, 32, buf, sizeof(buf)), 140);
	cr_assert_eq(le(0, 2), 2);
	cr_assert_eq(le(2, 2), 1);
	cr_assert_eq(le(4, 4), 1000);
	cr_assert_eq(le(8, 4), 750);
	cr_assert_eq(le(12, 4), 200);
	cr_assert_eq(le(16, 4), 800);
	cr_assert_eq(le(20, 4), 3000);
	for (u32 at = 24; at < 140; at += 4)
		cr_assert_eq(le(at, 4), 0xffffffff);
	cr_assert_eq(d->decode_to_guest(&back, 32, buf, 140), 0);
	cr_assert_eq(memcmp(&back, &msg, sizeof(msg)), 0);
}

Test(wire_v4, request_byte_for_byte)
{
	const struct ws_dialect *d = &ws_dialect_v4;

	memset(&msg, 0, sizeof(msg));
	msg.kind = WS_MSG_REQUEST;
	msg.node = 3;
	cr_assert_eq(d->encode_to_guest(&msg, 32, buf, sizeof(buf)), 140);
	cr_assert_eq(le(0, 2), 1);
	cr_assert_eq(le(2, 2), 3);
	cr_assert_eq(d->decode_to_guest(&back, 32, buf, 140), 0);
	cr_assert_eq(memcmp(&back, &msg, sizeof(msg)), 0);
	cr_assert_eq(d->decode_to_guest(&back, 32, buf, 4), 0, "the first four bytes suffice");
}

Test(wire_v4, report_byte_for_byte)
{
	const struct ws_dialect *d = &ws_dialect_v4;

	example_report();
	memset(buf, 0xee, sizeof(buf));
	cr_assert_eq(d->encode_to_host(&msg, 32, buf, sizeof(buf)), 776);
	cr_assert_eq(le(0, 4), 0);
	cr_assert_eq(le(4, 4), 1);
	cr_assert_eq(le(8, 8), 200);
	cr_assert_eq(le(16, 8), 4096);
	cr_assert_eq(le(24, 8), 40960);
	cr_assert_eq(le(32, 8), 800);
	cr_assert_eq(le(80, 8), ~0ull);
	cr_assert_eq(le(88, 8), 4 * 4096);
	for (u32 at = 104; at < 776; at++)
		cr_assert_eq(buf[at], 0);
	cr_assert_eq(buf[776], 0xee);
	cr_assert_eq(d->decode_to_host(&back, 32, buf, 776), 0);
	cr_assert_eq(memcmp(&back, &msg, sizeof(msg)), 0);
}

Test(wire_v4, errors_are_16_bits_of_32)
{
	const struct ws_dialect *d = &ws_dialect_v4;

	memset(&msg, 0, sizeof(msg));
	msg.kind = WS_MSG_REPORT;
	msg.report.error = -EAGAIN;
	cr_assert_eq(d->encode_to_host(&msg, 32, buf, sizeof(buf)), 776);
	cr_assert_eq(le(0, 4), 0xfff5);
	cr_assert_eq(d->decode_to_host(&back, 32, buf, 776), 0);
	cr_assert_eq(back.report.error, -EAGAIN);
	cr_assert_eq(back.report.bins_count, 0);
	put(0, 4, 0xfffffff5);
	cr_assert_eq(d->decode_to_host(&back, 32, buf, 776), 0, "as it should have been");
	cr_assert_eq(back.report.error, -EAGAIN);
	put(0, 4, 0x8000);
	cr_assert_eq(d->decode_to_host(&back, 32, buf, 776), 0);
	cr_assert_eq(back.report.error, -0x8000);
	put(0, 4, 1);
	cr_assert_eq(d->decode_to_host(&back, 32, buf, 776), -EPROTO, "no error is positive");
	put(0, 4, 0x10000);
	cr_assert_eq(d->decode_to_host(&back, 32, buf, 776), -EPROTO);
	put(0, 4, 0xffff7fff);
	cr_assert_eq(d->decode_to_host(&back, 32, buf, 776), -EPROTO);
	msg.report.error = 1;
	cr_assert_eq(d->encode_to_host(&msg, 32, buf, sizeof(buf)), -EINVAL);
	msg.report.error = -0x8001;
	cr_assert_eq(d->encode_to_host(&msg, 32, buf, sizeof(buf)), -EINVAL);
}

Test(wire_v4, the_most_and_the_fewest_edges)
{
	const struct ws_dialect *d = &ws_dialect_v4;

	example_config();
	msg.config.edges_count = WS_EDGES_MAX;
	for (u32 i = 0; i < WS_EDGES_MAX; i++)
		msg.config.edge_ns[i] = (i + 1) * MS;
	cr_assert_eq(d->encode_to_guest(&msg, 32, buf, sizeof(buf)), 140);
	cr_assert_eq(d->decode_to_guest(&back, 32, buf, 140), 0);
	cr_assert_eq(back.config.edges_count, WS_EDGES_MAX);
	put(136, 4, 32);
	cr_assert_eq(d->decode_to_guest(&back, 32, buf, 140), -ERANGE, "no end");
	put(12, 4, 0xffffffff);
	cr_assert_eq(d->decode_to_guest(&back, 32, buf, 140), -ERANGE, "no edge");
	put(12, 4, 2);
	cr_assert_eq(d->decode_to_guest(&back, 32, buf, 140), -ERANGE);
	put(136, 4, 0xffffffff);
	cr_assert_eq(d->decode_to_guest(&back, 32, buf, 140), -EPROTO, "edges do not ascend");
}

Test(wire_v4, what_cannot_be_encoded)
{
	const struct ws_dialect *d = &ws_dialect_v4;

	example_config();
	cr_assert_eq(d->encode_to_guest(&msg, 32, buf, 139), -ENOSPC);
	cr_assert_eq(d->encode_to_host(&msg, 32, buf, sizeof(buf)), -EINVAL);
	msg.config.edge_ns[2] = 0xffffffffull * MS;
	cr_assert_eq(d->encode_to_guest(&msg, 32, buf, sizeof(buf)), -ERANGE, "that is the end");
	msg.config.edge_ns[2] = 0xfffffffeull * MS;
	cr_assert_eq(d->encode_to_guest(&msg, 32, buf, sizeof(buf)), 140);
	msg.config.refresh_interval_ns = 0x100000000ull * MS;
	cr_assert_eq(d->encode_to_guest(&msg, 32, buf, sizeof(buf)), -ERANGE);
	msg.config.refresh_interval_ns = 0;
	msg.config.report_threshold_ns = 0x100000000ull * MS;
	cr_assert_eq(d->encode_to_guest(&msg, 32, buf, sizeof(buf)), -ERANGE);
	msg.config.edge_ns[0] = 0;
	cr_assert_eq(d->encode_to_guest(&msg, 32, buf, sizeof(buf)), -EINVAL);
	example_report();
	cr_assert_eq(d->encode_to_guest(&msg, 32, buf, sizeof(buf)), -EINVAL);
	cr_assert_eq(d->encode_to_host(&msg, 32, buf, 775), -ENOSPC);
	msg.report.bins_count = 1;
	cr_assert_eq(d->encode_to_host(&msg, 32, buf, sizeof(buf)), -ERANGE);
	msg.report.bins_count = 33;
	cr_assert_eq(d->encode_to_host(&msg, 32, buf, sizeof(buf)), -ERANGE);
}

Test(wire_v4, what_is_refused)
{
	const struct ws_dialect *d = &ws_dialect_v4;

	example_config();
	d->encode_to_guest(&msg, 32, buf, sizeof(buf));
	for (u32 len = 0; len < 200; len++)
		if (len != 140)
			cr_assert_eq(d->decode_to_guest(&back, 32, buf, len), -EMSGSIZE, "%u", len);
	put(0, 2, 0);
	cr_assert_eq(d->decode_to_guest(&back, 32, buf, 140), -EPROTO);
	example_report();
	d->encode_to_host(&msg, 32, buf, sizeof(buf));
	for (u32 len = 0; len < 900; len++)
		if (len != 776)
			cr_assert_eq(d->decode_to_host(&back, 32, buf, len), -EMSGSIZE);
	put(4, 4, 0x10000);
	cr_assert_eq(d->decode_to_host(&back, 32, buf, 776), -ERANGE, "node");
	put(4, 4, 0);
	put(32, 8, 200);
	cr_assert_eq(d->decode_to_host(&back, 32, buf, 776), -EPROTO, "edges do not ascend");
	put(32, 8, ~0ull - 1);
	cr_assert_eq(d->decode_to_host(&back, 32, buf, 776), -ERANGE);
	put(8, 8, ~0ull);
	cr_assert_eq(d->decode_to_host(&back, 32, buf, 776), -ERANGE, "one bin is none");
	for (u32 i = 0; i < 32; i++)
		put(8 + 24 * i, 8, i + 1);
	cr_assert_eq(d->decode_to_host(&back, 32, buf, 776), -ERANGE, "no last bin");
}

Test(wire_base, page_frame_numbers)
{
	u32 pfn[WS_PFNS_MAX], got[WS_PFNS_MAX];

	for (u32 i = 0; i < WS_PFNS_MAX; i++)
		pfn[i] = 0x01020304u * (i + 1);
	cr_assert_eq(ws_wire_pfns_encode(pfn, WS_PFNS_MAX, buf, sizeof(buf)), 1024);
	cr_assert_eq(le(0, 4), 0x01020304);
	cr_assert_eq(buf[0], 4);
	cr_assert_eq(ws_wire_pfns_decode(got, WS_PFNS_MAX, buf, 1024), 256);
	cr_assert_eq(memcmp(pfn, got, sizeof(pfn)), 0);
	cr_assert_eq(ws_wire_pfns_encode(pfn, WS_PFNS_MAX, buf, 1023), -ENOSPC);
	cr_assert_eq(ws_wire_pfns_decode(got, 255, buf, 1024), -ENOSPC);
	cr_assert_eq(ws_wire_pfns_decode(got, WS_PFNS_MAX, buf, 0), -EMSGSIZE);
	cr_assert_eq(ws_wire_pfns_decode(got, WS_PFNS_MAX, buf, 6), -EMSGSIZE);
}

Test(wire_base, all_sixteen_statistics)
{
	static struct ws_stats stats, got;

	stats.present = (1u << WS_STATS) - 1;
	for (u32 i = 0; i < WS_STATS; i++)
		stats.value[i] = 0x1122334455667788ull + i;
	cr_assert_eq(ws_wire_stats_encode(&stats, buf, sizeof(buf)), 160);
	cr_assert_eq(le(10, 2), 1);
	cr_assert_eq(le(12, 8), 0x1122334455667789ull);
	cr_assert_eq(ws_wire_stats_decode(&got, buf, 160), 0);
	cr_assert_eq(memcmp(&stats, &got, sizeof(got)), 0);
	cr_assert_eq(ws_wire_stats_encode(&stats, buf, 159), -ENOSPC);
	stats.present = 1u << WS_STAT_AVAIL;
	cr_assert_eq(ws_wire_stats_encode(&stats, buf, 10), 10);
	cr_assert_eq(le(0, 2), 6);
	stats.present = 0;
	cr_assert_eq(ws_wire_stats_encode(&stats, buf, 0), 0);
}

Test(wire_base, unknown_and_repeated_statistics)
{
	static struct ws_stats got;

	put(0, 2, 65534); /* crosvm's shared memory */
	put(2, 8, 1);
	put(10, 2, WS_STAT_MEMFREE);
	put(12, 8, 2);
	put(20, 2, WS_STAT_MEMFREE);
	put(22, 8, 3);
	put(30, 2, WS_STATS);
	put(32, 8, 4);
	cr_assert_eq(ws_wire_stats_decode(&got, buf, 40), 0);
	cr_assert_eq(got.present, 1u << WS_STAT_MEMFREE);
	cr_assert_eq(got.value[WS_STAT_MEMFREE], 3);
	cr_assert_eq(got.unknown_count, 2);
	cr_assert_eq(ws_wire_stats_decode(&got, buf, 6), -EMSGSIZE, "the text's old size");
	cr_assert_eq(ws_wire_stats_decode(&got, buf, 0), 0);
	cr_assert_eq(got.present, 0);
}

Test(wire_base, config_space)
{
	struct ws_balloon_config config = { 1, 2, 3, 4, 5 }, got;

	cr_assert_eq(ws_wire_config_encode(&config, buf, sizeof(buf)), 20);
	for (u32 i = 0; i < 5; i++)
		cr_assert_eq(le(4 * i, 4), i + 1);
	cr_assert_eq(ws_wire_config_decode(&got, &ws_dialect_rfc2, buf, 20), 0);
	cr_assert_eq(memcmp(&config, &got, sizeof(got)), 0);
	cr_assert_eq(ws_wire_config_decode(&got, &ws_dialect_rfc2, buf, 17), 0);
	cr_assert_eq(got.working_set_bins, 5);
	cr_assert_eq(ws_wire_config_decode(&got, &ws_dialect_rfc2, buf, 16), 0);
	cr_assert_eq(got.working_set_bins, 0);
	cr_assert_eq(got.poison_val, 4);
	cr_assert_eq(ws_wire_config_decode(&got, NULL, buf, 8), 0);
	cr_assert_eq(got.actual, 2);
	cr_assert_eq(got.free_page_hint_cmd_id, 0);
	cr_assert_eq(ws_wire_config_decode(&got, NULL, buf, 7), -EMSGSIZE);
	cr_assert_eq(ws_wire_config_encode(&config, buf, 19), -ENOSPC);
}

/* A byte with padding in RFC v2 and crosvm, four bytes in RFC v1, and none in the others. */
Test(wire_base, number_of_bins_is_as_wide_as_the_dialect_has_it)
{
	static const struct {
		const struct ws_dialect *dialect;
		u32 whole, cut;
	} row[] = {
		{ &ws_dialect_rfc1, 0x0a0b0104, 0 }, { &ws_dialect_rfc2, 4, 4 },
		{ &ws_dialect_crosvm, 4, 4 },	     { &ws_dialect_v4, 0, 0 },
		{ &ws_dialect_wsr1, 0, 0 },	     { NULL, 0, 0 },
	};
	struct ws_balloon_config config = { 0 }, got;

	cr_assert_eq(ws_wire_config_encode(&config, buf, sizeof(buf)), 20);
	put(16, 4, 0x0a0b0104);
	for (size_t i = 0; i < sizeof(row) / sizeof(*row); i++) {
		cr_assert_eq(ws_wire_config_decode(&got, row[i].dialect, buf, 20), 0);
		cr_assert_eq(got.working_set_bins, row[i].whole, "row %zu", i);
		cr_assert_eq(ws_wire_config_decode(&got, row[i].dialect, buf, 19), 0);
		cr_assert_eq(got.working_set_bins, row[i].cut, "row %zu", i);
	}
}

Test(wire_base, hints)
{
	u32 id;

	cr_assert_eq(ws_wire_hint_encode(0x01020304, buf, 4), 4);
	cr_assert_eq(ws_wire_hint_decode(&id, buf, 4), 0);
	cr_assert_eq(id, 0x01020304);
	cr_assert_eq(ws_wire_hint_encode(1, buf, 3), -ENOSPC);
	cr_assert_eq(ws_wire_hint_decode(&id, buf, 3), -EMSGSIZE);
	cr_assert_eq(ws_wire_hint_decode(&id, buf, 5), -EMSGSIZE);
}
