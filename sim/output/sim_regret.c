/* SPDX-License-Identifier: BSD-2-Clause */
/* sim_regret.c - curves of the first run, and each policy's place under them. */
#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "output/sim_comparison.h"
#include "output/sim_regret.h"

_Static_assert(SIM_REGRET_POLICIES == SIM_POLICIES_MAX, "a place for every policy");

static struct sim_vmin_point at(const struct sim_vmin *vmin, u32 curve, double slowdown)
{
	/* The bound reads whole clusters; the reference, one page at a time. */
	return curve == SIM_REGRET_VMIN ?
		       sim_vmin_best(vmin, SIM_VMIN_FUTURE, SIM_VMIN_CLUSTERS, slowdown) :
		       sim_vmin_best(vmin, SIM_VMIN_PAST, SIM_VMIN_SINGLE, slowdown);
}

static void make_curves(struct sim_regret *regret, const struct sim_vmin *vmin)
{
	for (u32 curve = 0; curve < SIM_REGRET_CURVES; curve++)
		for (u32 i = 0; i < SIM_REGRET_POINTS; i++)
			regret->curve[curve][i] =
				at(vmin, curve, 1 + pow(10, -4 + 4.0 * i / (SIM_REGRET_POINTS - 1)));
}

static void place_policies(struct sim_regret *regret, const struct sim_comparison *comparison,
			   const struct sim_vmin *vmin)
{
	for (u32 i = 0; i < comparison->policies_count; i++) {
		const struct sim_summary *summary = sim_comparison_run(comparison, i, 0);
		regret->slowdown[i] = summary ? summary->value[SIM_RUN_SLOWDOWN_MEAN] : NAN;
		regret->saved[i] = summary ? summary->value[SIM_RUN_SAVED] : NAN;
		for (u32 curve = 0; curve < SIM_REGRET_CURVES; curve++)
			regret->could[curve][i] =
				isfinite(regret->slowdown[i]) ?
					at(vmin, curve, fmax(regret->slowdown[i], 1)).saved : NAN;
	}
}

int sim_regret_make(struct sim_regret *regret, const struct sim_comparison *comparison,
		    struct tr_error *error)
{
	const struct sim_summary *baseline = comparison->baseline[0];
	const struct sim_scenario *scenario = comparison->scenario[0];
	struct sim_scenario first = *scenario;
	struct sim_vmin vmin;
	double *time_per_work;
	int rc;

	regret->known = false;
	if (!baseline || comparison->policies_count < 2)
		return 0;
	first.run = baseline->run;
	time_per_work = malloc(scenario->vms_count * sizeof(*time_per_work));
	assert(time_per_work);
	for (u32 i = 0; i < scenario->vms_count; i++) {
		double value = baseline->vm[i].value[SIM_VM_TIME_PER_WORK];
		time_per_work[i] = isfinite(value) ? value : 1;
	}
	rc = sim_vmin_make(&vmin, &first, time_per_work, NULL, error);
	if (!rc) {
		make_curves(regret, &vmin);
		place_policies(regret, comparison, &vmin);
		regret->bound = scenario->open_loop;
		regret->known = true;
	}
	sim_vmin_destroy(&vmin);
	free(time_per_work);
	return rc;
}
