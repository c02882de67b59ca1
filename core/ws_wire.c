/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* ws_wire.c - the table of dialects and what they share; see ws_wire.h. */
#include "ws_math.h"
#include "ws_wire.h"
#include "ws_wire_ms.h"

const struct ws_dialect *const ws_dialects[] = {
	&ws_dialect_rfc2,
	&ws_dialect_v4,
	&ws_dialect_rfc1,
	&ws_dialect_crosvm,
	&ws_dialect_wsr1,
	NULL,
};

const struct ws_dialect *ws_dialect_find(const char *name)
{
	const struct ws_dialect *const *dialect;

	for (dialect = ws_dialects; *dialect; dialect++) {
		const char *a = (*dialect)->name, *b = name;

		while (*a && *a == *b) {
			a++;
			b++;
		}
		if (*a == *b)
			return *dialect;
	}
	return NULL;
}

void ws_msg_from_hist(struct ws_msg *msg, const struct ws_hist *hist, u16 node)
{
	struct ws_msg_report *report = &msg->report;
	u32 i;

	memset(msg, 0, sizeof(*msg));
	msg->kind = WS_MSG_REPORT;
	msg->node = node;
	report->bins_count = hist->bins_count;
	for (i = 0; i < hist->bins_count; i++) {
		report->bin[i].idle_age_ns = ws_hist_edge(hist, i);
		report->bin[i].anon_bytes = hist->pages[WS_ANON][i] << WS_PAGE_SHIFT;
		report->bin[i].file_bytes = hist->pages[WS_FILE][i] << WS_PAGE_SHIFT;
	}
}

/*
 * ns / 10^6 = (ns / 2^6) / 5^6, the latter by the reciprocal m = ceil(2^77 / 5^6): exact
 * below 2^58, for m * 5^6 - 2^77 < 5^6 <= 2^(77 - 58).  A report has 32 of these, and a
 * division bit by bit, which is what 32-bit machines would need, costs 50 ns.
 */
u64 ws_wire_whole_ms(u64 ns)
{
	return ws_mul(ns >> 6, 0x8637bd05af6c69b6ull).high >> 13;
}

int ws_wire_ms_from_ns(u64 ns, u64 ms_max, u64 *ms)
{
	*ms = ws_wire_whole_ms(ns);
	return *ms > ms_max || (ns && !*ms) ? -ERANGE : 0;
}

int ws_wire_ns_from_ms(u64 ms, u64 *ns)
{
	struct ws_u128 product = ws_mul(ms, WS_NS_PER_MS);

	*ns = product.low;
	return product.high ? -ERANGE : 0;
}

int ws_wire_ms_from_edges(const u64 *edge_ns, u32 edges_count, u64 ms_max, u64 *ms)
{
	u32 i;

	for (i = 0; i < edges_count; i++) {
		int error = ws_wire_ms_from_ns(edge_ns[i], ms_max, &ms[i]);

		if (error)
			return error;
		if (i && ms[i] == ms[i - 1])
			return -ERANGE;
	}
	return 0;
}

int ws_wire_ms_from_report(const struct ws_msg_report *report, u64 ms_max, u64 *ms)
{
	u64 edge_ns[WS_EDGES_MAX] = { 0 };
	u32 edges_count = report->bins_count - 1, i;
	int error;

	for (i = 0; i < edges_count; i++)
		edge_ns[i] = report->bin[i].idle_age_ns;
	error = ws_hist_check_edges(edge_ns, edges_count);
	return error ? error : ws_wire_ms_from_edges(edge_ns, edges_count, ms_max, ms);
}
