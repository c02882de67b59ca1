/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fake_run.h - a made-up run, for tests of what observers and writers make of one.
 *
 * No model: samples, events and reports follow simple rules with answers that a test
 * can work out.  Everything is a function of the arguments.
 */
#ifndef FAKE_RUN_H
#define FAKE_RUN_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/sim_probe.h"

#define FAKE_VM_PAGES 131072ull /* 512 MiB */
#define FAKE_S 1000000000ull

static struct sim_policy fake_policy = {
	.name = "fake",
	.summary = "a policy of tests",
	.channels = SIM_CH_STATS | SIM_CH_REPORTS,
};

static inline void fake_scenario(struct sim_scenario *scenario, u32 vms_count, u64 duration_s)
{
	memset(scenario, 0, sizeof(*scenario));
	snprintf(scenario->name, sizeof(scenario->name), "fake");
	scenario->seed = 7;
	scenario->run = 0;
	scenario->duration_ns = duration_s * FAKE_S;
	scenario->sample_ns = FAKE_S;
	scenario->quantum_ns = FAKE_S / 100;
	scenario->host.memory_bytes = vms_count * FAKE_VM_PAGES * 4096 * 2 / 3;
	scenario->policy = &fake_policy;
	scenario->vms_count = vms_count;
	scenario->vm = calloc(vms_count, sizeof(*scenario->vm));
	for (u32 i = 0; i < vms_count; i++) {
		snprintf(scenario->vm[i].name, SIM_NAME_MAX, i == 1 ? "it's a \"vm\", _%u" : "vm%u",
			 i);
		scenario->vm[i].memory_bytes = FAKE_VM_PAGES * 4096;
		scenario->vm[i].stop_ns = SIM_NONE;
		scenario->vm[i].shares = 1000;
	}
}

static inline void fake_scenario_free(struct sim_scenario *scenario)
{
	free(scenario->vm);
}

/* A triangle wave between 0 and top with this period. */
static inline u64 fake_wave(u64 t_s, u64 period_s, u64 top)
{
	u64 phase = t_s % period_s, half = period_s / 2;

	return phase < half ? top * phase / half : top * (period_s - phase) / half;
}

static inline void fake_vm_sample(struct sim_vm_sample *vm, u32 index, u64 t_s, u64 slow_percent)
{
	u64 load = fake_wave(t_s + 40 * index, 200, FAKE_VM_PAGES / 2);
	u64 cap = FAKE_VM_PAGES - fake_wave(t_s, 300, FAKE_VM_PAGES / 2);

	memset(vm, 0, sizeof(*vm));
	vm->running = true;
	vm->nominal_pages = FAKE_VM_PAGES;
	vm->target_pages = cap;
	vm->balloon_pages = (FAKE_VM_PAGES - cap) * 9 / 10;
	vm->kernel_pages = 8192;
	vm->anon_pages = load;
	vm->file_pages = FAKE_VM_PAGES / 6;
	u64 used = vm->kernel_pages + vm->anon_pages + vm->file_pages;
	u64 left = FAKE_VM_PAGES - vm->balloon_pages;
	if (used > left) {
		vm->swapped_pages = used - left;
		vm->anon_pages -= vm->swapped_pages;
		used = left;
	}
	vm->free_pages = left - used;
	vm->available_pages = vm->free_pages + vm->file_pages / 2;
	vm->backed_pages = used + vm->free_pages / 2;
	vm->psi_some_avg10 = (u32)(vm->swapped_pages ? 1000 + 20 * index : 50);
	vm->generations_count = 4;
	for (u32 g = 0; g < 4; g++) {
		vm->generation[g].age_ns = (1ull << (2 * g)) * (5 + t_s % 7) * FAKE_S;
		vm->generation[g].anon_pages = vm->anon_pages / 4;
		vm->generation[g].file_pages = vm->file_pages / 4;
	}
	vm->reaccess_bins_count = 3;
	vm->reaccess[1].anon_pages = 10 * (t_s / 30); /* moves twice a minute */
	vm->reaccess_older_pages[1] = index;
	vm->counters.compute_ns = t_s * FAKE_S / 2;
	vm->counters.busy_ns = vm->counters.compute_ns * (100 + slow_percent) / 100;
	vm->counters.idle_ns = t_s * FAKE_S - vm->counters.compute_ns;
	vm->counters.io_ns = vm->counters.busy_ns - vm->counters.compute_ns;
	vm->counters.psi_some_ns = t_s * FAKE_S / 10;
	vm->counters.swap_in_pages = t_s * 10;
	vm->counters.swap_out_pages = t_s * 20;
	vm->counters.evicted_total = 1000;
	vm->counters.evicted_in_window = 2;
}

static inline void fake_samples(const struct sim_scenario *scenario, u64 t_s, u64 slow_percent,
				struct sim_host_sample *host, struct sim_vm_sample *vm)
{
	memset(host, 0, sizeof(*host));
	host->memory_pages = scenario->host.memory_bytes / 4096;
	for (u32 i = 0; i < scenario->vms_count; i++) {
		fake_vm_sample(&vm[i], i, t_s, slow_percent * (i + 1));
		host->backed_pages += vm[i].backed_pages;
	}
	if (host->backed_pages > host->memory_pages) {
		host->swapped_pages = host->backed_pages - host->memory_pages;
		host->backed_pages = host->memory_pages;
	}
	host->free_pages = host->memory_pages - host->backed_pages;
}

static inline void fake_report(const struct sim_probe *probe, u32 vm, u64 t_s, bool pressure)
{
	struct sim_report_sample report = { .vm = vm, .pressure = pressure, .bins_count = 4 };
	static const u64 edges_s[] = { 2, 20, 200 };

	report.made_ns = report.arrived_ns = t_s * FAKE_S;
	report.cost_ns = 50000;
	for (u32 i = 0; i < 4; i++) {
		report.edge_ns[i] = i < 3 ? edges_s[i] * FAKE_S : SIM_NONE;
		report.anon_bytes[i] = (10 + 5ull * i) << 20;
		report.true_anon_bytes[i] = (10 + 5ull * (3 - i)) << 20;
	}
	/* 10 15 20 25 against 25 20 15 10: 20 MiB of 70 stand elsewhere. */
	report.wrong_bytes = 20ull << 20;
	probe->report(probe->ctx, &report);
}

static inline void fake_event(const struct sim_probe *probe, u64 t_s, u16 kind, u16 vm, u32 arg,
			      u64 a, u64 b)
{
	struct sim_event_record record = { t_s * FAKE_S, kind, vm, arg, a, b };

	if (probe->event)
		probe->event(probe->ctx, &record);
}

/* Drive @probes through the scenario's duration; VM i is slowed by (i + 1) * slow_percent. */
static inline void fake_run(const struct sim_scenario *scenario, const struct sim_probe *probes,
			    u32 probes_count, u64 slow_percent)
{
	struct sim_vm_sample *vm = calloc(scenario->vms_count, sizeof(*vm));
	struct sim_run_info info = { scenario, 0x1234 };
	u64 end_s = scenario->duration_ns / FAKE_S;
	struct sim_host_sample host;

	for (u32 p = 0; p < probes_count; p++) {
		const struct sim_probe *probe = &probes[p];
		if (probe->start)
			probe->start(probe->ctx, &info);
		for (u32 i = 0; i < scenario->vms_count; i++)
			fake_event(probe, 0, SIM_EV_START, (u16)i, 0, FAKE_VM_PAGES, 0);
		for (u64 t_s = 0; t_s <= end_s; t_s++) {
			fake_samples(scenario, t_s, slow_percent, &host, vm);
			for (u32 i = 0; i < scenario->vms_count; i++) {
				fake_event(probe, t_s, SIM_EV_TARGET, (u16)i, 0,
					   vm[i].target_pages, 0);
				fake_event(probe, t_s, SIM_EV_BALLOON, (u16)i, 0, 1,
					   vm[i].balloon_pages);
				if (probe->report && t_s % 10 == 3 + i % 5)
					fake_report(probe, i, t_s, t_s % 50 == 3 + i % 5);
			}
			if (probe->explain && t_s == 5)
				probe->explain(probe->ctx, t_s * FAKE_S, 0, "because, \"so\"");
			if (probe->sample)
				probe->sample(probe->ctx, t_s * FAKE_S, &host, vm,
					      scenario->vms_count);
		}
		fake_event(probe, end_s, SIM_EV_END, 0xffff, 0, 99, 0);
		struct sim_run_result result = { .end_ns = end_s * FAKE_S,
						 .digest = 0xabcdef,
						 .events = 42,
						 .valid = true };
		if (probe->end)
			probe->end(probe->ctx, &result, &host, vm, scenario->vms_count);
	}
	free(vm);
}

#endif /* FAKE_RUN_H */
