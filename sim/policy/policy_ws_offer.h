/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * policy_ws_offer.h - what ws-target can take from a guest when the host is short.
 *
 * Each guest offers its memory in pieces with the stall that their loss is expected to
 * cost, cheapest first: growth that it does not have yet, free memory beyond its recent
 * peak, headroom, memory used within the window, idle classes of its cost curve, memory
 * in use.  policy_fill.h then takes where it costs least.
 */
#ifndef POLICY_WS_OFFER_H
#define POLICY_WS_OFFER_H

#include "policy/policy_fill.h"
#include "policy/policy_ws_guest.h"

/* What all offers of one decision have in common. */
struct policy_ws_market {
	const struct policy_ws_params *params;
	struct policy_fill *fill;
	double per_share; /* bytes of the host for each share */
	double per_byte;  /* bytes of the host for each that guests have been promised */
	u64 waited_ns;	  /* longest distress of a guest that lasts */
	bool misery;	  /* a guest does next to nothing but wait: no fair share holds */
};

/* What may be taken: each also what those before it may not. */
enum policy_ws_urgency {
	POLICY_WS_CALM,   /* nothing that was just given, little in use at once, no fair share */
	POLICY_WS_URGENT, /* no fair share */
	POLICY_WS_DIRE,   /* all down to the minimum */
};

/* Offer what @vm could lose of @wish. */
void policy_ws_offer(const struct policy_ws_market *market, const struct sim_host_view *host,
		     u32 vm, const struct policy_ws_guest *guest, u64 wish,
		     enum policy_ws_urgency urgency);

#endif /* POLICY_WS_OFFER_H */
