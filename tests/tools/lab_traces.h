/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lab_traces.h - made-up traces for the laboratory's tests: by seed, with what real ones
 * have: popular pages, loops, fresh pages, frees.
 */
#ifndef LAB_TRACES_H
#define LAB_TRACES_H

#include <stdlib.h>

#include "lab/sim_lab.h"

struct lab_random {
	u64 state;
};

static inline u32 lab_draw(struct lab_random *random, u32 below)
{
	u64 x = random->state += 0x9e3779b97f4a7c15ull;

	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ull;
	x = (x ^ x >> 27) * 0x94d049bb133111ebull;
	return (u32)((x ^ x >> 31) >> 32) % below;
}

/* Mostly a popular tenth; runs in sequence; and pages from anywhere. */
static inline u32 lab_page(struct lab_random *random, u32 pages, u32 position)
{
	switch (lab_draw(random, 4)) {
	case 0:
		return lab_draw(random, pages);
	case 1:
		return position % pages;
	default:
		return lab_draw(random, pages / 10 + 1);
	}
}

/* One access in @free_every (0: never) is preceded by the free of some page. */
static inline struct sim_lab_trace lab_trace(u64 seed, u32 pages, u32 count, u32 free_every)
{
	struct lab_random random = { seed };
	struct tr_array array = { .count = count, .pages_count = pages };
	struct sim_lab_trace trace;
	u8 *seen = calloc(pages, 1);

	array.page = malloc(sizeof(u32) * (count + 1));
	array.frees = malloc(sizeof(*array.frees) * (count + 1));
	for (u32 i = 0; i < count; i++) {
		if (free_every && !lab_draw(&random, free_every))
			array.frees[array.frees_count++] = (struct tr_array_free){
				i, lab_page(&random, pages, i) };
		u32 page = lab_page(&random, pages, i / 3);
		array.page[i] = page << 1 | lab_draw(&random, 2);
		array.pages_touched += !seen[page];
		seen[page] = 1;
	}
	free(seen);
	sim_lab_trace_adopt(&trace, &array);
	return trace;
}

/* Zipf with exponent 1 over @pages pages, by inverting the harmonic sum. */
static inline struct sim_lab_trace lab_zipf(u64 seed, u32 pages, u32 count)
{
	struct lab_random random = { seed };
	struct tr_array array = { .count = count, .pages_count = pages, .pages_touched = pages };
	struct sim_lab_trace trace;
	double *sum = malloc(sizeof(double) * pages), all = 0;

	for (u32 i = 0; i < pages; i++)
		sum[i] = all += 1.0 / (i + 1);
	array.page = malloc(sizeof(u32) * (count + 1));
	for (u32 i = 0; i < count; i++) {
		double at = all * lab_draw(&random, 1u << 31) / (1u << 31);
		u32 low = 0, high = pages - 1;
		while (low < high) {
			u32 middle = (low + high) / 2;
			if (sum[middle] < at)
				low = middle + 1;
			else
				high = middle;
		}
		array.page[i] = low << 1;
	}
	free(sum);
	sim_lab_trace_adopt(&trace, &array);
	return trace;
}

#endif /* LAB_TRACES_H */
