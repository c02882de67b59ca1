/* SPDX-License-Identifier: BSD-2-Clause */
/* wsd_mem.c - guest memory: mapping, looking up, giving back; see wsd_mem.h. */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "wsd_guard.h"
#include "wsd_mem.h"

static bool wraps(u64 start, u64 size)
{
	return start + size < start;
}

static int check_one(const struct wsd_region_want *want, int fd, u32 i, struct tr_error *error)
{
	struct statfs fs;
	struct stat st;

	if (!want->size || want->size > WSD_MEM_MAX || wraps(want->guest_addr, want->size) ||
	    wraps(want->user_addr, want->size) || wraps(want->offset, want->size) ||
	    want->guest_addr % 4096 || want->offset % 4096)
		return tr_fail(error, -EINVAL, "memory table: region %u: addresses make no sense", i);
	if (fstat(fd, &st) || !S_ISREG(st.st_mode))
		return tr_fail(error, -EINVAL, "memory table: region %u: not a memory file", i);
	/* Another process would answer for its pages, and could let this one wait for ever. */
	if (fstatfs(fd, &fs) || fs.f_type == FUSE_SUPER_MAGIC)
		return tr_fail(error, -EINVAL, "memory table: region %u: a file of FUSE", i);
	if ((u64)st.st_size < want->offset + want->size)
		return tr_fail(error, -EINVAL, "memory table: region %u: longer than its file", i);
	return 0;
}

static bool overlap(u64 a, u64 a_size, u64 b, u64 b_size)
{
	return a < b + b_size && b < a + a_size;
}

static int check_all(const struct wsd_region_want *want, const int *fd, u32 count,
		     struct tr_error *error)
{
	u64 sum = 0;
	int rc = 0;

	if (!count || count > WSD_REGIONS_MAX)
		return tr_fail(error, -EINVAL, "memory table: %u regions; 1 to %d can be had", count,
			       WSD_REGIONS_MAX);
	for (u32 i = 0; i < count && !rc; i++) {
		rc = check_one(&want[i], fd[i], i, error);
		sum += rc ? 0 : want[i].size;
		for (u32 j = 0; j < i && !rc; j++)
			if (overlap(want[i].guest_addr, want[i].size, want[j].guest_addr,
				    want[j].size) ||
			    overlap(want[i].user_addr, want[i].size, want[j].user_addr, want[j].size))
				rc = tr_fail(error, -EINVAL, "memory table: regions %u and %u overlap",
					     j, i);
	}
	if (!rc && sum > WSD_MEM_MAX)
		rc = tr_fail(error, -EINVAL, "memory table: more than 16 TiB");
	return rc;
}

static int map_one(struct wsd_region *region, const struct wsd_region_want *want, int fd)
{
	struct stat st;
	u64 unit, start;

	if (fstat(fd, &st))
		return -errno;
	/* Files of huge pages are mapped in whole ones. */
	unit = st.st_blksize > 4096 ? (u64)st.st_blksize : 4096;
	start = want->offset - want->offset % unit;
	*region = (struct wsd_region){
		.want = *want, .fd = fd, .dev = st.st_dev, .ino = st.st_ino,
		.map_bytes = (want->offset + want->size - start + unit - 1) / unit * unit,
	};
	region->map_base = mmap(NULL, region->map_bytes, PROT_READ | PROT_WRITE,
				MAP_SHARED | MAP_NORESERVE, fd, (off_t)start);
	if (region->map_base == MAP_FAILED)
		return -errno;
	/* Never part of a core file of this program. */
	madvise(region->map_base, region->map_bytes, MADV_DONTDUMP);
	region->map = region->map_base + (want->offset - start);
	return 0;
}

void wsd_mem_clear(struct wsd_mem *mem)
{
	for (u32 i = 0; i < mem->regions_count; i++) {
		munmap(mem->region[i].map_base, mem->region[i].map_bytes);
		close(mem->region[i].fd);
	}
	mem->regions_count = 0;
}

int wsd_mem_set(struct wsd_mem *mem, const struct wsd_region_want *want, const int *fd, u32 count,
		struct tr_error *error)
{
	struct wsd_mem made = { .regions_count = 0 };
	int rc = check_all(want, fd, count, error);

	for (u32 i = 0; i < count && !rc; i++) {
		rc = map_one(&made.region[i], &want[i], fd[i]);
		if (rc)
			tr_fail(error, rc, "memory table: region %u: %s", i, strerror(-rc));
		else
			made.regions_count++;
	}
	if (rc) {
		for (u32 i = made.regions_count; i < count; i++)
			close(fd[i]);
		wsd_mem_clear(&made);
		return rc;
	}
	wsd_mem_clear(mem);
	*mem = made;
	return 0;
}

static const struct wsd_region *find(const struct wsd_mem *mem, u64 addr, u64 length)
{
	for (u32 i = 0; i < mem->regions_count; i++) {
		const struct wsd_region_want *want = &mem->region[i].want;

		if (addr >= want->guest_addr && addr - want->guest_addr < want->size &&
		    length <= want->size - (addr - want->guest_addr))
			return &mem->region[i];
	}
	return NULL;
}

u8 *wsd_mem_guest(const struct wsd_mem *mem, u64 addr, u64 length)
{
	const struct wsd_region *region = find(mem, addr, length);

	return region ? region->map + (addr - region->want.guest_addr) : NULL;
}

u8 *wsd_mem_user(const struct wsd_mem *mem, u64 addr, u64 length)
{
	for (u32 i = 0; i < mem->regions_count; i++) {
		const struct wsd_region_want *want = &mem->region[i].want;

		if (addr >= want->user_addr && addr - want->user_addr < want->size &&
		    length <= want->size - (addr - want->user_addr))
			return mem->region[i].map + (addr - want->user_addr);
	}
	return NULL;
}

int wsd_mem_read(const struct wsd_mem *mem, u64 addr, void *to, u32 length)
{
	const u8 *from = wsd_mem_guest(mem, addr, length);

	return from ? wsd_guard_copy(to, from, length) : -EFAULT;
}

int wsd_mem_write(const struct wsd_mem *mem, u64 addr, const void *from, u32 length)
{
	u8 *to = wsd_mem_guest(mem, addr, length);

	return to ? wsd_guard_copy(to, from, length) : -EFAULT;
}

int wsd_mem_release(const struct wsd_mem *mem, u64 addr, u64 length)
{
	const struct wsd_region *region = find(mem, addr, length);
	u64 at;

	if (!region || !length || addr % 4096 || length % 4096)
		return -EFAULT;
	at = region->want.offset + (addr - region->want.guest_addr);
	if (fallocate(region->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)at, (off_t)length))
		return -errno;
	return 0;
}

u64 wsd_mem_backed_bytes(const struct wsd_mem *mem)
{
	u64 bytes = 0;

	for (u32 i = 0; i < mem->regions_count; i++) {
		bool counted = false;
		struct stat st;

		for (u32 j = 0; j < i; j++)
			counted |= mem->region[j].dev == mem->region[i].dev &&
				   mem->region[j].ino == mem->region[i].ino;
		if (!counted && !fstat(mem->region[i].fd, &st))
			bytes += (u64)st.st_blocks * 512;
	}
	return bytes;
}

u64 wsd_mem_bytes(const struct wsd_mem *mem)
{
	u64 bytes = 0;

	for (u32 i = 0; i < mem->regions_count; i++)
		bytes += mem->region[i].want.size;
	return bytes;
}
