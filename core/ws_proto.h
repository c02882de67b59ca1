/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * ws_proto.h - who may say what when: working-set reporting at both ends.
 *
 * Neither end does I/O.  The caller moves bytes; an end consumes what arrived
 * and says what is to be done, or fills the caller's buffer with what to send.
 *
 *	host end                                   guest end
 *	  |  ---- CONFIG(edges, intervals) ---->     |   WS_PROTO_CONFIGURE
 *	  |  ---- REQUEST ----------------------->   |   WS_PROTO_REPORT
 *	  |  <--- REPORT(bins) -------------------   |   to a request, or under pressure
 *
 * The posted dialects have no request id, no mark that tells an answer from a
 * pressure report, and no acknowledgement.  The host end therefore does what
 * crosvm does: it expects an answer from the moment it sent a request, and takes
 * the first report after that for the answer.  A pressure report that crosses
 * the request on its way is taken for the answer, and the answer, which comes
 * next, for a pressure report; with these dialects nobody can tell.  What can be
 * told is whether a report's edges are the ones last configured: a report made
 * before the guest saw a new configuration shows the old ones.
 *
 * What happens when it should not:
 *	guest: request before a configuration	-ENODATA, nothing to do (Linux warns)
 *	guest: configuration again		the new one counts, the report is forgotten
 *	guest: bytes that do not decode		the decoder's error, state unchanged
 *	guest: report not configured		-ENODATA
 *	host: request not configured		-ENODATA
 *	host: request while one is open		-EBUSY; after the timeout the old one is given up
 *	host: report not configured, after a reset or sent of the guest's own will
 *						-ENODATA, dropped
 *	host: bytes that do not decode		the decoder's error, the request stays open
 *	host: report with an error		solicited, msg->report.error says which
 *	host: report twice			the second is a pressure report
 *	guest that never answers		ws_proto_host_expired() after the timeout
 *	host that never asks			the guest sends pressure reports or nothing
 * All are counted.  A configuration with refresh interval 0 turns reporting off
 * in dialects that say so (refresh_zero_disables), at both ends.
 *
 * The notification queue holds one buffer in these dialects: the transport must
 * not hand the guest a second message before it took the first.
 *
 * Memory: the caller's.  Time: now_ns, never decreasing.  Errors: 0, a count of
 * bytes, or negative errno as above and in ws_wire.h.  Locking: the caller
 * serializes per end.
 */
#ifndef WS_PROTO_H
#define WS_PROTO_H

#include "ws_wire.h"

/* What ws_proto_guest_consume() asks of its caller. */
enum ws_proto_action {
	WS_PROTO_NOTHING,
	WS_PROTO_CONFIGURE,   /* ws_report_configure() with guest->msg.config */
	WS_PROTO_UNCONFIGURE, /* ws_report_unconfigure() */
	WS_PROTO_REPORT,      /* ws_report_refresh() and ws_proto_guest_report() */
};

struct ws_proto_guest {
	const struct ws_dialect *dialect;
	u32 bins_count;
	bool configured;
	u16 node;	   /* that CONFIG named, WS_NODE_ANY before */
	struct ws_msg msg; /* the message just consumed */
	u64 heard_ns;	   /* when the host was last understood; tells of one that never asks */
	u64 configs_count, requests_count, reports_count;
	u64 early_count;   /* requests before a configuration */
	u64 malformed_count;
};

/* @bins_count as negotiated.  Return: 0, or -ERANGE when the dialect cannot have that many. */
int ws_proto_guest_init(struct ws_proto_guest *guest, const struct ws_dialect *dialect,
			u32 bins_count);

/* The device was reset: not configured. */
void ws_proto_guest_reset(struct ws_proto_guest *guest);

/**
 * ws_proto_guest_consume() - a message of the host
 *
 * A configuration takes effect when this returns WS_PROTO_CONFIGURE; should the
 * caller not be able to, he calls ws_proto_guest_reset().
 * Return: enum ws_proto_action or negative errno.
 */
int ws_proto_guest_consume(struct ws_proto_guest *guest, const u8 *buf, u32 len, u64 now_ns);

/**
 * ws_proto_guest_report() - the bytes of a report, asked for or not
 * @hist: its edges are those of the configuration; not looked at with @error
 * @error: 0, or the negative errno to send instead of bins
 *
 * Uses guest->msg.  Return: bytes; -ENODATA when not configured; -EINVAL for an
 * @error in a dialect that cannot carry one; else an error of ws_wire.h.
 */
int ws_proto_guest_report(struct ws_proto_guest *guest, const struct ws_hist *hist, int error,
			  u8 *buf, u32 size);

struct ws_proto_host {
	const struct ws_dialect *dialect;
	u32 bins_count;
	bool configured;
	bool expecting; /* a request is open since @request_ns */
	u16 node;
	u64 request_ns;
	u64 timeout_ns;
	u32 edges_count; /* of the configuration last sent */
	u64 edge_ns[WS_EDGES_MAX];
	struct ws_msg msg; /* the message being made */
	u64 configs_count, requests_count, solicited_count, unsolicited_count;
	u64 expired_count;   /* requests given up */
	u64 unexpected_count; /* reports while not configured */
	u64 malformed_count;
};

/* What the host end knows about a report besides its contents. */
struct ws_proto_heard {
	bool solicited;	   /* taken for the answer to the open request */
	bool edges_match;  /* its edges are those of the last configuration */
	u64 waited_ns;	   /* since the request; 0 when not solicited */
};

/* @timeout_ns: after which a request counts as lost.  Return: 0 or -ERANGE as for the guest. */
int ws_proto_host_init(struct ws_proto_host *host, const struct ws_dialect *dialect, u32 bins_count,
		       u64 timeout_ns);

/* The device was reset: not configured, no request open. */
void ws_proto_host_reset(struct ws_proto_host *host);

/**
 * ws_proto_host_config() - the bytes of a configuration
 * @config: exactly bins_count - 1 edges where the dialect fixes the number, else fewer too
 *
 * Return: bytes, or an error of ws_wire.h and nothing changed.
 */
int ws_proto_host_config(struct ws_proto_host *host, const struct ws_report_config *config,
			 u16 node, u8 *buf, u32 size);

/* The bytes of a request, which is open then.  Return: bytes; -ENODATA, -EBUSY or -ENOSPC. */
int ws_proto_host_request(struct ws_proto_host *host, u64 now_ns, u8 *buf, u32 size);

/* A report.  @msg: filled, of kind WS_MSG_REPORT, when this returns 0; else negative errno. */
int ws_proto_host_consume(struct ws_proto_host *host, const u8 *buf, u32 len, u64 now_ns,
			  struct ws_msg *msg, struct ws_proto_heard *heard);

/* Is the open request past its timeout?  Then it is given up, once. */
bool ws_proto_host_expired(struct ws_proto_host *host, u64 now_ns);

#endif /* WS_PROTO_H */
