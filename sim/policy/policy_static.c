/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * policy_static.c - no ballooning.
 *
 * Rule: a VM gets a fixed share of its nominal memory when it is added, by default
 * all of it, and keeps it.
 * Source: what most hosts do today; the baseline of every comparison.
 * May see: nothing but the VMs' configuration.
 * Known flaw: an overcommitted host falls to its own swap, which evicts without
 * knowing what the guests need.
 */
#include "policy/policy_list.h"
#include "policy/policy_util.h"

struct static_state {
	double fraction;
};

static const struct sim_param static_params[] = {
	{ "fraction", "share of nominal memory that a VM keeps", SIM_PARAM_DOUBLE,
	  POLICY_FIELD(static_state, fraction), 1, 0.01, 1 },
};

static void static_vm_added(void *state, const struct sim_host_view *host, u32 vm,
			    struct sim_actions *act)
{
	const struct static_state *self = state;
	const struct sim_vm_view *view = &host->vm[vm];

	policy_set_target(act, vm,
			  policy_clamp_target(view, policy_bytes((double)view->nominal_bytes *
								 self->fraction)));
}

const struct sim_policy policy_static = {
	.name = "static",
	.summary = "every VM keeps its nominal memory; the host swaps",
	.rule = "On arrival a VM gets `fraction` of its nominal memory and keeps it.",
	.source = "the common practice; baseline",
	.flaw = "Overcommit falls to the host's swap, which evicts without knowing what the\n"
		"guests need and pages twice what the guests page as well.",
	.params = static_params,
	.params_count = POLICY_COUNT(static_params),
	.state_size = sizeof(struct static_state),
	.vm_added = static_vm_added,
};
