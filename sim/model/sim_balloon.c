/* SPDX-License-Identifier: BSD-2-Clause */
/* sim_balloon.c - targets followed piece by piece; the balloon of 4 KiB pages. */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "ws_wire.h"
#include "model/sim_ahead.h"
#include "model/sim_balloon.h"
#include "model/sim_guest.h"

const struct sim_mechanism *const sim_mechanisms[] = {
	[SIM_MECHANISM_BALLOON] = &sim_mechanism_balloon,
	[SIM_MECHANISM_HUGE_BALLOON] = &sim_mechanism_huge_balloon,
	[SIM_MECHANISM_VIRTIO_MEM] = &sim_mechanism_virtio_mem,
	[SIM_MECHANISM_HYPERALLOC] = &sim_mechanism_hyperalloc,
	[SIM_MECHANISM_HOST_RECLAIM] = &sim_mechanism_host_reclaim,
	[SIM_MECHANISM_NONE] = &sim_mechanism_none,
};

int sim_balloon_init(struct sim_guest *guest)
{
	struct sim_balloon_device *balloon = calloc(1, sizeof(*balloon));

	guest->balloon = balloon;
	if (!balloon)
		return -ENOMEM;
	balloon->mechanism = sim_mechanisms[guest->config->mechanism];
	balloon->frame = sim_zeroed((u64)guest->frames_count * sizeof(u32));
	balloon->region = sim_zeroed((u64)guest->frames.regions_count * sizeof(u32));
	balloon->cursor = guest->frames.regions_count;
	balloon->slowness = 1;
	ws_balloon_init(&balloon->logic, sim_balloon_deflates_on_oom(guest));
	return balloon->frame && balloon->region ? 0 : -ENOMEM;
}

void sim_balloon_destroy(struct sim_guest *guest)
{
	if (guest->balloon) {
		sim_zeroed_free(guest->balloon->frame, (u64)guest->frames_count * sizeof(u32));
		sim_zeroed_free(guest->balloon->region,
				(u64)guest->frames.regions_count * sizeof(u32));
	}
	free(guest->balloon);
	guest->balloon = NULL;
}

u64 sim_balloon_pages(const struct sim_guest *guest)
{
	return guest->balloon->logic.actual_pages;
}

bool sim_balloon_deflates_on_oom(const struct sim_guest *guest)
{
	const struct sim_mechanism *mechanism = guest->balloon->mechanism;

	return !mechanism->shrinks_memtotal && guest->config->deflate_on_oom;
}

u32 sim_mechanism_unit_pages(const struct sim_guest *guest)
{
	u64 pages = guest->config->block_bytes / guest->engine->page_bytes;

	if (!guest->balloon->mechanism->whole_blocks)
		return 1;
	/* Where a page stands for many, a block is one region at least. */
	return (u32)((pages + SIM_REGION_PAGES - 1) / SIM_REGION_PAGES * SIM_REGION_PAGES);
}

static void wake_at(struct sim_guest *guest, u64 time_ns)
{
	sim_wake_at(guest->engine, time_ns, SIM_CLASS_TIMER, SIM_WAKE_BALLOON, guest->id, 0,
		    ++guest->balloon->ticket);
}

void sim_balloon_configured(struct sim_guest *guest, const u8 *bytes, u32 length)
{
	struct sim_balloon_device *balloon = guest->balloon;
	struct ws_balloon_config config;

	if (!guest->running || ws_wire_config_decode(&config, NULL, bytes, length))
		return;
	if (config.num_pages > guest->frames_count)
		config.num_pages = guest->frames_count;
	if (!balloon->mechanism->take)
		return;
	ws_balloon_set_target(&balloon->logic, config.num_pages);
	balloon->moved_ns = guest->engine->now_ns;
	sim_emit(guest->engine, SIM_EV_TARGET, guest->id, 0, guest->frames_count - config.num_pages,
		 0);
	wake_at(guest, guest->engine->now_ns);
}

void sim_balloon_disturb(struct sim_guest *guest, double factor)
{
	guest->balloon->slowness = factor;
	if (factor > 0)
		wake_at(guest, guest->engine->now_ns);
}

void sim_balloon_reset(struct sim_guest *guest)
{
	struct sim_balloon_device *balloon = guest->balloon;
	struct sim_backing *backing = &guest->backing;
	u32 held = balloon->logic.actual_pages;

	for (u32 frame = 0; frame < backing->frames_count; frame++)
		backing->state[frame] &= (u8)~SIM_BACK_BALLOON;
	balloon->small_pages = balloon->regions_count = 0;
	balloon->cursor = guest->frames.regions_count;
	balloon->defers = balloon->defer_shift = 0;
	balloon->patience_ns = 0;
	balloon->moved_ns = guest->engine->now_ns;
	balloon->ticket++; /* a pending wake-up finds nothing to do */
	ws_balloon_init(&balloon->logic, sim_balloon_deflates_on_oom(guest));
	if (held)
		sim_emit(guest->engine, SIM_EV_BALLOON, guest->id, 3, held, 0);
}

/* The host's end of the inflate queue: the frames of a message are its again. */
static void host_takes(struct sim_guest *guest, const u8 *bytes, int length)
{
	u32 pfn[WS_PFNS_MAX];
	int count = ws_wire_pfns_decode(pfn, WS_PFNS_MAX, bytes, (u32)length);

	for (int i = 0; i < count; i++) {
		if (pfn[i] < guest->frames_count)
			sim_host_balloon(guest->host, guest, pfn[i]);
	}
}

struct sim_moved sim_balloon_take_pages(struct sim_guest *guest, u32 want)
{
	const struct sim_costs *costs = &guest->engine->scenario->costs;
	struct sim_balloon_device *balloon = guest->balloon;
	u32 got = 0, *pfn = balloon->frame + balloon->small_pages;
	struct sim_moved moved = { .guest_ns = costs->vm_exit_ns };
	u8 bytes[WS_PFNS_MAX * 4];

	assert(want <= WS_PFNS_MAX);
	while (got < want) {
		struct sim_alloc alloc;

		sim_guest_alloc(guest, 0, true, &alloc);

		moved.guest_ns += alloc.cpu_ns;
		if (alloc.frame == SIM_NO_FRAME)
			break;
		bool touched = guest->backing.state[alloc.frame] &
			       (SIM_BACK_BACKED | SIM_BACK_SWAPPED);

		moved.guest_ns += touched ? costs->inflate_page_ns : costs->inflate_untouched_ns;
		pfn[got++] = alloc.frame;
	}
	if (got)
		host_takes(guest, bytes, ws_wire_pfns_encode(pfn, got, bytes, sizeof(bytes)));
	balloon->small_pages += got;
	moved.pages = got;
	moved.puff = got < want;
	if (moved.puff)
		moved.again_ns = guest->engine->now_ns + costs->balloon_retry_ns;
	return moved;
}

struct sim_moved sim_balloon_give_pages(struct sim_guest *guest, u32 pages)
{
	const struct sim_costs *costs = &guest->engine->scenario->costs;
	struct sim_balloon_device *balloon = guest->balloon;

	assert(pages <= balloon->small_pages);
	for (u32 i = 0; i < pages; i++) {
		u32 frame = balloon->frame[--balloon->small_pages];

		guest->backing.state[frame] &= (u8)~SIM_BACK_BALLOON;
		sim_guest_frame_free(guest, frame);
	}
	return (struct sim_moved){
		.pages = pages,
		.guest_ns = costs->vm_exit_ns + pages * costs->deflate_page_ns,
	};
}

const struct sim_mechanism sim_mechanism_balloon = {
	.name = "balloon",
	.piece_pages = WS_BALLOON_BATCH_PAGES,
	.deflates_on_oom = true,
	.by_exits = true,
	.take = sim_balloon_take_pages,
	.give = sim_balloon_give_pages,
};

/* --- the worker --- */

/* As the core says, but in the pieces and in the blocks of the mechanism. */
static struct ws_balloon_next next_piece(struct sim_guest *guest)
{
	const struct sim_mechanism *mechanism = guest->balloon->mechanism;
	struct ws_balloon *logic = &guest->balloon->logic;
	struct ws_balloon_next next = ws_balloon_step(logic, guest->engine->now_ns);
	u32 unit = sim_mechanism_unit_pages(guest), target = logic->target_pages / unit * unit;

	if (next.what == WS_BALLOON_IDLE || next.what == WS_BALLOON_WAIT)
		return next;
	if (target == logic->actual_pages) {
		logic->working = false;
		next.what = WS_BALLOON_IDLE;
		return next;
	}
	bool more = target > logic->actual_pages;
	u32 most = mechanism->piece_pages > unit ? mechanism->piece_pages / unit * unit : unit;

	next.what = more ? WS_BALLOON_INFLATE : WS_BALLOON_DEFLATE;
	next.pages = more ? target - logic->actual_pages : logic->actual_pages - target;
	if (next.pages > most)
		next.pages = most;
	return next;
}

static void account_take(struct sim_guest *guest, u32 want, const struct sim_moved *moved)
{
	struct sim_balloon_device *balloon = guest->balloon;
	struct ws_balloon *logic = &balloon->logic;
	u64 now_ns = guest->engine->now_ns;

	if (moved->pages) {
		guest->counters.vm_exits += balloon->mechanism->by_exits;
		guest->counters.inflate_pages += moved->pages;
		balloon->moved_ns = now_ns;
	}
	logic->actual_pages += moved->pages;
	logic->inflated_pages += moved->pages;
	logic->batches_count++;
	if (logic->actual_pages == logic->target_pages)
		logic->working = false;
	if (moved->again_ns)
		logic->retry_ns = moved->again_ns;
	if (moved->puff) {
		logic->out_of_puff_count++;
		guest->counters.puffs++;
		sim_emit(guest->engine, SIM_EV_PUFF, guest->id, 0, want - moved->pages, 0);
	}
	if (moved->pages)
		sim_emit(guest->engine, SIM_EV_BALLOON, guest->id, 0, moved->pages,
			 sim_balloon_pages(guest));
}

static void account_give(struct sim_guest *guest, u32 pages)
{
	struct sim_balloon_device *balloon = guest->balloon;

	guest->counters.vm_exits += balloon->mechanism->by_exits;
	guest->counters.deflate_pages += pages;
	balloon->moved_ns = guest->engine->now_ns;
}

void sim_balloon_wake(struct sim_guest *guest, u64 ticket)
{
	struct sim_balloon_device *balloon = guest->balloon;
	const struct sim_mechanism *mechanism = balloon->mechanism;
	struct sim_moved moved;

	if (!guest->running || ticket != balloon->ticket || balloon->slowness <= 0)
		return;
	struct ws_balloon_next next = next_piece(guest);

	switch (next.what) {
	case WS_BALLOON_IDLE:
		return;
	case WS_BALLOON_WAIT:
		wake_at(guest, next.until_ns);
		return;
	case WS_BALLOON_INFLATE:
		moved = mechanism->take(guest, next.pages);
		account_take(guest, next.pages, &moved);
		break;
	case WS_BALLOON_DEFLATE:
	default:
		moved = mechanism->give(guest, next.pages);
		account_give(guest, moved.pages);
		balloon->logic.actual_pages -= moved.pages;
		balloon->logic.deflated_pages += moved.pages;
		balloon->logic.batches_count++;
		if (balloon->logic.actual_pages == balloon->logic.target_pages)
			balloon->logic.working = false;
		sim_emit(guest->engine, SIM_EV_BALLOON, guest->id, 1, moved.pages,
			 sim_balloon_pages(guest));
		break;
	}
	u64 cost_ns = (u64)((double)moved.guest_ns * balloon->slowness);
	u64 host_ns = (u64)((double)moved.host_ns * balloon->slowness);

	guest->counters.balloon_cpu_ns += cost_ns;
	guest->host->cpu_ns += host_ns;
	sim_guest_owe(guest, cost_ns);
	sim_guest_resize(guest);
	wake_at(guest, guest->engine->now_ns + cost_ns + host_ns + 1);
}

bool sim_balloon_deflate_on_oom(struct sim_guest *guest)
{
	struct sim_balloon_device *balloon = guest->balloon;
	u32 before = balloon->logic.actual_pages, pages;

	if (!balloon->mechanism->deflates_on_oom)
		return false;
	pages = ws_balloon_oom(&balloon->logic);
	if (!pages)
		return false;
	for (u32 left = pages; left;)
		left -= balloon->mechanism->give(guest, left).pages;
	account_give(guest, pages);
	sim_ahead_looked_at(guest->engine, guest);
	guest->counters.oom_deflate_pages += pages;
	assert(sim_balloon_pages(guest) == before - pages);
	sim_emit(guest->engine, SIM_EV_BALLOON, guest->id, 2, pages, sim_balloon_pages(guest));
	return true;
}

/* --- what a mechanism does without being told --- */

static void next_period(struct sim_guest *guest)
{
	const struct sim_mechanism *mechanism = guest->balloon->mechanism;
	u64 period_ns = mechanism->period_ns ? mechanism->period_ns(guest) : 0;

	if (period_ns)
		sim_guest_timer(guest, guest->engine->now_ns + period_ns, SIM_WAKE_MECHANISM);
}

void sim_balloon_start(struct sim_guest *guest)
{
	next_period(guest);
}

void sim_balloon_period(struct sim_guest *guest)
{
	if (!guest->running)
		return;
	guest->balloon->mechanism->periodic(guest);
	next_period(guest);
}
