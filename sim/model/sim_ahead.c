/* SPDX-License-Identifier: BSD-2-Clause */
/* sim_ahead.c - how far a VM may run ahead, and the log of what it did. */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "model/sim_ahead.h"
#include "model/sim_balloon.h"
#include "model/sim_guest.h"
#include "model/sim_reporter.h"

#define NO_BOUND (1ull << 48)
#define TRACE_STREAMS 8u /* of a VM with more, traces are not looked into */

/* --- times of all events that are no stream's turn: a binary heap --- */

void sim_ahead_foresee(struct sim_engine *engine, u64 time_ns)
{
	if (engine->others_count == engine->others_capacity) {
		engine->others_capacity = engine->others_capacity ? 2 * engine->others_capacity : 256;
		engine->other_ns = realloc(engine->other_ns,
					   engine->others_capacity * sizeof(*engine->other_ns));
		assert(engine->other_ns);
	}
	u64 *heap = engine->other_ns;
	u32 at = engine->others_count++;

	for (; at && heap[(at - 1) / 2] > time_ns; at = (at - 1) / 2)
		heap[at] = heap[(at - 1) / 2];
	heap[at] = time_ns;
}

static void drop_first(struct sim_engine *engine)
{
	u64 *heap = engine->other_ns, last_ns = heap[--engine->others_count];
	u32 at = 0, count = engine->others_count;

	for (u32 child; (child = 2 * at + 1) < count; at = child) {
		if (child + 1 < count && heap[child + 1] < heap[child])
			child++;
		if (heap[child] >= last_ns)
			break;
		heap[at] = heap[child];
	}
	heap[at] = last_ns;
}

/* --- when VMs may press: a tree in which each node is the least of the two below --- */

static void press_at(struct sim_engine *engine, u32 vm, u64 press_ns)
{
	u64 *tree = engine->press_ns;
	u32 at = engine->press_leaves + vm;

	if (tree[at] == press_ns)
		return;
	tree[at] = press_ns;
	while (at > 1) {
		u64 other_ns = tree[at ^ 1];

		at /= 2;
		tree[at] = press_ns = press_ns < other_ns ? press_ns : other_ns;
	}
}

/* --- what would be felt by others --- */

/*
 * How many frames can the VM take within SIM_AHEAD_NS?  A stream takes one for each fault,
 * which costs it time; and what is read with that passes a bus, but for the last read of
 * each stream.  The part that does not depend on time is counted once for each share of
 * SIM_AHEAD_NS.
 */
static void find_margin(struct sim_ahead *ahead, const struct sim_guest *guest)
{
	const struct sim_vm_config *config = guest->config;
	const struct sim_scenario *scenario = guest->engine->scenario;
	u64 fault_ns = scenario->costs.minor_fault_ns, streams = guest->workload.streams_count;
	const struct sim_device_config *device[] = { &config->disk, &config->swap };

	ahead->faulted_pages = ahead->read_pages[0] = ahead->read_pages[1] = NO_BOUND;
	if (fault_ns && !scenario->open_loop)
		ahead->faulted_pages = streams * (SIM_AHEAD_NS / fault_ns + 2 * SIM_AHEAD_SPANS);
	for (u32 i = 0; i < 2; i++) {
		u64 cluster = i ? device[i]->cluster_pages : SIM_READAHEAD_PAGES;

		if (cluster <= 1)
			ahead->read_pages[i] = 0;
		else if (device[i]->read_bps)
			ahead->read_pages[i] = (streams * cluster + 1) * SIM_AHEAD_SPANS +
					       device[i]->read_bps / SIM_PAGE_BYTES *
						       SIM_AHEAD_NS / SIM_SECOND;
	}
}

/*
 * Can the VM come below its low mark within @shares of SIM_AHEAD_NS from its next turn on?
 * What is read with other pages is there to be read, and what is evicted meanwhile gives as
 * many frames as it adds to that: so a VM that has nothing on disk yet may go further.
 */
static bool may_press(const struct sim_ahead *ahead, const struct sim_guest *guest, u64 shares)
{
	u64 file = ahead->read_pages[0] * shares / SIM_AHEAD_SPANS;
	u64 swap = ahead->read_pages[1] * shares / SIM_AHEAD_SPANS;
	u64 most = ahead->faulted_pages * shares / SIM_AHEAD_SPANS +
		   (file < guest->dropped_pages ? file : guest->dropped_pages) +
		   (swap < guest->swap.used ? swap : guest->swap.used);

	return guest->frames.free_count < guest->watermark.low + most;
}

/*
 * For how long from its next turn on can the stream not have had more than @records accesses,
 * as its trace stands?  A turn takes no less time than the trace says.  0: not known.
 */
static u64 reach_of(const struct sim_guest *guest, const struct sim_stream *stream, u64 records)
{
	const struct tr_run *run = &stream->run;

	if (!stream->has_run || !stream->clock_ns || !guest->workload.playing ||
	    guest->workload.now->access_ns || guest->workload.now->block_of || run->op == TR_IDLE)
		return 0;
	u64 left = run->op == TR_ACCESS ? run->count - stream->position : 0;
	u64 end_ns = run->time_ns + run->span_ns;

	if (left > records) {
		end_ns = run->time_ns + run->span_ns * (stream->position + records) / run->count;
		return end_ns > stream->clock_ns ? end_ns - stream->clock_ns : 0;
	}
	end_ns -= end_ns > stream->clock_ns ? stream->clock_ns : end_ns;
	return end_ns + tr_cursor_reach(stream->cursor, records - left, SIM_AHEAD_NS);
}

/* The same for the VM, as far as its accesses cannot bring it below its low mark. */
static u64 trace_allows(const struct sim_guest *guest)
{
	u64 taken = guest->watermark.low + guest->dropped_pages + guest->swap.used;
	u32 streams = guest->workload.streams_count;
	u64 least_ns = SIM_AHEAD_NS;

	if (!streams)
		return SIM_AHEAD_NS;
	if (guest->frames.free_count <= taken || streams > TRACE_STREAMS)
		return 0;
	u64 records = (guest->frames.free_count - taken) / streams;

	for (u32 i = 0; i < streams && least_ns; i++) {
		const struct sim_stream *stream = &guest->workload.stream[i];
		u64 reach_ns = stream->state == SIM_STREAM_OFF ? SIM_AHEAD_NS
							       : reach_of(guest, stream, records);

		least_ns = reach_ns < least_ns ? reach_ns : least_ns;
	}
	return least_ns;
}

/* Its next turn, of any stream; SIM_NONE: it will have none. */
static u64 next_turn_ns(const struct sim_guest *guest)
{
	u64 next_ns = SIM_NONE;

	for (u32 i = 0; i < guest->workload.streams_count; i++) {
		const struct sim_stream *stream = &guest->workload.stream[i];

		if (stream->state != SIM_STREAM_OFF && stream->wake_ns < next_ns)
			next_ns = stream->wake_ns;
	}
	return next_ns;
}

/*
 * When may a VM that tells come under pressure and do so, at the earliest?  @allows_ns: for so
 * long from its next turn on it cannot, by its trace.
 */
static u64 press_of(const struct sim_ahead *ahead, const struct sim_guest *guest, u64 allows_ns)
{
	u64 next_ns = next_turn_ns(guest);

	if (next_ns == SIM_NONE)
		return SIM_NONE;
	/* It does not tell twice within its threshold. */
	if (next_ns + SIM_AHEAD_NS <= ahead->silent_until_ns)
		return ahead->silent_until_ns;
	for (u64 shares = SIM_AHEAD_SPANS - 1; allows_ns < SIM_AHEAD_NS && shares; shares--) {
		u64 span_ns = SIM_AHEAD_NS / SIM_AHEAD_SPANS * shares;

		if (span_ns <= allows_ns)
			break;
		if (!may_press(ahead, guest, shares))
			allows_ns = span_ns;
	}
	next_ns += allows_ns;
	return next_ns > ahead->silent_until_ns ? next_ns : ahead->silent_until_ns;
}

/* Does host memory suffice for all that guests may touch before their balloons move again, and @more? */
static bool host_suffices(const struct sim_engine *engine, const struct sim_host *host, u64 more)
{
	return host->memory_pages >= host->taken_pages + host->owed_pages + host->pool_pages +
					     host->writing_pages + host->low_pages +
					     engine->promised_pages + more;
}

void sim_ahead_note(struct sim_engine *engine, const struct sim_guest *guest)
{
	if (!engine->ahead_of)
		return;
	struct sim_ahead *ahead = &engine->ahead_of[guest->id];
	u64 allows_ns = SIM_AHEAD_NS;

	if (may_press(ahead, guest, SIM_AHEAD_SPANS))
		allows_ns = trace_allows(guest);
	bool is_short = allows_ns < SIM_AHEAD_NS;
	/* One with memory to spare will not have its balloon give. */
	u64 promised = ahead->owned_pages + (is_short ? ahead->given_pages : 0);

	engine->promised_pages += promised - ahead->promised_pages;
	ahead->promised_pages = promised;
	press_at(engine, guest->id,
		 is_short && ahead->tells_pressure ? press_of(ahead, guest, allows_ns) : SIM_NONE);
}

/* Until when will no pressure report of the guest's begin, whatever it does? */
static u64 silent_until(const struct ws_report *report)
{
	u64 made_ns = report->valid ? report->made_ns + report->report_threshold_ns : 0;
	u64 told_ns = report->announced ? report->announced_ns + report->report_threshold_ns : 0;

	return made_ns > told_ns ? made_ns : told_ns;
}

void sim_ahead_looked_at(struct sim_engine *engine, const struct sim_guest *guest)
{
	if (!engine->ahead_of)
		return;
	struct sim_ahead *ahead = &engine->ahead_of[guest->id];
	const struct ws_report *report = &guest->reporter->report;
	u64 balloon = sim_balloon_pages(guest);
	u64 given = guest->workload.streams_count * SIM_AHEAD_OOM_PAGES;
	/* One that reboots may leave the host all that it had. */
	bool counts = guest->running || guest->backing.backed;

	assert(!sim_ahead_has(engine, guest->id));
	ahead->owned_pages = counts ? guest->frames_count - balloon : 0;
	ahead->given_pages = !counts ? 0 : given < balloon ? given : balloon;
	ahead->tells_pressure = guest->running && report->configured && report->report_threshold_ns;
	ahead->silent_until_ns = silent_until(report);
	sim_ahead_note(engine, guest);
}

void sim_ahead_handled(struct sim_engine *engine, const struct sim_event *event)
{
	assert(engine->others_count && engine->other_ns[0] == event->time_ns);
	drop_first(engine);
	/* A guest's own reclaim concerns nobody else; all other events may look at any VM. */
	if (event->kind == SIM_WAKE_KSWAPD || event->kind == SIM_WAKE_WRITEBACK)
		assert(!sim_ahead_has(engine, event->vm));
	else
		assert(event->time_ns > engine->ahead_end_ns || !engine->ahead_end_ns);
}

u64 sim_ahead_until(struct sim_engine *engine, const struct sim_guest *guest, u32 stream)
{
	if (!engine->ahead_of || engine->ahead_off || !host_suffices(engine, guest->host, 0))
		return 0;
	/* What free memory of the host decides is the same then in whatever order VMs touch theirs. */
	engine->ahead_backs = host_suffices(engine, guest->host, SIM_REGION_PAGES + 1);
	u64 until_ns = engine->now_ns + SIM_AHEAD_NS;

	/* The first pressure, and the way of its message. */
	if (engine->press_ns[1] < until_ns)
		until_ns = engine->press_ns[1] + engine->least_delay_ns < until_ns
				   ? engine->press_ns[1] + engine->least_delay_ns : until_ns;
	if (engine->others_count && engine->other_ns[0] < until_ns)
		until_ns = engine->other_ns[0];
	for (u32 i = 0; i < guest->workload.streams_count; i++) {
		const struct sim_stream *other = &guest->workload.stream[i];

		if (i != stream && other->state != SIM_STREAM_OFF && other->wake_ns < until_ns)
			until_ns = other->wake_ns;
	}
	return until_ns < engine->scenario->duration_ns ? until_ns : engine->scenario->duration_ns;
}

/* Will the next free frames be found backed, @count of them, or be so without anybody's notice? */
static bool frames_are_backed(const struct sim_guest *guest, u32 count)
{
	const struct sim_frames *frames = &guest->frames;

	if (guest->engine->ahead_backs && !guest->backing.swapped)
		return true;
	if (count == 1) {
		u32 frame = sim_frames_next(frames);

		return frame != SIM_NO_FRAME && sim_frame_is_backed(guest, frame);
	}
	return frames->partial != SIM_NO_FRAME && frames->region_free[frames->partial] >= count &&
	       guest->backing.region_backed[frames->partial] == SIM_REGION_PAGES;
}

bool sim_ahead_is_private(const struct sim_guest *guest, const struct sim_stream *stream)
{
	const struct sim_swap_area *swap = &guest->swap;

	/* What compressed memory holds changes with each page of it that is freed. */
	if (guest->swap_compressed && swap->used)
		return false;
	if (!stream->faulted)
		return true;
	u32 page = guest->workload.now->base + TR_PAGE(stream->run.page[stream->position]);
	u8 hot = guest->hot[page];
	const struct sim_memcg *memcg = &guest->memcg_of[guest->memcg[page] & SIM_PAGE_MEMCG];

	if (hot & (SIM_HOT_PRESENT | SIM_HOT_WRITEBACK))
		return (guest->engine->ahead_backs && !guest->backing.swapped) ||
		       sim_frame_is_backed(guest, guest->frame[page] - 1);
	u32 most = 1;

	if (hot & SIM_HOT_SWAPPED)
		most += swap->device.config->cluster_pages;
	else if (guest->dropped_pages && sim_page_type(guest, page) == WS_FILE)
		most += SIM_READAHEAD_PAGES;
	return guest->frames.free_count > guest->watermark.low + most &&
	       memcg->pages + most < memcg->high_pages && memcg->pages + most < memcg->max_pages &&
	       frames_are_backed(guest, most);
}

/* --- the log --- */

void sim_ahead_begin(struct sim_engine *engine, const struct sim_guest *guest,
		     const struct sim_stream *stream)
{
	struct sim_ahead *ahead = &engine->ahead_of[guest->id];

	assert(ahead->at == ahead->count && !engine->ahead);
	ahead->at = ahead->count = 0;
	ahead->stop = 0;
	ahead->ticket = stream->ticket;
	ahead->stream = (u32)(stream - guest->workload.stream);
	engine->ahead = ahead;
}

/*
 * Is the last step, of a turn at what the one before it calls next_ns, one that tells nothing?
 * Then make it part of that one.
 */
static void join_silent(struct sim_engine *engine, struct sim_ahead *ahead)
{
	if (ahead->count < 2)
		return;
	struct sim_ahead_step *step = &ahead->step[ahead->count - 1], *before = step - 1;
	u64 now_ns = engine->now_ns; /* where it led to: a turn of its own follows */

	if (step->kind || step->stalled || step->productive || step->silent_ns ||
	    before->silent_ns || now_ns <= before->next_ns || now_ns - before->next_ns > ~0u)
		return;
	before->silent_ns = (u32)(now_ns - before->next_ns);
	ahead->count--;
}

struct sim_ahead_step *sim_ahead_step(struct sim_engine *engine)
{
	struct sim_ahead *ahead = engine->ahead;

	join_silent(engine, ahead);
	assert(ahead->count < SIM_AHEAD_STEPS);
	struct sim_ahead_step *step = &ahead->step[ahead->count++];

	*step = (struct sim_ahead_step){ .next_ns = 0 };
	engine->ahead_turns++;
	if (engine->now_ns > engine->ahead_end_ns)
		engine->ahead_end_ns = engine->now_ns;
	return step;
}

void sim_ahead_record(struct sim_ahead *ahead, enum sim_event_kind kind, u32 arg, u64 a, u64 b)
{
	struct sim_ahead_step *step = &ahead->step[ahead->count - 1];

	assert(!step->kind && a <= ~0u);
	step->kind = (u16)kind;
	step->arg = arg;
	step->a = (u32)a;
	step->b = b;
}

bool sim_ahead_replay(struct sim_engine *engine, struct sim_psi *host_psi,
		      const struct sim_event *event)
{
	struct sim_ahead *ahead = &engine->ahead_of[event->vm];

	do {
		const struct sim_ahead_step *step = &ahead->step[ahead->at++];

		__builtin_prefetch(step + 2); /* it may come sooner than fetch_ahead() can tell */
		if (step->stalled || step->productive)
			sim_psi_change(host_psi, engine->now_ns, step->stalled, step->productive);
		if (step->kind)
			sim_emit(engine, step->kind, event->vm, step->arg, step->a, step->b);
		u64 next_ns = step->next_ns, after_ns = next_ns + step->silent_ns;
		bool silent = step->silent_ns;

		/* The ticket is as good as a new one: its event has been taken. */
		if (next_ns > engine->now_ns && !sim_go_on_at(engine, next_ns)) {
			sim_wake_at(engine, next_ns, SIM_CLASS_STREAM,
				    silent ? SIM_WAKE_SILENT : SIM_WAKE_STREAM, event->vm, event->arg,
				    silent ? after_ns : ahead->ticket);
			return false;
		}
		if (silent && !sim_go_on_at(engine, after_ns)) {
			sim_wake_at(engine, after_ns, SIM_CLASS_STREAM, SIM_WAKE_STREAM, event->vm,
				    event->arg, ahead->ticket);
			return false;
		}
	} while (ahead->at < ahead->count);
	return true;
}

/* --- life --- */

int sim_ahead_init(struct sim_engine *engine, const struct sim_guest *guests, u32 guests_count)
{
	const struct sim_scenario *scenario = engine->scenario;
	u64 bytes = guests_count * sizeof(struct sim_ahead);

	/* min_ttl makes kswapd a killer, and how much balloons then give has no bound. */
	for (u32 i = 0; i < guests_count; i++)
		if (scenario->vm[i].min_ttl_ns)
			return 0;
	engine->ahead_of = sim_dense(bytes);
	engine->press_leaves = 1;
	while (engine->press_leaves < guests_count)
		engine->press_leaves *= 2;
	engine->press_ns = malloc(2 * engine->press_leaves * sizeof(u64));
	if (!engine->ahead_of || !engine->press_ns)
		return -ENOMEM;
	memset(engine->press_ns, 0xff, 2 * engine->press_leaves * sizeof(u64)); /* SIM_NONE */
	engine->least_delay_ns = scenario->link.delay_ns;
	for (u32 i = 0; i < scenario->disturbances_count; i++)
		if (scenario->disturbance[i].kind == SIM_DIST_LINK &&
		    scenario->disturbance[i].link.delay_ns < engine->least_delay_ns)
			engine->least_delay_ns = scenario->disturbance[i].link.delay_ns;
	for (u32 i = 0; i < guests_count; i++) {
		engine->ahead_of[i] = (struct sim_ahead){ .at = 0 };
		find_margin(&engine->ahead_of[i], &guests[i]);
	}
	return 0;
}

void sim_ahead_destroy(struct sim_engine *engine)
{
	free(engine->ahead_of);
	free(engine->other_ns);
	free(engine->press_ns);
	engine->ahead_of = NULL;
	engine->other_ns = engine->press_ns = NULL;
}
