/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * exp_eval.h - the expressions of experiments, over what their runs measured.
 *
 * Numbers, names of earlier values, 'texts', + - * / ( ), comparisons, and
 *
 *	mean deviation max min last gain  ('arm', 'vm', 'column' [, from, to])
 *	turns share_above share_below when_above when_below
 *					  ('arm', 'vm', 'column', level [, from, to])
 *		over timeseries.csv, times in seconds; gain is last less first, turns are
 *		reversals after a move of that much, when_ is infinite if it never is.
 *		A column may be a sum, 'anon_bytes+file_bytes'.  The VM '*' is the sum
 *		of all, 'host' is host.csv; the column 'told WORD' is the number behind WORD
 *		in decisions.csv, 'oldest' the age in seconds of the oldest generation that
 *		holds a MiB, 'oldest file' of one that holds a MiB of file pages (ages.csv).
 *	run('arm', 'column')		  summary.csv
 *	vm('arm', 'vm', 'column')	  vms.csv; least_vm and most_vm over all VMs
 *	idle('arm', age [, 'vm'])	  share of reported memory idle for longer, in truth
 *	average(x) median(x) spread(x) least(x) most(x)
 *					  over the runs of an arm; spread is the standard
 *					  deviation
 *	abs(x) near(x, y, share)	  |x - y| <= share * |y|
 *	rising(x, ..) falling(x, ..)	  strictly; not_rising, not_falling
 *
 * An arm's runs go pairwise: 'a' / 'b' has a value for each run.  A comparison is 1 or 0
 * and is of the medians; one with something that is not a number is 0.
 */
#ifndef EXP_EVAL_H
#define EXP_EVAL_H

#include "exp.h"

/* With the first @values_count of exp->value known.  Return: 0 or negative errno with text. */
int exp_eval(const struct exp *exp, u32 values_count, const char *text, struct exp_value *value,
	     struct tr_error *error);

double exp_average(const struct exp_value *value);
double exp_median(const struct exp_value *value); /* NaN if any of them is */

#endif /* EXP_EVAL_H */
