/* SPDX-License-Identifier: BSD-2-Clause */
/* exp_series.h - one quantity over the time of a run, and what is asked of it. */
#ifndef EXP_SERIES_H
#define EXP_SERIES_H

#include "exp_table.h"

struct exp_series {
	u32 count;
	double *time_s, *at;
};

/*
 * The column of timeseries.csv for a VM, or their sum for "*"; of host.csv for the VM
 * "host"; "told WORD" is the number that follows WORD where the policy explains itself;
 * "oldest" is the idle age of the oldest generation with pages, from ages.csv.
 * Return: 0, -ENOENT without such a VM or column, -ENOMEM.  Free it in either case.
 */
int exp_series_get(struct exp_series *series, const struct exp_tables *tables, const char *vm,
		   const char *column);
void exp_series_free(struct exp_series *series);

/* Names as exp_eval.h has them.  NAN: nothing there; no samples from @from_s to @to_s. */
double exp_series_ask(const struct exp_series *series, const char *what, double level,
		      double from_s, double to_s);

#endif /* EXP_SERIES_H */
