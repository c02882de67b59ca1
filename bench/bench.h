/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bench.h - what a benchmark is, and how it hands in its figures.
 *
 * A benchmark is one file with one struct bench, named in bench_main.c.  It measures in
 * CPU time, several times over, and hands in lines.  A line has a limit where there is
 * one: what the machine does when it does nothing but the unavoidable part, measured in
 * the same run.  The ratio to it means something on any machine; the figure itself
 * only on this one.
 */
#ifndef BENCH_H
#define BENCH_H

#include <ws_env.h>

#define BENCH_REPEATS 5
#define BENCH_SAMPLES_MAX 32

struct bench_line {
	const char *name, *unit; /* "reclaim.clock.10", "M accesses/CPU-s"; static strings */
	double sample[BENCH_SAMPLES_MAX];
	u32 samples_count;
	double limit;	   /* 0: none */
	const char *limit_name;
	double target;	   /* 0: none; a figure above is good */
	bool less_is_good; /* then one below */
};

struct bench_report;

struct bench {
	const char *name, *summary;
	int (*run)(struct bench_report *report); /* 0 or negative errno */
};

/* Hand in a line (copied).  It is printed at once, unless JSON is wanted. */
void bench_add(struct bench_report *report, const struct bench_line *line);

/* Middle one of the samples; of an even number the lower of the two. */
double bench_median(const struct bench_line *line);

/* CPU time of this process. */
double bench_cpu_seconds(void);

extern const struct bench bench_guest;
extern const struct bench bench_reclaim;

#endif /* BENCH_H */
