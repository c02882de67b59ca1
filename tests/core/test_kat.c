/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_kat.c - the known answers, pinned.
 *
 * A digest that changes says that a module answers differently than before: either a
 * fault, or a change that was meant.  In the latter case the new digest goes into
 * core/ws_vectors.c, in the same commit as the change.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ws_vectors.h"

Test(kat, every_module_gives_its_known_answer)
{
	struct ws_kat_result result[WS_KAT_COUNT];
	void *scratch = malloc(ws_kat_footprint());

	memset(scratch, 0xa5, ws_kat_footprint());
	cr_assert_eq(ws_kat_run(scratch, ws_kat_footprint(), result), 0);
	for (u32 i = 0; i < WS_KAT_COUNT; i++) {
		cr_assert_str_eq(result[i].name, ws_vectors_kat[i].name);
		cr_assert_eq(result[i].digest, ws_vectors_kat[i].digest, "%s: %016llx, not %016llx",
			     ws_vectors_kat[i].name, result[i].digest, ws_vectors_kat[i].digest);
	}
	free(scratch);
}

Test(kat, refuses_too_little_scratch)
{
	struct ws_kat_result result[WS_KAT_COUNT];
	u64 scratch[1];

	cr_assert_eq(ws_kat_run(scratch, ws_kat_footprint() - 1, result), -ENOMEM);
}
