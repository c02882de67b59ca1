/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sim_comparison.h - the runs of one or more policies, and what they say together.
 *
 * A single run is a comparison of one policy over one run, so everything that writes
 * results knows this only.  Run k of every policy, and the baseline's run k, share their
 * random numbers.  Runs that did not finish (somebody pressed Ctrl-C) are NULL, and all
 * estimates are over those that did.
 *
 * There is no single figure of merit.  A policy is on the frontier when no other saves
 * at least as much memory and slows the VMs no more, being better in one of the two.  One
 * that had an OOM kill or is not valid is neither on it nor pushes another off: memory
 * saved by killing is not saved, and invalid results say nothing.
 */
#ifndef SIM_COMPARISON_H
#define SIM_COMPARISON_H

#include "observe/probe_summary.h"
#include "output/sim_figures.h"
#include "output/sim_regret.h"
#include "observe/sim_stats.h"

#define SIM_POLICIES_MAX 32
#define SIM_RUNS_MAX 1000

struct sim_comparison {
	/* One per policy; they differ in nothing else. */
	const struct sim_scenario *scenario[SIM_POLICIES_MAX];
	u32 policies_count, runs_count;
	struct sim_summary **summary;  /* by policy, then run; owned */
	struct sim_summary **baseline; /* by run; owned */
	bool figures[SIM_POLICIES_MAX][SIM_FIGURES]; /* drawn of each policy's first run */
	bool comparison_figures;		     /* drawn: slowdown, frontier */
	bool interrupted;
	struct sim_regret regret; /* sim_regret_make() */
	const char *command; /* that made it, for the report; the caller's */
	const char *made_by; /* NULL: simulated; else what made these runs, of real VMs */
};

void sim_comparison_init(struct sim_comparison *comparison, u32 policies_count, u32 runs_count);
void sim_comparison_destroy(struct sim_comparison *comparison);

static inline struct sim_summary *sim_comparison_run(const struct sim_comparison *comparison,
						     u32 policy, u32 run)
{
	return comparison->summary[policy * comparison->runs_count + run];
}

static inline const char *sim_comparison_name(const struct sim_comparison *comparison, u32 policy)
{
	return comparison->scenario[policy]->policy->name;
}

/* Once all runs are in: slowdowns relative to each run's baseline. */
void sim_comparison_relate(struct sim_comparison *comparison);

u32 sim_comparison_finished(const struct sim_comparison *comparison, u32 policy);
bool sim_comparison_valid(const struct sim_comparison *comparison, u32 policy);

/* Over the runs of a policy. */
struct sim_estimate sim_comparison_estimate(const struct sim_comparison *comparison, u32 policy,
					    enum sim_run_metric metric);
struct sim_estimate sim_comparison_vm_estimate(const struct sim_comparison *comparison,
					       u32 policy, u32 vm, enum sim_vm_metric metric);
/* Of policy a's minus policy b's, run by run. */
struct sim_estimate sim_comparison_difference(const struct sim_comparison *comparison, u32 a,
					      u32 b, enum sim_run_metric metric);

/*
 * Which policies are on the frontier of memory saved against @slowdown (a run metric).
 * @beaten_by: for others a policy on it that is no worse in both, or itself if it is off
 *	because it is unsafe or invalid; may be NULL
 */
void sim_comparison_frontier(const struct sim_comparison *comparison,
			     enum sim_run_metric slowdown, bool on[SIM_POLICIES_MAX],
			     u32 beaten_by[SIM_POLICIES_MAX]);

/* One digest over the digests of all runs, in order. */
u64 sim_comparison_digest(const struct sim_comparison *comparison);

#endif /* SIM_COMPARISON_H */
