/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sim_control.h - how well a balloon followed its targets, and how much it wavered.
 *
 * Fed with the moments at which a target reached the guest and at which the balloon
 * moved; sizes are pages left to the guest (nominal - balloon).
 *
 * Steps.  A target at least 1 % of nominal away from where the balloon is begins a
 * step.  Reaction is the time until 90 % of the way is made, settling the time until
 * the rest is at most 5 % of the way.  A target that arrives before that replaces the
 * step, which then counts for neither; so a policy that never lets a balloon arrive
 * has no figures here but a large gap.
 *
 * Swings.  The path of the balloon is cut at its turning points; a turn counts once
 * the way back is 1 % of nominal, so a page of jitter is no reversal:
 *
 *	size  ___                 _____
 *	         \       /\      /        turning points at *; two swings down, two up
 *	          \_____*  \____*
 */
#ifndef SIM_CONTROL_H
#define SIM_CONTROL_H

#include <ws_env.h>

#define SIM_STEPS_MAX 65536 /* later steps are not kept; a run has far fewer */

struct sim_control {
	u64 nominal_pages, target_pages, actual_pages;
	u64 start_ns, last_ns;
	u32 targets_count;

	bool stepping, reacted;
	u64 step_ns, step_from_pages, step_to_pages;
	double *reaction_s, *settling_s;
	u32 reactions_count, settlings_count;

	u64 gap_page_us;	 /* integral of |target - actual|: pages times microseconds */
	u64 moved_pages;	 /* sum of |movement| */
	u64 first_pages;	 /* actual at the start */
	int direction;		 /* +1 grows, -1 shrinks, 0: no movement of 1 % yet */
	u64 turn_pages;		 /* where the current swing began */
	u64 extreme_pages;	 /* farthest point of the current swing */
	u64 last_swing_pages;	 /* length of the swing before the current one */
	u64 swings_pages, taken_back_pages;
	u32 reversals_count;
};

void sim_control_init(struct sim_control *control, u64 nominal_pages, u64 now_ns);
void sim_control_destroy(struct sim_control *control);

/* The balloon's target reached the guest: pages left to it. */
void sim_control_target(struct sim_control *control, u64 now_ns, u64 left_pages);
/* The balloon moved and now holds @balloon_pages. */
void sim_control_balloon(struct sim_control *control, u64 now_ns, u64 balloon_pages);
/* Nothing more comes; closes integrals and the last swing. */
void sim_control_end(struct sim_control *control, u64 now_ns);

double sim_control_reaction(const struct sim_control *control); /* median, s, or NaN */
double sim_control_settling(const struct sim_control *control);
double sim_control_overshoot(const struct sim_control *control); /* 0..1; 0 without movement */
double sim_control_churn(const struct sim_control *control);	 /* 0 without movement */
double sim_control_reversals_per_h(const struct sim_control *control);
double sim_control_gap_gib_s(const struct sim_control *control);

#endif /* SIM_CONTROL_H */
