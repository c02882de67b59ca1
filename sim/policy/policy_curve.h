/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * policy_curve.h - what it would cost to take a guest's idle memory, learnt from
 * its working-set reports.
 *
 * Between two reports a page that is not used grows older by the time between
 * them; a page that is used becomes young.  So the bytes that were idle for longer
 * than a in the first report, and are not idle for longer than a + dt in the second,
 * were touched again (or freed, or evicted, which the statistics tell).  Their rate
 * over the bytes that were there to be touched is the hazard of idle memory: with the
 * price of a refault on the guest's device it gives the stall that taking the memory
 * would cause, before a byte is taken.
 *
 * What is taken leaves the reports.  It is carried on beside them in classes of age,
 * out of which what comes back from swap is taken, youngest first, as touched.
 *
 *	hazard(a) = (touched(a) + prior * idle(a)) / (exposed(a) + prior * idle(a) * a)
 *
 * Without experience that is 1 / a: memory idle for a is taken to stay idle for as
 * long again.  `prior` says how much experience it takes to learn otherwise.  All
 * experience is forgotten with a time constant.
 *
 * Guests with few generations fold old pages into their oldest one, so their reports
 * show no age above a horizon.  The horizon is recognized, and beyond it bytes are
 * compared at the same age instead of a + dt.
 *
 * Ages are multiples of the time between reports, so that shifting by it meets an edge.
 */
#ifndef POLICY_CURVE_H
#define POLICY_CURVE_H

#include "policy/sim_policy.h"

#define POLICY_CURVE_AGES 15
#define POLICY_PAGE_SIZE 4096

enum policy_kind { POLICY_ANON, POLICY_FILE, POLICY_KINDS };

struct policy_curve {
	u64 interval_ns; /* age k is (k + 1) * interval_ns */
	u64 made_ns;	 /* of the last report used; 0: none */
	u64 horizon_ns;	 /* no report tells ages above this apart */
	double all[POLICY_KINDS];			/* bytes in the last report */
	double idle[POLICY_KINDS][POLICY_CURVE_AGES];	/* of those, idle for longer than age k */
	double touched[POLICY_KINDS][POLICY_CURVE_AGES]; /* bytes */
	double exposed[POLICY_KINDS][POLICY_CURVE_AGES]; /* byte seconds */
	/*
	 * Anon bytes taken and not yet back; class k is idle for longer than age k - 1,
	 * class 0 than nothing, and not longer than age k.
	 */
	double gone[POLICY_CURVE_AGES + 1];
	double file_in; /* file bytes per second read without need of refault */
	double file_refault; /* file bytes per second beyond that */
};

/* What the statistics counted between two reports, in bytes. */
struct policy_flow {
	double reclaimed, swapped_out, swapped_in;
};

/* How to learn and what things cost. */
struct policy_learning {
	double prior;
	u64 forget_ns;
	double refault_ns[POLICY_KINDS];
};

void policy_curve_init(struct policy_curve *curve, u64 interval_ns);

/* Edges to configure the guest's reports with; POLICY_CURVE_AGES of them. */
void policy_curve_edges(const struct policy_curve *curve, u64 *edge_ns);

static inline u64 policy_curve_age(const struct policy_curve *curve, u32 k)
{
	return (k + 1) * curve->interval_ns;
}

/* Take in a report; @flow covers the time since the last one. */
void policy_curve_update(struct policy_curve *curve, const struct sim_vm_report *report,
			 const struct policy_flow *flow, const struct policy_learning *learning);

/* Bytes per second, per byte, that come back of what is idle for longer than age @k. */
double policy_curve_hazard(const struct policy_curve *curve, enum policy_kind kind, u32 k,
			   double prior);

/*
 * Stall, in seconds per second, if everything idle for longer than age @k were out,
 * with what is out already.  Does not grow with @k.
 */
double policy_curve_stall(const struct policy_curve *curve, u32 k,
			  const struct policy_learning *learning);

/* Bytes idle for longer than age @k, of the kinds that can be taken (those with a price). */
double policy_curve_idle(const struct policy_curve *curve, u32 k,
			 const struct policy_learning *learning);

/* All bytes of the last report. */
double policy_curve_all(const struct policy_curve *curve);

#endif /* POLICY_CURVE_H */
