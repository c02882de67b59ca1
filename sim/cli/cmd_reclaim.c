/* SPDX-License-Identifier: BSD-2-Clause */
/* cmd_reclaim.c - wssim reclaim: one guest, many algorithms and sizes: misses and speed. */
#include <argp.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli_stop.h"
#include "cli/cmd.h"
#include "cli/cmd_lab.h"
#include "cli/cmd_options.h"
#include "lab/sim_lab.h"
#include "scenario/sim_json_write.h"
#include "observe/sim_results.h"
#include "tr_units.h"

#define ALL_ALGORITHMS "lru,fifo,clock,mglru,twolist,opt"
#define FRAMES_DEFAULT "0.1,0.5"
#define LIST_MAX 256
#define JOBS_MAX 256

struct options {
	struct cmd_lab lab;
	const char *reclaim, *frames;
	u32 jobs;
};

struct cell {
	const char *name; /* as the user wrote it: "mglru:16" */
	struct sim_reclaim_choice choice;
	u32 frames;
	int rc;
	bool done;
	double cpu_seconds;
	struct sim_lab_result result;
};

struct lab_cells {
	const struct sim_lab_trace *trace;
	struct cell *cells;
	u32 cells_count;
	atomic_uint next, finished;
	bool progress;
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct options *options = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &options->lab;
		return 0;
	case 'r':
		options->reclaim = arg;
		return 0;
	case 'f':
		options->frames = arg;
		return 0;
	case 'j':
		options->jobs = cmd_option_count(state, "--jobs", arg, JOBS_MAX);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* "0.1" is a part of the footprint, cut to whole pages; else a count or a size. */
static int read_frames(u32 *frames, const char *text, u32 footprint, struct tr_error *error)
{
	size_t plain = strspn(text, "0123456789.");
	u64 pages;

	if (strchr(text, '.') && !text[plain]) {
		char *end;
		double part = strtod(text, &end);
		if (*end || !(part > 0 && part <= 1))
			return tr_fail(error, -EINVAL,
				       "--frames: %s: a part of the footprint is above 0 and at most 1.0",
				       text);
		pages = (u64)(footprint * part);
		if (!pages)
			return tr_fail(error, -EINVAL, "--frames: %s of %u pages is no frame",
				       text, footprint);
	} else if (tr_parse_pages(text, &pages)) {
		return tr_fail(error, -EINVAL,
			       "--frames: %s: not a number of frames, a part like 0.1 or a size like 64MiB",
			       text);
	}
	if (!pages)
		return tr_fail(error, -EINVAL, "--frames: %s: at least one frame is needed", text);
	if (pages > 1u << 31)
		return tr_fail(error, -ERANGE, "--frames: %s: more frames than can be simulated (%u)",
			       text, 1u << 31);
	*frames = (u32)pages;
	return 0;
}

/* Cut @list at its commas, in place.  Return: parts, or 0 for an empty part or too many. */
static u32 split(char *list, char *part[LIST_MAX])
{
	u32 count = 0;

	for (char *at = list; at; count++) {
		char *comma = strchr(at, ',');
		if (count == LIST_MAX || !*at || comma == at)
			return 0;
		part[count] = at;
		if (comma)
			*comma = 0;
		at = comma ? comma + 1 : NULL;
	}
	return count;
}

static int choose_all(struct sim_reclaim_choice *choice, char *part[LIST_MAX], u32 count,
		      struct tr_error *error)
{
	for (u32 i = 0; i < count; i++) {
		int rc = sim_reclaim_choose(&choice[i], part[i], error);
		if (rc)
			return rc;
	}
	return 0;
}

/* Algorithms by sizes.  Return: cells made, or negative errno. */
static int make_cells(struct cell **cells, char *name[LIST_MAX],
		      const struct sim_reclaim_choice *choice, u32 names, char *size[LIST_MAX],
		      u32 sizes, u32 footprint, struct tr_error *error)
{
	u32 frames[LIST_MAX], count = 0;

	for (u32 i = 0; i < sizes; i++) {
		int rc = read_frames(&frames[i], size[i], footprint, error);
		if (rc)
			return rc;
	}
	*cells = calloc((size_t)names * sizes, sizeof(**cells));
	if (!*cells)
		return tr_fail(error, -ENOMEM, "out of memory");
	for (u32 i = 0; i < names; i++)
		for (u32 k = 0; k < sizes; k++)
			(*cells)[count++] = (struct cell){ .name = name[i], .choice = choice[i],
							   .frames = frames[k] };
	return (int)count;
}

static void *run_cells(void *arg)
{
	struct lab_cells *run = arg;

	for (;;) {
		u32 i = atomic_fetch_add(&run->next, 1);
		if (i >= run->cells_count || cli_stop)
			return NULL;
		struct cell *cell = &run->cells[i];
		double start = cmd_lab_seconds(CLOCK_THREAD_CPUTIME_ID);
		cell->rc = sim_lab_run(run->trace, &cell->choice, cell->frames, &cell->result);
		cell->cpu_seconds = cmd_lab_seconds(CLOCK_THREAD_CPUTIME_ID) - start;
		cell->done = true;
		u32 finished = atomic_fetch_add(&run->finished, 1) + 1;
		if (run->progress)
			fprintf(stderr, "\r%u of %u cells", finished, run->cells_count);
	}
}

static void run_all(struct lab_cells *run, u64 jobs)
{
	pthread_t thread[JOBS_MAX];
	u64 started = 0;

	while (started + 1 < jobs && started + 1 < run->cells_count &&
	       !pthread_create(&thread[started], NULL, run_cells, run))
		started++;
	run_cells(run);
	while (started)
		pthread_join(thread[--started], NULL);
	if (run->progress)
		fputs("\r                              \r", stderr);
}

static double miss_ratio(const struct cell *cell)
{
	return cell->result.accesses ? (double)cell->result.misses / (double)cell->result.accesses
				     : 0;
}

static double speed(const struct cell *cell)
{
	return cell->cpu_seconds > 0 ? (double)cell->result.accesses / cell->cpu_seconds : 0;
}

static double young_share(const struct cell *cell)
{
	return cell->result.evictions ? (double)cell->result.young_evictions /
						(double)cell->result.evictions
				      : 0;
}

static void print_table(const struct options *options, const struct sim_lab_trace *trace,
			const struct cell *cells, u32 count)
{
	char text[TR_UNITS_TEXT];
	const struct tr_array *array = &trace->array;
	int width = 12;

	for (u32 i = 0; i < count; i++)
		if ((int)strlen(cells[i].name) > width)
			width = (int)strlen(cells[i].name);
	cmd_lab_head(&options->lab, trace, array->count);
	if (array->window_ns)
		printf("window: reuse within %s was not recorded; a result is valid while at most "
		       "%d %% of the evicted pages had been idle for less\n",
		       tr_about_ns(array->window_ns, text), SIM_LAB_INVALID_PERCENT);
	printf("\n%-*s %10s %8s %12s %10s %13s %6s%s\n", width, "ALGORITHM", "FRAMES", "PART", "MISSES",
	       "MISS RATIO", "M ACC/CPU-S", "B/PAGE", array->window_ns ? "  YOUNG" : "");
	for (u32 i = 0; i < count; i++) {
		const struct cell *cell = &cells[i];
		if (!cell->done || cell->rc)
			continue;
		printf("%-*s %10u %8.4f %12llu %10.6f %13.1f %6u", width, cell->name, cell->frames,
		       (double)cell->frames / array->pages_touched,
		       cell->result.misses, miss_ratio(cell),
		       speed(cell) / 1e6, cell->result.state_bytes);
		if (array->window_ns)
			printf(" %5.1f %%%s", young_share(cell) * 100,
			       sim_lab_invalid(&cell->result) ? "  INVALID" : "");
		putchar('\n');
	}
}

static void print_json(const struct options *options, const struct sim_lab_trace *trace,
		       const struct cell *cells, u32 count)
{
	struct sim_json_writer json;

	sim_json_begin(&json, stdout);
	cmd_lab_json(&json, &options->lab, trace, trace->array.count);
	sim_json_array(&json, "cells");
	for (u32 i = 0; i < count; i++) {
		const struct cell *cell = &cells[i];
		if (!cell->done || cell->rc)
			continue;
		sim_json_object(&json, NULL);
		sim_json_text(&json, "algorithm", cell->name);
		sim_json_number(&json, "frames", cell->frames);
		sim_json_number(&json, "misses", (double)cell->result.misses);
		sim_json_number(&json, "miss_ratio", miss_ratio(cell));
		sim_json_number(&json, "evictions", (double)cell->result.evictions);
		sim_json_number(&json, "scanned", (double)cell->result.scanned);
		sim_json_number(&json, "refaults", (double)cell->result.refaults);
		sim_json_number(&json, "rmap_walks", (double)cell->result.rmap_walks);
		sim_json_number(&json, "ageings", (double)cell->result.ageings);
		sim_json_number(&json, "ptes_scanned", (double)cell->result.entries_scanned);
		sim_json_number(&json, "young_evictions", (double)cell->result.young_evictions);
		sim_json_bool(&json, "valid", !sim_lab_invalid(&cell->result));
		sim_json_number(&json, "accesses_per_cpu_second", speed(cell));
		sim_json_number(&json, "bytes_per_page", cell->result.state_bytes);
		sim_json_close(&json);
	}
	sim_json_close(&json);
	sim_json_finish(&json);
}

static void put_csv(FILE *to, const struct cell *cells, u32 count)
{
	fputs("algorithm,frames,accesses,misses,miss_ratio,evictions,young_evictions,valid,"
	      "accesses_per_cpu_second,bytes_per_page,scanned,refaults,rmap_walks,ageings,"
	      "ptes_scanned\n", to);
	for (u32 i = 0; i < count; i++) {
		const struct cell *cell = &cells[i];
		if (!cell->done || cell->rc)
			continue;
		fprintf(to, "%s,%u,%llu,%llu,%.6f,%llu,%llu,%d,%.0f,%u,", cell->name,
			cell->frames, cell->result.accesses,
			cell->result.misses, miss_ratio(cell),
			cell->result.evictions,
			cell->result.young_evictions,
			!sim_lab_invalid(&cell->result), speed(cell), cell->result.state_bytes);
		fprintf(to, "%llu,%llu,%llu,%llu,%llu\n",
			cell->result.scanned,
			cell->result.refaults,
			cell->result.rmap_walks,
			cell->result.ageings,
			cell->result.entries_scanned);
	}
}

/* Show what was finished, and say what was not.  Return: exit status. */
static int report(const struct options *options, const struct sim_lab_trace *trace,
		  const struct cell *cells, u32 count, FILE *csv)
{
	struct tr_error error = { "" };
	int status = EXIT_DONE;

	if (options->lab.json)
		print_json(options, trace, cells, count);
	else
		print_table(options, trace, cells, count);
	if (csv)
		put_csv(csv, cells, count);
	for (u32 i = 0; i < count; i++) {
		if (cells[i].done && !cells[i].rc)
			continue;
		status = EXIT_FAILED;
		if (!cells[i].done || cells[i].rc == -EINTR) {
			cmd_fail(tr_fail(&error, -EINTR, "%s: interrupted", options->lab.path), &error);
			break;
		}
		tr_fail(&error, cells[i].rc, "%s: %s with %u frames: %s", options->lab.path,
			cells[i].name, cells[i].frames,
			cells[i].rc == -EIO ? "found no page to evict" : strerror(-cells[i].rc));
		cmd_fail(cells[i].rc, &error);
	}
	return status;
}

/* What the two lists say. */
struct wanted {
	char *names_text, *sizes_text;
	char *name[LIST_MAX], *size[LIST_MAX];
	struct sim_reclaim_choice choice[LIST_MAX];
	u32 names, sizes;
};

static int read_lists(struct wanted *wanted, const struct options *options,
		      struct tr_error *error)
{
	wanted->names_text = strdup(options->reclaim);
	wanted->sizes_text = strdup(options->frames);
	if (!wanted->names_text || !wanted->sizes_text)
		return tr_fail(error, -ENOMEM, "out of memory");
	wanted->names = split(wanted->names_text, wanted->name);
	wanted->sizes = split(wanted->sizes_text, wanted->size);
	if (!wanted->names || !wanted->sizes)
		return tr_fail(error, -EINVAL, "%s: a list is names or sizes with commas between",
			       wanted->names ? options->frames : options->reclaim);
	return choose_all(wanted->choice, wanted->name, wanted->names, error);
}

/* Return: exit status; the csv file is committed or gone. */
static int run_on(const struct options *options, struct sim_lab_trace *trace,
		  struct wanted *wanted, struct tr_place *place, struct tr_error *error)
{
	struct cell *cells = NULL;
	int rc = 0, status;
	int count = make_cells(&cells, wanted->name, wanted->choice, wanted->names, wanted->size,
			       wanted->sizes, trace->array.pages_touched, error);

	if (count < 0)
		rc = count;
	for (u32 i = 0; i < wanted->names && !rc; i++)
		if (wanted->choice[i].ops->future)
			rc = sim_lab_trace_future(trace);
	if (rc && count >= 0)
		tr_fail(error, rc, "%s: %s", options->lab.path, strerror(-rc));
	if (rc) {
		tr_place_abort(place);
		status = cmd_fail(rc, error);
	} else {
		struct lab_cells run = { .trace = trace, .cells = cells, .cells_count = (u32)count,
					 .progress = isatty(STDERR_FILENO) };
		run_all(&run, options->jobs);
		status = report(options, trace, cells, (u32)count, place->stream);
		status = cmd_lab_end(place, status);
	}
	free(cells);
	return status;
}

static const struct argp_option option[] = {
	{ "reclaim", 'r', "NAME,..", 0, "algorithms (default: all of " ALL_ALGORITHMS ")", 0 },
	{ "frames", 'f', "SIZE,..", 0,
	  "sizes of memory: 0.1 is a part of the trace's distinct pages, 4096 a number of frames, "
	  "64MiB a size (default: " FRAMES_DEFAULT ")", 0 },
	{ "jobs", 'j', "N", 0, "cells at a time (default 1; they share the memory's bandwidth, so "
	  "speeds are lower side by side)", 0 },
	{ NULL, 0, NULL, 0, NULL, 0 },
};

static const char doc[] =
	"Run reclaim algorithms over one trace with a fixed number of frames.\v"
	"Examples:\n"
	"  wssim reclaim guest.wst --reclaim lru,clock,mglru --frames 0.1,0.5,4096\n"
	"  wssim reclaim big.oracleGeneral.zst --frames 64MiB --json\n\n"
	"mglru:8 means MGLRU with at most 8 generations, mglru:6.14 Linux's of that version (base, 6.1, "
	"6.1.y, 6.12, 6.14, 6.18, mm-new, fg); words after it change one mechanism each, as in "
	"mglru:6.12:nopid:nobloom.  twolist knows the words swappiness and past.  A miss includes "
	"first accesses.\n\n"
	"Exit status: 0 done, 1 failed or interrupted, 2 usage or bad input.";

static bool word_row(u32 i, const char **name, const char **what)
{
	*name = i ? sim_reclaim_switches[i - 1].name : "swappiness=N";
	*what = i ? sim_reclaim_switches[i - 1].summary : "0 to 200";
	return *name;
}

static char *help_filter(int key, const char *text, void *input)
{
	(void)input;
	return key == ARGP_KEY_HELP_POST_DOC ? cmd_option_list(text, "Words", word_row) :
					       (char *)text;
}

int cmd_reclaim(int argc, char **argv)
{
	static const struct argp_child children[] = { { &cmd_lab_argp, 0, NULL, 0 },
						      { NULL, 0, NULL, 0 } };
	static const struct argp argp = { option,   parse,	 "TRACE", doc,
					   children, help_filter, NULL };
	struct options options = { .reclaim = ALL_ALGORITHMS, .frames = FRAMES_DEFAULT, .jobs = 1 };
	struct wanted wanted = { .names = 0 };
	struct sim_lab_trace trace;
	struct tr_error error = { "" };
	struct tr_place place;
	int rc, status;

	argp_parse(&argp, argc, argv, 0, NULL, &options);
	rc = read_lists(&wanted, &options, &error);
	if (!rc)
		rc = cmd_lab_begin(&options.lab, &trace, &place, &error);
	if (rc) {
		status = cmd_fail(rc, &error);
	} else {
		status = run_on(&options, &trace, &wanted, &place, &error);
		sim_lab_trace_destroy(&trace);
	}
	free(wanted.names_text);
	free(wanted.sizes_text);
	return status;
}
