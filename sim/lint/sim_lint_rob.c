/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sim_lint_rob.c - memory taken from a guest that is short of it.
 *
 * Taken counts from ten seconds of distress on, so that a policy has had the time to
 * notice.  To rob is to give as much, within five seconds, to a guest that is not in
 * distress; to squeeze is to take although the host has memory to spare.
 */
#include "lint/sim_lint_checks.h"

#define NOTICE_S 10
#define NEAR_S 5

struct robbery {
	u32 from_s, to_s, squeezed, robbed; /* blocks */
	u32 gainer;
};

/* What guests that are well gained around second @s, and which of them gained most. */
static u32 gained(const struct sim_watch *watch, u32 victim, u32 s, u32 *gainer)
{
	u32 from = s > NEAR_S ? s - NEAR_S : 0, most = 0;
	u32 to = s + NEAR_S < watch->seconds ? s + NEAR_S : watch->seconds - 1;

	for (u32 i = 0; i < watch->drill->vms_count; i++) {
		const struct sim_watch_vm *at = watch->vm[i];
		bool well = i != victim && at[s].running && !at[s].distress && at[from].running &&
			    at[from].target >= at[from].need;
		/* A target that only follows what the guest has anyway gives it nothing. */
		u32 had = at[from].target > at[from].actual ? at[from].target : at[from].actual;
		if (!well || at[to].target <= had + most)
			continue;
		most = at[to].target - had;
		*gainer = i;
	}
	return most;
}

static void look(const struct sim_watch *watch, u32 vm, struct robbery *robbery)
{
	const struct sim_watch_vm *at = watch->vm[vm];
	u32 distress_s = 0;

	for (u32 s = 1; s < watch->seconds; s++) {
		u32 taken, gain;

		distress_s = at[s].running && at[s].distress ? distress_s + 1 : 0;
		if (distress_s < NOTICE_S || at[s].target >= at[s - 1].target ||
		    at[s].target >= at[s].need || sim_lint_blind(watch, s))
			continue;
		taken = at[s - 1].target - at[s].target;
		gain = gained(watch, vm, s, &robbery->gainer);
		if (!robbery->squeezed && !robbery->robbed)
			robbery->from_s = s;
		robbery->to_s = s + 1;
		robbery->robbed += gain < taken ? gain : taken;
		if (watch->host[s].free > watch->host[s].high)
			robbery->squeezed += taken;
	}
}

void sim_lint_rob(const struct sim_watch *watch, const struct sim_policy *policy,
		  struct sim_lint *lint)
{
	(void)policy;
	for (u32 vm = 0; vm < watch->drill->vms_count; vm++) {
		struct robbery robbery = { 0 };
		u32 nominal = watch->drill->vm[vm].nominal;
		bool robs;

		look(watch, vm, &robbery);
		robs = robbery.robbed * 20 >= nominal;
		u32 amount = robs ? robbery.robbed : robbery.squeezed;
		if (amount * 20 < nominal)
			continue;
		struct sim_lint_finding *finding = sim_lint_find(
			lint, watch, robs ? "robs-distressed" : "squeezes-distressed",
			amount * 10 >= nominal ? SIM_LINT_ERROR : SIM_LINT_WARNING,
			watch->drill->vm[vm].name);
		finding->from_s = robbery.from_s;
		finding->to_s = robbery.to_s;
		finding->bytes = amount * (double)SIM_PLANT_BLOCK;
		if (robs)
			sim_lint_say(finding, "loses %u MiB while it waits for swap, and %s, which does "
					      "not, gains as much at the same time",
				     MB(amount), watch->drill->vm[robbery.gainer].name);
		else
			sim_lint_say(finding, "loses %u MiB while it waits for swap and the host has "
					      "memory to spare", MB(amount));
	}
}
