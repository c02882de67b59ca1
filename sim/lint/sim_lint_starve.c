/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sim_lint_starve.c - guests that starve although memory is there.
 *
 * An episode is a time in which a guest waits for its swap and its target is below what
 * it works on; pauses of a few seconds do not end it.  What the balloon has not followed
 * yet is not the policy's fault: its target counts.
 */
#include "lint/sim_lint_checks.h"

#define PAUSE_S 10
#define SHORT_S 60 /* from here on an episode is told */
#define LONG_S 120 /* and is an error */

struct episode {
	u32 vm, from_s, to_s;
	u32 room_s;	/* seconds with free memory on the host */
	u32 idle_s;	/* with idle memory in other guests */
	u32 low, high;	/* targets in it */
	u32 pinned_s, pinned_from_s; /* longest time that target and actual stood together */
	double stall, free, idle;    /* means; free and idle in blocks */
};

static bool starves(const struct sim_watch *watch, u32 vm, u32 second)
{
	const struct sim_watch_vm *now = &watch->vm[vm][second];

	return now->running && now->distress && now->target < now->need &&
	       now->target < watch->drill->vm[vm].nominal && !sim_lint_blind(watch, second);
}

static u32 idle_elsewhere(const struct sim_watch *watch, u32 vm, u32 second)
{
	u32 idle = 0;

	for (u32 i = 0; i < watch->drill->vms_count; i++)
		if (i != vm)
			idle += watch->vm[i][second].idle;
	return idle;
}

static bool next_episode(const struct sim_watch *watch, u32 vm, u32 *second, struct episode *e)
{
	u32 pause = 0;

	while (*second < watch->seconds && !starves(watch, vm, *second))
		++*second;
	if (*second == watch->seconds)
		return false;
	*e = (struct episode){ .vm = vm, .from_s = *second };
	for (; *second < watch->seconds && pause <= PAUSE_S; ++*second) {
		pause = starves(watch, vm, *second) ? 0 : pause + 1;
		if (!pause)
			e->to_s = *second + 1;
	}
	return true;
}

static void measure(const struct sim_watch *watch, struct episode *e)
{
	u32 nominal = watch->drill->vm[e->vm].nominal, pinned = 0;
	u32 since = watch->vm[e->vm][e->from_s].target;

	e->low = e->high = since;
	for (u32 s = e->from_s; s < e->to_s; s++) {
		const struct sim_watch_vm *now = &watch->vm[e->vm][s];
		const struct sim_watch_host *host = &watch->host[s];
		u32 gap = now->target > now->actual ? now->target - now->actual :
						      now->actual - now->target;
		u32 moved = now->target > since ? now->target - since : since - now->target;
		u32 idle = idle_elsewhere(watch, e->vm, s);

		e->room_s += host->free > host->high + nominal / 20;
		e->idle_s += idle >= nominal / 4;
		e->stall += now->stall;
		e->free += host->free;
		e->idle += idle;
		e->low = now->target < e->low ? now->target : e->low;
		e->high = now->target > e->high ? now->target : e->high;
		/* Moves of less than 2 % are none: that is how a target is pinned. */
		if (gap * 33 > nominal || moved * 50 > nominal) {
			pinned = 0;
			since = now->target;
		} else if (++pinned > e->pinned_s) {
			e->pinned_s = pinned;
			e->pinned_from_s = s + 1 - pinned;
		}
	}
	double seconds = e->to_s - e->from_s;
	e->stall /= seconds;
	e->free /= seconds;
	e->idle /= seconds;
}

/* The policy took memory from this guest before, and never gives any of it back. */
static bool never_rises(const struct sim_watch *watch, const struct episode *e)
{
	u32 nominal = watch->drill->vm[e->vm].nominal, low = nominal;

	for (u32 s = e->from_s; s < watch->seconds; s++) {
		const struct sim_watch_vm *now = &watch->vm[e->vm][s];

		low = now->target < low ? now->target : low;
		if (now->running && (now->target - low) * 50 >= nominal)
			return false;
	}
	return true;
}

static struct sim_lint_finding *tell(const struct sim_watch *watch, struct sim_lint *lint,
				     const char *check, enum sim_lint_severity severity,
				     const struct episode *e)
{
	struct sim_lint_finding *finding =
		sim_lint_find(lint, watch, check, severity, watch->drill->vm[e->vm].name);

	finding->from_s = e->from_s;
	finding->to_s = e->to_s;
	finding->bytes = (watch->vm[e->vm][e->from_s].need - e->low) * (double)SIM_PLANT_BLOCK;
	for (u32 i = 0; i + 1 < sizeof(finding->explained); i++)
		finding->explained[i] = watch->explained[e->vm][i];
	return finding;
}

static void judge(const struct sim_watch *watch, struct sim_lint *lint, const struct episode *e)
{
	u32 seconds = e->to_s - e->from_s, need = watch->vm[e->vm][e->from_s].need;
	bool room = e->room_s * 10 >= seconds * 8, idle = e->idle_s * 10 >= seconds * 8;
	enum sim_lint_severity severity = seconds >= LONG_S ? SIM_LINT_ERROR : SIM_LINT_WARNING;

	if (room && never_rises(watch, e)) {
		sim_lint_say(tell(watch, lint, "no-deflate", severity, e),
			     "waits %.0f %% of its time for swap at %u MiB, needs %u MiB; the host "
			     "has %u MiB free on average; its target never rises until the end",
			     100 * e->stall, MB(e->low), MB(need), MB(e->free));
	} else if (room && e->pinned_s >= SHORT_S) {
		severity = e->pinned_s >= LONG_S ? SIM_LINT_ERROR : SIM_LINT_WARNING;
		sim_lint_say(tell(watch, lint, "pinned-target", severity, e),
			     "waits %.0f %% of its time for swap; from %u s its target stays near what "
			     "it has (%u to %u MiB) for %u s, needs %u MiB, %u MiB of the host are free",
			     100 * e->stall, e->pinned_from_s, MB(e->low), MB(e->high), e->pinned_s,
			     MB(need), MB(e->free));
	} else if (room) {
		sim_lint_say(tell(watch, lint, "slow-deflate", SIM_LINT_WARNING, e),
			     "waits %.0f %% of its time for swap until its target reaches the %u MiB "
			     "that it needs after %u s, with %u MiB of the host free",
			     100 * e->stall, MB(need), seconds, MB(e->free));
	} else if (idle) {
		severity = seconds >= 2 * LONG_S ? SIM_LINT_ERROR : SIM_LINT_WARNING;
		sim_lint_say(tell(watch, lint, "idle-memory-kept", severity, e),
			     "waits %.0f %% of its time for swap at %u to %u MiB, needs %u MiB; other "
			     "guests hold %u MiB that nobody used for a minute",
			     100 * e->stall, MB(e->low), MB(e->high), MB(need), MB(e->idle));
	}
}

void sim_lint_starve(const struct sim_watch *watch, const struct sim_policy *policy,
		     struct sim_lint *lint)
{
	struct episode e;

	(void)policy;
	for (u32 vm = 0; vm < watch->drill->vms_count; vm++) {
		for (u32 second = 0; next_episode(watch, vm, &second, &e);) {
			if (e.to_s - e.from_s < SHORT_S)
				continue;
			measure(watch, &e);
			judge(watch, lint, &e);
		}
	}
}
