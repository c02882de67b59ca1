/* SPDX-License-Identifier: BSD-2-Clause */
/* cmd_trace_info.c - wssim trace info: what a .wst file is like. */
#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cmd.h"
#include "cli/cmd_options.h"
#include "cli/cmd_trace.h"
#include "scenario/sim_json_write.h"
#include "tr_stat.h"
#include "tr_units.h"

enum { KEY_JSON = 256 };

struct options {
	const char *path;
	u64 intervals_count;
	bool json;
};

static const char *const kinds[] = { "mapped", "descriptor", "kernel" };
static const char *const types[] = { "anon", "file", "unevictable" };

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct options *options = state->input;

	switch (key) {
	case KEY_JSON:
		options->json = true;
		return 0;
	case 'i':
		if (tr_parse_count(arg, &options->intervals_count) || !options->intervals_count ||
		    options->intervals_count > TR_STAT_INTERVALS_MAX)
			argp_error(state, "--intervals: %s: not in 1 to %u", arg,
				   TR_STAT_INTERVALS_MAX);
		return 0;
	default:
		return cmd_option_input(key, arg, state, "trace", &options->path);
	}
}

static const struct argp_option argp_options[] = {
	{ "intervals", 'i', "N", 0, "rows of the table of working sets (default 12)", 0 },
	{ "json", KEY_JSON, NULL, 0, "print JSON, sizes in bytes and times in ns", 0 },
	{ 0 },
};

static const char doc[] = "Print what a .wst file is like: footprint, records, reuse, rate and "
			  "working set over time.\v"
			  "Examples:\n"
			  "  wssim trace info redis.wst\n"
			  "  wssim trace info --intervals 60 --json redis.wst\n"
			  "\n"
			  "A reuse time is the time since the same page's access before. The "
			  "working set of an interval is the distinct pages accessed in it. What a "
			  "recorder's window hides is in none of these figures.\n";

static double share(u64 part, u64 whole)
{
	return whole ? (double)part / (double)whole : 0;
}

/* --- text --- */

static void print_origin(const char *origin)
{
	const char *label = "origin";

	while (*origin) {
		int length = (int)strcspn(origin, "\n");
		printf("%-14s", label);
		for (int i = 0; i < length; i++)
			putchar((unsigned char)origin[i] < ' ' ? '?' : origin[i]);
		putchar('\n');
		origin += length + (origin[length] == '\n');
		label = "";
	}
}

static void print_totals(const struct tr_meta *meta, const struct tr_stat *stat, u64 digest)
{
	char a[TR_UNITS_TEXT], b[TR_UNITS_TEXT], c[TR_UNITS_TEXT];
	u64 busy_ns = stat->stream_ns - meta->idle_ns;

	printf("%-14s%016llx\n", "digest", digest);
	printf("%-14s%s in %u stream%s, %u memcg%s, %u node%s\n", "span",
	       tr_about_ns(meta->span_ns, a), meta->streams_count,
	       meta->streams_count == 1 ? "" : "s", meta->memcgs_count,
	       meta->memcgs_count == 1 ? "" : "s", meta->nodes_count,
	       meta->nodes_count == 1 ? "" : "s");
	printf("%-14s%.1f %% of the streams' %s\n", "idle",
	       100 * share(meta->idle_ns, stat->stream_ns), tr_about_ns(stat->stream_ns, a));
	if (meta->window_ns)
		printf("%-14s%s; reuse inside it was not recorded\n", "window",
		       tr_about_ns(meta->window_ns, a));
	else
		printf("%-14snone; every access is in the trace\n", "window");
	printf("%-14s%s in %u pages, at most %s at a time\n", "footprint",
	       tr_about_bytes((u64)meta->pages_touched * TR_PAGE_SIZE, a), meta->pages_touched,
	       tr_about_bytes((u64)stat->live_pages_max * TR_PAGE_SIZE, b));
	printf("%-14s%s accesses, %s allocs, %s frees\n", "records",
	       tr_about_count(meta->records[TR_ACCESS], a),
	       tr_about_count(meta->records[TR_ALLOC], b),
	       tr_about_count(meta->records[TR_FREE], c));
	printf("%-14s%s accesses a second", "rate",
	       tr_about_count((u64)(share(stat->accesses_count, meta->span_ns) * 1e9), a));
	printf(", %s a busy second of a stream\n",
	       tr_about_count((u64)(share(stat->accesses_count, busy_ns) * 1e9), b));
}

static void print_accesses(const struct tr_stat *stat)
{
	char text[TR_UNITS_TEXT];

	printf("%-14s%.1f %% of accesses\n", "writes",
	       100 * share(stat->writes_count, stat->accesses_count));
	printf("%-14s", "kinds");
	for (int i = 0; i < 3; i++)
		printf("%s%s %.1f %%", i ? ", " : "", kinds[i],
		       100 * share(stat->accesses_by_kind[i], stat->accesses_count));
	printf(" of accesses\n%-14s", "types");
	for (int i = 0; i < 3; i++)
		printf("%s%s %.1f %%", i ? ", " : "", types[i],
		       100 * share(stat->lives_by_type[i], stat->lives_count));
	printf(" of pages\n%-14s%.2f %% of accesses; after", "reuse",
	       100 * share(stat->reuses_count, stat->accesses_count));
	for (u32 q = 0; q < TR_STAT_QUANTILES; q++)
		printf("%s %s (%u %%)", q ? "," : "", tr_about_ns(stat->reuse_ns[q], text),
		       stat->reuse_percent[q]);
	putchar('\n');
}

static void print_intervals(const struct tr_meta *meta, const struct tr_stat *stat)
{
	printf("\n%12s %12s %12s %12s %12s %7s %7s\n", "from", "accesses", "working set", "new",
	       "live", "writes", "idle");
	for (u32 i = 0; i < stat->intervals_count; i++) {
		const struct tr_stat_interval *interval = &stat->interval[i];
		char from[TR_UNITS_TEXT], count[TR_UNITS_TEXT], set[TR_UNITS_TEXT],
			fresh[TR_UNITS_TEXT], live[TR_UNITS_TEXT];
		printf("%12s %12s %12s %12s %12s %6.1f%% %6.1f%%\n",
		       tr_about_ns(i * stat->interval_ns, from),
		       tr_about_count(interval->accesses_count, count),
		       tr_about_bytes((u64)interval->working_set_pages * TR_PAGE_SIZE, set),
		       tr_about_bytes((u64)interval->new_pages * TR_PAGE_SIZE, fresh),
		       tr_about_bytes((u64)interval->live_pages * TR_PAGE_SIZE, live),
		       100 * share(interval->writes_count, interval->accesses_count),
		       100 * share(interval->idle_ns, stat->interval_ns * meta->streams_count));
	}
}

/* --- JSON --- */

static void json_counts(struct sim_json_writer *json, const char *key, const char *const *names,
			const u64 *value)
{
	sim_json_object(json, key);
	for (int i = 0; i < 3; i++)
		sim_json_number(json, names[i], (double)value[i]);
	sim_json_close(json);
}

static void json_meta(struct sim_json_writer *json, const struct tr_meta *meta, u64 digest)
{
	sim_json_text(json, "origin", meta->origin);
	sim_json_hex(json, "digest", digest);
	sim_json_text(json, "numbering",
		      meta->numbering == TR_NUMBER_REGIONS ? "regions" : "objects");
	sim_json_text(json, "default_type", types[meta->default_type]);
	sim_json_number(json, "span_ns", (double)meta->span_ns);
	sim_json_number(json, "idle_ns", (double)meta->idle_ns);
	sim_json_number(json, "window_ns", (double)meta->window_ns);
	sim_json_number(json, "streams", meta->streams_count);
	sim_json_number(json, "memcgs", meta->memcgs_count);
	sim_json_number(json, "nodes", meta->nodes_count);
	sim_json_number(json, "pages_count", meta->pages_count);
	sim_json_number(json, "footprint_bytes", (double)meta->pages_touched * TR_PAGE_SIZE);
	sim_json_number(json, "accesses", (double)meta->records[TR_ACCESS]);
	sim_json_number(json, "allocs", (double)meta->records[TR_ALLOC]);
	sim_json_number(json, "frees", (double)meta->records[TR_FREE]);
	sim_json_number(json, "idlings", (double)meta->records[TR_IDLE]);
}

static void print_json(const struct tr_meta *meta, const struct tr_stat *stat, u64 digest)
{
	struct sim_json_writer json;

	sim_json_begin(&json, stdout);
	json_meta(&json, meta, digest);
	sim_json_number(&json, "stream_ns", (double)stat->stream_ns);
	sim_json_number(&json, "writes", (double)stat->writes_count);
	sim_json_number(&json, "live_max_bytes", (double)stat->live_pages_max * TR_PAGE_SIZE);
	json_counts(&json, "accesses_by_kind", kinds, stat->accesses_by_kind);
	json_counts(&json, "accesses_by_type", types, stat->accesses_by_type);
	json_counts(&json, "pages_by_type", types, stat->lives_by_type);
	sim_json_number(&json, "reuses", (double)stat->reuses_count);
	sim_json_object(&json, "reuse_ns");
	for (u32 q = 0; q < TR_STAT_QUANTILES; q++) {
		char name[8];
		snprintf(name, sizeof(name), "p%u", stat->reuse_percent[q]);
		sim_json_number(&json, name, (double)stat->reuse_ns[q]);
	}
	sim_json_close(&json);
	sim_json_number(&json, "interval_ns", (double)stat->interval_ns);
	sim_json_array(&json, "intervals");
	for (u32 i = 0; i < stat->intervals_count; i++) {
		const struct tr_stat_interval *interval = &stat->interval[i];
		sim_json_object(&json, NULL);
		sim_json_number(&json, "from_ns", (double)(i * stat->interval_ns));
		sim_json_number(&json, "accesses", (double)interval->accesses_count);
		sim_json_number(&json, "writes", (double)interval->writes_count);
		sim_json_number(&json, "working_set_bytes",
				(double)interval->working_set_pages * TR_PAGE_SIZE);
		sim_json_number(&json, "new_bytes", (double)interval->new_pages * TR_PAGE_SIZE);
		sim_json_number(&json, "live_bytes", (double)interval->live_pages * TR_PAGE_SIZE);
		sim_json_number(&json, "idle_ns", (double)interval->idle_ns);
		sim_json_close(&json);
	}
	sim_json_close(&json);
	sim_json_finish(&json);
}

static int info(const struct options *options, struct tr_stat *stat, struct tr_error *error)
{
	struct tr_file *file;
	int rc = tr_file_open(&file, options->path, error);

	if (rc)
		return rc;
	const struct tr_meta *meta = tr_file_meta(file);
	rc = tr_stat_collect(stat, file, (u32)options->intervals_count, error);
	if (!rc && options->json) {
		print_json(meta, stat, tr_file_digest(file));
	} else if (!rc) {
		printf("%-14s%s\n", "trace", options->path);
		print_origin(meta->origin);
		print_totals(meta, stat, tr_file_digest(file));
		print_accesses(stat);
		print_intervals(meta, stat);
	}
	tr_file_close(file);
	return rc;
}

int cmd_trace_info(int argc, char **argv)
{
	static const struct argp argp = { argp_options, parse, "FILE.wst", doc, NULL, NULL, NULL };
	struct options options = { .intervals_count = 12 };
	struct tr_stat *stat = malloc(sizeof(*stat));
	struct tr_error error = { "wssim: out of memory" };
	int rc = -ENOMEM;

	if (argp_parse(&argp, argc, argv, 0, NULL, &options)) {
		free(stat);
		return EXIT_USAGE;
	}
	if (stat)
		rc = info(&options, stat, &error);
	free(stat);
	return rc ? cmd_fail(rc, &error) : EXIT_DONE;
}
