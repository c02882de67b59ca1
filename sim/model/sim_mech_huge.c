/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sim_mech_huge.c - the balloon of 2 MiB pages.
 *
 * A huge page goes into the balloon where the guest has a free one or compaction makes
 * one; the host's huge page goes whole, and nothing is split.  Where memory is on its way
 * to being free the balloon waits for it; where there is no huge page to be had it takes
 * 4 KiB pages, with all that these cost, and leaves compaction alone for a while, as the
 * kernel does: twice as long each time, up to 64 attempts.
 */
#include "model/sim_balloon.h"
#include "model/sim_region.h"

#define PIECE_REGIONS 32u
#define DEFER_SHIFT_MAX 6u /* COMPACT_MAX_DEFER_SHIFT */

static struct sim_moved take_small(struct sim_guest *guest, u32 want)
{
	return sim_balloon_take_pages(guest, want < WS_BALLOON_BATCH_PAGES ? want
									   : WS_BALLOON_BATCH_PAGES);
}

static bool is_deferred(struct sim_balloon_device *balloon)
{
	if (!balloon->defers)
		return false;
	balloon->defers--;
	return true;
}

static void defer(struct sim_balloon_device *balloon)
{
	balloon->defer_shift += balloon->defer_shift < DEFER_SHIFT_MAX;
	balloon->defers = 1u << balloon->defer_shift;
}

static struct sim_moved take(struct sim_guest *guest, u32 want)
{
	const struct sim_costs *costs = &guest->engine->scenario->costs;
	struct sim_balloon_device *balloon = guest->balloon;
	struct sim_claim claim = { .region = SIM_NO_FRAME };
	struct sim_moved moved = { 0 };

	if (want < SIM_REGION_PAGES || is_deferred(balloon))
		return take_small(guest, want);
	while (moved.pages + SIM_REGION_PAGES <= want) {
		claim = sim_region_claim(guest);
		moved.guest_ns += claim.cpu_ns;
		if (claim.region == SIM_NO_FRAME)
			break;
		sim_region_take(guest, claim.region);
		balloon->region[balloon->regions_count++] = claim.region;
		moved.guest_ns += costs->huge_inflate_ns;
		moved.pages += SIM_REGION_PAGES;
	}
	if (moved.pages) {
		moved.guest_ns += costs->vm_exit_ns;
		balloon->defer_shift = 0;
		return moved;
	}
	if (claim.again_ns > guest->engine->now_ns) {
		moved.again_ns = claim.again_ns;
		return moved;
	}
	defer(balloon);
	struct sim_moved small = take_small(guest, want);

	small.guest_ns += moved.guest_ns;
	return small;
}

/* A huge page of the balloon becomes 512 small ones, for less than all is given back. */
static void break_region(struct sim_guest *guest)
{
	struct sim_balloon_device *balloon = guest->balloon;
	u32 region = balloon->region[--balloon->regions_count];

	for (u32 i = SIM_REGION_PAGES; i-- > 0;)
		balloon->frame[balloon->small_pages++] = region * SIM_REGION_PAGES + i;
	sim_host_split(guest, region);
}

static struct sim_moved give(struct sim_guest *guest, u32 pages)
{
	const struct sim_costs *costs = &guest->engine->scenario->costs;
	struct sim_balloon_device *balloon = guest->balloon;
	struct sim_moved moved = { .guest_ns = costs->vm_exit_ns };

	if (!balloon->small_pages && pages < SIM_REGION_PAGES)
		break_region(guest);
	if (balloon->small_pages)
		return sim_balloon_give_pages(guest, pages < balloon->small_pages
							     ? pages : balloon->small_pages);
	while (moved.pages + SIM_REGION_PAGES <= pages) {
		sim_region_give(guest, balloon->region[--balloon->regions_count]);
		moved.guest_ns += costs->huge_deflate_ns;
		moved.pages += SIM_REGION_PAGES;
	}
	return moved;
}

const struct sim_mechanism sim_mechanism_huge_balloon = {
	.name = "huge-balloon",
	.piece_pages = PIECE_REGIONS * SIM_REGION_PAGES,
	.deflates_on_oom = true,
	.by_exits = true,
	.take = take,
	.give = give,
};
