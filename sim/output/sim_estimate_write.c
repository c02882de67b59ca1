/* SPDX-License-Identifier: BSD-2-Clause */
/* sim_estimate_write.c - see sim_estimate_write.h. */
#include <stdio.h>
#include <string.h>

#include "output/sim_estimate_write.h"

char *sim_estimate_text(const struct sim_metric *metric, struct sim_estimate e,
			char text[SIM_ESTIMATE_TEXT])
{
	char mean[SIM_METRIC_TEXT], low[SIM_METRIC_TEXT], high[SIM_METRIC_TEXT];

	sim_metric_text(metric, e.mean, mean);
	if (e.count < 2)
		return memcpy(text, mean, strlen(mean) + 1);
	sim_metric_text(metric, e.low, low);
	sim_metric_text(metric, e.high, high);
	/* The unit once is enough, if it is the same. */
	const char *units[] = { mean + strcspn(mean, " "), low + strcspn(low, " "),
				high + strcspn(high, " ") };
	if (!strcmp(units[0], units[2]) && !strcmp(units[1], units[2]))
		mean[strcspn(mean, " ")] = low[strcspn(low, " ")] = 0;
	snprintf(text, SIM_ESTIMATE_TEXT, "%s [%s %s]", mean, low, high);
	return text;
}

void sim_estimate_json(struct sim_json_writer *json, const char *key, struct sim_estimate e)
{
	sim_json_object(json, key);
	sim_json_number(json, "mean", e.mean);
	sim_json_number(json, "low", e.low);
	sim_json_number(json, "high", e.high);
	sim_json_number(json, "runs", e.count);
	sim_json_close(json);
}

void sim_estimate_html(FILE *to, const struct sim_metric *metric, struct sim_estimate e)
{
	char mean[SIM_METRIC_TEXT], range[SIM_RANGE_TEXT];

	fprintf(to, "<td>%s", sim_metric_text(metric, e.mean, mean));
	if (e.count > 1 && e.high > e.low)
		fprintf(to, "<small>%s</small>",
			sim_metric_range(metric, e.low, e.high, " – ", range));
	fputs("</td>", to);
}
