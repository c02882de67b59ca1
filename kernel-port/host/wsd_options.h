/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * wsd_options.h - what the daemon is told to do: command line, configuration file.
 *
 * A VM is a list of key=value, on the command line behind --vm and as an object of the
 * file's "vms", with the same keys:
 *
 *	name	 needed, unique
 *	vhost-user=PATH		the daemon is the VM's balloon device; it listens there
 *	qmp=PATH		the VM runs on stock QEMU; its QMP socket
 *	serial=PATH		QEMU's socket of a virtio-serial port with ws_agent in the guest
 *	size, min		memory of the VM, and least that may be left to it
 *	shares			weight against other VMs (1000)
 *	dialect, bins, queues, feature-bit, features	of a vhost-user device
 *	swap, disk		devices behind the guest's refaults, for their price: nvme, ...
 *	balloon			QOM path of QEMU's balloon device; found when left out
 *
 * Everything together is also a scenario (sim_scenario.h), which is how policies with
 * their parameters, and all writers of results, know it.
 *
 * Errors: negative errno with one line of text.  Memory: wsd_options_free().
 */
#ifndef WSD_OPTIONS_H
#define WSD_OPTIONS_H

#include "scenario/sim_scenario.h"
#include "tr_error.h"
#include "wsd_loop.h"
#include "wsd_device.h"

#define WSD_VMS_MAX 256u
#define WSD_PARAMS_MAX 64u
#define WSD_PATH_MAX 108 /* of a Unix socket */

struct wsd_vm_options {
	char name[SIM_NAME_MAX];
	char vhost[WSD_PATH_MAX], qmp[WSD_PATH_MAX], serial[WSD_PATH_MAX];
	char balloon[256];
	char swap[SIM_NAME_MAX], disk[SIM_NAME_MAX];
	u64 size_bytes, min_bytes, shares;
	const struct ws_dialect *dialect;
	struct wsd_device_setup device;
};

struct wsd_options {
	struct wsd_vm_options *vm;
	u32 vms_count;
	char policy[SIM_NAME_MAX];
	char *param[WSD_PARAMS_MAX]; /* "policy.params.NAME=VALUE" */
	u32 params_count;
	char output[SIM_PATH_MAX]; /* "": no files */
	char control[WSD_PATH_MAX];
	char name[SIM_NAME_MAX]; /* of the run, in its results */
	enum wsd_clock clock;
	bool dry_run, no_plots, inband, no_state, quiet;
	u64 duration_ns; /* 0: until somebody stops it */
	u64 sample_ns;
	u64 host_bytes; /* what the VMs may use together; 0: what the machine has */
};

/* Options as they are before anybody said anything. */
void wsd_options_default(struct wsd_options *options);
/* Add a VM from "name=a,qmp=/a.sock". */
int wsd_options_add_vm(struct wsd_options *options, const char *text, struct tr_error *error);
/* "gain=2", of the policy. */
int wsd_options_add_param(struct wsd_options *options, const char *text, struct tr_error *error);
int wsd_options_read_file(struct wsd_options *options, const char *path, struct tr_error *error);
/* Is it whole?  Names, paths, policy, and whether every VM can have the policy's channels. */
int wsd_options_check(struct wsd_options *options, struct tr_error *error);
void wsd_options_free(struct wsd_options *options);

/* Set one key of a VM.  -EINVAL with text. */
int wsd_vm_options_set(struct wsd_vm_options *vm, const char *key, const char *value,
		       struct tr_error *error);

/* The scenario that stands for it; @host_bytes as found out.  Free with sim_scenario_free(). */
int wsd_options_scenario(const struct wsd_options *options, u64 host_bytes,
			 struct sim_scenario *scenario, struct tr_error *error);

/* enum sim_channel bits that a VM with these options can have at best. */
u32 wsd_vm_options_channels(const struct wsd_vm_options *vm);

#endif /* WSD_OPTIONS_H */
