/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * proto_pair.h - both ends of the protocol in one process, and what each puts on its way,
 * to be delivered, lost or delivered twice by the test.  Each test is a process of its own,
 * so that one pair is enough.
 */
#ifndef PROTO_PAIR_H
#define PROTO_PAIR_H

#include <criterion/criterion.h>

#include "ws_proto.h"

#define MS WS_NS_PER_MS
#define TIMEOUT_NS (1000 * MS)

/* A message on its way. */
struct letter {
	u8 bytes[WS_WIRE_TO_HOST_MAX];
	int length; /* or the errno with which it was not made */
};

static struct ws_proto_guest guest;
static struct ws_proto_host host;
static struct ws_proto_heard heard;
static struct ws_msg msg;
static struct ws_hist hist;
static struct letter config_sent, verdict_sent;

static const struct ws_report_config config = {
	.edge_ns = { 200 * MS, 800 * MS, 3000 * MS }, .edges_count = 3,
	.refresh_interval_ns = 750 * MS, .report_threshold_ns = 1000 * MS,
};

static inline void pair_start(const struct ws_dialect *dialect, u32 bins)
{
	cr_assert_eq(ws_proto_guest_init(&guest, dialect, bins), 0);
	cr_assert_eq(ws_proto_host_init(&host, dialect, bins, TIMEOUT_NS), 0);
	cr_assert_eq(ws_hist_init(&hist, config.edge_ns, config.edges_count), 0);
}

static inline int guest_hears(const struct letter *letter, u64 now_ns)
{
	cr_assert_gt(letter->length, 0, "nothing to deliver: %d", letter->length);
	return ws_proto_guest_consume(&guest, letter->bytes, (u32)letter->length, now_ns);
}

static inline int host_hears(const struct letter *letter, u64 now_ns)
{
	cr_assert_gt(letter->length, 0, "nothing to deliver: %d", letter->length);
	return ws_proto_host_consume(&host, letter->bytes, (u32)letter->length, now_ns, &msg, &heard);
}

static inline void host_configures(struct letter *to, const struct ws_report_config *what)
{
	to->length = ws_proto_host_config(&host, what, 0, to->bytes, sizeof(to->bytes));
}

static inline void guest_judges(enum ws_status status)
{
	verdict_sent.length = ws_proto_guest_verdict(&guest, status, 3, verdict_sent.bytes,
						     sizeof(verdict_sent.bytes));
}

/* A dialect without verdicts sends none. */
static inline void pair_start_configured(const struct ws_dialect *dialect, u32 bins)
{
	pair_start(dialect, bins);
	host_configures(&config_sent, &config);
	cr_assert_eq(guest_hears(&config_sent, 0), WS_PROTO_CONFIGURE);
	guest_judges(WS_STATUS_OK);
	if (dialect->numbered)
		cr_assert_eq(host_hears(&verdict_sent, 0), WS_PROTO_GOT_ACCEPTED);
}

static inline void host_asks(struct letter *to, u64 now_ns)
{
	to->length = ws_proto_host_request(&host, now_ns, to->bytes, sizeof(to->bytes));
}

static inline void guest_tells(struct letter *to, bool pressure, u64 now_ns)
{
	struct ws_proto_report report = { .pressure = pressure, .made_ns = now_ns,
					  .now_ns = now_ns, .parts_count = 1,
					  .part = { { 0, false, &hist } } };

	to->length = ws_proto_guest_send(&guest, &report, to->bytes, sizeof(to->bytes));
	cr_assert_gt(to->length, 0, "no report: %d", to->length);
}

#endif /* PROTO_PAIR_H */
