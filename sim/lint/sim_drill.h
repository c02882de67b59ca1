/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sim_drill.h - the disturbances that a policy is taken through, one table.
 *
 * Each drill is a host of the plant (sim_plant.h) with declared guests and one thing that
 * goes wrong.  In all of them the host has memory for what guests work on, unless the
 * drill says otherwise, so that a guest that starves beside it tells of the policy.
 */
#ifndef SIM_DRILL_H
#define SIM_DRILL_H

#include "lint/sim_plant.h"

#define SIM_DRILL_SECONDS 3000 /* the longest */
#define SIM_DRILL_CHANGES 8

struct sim_drill {
	const char *name, *about;
	u32 duration_s, memory; /* memory: of the host, blocks */
	u32 vms_count;
	struct sim_plant_vm vm[SIM_PLANT_VMS];
	struct sim_plant_link link;		 /* all along, or from .. to */
	u32 link_from_s, link_to_s;		 /* 0, 0: all along */
	u32 taken, taken_from_s, taken_to_s;	 /* of the host's memory, blocks */
	/* When the policy cannot know, it is not judged by what guests need. */
	u32 blind_from_s, blind_to_s;
	u32 change_s[SIM_DRILL_CHANGES]; /* ascending, ended by 0: load or host changes */
};

extern const struct sim_drill sim_drills[]; /* ended by a NULL name */

const struct sim_drill *sim_drill_find(const char *name); /* NULL: unknown */

/* At the beginning of second @now_s: what the drill does to the plant. */
void sim_drill_steer(const struct sim_drill *drill, struct sim_plant *plant, u32 now_s);

#endif /* SIM_DRILL_H */
