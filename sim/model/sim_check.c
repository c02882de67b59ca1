/* SPDX-License-Identifier: BSD-2-Clause */
/* sim_check.c - invariants of the model. */
#ifndef SIM_CHECK
#define SIM_CHECK /* compiled always, so that it does not rot; called in checked builds */
#endif
#include <assert.h>

#include "model/sim_balloon.h"
#include "model/sim_check.h"

#define WALK_EVERY 4096 /* events between two walks over all pages */

static void frames_of_a_guest_are_conserved(const struct sim_guest *guest)
{
	u64 sum = guest->frames.free_count + sim_balloon_pages(guest) + guest->kernel_frames +
		  guest->swap.pool_frames;

	for (u32 type = 0; type < 3; type++)
		sum += guest->resident[type];
	assert(sum == guest->frames_count);
}

static void memory_of_the_host_is_conserved(const struct sim_guest *guests, u32 guests_count,
					    const struct sim_host *host)
{
	u64 sum = host->free_pages + host->taken_pages + host->pool_pages + host->writing_pages;

	for (u32 i = 0; i < guests_count; i++)
		sum += guests[i].backing.backed;
	assert(sum == host->memory_pages);
}

static void swap_of_the_host_is_conserved(const struct sim_guest *guests, u32 guests_count,
					  const struct sim_host *host)
{
	u64 sum = 0;

	for (u32 i = 0; i < guests_count; i++)
		sum += guests[i].backing.swapped + guests[i].backing.copies;
	assert(sum == host->swap_used);
}

static void generations_hold_all_evictable_pages(const struct sim_guest *guest)
{
	u64 sum = 0, writing = 0;

	for (u32 i = 0; i < guest->config->memcgs_count; i++) {
		struct sim_reclaim_stat stat;

		guest->memcg_of[i].lruvec->ops->stat(guest->memcg_of[i].lruvec, &stat);
		sum += stat.pages[WS_ANON] + stat.pages[WS_FILE];
	}
	for (u32 page = 0; page < guest->pages_count; page++)
		writing += (guest->hot[page] & SIM_HOT_WRITEBACK) != 0;
	assert(sum + writing == guest->resident[TR_ANON] + guest->resident[TR_FILE]);
}

static void pages_and_frames_know_each_other(const struct sim_guest *guest)
{
	u64 resident = 0;

	for (u32 page = 0; page < guest->pages_count; page++) {
		if (!(guest->hot[page] & (SIM_HOT_PRESENT | SIM_HOT_WRITEBACK)))
			continue;
		resident++;
		u32 frame = guest->frame[page] - 1;

		assert(frame < guest->frames_count && guest->backing.owner[frame] == page);
		assert(!sim_frames_is_free(&guest->frames, frame));
		if (guest->hot[page] & SIM_HOT_FAST)
			assert(guest->backing.state[frame] & SIM_BACK_BACKED);
	}
	assert(resident == guest->resident[0] + guest->resident[1] + guest->resident[2]);
}

static void regions_are_as_their_frames(const struct sim_guest *guest)
{
	const struct sim_backing *backing = &guest->backing;
	u64 huge = 0, split = 0, out = 0, backed = 0;

	for (u32 region = 0; region < backing->frames_count / SIM_REGION_PAGES; region++) {
		u32 here = 0;

		for (u32 i = 0; i < SIM_REGION_PAGES; i++) {
			u8 state = backing->state[region * SIM_REGION_PAGES + i];

			here += (state & SIM_BACK_BACKED) != 0;
			out += (state & SIM_BACK_BALLOON) != 0;
		}
		assert(here == backing->region_backed[region]);
		assert(!(backing->region[region] & SIM_REGION_HUGE) || here == SIM_REGION_PAGES);
		backed += here;
		huge += backing->region[region] & SIM_REGION_HUGE ? 1 : 0;
		split += backing->region[region] & SIM_REGION_SPLIT ? 1 : 0;
	}
	assert(huge == backing->huge_regions && split == backing->split_regions);
	assert(backed == backing->backed && (out == sim_balloon_pages(guest) || !guest->running));
}

static void engines_agree_with_themselves(const struct sim_guest *guest)
{
	for (u32 i = 0; i < guest->config->memcgs_count; i++)
		assert(!guest->memcg_of[i].lruvec->ops->check ||
		       guest->memcg_of[i].lruvec->ops->check(guest->memcg_of[i].lruvec));
	assert(guest->backing.lruvec->ops->check(guest->backing.lruvec));
}

static void runs_at_hand_are_of_an_open_cursor(const struct sim_workload *workload)
{
	for (u32 i = 0; i < workload->streams_count; i++)
		assert(!workload->stream[i].has_run || workload->stream[i].cursor);
}

void sim_check_step(const struct sim_guest *guests, u32 guests_count, const struct sim_host *host,
		    u32 vm, u64 step)
{
	memory_of_the_host_is_conserved(guests, guests_count, host);
	swap_of_the_host_is_conserved(guests, guests_count, host);
	if (vm >= guests_count || !guests[vm].running)
		return;
	frames_of_a_guest_are_conserved(&guests[vm]);
	runs_at_hand_are_of_an_open_cursor(&guests[vm].workload);
	if (step % WALK_EVERY)
		return;
	for (u32 i = 0; i < guests_count; i++) {
		generations_hold_all_evictable_pages(&guests[i]);
		pages_and_frames_know_each_other(&guests[i]);
		regions_are_as_their_frames(&guests[i]);
		engines_agree_with_themselves(&guests[i]);
	}
}
