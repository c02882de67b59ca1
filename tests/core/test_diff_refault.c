/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_diff_refault.c - shadows and the controller against a model without shadows.
 *
 * The model remembers everything about an eviction, where a shadow has 31 bits for it; it
 * counts sequence numbers without end, where a shadow wraps at 28 bits; and it compares
 * shares in 128 bits.  Every version of the rules runs, and each once more with one rule
 * changed.  The functions of the base rules run beside those that take rules.
 */
#include <criterion/criterion.h>

#include "diff.h"
#include "ws_refault.h"

#define PAGES 64u
#define SEQ_START ((1ull << 28) - 300) /* so that shadows wrap soon */
#define AGE_START 0xfffff000u	       /* and so does the reuse distance */

enum variant { AS_IS, BY_DISTANCE, OTHER_SETPOINT, NO_TIERS, NO_CONTROLLER, NO_FEEDBACK, VARIANTS };

/* What is known of an evicted page. */
struct past {
	bool gone;
	u32 shadow, base_shadow;
	enum ws_type type;
	u64 min_seq, age;
	u32 refs;
	bool workingset;
};

struct refault_world {
	struct ws_rules rules;
	struct ws_refault refault, base;
	bool with_base;
	struct past page[PAGES];
	u64 max_seq, min_seq[WS_TYPES], age;
	/* the model's counts */
	u64 refaulted[2][4], evicted[2][4], kept[2][4], refaulted_avg[2][4], total_avg[2][4];
	u64 returned[2], recent[2], restored[2], activated[2];
};

static void change(struct ws_rules *rules, enum variant variant)
{
	if (variant == BY_DISTANCE)
		rules->recency = WS_RECENCY_DISTANCE;
	if (variant == OTHER_SETPOINT)
		rules->setpoint = rules->setpoint ? WS_SETPOINT_FIRST : WS_SETPOINT_BELOW;
	if (variant == NO_TIERS)
		rules->tiers = 0;
	if (variant == NO_CONTROLLER)
		rules->controller = 0;
	if (variant == NO_FEEDBACK)
		rules->recency = WS_RECENCY_NEVER;
}

static u32 tier_of(const struct ws_rules *rules, u32 refs, bool workingset)
{
	static const u32 past_first[] = { 0, 1, 2, 2, 3 }, number[] = { 0, 0, 1, 2, 2, 3, 3, 3 };

	if (!rules->tiers)
		return 0;
	if (rules->refs == WS_REFS_PAST_FIRST)
		return past_first[refs];
	return rules->refs == WS_REFS_WORKINGSET_LAST && workingset ? 3 : number[refs];
}

static const char *leave(struct refault_world *w, struct past *page, u64 op)
{
	u16 entry = (u16)(diff_pick(&op, 0x10000) & WS_PAGE_HISTORY);
	bool referenced = entry & WS_PAGE_REFERENCED;
	u32 count = (u32)(entry & WS_PAGE_REFS) >> WS_PAGE_REFS_SHIFT;

	page->gone = true;
	page->type = diff_pick(&op, 2);
	page->workingset = entry & WS_PAGE_WORKINGSET;
	page->min_seq = w->min_seq[page->type];
	page->age = w->age++;
	if (w->rules.refs == WS_REFS_PAST_FIRST)
		page->refs = referenced ? count + page->workingset : 0;
	else if (w->rules.refs == WS_REFS_WORKINGSET_LAST)
		page->refs = referenced ? count + 1 : 0;
	else
		page->refs = (entry >> 9) % 8;
	w->evicted[page->type][tier_of(&w->rules, page->refs, page->workingset)]++;
	page->shadow = ws_refault_leave(&w->refault, &w->rules, page->type, page->min_seq, entry);
	if (w->with_base)
		page->base_shadow = ws_refault_evict(&w->base, page->type, page->min_seq, page->refs);
	return page->shadow ? NULL : "a shadow of 0";
}

static bool model_recent(const struct refault_world *w, const struct past *page, u64 pages)
{
	u64 apart = w->max_seq > page->min_seq ? w->max_seq - page->min_seq :
						 page->min_seq - w->max_seq;

	switch (w->rules.recency) {
	case WS_RECENCY_SAME: return page->min_seq == w->min_seq[page->type];
	case WS_RECENCY_NEAR: return apart < w->rules.gens;
	case WS_RECENCY_DISTANCE: return w->age - page->age <= pages;
	default: return false;
	}
}

/* The history that a recent refault comes back with. */
static u16 model_restored(const struct ws_rules *rules, const struct past *page, u32 refs, bool fault)
{
	switch (rules->restores) {
	case WS_RESTORES_FLAG: return fault || refs == 4 ? WS_PAGE_WORKINGSET : 0;
	case WS_RESTORES_ALL: return fault || refs > 2 ? WS_PAGE_WORKINGSET | WS_PAGE_REFS : 0;
	case WS_RESTORES_ALL_READ:
		if (fault)
			return WS_PAGE_WORKINGSET;
		return refs > 2 ? WS_PAGE_WORKINGSET | WS_PAGE_REFS : 0;
	case WS_RESTORES_REFS:
		if (page->workingset)
			return WS_PAGE_WORKINGSET;
		return (u16)((refs - 1) << WS_PAGE_REFS_SHIFT);
	default: return (u16)((refs > 3 ? 3 : refs) << WS_PAGE_NUMBER_SHIFT);
	}
}

/* Whether a recent refault counts as an activation. */
static bool model_activated(const struct ws_rules *rules, bool fault, const struct past *page,
			    u32 refs)
{
	if (rules->restores != WS_RESTORES_REFS && rules->restores != WS_RESTORES_NUMBER)
		return rules->restores == WS_RESTORES_ALL_READ;
	switch (rules->activates) {
	case WS_ACTIVATES_ALL: return fault;
	case WS_ACTIVATES_WORKINGSET:
		return fault && (rules->refs == WS_REFS_NUMBER ? refs >= 2 : page->workingset);
	default: return fault && refs;
	}
}

static const char *come_back(struct refault_world *w, struct past *page, u64 op)
{
	struct ws_refault_at at = {
		.type = page->type, .min_seq = w->min_seq[page->type], .max_seq = w->max_seq,
		.gens = w->rules.gens, .in_fault = diff_pick(&op, 2), .pages = diff_pick(&op, 100),
	};
	bool recent = model_recent(w, page, at.pages);
	/* Whether it was used once or never is not told by a count that begins at the first. */
	u32 refs = w->rules.refs == WS_REFS_WORKINGSET_LAST && !page->refs ? 1 : page->refs;
	u16 history = recent ? model_restored(&w->rules, page, refs, at.in_fault) : 0;
	struct ws_refault_return back = ws_refault_return(&w->refault, &w->rules, &at, page->shadow);

	page->gone = false;
	w->returned[page->type]++;
	if (w->with_base) {
		struct ws_refault_verdict verdict = ws_refault_arrive(
			&w->base, page->type, at.min_seq, page->base_shadow, at.in_fault);

		if (verdict.recent != recent || verdict.workingset != !!history)
			return "the base rules' verdict";
	}
	if (back.recent != recent || back.history != history || back.refs != (recent ? refs : 0))
		return "what a page comes back with";
	if (!recent)
		return NULL;
	w->recent[page->type]++;
	w->refaulted[page->type][tier_of(&w->rules, refs, page->workingset)]++;
	w->restored[page->type] += w->rules.refs == WS_REFS_NUMBER ? refs >= 2 :
								     !!(history & WS_PAGE_WORKINGSET);
	w->activated[page->type] += model_activated(&w->rules, at.in_fault, page, refs);
	return NULL;
}

static void keep(struct refault_world *w, u64 op)
{
	enum ws_type type = diff_pick(&op, 2);
	u32 tier = 1 + diff_pick(&op, WS_TIERS - 1);
	bool counted = w->with_base || diff_pick(&op, 4);

	w->activated[type] += w->rules.restores == WS_RESTORES_FLAG ||
			      w->rules.restores == WS_RESTORES_ALL;
	w->kept[type][tier] += counted;
	w->age += w->rules.recency == WS_RECENCY_DISTANCE;
	ws_refault_keep(&w->refault, &w->rules, type, tier, counted);
	if (w->with_base)
		ws_refault_protect(&w->base, type, tier);
}

static void carry(struct refault_world *w, u64 op)
{
	enum ws_type type = diff_pick(&op, 2);

	for (int tier = 0; tier < 4; tier++) {
		w->refaulted_avg[type][tier] += w->refaulted[type][tier];
		w->refaulted_avg[type][tier] /= 2;
		w->total_avg[type][tier] += w->evicted[type][tier] + w->kept[type][tier];
		w->total_avg[type][tier] /= 2;
		w->refaulted[type][tier] = w->evicted[type][tier] = w->kept[type][tier] = 0;
	}
	ws_refault_carry(&w->refault, type);
	if (w->with_base)
		ws_refault_carry(&w->base, type);
	w->min_seq[type] += w->min_seq[type] + 1 < w->max_seq;
}

/* A past that would take long to come about; now and then one of very large numbers. */
static void set_past(struct refault_world *w, u64 op)
{
	u32 type = diff_pick(&op, 2), tier = diff_pick(&op, 4), shift = diff_pick(&op, 2) * 38;
	u64 refaulted = (u64)diff_pick(&op, 400) << shift;
	u64 total = refaulted + ((u64)diff_pick(&op, 1000) << shift);

	w->refaulted_avg[type][tier] = w->refault.refaulted_avg[type][tier] = refaulted;
	w->total_avg[type][tier] = w->refault.total_avg[type][tier] = total;
	w->base.refaulted_avg[type][tier] = refaulted;
	w->base.total_avg[type][tier] = total;
}

/* --- what the controller makes of it ------------------------------------------------------ */

struct share {
	unsigned __int128 refaulted, total;
};

/* Of the tiers from..to of a type together. */
static struct share share_of(const struct refault_world *w, int type, int from, int to)
{
	struct share share = { 0, 0 };

	for (int tier = from; tier <= to; tier++) {
		share.refaulted += w->refaulted_avg[type][tier] + w->refaulted[type][tier];
		share.total += w->total_avg[type][tier] + w->evicted[type][tier] + w->kept[type][tier];
	}
	return share;
}

static bool no_worse(struct share sp, u32 sp_gain, struct share pv, u32 pv_gain)
{
	return pv.refaulted < 64 ||
	       pv.refaulted * (sp.total + 64) * sp_gain <= (sp.refaulted + 1) * pv.total * pv_gain;
}

static u32 model_limit(const struct refault_world *w, int type)
{
	u32 tier = 1;

	if (!w->rules.controller)
		return 3;
	while (tier < 4 &&
	       no_worse(share_of(w, type, 0, w->rules.setpoint == WS_SETPOINT_BELOW ? (int)tier - 1 : 0),
			w->rules.gain_setpoint, share_of(w, type, (int)tier, (int)tier),
			w->rules.gain_tier))
		tier++;
	return tier - 1;
}

static const char *compare_choices(const struct refault_world *w, u32 swappiness)
{
	bool file = no_worse(share_of(w, 0, 0, 3), swappiness, share_of(w, 1, 0, 3), 200 - swappiness);
	enum ws_type chosen;
	u32 limit, want = 1;

	for (enum ws_type type = WS_ANON; type < WS_TYPES; type++)
		if (ws_refault_limit(&w->refault, &w->rules, type) != model_limit(w, type))
			return "the tier limit";
	if (swappiness <= 1 || swappiness == 200)
		file = swappiness <= 1;
	if (ws_refault_choose_sum(&w->refault, swappiness) != (file ? WS_FILE : WS_ANON))
		return "the type, by all tiers";
	if (!w->with_base)
		return NULL;
	if (ws_refault_tier_limit(&w->base, WS_FILE) != model_limit(w, WS_FILE))
		return "the base rules' tier limit";
	chosen = no_worse(share_of(w, 0, 0, 0), swappiness, share_of(w, 1, 0, 0), 200 - swappiness);
	while (want < 4 && no_worse(share_of(w, !chosen, 0, 0), chosen ? swappiness : 200 - swappiness,
				    share_of(w, chosen, (int)want, (int)want),
				    chosen ? 200 - swappiness : swappiness))
		want++;
	if (ws_refault_choose(&w->base, swappiness, &limit) != chosen)
		return "the type, by the first tiers";
	/* The first tier of the other type is the setpoint, as get_type_to_scan() has it. */
	return limit == want - 1 ? NULL : "the tier limit against the other type";
}

static const char *compare_counts(const struct refault_world *w, const struct ws_refault *refault)
{
	if (memcmp(refault->refaulted, w->refaulted, sizeof(w->refaulted)) ||
	    memcmp(refault->evicted, w->evicted, sizeof(w->evicted)) ||
	    memcmp(refault->protected, w->kept, sizeof(w->kept)))
		return "counts of the generation being evicted";
	if (memcmp(refault->refaulted_avg, w->refaulted_avg, sizeof(w->refaulted_avg)) ||
	    memcmp(refault->total_avg, w->total_avg, sizeof(w->total_avg)))
		return "averages";
	if (memcmp(refault->workingset_refault, w->returned, 16) ||
	    memcmp(refault->workingset_recent, w->recent, 16) ||
	    memcmp(refault->workingset_restore, w->restored, 16) ||
	    memcmp(refault->workingset_activate, w->activated, 16))
		return "running totals";
	return NULL;
}

static const char *step(struct refault_world *w, u64 op)
{
	static const u32 swappiness[] = { 0, 1, 2, 60, 100, 133, 199, 200 };
	u32 what = diff_pick(&op, 64);
	struct past *page = &w->page[diff_pick(&op, PAGES)];
	const char *fault = NULL;

	if (what < 40)
		fault = page->gone ? come_back(w, page, op) : leave(w, page, op);
	else if (what < 52)
		keep(w, op);
	else if (what < 54)
		carry(w, op);
	else if (what < 56)
		w->max_seq += w->max_seq - w->min_seq[diff_pick(&op, 2)] < 6;
	else if (what < 58)
		set_past(w, op);
	else
		fault = compare_choices(w, swappiness[diff_pick(&op, 8)]);
	return fault;
}

/* @choice: a version of the rules, and what is changed in it */
static const char *refault_run(const u64 *op, u32 count, u32 choice)
{
	static struct refault_world world;
	const char *fault = NULL;

	memset(&world, 0, sizeof(world));
	world.rules = ws_rules_table[choice % WS_RULES_COUNT];
	change(&world.rules, choice / WS_RULES_COUNT);
	world.with_base = choice == 0;
	world.max_seq = SEQ_START + world.rules.gens - 1;
	world.min_seq[WS_ANON] = world.min_seq[WS_FILE] = SEQ_START;
	ws_refault_init(&world.refault);
	ws_refault_init(&world.base);
	world.age = world.refault.nonresident_age = AGE_START;
	for (u32 i = 0; i < count && !fault; i++) {
		fault = step(&world, op[i]);
		if (!fault)
			fault = compare_counts(&world, &world.refault);
		if (!fault && world.with_base)
			fault = compare_counts(&world, &world.base);
	}
	return fault;
}

Test(diff_refault, shadows_and_controller_agree_with_unbounded_memory)
{
	for (u32 choice = 0; choice < WS_RULES_COUNT * VARIANTS; choice++)
		diff_expect_same(refault_run, choice + 1, choice, 30000);
}
