/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sim_drill.c - the table of drills; see sim_drill.h.
 *
 * Sizes are in blocks of 4 MiB.  The usual three guests have 2 GiB each on a host of
 * 4 GiB: one works steadily on 600 MiB, one steps from 300 MiB to 1.4 GiB and back, one
 * touched 1.4 GiB once and works on 200 MiB; all read files, which fills what is free.
 */
#include <string.h>

#include "lint/sim_drill.h"

#define MIB(mib) ((mib) / 4)
#define SIZED(guest_name)                                                                         \
	.name = guest_name, .nominal = MIB(2048), .min = MIB(512), .base = MIB(100),              \
	.deflate_on_oom = true
#define GUEST(guest_name)                                                                         \
	SIZED(guest_name), .swap = MIB(2048), .balloon_rate = MIB(500)
#define SWAPLESS(guest_name) SIZED(guest_name), .balloon_rate = MIB(500)
#define STEADY_LOAD .phases_count = 1, .phase = { { 0, MIB(600), 0, 2, false } }
#define STEP_LOAD                                                                                 \
	.phases_count = 3,                                                                        \
	.phase = { { 0, MIB(300), 0, 2, false }, { 300, MIB(1400), 0, 2, false },                 \
		   { 700, MIB(300), 0, 2, false } }
#define IDLE_LOAD .phases_count = 1, .phase = { { 0, MIB(200), MIB(1400), 2, false } }
#define BURST(from)                                                                               \
	{ from, MIB(1400), 0, 2, false }, { from + 30, MIB(300), 0, 2, true }
#define STEADY { GUEST("steady"), STEADY_LOAD }
#define STEP { GUEST("step"), STEP_LOAD }
#define IDLE { GUEST("idle"), IDLE_LOAD }
#define USUAL .memory = MIB(4096), .vms_count = 3, .vm = { STEADY, STEP, IDLE }
#define STEPS .duration_s = 1200, .change_s = { 300, 700 }
#define SEC SIM_PLANT_SECOND

const struct sim_drill sim_drills[] = {
	{ "calm", "nothing happens for 40 minutes", 2400, MIB(4096), 3,
	  .vm = { STEADY, { GUEST("quiet"), .phases_count = 1,
			    .phase = { { 0, MIB(300), 0, 2, false } } }, IDLE } },
	{ "step", "a guest's working set grows from 300 MiB to 1.4 GiB, and shrinks again",
	  STEPS, USUAL },
	{ "lost", "every report and statistic is lost for 150 s, around the step", STEPS, USUAL,
	  .link = { .loss = 1 }, .link_from_s = 250, .link_to_s = 400, .blind_from_s = 250,
	  .blind_to_s = 430 },
	{ "lossy", "half of them are lost, a fifth comes out of order, all are 2 to 5 s late",
	  STEPS, USUAL,
	  .link = { .loss = 0.5, .reorder = 0.2, .delay_ns = 2 * SEC, .jitter_ns = 3 * SEC } },
	{ "late", "every report and statistic arrives 20 s late", STEPS, USUAL,
	  .link = { .delay_ns = 20 * SEC } },
	{ "stale", "guests repeat their last report and statistics for 150 s, around the step",
	  STEPS, USUAL, .link = { .frozen = true }, .link_from_s = 250, .link_to_s = 400,
	  .blind_from_s = 250, .blind_to_s = 430 },
	{ "silent", "no guest has a statistics queue", STEPS, .memory = MIB(4096), .vms_count = 3,
	  .vm = { { GUEST("steady"), .no_stats = true, STEADY_LOAD },
		  { GUEST("step"), .no_stats = true, STEP_LOAD },
		  { GUEST("idle"), .no_stats = true, IDLE_LOAD } } },
	{ "slow-balloon", "the balloon of the guest that steps moves 15 MiB a second",
	  STEPS, .memory = MIB(4096), .vms_count = 3,
	  .vm = { STEADY, { SIZED("step"), .swap = MIB(2048), .balloon_rate = 4, STEP_LOAD }, IDLE } },
	{ "refuses", "the idle guest's balloon does not move; the host has 5 GiB", STEPS, .memory = MIB(5120),
	  .vms_count = 3,
	  .vm = { STEADY, STEP, { SIZED("idle"), .swap = MIB(2048), IDLE_LOAD } } },
	{ "arrival", "a fourth guest of 700 MiB comes at 300 s and goes at 700 s",
	  .duration_s = 1200, .change_s = { 300, 700 }, .memory = MIB(4096), .vms_count = 4,
	  .vm = { STEADY, { GUEST("quiet"), .phases_count = 1, .phase = { { 0, MIB(300), 0, 2, false } } },
		  IDLE, { GUEST("guest"), .start_s = 300, .stop_s = 700, .phases_count = 1,
			  .phase = { { 300, MIB(700), 0, 2, false } } } } },
	{ "together", "all guests step from 300 MiB to 1.1 GiB at the same moment, for 400 s",
	  .duration_s = 1200, .change_s = { 300, 700 }, .memory = MIB(4096), .vms_count = 3,
	  .vm = { { GUEST("one"), .phases_count = 3, .phase = { { 0, MIB(300), 0, 2, false },
			{ 300, MIB(1100), 0, 2, false }, { 700, MIB(300), 0, 2, false } } },
		  { GUEST("two"), .phases_count = 3, .phase = { { 0, MIB(300), 0, 2, false },
			{ 300, MIB(1100), 0, 2, false }, { 700, MIB(300), 0, 2, false } } },
		  { GUEST("three"), .phases_count = 3, .phase = { { 0, MIB(300), 0, 2, false },
			{ 300, MIB(1100), 0, 2, false }, { 700, MIB(300), 0, 2, false } } } } },
	{ "host-short", "something else takes 1 GiB of the host for 300 s", .duration_s = 1200,
	  .change_s = { 300, 600 }, .memory = MIB(4096), .vms_count = 3,
	  .vm = { STEADY, { GUEST("quiet"), .phases_count = 1, .phase = { { 0, MIB(300), 0, 2, false } } },
		  IDLE }, .taken = MIB(1024), .taken_from_s = 300, .taken_to_s = 600 },
	{ "oom", "guests without swap; one steps, and its balloon deflates by itself", STEPS,
	  .memory = MIB(4096), .vms_count = 3,
	  .vm = { { SWAPLESS("steady"), STEADY_LOAD }, { SWAPLESS("step"), STEP_LOAD },
		  { SWAPLESS("idle"), IDLE_LOAD } } },
	{ "bursts", "guests without swap; one needs 1.4 GiB for 30 s every two minutes, and frees it",
	  .duration_s = 1200, .change_s = { 300, 420, 540, 660, 780, 900, 1020, 1140 },
	  .memory = MIB(4096), .vms_count = 3,
	  .vm = { { SWAPLESS("steady"), STEADY_LOAD },
		  { SWAPLESS("bursty"), .phases_count = 15,
		    .phase = { { 0, MIB(300), 0, 2, false }, BURST(300), BURST(420), BURST(540),
			       BURST(660), BURST(780), BURST(900), BURST(1020) } },
		  { SWAPLESS("idle"), IDLE_LOAD } } },
	{ .name = NULL },
};

const struct sim_drill *sim_drill_find(const char *name)
{
	for (const struct sim_drill *drill = sim_drills; drill->name; drill++)
		if (!strcmp(drill->name, name))
			return drill;
	return NULL;
}

void sim_drill_steer(const struct sim_drill *drill, struct sim_plant *plant, u32 now_s)
{
	bool on = (!drill->link_from_s && !drill->link_to_s) ||
		  (now_s >= drill->link_from_s && now_s < drill->link_to_s);

	plant->link = on ? drill->link : (struct sim_plant_link){ 0 };
	plant->taken = now_s >= drill->taken_from_s && now_s < drill->taken_to_s ? drill->taken : 0;
}
