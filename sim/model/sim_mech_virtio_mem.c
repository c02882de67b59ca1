/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sim_mech_virtio_mem.c - memory plugged and unplugged in blocks.
 *
 * The guest's memory above memory_min is the device's, in blocks of block_bytes.  To
 * unplug, the driver goes through the plugged blocks from the top: the used pages of a
 * block are moved away, reclaiming where there is no room for them, and the block goes
 * whole.  One with a page that cannot move is left out.  When it comes to the bottom and
 * is not done, or nothing can be reclaimed, it tries again after 50 s, then twice as long
 * each time up to 300 s, as Linux does.  The guest's kernel knows that it has become
 * smaller, and gets nothing back when it is out of memory.
 *
 * Kernel memory may lie anywhere here, as with memory that was put online as ZONE_NORMAL;
 * in ZONE_MOVABLE it could not stand in the way.
 */
#include <errno.h>

#include "model/sim_balloon.h"
#include "model/sim_region.h"

#define PIECE_REGIONS 32u
#define PATIENCE_MIN_NS (50 * SIM_SECOND)
#define PATIENCE_MAX_NS (300 * SIM_SECOND)

struct layout {
	u32 regions;	/* of a block */
	u32 bottom, top; /* first region of the first block, of the one after the last */
};

static struct layout layout_of(const struct sim_guest *guest)
{
	const struct sim_vm_config *config = guest->config;
	u32 regions = sim_mechanism_unit_pages(guest) / SIM_REGION_PAGES;
	u32 whole = guest->frames_count / SIM_REGION_PAGES;
	u32 bottom = (u32)((config->memory_min_bytes / guest->engine->page_bytes + SIM_REGION_PAGES - 1) /
			   SIM_REGION_PAGES);

	if (bottom > whole)
		bottom = whole;
	return (struct layout){ regions, bottom, bottom + (whole - bottom) / regions * regions };
}

static bool is_unplugged(const struct sim_guest *guest, u32 region)
{
	return guest->backing.state[region * SIM_REGION_PAGES] & SIM_BACK_BALLOON;
}

static void be_patient(struct sim_guest *guest, struct sim_moved *moved)
{
	struct sim_balloon_device *balloon = guest->balloon;

	if (!balloon->patience_ns)
		balloon->patience_ns = PATIENCE_MIN_NS;
	moved->again_ns = guest->engine->now_ns + balloon->patience_ns;
	moved->puff = true;
	balloon->patience_ns *= 2;
	if (balloon->patience_ns > PATIENCE_MAX_NS)
		balloon->patience_ns = PATIENCE_MAX_NS;
}

static void unplug(struct sim_guest *guest, u32 first, u32 count, struct sim_moved *moved)
{
	const struct sim_costs *costs = &guest->engine->scenario->costs;
	struct sim_balloon_device *balloon = guest->balloon;

	for (u32 region = first + count; region-- > first;) {
		moved->guest_ns += sim_host_has_region(&guest->backing, region)
					   ? costs->unplug_ns : costs->unplug_untouched_ns;
		sim_region_take(guest, region);
		balloon->region[balloon->regions_count++] = region;
		moved->pages += SIM_REGION_PAGES;
	}
	balloon->patience_ns = 0;
}

static struct sim_moved take(struct sim_guest *guest, u32 want)
{
	struct sim_balloon_device *balloon = guest->balloon;
	struct layout layout = layout_of(guest);
	struct sim_moved moved = { .guest_ns = guest->engine->scenario->costs.vm_exit_ns };
	u64 again_ns = 0;

	if (balloon->cursor > layout.top)
		balloon->cursor = layout.top;
	while (moved.pages + sim_mechanism_unit_pages(guest) <= want) {
		u32 first = balloon->cursor - layout.regions;

		if (balloon->cursor <= layout.bottom) {
			balloon->cursor = layout.top;
			be_patient(guest, &moved);
			break;
		}
		if (is_unplugged(guest, first)) {
			balloon->cursor = first;
			continue;
		}
		bool room = sim_region_room(guest, sim_mechanism_unit_pages(guest), &moved.guest_ns,
					    &again_ns);
		int rc = room ? sim_region_empty(guest, first, layout.regions, &moved.guest_ns)
			      : -ENOMEM;

		if (rc == -ENOMEM && again_ns > guest->engine->now_ns) {
			moved.again_ns = again_ns;
			break;
		}
		if (rc == -ENOMEM) {
			be_patient(guest, &moved);
			break;
		}
		balloon->cursor = first;
		if (rc)
			balloon->totals.unmovable_blocks++;
		else
			unplug(guest, first, layout.regions, &moved);
	}
	return moved;
}

static struct sim_moved give(struct sim_guest *guest, u32 pages)
{
	const struct sim_costs *costs = &guest->engine->scenario->costs;
	struct sim_balloon_device *balloon = guest->balloon;
	struct sim_moved moved = { .guest_ns = costs->vm_exit_ns };

	while (moved.pages < pages) {
		u32 region = balloon->region[--balloon->regions_count];

		sim_region_give(guest, region);
		if (balloon->cursor <= region)
			balloon->cursor = layout_of(guest).top;
		moved.guest_ns += costs->plug_ns;
		moved.pages += SIM_REGION_PAGES;
	}
	return moved;
}

const struct sim_mechanism sim_mechanism_virtio_mem = {
	.name = "virtio-mem",
	.piece_pages = PIECE_REGIONS * SIM_REGION_PAGES,
	.whole_blocks = true,
	.shrinks_memtotal = true,
	.by_exits = true,
	.take = take,
	.give = give,
};
