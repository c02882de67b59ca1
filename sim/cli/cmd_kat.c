/* SPDX-License-Identifier: BSD-2-Clause */
/* cmd_kat.c - wssim kat: the core's known answers, to compare with those of a kernel. */
#include <argp.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/cmd.h"
#include "scenario/sim_json_write.h"
#include "ws_kat.h"

static const struct argp_option options[] = {
	{ "json", 'J', NULL, 0, "print a JSON object", 0 },
	{ 0 },
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	if (key == 'J') {
		*(bool *)state->input = true;
		return 0;
	}
	if (key == ARGP_KEY_ARG)
		argp_error(state, "%s: no argument is expected", arg);
	return ARGP_ERR_UNKNOWN;
}

static const struct argp argp = {
	.options = options,
	.parser = parse,
	.doc = "Run the portable core on fixed inputs and print one digest per module."
	       "\vThe digests are the same in every environment: the kernel module of kernel-port/ "
	       "prints them when it is loaded, and a module whose line differs computes something "
	       "else there.\n\n"
	       "Examples:\n"
	       "  wssim kat\n"
	       "  diff <(wssim kat) <(dmesg | sed -n 's/.*ws: kat //p')",
};

static void print_json(const struct ws_kat_result *result)
{
	struct sim_json_writer json;

	sim_json_begin(&json, stdout);
	for (u32 i = 0; i < WS_KAT_COUNT; i++)
		sim_json_hex(&json, result[i].name, result[i].digest);
	sim_json_finish(&json);
}

int cmd_kat(int argc, char **argv)
{
	struct ws_kat_result result[WS_KAT_COUNT];
	u64 size = ws_kat_footprint();
	void *scratch = malloc(size);
	bool json = false;
	int rc;

	argp_parse(&argp, argc, argv, 0, NULL, &json);
	rc = scratch ? ws_kat_run(scratch, size, result) : -1;
	free(scratch);
	if (rc) {
		fprintf(stderr, "wssim kat: out of memory\n");
		return EXIT_FAILED;
	}
	if (json) {
		print_json(result);
	} else {
		for (u32 i = 0; i < WS_KAT_COUNT; i++)
			printf("%-8s %016llx\n", result[i].name, result[i].digest);
	}
	return EXIT_DONE;
}
