/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * policy_esx.c - VMware ESX: shares with a tax on idle memory.
 *
 * Rule: see .rule below.  Taking memory from the VM with the lowest shares per (taxed)
 * page ends where all VMs between their limits have the same; that state is computed
 * directly instead of in steps, and memory moves toward it as the host runs short.
 * Source: C. Waldspurger, Memory Resource Management in VMware ESX Server, OSDI 2002;
 * defaults of later versions from VMware's documentation.
 * May see: working-set reports, the host's free memory.
 * Known flaw: no guest pages can be sampled through the channels there are.  The share of
 * active memory comes from the guest's working-set report, what was used within the last
 * sampling period, through a draw of `samples` pages with that share as probability, so
 * that the estimate has the error of the original's.  Memory outside the guest's lists
 * counts as idle.  The states in which the original pages guests out by force and blocks
 * them are left to the host's own swapping.
 *
 * The gains of the estimators were never published; they are parameters here.
 */
#include <stdio.h>

#include "policy/policy_list.h"
#include "policy/policy_rules.h"

enum esx_level { ESX_HIGH, ESX_SOFT, ESX_HARD, ESX_LOW };

struct esx_state {
	double tax, slow_gain, fast_gain, cap;
	u64 samples, period_ns, balance_ns;
	double high, soft, hard, low, hysteresis;

	enum esx_level level;
	u64 ticks;
	u64 draw; /* state of the generator */
	struct esx_vm {
		bool sampled;
		u64 period_started_ns;
		double last, slow, fast, fast_now;
	} vm[SIM_VMS_MAX];
	struct policy_claim claim[SIM_VMS_MAX];
};

#define ESX_FIELD(field) POLICY_FIELD(esx_state, field)

static const struct sim_param esx_params[] = {
	{ "tax", "rate of the tax on idle memory: 0 is pure shares", SIM_PARAM_DOUBLE,
	  ESX_FIELD(tax), 0.75, 0, 0.99 },
	{ "samples", "pages sampled in a period; 0: the share is known without error", SIM_PARAM_U64,
	  ESX_FIELD(samples), 100, 0, 10000 },
	{ "period", "sampling period", SIM_PARAM_TIME, ESX_FIELD(period_ns), 30e9, 1e9, 3.6e12 },
	{ "balance", "time between two divisions", SIM_PARAM_TIME, ESX_FIELD(balance_ns), 15e9,
	  1e9, 3.6e12 },
	{ "slow_gain", "weight of a new sample in the slow mean", SIM_PARAM_DOUBLE,
	  ESX_FIELD(slow_gain), 0.1, 0.001, 1 },
	{ "fast_gain", "weight of a new sample in the fast mean", SIM_PARAM_DOUBLE,
	  ESX_FIELD(fast_gain), 0.5, 0.001, 1 },
	{ "high", "free share of the host at which nothing is reclaimed", SIM_PARAM_DOUBLE,
	  ESX_FIELD(high), 0.06, 0, 0.9 },
	{ "soft", "free share below which balloons are the means", SIM_PARAM_DOUBLE,
	  ESX_FIELD(soft), 0.04, 0, 0.9 },
	{ "hard", "free share below which the original pages out", SIM_PARAM_DOUBLE,
	  ESX_FIELD(hard), 0.02, 0, 0.9 },
	{ "low", "free share below which the original also blocks VMs", SIM_PARAM_DOUBLE,
	  ESX_FIELD(low), 0.01, 0, 0.9 },
	{ "hysteresis", "a state is left upwards at its threshold times 1 + this", SIM_PARAM_DOUBLE,
	  ESX_FIELD(hysteresis), 0.1, 0, 1 },
	{ "cap", "most of a VM that the balloon takes (Mem.CtlMaxPercent)", SIM_PARAM_DOUBLE,
	  ESX_FIELD(cap), 0.65, 0, 1 },
};

double policy_esx_weight(double shares, double active, double tax)
{
	double idle_cost = 1 / (1 - tax);

	return shares / (active + idle_cost * (1 - active));
}

/* A uniform number below 1; splitmix64, for policies may not ask for anything else. */
static double draw(struct esx_state *self)
{
	u64 bits = self->draw += 0x9e3779b97f4a7c15ull;

	bits = (bits ^ bits >> 30) * 0xbf58476d1ce4e5b9ull;
	bits = (bits ^ bits >> 27) * 0x94d049bb133111ebull;
	return (double)((bits ^ bits >> 31) >> 11) / 9007199254740992.0;
}

static double sample(struct esx_state *self, double active)
{
	u64 touched = 0;

	if (!self->samples)
		return active;
	for (u64 i = 0; i < self->samples; i++)
		touched += draw(self) < active;
	return (double)touched / (double)self->samples;
}

static double max3(double a, double b, double c)
{
	double max = a > b ? a : b;

	return max > c ? max : c;
}

/* A whole period, or the part of one that is over: three estimates, of which the largest counts. */
static void esx_report(void *state, const struct sim_host_view *host, u32 vm,
		       struct sim_actions *act)
{
	struct esx_state *self = state;
	const struct sim_vm_view *view = &host->vm[vm];
	struct esx_vm *known = &self->vm[vm];
	u64 window_ns = host->now_ns - known->period_started_ns;
	bool whole = window_ns + self->balance_ns / 2 >= self->period_ns;

	(void)act;
	if (!view->running || !view->actual_bytes || !view->report.arrived_ns)
		return;
	struct policy_idle idle = policy_idle_longer(&view->report, policy_min(window_ns, self->period_ns));
	u64 active = policy_less(policy_report_bytes(&view->report), idle.anon_bytes + idle.file_bytes);
	double share = sample(self, (double)policy_min(active, view->actual_bytes) /
					    (double)view->actual_bytes);

	if (!known->sampled)
		known->slow = known->fast = share;
	known->sampled = true;
	known->last = share;
	known->fast_now = known->fast + (share - known->fast) * self->fast_gain;
	if (!whole)
		return;
	known->slow += (share - known->slow) * self->slow_gain;
	known->fast = known->fast_now;
	known->period_started_ns = host->now_ns;
}

/* Down at a threshold, up only well above it. */
static enum esx_level next_level(const struct esx_state *self, double free)
{
	const double below[] = { self->high, self->soft, self->hard, self->low };
	enum esx_level level = self->level;

	while (level < ESX_LOW && free < below[level + 1])
		level++;
	while (level > ESX_HIGH && free >= below[level - 1] * (1 + self->hysteresis))
		level--;
	return level;
}

/* What each VM should have when the host's free memory is where nothing is reclaimed. */
static void divide(struct esx_state *self, const struct sim_host_view *host)
{
	double memory = (double)host->memory_bytes * (1 - self->high);

	for (u32 i = 0; i < host->vms_count; i++) {
		const struct sim_vm_view *vm = &host->vm[i];
		const struct esx_vm *known = &self->vm[i];
		double active = known->sampled ? max3(known->slow, known->fast, known->fast_now) : 1;
		double least = (double)vm->nominal_bytes * (1 - self->cap);

		self->claim[i] = (struct policy_claim){ .weight = 1 };
		if (!vm->running)
			continue;
		self->claim[i].weight = policy_esx_weight(vm->shares ? vm->shares : 1, active, self->tax);
		self->claim[i].most = (double)vm->nominal_bytes;
		self->claim[i].least = least > (double)vm->min_bytes ? least : (double)vm->min_bytes;
	}
	policy_divide(self->claim, host->vms_count, memory);
}

/* What the division was made from: the three means of the share in use, and the part. */
static void explain(const struct esx_state *self, u32 vm, struct sim_actions *act)
{
	const struct esx_vm *known = &self->vm[vm];
	char text[128];

	if (!act->ops->explain || !known->sampled)
		return;
	snprintf(text, sizeof(text), "active %.4f (last %.4f slow %.4f fast %.4f): due %.1f MiB, state %u",
		 max3(known->slow, known->fast, known->fast_now), known->last, known->slow, known->fast,
		 self->claim[vm].got / 1048576, self->level);
	act->ops->explain(act->ctx, vm, text);
}

static void rebalance(struct esx_state *self, const struct sim_host_view *host,
		      struct sim_actions *act)
{
	self->level = next_level(self, (double)host->free_bytes / (double)host->memory_bytes);
	divide(self, host);
	for (u32 i = 0; i < host->vms_count; i++) {
		const struct sim_vm_view *vm = &host->vm[i];
		u64 fair = policy_clamp_target(vm, policy_bytes(self->claim[i].got));

		if (vm->running)
			explain(self, i, act);
		if (!vm->running || fair == vm->target_bytes)
			continue;
		if (fair > vm->target_bytes || self->level != ESX_HIGH)
			policy_set_target(act, i, fair);
	}
}

static void esx_tick(void *state, const struct sim_host_view *host, struct sim_actions *act)
{
	for (u32 i = 0; i < host->vms_count; i++)
		if (host->vm[i].running)
			act->ops->request_report(act->ctx, i);
	rebalance(state, host, act);
}

/* A threshold that is crossed is not waited with until the next round. */
static void esx_pressure(void *state, const struct sim_host_view *host, u32 level,
			 struct sim_actions *act)
{
	struct esx_state *self = state;

	(void)level;
	if (next_level(self, (double)host->free_bytes / (double)host->memory_bytes) != self->level)
		rebalance(self, host, act);
}

static void esx_vm_removed(void *state, const struct sim_host_view *host, u32 vm,
			   struct sim_actions *act)
{
	(void)vm;
	rebalance(state, host, act);
}

static u64 esx_tick_ns(const void *state)
{
	return ((const struct esx_state *)state)->balance_ns;
}

static void esx_vm_added(void *state, const struct sim_host_view *host, u32 vm,
			 struct sim_actions *act)
{
	struct esx_state *self = state;
	u64 edges[] = { self->period_ns / 4, self->period_ns / 2, self->period_ns };

	self->vm[vm] = (struct esx_vm){ .period_started_ns = host->now_ns };
	act->ops->configure_reports(act->ctx, vm, edges, POLICY_COUNT(edges), self->balance_ns / 2, 0);
	if (host->now_ns)
		rebalance(self, host, act);
}

static int esx_init(void *state, const struct sim_host_view *host)
{
	struct esx_state *self = state;

	(void)host;
	self->draw = 0x657378; /* the same draws in every run */
	return self->low <= self->hard && self->hard <= self->soft && self->soft <= self->high ?
		       0 :
		       -EINVAL;
}

const struct sim_policy policy_esx = {
	.name = "esx",
	.summary = "VMware ESX: shares per page with a tax of 75 % on idle memory",
	.rule = "f = share of active memory: the largest of a slow mean, a fast mean, and the\n"
		"    fast mean with the period that has not ended, of samples of 100 pages in 30 s\n"
		"Reclaim from the VM with least shares / (pages * (f + (1 - f) / (1 - tax))),\n"
		"until the host has 6 % free.  Starts below 4 %, ends above 6 %; what VMs are\n"
		"due beyond what they have they get at once.  At most 65 % of a VM is taken.\n"
		"Every 15 s, and at once when a VM comes or goes or a threshold is crossed.",
	.source = "Waldspurger, OSDI 2002",
	.flaw = "Pages cannot be sampled from outside here: f is drawn from the working-set\n"
		"report, and memory outside the guest's lists counts as idle.  A VM that uses\n"
		"little often is taxed like one that is done with it.",
	.channels = SIM_CH_REPORTS | SIM_CH_HOST,
	.params = esx_params,
	.params_count = POLICY_COUNT(esx_params),
	.state_size = sizeof(struct esx_state),
	.init = esx_init,
	.tick_ns = esx_tick_ns,
	.tick = esx_tick,
	.report = esx_report,
	.pressure = esx_pressure,
	.vm_added = esx_vm_added,
	.vm_removed = esx_vm_removed,
};
