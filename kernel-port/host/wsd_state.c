/* SPDX-License-Identifier: BSD-2-Clause */
/* wsd_state.c - the state file of one balloon; see wsd_state.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "wsd_state.h"

#define FORMAT "ws-balloond state 1\ntarget_pages %u\nballoon_pages %llu\n" \
	       "poison_val %x\ndriver_bounds %llx\ninflated %u %u\ndeflated %u %u\n"

int wsd_state_lock(const char *socket_path)
{
	char path[WSD_STATE_PATH_MAX + 16];
	int fd;

	snprintf(path, sizeof(path), "%s.lock", socket_path);
	fd = open(path, O_RDWR | O_CREAT | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	if (flock(fd, LOCK_EX | LOCK_NB)) {
		int rc = -errno;
		close(fd);
		return rc;
	}
	return fd;
}

int wsd_state_read(struct wsd_state *state, const char *socket_path, u64 pages_most)
{
	char path[WSD_STATE_PATH_MAX + 16];
	struct wsd_state_message in = { 0, 0 }, out = { 0, 0 };
	unsigned int target, poison = 0;
	unsigned long long pages, bounds = 0;
	struct stat st;
	FILE *file;
	int fields, fd;

	snprintf(path, sizeof(path), "%s.state", socket_path);
	/* Not to wait, should it be a pipe. */
	fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	file = fstat(fd, &st) || !S_ISREG(st.st_mode) ? NULL : fdopen(fd, "r");
	if (!file) {
		close(fd);
		return -EINVAL;
	}
	fields = fscanf(file, FORMAT, &target, &pages, &poison, &bounds,
			&in.used, &in.pages, &out.used, &out.pages);
	fclose(file);
	/* Older ones end behind the balloon, or behind what the driver wrote. */
	if ((fields != 2 && fields != 4 && fields != 8) || pages > pages_most || target > pages_most)
		return -EINVAL;
	*state = (struct wsd_state){ .target_pages = target, .balloon_pages = pages,
				      .poison_val = poison, .driver_bounds = bounds,
				      .inflated = in, .deflated = out };
	return 0;
}

bool wsd_state_same(const struct wsd_state *a, const struct wsd_state *b)
{
	return a->target_pages == b->target_pages && a->balloon_pages == b->balloon_pages &&
	       a->poison_val == b->poison_val && a->driver_bounds == b->driver_bounds &&
	       a->inflated.used == b->inflated.used && a->inflated.pages == b->inflated.pages &&
	       a->deflated.used == b->deflated.used && a->deflated.pages == b->deflated.pages;
}

int wsd_state_write(const struct wsd_state *state, const char *socket_path)
{
	char path[WSD_STATE_PATH_MAX + 16], beside[WSD_STATE_PATH_MAX + 32];
	FILE *file;
	int rc = 0;

	snprintf(path, sizeof(path), "%s.state", socket_path);
	snprintf(beside, sizeof(beside), "%s.tmp", path);
	file = fopen(beside, "we");
	if (!file)
		return -errno;
	if (fprintf(file, FORMAT, state->target_pages, state->balloon_pages, state->poison_val,
		    state->driver_bounds, state->inflated.used, state->inflated.pages,
		    state->deflated.used, state->deflated.pages) < 0 || fflush(file))
		rc = -EIO;
	if (fclose(file) && !rc)
		rc = -errno;
	if (!rc && rename(beside, path))
		rc = -errno;
	if (rc)
		unlink(beside);
	return rc;
}
