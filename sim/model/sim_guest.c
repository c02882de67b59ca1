/* SPDX-License-Identifier: BSD-2-Clause */
/* sim_guest.c - a VM from its configuration to its end. */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/sim_balloon.h"
#include "model/sim_guest.h"
#include "model/sim_reporter.h"

#define FLUSH_FIRST_NS (5 * SIM_SECOND)

static int set_up_reaccess(struct ws_reaccess *reaccess, u64 now_ns)
{
	u64 edge_ns[SIM_REACCESS_EDGES];
	int rc = ws_reaccess_init(reaccess, NULL, NULL, 0, now_ns);

	for (u32 i = 0; i < SIM_REACCESS_EDGES; i++)
		edge_ns[i] = 1000 * WS_NS_PER_MS << i;
	return rc ? rc : ws_reaccess_configure(reaccess, edge_ns, SIM_REACCESS_EDGES, now_ns);
}

static bool is_rebooted(const struct sim_guest *guest)
{
	const struct sim_scenario *scenario = guest->engine->scenario;

	for (u32 i = 0; i < scenario->disturbances_count; i++)
		if (scenario->disturbance[i].kind == SIM_DIST_REBOOT &&
		    scenario->disturbance[i].vm == guest->id)
			return true;
	return false;
}

static int open_engines(struct sim_guest *guest, struct tr_error *error)
{
	const struct sim_vm_config *config = guest->config;
	struct sim_reclaim_choice choice;
	u32 pages = guest->pages_count;

	if (sim_reclaim_choose(&choice, config->reclaim, error))
		return -EINVAL;
	if (choice.ops->future && guest->engine->scenario->sample_one_in > 1)
		return tr_fail(error, -EINVAL, "%s: \"%s\" must see every access, so pages cannot be sampled",
			       config->name, config->reclaim);
	if (choice.ops->future && is_rebooted(guest))
		return tr_fail(error, -EINVAL, "%s: \"%s\" must know all accesses, and a reboot changes them",
			       config->name, config->reclaim);
	if (choice.ops->future) {
		int rc = sim_future_init(&guest->future, guest, error);

		if (rc)
			return rc;
	}
	if (choice.ops->versions && !choice.param_given)
		choice.param = config->generations;
	guest->every_access = choice.ops->access;
	guest->kswapd_past = choice.past;
	guest->space = (struct sim_reclaim_space){
		.pages_count = pages,
		.stands_for = guest->engine->scenario->sample_one_in,
		.accessed = SIM_HOT_ACCESSED_GUEST,
		.hot = guest->hot,
		.entry = sim_arena_get(&guest->engine->arena, pages * sizeof(u16)),
		.link = sim_arena_get(&guest->engine->arena,
				      sim_reclaim_link_bytes(choice.ops, pages)),
		.link2 = choice.ops->links > 1 ?
			sim_arena_get(&guest->engine->arena, (u64)pages * sizeof(u32)) : NULL,
		.memcg = config->memcgs_count > 1 ? guest->memcg : NULL,
		.region_pages = guest->region_pages,
		.timeline = guest->future.timeline,
		.next_use = guest->future.next_use,
		.timeline_count = guest->future.count,
	};
	if (!guest->space.entry || !guest->space.link || (choice.ops->links > 1 && !guest->space.link2))
		return tr_fail(error, -ENOMEM, "%s: out of memory", config->name);
	if (choice.ops->watch && set_up_reaccess(&guest->reaccess, config->start_ns))
		return tr_fail(error, -EINVAL, "%s: reaccess histogram cannot be set up", config->name);
	for (u32 i = 0; i < config->memcgs_count; i++) {
		int rc = sim_reclaim_open(&guest->memcg_of[i].lruvec, &choice, &guest->space, (u8)i,
					  config->start_ns);

		if (rc)
			return tr_fail(error, rc, "%s: reclaim \"%s\" cannot be set up", config->name,
				       config->reclaim);
		if (choice.ops->watch)
			choice.ops->watch(guest->memcg_of[i].lruvec, &guest->reaccess, config->start_ns);
	}
	if (sim_guest_groups_init(guest))
		return tr_fail(error, -ENOMEM, "%s: out of memory", config->name);
	return 0;
}

static u64 swap_bits_bytes(const struct sim_swap_area *swap)
{
	return ((u64)swap->slots_count + 63) / 64 * sizeof(u64);
}

static int open_devices(struct sim_guest *guest)
{
	const struct sim_scenario *scenario = guest->engine->scenario;
	const struct sim_vm_config *config = guest->config;
	struct sim_swap_area *swap = &guest->swap;
	char name[SIM_NAME_MAX + 8];

	snprintf(name, sizeof(name), "%s/disk", config->name);
	if (sim_device_init(&guest->disk, &config->disk, &guest->engine->latencies, scenario->seed,
			    scenario->run, name))
		return -ENOMEM;
	snprintf(name, sizeof(name), "%s/swap", config->name);
	if (sim_device_init(&swap->device, &config->swap, &guest->engine->latencies, scenario->seed,
			    scenario->run, name))
		return -ENOMEM;
	if (!config->swap.name[0])
		return 0;
	swap->slots_count = (u32)(config->swap_bytes / guest->engine->page_bytes);
	swap->page_of = sim_zeroed((u64)swap->slots_count * sizeof(u32));
	swap->taken = sim_zeroed(swap_bits_bytes(swap));
	swap->shadow_of = sim_zeroed((u64)swap->slots_count * sizeof(u32));
	swap->pool_capacity = config->swap.compressed ? guest->frames_count : 0;
	swap->pool = sim_zeroed((u64)swap->pool_capacity * sizeof(u32));
	return swap->page_of && swap->taken && swap->shadow_of && swap->pool ? 0 : -ENOMEM;
}

int sim_guest_init(struct sim_guest *guest, struct sim_engine *engine, struct sim_host *host,
		   u16 id, struct tr_error *error)
{
	const struct sim_vm_config *config = &engine->scenario->vm[id];

	*guest = (struct sim_guest){ .engine = engine, .host = host, .config = config, .id = id,
				      .vcpus = (u16)config->vcpus,
				      .memcgs_count = (u8)config->memcgs_count,
				      .swap_compressed = config->swap.compressed };
	int rc = sim_workload_init(guest, error);

	if (rc)
		return rc;
	guest->pages_count = (u32)guest->workload.pages_count + SIM_REGION_PAGES;
	guest->frames_count = (u32)(config->memory_bytes / guest->engine->page_bytes);
	u64 pages = guest->pages_count;

	for (u32 i = 0; i < config->memcgs_count; i++) {
		guest->memcg_of[i].high_pages = config->memcg[i].high_bytes / engine->page_bytes;
		guest->memcg_of[i].max_pages = config->memcg[i].max_bytes / engine->page_bytes;
		guest->memcg_of[i].parent = config->memcg[i].parent;
		if (i)
			guest->memcg_of[config->memcg[i].parent].has_below = true;
	}
	guest->hot = sim_arena_get(&engine->arena, pages);
	guest->memcg = sim_arena_get(&engine->arena, pages);
	guest->frame = sim_arena_get(&engine->arena, pages * sizeof(u32));
	guest->copy = sim_arena_get(&engine->arena, (u64)guest->frames_count * sizeof(u32));
	guest->truth_ns = sim_arena_get(&engine->arena, pages / SIM_TRUTH_SHARE * sizeof(u64));
	guest->region_pages = sim_arena_get(&engine->arena, pages / SIM_REGION_PAGES * sizeof(u16));
	if (!guest->hot || !guest->memcg || !guest->frame || !guest->copy || !guest->truth_ns ||
	    !guest->region_pages || sim_frames_init(&guest->frames, guest->frames_count) ||
	    open_devices(guest) || sim_balloon_init(guest) ||
	    sim_backing_init(&guest->backing, host, guest->frames_count, config->start_ns))
		return tr_fail(error, -ENOMEM, "%s: not enough memory for a VM of %llu MiB",
			       config->name, config->memory_bytes >> 20);
	rc = open_engines(guest, error);
	if (rc)
		return rc;
	sim_guest_resize(guest);
	return 0;
}

void sim_guest_destroy(struct sim_guest *guest)
{
	struct sim_arena *arena = &guest->engine->arena;
	u64 pages = guest->pages_count;

	sim_workload_destroy(guest);
	sim_balloon_destroy(guest);
	sim_reporter_destroy(guest);
	sim_backing_destroy(&guest->backing, arena);
	sim_frames_destroy(&guest->frames);
	sim_zeroed_free(guest->swap.page_of, (u64)guest->swap.slots_count * sizeof(u32));
	sim_zeroed_free(guest->swap.taken, swap_bits_bytes(&guest->swap));
	sim_zeroed_free(guest->swap.shadow_of, (u64)guest->swap.slots_count * sizeof(u32));
	sim_zeroed_free(guest->swap.pool, (u64)guest->swap.pool_capacity * sizeof(u32));
	sim_arena_put(arena, guest->space.entry, pages * sizeof(u16));
	if (guest->memcg_of[0].lruvec)
		sim_arena_put(arena, guest->space.link,
			      sim_reclaim_link_bytes(guest->memcg_of[0].lruvec->ops, guest->pages_count));
	sim_arena_put(arena, guest->space.link2, pages * sizeof(u32));
	sim_arena_put(arena, guest->hot, pages);
	sim_arena_put(arena, guest->memcg, pages);
	sim_arena_put(arena, guest->frame, pages * sizeof(u32));
	sim_arena_put(arena, guest->copy, (u64)guest->frames_count * sizeof(u32));
	sim_arena_put(arena, guest->truth_ns, pages / SIM_TRUTH_SHARE * sizeof(u64));
	sim_arena_put(arena, guest->region_pages, pages / SIM_REGION_PAGES * sizeof(u16));
	for (u32 i = 0; i < SIM_MEMCGS_MAX; i++)
		sim_reclaim_close(guest->memcg_of[i].lruvec);
	sim_guest_groups_destroy(guest);
	sim_future_destroy(&guest->future);
	free(guest->batch);
	free(guest->batch_done_ns);
}

void sim_guest_boot(struct sim_guest *guest)
{
	const struct sim_vm_config *config = guest->config;
	u32 kernel = (u32)(config->kernel_bytes / guest->engine->page_bytes);
	u64 now_ns = guest->engine->now_ns;

	for (; guest->kernel_frames < kernel; guest->kernel_frames++) {
		u32 frame = sim_frames_take(&guest->frames);

		if (frame == SIM_NO_FRAME)
			break;
		guest->backing.owner[frame] = SIM_OWNER_KERNEL;
		sim_host_touch(guest->host, guest, frame);
	}
	sim_guest_timer(guest, now_ns + FLUSH_FIRST_NS, SIM_WAKE_FLUSH);
	if (config->ageing_interval_ns)
		sim_guest_timer(guest, now_ns + config->ageing_interval_ns, SIM_WAKE_AGEING);
	if (config->page_reporting)
		sim_guest_timer(guest, now_ns + config->reporting_delay_ns, SIM_WAKE_REPORTING);
	sim_balloon_start(guest);
}

void sim_guest_start(struct sim_guest *guest)
{
	guest->running = true;
	guest->host->guest[guest->id] = guest;
	guest->psi.changed_ns = guest->engine->now_ns;
	sim_emit(guest->engine, SIM_EV_START, guest->id, 0, guest->frames_count, 0);
	sim_guest_boot(guest);
	sim_workload_start(guest);
}

void sim_guest_stop(struct sim_guest *guest)
{
	if (!guest->host->guest[guest->id])
		return;
	if (guest->running)
		sim_workload_stop(guest);
	guest->running = false;
	for (u32 region = 0; region < guest->frames.regions_count; region++)
		sim_host_unback_region(guest->host, guest, region);
	for (u32 page = 0; page < guest->pages_count; page++)
		guest->hot[page] &= (u8)~SIM_HOT_FAST;
	guest->host->guest[guest->id] = NULL;
	sim_emit(guest->engine, SIM_EV_STOP, guest->id, 0, 0, 0);
}

static void sample_ages(const struct sim_guest *guest, struct sim_vm_sample *sample)
{
	for (u32 i = 0; i < guest->config->memcgs_count; i++) {
		struct sim_reclaim *lruvec = guest->memcg_of[i].lruvec;

		if (!lruvec->ops->core)
			return;
		const struct ws_age *ages = &lruvec->ops->core(lruvec)->age;
		u64 min_seq = ages->min_seq[WS_ANON] < ages->min_seq[WS_FILE] ? ages->min_seq[WS_ANON]
									      : ages->min_seq[WS_FILE];
		u32 gens = (u32)(ages->max_seq - min_seq) + 1;

		if (i == 0) /* memcgs age together when reports ask; the root's births stand for all */
			sample->generations_count = gens;
		for (u32 g = 0; g < gens && g < sample->generations_count; g++) {
			u64 seq = ages->max_seq - g;

			if (i == 0)
				sample->generation[g].age_ns =
					guest->engine->now_ns - ws_age_birth(ages, seq);
			if (seq >= ages->min_seq[WS_ANON])
				sample->generation[g].anon_pages += ws_age_pages(ages, seq, WS_ANON);
			if (seq >= ages->min_seq[WS_FILE])
				sample->generation[g].file_pages += ws_age_pages(ages, seq, WS_FILE);
		}
	}
}

static void sample_reaccess(const struct sim_guest *guest, struct sim_vm_sample *sample)
{
	const struct ws_reaccess *reaccess = &guest->reaccess;

	if (!reaccess->configured)
		return;
	sample->reaccess_bins_count = reaccess->hist.bins_count;
	for (u32 i = 0; i < reaccess->hist.bins_count; i++) {
		sample->reaccess[i].anon_pages = reaccess->hist.pages[WS_ANON][i];
		sample->reaccess[i].file_pages = reaccess->hist.pages[WS_FILE][i];
	}
	sample->reaccess_older_pages[0] = reaccess->older[WS_ANON];
	sample->reaccess_older_pages[1] = reaccess->older[WS_FILE];
}

void sim_guest_sample(struct sim_guest *guest, struct sim_vm_sample *sample)
{
	const struct sim_backing *backing = &guest->backing;

	memset(sample, 0, sizeof(*sample));
	if (guest->running)
		sim_stream_account(guest);
	guest->counters.psi_some_ns = guest->psi.some_ns;
	guest->counters.psi_full_ns = guest->psi.full_ns;
	for (u32 type = 0; type < WS_TYPES; type++) {
		guest->counters.refault[type] = guest->counters.activate[type] = 0;
		guest->counters.restore[type] = 0;
		for (u32 i = 0; i < guest->config->memcgs_count; i++) {
			struct sim_reclaim_stat stat;

			guest->memcg_of[i].lruvec->ops->stat(guest->memcg_of[i].lruvec, &stat);
			guest->counters.refault[type] += stat.refaults[type];
			guest->counters.activate[type] += stat.activates[type];
			guest->counters.restore[type] += stat.restores[type];
		}
	}
	u64 busy_ns = guest->counters.busy_ns, parts_ns = guest->counters.compute_ns +
		guest->counters.fault_ns + guest->counters.io_ns + guest->counters.reclaim_ns +
		guest->counters.host_stall_ns + guest->counters.descriptor_ns +
		guest->counters.split_ns;

	guest->counters.vcpu_wait_ns = busy_ns > parts_ns ? busy_ns - parts_ns : 0;
	sample->running = guest->running;
	sample->nominal_pages = guest->frames_count;
	sample->target_pages = guest->frames_count - guest->balloon->logic.target_pages;
	sample->balloon_pages = sim_balloon_pages(guest);
	sample->free_pages = guest->frames.free_count;
	sample->anon_pages = guest->resident[TR_ANON];
	sample->file_pages = guest->resident[TR_FILE];
	sample->kernel_pages = guest->kernel_frames + guest->resident[TR_UNEVICTABLE];
	sample->compressed_pages = guest->swap.pool_frames;
	sample->available_pages = sim_guest_available(guest);
	sample->swapped_pages = guest->swap.used;
	sample->dropped_pages = guest->dropped_pages;
	sample->backed_pages = backing->backed;
	sample->host_swapped_pages = backing->swapped;
	sample->huge_regions = backing->huge_regions;
	sample->split_regions = backing->split_regions;
	sample->psi_some_avg10 = guest->psi.some_avg10;
	sample->psi_full_avg10 = guest->psi.full_avg10;
	if (guest->running)
		sample_ages(guest, sample);
	sample_reaccess(guest, sample);
	sample->mechanism = guest->balloon->totals;
	sample->counters = guest->counters;
}
