/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sim_page.h - a report.html: its head, how it ends, and the heads of its tables.
 *
 * Between sim_page_begin() and sim_page_end() the page is written to file.stream, by
 * sim_html.h and by hand.  Errors of writing are found at the end.
 */
#ifndef SIM_PAGE_H
#define SIM_PAGE_H

#include "observe/sim_metrics.h"
#include "observe/sim_results.h"
#include "tr_error.h"

/*
 * report.html in @dir, titled "wssim: @name", with @name as its headline and the paragraph
 * below that open.  Return: 0, or negative errno with text; then nothing is to be ended.
 */
int sim_page_begin(struct sim_file *file, const char *dir, const char *name,
		   struct tr_error *error);

/* Close that paragraph, with a warning if @missing_count runs were not done. */
void sim_page_missing(FILE *to, u32 missing_count);

/* The head of a metric's column: its label, and the definition as tooltip. */
void sim_page_metric(FILE *to, const struct sim_metric *metric);

/* The command that makes the page again. */
void sim_page_again(FILE *to, const char *command);

/* @rc: what went wrong before, with its text in @error.  Return: that, or the end's. */
int sim_page_end(struct sim_file *file, int rc, struct tr_error *error);

#endif /* SIM_PAGE_H */
