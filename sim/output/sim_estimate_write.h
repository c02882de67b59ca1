/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sim_estimate_write.h - a mean with its interval, for a terminal, a program and a page.
 */
#ifndef SIM_ESTIMATE_WRITE_H
#define SIM_ESTIMATE_WRITE_H

#include <stdio.h>

#include "observe/sim_metrics.h"
#include "observe/sim_stats.h"
#include "scenario/sim_json_write.h"

/* "1.073 [1.03 1.11]", with the metric's unit once; of one value that alone.  Return: @text. */
#define SIM_ESTIMATE_TEXT (3 * SIM_METRIC_TEXT + 8)
char *sim_estimate_text(const struct sim_metric *metric, struct sim_estimate e,
			char text[SIM_ESTIMATE_TEXT]);

/* {"mean", "low", "high", "runs"}; no number is null. */
void sim_estimate_json(struct sim_json_writer *json, const char *key, struct sim_estimate e);

/* A table's cell, the interval below the mean. */
void sim_estimate_html(FILE *to, const struct sim_metric *metric, struct sim_estimate e);

#endif /* SIM_ESTIMATE_WRITE_H */
