/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_proto_mixed.c - ends that do not speak the same dialect, and ends that change it.
 *
 * Who understands whom is a property of the layouts: RFC v1, RFC v2 and crosvm share
 * request and report, nobody else shares anything.  After features are renegotiated, what
 * was on its way in the old dialect does no harm and the new one works at once.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "ws_proto.h"

#define MS WS_NS_PER_MS
#define DIALECTS 5u

struct letter {
	u8 bytes[WS_WIRE_TO_HOST_MAX];
	int length; /* 0: none in this dialect */
};

/* All that a conversation puts on its way. */
struct mail {
	struct letter config, verdict, request, report;
};

static struct ws_proto_guest guest;
static struct ws_proto_host host;
static struct ws_msg msg;

static void begin(const struct ws_dialect *dialect, u32 bins)
{
	cr_assert_eq(ws_proto_guest_init(&guest, dialect, bins), 0);
	cr_assert_eq(ws_proto_host_init(&host, dialect, bins, 1000 * MS), 0);
}

/* From nothing to an answered request; every message lands in @mail too. */
static void converse(struct mail *mail)
{
	struct ws_report_config config = { .refresh_interval_ns = 5 * MS, .report_threshold_ns = MS,
					   .edges_count = host.bins_count - 1 };
	struct ws_proto_heard heard;
	struct ws_hist hist;

	memset(mail, 0, sizeof(*mail));
	for (u32 i = 0; i < config.edges_count; i++)
		config.edge_ns[i] = (i + 1) * 10 * MS;
	mail->config.length = ws_proto_host_config(&host, &config, 0, mail->config.bytes,
						   sizeof(mail->config.bytes));
	cr_assert_gt(mail->config.length, 0);
	cr_assert_eq(ws_proto_guest_consume(&guest, mail->config.bytes, (u32)mail->config.length, 0),
		     WS_PROTO_CONFIGURE);
	mail->verdict.length = ws_proto_guest_verdict(&guest, WS_STATUS_OK, 0, mail->verdict.bytes,
						      sizeof(mail->verdict.bytes));
	if (mail->verdict.length)
		cr_assert_eq(ws_proto_host_consume(&host, mail->verdict.bytes,
						   (u32)mail->verdict.length, 0, &msg, &heard),
			     WS_PROTO_GOT_ACCEPTED);
	mail->request.length = ws_proto_host_request(&host, 0, mail->request.bytes,
						     sizeof(mail->request.bytes));
	cr_assert_gt(mail->request.length, 0);
	cr_assert_eq(ws_proto_guest_consume(&guest, mail->request.bytes, (u32)mail->request.length, 0),
		     WS_PROTO_REPORT);
	cr_assert_eq(ws_hist_init(&hist, config.edge_ns, config.edges_count), 0);
	ws_hist_add_span(&hist, WS_ANON, 0, 25 * MS, 1000);
	mail->report.length = ws_proto_guest_report(&guest, &hist, 0, mail->report.bytes,
						    sizeof(mail->report.bytes));
	cr_assert_gt(mail->report.length, 0);
	cr_assert_eq(ws_proto_host_consume(&host, mail->report.bytes, (u32)mail->report.length, MS,
					   &msg, &heard), WS_PROTO_GOT_REPORT);
	cr_assert(heard.solicited && heard.edges_match);
}

static bool understood(const struct ws_dialect *by, u32 bins, const struct letter *letter, bool to_host)
{
	return letter->length &&
	       !(to_host ? by->decode_to_host : by->decode_to_guest)(&msg, bins, letter->bytes,
								     (u32)letter->length);
}

static bool is_rfc(const struct ws_dialect *dialect)
{
	return dialect == &ws_dialect_rfc1 || dialect == &ws_dialect_rfc2;
}

static u32 bins_of(const struct ws_dialect *dialect)
{
	return dialect->bins_min > 4 ? dialect->bins_min : 4;
}

Test(proto_mixed, who_understands_whom)
{
	static struct mail mail;

	for (u32 from = 0; from < DIALECTS; from++) {
		begin(ws_dialects[from], bins_of(ws_dialects[from]));
		converse(&mail);
		for (u32 to = 0; to < DIALECTS; to++) {
			const struct ws_dialect *a = ws_dialects[from], *b = ws_dialects[to];
			bool rfc = is_rfc(a) && is_rfc(b), same = a == b;
			bool family = (is_rfc(a) || a == &ws_dialect_crosvm) &&
				      (is_rfc(b) || b == &ws_dialect_crosvm);
			u32 bins = bins_of(b);

			cr_assert_eq(understood(b, bins, &mail.config, false), same || rfc);
			cr_assert_eq(understood(b, bins, &mail.request, false), same || family);
			cr_assert_eq(understood(b, bins, &mail.report, true), same || family);
			cr_assert_eq(understood(b, bins, &mail.verdict, true), same && a->numbered);
		}
	}
}

/* What is on its way when the ends are set up anew must be harmless. */
static void hear_the_old(const struct mail *old)
{
	const struct letter *down[] = { &old->config, &old->request };
	const struct letter *up[] = { &old->verdict, &old->report };
	struct ws_proto_heard heard;

	for (u32 i = 0; i < 2; i++) {
		int action = ws_proto_guest_consume(&guest, down[i]->bytes, (u32)down[i]->length, 0);
		int got = ws_proto_host_consume(&host, up[i]->bytes, (u32)up[i]->length, 0, &msg,
						&heard);

		cr_assert(action < 0 || action == WS_PROTO_CONFIGURE || action == WS_PROTO_REPORT);
		cr_assert_lt(got, 0, "a host that has sent nothing takes nothing");
	}
	cr_assert(!host.configured && !host.expecting && !host.solicited_count);
}

Test(proto_mixed, after_renegotiation_the_new_dialect_works_whatever_was_on_its_way)
{
	static struct mail old, mail;

	for (u32 from = 0; from < DIALECTS; from++) {
		for (u32 to = 0; to < DIALECTS; to++) {
			const struct ws_dialect *a = ws_dialects[from], *b = ws_dialects[to];

			for (u32 bins = b->bins_min; bins <= b->bins_max; bins++) {
				begin(a, bins_of(a));
				converse(&old);
				begin(b, bins);
				/* Numbered dialects number anew: their queues must have been emptied. */
				if (a != b || !a->numbered)
					hear_the_old(&old);
				converse(&mail);
				ws_proto_guest_reset(&guest);
				ws_proto_host_reset(&host);
				converse(&mail);
			}
		}
	}
}

Test(proto_mixed, numbers_of_bins_that_a_dialect_does_not_have)
{
	for (u32 i = 0; i < DIALECTS; i++) {
		const struct ws_dialect *dialect = ws_dialects[i];

		cr_assert_eq(ws_proto_guest_init(&guest, dialect, dialect->bins_min - 1u), -ERANGE);
		cr_assert_eq(ws_proto_guest_init(&guest, dialect, dialect->bins_max + 1u), -ERANGE);
		cr_assert_eq(ws_proto_host_init(&host, dialect, dialect->bins_min - 1u, 0), -ERANGE);
		cr_assert_eq(ws_proto_host_init(&host, dialect, dialect->bins_max + 1u, 0), -ERANGE);
	}
}
