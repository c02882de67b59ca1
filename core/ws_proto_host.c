/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* ws_proto_host.c - the host's end of working-set reporting; see ws_proto.h. */
#include "ws_proto.h"
#include "ws_proto_ids.h"

#define SEEN_COUNT 64u

int ws_proto_host_init(struct ws_proto_host *host, const struct ws_dialect *dialect, u32 bins_count,
		       u64 timeout_ns)
{
	if (bins_count < dialect->bins_min || bins_count > dialect->bins_max)
		return -ERANGE;
	memset(host, 0, sizeof(*host));
	host->dialect = dialect;
	host->bins_count = bins_count;
	host->nodes_max = dialect->nodes_max;
	host->timeout_ns = timeout_ns;
	host->node = WS_NODE_ANY;
	return 0;
}

void ws_proto_host_reset(struct ws_proto_host *host)
{
	host->configured = false;
	host->expecting = false;
	host->node = WS_NODE_ANY;
	host->floor_id = host->last_id;
	host->config_open = false;
	host->config_id = 0;
	host->judged_id = 0;
	host->in_force_id = 0;
	host->kept_id = 0;
	host->nodes_awaited = false;
	host->sequence = 0;
	host->seen = 0;
}

/* The id of the next message, 0 in dialects without; it counts when the message was made. */
static u32 next_id(const struct ws_proto_host *host)
{
	u32 id = host->last_id + 1;

	if (!host->dialect->numbered)
		return 0;
	return id ? id : 1;
}

/* A message with the id of next_id() was made. */
static void id_given(struct ws_proto_host *host, u32 id)
{
	host->last_id = id;
	host->floor_id = ws_id_keep(host->floor_id, id);
}

static bool turns_on(const struct ws_proto_host *host, const struct ws_report_config *config)
{
	return config->refresh_interval_ns || !host->dialect->refresh_zero_disables;
}

static int encode_config(struct ws_proto_host *host, const struct ws_report_config *config,
			 u16 node, u32 id, u8 *buf, u32 size)
{
	memset(&host->msg, 0, sizeof(host->msg));
	host->msg.kind = WS_MSG_CONFIG;
	host->msg.node = node;
	host->msg.id = id;
	host->msg.config = *config;
	return host->dialect->encode_to_guest(&host->msg, host->bins_count, buf, size);
}

int ws_proto_host_config(struct ws_proto_host *host, const struct ws_report_config *config,
			 u16 node, u8 *buf, u32 size)
{
	u32 id = next_id(host);
	int written = encode_config(host, config, node, id, buf, size);

	if (written < 0)
		return written;
	host->configured = turns_on(host, config);
	host->expecting = host->expecting && host->configured;
	host->nodes_awaited = false;
	/* What is in force stays known until its successor is: it is in force after a refusal. */
	if (!host->kept_id || host->kept_id != host->in_force_id) {
		host->kept = host->config;
		host->kept_id = host->sent_id;
	}
	host->config = *config;
	host->node = node;
	id_given(host, id);
	host->sent_id = host->config_id = id;
	host->config_open = host->dialect->numbered;
	host->configs_count++;
	return written;
}

int ws_proto_host_repeat(struct ws_proto_host *host, u8 *buf, u32 size)
{
	if (!host->config_open)
		return 0;
	return encode_config(host, &host->config, host->node, host->sent_id, buf, size);
}

bool ws_proto_host_expired(struct ws_proto_host *host, u64 now_ns)
{
	if (!host->expecting || now_ns - host->request_ns < host->timeout_ns)
		return false;
	host->expecting = false;
	host->expired_count++;
	return true;
}

int ws_proto_host_request(struct ws_proto_host *host, u64 now_ns, u8 *buf, u32 size)
{
	int written;

	if (!host->configured)
		return -ENODATA;
	ws_proto_host_expired(host, now_ns);
	if (host->expecting)
		return -EBUSY;
	memset(&host->msg, 0, sizeof(host->msg));
	host->msg.kind = WS_MSG_REQUEST;
	host->msg.node = host->node;
	host->msg.id = next_id(host);
	written = host->dialect->encode_to_guest(&host->msg, host->bins_count, buf, size);
	if (written < 0)
		return written;
	id_given(host, host->msg.id);
	host->request_id = host->msg.id;
	host->expecting = true;
	host->answer_whole = false;
	host->nodes_awaited = false;
	host->request_ns = now_ns;
	host->requests_count++;
	return written;
}

/* Are the report's edges those that it should have, as far as whole milliseconds tell? */
static bool edges_match(const struct ws_proto_host *host, const struct ws_msg_report *report)
{
	bool last = host->config_id == host->sent_id;
	const struct ws_report_config *config = last ? &host->config : &host->kept;
	u32 i;

	if (host->dialect->numbered && (report->config_id != host->config_id ||
					!(last || host->config_id == host->kept_id)))
		return false;
	if (report->bins_count != config->edges_count + 1)
		return false;
	for (i = 0; i < config->edges_count; i++) {
		u64 seen = report->bin[i].idle_age_ns, sent = config->edge_ns[i];

		if (seen > sent || sent - seen >= WS_NS_PER_MS)
			return false;
	}
	return true;
}

/*
 * A guest judges newer configurations only, and what it has accepted is in force: what
 * else a verdict names as in force cannot be, and nothing in it is to be believed.
 */
static bool contradicts_itself(const struct ws_proto_host *host, const struct ws_msg *msg,
			       bool awaited)
{
	const struct ws_msg_verdict *verdict = &msg->verdict;
	u32 in_force = verdict->config_id;

	if (verdict->status != WS_STATUS_OK)
		return in_force && !ws_id_newer(msg->id, in_force);
	if (in_force && in_force != msg->id)
		return true;
	return !in_force != !verdict->detail || (awaited && !in_force == turns_on(host, &host->config));
}

static int consume_verdict(struct ws_proto_host *host, const struct ws_msg *msg,
			   struct ws_proto_heard *heard)
{
	bool accepted = msg->verdict.status == WS_STATUS_OK;
	bool awaited = host->config_open && msg->id == host->sent_id;

	/* On nothing that was ever sent, or of no use. */
	if (!host->sent_id || ws_id_newer(msg->id, host->sent_id) ||
	    contradicts_itself(host, msg, awaited)) {
		host->malformed_count++;
		return -EPROTO;
	}
	if (!ws_id_newer(msg->id, host->floor_id)) {
		host->idle_verdicts_count++;
		return -ESTALE;
	}
	if (ws_id_newer(msg->id, host->judged_id) || awaited) {
		host->judged_id = msg->id;
		host->in_force_id = msg->verdict.config_id;
	}
	host->config_open = host->config_open && !awaited;
	if (!host->config_open) {
		host->config_id = host->in_force_id;
		host->configured = host->in_force_id;
		host->expecting = host->expecting && host->configured;
	}
	if (!awaited) {
		host->idle_verdicts_count++;
		return -ESTALE;
	}
	heard->status = msg->verdict.status;
	heard->detail = msg->verdict.detail;
	host->accepted_count += accepted;
	host->refused_count += !accepted;
	return accepted ? WS_PROTO_GOT_ACCEPTED : WS_PROTO_GOT_REFUSED;
}

static u64 node_bit(u16 node)
{
	return node < 64 ? 1ull << node : 0;
}

/* The request was answered: does each node do that for itself? */
static void await_nodes(struct ws_proto_host *host, u16 node)
{
	const struct ws_dialect *dialect = host->dialect;

	host->nodes_awaited = !dialect->numbered && dialect->carries_node && node != WS_NODE_ANY &&
			      !(dialect->asks_node && host->node != WS_NODE_ANY);
	host->nodes_heard = node_bit(node);
}

static bool is_further_node(struct ws_proto_host *host, u16 node, u64 now_ns)
{
	u64 bit = node_bit(node);

	if (!host->nodes_awaited || !bit || host->nodes_heard & bit ||
	    now_ns - host->request_ns >= host->timeout_ns)
		return false;
	host->nodes_heard |= bit;
	host->further_count++;
	return true;
}

/*
 * Is this the answer to the open request?  The last of an answer closes it.  An answer is
 * whole if it was heard from its beginning and no sequence number was passed over since.
 */
static bool take_answer(struct ws_proto_host *host, const struct ws_msg *msg, bool late, u64 now_ns,
			struct ws_proto_heard *heard)
{
	if (host->dialect->numbered && msg->id != host->request_id)
		return false;
	if (!host->expecting && !is_further_node(host, msg->node, now_ns))
		return false;
	heard->solicited = true;
	heard->waited_ns = now_ns - host->request_ns;
	if (!host->expecting)
		return true;
	host->answer_whole |= !msg->report.continued && !late;
	if (!msg->report.more) {
		await_nodes(host, msg->node);
		heard->partial = !host->answer_whole;
		host->partial_count += heard->partial;
		host->expecting = false;
		host->solicited_count++;
	}
	return true;
}

/* By its sequence number: 0 and noted, or -ESTALE. */
static int note_sequence(struct ws_proto_host *host, u64 sequence, struct ws_proto_heard *heard)
{
	u64 ahead = sequence - host->sequence, behind = host->sequence - sequence;

	if (sequence > host->sequence) {
		heard->lost_count = host->sequence ? ahead - 1 : 0;
		host->lost_count += heard->lost_count;
		host->answer_whole &= !heard->lost_count;
		host->seen = (ahead < SEEN_COUNT ? host->seen << ahead : 0) | 1;
		host->sequence = sequence;
		return 0;
	}
	/* One too old to be known about is taken for the more harmless of the two: a duplicate. */
	if (behind >= SEEN_COUNT || host->seen >> behind & 1) {
		host->duplicates_count++;
		return -ESTALE;
	}
	host->seen |= 1ull << behind;
	host->late_count++;
	return -ESTALE;
}

/* What a numbered report tells before it is handed on.  Return: 0 or negative errno. */
static int check_numbered(struct ws_proto_host *host, const struct ws_msg *msg, u64 now_ns,
			  struct ws_proto_heard *heard)
{
	u64 duplicates_count = host->duplicates_count;
	int error;

	/* A report without a sequence number, or an answer to a question never asked. */
	if (!msg->report.sequence || (msg->id && ws_id_newer(msg->id, host->last_id))) {
		host->malformed_count++;
		return -EPROTO;
	}
	if (msg->id && !ws_id_newer(msg->id, host->floor_id)) {
		host->unexpected_count++;
		return -ENODATA;
	}
	error = note_sequence(host, msg->report.sequence, heard);
	if (error && host->duplicates_count == duplicates_count)
		take_answer(host, msg, true, now_ns, heard);
	if (!error && msg->report.error == -ENODATA && host->config_id == host->sent_id)
		host->config_open = true; /* the guest has lost it, or not yet got it */
	return error;
}

int ws_proto_host_consume(struct ws_proto_host *host, const u8 *buf, u32 len, u64 now_ns,
			  struct ws_msg *msg, struct ws_proto_heard *heard)
{
	bool numbered = host->dialect->numbered;
	int error;

	memset(heard, 0, sizeof(*heard));
	error = host->dialect->decode_to_host(msg, host->bins_count, buf, len);
	if (!error && msg->kind == WS_MSG_REPORT && msg->report.parts_count > host->nodes_max)
		error = -ERANGE;
	if (error) {
		host->malformed_count++;
		return error;
	}
	if (msg->kind == WS_MSG_VERDICT)
		return consume_verdict(host, msg, heard);
	if (!host->configured) {
		host->unexpected_count++;
		return -ENODATA;
	}
	error = numbered ? check_numbered(host, msg, now_ns, heard) : 0;
	if (error)
		return error;
	heard->edges_match = !msg->report.error && edges_match(host, &msg->report);
	if (!take_answer(host, msg, false, now_ns, heard)) {
		heard->overdue = numbered && msg->id;
		host->overdue_count += heard->overdue;
		host->unsolicited_count += !heard->overdue;
	}
	heard->pressure = numbered ? msg->report.pressure : !heard->solicited;
	return WS_PROTO_GOT_REPORT;
}
