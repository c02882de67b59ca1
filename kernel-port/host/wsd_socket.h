/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * wsd_socket.h - Unix stream sockets that never block, and the files that travel on them.
 *
 * Errors: negative errno.
 */
#ifndef WSD_SOCKET_H
#define WSD_SOCKET_H

#include <ws_env.h>

#include "tr_error.h"

#define WSD_FDS_MAX 8 /* with one message; more are closed unseen */

/* Which file a socket is: somebody may remove it and make another of the same name. */
struct wsd_socket_place {
	u64 device, inode;
};

/* Listen at @path; a socket that nobody answers on any more is replaced.  A file descriptor. */
int wsd_socket_listen(const char *path, struct wsd_socket_place *place, struct tr_error *error);
/* Remove the socket at @path if it is still the one of @place. */
void wsd_socket_remove(const char *path, const struct wsd_socket_place *place);
/* A file descriptor, or negative errno (-ENOENT, -ECONNREFUSED: nobody is there yet). */
int wsd_socket_connect(const char *path);
/* The process on the other side, 0 if it is not known. */
int wsd_socket_peer(int fd);

/*
 * Receive up to @size bytes, and files into @fd from *@fds_count on.
 * Return: bytes; 0 at the end of the stream; -EAGAIN; negative errno.
 */
int wsd_socket_receive(int socket, void *to, u32 size, int fd[WSD_FDS_MAX], u32 *fds_count);
/*
 * All of it at once, or an error: -EAGAIN when the peer does not read.  Works on pipes and event
 * files too, and does not wait even if the peer, whose files they are as well, makes them blocking.
 */
int wsd_socket_send(int fd, const void *from, u32 size);
/* Read and forget what is there, likewise.  Bytes; 0 at the end; -EAGAIN; negative errno. */
int wsd_socket_drain(int fd);

#endif /* WSD_SOCKET_H */
