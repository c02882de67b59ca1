/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sim_controller.h - the host's controller: a policy, its view, and its actions.
 *
 * The view holds what arrived (statistics, reports) and what a host can read at any
 * time (configuration space, its own counters), each only when the policy declares the
 * channel.  Actions become messages.
 */
#ifndef SIM_CONTROLLER_H
#define SIM_CONTROLLER_H

#include "ws_proto.h"
#include "model/sim_link.h"
#include "tr_error.h"

struct sim_host;
struct sim_guest;

/* The host's end of one VM. */
struct sim_peer {
	struct ws_proto_host proto;
	u32 target_pages; /* num_pages, as written to the configuration space */
	u64 actual_seen, moved_ns, stalled_ns; /* watch over the balloon */
	u64 oom_seen;
};

struct sim_controller {
	struct sim_engine *engine;
	struct sim_host *host;
	struct sim_link *link;
	struct sim_guest *guests; /* vms_count */
	const struct sim_policy *policy;
	void *state;
	struct sim_peer *peer;
	struct sim_vm_view *vm_view;
	struct sim_host_view view;
	struct sim_actions actions;
};

/*
 * The policy comes from @engine's scenario, and its state is copied from there.  Whatever
 * the arguments point to (@guests: one for each VM of the scenario) outlives @control.
 * Return: 0 or negative errno with text; either way to be destroyed.
 */
int sim_controller_init(struct sim_controller *control, struct sim_engine *engine, struct sim_host *host,
		     struct sim_link *link, struct sim_guest *guests, struct tr_error *error);
void sim_controller_destroy(struct sim_controller *control);

/* The policy's init, then its timers.  Return: 0 or negative errno with text. */
int sim_controller_start(struct sim_controller *control, struct tr_error *error);

void sim_controller_vm_added(struct sim_controller *control, u32 vm);
void sim_controller_vm_removed(struct sim_controller *control, u32 vm);
/*
 * The guest's driver is gone, and the policy is told as if the VM were; but the target stays
 * in the device's configuration space, and when the VM is added again its driver finds it.
 */
void sim_controller_vm_reset(struct sim_controller *control, u32 vm);
void sim_controller_vm_booted(struct sim_controller *control, u32 vm);
/* Statistics or a report from a VM. */
void sim_controller_message(struct sim_controller *control, const struct sim_message *message);
void sim_controller_tick(struct sim_controller *control);  /* SIM_WAKE_TICK */
void sim_controller_watch(struct sim_controller *control); /* SIM_WAKE_WATCH */

#endif /* SIM_CONTROLLER_H */
