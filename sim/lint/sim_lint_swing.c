/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sim_lint_swing.c - targets that go to and fro while nothing changes.
 *
 * Turns are counted on the target itself, with a hysteresis of 4 % of the guest's size,
 * in the times between two changes of load, from three minutes after a change on.
 */
#include "lint/sim_lint_checks.h"

#define SETTLE_S 180
#define TURNS_WARNING 3
#define TURNS_ERROR 4

struct swing {
	u32 turns, first_s, last_s;
	double way; /* between turns, blocks */
};

/* Turns of @vm's target in [from, to). */
static struct swing count_turns(const struct sim_watch *watch, u32 vm, u32 from, u32 to)
{
	const struct sim_watch_vm *at = watch->vm[vm];
	u32 least = watch->drill->vm[vm].nominal / 25, extreme, extreme_s = from;
	u32 turn = 0; /* where it turned last */
	int direction = 0;
	struct swing swing = { 0 };

	extreme = at[from].target;
	for (u32 s = from; s < to && at[s].running; s++) {
		u32 target = at[s].target;

		if ((direction > 0 && target > extreme) || (direction < 0 && target < extreme)) {
			extreme = target;
			extreme_s = s;
		}
		bool down = direction >= 0 && target + least <= extreme;
		bool up = direction <= 0 && target >= extreme + least;
		if (!down && !up)
			continue;
		if (direction) {
			if (!swing.turns++)
				swing.first_s = extreme_s;
			else
				swing.way += extreme > turn ? extreme - turn : turn - extreme;
			swing.last_s = extreme_s;
			turn = extreme;
		}
		direction = down ? -1 : 1;
		extreme = target;
		extreme_s = s;
	}
	return swing;
}

static void judge(const struct sim_watch *watch, struct sim_lint *lint, u32 vm, u32 from, u32 to)
{
	struct swing swing = count_turns(watch, vm, from, to);
	u32 nominal = watch->drill->vm[vm].nominal;

	if (swing.turns < TURNS_WARNING)
		return;
	double way = swing.way / (swing.turns - 1);
	double period_s = 2.0 * (swing.last_s - swing.first_s) / (swing.turns - 1);
	struct sim_lint_finding *finding = sim_lint_find(
		lint, watch, "oscillation",
		swing.turns >= TURNS_ERROR && way * 10 >= nominal ? SIM_LINT_ERROR : SIM_LINT_WARNING,
		watch->drill->vm[vm].name);
	finding->from_s = swing.first_s;
	finding->to_s = swing.last_s;
	finding->count = swing.turns;
	finding->period_s = period_s;
	finding->bytes = way * (double)SIM_PLANT_BLOCK;
	sim_lint_say(finding, "its target turns %u times by %u MiB with a period of %.0f s, while no "
			      "load changes", swing.turns, MB(way), period_s);
}

void sim_lint_swing(const struct sim_watch *watch, const struct sim_policy *policy,
		    struct sim_lint *lint)
{
	const struct sim_drill *drill = watch->drill;
	u32 from = 0;

	(void)policy;
	for (u32 i = 0; i <= SIM_DRILL_CHANGES && from < watch->seconds; i++) {
		u32 to = i < SIM_DRILL_CHANGES && drill->change_s[i] ? drill->change_s[i] :
								      watch->seconds;
		if (drill->blind_from_s && from < drill->blind_from_s && to > drill->blind_from_s)
			to = drill->blind_from_s;
		if (drill->blind_from_s && from >= drill->blind_from_s && from < drill->blind_to_s)
			from = drill->blind_to_s;
		for (u32 vm = 0; vm < drill->vms_count && from + SETTLE_S < to; vm++)
			judge(watch, lint, vm, from + SETTLE_S, to);
		from = i < SIM_DRILL_CHANGES && drill->change_s[i] ? drill->change_s[i] :
								    watch->seconds;
	}
}
