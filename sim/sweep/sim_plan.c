/* SPDX-License-Identifier: BSD-2-Clause */
/* sim_plan.c - the cells, variants and samples of a plan, by their numbers. */
#include <stdio.h>
#include <string.h>

#include "scenario/sim_scenario_read.h"
#include "sweep/sim_plan.h"

struct sim_cell sim_plan_cell(const struct sim_plan *plan, u32 cell)
{
	u32 per_scenario = plan->cells_count / plan->scenarios_count;
	u32 rest = per_scenario, at = cell % per_scenario;
	struct sim_cell out = { .scenario = cell / per_scenario };

	for (u32 i = 0; i < SIM_PLAN_AXES_MAX; i++)
		out.value[i] = -1;
	if (plan->each) {
		/* 0 is the scenario as it is. */
		for (u32 i = 0; at && i < plan->axes_count; i++) {
			if (at <= plan->axis[i].values_count) {
				out.value[i] = (int)at - 1;
				break;
			}
			at -= plan->axis[i].values_count;
		}
		return out;
	}
	for (u32 i = 0; i < plan->axes_count; i++) {
		rest /= plan->axis[i].values_count;
		out.value[i] = (int)(at / rest);
		at %= rest;
	}
	return out;
}

char *sim_plan_cell_label(const struct sim_plan *plan, u32 cell, char label[SIM_PLAN_LABEL_MAX])
{
	struct sim_cell at = sim_plan_cell(plan, cell);
	const char *path = plan->scenario[at.scenario], *slash = strrchr(path, '/');
	size_t used = 0;

	*label = 0;
	if (plan->scenarios_count > 1)
		used = (size_t)snprintf(label, SIM_PLAN_LABEL_MAX, "%s", slash ? slash + 1 : path);
	for (u32 i = 0; i < plan->axes_count && used < SIM_PLAN_LABEL_MAX; i++)
		if (at.value[i] >= 0 && plan->axis[i].values_count + plan->each > 1)
			used += (size_t)snprintf(label + used, SIM_PLAN_LABEL_MAX - used, "%s%s=%s",
						 used ? " " : "", plan->axis[i].path,
						 plan->axis[i].value[at.value[i]]);
	if (!*label)
		snprintf(label, SIM_PLAN_LABEL_MAX, "as it is");
	return label;
}

int sim_plan_scenario(const struct sim_plan *plan, u32 cell, u32 variant,
		      struct sim_scenario *scenario, struct tr_error *error)
{
	const char *set[2 * SIM_PLAN_AXES_MAX + 1];
	const struct sim_variant *how = &plan->variant[variant];
	struct sim_cell at = sim_plan_cell(plan, cell);
	char policy[SIM_NAME_MAX + 16];
	u32 count = 0;

	for (u32 i = 0; i < plan->axes_count; i++)
		if (at.value[i] >= 0)
			set[count++] = plan->axis[i].set[at.value[i]];
	if (how->sets_count) {
		snprintf(policy, sizeof(policy), "policy=\"%s\"", how->policy->name);
		set[count++] = policy;
	}
	for (u32 i = 0; i < how->sets_count; i++)
		set[count++] = how->set[i];
	return sim_scenario_read(scenario, plan->scenario[at.scenario], set, count,
				 how->policy->name, error);
}

void sim_plan_sample(const struct sim_plan *plan, u32 sample, struct sim_scenario *scenario)
{
	if (plan->seeds_count)
		scenario->seed = plan->seed[sample / plan->runs_count];
	scenario->run += sample % plan->runs_count;
}
