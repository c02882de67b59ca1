/* SPDX-License-Identifier: BSD-2-Clause */
/* sim_region.c - free regions of a guest, by luck, by compaction, by reclaim. */
#include <errno.h>

#include "model/sim_balloon.h"
#include "model/sim_region.h"

#define LOOKED_AT 256 /* partly used regions, before the best of them is compacted */

static bool can_move(const struct sim_guest *guest, u32 frame)
{
	u32 page = guest->backing.owner[frame];

	return page < SIM_OWNER_KERNEL && guest->hot[page] & SIM_HOT_PRESENT &&
	       !(guest->memcg[page] & SIM_PAGE_UNEVICTABLE);
}

static bool all_can_move(const struct sim_guest *guest, u32 region)
{
	u32 first = region * SIM_REGION_PAGES;

	if (first + SIM_REGION_PAGES > guest->frames_count)
		return false;
	for (u32 frame = first; frame < first + SIM_REGION_PAGES; frame++)
		if (!sim_frames_is_free(&guest->frames, frame) && !can_move(guest, frame))
			return false;
	return true;
}

/* The kernel reads or writes @frame: what its backing costs.  Return: whether it is backed. */
static bool touch(struct sim_guest *guest, u32 frame, u64 *cpu_ns)
{
	struct sim_touch touch = sim_host_touch(guest->host, guest, frame);
	u64 now_ns = guest->engine->now_ns;

	*cpu_ns += touch.cpu_ns;
	if (touch.fault != SIM_FAULTS && !touch.retry)
		guest->counters.faults[touch.fault]++;
	if (touch.ready_ns > now_ns && !touch.retry)
		*cpu_ns += touch.ready_ns - now_ns; /* the copy waits for the host's swap */
	return !touch.retry;
}

static bool migrate(struct sim_guest *guest, u32 old, u64 *cpu_ns)
{
	u32 frame = sim_frames_take(&guest->frames);

	if (frame == SIM_NO_FRAME)
		return false;
	if (!touch(guest, old, cpu_ns) || !touch(guest, frame, cpu_ns)) {
		sim_frames_give(&guest->frames, frame);
		return false;
	}
	*cpu_ns += guest->engine->scenario->costs.migrate_page_ns;
	sim_page_migrate(guest, guest->backing.owner[old], frame);
	guest->balloon->totals.migrated_pages++;
	return true;
}

/* Frames of the region that nobody owns and that are not free are those taken so far. */
static void undo(struct sim_guest *guest, u32 first, u32 count)
{
	for (u32 i = count * SIM_REGION_PAGES; i-- > 0;) {
		u32 frame = first * SIM_REGION_PAGES + i;

		if (guest->backing.owner[frame] == SIM_OWNER_NONE)
			sim_frames_give(&guest->frames, frame);
	}
}

int sim_region_empty(struct sim_guest *guest, u32 first, u32 count, u64 *cpu_ns)
{
	const struct sim_costs *costs = &guest->engine->scenario->costs;
	u32 free = 0;

	for (u32 region = first; region < first + count; region++) {
		free += guest->frames.region_free[region];
		if (guest->frames.region_free[region] == SIM_REGION_PAGES)
			continue;
		*cpu_ns += SIM_REGION_PAGES * costs->scan_pte_ns;
		if (!all_can_move(guest, region))
			return -EBUSY;
	}
	if (guest->frames.free_count < free + guest->watermark.min ||
	    guest->frames.free_count - free - guest->watermark.min <= count * SIM_REGION_PAGES - free)
		return -ENOMEM;
	for (u32 region = first; region < first + count; region++)
		sim_frames_isolate(&guest->frames, region);
	for (u32 i = 0; i < count * SIM_REGION_PAGES; i++) {
		u32 frame = first * SIM_REGION_PAGES + i;

		if (guest->backing.owner[frame] == SIM_OWNER_NONE)
			continue;
		if (!migrate(guest, frame, cpu_ns)) {
			undo(guest, first, count);
			return -ENOMEM;
		}
	}
	sim_guest_wake_kswapd(guest);
	return 0;
}

bool sim_region_room(struct sim_guest *guest, u64 pages, u64 *cpu_ns, u64 *again_ns)
{
	u64 want = guest->watermark.min + pages, next_ns;

	if (guest->frames.free_count <= want) {
		struct sim_reclaimed got =
			sim_guest_reclaim(guest, want + 1 - guest->frames.free_count,
					  SIM_MEMCGS_MAX, SIM_RECLAIM_BALLOON);

		*cpu_ns += got.cpu_ns;
	}
	if (guest->frames.free_count > want)
		return true;
	next_ns = sim_guest_next_write_ns(guest);
	*again_ns = next_ns == SIM_NONE ? 0 : next_ns;
	return false;
}

/* Of the first regions in the allocator's list, the one with the least to move. */
static u32 best_to_compact(const struct sim_guest *guest)
{
	const struct sim_frames *frames = &guest->frames;
	u32 best = SIM_NO_FRAME, looked = 0;

	for (u32 region = frames->partial; region != SIM_NO_FRAME && looked < LOOKED_AT;
	     region = frames->after[region], looked++)
		if ((best == SIM_NO_FRAME ||
		     frames->region_free[region] > frames->region_free[best]) &&
		    all_can_move(guest, region))
			best = region;
	return best;
}

struct sim_claim sim_region_claim(struct sim_guest *guest)
{
	struct sim_claim claim = { .region = SIM_NO_FRAME };
	u32 region;

	if (!sim_region_room(guest, SIM_REGION_PAGES, &claim.cpu_ns, &claim.again_ns))
		return claim;
	region = guest->frames.whole;
	if (region == SIM_NO_FRAME)
		region = best_to_compact(guest);
	if (region != SIM_NO_FRAME && !sim_region_empty(guest, region, 1, &claim.cpu_ns))
		claim.region = region;
	return claim;
}

void sim_region_take(struct sim_guest *guest, u32 region)
{
	sim_host_take_region(guest->host, guest, region);
	guest->balloon->totals.taken_regions++;
}

void sim_region_give(struct sim_guest *guest, u32 region)
{
	for (u32 i = SIM_REGION_PAGES; i-- > 0;) {
		u32 frame = region * SIM_REGION_PAGES + i;

		guest->backing.state[frame] &= (u8)~SIM_BACK_BALLOON;
		sim_guest_frame_free(guest, frame);
	}
	guest->balloon->totals.given_regions++;
}
