/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* ws_proto_guest.c - the guest's end of working-set reporting; see ws_proto.h. */
#include "ws_proto.h"

int ws_proto_guest_init(struct ws_proto_guest *guest, const struct ws_dialect *dialect,
			u32 bins_count)
{
	if (bins_count < dialect->bins_min || bins_count > dialect->bins_max)
		return -ERANGE;
	memset(guest, 0, sizeof(*guest));
	guest->dialect = dialect;
	guest->bins_count = bins_count;
	guest->node = WS_NODE_ANY;
	return 0;
}

void ws_proto_guest_reset(struct ws_proto_guest *guest)
{
	guest->configured = false;
	guest->node = WS_NODE_ANY;
}

static int consume_config(struct ws_proto_guest *guest)
{
	guest->configs_count++;
	guest->node = guest->msg.node;
	guest->configured = guest->msg.config.refresh_interval_ns ||
			    !guest->dialect->refresh_zero_disables;
	return guest->configured ? WS_PROTO_CONFIGURE : WS_PROTO_UNCONFIGURE;
}

int ws_proto_guest_consume(struct ws_proto_guest *guest, const u8 *buf, u32 len, u64 now_ns)
{
	int error = guest->dialect->decode_to_guest(&guest->msg, guest->bins_count, buf, len);

	if (error) {
		guest->malformed_count++;
		return error;
	}
	guest->heard_ns = now_ns;
	if (guest->msg.kind == WS_MSG_CONFIG)
		return consume_config(guest);
	guest->requests_count++;
	if (guest->configured)
		return WS_PROTO_REPORT;
	guest->early_count++;
	return -ENODATA;
}

int ws_proto_guest_report(struct ws_proto_guest *guest, const struct ws_hist *hist, int error,
			  u8 *buf, u32 size)
{
	int written;

	if (!guest->configured)
		return -ENODATA;
	if (error) {
		memset(&guest->msg, 0, sizeof(guest->msg));
		guest->msg.kind = WS_MSG_REPORT;
		guest->msg.node = guest->node;
		guest->msg.report.error = error;
	} else {
		ws_msg_from_hist(&guest->msg, hist, guest->node);
	}
	written = guest->dialect->encode_to_host(&guest->msg, guest->bins_count, buf, size);
	if (written >= 0)
		guest->reports_count++;
	return written;
}
