/* SPDX-License-Identifier: BSD-2-Clause */
/* sim_density.c - bisection over the number of VMs; see sim_density.h. */
#include <assert.h>
#include <errno.h>
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

static int try_count(struct sim_density *density, u32 count, bool *safe, struct tr_error *error)
{
	struct sim_density_try *at = &density->tried[density->tries_count];
	struct sim_variant variant[2];
	const struct sim_scenario *scenario[2] = { &variant[0].scenario, &variant[1].scenario };
	struct sim_batch batch = { .scenario = scenario, .scenarios_count = 2,
				   .runs_count = density->runs, .workers = density->workers,
				   .stop = density->stop };
	int rc;

	assert(density->tries_count < SIM_DENSITY_TRIES);
	if (density->progress)
		density->progress(density->progress_ctx, count);
	for (u32 i = 0; i < 2; i++) {
		sim_variant_copies(&variant[i], density->scenario, density->vm, count);
		sim_variant_policy(&variant[i], density->scenario, density->policy);
		for (u32 vm = 0; vm < count && density->spread; vm++)
			variant[i].scenario.vm[vm].phase_jitter_ns += density->cycle_ns;
	}
	sim_variant_ample(&variant[1]);
	rc = sim_batch_run(&batch, error);
	for (u32 run = 0; run < density->runs && !rc; run++)
		sim_summary_relate(sim_batch_at(&batch, 0, run), sim_batch_at(&batch, 1, run));
	if (!rc) {
		at->count = count;
		sim_verdict_make(&at->verdict, &density->slo, batch.summary,
				 batch.summary + density->runs, density->runs);
		*safe = sim_verdict_is_safe(&at->verdict);
		*(*safe ? &density->answer : &density->broken) = density->tries_count++;
	}
	sim_batch_free(&batch);
	sim_variant_free(&variant[0]);
	sim_variant_free(&variant[1]);
	return rc;
}

int sim_density_search(struct sim_density *density, struct tr_error *error)
{
	const struct sim_host_config *host = &density->scenario->host;
	u32 low = 0, high, next;
	bool safe = true;
	int rc = 0;

	density->tries_count = 0;
	density->answer = density->broken = NONE;
	density->room = room(density);
	/* What fits without overcommit is the first guess. */
	next = (u32)((host->memory_bytes - host->reserved_bytes) /
		     density->scenario->vm[density->vm].memory_bytes);
	next = next ? next : 1;
	high = density->room + 1;
	while (!rc && high - low > 1 && safe) {
		next = next >= high ? high - 1 : next;
		rc = try_count(density, next, &safe, error);
		*(safe ? &low : &high) = next;
		next *= 2;
	}
	while (!rc && high - low > 1) {
		next = low + (high - low) / 2;
		rc = try_count(density, next, &safe, error);
		*(safe ? &low : &high) = next;
	}
	return rc;
}
