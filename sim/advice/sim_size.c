/* SPDX-License-Identifier: BSD-2-Clause */
/* sim_size.c - bisection over sizes of one VM; see sim_size.h. */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "advice/sim_batch.h"
#include "advice/sim_size.h"
#include "advice/sim_variant.h"
#include "tr_units.h"

#define NONE (~0u)

static int by_bytes(const void *a, const void *b)
{
	const struct sim_size_try *left = a, *right = b;

	return left->bytes < right->bytes ? -1 : left->bytes > right->bytes;
}

struct judge {
	const struct sim_size *size;
	const struct sim_batch *baseline;
};

/* One run that is not safe is enough; for a size to be safe, all of them must be. */
static bool enough(void *ctx, const struct sim_batch *batch, u32 runs)
{
	const struct judge *judge = ctx;
	struct sim_summary *last = batch->summary[runs - 1];

	sim_summary_relate(last, judge->baseline->summary[runs - 1]);
	return !sim_verdict_keeps(&judge->size->slo, last);
}

/* @baseline: NULL if that is what is to be made */
static int run_at(struct sim_size *size, u64 bytes, const struct sim_batch *baseline,
		  struct sim_batch *batch, struct tr_error *error)
{
	struct judge judge = { size, baseline };
	struct sim_variant variant;
	const struct sim_scenario *scenario = &variant.scenario;
	int rc;

	sim_variant_copies(&variant, size->scenario, size->vm, 1);
	sim_variant_ample(&variant);
	if (bytes && size->balloon)
		sim_variant_balloon(&variant, bytes);
	else if (bytes)
		sim_variant_resize(&variant, bytes);
	*batch = (struct sim_batch){ .scenario = &scenario, .scenarios_count = 1,
				     .runs_count = size->runs, .workers = size->workers,
				     .stop = size->stop, .enough = baseline ? enough : NULL,
				     .enough_ctx = &judge };
	rc = sim_batch_run(batch, error);
	sim_variant_free(&variant);
	return rc;
}

static int try_size(struct sim_size *size, const struct sim_batch *baseline, u64 bytes, bool *safe,
		    struct tr_error *error)
{
	struct sim_size_try *at = &size->tried[size->tries_count];
	struct sim_batch batch;
	int rc;

	if (size->tries_count == SIM_SIZE_TRIES)
		return tr_fail(error, -ERANGE, "no answer after %d sizes; a coarser --step helps",
			       SIM_SIZE_TRIES);
	if (size->progress)
		size->progress(size->progress_ctx, size->tries_count, bytes);
	rc = run_at(size, bytes, baseline, &batch, error);
	if (!rc) {
		at->bytes = bytes;
		sim_verdict_make(&at->verdict, &size->slo, batch.summary, baseline->summary,
				 batch.runs_done);
		*safe = sim_verdict_is_safe(&at->verdict);
		size->tries_count++;
	}
	sim_batch_free(&batch);
	return rc;
}

/* Between @low, which is unsafe, and @high, which is safe. */
static int bisect(struct sim_size *size, const struct sim_batch *baseline, u64 low, u64 *high,
		  struct tr_error *error)
{
	bool safe;
	int rc = 0;

	while (!rc && *high - low > size->step_bytes) {
		u64 middle = (low + (*high - low) / 2) / TR_PAGE_SIZE * TR_PAGE_SIZE;

		rc = try_size(size, baseline, middle, &safe, error);
		if (!rc && safe)
			*high = middle;
		else
			low = middle;
	}
	return rc;
}

static int search(struct sim_size *size, const struct sim_batch *baseline, struct tr_error *error)
{
	u64 low = size->least_bytes, high = size->full_bytes;
	bool safe;
	int rc = try_size(size, baseline, high, &safe, error);

	if (rc || !safe)
		return rc;
	rc = try_size(size, baseline, low, &safe, error);
	if (rc || safe)
		return rc;
	rc = bisect(size, baseline, low, &high, error);
	/* Is what lies above safe, too? */
	for (u32 part = 2; part <= 8 && !rc; part *= 2) {
		u64 above = high + (size->full_bytes - high) / part / TR_PAGE_SIZE * TR_PAGE_SIZE;

		if (above - high < size->step_bytes)
			break;
		rc = try_size(size, baseline, above, &safe, error);
		if (rc || safe)
			continue;
		size->bumpy = true;
		high = size->full_bytes;
		rc = bisect(size, baseline, above, &high, error);
		part = 1;
	}
	return rc;
}

int sim_size_search(struct sim_size *size, struct tr_error *error)
{
	const struct sim_vm_config *vm = &size->scenario->vm[size->vm];
	struct sim_batch baseline;
	int rc;

	size->tries_count = 0;
	size->bumpy = false;
	size->answer = size->broken = NONE;
	size->full_bytes = vm->memory_bytes;
	size->least_bytes = size->balloon ? vm->kernel_bytes + (4ull << 20) : sim_variant_least(vm);
	if (size->least_bytes >= size->full_bytes)
		return tr_fail(error, -EINVAL, "%s: %s has no memory beside its kernel's",
			       size->scenario->path, vm->name);
	rc = run_at(size, 0, NULL, &baseline, error);
	if (!rc)
		rc = search(size, &baseline, error);
	sim_batch_free(&baseline);
	qsort(size->tried, size->tries_count, sizeof(*size->tried), by_bytes);
	for (u32 i = size->tries_count; i--;) {
		if (!sim_verdict_is_safe(&size->tried[i].verdict)) {
			size->broken = i;
			break;
		}
		size->answer = i;
	}
	return rc;
}
