/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sim_metrics.h - every figure that a run is judged by, defined once.
 *
 * The tables in sim_metrics.c give each metric its key (column in summary.csv, member
 * in summary.json), unit, definition and the number of digits in tables; all writers
 * loop over them.  Sums over time use the samples of the time series (trapezoids);
 * "while it ran" is the time between a VM's start and stop.
 *
 * A VM's metrics describe one VM in one run, the run's describe host and policy in one
 * run.  A metric that has no value in a run (no report arrived, no baseline) is NaN,
 * which is an empty field in csv and null in JSON.
 */
#ifndef SIM_METRICS_H
#define SIM_METRICS_H

#include <ws_env.h>

enum sim_vm_metric {
	/* performance */
	SIM_VM_SLOWDOWN,
	SIM_VM_TIME_PER_WORK,
	SIM_VM_WORK,
	SIM_VM_PSI_SOME,
	SIM_VM_PSI_FULL,
	/* where busy time went */
	SIM_VM_FAULT_SHARE,
	SIM_VM_IO_SHARE,
	SIM_VM_RECLAIM_SHARE,
	SIM_VM_HOST_STALL_SHARE,
	SIM_VM_DESCRIPTOR_SHARE,
	SIM_VM_SPLIT_SHARE,
	SIM_VM_VCPU_WAIT_SHARE,
	/* paging */
	SIM_VM_GUEST_SWAP_IN,
	SIM_VM_GUEST_SWAP_OUT,
	SIM_VM_HOST_SWAP_IN,
	SIM_VM_HOST_SWAP_OUT,
	SIM_VM_FILE_IN,
	SIM_VM_DOUBLE_PAGING,
	SIM_VM_REFAULT_ANON,
	SIM_VM_REFAULT_FILE,
	SIM_VM_ACTIVATE_ANON,
	SIM_VM_ACTIVATE_FILE,
	SIM_VM_RESTORE_ANON,
	SIM_VM_RESTORE_FILE,
	SIM_VM_PGSCAN_KSWAPD,
	SIM_VM_PGSCAN_DIRECT,
	SIM_VM_PGSTEAL_KSWAPD,
	SIM_VM_PGSTEAL_DIRECT,
	SIM_VM_PTES_SCANNED,
	SIM_VM_RMAP_WALKS,
	SIM_VM_RECLAIM_OVERSHOOT,
	SIM_VM_MAJOR_FAULTS,
	SIM_VM_PROMOTION,
	/* memory */
	SIM_VM_RESIDENT,
	SIM_VM_BACKED,
	SIM_VM_SAVED,
	SIM_VM_FOOTPRINT,
	/* control */
	SIM_VM_REACTION,
	SIM_VM_SETTLING,
	SIM_VM_OVERSHOOT,
	SIM_VM_CHURN,
	SIM_VM_REVERSALS,
	SIM_VM_COMMANDS,
	SIM_VM_GAP,
	SIM_VM_PUFFS,
	/* safety */
	SIM_VM_OOM,
	SIM_VM_FIRST_OOM,
	SIM_VM_OOM_DEFLATE,
	SIM_VM_LOW_AVAILABLE,
	/* cost */
	SIM_VM_EXITS,
	SIM_VM_AGEING_CPU,
	SIM_VM_REPORT_CPU,
	SIM_VM_BALLOON_CPU,
	SIM_VM_KSWAPD_CPU,
	SIM_VM_SWAP_WRITTEN,
	SIM_VM_HUGE_SPLITS,
	/* what the mechanism did */
	SIM_VM_INFLATED,
	SIM_VM_DEFLATED,
	SIM_VM_REPORTED,
	SIM_VM_TAKEN_HUGE,
	SIM_VM_GIVEN_HUGE,
	SIM_VM_SOFT_HUGE,
	SIM_VM_MIGRATED,
	SIM_VM_UNMOVABLE,
	SIM_VM_REPORTING_CPU,
	/* reports */
	SIM_VM_REPORTS,
	SIM_VM_REPORTS_LOST,
	SIM_VM_WRONG_SHARE,
	/* limits of the trace */
	SIM_VM_WINDOW_SHARE,
	SIM_VM_METRICS,
};

enum sim_run_metric {
	SIM_RUN_SLOWDOWN_MEDIAN,
	SIM_RUN_SLOWDOWN_MEAN,
	SIM_RUN_SLOWDOWN_P95,
	SIM_RUN_SLOWDOWN_MAX,
	SIM_RUN_JAIN,
	SIM_RUN_WORK,
	SIM_RUN_SAVED,
	SIM_RUN_FOOTPRINT,
	SIM_RUN_OVERCOMMIT,
	SIM_RUN_USED_MEAN,
	SIM_RUN_USED_MAX,
	SIM_RUN_GUEST_SWAP,
	SIM_RUN_HOST_SWAP,
	SIM_RUN_DISK_READ,
	SIM_RUN_DOUBLE_PAGING,
	SIM_RUN_SWAP_WRITTEN,
	SIM_RUN_OOM,
	SIM_RUN_HOST_OOM,
	SIM_RUN_HOST_LOW,
	SIM_RUN_HOST_CRITICAL,
	SIM_RUN_LOW_AVAILABLE,
	SIM_RUN_HOST_PSI_SOME,
	SIM_RUN_HOST_CPU,
	SIM_RUN_GUEST_CPU,
	SIM_RUN_REVERSALS,
	SIM_RUN_CHURN,
	SIM_RUN_COMMANDS,
	SIM_RUN_GAP,
	SIM_RUN_EXITS,
	SIM_RUN_REPORTS,
	SIM_RUN_WRONG_SHARE,
	SIM_RUN_METRICS,
};

struct sim_metric {
	const char *key;	/* with its unit as suffix */
	const char *label;	/* for tables and plots */
	const char *unit;	/* "" is a plain number */
	const char *definition; /* one sentence */
};

extern const struct sim_metric sim_vm_metrics[SIM_VM_METRICS];
extern const struct sim_metric sim_run_metrics[SIM_RUN_METRICS];

/*
 * @value for a table, with about three digits and its unit as people read it: bytes as
 * "1.25 GiB", shares as per cent; "-" for NaN.  Return: @text.
 */
#define SIM_METRIC_TEXT 32
char *sim_metric_text(const struct sim_metric *metric, double value, char text[SIM_METRIC_TEXT]);

/* "1.20 - 1.25 GiB": a range with its unit once where both ends have the same. */
#define SIM_RANGE_TEXT (2 * SIM_METRIC_TEXT + 8)
char *sim_metric_range(const struct sim_metric *metric, double low, double high,
		       const char *dash, char text[SIM_RANGE_TEXT]);

#endif /* SIM_METRICS_H */
