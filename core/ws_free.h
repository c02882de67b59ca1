/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * ws_free.h - what free pages hold: page poison and free page reporting, both ends.
 *
 * A guest may rely on what its free pages hold: zeroes if it clears pages when they are
 * freed, a pattern if it poisons them.  It does not write that again when it hands such a
 * page out.  A page that the host has discarded reads as zero.  So:
 *
 *	free pages hold		the driver takes		poison_val
 *	nothing known		not PAGE_POISON			not written
 *	zeroes			PAGE_POISON if offered,		0
 *	a pattern		  else not PAGE_REPORTING	the pattern
 *
 * Hints (ws_hint.h) need no PAGE_POISON: the pages hinted are the driver's until DONE, and
 * get their value when it frees them.  Nor does the balloon, for the same reason.
 *
 *	poison_val written before DRIVER_OK	counts, the last of several
 *	... after DRIVER_OK			does not: the host may have discarded by it
 *	... without PAGE_POISON			means nothing
 *	reset					0, until it is written again
 *
 * Reporting: each buffer names free blocks that the guest does not hand out until the
 * buffer comes back, or the device is reset; their contents are then as above.  The guest
 * may wait for that as long as it takes: it is short of these pages only.  The host
 *	whole pages, PAGE_POISON not negotiated		may discard them
 *	the same, poison_val 0				may discard them
 *	the same, any other poison_val			must leave them as they are
 *	a block that is not of whole pages		refuses it, and uses the buffer
 *	the same block twice, or one in the balloon	as said: discarding is idempotent
 *
 * Memory: none.  Time: constant.  Errors: as said.  Locking: none, no state.  Source:
 * virtio specification 1.4, 5.5.6.5 and 5.5.6.6; virtballoon_validate() and
 * virtballoon_probe() of Linux 6.1; QEMU 9, which too skips what must keep its poison.
 */
#ifndef WS_FREE_H
#define WS_FREE_H

#include "ws_wire.h"

/* What the guest's allocator expects to find in a free page. */
struct ws_free_value {
	bool known;
	u32 word; /* it is filled with that, if known; else 0 */
};

/* Driver, before FEATURES_OK: of the feature bits @offered, those that it may take. */
u64 ws_free_features(u64 offered, const struct ws_free_value *value);

/* Driver, before DRIVER_OK: is poison_val to be written?  It is value->word. */
bool ws_free_tells(u64 negotiated, const struct ws_free_value *value);

/* Device: what poison_val is after the driver has written @written into it. */
u32 ws_free_poison(u32 poison_val, u32 written, bool driver_ok);

/* Device: must reported blocks be left as they are? */
bool ws_free_must_keep(u64 negotiated, u32 poison_val);

/* Device: the pages of a reported block; 0 when it is to be refused. */
u64 ws_free_block_pages(u64 addr, u64 bytes);

#endif /* WS_FREE_H */
