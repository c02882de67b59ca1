/* SPDX-License-Identifier: BSD-2-Clause */
/* sim_workload.c - segments, repetitions, and the memory that ends with them. */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/sim_guest.h"
#include "model/sim_sampling.h"

#define RESTART_NS SIM_SECOND	  /* until a killed workload begins again */

/* Of a sampled run, which pages take part. */
static int choose_pages(const struct sim_guest *guest, struct sim_source *source, u32 index)
{
	u32 one_in = guest->engine->scenario->sample_one_in, blocks;

	if (one_in == 1)
		return 0;
	source->block_of = sim_sampling_choose(source->pages_count, one_in,
					       (u64)guest->id << 32 | index, &blocks);
	source->pages_count = blocks * SIM_SAMPLING_BLOCK;
	return source->block_of ? 0 : -ENOMEM;
}

/* The trace of that name, which the VMs of a world share. */
static int trace_open(struct sim_traces *traces, const char *path, struct tr_file **file,
		      struct tr_error *error)
{
	u32 i;

	for (i = 0; i < traces->count && strcmp(traces->trace[i].path, path); i++)
		;
	if (i == traces->count) {
		struct sim_trace *grown = realloc(traces->trace, (i + 1) * sizeof(*grown));

		if (!grown)
			return tr_fail(error, -ENOMEM, "%s: out of memory", path);
		traces->trace = grown;
		int rc = tr_file_open(&grown[i].file, path, error);

		if (rc)
			return rc;
		grown[i].path = path;
		traces->count++;
	}
	*file = traces->trace[i].file;
	return tr_file_share(*file) ? tr_fail(error, -ENOMEM, "%s: out of memory", path) : 0;
}

void sim_traces_destroy(struct sim_traces *traces)
{
	for (u32 i = 0; i < traces->count; i++)
		tr_file_close(traces->trace[i].file);
	free(traces->trace);
	*traces = (struct sim_traces){ .trace = NULL };
}

static int source_open(struct sim_guest *guest, const char *path, u32 *index,
		       struct tr_error *error)
{
	struct sim_workload *workload = &guest->workload;
	u32 i;

	for (i = 0; i < workload->sources_count; i++)
		if (!strcmp(workload->source[i].path, path))
			break;
	*index = i;
	if (i < workload->sources_count)
		return 0;
	struct sim_source *source = &workload->source[i];
	int rc = trace_open(&guest->engine->traces, path, &source->file, error);

	if (rc)
		return rc;
	const struct tr_meta *meta = tr_file_meta(source->file);

	workload->sources_count++;
	source->path = path;
	source->base = (u32)workload->pages_count;
	source->access_ns = meta->span_ns ? 0 : SIM_ACCESS_NS;
	source->pages_count = meta->pages_count;
	rc = choose_pages(guest, source, i);
	if (rc)
		return tr_fail(error, rc, "%s: out of memory", path);
	workload->pages_count += (source->pages_count + SIM_REGION_PAGES - 1) / SIM_REGION_PAGES *
				 SIM_REGION_PAGES;
	if (workload->pages_count > 0x7fffffffu)
		return tr_fail(error, -EFBIG, "%s: the VM's traces have too many pages", path);
	if (meta->streams_count > workload->streams_count)
		workload->streams_count = meta->streams_count;
	if (meta->window_ns > workload->window_ns)
		workload->window_ns = meta->window_ns;
	return 0;
}

int sim_workload_init(struct sim_guest *guest, struct tr_error *error)
{
	struct sim_workload *workload = &guest->workload;
	const struct sim_vm_config *config = guest->config;

	workload->source = calloc(config->segments_count + 1, sizeof(*workload->source));
	workload->segment_source = calloc(config->segments_count + 1, sizeof(u32));
	if (!workload->source || !workload->segment_source)
		return tr_fail(error, -ENOMEM, "%s: out of memory", config->name);
	for (u32 i = 0; i < config->segments_count; i++) {
		if (!config->segment[i].trace[0])
			continue;
		int rc = source_open(guest, config->segment[i].trace, &workload->segment_source[i],
				     error);

		if (rc)
			return rc;
	}
	workload->stream = calloc(workload->streams_count + 1, sizeof(*workload->stream));
	if (!workload->stream)
		return tr_fail(error, -ENOMEM, "%s: out of memory", config->name);
	return 0;
}

static void close_cursors(struct sim_workload *workload)
{
	for (u32 i = 0; workload->stream && i < workload->streams_count; i++) {
		if (workload->stream[i].cursor)
			tr_cursor_close(workload->stream[i].cursor);
		workload->stream[i].cursor = NULL;
		workload->stream[i].has_run = false; /* its entries were the cursor's */
	}
}

void sim_workload_destroy(struct sim_guest *guest)
{
	struct sim_workload *workload = &guest->workload;

	close_cursors(workload);
	for (u32 i = 0; i < workload->sources_count; i++)
		free(workload->source[i].block_of);
	for (u32 i = 0; workload->stream && i < workload->streams_count; i++)
		free(workload->stream[i].kept);
	free(workload->source);
	free(workload->segment_source);
	free(workload->stream);
	*workload = (struct sim_workload){ 0 };
}

/* The process ends: its pages go, except those that the segment keeps. */
static void free_pages(struct sim_guest *guest, enum sim_keep keep)
{
	const struct sim_source *source = guest->workload.now;
	u32 pages = source->pages_count;

	if (keep == SIM_KEEP_ALL)
		return;
	for (u32 page = source->base; page < source->base + pages; page++) {
		bool file = sim_page_type(guest, page) == WS_FILE &&
			    !(guest->memcg[page] & SIM_PAGE_UNEVICTABLE);

		if (keep == SIM_KEEP_NONE || !file)
			sim_page_free(guest, page);
	}
}

/* Pages that nobody declares have the trace's default type. */
static void declare_default(struct sim_guest *guest)
{
	const struct sim_source *source = guest->workload.now;
	const struct tr_meta *meta = tr_file_meta(source->file);

	if (meta->default_type == TR_ANON)
		return;
	for (u32 page = source->base; page < source->base + source->pages_count; page++)
		if (!guest->frame[page] && !guest->hot[page])
			sim_page_declare(guest, page, (u8)meta->default_type, 0);
}

/* Play the present segment's trace, or idle, from @start_ns on. */
static void begin(struct sim_guest *guest, u64 start_ns)
{
	struct sim_workload *workload = &guest->workload;
	const struct sim_segment *segment = &guest->config->segment[workload->segment];

	sim_emit(guest->engine, SIM_EV_SEGMENT, guest->id, workload->segment, workload->repetition,
		 start_ns);
	u64 idle_ns = segment->idle_ns;

	workload->now = &workload->source[workload->segment_source[workload->segment]];
	workload->playing = segment->trace[0];
	workload->streams_active = 1;
	workload->begun_ns = start_ns;
	if (workload->playing && !tr_file_meta(guest->workload.now->file)->streams_count) {
		workload->playing = false; /* a trace of no records: nothing but its idle time */
		idle_ns += SIM_PROCESS_NS;
	}
	if (!workload->playing) { /* the first stream idles for all */
		sim_stream_enter(guest, &workload->stream[0], SIM_STREAM_IDLE);
		workload->stream[0].has_run = false;
		sim_stream_wake_at(guest, &workload->stream[0], start_ns + idle_ns);
		return;
	}
	struct sim_source *source = guest->workload.now;

	workload->streams_active = tr_file_meta(source->file)->streams_count;
	close_cursors(workload);
	declare_default(guest);
	for (u32 i = 0; i < workload->streams_active; i++) {
		struct sim_stream *stream = &workload->stream[i];
		struct tr_error error;

		int rc = tr_cursor_open(&stream->cursor, source->file, (int)i, &error);

		assert(!rc); /* the file is open and has this stream; only memory could lack */
		stream->has_run = false;
		stream->faulted = false;
		stream->position = 0;
		stream->accesses = 0;
		stream->clock_ns = 0;
		stream->extra_ns = 0;
		stream->readahead = 0;
		stream->epoch_ns = start_ns;
		sim_stream_enter(guest, stream, SIM_STREAM_IDLE);
		sim_stream_wake_at(guest, stream, start_ns);
	}
}

/* On to the next repetition or segment, from @start_ns on. */
static void advance(struct sim_guest *guest, u64 start_ns)
{
	struct sim_workload *workload = &guest->workload;
	const struct sim_vm_config *config = guest->config;
	u32 repeat = config->segment[workload->segment].repeat;

	workload->repetitions++;
	if (++workload->repetition >= (repeat ? repeat : 1)) {
		workload->repetition = 0;
		if (++workload->segment == config->segments_count) {
			workload->segment = 0;
			if (!config->loop) {
				workload->finished = true;
				return;
			}
		}
	}
	begin(guest, start_ns);
}

u64 sim_workload_phase(const struct sim_scenario *scenario, const struct sim_vm_config *config)
{
	char name[SIM_NAME_MAX + 16];
	struct sim_rng rng;

	snprintf(name, sizeof(name), "phase/%s", config->name);
	sim_rng_init(&rng, scenario->seed, scenario->run, name);
	return config->phase_ns +
	       (config->phase_jitter_ns ? sim_rng_below(&rng, config->phase_jitter_ns) : 0);
}

/* From the first segment on; until now the streams neither worked nor idled. */
static void play(struct sim_guest *guest, u64 start_ns)
{
	struct sim_workload *workload = &guest->workload;

	for (u32 i = 0; i < workload->streams_count; i++)
		workload->stream[i].since_ns = guest->engine->now_ns;
	workload->segment = workload->repetition = 0;
	workload->finished = !guest->config->segments_count || !workload->streams_count;
	if (!workload->finished)
		begin(guest, start_ns);
}

void sim_workload_start(struct sim_guest *guest)
{
	play(guest, guest->engine->now_ns +
			    sim_workload_phase(guest->engine->scenario, guest->config));
}

void sim_workload_restart(struct sim_guest *guest)
{
	play(guest, guest->engine->now_ns);
}

void sim_workload_stop(struct sim_guest *guest)
{
	struct sim_workload *workload = &guest->workload;

	for (u32 i = 0; i < workload->streams_count; i++) {
		sim_stream_enter(guest, &workload->stream[i], SIM_STREAM_OFF);
		workload->stream[i].ticket++;
	}
}

void sim_workload_kill(struct sim_guest *guest)
{
	struct sim_workload *workload = &guest->workload;

	sim_workload_stop(guest);
	if (!workload->playing)
		return;
	free_pages(guest, SIM_KEEP_FILE);
	advance(guest, guest->engine->now_ns + RESTART_NS);
}

void sim_workload_stream_ended(struct sim_guest *guest)
{
	struct sim_workload *workload = &guest->workload;
	const struct sim_segment *segment = &guest->config->segment[workload->segment];
	u64 start_ns = guest->engine->now_ns;

	if (--workload->streams_active)
		return;
	if (workload->playing) {
		guest->counters.segments_done++;
		free_pages(guest, segment->keep);
		start_ns += segment->idle_ns;
		if (start_ns < workload->begun_ns + SIM_PROCESS_NS)
			start_ns = workload->begun_ns + SIM_PROCESS_NS;
	}
	advance(guest, start_ns);
}
