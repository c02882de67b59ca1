/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * wsd_vhost.h - the back-end's side of vhost-user for one balloon device.
 *
 * Messages in, replies out; the socket is somebody else's (wsd_attach.h), so that a
 * test or a fuzzer can speak without one.  Answers what user-mode Linux's virtio_uml and
 * QEMU's vhost-user devices ask: features, protocol features, memory table, rings,
 * config space, the back-end's own channel for config changes.
 *
 *	protocol feature	what for
 *	MQ			QEMU: GET_QUEUE_NUM before it makes more than one queue
 *	REPLY_ACK		every request can be confirmed
 *	SLAVE_REQ, CONFIG	config space, and word of its changes
 *	RESET_DEVICE		the VM was reset
 *	INBAND_NOTIFICATIONS	(on request) kicks are messages that are answered when the
 *				queue has been worked on: for guests in virtual time, which
 *				stands still until then
 *
 * A ring is in use from when it has its addresses, its kick file (or kicks in band) and
 * is enabled.  GET_VRING_BASE takes it out of use and tells where to go on.
 *
 * The VMM is not trusted more than the guest: sizes, numbers of rings and files are
 * checked, and what cannot be is refused; a message that is no vhost-user at all ends
 * the connection.
 *
 * Memory: the caller's struct; files are this object's until wsd_vhost_reset().
 * Locking: the caller serializes.  Source: QEMU, docs/interop/vhost-user.rst;
 * arch/um/drivers/virtio_uml.c of Linux 6.1.
 */
#ifndef WSD_VHOST_H
#define WSD_VHOST_H

#include "wsd_device.h"
#include "wsd_socket.h"

#define WSD_F_PROTOCOL_FEATURES 30
#define WSD_VHOST_HEAD_BYTES 12u
#define WSD_VHOST_PAYLOAD_MAX 512u

#define WSD_VHOST_GATHER_BYTES 480u /* less than what a pipe takes in one piece */

/* What vhost-user needs of whoever holds the socket. */
struct wsd_vhost_ops {
	int (*reply)(void *ctx, const u8 *bytes, u32 length);
	/* Wait for kicks of a ring on @fd, or with -1 no more.  0 or negative errno. */
	int (*watch)(void *ctx, u32 ring, int fd);
	void (*complain)(void *ctx, const char *text);
	void (*keep)(void *ctx); /* as wsd_transport.keep; may be NULL */
};

struct wsd_vhost {
	struct wsd_device device;
	const struct wsd_vhost_ops *ops;
	void *ctx;
	bool offer_inband;
	u64 protocol_features;
	int request_fd; /* back-end's own channel, or -1 */
	struct {
		int kick, call;
	} fd[WSD_RINGS_MAX];
	u64 messages_count, refused_count;
	bool held; /* what the front-end is told over the channel is gathered */
	u32 gathered_bytes;
	u8 gathered[WSD_VHOST_GATHER_BYTES];
};

void wsd_vhost_init(struct wsd_vhost *vhost, const struct wsd_device_setup *setup,
		    const struct wsd_listener *listener, void *listener_ctx,
		    const struct wsd_vhost_ops *ops, void *ctx);
/*
 * While held, what goes over the back-end's channel is gathered and then written at once, at
 * the latest before a reply: in virtual time the guest must not see one half of what happens
 * at a moment before the other.
 */
void wsd_vhost_hold(struct wsd_vhost *vhost, bool held);
/* The connection is gone: rings, memory and files too; the device's target stays. */
void wsd_vhost_reset(struct wsd_vhost *vhost);
void wsd_vhost_destroy(struct wsd_vhost *vhost);

/* Payload length of the message that @head begins, or -EPROTO. */
int wsd_vhost_payload(const u8 head[WSD_VHOST_HEAD_BYTES]);

/**
 * wsd_vhost_message() - one whole message
 * @bytes: head and payload
 * @fd, @fds_count: files that came with it; those not taken over are closed
 *
 * Return: 0, also when the request was refused; negative errno when the connection
 * is to be ended.
 */
int wsd_vhost_message(struct wsd_vhost *vhost, const u8 *bytes, u32 length, const int *fd,
		      u32 fds_count);

/* The kick file of a ring is readable.  Return: true when the ring may have more. */
bool wsd_vhost_kicked(struct wsd_vhost *vhost, u32 ring);

#endif /* WSD_VHOST_H */
