/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* ws_proto_host.c - the host's end of working-set reporting; see ws_proto.h. */
#include "ws_proto.h"

int ws_proto_host_init(struct ws_proto_host *host, const struct ws_dialect *dialect, u32 bins_count,
		       u64 timeout_ns)
{
	if (bins_count < dialect->bins_min || bins_count > dialect->bins_max)
		return -ERANGE;
	memset(host, 0, sizeof(*host));
	host->dialect = dialect;
	host->bins_count = bins_count;
	host->timeout_ns = timeout_ns;
	host->node = WS_NODE_ANY;
	return 0;
}

void ws_proto_host_reset(struct ws_proto_host *host)
{
	host->configured = false;
	host->expecting = false;
	host->node = WS_NODE_ANY;
}

int ws_proto_host_config(struct ws_proto_host *host, const struct ws_report_config *config,
			 u16 node, u8 *buf, u32 size)
{
	int written;

	memset(&host->msg, 0, sizeof(host->msg));
	host->msg.kind = WS_MSG_CONFIG;
	host->msg.node = node;
	host->msg.config = *config;
	written = host->dialect->encode_to_guest(&host->msg, host->bins_count, buf, size);
	if (written < 0)
		return written;
	host->configured = config->refresh_interval_ns || !host->dialect->refresh_zero_disables;
	host->expecting = host->expecting && host->configured;
	host->edges_count = config->edges_count;
	memcpy(host->edge_ns, config->edge_ns, config->edges_count * sizeof(u64));
	host->node = node;
	host->configs_count++;
	return written;
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
	written = host->dialect->encode_to_guest(&host->msg, host->bins_count, buf, size);
	if (written < 0)
		return written;
	host->expecting = true;
	host->request_ns = now_ns;
	host->requests_count++;
	return written;
}

/* Are the report's edges those last configured, as far as whole milliseconds tell? */
static bool edges_match(const struct ws_proto_host *host, const struct ws_msg_report *report)
{
	u32 i;

	if (report->bins_count != host->edges_count + 1)
		return false;
	for (i = 0; i < host->edges_count; i++) {
		u64 seen = report->bin[i].idle_age_ns, sent = host->edge_ns[i];

		if (seen > sent || sent - seen >= WS_NS_PER_MS)
			return false;
	}
	return true;
}

int ws_proto_host_consume(struct ws_proto_host *host, const u8 *buf, u32 len, u64 now_ns,
			  struct ws_msg *msg, struct ws_proto_heard *heard)
{
	int error;

	memset(heard, 0, sizeof(*heard));
	error = host->dialect->decode_to_host(msg, host->bins_count, buf, len);
	if (error) {
		host->malformed_count++;
		return error;
	}
	if (!host->configured) {
		host->unexpected_count++;
		return -ENODATA;
	}
	heard->edges_match = !msg->report.error && edges_match(host, &msg->report);
	heard->solicited = host->expecting;
	if (host->expecting) {
		heard->waited_ns = now_ns - host->request_ns;
		host->expecting = false;
		host->solicited_count++;
	} else {
		host->unsolicited_count++;
	}
	return 0;
}
