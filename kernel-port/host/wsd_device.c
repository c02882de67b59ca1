/* SPDX-License-Identifier: BSD-2-Clause */
/* wsd_device.c - life and config space of the balloon device; see wsd_device.h. */
#include <errno.h>

#include "ws_bytes.h"
#include "wsd_device.h"
#include "wsd_queues.h"

void wsd_device_init(struct wsd_device *device, const struct wsd_device_setup *setup,
		     const struct wsd_listener *listener, void *listener_ctx,
		     const struct wsd_transport *transport, void *transport_ctx)
{
	memset(device, 0, sizeof(*device));
	device->setup = *setup;
	device->listener = listener;
	device->listener_ctx = listener_ctx;
	device->transport = transport;
	device->transport_ctx = transport_ctx;
	ws_hint_host_init(&device->hint);
	device->config.working_set_bins = setup->dialect->config_bins_bytes ? setup->bins : 0;
}

void wsd_device_destroy(struct wsd_device *device)
{
	wsd_mem_clear(&device->mem);
	wsd_pageset_clear(&device->balloon);
}

bool wsd_device_has(const struct wsd_device *device, u32 feature)
{
	return device->features >> feature & 1;
}

bool wsd_device_has_reports(const struct wsd_device *device)
{
	/* A driver that is at work and has not said its version does not know them after all. */
	return wsd_device_has(device, device->setup.feature_bit) &&
	       !(device->live && !wsd_device_bounds_told(device));
}

/* What this end can do. */
static const struct ws_wsr1_bounds own_bounds = {
	.version = WS_WSR1_VERSION, .bins_max = WS_BINS_MAX, .nodes_max = WS_PARTS_MAX,
};

int wsd_device_agreed(const struct wsd_device *device, struct ws_wsr1_bounds *agreed)
{
	struct ws_wsr1_bounds driver, unused;

	ws_wsr1_bounds_decode(&unused, &driver, device->driver_bounds,
			      sizeof(device->driver_bounds));
	return ws_wsr1_agree(&own_bounds, &driver, agreed);
}

bool wsd_device_bounds_told(const struct wsd_device *device)
{
	struct ws_wsr1_bounds agreed;

	return device->setup.dialect != &ws_dialect_wsr1 || !wsd_device_agreed(device, &agreed);
}

u64 wsd_device_offered(const struct wsd_device *device)
{
	return device->setup.features;
}

/* What ws_vq.h asks about; transport features have no queues. */
#define BALLOON_FEATURES 0xffffffull

u32 wsd_device_rings(const struct wsd_device *device)
{
	return ws_vq_count(device->setup.rule, device->setup.features & BALLOON_FEATURES,
			   device->setup.feature_bit);
}

int wsd_device_ring_of(const struct wsd_device *device, enum ws_vq queue)
{
	return ws_vq_index(device->setup.rule, device->setup.features & BALLOON_FEATURES,
			   device->features & BALLOON_FEATURES, device->setup.feature_bit, queue);
}

static void go_down(struct wsd_device *device)
{
	if (!device->up)
		return;
	device->up = false;
	if (device->listener->down)
		device->listener->down(device->listener_ctx);
}

void wsd_device_reset(struct wsd_device *device)
{
	go_down(device);
	for (u32 i = 0; i < WSD_RINGS_MAX; i++)
		device->ring[i] = (struct wsd_ring){ .size = 0 };
	device->features = 0;
	device->featured = device->live = false;
	device->fields_old = true;
	device->stats_held = device->stats_heard = false;
	ws_hint_host_reset(&device->hint);
	device->outbox_count = 0;
	wsd_mem_clear(&device->mem);
}

int wsd_device_set_features(struct wsd_device *device, u64 features)
{
	if (features & ~device->setup.features)
		return -EINVAL;
	device->features = features;
	device->featured = true;
	return 0;
}

/* --- config space --- */

static void config_bytes(const struct wsd_device *device, u8 *space)
{
	struct ws_balloon_config config = device->config;

	memset(space, 0, WSD_CONFIG_BYTES);
	config.free_page_hint_cmd_id = device->hint.offered;
	ws_wire_config_encode(&config, space, WSD_CONFIG_BYTES);
	if (device->setup.dialect == &ws_dialect_wsr1) {
		struct ws_wsr1_bounds driver, unused;

		ws_wsr1_bounds_decode(&unused, &driver, device->driver_bounds,
				      sizeof(device->driver_bounds));
		ws_wsr1_bounds_encode(&own_bounds, &driver, space + WS_WSR1_BOUNDS_OFFSET,
				      WS_WSR1_BOUNDS_BYTES);
	}
}

void wsd_device_config_read(const struct wsd_device *device, u32 offset, u8 *to, u32 size)
{
	u8 space[WSD_CONFIG_BYTES];

	config_bytes(device, space);
	memset(to, 0, size);
	if (offset < sizeof(space))
		memcpy(to, space + offset,
		       size < sizeof(space) - offset ? size : sizeof(space) - offset);
}

void wsd_device_config_write(struct wsd_device *device, u32 offset, const u8 *from, u32 size)
{
	struct ws_balloon_config written;
	u8 space[WSD_CONFIG_BYTES];
	u32 end;

	config_bytes(device, space);
	if (offset >= sizeof(space))
		return;
	if (size > sizeof(space) - offset)
		size = (u32)sizeof(space) - offset;
	memcpy(space + offset, from, size);
	end = offset + size;
	if (ws_wire_config_decode(&written, NULL, space, WS_CONFIG_BYTES))
		return;
	/* Only what is the driver's to write, and what it may only write before DRIVER_OK, then. */
	device->config.poison_val =
		ws_free_poison(device->config.poison_val, written.poison_val, device->live);
	if (!device->live)
		device->fields_old &= end <= WS_CONFIG_POISON_OFFSET;
	if (!device->live && device->setup.dialect == &ws_dialect_wsr1)
		memcpy(device->driver_bounds + 4, space + WS_WSR1_BOUNDS_OFFSET + 4,
		       WS_WSR1_BOUNDS_BYTES - 4);
	if (offset < WS_CONFIG_ACTUAL_OFFSET + 4 && end >= WS_CONFIG_ACTUAL_OFFSET + 4) {
		device->config.actual = written.actual;
		device->live = true;
		device->actual_told = true;
		if (device->listener->moved)
			device->listener->moved(device->listener_ctx, 0);
	}
	wsd_queues_check_up(device);
}

/* --- rings --- */

/* A driver that has just begun has nothing in its balloon, whatever was there before. */
static void forget_balloon(struct wsd_device *device)
{
	bool had_target = device->config.num_pages;

	wsd_pageset_clear(&device->balloon);
	device->restored_pages = 0;
	memset(device->counted, 0, sizeof(device->counted));
	device->counted_restored[0] = device->counted_restored[1] = false;
	if (device->fields_old) {
		device->config.poison_val = 0;
		memset(device->driver_bounds, 0, sizeof(device->driver_bounds));
	}
	device->config.actual = 0;
	device->config.num_pages = 0;
	device->actual_told = false;
	if (had_target)
		device->transport->config_changed(device->transport_ctx);
}

/* A message that another program counted and did not live to say so will come once more. */
static void take_back(struct wsd_device *device, bool deflate, const struct wsd_ring *ring)
{
	const struct wsd_state_message *counted = &device->counted[deflate];

	if (!device->counted_restored[deflate])
		return;
	device->counted_restored[deflate] = false;
	if ((u16)(counted->used - ring->next_used) != 1)
		return;
	if (deflate)
		device->restored_pages += counted->pages;
	else
		device->restored_pages -= counted->pages < device->restored_pages ?
						  counted->pages : device->restored_pages;
}

void wsd_device_ring_start(struct wsd_device *device, u32 ring)
{
	struct wsd_ring *started;

	if (ring >= WSD_RINGS_MAX || device->ring[ring].started ||
	    wsd_ring_start(&device->ring[ring], &device->mem))
		return;
	started = &device->ring[ring];
	if ((int)ring == wsd_device_ring_of(device, WS_VQ_STATS))
		device->stats_held = device->stats_heard = false;
	if ((int)ring == wsd_device_ring_of(device, WS_VQ_INFLATE)) {
		if (!started->next_avail && !started->next_used)
			forget_balloon(device);
		take_back(device, false, started);
	} else if ((int)ring == wsd_device_ring_of(device, WS_VQ_DEFLATE)) {
		take_back(device, true, started);
	}
	wsd_device_kick_all(device, ring);
	wsd_queues_check_up(device);
}

void wsd_device_ring_stop(struct wsd_device *device, u32 ring)
{
	struct wsd_ring *stopped;

	if (ring >= WSD_RINGS_MAX)
		return;
	stopped = &device->ring[ring];
	go_down(device);
	device->live = false;
	/* A buffer that is kept here was never used: whoever goes on gets it again. */
	if ((int)ring == wsd_device_ring_of(device, WS_VQ_STATS) && device->stats_held) {
		device->stats_held = false;
		stopped->next_avail--;
	}
	wsd_ring_stop(stopped);
	/* One queue may be reset alone; when none is left the driver will start again. */
	for (u32 i = 0; i < WSD_RINGS_MAX; i++)
		if (device->ring[i].started)
			return;
	device->fields_old = true;
}

void wsd_device_restore(struct wsd_device *device, const struct wsd_state *state)
{
	device->config.num_pages = state->target_pages;
	device->restored_pages = state->balloon_pages;
	device->config.poison_val = state->poison_val;
	ws_put_le64(device->driver_bounds + WS_WSR1_BOUNDS_BYTES - 8, state->driver_bounds);
	device->counted[0] = state->inflated;
	device->counted[1] = state->deflated;
	device->counted_restored[0] = device->counted_restored[1] = true;
	device->fields_old = true;
}

void wsd_device_state(const struct wsd_device *device, struct wsd_state *state)
{
	*state = (struct wsd_state){
		.target_pages = device->config.num_pages,
		.balloon_pages = wsd_device_counted_pages(device),
		.inflated = device->counted[0],
		.deflated = device->counted[1],
		.poison_val = device->config.poison_val,
		.driver_bounds =
			ws_get_le64(device->driver_bounds + WS_WSR1_BOUNDS_BYTES - 8),
	};
}

u64 wsd_device_counted_pages(const struct wsd_device *device)
{
	return device->balloon.count + device->restored_pages;
}

u64 wsd_device_pages(const struct wsd_device *device)
{
	return device->actual_told ? device->config.actual : wsd_device_counted_pages(device);
}

/* --- from above --- */

void wsd_device_set_target(struct wsd_device *device, u32 pages)
{
	device->config.num_pages = pages;
	if (device->features)
		device->transport->config_changed(device->transport_ctx);
}

bool wsd_device_hint(struct wsd_device *device)
{
	if (!wsd_device_has(device, WS_F_FREE_PAGE_HINT))
		return false;
	ws_hint_host_begin(&device->hint);
	device->counters.hint_series++;
	device->transport->config_changed(device->transport_ctx);
	return true;
}
