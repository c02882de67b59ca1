/* SPDX-License-Identifier: BSD-2-Clause */
/* sim_future.c - the timeline of a guest's accesses, and when each page is used next. */
#include <errno.h>
#include <stdlib.h>

#include "model/sim_future.h"
#include "model/sim_guest.h"

#define POSITIONS_MAX 0x7fffff00u
/* A mark in the timeline: the page's life ends here.  Taken out before anybody sees it. */
#define ENDS 1u

static int append(struct sim_future *future, u32 entry)
{
	if (future->count == future->capacity) {
		u32 capacity = future->capacity ? 2 * future->capacity : 1u << 20;
		u32 *grown = future->count < POSITIONS_MAX / 2
				     ? realloc(future->timeline, capacity * sizeof(u32))
				     : NULL;

		if (!grown)
			return -ENOMEM;
		future->timeline = grown;
		future->capacity = capacity;
	}
	future->timeline[future->count++] = entry;
	return 0;
}

/* The places of each stream's accesses in one repetition of a source. */
static int order_source(struct sim_future *future, const struct sim_source *source, u32 index,
			struct tr_error *error)
{
	const struct tr_meta *meta = tr_file_meta(source->file);
	u32 **order = future->order + index * future->streams_count;
	u32 *length = future->lengths + index * future->streams_count, place = 0;
	struct tr_cursor *cursor;
	struct tr_run run;
	int rc = tr_cursor_open(&cursor, source->file, TR_MERGED, error);

	for (u32 i = 0; !rc && i < meta->streams_count; i++) {
		order[i] = malloc((meta->records[TR_ACCESS] + 1) * sizeof(u32));
		if (!order[i])
			rc = tr_fail(error, -ENOMEM, "%s: out of memory", source->path);
	}
	while (!rc && (rc = tr_cursor_next(cursor, &run, error)) > 0) {
		rc = 0;
		for (u32 i = 0; i < run.count; i++, place++)
			if (run.op == TR_ACCESS)
				order[run.stream][length[run.stream]++] = place;
	}
	tr_cursor_close(cursor);
	return rc;
}

/* One repetition: accesses, and ends of lives, which take a place too. */
static int play(struct sim_future *future, const struct sim_source *source, struct tr_error *error)
{
	struct tr_cursor *cursor;
	struct tr_run run;
	int rc = tr_cursor_open(&cursor, source->file, TR_MERGED, error);

	while (!rc && (rc = tr_cursor_next(cursor, &run, error)) > 0) {
		rc = 0;
		for (u32 i = 0; !rc && i < run.count; i++) {
			u32 page = source->base + TR_PAGE(run.page[i]);

			rc = append(future, page << 1 | (run.op == TR_ACCESS ? 0 : ENDS));
		}
	}
	tr_cursor_close(cursor);
	return rc == -ENOMEM ? tr_fail(error, rc, "%s: too many accesses for \"opt\"", source->path)
			     : rc;
}

static int play_all(struct sim_future *future, struct sim_guest *guest, struct tr_error *error)
{
	const struct sim_vm_config *config = guest->config;
	const struct sim_workload *workload = &guest->workload;
	u64 end_ns = guest->engine->scenario->duration_ns, time_ns = 0;
	u32 segment = 0, repetition = 0;

	while (time_ns < end_ns) {
		const struct sim_segment *now = &config->segment[segment];
		const struct sim_source *source = &workload->source[workload->segment_source[segment]];
		u32 *starts = realloc(future->starts, (future->starts_count + 1) * sizeof(u32));

		if (!starts)
			return tr_fail(error, -ENOMEM, "%s: out of memory", config->name);
		future->starts = starts;
		starts[future->starts_count++] = future->count;
		if (now->trace[0]) {
			int rc = play(future, source, error);

			if (rc)
				return rc;
			time_ns += tr_file_meta(source->file)->span_ns + 1;
		}
		time_ns += now->idle_ns;
		if (++repetition >= (now->repeat ? now->repeat : 1)) {
			repetition = 0;
			segment = (segment + 1) % config->segments_count;
			if (!segment && (!config->loop || !time_ns))
				break;
		}
	}
	return 0;
}

/* From the back: when is what is used here used next? */
static int look_back(struct sim_future *future, u32 pages_count)
{
	u32 *next = malloc((u64)pages_count * sizeof(u32));

	future->next_use = malloc(((u64)future->count + 1) * sizeof(u32));
	if (!next || !future->next_use) {
		free(next);
		return -ENOMEM;
	}
	for (u32 page = 0; page < pages_count; page++)
		next[page] = SIM_NEVER;
	for (u32 i = future->count; i-- > 0;) {
		u32 page = future->timeline[i] >> 1;

		future->next_use[i] = next[page];
		next[page] = future->timeline[i] & ENDS ? SIM_NEVER : i;
		future->timeline[i] &= ~ENDS;
	}
	free(next);
	return 0;
}

int sim_future_init(struct sim_future *future, struct sim_guest *guest, struct tr_error *error)
{
	const struct sim_workload *workload = &guest->workload;
	u32 lists = workload->sources_count * workload->streams_count;

	*future = (struct sim_future){
		.streams_count = workload->streams_count,
		.sources_count = workload->sources_count,
		.order = calloc(lists + 1, sizeof(u32 *)),
		.lengths = calloc(lists + 1, sizeof(u32)),
	};
	if (!future->order || !future->lengths)
		return tr_fail(error, -ENOMEM, "%s: out of memory", guest->config->name);
	for (u32 i = 0; i < workload->sources_count; i++) {
		int rc = order_source(future, &workload->source[i], i, error);

		if (rc)
			return rc;
	}
	if (guest->config->segments_count) {
		int rc = play_all(future, guest, error);

		if (rc)
			return rc;
	}
	if (look_back(future, guest->pages_count))
		return tr_fail(error, -ENOMEM, "%s: out of memory", guest->config->name);
	return 0;
}

void sim_future_destroy(struct sim_future *future)
{
	for (u32 i = 0; future->order && i < future->sources_count * future->streams_count; i++)
		free(future->order[i]);
	free(future->order);
	free(future->lengths);
	free(future->starts);
	free(future->timeline);
	free(future->next_use);
	*future = (struct sim_future){ 0 };
}
