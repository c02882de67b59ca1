/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fuzz_lru.c - eviction driven by bytes, beside the model of naive_lru.h.
 *
 * The first byte chooses the number of generations, every eight after it are an
 * operation: faults, reads and frees, accesses by page table and by descriptor, passes
 * of ageing, evictions, refaults with their shadows.
 */
#include <stdint.h>

#include "naive_lru.h"

#define OPS_MAX 512u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static u64 op[OPS_MAX];
	u32 gens, count;

	if (!size)
		return 0;
	gens = WS_GENS_MIN + data[0] % (GENS - WS_GENS_MIN + 1);
	count = (u32)(size - 1) / 8;
	count = count < OPS_MAX ? count : OPS_MAX;
	memcpy(op, data + 1, count * 8); /* which byte is which is the machine's affair */
	if (lru_world_run(op, count, gens))
		abort();
	return 0;
}
