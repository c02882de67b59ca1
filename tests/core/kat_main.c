/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * kat_main.c - the known answers of a core that some other compiler has made.  Exit code 1
 * when one is wrong: a module that computes something else there, or that left the order
 * of its arguments to the compiler.
 */
#include <stdio.h>

#include "ws_vectors.h"

int main(void)
{
	static u64 scratch[1 << 16];
	struct ws_kat_result result[WS_KAT_COUNT];
	int wrong = ws_kat_run(scratch, sizeof(scratch), result);

	for (u32 i = 0; !wrong && i < WS_KAT_COUNT; i++)
		if (result[i].digest != ws_vectors_kat[i].digest)
			wrong = printf("kat: %s is %016llx\n", result[i].name, result[i].digest);
	return wrong ? 1 : 0;
}
