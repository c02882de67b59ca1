/* SPDX-License-Identifier: BSD-2-Clause */
/* cli_save.c - files that are whole or not there. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli_save.h"

int cli_save_open(struct cli_save *save, const char *path, struct tr_error *error)
{
	int length = snprintf(save->work, sizeof(save->work), "%s.tmp", path);

	if (!*path || length >= CLI_SAVE_PATH_MAX)
		return tr_fail(error, -ENAMETOOLONG, "%s: not a file name", path);
	snprintf(save->path, sizeof(save->path), "%s", path);
	save->stream = fopen(save->work, "w");
	if (!save->stream)
		return tr_fail(error, -errno, "%s: %s", save->work, strerror(errno));
	return 0;
}

int cli_save_commit(struct cli_save *save, struct tr_error *error)
{
	int rc = ferror(save->stream) ? -EIO : 0;

	if (fclose(save->stream) && !rc)
		rc = -errno;
	if (!rc && rename(save->work, save->path))
		rc = -errno;
	if (!rc)
		return 0;
	unlink(save->work);
	return tr_fail(error, rc, "%s: %s", save->path, strerror(-rc));
}
