/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fuzz_wire.c - any bytes into every decoder; what decodes must encode again.
 *
 * The first two bytes choose the number of bins and how much of the rest counts.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ws_wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool good)
{
	if (!good)
		abort();
}

/* Decoded, encoded, decoded: the same message. */
static void again(const struct ws_dialect *dialect, u32 bins, const struct ws_msg *msg, bool to_host)
{
	static u8 buf[WS_WIRE_TO_HOST_MAX];
	static struct ws_msg back;
	int length = to_host ? dialect->encode_to_host(msg, bins, buf, sizeof(buf)) :
			       dialect->encode_to_guest(msg, bins, buf, sizeof(buf));

	check(length > 0 && length <= (to_host ? WS_WIRE_TO_HOST_MAX : WS_WIRE_TO_GUEST_MAX));
	check(!(to_host ? dialect->decode_to_host(&back, bins, buf, (u32)length) :
			  dialect->decode_to_guest(&back, bins, buf, (u32)length)));
	check(back.kind == msg->kind && back.id == msg->id);
	if (msg->kind == WS_MSG_VERDICT)
		check(back.verdict.status == msg->verdict.status &&
		      back.verdict.detail == msg->verdict.detail &&
		      back.verdict.config_id == msg->verdict.config_id);
	if (msg->kind == WS_MSG_REPORT)
		check(back.report.error == msg->report.error && back.report.stale == msg->report.stale &&
		      back.report.sequence == msg->report.sequence &&
		      back.report.made_ns == msg->report.made_ns &&
		      back.report.age_ns == msg->report.age_ns);
	if (msg->kind == WS_MSG_CONFIG)
		check(!memcmp(&back.config, &msg->config, sizeof(back.config)));
	if (msg->kind == WS_MSG_REPORT && !msg->report.error)
		check(!memcmp(back.report.bin, msg->report.bin,
			      msg->report.bins_count * sizeof(*msg->report.bin)));
}

static void check_report(const struct ws_dialect *d, u32 bins, const struct ws_msg *msg)
{
	const struct ws_msg_report *report = &msg->report;

	check(report->error <= 0 && report->parts_count <= d->nodes_max);
	check(report->error || (report->bins_count >= 2 && report->bins_count <= WS_BINS_MAX));
	check(!d->numbered || report->bins_count <= bins);
	for (u32 bin = 0; report->parts_count && bin < report->bins_count; bin++) {
		u64 sum = 0;

		for (u32 part = 0; part < report->parts_count; part++)
			sum += report->part[part].bytes[WS_ANON][bin];
		check(sum == report->bin[bin].anon_bytes);
	}
}

static void dialects(u32 choice, const u8 *bytes, u32 len)
{
	static struct ws_msg msg;

	for (u32 i = 0; ws_dialects[i]; i++) {
		const struct ws_dialect *d = ws_dialects[i];
		u32 bins = d->bins_min + choice % (d->bins_max - d->bins_min + 1u);

		if (!d->decode_to_guest(&msg, bins, bytes, len)) {
			bool verdict = msg.kind == WS_MSG_VERDICT;

			check(verdict ? d->numbered && msg.verdict.status : msg.kind != WS_MSG_REPORT);
			again(d, bins, &msg, verdict);
		}
		if (!d->decode_to_host(&msg, bins, bytes, len)) {
			if (msg.kind == WS_MSG_REPORT)
				check_report(d, bins, &msg);
			else
				check(d->numbered && msg.kind == WS_MSG_VERDICT);
			again(d, bins, &msg, true);
		}
	}
}

static void base(const u8 *bytes, u32 len)
{
	static u32 pfn[WS_PFNS_MAX];
	static u8 buf[WS_PFNS_MAX * 4];
	struct ws_stats stats, back;
	struct ws_balloon_config config;
	u32 id;
	int count = ws_wire_pfns_decode(pfn, WS_PFNS_MAX, bytes, len);

	if (count >= 0) {
		check(count > 0 && count <= WS_PFNS_MAX);
		check(ws_wire_pfns_encode(pfn, (u32)count, buf, sizeof(buf)) == (int)len);
		check(!memcmp(buf, bytes, len));
	}
	if (!ws_wire_stats_decode(&stats, bytes, len)) {
		count = ws_wire_stats_encode(&stats, buf, sizeof(buf));
		check(count >= 0 && !ws_wire_stats_decode(&back, buf, (u32)count));
		check(back.present == stats.present);
		check(!memcmp(back.value, stats.value, sizeof(back.value)));
	}
	for (u32 i = 0; ws_dialects[i]; i++)
		check(ws_wire_config_decode(&config, ws_dialects[i], bytes, len) ==
		      (len < 8 ? -EMSGSIZE : 0));
	check(ws_wire_hint_decode(&id, bytes, len) == (len == 4 ? 0 : -EMSGSIZE));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	u8 *copy;
	u32 len;

	if (size < 2 || size > 4096)
		return 0;
	/* Of its exact size, so that a byte read too far is seen. */
	len = (u32)size - 2;
	copy = malloc(len ? len : 1);
	check(copy);
	memcpy(copy, data + 2, len);
	dialects(data[0], copy, len);
	base(copy, len);
	free(copy);
	return 0;
}
