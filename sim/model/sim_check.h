/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sim_check.h - what must hold after every event.
 *
 * Each invariant is a function whose name says it, so that a failure names itself.  Built
 * with -DSIM_CHECK (debug, sanitize and coverage builds) the cheap ones run after every
 * event, and those that walk all pages now and then; without it they compile to nothing.
 */
#ifndef SIM_CHECK_H
#define SIM_CHECK_H

#include "model/sim_guest.h"

#ifdef SIM_CHECK
void sim_check_step(const struct sim_guest *guests, u32 guests_count, const struct sim_host *host,
		    u32 vm, u64 step);
#else
static inline void sim_check_step(const struct sim_guest *guests, u32 guests_count,
				  const struct sim_host *host, u32 vm, u64 step)
{
	(void)guests, (void)guests_count, (void)host, (void)vm, (void)step;
}
#endif

#endif /* SIM_CHECK_H */
