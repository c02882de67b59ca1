/* SPDX-License-Identifier: BSD-2-Clause */
/* sim_density.c - bisection over the number of VMs; see sim_density.h. */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "advice/sim_batch.h"
#include "advice/sim_density.h"
#include "advice/sim_variant.h"

#define NONE (~0u)

static u32 room(const struct sim_density *density)
{
	const struct sim_host_config *host = &density->scenario->host;
	const struct sim_vm_config *vm = &density->scenario->vm[density->vm];
	u64 have = host->memory_bytes - host->reserved_bytes + host->swap_bytes;
	u64 count = have / vm->memory_min_bytes;

	return count < density->count_max ? (u32)count : density->count_max;
}

/* What a search keeps between numbers of VMs. */
struct search {
	struct sim_density *density;
	struct sim_summary **ample; /* by run: with memory for everybody, of as many VMs as yet */
};

/*
 * Where memory is for all, VMs do not know of each other: a run of many serves fewer.  A VM
 * alone has another name, and so other random numbers.
 */
static bool serves(const struct sim_summary *ample, u32 count)
{
	return ample && (count > 1 ? ample->vms_count >= count : ample->vms_count == 1);
}

static void make_variant(const struct sim_density *density, struct sim_variant *variant, u32 count)
{
	sim_variant_copies(variant, density->scenario, density->vm, count);
	sim_variant_policy(variant, density->scenario, density->policy);
	for (u32 vm = 0; vm < count && density->spread; vm++)
		variant->scenario.vm[vm].phase_jitter_ns += density->cycle_ns;
}

static void relate(const struct search *search, const struct sim_batch *batch, u32 run, u32 count)
{
	struct sim_summary *ample =
		batch->scenarios_count == 2 ? sim_batch_at(batch, 1, run) : search->ample[run];
	u32 vms = ample->vms_count;

	ample->vms_count = count;
	sim_summary_relate(sim_batch_at(batch, 0, run), ample);
	ample->vms_count = vms;
}

struct judge {
	const struct search *search;
	u32 count;
};

/* One run that is not safe is enough; for a number to be safe, all of them must be. */
static bool enough(void *ctx, const struct sim_batch *batch, u32 runs)
{
	const struct judge *judge = ctx;

	relate(judge->search, batch, runs - 1, judge->count);
	return !sim_verdict_keeps(&judge->search->density->slo, sim_batch_at(batch, 0, runs - 1));
}

static void judge(struct search *search, struct sim_batch *batch, u32 count)
{
	struct sim_density *density = search->density;
	struct sim_density_try *at = &density->tried[density->tries_count];

	at->count = count;
	sim_verdict_make(&at->verdict, &density->slo, batch->summary, search->ample,
			 batch->runs_done);
	if (!sim_verdict_is_safe(&at->verdict))
		density->broken = density->tries_count;
	else if (batch->runs_done == density->runs)
		density->answer = density->tries_count;
	density->tries_count++;
}

/* The first @runs runs of @count VMs, and of them with memory for everybody what is missing. */
static int try_count(struct search *search, u32 count, u32 runs, bool *safe,
		     struct tr_error *error)
{
	struct sim_density *density = search->density;
	struct sim_variant variant[2];
	const struct sim_scenario *scenario[2] = { &variant[0].scenario, &variant[1].scenario };
	struct judge judge_of = { search, count };
	struct sim_batch batch = { .scenario = scenario, .scenarios_count = 1, .runs_count = runs,
				   .workers = density->workers, .stop = density->stop,
				   .enough = enough, .enough_ctx = &judge_of };
	int rc;

	assert(density->tries_count < SIM_DENSITY_TRIES);
	if (density->progress)
		density->progress(density->progress_ctx, count);
	for (u32 run = 0; run < runs; run++)
		if (!serves(search->ample[run], count))
			batch.scenarios_count = 2;
	for (u32 i = 0; i < 2; i++)
		make_variant(density, &variant[i], count);
	sim_variant_ample(&variant[1]);
	rc = sim_batch_run(&batch, error);
	for (u32 run = 0; run < batch.runs_done && !rc && batch.scenarios_count == 2; run++) {
		free(search->ample[run]);
		search->ample[run] = sim_batch_at(&batch, 1, run);
		batch.summary[runs + run] = NULL;
	}
	if (!rc) {
		judge(search, &batch, count);
		*safe = sim_verdict_is_safe(&density->tried[density->tries_count - 1].verdict);
	}
	sim_batch_free(&batch);
	sim_variant_free(&variant[0]);
	sim_variant_free(&variant[1]);
	return rc;
}

static int bisect(struct search *search, u32 *low, u32 *high, u32 runs, struct tr_error *error)
{
	bool safe;
	int rc = 0;

	while (!rc && *high - *low > 1) {
		u32 next = *low + (*high - *low) / 2;

		rc = try_count(search, next, runs, &safe, error);
		*(!rc && safe ? low : high) = next;
	}
	return rc;
}

/* By the first run alone: the most that can be safe in all of them. */
static int find_most(struct search *search, u32 *low, struct tr_error *error)
{
	const struct sim_density *density = search->density;
	const struct sim_host_config *host = &density->scenario->host;
	u32 high = density->room + 1, next;
	bool safe = true;
	int rc = 0;

	*low = 0;
	/* What fits without overcommit is the first guess. */
	next = (u32)((host->memory_bytes - host->reserved_bytes) /
		     density->scenario->vm[density->vm].memory_bytes);
	next = next ? next : 1;
	while (!rc && high - *low > 1 && safe) {
		next = next >= high ? high - 1 : next;
		rc = try_count(search, next, 1, &safe, error);
		*(safe ? low : &high) = next;
		next *= 2;
	}
	return rc ? rc : bisect(search, low, &high, 1, error);
}

/* By all runs, from there down. */
static int confirm(struct search *search, u32 low, struct tr_error *error)
{
	u32 high = low + 1, step = 1, runs = search->density->runs;
	bool safe = false;
	int rc = 0;

	while (!rc && low && !safe) {
		rc = try_count(search, low, runs, &safe, error);
		if (rc || safe)
			break;
		high = low;
		low = low > step ? low - step : 0;
		step *= 2;
	}
	/* Of the bisection's counts none has been tried with all runs. */
	return rc ? rc : bisect(search, &low, &high, runs, error);
}

int sim_density_search(struct sim_density *density, struct tr_error *error)
{
	struct search search = { density, calloc(density->runs, sizeof(*search.ample)) };
	u32 most;
	int rc;

	assert(search.ample);
	density->tries_count = 0;
	density->answer = density->broken = NONE;
	density->room = room(density);
	rc = find_most(&search, &most, error);
	if (!rc && density->runs > 1)
		rc = confirm(&search, most, error);
	for (u32 run = 0; run < density->runs; run++)
		free(search.ample[run]);
	free(search.ample);
	return rc;
}
