/* SPDX-License-Identifier: GPL-2.0-only */
/* ws_balloon_dialect.h - which layout of working-set messages a device means, and its bounds. */
#ifndef WS_BALLOON_DIALECT_H
#define WS_BALLOON_DIALECT_H

#include <linux/virtio_config.h>

#include "ws_wire.h"

struct ws_balloon_bounds {
	u32 bins;
	u32 nodes_max; /* in one report */
};

/* By what the device offers, or later by what was negotiated.  NULL: none. */
const struct ws_dialect *ws_balloon_dialect(struct virtio_device *vdev);

/* Read, and tell the device where the dialect knows that.  Return: 0, -ENODATA or -ERANGE. */
int ws_balloon_bounds(struct virtio_device *vdev, const struct ws_dialect *dialect,
		      u32 refresh_min_ms, struct ws_balloon_bounds *bounds);

#endif /* WS_BALLOON_DIALECT_H */
