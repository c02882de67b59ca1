/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sim_mechanism.h - how a target becomes memory taken from a guest, or given to it.
 *
 * A policy says how large a guest should be; a mechanism gets it there, piece by piece.
 * The worker of sim_balloon.c asks it for the next piece, charges the time that it took to
 * the guest or to the host, and comes back when that time has passed.
 *
 *	balloon		virtio-balloon: 4 KiB pages, 256 at a time; each splits a huge page
 *			of the host
 *	huge-balloon	the same in 2 MiB pages where the guest finds or makes a free one,
 *			in 4 KiB pages where it does not
 *	virtio-mem	blocks of 2 MiB or more are unplugged from the top of the guest's
 *			memory; used pages are moved away first, unmovable ones stop it
 *	hyperalloc	the host takes free 2 MiB frames from an allocator that it shares
 *			with the guest: no exits, and no guest time but for making them free;
 *			besides, it takes what is free every so often, without a target
 *	host-reclaim	the target is written to memory.reclaim of the VM's cgroup on the
 *			host, which swaps out what it thinks is old; the guest knows nothing
 *	none		targets are ignored: the host's swap has to do
 *
 * Whatever the mechanism, policies' reclaim commands and free page reporting work.
 *
 * Sources: the drivers virtio_balloon.c and virtio_mem.c of Linux; HyperAlloc (EuroSys
 * 2025) and its published measurements for the costs, which are in sim_costs.c.
 */
#ifndef SIM_MECHANISM_H
#define SIM_MECHANISM_H

#include <ws_env.h>

struct sim_guest;

/* A piece of work. */
struct sim_moved {
	u32 pages;	/* taken from the guest, or given to it */
	u64 guest_ns;	/* guest's CPU time */
	u64 host_ns;	/* host's CPU time; the piece takes as long as both together */
	u64 again_ns;	/* not to go on before this; 0: at once */
	bool puff;	/* the guest had less than was wanted */
};

struct sim_mechanism {
	const char *name;
	u32 piece_pages;	/* most pages in one call of take() and give() */
	bool whole_blocks;	/* moves multiples of the VM's block_bytes only */
	bool deflates_on_oom;	/* can, when the VM is configured so */
	bool shrinks_memtotal;	/* the guest's kernel knows that it is smaller */
	bool by_exits;		/* the guest tells the host about each piece */
	struct sim_moved (*take)(struct sim_guest *guest, u32 want);
	struct sim_moved (*give)(struct sim_guest *guest, u32 pages);
	/* On its own, every period_ns() (0: never). */
	u64 (*period_ns)(const struct sim_guest *guest);
	void (*periodic)(struct sim_guest *guest);
};

/* By enum sim_mechanism_kind of the scenario. */
extern const struct sim_mechanism *const sim_mechanisms[];

/* Pages in the least that the guest's mechanism can move, and so how near it gets to a target. */
u32 sim_mechanism_unit_pages(const struct sim_guest *guest);

/* Each in its own file. */
extern const struct sim_mechanism sim_mechanism_balloon, sim_mechanism_huge_balloon,
	sim_mechanism_virtio_mem, sim_mechanism_hyperalloc, sim_mechanism_host_reclaim,
	sim_mechanism_none;

/* What mechanisms did, beyond the counters that every VM has; running totals. */
struct sim_mechanism_totals {
	u64 taken_regions, given_regions; /* 2 MiB each, whole */
	u64 migrated_pages;		  /* moved inside the guest to make regions free */
	u64 unmovable_blocks;		  /* could not be made free */
	u64 reported_pages;		  /* by free page reporting */
	u64 soft_regions;		  /* taken by the host without a target */
	u64 reporting_cpu_ns;		  /* guest CPU */
};

#endif /* SIM_MECHANISM_H */
