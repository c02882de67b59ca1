/* SPDX-License-Identifier: BSD-2-Clause */
/* main.c - finds the command and calls it. */
#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cmd.h"

/* Every command's --version. */
const char *argp_program_version = "wssim 1.0";

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *summary;
} commands[] = {
	{ "run", cmd_run, "simulate a scenario under one policy" },
	{ "compare", cmd_compare, "simulate a scenario under several policies, and compare" },
	{ "oracle", cmd_oracle, "bounds: fewest page-ins, most memory saved, by knowing the future" },
	{ "sweep", cmd_sweep, "many runs from one plan, resumable, here or on Slurm" },
	{ "trial", cmd_trial, "reclaim algorithms in many settings: gains and regressions" },
	{ "replay", cmd_replay, "run a journal again and stop at the first difference" },
	{ "policies", cmd_policies, "list the balloon policies, or tell all about one" },
	{ "lint", cmd_lint, "what is wrong with a policy: drive it through disturbances" },
	{ "explain", cmd_explain, "why a balloon moved: the numbers behind each decision of a run" },
	{ "whatif", cmd_whatif, "what policies would do to these VMs on this host" },
	{ "size", cmd_size, "smallest guest or largest balloon for a bound on slowdown" },
	{ "density", cmd_density, "how many VMs of a kind fit on a host" },
	{ "reclaim", cmd_reclaim, "one guest, many reclaim algorithms and sizes: misses and speed" },
	{ "mrc", cmd_mrc, "miss-ratio curve of a trace, exact or sampled" },
	{ "ages", cmd_ages, "sources of page ages over one trace: their errors and costs" },
	{ "trace", cmd_trace, "record, import, generate and look at page traces" },
	{ "truth", cmd_truth, "compare the core's generations with a real kernel's" },
	{ "kat", cmd_kat, "known answers of the portable core, to compare with a kernel's" },
	{ NULL, NULL, NULL },
};

/* Return: @status, or EXIT_FAILED with a line when what was printed cannot be written. */
static int flush(int status)
{
	if (!fflush(stdout) && !ferror(stdout))
		return status;
	fputs("wssim: standard output: cannot be written\n", stderr);
	return EXIT_FAILED;
}

static void usage(FILE *to)
{
	fputs("Usage: wssim COMMAND [OPTION...]\n"
	      "Simulate working set reporting and balloon policies on overcommitted VM hosts.\n\n",
	      to);
	for (size_t i = 0; commands[i].name; i++)
		fprintf(to, "  %-10s %s\n", commands[i].name, commands[i].summary);
	fputs("\n'wssim COMMAND --help' tells more about each, with examples.\n", to);
}

int main(int argc, char **argv)
{
	argp_err_exit_status = EXIT_USAGE;
	if (argc < 2) {
		usage(stderr);
		return EXIT_USAGE;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "help")) {
		usage(stdout);
		return flush(EXIT_DONE);
	}
	if (!strcmp(argv[1], "--version") || !strcmp(argv[1], "-V")) {
		puts(argp_program_version);
		return flush(EXIT_DONE);
	}
	for (size_t i = 0; commands[i].name; i++) {
		if (strcmp(argv[1], commands[i].name))
			continue;
		char name[64];
		snprintf(name, sizeof(name), "wssim %s", argv[1]);
		argv[1] = name;
		return flush(commands[i].run(argc - 1, argv + 1));
	}
	fprintf(stderr, "wssim: %s: no such command; 'wssim --help' lists them\n", argv[1]);
	return EXIT_USAGE;
}
