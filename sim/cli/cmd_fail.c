/* SPDX-License-Identifier: BSD-2-Clause */
/* cmd_fail.c - whose fault an error is: the input's, or the machine's. */
#include <errno.h>
#include <stdio.h>

#include "cli/cmd.h"

int cmd_fail(int rc, const struct tr_error *error)
{
	fprintf(stderr, "wssim: %s\n", error->text);
	switch (rc) {
	case -EINTR:
	case -ENOSPC:
	case -EDQUOT:
	case -EFBIG:
	case -EIO:
	case -ENOMEM:
	case -EAGAIN:
	case -EROFS:
	case -EPIPE:
	case -EBUSY:
		return EXIT_FAILED;
	default:
		return EXIT_USAGE;
	}
}
