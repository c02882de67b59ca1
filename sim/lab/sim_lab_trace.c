/* SPDX-License-Identifier: BSD-2-Clause */
/* sim_lab_trace.c - a trace in memory, and its future for OPT. */
#include <stdlib.h>
#include <string.h>

#include "lab/sim_lab.h"

void sim_lab_trace_adopt(struct sim_lab_trace *trace, struct tr_array *array)
{
	*trace = (struct sim_lab_trace){ .array = *array };
	trace->pages_count = (array->pages_count + 63) & ~63u;
	*array = (struct tr_array){ 0 };
}

/* Backwards, last[page] is where the page is used next; a free ends the page. */
int sim_lab_trace_future(struct sim_lab_trace *trace)
{
	const struct tr_array *array = &trace->array;
	u64 free_index = array->frees_count;

	if (trace->next_use)
		return 0;
	if (array->count + trace->pages_count >= SIM_NEVER)
		return -ERANGE;
	u32 *seen = malloc(sizeof(u32) * (trace->pages_count + 1ull));
	trace->next_use = malloc(sizeof(u32) * (array->count + 1));
	if (!seen || !trace->next_use) {
		free(seen);
		free(trace->next_use);
		trace->next_use = NULL;
		return -ENOMEM;
	}
	memset(seen, 0xff, sizeof(u32) * trace->pages_count);
	for (u64 i = array->count; i-- > 0;) {
		/* Frees before access i + 1 come, seen backwards, before access i. */
		while (free_index && array->frees[free_index - 1].position > i)
			seen[array->frees[--free_index].page] = SIM_NEVER;
		u32 page = TR_PAGE(array->page[i]);
		trace->next_use[i] = seen[page];
		seen[page] = (u32)i;
	}
	free(seen);
	return 0;
}
