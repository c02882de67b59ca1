/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * policy_ws_target.c - balloons sized by working-set reports; this project's own.
 *
 * Rule: each guest's need is what it holds, less the memory whose loss would stall it
 * by no more than a bound, plus room to grow (policy_ws_guest.h).  What the loss of idle
 * memory costs is learnt per guest from pairs of reports and from what comes back, times
 * the price of a refault on the guest's own devices (policy_curve.h).
 *
 *   start	on a host that cannot give all of them all, a guest starts at `start` of its size
 *	and grows from there: memory that was never used is taken without splitting huge pages
 *   grow	toward the need, a step for each answer, while it is slowed down by more than
 *		`patience`; slowdown is the wait for memory over that and its time at work
 *   shrink	in bounded steps to the largest need of the last `hold`, when the host gains
 *		frames by it, the balloon has followed the last step, reports are fresh and the
 *		guest is neither in distress nor rising
 *   overcommit	targets together never exceed what the host has (what was never touched within
 *		them counts in part: `overbook`); if wishes do, memory is taken where the
 *		expected stall per byte, times shares, is least (policy_fill.h), from a guest
 *		below its fair share only what it did not use for a whole window
 *
 * `slowdown` is the knob: `start`, `exchange` and `spare` follow from it unless they are given.
 *
 * A load that rises makes the target rise once; when it falls the target falls once, after
 * `hold`.  A guest that had to grow soon after it was shrunk gets a longer hold, so that a
 * load that comes and goes is not chased.  Every doubt (reports late or lost, balloon that
 * does not move, deflate on OOM) ends in not shrinking.
 *
 * Source: ours.  It uses Denning's working set (the age cut), TMO's bound on stall instead of
 * a rate of refaults, squeezed's order (what is given must be there first), ESX's shares.
 * May see: balloon statistics, working-set reports, host counters; on real hosts also the
 * memory pressure (PSI) that an agent in the guest tells of, where there is one.
 * Known flaws, measured (bench/frontier/README.md): `slowdown` is a bound only while the host
 * can give what guests need.  Where guests are followed, the memory of a load that comes back
 * after `linger` goes to and fro; on a slow device that costs more than it gives.
 * Pages that a guest reaches by read() look cold to MGLRU, and no statistic tells what
 * reading them again costs; the need of a load that was never seen is paid for by stalls
 * during two report intervals.  Guests without swap that use more than the host has, and
 * then deflate on OOM, leave the host to its own swap.
 */
#include "policy/policy_list.h"
#include "policy/policy_util.h"
#include "policy/policy_ws_explain.h"
#include "policy/policy_ws_offer.h"

#define STATS_RETRY_NS (4 * POLICY_SECOND_NS) /* then the question was lost */
#define FOLLOW_TURN 0.12 /* of nominal: less given too much is not worth a reversal */
#define RISE_NS (5 * POLICY_SECOND_NS) /* for which a guest that took new memory keeps it */
#define FOLLOW_STEP 0.03 /* of nominal, to be reclaimed by a guest that is followed */
#define HOLD_MAX_NS (600 * POLICY_SECOND_NS)
#define MISERY 0.2 /* share of all time, over a minute, that a guest waits for memory */
/* What `slowdown` means where nothing else is said; by_slowdown(). */
#define START_MOST 1.0
#define START_SLOPE 15.0
#define START_LEAST 0.5
#define EXCHANGE_SLOPE 10.0
#define EXCHANGE_MOST 1.0
#define SPARE_MOST 0.30
#define SPARE_SLOPE 2.0
#define SPARE_LEAST 0.02
/* Reports that may stay unanswered before the guest is configured again. */
#define UNANSWERED_MAX 3
struct ws_target_state {
	struct policy_ws_params params;
	struct policy_ws_guest guest[SIM_VMS_MAX];
	/* Work of one decision. */
	u64 wish[SIM_VMS_MAX], taken[SIM_VMS_MAX];
	u64 budget, wanted; /* of all guests */
	struct policy_ws_market market;
	struct policy_fill fill;
};

#define WS_FIELD(field) POLICY_FIELD(ws_target_state, params.field)

static const struct sim_param ws_target_params[] = {
	{ "slowdown", "bound on how much waiting for memory slows a guest, share of its time at work",
	  SIM_PARAM_DOUBLE, WS_FIELD(slowdown), 0.02, 0.0001, 1 },
	{ "interval", "time between reports", SIM_PARAM_TIME, WS_FIELD(interval_ns), 10e9, 1e9,
	  3.6e12 },
	{ "stats_interval", "time between statistics, and decisions", SIM_PARAM_TIME,
	  WS_FIELD(stats_ns), 1e9, 1e8, 3.6e12 },
	{ "report_threshold", "shortest time between two pressure reports of a guest",
	  SIM_PARAM_TIME, WS_FIELD(threshold_ns), 2e9, 0, 3.6e12 },
	{ "idle", "memory used more recently than this is never called cold", SIM_PARAM_TIME,
	  WS_FIELD(idle_ns), 20e9, 1e9, 8.64e13 },
	{ "headroom", "least free memory to leave for growth, share of nominal",
	  SIM_PARAM_DOUBLE, WS_FIELD(headroom), 0.05, 0, 1 },
	{ "headroom_max", "most free memory to leave for growth, share of nominal",
	  SIM_PARAM_DOUBLE, WS_FIELD(headroom_max), 0.10, 0, 1 },
	{ "free_min", "the part of it that is not taken for others either, share of nominal",
	  SIM_PARAM_DOUBLE, WS_FIELD(free_min), 0.02, 0, 1 },
	{ "step", "most to take in one interval without need, share of nominal",
	  SIM_PARAM_DOUBLE, WS_FIELD(step), 0.10, 0.001, 1 },
	{ "band", "smaller changes are not made, share of nominal", SIM_PARAM_DOUBLE,
	  WS_FIELD(band), 0.02, 0, 0.5 },
	{ "gain", "least memory worth taking without need, share of nominal",
	  SIM_PARAM_DOUBLE, WS_FIELD(gain), 0.05, 0, 1 },
	{ "hold", "time without shrinking after growth; window of needs", SIM_PARAM_TIME,
	  WS_FIELD(hold_ns), 120e9, 1e9, 6e11 },
	{ "prior", "weight of the assumption that idle memory comes back after as long again",
	  SIM_PARAM_DOUBLE, WS_FIELD(prior), 0.02, 0.0001, 100 },
	{ "forget", "time constant of what is learnt about refaults", SIM_PARAM_TIME,
	  WS_FIELD(forget_ns), 600e9, 1e10, 8.64e13 },
	{ "queueing", "refault time under load over that of an idle device", SIM_PARAM_DOUBLE,
	  WS_FIELD(queueing), 1.5, 1, 100 },
	{ "overbook", "part of unbacked memory within targets that need not be covered",
	  SIM_PARAM_DOUBLE, WS_FIELD(overbook), 0.5, 0, 1 },
	{ "patience", "slowdown that a guest bears for a minute before it grows",
	  SIM_PARAM_DOUBLE, WS_FIELD(patience), 0.17, 0, 1 },
	{ "growth_max", "most to grow at once, share of nominal", SIM_PARAM_DOUBLE,
	  WS_FIELD(growth_max), 0.1, 0.001, 1 },
	{ "start", "size that a guest starts with and grows from, share of nominal; 0: by `slowdown`",
	  SIM_PARAM_DOUBLE, WS_FIELD(start), 0, 0, 1 },
	{ "exchange", "slowdown borne for saving all of a guest's memory; 0: by `slowdown`",
	  SIM_PARAM_DOUBLE, WS_FIELD(exchange), 0, 0, 10 },
	{ "buffer", "memory beside what programs hold, of guests that are followed, share of that",
	  SIM_PARAM_DOUBLE, WS_FIELD(buffer), 0.2, 0, 10 },
	{ "spare", "the least of it, share of nominal; 0: by `slowdown`", SIM_PARAM_DOUBLE,
	  WS_FIELD(spare), 0, 0, 1 },
	{ "linger", "time after which they lose memory that they do not want", SIM_PARAM_TIME,
	  WS_FIELD(linger_ns), 5e9, 1e9, 6e11 },
	{ "reserve", "share of host memory kept free above the host's own watermark",
	  SIM_PARAM_DOUBLE, WS_FIELD(reserve), 0, 0, 0.9 },
};

static u64 band_bytes(const struct sim_vm_view *vm, const struct policy_ws_params *params)
{
	return policy_max(1 << 20, policy_bytes(params->band * (double)vm->nominal_bytes));
}

/* Memory that VMs may have together. */
static u64 host_budget(const struct sim_host_view *host, const struct policy_ws_params *params)
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

static u64 targets_of_all(const struct sim_host_view *host)
{
	u64 bytes = 0;

	for (u32 i = 0; i < host->vms_count; i++)
		if (host->vm[i].running)
			bytes += host->vm[i].target_bytes;
	return bytes;
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

	if (rises || guest->blocked_until_ns > now_ns ||
	    vm->actual_bytes > target + band_bytes(vm, params) ||
	    (double)policy_less(target, peak) < gain * (double)vm->nominal_bytes)
		return target;
	/* Free memory at once; what the guest must first reclaim in steps. */
	spare = policy_less(policy_bytes((double)target - guest->used), policy_bytes(follow->buffer));
	step = policy_max(policy_bytes(FOLLOW_STEP * (double)vm->nominal_bytes), spare);
	return policy_clamp_target(vm, policy_max(policy_less(target, step), policy_min(target, peak)));
}

/* What a single guest would get if there were no others. */
static u64 wish_of(const struct policy_ws_guest *guest, const struct sim_vm_view *vm, u64 now_ns,
		   u64 spare_bytes, const struct policy_ws_params *params)
{
	u64 target = vm->target_bytes, step, spare, peak, gain;
	double nominal = (double)vm->nominal_bytes;
	u64 silent_ns = policy_less(now_ns, guest->started_ns + UNANSWERED_MAX * params->stats_ns);

	/*
	 * A guest that was started small has to be able to say that it is too small.  One that
	 * cannot gets more whenever it has used what it has, if nobody else has to give it.
	 */
	if (guest->started_ns && !guest->stats_ns && silent_ns > 0) {
		if (vm->backed_bytes + band_bytes(vm, params) < target)
			return target;
		step = policy_min(spare_bytes, policy_bytes(params->growth_max * nominal));
		return policy_clamp_target(vm, target + step);
	}
	if (guest->follow.leads && guest->late_until_ns <= now_ns)
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
	if (guest->distress_until_ns > now_ns || guest->blocked_until_ns > now_ns ||
	    !policy_ws_guest_fresh(guest, now_ns, params) ||
	    (guest->grown_ns && now_ns - guest->grown_ns < guest->hold_ns) ||
	    (guest->rose_ns && now_ns - guest->rose_ns < guest->hold_ns))
		return target;
	/* One step at a time: the balloon has to have followed the last. */
	if (vm->actual_bytes > target + band_bytes(vm, params))
		return target;
	if (guest->shrunk_ns && now_ns - guest->shrunk_ns < params->interval_ns)
		return target;
	/*
	 * The host gains only frames that it has backed.  What the guest never touched stays
	 * with it until the host's budget says otherwise, for a balloon costs huge pages.
	 */
	peak = policy_bytes(policy_ws_guest_peak(guest));
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

/* Bytes by which the wishes exceed what there is, the host's present distress included. */
static u64 excess(struct ws_target_state *self, const struct sim_host_view *host,
		  u32 pressure)
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

static void explain(const struct ws_target_state *self, const struct sim_host_view *host, u32 vm,
		    u64 target, const char *why, struct sim_actions *act)
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

/* Give @vm the target, and remember which way it went. */
static void move(struct ws_target_state *self, const struct sim_host_view *host, u32 vm,
		 u64 target, bool chosen, const char *why, struct sim_actions *act)
{
	struct policy_ws_guest *guest = &self->guest[vm];
	u64 now = host->now_ns;

	explain(self, host, vm, target, why, act);
	if (target > host->vm[vm].target_bytes) {
		/* It was shrunk for nothing, and nobody else needed it: be slower next time. */
		if (guest->chosen && now - guest->shrunk_ns < 2 * guest->hold_ns)
			guest->hold_ns = policy_min(guest->hold_ns * 2, HOLD_MAX_NS);
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
static double grant(const struct ws_target_state *self, const struct sim_host_view *host)
{
	u64 growth = 0, there;

	for (u32 i = 0; i < host->vms_count; i++)
		if (host->vm[i].running)
			growth += policy_less(self->wish[i], policy_max(host->vm[i].target_bytes,
									host->vm[i].backed_bytes));
	there = policy_less(host->free_bytes, host->low_bytes);
	return growth <= there ? 1 : (double)there / (double)growth;
}

/* Carry out the wishes less what was taken of them. */
static void apply(struct ws_target_state *self, const struct sim_host_view *host, bool short_of,
		  struct sim_actions *act)
{
	double given = grant(self, host);

	for (u32 i = 0; i < host->vms_count; i++) {
		const struct sim_vm_view *vm = &host->vm[i];
		u64 now = vm->target_bytes, band = band_bytes(vm, &self->params);
		u64 target = policy_clamp_target(vm, self->wish[i]);

		if (!vm->running)
			continue;
		if (target > now) {
			target = now + policy_bytes((double)(target - now) * given);
			if (target - now >= band || (target == vm->nominal_bytes && target > now))
				move(self, host, i, target, true,
				     self->guest[i].distress_until_ns > host->now_ns ? "distress" :
										       "need",
				     act);
		} else if (target < now) {
			bool forced = self->taken[i] && short_of;

			if (forced && target < policy_bytes(self->guest[i].used))
				self->guest[i].cut_ns = host->now_ns;
			if (now - target >= band || (forced && now - target >= band / 4))
				move(self, host, i, target, !forced,
				     forced ? "host is short" : "cold", act);
		}
	}
}

/* Take @over bytes from the wishes, into taken.  Return: bytes that were not to be had. */
static u64 take(struct ws_target_state *self, const struct sim_host_view *host, u64 over,
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

static void note_distress(struct ws_target_state *self, const struct policy_ws_guest *guest,
			  u64 now_ns)
{
	u64 waited_ns = now_ns - guest->distress_since_ns;

	if (guest->distress_until_ns <= now_ns)
		return;
	self->market.waited_ns = policy_max(self->market.waited_ns, waited_ns);
	/* Of a guest without statistics nobody knows how bad it is, but for how long. */
	if (guest->stats_ns ? guest->stall_mean > MISERY :
			      waited_ns > 3 * self->params.interval_ns)
		self->market.misery = true;
}

static void decide(struct ws_target_state *self, const struct sim_host_view *host, u32 pressure,
		   struct sim_actions *act)
{
	u64 over, shares = 0, spare;

	self->budget = host_budget(host, &self->params);
	spare = policy_less(self->budget, targets_of_all(host));
	self->market = (struct policy_ws_market){ .params = &self->params, .fill = &self->fill };

	for (u32 i = 0; i < host->vms_count; i++) {
		self->wish[i] = self->taken[i] = 0;
		if (!host->vm[i].running || !self->guest[i].present)
			continue;
		policy_ws_guest_update(&self->guest[i], &host->vm[i], host->now_ns,
				       &self->params);
		self->wish[i] =
			wish_of(&self->guest[i], &host->vm[i], host->now_ns, spare, &self->params);
		shares += policy_max(host->vm[i].shares, 1);
		note_distress(self, &self->guest[i], host->now_ns);
	}
	if (!shares)
		return;
	self->market.per_share = (double)self->budget / (double)shares;
	over = excess(self, host, pressure);
	for (u32 urgency = pressure > 1 ? POLICY_WS_URGENT : POLICY_WS_CALM;
	     over && urgency <= POLICY_WS_DIRE && take(self, host, over, urgency);)
		urgency++;
	for (u32 i = 0; i < host->vms_count; i++)
		self->wish[i] -= self->taken[i];
	apply(self, host, over > 0, act);
}

static void configure(struct ws_target_state *self, const struct sim_host_view *host, u32 vm,
		      struct sim_actions *act)
{
	u64 edges[POLICY_CURVE_AGES];

	/* A refresh interval of half the questions' makes each a new report, also when late. */
	policy_curve_edges(&self->guest[vm].curve, edges);
	self->guest[vm].configured_ns = host->now_ns;
	act->ops->configure_reports(act->ctx, vm, edges, POLICY_CURVE_AGES,
				    self->params.interval_ns / 2, self->params.threshold_ns);
}

static void ask(struct ws_target_state *self, const struct sim_host_view *host, u32 vm,
		struct sim_actions *act)
{
	struct policy_ws_guest *guest = &self->guest[vm];

	/* One question at a time, so that it shows how late answers are. */
	if (!guest->stats_asked_ns || host->now_ns - guest->stats_again_ns >= STATS_RETRY_NS) {
		if (!guest->stats_asked_ns)
			guest->stats_asked_ns = host->now_ns;
		guest->stats_again_ns = host->now_ns;
		guest->actual_asked = host->vm[vm].actual_bytes;
		act->ops->request_stats(act->ctx, vm);
	}
	if (guest->asked_ns && host->now_ns - guest->asked_ns < self->params.interval_ns)
		return;
	if (++guest->unanswered > UNANSWERED_MAX) {
		configure(self, host, vm, act);
		guest->unanswered = 0;
	}
	guest->asked_ns = host->now_ns;
	act->ops->request_report(act->ctx, vm);
}

static u64 ws_target_tick_ns(const void *state)
{
	return ((const struct ws_target_state *)state)->params.stats_ns;
}

static void ws_target_tick(void *state, const struct sim_host_view *host, struct sim_actions *act)
{
	struct ws_target_state *self = state;

	for (u32 i = 0; i < host->vms_count; i++) {
		if (!host->vm[i].running || !self->guest[i].present)
			continue;
		policy_ws_guest_learn(&self->guest[i], &host->vm[i], &self->params);
		ask(self, host, i, act);
	}
	decide(self, host, 0, act);
}

static void ws_target_report(void *state, const struct sim_host_view *host, u32 vm,
			     struct sim_actions *act)
{
	struct ws_target_state *self = state;
	struct policy_ws_guest *guest = &self->guest[vm];
	const struct sim_vm_view *view = &host->vm[vm];

	if (!view->running || !guest->present)
		return;
	if (!view->report.pressure) {
		guest->report_ns = view->report.arrived_ns;
		guest->unanswered = 0;
		guest->report_new = true;
		/* Edges of somebody else, or from before the guest's restart. */
		if ((view->report.bins_count != POLICY_CURVE_AGES + 1 ||
		     view->report.bin[0].idle_age_ns != self->params.interval_ns) &&
		    host->now_ns - guest->configured_ns > 3 * self->params.interval_ns)
			configure(self, host, vm, act);
		return;
	}
	/* While the balloon takes pages, it is the cause. */
	if (view->actual_bytes > view->target_bytes) {
		guest->blocked_until_ns = policy_max(guest->blocked_until_ns,
						     host->now_ns + self->params.interval_ns);
		return;
	}
	if (view->target_bytes >= view->nominal_bytes)
		return;
	/* What is read back tells whether the guest reclaims what it needs. */
	act->ops->request_stats(act->ctx, vm);
	if (!policy_ws_guest_pressed(view, &self->params))
		return;
	policy_ws_guest_distress(guest, self->params.headroom * (double)view->nominal_bytes,
				 host->now_ns, &self->params);
	decide(self, host, 0, act);
}

static void ws_target_stats(void *state, const struct sim_host_view *host, u32 vm,
			    struct sim_actions *act)
{
	struct ws_target_state *self = state;

	if (!host->vm[vm].running || !self->guest[vm].present)
		return;
	if (policy_ws_guest_stats(&self->guest[vm], &host->vm[vm], host->now_ns, &self->params))
		decide(self, host, 0, act);
}

static void ws_target_pressure(void *state, const struct sim_host_view *host, u32 level,
			       struct sim_actions *act)
{
	if (level)
		decide(state, host, level, act);
}

static void ws_target_stalled(void *state, const struct sim_host_view *host, u32 vm, bool oom,
			      struct sim_actions *act)
{
	struct ws_target_state *self = state;
	struct policy_ws_guest *guest = &self->guest[vm];
	const struct sim_vm_view *view = &host->vm[vm];

	if (!view->running || !guest->present)
		return;
	if (oom) {
		/* The guest took memory by force; it gets that and well more, and is left alone. */
		guest->hold_ns = policy_min(guest->hold_ns * 2, HOLD_MAX_NS);
		guest->follow.linger_ns = policy_min(guest->follow.linger_ns * 2, HOLD_MAX_NS);
		guest->blocked_until_ns =
			host->now_ns +
			2 * (guest->follow.leads ? guest->follow.linger_ns : guest->hold_ns);
		policy_ws_guest_distress(guest, 0, host->now_ns, &self->params);
		move(self, host, vm,
		     policy_clamp_target(view, policy_max(view->target_bytes, view->actual_bytes) +
						       view->nominal_bytes / 10),
		     false, "deflated on OOM", act);
		return;
	}
	if (view->actual_bytes <= view->target_bytes)
		return; /* a deflation in progress needs no help */
	guest->blocked_until_ns = host->now_ns + guest->hold_ns;
	move(self, host, vm, policy_clamp_target(view, view->actual_bytes), false,
	     "balloon stands still", act);
}

static u64 nominal_of_all(const struct sim_host_view *host)
{
	u64 bytes = 0;

	for (u32 i = 0; i < host->vms_count; i++)
		if (host->vm[i].running)
			bytes += host->vm[i].nominal_bytes;
	return bytes;
}

/*
 * A balloon that is filled before its guest has touched anything takes whole huge pages
 * of the host and splits none; taken later, the same memory costs its guest for good.
 * The caller has seen that the host has not memory for all; and see below for guests that
 * are silent.
 */
static void start(struct ws_target_state *self, const struct sim_host_view *host, u32 vm,
		  struct sim_actions *act)
{
	const struct sim_vm_view *view = &host->vm[vm];
	double size = self->params.start * (double)view->nominal_bytes;
	/* The host may be short of that, as the decision just made has it. */
	u64 target = policy_clamp_target(view, policy_min(policy_bytes(size), self->wish[vm]));

	if (target >= view->target_bytes || view->backed_bytes > target)
		return;
	self->guest[vm].started_ns = host->now_ns + 1;
	explain(self, host, vm, target, "before it has used anything", act);
	policy_set_target(act, vm, target);
}

static void ws_target_vm_added(void *state, const struct sim_host_view *host, u32 vm,
			       struct sim_actions *act)
{
	struct ws_target_state *self = state;

	policy_ws_guest_init(&self->guest[vm], &self->params);
	configure(self, host, vm, act);
	decide(self, host, 0, act);
	if (nominal_of_all(host) <= host_budget(host, &self->params))
		return;
	/* Those that came before it may have found a host that had memory for all. */
	for (u32 i = 0; i < host->vms_count; i++)
		if (host->vm[i].running && self->guest[i].present && !self->guest[i].started_ns)
			start(self, host, i, act);
}

static void ws_target_vm_removed(void *state, const struct sim_host_view *host, u32 vm,
				 struct sim_actions *act)
{
	struct ws_target_state *self = state;

	self->guest[vm].present = false;
	decide(self, host, 0, act);
}

/*
 * One knob: what is borne says how small guests start, what saved memory is worth, so which
 * guests are followed, and how much these are left beside their demand.  Starting below
 * START_LEAST only makes more be grown back, in split huge pages.
 */
static void by_slowdown(struct policy_ws_params *params)
{
	double start = START_MOST - START_SLOPE * params->slowdown;
	double spare = SPARE_MOST - SPARE_SLOPE * params->slowdown;
	double exchange = EXCHANGE_SLOPE * params->slowdown;

	start = start < 1 ? start : 1;
	if (params->start <= 0)
		params->start = start > START_LEAST ? start : START_LEAST;
	if (params->exchange <= 0)
		params->exchange = exchange < EXCHANGE_MOST ? exchange : EXCHANGE_MOST;
	if (params->spare <= 0)
		params->spare = spare > SPARE_LEAST ? spare : SPARE_LEAST;
}

static int ws_target_init(void *state, const struct sim_host_view *host)
{
	struct policy_ws_params *params = &((struct ws_target_state *)state)->params;

	(void)host;
	if (params->headroom > params->headroom_max || params->stats_ns > params->interval_ns)
		return -EINVAL;
	by_slowdown(params);
	return 0;
}

const struct sim_policy policy_ws_target = {
	.name = "ws-target",
	.summary = "balloons sized by working-set reports and what a refault costs",
	.rule = "need = what the guest holds - memory whose loss would stall it for at most\n"
		"`slowdown` of the time + headroom + what had to be read back lately.\n"
		"On an overcommitted host start at `start` and grow while slowed down by more than\n"
		"`patience`, by what was read back and a little, up to the need; shrink in\n"
		"steps of `step` to the largest need of the last `hold`. Targets together never\n"
		"exceed the host's memory less its watermark and `reserve` (unbacked parts of them\n"
		"count by 1 - `overbook`): when they would, memory is taken where the expected stall\n"
		"per byte, times shares, is least. A guest whose free memory is worth more, by\n"
		"`exchange`, than split huge pages and what is read back when it grows is followed:\n"
		"it is left its demand (used - caches + lately pushed out) and `buffer` of that, but\n"
		"`spare` of nominal at least; more at once, less after `linger`. What the loss of idle\n"
		"memory costs is learnt per guest from pairs of reports and from swap-ins, times the\n"
		"refault time of the guest's devices.",
	.source = "this project; after Denning's working set, TMO's bound on stalls, squeezed's\n"
		  "order of moves and ESX's shares",
	.flaw = "Page cache used by read() looks cold to MGLRU; its value shows only when it is\n"
		"read again. A load never seen before is paid for by stalls for two intervals. The\n"
		"bound holds only where the host can give what guests need. Above some 3 % memory\n"
		"of loads that come and go is moved with them, up to a hundred times an hour.",
	.channels = SIM_CH_STATS | SIM_CH_REPORTS | SIM_CH_HOST,
	.channels_more = SIM_CH_AGENT,
	.params = ws_target_params,
	.params_count = POLICY_COUNT(ws_target_params),
	.state_size = sizeof(struct ws_target_state),
	.init = ws_target_init,
	.tick_ns = ws_target_tick_ns,
	.tick = ws_target_tick,
	.report = ws_target_report,
	.stats = ws_target_stats,
	.pressure = ws_target_pressure,
	.stalled = ws_target_stalled,
	.vm_added = ws_target_vm_added,
	.vm_removed = ws_target_vm_removed,
};
