/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_proto_events.c - the lines of the table in ws_proto.h, one by one: those that
 * test_proto.c and test_proto_wsr1.c do not hold, with each dialect's outcome.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "proto_pair.h"

static struct letter other_sent, asked, asked_next, told, told_next;

static u32 bins_of(const struct ws_dialect *dialect)
{
	return dialect->bins_min > 4 ? dialect->bins_min : 4;
}

static void start(const struct ws_dialect *dialect)
{
	pair_start(dialect, bins_of(dialect));
}

static void start_configured(const struct ws_dialect *dialect)
{
	pair_start_configured(dialect, bins_of(dialect));
}

static void host_configures_from(struct letter *to, u64 first_edge_ms)
{
	struct ws_report_config what = config;

	what.edge_ns[0] = first_edge_ms * MS;
	host_configures(to, &what);
	cr_assert_gt(to->length, 0);
}

/* One test for each dialect. */
#define EACH_DIALECT(name)                                                                         \
	static void name##_in(const struct ws_dialect *dialect);                                   \
	Test(proto_events, name)                                                                   \
	{                                                                                          \
		for (u32 i = 0; ws_dialects[i]; i++)                                               \
			name##_in(ws_dialects[i]);                                                 \
	}                                                                                          \
	static void name##_in(const struct ws_dialect *dialect)

EACH_DIALECT(a_request_heard_twice)
{
	start_configured(dialect);
	host_asks(&asked, 0);
	cr_assert_eq(guest_hears(&asked, 0), WS_PROTO_REPORT);
	cr_assert_eq(guest_hears(&asked, 0), dialect->numbered ? WS_PROTO_NOTHING : WS_PROTO_REPORT);
	cr_assert_eq(guest.requests_count, dialect->numbered ? 1 : 2);
	guest_tells(&told, false, 0);
	cr_assert_eq(host_hears(&told, 0), WS_PROTO_GOT_REPORT);
	cr_assert(heard.solicited);
	guest_tells(&told, false, 0); /* what answers it twice, or of the guest's own will */
	cr_assert_eq(host_hears(&told, 0), WS_PROTO_GOT_REPORT);
	cr_assert_not(heard.solicited);
	cr_assert_eq(heard.pressure, !dialect->numbered);
}

EACH_DIALECT(an_older_configuration_heard_after_a_newer_one)
{
	start(dialect);
	host_configures_from(&config_sent, 100);
	host_configures_from(&other_sent, 200);
	cr_assert_eq(guest_hears(&other_sent, 0), WS_PROTO_CONFIGURE);
	guest_judges(WS_STATUS_OK);
	cr_assert_eq(guest_hears(&config_sent, 0), dialect->numbered ? WS_PROTO_NOTHING :
								    WS_PROTO_CONFIGURE);
	cr_assert_eq(guest.configs_count, dialect->numbered ? 1 : 2);
}

/* Edges that no encoder here would write. */
static void spoil_edges(const struct ws_dialect *dialect, struct letter *letter)
{
	u32 first = dialect == &ws_dialect_v4 ? 12 : dialect->numbered ? 28 : 2;
	u32 width = dialect == &ws_dialect_rfc1 || dialect == &ws_dialect_rfc2 ? 8 : 4;

	memcpy(letter->bytes + first + width, letter->bytes + first, width);
}

EACH_DIALECT(an_impossible_configuration_leaves_the_one_before)
{
	int action;

	start_configured(dialect);
	host_configures_from(&other_sent, 300);
	spoil_edges(dialect, &other_sent);
	action = guest_hears(&other_sent, 0);
	cr_assert_eq(action, dialect->numbered ? WS_PROTO_VERDICT : -EPROTO);
	cr_assert_eq(guest.malformed_count, !dialect->numbered);
	cr_assert_eq(guest.refused_count, dialect->numbered);
	cr_assert(guest.configured);
	cr_assert_eq(guest.configs_count, 1);
	guest_tells(&told, true, 0);
	if (!dialect->numbered)
		return;
	guest_judges(WS_STATUS_OK);
	cr_assert_eq(host_hears(&verdict_sent, 0), WS_PROTO_GOT_REFUSED);
	cr_assert_eq(heard.status, WS_STATUS_EDGES);
	cr_assert_eq(heard.detail, 1);
	cr_assert(host.configured);
	cr_assert_eq(host_hears(&told, 0), WS_PROTO_GOT_REPORT);
	cr_assert(heard.edges_match, "of the first, which is in force at both ends");
}

EACH_DIALECT(a_request_heard_before_the_last_was_answered)
{
	start_configured(dialect);
	host_asks(&asked, 0);
	host_asks(&asked_next, TIMEOUT_NS);
	cr_assert_eq(guest_hears(&asked, 0), WS_PROTO_REPORT);
	cr_assert_eq(guest_hears(&asked_next, 0), WS_PROTO_REPORT);
	guest_tells(&told, false, 0);
	cr_assert_eq(host_hears(&told, TIMEOUT_NS + MS), WS_PROTO_GOT_REPORT);
	cr_assert(heard.solicited);
	cr_assert_eq(heard.waited_ns, MS);
	if (dialect->numbered)
		cr_assert_eq(msg.id, host.request_id, "the newer one's");
	cr_assert_eq(host.solicited_count, 1);
}

EACH_DIALECT(a_pressure_report_leaves_the_guest_s_request_open)
{
	start_configured(dialect);
	host_asks(&asked, 0);
	cr_assert_eq(guest_hears(&asked, 0), WS_PROTO_REPORT);
	guest_tells(&told, true, 0);
	guest_tells(&told_next, false, 0);
	cr_assert_eq(host_hears(&told, MS), WS_PROTO_GOT_REPORT);
	cr_assert_eq(heard.solicited, !dialect->numbered);
	cr_assert_eq(heard.pressure, dialect->numbered);
	cr_assert_eq(host_hears(&told_next, MS), WS_PROTO_GOT_REPORT);
	cr_assert_eq(heard.solicited, dialect->numbered);
	cr_assert_eq(host.expecting, false);
}

EACH_DIALECT(an_answer_that_comes_after_its_timeout)
{
	start_configured(dialect);
	host_asks(&asked, 0);
	guest_hears(&asked, 0);
	guest_tells(&told, false, 0);
	cr_assert(ws_proto_host_expired(&host, TIMEOUT_NS));
	cr_assert_eq(host_hears(&told, TIMEOUT_NS + MS), WS_PROTO_GOT_REPORT);
	cr_assert_not(heard.solicited);
	cr_assert_eq(heard.overdue, dialect->numbered);
	cr_assert_eq(heard.pressure, !dialect->numbered);
	cr_assert_eq(host.overdue_count, dialect->numbered);
	cr_assert_eq(host.unsolicited_count, !dialect->numbered);
	cr_assert_eq(host.solicited_count, 0);
}

/* The host posts no buffer or gives none back: the guest hears and cannot speak. */
EACH_DIALECT(a_host_that_never_gives_a_buffer_back)
{
	u64 sequence;

	start(dialect);
	host_configures_from(&config_sent, 100);
	cr_assert_eq(guest_hears(&config_sent, 0), WS_PROTO_CONFIGURE);
	host_configures_from(&other_sent, 200);
	cr_assert_eq(guest_hears(&other_sent, 0), WS_PROTO_CONFIGURE);
	sequence = guest.sequence;
	for (u32 i = 0; i < 100; i++) {
		host_asks(&asked, i * TIMEOUT_NS);
		cr_assert_eq(guest_hears(&asked, 0), WS_PROTO_REPORT);
		cr_assert_eq(ws_proto_guest_report(&guest, &hist, 0, told.bytes, 0), -ENOSPC);
	}
	cr_assert_eq(guest.reports_count, 0);
	cr_assert_eq(guest.sequence, sequence, "no number is lost");
	guest_judges(WS_STATUS_OK); /* a buffer at last, and another */
	if (dialect->numbered) {
		cr_assert_eq(host_hears(&verdict_sent, 0), WS_PROTO_GOT_ACCEPTED);
		cr_assert_eq(host.config_id, host.sent_id, "of the configuration heard last");
	}
	guest_tells(&told, false, 0);
	cr_assert_eq(host_hears(&told, 99 * TIMEOUT_NS), WS_PROTO_GOT_REPORT);
	cr_assert(heard.solicited, "the request heard last");
	cr_assert(heard.edges_match);
	cr_assert_eq(heard.lost_count, 0);
	guest_tells(&told, false, 0);
	cr_assert_eq(host_hears(&told, 99 * TIMEOUT_NS), WS_PROTO_GOT_REPORT);
	cr_assert_not(heard.solicited, "the older ones are not answered");
}

/* Without a word from the host after its configuration, only reclaim makes reports. */
EACH_DIALECT(a_host_that_never_asks)
{
	start_configured(dialect);
	for (u32 i = 0; i < 3; i++) {
		guest_tells(&told, true, 0);
		cr_assert_eq(host_hears(&told, i * MS), WS_PROTO_GOT_REPORT);
		cr_assert_not(heard.solicited);
		cr_assert(heard.pressure);
	}
	cr_assert_eq(guest.heard_ns, 0);
	cr_assert_eq(guest.requests_count, 0);
	cr_assert_eq(host.unsolicited_count, 3);
}

EACH_DIALECT(a_guest_that_never_says_anything)
{
	start(dialect);
	host_configures_from(&config_sent, 200);
	for (u32 i = 0; i < 5; i++) {
		host_asks(&asked, i * TIMEOUT_NS);
		cr_assert_eq(ws_proto_host_repeat(&host, other_sent.bytes, sizeof(other_sent.bytes)),
			     dialect->numbered ? config_sent.length : 0, "as often as liked");
		cr_assert_eq(memcmp(other_sent.bytes, config_sent.bytes,
				    dialect->numbered ? (size_t)config_sent.length : 0), 0);
		cr_assert_not(ws_proto_host_expired(&host, (i + 1) * TIMEOUT_NS - 1));
		cr_assert(ws_proto_host_expired(&host, (i + 1) * TIMEOUT_NS));
	}
	cr_assert_eq(host.expired_count, 5);
	cr_assert_eq(host.config_open, dialect->numbered);
}

/* All that either end holds is gone, but for ids and sequence, which go on. */
EACH_DIALECT(both_ends_after_a_reset)
{
	u32 last_id;
	u64 sequence;

	start_configured(dialect);
	host_asks(&asked, 0);
	guest_hears(&asked, 0);
	guest_tells(&told, true, 0);
	cr_assert_eq(host_hears(&told, 0), WS_PROTO_GOT_REPORT);
	host_asks(&asked_next, TIMEOUT_NS);
	guest_hears(&asked_next, 0);
	last_id = host.last_id;
	sequence = guest.sequence;
	ws_proto_guest_reset(&guest);
	ws_proto_host_reset(&host);
	cr_assert(!guest.configured && !host.configured && !host.expecting && !host.config_open);
	cr_assert_eq(ws_proto_host_repeat(&host, told.bytes, sizeof(told.bytes)), 0);
	cr_assert_eq(ws_proto_host_request(&host, 0, told.bytes, sizeof(told.bytes)), -ENODATA);
	cr_assert_eq(host.last_id, last_id);
	cr_assert_eq(guest.sequence, sequence);
	guest_judges(WS_STATUS_OK);
	cr_assert_eq(verdict_sent.length, dialect->numbered ? -ENODATA : 0, "on nothing");
	/* The guest end is made anew, so its sequence begins anew: nothing is late or lost. */
	cr_assert_eq(ws_proto_guest_init(&guest, dialect, guest.bins_count), 0);
	host_configures_from(&config_sent, 200);
	cr_assert_eq(guest_hears(&config_sent, 0), WS_PROTO_CONFIGURE);
	guest_judges(WS_STATUS_OK);
	guest_tells(&told, false, 0);
	cr_assert_eq(host_hears(&told, 0), WS_PROTO_GOT_REPORT);
	cr_assert_not(heard.solicited, "nobody asked");
	cr_assert_eq(heard.lost_count, 0);
	cr_assert_eq(host.duplicates_count + host.late_count + host.lost_count, 0);
}

/* A device made anew numbers anew; the driver's reset makes it hear that, and answer nothing old. */
Test(proto_events, a_guest_forgets_ids_and_its_open_request_by_a_reset)
{
	start_configured(&ws_dialect_wsr1);
	host_asks(&asked, 0);
	cr_assert_eq(guest_hears(&asked, 0), WS_PROTO_REPORT);
	ws_proto_guest_reset(&guest);
	cr_assert_eq(ws_proto_host_init(&host, &ws_dialect_wsr1, 4, TIMEOUT_NS), 0);
	host_configures_from(&config_sent, 200);
	cr_assert_eq(guest_hears(&config_sent, 0), WS_PROTO_CONFIGURE, "id 1 once more");
	guest_judges(WS_STATUS_OK);
	cr_assert_eq(host_hears(&verdict_sent, 0), WS_PROTO_GOT_ACCEPTED);
	guest_tells(&told, false, 0);
	cr_assert_eq(host_hears(&told, 0), WS_PROTO_GOT_REPORT);
	cr_assert_eq(msg.id, 0, "it answers nothing");
	host_asks(&asked, 0);
	cr_assert_eq(guest_hears(&asked, 0), WS_PROTO_REPORT, "id 2 once more");
}

Test(proto_events, a_refused_configuration_leaves_its_node_too)
{
	start_configured(&ws_dialect_wsr1);
	other_sent.length = ws_proto_host_config(&host, &config, 7, other_sent.bytes,
						 sizeof(other_sent.bytes));
	cr_assert_eq(guest_hears(&other_sent, 0), WS_PROTO_CONFIGURE);
	cr_assert_eq(guest.node, 7);
	guest_judges(WS_STATUS_NODE);
	cr_assert_eq(guest.node, 0);
	cr_assert_eq(verdict_sent.bytes[12], 7, "the verdict names the node that was refused");
	cr_assert_eq(host_hears(&verdict_sent, 0), WS_PROTO_GOT_REFUSED);
	cr_assert_eq(heard.status, WS_STATUS_NODE);
	cr_assert_eq(guest.config_id, host.config_id);
}

EACH_DIALECT(a_reset_while_a_configuration_is_open)
{
	start(dialect);
	host_configures_from(&config_sent, 200);
	cr_assert_eq(host.config_open, dialect->numbered);
	ws_proto_host_reset(&host);
	cr_assert_eq(ws_proto_host_repeat(&host, told.bytes, sizeof(told.bytes)), 0);
}

EACH_DIALECT(turning_off_gives_up_the_open_request)
{
	struct ws_report_config off = config;

	start_configured(dialect);
	host_asks(&asked, 0);
	off.refresh_interval_ns = 0;
	cr_assert_gt(ws_proto_host_config(&host, &off, 0, told.bytes, sizeof(told.bytes)), 0);
	cr_assert_eq(host.expecting, !dialect->refresh_zero_disables);
	cr_assert_eq(host.configured, !dialect->refresh_zero_disables);
}

Test(proto_events, the_verdict_on_an_older_configuration_leaves_the_newer_one_open)
{
	start(&ws_dialect_wsr1);
	host_configures_from(&config_sent, 100);
	host_configures_from(&other_sent, 200);
	guest_hears(&config_sent, 0);
	guest_judges(WS_STATUS_OK);
	cr_assert_eq(host_hears(&verdict_sent, 0), -ESTALE);
	cr_assert(host.config_open);
	cr_assert_eq(host.config_id, host.sent_id, "reports are to carry the newer one's id");
	guest_hears(&other_sent, 0);
	guest_judges(WS_STATUS_FAILED);
	cr_assert_eq(host_hears(&verdict_sent, 0), WS_PROTO_GOT_REFUSED);
	cr_assert(host.configured);
	cr_assert_eq(host.config_id, guest.config_id, "the older one is in force");
}

Test(proto_events, a_refusal_that_leaves_nothing_gives_up_the_open_request)
{
	start(&ws_dialect_wsr1);
	host_configures_from(&config_sent, 200);
	host_asks(&asked, 0);
	guest_hears(&config_sent, 0);
	guest_judges(WS_STATUS_FAILED);
	cr_assert_eq(host_hears(&verdict_sent, 0), WS_PROTO_GOT_REFUSED);
	cr_assert(!host.configured && !host.expecting);
	cr_assert_not(ws_proto_host_expired(&host, 2 * TIMEOUT_NS));
}

Test(proto_events, a_part_of_an_answer_heard_twice_is_no_answer)
{
	struct ws_proto_report report = { .more = true, .parts_count = 1,
					  .part = { { 0, false, &hist } } };

	start_configured(&ws_dialect_wsr1);
	host_asks(&asked, 0);
	guest_hears(&asked, 0);
	told.length = ws_proto_guest_send(&guest, &report, told.bytes, sizeof(told.bytes));
	cr_assert_eq(host_hears(&told, 0), WS_PROTO_GOT_REPORT);
	cr_assert(heard.solicited);
	cr_assert_eq(host_hears(&told, 0), -ESTALE);
	cr_assert_not(heard.solicited);
	cr_assert(host.expecting);
}

Test(proto_events, a_configured_guest_that_is_busy_has_no_edges)
{
	struct ws_proto_report busy = { .error = -EBUSY };

	start_configured(&ws_dialect_wsr1);
	host_asks(&asked, 0);
	guest_hears(&asked, 0);
	told.length = ws_proto_guest_send(&guest, &busy, told.bytes, sizeof(told.bytes));
	cr_assert_eq(host_hears(&told, 0), WS_PROTO_GOT_REPORT);
	cr_assert_eq(msg.report.error, -EAGAIN);
	cr_assert(heard.solicited);
	cr_assert_not(heard.edges_match);
	cr_assert(host.configured && !host.config_open, "busy is not lost");
}

Test(proto_events, turning_off_is_never_too_often)
{
	struct ws_report_config off = config;

	start_configured(&ws_dialect_wsr1);
	guest.refresh_min_ns = 500 * MS;
	off.refresh_interval_ns = 0;
	other_sent.length = ws_proto_host_config(&host, &off, 0, other_sent.bytes,
						 sizeof(other_sent.bytes));
	cr_assert_eq(guest_hears(&other_sent, 0), WS_PROTO_UNCONFIGURE);
	guest_judges(WS_STATUS_OK);
	cr_assert_eq(host_hears(&verdict_sent, 0), WS_PROTO_GOT_ACCEPTED);
	cr_assert_eq(heard.detail, 0);
}

/* The host does not keep what was in force before a refusal: it has to send that anew. */
Test(proto_events, what_was_in_force_before_a_refusal_cannot_be_repeated)
{
	struct ws_proto_report error = { .error = -ENODATA };

	start_configured(&ws_dialect_wsr1);
	host_configures_from(&other_sent, 300);
	cr_assert_eq(guest_hears(&other_sent, 0), WS_PROTO_CONFIGURE);
	guest_judges(WS_STATUS_FAILED);
	cr_assert_eq(host_hears(&verdict_sent, 0), WS_PROTO_GOT_REFUSED);
	ws_proto_guest_reset(&guest);
	host_asks(&asked, 0);
	cr_assert_eq(guest_hears(&asked, 0), -ENODATA);
	told.length = ws_proto_guest_send(&guest, &error, told.bytes, sizeof(told.bytes));
	cr_assert_eq(host_hears(&told, 0), WS_PROTO_GOT_REPORT);
	cr_assert(heard.solicited);
	cr_assert_eq(msg.report.error, -ENODATA);
	cr_assert_eq(ws_proto_host_repeat(&host, told.bytes, sizeof(told.bytes)), 0);
}

/* The buffers of two verdicts and two reports come in the order that is the worst. */
Test(proto_events, buffers_that_come_back_in_the_reverse_order)
{
	struct letter first_verdict;

	start(&ws_dialect_wsr1);
	host_configures_from(&config_sent, 100);
	guest_hears(&config_sent, 0);
	guest_judges(WS_STATUS_OK);
	first_verdict = verdict_sent;
	host_configures_from(&other_sent, 200);
	guest_hears(&other_sent, 0);
	guest_judges(WS_STATUS_OK);
	cr_assert_eq(host_hears(&verdict_sent, 0), WS_PROTO_GOT_ACCEPTED);
	cr_assert_eq(host_hears(&first_verdict, 0), -ESTALE);
	cr_assert_eq(host.config_id, host.sent_id);
	host_asks(&asked, 0);
	guest_tells(&told, true, 0);
	guest_hears(&asked, 0);
	guest_tells(&told_next, false, 0);
	cr_assert_eq(host_hears(&told_next, 0), WS_PROTO_GOT_REPORT);
	cr_assert(heard.solicited);
	cr_assert_eq(heard.lost_count, 0, "the first that is heard shows no gap");
	cr_assert_eq(host_hears(&told, 0), -ESTALE, "older ages after newer ones");
	cr_assert_not(heard.solicited);
}

/* A report of other edges than the configuration's is not sent; nor of more or fewer. */
EACH_DIALECT(a_report_with_other_edges_than_configured_is_not_sent)
{
	static struct ws_hist other;
	static const u64 edges[][3] = { { 7 * MS, 9 * MS, 11 * MS },
					{ 200 * MS, 800 * MS, 3001 * MS } };

	start_configured(dialect);
	for (u32 i = 0; i < 2; i++) {
		cr_assert_eq(ws_hist_init(&other, edges[i], 3), 0);
		cr_assert_eq(ws_proto_guest_report(&guest, &other, 0, told.bytes,
						   sizeof(told.bytes)), -EINVAL);
	}
	cr_assert_eq(guest.reports_count, 0);
	cr_assert_eq(guest.sequence, 0);
	host_configures_from(&other_sent, 100);
	guest_hears(&other_sent, 0);
	cr_assert_eq(ws_proto_guest_report(&guest, &hist, 0, told.bytes, sizeof(told.bytes)),
		     -EINVAL, "of the configuration before");
	guest_judges(dialect->numbered ? WS_STATUS_FAILED : WS_STATUS_OK);
	told.length = ws_proto_guest_report(&guest, &hist, 0, told.bytes, sizeof(told.bytes));
	if (dialect->numbered)
		cr_assert_gt(told.length, 0, "which is in force again");
	else
		cr_assert_eq(told.length, -EINVAL);
}

/* The id alone does not say what a report was made by: a guest may be wrong, or lie. */
Test(proto_events, edges_match_by_the_edges_and_not_by_the_id_alone)
{
	start_configured(&ws_dialect_wsr1);
	guest_tells(&told, true, 0);
	told.bytes[52] ^= 1; /* the first edge: 201 ms */
	cr_assert_eq(host_hears(&told, 0), WS_PROTO_GOT_REPORT);
	cr_assert_eq(msg.report.config_id, host.config_id);
	cr_assert_eq(msg.report.bin[0].idle_age_ns, 201 * MS);
	cr_assert_not(heard.edges_match);
	guest_tells(&told, true, 0);
	cr_assert_eq(host_hears(&told, 0), WS_PROTO_GOT_REPORT);
	cr_assert(heard.edges_match);
}

/* What is in force after a refusal is compared as long as the host knows its edges. */
Test(proto_events, edges_match_those_of_the_configuration_in_force)
{
	u32 in_force;

	start_configured(&ws_dialect_wsr1);
	in_force = host.config_id;
	for (u32 i = 0; i < 3; i++) {
		host_configures_from(&other_sent, 100 + i);
		guest_hears(&other_sent, 0);
		guest_judges(WS_STATUS_FAILED);
		cr_assert_eq(host_hears(&verdict_sent, 0), WS_PROTO_GOT_REFUSED);
		cr_assert_eq(host.config_id, in_force);
		guest_tells(&told, true, 0);
		cr_assert_eq(host_hears(&told, 0), WS_PROTO_GOT_REPORT);
		cr_assert(heard.edges_match, "after %u", i);
		guest_tells(&told, true, 0);
		told.bytes[52] ^= 1;
		cr_assert_eq(host_hears(&told, 0), WS_PROTO_GOT_REPORT);
		cr_assert_not(heard.edges_match, "after %u", i);
	}
}

/* Two configurations without a verdict, and the older one is in force: its edges are forgotten. */
Test(proto_events, edges_that_the_host_has_forgotten_do_not_match)
{
	struct letter third;

	start_configured(&ws_dialect_wsr1);
	host_configures_from(&other_sent, 100);
	guest_hears(&other_sent, 0);
	guest_judges(WS_STATUS_OK); /* which is lost */
	host_configures_from(&config_sent, 200);
	host_configures_from(&third, 300);
	guest_hears(&third, 0);
	guest_judges(WS_STATUS_FAILED);
	cr_assert_eq(host_hears(&verdict_sent, 0), WS_PROTO_GOT_REFUSED);
	ws_hist_init(&hist, (u64[]){ 100 * MS, 800 * MS, 3000 * MS }, 3);
	guest_tells(&told, true, 0);
	cr_assert_eq(host_hears(&told, 0), WS_PROTO_GOT_REPORT);
	cr_assert_eq(msg.report.config_id, host.config_id);
	cr_assert_not(heard.edges_match);
}

static void node_tells(struct letter *to, u16 node)
{
	struct ws_proto_report report = { .parts_count = 1, .part = { { node, false, &hist } } };

	to->length = ws_proto_guest_send(&guest, &report, to->bytes, sizeof(to->bytes));
	cr_assert_gt(to->length, 0);
}

static void expect_solicited(const struct letter *letter, u64 now_ns, bool solicited)
{
	cr_assert_eq(host_hears(letter, now_ns), WS_PROTO_GOT_REPORT);
	cr_assert_eq(heard.solicited, solicited);
	cr_assert_eq(heard.pressure, !solicited);
}

/* RFC v2 sends one report for each node and does not say how many are to come. */
Test(proto_events, an_answer_that_is_a_report_for_each_node)
{
	start_configured(&ws_dialect_rfc2);
	node_tells(&told, 3);
	expect_solicited(&told, 0, false);
	host_asks(&asked, 0);
	guest_hears(&asked, 0);
	for (u32 node = 0; node < 64; node += 9) {
		node_tells(&told, (u16)node);
		expect_solicited(&told, (node + 1) * MS, true);
		cr_assert_eq(msg.node, node);
		cr_assert_eq(heard.waited_ns, (node + 1) * MS);
		cr_assert_not(host.expecting, "the first has closed it");
	}
	cr_assert_eq(host.solicited_count, 1);
	cr_assert_eq(host.further_count, 7);
	node_tells(&told, 9);
	expect_solicited(&told, 70 * MS, false); /* that node's second */
	node_tells(&told, 1);
	expect_solicited(&told, TIMEOUT_NS, false); /* too late for an answer */
	host_asks(&asked, TIMEOUT_NS);
	guest_hears(&asked, TIMEOUT_NS);
	node_tells(&told, 9);
	expect_solicited(&told, TIMEOUT_NS, true); /* a new request asks all nodes anew */
	node_tells(&told, 0);
	expect_solicited(&told, TIMEOUT_NS, true);
	cr_assert_eq(host.unsolicited_count, 3);
}

/* What comes after a configuration is no answer to the request before it. */
Test(proto_events, a_configuration_ends_the_wait_for_further_nodes)
{
	start_configured(&ws_dialect_rfc2);
	host_asks(&asked, 0);
	guest_hears(&asked, 0);
	node_tells(&told, 0);
	expect_solicited(&told, 0, true);
	host_configures(&config_sent, &config);
	cr_assert_eq(guest_hears(&config_sent, 0), WS_PROTO_CONFIGURE);
	node_tells(&told, 1);
	expect_solicited(&told, 0, false);
	cr_assert_eq(host.further_count, 0);
	cr_assert_eq(host.unsolicited_count, 1);
}

/* Nodes past 63 are not kept: of their reports only one that comes first is an answer. */
Test(proto_events, nodes_that_the_host_does_not_tell_apart)
{
	start_configured(&ws_dialect_rfc2);
	host_asks(&asked, 0);
	guest_hears(&asked, 0);
	node_tells(&told, 64);
	expect_solicited(&told, 0, true);
	node_tells(&told, WS_NODE_ANY);
	expect_solicited(&told, 0, false);
	node_tells(&told, 63);
	expect_solicited(&told, 0, true);
	host_asks(&asked, 0);
	guest_hears(&asked, 0);
	node_tells(&told, WS_NODE_ANY);
	expect_solicited(&told, 0, true);
	node_tells(&told, 0);
	expect_solicited(&told, 0, false); /* the answer was for all nodes */
}

/* Where a request names its node, another node's report does not belong to it. */
Test(proto_events, the_answer_for_one_node_is_one_report)
{
	start_configured(&ws_dialect_v4);
	host_asks(&asked, 0);
	guest_hears(&asked, 0);
	node_tells(&told, 0);
	expect_solicited(&told, 0, true);
	node_tells(&told, 1);
	expect_solicited(&told, 0, false);
	config_sent.length = ws_proto_host_config(&host, &config, WS_NODE_ANY, config_sent.bytes,
						  sizeof(config_sent.bytes));
	cr_assert_eq(guest_hears(&config_sent, 0), WS_PROTO_CONFIGURE);
	host_asks(&asked, 0);
	guest_hears(&asked, 0);
	node_tells(&told, 0);
	expect_solicited(&told, 0, true);
	node_tells(&told, 1);
	expect_solicited(&told, 0, true); /* all were asked */
	ws_proto_host_reset(&host);
	cr_assert_gt(ws_proto_host_config(&host, &config, WS_NODE_ANY, config_sent.bytes,
					  sizeof(config_sent.bytes)), 0);
	node_tells(&told, 2);
	expect_solicited(&told, 0, false);
}

/* The configuration for node 1 is lost, and then refused; the requests name it nevertheless. */
EACH_DIALECT(a_request_for_another_node_is_answered_for_the_one_configured)
{
	if (!dialect->asks_node)
		return;
	start_configured(dialect);
	other_sent.length = ws_proto_host_config(&host, &config, 1, other_sent.bytes,
						 sizeof(other_sent.bytes));
	for (u32 i = 0; i < 2; i++) {
		host_asks(&asked, 0);
		cr_assert_eq(guest_hears(&asked, 0), WS_PROTO_REPORT);
		cr_assert_eq(guest.msg.node, 1);
		cr_assert_eq(guest.node, 0);
		told.length = ws_proto_guest_report(&guest, &hist, 0, told.bytes, sizeof(told.bytes));
		cr_assert_eq(host_hears(&told, 0), WS_PROTO_GOT_REPORT);
		cr_assert(heard.solicited && !host.expecting);
		cr_assert_eq(msg.node, 0, "it says so");
		if (!dialect->numbered)
			break;
		cr_assert_eq(heard.edges_match, i == 1, "the id says so too");
		if (i)
			break;
		cr_assert_eq(guest_hears(&other_sent, 0), WS_PROTO_CONFIGURE);
		guest_judges(WS_STATUS_NODE);
		cr_assert_eq(host_hears(&verdict_sent, 0), WS_PROTO_GOT_REFUSED);
	}
}

Test(proto_events, no_more_nodes_than_agreed)
{
	struct ws_proto_report report = { .parts_count = 2,
					  .part = { { 0, false, &hist }, { 1, false, &hist } } };

	start_configured(&ws_dialect_wsr1);
	cr_assert_eq(guest.nodes_max, WS_PARTS_MAX);
	guest.nodes_max = 1;
	cr_assert_eq(ws_proto_guest_send(&guest, &report, told.bytes, sizeof(told.bytes)), -EINVAL);
	cr_assert_eq(guest.sequence, 0);
	guest.nodes_max = 9; /* what the dialect cannot have is not agreed either */
	report.parts_count = WS_PARTS_MAX + 1;
	cr_assert_eq(ws_proto_guest_send(&guest, &report, told.bytes, sizeof(told.bytes)), -EINVAL);
	report.parts_count = 2;
	told.length = ws_proto_guest_send(&guest, &report, told.bytes, sizeof(told.bytes));
	cr_assert_gt(told.length, 0);
	host.nodes_max = 1;
	cr_assert_eq(host_hears(&told, 0), -ERANGE);
	cr_assert_eq(host.malformed_count, 1);
	cr_assert_eq(host.sequence, 0);
	host.nodes_max = 2;
	cr_assert_eq(host_hears(&told, 0), WS_PROTO_GOT_REPORT);
	cr_assert_eq(msg.report.parts_count, 2);
}
