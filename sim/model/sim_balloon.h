/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sim_balloon.h - the worker that follows the host's target, whatever the mechanism.
 *
 * Given a target, it asks the VM's mechanism (sim_mechanism.h) for one piece of work
 * after the other, charges each, and waits when the mechanism says so.  The 4 KiB
 * balloon is one of these mechanisms: the core's ws_balloon decides what to do next; the
 * frames, the costs and the virtqueue are here.  A balloon does not pick cold pages: it
 * takes what the guest's allocator has free, and when there is nothing it reclaims, as
 * any allocation does.  Page frame numbers travel as the bytes of the inflate and
 * deflate queues.
 */
#ifndef SIM_BALLOON_H
#define SIM_BALLOON_H

#include "ws_balloon.h"
#include "model/sim_engine.h"
#include "model/sim_mechanism.h"

struct sim_guest;

struct sim_balloon_device {
	const struct sim_mechanism *mechanism;
	struct ws_balloon logic; /* target and actual: pages that are not the guest's */
	u32 *frame;		 /* what it holds in 4 KiB pages, small_pages of them */
	u32 small_pages;
	u32 *region;		 /* what it holds in 2 MiB pages, regions_count of them */
	u32 regions_count;
	u32 cursor;		 /* virtio-mem: below which it looks for the next block */
	u32 defers, defer_shift; /* huge-balloon: compaction failed, and is left alone for a while */
	u64 patience_ns;	 /* virtio-mem: until it tries again */
	struct sim_mechanism_totals totals;
	u64 ticket;	 /* of the pending wake-up */
	double slowness; /* costs are this many times as high; 0: refuses to move */
	u64 moved_ns;	 /* when the number of pages or the target last changed */
};

/* Sets guest->balloon.  Return: 0 or -ENOMEM. */
int sim_balloon_init(struct sim_guest *guest);
void sim_balloon_destroy(struct sim_guest *guest);
/* The guest boots: what the mechanism does on its own begins. */
void sim_balloon_start(struct sim_guest *guest);

/* The guest's driver is gone, and what it held is the guest's; the caller has its frames free. */
void sim_balloon_reset(struct sim_guest *guest);

/* Pages that the balloon, or whatever the mechanism is, has taken from the guest. */
u64 sim_balloon_pages(const struct sim_guest *guest);

/* The device's configuration changed: bytes of the configuration space. */
void sim_balloon_configured(struct sim_guest *guest, const u8 *bytes, u32 length);

/* SIM_WAKE_BALLOON, SIM_WAKE_MECHANISM. */
void sim_balloon_wake(struct sim_guest *guest, u64 ticket);
void sim_balloon_period(struct sim_guest *guest);

/* Does it give memory back to a guest that is out of it?  Then MemTotal does not shrink. */
bool sim_balloon_deflates_on_oom(const struct sim_guest *guest);

/* Out of memory: give a batch back.  Return: whether there was one. */
bool sim_balloon_deflate_on_oom(struct sim_guest *guest);

/* A disturbance makes the balloon slow (factor), stubborn (0) or normal (1). */
void sim_balloon_disturb(struct sim_guest *guest, double factor);

/* 4 KiB pages into the balloon and out of it; what other balloons fall back to. */
struct sim_moved sim_balloon_take_pages(struct sim_guest *guest, u32 want);
struct sim_moved sim_balloon_give_pages(struct sim_guest *guest, u32 pages);

#endif /* SIM_BALLOON_H */
