/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sim_plan.h - what a sweep runs: scenarios by parameters by policies by seeds by runs.
 *
 *	{ "name": "staleness",
 *	  "scenarios": ["demo.json"],			  beside the plan
 *	  "policies": ["mom", {"policy": "ws-target", "params": {"margin": [0.05, 0.1]}}],
 *	  "parameters": {"host.memory": ["4GiB", "6GiB"], "link.loss": [0, 0.1]},
 *	  "vary": "all",				  or "each"
 *	  "seeds": ["0x1"], "runs": 5, "baseline": true }
 *
 * A parameter is a path and value as --set takes them.  A cell is a scenario with one
 * value of each parameter: all combinations, or with "each" the scenario as it is and
 * then one parameter changed at a time, as a sensitivity table needs.  A variant is a
 * policy with one value of each of its params.  Run k of a seed has the same random
 * numbers in every cell and under every variant, so everything can be compared in pairs.
 *
 * Only "scenarios" must be there; policies default to all, seeds to the scenario's own,
 * runs to 5, baseline to true.
 */
#ifndef SIM_PLAN_H
#define SIM_PLAN_H

#include "scenario/sim_scenario.h"
#include "tr_error.h"

#define SIM_PLAN_SCENARIOS_MAX 64
#define SIM_PLAN_AXES_MAX 32	/* parameters */
#define SIM_PLAN_VALUES_MAX 256 /* of one parameter */
#define SIM_PLAN_VARIANTS_MAX 256
#define SIM_PLAN_SEEDS_MAX 1000
#define SIM_PLAN_RUNS_MAX 100000
#define SIM_PLAN_CASES_MAX 2000000u /* runs of the whole sweep, baselines not counted */
#define SIM_PLAN_LABEL_MAX 256

/* A parameter and its values. */
struct sim_axis {
	char *path;   /* "host.memory" */
	char **value; /* as people write it: "4GiB" */
	char **set;   /* as sim_scenario_read() takes it: host.memory="4GiB" */
	u32 values_count;
};

struct sim_variant {
	char label[SIM_PLAN_LABEL_MAX]; /* "ws-target margin=0.05" */
	const struct sim_policy *policy;
	char *set[SIM_PLAN_AXES_MAX];
	u32 sets_count;
};

struct sim_plan {
	char name[SIM_NAME_MAX];
	char *scenario[SIM_PLAN_SCENARIOS_MAX]; /* paths */
	u32 scenarios_count;
	struct sim_axis axis[SIM_PLAN_AXES_MAX];
	u32 axes_count;
	bool each; /* one parameter at a time */
	struct sim_variant *variant;
	u32 variants_count;
	u64 *seed; /* NULL: the scenario's own */
	u32 seeds_count;
	u32 runs_count;
	bool baseline;
	u32 cells_count;
};

/* A cell's coordinates; value[] is -1 where the scenario's own value stays. */
struct sim_cell {
	u32 scenario;
	int value[SIM_PLAN_AXES_MAX];
};

/* Return: 0, then sim_plan_free() it; negative errno with text "plan.json: /place: ...". */
int sim_plan_read(struct sim_plan *plan, const char *path, struct tr_error *error);
/* The same from text that stands for the file @path. */
int sim_plan_read_text(struct sim_plan *plan, const char *path, const char *text, size_t size,
		       struct tr_error *error);
void sim_plan_free(struct sim_plan *plan);

/* Samples of each cell under each variant: seeds times runs. */
static inline u32 sim_plan_samples(const struct sim_plan *plan)
{
	return (plan->seeds_count ? plan->seeds_count : 1) * plan->runs_count;
}

/* Cell @cell of sim_plan.cells_count: those of the first scenario come first. */
struct sim_cell sim_plan_cell(const struct sim_plan *plan, u32 cell);

/* "demo.json host.memory=4GiB link.loss=0.1": only what is not the same in all cells. */
char *sim_plan_cell_label(const struct sim_plan *plan, u32 cell, char label[SIM_PLAN_LABEL_MAX]);

/* The scenario of a cell under a variant, seed and run as in the file.  Errors as
 * sim_scenario_read(). */
int sim_plan_scenario(const struct sim_plan *plan, u32 cell, u32 variant,
		      struct sim_scenario *scenario, struct tr_error *error);

/* Give @scenario the seed and number of a sample (0 .. sim_plan_samples() - 1). */
void sim_plan_sample(const struct sim_plan *plan, u32 sample, struct sim_scenario *scenario);

#endif /* SIM_PLAN_H */
