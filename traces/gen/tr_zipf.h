/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tr_zipf.h - draws ranks with probability proportional to 1 / (rank + 1)^alpha.
 *
 * A table of aliases (Walker 1977, built as Vose 1991): one random number and one
 * look-up a draw, whatever the size.  Weights come from logarithm and power in
 * 64-bit fixed point, not from libm, so that every machine builds the same table;
 * probabilities are right to about 2^-32 of a table's place.
 *
 * Memory: 8 bytes a rank; building needs 20 more for a while.
 */
#ifndef TR_ZIPF_H
#define TR_ZIPF_H

#include "tr_rng.h"

struct tr_zipf {
	u32 count;
	struct tr_zipf_place {
		u32 threshold; /* below it the place's own rank is drawn, else its alias */
		u32 alias;
	} *place;
};

#define TR_ZIPF_ALPHA_ONE 1000000u /* alpha is in millionths */

/* @count: 1 to 2^31 - 1.  @alpha: 0 (uniform) to 4.  Return: 0 or -ENOMEM. */
int tr_zipf_create(struct tr_zipf *zipf, u32 count, u32 alpha);
void tr_zipf_destroy(struct tr_zipf *zipf);

static inline u32 tr_zipf_draw(const struct tr_zipf *zipf, struct tr_rng *rng)
{
	u64 x = tr_rng_next(rng);
	u32 rank = (u32)((x >> 32) * zipf->count >> 32);
	const struct tr_zipf_place *place = &zipf->place[rank];

	return (u32)x < place->threshold ? rank : place->alias;
}

#endif /* TR_ZIPF_H */
