/* SPDX-License-Identifier: BSD-2-Clause */
/* cmd_trace.c - wssim trace: finds the subcommand and calls it. */
#include <stdio.h>
#include <string.h>

#include "cli/cmd.h"
#include "cli/cmd_trace.h"
#include "cli/cmd_trace_record.h"

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *summary;
} subcommands[] = {
	{ "record", cmd_trace_record, "record a command's or a guest's page accesses" },
	{ "import", cmd_trace_import, "turn another tool's trace into a .wst file" },
	{ "gen", cmd_trace_gen, "make a trace of a known pattern, by seed" },
	{ "info", cmd_trace_info, "footprint, reuse, rate and working set of a .wst file" },
	{ "pack", cmd_trace_pack, "rewrite .wst files of earlier versions, to read them faster" },
	{ "dump", cmd_trace_dump, "print the records of a .wst file" },
	{ NULL, NULL, NULL },
};

static void usage(FILE *to)
{
	fputs("Usage: wssim trace SUBCOMMAND [OPTION...]\n"
	      "Make and look at page traces.\n\n",
	      to);
	for (size_t i = 0; subcommands[i].name; i++)
		fprintf(to, "  %-10s %s\n", subcommands[i].name, subcommands[i].summary);
	fputs("\n'wssim trace SUBCOMMAND --help' tells more about each, with examples.\n", to);
}

int cmd_trace(int argc, char **argv)
{
	if (argc < 2) {
		usage(stderr);
		return EXIT_USAGE;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-?") || !strcmp(argv[1], "help")) {
		usage(stdout);
		return EXIT_DONE;
	}
	for (size_t i = 0; subcommands[i].name; i++) {
		if (strcmp(argv[1], subcommands[i].name))
			continue;
		char name[64];
		snprintf(name, sizeof(name), "wssim trace %s", argv[1]);
		argv[1] = name;
		return subcommands[i].run(argc - 1, argv + 1);
	}
	fprintf(stderr, "wssim: trace %s: no such subcommand; 'wssim trace --help' lists them\n",
		argv[1]);
	return EXIT_USAGE;
}
