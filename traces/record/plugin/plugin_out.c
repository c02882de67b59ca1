/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * plugin_out.c - one stream of records for all threads, and the trace's clocks.
 *
 * Records are few (about one in a thousand accesses), so one buffer under one lock
 * takes them all and their order in it is the order of events.
 *
 * Each thread's clock counts its own instructions.  The common clock is the
 * farthest of them; while every thread sleeps it runs with the host's clock, and a
 * thread that wakes sets its own to the common one.  So a thread's sleep lasts as
 * long as the others' work or the real sleep, and never the time that emulation
 * takes to do the others' work.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "plugin.h"

#define BUFFER_WORDS 8192u
#define IDLE_MIN_NS 50000u /* shorter sleeps are saved up until they amount to this */
#define FLUSH_NS 500000000u /* a command that is killed loses at most so much */

static struct {
	pthread_mutex_t lock;
	u64 word[BUFFER_WORDS];
	u32 used;
	int fd;
	bool off; /* a forked child, or the recorder is gone */
	const char *path;
	dev_t dev;
	ino_t ino;
	u64 clock_ns;	    /* the common clock */
	u64 all_asleep_ns;  /* host time since when all threads sleep */
	u64 flushed_ns;	    /* host time */
	u32 live, blocked;
} out = { .lock = PTHREAD_MUTEX_INITIALIZER, .fd = -1 };

static u64 host_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (u64)now.tv_sec * 1000000000u + (u64)now.tv_nsec;
}

static int pipe_open(void)
{
	struct stat st;
	int fd = open(out.path, O_WRONLY | O_CLOEXEC), high;

	if (fd < 0)
		return -errno;
	/* Out of the way of the command, which expects its first open() to be 3. */
	high = fcntl(fd, F_DUPFD_CLOEXEC, 900);
	if (high >= 0) {
		close(fd);
		fd = high;
	}
	if (fstat(fd, &st))
		return -errno;
	out.dev = st.st_dev;
	out.ino = st.st_ino;
	out.fd = fd;
	return 0;
}

/* The command may have closed our descriptor, and its number may be a file of its own. */
static void pipe_check(void)
{
	struct stat st;

	if (fstat(out.fd, &st) || st.st_dev != out.dev || st.st_ino != out.ino)
		out.off = pipe_open() != 0;
}

static void flush(void)
{
	const char *from = (const char *)out.word;
	size_t left = out.used * sizeof(out.word[0]);

	out.used = 0;
	if (!left || out.off)
		return;
	pipe_check();
	while (left && !out.off) {
		ssize_t done = write(out.fd, from, left);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0) {
			out.off = true;
			break;
		}
		from += done;
		left -= (size_t)done;
	}
}

static void forked(void)
{
	out.off = true;
	if (out.fd >= 0)
		close(out.fd);
	pthread_mutex_init(&out.lock, NULL);
}

int plugin_out_open(const char *path)
{
	struct tr_raw_header header = { TR_RAW_MAGIC, plugin.window_insns, plugin.ns_per_kinsn,
					plugin.guest };
	int rc;

	out.path = path;
	rc = pipe_open();
	if (rc)
		return rc;
	pthread_atfork(NULL, NULL, forked);
	memcpy(out.word, &header, sizeof(header));
	out.used = sizeof(header) / sizeof(out.word[0]);
	return 0;
}

/* The time that the thread has reached: so many instructions, all equally long. */
static u64 time_of(const struct vcpu *c)
{
	u64 insns = c->held_insns ? c->held_insns : c->insns;

	return c->base_ns + (u64)((unsigned __int128)insns * plugin.ns_per_kinsn / 1000u);
}

static void put(const struct vcpu *c, u32 op, u64 arg, const u64 *extra)
{
	u32 words = 2 + tr_raw_extra(op);

	if (out.used + words > BUFFER_WORDS)
		flush();
	out.word[out.used++] = (time_of(c) & ((1ull << TR_RAW_TIME_BITS) - 1)) |
			       (u64)c->index << TR_RAW_TIME_BITS;
	out.word[out.used++] = arg | (u64)op << TR_RAW_ARG_BITS;
	for (u32 i = 2; i < words; i++)
		out.word[out.used++] = extra[i - 2];
}

void plugin_emit(struct vcpu *c, u32 op, u64 arg, const u64 *extra)
{
	pthread_mutex_lock(&out.lock);
	if (!out.off)
		put(c, op, arg, extra);
	pthread_mutex_unlock(&out.lock);
}

void plugin_out_close(void)
{
	pthread_mutex_lock(&out.lock);
	if (!out.off) {
		struct vcpu *first = plugin.vcpus[0];

		if (first)
			put(first, TR_RAW_END, 0, NULL);
		flush();
		out.off = true;
		close(out.fd);
	}
	pthread_mutex_unlock(&out.lock);
}

static void clock_to(u64 time_ns)
{
	if (time_ns > out.clock_ns)
		out.clock_ns = time_ns;
}

void plugin_clock_note(const struct vcpu *c)
{
	u64 now_ns = host_ns();

	pthread_mutex_lock(&out.lock);
	clock_to(time_of(c));
	if (now_ns - out.flushed_ns > FLUSH_NS) {
		out.flushed_ns = now_ns;
		flush();
	}
	pthread_mutex_unlock(&out.lock);
}

/* Called with the lock: move @c's clock on to the common one. */
static void catch_up(struct vcpu *c)
{
	u64 own_ns = time_of(c), idle_ns;

	if (out.clock_ns < own_ns + IDLE_MIN_NS)
		return;
	idle_ns = out.clock_ns - own_ns;
	c->base_ns += idle_ns;
	put(c, TR_RAW_IDLE, 0, NULL);
	if (idle_ns * 1000u / plugin.ns_per_kinsn >= c->epoch_end - c->insns)
		plugin_epoch_next(c);
	else
		c->epoch_end -= idle_ns * 1000u / plugin.ns_per_kinsn;
}

void plugin_clock_start(struct vcpu *c)
{
	pthread_mutex_lock(&out.lock);
	if (!c->live) {
		c->live = true;
		out.live++;
		if (!out.off)
			catch_up(c);
	}
	pthread_mutex_unlock(&out.lock);
}

static void all_asleep_since(void)
{
	if (out.live && out.blocked == out.live)
		out.all_asleep_ns = host_ns();
}

void plugin_clock_stop(struct vcpu *c)
{
	pthread_mutex_lock(&out.lock);
	clock_to(time_of(c));
	if (c->live) {
		out.live--;
		out.blocked -= c->blocked;
		c->live = c->blocked = false;
		all_asleep_since();
	}
	pthread_mutex_unlock(&out.lock);
}

void plugin_sleep(struct vcpu *c)
{
	pthread_mutex_lock(&out.lock);
	clock_to(time_of(c));
	if (!c->blocked) {
		c->blocked = true;
		out.blocked++;
		if (out.blocked == out.live)
			flush(); /* a command that is killed while it sleeps loses nothing */
		all_asleep_since();
	}
	pthread_mutex_unlock(&out.lock);
}

void plugin_wake(struct vcpu *c)
{
	pthread_mutex_lock(&out.lock);
	if (c->blocked) {
		if (out.blocked == out.live)
			out.clock_ns += host_ns() - out.all_asleep_ns;
		c->blocked = false;
		out.blocked--;
		if (!out.off)
			catch_up(c);
	}
	pthread_mutex_unlock(&out.lock);
}
