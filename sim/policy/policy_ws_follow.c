/* SPDX-License-Identifier: BSD-2-Clause */
/* policy_ws_follow.c - what following a guest's demand would save, and cost. */
#include "policy/policy_ws_guest.h"

#include "policy/policy_util.h"

#define WEIGH_NS 120e9
#define WEIGH_LEAST_NS (5 * POLICY_SECOND_NS)
#define LATE_SHARE 0.3	 /* of what a guest grows by, what it evicted before it got more */
#define MOVE_NS 10000.0	 /* a page into the balloon, out of it, and touched anew */
#define SPLIT_TAX 0.035 /* slowdown of a guest whose huge pages are mostly split */

/* Where the target would be if it followed: up at once to what is wanted, down after a while. */
static void follow(struct policy_ws_follow *follow, double nominal,
		   const struct policy_ws_params *params, double kept_free)
{
	double wants = policy_smaller(nominal, follow->demand + follow->buffer);
	double peak = policy_ws_window_peak(&follow->wants);

	if (follow->target <= 0)
		follow->target = wants;
	else if (follow->demand + follow->buffer / 2 + kept_free > follow->target)
		follow->target = policy_larger(follow->target, wants);
	else if (follow->target - peak >= params->gain * nominal)
		follow->target = peak;
}

/*
 * What following is worth: the memory that it saves by the exchange rate, less what every
 * growth costs, as part of it comes too late and is read back from swap, and less the huge
 * pages that are split once and for all.
 */
static void weigh(struct policy_ws_guest *guest, const struct sim_vm_view *vm,
		  const struct policy_ws_params *params, double before, u64 dt_ns)
{
	struct policy_ws_follow *follow = &guest->follow;
	double held = policy_smaller((double)vm->target_bytes,
				     vm->backed_bytes ? (double)vm->backed_bytes : guest->used);
	double rose = policy_larger(0, follow->target - before) / ((double)dt_ns / 1e9);
	double cost_ns = (double)vm->refault_ns * params->queueing * LATE_SHARE + MOVE_NS;

	/* Half of the buffer is used on average, by the page cache. */
	if (!follow->leads)
		follow->saved = policy_smooth(follow->saved,
					      held - follow->target + follow->buffer / 2, dt_ns,
					      WEIGH_NS);
	follow->work = policy_smooth(follow->work, guest->work_last, dt_ns, WEIGH_NS);
	follow->moved = policy_smooth(follow->moved, rose, dt_ns, WEIGH_NS);
	follow->value = params->exchange * follow->saved / (double)vm->nominal_bytes -
			policy_ws_slowdown(follow->moved / POLICY_PAGE_SIZE * cost_ns / 1e9,
					   follow->work) -
			SPLIT_TAX;
}

void policy_ws_follow_update(struct policy_ws_guest *guest, const struct sim_vm_view *vm,
			     u64 now_ns, const struct policy_ws_params *params)
{
	struct policy_ws_follow *follows = &guest->follow;
	double before = follows->target, nominal = (double)vm->nominal_bytes;
	u64 dt_ns = now_ns - follows->updated_ns;

	/* Late answers say what following is worth, too; the same one says nothing twice. */
	if (guest->stats_ns <= follows->heard_ns || dt_ns < POLICY_SECOND_NS / 2)
		return;
	follows->demand = policy_larger(0, guest->used - (double)vm->stats.caches_bytes) +
			  policy_larger(guest->deficit, guest->pushed);
	follows->buffer = policy_larger(params->buffer * follows->demand, params->spare * nominal) +
			  policy_ws_watermark(vm);
	policy_ws_window_enter(&follows->wants,
			       policy_smaller(nominal, follows->demand + follows->buffer), now_ns,
			       follows->linger_ns);
	follow(follows, nominal, params, policy_ws_kept_free(vm, params));
	follows->updated_ns = now_ns;
	follows->heard_ns = guest->stats_ns;
	if (!follows->since_ns) {
		follows->since_ns = now_ns;
		return;
	}
	weigh(guest, vm, params, before, dt_ns);
	if (now_ns - follows->since_ns >= WEIGH_LEAST_NS && follows->value > 0)
		follows->leads = true;
}
