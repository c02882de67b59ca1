/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * ws_rules.c - the versions of MGLRU's rules, side by side; see ws_rules.h.
 *
 * Each rule has three lines: 6.1, 6.1.y and 6.12 in the first, 6.14 and 6.18 in the
 * second, mm-new and FG in the third.  Reading a rule tells how it changed; reading the same
 * place of all tells what a version does.
 */
#include "ws_rules.h"

/*	rule			in  6.1			in  6.1.y		in  6.12
 *				in  6.14		in  6.18
 *				in  mm-new		in  fg */
#define RULES(X)                                                                                    \
	/* lru_gen_add_folio(), lru_gen_folio_seq(): where pages that come in are put */            \
	X(place_active, WS_PLACE_,  YOUNGEST,		    YOUNGEST,		    YOUNGEST,       \
				    YOUNG,		    YOUNG,                                  \
				    YOUNG,		    YOUNG)                                  \
	X(place_pending, WS_PLACE_, NEXT_OLDEST,	    SECOND_YOUNGEST,	    SECOND_YOUNGEST, \
				    SECOND_YOUNGEST,	    SECOND_YOUNGEST,                        \
				    SECOND_YOUNGEST,	    SECOND_YOUNGEST)                        \
	X(place_inactive, WS_PLACE_,OLDEST,		    SPARE_OLDEST,	    SPARE_OLDEST,   \
				    LAST,		    LAST,                                   \
				    LAST_REFERENCED,	    LAST)                                   \
	/* folio_add_lru(): which of them are active */                                             \
	X(activates, WS_ACTIVATES_, ALL,		    ALL,		    ALL,            \
				    ALL,		    ALL,                                    \
				    WORKINGSET,		    REFERENCED)                             \
	/* folio_lru_refs(), lru_tier_from_refs(): counts and tiers */                              \
	X(refs, WS_REFS_,	    PAST_FIRST,		    PAST_FIRST,		    PAST_FIRST,     \
				    WORKINGSET_LAST,	    WORKINGSET_LAST,                        \
				    WORKINGSET_LAST,	    NUMBER)                                 \
	/* folio_update_gen(): an access through a page table */                                    \
	X(sighting, WS_SIGHTING_,   PROMOTES,		    PROMOTES,		    PROMOTES,       \
				    SECOND,		    SECOND,                                 \
				    SECOND,		    COUNTS)                                 \
	X(exec_first, EXEC_,	    AS_OTHERS,		    AS_OTHERS,		    AS_OTHERS,      \
				    AS_OTHERS,		    AS_OTHERS,                              \
				    AT_ONCE,		    AT_ONCE)                                \
	/* folio_check_references(), evict_folios(): eviction finds it accessed */                  \
	X(rmap, WS_RMAP_,	    YOUNGEST,		    YOUNGEST,		    YOUNGEST,       \
				    SECOND,		    SECOND,                                 \
				    THIRD,		    COUNTS)                                 \
	/* folio_mark_accessed(): an access through a descriptor */                                 \
	X(descriptor, WS_DESCRIPTOR_,COUNTS,		    COUNTS,		    COUNTS,         \
				    COUNTS,		    COUNTS,                                 \
				    COUNTS,		    MOVES)                                  \
	/* folio_deactivate(), lru_gen_clear_refs(): MADV_COLD */                                   \
	X(cold, WS_COLD_,	    REFERENCED,		    REFERENCED,		    REFERENCED,     \
				    HISTORY,		    HISTORY,                                \
				    HISTORY,		    HISTORY)                                \
	/* folio_inc_gen(): what is left of the history in the next generation */                   \
	X(keeps, WS_KEEPS_,	    NOTHING,		    NOTHING,		    NOTHING,        \
				    WORKINGSET,		    WORKINGSET,                             \
				    WORKINGSET,		    TWO)                                    \
	/* sort_folio(): protection, and to which end of the next generation */                     \
	X(full, WS_FULL_,	    AS_OTHERS,		    PROTECTED,		    PROTECTED,      \
				    PROMOTED,		    PROMOTED,                               \
				    PROMOTED,		    AS_OTHERS)                              \
	X(protects_old, END_,	    OLD,		    OLD,		    OLD,            \
				    YOUNG,		    YOUNG,                                  \
				    YOUNG,		    YOUNG)                                  \
	/* get_tier_idx(): the controller's gains, and against what it measures */                  \
	X(setpoint, WS_SETPOINT_,   FIRST,		    FIRST,		    FIRST,          \
				    FIRST,		    FIRST,                                  \
				    FIRST,		    BELOW)                                  \
	X(gain_setpoint, GAIN_,	    1,			    1,			    1,              \
				    2,			    2,                                      \
				    2,			    1)                                      \
	X(gain_tier, GAIN_,	    2,			    2,			    2,              \
				    3,			    3,                                      \
				    3,			    2)                                      \
	/* get_type_to_scan(), isolate_folios() */                                                  \
	X(choice, WS_CHOICE_,	    OLDER,		    OLDER,		    OLDER,          \
				    SUM,		    SUM,                                    \
				    SUM,		    SUM)                                    \
	/* scan_folios(), isolate_folios() */                                             \
	X(round, WS_ROUND_,	    BATCH,		    BATCH,		    BATCH,          \
				    BATCH,		    LIMITED,                                \
				    WANTED,		    WANTED)                                 \
	/* try_to_inc_min_seq(): the types' oldest generations */                                   \
	X(coupled, MIN_SEQ_,	    COUPLED,		    COUPLED,		    COUPLED,        \
				    LOOSE,		    LOOSE,                                  \
				    LOOSE,		    LOOSE)                                  \
	/* inc_min_seq(): are pages that are folded counted as protected? */                        \
	X(fold_counts, FOLDED_,	    UNCOUNTED,		    UNCOUNTED,		    UNCOUNTED,      \
				    COUNTED,		    COUNTED,                                \
				    COUNTED,		    COUNTED)                                \
	/* should_run_aging() */                                                                    \
	X(ageing, WS_AGEING_,	    SIZES,		    SIZES,		    SIZES,          \
				    THREE,		    THREE,                                  \
				    THREE,		    THREE)                                  \
	/* lruvec_is_reclaimable() */                                                               \
	X(ttl, WS_TTL_,		    FILE,		    FILE,		    FILE,           \
				    EVICTABLE,		    EVICTABLE,                              \
				    EVICTABLE,		    EVICTABLE)                              \
	/* get_nr_to_scan(): partly protected groups */                                             \
	X(proportional, GROUPS_,    WHOLE,		    WHOLE,		    WHOLE,          \
				    WHOLE,		    IN_PART,                                \
				    IN_PART,		    IN_PART)                                \
	/* lru_gen_test_recent(), lru_gen_refault() */                                              \
	X(recency, WS_RECENCY_,	    SAME,		    SAME,		    SAME,           \
				    NEAR,		    NEAR,                                   \
				    NEAR,		    NEAR)                                   \
	X(restores, WS_RESTORES_,   FLAG,		    ALL,		    ALL_READ,       \
				    REFS,		    REFS,                                   \
				    REFS,		    NUMBER)

/* Choices of two, and numbers, by the names that they have above. */
#define EXEC_AS_OTHERS 0
#define EXEC_AT_ONCE 1
#define END_YOUNG 0
#define END_OLD 1
#define GAIN_1 1
#define GAIN_2 2
#define GAIN_3 3
#define MIN_SEQ_LOOSE 0
#define MIN_SEQ_COUPLED 1
#define FOLDED_UNCOUNTED 0
#define FOLDED_COUNTED 1
#define GROUPS_WHOLE 0
#define GROUPS_IN_PART 1

#define IN_6_1(field, prefix, a, b, c, d, e, f, g) .field = prefix##a,
#define IN_6_1_Y(field, prefix, a, b, c, d, e, f, g) .field = prefix##b,
#define IN_6_12(field, prefix, a, b, c, d, e, f, g) .field = prefix##c,
#define IN_6_14(field, prefix, a, b, c, d, e, f, g) .field = prefix##d,
#define IN_6_18(field, prefix, a, b, c, d, e, f, g) .field = prefix##e,
#define IN_MM_NEW(field, prefix, a, b, c, d, e, f, g) .field = prefix##f,
#define IN_FG(field, prefix, a, b, c, d, e, f, g) .field = prefix##g,

/*
 * Mechanisms that all versions have, and a copy of a row can be without: MAX_NR_GENS, the
 * controller of get_tier_idx(), tiers, the filters of walk_pmd_range() (the base walks all
 * tables, as a forced pass does), lru_gen_look_around(), inc_min_seq() without swap (the base
 * folds), the caller's swappiness.
 */
#define MECHANISMS(filter, folds, swapless_does)                                                    \
	.gens = WS_GENS_LINUX, .fold = WS_FOLD_##folds, .controller = 1, .tiers = 1,               \
	.swapless = WS_SWAPLESS_##swapless_does,                                                   \
	.bloom = (filter),                                                                         \
	.look_around = WS_LOOK_AROUND, .swappiness = WS_SWAPPINESS_CALLER

const struct ws_rules ws_rules_table[WS_RULES_COUNT] = {
	{ .name = "base", RULES(IN_6_1) .ahead = WS_AHEAD_OLDEST, MECHANISMS(0, LAZY, FOLDS) },
	{ .name = "6.1", RULES(IN_6_1) .ahead = WS_AHEAD_AS_FAULT, MECHANISMS(1, SORTS, INVERTS) },
	{ .name = "6.1.y", RULES(IN_6_1_Y) .ahead = WS_AHEAD_AS_FAULT, MECHANISMS(1, SORTS, INVERTS) },
	{ .name = "6.12", RULES(IN_6_12) .ahead = WS_AHEAD_AS_FAULT, MECHANISMS(1, SORTS, INVERTS) },
	{ .name = "6.14", RULES(IN_6_14) .ahead = WS_AHEAD_AS_FAULT, MECHANISMS(1, SORTS, INVERTS) },
	{ .name = "6.18", RULES(IN_6_18) .ahead = WS_AHEAD_AS_FAULT, MECHANISMS(1, SORTS, INVERTS) },
	{ .name = "mm-new", RULES(IN_MM_NEW) .ahead = WS_AHEAD_AS_FAULT, MECHANISMS(1, SORTS, INVERTS) },
	{ .name = "fg", RULES(IN_FG) .ahead = WS_AHEAD_AS_FAULT, MECHANISMS(1, SORTS, INVERTS) },
};

static bool names(const char *name, const char *text, u32 length)
{
	u32 i;

	for (i = 0; i < length; i++)
		if (!name[i] || name[i] != text[i])
			return false;
	return !name[length];
}

const struct ws_rules *ws_rules_find(const char *name, u32 length)
{
	u32 i;

	for (i = 0; i < WS_RULES_COUNT; i++)
		if (names(ws_rules_table[i].name, name, length))
			return &ws_rules_table[i];
	return NULL;
}

static bool places_are_known(const struct ws_rules *rules)
{
	return rules->place_active <= WS_PLACE_YOUNGEST &&
	       rules->place_pending <= WS_PLACE_YOUNGEST &&
	       rules->place_inactive <= WS_PLACE_YOUNGEST &&
	       rules->activates <= WS_ACTIVATES_REFERENCED && rules->ahead <= WS_AHEAD_YOUNGEST;
}

static bool accesses_are_known(const struct ws_rules *rules)
{
	return rules->refs <= WS_REFS_NUMBER && rules->sighting <= WS_SIGHTING_COUNTS &&
	       rules->rmap <= WS_RMAP_COUNTS && rules->descriptor <= WS_DESCRIPTOR_MOVES &&
	       rules->exec_first <= 1 && rules->cold <= WS_COLD_HISTORY && rules->keeps <= WS_KEEPS_TWO &&
	       (rules->look_around == 1 || rules->look_around == WS_LOOK_AROUND);
}

static bool eviction_is_known(const struct ws_rules *rules)
{
	return rules->full <= WS_FULL_PROMOTED && rules->protects_old <= 1 &&
	       rules->setpoint <= WS_SETPOINT_BELOW && rules->gain_setpoint && rules->gain_tier &&
	       rules->choice <= WS_CHOICE_SHARE && rules->round <= WS_ROUND_WANTED &&
	       rules->coupled <= 1 && rules->swapless <= WS_SWAPLESS_INVERTS &&
	       rules->fold <= WS_FOLD_SORTS && rules->fold_counts <= 1 &&
	       rules->ageing <= WS_AGEING_SPREAD && rules->ttl <= WS_TTL_EVICTABLE &&
	       rules->proportional <= 1 && rules->recency <= WS_RECENCY_NEVER &&
	       rules->restores <= WS_RESTORES_NUMBER;
}

/* A count of one kind is not read as one of another. */
static bool counts_agree(const struct ws_rules *rules)
{
	bool number = rules->refs == WS_REFS_NUMBER;

	return number == (rules->sighting == WS_SIGHTING_COUNTS) &&
	       number == (rules->rmap == WS_RMAP_COUNTS) &&
	       number == (rules->keeps == WS_KEEPS_TWO) &&
	       number == (rules->restores == WS_RESTORES_NUMBER) &&
	       number == (rules->descriptor == WS_DESCRIPTOR_MOVES) &&
	       (rules->refs == WS_REFS_WORKINGSET_LAST) == (rules->restores == WS_RESTORES_REFS);
}

int ws_rules_check(const struct ws_rules *rules)
{
	if (rules->gens < WS_GENS_MIN || rules->gens > WS_GENS_MAX)
		return -EINVAL;
	if (rules->swappiness > WS_SWAPPINESS_MAX && rules->swappiness != WS_SWAPPINESS_CALLER)
		return -EINVAL;
	if (!places_are_known(rules) || !accesses_are_known(rules) || !eviction_is_known(rules) ||
	    !counts_agree(rules))
		return -EINVAL;
	return 0;
}
