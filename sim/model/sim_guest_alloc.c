/* SPDX-License-Identifier: BSD-2-Clause */
/* sim_guest_alloc.c - frames for pages and for the balloon, and what happens when none is left. */
#include <assert.h>

#include "model/sim_balloon.h"
#include "model/sim_guest.h"

#define DIRECT_BATCH 32 /* SWAP_CLUSTER_MAX: what direct reclaim is after */
#define DIRECT_TRIES 16 /* MAX_RECLAIM_RETRIES */

/* Compressed swap lives in frames of the guest: have as many as its contents need. */
static void fit_pool(struct sim_guest *guest)
{
	struct sim_swap_area *swap = &guest->swap;
	u32 want = sim_swap_pool_want(swap);

	while (swap->pool_frames > want) {
		u32 frame = swap->pool[--swap->pool_frames];

		guest->backing.owner[frame] = SIM_OWNER_NONE;
		sim_frames_give(&guest->frames, frame);
	}
	while (swap->pool_frames < want && swap->pool_frames < swap->pool_capacity) {
		u32 frame = sim_frames_take(&guest->frames);

		if (frame == SIM_NO_FRAME)
			return; /* stored all the same; made up for at the next chance */
		guest->backing.owner[frame] = SIM_OWNER_KERNEL;
		if (!sim_frame_is_backed(guest, frame))
			sim_host_touch(guest->host, guest, frame);
		swap->pool[swap->pool_frames++] = frame;
	}
}

void sim_guest_frame_free(struct sim_guest *guest, u32 frame)
{
	guest->backing.owner[frame] = SIM_OWNER_NONE;
	sim_frames_give(&guest->frames, frame);
	if (guest->swap_compressed)
		fit_pool(guest);
}

u64 sim_guest_available(const struct sim_guest *guest)
{
	const struct sim_watermark *mark = &guest->watermark;
	u64 free = guest->frames.free_count, cache = guest->resident[TR_FILE];
	u64 keep = cache / 2 < mark->low ? cache / 2 : mark->low;

	/* si_mem_available(): free memory beyond the reserve, and most of the cache. */
	free = free > mark->high ? free - mark->high : 0;
	return free + cache - keep;
}

void sim_guest_resize(struct sim_guest *guest)
{
	u64 managed = guest->frames_count;

	if (!sim_balloon_deflates_on_oom(guest))
		managed -= sim_balloon_pages(guest);
	/* The marks grow with the root of memory: take them of all that the pages stand for. */
	u32 one_in = guest->engine->scenario->sample_one_in;
	struct sim_watermark mark = sim_watermark_of(managed * one_in);

	guest->watermark = (struct sim_watermark){ .min = mark.min / one_in, .low = mark.low / one_in,
						   .high = mark.high / one_in };
}

void sim_guest_wake_kswapd(struct sim_guest *guest)
{
	if (guest->kswapd_awake || guest->frames.free_count >= guest->watermark.low)
		return;
	guest->kswapd_awake = true;
	sim_guest_timer(guest, guest->engine->now_ns, SIM_WAKE_KSWAPD);
}

/* memory.high and memory.max of one memcg. */
static bool within_limit(struct sim_guest *guest, u32 memcg, struct sim_alloc *alloc)
{
	u64 max = guest->memcg_of[memcg].max_pages, high = guest->memcg_of[memcg].high_pages;
	u64 top = high < max ? high : max;

	for (u32 try = 0; try < DIRECT_TRIES; try++) {
		if (guest->memcg_of[memcg].usage_pages < top)
			return true;
		struct sim_reclaimed got =
			sim_guest_reclaim(guest, DIRECT_BATCH, memcg, SIM_RECLAIM_DIRECT);

		alloc->cpu_ns += got.cpu_ns;
		alloc->stalled = true;
		if (!got.freed)
			break;
	}
	/* high only slows down; max is not passed. */
	return guest->memcg_of[memcg].usage_pages < max;
}

/* A page is charged to its memcg and to all above it (page_counter); the root has no limit. */
static bool within_limits(struct sim_guest *guest, u32 memcg, struct sim_alloc *alloc)
{
	for (; memcg; memcg = guest->memcg_of[memcg].parent)
		if (!within_limit(guest, memcg, alloc))
			return false;
	return true;
}

void sim_guest_alloc(struct sim_guest *guest, u32 memcg, bool balloon, struct sim_alloc *alloc)
{
	*alloc = (struct sim_alloc){ .frame = SIM_NO_FRAME };
	u64 now_ns = guest->engine->now_ns;
	bool fits = balloon || within_limits(guest, memcg, alloc);

	for (u32 try = 0; fits && guest->frames.free_count <= guest->watermark.min; try++) {
		struct sim_reclaimed got =
			sim_guest_reclaim(guest, DIRECT_BATCH, SIM_MEMCGS_MAX,
					  balloon ? SIM_RECLAIM_BALLOON : SIM_RECLAIM_DIRECT);

		alloc->cpu_ns += got.cpu_ns;
		alloc->stalled = true;
		if (!got.freed || try == DIRECT_TRIES)
			break;
		if (balloon)
			break; /* __GFP_NORETRY */
	}
	if (fits && guest->frames.free_count > guest->watermark.min)
		alloc->frame = sim_frames_take(&guest->frames);
	alloc->memcg_full = !fits;
	if (alloc->frame == SIM_NO_FRAME) {
		u64 next_ns = sim_guest_next_write_ns(guest);

		alloc->retry_ns = next_ns == SIM_NONE ? 0 : next_ns > now_ns ? next_ns : now_ns + 1;
	}
	sim_guest_wake_kswapd(guest);
}

void sim_guest_oom(struct sim_guest *guest, bool memcg)
{
	u64 before = guest->frames.free_count;

	if (!memcg && sim_balloon_deflate_on_oom(guest))
		return;
	guest->counters.oom_kills++;
	if (!guest->counters.first_oom_ns)
		guest->counters.first_oom_ns = guest->engine->now_ns;
	sim_workload_kill(guest);
	sim_emit(guest->engine, SIM_EV_OOM, guest->id, 0, guest->frames.free_count - before, 0);
}
