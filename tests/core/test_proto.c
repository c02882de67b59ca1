/* SPDX-License-Identifier: BSD-2-Clause */
/* test_proto.c - both ends of the protocol: what is said when, and what if not. */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "ws_proto.h"

#define MS WS_NS_PER_MS
#define TIMEOUT_NS (1000 * MS)

static struct ws_proto_guest guest;
static struct ws_proto_host host;
static struct ws_proto_heard heard;
static struct ws_msg msg;
static struct ws_hist hist;
static u8 buf[WS_WIRE_TO_HOST_MAX];
static u32 bins;

static const struct ws_report_config config = {
	.edge_ns = { 200 * MS, 800 * MS, 3000 * MS }, .edges_count = 3,
	.refresh_interval_ns = 750 * MS, .report_threshold_ns = 1000 * MS,
};

static void start(const struct ws_dialect *dialect)
{
	bins = dialect->bins_min > 4 ? dialect->bins_min : 4;
	cr_assert_eq(ws_proto_guest_init(&guest, dialect, bins), 0);
	cr_assert_eq(ws_proto_host_init(&host, dialect, bins, TIMEOUT_NS), 0);
	cr_assert_eq(ws_hist_init(&hist, config.edge_ns, config.edges_count), 0);
	hist.pages[WS_ANON][0] = 11;
}

static int to_guest(int length, u64 now_ns)
{
	cr_assert_gt(length, 0, "nothing to deliver: %d", length);
	return ws_proto_guest_consume(&guest, buf, (u32)length, now_ns);
}

static void configure(void)
{
	cr_assert_eq(to_guest(ws_proto_host_config(&host, &config, 0, buf, sizeof(buf)), 0),
		     WS_PROTO_CONFIGURE);
}

static int to_host(u64 now_ns)
{
	int length = ws_proto_guest_report(&guest, &hist, 0, buf, sizeof(buf));

	cr_assert_gt(length, 0, "no report: %d", length);
	return ws_proto_host_consume(&host, buf, (u32)length, now_ns, &msg, &heard);
}

/* One test for each dialect. */
#define EACH_DIALECT(name)                                                                         \
	static void name##_in(const struct ws_dialect *dialect);                                   \
	Test(proto, name)                                                                          \
	{                                                                                          \
		for (u32 i = 0; ws_dialects[i]; i++)                                               \
			name##_in(ws_dialects[i]);                                                 \
	}                                                                                          \
	static void name##_in(const struct ws_dialect *dialect)

EACH_DIALECT(configures_requests_and_answers)
{
	start(dialect);
	configure();
	cr_assert_eq(guest.msg.config.edges_count, 3);
	cr_assert_eq(guest.msg.config.refresh_interval_ns, 750 * MS);
	cr_assert_eq(to_guest(ws_proto_host_request(&host, 10 * MS, buf, sizeof(buf)), 12 * MS),
		     WS_PROTO_REPORT);
	cr_assert_eq(guest.heard_ns, 12 * MS);
	cr_assert_eq(to_host(15 * MS), 0);
	cr_assert(heard.solicited);
	cr_assert(heard.edges_match);
	cr_assert_eq(heard.waited_ns, 5 * MS);
	cr_assert_eq(msg.report.bin[0].anon_bytes, 11 * 4096);
	cr_assert_eq(host.solicited_count, 1);
	cr_assert_eq(guest.requests_count, 1);
}

EACH_DIALECT(a_pressure_report_is_not_solicited)
{
	start(dialect);
	configure();
	cr_assert_eq(to_host(5 * MS), 0);
	cr_assert_not(heard.solicited);
	cr_assert_eq(heard.waited_ns, 0);
	cr_assert_eq(host.unsolicited_count, 1);
}

EACH_DIALECT(a_pressure_report_that_crosses_a_request_is_taken_for_the_answer)
{
	if (dialect->numbered)
		return; /* it is not: test_proto_wsr1.c */
	start(dialect);
	configure();
	cr_assert_gt(ws_proto_host_request(&host, 0, buf, sizeof(buf)), 0);
	cr_assert_eq(to_host(1 * MS), 0);
	cr_assert(heard.solicited);
	cr_assert_eq(to_host(2 * MS), 0);
	cr_assert_not(heard.solicited, "and the answer is taken for a pressure report");
}

EACH_DIALECT(a_request_before_a_configuration)
{
	start(dialect);
	cr_assert_eq(ws_proto_host_request(&host, 0, buf, sizeof(buf)), -ENODATA);
	configure();
	ws_proto_guest_reset(&guest);
	cr_assert_eq(to_guest(ws_proto_host_request(&host, 0, buf, sizeof(buf)), 0), -ENODATA);
	cr_assert_eq(guest.early_count, 1);
	cr_assert_eq(ws_proto_guest_report(&guest, &hist, 0, buf, sizeof(buf)), -ENODATA);
}

EACH_DIALECT(a_report_after_a_reset_is_dropped)
{
	int length;

	start(dialect);
	configure();
	cr_assert_gt(ws_proto_host_request(&host, 0, buf, sizeof(buf)), 0);
	length = ws_proto_guest_report(&guest, &hist, 0, buf, sizeof(buf));
	ws_proto_host_reset(&host);
	cr_assert_eq(ws_proto_host_consume(&host, buf, (u32)length, 0, &msg, &heard), -ENODATA);
	cr_assert_eq(host.unexpected_count, 1);
	cr_assert_not(host.expecting);
}

EACH_DIALECT(a_report_of_an_older_configuration_is_told_apart)
{
	struct ws_report_config other = config;

	start(dialect);
	configure();
	other.edge_ns[2] = 4000 * MS;
	cr_assert_gt(ws_proto_host_config(&host, &other, 0, buf, sizeof(buf)), 0);
	cr_assert_eq(to_host(0), 0);
	cr_assert_not(heard.edges_match);
	cr_assert_gt(ws_proto_host_config(&host, &config, 0, buf, sizeof(buf)), 0);
	cr_assert_eq(to_host(0), 0);
	cr_assert_eq(heard.edges_match, !dialect->numbered, "the same edges are not the same id");
	configure();
	cr_assert_eq(to_host(0), 0);
	cr_assert(heard.edges_match);
}

EACH_DIALECT(a_second_request_waits_for_the_first)
{
	start(dialect);
	configure();
	cr_assert_gt(ws_proto_host_request(&host, 0, buf, sizeof(buf)), 0);
	cr_assert_eq(ws_proto_host_request(&host, TIMEOUT_NS - 1, buf, sizeof(buf)), -EBUSY);
	cr_assert_gt(ws_proto_host_request(&host, TIMEOUT_NS, buf, sizeof(buf)), 0);
	cr_assert_eq(host.expired_count, 1);
	cr_assert_eq(host.requests_count, 2);
}

EACH_DIALECT(a_guest_that_never_answers_is_given_up_once)
{
	start(dialect);
	configure();
	cr_assert_not(ws_proto_host_expired(&host, 1ull << 60), "nothing was asked");
	cr_assert_gt(ws_proto_host_request(&host, 5, buf, sizeof(buf)), 0);
	cr_assert_not(ws_proto_host_expired(&host, 4 + TIMEOUT_NS));
	cr_assert(ws_proto_host_expired(&host, 5 + TIMEOUT_NS));
	cr_assert_not(ws_proto_host_expired(&host, 6 + TIMEOUT_NS));
}

EACH_DIALECT(damaged_bytes_change_nothing)
{
	start(dialect);
	configure();
	cr_assert_gt(ws_proto_host_request(&host, 0, buf, sizeof(buf)), 0);
	buf[0] = 0x77;
	cr_assert_eq(ws_proto_guest_consume(&guest, buf, 2, 0), dialect->bins_max == 32 ?
		     -EMSGSIZE : -EPROTO);
	cr_assert(guest.configured);
	cr_assert_eq(guest.malformed_count, 1);
	cr_assert_eq(ws_proto_host_consume(&host, buf, 3, 0, &msg, &heard), -EMSGSIZE);
	cr_assert(host.expecting, "the request stays open");
	cr_assert_eq(host.malformed_count, 1);
}

EACH_DIALECT(a_duplicate_report_is_a_pressure_report)
{
	int length;

	if (dialect->numbered)
		return; /* it is none: test_proto_wsr1.c */
	start(dialect);
	configure();
	cr_assert_gt(ws_proto_host_request(&host, 0, buf, sizeof(buf)), 0);
	length = ws_proto_guest_report(&guest, &hist, 0, buf, sizeof(buf));
	cr_assert_eq(ws_proto_host_consume(&host, buf, (u32)length, 0, &msg, &heard), 0);
	cr_assert(heard.solicited);
	cr_assert_eq(ws_proto_host_consume(&host, buf, (u32)length, 0, &msg, &heard), 0);
	cr_assert_not(heard.solicited);
}

EACH_DIALECT(a_duplicate_configuration_counts_again)
{
	int length;

	start(dialect);
	length = ws_proto_host_config(&host, &config, 0, buf, sizeof(buf));
	cr_assert_eq(to_guest(length, 0), WS_PROTO_CONFIGURE);
	cr_assert_eq(to_guest(length, 0), dialect->numbered ? WS_PROTO_VERDICT : WS_PROTO_CONFIGURE);
	cr_assert_eq(guest.configs_count, dialect->numbered ? 1 : 2);
}

EACH_DIALECT(a_configuration_that_cannot_be_sent_changes_nothing)
{
	struct ws_report_config bad = config;

	start(dialect);
	bad.edge_ns[1] = bad.edge_ns[0];
	cr_assert_eq(ws_proto_host_config(&host, &bad, 0, buf, sizeof(buf)), -EINVAL);
	cr_assert_eq(ws_proto_host_config(&host, &config, 0, buf, 1), -ENOSPC);
	cr_assert_not(host.configured);
	configure();
	cr_assert_eq(ws_proto_host_request(&host, 0, buf, 1), -ENOSPC);
	cr_assert_not(host.expecting);
	cr_assert_eq(ws_proto_guest_report(&guest, &hist, 0, buf, 1), -ENOSPC);
	cr_assert_eq(guest.reports_count, 0);
}

EACH_DIALECT(numbers_of_bins_that_a_dialect_cannot_have)
{
	cr_assert_eq(ws_proto_guest_init(&guest, dialect, dialect->bins_min - 1u), -ERANGE);
	cr_assert_eq(ws_proto_guest_init(&guest, dialect, dialect->bins_max + 1u), -ERANGE);
	cr_assert_eq(ws_proto_host_init(&host, dialect, dialect->bins_min - 1u, 0), -ERANGE);
	cr_assert_eq(ws_proto_host_init(&host, dialect, dialect->bins_max + 1u, 0), -ERANGE);
}

EACH_DIALECT(refresh_interval_zero)
{
	struct ws_report_config off = config;
	int length;

	start(dialect);
	configure();
	off.refresh_interval_ns = 0;
	length = ws_proto_host_config(&host, &off, 0, buf, sizeof(buf));
	cr_assert_eq(to_guest(length, 0), dialect->refresh_zero_disables ? WS_PROTO_UNCONFIGURE :
									   WS_PROTO_CONFIGURE);
	cr_assert_eq(guest.configured, !dialect->refresh_zero_disables);
	cr_assert_eq(host.configured, !dialect->refresh_zero_disables);
}

Test(proto, errors_of_the_guest_where_the_dialect_has_them)
{
	int length;

	start(&ws_dialect_v4);
	configure();
	cr_assert_gt(ws_proto_host_request(&host, 0, buf, sizeof(buf)), 0);
	length = ws_proto_guest_report(&guest, NULL, -EAGAIN, buf, sizeof(buf));
	cr_assert_gt(length, 0);
	cr_assert_eq(ws_proto_host_consume(&host, buf, (u32)length, 0, &msg, &heard), 0);
	cr_assert_eq(msg.report.error, -EAGAIN);
	cr_assert(heard.solicited);
	cr_assert_not(heard.edges_match);
	start(&ws_dialect_rfc2);
	configure();
	cr_assert_eq(ws_proto_guest_report(&guest, NULL, -EAGAIN, buf, sizeof(buf)), -EINVAL);
}

Test(proto, a_report_with_other_bins_than_negotiated)
{
	static struct ws_hist narrow;

	start(&ws_dialect_rfc2);
	configure();
	cr_assert_eq(ws_hist_init(&narrow, config.edge_ns, 2), 0);
	cr_assert_eq(ws_proto_guest_report(&guest, &narrow, 0, buf, sizeof(buf)), -EINVAL);
	guest.config.edges_count = 2; /* as if it had been possible */
	cr_assert_eq(ws_proto_guest_report(&guest, &narrow, 0, buf, sizeof(buf)), -ERANGE);
}

Test(proto, edges_are_compared_as_whole_milliseconds)
{
	struct ws_report_config fine = config;

	start(&ws_dialect_v4);
	fine.edge_ns[0] += 999999;
	cr_assert_eq(to_guest(ws_proto_host_config(&host, &fine, 0, buf, sizeof(buf)), 0),
		     WS_PROTO_CONFIGURE);
	cr_assert_eq(to_host(0), 0);
	cr_assert(heard.edges_match);
}

Test(proto, a_report_with_another_number_of_bins_is_of_another_configuration)
{
	struct ws_report_config narrow = config;

	start(&ws_dialect_v4);
	configure();
	narrow.edges_count = 2;
	cr_assert_gt(ws_proto_host_config(&host, &narrow, 0, buf, sizeof(buf)), 0);
	cr_assert_eq(to_host(0), 0);
	cr_assert_not(heard.edges_match);
}
