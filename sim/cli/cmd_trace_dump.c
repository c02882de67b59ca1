/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cmd_trace_dump.c - wssim trace dump: the records of a .wst file, one a line.
 *
 * The text is csv that "wssim trace import" reads back.  Its pages are the trace's
 * dense numbers, its times what the runs say.
 */
#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/cmd.h"
#include "cli/cmd_options.h"
#include "cli/cmd_trace.h"
#include "tr_units.h"

enum { KEY_FROM = 256, KEY_STREAM };

struct options {
	const char *path;
	u64 from_ns, count;
	int stream;
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct options *options = state->input;
	u64 value;

	switch (key) {
	case KEY_FROM:
		if (tr_parse_ns(arg, &options->from_ns))
			argp_error(state, "--from: %s: not a time such as 250ms or 10s", arg);
		return 0;
	case 'n':
		if (tr_parse_count(arg, &options->count) || !options->count)
			argp_error(state, "--count: %s: not a count", arg);
		return 0;
	case KEY_STREAM:
		if (tr_parse_count(arg, &value) || value > 65535)
			argp_error(state, "--stream: %s: not a stream's number", arg);
		options->stream = (int)value;
		return 0;
	default:
		return cmd_option_input(key, arg, state, "trace", &options->path);
	}
}

static const struct argp_option argp_options[] = {
	{ "from", KEY_FROM, "TIME", 0, "begin at this time of the trace", 0 },
	{ "count", 'n', "COUNT", 0, "print only so many records", 0 },
	{ "stream", KEY_STREAM, "N", 0, "only this stream", 0 },
	{ 0 },
};

static const char doc[] =
	"Print the records of a .wst file, one a line.\v"
	"Examples:\n"
	"  wssim trace dump redis.wst --count 20\n"
	"  wssim trace dump redis.wst --from 90s --stream 1\n"
	"  wssim trace dump redis.wst | wssim trace import - -o same.wst\n"
	"\n"
	"Columns: time_ns, stream, op (access, alloc, free, idle), page (dense number), write "
	"(0 or 1), kind (mapped, descriptor, kernel), and of allocations type (anon, file, "
	"unevictable), memcg and node. The time of idle is when it ends.\n";

static void print_record(const struct tr_run *run, u64 time_ns, u32 entry)
{
	static const char *const ops[] = { "access", "alloc", "free", "idle" };
	static const char *const kinds[] = { "mapped", "descriptor", "kernel" };
	static const char *const types[] = { "anon", "file", "unevictable" };

	printf("%llu,%u,%s,%u,%u,%s,", time_ns, run->stream, ops[run->op], TR_PAGE(entry),
	       TR_IS_WRITE(entry), kinds[run->kind]);
	if (run->op == TR_ALLOC)
		printf("%s,%u,%u\n", types[run->type], run->memcg, run->node);
	else
		puts(",,");
}

/* Returns false when the count is reached. */
static bool print_run(const struct tr_run *run, u64 *left)
{
	if (run->op == TR_IDLE) {
		printf("%llu,%u,idle,,,,,,\n", run->time_ns + run->span_ns, run->stream);
		return --*left;
	}
	for (u32 i = 0; i < run->count; i++) {
		u64 offset = (u64)((unsigned __int128)run->span_ns * i / run->count);
		print_record(run, run->time_ns + offset, run->page[i]);
		if (!--*left)
			return false;
	}
	return true;
}

static int dump(const struct options *options, struct tr_error *error)
{
	struct tr_cursor *cursor;
	struct tr_file *file;
	struct tr_run run;
	u64 left = options->count ? options->count : ~0ull;
	int rc = tr_file_open(&file, options->path, error);

	if (rc)
		return rc;
	rc = tr_cursor_open(&cursor, file, options->stream, error);
	if (rc) {
		tr_file_close(file);
		return rc;
	}
	tr_cursor_seek(cursor, options->from_ns);
	puts("time_ns,stream,op,page,write,kind,type,memcg,node");
	while ((rc = tr_cursor_next(cursor, &run, error)) == 1)
		if (!print_run(&run, &left) || ferror(stdout))
			break;
	tr_cursor_close(cursor);
	tr_file_close(file);
	return rc < 0 ? rc : 0;
}

int cmd_trace_dump(int argc, char **argv)
{
	static const struct argp argp = { argp_options, parse, "FILE.wst", doc, NULL, NULL, NULL };
	struct options options = { .stream = TR_MERGED };
	struct tr_error error = { "" };

	if (argp_parse(&argp, argc, argv, 0, NULL, &options))
		return EXIT_USAGE;
	int rc = dump(&options, &error);
	return rc ? cmd_fail(rc, &error) : EXIT_DONE;
}
