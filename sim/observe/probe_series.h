/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * probe_series.h - the observer that writes a run's time series as csv files.
 *
 *	timeseries.csv	a row per VM and sample: sizes, targets, pressure, running totals
 *	host.csv	a row per sample
 *	ages.csv	a row per VM, sample and generation: the guest's idle ages
 *	reaccess.csv	pages used again, so far, by idle age; rows of bins that changed
 *	histograms.csv	a row per report and bin: reported and true bytes
 *	memcgs.csv	a row per report, memcg and bin, of VMs with memcgs
 *	decisions.csv	what the policy said about its decisions
 *
 * Units stand in the columns' names.  Rows go out as they come.
 */
#ifndef PROBE_SERIES_H
#define PROBE_SERIES_H

#include "model/sim_probe.h"
#include "tr_error.h"

struct probe_series;

/* Return: 0 or negative errno with text; then no file stays open. */
int probe_series_create(struct probe_series **series, const char *dir,
			const struct sim_scenario *scenario, struct tr_error *error);
struct sim_probe probe_series_probe(struct probe_series *series);
/* Closes the files and frees; tells of any write that failed.  NULL is fine. */
int probe_series_close(struct probe_series *series, struct tr_error *error);

#endif /* PROBE_SERIES_H */
