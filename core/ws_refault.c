/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* ws_refault.c - shadows and the controller that protects tiers; see ws_refault.h. */
#include "ws_refault.h"
#include "ws_math.h"

_Static_assert(WS_REFS_MAX == WS_SHADOW_REFS + 1, "refs - 1 fits its bits");

void ws_refault_init(struct ws_refault *refault)
{
	memset(refault, 0, sizeof(*refault));
}

void ws_refault_protect(struct ws_refault *refault, enum ws_type type, u32 tier)
{
	WS_ASSERT(tier > 0 && tier < WS_TIERS);
	refault->protected[type][tier]++;
	refault->workingset_activate[type]++;
}

struct ws_refault_verdict ws_refault_arrive(struct ws_refault *refault, enum ws_type type,
					    u64 min_seq, u32 shadow, bool in_fault)
{
	struct ws_refault_verdict verdict = { false, false };
	u32 refs;

	refault->workingset_refault[type]++;
	if (((u32)min_seq << WS_SHADOW_SEQ_SHIFT ^ shadow) >> WS_SHADOW_SEQ_SHIFT)
		return verdict;
	refs = (shadow >> WS_SHADOW_REFS_SHIFT & WS_SHADOW_REFS) +
	       !!(shadow & WS_SHADOW_WORKINGSET);
	verdict.recent = true;
	refault->workingset_recent[type]++;
	refault->refaulted[type][ws_refault_tier(refs)]++;
	/*
	 * A page of page tables was pushed out by hotter ones, or one of
	 * descriptors had more accesses than are counted: both are stalls.
	 */
	verdict.workingset = in_fault || refs == WS_REFS_MAX;
	refault->workingset_restore[type] += verdict.workingset;
	return verdict;
}

void ws_refault_carry(struct ws_refault *refault, enum ws_type type)
{
	u32 tier;

	for (tier = 0; tier < WS_TIERS; tier++) {
		u64 total = refault->evicted[type][tier] + refault->protected[type][tier];

		refault->refaulted_avg[type][tier] =
			(refault->refaulted_avg[type][tier] + refault->refaulted[type][tier]) / 2;
		refault->total_avg[type][tier] = (refault->total_avg[type][tier] + total) / 2;
		refault->refaulted[type][tier] = 0;
		refault->evicted[type][tier] = 0;
		refault->protected[type][tier] = 0;
	}
}

/* What the controller sees of one tier. */
struct position {
	u64 refaulted, total;
	u32 gain;
};

static struct position position_of(const struct ws_refault *refault, enum ws_type type, u32 tier,
				   u32 gain)
{
	struct position position = {
		.refaulted = refault->refaulted_avg[type][tier] + refault->refaulted[type][tier],
		.total = refault->total_avg[type][tier] + refault->evicted[type][tier] +
			 refault->protected[type][tier],
		.gain = gain,
	};

	return position;
}

/*
 * May @pv be evicted, measured by @sp?  Yes while it has few refaults, or while
 * its share of refaults is no higher:
 *	pv.refaulted / (pv.total * pv.gain) <= sp.refaulted / (sp.total * sp.gain)
 */
static bool no_worse(const struct position *sp, const struct position *pv)
{
	return pv->refaulted < WS_REFAULT_BATCH ||
	       ws_mul_le(pv->refaulted, (sp->total + WS_REFAULT_BATCH) * sp->gain,
			 sp->refaulted + 1, pv->total * pv->gain);
}

/* The last tier of @type before the first that does worse than @sp. */
static u32 tier_limit(const struct ws_refault *refault, enum ws_type type, u32 gain,
		      const struct position *sp)
{
	u32 tier;

	for (tier = 1; tier < WS_TIERS; tier++) {
		struct position pv = position_of(refault, type, tier, gain);

		if (!no_worse(sp, &pv))
			break;
	}
	return tier - 1;
}

u32 ws_refault_tier_limit(const struct ws_refault *refault, enum ws_type type)
{
	/* 1:2, a margin for fluctuations: protected is what refaults twice as often. */
	struct position sp = position_of(refault, type, 0, 1);

	return tier_limit(refault, type, 2, &sp);
}

enum ws_type ws_refault_choose(const struct ws_refault *refault, u32 swappiness, u32 *limit)
{
	u32 gain[WS_TYPES] = { swappiness, 200 - swappiness };
	struct position anon = position_of(refault, WS_ANON, 0, gain[WS_ANON]);
	struct position file = position_of(refault, WS_FILE, 0, gain[WS_FILE]);
	enum ws_type type = no_worse(&anon, &file) ? WS_FILE : WS_ANON;

	WS_ASSERT(swappiness <= 200);
	*limit = tier_limit(refault, type, gain[type], type == WS_FILE ? &anon : &file);
	return type;
}
