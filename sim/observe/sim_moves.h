/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sim_moves.h - when targets moved, from a run's timeseries.csv.
 *
 * What every run tells, also of policies that record no reasons: between two samples a
 * VM's target changed.  Several changes between two samples are one move, or none.
 */
#ifndef SIM_MOVES_H
#define SIM_MOVES_H

#include "observe/sim_series_read.h"

struct sim_move {
	double from_s;		/* time of the last sample with the old target; to's if it is the first */
	double from_bytes;	/* that target; before the first sample, the VM's nominal size */
	struct sim_state to;	/* the first sample with the new one; its name lasts for the call */
};

/**
 * sim_moves_read() - all moves, in order of time
 * @vm: of this VM; NULL: of all
 * @take: is told each
 *
 * Return: 0 or negative errno with text.
 */
int sim_moves_read(const char *dir, const char *vm,
		   void (*take)(void *ctx, const struct sim_move *move), void *ctx,
		   struct tr_error *error);

#endif /* SIM_MOVES_H */
