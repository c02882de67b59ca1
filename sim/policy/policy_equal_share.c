/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * policy_equal_share.c - the host's memory divided by the number of VMs.
 *
 * Rule: every running VM gets (host memory less a reserve) / number of running VMs, or its nominal
 * memory when that is less; what small VMs leave over is shared out among the
 * others in the same way, until nothing is left or all are satisfied.  Recomputed
 * only when a VM comes or goes.
 * Source: the second baseline of every comparison in the literature.
 * May see: nothing but the VMs' configuration and the host's size.
 * Known flaw: blind to need; an idle VM holds as much as a VM that thrashes.
 */
#include "policy/policy_list.h"
#include "policy/policy_util.h"

struct equal_share_state {
	double reserve;
};

static const struct sim_param equal_share_params[] = {
	{ "reserve", "share of host memory not given out, so that the host need not reclaim",
	  SIM_PARAM_DOUBLE, POLICY_FIELD(equal_share_state, reserve), 0.05, 0, 0.9 },
};

/* What all running VMs hold together when each gets @share, within its limits. */
static u64 given_out(const struct sim_host_view *host, u64 share)
{
	u64 bytes = 0;

	for (u32 i = 0; i < host->vms_count; i++)
		if (host->vm[i].running)
			bytes += policy_clamp_target(&host->vm[i], share);
	return bytes;
}

/*
 * The largest share that fits: dividing, and dividing again what small VMs leave
 * over, ends at this very number.  Its cost does not depend on how many rounds of
 * division that would take.
 */
static u64 largest_share(const struct sim_host_view *host, u64 memory_bytes)
{
	u64 fits = 0, too_much = memory_bytes + 1;

	while (too_much - fits > 1) {
		u64 middle = fits + (too_much - fits) / 2;

		if (given_out(host, middle) <= memory_bytes)
			fits = middle;
		else
			too_much = middle;
	}
	return fits;
}

static void share_out(void *state, const struct sim_host_view *host, u32 vm,
		      struct sim_actions *act)
{
	const struct equal_share_state *self = state;
	u64 memory = policy_bytes((double)host->memory_bytes * (1 - self->reserve));
	u64 share = largest_share(host, memory);

	(void)vm;
	for (u32 i = 0; i < host->vms_count; i++)
		if (host->vm[i].running)
			policy_set_target(act, i, policy_clamp_target(&host->vm[i], share));
}

const struct sim_policy policy_equal_share = {
	.name = "equal-share",
	.summary = "host memory divided by the number of running VMs",
	.rule = "When a VM comes or goes every VM gets the smaller of its nominal memory and\n"
		"(1 - reserve) * host memory / number of running VMs; what small VMs leave over\n"
		"is divided among the others.",
	.source = "baseline of the literature (ESX, Zhao & Wang, and others compare with it)",
	.flaw = "Blind to need: an idle VM holds as much as one that thrashes.",
	.params = equal_share_params,
	.params_count = POLICY_COUNT(equal_share_params),
	.state_size = sizeof(struct equal_share_state),
	.vm_added = share_out,
	.vm_removed = share_out,
};
