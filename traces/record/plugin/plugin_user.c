/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * plugin_user.c - a command under qemu-x86_64: its accesses and its system calls.
 *
 * The processor's accesses say nothing of mappings, of files that are read through
 * descriptors, or of time slept; the system calls do.  QEMU passes descriptors
 * through unchanged and runs the command in its own process, so that fstat() on
 * them here is fstat() there.  Guest memory is read with process_vm_readv(), which
 * fails where a plain load would fault.
 *
 * Reads and writes of regular files become accesses of the file's pages (never
 * filtered) and of the buffer's pages (filtered like any other).  Calls that may
 * block become idle time; calls on regular files never do, as the simulator has
 * devices of its own.
 */
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "plugin.h"

#define FILES_MAX TR_RAW_FILES
#define IOV_MOST 1024

/* Kinds of file systems (statfs): in memory, and such as have no page cache at all. */
#define TMPFS 0x01021994u
#define HUGETLBFS 0x958458f6u
#define PROC 0x9fa0u
#define SYSFS 0x62656572u
#define CGROUP2 0x63677270u
#define DEBUGFS 0x64626720u
#define TRACEFS 0x74726163u

#ifndef SYS_epoll_pwait2
#define SYS_epoll_pwait2 441
#endif
#ifndef SYS_preadv2
#define SYS_preadv2 327
#define SYS_pwritev2 328
#endif

/*
 * Files by device and inode: open addressing; a slot's index + 1 is the file's number.
 * A file that is gone leaves its slot marked `used` with no inode, for another's use.
 */
static struct {
	pthread_mutex_t lock;
	struct file_slot {
		dev_t dev;
		ino_t ino;
		bool used, shmem, uncached, mapped;
	} slot[FILES_MAX];
} files = { .lock = PTHREAD_MUTEX_INITIALIZER };

static void slot_fill(struct file_slot *slot, const struct stat *st, int fd, const char *path)
{
	struct statfs fs;
	bool known = fd >= 0 ? !fstatfs(fd, &fs) : path && !statfs(path, &fs);
	u32 kind = known ? (u32)fs.f_type : 0;

	slot->dev = st->st_dev;
	slot->ino = st->st_ino;
	slot->used = true;
	slot->mapped = false;
	slot->shmem = kind == TMPFS || kind == HUGETLBFS;
	slot->uncached = kind == PROC || kind == SYSFS || kind == CGROUP2 || kind == DEBUGFS ||
			 kind == TRACEFS;
}

/* With the lock.  The slot of a file, made if need be; NULL when all are taken. */
static struct file_slot *slot_find(const struct stat *st, int fd, const char *path)
{
	u32 at = (u32)((st->st_ino * 0x9e3779b97f4a7c15ull) >> 48) ^ (u32)st->st_dev;
	struct file_slot *vacant = NULL;

	for (u32 i = 0; i < FILES_MAX; i++) {
		struct file_slot *slot = &files.slot[(at + i) & (FILES_MAX - 1)];

		if (slot->ino == st->st_ino && slot->dev == st->st_dev && slot->used)
			return slot;
		if (!slot->ino && !vacant)
			vacant = slot;
		if (!slot->used)
			break;
	}
	if (vacant)
		slot_fill(vacant, st, fd, path);
	return vacant;
}

/* The word that names a file in a raw record; 0 if it is not one with page cache. */
static u64 file_word(const struct stat *st, int fd, const char *path)
{
	struct file_slot *slot;
	u64 word = 0;

	if (!S_ISREG(st->st_mode) && !S_ISBLK(st->st_mode))
		return 0;
	pthread_mutex_lock(&files.lock);
	slot = slot_find(st, fd, path);
	if (slot && !slot->uncached)
		word = (u64)(slot - files.slot + 1) | (slot->shmem ? TR_RAW_FILE_SHMEM : 0);
	pthread_mutex_unlock(&files.lock);
	return word;
}

static u64 fd_word(int fd)
{
	struct stat st;

	return fd < 0 || fstat(fd, &st) ? 0 : file_word(&st, fd, NULL);
}

static bool guest_read(void *to, u64 from, size_t bytes)
{
	struct iovec local = { to, bytes };
	struct iovec remote = { (void *)(uintptr_t)(from + plugin.guest_base), bytes };

	return from && process_vm_readv(getpid(), &local, 1, &remote, 1, 0) == (ssize_t)bytes;
}

/* A path may end anywhere before a page that is not there: read up to page boundaries. */
static bool guest_path(char *path, u64 from)
{
	size_t have = 0;

	while (have < PATH_MAX) {
		size_t want = 256 - (size_t)((from + have) & 255u);

		if (want > PATH_MAX - have)
			want = PATH_MAX - have;
		if (!guest_read(path + have, from + have, want))
			return false;
		if (memchr(path + have, 0, want))
			return true;
		have += want;
	}
	return false;
}

void plugin_user_touch(struct vcpu *c, u64 vaddr, u64 bytes, u32 write, u32 info)
{
	u64 last = plugin_page(vaddr + bytes - 1);

	for (u64 page = plugin_page(vaddr); bytes && page <= last; page++) {
		if (plugin_seen(c, page, info))
			continue;
		if (plugin_filter_first(c, page, write))
			plugin_emit(c, write ? TR_RAW_WRITE : TR_RAW_READ, page, NULL);
		plugin_see(c, page, info);
	}
}

void plugin_user_slow(struct vcpu *c, u32 info, u64 vaddr)
{
	plugin_user_touch(c, vaddr, 1ull << qemu_plugin_mem_size_shift(info),
			  qemu_plugin_mem_is_store(info), info);
}

static void emit_map(struct vcpu *c, u64 addr, u64 bytes, u64 offset, u64 word, bool shared)
{
	u64 pages = (bytes + 4095u) >> 12;
	u64 extra[4] = { pages, offset >> 12, word & 0xffffffffu,
			 (shared ? TR_RAW_MAP_SHARED : 0u) |
				 (word & TR_RAW_FILE_SHMEM ? TR_RAW_SHMEM : 0u) };

	plugin_filter_forget(plugin_page(addr), pages);
	plugin_emit(c, TR_RAW_MAP, plugin_page(addr), extra);
}

static void emit_range(struct vcpu *c, u32 op, u64 addr, u64 bytes)
{
	u64 extra[2] = { (bytes + 4095u) >> 12, 0 };

	plugin_filter_forget(plugin_page(addr), extra[0]);
	plugin_emit(c, op, plugin_page(addr), extra);
}

/* The program and its loader were mapped before any system call of theirs. */
void plugin_user_start(struct vcpu *c)
{
	char line[PATH_MAX + 256], path[PATH_MAX], perms[8];
	FILE *maps = fopen("/proc/self/maps", "re");

	while (maps && fgets(line, sizeof(line), maps)) {
		u64 start, end, offset, word;
		struct stat st;

		path[0] = 0;
		if (sscanf(line, "%llx-%llx %7s %llx %*s %*s %4095[^\n]", &start, &end, perms,
			   &offset, path) < 5 ||
		    path[0] != '/' || stat(path, &st))
			continue;
		word = file_word(&st, -1, path);
		if (word && start >= plugin.guest_base)
			emit_map(c, start - plugin.guest_base, end - start, offset, word,
				 perms[3] == 's');
	}
	if (maps)
		fclose(maps);
}

static void file_access(struct vcpu *c, u64 word, s64 offset, s64 bytes, u32 write)
{
	u64 extra[2] = { word, 0 };

	if (!word || offset < 0 || bytes <= 0)
		return;
	extra[1] = ((u64)(offset + bytes - 1) >> 12) - ((u64)offset >> 12) + 1;
	plugin_emit(c, write ? TR_RAW_FILE_WRITE : TR_RAW_FILE_READ, (u64)offset >> 12, extra);
}

static void file_drop(struct vcpu *c, u64 word, u64 first, u64 pages)
{
	u64 extra[2] = { word, pages };

	if (word)
		plugin_emit(c, TR_RAW_FILE_DROP, first, extra);
}

/* A file without a name, as memfds and many temporary files are, goes with its descriptor. */
static void before_close(struct vcpu *c, int fd)
{
	struct stat st;
	u64 word = fd < 0 || fstat(fd, &st) || st.st_nlink ? 0 : file_word(&st, fd, NULL);

	if (!word || files.slot[(u32)word - 1].mapped)
		return;
	file_drop(c, word, 0, ~0ull);
	pthread_mutex_lock(&files.lock);
	files.slot[(u32)word - 1].ino = 0;
	pthread_mutex_unlock(&files.lock);
}

/* read and its family on @fd: @offset -1 means at the descriptor's position, now behind it. */
static void fd_access(struct vcpu *c, int fd, s64 offset, s64 bytes, u32 write)
{
	u64 word = bytes > 0 ? fd_word(fd) : 0;

	if (word && offset < 0)
		offset = lseek(fd, 0, SEEK_CUR) - bytes;
	file_access(c, word, offset, bytes, write);
}

/* The buffers of a vectored call, as far as @bytes of them were used. */
static void touch_iov(struct vcpu *c, u64 iov, u64 count, s64 bytes, u32 write)
{
	for (u64 i = 0; i < count && i < IOV_MOST && bytes > 0; i++) {
		u64 entry[2];

		if (!guest_read(entry, iov + i * sizeof(entry), sizeof(entry)))
			return;
		if (entry[1] > (u64)bytes)
			entry[1] = (u64)bytes;
		plugin_user_touch(c, entry[0], entry[1], write, INFO_CALL(write));
		bytes -= (s64)entry[1];
	}
}

static bool may_block(s64 number, const u64 *a)
{
	switch (number) {
	case SYS_read:
	case SYS_write:
	case SYS_readv:
	case SYS_writev:
		return !fd_word((int)a[0]);
	case SYS_nanosleep:
	case SYS_clock_nanosleep:
	case SYS_poll:
	case SYS_ppoll:
	case SYS_select:
	case SYS_pselect6:
	case SYS_epoll_wait:
	case SYS_epoll_pwait:
	case SYS_epoll_pwait2:
	case SYS_futex:
	case SYS_wait4:
	case SYS_waitid:
	case SYS_pause:
	case SYS_rt_sigsuspend:
	case SYS_rt_sigtimedwait:
	case SYS_accept:
	case SYS_accept4:
	case SYS_connect:
	case SYS_recvfrom:
	case SYS_recvmsg:
	case SYS_recvmmsg:
	case SYS_sendto:
	case SYS_sendmsg:
	case SYS_sendmmsg:
	case SYS_flock:
	case SYS_semop:
	case SYS_semtimedop:
	case SYS_msgrcv:
	case SYS_msgsnd:
		return true;
	default:
		return false;
	}
}

static void on_call(uint64_t id, unsigned int index, int64_t number, uint64_t a1, uint64_t a2,
		    uint64_t a3, uint64_t a4, uint64_t a5, uint64_t a6, uint64_t a7, uint64_t a8)
{
	struct vcpu *c = plugin.vcpus[index & (VCPUS_MAX - 1)];
	u64 args[6] = { a1, a2, a3, a4, a5, a6 };
	char path[PATH_MAX];
	struct stat st;

	(void)id;
	(void)a7;
	(void)a8;
	memcpy(c->sys_args, args, sizeof(args));
	/* What frees memory is told before it happens: another thread may get it at once. */
	if (number == SYS_munmap) {
		emit_range(c, TR_RAW_UNMAP, a1, a2);
	} else if (number == SYS_madvise && (a3 == MADV_DONTNEED || a3 == MADV_FREE)) {
		emit_range(c, TR_RAW_DISCARD, a1, a2);
	} else if (number == SYS_unlink || number == SYS_unlinkat) {
		if (guest_path(path, number == SYS_unlink ? a1 : a2) &&
		    !fstatat(number == SYS_unlink ? AT_FDCWD : (int)a1, path, &st,
			     AT_SYMLINK_NOFOLLOW) &&
		    st.st_nlink == 1)
			file_drop(c, file_word(&st, -1, path), 0, ~0ull);
	} else if (number == SYS_close) {
		before_close(c, (int)a1);
	}
	if (may_block(number, args) || number == SYS_execve || number == SYS_exit_group)
		plugin_sleep(c);
}

static void after_map(struct vcpu *c, s64 number, const u64 *a, u64 result)
{
	if (number == SYS_mmap) {
		int flags = (int)a[3];
		u64 word = flags & MAP_ANONYMOUS ? 0 : fd_word((int)a[4]);

		if (word)
			files.slot[(u32)word - 1].mapped = true;
		emit_map(c, result, a[1], a[5], word, flags & MAP_SHARED);
	} else if (number == SYS_mremap) {
		u64 extra[4] = { (a[1] + 4095u) >> 12, plugin_page(result),
				 (a[2] + 4095u) >> 12, 0 };

		plugin_filter_forget(plugin_page(a[0]), extra[0]);
		plugin_filter_forget(plugin_page(result), extra[2]);
		plugin_emit(c, TR_RAW_MOVE, plugin_page(a[0]), extra);
	} else if (number == SYS_brk) {
		static u64 top; /* of a command there is one */
		u64 new_top = (result + 4095u) & ~4095ull;

		if (top && new_top < top)
			emit_range(c, TR_RAW_UNMAP, new_top, top - new_top);
		top = new_top;
	}
}

static void after_copy(struct vcpu *c, s64 number, const u64 *a, s64 bytes)
{
	s64 offset;

	if (number == SYS_sendfile) {
		if (!a[2] || !guest_read(&offset, a[2], sizeof(offset)))
			offset = lseek((int)a[1], 0, SEEK_CUR);
		file_access(c, fd_word((int)a[1]), offset - bytes, bytes, 0);
		fd_access(c, (int)a[0], -1, bytes, 1);
		return;
	}
	if (!a[1] || !guest_read(&offset, a[1], sizeof(offset)))
		offset = lseek((int)a[0], 0, SEEK_CUR);
	file_access(c, fd_word((int)a[0]), offset - bytes, bytes, 0);
	if (!a[3] || !guest_read(&offset, a[3], sizeof(offset)))
		offset = lseek((int)a[2], 0, SEEK_CUR);
	file_access(c, fd_word((int)a[2]), offset - bytes, bytes, 1);
}

/* Opening with O_TRUNC, truncating, and giving the page cache back. */
static void after_file(struct vcpu *c, s64 number, const u64 *a, s64 result)
{
	int flags = number == SYS_open ? (int)a[1] : (int)a[2];

	if (number == SYS_open || number == SYS_openat) {
		if (flags & O_TRUNC)
			file_drop(c, fd_word((int)result), 0, ~0ull);
	} else if (number == SYS_creat) {
		file_drop(c, fd_word((int)result), 0, ~0ull);
	} else if (number == SYS_ftruncate) {
		file_drop(c, fd_word((int)a[0]), (a[1] + 4095u) >> 12, ~0ull);
	} else if (number == SYS_fadvise64 && a[3] == POSIX_FADV_DONTNEED) {
		file_drop(c, fd_word((int)a[0]), (a[1] + 4095u) >> 12,
			  a[2] ? a[2] >> 12 : ~0ull);
	}
}

static void after_io(struct vcpu *c, s64 number, const u64 *a, s64 result)
{
	bool in = false;

	switch (number) {
	case SYS_read:
	case SYS_pread64:
		in = true; /* fall through */
	case SYS_write:
	case SYS_pwrite64:
		fd_access(c, (int)a[0],
			  number == SYS_pread64 || number == SYS_pwrite64 ? (s64)a[3] : -1, result,
			  !in);
		plugin_user_touch(c, a[1], (u64)result, in, INFO_CALL(in));
		break;
	case SYS_readv:
	case SYS_preadv:
	case SYS_preadv2:
		in = true; /* fall through */
	case SYS_writev:
	case SYS_pwritev:
	case SYS_pwritev2:
		fd_access(c, (int)a[0],
			  number == SYS_readv || number == SYS_writev ? -1 : (s64)a[3], result,
			  !in);
		touch_iov(c, a[1], a[2], result, in);
		break;
	case SYS_recvfrom:
		in = true; /* fall through */
	case SYS_sendto:
		plugin_user_touch(c, a[1], (u64)result, in, INFO_CALL(in));
		break;
	case SYS_sendfile:
	case SYS_copy_file_range:
		after_copy(c, number, a, result);
		break;
	default:
		break;
	}
}

static void on_return(uint64_t id, unsigned int index, int64_t number, int64_t result)
{
	struct vcpu *c = plugin.vcpus[index & (VCPUS_MAX - 1)];
	const u64 *a = c->sys_args;

	(void)id;
	if (c->blocked)
		plugin_wake(c);
	if (result < 0 && result > -4096)
		return;
	after_map(c, number, a, (u64)result);
	after_file(c, number, a, result);
	if (result > 0)
		after_io(c, number, a, result);
}

void plugin_user_install(uint64_t id)
{
	qemu_plugin_register_vcpu_syscall_cb(id, on_call);
	qemu_plugin_register_vcpu_syscall_ret_cb(id, on_return);
}
