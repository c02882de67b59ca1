/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * policy_fill.h - taking memory from many guests where it costs least.
 *
 * Every guest offers pieces, in the order in which it would lose them, each with the
 * stall per byte that its loss costs.  Pieces are taken in ascending order of cost until
 * the demand is met: at the end no byte that was kept is cheaper than one that was taken.
 */
#ifndef POLICY_FILL_H
#define POLICY_FILL_H

#include "policy/sim_policy.h"

#define POLICY_PIECES_PER_VM 160
#define POLICY_PIECES_MAX (SIM_VMS_MAX * POLICY_PIECES_PER_VM)

struct policy_piece {
	double cost; /* stall per byte, weighted */
	u64 bytes;
	u32 vm;
};

struct policy_fill {
	u32 pieces_count;
	struct policy_piece piece[POLICY_PIECES_MAX];
};

void policy_fill_clear(struct policy_fill *fill);

/*
 * Offer @bytes of @vm.  A guest loses its pieces in the order offered, so one that is
 * cheaper than the one before it counts as costing the same.  Pieces beyond the room
 * for a guest are not offered.
 */
void policy_fill_offer(struct policy_fill *fill, u32 vm, u64 bytes, double cost);

/*
 * Take @wanted bytes; the pieces are sorted by it.
 * @taken: bytes taken from each VM are added, by index
 * Return: the cost of the dearest byte taken, 0 when none was.
 */
double policy_fill_take(struct policy_fill *fill, u64 wanted, u64 *taken);

#endif /* POLICY_FILL_H */
