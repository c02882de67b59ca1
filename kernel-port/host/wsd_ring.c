/* SPDX-License-Identifier: BSD-2-Clause */
/* wsd_ring.c - a split virtqueue whose other side is not trusted; see wsd_ring.h. */
#include <errno.h>

#include "ws_bytes.h"
#include "wsd_guard.h"
#include "wsd_ring.h"

#define DESC_BYTES 16u
#define DESC_NEXT 1u
#define DESC_WRITE 2u
#define DESC_INDIRECT 4u
#define AVAIL_NO_INTERRUPT 1u
#define HEAD_BYTES 4u /* flags and index before the entries of avail and used */
#define USED_BYTES 8u

static int broken(struct wsd_ring *ring, const char *fault)
{
	ring->fault = fault;
	ring->started = false;
	return -EPROTO;
}

static int guest_gone(struct wsd_ring *ring)
{
	broken(ring, "guest memory went away");
	return -EFAULT;
}

int wsd_ring_start(struct wsd_ring *ring, const struct wsd_mem *mem)
{
	if (!ring->size || !ring->addressed || ring->desc % 16 || ring->avail % 2 || ring->used % 4)
		return -EINVAL;
	ring->desc_map = wsd_mem_user(mem, ring->desc, (u64)ring->size * DESC_BYTES);
	ring->avail_map = wsd_mem_user(mem, ring->avail, HEAD_BYTES + 2ull * ring->size);
	ring->used_map = wsd_mem_user(mem, ring->used, HEAD_BYTES + (u64)USED_BYTES * ring->size);
	if (!ring->desc_map || !ring->avail_map || !ring->used_map ||
	    wsd_guard_load16((const u16 *)(const void *)(ring->used_map + 2), &ring->next_used))
		return -EINVAL;
	ring->fault = NULL;
	ring->started = true;
	return 0;
}

void wsd_ring_stop(struct wsd_ring *ring)
{
	ring->started = false;
	ring->fault = NULL;
}

struct desc {
	u64 addr;
	u32 length;
	u16 flags, next;
};

static int read_desc(const struct wsd_ring *ring, u32 index, struct desc *desc)
{
	u8 bytes[DESC_BYTES];

	if (wsd_guard_copy(bytes, ring->desc_map + (size_t)index * DESC_BYTES, sizeof(bytes)))
		return -EFAULT;
	desc->addr = ws_get_le64(bytes);
	desc->length = ws_get_le32(bytes + 8);
	desc->flags = ws_get_le16(bytes + 12);
	desc->next = ws_get_le16(bytes + 14);
	return 0;
}

static int add_piece(struct wsd_ring *ring, const struct wsd_mem *mem, const struct desc *desc,
		     struct wsd_chain *chain)
{
	bool writable = desc->flags & DESC_WRITE;

	if (desc->flags & DESC_INDIRECT)
		return broken(ring, "an indirect descriptor, which was not negotiated");
	if (chain->pieces_count == WSD_PIECES_MAX)
		return broken(ring, "a chain too long");
	if (!writable && chain->writable_bytes)
		return broken(ring, "a readable part behind a writable one");
	if (!wsd_mem_guest(mem, desc->addr, desc->length))
		return broken(ring, "a buffer outside of the guest's memory");
	chain->piece[chain->pieces_count++] =
		(struct wsd_piece){ .addr = desc->addr, .length = desc->length, .writable = writable };
	if (writable)
		chain->writable_bytes += desc->length;
	else
		chain->readable_bytes += desc->length;
	return 0;
}

static int walk(struct wsd_ring *ring, const struct wsd_mem *mem, struct wsd_chain *chain)
{
	u32 index = chain->head;

	for (u32 i = 0; i < ring->size; i++) {
		struct desc desc;
		int rc;

		if (index >= ring->size)
			return broken(ring, "a descriptor out of range");
		if (read_desc(ring, index, &desc))
			return guest_gone(ring);
		rc = add_piece(ring, mem, &desc, chain);
		if (rc || !(desc.flags & DESC_NEXT))
			return rc;
		index = desc.next;
	}
	return broken(ring, "a chain without end");
}

int wsd_ring_pop(struct wsd_ring *ring, const struct wsd_mem *mem, struct wsd_chain *chain)
{
	const u8 *entry;
	u16 index, head;
	int rc;

	if (!ring->started)
		return 0;
	if (wsd_guard_load16((const u16 *)(const void *)(ring->avail_map + 2), &index))
		return guest_gone(ring);
	if (index == ring->next_avail)
		return 0;
	if ((u16)(index - ring->next_avail) > ring->size)
		return broken(ring, "an available index further ahead than the ring is long");
	entry = ring->avail_map + HEAD_BYTES + 2 * (size_t)(ring->next_avail % ring->size);
	if (wsd_guard_load16((const u16 *)(const void *)entry, &head))
		return guest_gone(ring);
	chain->head = head;
	chain->pieces_count = 0;
	chain->readable_bytes = chain->writable_bytes = 0;
	rc = walk(ring, mem, chain);
	if (rc)
		return rc;
	ring->next_avail++;
	return 1;
}

int wsd_ring_push(struct wsd_ring *ring, u16 head, u32 written)
{
	u8 entry[USED_BYTES];
	size_t at;

	if (!ring->started)
		return -EFAULT;
	at = HEAD_BYTES + (size_t)USED_BYTES * (ring->next_used % ring->size);
	ws_put_le32(entry, head);
	ws_put_le32(entry + 4, written);
	if (wsd_guard_copy(ring->used_map + at, entry, sizeof(entry)) ||
	    wsd_guard_store16((u16 *)(void *)(ring->used_map + 2), (u16)(ring->next_used + 1)))
		return guest_gone(ring);
	ring->next_used++;
	return 0;
}

bool wsd_ring_wants_call(const struct wsd_ring *ring)
{
	u16 flags = 0;

	/* The used index must be out before the flags are looked at. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return ring->started &&
	       !wsd_guard_load16((const u16 *)(const void *)ring->avail_map, &flags) &&
	       !(flags & AVAIL_NO_INTERRUPT);
}

int wsd_chain_read(const struct wsd_chain *chain, const struct wsd_mem *mem, u64 from, void *to,
		   u32 size)
{
	u32 copied = 0;

	for (u32 i = 0; i < chain->pieces_count && copied < size; i++) {
		const struct wsd_piece *piece = &chain->piece[i];
		u64 part = piece->length;

		if (piece->writable)
			break;
		if (from >= part) {
			from -= part;
			continue;
		}
		part -= from;
		if (part > size - copied)
			part = size - copied;
		if (wsd_mem_read(mem, piece->addr + from, (u8 *)to + copied, (u32)part))
			return -EFAULT;
		copied += (u32)part;
		from = 0;
	}
	return (int)copied;
}

int wsd_chain_write(const struct wsd_chain *chain, const struct wsd_mem *mem, const void *from,
		    u32 size)
{
	u32 copied = 0;

	for (u32 i = 0; i < chain->pieces_count && copied < size; i++) {
		const struct wsd_piece *piece = &chain->piece[i];
		u32 part = piece->length < size - copied ? piece->length : size - copied;

		if (!piece->writable)
			continue;
		if (wsd_mem_write(mem, piece->addr, (const u8 *)from + copied, part))
			return -EFAULT;
		copied += part;
	}
	return (int)copied;
}
