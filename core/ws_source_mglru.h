/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * ws_source_mglru.h - ages from generations, as MGLRU's walk of page tables makes them.
 *
 * A pass reads and clears the accessed bits of all mapped pages (a forced walk, which
 * no Bloom filter shortens), puts accessed pages into the youngest generation and
 * begins the next.  A page's age is known to one ageing interval, up to N - 1
 * intervals; then its generation is folded into the next and it looks younger than it
 * is.
 *
 * What it cannot see: an access by read() or write() raises a page's tier, not its
 * generation, and page cache that is filled by read() begins in the oldest one.  Here
 * that is the oldest of four, whatever N is: if it were the oldest of 64, such a page
 * would be reported as idle for the whole history from the moment it came.
 *
 * For a guest that reclaims by ws_lru anyway its generations are the source; this one
 * keeps generations for ages alone, 2 bytes a page.
 */
#ifndef WS_SOURCE_MGLRU_H
#define WS_SOURCE_MGLRU_H

#include "ws_source.h"

struct ws_source_mglru {
	struct ws_source source;
	struct ws_age age;
};

/* @page: zeroed, ws_age_footprint() bytes.  Return: 0, or -EINVAL for @gens (ws_age_init()). */
int ws_source_mglru_init(struct ws_source_mglru *mglru, u16 *page, u32 pages_count, u32 gens,
			 const struct ws_access *access, u64 now_ns);

#endif /* WS_SOURCE_MGLRU_H */
