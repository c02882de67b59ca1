/* SPDX-License-Identifier: BSD-2-Clause */
/* cmd_trace_import.c - wssim trace import: another tool's trace becomes a .wst file. */
#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/cmd.h"
#include "cli/cmd_options.h"
#include "cli/cmd_trace.h"
#include "tr_import.h"
#include "tr_origin.h"
#include "tr_units.h"

enum {
	KEY_EXPAND = 256,
	KEY_ID_BYTES,
	KEY_CSV,
	KEY_ACCESS_TIME,
	KEY_IDLE_GAP,
	KEY_TYPE,
	KEY_WINDOW,
	KEY_SEED,
	KEY_NOTE,
	KEY_MEMORY,
	KEY_SCALE,
	KEY_HOT,
	KEY_WARM,
	KEY_VM
};

struct options {
	struct tr_import_options import;
	const char *input, *output, *format, *note;
	u64 count, window_ns;
	const char *demand_option; /* one that was given and is for demand series only */
	int type; /* -1: the format's */
	bool has_window;
};

/* Only some formats have a use for them. */
static const char *demand_option_name(int key)
{
	switch (key) {
	case KEY_MEMORY: return "--memory";
	case KEY_SCALE: return "--time-scale";
	case KEY_HOT: return "--hot";
	case KEY_WARM: return "--warm";
	case KEY_VM: return "--vm";
	default: return NULL;
	}
}

static void time_arg(struct argp_state *state, const char *name, const char *arg, u64 *value)
{
	if (tr_parse_ns(arg, value))
		argp_error(state, "%s: %s: not a time such as 250ms or 10s", name, arg);
}

static int type_arg(struct argp_state *state, const char *arg)
{
	static const char *const names[] = { "anon", "file", "unevictable" };

	for (int i = 0; i < 3; i++)
		if (!strcmp(arg, names[i]))
			return i;
	argp_error(state, "--type: %s: not anon, file or unevictable", arg);
	return -1;
}

/* "0.2/10s": a share, and how often it is used. */
static void share_arg(struct argp_state *state, const char *name, char *arg, u32 *share, u64 *ns)
{
	char *slash = strchr(arg, '/'), *end;
	double value = strtod(arg, &end);

	if (!slash || end != slash || !(value >= 0 && value <= 1) || tr_parse_ns(slash + 1, ns) ||
	    *ns < 1000000000)
		argp_error(state, "%s: %s: wanted SHARE/TIME, as 0.2/10s, of at least a second",
			   name, arg);
	*share = (u32)(value * TR_DEMAND_ONE);
}

static error_t parse_demand(int key, char *arg, struct argp_state *state,
			    struct tr_import_options *import)
{
	char *end;
	double scale;

	switch (key) {
	case KEY_MEMORY:
		if (tr_parse_bytes(arg, &import->demand.memory_bytes) ||
		    import->demand.memory_bytes < 1 << 20 || import->demand.memory_bytes > 1ull << 44)
			argp_error(state, "--memory: %s: not a size from 1MiB to 16TiB", arg);
		return 0;
	case KEY_SCALE:
		scale = strtod(arg, &end);
		if (end == arg || *end || !(scale >= 1 && scale <= 1e6))
			argp_error(state, "--time-scale: %s: not a number from 1 to 1000000", arg);
		import->demand.time_scale = (u64)(scale * TR_DEMAND_ONE);
		return 0;
	case KEY_HOT:
		share_arg(state, "--hot", arg, &import->demand.hot, &import->demand.hot_ns);
		return 0;
	case KEY_WARM:
		share_arg(state, "--warm", arg, &import->demand.warm, &import->demand.warm_ns);
		return 0;
	case KEY_VM:
		import->vm = arg;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static error_t parse_more(int key, char *arg, struct argp_state *state, struct options *options)
{
	switch (key) {
	case KEY_EXPAND:
		options->import.expand = true;
		return 0;
	case KEY_ID_BYTES:
		if (tr_parse_bytes(arg, &options->import.id_bytes) || !options->import.id_bytes ||
		    options->import.id_bytes > 1u << 30)
			argp_error(state, "--id-bytes: %s: not a size up to 1GiB", arg);
		return 0;
	case KEY_CSV:
		options->import.csv = arg;
		if (!options->format)
			options->format = "csv";
		return 0;
	case KEY_ACCESS_TIME:
		time_arg(state, "--access-time", arg, &options->import.access_ns);
		return 0;
	case KEY_IDLE_GAP:
		time_arg(state, "--idle-gap", arg, &options->import.idle_gap_ns);
		return 0;
	case KEY_TYPE:
		options->type = type_arg(state, arg);
		return 0;
	case KEY_WINDOW:
		time_arg(state, "--window", arg, &options->window_ns);
		options->has_window = true;
		return 0;
	case KEY_SEED:
		if (tr_parse_count(arg, &options->import.seed))
			argp_error(state, "--seed: %s: not a number", arg);
		return 0;
	case KEY_NOTE:
		options->note = arg;
		return 0;
	default:
		if (demand_option_name(key))
			options->demand_option = demand_option_name(key);
		return parse_demand(key, arg, state, &options->import);
	}
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct options *options = state->input;

	switch (key) {
	case 'o':
		options->output = arg;
		return 0;
	case 'f':
		options->format = arg;
		return 0;
	case 'n':
		if (tr_parse_count(arg, &options->count) || !options->count)
			argp_error(state, "--count: %s: not a count", arg);
		return 0;
	case ARGP_KEY_ARG:
		if (options->input)
			argp_error(state, "one input at a time");
		options->input = arg;
		return 0;
	case ARGP_KEY_END:
		if (!options->input)
			argp_error(state, "no input; '-' is standard input");
		if (!options->output)
			argp_error(state, "no -o FILE to write to");
		return 0;
	default:
		return parse_more(key, arg, state, options);
	}
}

static const struct argp_option argp_options[] = {
	{ "output", 'o', "FILE", 0, "the trace to write; it appears when it is whole", 0 },
	{ "format", 'f', "FORMAT", 0, "instead of finding it by the first bytes", 0 },
	{ "count", 'n', "COUNT", 0, "only so many records", 0 },
	{ "csv", KEY_CSV, "COLUMNS", 0,
	  "columns of csv: page=5,time=1,size=4,op=3,stream=2 (or names of the header), "
	  "time-unit=us, page-unit=512, device=2, has-header, delimiter=comma; or msr; or alibaba",
	  1 },
	{ "expand", KEY_EXPAND, NULL, 0,
	  "a request becomes an access for each 4 KiB block that it covers, not one at its id", 1 },
	{ "id-bytes", KEY_ID_BYTES, "SIZE", 0, "what an id counts, for --expand (default: the format's)",
	  1 },
	{ "access-time", KEY_ACCESS_TIME, "TIME", 0,
	  "from access to access where the format has no times (default 1us)", 2 },
	{ "idle-gap", KEY_IDLE_GAP, "TIME", 0, "a gap of so long is idling, not compute", 2 },
	{ "window", KEY_WINDOW, "TIME", 0, "reuse inside this time is not in the source", 2 },
	{ "type", KEY_TYPE, "TYPE", 0, "of the pages: anon, file or unevictable", 2 },
	{ "seed", KEY_SEED, "N", 0, "of formats that are sampled (damon)", 2 },
	{ "memory", KEY_MEMORY, "SIZE", 0,
	  "demand series: of the VM (default 2GiB; bitbrains: what it had)", 3 },
	{ "time-scale", KEY_SCALE, "FACTOR", 0,
	  "demand series: divide its times, so that a day fits into an hour with 24 (default 1)", 3 },
	{ "hot", KEY_HOT, "SHARE/TIME", 0,
	  "demand series: so much of it is used every so often (default 0.2/10s)", 3 },
	{ "warm", KEY_WARM, "SHARE/TIME", 0, "and so much (default 0.3/5m); the rest never", 3 },
	{ "vm", KEY_VM, "NAME", 0, "alibaba: this container (default: the first of the file)", 3 },
	{ "note", KEY_NOTE, "TEXT", 0, "a line for the trace's origin, such as a licence", 2 },
	{ 0 },
};

static const char doc[] =
	"Turn another tool's trace into a .wst file. Input may be packed by gzip, xz or zstd; "
	"'-' is standard input.\v"
	"Examples:\n"
	"  wssim trace import cloudphysics.oracleGeneral.zst -o cp.wst\n"
	"  wssim trace import --expand --idle-gap 1s w01.vscsi -o w01.wst\n"
	"  wssim trace import --csv time=2,page=5,size=4,op=3,has-header t.csv -o t.wst\n"
	"  damo report raw | wssim trace import - -o damon.wst\n"
	"  wssim trace import -f gcd vm_6127640366 --time-scale 24 -o vm.wst\n\n"
	"Demand series (gcd, alibaba, bitbrains) tell how much memory a VM used over time and not "
	"which pages: accesses are generated to match, by the model that --hot and --warm set and "
	"that the trace's origin states, with the time scale.";

static bool format_row(u32 i, const char **name, const char **what)
{
	*name = tr_import_format_name(i);
	*what = *name ? tr_import_format_help(i) : NULL;
	return *name;
}

static char *help_filter(int key, const char *text, void *input)
{
	(void)input;
	return key == ARGP_KEY_HELP_POST_DOC ? cmd_option_list(text, "Formats", format_row) :
					       (char *)text;
}

static int check_options(const struct options *options, const struct tr_import_info *info,
			 struct tr_error *error)
{
	if (options->demand_option && !tr_import_is_demand(info->format))
		return tr_fail(error, -EINVAL,
			       "%s: is %s, and %s is for demand series (gcd, alibaba, bitbrains)",
			       options->input, info->format, options->demand_option);
	if (options->import.csv && strcmp(info->format, "csv"))
		return tr_fail(error, -EINVAL, "%s: is read as %s, and --csv is for csv",
			       options->input, info->format);
	return 0;
}

static int open_writer(struct tr_writer **writer, const struct options *options,
		       const struct tr_import_info *info, char **argv, struct tr_error *error)
{
	struct tr_origin origin = { 0 };
	const char *slash = strrchr(options->input, '/');
	char model[TR_DEMAND_TEXT];
	struct tr_meta meta = {
		.numbering = info->numbering,
		.default_type = options->type < 0 ? info->default_type : (u32)options->type,
		.window_ns = options->has_window ? options->window_ns : info->window_ns,
	};
	int rc = tr_origin_add(&origin, "kind", "imported") ||
		 tr_origin_add(&origin, "source", "%s", slash ? slash + 1 : options->input) ||
		 tr_origin_add(&origin, "format", "%s", info->format) ||
		 tr_origin_add_command(&origin, "command", argv) ||
		 (tr_import_is_demand(info->format) &&
		  tr_origin_add(&origin, "model", "%s",
				tr_demand_text(&options->import.demand, model))) ||
		 (options->note && tr_origin_add(&origin, "note", "%s", options->note));

	return cmd_trace_begin(writer, options->output, &meta, &origin, rc, error);
}

/* Replacing the input by what was read from it would lose what .wst does not keep. */
static bool is_own_input(const struct options *options)
{
	struct stat input, output;

	return !stat(options->input, &input) && !stat(options->output, &output) &&
	       input.st_ino == output.st_ino && input.st_dev == output.st_dev;
}

int cmd_trace_import(int argc, char **argv)
{
	static const struct argp argp = { argp_options, parse,	     "INPUT -o OUTPUT.wst", doc,
					  NULL,		help_filter, NULL };
	struct options options = { .type = -1 };
	struct cmd_trace_feed feed;
	struct tr_error error = { "" };
	struct tr_import *import;
	struct tr_writer *writer;

	tr_import_options_init(&options.import);
	if (argp_parse(&argp, argc, argv, 0, NULL, &options))
		return EXIT_USAGE;
	if (is_own_input(&options)) {
		tr_fail(&error, -EINVAL, "%s: is the input, too", options.output);
		return cmd_fail(-EINVAL, &error);
	}
	int rc = tr_import_open(&import, options.input, options.format, &options.import, &error);
	if (rc)
		return cmd_fail(rc, &error);
	const struct tr_import_info *info = tr_import_info(import);
	rc = check_options(&options, info, &error);
	if (!rc)
		rc = open_writer(&writer, &options, info, argv, &error);
	if (rc) {
		tr_import_close(import);
		return cmd_fail(rc, &error);
	}
	cmd_trace_feed_open(&feed, writer, options.count);
	rc = tr_import_run(import, cmd_trace_feed_sink(&feed), &error);
	if (!rc && !feed.records_count)
		rc = tr_fail(&error, -EINVAL, "%s: no records", options.input);
	int status = cmd_trace_feed_close(&feed, rc, &error);
	if (status == EXIT_DONE) {
		printf("%s: read as %s\n", options.input, info->format);
		if (tr_import_is_demand(info->format)) {
			char model[TR_DEMAND_TEXT];
			printf("%s: %s\n", options.input,
			       tr_demand_text(&options.import.demand, model));
			if (info->clamped_count)
				printf("%s: %llu samples of more than all memory were taken as all\n",
				       options.input, info->clamped_count);
		} else if (info->clamped_count)
			printf("%s: %llu times went back and were taken as equal\n", options.input,
			       info->clamped_count);
		cmd_trace_report(options.output);
	}
	tr_import_close(import);
	return status;
}
