/* SPDX-License-Identifier: BSD-2-Clause */
/* wsd_vhost.c - requests of a vhost-user front-end; see wsd_vhost.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ws_bytes.h"
#include "wsd_vhost.h"

enum request {
	GET_FEATURES = 1,
	SET_FEATURES = 2,
	SET_OWNER = 3,
	RESET_OWNER = 4,
	SET_MEM_TABLE = 5,
	SET_VRING_NUM = 8,
	SET_VRING_ADDR = 9,
	SET_VRING_BASE = 10,
	GET_VRING_BASE = 11,
	SET_VRING_KICK = 12,
	SET_VRING_CALL = 13,
	SET_VRING_ERR = 14,
	GET_PROTOCOL_FEATURES = 15,
	SET_PROTOCOL_FEATURES = 16,
	GET_QUEUE_NUM = 17,
	SET_VRING_ENABLE = 18,
	SET_REQUEST_FD = 21,
	GET_CONFIG = 24,
	SET_CONFIG = 25,
	RESET_DEVICE = 34,
	VRING_KICK = 35,
};

#define HEAD WSD_VHOST_HEAD_BYTES
#define VERSION 1u
#define VERSION_MASK 3u
#define FLAG_REPLY 4u
#define FLAG_NEED_REPLY 8u

#define PROTOCOL_MQ (1ull << 0)
#define PROTOCOL_REPLY_ACK (1ull << 3)
#define PROTOCOL_REQUEST_CHANNEL (1ull << 5)
#define PROTOCOL_CONFIG (1ull << 9)
#define PROTOCOL_RESET_DEVICE (1ull << 13)
#define PROTOCOL_INBAND (1ull << 14)

#define RING_MASK 0xffu
#define RING_NO_FD 0x100u
#define CONFIG_MAX 256u
#define CONFIG_HEAD 12u
#define REGION_BYTES 32u

/* Requests of the back-end's own. */
#define CHANNEL_CONFIG_CHANGED 2u
#define CHANNEL_CALL 4u

/* A request being worked on. */
struct ask {
	u32 request, flags, size;
	const u8 *payload;
	int fd[WSD_FDS_MAX]; /* -1 when taken over */
	u32 fds_count;
};

static u64 protocol_features(const struct wsd_vhost *vhost)
{
	return PROTOCOL_MQ | PROTOCOL_REPLY_ACK | PROTOCOL_REQUEST_CHANNEL | PROTOCOL_CONFIG |
	       PROTOCOL_RESET_DEVICE | (vhost->offer_inband ? PROTOCOL_INBAND : 0);
}

static bool inband(const struct wsd_vhost *vhost)
{
	return vhost->protocol_features & PROTOCOL_INBAND;
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static int refuse(struct wsd_vhost *vhost, int rc, const char *text)
{
	vhost->refused_count++;
	vhost->ops->complain(vhost->ctx, text);
	return rc;
}

static void send_gathered(struct wsd_vhost *vhost)
{
	/* A channel that is full already says that something has changed. */
	if (vhost->gathered_bytes && vhost->request_fd >= 0)
		wsd_socket_send(vhost->request_fd, vhost->gathered, vhost->gathered_bytes);
	vhost->gathered_bytes = 0;
}

void wsd_vhost_hold(struct wsd_vhost *vhost, bool held)
{
	vhost->held = held;
	if (!held)
		send_gathered(vhost);
}

static int reply(struct wsd_vhost *vhost, const struct ask *ask, const u8 *payload, u32 size)
{
	u8 bytes[HEAD + WSD_VHOST_PAYLOAD_MAX];

	ws_put_le32(bytes, ask->request);
	ws_put_le32(bytes + 4, VERSION | FLAG_REPLY);
	ws_put_le32(bytes + 8, size);
	if (size)
		memcpy(bytes + HEAD, payload, size);
	send_gathered(vhost);
	return vhost->ops->reply(vhost->ctx, bytes, HEAD + size);
}

static int reply_u64(struct wsd_vhost *vhost, const struct ask *ask, u64 value)
{
	u8 bytes[8];

	ws_put_le64(bytes, value);
	return reply(vhost, ask, bytes, sizeof(bytes));
}

/* --- to the front-end --- */

static void channel_send(struct wsd_vhost *vhost, u32 request, const u8 *payload, u32 size)
{
	u8 bytes[HEAD + 8];

	if (vhost->request_fd < 0)
		return;
	ws_put_le32(bytes, request);
	ws_put_le32(bytes + 4, VERSION);
	ws_put_le32(bytes + 8, size);
	if (size)
		memcpy(bytes + HEAD, payload, size);
	if (vhost->gathered_bytes + HEAD + size > sizeof(vhost->gathered))
		send_gathered(vhost);
	memcpy(vhost->gathered + vhost->gathered_bytes, bytes, HEAD + size);
	vhost->gathered_bytes += HEAD + size;
	if (!vhost->held)
		send_gathered(vhost);
}

static void config_changed(void *ctx)
{
	channel_send(ctx, CHANNEL_CONFIG_CHANGED, NULL, 0);
}

static void call(void *ctx, u32 ring)
{
	struct wsd_vhost *vhost = ctx;
	u8 payload[8] = { 0 };
	u64 one = 1;

	ws_put_le32(payload, ring);
	if (vhost->fd[ring].call >= 0)
		wsd_socket_send(vhost->fd[ring].call, &one, sizeof(one));
	else if (inband(vhost))
		channel_send(vhost, CHANNEL_CALL, payload, sizeof(payload));
}

static void keep(void *ctx)
{
	struct wsd_vhost *vhost = ctx;

	if (vhost->ops->keep)
		vhost->ops->keep(vhost->ctx);
}

static const struct wsd_transport transport = {
	.keep = keep, .call = call, .config_changed = config_changed,
};

/* --- rings --- */

static void maybe_start(struct wsd_vhost *vhost, u32 i)
{
	struct wsd_ring *ring = &vhost->device.ring[i];

	if (!ring->enabled || ring->started || ring->fault || !ring->addressed || !ring->size ||
	    (vhost->fd[i].kick < 0 && !inband(vhost)))
		return;
	wsd_device_ring_start(&vhost->device, i);
	if (!ring->started && !ring->fault)
		refuse(vhost, 0, "a ring outside of the guest's memory, or at an odd address");
}

/* The ring that a vring_state or vring_addr payload names, or -EINVAL. */
static int ring_of(struct wsd_vhost *vhost, const struct ask *ask, u32 size)
{
	u32 ring;

	if (ask->size < size)
		return -EINVAL;
	ring = ws_get_le32(ask->payload);
	return ring < wsd_device_rings(&vhost->device) && ring < WSD_RINGS_MAX ? (int)ring : -EINVAL;
}

static int set_vring_num(struct wsd_vhost *vhost, struct ask *ask)
{
	int i = ring_of(vhost, ask, 8);
	u32 size;

	if (i < 0)
		return i;
	size = ws_get_le32(ask->payload + 4);
	if (!size || size > WSD_RING_SIZE_MAX || size & (size - 1) || vhost->device.ring[i].started)
		return -EINVAL;
	vhost->device.ring[i].size = size;
	return 0;
}

static int set_vring_addr(struct wsd_vhost *vhost, struct ask *ask)
{
	int i = ring_of(vhost, ask, 40);
	struct wsd_ring *ring;

	if (i < 0 || vhost->device.ring[i].started)
		return -EINVAL;
	ring = &vhost->device.ring[i];
	ring->desc = ws_get_le64(ask->payload + 8);
	ring->used = ws_get_le64(ask->payload + 16);
	ring->avail = ws_get_le64(ask->payload + 24);
	ring->addressed = true;
	ring->fault = NULL;
	maybe_start(vhost, (u32)i);
	return 0;
}

static int set_vring_base(struct wsd_vhost *vhost, struct ask *ask)
{
	int i = ring_of(vhost, ask, 8);
	u32 base;

	if (i < 0 || vhost->device.ring[i].started)
		return -EINVAL;
	base = ws_get_le32(ask->payload + 4);
	if (base > 0xffff)
		return -EINVAL;
	vhost->device.ring[i].next_avail = (u16)base;
	return 0;
}

static void drop_kick(struct wsd_vhost *vhost, u32 i)
{
	if (vhost->fd[i].kick >= 0)
		vhost->ops->watch(vhost->ctx, i, -1);
	close_fd(&vhost->fd[i].kick);
}

static int get_vring_base(struct wsd_vhost *vhost, struct ask *ask)
{
	int i = ring_of(vhost, ask, 8);
	u8 state[8] = { 0 };

	if (i < 0)
		return i;
	wsd_device_ring_stop(&vhost->device, (u32)i);
	drop_kick(vhost, (u32)i);
	close_fd(&vhost->fd[i].call);
	ws_put_le32(state, (u32)i);
	ws_put_le32(state + 4, vhost->device.ring[i].next_avail);
	return reply(vhost, ask, state, sizeof(state));
}

/*
 * A pipe or what has no place in a file system (event files), or of @type.  A file that has may be
 * served by another program (FUSE), and then a call can wait as no signal breaks off.
 */
static bool is_channel(int fd, mode_t type)
{
	struct stat st;

	if (fstat(fd, &st))
		return false;
	return !(st.st_mode & S_IFMT) || S_ISFIFO(st.st_mode) || (st.st_mode & S_IFMT) == type;
}

/*
 * The file of a SET_VRING_KICK and its like, a pipe, an event file, or of @type: 0 and *fd (-1:
 * there is none).
 */
static int take_ring_fd(struct wsd_vhost *vhost, struct ask *ask, mode_t type, u32 *ring, int *fd)
{
	u64 value;

	if (ask->size < 8)
		return -EINVAL;
	value = ws_get_le64(ask->payload);
	*ring = value & RING_MASK;
	*fd = -1;
	if (*ring >= wsd_device_rings(&vhost->device) || *ring >= WSD_RINGS_MAX)
		return -EINVAL;
	if (value & RING_NO_FD)
		return 0;
	if (ask->fds_count != 1 || !is_channel(ask->fd[0], type))
		return -EINVAL;
	*fd = ask->fd[0];
	ask->fd[0] = -1;
	/* Neither side may make this program wait. */
	fcntl(*fd, F_SETFL, fcntl(*fd, F_GETFL) | O_NONBLOCK);
	return 0;
}

/* No socket: what this end writes to wake itself would go to the other. */
static int set_vring_kick(struct wsd_vhost *vhost, struct ask *ask)
{
	u32 ring;
	int fd, rc = take_ring_fd(vhost, ask, 0, &ring, &fd);

	if (rc)
		return rc;
	drop_kick(vhost, ring);
	if (fd < 0)
		return inband(vhost) ? 0 : -EINVAL; /* somebody would have to poll */
	vhost->fd[ring].kick = fd;
	rc = vhost->ops->watch(vhost->ctx, ring, fd);
	if (rc) {
		close_fd(&vhost->fd[ring].kick);
		return rc;
	}
	if (!(vhost->device.features >> WSD_F_PROTOCOL_FEATURES & 1))
		vhost->device.ring[ring].enabled = true;
	maybe_start(vhost, ring);
	return 0;
}

/*
 * User-mode Linux is called on a socket.  A driver is called at once: a device that was
 * killed between giving buffers back and saying so leaves it waiting for ever.
 */
static int set_vring_call(struct wsd_vhost *vhost, struct ask *ask)
{
	u32 ring;
	int fd, rc = take_ring_fd(vhost, ask, S_IFSOCK, &ring, &fd);

	if (rc)
		return rc;
	close_fd(&vhost->fd[ring].call);
	vhost->fd[ring].call = fd;
	if (fd >= 0)
		call(vhost, ring);
	return 0;
}

static int set_vring_err(struct wsd_vhost *vhost, struct ask *ask)
{
	u32 ring;
	int fd, rc = take_ring_fd(vhost, ask, S_IFSOCK, &ring, &fd);

	if (!rc)
		close_fd(&fd); /* nothing is told there */
	return rc;
}

static int set_vring_enable(struct wsd_vhost *vhost, struct ask *ask)
{
	int i = ring_of(vhost, ask, 8);
	bool on;

	if (i < 0)
		return i;
	on = ws_get_le32(ask->payload + 4);
	vhost->device.ring[i].enabled = on;
	if (on)
		maybe_start(vhost, (u32)i);
	else
		wsd_device_ring_stop(&vhost->device, (u32)i);
	return 0;
}

static int kick_inband(struct wsd_vhost *vhost, struct ask *ask)
{
	int i = ring_of(vhost, ask, 8);

	if (i < 0 || !inband(vhost))
		return -EINVAL;
	wsd_device_kick_all(&vhost->device, (u32)i);
	return 0;
}

bool wsd_vhost_kicked(struct wsd_vhost *vhost, u32 ring)
{
	int rc = vhost->fd[ring].kick < 0 ? 1 : wsd_socket_drain(vhost->fd[ring].kick);

	/* The other end is closed, or it is a file that is ready for ever and cannot be read. */
	if (rc <= 0 && rc != -EAGAIN)
		drop_kick(vhost, ring);
	return wsd_device_kick(&vhost->device, ring);
}

/* --- the device --- */

static int set_mem_table(struct wsd_vhost *vhost, struct ask *ask)
{
	struct wsd_region_want want[WSD_REGIONS_MAX];
	bool was_started[WSD_RINGS_MAX];
	struct wsd_device *device = &vhost->device;
	struct tr_error error = { "" };
	u32 count;
	int rc;

	count = ask->size < 8 ? 0 : ws_get_le32(ask->payload);
	if (!count || count > WSD_REGIONS_MAX || count != ask->fds_count ||
	    ask->size < 8 + count * REGION_BYTES)
		return -EINVAL;
	for (u32 i = 0; i < count; i++) {
		const u8 *at = ask->payload + 8 + i * REGION_BYTES;

		want[i] = (struct wsd_region_want){ ws_get_le64(at), ws_get_le64(at + 8),
						    ws_get_le64(at + 16), ws_get_le64(at + 24) };
	}
	rc = wsd_mem_set(&device->mem, want, ask->fd, count, &error);
	for (u32 i = 0; i < count; i++)
		ask->fd[i] = -1;
	if (rc)
		return refuse(vhost, rc, error.text);
	/* Rings in use are looked up again in the new table. */
	for (u32 i = 0; i < WSD_RINGS_MAX; i++) {
		was_started[i] = device->ring[i].started;
		device->ring[i].started = false;
	}
	for (u32 i = 0; i < WSD_RINGS_MAX; i++)
		if (was_started[i] && wsd_ring_start(&device->ring[i], &device->mem))
			refuse(vhost, 0, "a ring is not in the new memory table");
	return 0;
}

static int set_features(struct wsd_vhost *vhost, struct ask *ask)
{
	struct wsd_device *device = &vhost->device;
	u64 features;

	if (ask->size < 8)
		return -EINVAL;
	features = ws_get_le64(ask->payload);
	for (u32 i = 0; i < WSD_RINGS_MAX; i++)
		if (device->ring[i].started && features != device->features)
			return -EINVAL;
	return wsd_device_set_features(device, features);
}

static int set_protocol_features(struct wsd_vhost *vhost, struct ask *ask)
{
	u64 features = ask->size < 8 ? ~0ull : ws_get_le64(ask->payload);

	if (features & ~protocol_features(vhost))
		return -EINVAL;
	vhost->protocol_features = features;
	return 0;
}

static int get_config(struct wsd_vhost *vhost, struct ask *ask)
{
	u8 bytes[CONFIG_HEAD + CONFIG_MAX];
	u32 offset, size;

	if (ask->size < CONFIG_HEAD)
		return -EINVAL;
	offset = ws_get_le32(ask->payload);
	size = ws_get_le32(ask->payload + 4);
	if (size > CONFIG_MAX || offset > CONFIG_MAX - size)
		return reply(vhost, ask, NULL, 0); /* which is how errors are told here */
	memcpy(bytes, ask->payload, CONFIG_HEAD);
	wsd_device_config_read(&vhost->device, offset, bytes + CONFIG_HEAD, size);
	return reply(vhost, ask, bytes, CONFIG_HEAD + size);
}

static int set_config(struct wsd_vhost *vhost, struct ask *ask)
{
	u32 offset, size;

	if (ask->size < CONFIG_HEAD)
		return -EINVAL;
	offset = ws_get_le32(ask->payload);
	size = ws_get_le32(ask->payload + 4);
	if (size > CONFIG_MAX || offset > CONFIG_MAX - size || ask->size < CONFIG_HEAD + size)
		return -EINVAL;
	wsd_device_config_write(&vhost->device, offset, ask->payload + CONFIG_HEAD, size);
	return 0;
}

static int set_request_fd(struct wsd_vhost *vhost, struct ask *ask)
{
	if (ask->fds_count != 1 || !is_channel(ask->fd[0], S_IFSOCK))
		return -EINVAL;
	close_fd(&vhost->request_fd);
	vhost->request_fd = ask->fd[0];
	ask->fd[0] = -1;
	fcntl(vhost->request_fd, F_SETFL, fcntl(vhost->request_fd, F_GETFL) | O_NONBLOCK);
	return 0;
}

/* The VM was reset; the connection and its memory live on. */
static int reset_device(struct wsd_vhost *vhost)
{
	struct wsd_device *device = &vhost->device;

	for (u32 i = 0; i < WSD_RINGS_MAX; i++) {
		wsd_device_ring_stop(device, i);
		drop_kick(vhost, i);
		close_fd(&vhost->fd[i].call);
		device->ring[i] = (struct wsd_ring){ .size = 0 };
	}
	device->features = 0;
	device->featured = device->live = false;
	device->fields_old = true;
	return 0;
}

/* Requests that are answered by more than a word on success.  Return: 1 when it is none. */
static int dispatch_get(struct wsd_vhost *vhost, struct ask *ask)
{
	switch (ask->request) {
	case GET_FEATURES:
		return reply_u64(vhost, ask, wsd_device_offered(&vhost->device));
	case GET_PROTOCOL_FEATURES:
		return reply_u64(vhost, ask, protocol_features(vhost));
	case GET_QUEUE_NUM:
		return reply_u64(vhost, ask, wsd_device_rings(&vhost->device));
	case GET_VRING_BASE:
		return get_vring_base(vhost, ask);
	case GET_CONFIG:
		return get_config(vhost, ask);
	default:
		return 1;
	}
}

static int dispatch_set(struct wsd_vhost *vhost, struct ask *ask)
{
	switch (ask->request) {
	case SET_FEATURES:
		return set_features(vhost, ask);
	case SET_OWNER:
	case RESET_OWNER: /* long without a meaning */
		return 0;
	case SET_MEM_TABLE:
		return set_mem_table(vhost, ask);
	case SET_VRING_NUM:
		return set_vring_num(vhost, ask);
	case SET_VRING_ADDR:
		return set_vring_addr(vhost, ask);
	case SET_VRING_BASE:
		return set_vring_base(vhost, ask);
	case SET_VRING_KICK:
		return set_vring_kick(vhost, ask);
	case SET_VRING_CALL:
		return set_vring_call(vhost, ask);
	case SET_VRING_ERR:
		return set_vring_err(vhost, ask);
	case SET_PROTOCOL_FEATURES:
		return set_protocol_features(vhost, ask);
	case SET_VRING_ENABLE:
		return set_vring_enable(vhost, ask);
	case SET_REQUEST_FD:
		return set_request_fd(vhost, ask);
	case SET_CONFIG:
		return set_config(vhost, ask);
	case RESET_DEVICE:
		return reset_device(vhost);
	case VRING_KICK:
		return kick_inband(vhost, ask);
	default:
		return -EOPNOTSUPP;
	}
}

int wsd_vhost_payload(const u8 head[WSD_VHOST_HEAD_BYTES])
{
	u32 flags = ws_get_le32(head + 4), size = ws_get_le32(head + 8);

	if ((flags & VERSION_MASK) != VERSION || flags & FLAG_REPLY || size > WSD_VHOST_PAYLOAD_MAX)
		return -EPROTO;
	return (int)size;
}

int wsd_vhost_message(struct wsd_vhost *vhost, const u8 *bytes, u32 length, const int *fd,
		      u32 fds_count)
{
	struct ask ask = {
		.request = ws_get_le32(bytes), .flags = ws_get_le32(bytes + 4),
		.size = length - HEAD, .payload = bytes + HEAD, .fds_count = fds_count,
	};
	char text[96];
	int rc;

	WS_ASSERT(length >= HEAD && fds_count <= WSD_FDS_MAX);
	memcpy(ask.fd, fd, fds_count * sizeof(*fd));
	vhost->messages_count++;
	rc = dispatch_get(vhost, &ask);
	if (rc == 1) {
		rc = dispatch_set(vhost, &ask);
		if (rc) {
			snprintf(text, sizeof(text), "request %u of the VMM makes no sense (%d)",
				 ask.request, rc);
			refuse(vhost, rc, text);
		}
		/* A VMM that asked for an answer gets one; others find that their rings do not work. */
		bool wants = ask.flags & FLAG_NEED_REPLY &&
			     vhost->protocol_features & PROTOCOL_REPLY_ACK;

		rc = wants ? reply_u64(vhost, &ask, rc != 0) : 0;
	}
	for (u32 i = 0; i < fds_count; i++)
		if (ask.fd[i] >= 0)
			close(ask.fd[i]);
	return rc;
}

/* --- life --- */

void wsd_vhost_init(struct wsd_vhost *vhost, const struct wsd_device_setup *setup,
		    const struct wsd_listener *listener, void *listener_ctx,
		    const struct wsd_vhost_ops *ops, void *ctx)
{
	memset(vhost, 0, sizeof(*vhost));
	vhost->ops = ops;
	vhost->ctx = ctx;
	vhost->request_fd = -1;
	for (u32 i = 0; i < WSD_RINGS_MAX; i++)
		vhost->fd[i].kick = vhost->fd[i].call = -1;
	wsd_device_init(&vhost->device, setup, listener, listener_ctx, &transport, vhost);
}

void wsd_vhost_reset(struct wsd_vhost *vhost)
{
	for (u32 i = 0; i < WSD_RINGS_MAX; i++) {
		drop_kick(vhost, i);
		close_fd(&vhost->fd[i].call);
	}
	close_fd(&vhost->request_fd);
	vhost->gathered_bytes = 0;
	vhost->protocol_features = 0;
	wsd_device_reset(&vhost->device);
}

void wsd_vhost_destroy(struct wsd_vhost *vhost)
{
	wsd_vhost_reset(vhost);
	wsd_device_destroy(&vhost->device);
}
