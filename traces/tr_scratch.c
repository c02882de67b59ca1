/* SPDX-License-Identifier: BSD-2-Clause */
/* tr_scratch.c - see tr_scratch.h. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tr_scratch.h"

#define PLACES "XXXXXX" /* what mkdtemp() replaces */

int tr_folder_lock(int folder, const char *name)
{
	struct stat opened, named;
	int fd = openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC), rc = 0;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &opened) || flock(fd, LOCK_EX | LOCK_NB) ||
	    fstatat(folder, name, &named, AT_SYMLINK_NOFOLLOW))
		rc = -errno;
	else if (opened.st_ino != named.st_ino || opened.st_dev != named.st_dev)
		rc = -ENOENT; /* removed, and made again by somebody else, before it was locked */
	else if (opened.st_uid != geteuid())
		rc = -EPERM;
	if (!rc)
		return fd;
	close(fd);
	return rc;
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *walk)
{
	(void)status;
	(void)type;
	(void)walk;
	return remove(path);
}

int tr_folder_remove(const char *path)
{
	return nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS) ? -errno : 0;
}

/* The folders of @scratch's kind whose makers are gone; its path ends in PLACES still. */
static void remove_stale(const struct tr_scratch *scratch)
{
	const char *prefix = strrchr(scratch->path, '/') + 1;
	size_t length = strlen(prefix);
	char folder[PATH_MAX], path[PATH_MAX];
	struct dirent *entry;

	snprintf(folder, sizeof(folder), "%.*s", (int)(prefix - scratch->path), scratch->path);
	DIR *dir = opendir(folder);

	while (dir && (entry = readdir(dir))) {
		if (strlen(entry->d_name) != length ||
		    strncmp(entry->d_name, prefix, length - strlen(PLACES)) ||
		    (size_t)snprintf(path, sizeof(path), "%s%s", folder, entry->d_name) >= sizeof(path))
			continue;
		int lock = tr_folder_lock(dirfd(dir), entry->d_name);
		if (lock < 0)
			continue;
		tr_folder_remove(path);
		close(lock);
	}
	if (dir)
		closedir(dir);
}

int tr_scratch_make(struct tr_scratch *scratch, const char *kind, struct tr_error *error)
{
	const char *temp = getenv("TMPDIR");

	*scratch = (struct tr_scratch){ .lock = -1 };
	if (!temp || *temp != '/')
		temp = "/tmp";
	/* Room is left for the names of files in it. */
	if ((size_t)snprintf(scratch->path, sizeof(scratch->path), "%s/wssim-%s-" PLACES, temp, kind) >=
	    sizeof(scratch->path) - NAME_MAX) {
		*scratch->path = 0;
		return tr_fail(error, -ENAMETOOLONG, "%.60s...: name too long", temp);
	}
	remove_stale(scratch);
	do {
		memcpy(strrchr(scratch->path, '-') + 1, PLACES, sizeof(PLACES));
		if (!mkdtemp(scratch->path)) {
			int rc = tr_fail(error, -errno, "%s: cannot make a folder: %s", scratch->path,
					 strerror(errno));
			*scratch->path = 0;
			return rc;
		}
		scratch->lock = tr_folder_lock(AT_FDCWD, scratch->path);
		/* Somebody who looks for stale ones came before the lock: leave it to them. */
	} while (scratch->lock == -EWOULDBLOCK || scratch->lock == -ENOENT);
	return 0;
}

void tr_scratch_remove(struct tr_scratch *scratch)
{
	if (!*scratch->path)
		return;
	tr_folder_remove(scratch->path);
	if (scratch->lock >= 0)
		close(scratch->lock);
	*scratch = (struct tr_scratch){ .lock = -1 };
}
