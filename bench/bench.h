/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bench.h - what a benchmark is, and how it hands in its figures.
 *
 * A benchmark is one file with one struct bench, named in bench_main.c.  It measures in
 * CPU time, several times over, and hands in lines.  A line has a limit where there is
 * one: what the machine does when it does nothing but the unavoidable part.  The limit
 * is measured in turn with the figure (bench_pairs()), so that both see the same
 * machine, however busy; the ratio is taken pair by pair.  It means something on any
 * machine; the figure itself only on this one.
 *
 * bench/expected.json holds the ratios as they were; wssim-bench --check compares.
 */
#ifndef BENCH_H
#define BENCH_H

#include <errno.h>
#include <ws_env.h>

#define BENCH_REPEATS 5
#define BENCH_SAMPLES_MAX 32

struct bench_line {
	const char *name, *unit; /* "reclaim.clock.10", "M accesses/CPU-s"; live until handed in */
	double sample[BENCH_SAMPLES_MAX];
	u32 samples_count;
	double limit_sample[BENCH_SAMPLES_MAX]; /* each beside its sample; limit_name says if any */
	double limit;	   /* when it was measured only once; 0: none */
	const char *limit_name;
	double target;	   /* 0: none; a figure above is good */
	double ratio_target; /* 0: none; so is a ratio above */
	bool less_is_good; /* then one below */
	bool exact;	   /* the same in every run, so compared even without a limit */
	bool unchecked;	   /* not compared: depends on more than this machine's speed, or is long */
};

struct bench_report;

struct bench {
	const char *name, *summary; /* lines are called NAME.something */
	int (*run)(struct bench_report *report); /* 0 or negative errno */
	bool long_one; /* only when it is named */
};

/* A piece of work to be timed. */
struct bench_work {
	int (*run)(void *ctx); /* 0 or negative errno */
	void *ctx;
	double millions; /* of accesses, events.. that one call does */
};

/*
 * Do @figure and @limit in turn (@limit may be NULL), BENCH_REPEATS times, and fill the
 * line's samples with millions per CPU-second.  Return: 0 or what the work returned.
 */
int bench_pairs(struct bench_line *line, const struct bench_work *figure,
		const struct bench_work *limit);

/* Hand in a line (copied).  It is printed at once, unless JSON is wanted. */
void bench_add(struct bench_report *report, const struct bench_line *line);

/* A line of text about what was left out and why; not in JSON. */
void bench_note(struct bench_report *report, const char *text);

/* Middle one of the samples; of an even number the lower of the two. */
double bench_median(const struct bench_line *line);
/* Middle one of the pairs' ratios; 0 when the line has no limit. */
double bench_ratio(const struct bench_line *line);

/* May the peer of that name be run beside? */
bool bench_on_path(const char *program);
/* Run @command, which prints "seconds S".  Return: S; 0 when it failed. */
double bench_peer_seconds(const char *command);

/* CPU time of this process. */
double bench_cpu_seconds(void);

extern const struct bench bench_core;
extern const struct bench bench_growth;
extern const struct bench bench_guest;
extern const struct bench bench_host;
extern const struct bench bench_memory;
extern const struct bench bench_peer;
extern const struct bench bench_queue;
extern const struct bench bench_reclaim;
extern const struct bench bench_record;
extern const struct bench bench_run;
extern const struct bench bench_sampling;
extern const struct bench bench_trace;

#endif /* BENCH_H */
