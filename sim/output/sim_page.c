/* SPDX-License-Identifier: BSD-2-Clause */
/* sim_page.c - see sim_page.h. */
#include <stdio.h>

#include "output/sim_html.h"
#include "output/sim_page.h"
#include "scenario/sim_scenario.h"

int sim_page_begin(struct sim_file *file, const char *dir, const char *name,
		   struct tr_error *error)
{
	char title[SIM_NAME_MAX + 32];
	int rc = sim_file_create(file, dir, "report.html", error);

	if (rc)
		return rc;
	snprintf(title, sizeof(title), "wssim: %s", name);
	sim_html_head(file->stream, title);
	fputs("<h1>", file->stream);
	sim_html_text(file->stream, name);
	fputs("</h1>\n<p class=\"sub\">", file->stream);
	return 0;
}

void sim_page_missing(FILE *to, u32 missing_count)
{
	if (missing_count)
		fprintf(to, " <span class=\"bad\">%u run%s not done.</span>", missing_count,
			missing_count == 1 ? " is" : "s are");
	fputs("</p>\n", to);
}

void sim_page_metric(FILE *to, const struct sim_metric *metric)
{
	fputs("<th title=\"", to);
	sim_html_text(to, metric->definition);
	fputs("\">", to);
	sim_html_text(to, metric->label);
	fputs("</th>", to);
}

void sim_page_again(FILE *to, const char *command)
{
	fputs("<h2>To get the same again</h2>\n<pre>", to);
	sim_html_text(to, command);
	fputs("</pre>\n", to);
}

int sim_page_end(struct sim_file *file, int rc, struct tr_error *error)
{
	sim_html_foot(file->stream);
	int closed = sim_file_close(file, rc ? NULL : error);

	return rc ? rc : closed;
}
