/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fuzz_age.c - ageing and binning, driven by bytes, beside the model of naive_age.h.
 *
 * The first byte chooses the number of generations, every eight after it are an
 * operation: pages come, go and move, bits are harvested, passes made, generations
 * folded, labels tidied, reports collected.
 */
#include <stdint.h>

#include "naive_age.h"

#define OPS_MAX 512u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static u64 op[OPS_MAX];
	u32 gens, count;

	if (!size)
		return 0;
	gens = WS_GENS_MIN + data[0] % (WS_GENS_MAX - WS_GENS_MIN + 1);
	count = (u32)(size - 1) / 8;
	count = count < OPS_MAX ? count : OPS_MAX;
	memcpy(op, data + 1, count * 8); /* which byte is which is the machine's affair */
	if (age_world_run(op, count, gens))
		abort();
	return 0;
}
