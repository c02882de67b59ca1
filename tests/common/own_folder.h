/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * own_folder.h - a folder of a test's own, for the files that it writes.
 *
 * make_folder() and remove_folder() are what a suite begins and ends with (.init, .fini).
 * What a killed test leaves, the next one removes (tr_scratch.h).
 */
#ifndef OWN_FOLDER_H
#define OWN_FOLDER_H

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "tr_scratch.h"

static struct tr_scratch own_scratch;
static char folder[64];

static inline void make_folder(void)
{
	struct tr_error error = { "" };

	cr_assert_eq(tr_scratch_make(&own_scratch, "unit", &error), 0, "%s", error.text);
	cr_assert(strlen(own_scratch.path) < sizeof(folder), "TMPDIR is too long for the tests");
	memcpy(folder, own_scratch.path, strlen(own_scratch.path) + 1);
}

static inline void remove_folder(void)
{
	tr_scratch_remove(&own_scratch);
}

static inline void path_of(char *path, size_t size, const char *name)
{
	snprintf(path, size, "%s/%s", folder, name);
}

#endif /* OWN_FOLDER_H */
