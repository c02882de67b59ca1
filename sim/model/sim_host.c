/* SPDX-License-Identifier: BSD-2-Clause */
/* sim_host.c - backing of frames, and the host's own reclaim without knowledge of guests. */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "model/sim_guest.h"

#define BATCH 64
#define STEP_PAGES 512		     /* evicted between two looks at the marks */
#define REST_NS (10 * SIM_MS)	     /* when reclaim found nothing, and twice as long each time */
#define REST_DOUBLINGS 7	     /* up to 640 ms */
#define OUT_OF_MEMORY_NS (100 * SIM_MS) /* a VM waits this long before it asks again */

int sim_host_init(struct sim_host *host, struct sim_engine *engine)
{
	const struct sim_scenario *scenario = engine->scenario;
	const struct sim_host_config *config = &scenario->host;

	*host = (struct sim_host){ .engine = engine, .config = config,
				   .vms_count = scenario->vms_count };
	host->guest = calloc(scenario->vms_count, sizeof(*host->guest));
	if (!host->guest)
		return -ENOMEM;
	host->memory_pages = (config->memory_bytes - config->reserved_bytes) / engine->page_bytes;
	host->free_pages = host->memory_pages;
	host->low_pages = (u64)((double)host->memory_pages * config->low);
	host->high_pages = (u64)((double)host->memory_pages * config->high);
	host->min_pages = host->low_pages / 2;
	host->swap_pages = config->swap.name[0] ? config->swap_bytes / engine->page_bytes : 0;
	return sim_device_init(&host->swap, &config->swap, &engine->latencies, scenario->seed,
			       scenario->run, "host/swap");
}

void sim_host_destroy(struct sim_host *host)
{
	free(host->guest);
	free(host->batch);
	host->guest = NULL;
	host->batch = NULL;
}

int sim_backing_init(struct sim_backing *backing, const struct sim_host *host, u32 frames_count,
		     u64 now_ns)
{
	u32 padded = (frames_count + SIM_REGION_PAGES - 1) / SIM_REGION_PAGES * SIM_REGION_PAGES;
	u32 regions = padded / SIM_REGION_PAGES;
	struct sim_arena *arena = &host->engine->arena;
	struct sim_reclaim_choice choice;

	if (sim_reclaim_choose(&choice, "mglru", NULL))
		return -EINVAL;
	choice.param = host->config->generations;
	*backing = (struct sim_backing){ .frames_count = padded };
	backing->owner = sim_arena_get(arena, padded * sizeof(u32));
	backing->state = sim_arena_get(arena, padded);
	backing->region = sim_arena_get(arena, regions);
	backing->region_backed = sim_arena_get(arena, regions * sizeof(u16));
	backing->space = (struct sim_reclaim_space){
		.pages_count = padded,
		.accessed = SIM_BACK_ACCESSED,
		.hot = backing->state,
		.entry = sim_arena_get(arena, padded * sizeof(u16)),
		.link = sim_arena_get(arena, sim_reclaim_link_bytes(choice.ops, padded)),
		.region_pages = backing->region_backed,
	};
	if (!backing->owner || !backing->state || !backing->region || !backing->region_backed ||
	    !backing->space.entry || !backing->space.link)
		return -ENOMEM;
	for (u32 i = 0; i < frames_count; i++)
		backing->owner[i] = SIM_OWNER_NONE;
	return sim_reclaim_open(&backing->lruvec, &choice, &backing->space, 0, now_ns);
}

void sim_backing_destroy(struct sim_backing *backing, struct sim_arena *arena)
{
	u32 padded = backing->frames_count, regions = padded / SIM_REGION_PAGES;

	if (backing->lruvec)
		sim_arena_put(arena, backing->space.link,
				sim_reclaim_link_bytes(backing->lruvec->ops, padded));
	sim_reclaim_close(backing->lruvec);
	sim_arena_put(arena, backing->owner, padded * sizeof(u32));
	sim_arena_put(arena, backing->state, padded);
	sim_arena_put(arena, backing->region, regions);
	sim_arena_put(arena, backing->region_backed, regions * sizeof(u16));
	sim_arena_put(arena, backing->space.entry, padded * sizeof(u16));
	*backing = (struct sim_backing){ 0 };
}

/* --- the host's swap --- */

static void fit_pool(struct sim_host *host)
{
	const struct sim_device_config *config = &host->config->swap;
	u64 want = config->compressed ? (u64)((double)host->swap_used / config->ratio + 0.999) : 0;

	host->free_pages += host->pool_pages;
	host->pool_pages = want < host->free_pages ? want : host->free_pages;
	host->free_pages -= host->pool_pages;
}

static void slot_give(struct sim_host *host)
{
	assert(host->swap_used);
	host->swap_used--;
	fit_pool(host);
}

/* --- backing and unbacking --- */

void sim_host_back(struct sim_host *host, struct sim_backing *backing, u32 frame)
{
	assert(host->free_pages && !(backing->state[frame] & SIM_BACK_BACKED));
	host->free_pages--;
	backing->state[frame] |= SIM_BACK_BACKED | SIM_BACK_ACCESSED;
	backing->backed++;
	backing->region_backed[frame / SIM_REGION_PAGES]++;
	backing->lruvec->ops->insert(backing->lruvec, frame, WS_ANON, WS_ENTER_FAULT, 0);
}

void sim_host_split(struct sim_guest *guest, u32 region)
{
	struct sim_backing *backing = &guest->backing;

	if (!guest->host->config->huge_pages)
		return;
	if (backing->region[region] & SIM_REGION_HUGE) {
		backing->huge_regions--;
		guest->counters.huge_splits++;
	}
	if (!(backing->region[region] & SIM_REGION_SPLIT))
		backing->split_regions++;
	backing->region[region] = SIM_REGION_SPLIT;
}

/* A backed frame that is on no lruvec any more becomes free memory of the host. */
static void unback(struct sim_host *host, struct sim_guest *guest, u32 frame)
{
	struct sim_backing *backing = &guest->backing;
	u32 page = backing->owner[frame];

	backing->state[frame] &= (u8) ~(SIM_BACK_BACKED | SIM_BACK_ACCESSED);
	backing->backed--;
	backing->region_backed[frame / SIM_REGION_PAGES]--;
	host->free_pages++;
	if (page < SIM_OWNER_KERNEL)
		guest->hot[page] &= (u8)~SIM_HOT_FAST;
}

/* All that the host holds of a frame goes, in memory and in swap. */
static void forget(struct sim_host *host, struct sim_guest *guest, u32 frame)
{
	struct sim_backing *backing = &guest->backing;
	u8 state = backing->state[frame];

	if (state & SIM_BACK_BACKED) {
		backing->lruvec->ops->remove(backing->lruvec, frame);
		unback(host, guest, frame);
	}
	if (state & (SIM_BACK_SWAPPED | SIM_BACK_COPY)) {
		backing->swapped -= state & SIM_BACK_SWAPPED ? 1 : 0;
		backing->copies -= state & SIM_BACK_COPY ? 1 : 0;
		slot_give(host);
	}
	backing->state[frame] = 0;
}

void sim_host_unback_region(struct sim_host *host, struct sim_guest *guest, u32 region)
{
	struct sim_backing *backing = &guest->backing;
	u32 first = region * SIM_REGION_PAGES;

	for (u32 i = 0; i < SIM_REGION_PAGES; i++)
		forget(host, guest, first + i);
	/* The next touch may find a huge page for it again. */
	backing->huge_regions -= backing->region[region] & SIM_REGION_HUGE ? 1 : 0;
	backing->split_regions -= backing->region[region] & SIM_REGION_SPLIT ? 1 : 0;
	backing->region[region] = 0;
}

void sim_host_balloon(struct sim_host *host, struct sim_guest *guest, u32 frame)
{
	forget(host, guest, frame);
	guest->backing.state[frame] = SIM_BACK_BALLOON;
	sim_host_split(guest, frame / SIM_REGION_PAGES);
}

void sim_host_take_region(struct sim_host *host, struct sim_guest *guest, u32 region)
{
	sim_host_unback_region(host, guest, region);
	memset(guest->backing.state + region * SIM_REGION_PAGES, SIM_BACK_BALLOON,
	       SIM_REGION_PAGES);
}

void sim_host_report(struct sim_host *host, struct sim_guest *guest, u32 first, u32 count)
{
	for (u32 frame = first; frame < first + count; frame++)
		forget(host, guest, frame);
	sim_host_split(guest, first / SIM_REGION_PAGES);
}

static void wake_reclaim(struct sim_host *host)
{
	if (host->reclaiming || host->free_pages >= host->low_pages)
		return;
	host->reclaiming = true;
	sim_wake_at(host->engine, host->engine->now_ns, SIM_CLASS_TIMER, SIM_WAKE_HOST_RECLAIM,
		    SIM_HOST_ID, 0, 0);
}

static u64 next_written_ns(const struct sim_host *host)
{
	u64 next_ns = SIM_NONE;

	for (u32 i = 0; i < host->batches_count; i++)
		if (host->batch[i].frames && host->batch[i].done_ns < next_ns)
			next_ns = host->batch[i].done_ns;
	return next_ns;
}

static bool whole_region_is_new(const struct sim_host *host, const struct sim_guest *guest,
				u32 region)
{
	const struct sim_backing *backing = &guest->backing;

	return host->config->huge_pages && !backing->region[region] &&
	       !backing->region_backed[region] &&
	       (region + 1) * SIM_REGION_PAGES <= guest->frames_count &&
	       host->free_pages > host->low_pages + SIM_REGION_PAGES;
}

struct sim_touch sim_host_touch(struct sim_host *host, struct sim_guest *guest, u32 frame)
{
	const struct sim_costs *costs = &host->engine->scenario->costs;
	struct sim_backing *backing = &guest->backing;
	struct sim_touch touch = { .fault = SIM_FAULTS };
	u8 *state = &backing->state[frame];
	u32 region = frame / SIM_REGION_PAGES;
	u64 now_ns = host->engine->now_ns;

	assert(!(*state & SIM_BACK_BALLOON));
	if (*state & SIM_BACK_BACKED)
		return touch;
	assert(!host->engine->ahead || (host->engine->ahead_backs && !(*state & SIM_BACK_SWAPPED)));
	if (!host->free_pages) {
		touch.fault = *state & SIM_BACK_SWAPPED ? SIM_FAULT_HOST_SWAP : SIM_FAULT_EPT;
		touch.retry = true;
		touch.ready_ns = next_written_ns(host);
		/* Out of memory is when nothing can come free; else reclaim has only yet to begin. */
		bool out = !host->writing_pages && host->swap_used >= host->swap_pages;

		if (touch.ready_ns <= now_ns || touch.ready_ns == SIM_NONE)
			touch.ready_ns = now_ns + (out ? OUT_OF_MEMORY_NS : SIM_MS);
		if (out)
			sim_emit(host->engine, SIM_EV_HOST_OOM, SIM_HOST_ID, guest->id, 1, 0);
		wake_reclaim(host);
		return touch;
	}
	if (*state & SIM_BACK_SWAPPED) {
		touch.fault = SIM_FAULT_HOST_SWAP;
		touch.ready_ns = sim_device_submit(&host->swap, now_ns, false, 1);
		host->swap_in_pages++;
		guest->counters.host_swap_in_pages++;
		backing->swapped--;
		*state &= (u8) ~(SIM_BACK_SWAPPED | SIM_BACK_DIRTY);
		if (host->config->swap.compressed) {
			touch.cpu_ns = touch.ready_ns - now_ns;
			touch.ready_ns = 0;
			slot_give(host);
		} else {
			*state |= SIM_BACK_COPY;
			backing->copies++;
		}
		sim_host_back(host, backing, frame);
	} else if (whole_region_is_new(host, guest, region)) {
		touch.fault = SIM_FAULT_EPT;
		touch.cpu_ns = costs->ept_huge_fault_ns;
		for (u32 i = 0; i < SIM_REGION_PAGES; i++)
			sim_host_back(host, backing, region * SIM_REGION_PAGES + i);
		backing->region[region] = SIM_REGION_HUGE;
		backing->huge_regions++;
	} else {
		touch.fault = SIM_FAULT_EPT;
		touch.cpu_ns = costs->ept_fault_ns;
		sim_host_back(host, backing, frame);
		*state |= SIM_BACK_DIRTY;
	}
	host->cpu_ns += touch.cpu_ns;
	wake_reclaim(host);
	return touch;
}

/* Disturbances take what they want and did not yet get, but no more than @most. */
static void pay_owed(struct sim_host *host, u64 most)
{
	u64 pages = host->owed_pages < most ? host->owed_pages : most;

	host->free_pages -= pages;
	host->taken_pages += pages;
	host->owed_pages -= pages;
}

void sim_host_take(struct sim_host *host, s64 pages)
{
	if (pages > 0) {
		host->owed_pages += (u64)pages;
		pay_owed(host, host->free_pages);
		wake_reclaim(host);
		return;
	}
	u64 give = (u64)-pages, unpaid = give < host->owed_pages ? give : host->owed_pages;

	host->owed_pages -= unpaid;
	give -= unpaid;
	give = give < host->taken_pages ? give : host->taken_pages;
	host->taken_pages -= give;
	host->free_pages += give;
}

/* --- the host's reclaim --- */

/* What the host's page tables say about a VM's frames, into its own bits. */
static void age(struct sim_host *host, struct sim_guest *guest)
{
	struct sim_backing *backing = &guest->backing;
	u64 frames = 0;

	for (u32 region = 0; region < backing->frames_count / SIM_REGION_PAGES; region++) {
		if (!backing->region_backed[region])
			continue;
		for (u32 frame = region * SIM_REGION_PAGES; frame < (region + 1) * SIM_REGION_PAGES;
		     frame++) {
			u32 page = backing->owner[frame];

			if (!(backing->state[frame] & SIM_BACK_BACKED))
				continue;
			frames++;
			if (page == SIM_OWNER_KERNEL) {
				backing->state[frame] |= SIM_BACK_ACCESSED;
			} else if (page != SIM_OWNER_NONE && guest->hot[page] & SIM_HOT_ACCESSED_HOST) {
				guest->hot[page] &= (u8)~SIM_HOT_ACCESSED_HOST;
				backing->state[frame] |= SIM_BACK_ACCESSED;
			}
		}
	}
	backing->lruvec->ops->age(backing->lruvec, host->engine->now_ns, true);
	host->cpu_ns += frames * host->engine->scenario->costs.host_scan_page_ns;
	sim_emit(host->engine, SIM_EV_HOST_AGE, guest->id, 0, frames, 0);
}

static void age_all(struct sim_host *host)
{
	if (host->engine->now_ns < host->aged_ns + host->config->ageing_interval_ns && host->aged_ns)
		return;
	host->aged_ns = host->engine->now_ns;
	for (u32 i = 0; i < host->vms_count; i++)
		if (host->guest[i])
			age(host, host->guest[i]);
}

/* One frame leaves.  Return: 1 free at once, 2 being written, 0 it stays. */
static u32 evict_frame(struct sim_host *host, struct sim_guest *guest, u32 frame)
{
	struct sim_backing *backing = &guest->backing;
	u8 *state = &backing->state[frame];
	u32 page = backing->owner[frame];
	bool owned = page < SIM_OWNER_KERNEL;

	if (page == SIM_OWNER_KERNEL ||
	    (owned && guest->hot[page] & SIM_HOT_ACCESSED_HOST)) {
		/* Used since the last pass: the walk from the frame to its page tables shows it. */
		if (owned)
			guest->hot[page] &= (u8)~SIM_HOT_ACCESSED_HOST;
		backing->lruvec->ops->insert(backing->lruvec, frame, WS_ANON, WS_ENTER_FAULT, 0);
		return 0;
	}
	if (owned && guest->hot[page] & SIM_HOT_DIRTY_HOST) {
		guest->hot[page] &= (u8)~SIM_HOT_DIRTY_HOST;
		*state |= SIM_BACK_DIRTY;
	}
	bool write = !(*state & SIM_BACK_COPY) || *state & SIM_BACK_DIRTY;

	if (*state & SIM_BACK_COPY) {
		backing->copies--;
	} else if (host->swap_used >= host->swap_pages) {
		backing->lruvec->ops->insert(backing->lruvec, frame, WS_ANON, WS_ENTER_WRITEBACK, 0);
		return 0;
	} else {
		host->swap_used++;
	}
	*state = (u8)((*state & ~(SIM_BACK_COPY | SIM_BACK_DIRTY)) | SIM_BACK_SWAPPED);
	backing->swapped++;
	unback(host, guest, frame);
	sim_host_split(guest, frame / SIM_REGION_PAGES);
	guest->counters.host_swap_out_pages += write;
	host->swap_out_pages += write;
	if (!write)
		return 1;
	if (host->config->swap.compressed) {
		u64 now_ns = host->engine->now_ns;

		host->cpu_ns += sim_device_submit(&host->swap, now_ns, true, 1) - now_ns;
		fit_pool(host);
		return 1;
	}
	/* The page is free when it is written; until then it is nobody's. */
	host->free_pages--;
	return 2;
}

static void submit(struct sim_host *host, u32 frames)
{
	u64 done_ns = sim_device_submit(&host->swap, host->engine->now_ns, true, frames);
	u32 i = 0;

	while (i < host->batches_count && host->batch[i].frames)
		i++;
	if (i == host->batches_count) {
		u32 count = i ? 2 * i : 16;

		host->batch = realloc(host->batch, count * sizeof(*host->batch));
		assert(host->batch);
		memset(host->batch + i, 0, (count - i) * sizeof(*host->batch));
		host->batches_count = count;
	}
	host->batch[i] = (struct sim_host_batch){ .done_ns = done_ns, .frames = frames };
	host->writing_pages += frames;
	sim_wake_at(host->engine, done_ns, SIM_CLASS_COMPLETION, SIM_WAKE_HOST_WRITTEN, SIM_HOST_ID,
		    i, 0);
}

/* Take @want frames from one VM.  Return: frames gone or going. */
u32 sim_host_evict(struct sim_host *host, struct sim_guest *guest, u32 want)
{
	const struct sim_reclaim_ops *ops = guest->backing.lruvec->ops;
	u64 scanned = 0;
	u32 gone = 0, writing = 0, frame[BATCH];

	for (u32 round = 0; gone < want && round < 4 * (want / BATCH + 1); round++) {
		struct sim_reclaim_scan scan = { .swappiness = 200, .budget = 1024 };

		if (ops->wants_ageing(guest->backing.lruvec, 200))
			age(host, guest);
		u32 n = ops->evict(guest->backing.lruvec, &scan, frame, NULL,
				   want - gone < BATCH ? want - gone : BATCH);

		scanned += scan.scanned;
		for (u32 i = 0; i < n; i++) {
			u32 how = evict_frame(host, guest, frame[i]);

			gone += how > 0;
			writing += how == 2;
		}
	}
	for (u32 left = writing; left; left -= left < BATCH ? left : BATCH)
		submit(host, left < BATCH ? left : BATCH);
	host->cpu_ns += scanned * host->engine->scenario->costs.reclaim_page_ns;
	if (scanned)
		sim_emit(host->engine, SIM_EV_HOST_EVICT, guest->id, 0, gone, scanned);
	return gone;
}

/* Could any frame leave?  Where swap is full, one whose copy is still in it. */
static bool can_swap(const struct sim_host *host)
{
	if (host->swap_used < host->swap_pages)
		return true;
	for (u32 i = 0; i < host->vms_count; i++)
		if (host->guest[i] && host->guest[i]->backing.copies)
			return true;
	return false;
}

/* Every VM gives in proportion to what it has.  Return: frames gone or going. */
static u32 evict_from_all(struct sim_host *host, u64 want)
{
	u64 all = 0;
	u32 gone = 0;

	for (u32 i = 0; i < host->vms_count; i++)
		all += host->guest[i] ? host->guest[i]->backing.backed : 0;
	for (u32 i = 0; i < host->vms_count && all; i++) {
		struct sim_guest *guest = host->guest[i];

		if (guest && guest->backing.backed)
			gone += sim_host_evict(host, guest,
					       (u32)((want * guest->backing.backed + all - 1) / all));
	}
	return gone;
}

void sim_host_reclaim(struct sim_host *host)
{
	u64 now_ns = host->engine->now_ns, cpu_ns = host->cpu_ns;
	u32 gone = 0;

	pay_owed(host, (host->free_pages + 1) / 2); /* VMs compete for it */
	host->reclaiming = false;
	if (host->free_pages + host->writing_pages >= host->high_pages + host->owed_pages) {
		host->failures = 0;
		return;
	}
	u64 want = host->high_pages + host->owed_pages - host->free_pages - host->writing_pages;

	if (want > STEP_PAGES)
		want = STEP_PAGES;
	if (can_swap(host)) {
		age_all(host);
		gone = evict_from_all(host, want);
	}
	/* In vain again and again: ask less and less often. */
	host->failures = gone ? 0 : host->failures + (host->failures < REST_DOUBLINGS);
	u64 rest_ns = gone ? 1 : REST_NS << (host->failures - 1);

	host->reclaiming = true;
	sim_wake_at(host->engine, now_ns + (host->cpu_ns - cpu_ns) + rest_ns, SIM_CLASS_TIMER,
		    SIM_WAKE_HOST_RECLAIM, SIM_HOST_ID, 0, 0);
}

void sim_host_written(struct sim_host *host, u32 batch)
{
	host->writing_pages -= host->batch[batch].frames;
	host->free_pages += host->batch[batch].frames;
	host->batch[batch].frames = 0;
}
