/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sim_reporting.c - free page reporting: the guest tells the host which memory is free.
 *
 * Every delay the guest goes through its free blocks of the reporting order and above and
 * reports those that the host still holds anything of, in messages of 32.  A pass
 * reports no more than a share of what is free, so that it takes several to report all
 * (16 in Linux: page_reporting_cycle()).  A 2 MiB block comes back whole, and its next
 * use may be backed by a huge page; a smaller one splits it.
 */
#include "model/sim_balloon.h"
#include "model/sim_guest.h"

#define BATCH 32u /* PAGE_REPORTING_CAPACITY */

struct pass {
	struct sim_guest *guest;
	u64 budget; /* blocks that may yet be reported */
	u64 blocks, pages;
};

static bool all_free(const struct sim_frames *frames, u32 first, u32 count)
{
	for (u32 frame = first; frame < first + count; frame++)
		if (!sim_frames_is_free(frames, frame))
			return false;
	return true;
}

static bool holds_any(const struct sim_backing *backing, u32 first, u32 count)
{
	for (u32 frame = first; frame < first + count; frame++)
		if (backing->state[frame] & (SIM_BACK_BACKED | SIM_BACK_SWAPPED | SIM_BACK_COPY))
			return true;
	return false;
}

/* The largest block of the buddy allocator that begins at a free frame. */
static u32 block_at(const struct sim_frames *frames, u32 frame)
{
	u32 count = 1;

	while (count < SIM_REGION_PAGES && frame % (2 * count) == 0 &&
	       frame + 2 * count <= frames->frames_count &&
	       all_free(frames, frame + count, count))
		count *= 2;
	return count;
}

static void reported(struct pass *pass, u32 pages)
{
	pass->budget--;
	pass->blocks++;
	pass->pages += pages;
}

static void report_part(struct pass *pass, u32 region)
{
	struct sim_guest *guest = pass->guest;
	const struct sim_frames *frames = &guest->frames;
	u32 frame = region * SIM_REGION_PAGES, end = frame + SIM_REGION_PAGES, count;

	if (end > guest->frames_count)
		end = guest->frames_count;
	for (; frame < end && pass->budget; frame += count) {
		count = 1;
		if (!sim_frames_is_free(frames, frame))
			continue;
		count = block_at(frames, frame);
		if (count < 1u << guest->config->reporting_order ||
		    !holds_any(&guest->backing, frame, count))
			continue;
		sim_host_report(guest->host, guest, frame, count);
		reported(pass, count);
	}
}

static u64 free_blocks(const struct sim_guest *guest)
{
	u64 whole = 0;

	if (guest->config->reporting_order < 9)
		return guest->frames.free_count >> guest->config->reporting_order;
	for (u32 region = 0; region < guest->frames.regions_count; region++)
		whole += guest->frames.region_free[region] == SIM_REGION_PAGES;
	return whole;
}

static void charge(struct pass *pass)
{
	struct sim_guest *guest = pass->guest;
	const struct sim_costs *costs = &guest->engine->scenario->costs;
	u64 batches = (pass->blocks + BATCH - 1) / BATCH;
	u64 cpu_ns = batches * costs->vm_exit_ns + pass->blocks * costs->report_block_ns +
		     pass->pages * costs->report_page_ns;

	guest->counters.vm_exits += batches;
	guest->counters.balloon_cpu_ns += cpu_ns;
	guest->balloon->totals.reported_pages += pass->pages;
	guest->balloon->totals.reporting_cpu_ns += cpu_ns;
	if (cpu_ns)
		sim_guest_owe(guest, cpu_ns);
}

void sim_guest_page_reporting(struct sim_guest *guest)
{
	u64 share = (u64)BATCH * guest->config->reporting_passes;
	struct pass pass = { .guest = guest };

	if (!guest->running)
		return;
	pass.budget = (free_blocks(guest) + share - 1) / share * BATCH;
	for (u32 region = 0; region < guest->frames.regions_count && pass.budget; region++) {
		u32 free = guest->frames.region_free[region];

		if (!free || !sim_host_has_region(&guest->backing, region))
			continue;
		if (free == SIM_REGION_PAGES) {
			sim_host_unback_region(guest->host, guest, region);
			reported(&pass, SIM_REGION_PAGES);
		} else if (guest->config->reporting_order < 9) {
			report_part(&pass, region);
		}
	}
	charge(&pass);
	sim_guest_timer(guest, guest->engine->now_ns + guest->config->reporting_delay_ns,
			SIM_WAKE_REPORTING);
}
