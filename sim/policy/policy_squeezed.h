/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * policy_squeezed.h - one iteration of XenServer's memory squeezer, on plain numbers.
 *
 * All VMs that can be moved get the same part of their dynamic range:
 *
 *	surplus = max(0, free + sum(max(0, actual - min - 2 * inaccuracy)) - wanted)
 *	target  = min + clamp(surplus / sum(max - min), 0, 1) * (max - min)
 *
 * While any VM has to shrink only shrinks are sent, so that nothing is handed out before
 * it is there.  A VM that has been told to move and made no way for 5 s is inactive: left
 * out, and pinned to what it has.
 *
 * Sizes are in one unit of the caller's choice, for targets are rounded to it.
 */
#ifndef POLICY_SQUEEZED_H
#define POLICY_SQUEEZED_H

#include "policy/sim_policy.h"

struct policy_squeezed_vm {
	bool present, can_balloon;
	s64 min, max, target, actual;
	s64 inaccuracy; /* between target and actual, when the target counts as hit */
	/* Kept from one iteration to the next; zero when a balancing begins. */
	bool seen, stuck, inactive;
	s64 actual_seen;
	u64 moved_ns;
	/* Answer. */
	bool send;
	s64 target_new;
};

struct policy_squeezed_rules {
	u64 stuck_ns;
	bool two_phase;	 /* shrink first */
	bool compensate; /* reckon with inaccuracy */
};

enum policy_squeezed_outcome { POLICY_SQUEEZED_GOES_ON, POLICY_SQUEEZED_DONE, POLICY_SQUEEZED_FAILED };

/*
 * @free: memory handed out to nobody (negative: more is handed out than there is)
 * @wanted: what should be free
 * @success: what is free is enough
 * VMs with send set are to be given target_new, whatever the outcome.
 */
enum policy_squeezed_outcome policy_squeezed_step(struct policy_squeezed_vm *vm, u32 count, s64 free,
						  s64 wanted, bool success, u64 now_ns,
						  const struct policy_squeezed_rules *rules);

#endif /* POLICY_SQUEEZED_H */
