/* SPDX-License-Identifier: BSD-2-Clause */
/* sim_lint_trust.c - what a policy makes of silence, and of a guest out of memory. */
#include "lint/sim_lint_checks.h"

#define SILENCE_S 60
#define AGAIN_S 30

/*
 * Memory is taken from a guest that has said nothing for a minute, though the host is not
 * short.  Of policies that never ask guests, or have an agent in them that always answers,
 * this cannot be said.
 */
void sim_lint_stale(const struct sim_watch *watch, const struct sim_policy *policy,
		    struct sim_lint *lint)
{
	if (!(policy->channels & (SIM_CH_STATS | SIM_CH_REPORTS)) || policy->channels & SIM_CH_AGENT)
		return;
	for (u32 vm = 0; vm < watch->drill->vms_count; vm++) {
		const struct sim_watch_vm *at = watch->vm[vm];
		u32 taken = 0, from = 0, to = 0, nominal = watch->drill->vm[vm].nominal;

		for (u32 s = 1; s < watch->seconds; s++) {
			if (!at[s].running || s < at[s].informed_s + SILENCE_S ||
			    at[s].target >= at[s - 1].target ||
			    watch->host[s].free <= watch->host[s].high)
				continue;
			from = taken ? from : s;
			to = s + 1;
			taken += at[s - 1].target - at[s].target;
		}
		if (taken * 10 < nominal)
			continue;
		struct sim_lint_finding *finding = sim_lint_find(
			lint, watch, "acts-without-news",
			taken * 4 >= nominal ? SIM_LINT_ERROR : SIM_LINT_WARNING,
			watch->drill->vm[vm].name);
		finding->from_s = from;
		finding->to_s = to;
		finding->bytes = taken * (double)SIM_PLANT_BLOCK;
		sim_lint_say(finding, "loses %u MiB though nothing was heard of it for a minute or more "
				      "and the host is not short", MB(taken));
	}
}

static void tell_kills(const struct sim_watch *watch, struct sim_lint *lint, u32 vm)
{
	u32 kills = 0, first = 0, last = 0;

	for (u32 s = 0; s < watch->seconds; s++) {
		const struct sim_watch_vm *now = &watch->vm[vm][s];

		if (!now->oom_kills || now->target >= watch->drill->vm[vm].nominal)
			continue;
		first = kills ? first : s;
		last = s;
		kills += now->oom_kills;
	}
	if (!kills)
		return;
	struct sim_lint_finding *finding =
		sim_lint_find(lint, watch, "oom-kill", SIM_LINT_ERROR, watch->drill->vm[vm].name);
	finding->from_s = first;
	finding->to_s = last + 1;
	finding->count = kills;
	sim_lint_say(finding, "its programs are killed %u times for want of memory, with %u MiB in its "
			      "balloon", kills,
		     MB(watch->drill->vm[vm].nominal - watch->vm[vm][first].target));
}

/* The balloon gave way on OOM; within seconds the policy fills it again. */
static void tell_reinflation(const struct sim_watch *watch, struct sim_lint *lint, u32 vm)
{
	const struct sim_watch_vm *at = watch->vm[vm];
	u32 count = 0, first = 0, last = 0, least = watch->drill->vm[vm].nominal / 100;

	for (u32 s = 1; s < watch->seconds; s++) {
		u32 until = s + AGAIN_S < watch->seconds ? s + AGAIN_S : watch->seconds;

		if (!at[s].oom_deflates || at[s].target >= at[s].need)
			continue;
		for (u32 t = s + 1; t < until; t++) {
			if (at[t].actual + least > at[s].actual)
				continue;
			first = count ? first : s;
			last = t;
			count++;
			s = t;
			break;
		}
	}
	if (count < 3)
		return;
	struct sim_lint_finding *finding = sim_lint_find(
		lint, watch, "reinflates-after-oom", SIM_LINT_ERROR, watch->drill->vm[vm].name);
	finding->from_s = first;
	finding->to_s = last + 1;
	finding->count = count;
	finding->period_s = (double)(last - first) / (count - 1);
	sim_lint_say(finding, "%u times its balloon gives way for want of memory and is filled again "
			      "within %u s", count, AGAIN_S);
}

void sim_lint_oom(const struct sim_watch *watch, const struct sim_policy *policy,
		  struct sim_lint *lint)
{
	(void)policy;
	for (u32 vm = 0; vm < watch->drill->vms_count; vm++) {
		tell_kills(watch, lint, vm);
		tell_reinflation(watch, lint, vm);
	}
}
