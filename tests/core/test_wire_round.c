/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_wire_round.c - random messages in every dialect: what is encoded decodes to itself,
 * in no more room than it says, and cut or stretched it is refused.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ws_wire_ms.h"
#include "ws_wsr1.h"

#define MS WS_NS_PER_MS
#define ROUNDS 100000u
#define SEED 0x5eed0031ull

static u64 state;
static struct ws_msg msg, back;

static u64 draw(u64 below)
{
	u64 z = state += 0x9e3779b97f4a7c15ull;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return (z ^ z >> 31) % below;
}

/* Any number that the dialect's narrowest field has room for, mostly small. */
static u64 draw_ms(void)
{
	return draw(draw(4) ? 100000 : 0xfffffffe);
}

static u32 draw_edges(u64 *edge_ns, u32 edges_count)
{
	u64 edge_ms = 0;

	for (u32 i = 0; i < edges_count; i++)
		edge_ns[i] = (edge_ms += 1 + draw(draw(4) ? 1000 : 0x7ffffff)) * MS;
	return edges_count;
}

static void make_config(const struct ws_dialect *d, u32 edges_count)
{
	msg.kind = draw(3) ? WS_MSG_CONFIG : WS_MSG_REQUEST;
	msg.id = d->numbered ? 1 + (u32)draw(0xffffffff) : 0;
	/* Of these dialects a configuration has no node, whatever a report has. */
	msg.node = d->bins_max == WS_BINS_MAX ? (u16)draw(0x10000) : WS_NODE_ANY;
	if (msg.kind == WS_MSG_REQUEST)
		return;
	msg.config.edges_count = draw_edges(msg.config.edge_ns, edges_count);
	msg.config.refresh_interval_ns = draw_ms() * MS;
	msg.config.report_threshold_ns = draw_ms() * MS;
}

static void add_numbers(void)
{
	struct ws_msg_report *report = &msg.report;
	u32 parts = (u32)draw(WS_PARTS_MAX + 1);

	msg.id = draw(2) ? 1 + (u32)draw(0xffffffff) : 0;
	report->pressure = !msg.id && draw(2);
	report->more = draw(2);
	report->stale = draw(2);
	report->sequence = draw(~0ull);
	report->made_ns = draw(1ull << 40) * MS;
	report->age_ns = draw_ms() * MS;
	report->config_id = (u32)draw(1ull << 32);
	if (parts < 2)
		return;
	report->parts_count = parts;
	report->stale = false;
	for (u32 bin = 0; bin < report->bins_count; bin++)
		report->bin[bin].anon_bytes = report->bin[bin].file_bytes = 0;
	for (u32 i = 0; i < parts; i++) {
		struct ws_msg_part *part = &report->part[i];

		part->node = (u16)draw(0x10000);
		part->stale = draw(2);
		report->stale |= part->stale;
		for (u32 bin = 0; bin < report->bins_count; bin++) {
			part->bytes[WS_ANON][bin] = draw(1ull << 60);
			part->bytes[WS_FILE][bin] = draw(1ull << 60);
			report->bin[bin].anon_bytes += part->bytes[WS_ANON][bin];
			report->bin[bin].file_bytes += part->bytes[WS_FILE][bin];
		}
	}
	msg.node = WS_NODE_ANY;
}

static void make_report(const struct ws_dialect *d, u32 bins)
{
	static struct ws_hist hist;
	u64 edge_ns[WS_EDGES_MAX];

	cr_assert_eq(ws_hist_init(&hist, edge_ns, draw_edges(edge_ns, bins - 1)), 0);
	for (u32 bin = 0; bin < bins; bin++) {
		hist.pages[WS_ANON][bin] = draw(1ull << (draw(4) ? 20 : 50));
		hist.pages[WS_FILE][bin] = draw(1ull << (draw(4) ? 20 : 50));
	}
	ws_msg_from_hist(&msg, &hist, d->carries_node ? (u16)draw(0x10000) : WS_NODE_ANY);
	if (d->numbered)
		add_numbers();
}

static void make_verdict(void)
{
	msg.kind = WS_MSG_VERDICT;
	msg.id = 1 + (u32)draw(0xffffffff);
	msg.node = (u16)draw(0x10000);
	msg.verdict.status = (enum ws_status)draw(WS_STATUSES);
	msg.verdict.detail = (u32)draw(1ull << 32);
	msg.verdict.config_id = (u32)draw(1ull << 32);
}

static int decode(const struct ws_dialect *d, bool to_host, u32 bins, const u8 *buf, u32 len)
{
	/* Of its own size, so that a sanitizer sees a byte read too far. */
	u8 *copy = malloc(len ? len : 1);
	int error;

	memcpy(copy, buf, len);
	error = to_host ? d->decode_to_host(&back, bins, copy, len) :
			  d->decode_to_guest(&back, bins, copy, len);
	free(copy);
	return error;
}

static void round_trip(const struct ws_dialect *d, u32 round)
{
	static u8 buf[WS_WIRE_TO_HOST_MAX + 8];
	u32 bins = d->bins_min + (u32)draw(d->bins_max - d->bins_min + 1u), what = (u32)draw(8);
	u32 used = d->numbered || d->bins_min == d->bins_max ? 2 + (u32)draw(bins - 1) : bins;
	bool to_host = what < 5;
	int len, error;
	u32 other;

	memset(&msg, 0, sizeof(msg));
	if (what == 0 && d->numbered)
		make_verdict();
	else if (to_host)
		make_report(d, used);
	else
		make_config(d, used - 1);
	memset(buf, 0xee, sizeof(buf));
	len = to_host ? d->encode_to_host(&msg, bins, buf, WS_WIRE_TO_HOST_MAX) :
			d->encode_to_guest(&msg, bins, buf, WS_WIRE_TO_GUEST_MAX);
	cr_assert_gt(len, 0, "%s, seed %llx, round %u: %d", d->name, SEED, round, len);
	for (u32 i = 0; i < 8; i++)
		cr_assert_eq(buf[len + i], 0xee, "%s, round %u: written too far", d->name, round);
	error = decode(d, to_host, bins, buf, (u32)len);
	cr_assert_eq(error, 0, "%s, seed %llx, round %u: %d", d->name, SEED, round, error);
	if (back.kind == WS_MSG_REPORT && back.report.parts_count)
		back.node = WS_NODE_ANY;
	cr_assert_eq(memcmp(&back, &msg, sizeof(msg)), 0, "%s, seed %llx, round %u", d->name, SEED,
		     round);
	other = (u32)draw((u32)len + 8);
	if (to_host && other != (u32)len)
		cr_assert_lt(decode(d, true, bins, buf, other), 0, "%s, round %u: %u for %d bytes",
			     d->name, round, other, len);
}

Test(wire_round, what_is_encoded_decodes_to_itself_in_every_dialect)
{
	for (u32 i = 0; ws_dialects[i]; i++) {
		state = SEED + i;
		for (u32 round = 0; round < ROUNDS; round++)
			round_trip(ws_dialects[i], round);
	}
}

Test(wire_round, whole_milliseconds_are_the_quotient)
{
	state = SEED;
	for (u32 round = 0; round < 10 * ROUNDS; round++) {
		u64 ms = draw(~0ull / MS), ns = ~draw(~0ull) >> draw(64);

		cr_assert_eq(ws_wire_whole_ms(ns), ns / MS, "%llu", ns);
		cr_assert_eq(ws_wire_whole_ms(ms * MS), ms);
		cr_assert_eq(ws_wire_whole_ms(ms * MS + MS - 1), ms);
	}
	cr_assert_eq(ws_wire_whole_ms(~0ull), ~0ull / MS);
}
