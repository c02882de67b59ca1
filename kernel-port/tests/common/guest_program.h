/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * guest_program.h - what the small static programs that run inside a test's guest share.
 *
 * To be included before any system header.
 */
#ifndef GUEST_PROGRAM_H
#define GUEST_PROGRAM_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* End the program with what failed and why (errno), on one line. */
static inline void die(const char *what)
{
	fprintf(stderr, "%s: %s: %s\n", program_invocation_short_name, what, strerror(errno));
	exit(1);
}

/* Seconds since some moment in the past, steadily. */
static inline double now_s(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

#endif /* GUEST_PROGRAM_H */
