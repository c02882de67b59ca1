/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sim_verdict.h - whether runs keep a bound on slowdown, how sure that is, and what breaks it.
 *
 * A run is safe when the slowdown that is looked at (of the worst VM, or the 95th percentile
 * over VMs) is within the bound and nothing was killed for lack of memory, in guests or on
 * the host.  When all of n runs were safe, the share of unsafe ones is below
 * 1 - 0.05^(1/n) with 95 % confidence, whatever the distribution: 26 % for 10 runs.
 */
#ifndef SIM_VERDICT_H
#define SIM_VERDICT_H

#include "observe/probe_summary.h"
#include "observe/sim_stats.h"

struct sim_slo {
	double slowdown; /* bound, >= 1 */
	enum sim_run_metric metric; /* SIM_RUN_SLOWDOWN_MAX or SIM_RUN_SLOWDOWN_P95 */
	bool no_oom_deflate; /* a balloon that gives way on OOM was too large */
};

struct sim_verdict {
	u32 runs, safe;
	bool valid; /* no run evicted below its traces' windows */
	struct sim_estimate slowdown;
	double worst;		 /* of the runs */
	u32 oom_runs;		 /* runs in which something was killed */
	double oom, saved, guest_swap, host_swap; /* means; bytes swapped */
	/* Of the VM that is slowest, mean share of its busy time, and beyond the baseline's. */
	char slowest[SIM_NAME_MAX];
	enum sim_vm_metric cause; /* the largest of the shares */
	double cause_share;
};

/* Of one run, related to its baseline: was nothing killed, and is the bound kept? */
bool sim_verdict_keeps(const struct sim_slo *slo, const struct sim_summary *summary);

/* @summary: related to their baselines (sim_summary_relate()). */
void sim_verdict_make(struct sim_verdict *verdict, const struct sim_slo *slo,
		      struct sim_summary *const *summary, struct sim_summary *const *baseline,
		      u32 runs_count);

static inline bool sim_verdict_is_safe(const struct sim_verdict *verdict)
{
	return verdict->runs && verdict->safe == verdict->runs;
}

/* Was anything killed for want of memory, in a guest or on the host? */
static inline bool sim_verdict_is_killed(const struct sim_summary *summary)
{
	return summary->value[SIM_RUN_OOM] > 0 || summary->value[SIM_RUN_HOST_OOM] > 0;
}

/* 95 % upper bound on the share of runs for which @bad of @runs is true (Clopper and Pearson). */
double sim_verdict_upper(u32 bad, u32 runs);

/*
 * The same share from both sides, with 95 % together; where no run was bad or all were, one
 * side is certain and the other has all of the 95 %.
 */
struct sim_share {
	double low, high;
};
struct sim_share sim_verdict_share(u32 bad, u32 runs);

/* That in words: "below 26 %", "at least 22 %", "3 to 65 %". */
#define SIM_SHARE_TEXT 32
char *sim_verdict_share_text(u32 bad, u32 runs, char text[SIM_SHARE_TEXT]);

/* "swap-in and reads from disk": a cause in words. */
const char *sim_verdict_cause(enum sim_vm_metric cause);

#endif /* SIM_VERDICT_H */
