/* SPDX-License-Identifier: BSD-2-Clause */
/* world_folder.h - a folder of a test's own, for the traces and scenarios that it writes. */
#ifndef WORLD_FOLDER_H
#define WORLD_FOLDER_H

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

static char folder[64];

static void make_folder(void)
{
	snprintf(folder, sizeof(folder), "/tmp/wssim-world-XXXXXX");
	cr_assert_not_null(mkdtemp(folder));
}

static void remove_folder(void)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -r %s", folder);
	cr_assert_eq(system(command), 0);
}

static void path_of(char *path, size_t size, const char *name)
{
	snprintf(path, size, "%s/%s", folder, name);
}

#endif /* WORLD_FOLDER_H */
