/* SPDX-License-Identifier: BSD-2-Clause */
/* tr_cpio.c - writes an initial RAM file system. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "tr_cpio.h"

#define FILE_MOST (1u << 30)

int tr_cpio_open(struct tr_cpio *cpio, const char *path, struct tr_error *error)
{
	cpio->inode = 0;
	cpio->file = fopen(path, "we");
	return cpio->file ? 0 : tr_fail(error, -errno, "%s: %s", path, strerror(errno));
}

static void pad(struct tr_cpio *cpio, size_t size)
{
	while (size++ % 4)
		fputc(0, cpio->file);
}

/* Errors stay in the stream until tr_cpio_close(). */
static void head(struct tr_cpio *cpio, const char *name, u32 mode, size_t size)
{
	size_t name_size = strlen(name) + 1;

	fprintf(cpio->file, "070701%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x",
		++cpio->inode, mode, 0, 0, 1, 0, (unsigned int)size, 0, 0, 0, 0,
		(unsigned int)name_size, 0);
	fwrite(name, 1, name_size, cpio->file);
	pad(cpio, 110 + name_size);
}

static int bytes(struct tr_cpio *cpio, const char *name, u32 mode, const void *from, size_t size)
{
	head(cpio, name, mode, size);
	fwrite(from, 1, size, cpio->file);
	pad(cpio, size);
	return ferror(cpio->file) ? -EIO : 0;
}

int tr_cpio_dir(struct tr_cpio *cpio, const char *name)
{
	return bytes(cpio, name, S_IFDIR | 0755, "", 0);
}

int tr_cpio_link(struct tr_cpio *cpio, const char *name, const char *target)
{
	return bytes(cpio, name, S_IFLNK | 0777, target, strlen(target));
}

int tr_cpio_text(struct tr_cpio *cpio, const char *name, const char *text)
{
	return bytes(cpio, name, S_IFREG | 0644, text, strlen(text));
}

int tr_cpio_file(struct tr_cpio *cpio, const char *name, const char *from, u32 mode,
		 struct tr_error *error)
{
	FILE *file = fopen(from, "re");
	struct stat st;
	void *content;
	int rc = 0;

	if (!file || fstat(fileno(file), &st)) {
		rc = tr_fail(error, -errno, "%s: %s", from, strerror(errno));
		if (file)
			fclose(file);
		return rc;
	}
	content = st.st_size < FILE_MOST ? malloc((size_t)st.st_size + 1) : NULL;
	if (!content)
		rc = tr_fail(error, -EFBIG, "%s: too large for the guest's first disk", from);
	else if (fread(content, 1, (size_t)st.st_size, file) != (size_t)st.st_size)
		rc = tr_fail(error, -EIO, "%s: cannot be read", from);
	else
		rc = bytes(cpio, name, S_IFREG | mode, content, (size_t)st.st_size);
	free(content);
	fclose(file);
	return rc;
}

int tr_cpio_close(struct tr_cpio *cpio, struct tr_error *error)
{
	bool failed;

	head(cpio, "TRAILER!!!", 0, 0);
	failed = ferror(cpio->file);
	failed |= fclose(cpio->file) != 0;
	return failed ? tr_fail(error, -EIO, "cannot write the guest's initramfs: %s",
				strerror(errno))
		      : 0;
}
