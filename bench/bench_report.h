/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bench_report.h - the lines that were handed in: printed, kept, compared.
 */
#ifndef BENCH_REPORT_H
#define BENCH_REPORT_H

#include "bench.h"
#include "scenario/sim_json_write.h"
#include "tr_error.h"

#define BENCH_LINES_MAX 256
#define BENCH_LOSS_MAX 0.2 /* more than this part of an expected ratio lost is a failure */

/* What is compared of a line: its ratio, or its value when that is exact. */
struct bench_kept {
	char name[64];
	double value;
	bool less_is_good;
};

struct bench_report {
	bool json, quiet;
	struct sim_json_writer writer;
	struct bench_kept kept[BENCH_LINES_MAX];
	u32 kept_count;
};

struct bench_expected {
	struct bench_kept line[BENCH_LINES_MAX];
	u32 count;
};

int bench_expected_read(struct bench_expected *expected, const char *path,
			struct tr_error *error);
/* Is there anything to expect of @bench? */
bool bench_expected_has(const struct bench_expected *expected, const char *bench);
/* Return: a line of none of @benches (the last is NULL); NULL when there is none. */
const char *bench_expected_stranger(const struct bench_expected *expected,
				    const struct bench *const *benches);
/* Write what the report kept, in order, to @path. */
int bench_expected_write(const struct bench_report *report, const char *path);

/*
 * Compare @bench's lines with what is expected, printing those that lost when @loud.
 * Return: lines that are worse than expected, missing, or not in the file.
 */
u32 bench_compare(const struct bench_report *report, const struct bench_expected *expected,
		  const char *bench, bool loud);

#endif /* BENCH_REPORT_H */
