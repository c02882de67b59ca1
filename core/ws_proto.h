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
 *	  |  <--- VERDICT ----------------------     |   on a configuration, if numbered
 *
 * The posted dialects have no request id, no mark that tells an answer from a
 * pressure report, and no acknowledgement.  The host end therefore does what
 * crosvm does: it expects an answer from the moment it sent a request, and takes
 * the first report after that for the answer.  A pressure report that crosses
 * the request on its way is taken for the answer, and the answer, which comes
 * next, for a pressure report; these dialects leave no way to tell.  What can be
 * told is whether a report's edges are the ones last configured: a report made
 * before the guest saw a new configuration shows the old ones.
 *
 * A numbered dialect (wsr1) can tell all of that, and these ends do:
 *	only the report with the open request's id is its answer;
 *	the sequence numbers of the reports that the host end hands on ascend, so
 *	nobody sees older ages after newer ones, nor the same twice;
 *	a configuration stays open until its verdict comes and can be repeated under
 *	the same id, which the guest end judges once and answers every time.
 *
 * What happens in unusual cases; what follows a slash is what happens instead with a
 * numbered dialect:
 *	guest: request before a configuration	-ENODATA; Linux warns / report the error
 *	guest: request twice, or an older one	answered twice / WS_PROTO_NOTHING
 *	guest: request amid another		both are answered / the newer one only; what of an
 *						answer was not sent by then never is: -ESTALE
 *	guest: request for another node than configured
 *						answered for the configured one: the report says
 *						which, and the host end hands it on as the answer;
 *						dialects without nodes in requests have no such
 *	guest: report under pressure meanwhile	sent, and the request stays open / with id 0
 *	guest: configuration again		the new one counts, the report is forgotten
 *						/ same id: WS_PROTO_VERDICT and no more
 *	guest: an older configuration		it counts / WS_PROTO_NOTHING
 *	guest: impossible configuration		the decoder's error / WS_PROTO_VERDICT, and
 *						the one before stays in force
 *	guest: bytes that do not decode, of	the decoder's error, state unchanged
 *		a wrong length too
 *	guest: report not configured		-ENODATA / errors may be told
 *	host: request not configured		-ENODATA
 *	host: request while one is open		-EBUSY; after the timeout the old one is given up
 *	host: report while not configured: after a reset, or nobody asked for it
 *						-ENODATA, dropped
 *						/ so are answers to requests from before the reset
 *	host: bytes that do not decode, of	the decoder's error, the request stays open
 *		a wrong length too
 *	host: report with an error		solicited, msg->report.error says which
 *						/ -ENODATA in it: the configuration is open again,
 *						if it is the last that was sent; one in force
 *						from before a refusal is to be sent anew
 *	host: report twice			the second is a pressure report / -ESTALE
 *	host: report older than one before	handed on / -ESTALE; if it was the answer, the
 *						request is closed
 *	host: answer after the timeout		a pressure report / overdue, handed on
 *	host: answer in several reports		of one node each, where a request asks all nodes:
 *						the first closes it; unless that was for all,
 *						one of a node (below 64)
 *						that has not answered it is solicited too,
 *						until the timeout; else a pressure report
 *						/ open until the one without "more"
 *	host: one of them lost, or late		- / with the last it is told: partial
 *	host: report with an id never given	- / -EPROTO
 *	host: verdict not the open one's	- / -ESTALE, or -EPROTO when never asked for
 *	host: verdict that contradicts itself	- / -EPROTO, the configuration stays open: one that
 *						accepts and names another as in force, or none,
 *						or refuses and names itself or a newer one
 *	one node twice in a report		- / not sent: -EINVAL / heard: -EPROTO, as bytes
 *						that do not decode
 *	guest that never answers		ws_proto_host_expired() after the timeout
 *	guest that never gives a verdict	ws_proto_host_repeat() as often as liked
 *	host that never asks			the guest sends pressure reports or nothing
 *	host that never gives a buffer back	the guest makes no reports and no verdicts, and
 *						nothing piles up: later it answers the request
 *						and the configuration that it heard last
 *						/ and no older ones
 *	buffers come back in any order		as the lines above say: in either direction a
 *						message may overtake another, and each is judged
 *						when it arrives
 *	more nodes than agreed			not sent: -EINVAL / heard: -ERANGE, as bytes that
 *						do not decode
 *	report with other edges than configured	not sent: -EINVAL; heard: edges_match says so
 *						/ whatever configuration it says it is of
 *	either end is reset			not configured, nothing open; ids and sequence
 *						numbers go on, the host takes any sequence
 *	features are negotiated again		both ends call their init functions; messages still
 *						on their way are refused, or understood like any
 *						/ if the dialect is the same, the transport must
 *						have emptied its queues, as ids start again
 * All are counted.  A configuration with refresh interval 0 turns reporting off
 * in dialects that say so (refresh_zero_disables), at both ends, and gives an open
 * request up.
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
	WS_PROTO_VERDICT,     /* nothing but ws_proto_guest_verdict(), to say it (again) */
};

struct ws_proto_guest {
	const struct ws_dialect *dialect;
	u32 bins_count;
	bool configured;
	u16 node;	   /* the one that CONFIG named, WS_NODE_ANY before */
	struct ws_report_config config; /* the last that took effect */
	struct ws_msg msg; /* the message just consumed */
	u64 heard_ns;	   /* when the host last sent something valid; shows one that never asks */
	u64 configs_count, requests_count, reports_count;
	u64 early_count;   /* requests before a configuration */
	u64 malformed_count;
	/* Of numbered dialects. */
	u64 refresh_min_ns;   /* shorter intervals are refused; the caller's, 0 after init */
	u32 nodes_max;	      /* in one report, as agreed; the caller's, the dialect's after init */
	u32 config_id;	      /* in force while configured; else of what turned reporting off, or 0 */
	u32 request_id;	      /* not yet answered, 0: none */
	u32 request_heard_id; /* the newest */
	bool answering;	      /* some of a report in several was sent, and more is to come */
	u64 sequence;	      /* of the last report */
	u32 judged_id;	      /* the newest configuration, 0: none yet; its verdict: */
	u16 judged_node;
	struct ws_msg_verdict verdict;
	bool undecided;	      /* it waits for the caller to judge it */
	bool configured_before; /* what was in force before it */
	u16 node_before;
	u32 config_id_before;
	struct ws_report_config config_before;
	u64 refused_count;
	u64 duplicates_count; /* requests and configurations heard before, or older */
};

/* @bins_count as negotiated.  Return: 0, or -ERANGE when the dialect cannot have that many. */
int ws_proto_guest_init(struct ws_proto_guest *guest, const struct ws_dialect *dialect,
			u32 bins_count);

/* The device was reset: not configured. */
void ws_proto_guest_reset(struct ws_proto_guest *guest);

/**
 * ws_proto_guest_consume() - a message of the host
 *
 * A configuration takes effect when this returns WS_PROTO_CONFIGURE or
 * WS_PROTO_UNCONFIGURE.  The caller carries it out and says how it went through
 * ws_proto_guest_verdict(), before the next configuration is consumed; one that has not
 * been judged by then counts as accepted, and its verdict is never sent.
 * Return: enum ws_proto_action or negative errno.
 */
int ws_proto_guest_consume(struct ws_proto_guest *guest, const u8 *buf, u32 len, u64 now_ns);

/**
 * ws_proto_guest_verdict() - the bytes of what has become of a configuration
 * @status: WS_STATUS_OK, or why the caller could not do it: then what was in force before
 *	    is in force again, or nothing where the dialect knows no verdicts.  Not looked at
 *	    after WS_PROTO_VERDICT.
 * @detail: as ws_wire.h says for @status; with WS_STATUS_OK this end knows itself
 *
 * Uses guest->msg.
 * Return: bytes to send; 0 in dialects without verdicts; -ENODATA when there was no
 * configuration; or -ENOSPC, and it can be called again.
 */
int ws_proto_guest_verdict(struct ws_proto_guest *guest, enum ws_status status, u32 detail,
			   u8 *buf, u32 size);

/* One report, as the guest sees it. */
struct ws_proto_report {
	int error;	/* as in ws_proto_guest_report(); then no parts */
	bool pressure;	/* reclaim's own: answers nothing, whatever is open */
	bool more;	/* not the last for its request */
	bool continued; /* not the first */
	u64 made_ns;	/* when the ages were collected, at most @now_ns */
	u64 now_ns;
	u32 parts_count; /* 1 to the guest's nodes_max and the dialect's */
	struct {
		u16 node;
		bool stale;
		const struct ws_hist *hist; /* its edges: guest->config's */
	} part[WS_PARTS_MAX];
};

/**
 * ws_proto_guest_send() - the bytes of any report
 *
 * What the dialect has no place for is left out.  An open request is answered unless
 * @report says pressure.  Uses guest->msg.
 *
 * An answer in several reports is one without "continued" and then one after another with
 * it, of which all but the last say "more".  A report that the caller cannot get sent ends
 * it: what is left must not follow.
 * Return: bytes; -ENODATA when not configured, but errors of numbered dialects; -ESTALE
 * when there is nothing to continue, as a newer request, a configuration or a reset came
 * between: the request that is open, if any, is to be answered from the beginning; -EINVAL
 * for an error in a dialect that cannot carry one, for edges that are not those of the
 * configuration in force, or too many parts; else an error of ws_wire.h.
 */
int ws_proto_guest_send(struct ws_proto_guest *guest, const struct ws_proto_report *report,
			u8 *buf, u32 size);

/**
 * ws_proto_guest_report() - the bytes of a report of one node, for a guest without delay
 * @hist: its edges are those of the configuration; not looked at with @error
 * @error: 0, or the negative errno to send instead of bins
 *
 * Answers the open request; without one it is a report of the guest's own.  Where the
 * dialect gives a report's time, it is when the host was last heard; to answer later or
 * unasked, use ws_proto_guest_send(), which takes the time.  Return: as above.
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
	struct ws_report_config config; /* last sent */
	struct ws_msg msg; /* the message being made */
	u64 nodes_heard;   /* bit i: node i has answered the last request, for its further nodes */
	bool nodes_awaited; /* the request was answered, and further nodes may */
	u64 configs_count, requests_count, solicited_count, unsolicited_count;
	u64 further_count;   /* reports of further nodes that belong to an answer */
	u64 expired_count;   /* requests given up */
	u64 unexpected_count; /* reports while not configured, or to requests of before a reset */
	u64 malformed_count;
	/* Of numbered dialects. */
	u32 nodes_max;	    /* in one report, as agreed; the caller's, the dialect's after init */
	bool config_open;   /* no verdict on the configuration last sent */
	u32 last_id;	    /* given to a message */
	u32 floor_id;	    /* the last one before a reset */
	u32 sent_id;	    /* of @config */
	u32 config_id;	    /* that reports should carry: @sent_id, after a refusal @in_force_id */
	u32 judged_id;	    /* of the newest verdict heard, ... */
	u32 in_force_id;    /* ... and what that said is in force, 0: nothing */
	struct ws_report_config kept; /* of one before @config, that in force if it is known; */
	u32 kept_id;		      /* its id */
	u32 request_id;
	bool answer_whole;  /* of its answer all was handed on, up to @sequence */
	u64 sequence;	    /* of the newest report handed on, 0: none */
	u64 seen;	    /* bit i: report sequence - i has come */
	u64 accepted_count, refused_count;
	u64 overdue_count;  /* answers to requests given up */
	u64 lost_count;	    /* sequence numbers that were passed over */
	u64 duplicates_count;
	u64 late_count;	    /* reports older than one before */
	u64 partial_count;  /* answers of which something did not come, or came late */
	u64 idle_verdicts_count; /* verdicts that changed nothing */
};

/* What the host end knows about a report besides its contents. */
struct ws_proto_heard {
	bool solicited;	   /* taken for the answer to the open request */
	bool edges_match;  /* its edges are those last configured, or in force after a refusal,
			      and it says so if it can; false too where they are not known */
	u64 waited_ns;	   /* since the request; 0 when not solicited */
	bool pressure;	   /* reclaim's own; in dialects that do not say: not solicited */
	bool overdue;	   /* the answer to a request given up */
	bool partial;	   /* it closes the request, but not all of the answer was handed on; also
			      when what is missing may have been another report */
	u64 lost_count;	   /* reports missing between the one before and this; some may be late */
	enum ws_status status; /* verdict: why it was refused, ... */
	u32 detail;	   /* ... and as ws_wire.h says for that */
};

/* What ws_proto_host_consume() has got; only reports are handed on. */
enum ws_proto_got { WS_PROTO_GOT_REPORT, WS_PROTO_GOT_ACCEPTED, WS_PROTO_GOT_REFUSED };

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

/**
 * ws_proto_host_repeat() - the last configuration once more, under the same id
 *
 * For when its verdict does not come, or the guest has lost it.  Return: bytes; 0 when
 * there is nothing to repeat; or -ENOSPC.
 */
int ws_proto_host_repeat(struct ws_proto_host *host, u8 *buf, u32 size);

/* The bytes of a request, which is open then.  Return: bytes; -ENODATA, -EBUSY or -ENOSPC. */
int ws_proto_host_request(struct ws_proto_host *host, u64 now_ns, u8 *buf, u32 size);

/**
 * ws_proto_host_consume() - a message of the guest
 * @msg: filled, of kind WS_MSG_REPORT, when this returns WS_PROTO_GOT_REPORT (0)
 *
 * Return: enum ws_proto_got, or negative errno as at the top; with -ESTALE
 * heard->solicited tells whether it closed the open request.
 */
int ws_proto_host_consume(struct ws_proto_host *host, const u8 *buf, u32 len, u64 now_ns,
			  struct ws_msg *msg, struct ws_proto_heard *heard);

/* Is the open request past its timeout?  Then it is given up, once. */
bool ws_proto_host_expired(struct ws_proto_host *host, u64 now_ns);

#endif /* WS_PROTO_H */
