/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fuzz_lru.c - eviction driven by bytes, beside the model of naive_lru.h.
 *
 * The first two bytes choose the number of generations and the rules, every eight after
 * them are an operation: faults, reads and frees, accesses by page table and by descriptor, passes
 * of ageing, evictions, refaults with their shadows.
 */
#include <stdint.h>

#define PAGES 256u /* for speed */
#include "naive_lru.h"

#define OPS_MAX 512u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static u64 op[OPS_MAX];
	u32 choice, count;

	if (size < 2)
		return 0;
	choice = LRU_CHOICE(WS_GENS_MIN + data[0] % (GENS - WS_GENS_MIN + 1),
			    data[1] % WS_RULES_COUNT, data[1] / WS_RULES_COUNT % VARIANTS);
	count = (u32)(size - 2) / 8;
	count = count < OPS_MAX ? count : OPS_MAX;
	memcpy(op, data + 2, count * 8); /* which byte is which is the machine's affair */
	if (lru_world_run(op, count, choice))
		abort();
	return 0;
}
