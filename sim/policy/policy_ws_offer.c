/* SPDX-License-Identifier: BSD-2-Clause */
/* policy_ws_offer.c - what a guest could lose, in the order in which it would miss it. */
#include "policy/policy_ws_offer.h"

#include "policy/policy_util.h"

/* A byte that a guest has is worth this much more than one that another wants. */
#define INCUMBENT_WEIGHT 4.0
#define DISTRESS_WEIGHT 8.0 /* the same when it is short already */
/* Memory outside the guest's lists, in seconds of stall per byte: not to be had. */
#define COST_BASE 1.0
/* Of memory not in use, as parts of the cost of memory in use; growth takes no headroom. */
#define COST_SURPLUS 0.0001
#define COST_GROWTH 0.001
#define COST_HEADROOM 0.01
#define SLICES 16

/* A guest's part of the host by shares alone. */
static double fair_share(const struct policy_ws_market *market, const struct sim_vm_view *vm)
{
	return market->per_share * (double)policy_max(vm->shares, 1);
}

/* A guest that offers its memory, cheapest first. */
struct offer {
	const struct policy_ws_market *market;
	const struct sim_vm_view *vm;
	const struct policy_ws_guest *guest;
	u32 index;
	bool distress, held;
	enum policy_ws_urgency urgency;
	double weight;		    /* shares */
	double young[POLICY_KINDS]; /* cost of a byte that is used in each interval */
	u64 room;		    /* left above the minimum */
	u64 going;		    /* used, and not in the wish */
	u64 size;		    /* what the guest would have after all offers so far */
	u64 file;		    /* file bytes in use that were not offered yet */
};

/*
 * Offer the next @bytes, of which nothing tells one from another, in slices that get dearer
 * as the guest gets smaller: so of two equal guests the larger gives first, and none gives
 * all.
 */
static void offer_bytes(struct offer *offer, u64 bytes, double cost)
{
	/* Shares are in the weight. */
	double fair = offer->market->per_byte * (double)offer->vm->nominal_bytes;
	u64 rest = policy_min(bytes, offer->room), slice = rest / SLICES;

	offer->room -= rest;
	for (u32 i = 0; i < SLICES && rest; i++) {
		u64 part = i + 1 < SLICES ? slice : rest;

		offer->size = policy_less(offer->size, part);
		rest -= part;
		policy_fill_offer(offer->market->fill, offer->index, part,
				  offer->weight * cost * fair /
					  (double)(offer->size + part / 2 + 1));
	}
}

/*
 * Offer @bytes of memory in use, @rate times as often as in each interval.  Guests evict
 * page cache before anonymous memory, and it comes back by readahead.
 */
static void offer_used(struct offer *offer, u64 bytes, double rate)
{
	u64 file = policy_min(bytes, offer->file);
	double anon = offer->young[POLICY_ANON];

	if (rate >= 1 && offer->guest->hot > anon)
		anon = offer->guest->hot;
	offer_bytes(offer, file, rate * offer->young[POLICY_FILE]);
	offer->file -= file;
	offer_bytes(offer, bytes - file, rate * anon);
}

/*
 * What others want is no reason to take from a guest that has less than its part, unless it
 * did not use it for a whole window: memory that is moved costs both of them huge pages and
 * faults, and most loads come back.
 */
static void keep_fair_share(struct offer *offer, u64 fair)
{
	if (offer->guest->stats_ns && offer->urgency < POLICY_WS_DIRE && !offer->market->misery)
		offer->room = policy_min(offer->room, policy_less(offer->size, fair));
}

/*
 * What the guest does not use now: growth that it does not have yet, and free memory.  To a
 * guest in distress they are worth the stall that they end; to others little, and least
 * what is beyond their peak of the window.
 */
static void offer_unused(struct offer *offer)
{
	const struct policy_ws_guest *guest = offer->guest;
	u64 has = policy_min(offer->size, offer->vm->actual_bytes);
	u64 used = policy_bytes(guest->used + policy_ws_kept_free(offer->vm, offer->market->params));
	u64 fair = policy_bytes(fair_share(offer->market, offer->vm));
	double young = offer->young[POLICY_ANON];
	/* What was used within the window comes back once in it. */
	double recent = (double)offer->market->params->interval_ns / (2 * (double)guest->hold_ns);
	/* One that is followed has what it does not want only in case, if nobody else wants it. */
	double wanted = guest->follow.leads ? guest->follow.demand + guest->follow.buffer :
					      policy_ws_guest_peak(guest);
	u64 growth = offer->size - has, beyond, headroom, spare;

	/* A guest that has not spoken yet uses what the host has backed, as far as one can see. */
	if (!guest->stats_ns)
		used = policy_max(offer->vm->backed_bytes, policy_min(has, fair));
	spare = policy_less(has, used);
	if (offer->distress) {
		double worth = guest->stall_now / (double)(growth + spare + 1);

		offer_bytes(offer, growth, worth + COST_HEADROOM * young);
		keep_fair_share(offer, fair);
		if (!offer->held)
			offer_used(offer, spare, recent * DISTRESS_WEIGHT);
		return;
	}
	offer_bytes(offer, growth, COST_GROWTH * young);
	beyond = guest->stats_ns ? policy_less(has, policy_bytes(wanted)) : spare;
	beyond = policy_min(spare, beyond);
	offer_bytes(offer, beyond, COST_SURPLUS * young);
	keep_fair_share(offer, fair);
	if (offer->held)
		return;
	headroom = policy_min(spare - beyond, policy_bytes(guest->headroom));
	offer_bytes(offer, headroom, COST_HEADROOM * young);
	offer_used(offer, spare - beyond - headroom, recent);
}

/* Classes of the curve from the oldest that is left to the youngest. */
static void offer_classes(struct offer *offer)
{
	const struct policy_ws_guest *guest = offer->guest;
	const struct policy_curve *curve = &guest->curve;
	struct policy_learning learning =
		policy_ws_learning(guest, offer->vm, offer->market->params);
	/* Of what is cold the wish leaves out what its steps and its hold let go, and no more. */
	double out = policy_smaller(guest->cold, (double)offer->going), stall_out = 0;

	for (u32 k = POLICY_CURVE_AGES; k-- > 0 && offer->room;) {
		double idle = policy_curve_idle(curve, k, &learning);
		double stall = policy_curve_stall(curve, k, &learning);

		if (idle <= out + POLICY_PAGE_SIZE) {
			stall_out = stall;
			continue;
		}
		u64 part = policy_min(offer->room, policy_bytes(idle - out));
		policy_fill_offer(offer->market->fill, offer->index, part,
				  offer->weight * (stall - stall_out) / (idle - out));
		offer->room -= part;
		offer->size -= part;
		out = idle;
		stall_out = stall;
	}
	offer->file = policy_min(offer->file,
				 policy_bytes(curve->all[POLICY_FILE] - curve->idle[POLICY_FILE][0]));
}

/* Memory in use is taken in steps, so that the stalls of one are seen before the next. */
static void offer_in_use(struct offer *offer, u64 now_ns)
{
	const struct policy_ws_params *params = offer->market->params;
	const struct policy_ws_guest *guest = offer->guest;
	bool just_cut = guest->cut_ns && now_ns - guest->cut_ns < params->interval_ns;

	if (guest->stats_ns && offer->urgency == POLICY_WS_CALM) {
		if (offer->held || just_cut)
			return;
		offer->room = policy_min(offer->room,
					 policy_bytes(2 * params->step *
						      (double)offer->vm->nominal_bytes));
	}
	offer->weight *= offer->distress ? DISTRESS_WEIGHT : INCUMBENT_WEIGHT;
	if (!policy_ws_guest_fresh(guest, now_ns, params)) {
		offer_used(offer, offer->room, 0.5);
		return;
	}
	offer_classes(offer);
	offer_used(offer, policy_less(offer->size, policy_bytes(guest->base)), 1);
	offer_bytes(offer, offer->room, COST_BASE);
}

/*
 * A guest that took memory by force keeps that and room to grow: it may have no other way to
 * say what it needs.  What it does not use beyond that holds frames that others wait for.
 */
static u64 beyond_force(const struct offer *offer, u64 now_ns)
{
	const struct policy_ws_guest *guest = offer->guest;
	const struct policy_ws_params *params = offer->market->params;
	double room = params->growth_max * (double)offer->vm->nominal_bytes;

	if (!policy_ws_guest_informed(guest, now_ns) ||
	    now_ns - guest->forced_ns < params->interval_ns)
		return 0;
	return policy_less(offer->size, policy_bytes(guest->used + room));
}

void policy_ws_offer(const struct policy_ws_market *market, const struct sim_host_view *host,
		     u32 vm, const struct policy_ws_guest *guest, u64 wish,
		     enum policy_ws_urgency urgency)
{
	const struct sim_vm_view *view = &host->vm[vm];
	struct policy_learning price = policy_ws_learning(guest, view, market->params);
	/* Touched within the last interval: half an interval ago in the mean. */
	double rate = 2 / ((double)market->params->interval_ns / 1e9) / POLICY_PAGE_SIZE / 1e9;
	/*
	 * What it was just given is not taken back from it for others; the less so, the
	 * longer others have been in distress, for most bursts pass.
	 */
	u64 hold_ns = policy_max(policy_less(guest->hold_ns, market->waited_ns),
				 2 * market->params->interval_ns);
	struct offer offer = {
		.market = market,
		.vm = view,
		.guest = guest,
		.index = vm,
		.distress = guest->distress_until_ns > host->now_ns,
		.held = guest->grown_ns && urgency == POLICY_WS_CALM &&
			host->now_ns - guest->grown_ns < hold_ns,
		.urgency = urgency,
		.weight = (double)policy_max(view->shares, 1) / 1000,
		.young = { rate * (price.refault_ns[POLICY_ANON] + 1000),
			   rate * (price.refault_ns[POLICY_FILE] + 100) },
		.room = policy_less(wish, view->min_bytes),
		.going = policy_less(policy_bytes(guest->used), wish),
		.size = wish,
		.file = policy_bytes(guest->curve.all[POLICY_FILE]),
	};

	if (guest->spared_until_ns > host->now_ns)
		offer.room = policy_min(offer.room, beyond_force(&offer, host->now_ns));
	if (policy_ws_vital(guest, view))
		offer.room = policy_min(offer.room,
					policy_less(wish, policy_ws_vital(guest, view)));
	offer_unused(&offer);
	offer_in_use(&offer, host->now_ns);
}
