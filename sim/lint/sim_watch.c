/* SPDX-License-Identifier: BSD-2-Clause */
/* sim_watch.c - run a drill and write down every second of it. */
#include <stdio.h>
#include <string.h>

#include "lint/sim_watch.h"

#define STEPS_PER_SECOND (SIM_PLANT_SECOND / SIM_PLANT_STEP_NS)
#define IDLE_NS (60 * SIM_PLANT_SECOND)

/* Totals as they were when the second began, by VM and second. */
struct totals {
	u64 stall_ns[SIM_PLANT_VMS][SIM_DRILL_SECONDS + 1];
	u64 host_stall_ns[SIM_DRILL_SECONDS + 1];
	u64 deflates[SIM_PLANT_VMS], kills[SIM_PLANT_VMS];
};

/* Share of the last seconds that a running total grew by. */
static float recent(const u64 *total_ns, u32 second)
{
	u32 from = second >= SIM_WATCH_WINDOW_S ? second + 1 - SIM_WATCH_WINDOW_S : 0;

	return (float)((double)(total_ns[second + 1] - total_ns[from]) / SIM_WATCH_WINDOW_S /
		       (double)SIM_PLANT_SECOND);
}

static void look_vm(struct sim_watch *watch, const struct sim_plant *plant, u32 vm, u32 second,
		    u64 *stall_ns)
{
	const struct sim_plant_guest *guest = &plant->guest[vm];
	struct sim_watch_vm *now = &watch->vm[vm][second];
	u32 idle, could = guest->actual > guest->vm->min ? guest->actual - guest->vm->min : 0;

	now->running = guest->running;
	now->target = (u16)guest->target;
	now->actual = (u16)guest->actual;
	now->informed_s = (u32)(guest->informed_ns / SIM_PLANT_SECOND);
	stall_ns[second + 1] = guest->stall_ns;
	now->stall = recent(stall_ns, second);
	now->stall = now->stall > 1 ? 1 : now->stall;
	if (!guest->running || !guest->phase_next)
		return;
	now->need = (u16)(guest->vm->base + guest->vm->phase[guest->phase_next - 1].hot);
	now->distress = now->stall >= SIM_WATCH_DISTRESS;
	idle = guest->vm->balloon_rate ? sim_plant_idle(plant, guest, IDLE_NS) : 0;
	now->idle = (u16)(idle < could ? idle : could);
	if (now->distress && !*watch->explained[vm])
		snprintf(watch->explained[vm], sizeof(watch->explained[vm]), "%s",
			 plant->explained[vm]);
}

static void look(struct sim_watch *watch, const struct sim_plant *plant, u32 second,
		 struct totals *totals)
{
	struct sim_watch_host *host = &watch->host[second];

	host->free = (u16)sim_plant_host_free(plant);
	host->high = (u16)plant->high;
	totals->host_stall_ns[second + 1] = plant->host_stall_ns;
	host->stall = recent(totals->host_stall_ns, second);
	for (u32 i = 0; i < plant->vms_count; i++) {
		const struct sim_plant_guest *guest = &plant->guest[i];
		struct sim_watch_vm *now = &watch->vm[i][second];

		look_vm(watch, plant, i, second, totals->stall_ns[i]);
		now->oom_deflates = (u16)(guest->oom_deflates - totals->deflates[i]);
		now->oom_kills = (u16)(guest->oom_kills - totals->kills[i]);
		totals->deflates[i] = guest->oom_deflates;
		totals->kills[i] = guest->oom_kills;
		host->swapped = (u16)(host->swapped + (guest->running ? guest->host_swapped : 0));
	}
}

int sim_watch_run(struct sim_watch *watch, const struct sim_drill *drill,
		  const struct sim_policy *policy, const void *state)
{
	static const struct totals none;
	struct totals totals = none;
	struct sim_plant plant;
	int rc;

	memset(watch, 0, sizeof(*watch));
	watch->drill = drill;
	watch->seconds = drill->duration_s;
	rc = sim_plant_open(&plant, policy, state, drill->vm, drill->vms_count, drill->memory);
	if (rc)
		return rc;
	for (u32 second = 0; second < watch->seconds; second++) {
		sim_drill_steer(drill, &plant, second);
		for (u32 i = 0; i < STEPS_PER_SECOND; i++)
			sim_plant_step(&plant);
		look(watch, &plant, second, &totals);
	}
	for (u32 i = 0; i < plant.vms_count; i++) {
		watch->commands[i] = plant.guest[i].commands;
		watch->requests[i] = plant.guest[i].requests;
	}
	watch->below_min = plant.below_min;
	watch->above_nominal = plant.above_nominal;
	watch->undeclared = plant.undeclared;
	sim_plant_close(&plant);
	return 0;
}
