/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * wsd_device.h - a virtio-balloon device, from its queues inward.
 *
 * Knows neither sockets nor policies.  Below it is the transport (wsd_vhost.h), which
 * sets features, memory and rings and tells when a queue was kicked; above it is a
 * listener that hears what the guest says.
 *
 *	queue		what the device does
 *	inflate		gives the pages back to the host, then the buffer to the guest
 *	deflate		takes them out of its account; the host backs them when touched
 *	statistics	keeps the buffer, and gives it back to ask for new ones
 *	hints		counts free pages; a series is begun by wsd_device_hint()
 *	reporting	gives the pages back, unless they must keep the poison value
 *	working set	hands the message to the listener
 *	notification	waits for wsd_device_send()
 *
 * Numbers of queues follow ws_vq.h.  Pages are in the balloon once, whatever the guest
 * repeats: the set of them is kept here, and the guest's own figure (actual) beside it.
 *
 * A new start of this program in the VM's life: what is known of the balloon is then
 * only how many pages it had (wsd_device_restore()), so deflated pages that are not in
 * the set are taken off that number.  A message that was counted, but whose buffer the guest
 * never got back, comes again: it is taken off again.  A driver that starts anew (its inflate queue stands
 * at 0) has an empty balloon; target and number are forgotten.
 *
 * The guest is not trusted with anything: what makes no sense is counted and skipped.
 *
 * Memory: the caller's struct, and what wsd_device_destroy() frees.  Time: bounded per
 * call by the rings' sizes.  Locking: the caller serializes per object.
 */
#ifndef WSD_DEVICE_H
#define WSD_DEVICE_H

#include "ws_free.h"
#include "ws_hint.h"
#include "ws_vq.h"
#include "ws_wire.h"
#include "ws_wsr1.h"
#include "wsd_mem.h"
#include "wsd_pageset.h"
#include "wsd_ring.h"
#include "wsd_state.h"

#define WSD_F_VERSION_1 32
#define WSD_CONFIG_BYTES (WS_WSR1_BOUNDS_OFFSET + WS_WSR1_BOUNDS_BYTES)
#define WSD_RINGS_MAX 16u /* a balloon has 7; numbers beyond are refused */
#define WSD_OUTBOX 4u

/* What the listener hears.  Any may be NULL; none may destroy the device. */
struct wsd_listener {
	void (*up)(void *ctx);	 /* the driver is at work, all its queues are there */
	void (*down)(void *ctx); /* and no longer */
	void (*stats)(void *ctx, const struct ws_stats *stats);
	void (*message)(void *ctx, const u8 *bytes, u32 length); /* of the working-set queue */
	void (*moved)(void *ctx, int direction); /* 1 inflated, -1 deflated, 0 actual was told */
	void (*fault)(void *ctx, const char *text);
};

/* What the device asks of its transport. */
struct wsd_transport {
	/* The balloon has changed and the guest will hear so next: wsd_device_state() is to be
	 * kept, for the guest will not say it again.  May be NULL. */
	void (*keep)(void *ctx);
	void (*call)(void *ctx, u32 ring);
	void (*config_changed)(void *ctx);
};

/* How the device is made. */
struct wsd_device_setup {
	const struct ws_dialect *dialect;
	u32 feature_bit; /* of working-set reporting; the dialect's as a rule */
	enum ws_vq_rule rule;
	u64 features;	 /* base features and the above to offer */
	u32 bins;	 /* of dialects with a fixed number: what config space says */
};

struct wsd_device_counters {
	u64 inflate_messages, deflate_messages, stats_messages, report_messages;
	u64 inflated_pages, deflated_pages; /* that changed the set */
	u64 reported_pages, kept_pages;	    /* reported; of them not given back, for poison */
	u64 hinted_pages, hint_series;
	u64 malformed; /* messages, or parts of them, that made no sense */
	u64 unreleased_pages; /* the host refused to take */
	u64 lost_messages; /* to the guest, because it took none */
};

struct wsd_device {
	struct wsd_device_setup setup;
	const struct wsd_listener *listener;
	void *listener_ctx;
	const struct wsd_transport *transport;
	void *transport_ctx;

	u64 features; /* negotiated */
	bool featured;
	struct wsd_mem mem;
	struct wsd_ring ring[WSD_RINGS_MAX];
	bool up;
	bool live; /* the driver has said DRIVER_OK: it has used what it may only use after it */

	struct ws_balloon_config config; /* actual: what the guest wrote last */
	bool actual_told;
	bool fields_old; /* the driver's fields, but actual, are from before its last reset, or may be */
	u8 driver_bounds[WS_WSR1_BOUNDS_BYTES]; /* the driver's part of config space, wsr1 */

	struct wsd_pageset balloon;
	u64 restored_pages; /* in the balloon from before this program started */
	struct wsd_state_message counted[2]; /* inflated, deflated */
	bool counted_restored[2]; /* by another program, and not yet held against the ring */
	bool stats_held, stats_heard;
	u16 stats_head;
	struct ws_hint_host hint;

	u32 outbox_count;
	struct {
		u32 length;
		u8 bytes[WS_WIRE_TO_GUEST_MAX];
	} outbox[WSD_OUTBOX];
	int release_error; /* of the first page that was not released, for one complaint */
	struct wsd_device_counters counters;
};

void wsd_device_init(struct wsd_device *device, const struct wsd_device_setup *setup,
		     const struct wsd_listener *listener, void *listener_ctx,
		     const struct wsd_transport *transport, void *transport_ctx);
void wsd_device_destroy(struct wsd_device *device);

/* From the transport. */

u64 wsd_device_offered(const struct wsd_device *device);
u32 wsd_device_rings(const struct wsd_device *device); /* how many queues there are */
/* 0, or -EINVAL for features that were not offered. */
int wsd_device_set_features(struct wsd_device *device, u64 features);
/* Rings, features and memory are gone; target and balloon stay. */
void wsd_device_reset(struct wsd_device *device);
/* Config space; what lies beyond reads as 0 and is not written. */
void wsd_device_config_read(const struct wsd_device *device, u32 offset, u8 *to, u32 size);
void wsd_device_config_write(struct wsd_device *device, u32 offset, const u8 *from, u32 size);
/* A ring is there and enabled, or not any more. */
void wsd_device_ring_start(struct wsd_device *device, u32 ring);
void wsd_device_ring_stop(struct wsd_device *device, u32 ring);
/* Look at a ring.  Return: true when it may have more than was looked at. */
bool wsd_device_kick(struct wsd_device *device, u32 ring);

/* Again and again until there is nothing more, within bounds that a sane guest never meets. */
void wsd_device_kick_all(struct wsd_device *device, u32 ring);

/* From above. */

/* The balloon is to have @pages.  Tells the guest, also when nothing changes. */
void wsd_device_set_target(struct wsd_device *device, u32 pages);
/* Ask for statistics; wsd_listener.stats comes when they do.  False: the guest has no buffer. */
bool wsd_device_request_stats(struct wsd_device *device);
/* A message into the notification queue, now or when the guest has a buffer. */
void wsd_device_send(struct wsd_device *device, const u8 *bytes, u32 length);
/* Begin a series of free page hints.  False: not negotiated. */
bool wsd_device_hint(struct wsd_device *device);
/* What a restarted daemon has to know; the balloon's pages are not known one by one then. */
void wsd_device_state(const struct wsd_device *device, struct wsd_state *state);
void wsd_device_restore(struct wsd_device *device, const struct wsd_state *state);

/* Pages in the balloon: by the guest's last word if there was one, else by the account. */
u64 wsd_device_pages(const struct wsd_device *device);
/* The account alone. */
u64 wsd_device_counted_pages(const struct wsd_device *device);
bool wsd_device_has(const struct wsd_device *device, u32 feature);
bool wsd_device_has_reports(const struct wsd_device *device);
/* What both ends can do, as ws_wsr1_agree(); for wsr1. */
int wsd_device_agreed(const struct wsd_device *device, struct ws_wsr1_bounds *agreed);
/* Has the driver written its part of wsr1's bounds, and can that be used?  True for other dialects. */
bool wsd_device_bounds_told(const struct wsd_device *device);
/* The number of a queue's ring, or negative errno as ws_vq_index(). */
int wsd_device_ring_of(const struct wsd_device *device, enum ws_vq queue);

#endif /* WSD_DEVICE_H */
