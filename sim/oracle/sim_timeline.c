/* SPDX-License-Identifier: BSD-2-Clause */
/* sim_timeline.c - play a scenario's traces without memory. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/sim_workload.h"
#include "model/sim_rng.h"
#include "oracle/sim_timeline.h"
#include "tr_file.h"

#define NEVER 0xffffffffu
#define SECOND 1e9

/* State of a page while its VM is played. */
struct page {
	u32 quantum; /* of its last use, or NEVER when it does not live */
	u8 type;     /* enum tr_type */
	u64 since_ns; /* unevictable: lives since */
};

struct source {
	const char *path;
	struct tr_file *file;
	const struct tr_meta *meta;
	u32 base;
};

struct player {
	const struct sim_scenario *scenario;
	const struct sim_vm_config *config;
	const struct sim_timeline_sink *sink;
	struct sim_timeline_sums *vm;
	u64 quantum_ns;
	struct source *source;
	u32 sources_count;
	u32 *segment_source;
	struct page *page;
};

static int open_sources(struct player *player, struct tr_error *error)
{
	const struct sim_vm_config *config = player->config;

	for (u32 i = 0; i < config->segments_count; i++) {
		const char *path = config->segment[i].trace;
		u32 k = 0;
		if (!*path)
			continue;
		while (k < player->sources_count && strcmp(player->source[k].path, path))
			k++;
		player->segment_source[i] = k;
		if (k < player->sources_count)
			continue;
		struct source *source = &player->source[k];
		int rc = tr_file_open(&source->file, path, error);
		if (rc)
			return rc;
		player->sources_count++;
		source->path = path;
		source->meta = tr_file_meta(source->file);
		source->base = player->vm->pages_count;
		if (source->meta->pages_count > (NEVER >> 3) - player->vm->pages_count)
			return tr_fail(error, -EFBIG, "%s: the VM's traces have too many pages", path);
		player->vm->pages_count += source->meta->pages_count;
	}
	return 0;
}

static int put(struct player *player, u32 quantum, u32 entry)
{
	return player->sink->use(player->sink->ctx,
				 (struct sim_use){ .quantum = quantum, .entry = entry });
}

static int use(struct player *player, u32 number, u64 time_ns)
{
	struct page *page = &player->page[number];
	u32 quantum = (u32)(time_ns / player->quantum_ns);
	bool first = page->quantum == NEVER;

	if (page->type == TR_UNEVICTABLE) {
		if (first)
			page->since_ns = time_ns;
		page->quantum = quantum;
		return 0;
	}
	/* Streams' records may come a little out of order; time does not go back here. */
	if (!first && page->quantum >= quantum)
		return 0;
	page->quantum = quantum;
	return put(player, quantum,
		   number << 3 | (page->type == TR_FILE ? SIM_USE_FILE : 0) |
			   (first ? SIM_USE_FIRST : 0));
}

static int end_life(struct player *player, u32 number, u64 time_ns)
{
	struct page *page = &player->page[number];
	u32 quantum = page->quantum;

	if (quantum == NEVER)
		return 0;
	page->quantum = NEVER;
	if (page->type != TR_UNEVICTABLE) {
		u32 now = (u32)(time_ns / player->quantum_ns);
		return put(player, now > quantum ? now : quantum, number << 3 | SIM_USE_END);
	}
	if (time_ns > page->since_ns)
		player->vm->unevictable_page_s += (double)(time_ns - page->since_ns) / SECOND;
	return 0;
}

/* A file's page outlives the process that read it: it is the same page. */
static int begin_life(struct player *player, u32 number, u8 type, u64 time_ns)
{
	struct page *page = &player->page[number];
	int rc;

	if (type == TR_FILE && page->type == TR_FILE && page->quantum != NEVER)
		return 0;
	rc = end_life(player, number, time_ns);
	page->type = type;
	return rc;
}

static int play_run(struct player *player, const struct source *source, const struct tr_run *run,
		    u64 start_ns, u64 end_ns)
{
	for (u32 i = 0; i < run->count; i++) {
		u32 number = source->base + TR_PAGE(run->page[i]);
		u64 time_ns = start_ns + run->time_ns + run->span_ns * i / run->count;
		int rc = 0;

		if (time_ns >= end_ns)
			return 0;
		if (run->op == TR_ACCESS)
			rc = use(player, number, time_ns);
		else if (run->op == TR_ALLOC)
			rc = begin_life(player, number, run->type, time_ns);
		else
			rc = end_life(player, number, time_ns);
		if (rc)
			return rc;
	}
	return 0;
}

/* A repetition from @start_ns on.  *span_ns: how long it takes. */
static int play_trace(struct player *player, const struct source *source, u64 start_ns, u64 end_ns,
		      u64 *span_ns, struct tr_error *error)
{
	struct tr_cursor *cursor;
	struct tr_run run;
	u64 clock_ns = 0;
	int rc = tr_cursor_open(&cursor, source->file, TR_MERGED, error);

	if (rc)
		return rc;
	while ((rc = tr_cursor_next(cursor, &run, error)) > 0) {
		if (!source->meta->span_ns) { /* a trace without times */
			run.time_ns = clock_ns;
			run.span_ns = (u64)SIM_ACCESS_NS * run.count;
		}
		if (start_ns + run.time_ns >= end_ns)
			break;
		if (player->sink->stop && *player->sink->stop) {
			rc = tr_fail(error, -EINTR, "interrupted");
			break;
		}
		rc = play_run(player, source, &run, start_ns, end_ns);
		if (rc) {
			tr_fail(error, rc, "%s: out of memory", source->path);
			break;
		}
		if (run.time_ns + run.span_ns > clock_ns)
			clock_ns = run.time_ns + run.span_ns;
	}
	tr_cursor_close(cursor);
	*span_ns = source->meta->span_ns ? source->meta->span_ns : clock_ns;
	return rc < 0 ? rc : 0;
}

/* The process is gone: so are its pages, except those that the segment keeps. */
static int end_repetition(struct player *player, const struct source *source, enum sim_keep keep,
			  u64 time_ns, struct tr_error *error)
{
	int rc = 0;

	for (u32 i = source->base;
	     keep != SIM_KEEP_ALL && i < source->base + source->meta->pages_count && !rc; i++)
		if (keep == SIM_KEEP_NONE || player->page[i].type != TR_FILE)
			rc = end_life(player, i, time_ns);
	return rc ? tr_fail(error, rc, "%s: out of memory", source->path) : 0;
}

/* Compute within the run, of a repetition that may reach beyond its end. */
static void count_compute(struct player *player, const struct source *source, u64 start_ns,
			  u64 span_ns, u64 end_ns)
{
	const struct tr_meta *meta = source->meta;
	u64 busy_ns = meta->span_ns ? meta->span_ns * meta->streams_count : span_ns;
	double share = start_ns + span_ns <= end_ns || !span_ns ?
			       1 : (double)(end_ns - start_ns) / (double)span_ns;

	busy_ns = meta->span_ns && meta->idle_ns < busy_ns ? busy_ns - meta->idle_ns : busy_ns;
	player->vm->compute_ns += (u64)(share * (double)busy_ns);
}

static int play(struct player *player, u64 time_ns, u64 end_ns, struct tr_error *error)
{
	const struct sim_vm_config *config = player->config;
	u32 segment = 0, repetition = 0;

	while (time_ns < end_ns && config->segments_count) {
		const struct sim_segment *now = &config->segment[segment];
		u64 begun_ns = time_ns;
		if (*now->trace) {
			const struct source *source = &player->source[player->segment_source[segment]];
			u64 span_ns = 0;
			int rc = play_trace(player, source, time_ns, end_ns, &span_ns, error);
			if (rc)
				return rc;
			count_compute(player, source, time_ns, span_ns, end_ns);
			time_ns += span_ns;
			rc = end_repetition(player, source, now->keep,
					    time_ns < end_ns ? time_ns : end_ns, error);
			if (rc)
				return rc;
		}
		time_ns += now->idle_ns;
		/* No process starts and ends in less. */
		if (time_ns < begun_ns + SIM_PROCESS_NS)
			time_ns = begun_ns + SIM_PROCESS_NS;
		if (++repetition >= (now->repeat ? now->repeat : 1)) {
			repetition = 0;
			segment = (segment + 1) % config->segments_count;
			if (!segment && !config->loop)
				break;
		}
	}
	/* The memory of what still runs is there to the end. */
	for (u32 i = 0; i < player->vm->pages_count; i++)
		if (player->page[i].type == TR_UNEVICTABLE)
			end_life(player, i, end_ns);
	return 0;
}

static int play_vm(struct player *player, struct tr_error *error)
{
	const struct sim_vm_config *config = player->config;
	struct sim_timeline_sums *vm = player->vm;
	u64 time_ns, run_end_ns = player->scenario->duration_ns;
	int rc;

	player->source = calloc(config->segments_count + 1, sizeof(*player->source));
	player->segment_source = calloc(config->segments_count + 1, sizeof(u32));
	if (!player->source || !player->segment_source)
		return tr_fail(error, -ENOMEM, "%s: out of memory", config->name);
	rc = open_sources(player, error);
	if (rc)
		return rc;
	player->page = malloc(((u64)vm->pages_count + 1) * sizeof(*player->page));
	if (!player->page)
		return tr_fail(error, -ENOMEM, "%s: out of memory", config->name);
	for (u32 k = 0; k < player->sources_count; k++)
		for (u32 i = 0; i < player->source[k].meta->pages_count; i++)
			player->page[player->source[k].base + i] = (struct page){
				.quantum = NEVER, .type = (u8)player->source[k].meta->default_type };
	rc = player->sink->begin ? player->sink->begin(player->sink->ctx, vm->pages_count) : 0;
	if (rc)
		return tr_fail(error, rc, "%s: out of memory", config->name);
	vm->start_ns = config->start_ns < run_end_ns ? config->start_ns : run_end_ns;
	vm->end_ns = config->stop_ns < run_end_ns ? config->stop_ns : run_end_ns;
	time_ns = vm->start_ns + sim_workload_phase(player->scenario, config);
	return play(player, time_ns, vm->end_ns, error);
}

int sim_timeline_play(const struct sim_scenario *scenario, u32 vm,
		      const struct sim_timeline_sink *sink, struct sim_timeline_sums *sums,
		      struct tr_error *error)
{
	struct player player = {
		.scenario = scenario,
		.config = &scenario->vm[vm],
		.sink = sink,
		.vm = sums,
		.quantum_ns = scenario->quantum_ns,
	};
	int rc;

	memset(sums, 0, sizeof(*sums));
	rc = play_vm(&player, error);
	for (u32 i = 0; i < player.sources_count; i++)
		tr_file_close(player.source[i].file);
	free(player.source);
	free(player.segment_source);
	free(player.page);
	return rc;
}

/* --- stored --- */

static int store(void *ctx, struct sim_use use)
{
	struct sim_timeline_vm *vm = ctx;

	if (vm->uses_count == vm->uses_capacity) {
		u64 capacity = vm->uses_capacity ? vm->uses_capacity / 2 * 3 : 1u << 16;
		struct sim_use *grown = realloc(vm->use, capacity * sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		vm->use = grown;
		vm->uses_capacity = capacity;
	}
	vm->use[vm->uses_count++] = use;
	return 0;
}

int sim_timeline_make(struct sim_timeline *timeline, const struct sim_scenario *scenario,
		      const volatile bool *stop, struct tr_error *error)
{
	int rc = 0;

	*timeline = (struct sim_timeline){
		.scenario = scenario,
		.vm = calloc(scenario->vms_count, sizeof(*timeline->vm)),
	};
	if (!timeline->vm)
		return tr_fail(error, -ENOMEM, "%s: out of memory", scenario->path);
	for (u32 i = 0; i < scenario->vms_count && !rc; i++) {
		struct sim_timeline_sink sink = { .use = store, .ctx = &timeline->vm[i],
						  .stop = stop };
		rc = sim_timeline_play(scenario, i, &sink, &timeline->vm[i].sums, error);
	}
	return rc;
}

void sim_timeline_destroy(struct sim_timeline *timeline)
{
	for (u32 i = 0; timeline->vm && i < timeline->scenario->vms_count; i++)
		free(timeline->vm[i].use);
	free(timeline->vm);
}
