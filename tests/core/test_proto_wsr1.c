/* SPDX-License-Identifier: BSD-2-Clause */
/* test_proto_wsr1.c - what ids, sequence numbers and verdicts let both ends tell. */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "proto_pair.h"

static struct letter request_sent, first, second, third;

static void start(void)
{
	pair_start(&ws_dialect_wsr1, 32);
}

static void start_configured(void)
{
	pair_start_configured(&ws_dialect_wsr1, 32);
}

Test(proto_wsr1, a_configuration_is_confirmed)
{
	start();
	host_configures(&config_sent, &config);
	cr_assert(host.config_open);
	cr_assert_eq(guest_hears(&config_sent, 0), WS_PROTO_CONFIGURE);
	guest_judges(WS_STATUS_OK);
	cr_assert_eq(host_hears(&verdict_sent, 0), WS_PROTO_GOT_ACCEPTED);
	cr_assert_eq(heard.status, WS_STATUS_OK);
	cr_assert_eq(heard.detail, 4, "bins in force");
	cr_assert_not(host.config_open);
	cr_assert_eq(ws_proto_host_repeat(&host, first.bytes, sizeof(first.bytes)), 0);
	cr_assert_eq(host_hears(&verdict_sent, 0), -ESTALE, "a second time it says nothing");
}

Test(proto_wsr1, a_pressure_report_that_crosses_a_request_is_told_apart)
{
	start_configured();
	host_asks(&request_sent, 0);
	guest_tells(&first, true, 1 * MS);
	cr_assert_eq(guest_hears(&request_sent, 2 * MS), WS_PROTO_REPORT);
	guest_tells(&second, false, 3 * MS);
	cr_assert_eq(host_hears(&first, 4 * MS), 0);
	cr_assert_not(heard.solicited);
	cr_assert(heard.pressure);
	cr_assert(host.expecting);
	cr_assert_eq(host_hears(&second, 5 * MS), 0);
	cr_assert(heard.solicited);
	cr_assert_not(heard.pressure);
	cr_assert_eq(heard.waited_ns, 5 * MS);
	cr_assert(heard.edges_match);
}

Test(proto_wsr1, duplicates_and_reordered_reports_are_told_by_sequence)
{
	start_configured();
	guest_tells(&first, true, 1 * MS);
	guest_tells(&second, true, 2 * MS);
	guest_tells(&third, true, 3 * MS);
	cr_assert_eq(host_hears(&first, 9 * MS), 0);
	cr_assert_eq(heard.lost_count, 0);
	cr_assert_eq(host_hears(&first, 9 * MS), -ESTALE);
	cr_assert_eq(host.duplicates_count, 1);
	cr_assert_eq(host_hears(&third, 9 * MS), 0);
	cr_assert_eq(heard.lost_count, 1);
	cr_assert_eq(msg.report.sequence, 3);
	cr_assert_eq(host_hears(&second, 9 * MS), -ESTALE, "older than what is known");
	cr_assert_eq(host.late_count, 1);
	cr_assert_eq(host_hears(&second, 9 * MS), -ESTALE);
	cr_assert_eq(host.duplicates_count, 2);
}

Test(proto_wsr1, an_answer_overtaken_by_a_pressure_report_closes_the_request)
{
	start_configured();
	host_asks(&request_sent, 0);
	guest_hears(&request_sent, 0);
	guest_tells(&first, false, 1 * MS);
	guest_tells(&second, true, 2 * MS);
	cr_assert_eq(host_hears(&second, 3 * MS), 0);
	cr_assert(host.expecting);
	cr_assert_eq(host_hears(&first, 4 * MS), -ESTALE);
	cr_assert(heard.solicited);
	cr_assert_not(host.expecting);
	cr_assert_eq(host.solicited_count, 1);
}

Test(proto_wsr1, an_answer_after_its_timeout_is_overdue)
{
	start_configured();
	host_asks(&request_sent, 0);
	guest_hears(&request_sent, 0);
	guest_tells(&first, false, 1 * MS);
	cr_assert(ws_proto_host_expired(&host, TIMEOUT_NS));
	host_asks(&request_sent, TIMEOUT_NS);
	cr_assert_eq(host_hears(&first, TIMEOUT_NS + MS), 0);
	cr_assert_not(heard.solicited, "it is not the new request's");
	cr_assert_not(heard.pressure);
	cr_assert(heard.overdue);
	cr_assert(host.expecting);
	cr_assert_eq(host.overdue_count, 1);
}

Test(proto_wsr1, a_request_twice_is_answered_once)
{
	start_configured();
	host_asks(&request_sent, 0);
	first = request_sent;
	cr_assert_eq(guest_hears(&request_sent, 0), WS_PROTO_REPORT);
	cr_assert_eq(guest_hears(&request_sent, 0), WS_PROTO_NOTHING);
	ws_proto_host_expired(&host, TIMEOUT_NS);
	host_asks(&request_sent, TIMEOUT_NS);
	cr_assert_eq(guest_hears(&request_sent, 0), WS_PROTO_REPORT);
	cr_assert_eq(guest_hears(&first, 0), WS_PROTO_NOTHING, "the older one is given up");
	cr_assert_eq(guest.duplicates_count, 2);
	guest_tells(&second, false, TIMEOUT_NS);
	cr_assert_eq(host_hears(&second, TIMEOUT_NS), 0);
	cr_assert(heard.solicited, "the newer one is answered");
}

Test(proto_wsr1, a_lost_configuration_is_repeated)
{
	start();
	host_configures(&config_sent, &config); /* lost */
	host_asks(&request_sent, 0);
	cr_assert_eq(guest_hears(&request_sent, 0), -ENODATA);
	first.length = ws_proto_guest_report(&guest, NULL, -ENODATA, first.bytes,
					     sizeof(first.bytes));
	cr_assert_eq(host_hears(&first, 0), 0);
	cr_assert(heard.solicited);
	cr_assert_eq(msg.report.error, -ENODATA);
	config_sent.length = ws_proto_host_repeat(&host, config_sent.bytes,
						  sizeof(config_sent.bytes));
	cr_assert_eq(guest_hears(&config_sent, 0), WS_PROTO_CONFIGURE);
	guest_judges(WS_STATUS_OK); /* lost, too */
	config_sent.length = ws_proto_host_repeat(&host, config_sent.bytes,
						  sizeof(config_sent.bytes));
	cr_assert_eq(guest_hears(&config_sent, 0), WS_PROTO_VERDICT, "judged once");
	guest_judges(WS_STATUS_OK);
	cr_assert_eq(host_hears(&verdict_sent, 0), WS_PROTO_GOT_ACCEPTED);
	cr_assert_eq(guest.configs_count, 1);
}

Test(proto_wsr1, a_guest_that_lost_its_configuration_says_so)
{
	start_configured();
	ws_proto_guest_reset(&guest);
	host_asks(&request_sent, 0);
	cr_assert_eq(guest_hears(&request_sent, 0), -ENODATA);
	first.length = ws_proto_guest_report(&guest, NULL, -ENODATA, first.bytes,
					     sizeof(first.bytes));
	cr_assert_eq(host_hears(&first, 0), 0);
	cr_assert(host.config_open);
	config_sent.length = ws_proto_host_repeat(&host, config_sent.bytes,
						  sizeof(config_sent.bytes));
	cr_assert_eq(guest_hears(&config_sent, 0), WS_PROTO_CONFIGURE);
}

Test(proto_wsr1, a_refused_configuration_leaves_the_one_before)
{
	struct ws_report_config fast = config, narrow = config;

	start_configured();
	guest.refresh_min_ns = 500 * MS;
	fast.refresh_interval_ns = 100 * MS;
	host_configures(&config_sent, &fast);
	cr_assert_eq(guest_hears(&config_sent, 0), WS_PROTO_VERDICT);
	guest_judges(WS_STATUS_OK);
	cr_assert_eq(host_hears(&verdict_sent, 0), WS_PROTO_GOT_REFUSED);
	cr_assert_eq(heard.status, WS_STATUS_INTERVAL);
	cr_assert_eq(heard.detail, 500);
	cr_assert(host.configured);
	guest_tells(&first, true, 0);
	cr_assert_eq(host_hears(&first, 0), 0);
	cr_assert(heard.edges_match, "of the configuration that is in force");
	narrow.edges_count = 2;
	host_configures(&config_sent, &narrow);
	cr_assert_eq(guest_hears(&config_sent, 0), WS_PROTO_CONFIGURE);
	guest_judges(WS_STATUS_FAILED); /* the caller could not */
	cr_assert_eq(host_hears(&verdict_sent, 0), WS_PROTO_GOT_REFUSED);
	cr_assert_eq(heard.detail, 3);
	cr_assert_eq(guest.config_id, 1);
	cr_assert_eq(guest.refused_count, 2);
	cr_assert_eq(guest_hears(&config_sent, 0), WS_PROTO_VERDICT, "and stays refused");
	guest_judges(WS_STATUS_OK);
	cr_assert_eq(host_hears(&verdict_sent, 0), -ESTALE);
	cr_assert(host.configured);
}

Test(proto_wsr1, a_refused_first_configuration_leaves_nothing)
{
	start();
	host_configures(&config_sent, &config);
	cr_assert_eq(guest_hears(&config_sent, 0), WS_PROTO_CONFIGURE);
	guest_judges(WS_STATUS_FAILED);
	cr_assert_not(guest.configured);
	cr_assert_eq(host_hears(&verdict_sent, 0), WS_PROTO_GOT_REFUSED);
	cr_assert_not(host.configured);
	host_asks(&request_sent, 0);
	cr_assert_eq(request_sent.length, -ENODATA);
}

Test(proto_wsr1, an_older_configuration_does_not_undo_a_newer_one)
{
	struct ws_report_config other = config;

	start();
	host_configures(&config_sent, &config);
	first = config_sent;
	other.edges_count = 2;
	host_configures(&config_sent, &other);
	cr_assert_eq(guest_hears(&config_sent, 0), WS_PROTO_CONFIGURE);
	cr_assert_eq(guest_hears(&first, 0), WS_PROTO_NOTHING);
	cr_assert_eq(guest.config_id, 2);
}

Test(proto_wsr1, a_refusal_names_what_is_in_force)
{
	struct ws_report_config bad = config;

	start();
	host_configures(&config_sent, &config);
	guest_hears(&config_sent, 0);
	guest_judges(WS_STATUS_OK);
	first = verdict_sent;
	host_configures(&config_sent, &bad);
	guest_hears(&config_sent, 0);
	guest_judges(WS_STATUS_FAILED);
	cr_assert_eq(host_hears(&verdict_sent, 0), WS_PROTO_GOT_REFUSED);
	cr_assert(host.configured, "the first, whose own verdict has not come yet");
	cr_assert_eq(host.config_id, 1);
	cr_assert_eq(host_hears(&first, 0), -ESTALE);
	cr_assert_eq(host.config_id, 1);
}

Test(proto_wsr1, a_verdict_on_what_was_never_sent_is_refused)
{
	start_configured();
	verdict_sent.bytes[8] = 9;
	cr_assert_eq(host_hears(&verdict_sent, 0), -EPROTO);
	verdict_sent.bytes[8] = 1;
	ws_proto_host_reset(&host);
	cr_assert_eq(host_hears(&verdict_sent, 0), -ESTALE, "of before the reset");
	cr_assert_not(host.configured);
}

Test(proto_wsr1, an_answer_to_what_was_never_asked_is_refused)
{
	start_configured();
	host_asks(&request_sent, 0);
	guest_hears(&request_sent, 0);
	guest_tells(&first, false, 0);
	first.bytes[8] = 3; /* 1 was the configuration, 2 the request */
	cr_assert_eq(host_hears(&first, 0), -EPROTO);
	cr_assert_eq(host.malformed_count, 1);
	cr_assert_eq(host.sequence, 0);
	cr_assert(host.expecting);
	first.bytes[8] = 2;
	cr_assert_eq(host_hears(&first, 0), WS_PROTO_GOT_REPORT);
	cr_assert(heard.solicited);
}

Test(proto_wsr1, an_answer_of_before_a_reset_is_dropped_after_it)
{
	start_configured();
	host_asks(&request_sent, 0);
	guest_hears(&request_sent, 0);
	guest_tells(&first, false, 0);
	ws_proto_host_reset(&host);
	cr_assert_eq(host_hears(&first, 0), -ENODATA, "not configured");
	host_configures(&config_sent, &config);
	cr_assert_eq(host_hears(&first, 0), -ENODATA);
	cr_assert_eq(host.unexpected_count, 2);
	cr_assert_eq(host.overdue_count, 0);
	cr_assert_eq(host.sequence, 0);
}

Test(proto_wsr1, a_configuration_that_is_not_judged_before_the_next_counts_as_accepted)
{
	start();
	host_configures(&config_sent, &config);
	cr_assert_eq(guest_hears(&config_sent, 0), WS_PROTO_CONFIGURE);
	host_asks(&request_sent, 0);
	cr_assert_eq(guest_hears(&request_sent, 0), WS_PROTO_REPORT, "a request may come between");
	guest.refresh_min_ns = config.refresh_interval_ns + MS;
	host_configures(&config_sent, &config);
	cr_assert_eq(guest_hears(&config_sent, 0), WS_PROTO_VERDICT);
	guest_judges(WS_STATUS_FAILED);
	cr_assert_eq(host_hears(&verdict_sent, 0), WS_PROTO_GOT_REFUSED);
	cr_assert_eq(heard.status, WS_STATUS_INTERVAL, "not what the caller says now");
	cr_assert_eq(guest.config_id, 1);
	cr_assert_eq(host.config_id, 1, "the first is in force");
	cr_assert(guest.configured && host.configured);
}

Test(proto_wsr1, turning_off_is_confirmed_too)
{
	struct ws_report_config off = config;

	start_configured();
	off.refresh_interval_ns = 0;
	host_configures(&config_sent, &off);
	cr_assert_eq(guest_hears(&config_sent, 0), WS_PROTO_UNCONFIGURE);
	guest_judges(WS_STATUS_OK);
	cr_assert_eq(host_hears(&verdict_sent, 0), WS_PROTO_GOT_ACCEPTED);
	cr_assert_eq(heard.detail, 0);
	cr_assert_not(host.configured);
	cr_assert_not(guest.configured);
}

/* What a VERDICT would say is in force, a report says too. */
Test(proto_wsr1, a_report_after_turning_off_is_of_no_configuration)
{
	struct ws_report_config off = config;

	start_configured();
	host_asks(&request_sent, 0);
	off.refresh_interval_ns = 0;
	host_configures(&config_sent, &off);
	cr_assert_eq(guest_hears(&config_sent, 0), WS_PROTO_UNCONFIGURE);
	guest_judges(WS_STATUS_OK);
	cr_assert_eq(verdict_sent.bytes[20], 0);
	cr_assert_eq(guest_hears(&request_sent, 0), -ENODATA);
	first.length = ws_proto_guest_report(&guest, NULL, -ENODATA, first.bytes,
					     sizeof(first.bytes));
	cr_assert_eq(first.length, 48);
	cr_assert_eq(first.bytes[36], 0);
}

/* A VERDICT that no guest could give: the configuration stays open and can be repeated. */
Test(proto_wsr1, a_verdict_that_contradicts_itself_is_refused)
{
	static const struct {
		u32 status, detail, config_id;
	} row[] = {
		{ WS_STATUS_OK, 4, 999 }, { WS_STATUS_OK, 4, 1 }, { WS_STATUS_OK, 4, 0 },
		{ WS_STATUS_OK, 0, 0 }, /* which turned reporting on */
		{ WS_STATUS_OK, 0, 2 }, { WS_STATUS_FAILED, 0, 2 }, { WS_STATUS_FAILED, 0, 3 },
		{ WS_STATUS_BUSY, 0, 999 },
	};
	struct letter sent;

	start_configured();
	host_configures(&config_sent, &config);
	cr_assert_eq(guest_hears(&config_sent, 0), WS_PROTO_CONFIGURE);
	guest_judges(WS_STATUS_OK);
	sent = verdict_sent;
	for (size_t i = 0; i < sizeof(row) / sizeof(*row); i++) {
		struct ws_msg said = { .kind = WS_MSG_VERDICT, .id = 2,
				       .verdict = { row[i].status, row[i].detail,
						    row[i].config_id } };

		verdict_sent.length = ws_dialect_wsr1.encode_to_host(&said, 32, verdict_sent.bytes,
								     sizeof(verdict_sent.bytes));
		cr_assert_eq(host_hears(&verdict_sent, 0), -EPROTO, "row %zu", i);
		cr_assert(host.config_open && host.configured && host.config_id == 2, "row %zu", i);
		cr_assert_eq(host.malformed_count, i + 1);
	}
	cr_assert_gt(ws_proto_host_repeat(&host, first.bytes, sizeof(first.bytes)), 0);
	cr_assert_eq(host_hears(&sent, 0), WS_PROTO_GOT_ACCEPTED);
}

Test(proto_wsr1, a_sequence_number_0_is_refused)
{
	start_configured();
	guest_tells(&first, true, 0);
	first.bytes[16] = 0;
	cr_assert_eq(host_hears(&first, 0), -EPROTO);
	cr_assert_eq(host.malformed_count, 1);
}

Test(proto_wsr1, age_and_staleness_are_told)
{
	struct ws_proto_report report = { .made_ns = 5 * MS, .now_ns = 12 * MS, .parts_count = 1,
					  .part = { { 0, true, &hist } } };

	start_configured();
	first.length = ws_proto_guest_send(&guest, &report, first.bytes, sizeof(first.bytes));
	cr_assert_eq(host_hears(&first, 0), 0);
	cr_assert(msg.report.stale);
	cr_assert_eq(msg.report.made_ns, 5 * MS);
	cr_assert_eq(msg.report.age_ns, 7 * MS);
	cr_assert_not(heard.solicited);
	cr_assert_not(heard.pressure, "of the guest's own will, but not from reclaim");
}

Test(proto_wsr1, an_answer_in_several_reports_of_several_nodes)
{
	static struct ws_hist other;
	struct ws_proto_report report = { .more = true, .parts_count = 2,
					  .part = { { 0, false, &hist }, { 1, true, &other } } };

	start_configured();
	ws_hist_init(&other, config.edge_ns, config.edges_count);
	hist.pages[WS_ANON][1] = 3;
	other.pages[WS_ANON][1] = 4;
	host_asks(&request_sent, 0);
	guest_hears(&request_sent, 0);
	first.length = ws_proto_guest_send(&guest, &report, first.bytes, sizeof(first.bytes));
	cr_assert_eq(host_hears(&first, 0), 0);
	cr_assert(heard.solicited);
	cr_assert(host.expecting, "more is to come");
	cr_assert_eq(msg.report.parts_count, 2);
	cr_assert_eq(msg.report.bin[1].anon_bytes, 7 * 4096);
	cr_assert_eq(msg.report.part[1].bytes[WS_ANON][1], 4 * 4096);
	cr_assert_eq(msg.report.part[1].node, 1);
	cr_assert(msg.report.part[1].stale);
	cr_assert_not(msg.report.part[0].stale);
	report.more = false;
	report.continued = true;
	second.length = ws_proto_guest_send(&guest, &report, second.bytes, sizeof(second.bytes));
	cr_assert_eq(host_hears(&second, 0), 0);
	cr_assert(heard.solicited);
	cr_assert_not(heard.partial);
	cr_assert_not(host.expecting);
	cr_assert_eq(host.solicited_count, 1);
}

/* One of an answer's reports, of one node each. */
static int guest_tells_part(struct letter *to, u16 node, bool continued, bool more)
{
	struct ws_proto_report report = { .continued = continued, .more = more, .parts_count = 1,
					  .part = { { node, false, &hist } } };

	to->length = ws_proto_guest_send(&guest, &report, to->bytes, sizeof(to->bytes));
	return to->length;
}

static void start_asked(void)
{
	start_configured();
	host_asks(&request_sent, 0);
	cr_assert_eq(guest_hears(&request_sent, 0), WS_PROTO_REPORT);
}

Test(proto_wsr1, half_an_answer_is_not_taken_for_the_answer_to_the_next_request)
{
	start_asked();
	cr_assert_gt(guest_tells_part(&first, 0, false, true), 0);
	cr_assert(ws_proto_host_expired(&host, TIMEOUT_NS));
	host_asks(&request_sent, TIMEOUT_NS);
	cr_assert_eq(guest_hears(&request_sent, 0), WS_PROTO_REPORT);
	cr_assert_eq(guest_tells_part(&second, 1, true, false), -ESTALE);
	cr_assert_gt(guest_tells_part(&second, 0, false, true), 0);
	cr_assert_gt(guest_tells_part(&third, 1, true, false), 0);
	cr_assert_eq(host_hears(&first, TIMEOUT_NS), 0);
	cr_assert(heard.overdue && !heard.solicited);
	cr_assert_eq(host_hears(&second, TIMEOUT_NS), 0);
	cr_assert(heard.solicited && host.expecting && msg.report.more && !msg.report.continued);
	cr_assert_eq(host_hears(&third, TIMEOUT_NS), 0);
	cr_assert(heard.solicited && !host.expecting && !msg.report.more && msg.report.continued);
	cr_assert_not(heard.partial);
}

Test(proto_wsr1, an_answer_is_begun_anew_after_a_configuration_or_a_reset)
{
	start_asked();
	cr_assert_gt(guest_tells_part(&first, 0, false, true), 0);
	host_configures(&config_sent, &config);
	cr_assert_eq(guest_hears(&config_sent, 0), WS_PROTO_CONFIGURE);
	guest_judges(WS_STATUS_OK);
	cr_assert_eq(guest_tells_part(&second, 1, true, false), -ESTALE);
	cr_assert_gt(guest_tells_part(&second, 0, false, true), 0);
	cr_assert_eq(host_hears(&first, 0), 0);
	cr_assert_eq(host_hears(&verdict_sent, 0), WS_PROTO_GOT_ACCEPTED);
	cr_assert_eq(host_hears(&second, 0), 0);
	cr_assert(heard.solicited);
	cr_assert_eq(msg.report.config_id, 3);
	cr_assert_gt(guest_tells_part(&third, 1, true, false), 0);
	cr_assert_eq(host_hears(&third, 0), 0);
	cr_assert(heard.solicited && !heard.partial && !host.expecting);
	cr_assert_gt(guest_tells_part(&first, 0, false, true), 0);
	ws_proto_guest_reset(&guest);
	cr_assert_eq(guest_hears(&config_sent, 0), WS_PROTO_CONFIGURE);
	cr_assert_eq(guest_tells_part(&second, 1, true, false), -ESTALE);
}

Test(proto_wsr1, an_answer_of_which_a_report_is_missing_is_partial)
{
	struct letter last;

	start_asked();
	guest_tells_part(&first, 0, false, true);
	guest_tells_part(&second, 1, true, true);
	guest_tells(&third, true, 0);
	guest_tells_part(&last, 2, true, false);
	cr_assert_eq(host_hears(&first, 0), 0);
	cr_assert_eq(host_hears(&third, 0), 0); /* overtakes the second */
	cr_assert_eq(heard.lost_count, 1);
	cr_assert_eq(host_hears(&second, 0), -ESTALE);
	cr_assert(heard.solicited && host.expecting && !heard.partial);
	cr_assert_eq(host_hears(&last, 0), 0);
	cr_assert(heard.solicited && heard.partial && !host.expecting);
	cr_assert_eq(host.partial_count, 1);
}

/* After a reset of the host's end the first report that it hears shows no gap. */
/* Reports under pressure answer nothing, in however many they come. */
Test(proto_wsr1, a_report_under_pressure_in_several_leaves_an_answer_as_it_is)
{
	struct ws_proto_report report = { .pressure = true, .continued = true, .parts_count = 1,
					  .part = { { 3, false, &hist } } };

	start_asked();
	guest_tells_part(&first, 0, false, true);
	second.length = ws_proto_guest_send(&guest, &report, second.bytes, sizeof(second.bytes));
	guest_tells_part(&third, 1, true, false);
	cr_assert_eq(host_hears(&first, 0), 0);
	cr_assert_eq(host_hears(&second, 0), 0);
	cr_assert(heard.pressure && msg.report.continued && !heard.solicited && host.expecting);
	cr_assert_eq(host_hears(&third, 0), 0);
	cr_assert(heard.solicited && !heard.partial);
	second.length = ws_proto_guest_send(&guest, &report, second.bytes, sizeof(second.bytes));
	cr_assert_eq(host_hears(&second, 0), 0, "nor do they need one that is open");
}

Test(proto_wsr1, an_answer_of_which_the_beginning_is_missing_is_partial)
{
	start_asked();
	guest_tells_part(&first, 0, false, true);
	cr_assert_eq(host_hears(&first, 0), 0);
	ws_proto_host_reset(&host);
	host_configures(&config_sent, &config);
	cr_assert_eq(guest_hears(&config_sent, 0), WS_PROTO_CONFIGURE);
	host_asks(&request_sent, 0);
	cr_assert_eq(guest_hears(&request_sent, 0), WS_PROTO_REPORT);
	guest_tells_part(&first, 0, false, true);
	guest_tells_part(&second, 1, true, false);
	cr_assert_eq(host_hears(&second, 0), 0);
	cr_assert_eq(heard.lost_count, 0);
	cr_assert(heard.solicited && heard.partial && !host.expecting);
	cr_assert_eq(host_hears(&first, 0), -ESTALE);
}

Test(proto_wsr1, parts_that_do_not_fit_together)
{
	static struct ws_hist other;
	struct ws_proto_report report = { .parts_count = 2,
					  .part = { { 0, false, &hist }, { 1, true, &other } } };

	start_configured();
	ws_hist_init(&other, (u64[]){ MS, 2 * MS, 3 * MS }, 3);
	cr_assert_eq(ws_proto_guest_send(&guest, &report, first.bytes, 2304), -EINVAL);
	ws_hist_init(&other, (u64[]){ 200 * MS }, 1);
	cr_assert_eq(ws_proto_guest_send(&guest, &report, first.bytes, 2304), -EINVAL);
	report.part[1].hist = &hist;
	report.part[1].node = 0;
	cr_assert_eq(ws_proto_guest_send(&guest, &report, first.bytes, 2304), -EINVAL, "one twice");
	report.parts_count = 0;
	cr_assert_eq(ws_proto_guest_send(&guest, &report, first.bytes, 2304), -EINVAL);
	report.parts_count = WS_PARTS_MAX + 1;
	cr_assert_eq(ws_proto_guest_send(&guest, &report, first.bytes, 2304), -EINVAL);
	cr_assert_eq(guest.sequence, 0);
}

Test(proto_wsr1, there_is_no_verdict_on_nothing)
{
	start();
	guest_judges(WS_STATUS_OK);
	cr_assert_eq(verdict_sent.length, -ENODATA);
	ws_proto_guest_init(&guest, &ws_dialect_rfc2, 4);
	guest.configured = true;
	guest_judges(WS_STATUS_OK);
	cr_assert_eq(verdict_sent.length, 0);
	cr_assert(guest.configured);
	guest_judges(WS_STATUS_FAILED);
	cr_assert_not(guest.configured, "where there are none, the guest is silent at least");
}

Test(proto_wsr1, ids_go_round)
{
	start();
	host.last_id = 0xfffffffe;
	host_configures(&config_sent, &config);
	cr_assert_eq(guest_hears(&config_sent, 0), WS_PROTO_CONFIGURE);
	cr_assert_eq(guest.config_id, 0xffffffff);
	host_configures(&config_sent, &config);
	cr_assert_eq(guest_hears(&config_sent, 0), WS_PROTO_CONFIGURE);
	cr_assert_eq(guest.config_id, 1, "0 is none");
	guest_judges(WS_STATUS_OK);
	cr_assert_eq(host_hears(&verdict_sent, 0), WS_PROTO_GOT_ACCEPTED);
}

/* More requests than half the circle of ids between two configurations, and the reverse. */
Test(proto_wsr1, ids_of_one_kind_go_round_without_the_other)
{
	start_configured();
	ws_proto_host_reset(&host); /* what it gave before must not become the future either */
	ws_proto_guest_reset(&guest);
	host_configures(&config_sent, &config);
	cr_assert_eq(guest_hears(&config_sent, 0), WS_PROTO_CONFIGURE);
	guest_judges(WS_STATUS_OK);
	cr_assert_eq(host_hears(&verdict_sent, 0), WS_PROTO_GOT_ACCEPTED);
	for (u32 i = 0; i < 6; i++) {
		host.last_id += 0x30000000;
		host_asks(&request_sent, 0);
		cr_assert_eq(guest_hears(&request_sent, 0), WS_PROTO_REPORT, "request %u", i);
		cr_assert_eq(guest_hears(&request_sent, 0), WS_PROTO_NOTHING, "request %u", i);
		guest_tells(&first, false, 0);
		cr_assert_eq(host_hears(&first, 0), WS_PROTO_GOT_REPORT);
		cr_assert(heard.solicited);
		if (i != 3 && i != 5)
			continue;
		host_configures(&config_sent, &config);
		cr_assert_eq(guest_hears(&config_sent, 0), WS_PROTO_CONFIGURE, "after %u", i);
		guest_judges(WS_STATUS_OK);
		cr_assert_eq(host_hears(&verdict_sent, 0), WS_PROTO_GOT_ACCEPTED, "after %u", i);
	}
	for (u32 i = 0; i < 6; i++) {
		host.last_id += 0x30000000;
		host_configures(&config_sent, &config);
		cr_assert_eq(guest_hears(&config_sent, 0), WS_PROTO_CONFIGURE, "configuration %u", i);
		guest_judges(WS_STATUS_OK);
		cr_assert_eq(host_hears(&verdict_sent, 0), WS_PROTO_GOT_ACCEPTED);
	}
	host_asks(&request_sent, 0);
	cr_assert_eq(guest_hears(&request_sent, 0), WS_PROTO_REPORT);
}

Test(proto_wsr1, an_impossible_configuration_is_refused_with_the_reason)
{
	struct ws_report_config wide = config;

	start_configured();
	guest.bins_count = 4; /* as if the host had not kept to what was agreed */
	wide.edges_count = 4;
	wide.edge_ns[3] = 4000 * MS;
	host_configures(&config_sent, &wide);
	cr_assert_eq(guest_hears(&config_sent, 0), WS_PROTO_VERDICT);
	guest_judges(WS_STATUS_OK);
	cr_assert_eq(host_hears(&verdict_sent, 0), WS_PROTO_GOT_REFUSED);
	cr_assert_eq(heard.status, WS_STATUS_BINS);
	cr_assert_eq(heard.detail, 4);
	cr_assert_eq(host.config_id, 1, "the first is in force");
	cr_assert_eq(guest_hears(&config_sent, 0), WS_PROTO_VERDICT, "refused again");
	cr_assert_eq(guest.refused_count, 1);
	cr_assert(guest.configured);
}
