/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sim_report.h - report.html: results in one file that a browser opens anywhere.
 *
 * Pictures are inside as data, styles inline, no script; it reads on a phone and prints.
 * In order: table, findings, frontier and slowdown, each policy with its figures and
 * VMs, where traces came from, the effective scenario, digests, and what each metric
 * means.  Figures that were not drawn are left out.
 */
#ifndef SIM_REPORT_H
#define SIM_REPORT_H

#include "output/sim_comparison.h"
#include "tr_error.h"

/*
 * Write @dir/report.html.  Figures are read from @dir/plots, and for comparisons of
 * several policies from @dir/runs/POLICY/plots.
 */
int sim_report_write(const struct sim_comparison *comparison, const char *dir,
		     struct tr_error *error);

#endif /* SIM_REPORT_H */
