/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sim_summary_write.h - the figures of a comparison as files.
 *
 *	summary.json	everything: scenario, digests, estimates with intervals, all runs,
 *			and the definition and unit of each metric
 *	summary.csv	a row per policy and run: the run's metrics
 *	vms.csv		a row per policy, run and VM: the VM's metrics
 *	provenance.txt	every trace with its digest, and where it came from
 *
 * No file has a date or a machine's name: equal runs give equal files.
 */
#ifndef SIM_SUMMARY_WRITE_H
#define SIM_SUMMARY_WRITE_H

#include <stdio.h>

#include "output/sim_comparison.h"
#include "tr_error.h"

int sim_summary_write(const struct sim_comparison *comparison, const char *dir,
		      struct tr_error *error);

/* The text of summary.json. */
void sim_summary_json(const struct sim_comparison *comparison, FILE *to);

/*
 * The traces of a scenario in the order of first use, each once, as one of the segments
 * that play it.  Return: how many; the segments are the scenario's.
 */
u32 sim_scenario_traces(const struct sim_scenario *scenario, const struct sim_segment **segment,
			u32 max);

#define SIM_TRACES_MAX 4096

#endif /* SIM_SUMMARY_WRITE_H */
