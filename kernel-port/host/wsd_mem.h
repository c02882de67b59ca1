/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * wsd_mem.h - a VM's memory as the vhost-user memory table hands it over.
 *
 * Each region is a piece of a file (memfd, /dev/shm, hugetlbfs) that is mapped here.
 * Addresses come in two kinds: guest-physical ones in descriptors and page frame
 * numbers, and the VMM's own ones in ring addresses.  Both are looked up, never
 * trusted: an area counts only if all of it lies in one region.
 *
 *	wsd_mem_release()	punches a hole: the pages go back to the host at once
 *	wsd_mem_backed_bytes()	what the host still has to hold, by its own accounting
 *
 * Memory: the mappings and files are this object's until wsd_mem_clear().
 * Errors: negative errno.  Locking: the caller serializes per object.
 */
#ifndef WSD_MEM_H
#define WSD_MEM_H

#include <ws_env.h>

#include "tr_error.h"

#define WSD_REGIONS_MAX 8 /* what vhost-user allows without its later extensions */
#define WSD_MEM_MAX (1ull << 44) /* bytes of all regions; page frame numbers have 32 bits */

/* A region as it stands in the memory table. */
struct wsd_region_want {
	u64 guest_addr, size, user_addr, offset;
};

struct wsd_region {
	struct wsd_region_want want;
	int fd;
	u8 *map; /* where want.offset of the file is seen here */
	u8 *map_base;
	u64 map_bytes;
	u64 dev, ino; /* of the file; several regions may share one */
};

struct wsd_mem {
	u32 regions_count;
	struct wsd_region region[WSD_REGIONS_MAX];
};

/**
 * wsd_mem_set() - map a new table in place of the old one
 * @fd: one for each region; they are taken over, also on failure
 *
 * Return: 0; -EINVAL for a table that contradicts itself or its files, or what mapping
 * failed with, and then the old table is still there.
 */
int wsd_mem_set(struct wsd_mem *mem, const struct wsd_region_want *want, const int *fd, u32 count,
		struct tr_error *error);
void wsd_mem_clear(struct wsd_mem *mem);

/* Where @length bytes at a guest-physical address are here; NULL if not all in one region. */
u8 *wsd_mem_guest(const struct wsd_mem *mem, u64 addr, u64 length);
/* The same for an address of the VMM. */
u8 *wsd_mem_user(const struct wsd_mem *mem, u64 addr, u64 length);

/* Copies from or to guest-physical memory.  0 or -EFAULT. */
int wsd_mem_read(const struct wsd_mem *mem, u64 addr, void *to, u32 length);
int wsd_mem_write(const struct wsd_mem *mem, u64 addr, const void *from, u32 length);

/* Give whole pages back to the host; they read as zero afterwards.  0 or negative errno. */
int wsd_mem_release(const struct wsd_mem *mem, u64 addr, u64 length);

/* Bytes that the files behind the regions occupy now. */
u64 wsd_mem_backed_bytes(const struct wsd_mem *mem);
u64 wsd_mem_bytes(const struct wsd_mem *mem);

#endif /* WSD_MEM_H */
