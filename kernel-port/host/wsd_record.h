/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * wsd_record.h - real VMs told to the simulator's observers.
 *
 * Time series, plots, summary and report are those of simulated runs: the observers
 * (sim_probe.h) do not know where samples come from.  What a host cannot know of a real
 * guest stays 0, or without value: where its pages truly stand, what it would do with
 * full memory.
 *
 * Time is the daemon's clock.  The digest over all events is that of a simulated run
 * too, so that two runs in virtual time can be compared by one number.
 */
#ifndef WSD_RECORD_H
#define WSD_RECORD_H

#include "model/sim_engine.h"

struct wsd_record {
	struct sim_engine engine; /* its queue is not used */
};

void wsd_record_begin(struct wsd_record *record, const struct sim_scenario *scenario,
		      const struct sim_probe *probe, u32 probes_count);
void wsd_record_event(struct wsd_record *record, u64 now_ns, enum sim_event_kind kind, u32 vm,
		      u32 arg, u64 a, u64 b);
void wsd_record_sample(struct wsd_record *record, u64 now_ns, const struct sim_host_sample *host,
		       const struct sim_vm_sample *vm);
void wsd_record_report(struct wsd_record *record, u64 now_ns, u32 vm, u64 age_ns,
		       const struct sim_vm_report *report);
void wsd_record_explain(struct wsd_record *record, u64 now_ns, u32 vm, const char *text);
void wsd_record_end(struct wsd_record *record, u64 now_ns, const struct sim_host_sample *host,
		    const struct sim_vm_sample *vm, struct sim_run_result *result);

#endif /* WSD_RECORD_H */
