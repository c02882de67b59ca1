/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * policy_hyperv.c - after the outline of Hyper-V's Dynamic Memory.
 *
 * Rule: see .rule below.
 * Source: Microsoft's public description.  The algorithm itself is closed: what happens in
 * shortage, and how large the steps are, is this project's guess.  Hence the name.
 * May see: an agent in the guest (memory promised to programs).
 * Known flaw: promised memory is not used memory, and the page cache lives on the buffer
 * of 20 % alone.
 */
#include "policy/policy_list.h"
#include "policy/policy_rules.h"

struct hyperv_state {
	u64 interval_ns;
	double buffer, reserve, band;

	struct policy_claim claim[SIM_VMS_MAX];
};

static const struct sim_param hyperv_params[] = {
	{ "interval", "time between two looks", SIM_PARAM_TIME,
	  POLICY_FIELD(hyperv_state, interval_ns), 1e9, 1e8, 3.6e12 },
	{ "buffer", "memory beyond the demand, share of it", SIM_PARAM_DOUBLE,
	  POLICY_FIELD(hyperv_state, buffer), 0.20, 0, 20 },
	{ "reserve", "share of host memory not given out", SIM_PARAM_DOUBLE,
	  POLICY_FIELD(hyperv_state, reserve), 0, 0, 0.9 },
	{ "band", "smaller changes are not made, share of nominal", SIM_PARAM_DOUBLE,
	  POLICY_FIELD(hyperv_state, band), 0.01, 0, 0.5 },
};

static u64 hyperv_tick_ns(const void *state)
{
	return ((const struct hyperv_state *)state)->interval_ns;
}

static void hyperv_tick(void *state, const struct sim_host_view *host, struct sim_actions *act)
{
	struct hyperv_state *self = state;

	for (u32 i = 0; i < host->vms_count; i++) {
		const struct sim_vm_view *vm = &host->vm[i];
		double wants = (double)vm->committed_bytes * (1 + self->buffer);

		self->claim[i] = (struct policy_claim){ .weight = 1 };
		if (!vm->running)
			continue;
		/* Nothing is known of a guest that has not told yet. */
		if (!vm->committed_bytes)
			wants = (double)vm->nominal_bytes;
		u64 most = policy_clamp_target(vm, policy_bytes(wants));

		self->claim[i].weight = (vm->shares ? vm->shares : 1) * (double)most;
		self->claim[i].least = (double)vm->min_bytes;
		self->claim[i].most = (double)most;
		if (!most)
			self->claim[i].weight = 1;
	}
	policy_divide(self->claim, host->vms_count,
		      (double)host->memory_bytes * (1 - self->reserve));
	for (u32 i = 0; i < host->vms_count; i++) {
		const struct sim_vm_view *vm = &host->vm[i];
		u64 target = policy_clamp_target(vm, policy_bytes(self->claim[i].got));
		u64 change = policy_max(policy_less(target, vm->target_bytes),
					policy_less(vm->target_bytes, target));

		if (vm->running && (double)change > self->band * (double)vm->nominal_bytes)
			policy_move(act, host, i, target, "committed %.1f MiB, wants %.1f, cut to %.1f",
				    POLICY_MIB(vm->committed_bytes), POLICY_MIB(self->claim[i].most),
				    POLICY_MIB(self->claim[i].got));
	}
}

const struct sim_policy policy_hyperv = {
	.name = "hyperv-like",
	.summary = "after Hyper-V: promised memory and 20 %, cut by weight when the host is short",
	.rule = "Every second: target = demand * (1 + buffer), demand = memory promised.\n"
		"If all targets together are more than the host has (less reserve, by default none),\n"
		"every VM gets the same part of its target for its weight (shares), no VM more than\n"
		"its target or less than its minimum.  Changes of up to 1 % of a nominal size are\n"
		"not sent (band; not in the outline).",
	.source = "Microsoft's public outline of Dynamic Memory; the rest is guessed",
	.flaw = "The original is closed: shortage and steps are guesses.  Promised memory is not\n"
		"used memory, and the page cache gets the buffer alone.",
	.channels = SIM_CH_AGENT,
	.params = hyperv_params,
	.params_count = POLICY_COUNT(hyperv_params),
	.state_size = sizeof(struct hyperv_state),
	.tick_ns = hyperv_tick_ns,
	.tick = hyperv_tick,
};
