/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * truth_pages.h - which pages a touch of a random subset is of.
 *
 * A log tells how many pages a touch was of, not which.  For regions of the kinds
 * "s" and "z" they are drawn by this generator, by the program in the guest and again
 * by whoever reads the log, so that both know the same pages.  Of "z" low pages are
 * drawn more often, with a density that falls as the -2/3rd power.  A page may be
 * drawn twice.  Constants: splitmix64 (Steele, Lea, Flood, 2014).
 */
#ifndef TRUTH_PAGES_H
#define TRUTH_PAGES_H

#include <stdint.h>

/* Of the region's pages, one touch draws one in so many. */
#define TRUTH_SUBSET 8

/* Draw number @draw of touch number @touch (from 0) of region @region, of @kind: a page below @pages. */
static inline uint32_t truth_subset_page(char kind, uint32_t region, uint32_t touch, uint32_t draw,
					 uint32_t pages)
{
	uint64_t z = ((uint64_t)region << 56) + ((uint64_t)touch << 28) + draw;

	z = (z + 1) * 0x9e3779b97f4a7c15u;
	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	z ^= z >> 31;
	if (kind != 'z')
		return (uint32_t)(z % pages);
	z >>= 40; /* a fraction of 24 bits, and its third power */
	return (uint32_t)((z * z >> 24) * z * pages >> 48);
}

#endif /* TRUTH_PAGES_H */
