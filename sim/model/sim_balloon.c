/* SPDX-License-Identifier: BSD-2-Clause */
/* sim_balloon.c - batches of frames into the balloon and out of it. */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "ws_wire.h"
#include "model/sim_balloon.h"
#include "model/sim_guest.h"

int sim_balloon_init(struct sim_guest *guest)
{
	struct sim_balloon_device *balloon = calloc(1, sizeof(*balloon));

	guest->balloon = balloon;
	if (!balloon)
		return -ENOMEM;
	balloon->frame = sim_zeroed((u64)guest->frames_count * sizeof(u32));
	balloon->slowness = 1;
	ws_balloon_init(&balloon->logic, guest->config->deflate_on_oom);
	return balloon->frame ? 0 : -ENOMEM;
}

void sim_balloon_destroy(struct sim_guest *guest)
{
	if (guest->balloon)
		sim_zeroed_free(guest->balloon->frame, (u64)guest->frames_count * sizeof(u32));
	free(guest->balloon);
	guest->balloon = NULL;
}

u64 sim_balloon_pages(const struct sim_guest *guest)
{
	return guest->balloon->logic.actual_pages;
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

	if (!guest->running || ws_wire_config_decode(&config, bytes, length))
		return;
	if (config.num_pages > guest->frames_count)
		config.num_pages = guest->frames_count;
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

static u64 inflate(struct sim_guest *guest, u32 want)
{
	const struct sim_costs *costs = &guest->engine->scenario->costs;
	struct sim_balloon_device *balloon = guest->balloon;
	u32 got = 0, *pfn = balloon->frame + balloon->logic.actual_pages;
	u64 cost_ns = costs->vm_exit_ns;
	u8 bytes[WS_PFNS_MAX * 4];

	while (got < want) {
		struct sim_alloc alloc = sim_guest_alloc(guest, 0, true);

		cost_ns += alloc.cpu_ns;
		if (alloc.frame == SIM_NO_FRAME)
			break;
		bool touched = guest->backing.state[alloc.frame] &
			       (SIM_BACK_BACKED | SIM_BACK_SWAPPED);

		cost_ns += touched ? costs->inflate_page_ns : costs->inflate_untouched_ns;
		pfn[got++] = alloc.frame;
	}
	if (got) {
		host_takes(guest, bytes, ws_wire_pfns_encode(pfn, got, bytes, sizeof(bytes)));
		guest->counters.vm_exits++;
		guest->counters.inflate_pages += got;
		balloon->moved_ns = guest->engine->now_ns;
	}
	ws_balloon_inflated(&balloon->logic, want, got, guest->engine->now_ns);
	if (got < want) {
		/* The core pauses as long as Linux does; a scenario may want to know of others. */
		balloon->logic.retry_ns = guest->engine->now_ns + costs->balloon_retry_ns;
		guest->counters.puffs++;
		sim_emit(guest->engine, SIM_EV_PUFF, guest->id, 0, want - got, 0);
	}
	if (got)
		sim_emit(guest->engine, SIM_EV_BALLOON, guest->id, 0, got, sim_balloon_pages(guest));
	return cost_ns;
}

static void give_back(struct sim_guest *guest, u32 first, u32 count)
{
	for (u32 i = first + count; i-- > first;) {
		u32 frame = guest->balloon->frame[i];

		guest->backing.state[frame] &= (u8)~SIM_BACK_BALLOON;
		sim_guest_frame_free(guest, frame);
	}
	guest->counters.vm_exits++;
	guest->counters.deflate_pages += count;
	guest->balloon->moved_ns = guest->engine->now_ns;
}

void sim_balloon_wake(struct sim_guest *guest, u64 ticket)
{
	const struct sim_costs *costs = &guest->engine->scenario->costs;
	struct sim_balloon_device *balloon = guest->balloon;
	u64 now_ns = guest->engine->now_ns, cost_ns;

	if (!guest->running || ticket != balloon->ticket || balloon->slowness <= 0)
		return;
	struct ws_balloon_next next = ws_balloon_step(&balloon->logic, now_ns);

	switch (next.what) {
	case WS_BALLOON_IDLE:
		return;
	case WS_BALLOON_WAIT:
		wake_at(guest, next.until_ns);
		return;
	case WS_BALLOON_INFLATE:
		cost_ns = inflate(guest, next.pages);
		break;
	case WS_BALLOON_DEFLATE:
	default:
		give_back(guest, balloon->logic.actual_pages - next.pages, next.pages);
		ws_balloon_deflated(&balloon->logic, next.pages);
		cost_ns = costs->vm_exit_ns + next.pages * costs->deflate_page_ns;
		sim_emit(guest->engine, SIM_EV_BALLOON, guest->id, 1, next.pages,
			 sim_balloon_pages(guest));
		break;
	}
	cost_ns = (u64)((double)cost_ns * balloon->slowness);
	guest->counters.balloon_cpu_ns += cost_ns;
	sim_guest_owe(guest, cost_ns);
	sim_guest_resize(guest);
	wake_at(guest, now_ns + cost_ns + 1);
}

bool sim_balloon_deflate_on_oom(struct sim_guest *guest)
{
	struct sim_balloon_device *balloon = guest->balloon;
	u32 before = balloon->logic.actual_pages, pages = ws_balloon_oom(&balloon->logic);

	if (!pages)
		return false;
	give_back(guest, before - pages, pages);
	guest->counters.oom_deflate_pages += pages;
	sim_emit(guest->engine, SIM_EV_BALLOON, guest->id, 2, pages, sim_balloon_pages(guest));
	return true;
}
