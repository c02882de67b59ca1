/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * wsd_attach.h - a vhost-user socket that one VM at a time attaches to.
 *
 * The daemon listens, the VMM connects (user-mode Linux and QEMU both do).  When the
 * connection ends the device waits for the next one; a VMM that reconnects goes on
 * where its rings stand.  What a new daemon must know of the balloon (its target and
 * size) stands in PATH.state, renewed with every new target and after every kick that
 * changed it.  PATH.lock is held meanwhile: two daemons on one state would each undo the
 * other's, and a socket that somebody removed does not keep the second away.
 *
 * Errors: negative errno with text.  Memory: wsd_attach_destroy() frees.
 */
#ifndef WSD_ATTACH_H
#define WSD_ATTACH_H

#include "wsd_loop.h"
#include "wsd_vhost.h"

struct wsd_attach;

struct wsd_attach_setup {
	const char *path; /* of the socket */
	u64 size_bytes;	  /* of the VM's memory */
	struct wsd_device_setup device;
	bool inband;
	bool keep_state; /* PATH.state is read and written */
};

/* @complain: one line about the VM or its VMM. */
int wsd_attach_create(struct wsd_attach **attach, struct wsd_loop *loop,
		      const struct wsd_attach_setup *setup, const struct wsd_listener *listener,
		      void *listener_ctx, void (*complain)(void *ctx, const char *text),
		      struct tr_error *error);
void wsd_attach_destroy(struct wsd_attach *attach);

struct wsd_device *wsd_attach_device(struct wsd_attach *attach);
/* Write PATH.state now if it is not up to date. */
void wsd_attach_save(struct wsd_attach *attach);
/* See wsd_vhost_hold(); does nothing where time is the host's. */
void wsd_attach_hold(struct wsd_attach *attach, bool held);

#endif /* WSD_ATTACH_H */
