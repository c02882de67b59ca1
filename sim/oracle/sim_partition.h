/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sim_partition.h - the best way to divide memory once and for all, given each VM's
 * page-ins at every size.
 *
 * Dynamic programming finds it for any curves, in O(VMs * chunks^2) (LAMA: Hu et al.,
 * 2015).  Greedily along the curves' lower convex hulls, steepest slope first, is the
 * least that any division could give if a cache could be made to follow its hull, which
 * needs partitioning inside of it (Talus: Beckmann and Sanchez, 2015).
 */
#ifndef SIM_PARTITION_H
#define SIM_PARTITION_H

#include <ws_env.h>

struct sim_partition {
	u32 *chunks;	 /* by VM */
	double page_ins; /* of all */
};

/*
 * @curve: by VM, page-ins with 0..chunks_count chunks, not rising
 * Return: 0, then sim_partition_destroy(); -ENOMEM.
 */
int sim_partition_best(struct sim_partition *partition, const double *const *curve, u32 vms_count,
		       u32 chunks_count);
void sim_partition_destroy(struct sim_partition *partition);

/* Page-ins along the hulls.  Return: 0 or -ENOMEM. */
int sim_partition_hull(double *page_ins, const double *const *curve, u32 vms_count,
		       u32 chunks_count);

#endif /* SIM_PARTITION_H */
