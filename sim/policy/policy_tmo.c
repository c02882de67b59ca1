/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * policy_tmo.c - Transparent Memory Offloading's proactive reclaim.
 *
 * Rule: see .rule below; the guest's own reclaim takes its coldest pages, on command.
 * Source: Weiner et al., TMO: Transparent Memory Offloading in Datacenters, ASPLOS 2022.
 * May see: an agent in the guest (memory pressure), balloon statistics (memory in use).
 * Known flaw: deliberately slow: half of a guest's memory takes over two hours; takes
 * memory whether or not the host needs it.
 *
 * What is reclaimed is free memory of the guest; unless balloon=off, the balloon follows
 * memory in use, so that the host gets it.
 */
#include "policy/policy_list.h"
#include "policy/policy_rules.h"

struct tmo_state {
	u64 interval_ns;
	double ratio, psi_threshold, most, headroom;
	bool balloon;

	u64 psi_ns[SIM_VMS_MAX], looked_ns[SIM_VMS_MAX];
};

#define TMO_FIELD(field) POLICY_FIELD(tmo_state, field)

static const struct sim_param tmo_params[] = {
	{ "interval", "time between two commands", SIM_PARAM_TIME, TMO_FIELD(interval_ns), 6e9,
	  1e8, 3.6e12 },
	{ "reclaim_ratio", "share of memory in use reclaimed without any pressure",
	  SIM_PARAM_DOUBLE, TMO_FIELD(ratio), 0.0005, 0, 1 },
	{ "psi_threshold", "share of time stalled at which nothing is reclaimed",
	  SIM_PARAM_DOUBLE, TMO_FIELD(psi_threshold), 0.001, 0.000001, 1 },
	{ "most", "most to reclaim at once, share of memory in use", SIM_PARAM_DOUBLE,
	  TMO_FIELD(most), 0.01, 0, 1 },
	{ "balloon", "the balloon follows memory in use, so that the host gains",
	  SIM_PARAM_BOOL, TMO_FIELD(balloon), 1, 0, 1 },
	{ "headroom", "with balloon: memory left beyond what is used, share of nominal",
	  SIM_PARAM_DOUBLE, TMO_FIELD(headroom), 0.15, 0, 1 },
};

double policy_tmo_reclaim(double current, double psi, double ratio, double psi_threshold,
			  double most)
{
	double ease = 1 - psi / psi_threshold;
	double part = ease > 0 ? ratio * ease : 0;

	return current * (part < most ? part : most);
}

static u64 tmo_tick_ns(const void *state)
{
	return ((const struct tmo_state *)state)->interval_ns;
}

static void tmo_tick(void *state, const struct sim_host_view *host, struct sim_actions *act)
{
	struct tmo_state *self = state;

	for (u32 i = 0; i < host->vms_count; i++) {
		const struct sim_vm_view *vm = &host->vm[i];
		u64 dt_ns = policy_less(host->now_ns, self->looked_ns[i]);

		if (!vm->running)
			continue;
		act->ops->request_stats(act->ctx, i);
		if (!vm->stats.time_ns || !dt_ns)
			continue;
		double psi = (double)policy_less(vm->psi_some_ns, self->psi_ns[i]) / (double)dt_ns;
		double used = (double)policy_less(vm->actual_bytes, vm->stats.free_bytes);
		u64 bytes = policy_bytes(policy_tmo_reclaim(used, psi, self->ratio,
							    self->psi_threshold, self->most));

		self->psi_ns[i] = vm->psi_some_ns;
		self->looked_ns[i] = host->now_ns;
		if (bytes)
			act->ops->reclaim(act->ctx, i, bytes);
	}
}

static void tmo_stats(void *state, const struct sim_host_view *host, u32 vm,
		      struct sim_actions *act)
{
	const struct tmo_state *self = state;

	if (self->balloon)
		policy_follow_use(&host->vm[vm], vm, self->headroom, act);
}

static void tmo_vm_added(void *state, const struct sim_host_view *host, u32 vm,
			 struct sim_actions *act)
{
	struct tmo_state *self = state;

	self->psi_ns[vm] = host->vm[vm].psi_some_ns;
	self->looked_ns[vm] = host->now_ns;
	act->ops->request_stats(act->ctx, vm);
}

const struct sim_policy policy_tmo = {
	.name = "tmo",
	.summary = "TMO: 0.05 % of memory every 6 s, less with pressure, none at 0.1 %",
	.rule = "Every 6 s, for each guest, psi = share of the time stalled since the last:\n"
		"    reclaim = used * 0.0005 * max(0, 1 - psi / 0.001), at most 1 %\n"
		"The guest's reclaim takes it; with balloon=on the balloon leaves what is used\n"
		"and headroom * nominal.",
	.source = "Weiner et al., ASPLOS 2022",
	.flaw = "Slow on purpose: half of a guest's memory in over two hours; takes memory\n"
		"also when the host has plenty.",
	.channels = SIM_CH_AGENT | SIM_CH_STATS | SIM_CH_RECLAIM,
	.params = tmo_params,
	.params_count = POLICY_COUNT(tmo_params),
	.state_size = sizeof(struct tmo_state),
	.tick_ns = tmo_tick_ns,
	.tick = tmo_tick,
	.stats = tmo_stats,
	.vm_added = tmo_vm_added,
};
