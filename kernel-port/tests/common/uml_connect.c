/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * uml_connect.c - runs a program with its file descriptor 3 connected to a socket.
 *
 * usage: uml_connect SOCKET PROGRAM ARGUMENT...
 * user-mode Linux makes a serial line of it (ssl0=fd:3), over which the guest speaks
 * with the host's daemon.
 */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int fail(const char *what)
{
	perror(what);
	return 98;
}

int main(int argc, char **argv)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd;

	if (argc < 3 || strlen(argv[1]) >= sizeof(address.sun_path)) {
		fputs("usage: uml_connect SOCKET PROGRAM ARGUMENT...\n", stderr);
		return 2;
	}
	memcpy(address.sun_path, argv[1], strlen(argv[1]) + 1);
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)))
		return fail(argv[1]);
	if (fd != 3) {
		if (dup2(fd, 3) < 0)
			return fail("dup2");
		close(fd);
	}
	execvp(argv[2], argv + 2);
	return fail(argv[2]);
}
