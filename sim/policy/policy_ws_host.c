/* SPDX-License-Identifier: BSD-2-Clause */
/* policy_ws_host.c - who gets what, when guests together wish more than there is. */
#include "policy/policy_ws_host.h"

#include "policy/policy_util.h"
#include "policy/policy_ws_explain.h"
#include "policy/policy_ws_wish.h"

#define KEPT_NS (60 * POLICY_SECOND_NS) /* between two tellings of it */
#define MISERY 0.2 /* share of all time, over a minute, that a guest waits for memory */

u64 policy_ws_host_budget(const struct sim_host_view *host, const struct policy_ws_params *params)
{
	u64 backed = 0, memory = host->memory_bytes, reserve;

	for (u32 i = 0; i < host->vms_count; i++)
		if (host->vm[i].running)
			backed += host->vm[i].backed_bytes;
	/* Less, when something else on the host takes its share. */
	if (host->free_bytes + backed)
		memory = policy_min(memory, host->free_bytes + backed);
	reserve = host->high_bytes + policy_bytes(params->reserve * (double)host->memory_bytes);
	return policy_less(memory, reserve);
}

static u64 targets_of_all(const struct sim_host_view *host)
{
	u64 bytes = 0;

	for (u32 i = 0; i < host->vms_count; i++)
		if (host->vm[i].running)
			bytes += host->vm[i].target_bytes;
	return bytes;
}

/* Bytes by which the wishes exceed what there is, the host's present distress included. */
static u64 excess(struct policy_ws_host *self, const struct sim_host_view *host, u32 pressure)
{
	u64 wanted = 0, coming = 0, idle = 0, more = 0;

	for (u32 i = 0; i < host->vms_count; i++) {
		const struct sim_vm_view *vm = &host->vm[i];

		if (!vm->running)
			continue;
		/* A balloon that does not move keeps what it has, whatever its target. */
		wanted += self->guest[i].blocked_until_ns > host->now_ns ?
				  policy_max(self->wish[i], policy_min(vm->actual_bytes,
								       vm->backed_bytes)) :
				  self->wish[i];
		coming += policy_less(vm->actual_bytes, vm->target_bytes);
		if (host->high_bytes && self->guest[i].stats_ns)
			idle += policy_less(policy_min(self->wish[i], vm->actual_bytes),
					    vm->backed_bytes);
	}
	/* Guests do not all use at once what they have a right to and never touched. */
	wanted -= policy_min(wanted, policy_bytes(self->params.overbook * (double)idle));
	self->wanted = wanted;
	if (pressure)
		more = policy_less(host->high_bytes, host->free_bytes +
						     (pressure > 1 ? coming / 2 : coming));
	return policy_max(policy_less(wanted, self->budget), more);
}

void policy_ws_host_explain(const struct policy_ws_host *self, const struct sim_host_view *host,
			    u32 vm, u64 target, const char *why, struct sim_actions *act)
{
	struct policy_ws_reason reason = {
		.guest = &self->guest[vm],
		.vm = &host->vm[vm],
		.params = &self->params,
		.now_ns = host->now_ns,
		.target = target,
		.why = why,
		.budget_bytes = self->budget,
		.wanted_bytes = self->wanted,
		.taken_bytes = self->taken[vm],
	};
	char text[POLICY_WS_TEXT_MAX];

	policy_ws_explain(&reason, text);
	act->ops->explain(act->ctx, vm, text);
}

void policy_ws_host_move(struct policy_ws_host *self, const struct sim_host_view *host, u32 vm,
			 u64 target, bool chosen, const char *why, struct sim_actions *act)
{
	struct policy_ws_guest *guest = &self->guest[vm];
	u64 now = host->now_ns;

	policy_ws_host_explain(self, host, vm, target, why, act);
	if (target > host->vm[vm].target_bytes) {
		/* It was shrunk for nothing, and nobody else needed it: be slower next time. */
		if (guest->chosen && now - guest->shrunk_ns < 2 * guest->hold_ns)
			guest->hold_ns = policy_min(guest->hold_ns * 2, POLICY_WS_HOLD_MAX_NS);
		guest->chosen = false;
		guest->grown_ns = now;
		guest->deficit -= (double)(target - host->vm[vm].target_bytes);
		if (guest->deficit < 0)
			guest->deficit = 0;
	} else {
		/* A growth that has lasted well beyond the hold says that it is long enough. */
		if (guest->grown_ns && now - guest->grown_ns > 4 * guest->hold_ns)
			guest->hold_ns = policy_max(guest->hold_ns / 2, self->params.hold_ns);
		guest->shrunk_ns = now;
		guest->chosen = chosen;
	}
	policy_set_target(act, vm, target);
}

/* Growth is given only of what the host has; what is still being taken comes later. */
static double grant(const struct policy_ws_host *self, const struct sim_host_view *host)
{
	u64 growth = 0, there;

	for (u32 i = 0; i < host->vms_count; i++)
		if (host->vm[i].running)
			growth += policy_less(self->wish[i], policy_max(host->vm[i].target_bytes,
									host->vm[i].backed_bytes));
	there = policy_less(host->free_bytes, host->low_bytes);
	return growth <= there ? 1 : (double)there / (double)growth;
}

/* A guest waits for memory and gets none: that is a decision, too, if no move. */
static void explain_kept(struct policy_ws_host *self, const struct sim_host_view *host, u32 vm,
			 struct sim_actions *act)
{
	struct policy_ws_guest *guest = &self->guest[vm];
	u64 now = host->now_ns;

	if (!self->taken[vm] || guest->distress_until_ns <= now ||
	    (guest->kept_ns && now - guest->kept_ns < KEPT_NS))
		return;
	guest->kept_ns = now;
	policy_ws_host_explain(self, host, vm, host->vm[vm].target_bytes, "others need it more", act);
}

/* Carry out the wishes less what was taken of them. */
static void apply(struct policy_ws_host *self, const struct sim_host_view *host, bool short_of,
		  struct sim_actions *act)
{
	double given = grant(self, host);

	for (u32 i = 0; i < host->vms_count; i++) {
		const struct sim_vm_view *vm = &host->vm[i];
		u64 now = vm->target_bytes, band = policy_ws_band(vm, &self->params);
		u64 target = policy_clamp_target(vm, self->wish[i]);

		if (!vm->running)
			continue;
		if (target > now) {
			if (!policy_ws_vital(&self->guest[i], vm))
				target = now + policy_bytes((double)(target - now) * given);
			if (target - now >= band || (target == vm->nominal_bytes && target > now))
				policy_ws_host_move(self, host, i, target, true,
						    self->guest[i].distress_until_ns > host->now_ns ?
							    "distress" :
							    "need",
						    act);
			else
				explain_kept(self, host, i, act);
		} else if (target == now) {
			explain_kept(self, host, i, act);
		} else {
			bool forced = self->taken[i] && short_of;

			if (forced && target < policy_bytes(self->guest[i].used))
				self->guest[i].cut_ns = host->now_ns;
			if (now - target >= band || (forced && now - target >= band / 4))
				policy_ws_host_move(self, host, i, target, !forced,
						    forced ? "host is short" :
						    policy_ws_is_followed(&self->guest[i],
									  host->now_ns) ?
							     "not wanted" :
							     "cold",
						    act);
		}
	}
}

/* Take @over bytes from the wishes, into taken.  Return: bytes that were not to be had. */
static u64 take(struct policy_ws_host *self, const struct sim_host_view *host, u64 over,
		enum policy_ws_urgency urgency)
{
	policy_fill_clear(&self->fill);
	memset(self->taken, 0, host->vms_count * sizeof(*self->taken));
	for (u32 i = 0; i < host->vms_count; i++)
		if (self->wish[i] && self->guest[i].blocked_until_ns <= host->now_ns)
			policy_ws_offer(&self->market, host, i, &self->guest[i], self->wish[i],
					urgency);
	policy_fill_take(&self->fill, over, self->taken);
	for (u32 i = 0; i < host->vms_count; i++)
		over = policy_less(over, self->taken[i]);
	return over;
}

static void note_distress(struct policy_ws_host *self, const struct policy_ws_guest *guest,
			  u64 now_ns)
{
	u64 waited_ns = now_ns - guest->distress_since_ns;

	if (guest->distress_until_ns <= now_ns)
		return;
	self->market.waited_ns = policy_max(self->market.waited_ns, waited_ns);
	/* Of a guest without statistics nobody knows how bad it is, but for how long. */
	if (guest->stats_ns ? guest->stall_mean > MISERY ||
				      (waited_ns > self->params.hold_ns &&
				       policy_ws_slowdown_mean(guest) > self->params.patience) :
			      waited_ns > 3 * self->params.interval_ns)
		self->market.misery = true;
}

/*
 * What a guest that was just cut for others reads back at first is the cut's own doing.  If
 * that were an answer, the same memory would go to and fro with each statistic; so for half
 * an interval it gets more only of what nobody has.
 */
static u64 not_asked_back(const struct policy_ws_host *self, const struct sim_host_view *host,
			  u32 vm, u64 wish, u64 spare_bytes)
{
	const struct policy_ws_guest *guest = &self->guest[vm];
	u64 target = host->vm[vm].target_bytes;

	if (guest->chosen || guest->shrunk_ns <= guest->grown_ns ||
	    host->now_ns - guest->shrunk_ns >= self->params.interval_ns / 2 ||
	    policy_ws_vital(guest, &host->vm[vm]))
		return wish;
	return policy_min(wish, target + spare_bytes);
}

void policy_ws_host_decide(struct policy_ws_host *self, const struct sim_host_view *host,
			   u32 pressure, struct sim_actions *act)
{
	u64 over, shares = 0, nominal = 0, spare;

	self->budget = policy_ws_host_budget(host, &self->params);
	spare = policy_less(self->budget, targets_of_all(host));
	self->market = (struct policy_ws_market){ .params = &self->params, .fill = &self->fill };

	for (u32 i = 0; i < host->vms_count; i++) {
		self->wish[i] = self->taken[i] = 0;
		if (!host->vm[i].running || !self->guest[i].present)
			continue;
		policy_ws_guest_update(&self->guest[i], &host->vm[i], host->now_ns,
				       &self->params);
		self->wish[i] = policy_ws_wish(&self->guest[i], &host->vm[i], host->now_ns, spare,
					       &self->params);
		self->wish[i] = not_asked_back(self, host, i, self->wish[i], spare);
		shares += policy_max(host->vm[i].shares, 1);
		nominal += policy_max(host->vm[i].nominal_bytes, 1);
		note_distress(self, &self->guest[i], host->now_ns);
	}
	if (!shares)
		return;
	self->market.per_share = (double)self->budget / (double)shares;
	self->market.per_byte = (double)self->budget / (double)nominal;
	over = excess(self, host, pressure);
	for (u32 urgency = pressure > 1 ? POLICY_WS_URGENT : POLICY_WS_CALM;
	     over && urgency <= POLICY_WS_DIRE && take(self, host, over, urgency);)
		urgency++;
	for (u32 i = 0; i < host->vms_count; i++)
		self->wish[i] -= self->taken[i];
	apply(self, host, over > 0, act);
}
