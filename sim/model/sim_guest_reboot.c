/* SPDX-License-Identifier: BSD-2-Clause */
/* sim_guest_reboot.c - a guest resets itself and boots again; see sim_guest.h. */
#include "model/sim_balloon.h"
#include "model/sim_guest.h"
#include "model/sim_reporter.h"

/* What is on its way to a device arrives there, but belongs to nobody any more. */
static void forget_writes(struct sim_guest *guest)
{
	for (u32 i = 0; i < guest->batches_count; i++)
		if (guest->batch_done_ns[i] != SIM_NONE)
			guest->batch[i].count = 0;
	guest->writing_pages = 0;
}

/* A kernel that boots has no generations from before. */
static void forget_generations(struct sim_guest *guest)
{
	for (u32 i = 0; i < guest->config->memcgs_count; i++) {
		struct sim_reclaim *lruvec = guest->memcg_of[i].lruvec;

		for (u32 pass = 0; lruvec->ops->core && pass < WS_GENS_MAX; pass++)
			lruvec->ops->age(lruvec, guest->engine->now_ns, true);
	}
}

static void forget_memory(struct sim_guest *guest)
{
	struct sim_backing *backing = &guest->backing;

	for (u32 page = 0; page < guest->pages_count; page++)
		sim_page_free(guest, page);
	forget_writes(guest);
	for (u32 frame = 0; frame < guest->frames_count; frame++)
		backing->owner[frame] = SIM_OWNER_NONE;
	sim_balloon_reset(guest);
	guest->swap.pool_frames = guest->kernel_frames = 0;
	sim_frames_reset(&guest->frames);
	sim_guest_resize(guest);
}

void sim_guest_reset(struct sim_guest *guest, bool release)
{
	sim_workload_stop(guest);
	guest->running = false;
	guest->reboots++;
	guest->kswapd_awake = guest->kswapd_again = false;
	guest->kswapd_failures = 0;
	guest->kswapd_left = 0;
	guest->cpu_debt_ns = 0;
	forget_memory(guest);
	for (u32 region = 0; release && region < guest->frames.regions_count; region++)
		sim_host_unback_region(guest->host, guest, region);
}

void sim_guest_restart(struct sim_guest *guest)
{
	forget_generations(guest);
	sim_reporter_reset(guest);
	sim_psi_update(&guest->psi, guest->engine->now_ns);
	guest->debt_since_ns = guest->engine->now_ns;
	guest->running = true;
	sim_guest_boot(guest);
	sim_workload_restart(guest);
}
