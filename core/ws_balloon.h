/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * ws_balloon.h - the guest's balloon: from the host's target to batches of pages.
 *
 * A configuration change starts the work: batches of at most 256 pages until
 * actual is target, then nothing until the next change.  When the guest's
 * allocator cannot supply a batch's pages, the work pauses for 200 ms and then goes
 * on in whichever direction the target lies by then.
 *
 * With DEFLATE_ON_OOM the guest, out of memory, takes 256 pages back, target or
 * not.  They stay out until the next configuration change: that is what Linux
 * does, and a host that does not look at actual never learns of it.
 *
 *	for (;;) switch (ws_balloon_step(b, now).what) {
 *	case WS_BALLOON_INFLATE: allocate, tell the host, ws_balloon_inflated();
 *	case WS_BALLOON_DEFLATE: tell the host, free, ws_balloon_deflated();
 *	case WS_BALLOON_WAIT:	 call again at until_ns;
 *	case WS_BALLOON_IDLE:	 call again after ws_balloon_set_target();
 *	}
 *
 * What happens in unusual cases:
 *	target changed amid a batch	the batch is counted, the next step follows the new target
 *	the same target again		only what was given back on OOM is taken again
 *	host never acknowledges a batch	the caller is stuck in that step; OOM still deflates
 *	OOM amid a batch		pages already in the balloon are given back, not the batch
 *	reset, or features renegotiated	the pages are the guest's again: the caller frees them and
 *					calls ws_balloon_init(); idle until the next target
 *
 * Which pages to take, what that costs and how the host is told are the caller's
 * affair; the caller also writes actual_pages to the config space after each batch.
 *
 * Memory: the caller's.  Time: now_ns, never decreasing.  Errors: none; a broken
 * promise (more pages than asked for) traps.  Locking: the caller serializes per
 * object.  Source: drivers/virtio/virtio_balloon.c of Linux 6.1.
 */
#ifndef WS_BALLOON_H
#define WS_BALLOON_H

#include "ws_types.h"

#define WS_BALLOON_BATCH_PAGES 256u
#define WS_BALLOON_OOM_PAGES 256u
#define WS_BALLOON_RETRY_NS (200 * WS_NS_PER_MS)

enum ws_balloon_what { WS_BALLOON_IDLE, WS_BALLOON_INFLATE, WS_BALLOON_DEFLATE, WS_BALLOON_WAIT };

struct ws_balloon_next {
	enum ws_balloon_what what;
	u32 pages;    /* INFLATE, DEFLATE: 1..WS_BALLOON_BATCH_PAGES */
	u64 until_ns; /* WAIT */
};

struct ws_balloon {
	u32 target_pages; /* num_pages of the config space */
	u32 actual_pages;
	bool deflate_on_oom; /* negotiated */
	bool working;	     /* the last change of configuration is not carried out yet */
	u64 retry_ns;	     /* no step before this */
	/* running totals */
	u64 inflated_pages, deflated_pages, oom_deflated_pages;
	u64 batches_count, out_of_puff_count, oom_count;
};

void ws_balloon_init(struct ws_balloon *balloon, bool deflate_on_oom);

/* The host changed num_pages (or interrupted without changing it). */
void ws_balloon_set_target(struct ws_balloon *balloon, u32 target_pages);

/* What to do now.  Asking has no effect, except that finished work becomes idle. */
struct ws_balloon_next ws_balloon_step(struct ws_balloon *balloon, u64 now_ns);

/* @got of the @wanted pages of the last step were allocated and told to the host. */
void ws_balloon_inflated(struct ws_balloon *balloon, u32 wanted, u32 got, u64 now_ns);

/* @pages, as the last step said, were given back. */
void ws_balloon_deflated(struct ws_balloon *balloon, u32 pages);

/*
 * The guest is out of memory.  Return: pages to give back now, then counted as
 * deflated; 0 when not negotiated or the balloon is empty.
 */
u32 ws_balloon_oom(struct ws_balloon *balloon);

#endif /* WS_BALLOON_H */
