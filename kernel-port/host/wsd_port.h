/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * wsd_port.h - the host's end of a virtio-serial port behind which ws_agent is.
 *
 * QEMU listens (-chardev socket,path=...,server=on,wait=off), the daemon connects, and
 * again when the connection ends.  Frames are those of ws_agent_frame.h; what is none
 * is skipped.
 *
 * Errors: negative errno with text.  Memory: wsd_port_destroy() frees.
 */
#ifndef WSD_PORT_H
#define WSD_PORT_H

#include "wsd_loop.h"
#include "wsd_vm.h"

int wsd_port_create(struct wsd_port **port, struct wsd_loop *loop, const char *path,
		    struct wsd_vm *vm, struct tr_error *error);
void wsd_port_destroy(struct wsd_port *port); /* NULL is fine */

void wsd_port_send_message(struct wsd_port *port, const u8 *bytes, u32 length);
void wsd_port_reclaim(struct wsd_port *port, u64 bytes);
/* Connect if nobody is there; called once a second. */
void wsd_port_look_after(struct wsd_port *port);
bool wsd_port_is_up(const struct wsd_port *port); /* the agent has said hello */

#endif /* WSD_PORT_H */
