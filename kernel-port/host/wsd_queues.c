/* SPDX-License-Identifier: BSD-2-Clause */
/* wsd_queues.c - what the balloon's queues carry, one by one; see wsd_device.h. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "wsd_queues.h"

/* Longer inflate and deflate messages are not read to their end. */
#define PFN_BYTES_MAX 65536u

static void fault(struct wsd_device *device, const char *text)
{
	if (device->listener->fault)
		device->listener->fault(device->listener_ctx, text);
}

/* --- pages --- */

static void release(struct wsd_device *device, u64 addr, u64 length)
{
	char text[160];
	int rc = wsd_mem_release(&device->mem, addr, length);

	if (!rc)
		return;
	device->counters.unreleased_pages += length / WS_PAGE_BYTES;
	if (device->release_error)
		return;
	device->release_error = rc;
	snprintf(text, sizeof(text), "the host does not take pages back (%s); said once",
		 strerror(-rc));
	fault(device, text);
}

/* Runs of neighbouring pages are given back in one go. */
struct run {
	u64 first, count;
};

static void flush_run(struct wsd_device *device, struct run *run)
{
	if (run->count)
		release(device, run->first << WS_PAGE_SHIFT, run->count << WS_PAGE_SHIFT);
	run->count = 0;
}

static void inflate_page(struct wsd_device *device, u32 pfn, struct run *run)
{
	int added;

	if (!wsd_mem_guest(&device->mem, (u64)pfn << WS_PAGE_SHIFT, WS_PAGE_BYTES)) {
		device->counters.malformed++;
		return;
	}
	added = wsd_pageset_add(&device->balloon, pfn);
	device->counters.inflated_pages += added > 0;
	if (run->count && pfn != run->first + run->count)
		flush_run(device, run);
	if (!run->count)
		run->first = pfn;
	run->count++;
}

static void deflate_page(struct wsd_device *device, u32 pfn)
{
	if (wsd_pageset_remove(&device->balloon, pfn)) {
		device->counters.deflated_pages++;
	} else if (device->restored_pages) {
		device->restored_pages--;
		device->counters.deflated_pages++;
	} else {
		device->counters.malformed++;
	}
}

/* The message is counted; that outlives this program before the guest hears of it. */
static void keep_count(struct wsd_device *device, bool deflate, u64 before)
{
	u64 after = wsd_device_counted_pages(device);
	int ring = wsd_device_ring_of(device, deflate ? WS_VQ_DEFLATE : WS_VQ_INFLATE);

	device->counted[deflate] = (struct wsd_state_message){
		.used = (u16)(device->ring[ring].next_used + 1),
		.pages = (u32)(after > before ? after - before : before - after),
	};
	if (device->transport->keep)
		device->transport->keep(device->transport_ctx);
}

static void take_pfns(struct wsd_device *device, const struct wsd_chain *chain, bool inflate)
{
	u64 before = wsd_device_counted_pages(device);
	u64 left = chain->readable_bytes < PFN_BYTES_MAX ? chain->readable_bytes : PFN_BYTES_MAX;
	struct run run = { 0, 0 };
	u8 bytes[WS_PFNS_MAX * 4];
	u32 pfn[WS_PFNS_MAX];
	u64 at = 0;

	if (chain->readable_bytes > PFN_BYTES_MAX)
		device->counters.malformed++;
	while (left) {
		u32 part = left < sizeof(bytes) ? (u32)left : (u32)sizeof(bytes);
		int got = wsd_chain_read(chain, &device->mem, at, bytes, part);
		int count = got > 0 ? ws_wire_pfns_decode(pfn, WS_PFNS_MAX, bytes, (u32)got) : got;

		if (count <= 0) {
			device->counters.malformed++;
			break;
		}
		for (int i = 0; i < count; i++) {
			if (inflate)
				inflate_page(device, pfn[i], &run);
			else
				deflate_page(device, pfn[i]);
		}
		at += part;
		left -= part;
	}
	flush_run(device, &run);
	if (inflate)
		device->counters.inflate_messages++;
	else
		device->counters.deflate_messages++;
	keep_count(device, !inflate, before);
}

/* Pages that read as zero afterwards cannot be given back where they must read as poison. */
static bool must_keep_poison(const struct wsd_device *device)
{
	return ws_free_must_keep(device->features, device->config.poison_val);
}

static void take_reported(struct wsd_device *device, const struct wsd_chain *chain)
{
	for (u32 i = 0; i < chain->pieces_count; i++) {
		const struct wsd_piece *piece = &chain->piece[i];
		u64 pages = ws_free_block_pages(piece->addr, piece->length);

		if (!piece->writable || !pages) {
			device->counters.malformed++;
			continue;
		}
		device->counters.reported_pages += pages;
		if (must_keep_poison(device))
			device->counters.kept_pages += pages;
		else
			release(device, piece->addr, piece->length);
	}
}

/* --- words --- */

static void take_stats(struct wsd_device *device, const struct wsd_chain *chain)
{
	u8 bytes[1024]; /* room for 100 of them; Linux has 16 */
	struct ws_stats stats;
	int got = wsd_chain_read(chain, &device->mem, 0, bytes, sizeof(bytes));

	device->stats_heard = true;
	device->counters.stats_messages++;
	if (got < 0 || chain->readable_bytes > sizeof(bytes) ||
	    ws_wire_stats_decode(&stats, bytes, (u32)got)) {
		device->counters.malformed++;
		return;
	}
	if (device->listener->stats)
		device->listener->stats(device->listener_ctx, &stats);
}

static void take_message(struct wsd_device *device, const struct wsd_chain *chain)
{
	u8 bytes[WS_WIRE_HEARD_MAX];
	int got = wsd_chain_read(chain, &device->mem, 0, bytes, sizeof(bytes));

	device->counters.report_messages++;
	if (got < 0 || chain->readable_bytes > sizeof(bytes)) {
		device->counters.malformed++;
		return;
	}
	if (device->listener->message)
		device->listener->message(device->listener_ctx, bytes, (u32)got);
}

/* The driver names its series, or ends it. */
static void take_hint_id(struct wsd_device *device, u32 id)
{
	switch (ws_hint_host_hear(&device->hint, id)) {
	case WS_HINT_ENDED:
		/* All are told: the driver may have its pages back. */
		ws_hint_host_done(&device->hint);
		device->transport->config_changed(device->transport_ctx);
		break;
	case WS_HINT_BAD:
		device->counters.malformed++;
		break;
	case WS_HINT_OTHER:
	case WS_HINT_BEGUN:
	default:
		break;
	}
}

static void take_hints(struct wsd_device *device, const struct wsd_chain *chain)
{
	u8 bytes[4];
	u32 id;

	if (chain->readable_bytes) {
		int got = wsd_chain_read(chain, &device->mem, 0, bytes, sizeof(bytes));

		if (got < 0 || chain->readable_bytes != 4 || ws_wire_hint_decode(&id, bytes, (u32)got)) {
			device->counters.malformed++;
			return;
		}
		take_hint_id(device, id);
	}
	/* Those of a series that is over count for nothing. */
	if (ws_hint_host_counts(&device->hint))
		device->counters.hinted_pages += chain->writable_bytes / WS_PAGE_BYTES;
}

/* --- one ring --- */

static enum ws_vq queue_of(const struct wsd_device *device, u32 ring)
{
	for (u32 queue = 0; queue < WS_VQS; queue++)
		if (wsd_device_ring_of(device, (enum ws_vq)queue) == (int)ring)
			return (enum ws_vq)queue;
	return WS_VQS;
}

static void take(struct wsd_device *device, enum ws_vq queue, const struct wsd_chain *chain)
{
	switch (queue) {
	case WS_VQ_INFLATE:
	case WS_VQ_DEFLATE:
		take_pfns(device, chain, queue == WS_VQ_INFLATE);
		break;
	case WS_VQ_FREE_PAGE:
		take_hints(device, chain);
		break;
	case WS_VQ_REPORTING:
		take_reported(device, chain);
		break;
	case WS_VQ_WORKING_SET:
		take_message(device, chain);
		break;
	case WS_VQ_STATS:
	case WS_VQ_NOTIFY:
	case WS_VQS:
	default:
		break;
	}
}

static void call(struct wsd_device *device, u32 ring)
{
	if (wsd_ring_wants_call(&device->ring[ring]))
		device->transport->call(device->transport_ctx, ring);
}

static void complain(struct wsd_device *device, u32 ring)
{
	char text[160];

	if (!device->ring[ring].fault)
		return;
	snprintf(text, sizeof(text), "queue %u rests: %s", ring, device->ring[ring].fault);
	fault(device, text);
}

static void kick_stats(struct wsd_device *device, u32 ring)
{
	struct wsd_chain chain;
	int got;

	if (device->stats_held)
		return;
	got = wsd_ring_pop(&device->ring[ring], &device->mem, &chain);
	if (got < 0)
		complain(device, ring);
	if (got <= 0)
		return;
	device->stats_held = true;
	device->stats_head = chain.head;
	take_stats(device, &chain);
}

static bool send_first(struct wsd_device *device, u32 ring)
{
	struct wsd_chain chain;
	u32 length = device->outbox[0].length;
	int got = wsd_ring_pop(&device->ring[ring], &device->mem, &chain);

	if (got < 0)
		complain(device, ring);
	if (got <= 0)
		return false;
	if (chain.writable_bytes < length) {
		/* A buffer too small for any message of the dialect: it goes back empty. */
		device->counters.malformed++;
		wsd_ring_push(&device->ring[ring], chain.head, 0);
		return true;
	}
	if (wsd_chain_write(&chain, &device->mem, device->outbox[0].bytes, length) != (int)length)
		length = 0;
	wsd_ring_push(&device->ring[ring], chain.head, length);
	device->outbox_count--;
	memmove(&device->outbox[0], &device->outbox[1],
		device->outbox_count * sizeof(device->outbox[0]));
	return true;
}

static void kick_notify(struct wsd_device *device, u32 ring)
{
	u32 budget = device->ring[ring].size;
	bool sent = false;

	while (device->outbox_count && budget-- && send_first(device, ring))
		sent = true;
	if (sent)
		call(device, ring);
}

bool wsd_device_kick(struct wsd_device *device, u32 ring)
{
	enum ws_vq queue = queue_of(device, ring);
	struct wsd_chain chain;
	u32 budget, done = 0;
	int got = 0;

	if (ring >= WSD_RINGS_MAX || !device->ring[ring].started || queue == WS_VQS)
		return false;
	if (queue == WS_VQ_STATS || queue == WS_VQ_NOTIFY) {
		if (queue == WS_VQ_STATS)
			kick_stats(device, ring);
		else
			kick_notify(device, ring);
		wsd_queues_check_up(device);
		return false;
	}
	for (budget = device->ring[ring].size; budget; budget--) {
		got = wsd_ring_pop(&device->ring[ring], &device->mem, &chain);
		if (got <= 0)
			break;
		device->live = true;
		take(device, queue, &chain);
		wsd_ring_push(&device->ring[ring], chain.head, 0);
		done++;
	}
	if (got < 0)
		complain(device, ring);
	if (done)
		call(device, ring);
	if (done && queue <= WS_VQ_DEFLATE && device->listener->moved)
		device->listener->moved(device->listener_ctx, queue == WS_VQ_INFLATE ? 1 : -1);
	return got > 0 && device->ring[ring].started;
}

#define PASSES_MAX 64u

void wsd_device_kick_all(struct wsd_device *device, u32 ring)
{
	for (u32 i = 0; i < PASSES_MAX && wsd_device_kick(device, ring); i++)
		;
}

/* --- the driver is at work --- */

static bool started(const struct wsd_device *device, enum ws_vq queue)
{
	int ring = wsd_device_ring_of(device, queue);

	return ring == -ENODATA || (ring >= 0 && device->ring[ring].started);
}

/* Has the driver put a buffer into its notification queue? */
static bool notify_primed(const struct wsd_device *device)
{
	int ring = wsd_device_ring_of(device, WS_VQ_NOTIFY);
	struct wsd_ring look;
	struct wsd_chain chain;

	if (ring < 0)
		return true;
	look = device->ring[ring];
	return wsd_ring_pop(&look, &device->mem, &chain) > 0;
}

void wsd_queues_check_up(struct wsd_device *device)
{
	if (device->up || !device->featured)
		return;
	for (u32 queue = 0; queue < WS_VQS; queue++)
		if (!started(device, (enum ws_vq)queue))
			return;
	if ((wsd_device_has(device, WS_F_STATS_VQ) && !device->stats_heard) || !notify_primed(device))
		return;
	if (wsd_device_has_reports(device) && !wsd_device_bounds_told(device))
		return; /* the driver may say its version yet */
	device->up = true;
	if (device->listener->up)
		device->listener->up(device->listener_ctx);
}

bool wsd_device_request_stats(struct wsd_device *device)
{
	int ring = wsd_device_ring_of(device, WS_VQ_STATS);

	if (ring < 0 || !device->stats_held)
		return false;
	device->stats_held = false;
	wsd_ring_push(&device->ring[ring], device->stats_head, 0);
	call(device, (u32)ring);
	return true;
}

void wsd_device_send(struct wsd_device *device, const u8 *bytes, u32 length)
{
	int ring = wsd_device_ring_of(device, WS_VQ_NOTIFY);

	if (ring < 0 || length > WS_WIRE_TO_GUEST_MAX)
		return;
	if (device->outbox_count == WSD_OUTBOX) {
		/* The oldest is the one most likely overtaken. */
		device->counters.lost_messages++;
		device->outbox_count--;
		memmove(&device->outbox[0], &device->outbox[1],
			device->outbox_count * sizeof(device->outbox[0]));
	}
	memcpy(device->outbox[device->outbox_count].bytes, bytes, length);
	device->outbox[device->outbox_count++].length = length;
	kick_notify(device, (u32)ring);
}
