/* SPDX-License-Identifier: BSD-2-Clause */
/* cmd_mrc.c - wssim mrc: how many misses LRU would have at every size of memory. */
#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cmd.h"
#include "cli/cmd_lab.h"
#include "lab/sim_mrc.h"
#include "scenario/sim_json_write.h"
#include "tr_units.h"

#define POINTS_DEFAULT 20
#define POINTS_MAX 1000000
#define SAMPLE_SMALL 200 /* fewer sampled pages than this make a rough curve */

struct options {
	struct cmd_lab lab;
	double rate;
	u64 points;
};

/* A curve with the points to show. */
struct curve {
	struct sim_mrc mrc;
	u64 *frames;
	u32 count;
	u64 frames_valid; /* fewest frames whose result the trace's window does not spoil */
	double cpu_seconds;
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct options *options = state->input;
	char *end;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &options->lab;
		return 0;
	case 'r':
		options->rate = strtod(arg, &end);
		if (end == arg || *end || !(options->rate > 0 && options->rate <= 1))
			argp_error(state, "--rate %s: above 0 and at most 1", arg);
		return 0;
	case 'p':
		if (tr_parse_count(arg, &options->points) || !options->points ||
		    options->points > POINTS_MAX)
			argp_error(state, "--points %s: a number from 1 to %d", arg, POINTS_MAX);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/*
 * With few frames pages are evicted sooner than the recorder's window, and their reuse
 * inside it is not in the trace.  Search by halving among the points, by running LRU.
 */
static int find_valid(struct curve *curve, const struct sim_lab_trace *trace)
{
	struct sim_reclaim_choice lru;
	u32 least = 0, most = curve->count;

	if (!trace->array.window_ns || sim_reclaim_choose(&lru, "lru", NULL))
		return 0;
	while (least < most) {
		u32 middle = least + (most - least) / 2;
		struct sim_lab_result result;
		int rc = sim_lab_run(trace, &lru, (u32)curve->frames[middle], &result);
		if (rc)
			return rc;
		if (sim_lab_invalid(&result))
			least = middle + 1;
		else
			most = middle;
	}
	curve->frames_valid = least < curve->count ? curve->frames[least]
						   : curve->frames[curve->count - 1] + 1;
	return 0;
}

static int make_curve(struct curve *curve, const struct options *options,
		      struct sim_lab_trace *trace)
{
	double start = cmd_lab_seconds(CLOCK_PROCESS_CPUTIME_ID);
	int rc = sim_mrc_make(&curve->mrc, trace, options->rate);
	curve->cpu_seconds = cmd_lab_seconds(CLOCK_PROCESS_CPUTIME_ID) - start;
	if (rc)
		return rc;
	curve->frames = malloc(sizeof(u64) * options->points);
	if (!curve->frames)
		return -ENOMEM;
	curve->count = sim_mrc_points(&curve->mrc, curve->frames, (u32)options->points);
	return find_valid(curve, trace);
}

static double speed(const struct curve *curve)
{
	return curve->cpu_seconds > 0 ? (double)curve->mrc.accesses / curve->cpu_seconds : 0;
}

static void print_table(const struct options *options, const struct sim_lab_trace *trace,
			const struct curve *curve)
{
	const struct sim_mrc *mrc = &curve->mrc;
	char text[TR_UNITS_TEXT];

	cmd_lab_head(&options->lab, trace, mrc->accesses);
	if (mrc->rate < 1)
		printf("sampled at rate %g: %u pages, %llu accesses%s\n", mrc->rate, mrc->pages,
		       mrc->sampled,
		       mrc->pages < SAMPLE_SMALL ? "; too few for more than a rough curve" : "");
	printf("exact LRU, %.1f M accesses per CPU-second\n\n", speed(curve) / 1e6);
	if (curve->frames_valid)
		printf("window: reuse within %s was not recorded; below %llu frames the curve is "
		       "not valid\n\n", tr_about_ns(trace->array.window_ns, text),
		       curve->frames_valid);
	printf("%12s %12s %11s\n", "FRAMES", "MEMORY", "MISS RATIO");
	for (u32 i = 0; i < curve->count; i++)
		printf("%12llu %12s %11.6f%s\n", curve->frames[i],
		       tr_about_bytes(curve->frames[i] * TR_PAGE_SIZE, text),
		       sim_mrc_ratio(mrc, curve->frames[i]),
		       curve->frames[i] < curve->frames_valid ? "  INVALID" : "");
}

static void print_json(const struct options *options, const struct sim_lab_trace *trace,
		       const struct curve *curve)
{
	const struct sim_mrc *mrc = &curve->mrc;
	struct sim_json_writer json;

	sim_json_begin(&json, stdout);
	cmd_lab_json(&json, &options->lab, trace, mrc->accesses);
	sim_json_number(&json, "rate", mrc->rate);
	sim_json_number(&json, "sampled_pages", mrc->pages);
	sim_json_number(&json, "sampled_accesses", (double)mrc->sampled);
	sim_json_number(&json, "accesses_per_cpu_second", speed(curve));
	sim_json_array(&json, "points");
	for (u32 i = 0; i < curve->count; i++) {
		sim_json_object(&json, NULL);
		sim_json_number(&json, "frames", (double)curve->frames[i]);
		sim_json_number(&json, "miss_ratio", sim_mrc_ratio(mrc, curve->frames[i]));
		sim_json_bool(&json, "valid", curve->frames[i] >= curve->frames_valid);
		sim_json_close(&json);
	}
	sim_json_close(&json);
	sim_json_finish(&json);
}

static void put_csv(FILE *to, const struct curve *curve)
{
	fputs("frames,bytes,miss_ratio,valid\n", to);
	for (u32 i = 0; i < curve->count; i++)
		fprintf(to, "%llu,%llu,%.6f,%d\n", curve->frames[i], curve->frames[i] * TR_PAGE_SIZE,
			sim_mrc_ratio(&curve->mrc, curve->frames[i]),
			curve->frames[i] >= curve->frames_valid);
}

static int make_and_show(struct curve *curve, const struct options *options,
			 struct sim_lab_trace *trace, FILE *csv, struct tr_error *error)
{
	int rc = make_curve(curve, options, trace);

	if (rc)
		return tr_fail(error, rc, "%s: %s", options->lab.path,
			       rc == -EINTR ? "interrupted" : strerror(-rc));
	if (!curve->mrc.pages)
		return tr_fail(error, -EINVAL, "%s: --rate %g follows none of its pages; take a higher "
					       "one", options->lab.path, options->rate);
	if (options->lab.json)
		print_json(options, trace, curve);
	else
		print_table(options, trace, curve);
	if (csv)
		put_csv(csv, curve);
	return 0;
}

static const struct argp_option option[] = {
	{ "rate", 'r', "R", 0, "follow this part of the pages, chosen by hash (default 1: all, exact)",
	  0 },
	{ "points", 'p', "N", 0, "sizes to print, evenly spaced up to the footprint (default 20)", 0 },
	{ NULL, 0, NULL, 0, NULL, 0 },
};

static const char doc[] =
	"Print a trace's miss-ratio curve: the miss ratio of exact LRU at every size of memory."
	"\v"
	"Examples:\n"
	"  wssim mrc guest.wst\n"
	"  wssim mrc big.oracleGeneral.zst --rate 0.01 --points 1000 -o curve.csv\n\n"
	"Exit status: 0 done, 1 failed or interrupted, 2 usage or bad input.";

int cmd_mrc(int argc, char **argv)
{
	static const struct argp_child children[] = { { &cmd_lab_argp, 0, NULL, 0 },
						      { NULL, 0, NULL, 0 } };
	static const struct argp argp = { option, parse, "TRACE", doc, children, NULL, NULL };
	struct options options = { .rate = 1, .points = POINTS_DEFAULT };
	struct curve curve = { .frames = NULL };
	struct sim_lab_trace trace;
	struct tr_error error = { "" };
	struct tr_place place;
	int rc, status;

	argp_parse(&argp, argc, argv, 0, NULL, &options);
	rc = cmd_lab_begin(&options.lab, &trace, &place, &error);
	if (rc)
		return cmd_fail(rc, &error);
	rc = make_and_show(&curve, &options, &trace, place.stream, &error);
	if (rc)
		tr_place_abort(&place);
	status = rc ? cmd_fail(rc, &error) : cmd_lab_end(&place, EXIT_DONE);
	sim_mrc_destroy(&curve.mrc);
	free(curve.frames);
	sim_lab_trace_destroy(&trace);
	return status;
}
