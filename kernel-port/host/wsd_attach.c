/* SPDX-License-Identifier: BSD-2-Clause */
/* wsd_attach.c - the sockets of a vhost-user device; see wsd_attach.h. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "wsd_attach.h"
#include "wsd_state.h"

/* Messages looked at before another VM gets its turn. */
#define MESSAGES_BUDGET 32u

struct kick {
	struct wsd_watch watch;
	struct wsd_attach *attach;
};

struct wsd_attach {
	struct wsd_loop *loop;
	char path[WSD_STATE_PATH_MAX];
	bool keep_state;
	int lock; /* of the state, -1: not held */
	struct wsd_socket_place place; /* of the socket that is listened on */
	struct wsd_vhost vhost;
	struct wsd_watch listening, connection; /* connection.fd -1: nobody there */
	struct kick kick[WSD_RINGS_MAX];
	u8 input[WSD_VHOST_HEAD_BYTES + WSD_VHOST_PAYLOAD_MAX];
	u32 input_length;
	int fd[WSD_FDS_MAX];
	u32 fds_count;
	struct wsd_state saved;
	void (*complain)(void *ctx, const char *text);
	void *ctx;
};

static void hang_up(struct wsd_attach *attach)
{
	if (attach->connection.fd < 0)
		return;
	wsd_loop_unwatch(attach->loop, &attach->connection);
	close(attach->connection.fd);
	attach->connection.fd = -1;
	for (u32 i = 0; i < attach->fds_count; i++)
		close(attach->fd[i]);
	attach->fds_count = attach->input_length = 0;
	wsd_vhost_reset(&attach->vhost);
	wsd_attach_save(attach);
}

/* --- what vhost-user needs --- */

static int send_reply(void *ctx, const u8 *bytes, u32 length)
{
	struct wsd_attach *attach = ctx;

	return attach->connection.fd < 0 ? -ENOTCONN :
					   wsd_socket_send(attach->connection.fd, bytes, length);
}

static void on_kick(void *ctx, u32 events)
{
	struct kick *kick = ctx;
	struct wsd_attach *attach = kick->attach;
	u32 ring = (u32)(kick - attach->kick);
	u64 again = 1;

	(void)events;
	/* One pass, then the others' turn: the file is made readable again for the rest. */
	if (wsd_vhost_kicked(&attach->vhost, ring) && kick->watch.fd >= 0 &&
	    wsd_socket_send(kick->watch.fd, &again, sizeof(again)))
		wsd_device_kick_all(&attach->vhost.device, ring);
	wsd_attach_save(attach);
}

static int watch_kick(void *ctx, u32 ring, int fd)
{
	struct wsd_attach *attach = ctx;
	struct kick *kick = &attach->kick[ring];

	if (kick->watch.fd >= 0)
		wsd_loop_unwatch(attach->loop, &kick->watch);
	kick->watch.fd = fd;
	return fd < 0 ? 0 : wsd_loop_watch(attach->loop, &kick->watch, EPOLLIN);
}

static void keep(void *ctx)
{
	wsd_attach_save(ctx);
}

static void pass_complaint(void *ctx, const char *text)
{
	struct wsd_attach *attach = ctx;

	attach->complain(attach->ctx, text);
}

static const struct wsd_vhost_ops vhost_ops = {
	.reply = send_reply, .watch = watch_kick, .complain = pass_complaint, .keep = keep,
};

/* --- messages --- */

/* Return: 1 after a whole message, 0 to wait for more, negative errno to hang up. */
static int take_message(struct wsd_attach *attach)
{
	u32 want = WSD_VHOST_HEAD_BYTES;
	int rc;

	if (attach->input_length >= WSD_VHOST_HEAD_BYTES) {
		rc = wsd_vhost_payload(attach->input);
		if (rc < 0)
			return rc;
		want += (u32)rc;
	}
	if (attach->input_length < want) {
		rc = wsd_socket_receive(attach->connection.fd, attach->input + attach->input_length,
					want - attach->input_length, attach->fd, &attach->fds_count);
		if (rc == -EAGAIN)
			return 0;
		if (rc <= 0)
			return rc ? rc : -EPIPE;
		attach->input_length += (u32)rc;
		/* Perhaps only the head: then the next round knows how long it is. */
		rc = attach->input_length < WSD_VHOST_HEAD_BYTES ? 0 :
								  wsd_vhost_payload(attach->input);
		if (rc < 0 || attach->input_length < WSD_VHOST_HEAD_BYTES + (u32)rc)
			return rc < 0 ? rc : 1;
	}
	rc = wsd_vhost_message(&attach->vhost, attach->input, attach->input_length, attach->fd,
			       attach->fds_count);
	attach->input_length = attach->fds_count = 0;
	return rc ? rc : 1;
}

static void on_message(void *ctx, u32 events)
{
	struct wsd_attach *attach = ctx;
	char text[128];
	int rc = 1;

	(void)events;
	wsd_attach_hold(attach, true);
	for (u32 i = 0; i < MESSAGES_BUDGET && rc == 1; i++)
		rc = take_message(attach);
	wsd_attach_hold(attach, false);
	if (rc >= 0) {
		wsd_attach_save(attach); /* kicks may come this way */
		return;
	}
	if (rc != -EPIPE && rc != -ECONNRESET) {
		snprintf(text, sizeof(text), "the VMM's connection is ended: %s", strerror(-rc));
		attach->complain(attach->ctx, text);
	}
	hang_up(attach);
}

/* The end of one that comes again at once may not have been looked at yet. */
static bool vmm_is_gone(const struct wsd_attach *attach)
{
	struct pollfd peer = { .fd = attach->connection.fd };

	return poll(&peer, 1, 0) > 0 && peer.revents & (POLLHUP | POLLERR);
}

static void on_connection(void *ctx, u32 events)
{
	struct wsd_attach *attach = ctx;
	int fd = accept4(attach->listening.fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	(void)events;
	if (fd < 0)
		return;
	if (attach->connection.fd >= 0 && vmm_is_gone(attach))
		hang_up(attach);
	if (attach->connection.fd >= 0) {
		attach->complain(attach->ctx, "a second VMM came while one is attached: refused");
		close(fd);
		return;
	}
	attach->connection.fd = fd;
	if (wsd_loop_watch(attach->loop, &attach->connection, EPOLLIN))
		hang_up(attach);
}

/* --- life --- */

/* The balloon that another daemon left; not from one that lives. */
static int take_state(struct wsd_attach *attach, const struct wsd_attach_setup *setup,
		      struct tr_error *error)
{
	if (!setup->keep_state)
		return 0;
	attach->lock = wsd_state_lock(setup->path);
	if (attach->lock == -EWOULDBLOCK)
		return tr_fail(error, -EBUSY, "%s: another ws-balloond serves this VM", setup->path);
	if (attach->lock < 0)
		return tr_fail(error, attach->lock, "%s.lock: %s", setup->path, strerror(-attach->lock));
	attach->keep_state = true;
	int rc = wsd_state_read(&attach->saved, setup->path, setup->size_bytes / WS_PAGE_BYTES);
	if (!rc)
		wsd_device_restore(&attach->vhost.device, &attach->saved);
	else if (rc == -EINVAL)
		attach->complain(attach->ctx, "the state file is of no such VM: taken as none");
	return 0;
}

int wsd_attach_create(struct wsd_attach **attach, struct wsd_loop *loop,
		      const struct wsd_attach_setup *setup, const struct wsd_listener *listener,
		      void *listener_ctx, void (*complain)(void *ctx, const char *text),
		      struct tr_error *error)
{
	struct wsd_attach *made = calloc(1, sizeof(*made));
	int rc;

	if (!made)
		return tr_fail(error, -ENOMEM, "out of memory");
	made->loop = loop;
	made->lock = made->listening.fd = -1;
	made->complain = complain;
	made->ctx = listener_ctx;
	snprintf(made->path, sizeof(made->path), "%s", setup->path);
	for (u32 i = 0; i < WSD_RINGS_MAX; i++)
		made->kick[i] = (struct kick){
			{ .fd = -1, .ready = on_kick, .ctx = &made->kick[i] }, made };
	made->connection = (struct wsd_watch){ .fd = -1, .ready = on_message, .ctx = made };
	wsd_vhost_init(&made->vhost, &setup->device, listener, listener_ctx, &vhost_ops, made);
	made->vhost.offer_inband = setup->inband;
	rc = take_state(made, setup, error);
	if (!rc)
		rc = wsd_socket_listen(setup->path, &made->place, error);
	made->listening = (struct wsd_watch){ .fd = rc, .ready = on_connection, .ctx = made };
	if (rc >= 0)
		rc = wsd_loop_watch(loop, &made->listening, EPOLLIN);
	if (rc < 0) {
		wsd_attach_destroy(made);
		return rc;
	}
	*attach = made;
	return 0;
}

void wsd_attach_destroy(struct wsd_attach *attach)
{
	if (!attach)
		return;
	wsd_attach_save(attach);
	hang_up(attach);
	if (attach->listening.fd >= 0) {
		wsd_loop_unwatch(attach->loop, &attach->listening);
		close(attach->listening.fd);
		wsd_socket_remove(attach->path, &attach->place);
	}
	wsd_vhost_destroy(&attach->vhost);
	if (attach->lock >= 0)
		close(attach->lock);
	free(attach);
}

struct wsd_device *wsd_attach_device(struct wsd_attach *attach)
{
	return &attach->vhost.device;
}

void wsd_attach_hold(struct wsd_attach *attach, bool held)
{
	if (attach->vhost.offer_inband)
		wsd_vhost_hold(&attach->vhost, held);
}

void wsd_attach_save(struct wsd_attach *attach)
{
	struct wsd_state now;
	char text[160];
	int rc;

	wsd_device_state(&attach->vhost.device, &now);
	if (!attach->keep_state || wsd_state_same(&now, &attach->saved))
		return;
	rc = wsd_state_write(&now, attach->path);
	attach->saved = now;
	if (rc) {
		snprintf(text, sizeof(text), "state file: %s; a restart would not know the balloon",
			 strerror(-rc));
		attach->complain(attach->ctx, text);
		attach->keep_state = false;
	}
}
