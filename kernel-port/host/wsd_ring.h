/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * wsd_ring.h - the device's side of a split virtqueue.
 *
 * Everything in a ring is written by the guest and may be anything, or change between
 * two looks.  So: every field is copied once and judged in the copy; a chain is at most
 * as long as the ring and as WSD_PIECES_MAX; an available index further ahead than the
 * ring is long, a head or next out of range, an area outside of the guest's memory and
 * a readable part after a writable one break the ring, which then rests until it is set
 * up anew.  No indirect descriptors, no event index: neither is offered.
 *
 * Chains must be given back in the order in which they were taken.  Then the used index
 * alone tells what is done, and a device that starts anew from there (the VMM's practice
 * after the old one died) repeats what was in flight and loses nothing.
 *
 * Memory: the guest's, through struct wsd_mem.  Errors: negative errno; -EPROTO with
 * @fault set for a broken ring.  Locking: the caller serializes.
 * Source: virtio specification 1.3, 2.7 "Split Virtqueues".
 */
#ifndef WSD_RING_H
#define WSD_RING_H

#include "wsd_mem.h"

#define WSD_RING_SIZE_MAX 32768u
#define WSD_PIECES_MAX 256u

struct wsd_ring {
	u32 size;		 /* entries, a power of two; 0: not set */
	u64 desc, avail, used;	 /* addresses of the VMM */
	bool addressed;		 /* those are set */
	bool enabled, started;	 /* the VMM wants it; it is in use */
	u16 next_avail, next_used;
	const char *fault;	 /* NULL, or why it rests */
	/* Where they are here, while started. */
	u8 *desc_map, *avail_map, *used_map;
};

/* A descriptor, judged: it lies in guest memory. */
struct wsd_piece {
	u64 addr;
	u32 length;
	bool writable; /* by the device */
};

struct wsd_chain {
	u16 head;
	u32 pieces_count;
	u64 readable_bytes, writable_bytes;
	struct wsd_piece piece[WSD_PIECES_MAX];
};

/* Find the ring in @mem and take the used index up.  0; -EINVAL when it is not set up right. */
int wsd_ring_start(struct wsd_ring *ring, const struct wsd_mem *mem);
/* Not in use any more; next_avail is then where to go on. */
void wsd_ring_stop(struct wsd_ring *ring);

/* Return: 1 and *chain; 0 when there is none; -EPROTO, -EFAULT: broken. */
int wsd_ring_pop(struct wsd_ring *ring, const struct wsd_mem *mem, struct wsd_chain *chain);
/* Give @head back with @written bytes.  0 or -EFAULT. */
int wsd_ring_push(struct wsd_ring *ring, u16 head, u32 written);
/* Does the driver want an interrupt for what was pushed? */
bool wsd_ring_wants_call(const struct wsd_ring *ring);

/* Bytes copied from the readable or to the writable part of a chain, or -EFAULT. */
int wsd_chain_read(const struct wsd_chain *chain, const struct wsd_mem *mem, u64 from, void *to,
		   u32 size);
int wsd_chain_write(const struct wsd_chain *chain, const struct wsd_mem *mem, const void *from,
		    u32 size);

#endif /* WSD_RING_H */
