/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sim_scenario_parts.h - how the files that read a scenario share the work.
 *
 * Not for others: they use sim_scenario_read.h.
 */
#ifndef SIM_SCENARIO_PARTS_H
#define SIM_SCENARIO_PARTS_H

#include "scenario/sim_field.h"
#include "scenario/sim_scenario.h"

#define SIM_DEVICE_DEFAULT "nvme" /* swap and disk that a scenario does not describe */

struct sim_reader {
	struct sim_scenario *scenario;
	struct sim_json_in top;
	struct tr_error *error;
	char trace_folder[SIM_PATH_MAX]; /* where trace names start from; "" or ends in '/' */
	const char *policy_override;	 /* NULL: the scenario's own */
	/* "devices" of this scenario, beside the built-in ones. */
	struct sim_device_config *device;
	u32 devices_count;
};

/* A device with a capacity, as "swap" has it; the size may be left to a default. */
struct sim_swap_config {
	struct sim_device_config device;
	u64 bytes; /* SIM_NONE: not given */
};

/* The part of @path before the file's name, with its '/', or "". */
void sim_folder_of(const char *path, char folder[SIM_PATH_MAX]);

/* Rows that several tables need. */
int sim_read_device(struct sim_reader *reader, const struct sim_json_in *in,
		    struct sim_device_config *device);
int sim_read_swap(struct sim_reader *reader, const struct sim_json_in *in,
		  struct sim_swap_config *swap);
void sim_print_device(struct sim_json_writer *json, const char *key,
		      const struct sim_device_config *device);
void sim_print_swap(struct sim_json_writer *json, const char *key,
		    const struct sim_device_config *device, u64 bytes);

/* Parts of the scenario, one file each. */
int sim_read_devices(struct sim_reader *reader, const struct sim_json_in *in);
int sim_read_host(struct sim_reader *reader, const struct sim_json_in *in);
int sim_read_costs(struct sim_reader *reader, const struct sim_json_in *in);
int sim_read_vms(struct sim_reader *reader, const struct sim_json_in *in,
		 const struct sim_json_in *defaults);
int sim_read_disturbances(struct sim_reader *reader, const struct sim_json_in *in);
int sim_read_policy(struct sim_reader *reader, const struct sim_json_in *in);

/* Defaults of a part that the file does not mention. */
void sim_default_host(struct sim_host_config *host);

void sim_print_host(struct sim_json_writer *json, const struct sim_scenario *scenario);
void sim_print_costs(struct sim_json_writer *json, const struct sim_scenario *scenario);
void sim_print_vms(struct sim_json_writer *json, const struct sim_scenario *scenario);
void sim_print_disturbances(struct sim_json_writer *json, const struct sim_scenario *scenario);
void sim_print_policy(struct sim_json_writer *json, const struct sim_scenario *scenario);

/* sim_scenario_mechanism.c: mechanism and page_reporting of a VM, khugepaged of the host. */
void sim_default_mechanism(struct sim_vm_config *vm);
int sim_read_mechanism(struct sim_reader *reader, const struct sim_json_in *in, void *object);
void sim_print_mechanism(struct sim_json_writer *json, const struct sim_field *field,
			 const void *object);
int sim_read_reporting(struct sim_reader *reader, const struct sim_json_in *in, void *object);
void sim_print_reporting(struct sim_json_writer *json, const struct sim_field *field,
			 const void *object);
int sim_read_khugepaged(struct sim_reader *reader, const struct sim_json_in *in, void *object);
void sim_print_khugepaged(struct sim_json_writer *json, const struct sim_field *field,
			  const void *object);

/* sim_scenario_workload.c: "workload" of a VM. */
int sim_read_workload(struct sim_reader *reader, const struct sim_json_in *in, void *object);
void sim_print_workload(struct sim_json_writer *json, const struct sim_field *field,
			const void *object);
/*
 * Write the traces for a VM's demand series, once everything else about the VM is known: what
 * the series' shares are of may depend on its size.  @in and @defaults (may be NULL) are the
 * VM's object and the defaults for all VMs, for the place in an error.
 */
int sim_make_demands(struct sim_reader *reader, const struct sim_json_in *in,
		     const struct sim_json_in *defaults, struct sim_vm_config *vm);

/* sim_scenario_memcg.c: "memcgs" of a VM; the default is the root alone. */
void sim_default_memcgs(struct sim_vm_config *vm);
int sim_read_memcgs(struct sim_reader *reader, const struct sim_json_in *in, void *object);
void sim_print_memcgs(struct sim_json_writer *json, const struct sim_field *field,
		      const void *object);

/* The properties of a link: delay, jitter, loss, reorder. */
extern const struct sim_field sim_link_fields[];

#endif /* SIM_SCENARIO_PARTS_H */
