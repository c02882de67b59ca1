/* SPDX-License-Identifier: BSD-2-Clause */
/* tr_place.c - see tr_place.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tr_place.h"

static int check(const char *path, struct tr_error *error)
{
	struct stat status;

	/* "-" means standard output elsewhere, which can be neither renamed nor sought in. */
	if (!*path || !strcmp(path, "-"))
		return tr_fail(error, -EINVAL, "'%s': not a file name", path);
	if (stat(path, &status))
		return 0; /* nothing there, or opening beside it tells the reason */
	if (S_ISDIR(status.st_mode))
		return tr_fail(error, -EISDIR, "%s: %s", path, strerror(EISDIR));
	if (!S_ISREG(status.st_mode))
		return tr_fail(error, -EINVAL, "%s: not a regular file; nothing else is replaced",
			       path);
	return 0;
}

/* Is @work still the file that @fd has open?  Its writer may just have renamed it. */
static bool is_same(int fd, const char *work)
{
	struct stat open_one, named;

	return !fstat(fd, &open_one) && !stat(work, &named) &&
	       open_one.st_ino == named.st_ino && open_one.st_dev == named.st_dev;
}

/* A descriptor of @work, locked and empty, or a negative errno. */
static int open_locked(const char *work)
{
	for (;;) {
		struct stat status;
		int fd = open(work, O_WRONLY | O_CREAT | O_CLOEXEC, 0666), rc;

		if (fd < 0 || fstat(fd, &status) || !S_ISREG(status.st_mode))
			return fd < 0 ? -errno : fd;
		if (flock(fd, LOCK_EX | LOCK_NB) && errno == EWOULDBLOCK) {
			close(fd);
			return -EBUSY;
		}
		if (!is_same(fd, work)) {
			close(fd);
			continue;
		}
		if (!ftruncate(fd, 0))
			return fd;
		rc = -errno;
		close(fd);
		return rc;
	}
}

static void forget(struct tr_place *place)
{
	free(place->path);
	free(place->work);
	*place = (struct tr_place){ 0 };
}

int tr_place_open(struct tr_place *place, const char *path, struct tr_error *error)
{
	int fd, rc = check(path, error);
	struct stat status;

	*place = (struct tr_place){ 0 };
	if (rc)
		return rc;
	/* Through a link: it stays, and what it names is replaced. */
	bool linked = !lstat(path, &status) && S_ISLNK(status.st_mode) && !stat(path, &status);
	place->path = linked ? realpath(path, NULL) : strdup(path);
	if (!place->path || asprintf(&place->work, "%s.tmp", place->path) < 0) {
		place->work = NULL;
		forget(place);
		return tr_fail(error, -ENOMEM, "%s: out of memory", path);
	}
	fd = open_locked(place->work);
	if (fd >= 0)
		place->stream = fdopen(fd, "wb");
	if (place->stream)
		return 0;
	rc = fd < 0 ? fd : -ENOMEM;
	if (fd >= 0)
		close(fd);
	tr_fail(error, rc, "%s: cannot create: %s", place->work,
		rc == -EBUSY ? "another process is writing it" : strerror(-rc));
	forget(place);
	return rc;
}

int tr_place_commit(struct tr_place *place, struct tr_error *error)
{
	int rc = 0;

	if (fflush(place->stream))
		rc = -errno;
	else if (ferror(place->stream)) /* an earlier write failed, and left a hole */
		rc = -EIO;
	/* Renamed while it is locked still. */
	if (!rc && rename(place->work, place->path))
		rc = -errno;
	if (rc) {
		tr_fail(error, rc, "%s: %s", place->path, strerror(-rc));
		tr_place_abort(place);
		return rc;
	}
	if (fclose(place->stream))
		rc = tr_fail(error, -errno, "%s: %s", place->path, strerror(errno));
	forget(place);
	return rc;
}

void tr_place_abort(struct tr_place *place)
{
	if (place->stream) {
		unlink(place->work);
		fclose(place->stream);
	}
	forget(place);
}
