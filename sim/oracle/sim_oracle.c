/* SPDX-License-Identifier: BSD-2-Clause */
/* sim_oracle.c - curves of each VM, divisions of memory, and the merged pool. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "oracle/sim_min.h"
#include "oracle/sim_oracle.h"

const struct sim_oracle_text sim_oracle_texts[SIM_ORACLES] = {
	[SIM_O3A] = { "o3a", "MIN, one pool",
		      "bound of every policy in open loop; reference in closed loop" },
	[SIM_O3B] = { "o3b", "MIN in each VM, best constant division",
		      "bound of constant divisions, whatever reclaims; not of policies that move memory" },
	[SIM_O2] = { "o2", "LRU's convex hulls, best division",
		     "bound of constant divisions under LRU, reached only by partitioning inside VMs" },
	[SIM_O1] = { "o1", "LRU in each VM, best constant division",
		     "best constant division under LRU; not a bound of policies that move memory" },
};

/* Curves by VM: page-ins with 0..SIM_ORACLE_CHUNKS chunks. */
static double **curves_new(u32 vms_count)
{
	double **curve = calloc(vms_count + 1ull, sizeof(*curve));

	for (u32 i = 0; curve && i < vms_count; i++)
		curve[i] = calloc(SIM_ORACLE_CHUNKS + 1, sizeof(double));
	return curve;
}

static void curves_free(double **curve, u32 vms_count)
{
	for (u32 i = 0; curve && i < vms_count; i++)
		free(curve[i]);
	free(curve);
}

static int min_curve(double *curve, const struct sim_timeline *timeline, u32 vm, u64 chunk_pages,
		     const volatile bool *stop, struct tr_error *error)
{
	struct sim_min min;
	u64 page_ins = ~0ull;
	int rc = sim_min_make(&min, timeline, (int)vm, error);

	if (rc)
		return rc;
	for (u32 c = 0; c <= SIM_ORACLE_CHUNKS && !rc; c++) {
		if (page_ins) /* more memory does not give fewer than none */
			rc = sim_min_page_ins(&min, c * chunk_pages, &page_ins);
		if (!rc && stop && *stop)
			rc = -EINTR;
		curve[c] = (double)page_ins;
	}
	sim_min_destroy(&min);
	return rc == -ENOMEM ? tr_fail(error, rc, "%s: out of memory", timeline->scenario->path) :
	       rc ? tr_fail(error, rc, "interrupted") : 0;
}

static int lru_curve(double *curve, const struct sim_timeline *timeline, u32 vm, u64 chunk_pages,
		     struct tr_error *error)
{
	u64 frames_max = SIM_ORACLE_CHUNKS * chunk_pages;
	u64 *page_ins = malloc((frames_max + 1) * sizeof(*page_ins));

	if (!page_ins || sim_lru_page_ins(&timeline->vm[vm], frames_max, page_ins)) {
		free(page_ins);
		return tr_fail(error, -ENOMEM, "%s: out of memory", timeline->scenario->path);
	}
	for (u32 c = 0; c <= SIM_ORACLE_CHUNKS; c++)
		curve[c] = (double)page_ins[c * chunk_pages];
	free(page_ins);
	return 0;
}

static int divide(struct sim_oracle *oracle, const struct sim_timeline *timeline,
		  const volatile bool *stop, struct tr_error *error)
{
	u32 vms = timeline->scenario->vms_count;
	double **lru = curves_new(vms), **min = curves_new(vms);
	int rc = lru && min ? 0 : tr_fail(error, -ENOMEM, "%s: out of memory",
					  timeline->scenario->path);

	for (u32 vm = 0; vm < vms && !rc; vm++) {
		rc = lru_curve(lru[vm], timeline, vm, oracle->chunk_pages, error);
		if (!rc)
			rc = min_curve(min[vm], timeline, vm, oracle->chunk_pages, stop, error);
	}
	if (!rc && (sim_partition_best(&oracle->best[SIM_O1], (const double *const *)lru, vms,
				       SIM_ORACLE_CHUNKS) ||
		    sim_partition_best(&oracle->best[SIM_O3B], (const double *const *)min, vms,
				       SIM_ORACLE_CHUNKS) ||
		    sim_partition_hull(&oracle->page_ins[SIM_O2], (const double *const *)lru, vms,
				       SIM_ORACLE_CHUNKS)))
		rc = tr_fail(error, -ENOMEM, "%s: out of memory", timeline->scenario->path);
	if (!rc) {
		oracle->page_ins[SIM_O1] = oracle->best[SIM_O1].page_ins;
		oracle->page_ins[SIM_O3B] = oracle->best[SIM_O3B].page_ins;
	}
	curves_free(lru, vms);
	curves_free(min, vms);
	return rc;
}

static int merge(struct sim_oracle *oracle, const struct sim_timeline *timeline,
		 struct tr_error *error)
{
	struct sim_min min;
	u64 page_ins = 0;
	int rc = sim_min_make(&min, timeline, -1, error);

	if (rc)
		return rc;
	/* All chunks, as the divisions have them. */
	rc = sim_min_page_ins(&min, SIM_ORACLE_CHUNKS * oracle->chunk_pages, &page_ins);
	oracle->page_ins[SIM_O3A] = (double)page_ins;
	for (u32 i = 0; i < min.uses_count; i++)
		oracle->reuses += !min.first[i];
	sim_min_destroy(&min);
	return rc ? tr_fail(error, rc, "%s: out of memory", timeline->scenario->path) : 0;
}

int sim_oracle_make(struct sim_oracle *oracle, const struct sim_timeline *timeline,
		    const volatile bool *stop, struct tr_error *error)
{
	const struct sim_scenario *scenario = timeline->scenario;
	u64 bytes = scenario->host.memory_bytes - scenario->host.reserved_bytes;
	int rc;

	memset(oracle, 0, sizeof(*oracle));
	for (u32 i = 0; i < scenario->vms_count; i++)
		bytes -= scenario->vm[i].kernel_bytes < bytes ? scenario->vm[i].kernel_bytes : bytes;
	oracle->frames = bytes / 4096;
	/* Rounded up, so that all chunks together are no less than the host has. */
	oracle->chunk_pages = (oracle->frames + SIM_ORACLE_CHUNKS - 1) / SIM_ORACLE_CHUNKS;
	rc = merge(oracle, timeline, error);
	if (!rc)
		rc = divide(oracle, timeline, stop, error);
	if (rc)
		sim_oracle_destroy(oracle);
	return rc;
}

void sim_oracle_destroy(struct sim_oracle *oracle)
{
	for (u32 i = 0; i < SIM_ORACLES; i++)
		sim_partition_destroy(&oracle->best[i]);
}
