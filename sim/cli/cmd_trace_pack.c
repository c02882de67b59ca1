/* SPDX-License-Identifier: BSD-2-Clause */
/* cmd_trace_pack.c - wssim trace pack: .wst files rewritten as they are read fastest. */
#include <argp.h>

#include "cli/cli_stop.h"
#include "cli/cmd.h"
#include "cli/cmd_trace.h"
#include "tr_repack.h"

struct options {
	const char *output;
	char **paths;
	u32 paths_count;
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct options *options = state->input;

	switch (key) {
	case 'o':
		options->output = arg;
		return 0;
	case ARGP_KEY_ARGS:
		options->paths = state->argv + state->next;
		options->paths_count = (u32)(state->argc - state->next);
		return 0;
	case ARGP_KEY_END:
		if (!options->paths_count)
			argp_error(state, "no file");
		if (options->output && options->paths_count > 1)
			argp_error(state, "-o: for one file at a time");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_option argp_options[] = {
	{ "output", 'o', "FILE", 0, "write to FILE, and leave the other as it is", 0 },
	{ 0 },
};

static const char doc[] =
	"Rewrite .wst files, so that what an earlier version of wssim wrote is read as fast as "
	"what this one writes.\v"
	"Examples:\n"
	"  wssim trace pack *.wst\n"
	"  wssim trace pack old.wst -o new.wst\n"
	"\n"
	"Records, times and all else stay. A file's digest, which results name, changes; and "
	"versions of wssim that did not pack runs in columns do not read the result. A file is "
	"replaced when the new one is whole.\n";

int cmd_trace_pack(int argc, char **argv)
{
	static const struct argp argp = { argp_options, parse, "FILE.wst...", doc, NULL, NULL, NULL };
	struct options options = { .output = NULL };
	struct tr_error error = { "" };

	if (argp_parse(&argp, argc, argv, 0, NULL, &options))
		return EXIT_USAGE;
	cli_stop_install();
	for (u32 i = 0; i < options.paths_count; i++) {
		const char *to = options.output ? options.output : options.paths[i];
		int rc = tr_repack(options.paths[i], to, &cli_stop, &error);

		if (rc)
			return cmd_fail(rc, &error);
		cmd_trace_report(to);
	}
	return EXIT_DONE;
}
