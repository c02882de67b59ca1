/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * uml_ask.c - in the guest: gives the host's daemon a command and prints its answer.
 *
 * usage: uml_ask WORD...
 * Over /dev/ttyS0.  Waits without sleeping: in virtual time the clock stands still then,
 * so that all that the daemon does because of the command happens at this moment.  Whatever
 * else can run goes first (SCHED_IDLE): else it would depend on the host's scheduler whether
 * this program is still there when the driver works or looks at pages.  And it asks by poll(),
 * because user-mode Linux lets every system call that fails take a microsecond of virtual time,
 * as many of them as the answer takes of the host's.
 * Exit status: 0 when the answer ends with "ok", else 1.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#define ANSWER_BYTES 65536

static char answer[ANSWER_BYTES];

/* The last line, which is whole, or NULL. */
static const char *last_line(size_t length)
{
	const char *line;

	if (!length || answer[length - 1] != '\n')
		return NULL;
	answer[length - 1] = '\0';
	line = strrchr(answer, '\n');
	answer[length - 1] = '\n';
	return line ? line + 1 : answer;
}

static bool good(const char *line)
{
	return line && !strncmp(line, "ok", 2);
}

static bool bad(const char *line)
{
	return line && !strncmp(line, "error", 5);
}

/* Is there something to read, or room to write? */
static bool ready(int fd, short what)
{
	struct pollfd wait = { .fd = fd, .events = what };

	if (poll(&wait, 1, 0) > 0)
		return true;
	sched_yield();
	return false;
}

static int write_all(int fd, const char *text)
{
	size_t left = strlen(text);

	while (left) {
		ssize_t done;

		if (!ready(fd, POLLOUT))
			continue;
		done = write(fd, text, left);
		if (done < 0 && errno != EAGAIN)
			return -1;
		if (done > 0) {
			text += done;
			left -= (size_t)done;
		}
	}
	return 0;
}

static int read_answer(int fd)
{
	size_t length = 0;

	while (!good(last_line(length)) && !bad(last_line(length))) {
		ssize_t got;

		if (!ready(fd, POLLIN))
			continue;
		got = read(fd, answer + length, sizeof(answer) - 1 - length);
		if (got < 0 && errno != EAGAIN)
			return -1;
		if (got > 0)
			length += (size_t)got;
		if (length == sizeof(answer) - 1)
			return -1;
	}
	return 0;
}

int main(int argc, char **argv)
{
	struct termios mode;
	const struct sched_param none = { 0 };
	char line[1024];
	size_t length = 0;
	int fd = open("/dev/ttyS0", O_RDWR | O_NONBLOCK | O_NOCTTY);

	for (int i = 1; i < argc; i++) {
		length += (size_t)snprintf(line + length, sizeof(line) - length, "%s%c", argv[i],
					   i + 1 < argc ? ' ' : '\n');
		if (length >= sizeof(line))
			return 2;
	}
	if (sched_setscheduler(0, SCHED_IDLE, &none)) {
		perror("SCHED_IDLE");
		return 2;
	}
	if (!length || fd < 0 || tcgetattr(fd, &mode)) {
		perror("/dev/ttyS0");
		return 2;
	}
	cfmakeraw(&mode);
	memset(answer, 0, sizeof(answer)); /* no page is to be had while it waits */
	ready(fd, POLLIN);
	if (tcsetattr(fd, TCSANOW, &mode) || write_all(fd, line) || read_answer(fd)) {
		perror("/dev/ttyS0");
		return 2;
	}
	fputs(answer, stdout);
	return !good(last_line(strlen(answer)));
}
