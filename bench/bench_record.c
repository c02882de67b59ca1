/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bench_record.c - what recording a command costs: the exact filter beside bare callbacks.
 *
 * gzip(1) under qemu-x86_64: without a plugin, with the plugin's callbacks
 * that only count, and with its filter (whose records go to /dev/null).  What emulation
 * takes by itself is taken off the other two; record.filter are references in the rest.
 * The limit is the bare callback, so a ratio of a half is "as much again".
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "bench.h"
#include "bench_wst.h"

#define PLUGIN "build/release/wssim-trace-plugin.so"
#define LINES 300000u
#define COMMAND "$(command -v gzip) -c"

static double children_seconds(void)
{
	struct rusage usage;

	getrusage(RUSAGE_CHILDREN, &usage);
	return (double)usage.ru_utime.tv_sec + (double)usage.ru_stime.tv_sec +
	       (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e-6;
}

/* Numbers in no order that is easily compressed, the same in every run. */
static int write_numbers(const struct bench_folder *folder)
{
	char path[BENCH_PATH_MAX];
	FILE *file = fopen(bench_folder_file(folder, "numbers", path), "w");

	if (!file)
		return -errno;
	for (u32 i = 0; i < LINES; i++)
		fprintf(file, "%u\n", i * 0x9e3779b1u);
	return ferror(file) | fclose(file) ? -EIO : 0;
}

/* The command with @plugin ("" or "-plugin ...").  *references: what it counted, if it did. */
static int command_once(const struct bench_folder *folder, const char *plugin, double *seconds,
			double *references)
{
	double start = children_seconds();
	char command[1024], line[256];

	snprintf(command, sizeof(command),
		 "qemu-x86_64 %s " COMMAND " %s/numbers 2>&1 >/dev/null", plugin, folder->path);
	FILE *pipe = popen(command, "r");

	while (pipe && fgets(line, sizeof(line), pipe)) {
		const char *at = strstr(line, "plugin: ");

		if (at)
			*references = strtod(at + strlen("plugin: "), NULL);
	}
	if (!pipe || pclose(pipe))
		return -ECHILD;
	*seconds = children_seconds() - start;
	return 0;
}

static int measure(struct bench_report *report, const struct bench_folder *folder)
{
	struct bench_line line = { .name = "record.filter", .unit = "M references/CPU-s",
				   .limit_name = "callbacks that only count", .ratio_target = 0.5 };
	int rc = 0;

	for (u32 i = 0; !rc && i < BENCH_REPEATS; i++) {
		double plain = 0, bare = 0, filter = 0, references = 0;

		rc = command_once(folder, "", &plain, &references);
		if (!rc)
			rc = command_once(folder, "-plugin " PLUGIN ",mode=bare", &bare,
					  &references);
		if (!rc)
			rc = command_once(folder, "-plugin " PLUGIN ",out=/dev/null", &filter,
					  &references);
		if (!rc && (bare <= plain || filter <= plain || !references))
			rc = -EPROTO; /* the plugin was not there */
		line.limit_sample[i] = references / 1e6 / (bare - plain);
		line.sample[i] = references / 1e6 / (filter - plain);
		line.samples_count++;
	}
	if (!rc)
		bench_add(report, &line);
	return rc;
}

static int run(struct bench_report *report)
{
	struct bench_folder folder;

	if (system("command -v qemu-x86_64 >/dev/null") || access(PLUGIN, R_OK)) {
		bench_note(report, "no qemu-x86_64 on PATH, or the plugin is not built: "
				   "recording is not measured");
		return 0;
	}
	int rc = bench_folder_make(&folder);

	if (!rc)
		rc = write_numbers(&folder);
	if (!rc)
		rc = measure(report, &folder);
	bench_folder_remove(&folder);
	return rc;
}

const struct bench bench_record = {
	.name = "record",
	.summary = "recording a command: the exact filter beside the plugin's bare callback",
	.run = run,
};
