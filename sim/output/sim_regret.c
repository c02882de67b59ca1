/* SPDX-License-Identifier: BSD-2-Clause */
/* sim_regret.c - curves of the first run, and each policy's place under them. */
#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "output/sim_comparison.h"
#include "output/sim_pool.h"
#include "output/sim_regret.h"

_Static_assert(SIM_REGRET_POLICIES == SIM_POLICIES_MAX, "a place for every policy");

const struct sim_regret_text sim_regret_texts[SIM_REGRET_CURVES] = {
	[SIM_REGRET_VMIN] = { "vmin", "VMIN, knows the future", "every policy" },
	[SIM_REGRET_ANY_SIZE] = { "o5", "LRU guests, best sizes",
				  "every policy whose guests evict in LRU order" },
	[SIM_REGRET_LIMITED] = { "o5_limited", "LRU guests, best balloon",
				 "balloons in guests that evict in LRU order, when the host does not "
				 "swap" },
	[SIM_REGRET_WS] = { "ws", "WS, best idle ages", NULL },
};

/* --- the oracles, the slow one by VM and side by side --- */

struct parts {
	const struct sim_scenario *scenario;
	const struct sim_vmin *vmin;
	const volatile bool *stop;
	struct sim_elastic *part;
};

static int work(void *ctx, u32 vm, void **result, size_t *bytes, struct tr_error *error)
{
	const struct parts *parts = ctx;
	struct sim_elastic *part = malloc(sizeof(*part));
	int rc;

	assert(part);
	rc = sim_elastic_vm(part, parts->scenario, parts->vmin, vm, parts->stop, error);
	if (rc) {
		free(part);
		return rc;
	}
	*result = part;
	*bytes = sizeof(*part);
	return 0;
}

static int take(void *ctx, u32 vm, const void *result, size_t bytes)
{
	struct parts *parts = ctx;

	assert(bytes == sizeof(*parts->part));
	memcpy(&parts->part[vm], result, bytes);
	return 0;
}

static int make_elastic(struct sim_regret_oracle *oracle, const struct sim_scenario *scenario,
			u32 workers, const volatile bool *stop, struct tr_error *error)
{
	struct parts parts = { scenario, &oracle->vmin, stop,
			       calloc(scenario->vms_count, sizeof(*parts.part)) };
	struct sim_pool pool = { .jobs_count = scenario->vms_count, .workers = workers ? workers : 1,
				 .stop = stop, .ctx = &parts, .work = work, .done = take };
	int rc;

	assert(parts.part);
	rc = sim_pool_run(&pool, error);
	if (!rc && stop && *stop)
		rc = tr_fail(error, -EINTR, "interrupted");
	if (!rc)
		sim_elastic_sum(&oracle->elastic, parts.part, scenario, &oracle->vmin);
	free(parts.part);
	return rc;
}

int sim_regret_oracle_make(struct sim_regret_oracle *oracle, const struct sim_scenario *scenario,
			   const struct sim_summary *baseline, u32 workers,
			   const volatile bool *stop, struct tr_error *error)
{
	double *time_per_work = malloc((scenario->vms_count + 1) * sizeof(*time_per_work));
	int rc;

	assert(time_per_work);
	for (u32 i = 0; i < scenario->vms_count; i++) {
		double value = baseline->vm[i].value[SIM_VM_TIME_PER_WORK];
		time_per_work[i] = isfinite(value) ? value : 1;
	}
	rc = sim_vmin_make(&oracle->vmin, scenario, time_per_work, stop, error);
	free(time_per_work);
	return rc ? rc : make_elastic(oracle, scenario, workers, stop, error);
}

void sim_regret_oracle_destroy(struct sim_regret_oracle *oracle)
{
	sim_vmin_destroy(&oracle->vmin);
}

double sim_regret_could(const struct sim_regret_oracle *oracle, enum sim_regret_curve curve,
			double slowdown)
{
	if (!isfinite(slowdown))
		return NAN;
	slowdown = fmax(slowdown, 1);
	switch (curve) {
	case SIM_REGRET_VMIN: /* bounds read whole clusters; references, one page at a time */
		return sim_vmin_best(&oracle->vmin, SIM_VMIN_FUTURE, SIM_VMIN_CLUSTERS, slowdown).saved;
	case SIM_REGRET_WS:
		return sim_vmin_best(&oracle->vmin, SIM_VMIN_PAST, SIM_VMIN_SINGLE, slowdown).saved;
	default:
		return sim_elastic_best(&oracle->elastic,
					curve == SIM_REGRET_LIMITED ? SIM_ELASTIC_LIMITED :
								      SIM_ELASTIC_FREE,
					SIM_VMIN_CLUSTERS, slowdown);
	}
}

enum sim_regret_curve sim_regret_right(const struct sim_scenario *scenario,
				       double host_swap_bytes)
{
	bool limited = !(scenario->policy->channels & SIM_CH_RECLAIM) && !(host_swap_bytes > 0);

	for (u32 i = 0; i < scenario->vms_count && limited; i++)
		limited = !scenario->vm[i].page_reporting &&
			  (scenario->vm[i].mechanism == SIM_MECHANISM_BALLOON ||
			   scenario->vm[i].mechanism == SIM_MECHANISM_HUGE_BALLOON);
	return limited ? SIM_REGRET_LIMITED : SIM_REGRET_ANY_SIZE;
}

bool sim_regret_lru(const struct sim_scenario *scenario)
{
	bool lru = true;

	for (u32 i = 0; i < scenario->vms_count; i++)
		lru &= !strcmp(scenario->vm[i].reclaim, "lru");
	return lru;
}

/* --- of a comparison --- */

static void make_curves(struct sim_regret *regret, const struct sim_regret_oracle *oracle)
{
	for (u32 curve = 0; curve < SIM_REGRET_CURVES; curve++)
		for (u32 i = 0; i < SIM_REGRET_POINTS; i++) {
			double slowdown = 1 + pow(10, -4 + 4.0 * i / (SIM_REGRET_POINTS - 1));

			regret->curve[curve][i].slowdown = slowdown;
			regret->curve[curve][i].saved = sim_regret_could(oracle, curve, slowdown);
		}
}

static void place_policies(struct sim_regret *regret, const struct sim_comparison *comparison,
			   const struct sim_regret_oracle *oracle)
{
	for (u32 i = 0; i < comparison->policies_count; i++) {
		const struct sim_summary *summary = sim_comparison_run(comparison, i, 0);

		regret->slowdown[i] = summary ? summary->value[SIM_RUN_SLOWDOWN_MEAN] : NAN;
		regret->saved[i] = summary ? summary->value[SIM_RUN_SAVED] : NAN;
		if (summary)
			regret->right[i] = sim_regret_right(
				comparison->scenario[i], summary->value[SIM_RUN_HOST_SWAP]);
		for (u32 curve = 0; curve < SIM_REGRET_CURVES; curve++)
			regret->could[curve][i] =
				sim_regret_could(oracle, curve, regret->slowdown[i]);
	}
}

int sim_regret_make(struct sim_regret *regret, const struct sim_comparison *comparison,
		    u32 workers, const volatile bool *stop, struct tr_error *error)
{
	const struct sim_summary *baseline = comparison->baseline[0];
	struct sim_scenario first = *comparison->scenario[0];
	struct sim_regret_oracle oracle;
	int rc;

	regret->known = false;
	if (!baseline || comparison->policies_count < 2)
		return 0;
	first.run = baseline->run;
	rc = sim_regret_oracle_make(&oracle, &first, baseline, workers, stop, error);
	if (!rc) {
		make_curves(regret, &oracle);
		place_policies(regret, comparison, &oracle);
		regret->bound = first.open_loop;
		regret->lru = sim_regret_lru(&first);
		regret->known = true;
	}
	sim_regret_oracle_destroy(&oracle);
	/* Whoever interrupts wants what is done, and not to wait for this. */
	return rc == -EINTR ? 0 : rc;
}

/* --- words --- */

char *sim_regret_cell(enum sim_regret_curve curve, double share, char text[SIM_REGRET_TEXT])
{
	if (isfinite(share))
		snprintf(text, SIM_REGRET_TEXT, "%.1f%s", 100 * share,
			 curve == SIM_REGRET_ANY_SIZE ? "~" : "");
	else
		snprintf(text, SIM_REGRET_TEXT, "-");
	return text;
}

#define LEGEND                                                                                     \
	"Regret: percentage points of memory that an oracle saves beyond the policy at the same mean " \
	"slowdown\n(first run).  VMIN knows the future and chooses each guest's victims itself; O5 "   \
	"is a balloon that knows\nthe future in guests that evict in LRU order and keep memory_min "   \
	"(~: of any size, where guests are made\nto reclaim, the host swaps or free pages are "	       \
	"reported).  Both read whole clusters.\n"

const char *sim_regret_legend(bool bound, bool lru)
{
	if (!bound)
		return LEGEND "These runs are closed-loop: each policy has a timeline of its own, so "
			      "both are references and no\nbounds; in open loop VMIN bounds every policy, "
			      "O5 those whose guests evict in LRU order.\n";
	return lru ? LEGEND "These runs are open-loop and guests evict in LRU order: VMIN bounds every "
			    "policy, and so does O5.\n" :
		     LEGEND "These runs are open-loop: VMIN bounds every policy.  Guests here do not evict "
			    "in exact LRU order, so O5\nis a reference.\n";
}
