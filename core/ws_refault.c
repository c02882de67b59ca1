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
	 * A mapped page was pushed out by hotter ones, or a page used through
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

/* What the controller knows of one tier. */
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

/* --- by rules --- */

#define SHADOW_SEQ_MASK (0xffffffffu >> WS_SHADOW_SEQ_SHIFT)

/* The three bits of a shadow that are not sequence number. */
static u32 shadow_bits(const struct ws_rules *rules, u16 entry, u32 refs)
{
	bool workingset = rules->refs == WS_REFS_PAST_FIRST ? refs : entry & WS_PAGE_WORKINGSET;

	if (rules->refs == WS_REFS_NUMBER)
		return refs * WS_SHADOW_WORKINGSET;
	return (refs ? (refs - 1) << WS_SHADOW_REFS_SHIFT : 0) |
	       (workingset ? WS_SHADOW_WORKINGSET : 0);
}

u32 ws_refault_leave_by_rules(struct ws_refault *refault, const struct ws_rules *rules,
			      enum ws_type type, u64 min_seq, u16 entry)
{
	u32 refs, since = (u32)min_seq;

	if (rules->refs == WS_REFS_PAST_FIRST && !(entry & WS_PAGE_REFERENCED))
		entry &= (u16)~WS_PAGE_HISTORY;
	refs = ws_rules_refs(rules, entry);
	refault->evicted[type][ws_rules_tier(rules, entry)]++;
	if (rules->recency == WS_RECENCY_DISTANCE)
		since = refault->nonresident_age++;
	return since << WS_SHADOW_SEQ_SHIFT | shadow_bits(rules, entry, refs) | WS_SHADOW_ALWAYS;
}

static bool is_recent(const struct ws_refault *refault, const struct ws_rules *rules,
		      const struct ws_refault_at *at, u32 shadow)
{
	u32 then = shadow >> WS_SHADOW_SEQ_SHIFT, since;

	switch (rules->recency) {
	case WS_RECENCY_SAME:
		return then == ((u32)at->min_seq & SHADOW_SEQ_MASK);
	case WS_RECENCY_NEAR:
		/* In either direction: the token may be older than its bits can tell. */
		since = ((u32)at->max_seq - then) & SHADOW_SEQ_MASK;
		return since < at->gens || SHADOW_SEQ_MASK - since + 1 < at->gens;
	case WS_RECENCY_DISTANCE:
		since = (refault->nonresident_age - then) & SHADOW_SEQ_MASK;
		return since <= at->pages;
	default:
		return false;
	}
}

/* An entry with the tier and references that the shadow gives. */
static u16 entry_of_shadow(const struct ws_rules *rules, u32 shadow)
{
	u32 count = shadow >> WS_SHADOW_REFS_SHIFT & WS_SHADOW_REFS;
	u16 workingset = shadow & WS_SHADOW_WORKINGSET ? WS_PAGE_WORKINGSET : 0;

	if (rules->refs == WS_REFS_NUMBER)
		return ws_page_with_number(0, shadow / WS_SHADOW_WORKINGSET & WS_PAGE_NUMBER_MAX);
	return (u16)(count << WS_PAGE_REFS_SHIFT | workingset | WS_PAGE_REFERENCED);
}

/* The history with which a recent refault of @entry comes in. */
static u16 restored(const struct ws_rules *rules, const struct ws_refault_at *at, u16 entry,
		    u32 refs)
{
	const u16 all = WS_PAGE_WORKINGSET | WS_PAGE_REFS;

	switch (rules->restores) {
	case WS_RESTORES_REFS:
		return entry & WS_PAGE_WORKINGSET ? WS_PAGE_WORKINGSET : entry & WS_PAGE_REFS;
	case WS_RESTORES_NUMBER:
		return ws_page_with_number(0, refs < 3 ? refs : 3);
	case WS_RESTORES_ALL_READ:
		if (at->in_fault)
			return WS_PAGE_WORKINGSET;
		return refs >= WS_REFS_MAX - 1 ? all : 0;
	case WS_RESTORES_ALL:
		return at->in_fault || refs >= WS_REFS_MAX - 1 ? all : 0;
	default:
		return at->in_fault || refs == WS_REFS_MAX ? WS_PAGE_WORKINGSET : 0;
	}
}

/* What counts as activated: in 6.1, pages that are protected, but none that come back. */
static bool counts_protected(const struct ws_rules *rules)
{
	return rules->restores < WS_RESTORES_ALL_READ;
}

/* In 6.12 every recent refault does, later those that come in active. */
static bool counts_as_activated(const struct ws_rules *rules, const struct ws_refault_at *at,
				const struct ws_refault_return *back)
{
	if (rules->restores < WS_RESTORES_REFS)
		return !counts_protected(rules);
	if (!at->in_fault)
		return false;
	if (rules->activates == WS_ACTIVATES_WORKINGSET)
		return ws_rules_workingset(rules, back->history);
	return rules->activates == WS_ACTIVATES_ALL || back->refs;
}

struct ws_refault_return ws_refault_return(struct ws_refault *refault, const struct ws_rules *rules,
					   const struct ws_refault_at *at, u32 shadow)
{
	struct ws_refault_return back = { .recent = false };
	u16 entry = entry_of_shadow(rules, shadow);

	refault->workingset_refault[at->type]++;
	if (!is_recent(refault, rules, at, shadow))
		return back;
	back.recent = true;
	back.refs = ws_rules_refs(rules, entry);
	refault->workingset_recent[at->type]++;
	refault->refaulted[at->type][ws_rules_tier(rules, entry)]++;
	back.history = restored(rules, at, entry, back.refs);
	refault->workingset_restore[at->type] += ws_rules_workingset(rules, back.history);
	refault->workingset_activate[at->type] += counts_as_activated(rules, at, &back);
	return back;
}

void ws_refault_keep(struct ws_refault *refault, const struct ws_rules *rules, enum ws_type type,
		     u32 tier, bool counted)
{
	refault->workingset_activate[type] += counts_protected(rules);
	if (rules->recency == WS_RECENCY_DISTANCE)
		refault->nonresident_age++;
	if (counted)
		refault->protected[type][tier]++;
}

static void add_position(struct position *sum, const struct position *tier)
{
	sum->refaulted += tier->refaulted;
	sum->total += tier->total;
}

u32 ws_refault_limit(const struct ws_refault *refault, const struct ws_rules *rules,
		     enum ws_type type)
{
	struct position sp = position_of(refault, type, 0, rules->gain_setpoint);
	u32 tier;

	if (!rules->controller)
		return WS_TIERS - 1;
	for (tier = 1; tier < WS_TIERS; tier++) {
		struct position pv = position_of(refault, type, tier, rules->gain_tier);

		if (!no_worse(&sp, &pv))
			break;
		if (rules->setpoint == WS_SETPOINT_BELOW)
			add_position(&sp, &pv);
	}
	return tier - 1;
}

static struct position position_of_all(const struct ws_refault *refault, enum ws_type type, u32 gain)
{
	struct position sum = position_of(refault, type, 0, gain);
	u32 tier;

	for (tier = 1; tier < WS_TIERS; tier++) {
		struct position position = position_of(refault, type, tier, gain);

		add_position(&sum, &position);
	}
	return sum;
}

enum ws_type ws_refault_choose_sum(const struct ws_refault *refault, u32 swappiness)
{
	struct position anon, file;

	WS_ASSERT(swappiness <= WS_SWAPPINESS_MAX);
	if (swappiness <= 1)
		return WS_FILE;
	if (swappiness == WS_SWAPPINESS_MAX)
		return WS_ANON;
	anon = position_of_all(refault, WS_ANON, swappiness);
	file = position_of_all(refault, WS_FILE, WS_SWAPPINESS_MAX - swappiness);
	return no_worse(&anon, &file) ? WS_FILE : WS_ANON;
}
