/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * wsd_queues.h - between wsd_device.c (life, config space) and wsd_queues.c (what the
 * queues carry).  For these two only.
 */
#ifndef WSD_QUEUES_H
#define WSD_QUEUES_H

#include "wsd_device.h"

/* Tell the listener, once, when all that the driver has to do before it works is done. */
void wsd_queues_check_up(struct wsd_device *device);

#endif /* WSD_QUEUES_H */
