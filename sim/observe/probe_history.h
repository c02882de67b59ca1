/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * probe_history.h - the observer that keeps what the plots of one run need.
 *
 * Memory is bounded whatever the run's length: when SIM_HISTORY_POINTS samples are
 * kept, every second one is dropped and from then on only every second is taken, and so
 * on; likewise the marks of reports.  A plot has no more columns than that anyway.
 */
#ifndef PROBE_HISTORY_H
#define PROBE_HISTORY_H

#include "model/sim_probe.h"

#define SIM_HISTORY_POINTS 1024u
#define SIM_HISTORY_MARKS 8192u
#define SIM_HISTORY_BINNINGS 8u /* different sets of edges that are told apart */
#define SIM_AGE_ROWS 24u

/* One VM at one sample; pages, except where the name says otherwise. */
struct sim_vm_point {
	bool running;
	u32 nominal, target, balloon, free, anon, file, kernel, compressed, swapped, backed,
		host_swapped;
	float psi_some_percent;
	float age[SIM_AGE_ROWS]; /* pages by idle age, row i up to age_edge_s[i] */
};

struct sim_host_point {
	u32 memory, free, backed, compressed, swapped;
};

/* A report that arrived. */
struct sim_report_mark {
	double time_s, wrong_share; /* NaN: no truth known */
	u32 vm;
	bool pressure;
};

/* Bytes by bin over all reports of one VM or more that used these edges. */
struct sim_binning {
	u32 bins_count;
	u64 edge_ns[SIM_BINS_MAX];
	double reported_bytes[SIM_BINS_MAX], true_bytes[SIM_BINS_MAX];
	u64 reports_count;
};

struct sim_history {
	const struct sim_scenario *scenario;
	u32 vms_count;
	u32 points_count, points_stride, samples_skipped;
	double *time_s;		     /* by point */
	struct sim_host_point *host; /* by point */
	struct sim_vm_point *vm;     /* by point, then VM */
	u32 marks_count, marks_stride, marks_skipped;
	struct sim_report_mark *mark;
	u32 binnings_count;
	struct sim_binning binning[SIM_HISTORY_BINNINGS];
	double age_edge_s[SIM_AGE_ROWS]; /* rising; the last row has everything older */
	double end_s;
};

struct sim_history *sim_history_create(const struct sim_scenario *scenario); /* never NULL */
struct sim_probe sim_history_probe(struct sim_history *history);
void sim_history_destroy(struct sim_history *history); /* NULL is fine */

static inline const struct sim_vm_point *sim_history_vm(const struct sim_history *history,
							 u32 point, u32 vm)
{
	return &history->vm[(size_t)point * history->vms_count + vm];
}

#endif /* PROBE_HISTORY_H */
