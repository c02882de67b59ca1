/* SPDX-License-Identifier: BSD-2-Clause */
/* sim_sampling.c - see sim_sampling.h. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/sim_rng.h"
#include "model/sim_sampling.h"

static void scale_device(struct sim_device_config *device, u32 n)
{
	device->read_ns *= n;
	device->write_ns *= n;
	/* 0 is no limit, and stays so. */
	device->read_bps = device->read_bps && device->read_bps < n ? 1 : device->read_bps / n;
	device->write_bps = device->write_bps && device->write_bps < n ? 1 : device->write_bps / n;
}

static void scale_costs(struct sim_costs *costs, u32 n)
{
	u64 *by_page[] = {
		&costs->minor_fault_ns,	 &costs->ept_fault_ns,	   &costs->ept_huge_fault_ns,
		&costs->inflate_page_ns, &costs->inflate_untouched_ns, &costs->deflate_page_ns,
		&costs->vm_exit_ns,	 &costs->scan_pte_ns,	   &costs->young_pte_ns,
		&costs->reclaim_page_ns, &costs->host_scan_page_ns, &costs->descriptor_access_ns,
		&costs->huge_inflate_ns, &costs->huge_deflate_ns,  &costs->unplug_ns,
		&costs->unplug_untouched_ns, &costs->plug_ns,	   &costs->shared_take_ns,
		&costs->shared_give_ns,	 &costs->migrate_page_ns,  &costs->report_block_ns,
		&costs->report_page_ns,	 &costs->collapse_ns,
	};

	for (u32 i = 0; i < sizeof(by_page) / sizeof(by_page[0]); i++)
		*by_page[i] *= n;
}

int sim_sampling_scale(struct sim_scenario *scaled, const struct sim_scenario *scenario)
{
	u32 n = scenario->sample_one_in;

	*scaled = *scenario;
	scaled->vm = malloc((scenario->vms_count + 1) * sizeof(*scaled->vm));
	if (!scaled->vm)
		return -ENOMEM;
	memcpy(scaled->vm, scenario->vm, scenario->vms_count * sizeof(*scaled->vm));
	if (n == 1)
		return 0;
	scale_costs(&scaled->costs, n);
	scaled->host.khugepaged_sleep_ns *= n; /* a region that it looks at is N of them */
	scale_device(&scaled->host.swap, n);
	for (u32 i = 0; i < scenario->vms_count; i++) {
		scale_device(&scaled->vm[i].swap, n);
		scale_device(&scaled->vm[i].disk, n);
	}
	return 0;
}

u32 *sim_sampling_choose(u32 pages_count, u32 one_in, u64 salt, u32 *chosen_count)
{
	u32 blocks = pages_count / SIM_SAMPLING_BLOCK + 1;
	u32 *number = malloc(blocks * sizeof(*number));

	*chosen_count = 0;
	for (u32 i = 0; number && i < blocks; i++)
		number[i] = sim_mix64(sim_mix64(salt) + i) % one_in ? SIM_SAMPLING_NONE
								   : (*chosen_count)++;
	return number;
}

u32 sim_sampling_filter(const u32 *block_of, const u32 *entry, u32 count, u32 *to)
{
	u32 kept = 0;

	for (u32 i = 0; i < count; i++) {
		u32 block = block_of[entry[i] / (2 * SIM_SAMPLING_BLOCK)];

		to[kept] = block * (2 * SIM_SAMPLING_BLOCK) + entry[i] % (2 * SIM_SAMPLING_BLOCK);
		kept += block != SIM_SAMPLING_NONE;
	}
	return kept;
}

static void times(u64 *from, u64 *last, u32 n)
{
	for (; from <= last; from++)
		*from *= n;
}

void sim_sampling_tell_vm(struct sim_vm_sample *sample, u32 n)
{
	struct sim_vm_counters *counters = &sample->counters;

	if (n == 1)
		return;
	times(&sample->nominal_pages, &sample->split_regions, n);
	for (u32 i = 0; i < sample->generations_count; i++)
		times(&sample->generation[i].anon_pages, &sample->generation[i].file_pages, n);
	for (u32 i = 0; i < sample->reaccess_bins_count; i++)
		times(&sample->reaccess[i].anon_pages, &sample->reaccess[i].file_pages, n);
	times(&sample->reaccess_older_pages[0], &sample->reaccess_older_pages[1], n);
	times(&counters->accesses, &counters->overshoot_pages, n);
	times(&counters->ageing_entries, &counters->rmap_walks, n);
	times(&counters->inflate_pages, &counters->oom_deflate_pages, n);
	times(&counters->vm_exits, &counters->evicted_in_window, n);
	times(&sample->mechanism.taken_regions, &sample->mechanism.soft_regions, n);
}

void sim_sampling_tell_host(struct sim_host_sample *sample, u32 n)
{
	times(&sample->memory_pages, &sample->swap_out_pages, n);
}

/* Measured on the shipped traces: medians of "wssim-bench sampling". */
static const struct {
	u32 one_in;
	double slowdown, memory_percent;
} measured[] = { { 4, 0.012, 1.8 }, { 16, 0.032, 2.3 } };
#define SEED_SLOWDOWN 0.011
#define SEED_MEMORY_PERCENT 0.5

char *sim_sampling_error_text(u32 one_in, char text[SIM_SAMPLING_TEXT])
{
	u32 i = one_in > measured[0].one_in;
	int length;

	length = snprintf(text, SIM_SAMPLING_TEXT,
		 "one block of 32 pages in %u was simulated; on the shipped traces one in %u moved a "
		 "VM's slowdown by %.3f and the memory in use by %.1f %% (another run of the full "
		 "simulation: %.3f, %.1f %%)",
		 one_in, measured[i].one_in, measured[i].slowdown, measured[i].memory_percent,
		 SEED_SLOWDOWN, SEED_MEMORY_PERCENT);
	if (one_in > measured[i].one_in)
		snprintf(text + length, SIM_SAMPLING_TEXT - (size_t)length,
			 "; what one in %u does was not measured: more", one_in);
	return text;
}
