/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sim_disturb.h - a disturbance of the scenario begins or ends.
 *
 * Several may be under way at a time.  Of a VM's links the last one of the scenario's list
 * counts; devices that are slowed several times are as slow as all factors multiplied and
 * all latencies added make them.
 */
#ifndef SIM_DISTURB_H
#define SIM_DISTURB_H

#include "model/sim_controller.h"
#include "model/sim_guest.h"
#include "model/sim_link.h"

/* What can be disturbed. */
struct sim_disturbed {
	struct sim_engine *engine;
	struct sim_host *host;
	struct sim_link *link;
	struct sim_controller *control;
	struct sim_guest *guest; /* all VMs of the scenario */
};

/* Number @index of the scenario's list. */
void sim_disturb(const struct sim_disturbed *world, u32 index, bool begins);

#endif /* SIM_DISTURB_H */
