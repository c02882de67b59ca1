/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sim_sweep.h - the runs of a plan: which are missing, and doing them.
 *
 * DIR holds
 *
 *	runs/		the store (sim_store.h)
 *	sweep.csv	a line per run
 *	table.csv	a line per cell and variant: means with 95 % intervals
 *	summary.json	the same, for programs
 *	plots/, report.html
 *	lock		held while somebody works here
 *	slurm/		job scripts' output, when it ran there
 *
 * A sweep can be done in parts, on several machines that share DIR: part k of n does
 * every n-th run of those in the plan, so no two do the same.
 */
#ifndef SIM_SWEEP_H
#define SIM_SWEEP_H

#include "sweep/sim_plan.h"
#include "sweep/sim_store.h"

struct sim_sweep_run {
	u64 key;
	u32 cell, variant; /* variant: variants_count is the baseline */
	u32 sample;
};

struct sim_sweep {
	const struct sim_plan *plan;
	struct sim_store store;
	/*
	 * Every run of the plan: by sample, then cell, the baseline first, then variants.
	 * What is done when somebody stops it belongs together.
	 */
	struct sim_sweep_run *run;
	u32 runs_count;
	u32 runs_per_cell; /* variants and the baseline */
	/* Different ones, by key, as indices into run[]; and how many of them are done. */
	u32 *unique;
	u32 unique_count, done_count;
	u32 sample_one_in; /* the most of any cell (sim_sampling.h) */
	u32 damaged_count; /* files that did not read when the sweep was opened, removed */
	int lock_fd;
};

/*
 * Make @dir a sweep's: it is empty, not there, or one already.  What else goes into it may
 * be written then.  Return: 0; -EEXIST when it holds something else.
 */
int sim_sweep_claim(const char *dir, struct tr_error *error);

/**
 * sim_sweep_open() - list the runs of @plan and see which are done
 * @exclusive: nobody else may be working in @dir; else other parts may
 *
 * Reads every scenario of the plan and, when exclusive, what is done: a damaged file is
 * removed, and its run is to be done again.  Return: 0, then sim_sweep_close() it; -EBUSY when
 * somebody works there.
 */
int sim_sweep_open(struct sim_sweep *sweep, const struct sim_plan *plan, const char *dir,
		   bool exclusive, struct tr_error *error);
void sim_sweep_close(struct sim_sweep *sweep);

/* Let parts of the same sweep work from now on. */
void sim_sweep_share(struct sim_sweep *sweep);
/* Look again what is done. */
void sim_sweep_count(struct sim_sweep *sweep);

static inline const struct sim_sweep_run *sim_sweep_at(const struct sim_sweep *sweep, u32 cell,
						       u32 variant, u32 sample)
{
	const struct sim_plan *plan = sweep->plan;
	/* The baseline stands first. */
	u32 slot = !plan->baseline ? variant : variant == plan->variants_count ? 0 : variant + 1;

	return &sweep->run[((u64)sample * plan->cells_count + cell) * sweep->runs_per_cell + slot];
}

struct sim_sweep_work {
	u32 workers;
	u32 part, parts_count; /* 0 of 1: all */
	const volatile bool *stop;
	/* In the parent, when a run ended; counts are of the whole sweep. */
	void (*progress)(void *ctx, u32 done_count, u32 all_count, u32 done_now);
	/* A run failed; the others go on.  @label names cell and variant. */
	void (*failed)(void *ctx, const char *label, const char *reason);
	void *ctx;
	u32 failed_count; /* result */
};

/* Do what is missing.  Return: 0, also when stopped or when runs failed; negative errno with
 * text when results cannot be written. */
int sim_sweep_do(struct sim_sweep *sweep, struct sim_sweep_work *work, struct tr_error *error);

#endif /* SIM_SWEEP_H */
