/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * policy_senpai.c - Meta's senpai with the balloon for a limit.
 *
 * Rule: see .rule below.  The original sets memory.high of a control group; here the
 * balloon leaves the guest that limit and `headroom` for its kernel's free pages.
 * Source: facebookincubator/senpai, senpai.py (read at c51e8e2).
 * May see: an agent in the guest (memory pressure), balloon statistics (memory in use).
 * Known flaw: takes memory whether or not the host needs it; a load that was away for
 * minutes has lost its memory, and the limit at most doubles in a second; pressure does
 * not tell memory that a balloon took from memory that was never enough.
 */
#include "policy/policy_list.h"
#include "policy/policy_rules.h"

struct senpai_state {
	u64 tick_ns, min_bytes, max_bytes;
	double headroom;
	struct policy_senpai rule; /* template */

	struct senpai_vm {
		struct policy_senpai rule;
		u64 limit, psi_ns; /* limit 0: not known yet */
	} vm[SIM_VMS_MAX];
};

#define SENPAI_FIELD(field) POLICY_FIELD(senpai_state, field)

static const struct sim_param senpai_params[] = {
	{ "tick", "time between two looks", SIM_PARAM_TIME, SENPAI_FIELD(tick_ns), 1e9, 1e8,
	  3.6e12 },
	{ "interval", "ticks between two steps down", SIM_PARAM_U64,
	  SENPAI_FIELD(rule.interval_ticks), 6, 1, 1e6 },
	{ "pressure", "stall aimed at in that time, microseconds", SIM_PARAM_U64,
	  SENPAI_FIELD(rule.pressure_us), 10000, 1, 1e9 },
	{ "max_probe", "largest step down", SIM_PARAM_DOUBLE, SENPAI_FIELD(rule.probe_max), 0.01,
	  0, 1 },
	{ "max_backoff", "largest step up", SIM_PARAM_DOUBLE, SENPAI_FIELD(rule.backoff_max), 1, 0,
	  100 },
	{ "coeff_probe", "the step down is largest at 1 over this of the pressure aimed at",
	  SIM_PARAM_DOUBLE, SENPAI_FIELD(rule.coeff_probe), 10, 0.001, 1e6 },
	{ "coeff_backoff", "the step up is largest at this times the pressure aimed at",
	  SIM_PARAM_DOUBLE, SENPAI_FIELD(rule.coeff_backoff), 20, 0.001, 1e6 },
	{ "min_size", "least limit", SIM_PARAM_SIZE, SENPAI_FIELD(min_bytes), 104857600, 0, 1e15 },
	{ "max_size", "largest limit", SIM_PARAM_SIZE, SENPAI_FIELD(max_bytes), 107374182400., 0,
	  1e15 },
	{ "headroom", "memory left beyond the limit, share of nominal", SIM_PARAM_DOUBLE,
	  SENPAI_FIELD(headroom), 0.05, 0, 1 },
};

/* The square of how far off it is, up to the largest step. */
static double step(double off, double coefficient, double most)
{
	double part = off / coefficient * (off / coefficient);

	return part < 1 ? part * most : most;
}

double policy_senpai_tick(struct policy_senpai *senpai, u64 stall_us)
{
	double factor, aim = (double)senpai->pressure_us;

	senpai->integral_us += stall_us;
	if (senpai->integral_us > senpai->pressure_us) {
		factor = step((double)senpai->integral_us / aim, senpai->coeff_backoff,
			      senpai->backoff_max);
	} else if (senpai->grace_ticks) {
		senpai->grace_ticks--;
		return 0;
	} else {
		double seen = senpai->integral_us ? (double)senpai->integral_us : 1;

		factor = -step(aim / seen, senpai->coeff_probe, senpai->probe_max);
	}
	senpai->integral_us = 0;
	senpai->grace_ticks = senpai->interval_ticks - 1;
	return factor;
}

static u64 within(const struct senpai_state *self, const struct sim_vm_view *vm, double limit)
{
	u64 bytes = policy_bytes(limit);

	bytes = policy_max(policy_min(bytes, self->max_bytes), self->min_bytes) & ~4095ull;
	/* No limit is above what the guest has altogether. */
	return policy_min(bytes, vm->nominal_bytes);
}

static void look(struct senpai_state *self, const struct sim_vm_view *view, u32 index,
		 struct sim_actions *act)
{
	struct senpai_vm *vm = &self->vm[index];
	u64 stall_us = policy_less(view->psi_some_ns, vm->psi_ns) / 1000;

	vm->psi_ns += stall_us * 1000;
	if (!vm->limit) {
		/* As at the original's start: the limit is what is used now. */
		vm->limit = within(self, view, (double)policy_less(view->actual_bytes,
								   view->stats.free_bytes));
		return;
	}
	double factor = policy_senpai_tick(&vm->rule, stall_us);

	if (factor > 0 || factor < 0)
		vm->limit = within(self, view, (double)vm->limit + (double)vm->limit * factor);
	u64 target = policy_clamp_target(view, vm->limit + policy_bytes(self->headroom *
							(double)view->nominal_bytes));

	if (target != view->target_bytes)
		policy_set_target(act, index, target);
}

static u64 senpai_tick_ns(const void *state)
{
	return ((const struct senpai_state *)state)->tick_ns;
}

static void senpai_tick(void *state, const struct sim_host_view *host, struct sim_actions *act)
{
	struct senpai_state *self = state;

	for (u32 i = 0; i < host->vms_count; i++)
		if (host->vm[i].running && host->vm[i].stats.time_ns)
			look(self, &host->vm[i], i, act);
}

/* The guest has helped itself: begin again from what it uses. */
static void senpai_stalled(void *state, const struct sim_host_view *host, u32 vm, bool oom,
			   struct sim_actions *act)
{
	struct senpai_state *self = state;

	if (!oom || !host->vm[vm].running)
		return;
	self->vm[vm].limit = within(self, &host->vm[vm], (double)host->vm[vm].actual_bytes);
	act->ops->request_stats(act->ctx, vm);
}

static void senpai_vm_added(void *state, const struct sim_host_view *host, u32 vm,
			    struct sim_actions *act)
{
	struct senpai_state *self = state;

	self->vm[vm] = (struct senpai_vm){ .rule = self->rule, .psi_ns = host->vm[vm].psi_some_ns };
	self->vm[vm].rule.grace_ticks = self->rule.interval_ticks;
	act->ops->request_stats(act->ctx, vm);
}

const struct sim_policy policy_senpai = {
	.name = "senpai",
	.summary = "Meta's senpai: 1 % less every 6 s until guests stall 10 ms in that time",
	.rule = "Every second sum up the guest's memory stalls.\n"
		"    sum > 10 ms:    limit * (1 + min((sum / 10 ms / 20)^2, 1))\n"
		"    else every 6 s: limit * (1 - 0.01 * min((10 ms / sum / 10)^2, 1))\n"
		"Each change of the limit begins a new sum.  The balloon leaves limit + headroom.",
	.source = "facebookincubator/senpai, senpai.py",
	.flaw = "Takes memory whether or not the host needs it; what was idle for minutes is\n"
		"gone; stalls do not tell the balloon's doing from a guest too small for its load.",
	.channels = SIM_CH_AGENT | SIM_CH_STATS,
	.params = senpai_params,
	.params_count = POLICY_COUNT(senpai_params),
	.state_size = sizeof(struct senpai_state),
	.tick_ns = senpai_tick_ns,
	.tick = senpai_tick,
	.stalled = senpai_stalled,
	.vm_added = senpai_vm_added,
};
