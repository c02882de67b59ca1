/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* ws_wsr1.c - bounds in config space; see ws_wsr1.h. */
#include "ws_bytes.h"
#include "ws_wsr1.h"

static void put_bounds(u8 *buf, const struct ws_wsr1_bounds *bounds)
{
	buf[0] = bounds->version;
	buf[1] = bounds->bins_max;
	buf[2] = bounds->nodes_max;
	buf[3] = 0;
}

static void get_bounds(struct ws_wsr1_bounds *bounds, const u8 *buf)
{
	bounds->version = buf[0];
	bounds->bins_max = buf[1];
	bounds->nodes_max = buf[2];
	bounds->refresh_min_ms = 0;
}

int ws_wsr1_bounds_encode(const struct ws_wsr1_bounds *device, const struct ws_wsr1_bounds *driver,
			  u8 *buf, u32 size)
{
	if (size < WS_WSR1_BOUNDS_BYTES)
		return -ENOSPC;
	put_bounds(buf, device);
	put_bounds(buf + 4, driver);
	ws_put_le32(buf + 8, driver->refresh_min_ms);
	return WS_WSR1_BOUNDS_BYTES;
}

int ws_wsr1_bounds_decode(struct ws_wsr1_bounds *device, struct ws_wsr1_bounds *driver,
			  const u8 *buf, u32 len)
{
	if (len < WS_WSR1_BOUNDS_BYTES)
		return -EMSGSIZE;
	get_bounds(device, buf);
	get_bounds(driver, buf + 4);
	driver->refresh_min_ms = ws_get_le32(buf + 8);
	return 0;
}

static u8 smaller(u32 a, u32 b)
{
	return (u8)(a < b ? a : b);
}

int ws_wsr1_agree(const struct ws_wsr1_bounds *device, const struct ws_wsr1_bounds *driver,
		  struct ws_wsr1_bounds *agreed)
{
	if (!device->version || !driver->version)
		return -ENODATA;
	agreed->version = smaller(smaller(device->version, driver->version), WS_WSR1_VERSION);
	agreed->bins_max = smaller(smaller(device->bins_max, driver->bins_max), WS_BINS_MAX);
	agreed->nodes_max = smaller(smaller(device->nodes_max, driver->nodes_max), WS_PARTS_MAX);
	agreed->refresh_min_ms = driver->refresh_min_ms;
	return agreed->bins_max < 2 || !agreed->nodes_max ? -ERANGE : 0;
}
