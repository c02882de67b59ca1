/* SPDX-License-Identifier: BSD-2-Clause */
/* bench_lines.c - see bench_lines.h. */
#include <stdlib.h>
#include <string.h>

#include "bench_lines.h"

#define LINE_BYTES 64u

int bench_lines_open(struct bench_lines *lines)
{
	for (u32 i = 0; i < 2; i++) {
		u64 bytes = lines->part[i].bytes;

		if (!bytes)
			continue;
		lines->part[i].memory = malloc(bytes);
		if (!lines->part[i].memory)
			return -ENOMEM;
		memset(lines->part[i].memory, 1, bytes);
	}
	return 0;
}

int bench_lines_once(void *ctx)
{
	struct bench_lines *lines = ctx;
	u64 x = 1;

	for (u32 round = 0; round < lines->rounds; round++) {
		for (u32 i = 0; i < 2; i++) {
			u64 mask = lines->part[i].bytes - LINE_BYTES;

			for (u32 k = 0; k < lines->part[i].lines; k++) {
				x = x * 6364136223846793005ull + 1442695040888963407ull;
				lines->part[i].memory[x >> 24 & mask]++;
			}
		}
	}
	return 0;
}

void bench_lines_close(struct bench_lines *lines)
{
	for (u32 i = 0; i < 2; i++)
		free(lines->part[i].memory);
}
