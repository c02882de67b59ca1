/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sim_truth_replay.h - what the files of the replay share: its state.
 *
 * sim_truth.c makes things happen: what processes do by sim_truth_touch.c and
 * sim_truth_advise.c.
 * sim_truth_compare.c lays dumps beside the core, and sim_truth_settle.c settles by them
 * what the log leaves open.  Nobody else includes this.
 */
#ifndef SIM_TRUTH_REPLAY_H
#define SIM_TRUTH_REPLAY_H

#include "lab/sim_truth.h"
#include "ws_lru.h"

#define TRUTH_UNSETTLED_MAX 256
#define TRUTH_EDGES 7
#define TRUTH_GENS_KEPT 256

extern const u64 truth_edges[TRUTH_EDGES]; /* ages at which pages came back: 1, 2, 4 .. s */

/* A touch at the same time as the last pass. */
struct truth_unsettled {
	const struct sim_truth_event *event;
	u32 number; /* of the region's touches */
	u32 from;   /* pages before it were touched before the pass */
};

/* Where a page was when a pass saw it. */
struct truth_was {
	u64 seq;
	u16 history;
};

/* How far a touch or a freeing has come. */
struct truth_progress {
	u32 pages;
	u32 number; /* of the region's touches, when begun */
	u32 walked; /* pages that came before the last pass looked */
	bool begun, done;
	s64 until_ns; /* has the processor alone until then */
	s64 usual_ns; /* the shortest time that as much took */
};

/* A memory cgroup. */
struct truth_group {
	struct ws_lru lru;
	struct ws_reaccess reaccess;
	struct ws_reaccess_gen kept[TRUTH_GENS_KEPT];
	u32 first_page[SIM_TRUTH_REGIONS_MAX], end_page[SIM_TRUTH_REGIONS_MAX], regions_count;
	u64 birth_slack_ns[WS_GENS_MAX]; /* by slot: how long the pass took that made it */
	u64 seq_offset;			 /* the kernel's numbers less the core's */
	bool seen;			 /* a first dump has told them */
	u32 waiting_from;		 /* the first touch that is not done, for a pass or an eviction */
	struct truth_unsettled unsettled[TRUTH_UNSETTLED_MAX];
	u32 unsettled_count;
	struct truth_unsettled before[TRUTH_UNSETTLED_MAX]; /* those of the pass before */
	u32 before_count;
	bool passed; /* a pass since the last dump that settled */
	bool evicted; /* ever */
	u64 hollow_end[WS_TYPES]; /* older ones are the kernel's, by undeclared pages alone */
	s64 undeclared; /* file pages that the kernel had besides, when nothing was under way */
	s64 too_many[WS_TYPES][WS_GENS_MAX]; /* by slot: the core's pages less the kernel's */
};

struct truth_replay {
	const struct sim_truth_log *log;
	const struct sim_truth_section *section;
	const struct sim_truth_visitor *visitor;
	struct sim_truth_result *result;
	u32 pages;
	u32 first_page[SIM_TRUTH_REGIONS_MAX + 1]; /* of each region; multiples of 256 */
	u32 touches[SIM_TRUTH_REGIONS_MAX];
	bool locked[SIM_TRUTH_REGIONS_MAX]; /* by mlock() */
	bool inherited[SIM_TRUTH_REGIONS_MAX]; /* a child that was forked has its pages, too */
	u16 *page;
	u32 *pool, *shadow;
	u32 *victim, *left_by; /* of one eviction: pages, and what they leave behind */
	u64 *young;   /* accessed bits */
	u64 *residue; /* touched during a pass, and not since */
	struct truth_was *was; /* of pages of residue */
	u64 *filled;  /* came in when last touched */
	u64 *elder;   /* accessed bits in the page table of a parent that has forked */
	struct truth_progress *progress; /* by event */
	u64 zero_ns;  /* the core's time at T0, late enough for all births */
	s64 end_ns;   /* when the processes have ended */
	bool ended;
	u64 arrived, freed; /* pages that came in and went, ever */
	u32 swapped_in;
	bool swap_is_cached; /* all that is swapped in comes through the swap cache (7.0) */
	bool random_is_seen; /* eviction heeds accesses to MADV_RANDOM areas (up to 6.1) */
	/*
	 * An eviction that debugfs asks for does not look at anon pages beside a victim in
	 * 6.1: its walk->can_swap, which lru_gen_look_around() asks, is never set.
	 */
	bool anon_stands_alone;
	bool big_folios;    /* files on ext4 are in folios of several pages (6.16) */
	bool folios_at_once; /* and eviction looks at such a one's page table entries once (7.1) */
	u32 judged;	    /* the folio that eviction looked at last */
	u32 judged_left;    /* its pages that eviction has not asked about yet */
	bool judged_young;
	struct truth_group *group;
};

static inline bool truth_is_set(const u64 *bits, u32 page)
{
	return bits[page / 64] >> page % 64 & 1;
}

static inline void truth_set(u64 *bits, u32 page, bool value)
{
	bits[page / 64] &= ~(1ull << page % 64);
	bits[page / 64] |= (u64)value << page % 64;
}

int truth_replay_init(struct truth_replay *replay, const struct sim_truth_log *log,
		      const struct sim_truth_section *section, const struct ws_rules *rules,
		      const struct sim_truth_visitor *visitor, struct sim_truth_result *result);
void truth_replay_destroy(struct truth_replay *replay);

/* By slot of the core: its pages less the kernel's in @dump, whose numbers it has. */
void truth_excess(struct truth_replay *replay, const struct sim_truth_event *dump,
		  s64 too_many[WS_TYPES][WS_GENS_MAX]);

/* The first touch of region @number; NULL: none. */
const struct sim_truth_event *truth_first_touch(const struct sim_truth_section *section, u32 number);

/* Lay the dump at @index beside the core: result and visitor. */
void truth_compare(struct truth_replay *replay, u32 index);

/* --- sim_truth_look.c --- */

/* What eviction asks about pages; the context is the replay. */
extern const struct ws_lru_ops truth_look_ops;

/*
 * What a pass sees of pages @page..@page + @count - 1 of @region, whole huge pages: one that
 * is accessed in part is accessed.
 */
void truth_look_spread(struct truth_replay *replay, const struct sim_truth_region *region, u32 page,
		       u32 count);

/* --- sim_truth_touch.c --- */

#define TRUTH_ALWAYS ((s64)(~0ull >> 1)) /* later than everything */

enum ws_type truth_type(const struct sim_truth_region *region);

/* Calls @visit for the pages @from..@to - 1 of a touch; its @number is for subsets. */
void truth_for_pages(struct truth_replay *replay, const struct sim_truth_event *event, u32 number,
		     u32 from, u32 to,
		     void (*visit)(struct truth_replay *replay,
				   const struct sim_truth_region *region, u32 page));

/* A page that is not in memory comes in by a fault or a read(). */
void truth_come_in(struct truth_replay *replay, const struct sim_truth_region *region, u32 page);

/* Do what the touch or freeing at @index has done by @time_ns. */
void truth_touch_until(struct truth_replay *replay, u32 index, s64 time_ns);

/* How many pages of the touch at @index, which has begun, are done by @time_ns, at its usual pace. */
u32 truth_pages_by(const struct truth_replay *replay, u32 index, s64 time_ns);

/* Do @count more pages of a touch that has begun. */
void truth_touch_pages(struct truth_replay *replay, u32 index, u32 count);

/* The processes end, and everything of theirs. */
void truth_end_processes(struct truth_replay *replay);

/* --- sim_truth_advise.c --- */

/* MADV_COLD, MADV_PAGEOUT, mlock(), munlock(): all at once. */
void truth_advise(struct truth_replay *replay, const struct sim_truth_event *event);
/* Region @number, if it is locked, as munlock() leaves it; munmap() begins with that. */
void truth_unlock(struct truth_replay *replay, u32 number);

/* --- sim_truth_settle.c --- */

/* Has the touch at @index, of a file, pages before it that are not there? */
bool truth_is_filling(const struct truth_replay *replay, u32 index);

/*
 * A touch is under way, the only one of its type: as many of its pages have come in as @dump has
 * more than the core, but for those that it always has.
 */
void truth_catch_up(struct truth_replay *replay, const struct sim_truth_event *dump);

/* @dump is the first after a pass: its counts settle what the log leaves open. */
void truth_settle(struct truth_replay *replay, const struct sim_truth_event *dump);

#endif /* SIM_TRUTH_REPLAY_H */
