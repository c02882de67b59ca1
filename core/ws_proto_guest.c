/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* ws_proto_guest.c - the guest's end of working-set reporting; see ws_proto.h. */
#include "ws_math.h"
#include "ws_proto.h"
#include "ws_proto_ids.h"

int ws_proto_guest_init(struct ws_proto_guest *guest, const struct ws_dialect *dialect,
			u32 bins_count)
{
	if (bins_count < dialect->bins_min || bins_count > dialect->bins_max)
		return -ERANGE;
	memset(guest, 0, sizeof(*guest));
	guest->dialect = dialect;
	guest->bins_count = bins_count;
	guest->nodes_max = dialect->nodes_max;
	guest->node = WS_NODE_ANY;
	return 0;
}

void ws_proto_guest_reset(struct ws_proto_guest *guest)
{
	guest->configured = false;
	guest->node = WS_NODE_ANY;
	guest->config_id = 0;
	guest->request_id = 0;
	guest->request_heard_id = 0;
	guest->answering = false;
	guest->judged_id = 0;
	guest->undecided = false;
}

static void judge(struct ws_proto_guest *guest, enum ws_status status, u32 detail)
{
	guest->judged_id = guest->msg.id;
	guest->request_heard_id = ws_id_keep(guest->request_heard_id, guest->msg.id);
	guest->judged_node = guest->msg.node;
	guest->verdict.status = status;
	guest->verdict.detail = detail;
	guest->refused_count += status != WS_STATUS_OK;
	guest->undecided = false;
}

static int apply(struct ws_proto_guest *guest)
{
	guest->configs_count++;
	guest->answering = false;
	guest->node = guest->msg.node;
	guest->config = guest->msg.config;
	guest->configured = guest->msg.config.refresh_interval_ns ||
			    !guest->dialect->refresh_zero_disables;
	return guest->configured ? WS_PROTO_CONFIGURE : WS_PROTO_UNCONFIGURE;
}

/* Has this configuration been heard before?  Then *@action says what to do. */
static bool heard_before(struct ws_proto_guest *guest, int *action)
{
	if (ws_id_newer(guest->msg.id, guest->judged_id))
		return false;
	guest->duplicates_count++;
	*action = guest->msg.id == guest->judged_id ? WS_PROTO_VERDICT : WS_PROTO_NOTHING;
	return true;
}

static int consume_numbered(struct ws_proto_guest *guest)
{
	u64 refresh_ns = guest->msg.config.refresh_interval_ns;
	int action;

	if (heard_before(guest, &action))
		return action;
	if (refresh_ns && refresh_ns < guest->refresh_min_ns) {
		judge(guest, WS_STATUS_INTERVAL,
		      (u32)ws_div(guest->refresh_min_ns + WS_NS_PER_MS - 1, WS_NS_PER_MS));
		return WS_PROTO_VERDICT;
	}
	guest->configured_before = guest->configured;
	guest->node_before = guest->node;
	guest->config_before = guest->config;
	guest->config_id_before = guest->config_id;
	guest->config_id = guest->msg.id;
	action = apply(guest);
	judge(guest, WS_STATUS_OK, guest->configured ? guest->msg.config.edges_count + 1 : 0);
	guest->undecided = true;
	return action;
}

/* The decoder has found a configuration impossible, and made the verdict. */
static int consume_refused(struct ws_proto_guest *guest)
{
	int action;

	if (heard_before(guest, &action))
		return action;
	judge(guest, guest->msg.verdict.status, guest->msg.verdict.detail);
	return WS_PROTO_VERDICT;
}

static int consume_request(struct ws_proto_guest *guest)
{
	if (guest->dialect->numbered) {
		if (!ws_id_newer(guest->msg.id, guest->request_heard_id)) {
			guest->duplicates_count++;
			return WS_PROTO_NOTHING;
		}
		guest->request_id = guest->request_heard_id = guest->msg.id;
		guest->answering = false;
		guest->judged_id = ws_id_keep(guest->judged_id, guest->msg.id);
	}
	guest->requests_count++;
	if (guest->configured)
		return WS_PROTO_REPORT;
	guest->early_count++;
	return -ENODATA;
}

int ws_proto_guest_consume(struct ws_proto_guest *guest, const u8 *buf, u32 len, u64 now_ns)
{
	int error = guest->dialect->decode_to_guest(&guest->msg, guest->bins_count, buf, len);

	if (error) {
		guest->malformed_count++;
		return error;
	}
	guest->heard_ns = now_ns;
	switch (guest->msg.kind) {
	case WS_MSG_CONFIG:
		return guest->dialect->numbered ? consume_numbered(guest) : apply(guest);
	case WS_MSG_VERDICT:
		return consume_refused(guest);
	case WS_MSG_REQUEST:
	case WS_MSG_REPORT:
	default:
		return consume_request(guest);
	}
}

int ws_proto_guest_verdict(struct ws_proto_guest *guest, enum ws_status status, u32 detail,
			   u8 *buf, u32 size)
{
	if (!guest->dialect->numbered) {
		if (status)
			ws_proto_guest_reset(guest);
		return 0;
	}
	if (!guest->judged_id)
		return -ENODATA;
	if (guest->undecided && status) {
		guest->configured = guest->configured_before;
		guest->node = guest->node_before;
		guest->config = guest->config_before;
		guest->config_id = guest->config_id_before;
		guest->refused_count++;
		guest->verdict.status = status;
		guest->verdict.detail = detail;
	}
	guest->undecided = false;
	memset(&guest->msg, 0, sizeof(guest->msg));
	guest->msg.kind = WS_MSG_VERDICT;
	guest->msg.id = guest->judged_id;
	guest->msg.node = guest->judged_node;
	guest->msg.verdict = guest->verdict;
	guest->msg.verdict.config_id = guest->configured ? guest->config_id : 0;
	return guest->dialect->encode_to_host(&guest->msg, guest->bins_count, buf, size);
}

static bool has_edges(const struct ws_hist *hist, const struct ws_report_config *config)
{
	return hist->bins_count == config->edges_count + 1 &&
	       !memcmp(hist->edge_ns, config->edge_ns,
		       config->edges_count * sizeof(config->edge_ns[0]));
}

/* Add a further node to guest->msg, whose first is there. */
static void add_part(struct ws_proto_guest *guest, u32 i, const struct ws_hist *hist)
{
	struct ws_msg_report *report = &guest->msg.report;
	u32 bin;

	for (bin = 0; bin < hist->bins_count; bin++) {
		struct ws_msg_bin *sum = &report->bin[bin];
		u64 anon = hist->pages[WS_ANON][bin] << WS_PAGE_SHIFT;
		u64 file = hist->pages[WS_FILE][bin] << WS_PAGE_SHIFT;

		report->part[i].bytes[WS_ANON][bin] = anon;
		report->part[i].bytes[WS_FILE][bin] = file;
		sum->anon_bytes += i ? anon : 0;
		sum->file_bytes += i ? file : 0;
	}
}

static int fill_parts(struct ws_proto_guest *guest, const struct ws_proto_report *from)
{
	struct ws_msg_report *report = &guest->msg.report;
	u32 i;

	if (!from->parts_count || from->parts_count > guest->nodes_max ||
	    from->parts_count > guest->dialect->nodes_max)
		return -EINVAL;
	for (i = 0; i < from->parts_count; i++)
		if (!has_edges(from->part[i].hist, &guest->config))
			return -EINVAL;
	ws_msg_from_hist(&guest->msg, from->part[0].hist, from->part[0].node);
	for (i = 0; i < from->parts_count; i++)
		report->stale |= from->part[i].stale && guest->dialect->numbered;
	if (from->parts_count == 1)
		return 0;
	guest->msg.node = WS_NODE_ANY;
	report->parts_count = from->parts_count;
	for (i = 0; i < from->parts_count; i++) {
		report->part[i].node = from->part[i].node;
		report->part[i].stale = from->part[i].stale;
		add_part(guest, i, from->part[i].hist);
	}
	return 0;
}

static void fill_numbers(struct ws_proto_guest *guest, const struct ws_proto_report *from)
{
	struct ws_msg_report *report = &guest->msg.report;

	guest->msg.id = from->pressure ? 0 : guest->request_id;
	report->pressure = from->pressure;
	report->more = from->more;
	report->continued = from->continued;
	report->config_id = guest->configured ? guest->config_id : 0;
	report->sequence = guest->sequence + 1;
	report->made_ns = from->made_ns;
	report->age_ns = from->now_ns - from->made_ns;
}

int ws_proto_guest_send(struct ws_proto_guest *guest, const struct ws_proto_report *report,
			u8 *buf, u32 size)
{
	bool numbered = guest->dialect->numbered;
	int written = 0;

	WS_ASSERT(report->made_ns <= report->now_ns);
	if (!guest->configured && !(numbered && report->error))
		return -ENODATA;
	if (numbered && report->continued && !report->pressure && !guest->answering)
		return -ESTALE;
	if (report->error) {
		memset(&guest->msg, 0, sizeof(guest->msg));
		guest->msg.kind = WS_MSG_REPORT;
		guest->msg.node = guest->node;
		guest->msg.report.error = report->error;
	} else {
		written = fill_parts(guest, report);
	}
	if (written)
		return written;
	if (numbered)
		fill_numbers(guest, report);
	written = guest->dialect->encode_to_host(&guest->msg, guest->bins_count, buf, size);
	if (written < 0)
		return written;
	guest->reports_count++;
	guest->sequence += numbered;
	if (report->pressure)
		return written;
	guest->answering = report->more;
	if (!report->more)
		guest->request_id = 0;
	return written;
}

int ws_proto_guest_report(struct ws_proto_guest *guest, const struct ws_hist *hist, int error,
			  u8 *buf, u32 size)
{
	struct ws_proto_report report = {
		.error = error,
		.made_ns = guest->heard_ns,
		.now_ns = guest->heard_ns,
		.parts_count = 1,
	};

	report.part[0].node = guest->node;
	report.part[0].hist = hist;
	return ws_proto_guest_send(guest, &report, buf, size);
}
