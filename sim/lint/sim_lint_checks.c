/* SPDX-License-Identifier: BSD-2-Clause */
/* sim_lint_checks.c - the table of checks, and those that look at single commands. */
#include "lint/sim_lint_checks.h"

#define FLOOD_PER_MIN 30	/* commands to one guest */
#define REQUESTS_PER_MIN 600	/* for statistics or reports */
#define FLOOD_ERROR 10		/* times that */

const struct sim_lint_check sim_lint_checks[] = {
	{ "starving", "no-deflate, pinned-target, slow-deflate, idle-memory-kept", sim_lint_starve },
	{ "swinging", "oscillation while nothing changes", sim_lint_swing },
	{ "robbing", "robs-distressed, squeezes-distressed", sim_lint_rob },
	{ "limits", "below-minimum, above-nominal, undeclared-channel", sim_lint_limits },
	{ "host", "host-left-short", sim_lint_host },
	{ "stale", "acts-without-news", sim_lint_stale },
	{ "flood", "command-flood, request-flood", sim_lint_flood },
	{ "oom", "oom-kill, reinflates-after-oom", sim_lint_oom },
	{ NULL, NULL, NULL },
};

static struct sim_lint_finding *tell_breach(const struct sim_watch *watch, struct sim_lint *lint,
					    const char *check, enum sim_lint_severity severity,
					    const struct sim_plant_breach *breach)
{
	struct sim_lint_finding *finding =
		sim_lint_find(lint, watch, check, severity, watch->drill->vm[breach->vm].name);

	finding->from_s = (u32)(breach->first_ns / SIM_PLANT_SECOND);
	finding->to_s = watch->seconds;
	finding->count = breach->count;
	finding->bytes = (double)breach->worst;
	return finding;
}

/*
 * A host clamps, so a target just outside is a warning.  An error is what shows an
 * arithmetic that went wrong: below a half of the minimum, or above twice the nominal.
 */
void sim_lint_limits(const struct sim_watch *watch, const struct sim_policy *policy,
		     struct sim_lint *lint)
{
	const struct sim_plant_breach *low = &watch->below_min, *high = &watch->above_nominal;
	char channels[128];

	if (low->count) {
		u64 min = watch->drill->vm[low->vm].min * SIM_PLANT_BLOCK;
		sim_lint_say(tell_breach(watch, lint, "below-minimum",
					 low->worst <= min / 2 ? SIM_LINT_ERROR : SIM_LINT_WARNING, low),
			     "%u targets below the minimum of %llu MiB, the lowest %llu MiB; the host "
			     "has to clamp them", low->count, min >> 20, low->worst >> 20);
	}
	if (high->count) {
		u64 nominal = watch->drill->vm[high->vm].nominal * SIM_PLANT_BLOCK;
		sim_lint_say(tell_breach(watch, lint, "above-nominal",
					 high->worst > 2 * nominal ? SIM_LINT_ERROR : SIM_LINT_WARNING,
					 high),
			     "%u targets above the %llu MiB that the guest was made with, the highest "
			     "%llu MiB", high->count, nominal >> 20, high->worst >> 20);
	}
	if (watch->undeclared.count) {
		sim_channels_text((u32)watch->undeclared.worst, channels, sizeof(channels));
		sim_lint_say(tell_breach(watch, lint, "undeclared-channel", SIM_LINT_ERROR,
					 &watch->undeclared),
			     "%u calls need %s, which %s does not declare", watch->undeclared.count,
			     channels, policy->name);
	}
}

static void tell_flood(const struct sim_watch *watch, struct sim_lint *lint, const u64 *count,
		       bool requests)
{
	u32 limit = requests ? REQUESTS_PER_MIN : FLOOD_PER_MIN, vms = 0, worst = 0;
	double most = 0;

	for (u32 vm = 0; vm < watch->drill->vms_count; vm++) {
		u32 running = 0;

		for (u32 s = 0; s < watch->seconds; s++)
			running += watch->vm[vm][s].running;
		double per_min = running ? (double)count[vm] * 60 / running : 0;
		vms += per_min > limit;
		if (per_min > most) {
			most = per_min;
			worst = vm;
		}
	}
	if (!vms)
		return;
	struct sim_lint_finding *finding = sim_lint_find(
		lint, watch, requests ? "request-flood" : "command-flood",
		most > limit * FLOOD_ERROR ? SIM_LINT_ERROR : SIM_LINT_WARNING,
		watch->drill->vm[worst].name);
	finding->to_s = watch->seconds;
	finding->count = (u32)count[worst];
	sim_lint_say(finding, "%.0f %s a minute, %u in all, and more than %u a minute to %u of %u "
			      "guests; each interrupts its guest",
		     most, requests ? "requests" : "targets", finding->count, limit, vms,
		     watch->drill->vms_count);
}

void sim_lint_flood(const struct sim_watch *watch, const struct sim_policy *policy,
		    struct sim_lint *lint)
{
	(void)policy;
	tell_flood(watch, lint, watch->commands, false);
	tell_flood(watch, lint, watch->requests, true);
}

#define SHORT_S 30
#define LONG_S 120

/* Guests wait for the host's swap while memory is there that nobody uses. */
void sim_lint_host(const struct sim_watch *watch, const struct sim_policy *policy,
		   struct sim_lint *lint)
{
	u32 from = 0, seconds = 0, worst = 0, last = 0;
	double idle = 0, stall = 0;

	(void)policy;
	for (u32 s = 0; s < watch->seconds; s++) {
		u32 could = 0;

		for (u32 vm = 0; vm < watch->drill->vms_count; vm++)
			could += watch->vm[vm][s].idle;
		if (watch->host[s].stall < SIM_WATCH_DISTRESS / 2 || could < watch->drill->memory / 10)
			continue;
		from = seconds ? from : s;
		last = s;
		seconds++;
		idle += could;
		stall += watch->host[s].stall;
		worst = watch->host[s].swapped > worst ? watch->host[s].swapped : worst;
	}
	if (seconds < SHORT_S)
		return;
	struct sim_lint_finding *finding = sim_lint_find(
		lint, watch, "host-left-short", seconds >= LONG_S ? SIM_LINT_ERROR : SIM_LINT_WARNING,
		"host");
	finding->from_s = from;
	finding->to_s = last + 1;
	finding->bytes = worst * (double)SIM_PLANT_BLOCK;
	sim_lint_say(finding, "for %u s guests wait for the host's swap, which holds up to %u MiB of "
			      "theirs (%.0f %% of one guest's time), while %u MiB in them are free or "
			      "were not used for a minute",
		     seconds, MB(worst), 100 * stall / seconds, MB(idle / seconds));
}
