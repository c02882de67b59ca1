/* SPDX-License-Identifier: BSD-2-Clause */
/* sim_beside.c - a folder beside, and moves. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "observe/sim_results.h"
#include "sweep/sim_beside.h"
#include "tr_scratch.h"

static int move(const char *from, const char *to, const char *name, struct tr_error *error)
{
	char old[SIM_FILE_PATH_MAX + 64], new[SIM_FILE_PATH_MAX + 64];
	struct stat file;

	snprintf(old, sizeof(old), "%s/%s", from, name);
	snprintf(new, sizeof(new), "%s/%s", to, name);
	if (!stat(new, &file) && S_ISDIR(file.st_mode))
		tr_folder_remove(new);
	if (stat(old, &file))
		return 0; /* no plots */
	if (rename(old, new))
		return tr_fail(error, -errno, "%s: %s", new, strerror(errno));
	return 0;
}

static bool draw(const struct sim_beside *beside, const char *work, struct tr_error *error)
{
	char plots[SIM_FILE_PATH_MAX + 8];

	snprintf(plots, sizeof(plots), "%s/plots", work);
	if (!beside->draw)
		return false;
	if (mkdir(plots, 0777)) {
		tr_fail(error, -errno, "%s: %s", plots, strerror(errno));
		return false;
	}
	return !beside->draw(beside->ctx, plots, error);
}

int sim_beside_write(const struct sim_beside *beside, const char *dir,
		     struct tr_error *plots_error, struct tr_error *error)
{
	char work[SIM_FILE_PATH_MAX];
	bool drawn;
	int rc;

	*plots_error->text = 0;
	if ((size_t)snprintf(work, sizeof(work), "%s/tables.tmp", dir) >= sizeof(work))
		return tr_fail(error, -ENAMETOOLONG, "%.60s...: name too long", dir);
	tr_folder_remove(work);
	if (mkdir(work, 0777))
		return tr_fail(error, -errno, "%s: %s", work, strerror(errno));
	drawn = draw(beside, work, plots_error);
	rc = beside->write(beside->ctx, work, drawn, error);
	for (const char *const *name = beside->names; *name && !rc; name++)
		rc = move(work, dir, *name, error);
	if (!rc)
		rc = move(work, dir, "plots", error);
	tr_folder_remove(work);
	return rc;
}
