/* SPDX-License-Identifier: BSD-2-Clause */
/* wsd_socket.c - Unix stream sockets; see wsd_socket.h. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "wsd_socket.h"

static int make_address(struct sockaddr_un *address, const char *path)
{
	*address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if (strlen(path) >= sizeof(address->sun_path))
		return -ENAMETOOLONG;
	memcpy(address->sun_path, path, strlen(path) + 1);
	return 0;
}

int wsd_socket_connect(const char *path)
{
	struct sockaddr_un address;
	int rc = make_address(&address, path);
	int fd;

	if (rc)
		return rc;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address))) {
		rc = -errno;
		close(fd);
		return rc;
	}
	return fd;
}

/* Left behind by somebody who was killed?  Then it may go. */
static bool is_dead_socket(const char *path)
{
	struct stat st;
	int fd;

	if (lstat(path, &st) || !S_ISSOCK(st.st_mode))
		return false;
	fd = wsd_socket_connect(path);
	if (fd >= 0)
		close(fd);
	return fd == -ECONNREFUSED;
}

int wsd_socket_listen(const char *path, struct wsd_socket_place *place, struct tr_error *error)
{
	struct sockaddr_un address;
	struct stat st;
	int rc = make_address(&address, path);
	int fd;

	if (rc)
		return tr_fail(error, rc, "%s: %s", path, strerror(-rc));
	if (is_dead_socket(path))
		unlink(path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return tr_fail(error, -errno, "%s: %s", path, strerror(errno));
	if (bind(fd, (const struct sockaddr *)&address, sizeof(address)) || listen(fd, 4) ||
	    lstat(path, &st)) {
		rc = -errno;
		close(fd);
		return tr_fail(error, rc, "%s: %s", path, strerror(-rc));
	}
	*place = (struct wsd_socket_place){ st.st_dev, st.st_ino };
	return fd;
}

void wsd_socket_remove(const char *path, const struct wsd_socket_place *place)
{
	struct stat st;

	if (!lstat(path, &st) && st.st_dev == place->device && st.st_ino == place->inode)
		unlink(path);
}

int wsd_socket_peer(int fd)
{
	struct ucred peer = { .pid = 0 };
	socklen_t size = sizeof(peer);

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) ? 0 : (int)peer.pid;
}

static void take_fds(struct msghdr *message, int fd[WSD_FDS_MAX], u32 *fds_count)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR(message, c)) {
		u32 count;

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		count = (u32)((c->cmsg_len - CMSG_LEN(0)) / sizeof(int));
		for (u32 i = 0; i < count; i++) {
			int got;

			memcpy(&got, CMSG_DATA(c) + i * sizeof(got), sizeof(got));
			if (*fds_count < WSD_FDS_MAX)
				fd[(*fds_count)++] = got;
			else
				close(got);
		}
	}
}

int wsd_socket_receive(int socket, void *to, u32 size, int fd[WSD_FDS_MAX], u32 *fds_count)
{
	union {
		char bytes[CMSG_SPACE(WSD_FDS_MAX * sizeof(int))];
		struct cmsghdr align;
	} control;
	struct iovec piece = { .iov_base = to, .iov_len = size };
	struct msghdr message = {
		.msg_iov = &piece, .msg_iovlen = 1,
		.msg_control = &control, .msg_controllen = sizeof(control),
	};
	ssize_t got = recvmsg(socket, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

	if (got < 0)
		return errno == EINTR || errno == EWOULDBLOCK ? -EAGAIN : -errno;
	take_fds(&message, fd, fds_count);
	return (int)got;
}

/*
 * Pipes and event files of the other side.  O_NONBLOCK is the file's, so the other side can take
 * it away between any two steps of ours, and fill or empty the file.  So it is asked first whether
 * the file is ready, and a call that waits nevertheless is broken off by a signal.
 */
#define PATIENCE_US 10000

static void on_alarm(int number)
{
	(void)number;
}

static void set_alarm(bool on)
{
	const struct sigaction action = { .sa_handler = on_alarm }; /* which restarts nothing */
	const struct timeval patience = { .tv_usec = on ? PATIENCE_US : 0 };
	/* Repeated: the first may come before the call has begun. */
	const struct itimerval when = { patience, patience };

	if (on)
		sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &when, NULL);
}

static ssize_t without_waiting(int fd, void *read_to, const void *write_from, u32 size)
{
	struct pollfd look = { .fd = fd, .events = read_to ? POLLIN : POLLOUT };
	ssize_t done;
	int error;

	if (poll(&look, 1, 0) <= 0) {
		errno = EAGAIN;
		return -1;
	}
	set_alarm(true);
	done = read_to ? read(fd, read_to, size) : write(fd, write_from, size);
	error = errno;
	set_alarm(false);
	errno = error == EINTR ? EAGAIN : error;
	return done;
}

int wsd_socket_send(int fd, const void *from, u32 size)
{
	ssize_t sent = send(fd, from, size, MSG_DONTWAIT | MSG_NOSIGNAL);

	if (sent < 0 && errno == ENOTSOCK)
		sent = without_waiting(fd, NULL, from, size);
	if (sent < 0)
		return -errno;
	return (u32)sent == size ? 0 : -EAGAIN;
}

int wsd_socket_drain(int fd)
{
	u8 drained[512];
	ssize_t got = recv(fd, drained, sizeof(drained), MSG_DONTWAIT);

	if (got < 0 && errno == ENOTSOCK)
		got = without_waiting(fd, drained, NULL, sizeof(drained));
	return got < 0 ? -errno : (int)got;
}
