/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * probe_summary.h - the observer that turns a run into its figures.
 *
 * What the figures mean stands in sim_metrics.h.  Slowdown and what follows from it
 * need a second run of the same scenario, seed and run number in which memory is not
 * short; sim_summary_relate() fills them in.
 *
 * A summary is one block without pointers, so that a worker process can hand it over.
 */
#ifndef PROBE_SUMMARY_H
#define PROBE_SUMMARY_H

#include "model/sim_probe.h"
#include "observe/sim_metrics.h"

struct sim_vm_summary {
	char name[SIM_NAME_MAX];
	double value[SIM_VM_METRICS];
};

struct sim_summary {
	char policy[SIM_NAME_MAX];
	u64 seed;
	u32 run;
	u64 end_ns;
	u64 digest, events; /* of the journal */
	u64 traces_digest;
	bool interrupted, valid;
	double value[SIM_RUN_METRICS];
	u32 vms_count;
	struct sim_vm_summary vm[];
};

static inline u64 sim_summary_bytes(u32 vms_count)
{
	return sizeof(struct sim_summary) + vms_count * sizeof(struct sim_vm_summary);
}

struct probe_summary;

/* @scenario outlives the observer.  Return: the observer; never NULL. */
struct probe_summary *probe_summary_create(const struct sim_scenario *scenario);
struct sim_probe probe_summary_probe(struct probe_summary *summary);
/* After the run; the caller frees it.  NULL if the run never came to its end. */
struct sim_summary *probe_summary_take(struct probe_summary *summary);
void probe_summary_destroy(struct probe_summary *summary);

/*
 * Slowdown of each VM relative to @baseline, and median, p95, max and Jain over VMs.
 * Without work on either side a VM has no slowdown (NaN).
 */
void sim_summary_relate(struct sim_summary *summary, const struct sim_summary *baseline);

#endif /* PROBE_SUMMARY_H */
