/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sim_mech_swap.c - nothing in the guest: the host's swap alone.
 *
 * With "none" a target is not even heard.  With "host-reclaim" it is what the VM shall
 * occupy at most: whenever it is set, the excess is written to memory.reclaim of the VM's
 * cgroup, and the host swaps out the frames that it believes to be the oldest, to its
 * disk or to its zswap.  The guest keeps all of its frames, and faults what it needs back
 * in; until the next target nothing holds it down.
 */
#include "model/sim_balloon.h"
#include "model/sim_guest.h"

#define PIECE_PAGES 512u

static struct sim_moved take(struct sim_guest *guest, u32 want)
{
	struct ws_balloon *logic = &guest->balloon->logic;
	struct sim_host *host = guest->host;
	u64 left = guest->frames_count - logic->target_pages, cpu_ns = host->cpu_ns;
	struct sim_moved moved = { 0 };

	if (guest->backing.backed <= left) {
		logic->working = false;
		return moved;
	}
	u64 excess = guest->backing.backed - left;
	u32 gone = sim_host_evict(host, guest, excess < want ? (u32)excess : want);

	/* The worker charges it. */
	moved.host_ns = host->cpu_ns - cpu_ns;
	host->cpu_ns = cpu_ns;
	if (!gone) {
		moved.puff = true;
		moved.again_ns = guest->engine->now_ns +
				 guest->engine->scenario->costs.balloon_retry_ns;
	}
	return moved;
}

const struct sim_mechanism sim_mechanism_host_reclaim = {
	.name = "host-reclaim",
	.piece_pages = PIECE_PAGES,
	.take = take,
};

const struct sim_mechanism sim_mechanism_none = { .name = "none" };
