/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * policy_auto_balloon.c - "automatic ballooning" of 2012-13.
 *
 * Rule: on every host pressure event every VM's balloon takes `granularity` of the
 * memory that the VM has now.  The host never gives memory back: under pressure of
 * its own the guest deflates its balloon by itself.
 * Source: Luiz Capitulino's RFCs for QEMU (18 Dec 2012) and the kernel (9 May 2013).
 * May see: host pressure events, and the balloon's configuration space.
 * Known flaw: as its author listed, no limit to the rate and none to the amount, and
 * it overrides what a user set.  As its reviewers said, the balloon takes again at
 * the next event what the guest has just given itself; `hold` is the hysteresis that it
 * lacks, and is 0 as shipped.  Here the guest's shrinker is
 * approximated by deflate-on-OOM, which comes later than a shrinker would; a guest
 * without it never gets memory back.
 */
#include "policy/policy_list.h"
#include "policy/policy_util.h"

struct auto_balloon_state {
	double granularity;
	u64 level, hold_ns;

	u64 held_until_ns[SIM_VMS_MAX]; /* 0: has not helped itself lately */
};

static const struct sim_param auto_balloon_params[] = {
	{ "granularity", "share of a VM's current memory taken at each event",
	  SIM_PARAM_DOUBLE, POLICY_FIELD(auto_balloon_state, granularity), 0.01, 0.0001, 0.5 },
	{ "level", "least pressure that counts: 0 low, 1 medium, 2 critical", SIM_PARAM_U64,
	  POLICY_FIELD(auto_balloon_state, level), 0, 0, 2 },
	{ "hold", "what its reviewers asked for: a guest that has deflated is left alone for so long",
	  SIM_PARAM_TIME, POLICY_FIELD(auto_balloon_state, hold_ns), 0, 0, 8.64e13 },
};

static void auto_balloon_pressure(void *state, const struct sim_host_view *host, u32 level,
				  struct sim_actions *act)
{
	const struct auto_balloon_state *self = state;

	if (level < self->level)
		return;
	for (u32 i = 0; i < host->vms_count; i++) {
		const struct sim_vm_view *vm = &host->vm[i];
		u64 taken = policy_bytes((double)vm->actual_bytes * self->granularity);

		if (vm->running && vm->actual_bytes > vm->min_bytes &&
		    host->now_ns >= self->held_until_ns[i])
			policy_set_target(act, i,
					  policy_clamp_target(vm, vm->actual_bytes - taken));
	}
}

/* The guest's shrinker moves the balloon; what it left is the target from then on. */
static void auto_balloon_stalled(void *state, const struct sim_host_view *host, u32 vm, bool oom,
				 struct sim_actions *act)
{
	struct auto_balloon_state *self = state;

	if (!oom || !host->vm[vm].running)
		return;
	self->held_until_ns[vm] = host->now_ns + self->hold_ns;
	policy_set_target(act, vm, policy_clamp_target(&host->vm[vm], host->vm[vm].actual_bytes));
}

static void auto_balloon_vm_added(void *state, const struct sim_host_view *host, u32 vm,
				  struct sim_actions *act)
{
	(void)host;
	(void)act;
	((struct auto_balloon_state *)state)->held_until_ns[vm] = 0;
}

const struct sim_policy policy_auto_balloon = {
	.name = "auto-balloon",
	.summary = "1 % from every VM at each host pressure event; guests deflate by themselves",
	.rule = "At each host pressure event of `level` or above, for every VM:\n"
		"    target = current - current * granularity\n"
		"The host never deflates.  A guest that runs out of memory deflates by itself,\n"
		"and its new size becomes the target.",
	.source = "Luiz Capitulino, RFC for QEMU (December 2012) and Linux (May 2013)",
	.flaw = "No limit of rate or amount; takes again what a guest has just deflated (`hold`\n"
		"mends that).  The\n"
		"guest's shrinker is approximated by deflate-on-OOM, which comes later, and a\n"
		"guest without that never gets memory back.",
	.channels = SIM_CH_HOST,
	.params = auto_balloon_params,
	.params_count = POLICY_COUNT(auto_balloon_params),
	.state_size = sizeof(struct auto_balloon_state),
	.pressure = auto_balloon_pressure,
	.stalled = auto_balloon_stalled,
	.vm_added = auto_balloon_vm_added,
};
