/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fuzz_plan.c - any bytes as a sweep's plan: refused with one line, or read, and then
 * every cell has coordinates inside the axes and no two cells have the same.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sweep/sim_plan.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static void check(bool holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "fuzz_plan: %s\n", what);
	abort();
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	char label[SIM_PLAN_LABEL_MAX];
	struct tr_error error = { "" };
	struct sim_plan plan;
	struct sim_cell before = { .scenario = ~0u };

	if (sim_plan_read_text(&plan, "tests/fuzz.json", (const char *)data, size, &error)) {
		check(*error.text && !strchr(error.text, '\n'), "an error without its line");
		return 0;
	}
	check(plan.variants_count && plan.cells_count && sim_plan_samples(&plan), "an empty plan");
	for (u32 cell = 0; cell < plan.cells_count && cell < 1000; cell++) {
		struct sim_cell at = sim_plan_cell(&plan, cell);
		check(at.scenario < plan.scenarios_count, "no such scenario");
		for (u32 i = 0; i < plan.axes_count; i++)
			check(at.value[i] < (int)plan.axis[i].values_count &&
			      (plan.each || at.value[i] >= 0), "no such value");
		check(memcmp(&at, &before, sizeof(at)), "two cells alike");
		before = at;
		check(strlen(sim_plan_cell_label(&plan, cell, label)) < sizeof(label), "a long label");
	}
	sim_plan_free(&plan);
	return 0;
}
