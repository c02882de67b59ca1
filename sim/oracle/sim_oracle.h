/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sim_oracle.h - all oracles of a scenario's run together.
 *
 * On page-ins with the host's memory (what is not the host's own nor guest kernels'):
 *
 *	O3a	MIN over the merged timeline: no policy has fewer, in open loop
 *	O3b	the best constant division between VMs that each run MIN
 *	O1	the best constant division between VMs that each run LRU
 *	O2	the same if each VM could follow its curve's convex hull
 *
 * O3a <= O3b <= O1, and O2 <= O1 (sim_min.h, sim_partition.h).  O1, O2 and O3b are no
 * bounds of policies that move memory.
 *
 * On memory:
 *
 *	O4	VMIN: most memory saved at each slowdown (sim_vmin.h)
 */
#ifndef SIM_ORACLE_H
#define SIM_ORACLE_H

#include "oracle/sim_partition.h"
#include "oracle/sim_vmin.h"

#define SIM_ORACLE_CHUNKS 64 /* that memory is divided into */

enum sim_oracle_kind { SIM_O3A, SIM_O3B, SIM_O2, SIM_O1, SIM_ORACLES };

struct sim_oracle_text {
	const char *key, *label, *bounds;
};
extern const struct sim_oracle_text sim_oracle_texts[SIM_ORACLES];

struct sim_oracle {
	u64 frames, chunk_pages;
	double page_ins[SIM_ORACLES];
	u64 reuses; /* uses of pages that were used before: page-ins without any memory */
	struct sim_partition best[SIM_ORACLES]; /* of O1 and O3b: chunks by VM */
};

/* @stop: gives -EINTR.  Return: 0, then sim_oracle_destroy(); negative errno with text. */
int sim_oracle_make(struct sim_oracle *oracle, const struct sim_timeline *timeline,
		    const volatile bool *stop, struct tr_error *error);
void sim_oracle_destroy(struct sim_oracle *oracle);

#endif /* SIM_ORACLE_H */
