/* SPDX-License-Identifier: BSD-2-Clause */
/* cmd_lab.c - see cmd_lab.h. */
#include <signal.h>
#include <stdio.h>

#include "cli/cli_stop.h"
#include "cli/cmd.h"
#include "cli/cmd_lab.h"
#include "cli/cmd_options.h"
#include "tr_units.h"

static const struct argp_option options[] = {
	{ "format", 'F', "NAME", 0, "format of the trace (default: detect)", 1 },
	{ "json", 'J', NULL, 0, "print JSON", 1 },
	{ "output", 'o', "FILE", 0, "write the rows to FILE as csv, too", 1 },
	{ NULL, 0, NULL, 0, NULL, 0 },
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct cmd_lab *lab = state->input;

	switch (key) {
	case 'F':
		lab->format = arg;
		return 0;
	case 'J':
		lab->json = true;
		return 0;
	case 'o':
		lab->csv = arg;
		return 0;
	default:
		return cmd_option_input(key, arg, state, "trace", &lab->path);
	}
}

const struct argp cmd_lab_argp = { .options = options, .parser = parse };

int cmd_lab_begin(const struct cmd_lab *lab, struct sim_lab_trace *trace, struct tr_place *place,
		  struct tr_error *error)
{
	int rc;

	/* A file size limit makes writes fail, as a full disk does, and does not kill. */
	signal(SIGXFSZ, SIG_IGN);
	*place = (struct tr_place){ 0 };
	rc = sim_lab_trace_load(trace, lab->path, lab->format, error);
	if (rc)
		return rc;
	if (lab->csv) {
		rc = tr_place_open(place, lab->csv, error);
		if (rc) {
			sim_lab_trace_destroy(trace);
			return rc;
		}
	}
	trace->stop = &cli_stop;
	cli_stop_install();
	return 0;
}

void cmd_lab_head(const struct cmd_lab *lab, const struct sim_lab_trace *trace, u64 accesses)
{
	char text[TR_UNITS_TEXT];

	printf("trace %s (%s): %llu accesses, %u distinct pages (%s)\n", lab->path,
	       trace->array.format, accesses, trace->array.pages_touched,
	       tr_about_bytes((u64)trace->array.pages_touched * TR_PAGE_SIZE, text));
	if (trace->left_out)
		printf("left out: %llu accesses to pages that are never reclaimed\n",
		       trace->left_out);
}

void cmd_lab_json(struct sim_json_writer *json, const struct cmd_lab *lab,
		  const struct sim_lab_trace *trace, u64 accesses)
{
	sim_json_text(json, "trace", lab->path);
	sim_json_text(json, "format", trace->array.format);
	sim_json_number(json, "accesses", (double)accesses);
	sim_json_number(json, "pages", trace->array.pages_touched);
	sim_json_number(json, "left_out", (double)trace->left_out);
	sim_json_number(json, "window_ns", (double)trace->array.window_ns);
}

double cmd_lab_seconds(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

int cmd_lab_end(struct tr_place *place, int status)
{
	struct tr_error error = { "" };
	int rc = place->stream ? tr_place_commit(place, &error) : 0;

	return rc ? cmd_fail(rc, &error) : status;
}
