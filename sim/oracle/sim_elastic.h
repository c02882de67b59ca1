/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sim_elastic.h - O5: what a balloon could save at best that knows the future but cannot
 * choose its victims.
 *
 * VMIN drops exactly the pages that will not be missed.  A balloon only says how large its
 * guest is; the guest's own reclaim evicts, in the order of last use.  So what is in memory is
 * always the top of the LRU stack, as deep as the guest is large: a use from below that depth
 * is read back, and makes the guest larger by a page unless something goes for it; a new page
 * makes it larger, a freed one smaller.  The best course of the depth over time is found by
 * dynamic programming over depths, with the future known, for each price of memory (the same
 * prices for all VMs, costs of page-ins as in sim_vmin.h).
 *
 * Of the four kinds of loss between a policy and VMIN this takes away one, replacement:
 *
 *	VMIN >= O5			replacement: LRU's victims in place of the best ones
 *	O5 >= O5 within limits		mechanism: the balloon's limit (the guest's smallest
 *					size) and the free memory that a guest keeps for itself
 *	O5 >= WS			knowledge: a threshold on idle ages knows the past only
 *	WS >= policy			what reports are wrong by, delays, caution, huge pages
 *
 * In open loop O5 is a bound for policies whose guests evict in LRU order, up to the grid: a
 * depth is one of SIM_ELASTIC_LEVELS, between them by a line, so it may tell up to a level (2 %
 * of memory) too little.  For MGLRU, which is no exact LRU, and in closed loop it is a
 * reference.  Within limits a guest keeps its smallest size and what is free for its
 * watermark, but no more than it ever used at once: what it never touched is not backed.
 * Moving memory is free and instant, huge pages are not split, nothing is written.
 */
#ifndef SIM_ELASTIC_H
#define SIM_ELASTIC_H

#include "oracle/sim_vmin.h"

#define SIM_ELASTIC_LEVELS 48 /* depths between nothing and all of a VM's memory */
#define SIM_ELASTIC_PRICES 15

enum sim_elastic_limits { SIM_ELASTIC_FREE, SIM_ELASTIC_LIMITED, SIM_ELASTIC_LIMITS };

struct sim_elastic {
	/* Dearer memory first to last: more saved, slower. */
	struct sim_vmin_point point[SIM_ELASTIC_LIMITS][2][SIM_ELASTIC_PRICES]; /* [][reads][] */
};

/*
 * @vmin: of the same scenario: costs, times at work, memory that is held in any case
 * @stop: gives -EINTR; may be NULL
 * Return: 0 or negative errno with text.  Nothing to destroy.  Each VM's trace is played
 * once more and nothing of it kept.
 */
int sim_elastic_make(struct sim_elastic *elastic, const struct sim_scenario *scenario,
		     const struct sim_vmin *vmin, const volatile bool *stop,
		     struct tr_error *error);

/* The same in parts, for who has several cores: VM @index alone, then all parts together. */
int sim_elastic_vm(struct sim_elastic *part, const struct sim_scenario *scenario,
		   const struct sim_vmin *vmin, u32 index, const volatile bool *stop,
		   struct tr_error *error);
void sim_elastic_sum(struct sim_elastic *elastic, const struct sim_elastic *part,
		     const struct sim_scenario *scenario, const struct sim_vmin *vmin);

/*
 * Most saved at a mean slowdown of @slowdown or less, between two prices by a line; NaN
 * where even memory that costs next to nothing is slower (a guest larger than its memory).
 */
double sim_elastic_best(const struct sim_elastic *elastic, enum sim_elastic_limits limits,
			enum sim_vmin_reads reads, double slowdown);

#endif /* SIM_ELASTIC_H */
