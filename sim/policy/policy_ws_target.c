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
 *		below its fair share only what it did not use for a whole window, unless another
 *		has waited for long
 *
 * `slowdown` is the knob: `start`, `exchange` and `spare` follow from it unless they are given.
 *
 * A load that rises makes the target rise once; when it falls the target falls once, after
 * `hold`.  A guest that had to grow soon after it was shrunk gets a longer hold, so that a
 * load that comes and goes is not chased.  What was cut for others is not asked back at their
 * cost for half an interval.  Every doubt (reports late or lost, balloon that
 * does not move, deflate on OOM) ends in not shrinking.  A guest that has neither swap nor a
 * balloon that gives way keeps all that it cannot drop and a fifth of its size: the host swaps
 * before its programs are killed.
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
 * during two report intervals.  Guests without swap that together use more than the host has
 * leave it to its own swap.
 */
#include "policy/policy_list.h"
#include "policy/policy_util.h"
#include "policy/policy_ws_host.h"

#define STATS_RETRY_NS (4 * POLICY_SECOND_NS) /* then the question was lost */
/* Reports that may stay unanswered before the guest is configured again. */
#define UNANSWERED_MAX 3
/* A balloon of a guest that answers late, or not at all, may take as long to begin. */
#define STILL_LATE_NS (60 * POLICY_SECOND_NS)

static void configure(struct policy_ws_host *self, const struct sim_host_view *host, u32 vm,
		      struct sim_actions *act)
{
	u64 edges[POLICY_CURVE_AGES];

	/* A refresh interval of half the questions' makes each a new report, also when late. */
	policy_curve_edges(&self->guest[vm].curve, edges);
	self->guest[vm].configured_ns = host->now_ns;
	act->ops->configure_reports(act->ctx, vm, edges, POLICY_CURVE_AGES,
				    self->params.interval_ns / 2, self->params.threshold_ns);
}

static void ask(struct policy_ws_host *self, const struct sim_host_view *host, u32 vm,
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
	return ((const struct policy_ws_host *)state)->params.stats_ns;
}

static void ws_target_tick(void *state, const struct sim_host_view *host, struct sim_actions *act)
{
	struct policy_ws_host *self = state;

	for (u32 i = 0; i < host->vms_count; i++) {
		if (!host->vm[i].running || !self->guest[i].present)
			continue;
		policy_ws_guest_learn(&self->guest[i], &host->vm[i], &self->params);
		ask(self, host, i, act);
	}
	policy_ws_host_decide(self, host, 0, act);
}

static void ws_target_report(void *state, const struct sim_host_view *host, u32 vm,
			     struct sim_actions *act)
{
	struct policy_ws_host *self = state;
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
	policy_ws_host_decide(self, host, 0, act);
}

static void ws_target_stats(void *state, const struct sim_host_view *host, u32 vm,
			    struct sim_actions *act)
{
	struct policy_ws_host *self = state;

	if (!host->vm[vm].running || !self->guest[vm].present)
		return;
	bool distress = policy_ws_guest_stats(&self->guest[vm], &host->vm[vm], host->now_ns,
					      &self->params);

	if (distress ||
	    policy_ws_vital(&self->guest[vm], &host->vm[vm]) > host->vm[vm].target_bytes)
		policy_ws_host_decide(self, host, 0, act);
}

static void ws_target_pressure(void *state, const struct sim_host_view *host, u32 level,
			       struct sim_actions *act)
{
	if (level)
		policy_ws_host_decide(state, host, level, act);
}

static void ws_target_stalled(void *state, const struct sim_host_view *host, u32 vm, bool oom,
			      struct sim_actions *act)
{
	struct policy_ws_host *self = state;
	struct policy_ws_guest *guest = &self->guest[vm];
	const struct sim_vm_view *view = &host->vm[vm];
	u64 room = policy_bytes(self->params.growth_max * (double)view->nominal_bytes);

	if (!view->running || !guest->present)
		return;
	if (oom) {
		/*
		 * The guest took memory by force; it gets that and well more, and is left alone,
		 * but for what it does not use when the host is short.
		 */
		guest->hold_ns = policy_min(guest->hold_ns * 2, POLICY_WS_HOLD_MAX_NS);
		guest->follow.linger_ns =
			policy_min(guest->follow.linger_ns * 2, POLICY_WS_HOLD_MAX_NS);
		guest->forced_ns = host->now_ns;
		guest->spared_until_ns =
			host->now_ns +
			2 * (guest->follow.leads ? guest->follow.linger_ns : guest->hold_ns);
		policy_ws_guest_distress(guest, 0, host->now_ns, &self->params);
		policy_ws_host_move(self, host, vm,
				    policy_clamp_target(view, policy_max(view->target_bytes,
									 view->actual_bytes +
										 room)),
				    false, "deflated on OOM", act);
		return;
	}
	if (view->actual_bytes <= view->target_bytes)
		return; /* a deflation in progress needs no help */
	/* It obeys as late as the guest answers: what was just asked of it is still on its way. */
	if (!policy_ws_guest_informed(guest, host->now_ns) &&
	    host->now_ns - guest->shrunk_ns < STILL_LATE_NS)
		return;
	guest->blocked_until_ns = host->now_ns + guest->hold_ns;
	policy_ws_host_move(self, host, vm, policy_clamp_target(view, view->actual_bytes), false,
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
static void start(struct policy_ws_host *self, const struct sim_host_view *host, u32 vm,
		  struct sim_actions *act)
{
	const struct sim_vm_view *view = &host->vm[vm];
	double size = self->params.start * (double)view->nominal_bytes;
	/* The host may be short of that, as the decision just made has it. */
	u64 target = policy_clamp_target(view, policy_min(policy_bytes(size), self->wish[vm]));

	target = policy_max(target, policy_min(policy_ws_vital(&self->guest[vm], view),
					       view->target_bytes));
	if (target >= view->target_bytes || view->backed_bytes > target)
		return;
	self->guest[vm].started_ns = host->now_ns + 1;
	policy_ws_host_explain(self, host, vm, target, "before it has used anything", act);
	policy_set_target(act, vm, target);
}

static void ws_target_vm_added(void *state, const struct sim_host_view *host, u32 vm,
			       struct sim_actions *act)
{
	struct policy_ws_host *self = state;

	policy_ws_guest_init(&self->guest[vm], &self->params);
	configure(self, host, vm, act);
	policy_ws_host_decide(self, host, 0, act);
	if (nominal_of_all(host) <= policy_ws_host_budget(host, &self->params))
		return;
	/* Those that came before it may have found a host that had memory for all. */
	for (u32 i = 0; i < host->vms_count; i++)
		if (host->vm[i].running && self->guest[i].present && !self->guest[i].started_ns)
			start(self, host, i, act);
}

static void ws_target_vm_removed(void *state, const struct sim_host_view *host, u32 vm,
				 struct sim_actions *act)
{
	struct policy_ws_host *self = state;

	self->guest[vm].present = false;
	policy_ws_host_decide(self, host, 0, act);
}

static int ws_target_init(void *state, const struct sim_host_view *host)
{
	(void)host;
	return policy_ws_params_complete(&((struct policy_ws_host *)state)->params);
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
	.params = policy_ws_param,
	.params_count = POLICY_WS_PARAMS,
	.state_size = sizeof(struct policy_ws_host),
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
