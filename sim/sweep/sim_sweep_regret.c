/* SPDX-License-Identifier: BSD-2-Clause */
/* sim_sweep_regret.c - one set of oracles for each baseline, and every variant's place. */
#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "scenario/sim_scenario_read.h"
#include "sweep/sim_gather.h"
#include "sweep/sim_sweep_regret.h"

static u64 baseline_key(const struct sim_gather *gather, u32 cell)
{
	return sim_sweep_at(gather->sweep, cell, gather->plan->variants_count, 0)->key;
}

/* The first cell with the same baseline. */
static u32 first_alike(const struct sim_gather *gather, u32 cell)
{
	u32 first = 0;

	while (baseline_key(gather, first) != baseline_key(gather, cell))
		first++;
	return first;
}

u32 sim_sweep_oracles(const struct sim_gather *gather)
{
	u32 count = 0;

	if (!gather->plan->baseline)
		return 0;
	/* No more are counted than matter to anybody who asks. */
	for (u32 cell = 0; cell < gather->plan->cells_count && count < 1000; cell++)
		count += first_alike(gather, cell) == cell;
	return count;
}

static void place(struct sim_sweep_regret *regret, const struct sim_gather *gather, u32 cell,
		  const struct sim_scenario *scenario, const struct sim_regret_oracle *oracle)
{
	const struct sim_plan *plan = gather->plan;
	struct sim_scenario its = *scenario;

	regret->known[cell] = true;
	regret->bound[cell] = scenario->open_loop;
	regret->lru[cell] = sim_regret_lru(scenario);
	for (u32 variant = 0; variant < plan->variants_count; variant++) {
		u64 at = sim_gather_at(gather, cell, variant, 0);
		u64 to = (u64)cell * plan->variants_count + variant;

		its.policy = plan->variant[variant].policy;
		regret->right[to] = sim_regret_right(&its, gather->value[SIM_RUN_HOST_SWAP][at]);
		for (u32 curve = 0; curve < SIM_REGRET_CURVES; curve++)
			regret->could[curve][to] =
				sim_regret_could(oracle, curve,
						 gather->value[SIM_RUN_SLOWDOWN_MEAN][at]);
	}
}

static int make_oracle(struct sim_sweep_regret *regret, const struct sim_gather *gather, u32 cell,
		       u32 workers, const volatile bool *stop, struct tr_error *error)
{
	const struct sim_plan *plan = gather->plan;
	struct sim_summary *baseline;
	struct sim_regret_oracle oracle;
	struct sim_scenario scenario;
	int rc;

	baseline = sim_store_get(&gather->sweep->store, baseline_key(gather, cell));
	if (!baseline)
		return 0;
	rc = sim_plan_scenario(plan, cell, 0, &scenario, error);
	if (rc) {
		free(baseline);
		return rc;
	}
	sim_plan_sample(plan, 0, &scenario);
	rc = sim_regret_oracle_make(&oracle, &scenario, baseline, workers, stop, error);
	for (u32 alike = cell; alike < plan->cells_count && !rc; alike++) {
		struct sim_scenario its;

		if (baseline_key(gather, alike) != baseline_key(gather, cell))
			continue;
		rc = sim_plan_scenario(plan, alike, 0, &its, error);
		if (rc)
			break;
		place(regret, gather, alike, &its, &oracle);
		sim_scenario_free(&its);
	}
	sim_regret_oracle_destroy(&oracle);
	sim_scenario_free(&scenario);
	free(baseline);
	return rc;
}

int sim_sweep_regret_make(struct sim_sweep_regret *regret, const struct sim_gather *gather,
			  u32 workers, const volatile bool *stop,
			  void (*progress)(u32 done_count, u32 all_count), struct tr_error *error)
{
	u32 cells = gather->plan->cells_count, done = 0;
	u64 count = (u64)cells * gather->plan->variants_count;
	int rc = 0;

	memset(regret, 0, sizeof(*regret));
	regret->oracles_count = sim_sweep_oracles(gather);
	regret->known = calloc(cells, sizeof(*regret->known));
	regret->bound = calloc(cells, sizeof(*regret->bound));
	regret->right = calloc(count, sizeof(*regret->right));
	regret->lru = calloc(cells, sizeof(*regret->lru));
	assert(regret->known && regret->bound && regret->lru && regret->right);
	for (u32 curve = 0; curve < SIM_REGRET_CURVES; curve++) {
		regret->could[curve] = calloc(count, sizeof(double));
		assert(regret->could[curve]);
	}
	for (u32 cell = 0; gather->plan->baseline && cell < cells && !rc && !(stop && *stop); cell++) {
		if (first_alike(gather, cell) != cell)
			continue;
		if (progress)
			progress(done++, regret->oracles_count);
		rc = make_oracle(regret, gather, cell, workers, stop, error);
	}
	/* Whoever interrupts wants what is done. */
	return rc == -EINTR ? 0 : rc;
}

void sim_sweep_regret_free(struct sim_sweep_regret *regret)
{
	for (u32 curve = 0; curve < SIM_REGRET_CURVES; curve++)
		free(regret->could[curve]);
	free(regret->known);
	free(regret->bound);
	free(regret->lru);
	free(regret->right);
}

double sim_sweep_regret_at(const struct sim_sweep_regret *regret, const struct sim_gather *gather,
			   u32 cell, u32 variant, enum sim_regret_curve curve)
{
	u64 at = (u64)cell * gather->plan->variants_count + variant;

	if (!regret || !regret->known[cell])
		return NAN;
	return regret->could[curve][at] -
	       gather->value[SIM_RUN_SAVED][sim_gather_at(gather, cell, variant, 0)];
}

enum sim_regret_curve sim_sweep_regret_right(const struct sim_sweep_regret *regret,
					     const struct sim_gather *gather, u32 cell, u32 variant)
{
	return regret->right[(u64)cell * gather->plan->variants_count + variant];
}

void sim_sweep_regret_cells(const struct sim_gather *gather, u32 cell, u32 variant,
			    char vmin[SIM_REGRET_TEXT], char o5[SIM_REGRET_TEXT])
{
	const struct sim_sweep_regret *regret = gather->regret;
	enum sim_regret_curve right = SIM_REGRET_LIMITED;

	if (regret && regret->known[cell])
		right = sim_sweep_regret_right(regret, gather, cell, variant);
	sim_regret_cell(SIM_REGRET_VMIN,
			sim_sweep_regret_at(regret, gather, cell, variant, SIM_REGRET_VMIN), vmin);
	sim_regret_cell(right, sim_sweep_regret_at(regret, gather, cell, variant, right), o5);
}

const char *sim_sweep_regret_legend(const struct sim_gather *gather)
{
	const struct sim_sweep_regret *regret = gather->regret;
	bool bound = true, lru = true;

	for (u32 cell = 0; cell < gather->plan->cells_count; cell++) {
		bound &= !regret->known[cell] || regret->bound[cell];
		lru &= !regret->known[cell] || regret->lru[cell];
	}
	return sim_regret_legend(bound, lru);
}
