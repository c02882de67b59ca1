/* SPDX-License-Identifier: BSD-2-Clause */
/* cmd_mrc.c - wssim mrc: how many misses LRU would have at every size of memory. */
#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/cli_stop.h"
#include "cli/cmd.h"
#include "lab/sim_mrc.h"
#include "scenario/sim_json_write.h"
#include "tr_place.h"
#include "tr_units.h"

#define POINTS_DEFAULT 20
#define POINTS_MAX 1000000
#define SAMPLE_SMALL 200 /* fewer sampled pages than this make a rough curve */

struct options {
	const char *path, *format, *csv;
	double rate;
	u64 points;
	bool json;
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
	case 'F':
		options->format = arg;
		return 0;
	case 'J':
		options->json = true;
		return 0;
	case 'o':
		options->csv = arg;
		return 0;
	case ARGP_KEY_ARG:
		if (options->path)
			argp_error(state, "one trace at a time");
		options->path = arg;
		return 0;
	case ARGP_KEY_END:
		if (!options->path)
			argp_error(state, "a trace is missing");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static double cpu_seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
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
	trace->stop = &cli_stop;
	cli_stop_install();
	double start = cpu_seconds();
	int rc = sim_mrc_make(&curve->mrc, trace, options->rate);
	curve->cpu_seconds = cpu_seconds() - start;
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

	printf("trace %s (%s): %llu accesses, %u distinct pages (%s)\n", options->path,
	       trace->array.format, (unsigned long long)mrc->accesses, trace->array.pages_touched,
	       tr_about_bytes((u64)trace->array.pages_touched * TR_PAGE_SIZE, text));
	if (trace->left_out)
		printf("left out: %llu accesses to pages that are never reclaimed\n",
		       (unsigned long long)trace->left_out);
	if (mrc->rate < 1)
		printf("sampled at rate %g: %u pages, %llu accesses%s\n", mrc->rate, mrc->pages,
		       (unsigned long long)mrc->sampled,
		       mrc->pages < SAMPLE_SMALL ? "; too few for more than a rough curve" : "");
	printf("exact LRU, %.1f M accesses per CPU-second\n\n", speed(curve) / 1e6);
	if (curve->frames_valid)
		printf("window: reuse within %s was not recorded; below %llu frames the curve is "
		       "not valid\n\n", tr_about_ns(trace->array.window_ns, text),
		       (unsigned long long)curve->frames_valid);
	printf("%12s %12s %11s\n", "FRAMES", "MEMORY", "MISS RATIO");
	for (u32 i = 0; i < curve->count; i++)
		printf("%12llu %12s %11.6f%s\n", (unsigned long long)curve->frames[i],
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
	sim_json_text(&json, "trace", options->path);
	sim_json_text(&json, "format", trace->array.format);
	sim_json_number(&json, "accesses", (double)mrc->accesses);
	sim_json_number(&json, "pages", trace->array.pages_touched);
	sim_json_number(&json, "left_out", (double)trace->left_out);
	sim_json_number(&json, "window_ns", (double)trace->array.window_ns);
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

static int save_csv(const char *path, const struct curve *curve, struct tr_error *error)
{
	struct tr_place place;
	int rc = tr_place_open(&place, path, error);

	if (rc)
		return rc;
	fprintf(place.stream, "frames,bytes,miss_ratio,valid\n");
	for (u32 i = 0; i < curve->count; i++)
		fprintf(place.stream, "%llu,%llu,%.6f,%d\n", (unsigned long long)curve->frames[i],
			(unsigned long long)curve->frames[i] * TR_PAGE_SIZE,
			sim_mrc_ratio(&curve->mrc, curve->frames[i]),
			curve->frames[i] >= curve->frames_valid);
	return tr_place_commit(&place, error);
}

static int report(const struct options *options, struct sim_lab_trace *trace)
{
	struct curve curve = { .frames = NULL };
	struct tr_error error;
	int rc = make_curve(&curve, options, trace), status = EXIT_DONE;

	if (rc) {
		fprintf(stderr, "wssim mrc: %s: %s\n", options->path,
			rc == -EINTR ? "interrupted" : strerror(-rc));
		status = EXIT_FAILED;
		goto out;
	}
	if (!curve.mrc.pages) {
		fprintf(stderr, "wssim mrc: %s: --rate %g follows none of its pages; take a higher one\n",
			options->path, options->rate);
		status = EXIT_USAGE;
		goto out;
	}
	if (options->json)
		print_json(options, trace, &curve);
	else
		print_table(options, trace, &curve);
	if (fflush(stdout) || ferror(stdout)) {
		fprintf(stderr, "wssim mrc: standard output: %s\n", strerror(errno));
		status = EXIT_FAILED;
	}
	if (options->csv && save_csv(options->csv, &curve, &error)) {
		fprintf(stderr, "wssim mrc: %s\n", error.text);
		status = EXIT_FAILED;
	}
out:
	sim_mrc_destroy(&curve.mrc);
	free(curve.frames);
	return status;
}

static const struct argp_option option[] = {
	{ "rate", 'r', "R", 0, "follow this part of the pages, chosen by hash (default 1: all, exact)",
	  0 },
	{ "points", 'p', "N", 0, "sizes to print, evenly spaced up to the footprint (default 20)", 0 },
	{ "format", 'F', "NAME", 0, "format of the trace (default: detect)", 0 },
	{ "json", 'J', NULL, 0, "print JSON", 0 },
	{ "output", 'o', "FILE", 0, "write the points to FILE as csv, too", 0 },
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
	struct options options = { .rate = 1, .points = POINTS_DEFAULT };
	static const struct argp argp = { option, parse, "TRACE", doc, NULL, NULL, NULL };
	struct sim_lab_trace trace;
	struct tr_error error;

	argp_err_exit_status = EXIT_USAGE;
	if (argp_parse(&argp, argc, argv, 0, NULL, &options))
		return EXIT_USAGE;
	if (sim_lab_trace_load(&trace, options.path, options.format, &error)) {
		fprintf(stderr, "wssim mrc: %s\n", error.text);
		return EXIT_USAGE;
	}
	int status = report(&options, &trace);
	sim_lab_trace_destroy(&trace);
	return status;
}
