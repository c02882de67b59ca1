/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bench_zipf.c - draws from a zipf distribution by the alias method (Vose 1991).
 *
 * Every page has a column of height one, filled by itself and by one more popular page,
 * its alias: a draw is one column and one height.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench_zipf.h"
#include "model/sim_rng.h"

struct alias {
	double *own; /* part of the column that is the page's own */
	u32 *other;
	u32 pages;
};

static void fill_columns(struct alias *alias, u32 *todo, double exponent)
{
	u32 small = 0, large = alias->pages; /* small ones from the front, large from the back */
	double sum = 0;

	for (u32 i = 0; i < alias->pages; i++)
		sum += alias->own[i] = pow(i + 1, -exponent);
	for (u32 i = 0; i < alias->pages; i++) {
		alias->own[i] *= alias->pages / sum;
		alias->other[i] = i;
		if (alias->own[i] < 1)
			todo[small++] = i;
		else
			todo[--large] = i;
	}
	while (small && large < alias->pages) {
		u32 page = todo[--small], rich = todo[large];
		alias->other[page] = rich;
		alias->own[rich] -= 1 - alias->own[page];
		if (alias->own[rich] < 1) {
			large++;
			todo[small++] = rich;
		}
	}
}

static u32 draw(const struct alias *alias, struct sim_rng *rng)
{
	u32 page = (u32)sim_rng_below(rng, alias->pages);

	return sim_rng_chance(rng, alias->own[page]) ? page : alias->other[page];
}

int bench_zipf(struct tr_array *array, u32 pages, u32 count, double exponent, u64 seed)
{
	struct alias alias = { malloc(sizeof(double) * pages), malloc(sizeof(u32) * pages), pages };
	u32 *number = malloc(sizeof(u32) * pages);
	struct sim_rng rng;

	*array = (struct tr_array){ .count = count, .page = malloc(sizeof(u32) * count) };
	int rc = alias.own && alias.other && number && array->page ? 0 : -ENOMEM;
	if (rc) {
		free(array->page);
		goto out;
	}
	sim_rng_init(&rng, seed, 0, "zipf");
	fill_columns(&alias, number, exponent);
	memset(number, 0xff, sizeof(u32) * pages);
	for (u32 i = 0; i < count; i++) {
		u32 page = draw(&alias, &rng);
		if (number[page] == 0xffffffffu)
			number[page] = array->pages_count++;
		array->page[i] = number[page] << 1;
	}
	array->pages_touched = array->pages_count;
out:
	free(alias.own);
	free(alias.other);
	free(number);
	return rc;
}
