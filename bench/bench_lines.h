/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bench_lines.h - what touching cache lines alone costs: the limit of what lives off memory.
 *
 * A fault reads and writes the state of pages, frames and slots that lie anywhere, and of a
 * VM that had its turn long ago.  How many lines that is was counted (cachegrind, misses of
 * a cache of 1 MiB); here as many random ones are changed, and nothing else is done.  They
 * do not depend on each other, so the processor waits for many at once, as no simulation
 * can expect it to.
 */
#ifndef BENCH_LINES_H
#define BENCH_LINES_H

#include "bench.h"

struct bench_lines {
	struct {
		u32 lines; /* a round */
		u64 bytes; /* among so many; a power of two */
		u8 *memory;
	} part[2];
	u32 rounds;
};

int bench_lines_open(struct bench_lines *lines); /* 0 or -ENOMEM; finds the memory */
int bench_lines_once(void *ctx);
void bench_lines_close(struct bench_lines *lines);

#endif /* BENCH_LINES_H */
