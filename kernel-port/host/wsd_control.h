/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * wsd_control.h - a policy of the simulator at work on real VMs.
 *
 * The same contract as for simulated hosts (sim_policy.h): the policy sees what it
 * declares and what arrived, and acts by the same calls.  Differences are of the world,
 * not of the policy:
 *
 *	a VM is "added" when its driver is at work and gives every channel that the
 *	policy needs; one that does not is left alone, with a word why
 *	statistics that nobody asked for (a device's first ones) are kept but not told
 *	what the host has: MemAvailable, and with a budget (--host-memory) what is left
 *	of that, the lesser of the two; in guest time the budget alone, for /proc has
 *	another clock.  What VMMs hold beside their guests' memory is taken off, so a
 *	policy sees it as memory that others on the host use
 *	a VM's processor time is its VMM's, of QEMU; of other VMs and in guest time none
 *
 * Once a second it looks whether balloons follow their targets and whether the host is
 * short, as the simulated controller does; every sample interval it tells the record.
 * In a dry run targets and reclaim are said and not sent; statistics and reports are
 * asked for, since there would be nothing to decide by.
 *
 * Memory: wsd_control_destroy() frees.  Errors: negative errno with text.
 */
#ifndef WSD_CONTROL_H
#define WSD_CONTROL_H

#include "wsd_host.h"
#include "wsd_record.h"
#include "wsd_vm.h"

/* The host's end of one VM, beside struct wsd_vm. */
struct wsd_peer {
	bool added;	  /* the policy has it */
	bool stats_asked; /* by the policy, not yet answered */
	u64 actual_seen, moved_ns, stalled_ns, oom_seen; /* watch over the balloon */
	u64 asked_ns;	  /* when the record asked for statistics itself */
	u64 pages_seen;	  /* of the balloon, for the record */
	u64 said_pages;	  /* dry run: the target last spoken of */
	u32 complaints_count;
};

struct wsd_control {
	struct wsd_loop *loop;
	const struct wsd_options *options;
	const struct sim_scenario *scenario;
	const struct sim_policy *policy;
	void *state;
	struct wsd_vm *vm;
	struct wsd_peer *peer;
	u32 vms_count;
	struct sim_vm_view *vm_view;
	struct sim_host_view view;
	struct sim_actions actions;
	struct wsd_host host;
	struct wsd_record *record;
	struct wsd_timer tick, watch, sample, deadline;
	bool closing;
	u64 low_ns, critical_ns; /* time that the host was short */
	/* One line for people: "vm: text", or "text" with vm NULL. */
	void (*say)(const char *vm, const char *text);
};

/* @scenario: of @options; both outlive it.  @record: begun. */
int wsd_control_create(struct wsd_control *control, struct wsd_loop *loop,
		       const struct wsd_options *options, const struct sim_scenario *scenario,
		       struct wsd_record *record, void (*say)(const char *vm, const char *text),
		       struct tr_error *error);
/* The run is over: a last sample.  VMs keep their balloons. */
void wsd_control_finish(struct wsd_control *control, struct sim_run_result *result);
void wsd_control_destroy(struct wsd_control *control);

/* For commands and tests. */
void wsd_control_set_target(struct wsd_control *control, u32 vm, u64 bytes);

#endif /* WSD_CONTROL_H */
