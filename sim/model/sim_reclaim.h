/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sim_reclaim.h - which page a guest (or a host) gives up next: one interface, many algorithms.
 *
 * An lruvec is one instance of one algorithm: the pages of one memcg.  The lruvecs of
 * one guest share per-page arrays (struct sim_reclaim_space), because a page is on one
 * of them at a time and a 1 TiB host cannot afford an array for each.
 *
 * The hit path knows nothing of all this: it sets an accessed bit in hot[page].  An
 * algorithm reads and clears that bit when it looks at the page, except for those that
 * define themselves by every single access (LRU, OPT), which have an access hook.
 *
 *	page comes in  -> insert()      hands back whether this was a workingset refault
 *	page is used   -> hot[] bit, or access() if there is one; descriptor() for read/write
 *	page is freed  -> remove()
 *	frames wanted  -> wants_ageing()? age(); then evict()
 *
 * A new algorithm is one file in sim/reclaim/ and one line in sim_reclaim.c.
 *
 * Memory: the space is the caller's; an instance is made by sim_reclaim_open().  Time:
 * now_ns, never decreasing, or any other monotone count (the laboratory passes the
 * position in the trace).  Errors: 0 or negative errno; calls that would break the
 * rules below are asserted.  Locking: none; all lruvecs of a space belong to one thread.
 */
#ifndef SIM_RECLAIM_H
#define SIM_RECLAIM_H

#include "ws_age.h"
#include "ws_lru.h"

struct tr_error;

/* Bits of hot[page]. */
#define SIM_HOT_PRESENT 0x01u	     /* on some lruvec of this space; the space's owner sets it */
#define SIM_HOT_ACCESSED_GUEST 0x02u /* used through the guest's page tables */
#define SIM_HOT_ACCESSED_HOST 0x04u  /* used at all, as the host's page tables see it */
#define SIM_HOT_DIRTY_GUEST 0x08u
#define SIM_HOT_DIRTY_HOST 0x10u

#define SIM_RECLAIM_MEMCG 0x0fu /* of memcg[page]; the other bits are the space's owner's */

#define SIM_NEVER 0xffffffffu /* a page that is not used again, to OPT */

/*
 * What the lruvecs of one guest share.  entry[], link[] and link2[] belong to the
 * algorithm, at most 10 bytes a page together.  All start zeroed.
 *
 * A freed page may come back to the lruvec that it was on, not to another: engines
 * may keep a trace of it in link[] until it would have been evicted.
 */
struct sim_reclaim_space {
	u32 pages_count; /* entries in every array; a multiple of 64 */
	u32 stands_for;	 /* pages that each stands for (sim_sampling.h); 0: itself alone */
	u8 accessed;	 /* which bit of hot[] is ours to read and clear */
	u8 *hot;
	u16 *entry; /* flags WS_PAGE_*, ws_age.h */
	u32 *link;		 /* sim_reclaim_link_bytes(), best aligned to 64 */
	u32 *link2;		 /* an entry a page; NULL unless ops->links is 2 */
	const u8 *memcg;	 /* owner of each page, in the bits of SIM_RECLAIM_MEMCG; NULL: one lruvec */
	const u16 *region_pages; /* present pages of each 512; 0 is skipped by ageing.  May be NULL */

	/* For algorithms that know the future (ops->future); NULL and 0 otherwise. */
	const u32 *timeline; /* page << 1 | write at each position of the run */
	const u32 *next_use; /* by position: where that page is used next, or SIM_NEVER */
	u32 timeline_count;
};

/* The algorithm and what follows its name, as "mglru:16" or "mglru:6.14:nopid" say it. */
struct sim_reclaim_choice {
	const struct sim_reclaim_ops *ops;
	u32 param;
	bool param_given;
	bool by_rules; /* a version or a switch was named: no quicker loop will do */
	bool past;     /* background reclaim is to overshoot the high watermark; for its caller */
	struct ws_rules rules; /* of algorithms with ops->versions; its gens follow @param */
};

struct sim_reclaim {
	const struct sim_reclaim_ops *ops;
	struct sim_reclaim_space *space;
	u32 param;
	u8 memcg;  /* own value in space->memcg[] */
	bool by_rules; /* other than the base's */
	struct ws_rules rules;
};

/* One request for victims, and what serving it cost. */
struct sim_reclaim_scan {
	u32 swappiness; /* 0: anon pages are not evicted; to 200, as vm.swappiness */
	bool no_swap;	/* there is nowhere to put anon pages: swappiness is 0, and they do not age */
	u32 budget;	/* pages that may be looked at */
	u32 scanned;	/* out: pages looked at */
	u32 rmap_walks; /* out: accessed bits looked up by reverse mapping */
};

/* How many pages an lruvec holds.  active: twolist's active lists, MGLRU's two youngest. */
struct sim_reclaim_stat {
	u64 pages[WS_TYPES];
	u64 active[WS_TYPES];
	/* Insertions so far that had a shadow, and of these as /proc/vmstat counts them. */
	u64 refaults[WS_TYPES], activates[WS_TYPES], restores[WS_TYPES];
	u64 aged_young; /* entries that age() has found accessed, so far */
};

/**
 * struct sim_reclaim_ops - one reclaim algorithm
 * @name:	as the command line and scenarios name it
 * @summary:	one line for --help
 * @param_name:	the number after the colon, or NULL; with default, least and greatest value
 * @versions:	a version of ws_rules.h and switches may follow, too; see sim_reclaim_rules.c
 * @caller:	the words that speak of reclaim's caller may follow: swappiness=N, past
 * @state_size:	bytes of an instance, which begins with its struct sim_reclaim
 * @links:	1: link[] is needed; 2: link2[] as well
 * @link_bytes:	size of link[]; NULL when it has an entry a page
 * @future:	needs timeline and next_use
 * @init:	state is zeroed and its struct sim_reclaim filled in
 * @destroy:	may be NULL; release what init acquired
 * @fetch:	may be NULL; an insert() is to come: have the processor fetch what it will need,
 *		by @step 0, and some events later 1
 * @insert:	a page comes in that is on no lruvec; @shadow is the token of its last
 *		eviction or 0.  Return: true for a workingset refault (activated)
 * @remove:	a page of this lruvec is freed
 * @access:	NULL when the accessed bit is enough; else called for every access to a
 *		page of this lruvec, the one that brought it in included (after insert).
 *		@position: in the timeline; ignored unless ops->future
 * @descriptor:	may be NULL; an access by read() or write(), which sets no accessed bit
 * @wants_ageing: may be NULL; should age() come before evict()?
 * @age:	NULL when there is no such thing; harvest accessed bits and begin a new
 *		generation.  @forced: all of them, and not only where a heuristic looks.
 *		Return: accessed bits read
 * @evict:	fill victims[] (and shadows[], may be NULL, tokens are never 0) with at most
 *		@max pages, which are on no lruvec afterwards and keep WS_PAGE_FILE in entry.
 *		Return: how many; fewer than max only for budget, ageing or emptiness
 * @stat:	counts
 * @core:	NULL when pages have no generations; the core's lruvec behind it, from which
 *		reports are made and which a tree of groups holds (ws_group.h)
 * @watch:	NULL when it cannot tell; count pages that come back, by age, in @aggregate too
 *		(ws_reaccess.h), from now on; it outlives the instance
 * @check:	false when an invariant of the state is broken; slow
 */
struct sim_reclaim_ops {
	const char *name, *summary;
	const char *param_name;
	u32 param_default, param_min, param_max;
	u32 state_size, links;
	bool future, versions, caller;

	u64 (*link_bytes)(u32 pages_count);
	int (*init)(struct sim_reclaim *reclaim, u64 now_ns);
	void (*destroy)(struct sim_reclaim *reclaim);
	void (*fetch)(const struct sim_reclaim *reclaim, u32 step);
	bool (*insert)(struct sim_reclaim *reclaim, u32 page, enum ws_type type,
		       enum ws_enter how, u32 shadow);
	void (*remove)(struct sim_reclaim *reclaim, u32 page);
	void (*access)(struct sim_reclaim *reclaim, u32 page, u32 position);
	void (*descriptor)(struct sim_reclaim *reclaim, u32 page);
	bool (*wants_ageing)(const struct sim_reclaim *reclaim, u32 swappiness);
	u64 (*age)(struct sim_reclaim *reclaim, u64 now_ns, bool forced);
	u32 (*evict)(struct sim_reclaim *reclaim, struct sim_reclaim_scan *scan, u32 *victims,
		     u32 *shadows, u32 max);
	void (*stat)(const struct sim_reclaim *reclaim, struct sim_reclaim_stat *stat);
	struct ws_lru *(*core)(struct sim_reclaim *reclaim);
	void (*watch)(struct sim_reclaim *reclaim, struct ws_reaccess *aggregate, u64 now_ns);
	bool (*check)(const struct sim_reclaim *reclaim);
};

/* NULL-terminated; sim_reclaim.c is the only file that lists them. */
extern const struct sim_reclaim_ops *const sim_reclaims[];

/* "name" or "name:param" -> *choice.  Return: 0, or -EINVAL with a text that lists the known. */
int sim_reclaim_choose(struct sim_reclaim_choice *choice, const char *text,
		       struct tr_error *error);

/* Read what follows the name, "6.14:16:nopid", into @choice, whose ops are set; errors as above. */
int sim_reclaim_read_rules(struct sim_reclaim_choice *choice, const char *words,
			   struct tr_error *error);

/* The same for algorithms of which only the caller's words are known. */
int sim_reclaim_read_caller(struct sim_reclaim_choice *choice, const char *words,
			    struct tr_error *error);

/* The words that sim_reclaim_read_rules() knows, for --help. */
struct sim_reclaim_switch {
	const char *name, *summary;
	void (*apply)(struct sim_reclaim_choice *choice);
};
extern const struct sim_reclaim_switch sim_reclaim_switches[]; /* ends with a NULL name */

/* Return: 0, -ENOMEM, -EINVAL (parameter).  *reclaim is freed by sim_reclaim_close(). */
int sim_reclaim_open(struct sim_reclaim **reclaim, const struct sim_reclaim_choice *choice,
		     struct sim_reclaim_space *space, u8 memcg, u64 now_ns);
void sim_reclaim_close(struct sim_reclaim *reclaim); /* NULL is fine */

/* Bytes of link[] for @pages_count pages. */
static inline u64 sim_reclaim_link_bytes(const struct sim_reclaim_ops *ops, u32 pages_count)
{
	return ops->link_bytes ? ops->link_bytes(pages_count) : (u64)pages_count * sizeof(u32);
}

#endif /* SIM_RECLAIM_H */
