/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * ws_reaccess.h - how long pages had not been used when they came back.
 *
 * An idle-age histogram says how many pages have been idle for how long; this one
 * says how many were used again, by how long they had been idle until then.  The two
 * together tell what reclaiming pages of a given age costs.  A page comes back
 *	resident	an accessed bit takes it out of an old generation, into whichever
 *	evicted		it is faulted or read in again, with its shadow
 *
 * All that is known of a single page is its generation, so what is known of its
 * age is a span.  With the page last used between o and n, and used again
 * between a and now, the age at which it came back lies between a - n and now - o:
 *
 *	o	birth of its generation, or of the oldest that was folded into it
 *	n	birth of the next generation; or the end of the last one during which
 *		pages came into this generation without being in the youngest before
 *	a	resident: since when accessed bits have been gathering, which is the birth
 *		of the youngest generation, unless ws_reaccess_bits_since() says otherwise
 *		evicted: the settling before this one
 *
 * and the page is counted by that span as ws_hist.h counts spans: no page is lost
 * or invented, and a span that crosses edges is split in proportion to time.
 *
 * Evicted generations.  A shadow names its generation by 28 bits.  The times of
 * the last @gens_count generations are kept; a page of an older one, or one whose
 * shadow was never made, goes into the last bin if that is certain, and is counted
 * in older[] otherwise.  (After 2^28 generations, 8.5 years of one a second, a
 * shadow's name means another generation.)
 *
 * Returns are first counted by generation, which costs one addition, and become
 * ages when ws_reaccess_settle() is called: by ws_lru_advance(), and by whoever
 * reads the histogram.  They are counted in the ancestors' histograms too, by the
 * ancestors' own edges.  Counts only grow, until different edges clear them;
 * since_ns and clearings_count tell a reader who computes differences that this happened.
 *
 * (The series that was posted for Linux, up to its third RFC, had such a histogram.
 * It looked up the evicted generation in a ring of 4 but dropped the hits, because of
 * an error code that was never reset; it took the wrong time when names collided; and
 * it counted by the generation's age at the walk, without regard to folds.)
 *
 * With rules by which the first access does not promote (6.14), a page has come
 * back when it changes generation: one that eviction finds accessed and puts into the
 * second youngest has come back, and has so again when a walk then promotes it, from
 * there and with the age that it has there.  The fault that brings a page in sets its
 * accessed bit, too; by these rules the page is not in the youngest generation then,
 * and if it came with a reference (from its shadow; always since 7.2) the next walk
 * promotes it, which is counted as a return at a low age.  The kernel cannot tell.
 *
 * Accesses through descriptors to resident pages are not counted: the kernel does not
 * say when they were.  An evicted page that readahead brings back counts then, as it
 * does for workingset_refault, and once more when it is used out of an older generation
 * (rules with WS_AHEAD_OLDEST).
 *
 * Memory: the caller's, ws_reaccess_footprint() bytes; parents outlive children.
 * Time: settling looks once at each generation kept, and at each ancestor for each
 * of those from which pages came back.  Errors: 0 or negative errno.  Locking: the
 * caller serializes with the ws_lru, and a tree of them as a whole.
 */
#ifndef WS_REACCESS_H
#define WS_REACCESS_H

#include "ws_age.h"
#include "ws_hist.h"

#define WS_REACCESS_GENS_MIN WS_GENS_MAX
#define WS_REACCESS_GENS_MAX 65536u

/* What is kept of a generation, resident or evicted. */
struct ws_reaccess_gen {
	u64 birth_ns;
	u64 oldest_ns[WS_TYPES], newest_ns[WS_TYPES]; /* o and n above */
	u32 returned[WS_TYPES]; /* evicted pages that came back, not yet settled */
};

struct ws_reaccess {
	struct ws_reaccess *parent; /* NULL: none */
	struct ws_reaccess_gen *gen; /* by seq mod gens_count */
	u32 gens_count;		     /* a power of 2; 0: only sums up what is below */
	u64 max_seq, first_seq;	     /* generations kept: first_seq..max_seq */
	u64 bits_since_ns, settled_ns;
	u64 dropped_newest_ns[WS_TYPES]; /* the greatest n of generations no longer kept */
	u64 resident[WS_ROWS_MAX];   /* by row of ws_age: left it by an access, not yet settled */
	u32 unknown[WS_TYPES];	     /* evicted from a generation not kept, not yet settled */
	/* what a reader may look at */
	bool configured;
	struct ws_hist hist;
	u64 older[WS_TYPES];	     /* of an age that is not known */
	u64 since_ns;		     /* all counts begin here */
	u32 clearings_count;
	u64 resident_total[WS_TYPES], evicted_total[WS_TYPES]; /* the sum of hist and older */
};

/* Bytes for @gens_count generations; 0 for an aggregate. */
u64 ws_reaccess_footprint(u32 gens_count);

/**
 * ws_reaccess_init() - not configured: counts nothing but the totals
 * @parent: what this one's returns are counted in too; NULL: nothing
 * @memory: ws_reaccess_footprint() bytes, aligned to 8; NULL for an aggregate
 * @gens_count: generations kept, a power of 2 of at least 64; 0 for an aggregate
 *
 * Return: 0, or -EINVAL.
 */
int ws_reaccess_init(struct ws_reaccess *reaccess, struct ws_reaccess *parent, void *memory,
		     u32 gens_count, u64 now_ns);

/*
 * Edges as ws_hist_init().  If they differ from those in use, all counts of this one start
 * again from 0; those of its parents stay.  Return: 0 or -EINVAL.
 */
int ws_reaccess_configure(struct ws_reaccess *reaccess, const u64 *edge_ns, u32 edges_count,
			  u64 now_ns);

/* From now on @reaccess counts for @age; what it knows of older generations is what @age knows. */
void ws_reaccess_attach(struct ws_reaccess *reaccess, const struct ws_age *age, u64 now_ns);

/* Accessed bits found by the next harvest may date from @since_ns on (a walk left tables out). */
void ws_reaccess_bits_since(struct ws_reaccess *reaccess, u64 since_ns);

/* A page comes back with the shadow that ws_lru_evict() gave it. */
void ws_reaccess_refault(struct ws_reaccess *reaccess, enum ws_type type, u32 shadow);

/* Turn what came back into ages: before a generation begins, and before reading. */
void ws_reaccess_settle(struct ws_reaccess *reaccess, const struct ws_age *age, u64 now_ns);

/* A generation has begun (after ws_age_advance()). */
void ws_reaccess_born(struct ws_reaccess *reaccess, const struct ws_age *age);

/**
 * ws_reaccess_span() - between which ages a page of generation @seq comes back now
 * @evicted: from the generation, or resident in it
 *
 * As of the last settling.  Return: is the generation kept?
 */
bool ws_reaccess_span(const struct ws_reaccess *reaccess, enum ws_type type, u64 seq, bool evicted,
		      u64 now_ns, u64 *min_ns, u64 *max_ns);

#endif /* WS_REACCESS_H */
