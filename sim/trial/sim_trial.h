/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sim_trial.h - a controlled trial of reclaim algorithms: one configuration file, one
 * page of gains and regressions.
 *
 *	{ "name": "mglru-2026",
 *	  "traces": ["redis.wst", "sqlite.wst"], "trace_folder": "../../traces/samples",
 *	  "memory": [0.5, 0.8],				shares of the trace's own memory
 *	  "devices": ["nvme", "zram"],			swap; files come from "disk"
 *	  "engines": ["twolist", "mglru:6.12", "mglru:6.12:nopid", "mglru:fg"],
 *	  "baseline": "twolist",			defaults to the first engine
 *	  "swappiness": [60], "disk": "nvme", "repeat": 3, "idle": "1s", "seeds": 6 }
 *
 * Every combination is one VM of fixed size, no balloon, on a host with room: only the
 * guest's reclaim differs.  The trial is a sweep (sim_plan.h) of scenarios that stand in
 * DIR/scenarios, with DIR/plan.json, so that each run can be repeated by itself.
 *
 * Seeds change the devices' latencies, and so when reclaim runs; medians over them are
 * told.  At least six, as the kernel's developers ask of each other.
 */
#ifndef SIM_TRIAL_H
#define SIM_TRIAL_H

#include "sweep/sim_plan.h"

#define SIM_TRIAL_LIST_MAX 64
#define SIM_TRIAL_SEEDS_LEAST 6

/* A list of names or numbers as people wrote them. */
struct sim_trial_list {
	char *text[SIM_TRIAL_LIST_MAX];
	u32 count;
};

struct sim_trial {
	char name[SIM_NAME_MAX];
	char folder[SIM_PATH_MAX]; /* where trace names start from */
	struct sim_trial_list traces, devices, engines, swappiness;
	double memory[SIM_TRIAL_LIST_MAX];
	u32 memory_count;
	char disk[SIM_NAME_MAX];
	u32 baseline; /* index of an engine */
	u32 repeat, seeds;
	u64 idle_ns;
};

/* Return: 0, then sim_trial_free(); negative errno with text "trial.json: /place: ...". */
int sim_trial_read(struct sim_trial *trial, const char *path, struct tr_error *error);
void sim_trial_free(struct sim_trial *trial);

/*
 * Write DIR/scenarios/TRACE-MEMORY.json and DIR/plan.json (DIR is there, perhaps with a
 * trial to go on with), and read the plan.
 */
int sim_trial_plan(const struct sim_trial *trial, const char *dir, struct sim_plan *plan,
		   struct tr_error *error);

/* Places of a trial in its plan: scenario = trace * memory_count + memory. */
u32 sim_trial_cell(const struct sim_trial *trial, u32 trace, u32 memory, u32 device,
		   u32 swappiness, u32 engine);
static inline u32 sim_trial_cells(const struct sim_trial *trial)
{
	return trial->traces.count * trial->memory_count * trial->devices.count *
	       trial->swappiness.count * trial->engines.count;
}

/* A trace's name without folder and ending. */
void sim_trial_trace_name(const struct sim_trial *trial, u32 trace, char name[SIM_NAME_MAX]);

#endif /* SIM_TRIAL_H */
