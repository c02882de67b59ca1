/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * wsd_qmp.h - a VM on stock QEMU, through its monitor protocol.
 *
 *	capabilities -> where is the balloon -> how large is it -> statistics, targets
 *
 * QEMU listens (-qmp unix:PATH,server=on,wait=off), the daemon connects, and again when
 * the connection ends.  Nothing is remembered over that: target and size are read from
 * QEMU.  The balloon device is looked for among QEMU's devices unless its QOM path is
 * given.  Statistics are polled by QEMU (guest-stats-polling-interval, set to 1 s if it
 * was 0 and this is not a dry run); an answer counts when it is newer than the last.
 *
 * The VM is up when its size is known, and, where it has an agent's port, the agent has
 * said hello.
 *
 * What QEMU sends is JSON of at most 1 MiB a line; other input ends the connection.
 *
 * Errors: negative errno.  Memory: wsd_qmp_destroy() frees.
 * Source: QEMU, docs/interop/qmp-spec.rst and docs/interop/virtio-balloon-stats.rst.
 */
#ifndef WSD_QMP_H
#define WSD_QMP_H

#include "wsd_loop.h"
#include "wsd_vm.h"

int wsd_qmp_create(struct wsd_qmp **qmp, struct wsd_loop *loop, struct wsd_vm *vm,
		   struct tr_error *error);
void wsd_qmp_destroy(struct wsd_qmp *qmp); /* NULL is fine */

/* Memory to leave to the guest. */
void wsd_qmp_set_target(struct wsd_qmp *qmp, u64 bytes);
void wsd_qmp_request_stats(struct wsd_qmp *qmp);
/* Connect if nobody is there, ask for the size now and then; called once a second. */
void wsd_qmp_look_after(struct wsd_qmp *qmp);
/* The VM's agent has come or gone. */
void wsd_qmp_port_changed(struct wsd_qmp *qmp);

u64 wsd_qmp_balloon_pages(const struct wsd_qmp *qmp);
int wsd_qmp_pid(const struct wsd_qmp *qmp); /* of QEMU; 0: not connected */

#endif /* WSD_QMP_H */
