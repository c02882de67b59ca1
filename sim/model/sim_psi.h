/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sim_psi.h - memory pressure stall information, as Linux defines it.
 *
 * some: at least one task is stalled on memory.  full: at least one is, and no other
 * task is productive.  Totals are exact integrals; avg10 is the exponential average
 * that the kernel updates every two seconds (kernel/sched/psi.c: period 2 s, decay
 * e^(-2/10) in fixed point).
 */
#ifndef SIM_PSI_H
#define SIM_PSI_H

#include <ws_env.h>

#define SIM_PSI_PERIOD_NS 2000000000ull

struct sim_psi {
	u32 stalled, productive; /* tasks in each state now */
	u64 changed_ns;
	u64 some_ns, full_ns;		/* totals up to changed_ns */
	u64 period_some_ns, period_full_ns; /* totals at the last period's end */
	u32 some_avg10, full_avg10;	/* hundredths of a percent */
};

/* Bring the totals up to @now_ns. */
static inline void sim_psi_update(struct sim_psi *psi, u64 now_ns)
{
	u64 span_ns = now_ns - psi->changed_ns;

	if (psi->stalled) {
		psi->some_ns += span_ns;
		if (!psi->productive)
			psi->full_ns += span_ns;
	}
	psi->changed_ns = now_ns;
}

/* A task changes state: -1, 0 or +1 in each count. */
static inline void sim_psi_change(struct sim_psi *psi, u64 now_ns, int stalled, int productive)
{
	sim_psi_update(psi, now_ns);
	psi->stalled += (u32)stalled;
	psi->productive += (u32)productive;
}

static inline u32 sim_psi_average(u32 average, u64 stalled_ns)
{
	/* 1677 = 2048 * e^(-2/10) */
	u64 share = stalled_ns * 10000 / SIM_PSI_PERIOD_NS;

	return (u32)((average * 1677ull + share * (2048 - 1677) + 1024) / 2048);
}

/* Call every SIM_PSI_PERIOD_NS. */
static inline void sim_psi_period(struct sim_psi *psi, u64 now_ns)
{
	sim_psi_update(psi, now_ns);
	psi->some_avg10 = sim_psi_average(psi->some_avg10, psi->some_ns - psi->period_some_ns);
	psi->full_avg10 = sim_psi_average(psi->full_avg10, psi->full_ns - psi->period_full_ns);
	psi->period_some_ns = psi->some_ns;
	psi->period_full_ns = psi->full_ns;
}

#endif /* SIM_PSI_H */
