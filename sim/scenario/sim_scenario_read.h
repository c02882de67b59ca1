/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sim_scenario_read.h - a scenario from its JSON file, and back.
 *
 * An unknown or repeated key, a value of the wrong type or out of range is an
 * error that names its path: "demo.json: /vms/2/memory: ...".  Sizes and times take
 * units ("4GiB", "250ms"), the seed is a string ("0x1f") or a small integer.
 */
#ifndef SIM_SCENARIO_READ_H
#define SIM_SCENARIO_READ_H

#include "scenario/sim_scenario.h"
#include "tr_error.h"

/**
 * sim_scenario_read() - read and check a scenario
 * @sets, @sets_count: "path=value" overrides ("host.memory=4GiB", "vms.0.swappiness=10",
 *	"policy.params.gain=2"), applied to the JSON before it is checked
 * @policy: name that takes the place of the scenario's own policy (the file's params are
 *	dropped then, unless it is the same policy; those in @sets are its); NULL keeps it
 *
 * Allocates; free with sim_scenario_free().  Return: 0 or negative errno with text,
 * and then nothing is left to free.
 */
int sim_scenario_read(struct sim_scenario *scenario, const char *path, const char *const *sets,
		      u32 sets_count, const char *policy, struct tr_error *error);

/* The same from text that stands for the file @path; traces are looked for beside that. */
int sim_scenario_read_text(struct sim_scenario *scenario, const char *path, const char *text,
			   size_t size, const char *const *sets, u32 sets_count,
			   const char *policy, struct tr_error *error);

/*
 * The effective scenario, every default filled in and "count" expanded, as JSON text
 * that reads back as the same scenario; the caller frees it.  NULL: no memory.
 *
 * Traces are named relative to the scenario's folder, so the text is the same
 * wherever it was run.  Read from another folder, it needs "trace_folder".
 */
char *sim_scenario_print(const struct sim_scenario *scenario);

/* 64-bit digest of that text (FNV-1a). */
u64 sim_scenario_digest(const struct sim_scenario *scenario);

void sim_scenario_free(struct sim_scenario *scenario);

#endif /* SIM_SCENARIO_READ_H */
