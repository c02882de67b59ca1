/* SPDX-License-Identifier: BSD-2-Clause */
/* fuzz_truth.c - logs of the ground truth: any bytes are refused or replayed, nothing else. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "lab/sim_truth.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sim_truth_result result;
	struct sim_truth_log log;
	struct tr_error error = { "" };
	u64 pages = 0;
	int rc = sim_truth_log_parse(&log, (const char *)data, size, "fuzz", &error);

	if (rc && !error.text[0])
		__builtin_trap();
	for (u32 i = 0; i < log.sections_count; i++)
		for (u32 k = 0; k < log.sections[i].regions_count; k++)
			pages += log.sections[i].region[k].pages;
	/* Small ones only: time is in proportion to what is touched. */
	if (!rc && pages <= 8192)
		for (u32 i = 0; i < WS_RULES_COUNT; i++)
			sim_truth_replay(&log, &ws_rules_table[i], NULL, &result);
	sim_truth_log_destroy(&log);
	return 0;
}
