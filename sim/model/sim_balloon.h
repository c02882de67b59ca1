/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sim_balloon.h - the guest's balloon driver at work.
 *
 * ws_balloon of the core decides what to do next; here are the frames, the costs and
 * the virtqueue.  A balloon does not pick cold pages: it takes what the guest's
 * allocator has free, and reclaims when there is nothing, as any allocation does.  Page
 * frame numbers travel as the bytes of the inflate and deflate queues.
 */
#ifndef SIM_BALLOON_H
#define SIM_BALLOON_H

#include "ws_balloon.h"
#include "model/sim_engine.h"

struct sim_guest;

struct sim_balloon_device {
	struct ws_balloon logic;
	u32 *frame;	 /* what it holds, logic.actual_pages of them */
	u64 ticket;	 /* of the pending wake-up */
	double slowness; /* costs are this many times as high; 0: refuses to move */
	u64 moved_ns;	 /* last time the number of pages changed, or the target did */
};

int sim_balloon_init(struct sim_guest *guest);
void sim_balloon_destroy(struct sim_guest *guest);

/* Pages that the balloon holds. */
u64 sim_balloon_pages(const struct sim_guest *guest);

/* The device's configuration changed: bytes of the configuration space. */
void sim_balloon_configured(struct sim_guest *guest, const u8 *bytes, u32 length);

/* SIM_WAKE_BALLOON. */
void sim_balloon_wake(struct sim_guest *guest, u64 ticket);

/* Out of memory: give a batch back.  Return: whether there was one. */
bool sim_balloon_deflate_on_oom(struct sim_guest *guest);

/* A disturbance makes the balloon slow (factor), stubborn (0) or normal (1). */
void sim_balloon_disturb(struct sim_guest *guest, double factor);

#endif /* SIM_BALLOON_H */
