/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * wsd_loop.h - waiting: files and timers, one thread.
 *
 * Two clocks.  WSD_CLOCK_MONOTONIC is the machine's, from 0 at the start.
 * WSD_CLOCK_GUEST stands still until somebody says what time it is
 * (wsd_loop_advance()); timers then run in the order (time, creation), each at its own
 * time, so that a guest in virtual time gets the same run every time.
 *
 * One event is handled at a time, and a watch may be removed in any handler.
 *
 * Errors: negative errno.  Memory: watches and timers are the caller's.
 */
#ifndef WSD_LOOP_H
#define WSD_LOOP_H

#include <ws_env.h>

enum wsd_clock { WSD_CLOCK_MONOTONIC, WSD_CLOCK_GUEST };

struct wsd_watch {
	int fd;
	void (*ready)(void *ctx, u32 events); /* EPOLLIN and so on */
	void *ctx;
};

#define WSD_TIMERS_MAX 2200u /* a few for the controller, two a VM */

struct wsd_timer {
	u64 due_ns;
	bool armed;
	void (*fire)(void *ctx);
	void *ctx;
};

struct wsd_loop {
	enum wsd_clock clock;
	int epoll_fd, timer_fd;
	u64 start_ns; /* of CLOCK_MONOTONIC */
	u64 guest_ns;
	bool stop;
	u32 timers_count;
	struct wsd_timer *timer[WSD_TIMERS_MAX];
};

int wsd_loop_init(struct wsd_loop *loop, enum wsd_clock clock);
void wsd_loop_destroy(struct wsd_loop *loop);

u64 wsd_loop_now(const struct wsd_loop *loop); /* ns since the start */

/* @events: EPOLLIN, EPOLLOUT, ...; repeated calls change them.  -EPERM: not a file to wait for. */
int wsd_loop_watch(struct wsd_loop *loop, struct wsd_watch *watch, u32 events);
void wsd_loop_unwatch(struct wsd_loop *loop, struct wsd_watch *watch);

/* A timer is made known once, then set as often as liked. */
void wsd_loop_add_timer(struct wsd_loop *loop, struct wsd_timer *timer);
void wsd_loop_set(struct wsd_loop *loop, struct wsd_timer *timer, u64 due_ns);

/* WSD_CLOCK_GUEST: it is now @now_ns; what is due runs.  Going back is ignored. */
void wsd_loop_advance(struct wsd_loop *loop, u64 now_ns);

/* Handle events until loop->stop.  Return: 0 or negative errno. */
int wsd_loop_run(struct wsd_loop *loop);

#endif /* WSD_LOOP_H */
