/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fuzz_scenario.c - any bytes as a scenario: refused with one line, or read, echoed and
 * read again as the same.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scenario/sim_scenario_read.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static void check(bool holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "fuzz_scenario: %s\n", what);
	abort();
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	struct sim_scenario scenario, again;
	struct tr_error error = { "" };
	char *echo;

	/* Traces are looked for in a folder where every name but this file's is missing. */
	if (sim_scenario_read_text(&scenario, "tests/fuzz.json", (const char *)data, size, NULL, 0,
				   NULL, &error)) {
		check(*error.text && !strchr(error.text, '\n'), "an error without its line");
		return 0;
	}
	echo = sim_scenario_print(&scenario);
	check(echo, "no echo");
	check(!sim_scenario_read_text(&again, "tests/fuzz.json", echo, strlen(echo), NULL, 0, NULL,
				      &error), error.text);
	check(sim_scenario_digest(&scenario) == sim_scenario_digest(&again), "echo differs");
	free(echo);
	sim_scenario_free(&again);
	sim_scenario_free(&scenario);
	return 0;
}
