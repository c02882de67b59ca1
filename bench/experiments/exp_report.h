/* SPDX-License-Identifier: BSD-2-Clause */
/* exp_report.h - what came of the experiments: a table, and a page with plots. */
#ifndef EXP_REPORT_H
#define EXP_REPORT_H

#include "exp.h"

/* @values: with what was measured. */
void exp_print(const struct exp *exps, u32 exps_count, bool values, FILE *to);

/* Its figure into DIR/plots, from the tables of its runs; what came of that is in @exp. */
void exp_draw(struct exp *exp, const char *dir);

/* DIR/report.html, with the figures.  Return: 0 or negative errno with text. */
int exp_report(const struct exp *exps, u32 exps_count, const char *dir, struct tr_error *error);

/*
 * The figure "plot" into @dir as ID.svg:
 *
 *	{ "y": "MiB", "curves": { "title": "arm|vm|column|scale" } }	over time
 *	{ "x": "..", "y": "..", "at": [1, 2], "curves": { "title": ["value", ..] } }
 *
 * Return: 0; 1 without a plot; negative errno with text.
 */
int exp_plot(const struct exp *exp, const char *dir, struct tr_error *error);

#endif /* EXP_REPORT_H */
