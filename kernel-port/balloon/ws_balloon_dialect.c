/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ws_balloon_dialect.c - which layout of working-set messages a device means.
 *
 * The feature bit says which, except bit 6: three posted layouts have it, and it is
 * claimed for something else besides.  Of these only one is in use (QEMU's, rfc2), and
 * it has a number of bins in config space; the others are taken only when named.
 */
#include <linux/module.h>

#include "ws_balloon_dev.h"
#include "ws_balloon_dialect.h"
#include "ws_wsr1.h"

static char *dialect = "auto";
module_param(dialect, charp, 0444);
MODULE_PARM_DESC(dialect, "of working-set messages: auto, rfc1, rfc2, crosvm, v4, wsr1, none");

static u8 config_byte(struct virtio_device *vdev, u32 offset)
{
	u8 byte = 0;

	vdev->config->get(vdev, offset, &byte, sizeof(byte));
	return byte;
}

static bool has_bins(struct virtio_device *vdev, const struct ws_dialect *d, u32 *bins)
{
	if (!d->config_bins_bytes)
		*bins = d->bins_max;
	else if (d->config_bins_bytes == 1)
		*bins = config_byte(vdev, WS_CONFIG_BINS_OFFSET);
	else
		*bins = ws_balloon_config_read(vdev, WS_CONFIG_BINS_OFFSET);
	return *bins >= d->bins_min && *bins <= d->bins_max;
}

static const struct ws_dialect *by_features(struct virtio_device *vdev)
{
	static const struct ws_dialect *const in_order[] = {
		&ws_dialect_wsr1, &ws_dialect_crosvm, &ws_dialect_rfc2,
	};
	u32 i, bins;

	for (i = 0; i < ARRAY_SIZE(in_order); i++)
		if (virtio_has_feature(vdev, in_order[i]->feature_bit) &&
		    (in_order[i]->numbered || has_bins(vdev, in_order[i], &bins)))
			return in_order[i];
	return NULL;
}

const struct ws_dialect *ws_balloon_dialect(struct virtio_device *vdev)
{
	const struct ws_dialect *named = ws_dialect_find(dialect);

	if (!strcmp(dialect, "auto"))
		return by_features(vdev);
	return named && virtio_has_feature(vdev, named->feature_bit) ? named : NULL;
}

void ws_balloon_ws_validate(struct virtio_device *vdev)
{
	const struct ws_dialect *chosen = ws_balloon_dialect(vdev);
	u32 i;

	for (i = 0; ws_dialects[i]; i++)
		if (!chosen || ws_dialects[i]->feature_bit != chosen->feature_bit)
			__virtio_clear_bit(vdev, ws_dialects[i]->feature_bit);
}

u32 ws_balloon_ws_bit(struct virtio_device *vdev)
{
	u32 i;

	for (i = 0; ws_dialects[i]; i++)
		if (virtio_has_feature(vdev, ws_dialects[i]->feature_bit))
			return ws_dialects[i]->feature_bit;
	return WS_WSR1_FEATURE_BIT;
}

/* What this end can do is written before DRIVER_OK, and never again. */
static int agree(struct virtio_device *vdev, u32 refresh_min_ms, struct ws_wsr1_bounds *agreed)
{
	const struct ws_wsr1_bounds own = {
		.version = WS_WSR1_VERSION,
		.bins_max = WS_BINS_MAX,
		.nodes_max = WS_PARTS_MAX,
		.refresh_min_ms = refresh_min_ms,
	};
	struct ws_wsr1_bounds device, unused;
	u8 bytes[WS_WSR1_BOUNDS_BYTES], *mine = bytes + WS_WSR1_BOUNDS_BYTES - 8;
	int error;
	u32 i;

	for (i = 0; i < sizeof(bytes); i++)
		bytes[i] = config_byte(vdev, WS_WSR1_BOUNDS_OFFSET + i);
	error = ws_wsr1_bounds_decode(&device, &unused, bytes, sizeof(bytes));
	error = error ?: ws_wsr1_agree(&device, &own, agreed);
	if (error)
		return error;
	ws_wsr1_bounds_encode(&device, &own, bytes, sizeof(bytes));
	for (i = 0; i < 4; i++)
		vdev->config->set(vdev, WS_WSR1_BOUNDS_OFFSET + 4 + i, &mine[i], 1);
	vdev->config->set(vdev, WS_WSR1_BOUNDS_OFFSET + 8, &mine[4], 4);
	return 0;
}

int ws_balloon_bounds(struct virtio_device *vdev, const struct ws_dialect *d, u32 refresh_min_ms,
		      struct ws_balloon_bounds *bounds)
{
	struct ws_wsr1_bounds agreed;
	int error;

	bounds->nodes_max = d->nodes_max;
	if (!d->numbered)
		return has_bins(vdev, d, &bounds->bins) ? 0 : -ERANGE;
	error = agree(vdev, refresh_min_ms, &agreed);
	if (error)
		return error;
	bounds->bins = agreed.bins_max;
	bounds->nodes_max = min_t(u32, agreed.nodes_max, d->nodes_max);
	return 0;
}
