/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * ws_wsr1.h - our revision of working-set reporting: its bytes and its bounds.
 *
 * The posted dialects cannot tell an answer from a pressure report, do not say what
 * became of a configuration, and give neither order nor age of reports.  This one adds
 * an id to every request and configuration, a verdict on every configuration, and a
 * sequence number, a time and an age to every report.  A text fit for the virtio
 * specification is in ws_balloon_spec.md; the dialect is ws_dialect_wsr1.
 *
 * All messages begin alike (little endian):
 *	 0 u8 version = 1     4 le32 length, of the whole     12 le16 node, -1: all
 *	 1 u8 type	      8 le32 id			      14 le16 status
 *	 2 le16 flags
 *
 *	REQUEST (1)  16 bytes
 *	CONFIG (2)   16 le32 report_ms, 20 le32 refresh_ms, 24 le16 edges, 26 le16 0,
 *		     28 le32 edge_ms[edges]
 *	REPORT (3)   16 le64 sequence, 24 le64 made_ms, 32 le32 age_ms, 36 le32 config_id,
 *		     40 le16 bins, 42 le16 types, 44 le16 nodes, 46 le16 0,
 *		     48 le16 type[types], to a multiple of 4: le32 edge_ms[bins - 1], to a
 *		     multiple of 8, for each node: le16 node, le16 flags, le32 0,
 *		     le64 bytes[bins][types]
 *		     with a status other than 0 it ends at 48 and the three counts are 0
 *	VERDICT (4)  16 le32 detail, 20 le32 config_id, of what is in force
 *
 * A report's flags: 1 PRESSURE, 2 MORE of the same id follow, 4 CONTINUED: it follows one.
 * An answer in several reports is whole if nothing in the sequence is missing from the one
 * without CONTINUED to the one without MORE.
 *
 * A report's status is an errno here (msg->report.error):
 *	NOT_CONFIGURED -ENODATA    BUSY -EAGAIN, written for -EBUSY too    NODE -EINVAL
 *	FAILED -EIO, which any other errno is written as and any other status read as
 *
 * Ids are never 0, ascend (by their difference, as serial numbers do) and are not used
 * twice before a reset.  A report has the id of the request that it answers, or 0.  Types
 * are 0 for anonymous and 1 for file memory; both must be there, others are skipped.  No
 * node stands twice in a report.
 * Reserved fields and unknown flags are written as 0 and ignored: giving them a meaning
 * takes a new version, and versions are negotiated.
 *
 * Bounds are in config space behind the base device's 16 bytes:
 *	16 u8 version, 17 u8 bins, 18 u8 nodes, 19 u8 0		written by the device
 *	20 u8 version, 21 u8 bins, 22 u8 nodes, 23 u8 0, 24 le32 refresh_min_ms
 *								by the driver, before DRIVER_OK
 *
 * Memory: the caller's.  Time: constant.  Errors: negative errno.  Locking: none, no
 * state.
 */
#ifndef WS_WSR1_H
#define WS_WSR1_H

#include "ws_wire.h"

#define WS_WSR1_VERSION 1
#define WS_WSR1_FEATURE_BIT 9 /* the first that nobody is known to claim; see ws_vq.h */

#define WS_WSR1_BOUNDS_OFFSET 16
#define WS_WSR1_BOUNDS_BYTES 12

/* What one end can do. */
struct ws_wsr1_bounds {
	u8 version;   /* the highest that it speaks; 0: it has not said anything yet */
	u8 bins_max;  /* 2..WS_BINS_MAX */
	u8 nodes_max; /* in one report, 1 and up */
	u32 refresh_min_ms; /* driver: the shortest refresh interval that it keeps; device: 0 */
};

/* Both ends' part of config space.  Return: WS_WSR1_BOUNDS_BYTES or -ENOSPC. */
int ws_wsr1_bounds_encode(const struct ws_wsr1_bounds *device, const struct ws_wsr1_bounds *driver,
			  u8 *buf, u32 size);

/* @buf: config space from WS_WSR1_BOUNDS_OFFSET.  Return: 0 or -EMSGSIZE. */
int ws_wsr1_bounds_decode(struct ws_wsr1_bounds *device, struct ws_wsr1_bounds *driver,
			  const u8 *buf, u32 len);

/**
 * ws_wsr1_agree() - what both ends can do
 *
 * Return: 0; -ENODATA when one has not said yet; -ERANGE when fewer than two bins or
 * no node would be left.
 */
int ws_wsr1_agree(const struct ws_wsr1_bounds *device, const struct ws_wsr1_bounds *driver,
		  struct ws_wsr1_bounds *agreed);

#endif /* WS_WSR1_H */
