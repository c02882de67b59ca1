/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sim_mech_hyperalloc.c - the host takes frames from an allocator that it shares.
 *
 * The allocator's state lies in memory that guest and host both write with atomic
 * operations, so that the host takes a free 2 MiB frame without a word to the guest.  A
 * target is a hard limit: what the host took for it the guest cannot use before it is
 * given back.  Where no frame is free the guest has to reclaim and to compact, at its own
 * cost.  Besides, every auto_ns the host takes all free frames that it backs (soft: the
 * guest may use them again, and the first use has them backed as a new one, which costs
 * ept_huge_fault; the call into the host that the guest's allocator makes then stands for
 * the fault).  No deflation on OOM.
 */
#include "model/sim_balloon.h"
#include "model/sim_region.h"

#define PIECE_REGIONS 256u

static struct sim_moved take(struct sim_guest *guest, u32 want)
{
	const struct sim_costs *costs = &guest->engine->scenario->costs;
	struct sim_balloon_device *balloon = guest->balloon;
	u64 now_ns = guest->engine->now_ns;
	struct sim_moved moved = { 0 };

	while (moved.pages + SIM_REGION_PAGES <= want) {
		struct sim_claim claim = sim_region_claim(guest);

		moved.guest_ns += claim.cpu_ns;
		if (claim.region == SIM_NO_FRAME) {
			moved.puff = claim.again_ns <= now_ns;
			moved.again_ns = moved.puff ? now_ns + costs->balloon_retry_ns
						    : claim.again_ns;
			break;
		}
		sim_region_take(guest, claim.region);
		balloon->region[balloon->regions_count++] = claim.region;
		moved.host_ns += costs->shared_take_ns;
		moved.pages += SIM_REGION_PAGES;
	}
	return moved;
}

static struct sim_moved give(struct sim_guest *guest, u32 pages)
{
	struct sim_balloon_device *balloon = guest->balloon;
	struct sim_moved moved = { 0 };

	while (moved.pages < pages) {
		sim_region_give(guest, balloon->region[--balloon->regions_count]);
		moved.host_ns += guest->engine->scenario->costs.shared_give_ns;
		moved.pages += SIM_REGION_PAGES;
	}
	return moved;
}

static u64 period_ns(const struct sim_guest *guest)
{
	return guest->config->auto_ns;
}

static void take_what_is_free(struct sim_guest *guest)
{
	for (u32 region = 0; region < guest->frames.regions_count; region++) {
		if (guest->frames.region_free[region] != SIM_REGION_PAGES ||
		    !sim_host_has_region(&guest->backing, region))
			continue;
		sim_host_unback_region(guest->host, guest, region);
		guest->host->cpu_ns += guest->engine->scenario->costs.shared_take_ns;
		guest->balloon->totals.soft_regions++;
	}
}

const struct sim_mechanism sim_mechanism_hyperalloc = {
	.name = "hyperalloc",
	.piece_pages = PIECE_REGIONS * SIM_REGION_PAGES,
	.whole_blocks = true,
	.take = take,
	.give = give,
	.period_ns = period_ns,
	.periodic = take_what_is_free,
};
