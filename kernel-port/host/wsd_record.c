/* SPDX-License-Identifier: BSD-2-Clause */
/* wsd_record.c - calls the observers; see wsd_record.h. */
#include "wsd_record.h"

#define EACH(record, call, ...)                                                                    \
	do {                                                                                       \
		for (u32 i_ = 0; i_ < (record)->engine.probes_count; i_++)                         \
			if ((record)->engine.probes[i_].call)                                      \
				(record)->engine.probes[i_].call(                                  \
					(record)->engine.probes[i_].ctx, __VA_ARGS__);             \
	} while (0)

void wsd_record_begin(struct wsd_record *record, const struct sim_scenario *scenario,
		      const struct sim_probe *probe, u32 probes_count)
{
	struct sim_run_info info = { .scenario = scenario };

	memset(record, 0, sizeof(*record));
	record->engine.scenario = scenario;
	record->engine.probes = probe;
	record->engine.probes_count = probes_count;
	EACH(record, start, &info);
}

void wsd_record_event(struct wsd_record *record, u64 now_ns, enum sim_event_kind kind, u32 vm,
		      u32 arg, u64 a, u64 b)
{
	record->engine.now_ns = now_ns;
	sim_emit(&record->engine, kind, vm, arg, a, b);
}

void wsd_record_sample(struct wsd_record *record, u64 now_ns, const struct sim_host_sample *host,
		       const struct sim_vm_sample *vm)
{
	EACH(record, sample, now_ns, host, vm, record->engine.scenario->vms_count);
}

void wsd_record_report(struct wsd_record *record, u64 now_ns, u32 vm, u64 age_ns,
		       const struct sim_vm_report *report)
{
	struct sim_report_sample sample = {
		.vm = vm, .pressure = report->pressure,
		.made_ns = age_ns < now_ns ? now_ns - age_ns : 0, .arrived_ns = now_ns,
		.bins_count = report->bins_count,
	};

	for (u32 i = 0; i < report->bins_count; i++) {
		sample.edge_ns[i] = report->bin[i].idle_age_ns;
		sample.anon_bytes[i] = report->bin[i].anon_bytes;
		sample.file_bytes[i] = report->bin[i].file_bytes;
	}
	EACH(record, report, &sample);
}

void wsd_record_explain(struct wsd_record *record, u64 now_ns, u32 vm, const char *text)
{
	EACH(record, explain, now_ns, vm, text);
}

void wsd_record_end(struct wsd_record *record, u64 now_ns, const struct sim_host_sample *host,
		    const struct sim_vm_sample *vm, struct sim_run_result *result)
{
	wsd_record_event(record, now_ns, SIM_EV_END, SIM_HOST_ID, 0, 0, 0);
	*result = (struct sim_run_result){
		.end_ns = now_ns, .digest = record->engine.digest, .events = record->engine.events,
		.valid = true,
	};
	EACH(record, end, result, host, vm, record->engine.scenario->vms_count);
}
