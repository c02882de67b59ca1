/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_kat.c - the known answers, pinned.
 *
 * A digest that changes says that a module answers differently than before: either a
 * fault, or a change that was meant.  In the latter case the new digest goes in here, in
 * the same commit as the change.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ws_kat.h"

static const struct ws_kat_result known[WS_KAT_COUNT] = {
	{ "math", 0xb6a596c12f74bbdeull },
	{ "age", 0x852ac5a6e01c1956ull },
	{ "refault", 0xc9231b7f8acd1cd4ull },
	{ "lru", 0x87b2ee9ec6c3b417ull },
	{ "hist", 0x181d49b5e16147b1ull },
	{ "report", 0x1adcdef35332272eull },
	{ "wire", 0xa6d913062eff09bdull },
	{ "proto", 0xb44502a48e9e8054ull },
	{ "balloon", 0xc20945e3f9beae20ull },
	{ "source", 0xa8f2498f873a654eull },
};

Test(kat, every_module_gives_its_known_answer)
{
	struct ws_kat_result result[WS_KAT_COUNT];
	void *scratch = malloc(ws_kat_footprint());

	memset(scratch, 0xa5, ws_kat_footprint());
	cr_assert_eq(ws_kat_run(scratch, ws_kat_footprint(), result), 0);
	for (u32 i = 0; i < WS_KAT_COUNT; i++) {
		cr_assert_str_eq(result[i].name, known[i].name);
		cr_assert_eq(result[i].digest, known[i].digest, "%s: %016llx, not %016llx",
			     known[i].name, result[i].digest, known[i].digest);
	}
	free(scratch);
}

Test(kat, refuses_too_little_scratch)
{
	struct ws_kat_result result[WS_KAT_COUNT];
	u64 scratch[1];

	cr_assert_eq(ws_kat_run(scratch, ws_kat_footprint() - 1, result), -ENOMEM);
}
