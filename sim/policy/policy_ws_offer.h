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
	u64 waited_ns;	  /* longest distress of a guest that lasts */
};

/*
 * Offer all that @vm could lose of @wish.  @urgent: also what is not to be touched yet,
 * because it was just given, or so much at once.
 */
void policy_ws_offer(const struct policy_ws_market *market, const struct sim_host_view *host,
		     u32 vm, const struct policy_ws_guest *guest, u64 wish, bool urgent);

#endif /* POLICY_WS_OFFER_H */
