/* SPDX-License-Identifier: BSD-2-Clause */
/* tr_kernel_image.c - takes vmlinux out of a compressed x86 kernel. */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tr_kernel_image.h"

#define IMAGE_MOST (256u << 20)
#define LZ4_BLOCK (8u << 20)

extern char **environ;

static u32 le32(const u8 *at)
{
	return at[0] | (u32)at[1] << 8 | (u32)at[2] << 16 | (u32)at[3] << 24;
}

/* A length that began with 15 goes on in bytes until one is not 255. */
static bool lz4_length(const u8 **from, const u8 *end, size_t *length)
{
	u8 byte;

	if (*length != 15)
		return true;
	do {
		if (*from == end || *length > IMAGE_MOST)
			return false;
		byte = *(*from)++;
		*length += byte;
	} while (byte == 255);
	return true;
}

static s64 lz4_block(const u8 *from, size_t size, u8 *to, size_t room)
{
	const u8 *end = from + size;
	u8 *out = to, *out_end = to + room;

	while (from < end) {
		size_t literals = *from >> 4, match = *from & 15u, distance;

		from++;
		if (!lz4_length(&from, end, &literals) || literals > (size_t)(end - from) ||
		    literals > (size_t)(out_end - out))
			return -EINVAL;
		memcpy(out, from, literals);
		out += literals;
		from += literals;
		if (from == end)
			break; /* the last sequence has no match */
		if (end - from < 2)
			return -EINVAL;
		distance = from[0] | (size_t)from[1] << 8;
		from += 2;
		if (!lz4_length(&from, end, &match))
			return -EINVAL;
		match += 4;
		if (!distance || distance > (size_t)(out - to) || match > (size_t)(out_end - out))
			return -EINVAL;
		for (; match; match--, out++)
			*out = out[-(ptrdiff_t)distance]; /* may overlap itself */
	}
	return out - to;
}

s64 tr_lz4_legacy(const u8 *from, size_t size, u8 *to, size_t room)
{
	size_t at = 4, done = 0;

	if (size < 4 || le32(from) != 0x184c2102u)
		return -EINVAL;
	while (size - at >= 4) {
		u32 packed = le32(from + at);
		s64 got;

		at += 4;
		if (packed == 0x184c2102u || !packed)
			continue;
		if (packed > size - at)
			return -EINVAL;
		got = lz4_block(from + at, packed, to + done,
				room - done < LZ4_BLOCK ? room - done : LZ4_BLOCK);
		if (got < 0)
			return got;
		done += (size_t)got;
		at += packed;
	}
	return (s64)done;
}

static int read_image(const char *path, u8 **image, size_t *size, struct tr_error *error)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), rc = 0;
	struct stat st;

	if (fd < 0 || fstat(fd, &st)) {
		rc = -errno;
		if (fd >= 0)
			close(fd);
		return tr_fail(error, rc, "%s: %s", path, strerror(-rc));
	}
	*size = (size_t)st.st_size;
	*image = st.st_size > 0 && st.st_size <= IMAGE_MOST ? malloc(*size) : NULL;
	if (!*image)
		rc = tr_fail(error, -EINVAL, "%s: is not a kernel", path);
	else if (read(fd, *image, *size) != (ssize_t)*size)
		rc = tr_fail(error, -EIO, "%s: cannot be read", path);
	close(fd);
	return rc;
}

static int write_whole(const char *path, const u8 *bytes, size_t size, struct tr_error *error)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600), rc = 0;

	if (fd < 0)
		return tr_fail(error, -errno, "%s: %s", path, strerror(errno));
	if (write(fd, bytes, size) != (ssize_t)size)
		rc = errno ? -errno : -EIO;
	if (close(fd) && !rc)
		rc = -errno;
	return rc ? tr_fail(error, rc, "%s: %s", path, strerror(-rc)) : 0;
}

static int unpack_lz4(const u8 *payload, size_t size, const char *to, struct tr_error *error)
{
	u8 *room = malloc(IMAGE_MOST);
	s64 got;
	int rc;

	if (!room)
		return tr_fail(error, -ENOMEM, "out of memory");
	got = tr_lz4_legacy(payload, size, room, IMAGE_MOST);
	if (got < 4 || memcmp(room, "\177ELF", 4))
		rc = tr_fail(error, -EINVAL, "the kernel's LZ4 payload is damaged");
	else
		rc = write_whole(to, room, (size_t)got, error);
	free(room);
	return rc;
}

/* @program -dc < @from > @to; trailing bytes make some of them complain, so look at the result. */
static int unpack_by(const char *program, const char *from, const char *to,
		     struct tr_error *error)
{
	char *args[] = { (char *)program, (char *)"-dc", NULL };
	posix_spawn_file_actions_t actions;
	char magic[4] = "";
	int rc, status, fd;
	pid_t pid;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 0, from, O_RDONLY, 0);
	posix_spawn_file_actions_addopen(&actions, 1, to, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
	rc = posix_spawnp(&pid, program, &actions, NULL, args, environ);
	posix_spawn_file_actions_destroy(&actions);
	if (rc)
		return tr_fail(error, -ENOTSUP, "%s: %s", program, strerror(rc));
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	fd = open(to, O_RDONLY | O_CLOEXEC);
	rc = fd >= 0 && read(fd, magic, 4) == 4 && !memcmp(magic, "\177ELF", 4) ? 0 : -ENOTSUP;
	if (fd >= 0)
		close(fd);
	return rc ? tr_fail(error, rc, "%s did not unpack the kernel", program) : 0;
}

static int unpack(const u8 *payload, size_t size, const char *to, struct tr_error *error)
{
	static const struct {
		const char *magic, *program;
		size_t length;
	} kinds[] = { { "\3757zXZ", "xz", 5 },
		      { "\037\213", "gzip", 2 },
		      { "\050\265\057\375", "zstd", 4 } };
	char packed[4096];

	if (!memcmp(payload, "\002!L\030", 4))
		return unpack_lz4(payload, size, to, error);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		int rc;

		if (memcmp(payload, kinds[i].magic, kinds[i].length))
			continue;
		if ((size_t)snprintf(packed, sizeof(packed), "%s.packed", to) >= sizeof(packed))
			return tr_fail(error, -ENAMETOOLONG, "%s: path too long", to);
		rc = write_whole(packed, payload, size, error);
		if (!rc)
			rc = unpack_by(kinds[i].program, packed, to, error);
		unlink(packed);
		return rc;
	}
	return tr_fail(error, -ENOTSUP, "the kernel is packed in an unknown way");
}

int tr_kernel_unpack(const char *image_path, const char *vmlinux_path, struct tr_error *error)
{
	u8 *image = NULL;
	size_t size = 0, setup, offset, length;
	int rc = read_image(image_path, &image, &size, error);

	if (rc)
		goto out;
	if (size < 0x1000 || memcmp(image + 0x202, "HdrS", 4)) {
		rc = tr_fail(error, -EINVAL, "%s: is not a Linux kernel for x86", image_path);
		if (size > 4 && !memcmp(image, "\177ELF", 4))
			rc = tr_fail(error, -ENOTSUP, "%s: is not packed", image_path);
		goto out;
	}
	setup = ((image[0x1f1] ? image[0x1f1] : 4u) + 1u) * 512u;
	offset = setup + le32(image + 0x248);
	length = le32(image + 0x24c);
	if (le32(image + 0x206) << 16 >> 16 < 0x208 || length < 16 || offset > size ||
	    length > size - offset)
		rc = tr_fail(error, -EINVAL, "%s: its header is damaged", image_path);
	else /* the payload's last four bytes are its unpacked size */
		rc = unpack(image + offset, length - 4, vmlinux_path, error);
out:
	free(image);
	return rc;
}
