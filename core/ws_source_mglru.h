/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * ws_source_mglru.h - ages from generations, as MGLRU's walk of page tables makes them.
 *
 * A pass reads and clears the accessed bits of all mapped pages (a forced walk, which
 * no Bloom filter shortens), does with the accessed pages what the rules say (ws_rules.h:
 * where a page comes in, what a sighting and an access through a descriptor do, what a
 * fold keeps) and begins the next generation.  Nothing is evicted, so what the rules say
 * of eviction, its look-around and its tiers does not matter here, and so 6.12 differs
 * from 6.1.y, and 6.18 from 6.14, by nothing.
 *
 * What it knows depends on the rules:
 *	up to 6.13	a page that a pass finds accessed is in the youngest generation, so
 *			its age is known to one ageing interval, up to N - 1 intervals; then
 *			its generation is folded into the next and it looks younger than it is
 *	from 6.14 on	the first sighting only sets a flag; a page stays where it is until
 *			a second one, and is told too old until then: by up to N - 1
 *			intervals, so that more generations make this error larger.  A page
 *			promoted once is renewed by each sighting from then on
 *	mm-new, FG	the same, but a fault counts as the first sighting; file pages that are
 *			faulted in begin in the second oldest or (FG) the oldest generation
 *
 * What it cannot see: an access by read() or write() raises a page's tier, not its
 * generation (but by FG's rules, after many), and page cache that is filled by read()
 * begins in the oldest one, or next to it.  Here that is the oldest of four, whatever N
 * is: if it were the oldest of 64, such a page would be reported as idle for the whole
 * history from the moment it came.
 *
 * Not known here: which pages are of executable files, and shadows, so that no page comes
 * in as one of the working set.
 *
 * For a guest that reclaims by ws_lru anyway its generations are the source; this one
 * keeps generations for ages alone, 2 bytes a page.
 */
#ifndef WS_SOURCE_MGLRU_H
#define WS_SOURCE_MGLRU_H

#include "ws_rules.h"
#include "ws_source.h"

struct ws_source_mglru {
	struct ws_source source;
	const struct ws_rules *rules;
	struct ws_age age;
};

/**
 * ws_source_mglru_init() - empty generations
 * @page: zeroed, ws_age_footprint() bytes
 * @rules: must outlive @mglru; their number of generations is not looked at
 * @gens: N
 *
 * Return: 0, or -EINVAL for @gens (ws_age_init()) or rules that ws_rules_check() refuses.
 */
int ws_source_mglru_init(struct ws_source_mglru *mglru, u16 *page, u32 pages_count,
			 const struct ws_rules *rules, u32 gens, const struct ws_access *access,
			 u64 now_ns);

#endif /* WS_SOURCE_MGLRU_H */
