/* SPDX-License-Identifier: BSD-2-Clause */
/* wsd_loop.c - epoll, a timerfd and a list of timers; see wsd_loop.h. */
#include <errno.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "wsd_loop.h"

#define NS_PER_S 1000000000ull

static u64 monotonic_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (u64)now.tv_sec * NS_PER_S + (u64)now.tv_nsec;
}

int wsd_loop_init(struct wsd_loop *loop, enum wsd_clock clock)
{
	struct epoll_event event = { .events = EPOLLIN };

	memset(loop, 0, sizeof(*loop));
	loop->clock = clock;
	loop->start_ns = monotonic_ns();
	loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	loop->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	if (loop->epoll_fd < 0 || loop->timer_fd < 0 ||
	    epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, loop->timer_fd, &event)) {
		int error = -errno;

		wsd_loop_destroy(loop);
		return error;
	}
	return 0;
}

void wsd_loop_destroy(struct wsd_loop *loop)
{
	if (loop->epoll_fd >= 0)
		close(loop->epoll_fd);
	if (loop->timer_fd >= 0)
		close(loop->timer_fd);
	loop->epoll_fd = loop->timer_fd = -1;
}

u64 wsd_loop_now(const struct wsd_loop *loop)
{
	return loop->clock == WSD_CLOCK_GUEST ? loop->guest_ns : monotonic_ns() - loop->start_ns;
}

int wsd_loop_watch(struct wsd_loop *loop, struct wsd_watch *watch, u32 events)
{
	struct epoll_event event = { .events = events, .data.ptr = watch };

	if (!epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, watch->fd, &event))
		return 0;
	if (errno == EEXIST && !epoll_ctl(loop->epoll_fd, EPOLL_CTL_MOD, watch->fd, &event))
		return 0;
	return -errno;
}

void wsd_loop_unwatch(struct wsd_loop *loop, struct wsd_watch *watch)
{
	if (watch->fd >= 0)
		epoll_ctl(loop->epoll_fd, EPOLL_CTL_DEL, watch->fd, NULL);
}

/* --- timers --- */

/* The next one; of two at the same time the one made known first. */
static struct wsd_timer *next_timer(const struct wsd_loop *loop)
{
	struct wsd_timer *next = NULL;

	for (u32 i = 0; i < loop->timers_count; i++)
		if (loop->timer[i]->armed && (!next || loop->timer[i]->due_ns < next->due_ns))
			next = loop->timer[i];
	return next;
}

static void set_alarm(const struct wsd_loop *loop)
{
	const struct wsd_timer *next = next_timer(loop);
	struct itimerspec when = { .it_value = { 0, 0 } };
	u64 due_ns;

	if (loop->clock == WSD_CLOCK_GUEST)
		return;
	if (next) {
		due_ns = next->due_ns + loop->start_ns;
		when.it_value.tv_sec = (time_t)(due_ns / NS_PER_S);
		when.it_value.tv_nsec = (long)(due_ns % NS_PER_S);
	}
	timerfd_settime(loop->timer_fd, TFD_TIMER_ABSTIME, &when, NULL);
}

void wsd_loop_add_timer(struct wsd_loop *loop, struct wsd_timer *timer)
{
	WS_ASSERT(loop->timers_count < WSD_TIMERS_MAX);
	timer->armed = false;
	loop->timer[loop->timers_count++] = timer;
}

void wsd_loop_set(struct wsd_loop *loop, struct wsd_timer *timer, u64 due_ns)
{
	timer->due_ns = due_ns;
	timer->armed = true;
	set_alarm(loop);
}

static void fire(struct wsd_timer *timer)
{
	timer->armed = false;
	timer->fire(timer->ctx);
}

void wsd_loop_advance(struct wsd_loop *loop, u64 now_ns)
{
	struct wsd_timer *next;

	while (!loop->stop && (next = next_timer(loop)) && next->due_ns <= now_ns) {
		if (next->due_ns > loop->guest_ns)
			loop->guest_ns = next->due_ns;
		fire(next);
	}
	if (now_ns > loop->guest_ns)
		loop->guest_ns = now_ns;
}

/* Each timer that is due now, once: one that sets itself again for now waits its turn. */
static void fire_due(struct wsd_loop *loop)
{
	u64 now_ns = wsd_loop_now(loop);
	struct wsd_timer *next;
	u32 budget = loop->timers_count;
	u64 ticks;

	if (read(loop->timer_fd, &ticks, sizeof(ticks)) < 0)
		return;
	while (budget-- && (next = next_timer(loop)) && next->due_ns <= now_ns)
		fire(next);
	set_alarm(loop);
}

int wsd_loop_run(struct wsd_loop *loop)
{
	struct epoll_event event;

	while (!loop->stop) {
		int count = epoll_wait(loop->epoll_fd, &event, 1, -1);

		if (count < 0 && errno != EINTR)
			return -errno;
		if (count <= 0)
			continue;
		if (!event.data.ptr) {
			fire_due(loop);
		} else {
			struct wsd_watch *watch = event.data.ptr;

			watch->ready(watch->ctx, event.events);
		}
	}
	return 0;
}
