/* SPDX-License-Identifier: BSD-2-Clause */
/* policy_ws_wish.c - up to what is missing, down in steps to what was not needed for a while. */
#include "policy/policy_ws_wish.h"

#include "policy/policy_util.h"

#define FOLLOW_TURN 0.12 /* of nominal: less given too much is not worth a reversal */
#define RISE_NS (5 * POLICY_SECOND_NS) /* for which a guest that took new memory keeps it */
#define FOLLOW_STEP 0.03 /* of nominal, to be reclaimed by a guest that is followed */
#define SILENT_TICKS 3	/* statistics that may stay out before a guest is taken to be silent */

u64 policy_ws_band(const struct sim_vm_view *vm, const struct policy_ws_params *params)
{
	return policy_max(1 << 20, policy_bytes(params->band * (double)vm->nominal_bytes));
}

/*
 * To its need, but by no more than what was seen to be missing and a step: what it grows
 * into is memory that the balloon has split.  If that is too little it will say so.
 */
static u64 grown(const struct policy_ws_guest *guest, const struct sim_vm_view *vm,
		 const struct policy_ws_params *params)
{
	double nominal = (double)vm->nominal_bytes;
	double growth = guest->deficit + params->band * nominal;
	double most = params->growth_max * nominal;

	most = (double)vm->target_bytes + (growth < most ? growth : most);
	return policy_bytes(guest->need < most ? guest->need : most);
}

bool policy_ws_is_followed(const struct policy_ws_guest *guest, u64 now_ns)
{
	return guest->follow.leads && policy_ws_guest_informed(guest, now_ns);
}

static bool left_alone(const struct policy_ws_guest *guest, u64 now_ns)
{
	return guest->blocked_until_ns > now_ns || guest->spared_until_ns > now_ns;
}

/* A guest that is led by its demand: up at once, down when it has not wanted it for a while. */
static u64 followed(const struct policy_ws_guest *guest, const struct sim_vm_view *vm, u64 now_ns,
		    const struct policy_ws_params *params)
{
	const struct policy_ws_follow *follow = &guest->follow;
	u64 target = vm->target_bytes, wants = policy_bytes(follow->demand + follow->buffer);
	u64 peak = policy_bytes(policy_ws_window_peak(&follow->wants)), spare, step;

	if (follow->demand + follow->buffer / 2 + policy_ws_kept_free(vm, params) > (double)target)
		return policy_clamp_target(vm, policy_max(target, wants));
	/* What the host sees is ahead of statistics. */
	double gain = guest->grown_ns >= guest->shrunk_ns ? FOLLOW_TURN : params->gain;
	bool rises = guest->rose_ns && now_ns - guest->rose_ns < RISE_NS;

	if (rises || left_alone(guest, now_ns) ||
	    vm->actual_bytes > target + policy_ws_band(vm, params) ||
	    (double)policy_less(target, peak) < gain * (double)vm->nominal_bytes)
		return target;
	/* Free memory at once; what the guest must first reclaim in steps. */
	spare = policy_less(policy_bytes((double)target - guest->used), policy_bytes(follow->buffer));
	step = policy_max(policy_bytes(FOLLOW_STEP * (double)vm->nominal_bytes), spare);
	peak = policy_max(peak, policy_ws_vital(guest, vm));
	return policy_clamp_target(vm, policy_max(policy_less(target, step), policy_min(target, peak)));
}

u64 policy_ws_wish(const struct policy_ws_guest *guest, const struct sim_vm_view *vm, u64 now_ns,
		   u64 spare_bytes, const struct policy_ws_params *params)
{
	u64 target = vm->target_bytes, step, spare, peak, gain;
	double nominal = (double)vm->nominal_bytes;
	u64 silent_ns = policy_less(now_ns, guest->started_ns + SILENT_TICKS * params->stats_ns);

	/*
	 * A guest that was started small has to be able to say that it is too small.  One that
	 * cannot gets more whenever it has used what it has, if nobody else has to give it.
	 */
	if (guest->started_ns && !guest->stats_ns && silent_ns > 0) {
		if (vm->backed_bytes + policy_ws_band(vm, params) < target)
			return target;
		step = policy_min(spare_bytes, policy_bytes(params->growth_max * nominal));
		return policy_clamp_target(vm, target + step);
	}
	/* It cannot say more than once that it has too little. */
	if (policy_ws_vital(guest, vm) > target)
		return policy_clamp_target(vm, policy_ws_vital(guest, vm));
	if (policy_ws_is_followed(guest, now_ns))
		return followed(guest, vm, now_ns, params);
	/*
	 * The headroom is there to be used: only its last part calls for more, and only while
	 * the guest pays for what it lacks.  What it evicts and does not miss is the saving.
	 */
	double bears = params->patience;

	if (((policy_ws_slowdown_last(guest) > bears && policy_ws_slowdown_mean(guest) > bears) ||
	     policy_ws_thrashes(guest, params) ||
	     (!vm->refault_ns && guest->distress_until_ns > now_ns)) &&
	    guest->need - guest->headroom + policy_ws_kept_free(vm, params) > (double)target)
		return policy_clamp_target(vm, policy_max(target, grown(guest, vm, params)));
	if (guest->distress_until_ns > now_ns || left_alone(guest, now_ns) ||
	    !policy_ws_guest_fresh(guest, now_ns, params) ||
	    (guest->grown_ns && now_ns - guest->grown_ns < guest->hold_ns) ||
	    (guest->rose_ns && now_ns - guest->rose_ns < guest->hold_ns))
		return target;
	/* One step at a time: the balloon has to have followed the last. */
	if (vm->actual_bytes > target + policy_ws_band(vm, params))
		return target;
	if (guest->shrunk_ns && now_ns - guest->shrunk_ns < params->interval_ns)
		return target;
	/*
	 * The host gains only frames that it has backed.  What the guest never touched stays
	 * with it until the host's budget says otherwise, for a balloon costs huge pages.
	 */
	peak = policy_max(policy_bytes(policy_ws_guest_peak(guest)), policy_ws_vital(guest, vm));
	if (vm->backed_bytes && vm->backed_bytes < policy_min(target, vm->actual_bytes))
		gain = policy_less(vm->backed_bytes, peak);
	else
		gain = policy_less(target, peak);
	if ((double)gain < params->gain * nominal)
		return target;
	step = policy_bytes(params->step * nominal);
	/* Free memory is not missed; the peak of the window has said that it is not used. */
	spare = policy_less(policy_bytes((double)target - guest->used),
			    policy_bytes(guest->headroom));
	step = policy_max(step, spare);
	return policy_clamp_target(vm, policy_max(policy_less(target, step),
						  policy_min(target, peak)));
}
