/* SPDX-License-Identifier: BSD-2-Clause */
/* sim_stream.c - a stream runs: batches of accesses up to the quantum or the next fault. */
#include <assert.h>
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>

#include "model/sim_access.h"
#include "model/sim_ahead.h"
#include "model/sim_guest.h"
#include "model/sim_sampling.h"
#include "model/sim_workload.h"

#define LIVES_AHEAD 8u /* pages ahead whose state is fetched */
#define ENTRIES_AHEAD 12u /* of a stream that will be woken, whose state is fetched */
/*
 * Entries ahead of a faulting one whose state is fetched: where every access faults, 25 to
 * 40 % more faults a second (at 3, half of that; at 24 no more than at 12).
 */
#define FAULTS_AHEAD 12u
#define RATE_ONE 65536ull /* full speed of one vCPU */

/* --- states and their times --- */

static void account(struct sim_guest *guest, struct sim_stream *stream)
{
	u64 now_ns = guest->engine->now_ns, span_ns;

	if (now_ns <= stream->since_ns)
		return;
	span_ns = now_ns - stream->since_ns;
	stream->since_ns = now_ns;
	if (stream->state == SIM_STREAM_IDLE || stream->state == SIM_STREAM_OFF)
		guest->counters.idle_ns += span_ns;
	else
		guest->counters.busy_ns += span_ns;
}

void sim_stream_account(struct sim_guest *guest)
{
	for (u32 i = 0; i < guest->workload.streams_count; i++)
		account(guest, &guest->workload.stream[i]);
	sim_psi_update(&guest->psi, guest->engine->now_ns);
	sim_psi_update(&guest->host->psi, guest->engine->now_ns);
}

static bool is_productive(enum sim_stream_state state)
{
	/* A vCPU that waits in the host looks busy to the guest. */
	return state == SIM_STREAM_RUN || state == SIM_STREAM_STALL_HOST;
}

/* The host's pressure follows, when it is time. */
static void press_host(struct sim_guest *guest, int stalled, int productive)
{
	struct sim_ahead *ahead = guest->engine->ahead;

	if (!ahead) {
		sim_psi_change(&guest->host->psi, guest->engine->now_ns, stalled, productive);
		return;
	}
	ahead->step[ahead->count - 1].stalled += (s8)stalled;
	ahead->step[ahead->count - 1].productive += (s8)productive;
}

void sim_stream_enter(struct sim_guest *guest, struct sim_stream *stream,
		      enum sim_stream_state state)
{
	u64 now_ns = guest->engine->now_ns;
	enum sim_stream_state old = stream->state;

	if (old == state)
		return;
	account(guest, stream);
	sim_guest_settle(guest);
	stream->state = state;
	sim_psi_change(&guest->psi, now_ns,
		       (state == SIM_STREAM_STALL_MEMORY) - (old == SIM_STREAM_STALL_MEMORY),
		       is_productive(state) - is_productive(old));
	press_host(guest, (state == SIM_STREAM_STALL_HOST) - (old == SIM_STREAM_STALL_HOST),
		   (state == SIM_STREAM_RUN) - (old == SIM_STREAM_RUN));
}

void sim_stream_wake_at(struct sim_guest *guest, struct sim_stream *stream, u64 time_ns)
{
	stream->wake_ns = time_ns;
	sim_wake_at(guest->engine, time_ns, SIM_CLASS_STREAM, SIM_WAKE_STREAM, guest->id,
		    (u32)(stream - guest->workload.stream), ++stream->ticket);
}

/* By how much compute is slower where huge pages are split, in shares of RATE_ONE. */
static u64 split_tax(const struct sim_guest *guest)
{
	const struct sim_backing *backing = &guest->backing;
	/* What counts is the memory in use: a region wholly in the balloon slows nobody. */
	u64 small_pages = backing->backed - backing->huge_regions * SIM_REGION_PAGES;

	if (!guest->host->config->huge_pages || !small_pages)
		return 0;
	return (u64)(guest->engine->scenario->costs.split_tax * (double)RATE_ONE) * small_pages /
	       backing->backed;
}

/* Compute time per real time, of one stream: vCPUs are shared, split huge pages cost. */
static u64 rate_of(const struct sim_guest *guest)
{
	u64 rate = RATE_ONE;

	if (guest->psi.productive > guest->vcpus)
		rate = RATE_ONE * guest->vcpus / guest->psi.productive;
	u64 tax = split_tax(guest);

	if (tax) /* divisions are dear here: this is run for each fault */
		rate = rate * RATE_ONE / (RATE_ONE + tax);
	return rate ? rate : 1;
}

/* An access by descriptor costs its system call's share, before the next record. */
static void charge_descriptor(struct sim_guest *guest, struct sim_stream *stream)
{
	u64 cost_ns = guest->engine->scenario->costs.descriptor_access_ns;

	stream->extra_ns += cost_ns;
	guest->counters.descriptor_ns += cost_ns;
}

/* --- one batch --- */

enum stop { STOP_LIMIT, STOP_FAULT, STOP_IDLE, STOP_END, STOP_KILLED };

static bool goes_no_further(int stop)
{
	return stop != STOP_LIMIT && stop != STOP_FAULT;
}

struct batch {
	struct sim_guest *guest;
	struct sim_stream *stream;
	struct sim_source *source;
	u64 from_ns, limit_ns; /* simulated time */
	u64 rate;
	u64 clock_from_ns;     /* trace time at the beginning, extra work taken off */
	u64 extra_done_ns;
	u64 stop_ns;	       /* simulated time at which it stopped */
};

static u64 record_time(const struct tr_run *run, u32 index)
{
	return run->time_ns + (run->count ? run->span_ns * index / run->count : 0);
}

/* Simulated time at trace time @clock_ns of this batch. */
static u64 when(const struct batch *batch, u64 clock_ns)
{
	u64 work_ns = clock_ns - batch->clock_from_ns + batch->extra_done_ns;
	u64 time_ns = batch->from_ns +
		      (batch->rate == RATE_ONE ? work_ns : work_ns * RATE_ONE / batch->rate);

	return time_ns < batch->limit_ns ? time_ns : batch->limit_ns;
}

/* An engine that is defined by every access sees this one: record @index of the run. */
static void show_access(struct sim_guest *guest, struct sim_stream *stream, u32 page, u32 index)
{
	const struct sim_workload *workload = &guest->workload;
	struct sim_reclaim *lruvec = guest->memcg_of[guest->memcg[page] & SIM_PAGE_MEMCG].lruvec;
	u32 position = 0;

	if (!guest->every_access || guest->memcg[page] & SIM_PAGE_UNEVICTABLE)
		return;
	if (lruvec->ops->future) {
		position = sim_future_position(&guest->future,
					       workload->segment_source[workload->segment],
					       (u32)(stream - workload->stream), workload->repetitions,
					       stream->accesses + index);
		if (position == guest->future.count)
			return;
	}
	lruvec->ops->access(lruvec, page, position);
}

/* An access that missed FAST but needs no fault.  Return: false when it does need one. */
static bool slow_hit(struct batch *batch, u32 page, bool write, u8 kind, u32 index)
{
	struct sim_guest *guest = batch->guest;
	u8 hot = guest->hot[page];
	u8 need = kind == TR_MAPPED ? SIM_HOT_PRESENT | SIM_HOT_MAPPED : SIM_HOT_PRESENT;

	if ((hot & need) != need ||
	    !(guest->backing.state[guest->frame[page] - 1] & SIM_BACK_BACKED))
		return false;
	hot |= kind == TR_MAPPED ? SIM_HOT_ACCESSED_GUEST | SIM_HOT_ACCESSED_HOST
				 : SIM_HOT_ACCESSED_HOST;
	if (write)
		hot |= SIM_HOT_DIRTY_GUEST | SIM_HOT_DIRTY_HOST;
	guest->hot[page] = hot;
	if (hot & SIM_HOT_MAPPED)
		sim_page_open(guest, page);
	if (sim_page_is_tracked(page))
		sim_page_note(guest, page, when(batch, record_time(&batch->stream->run, index)),
			      kind);
	if (guest->memcg[page] & SIM_PAGE_UNEVICTABLE)
		return true;
	struct sim_reclaim *lruvec = guest->memcg_of[guest->memcg[page] & SIM_PAGE_MEMCG].lruvec;

	show_access(guest, batch->stream, page, index);
	if (kind == TR_DESCRIPTOR && lruvec->ops->descriptor)
		lruvec->ops->descriptor(lruvec, page);
	return true;
}

/* Accesses of a run up to record @to.  Return: where it stopped. */
static u32 play_accesses(struct batch *batch, u32 to)
{
	struct sim_guest *guest = batch->guest;
	struct sim_stream *stream = batch->stream;
	const struct tr_run *run = &stream->run;
	u32 base = batch->source->base, i = stream->position;

	while (i < to) {
		if (run->kind != TR_DESCRIPTOR) {
			u8 set = run->kind == TR_MAPPED
					 ? SIM_HOT_ACCESSED_GUEST | SIM_HOT_ACCESSED_HOST
					 : SIM_HOT_ACCESSED_HOST;

			i = sim_access_hits(guest->hot + base, run->page, i, to, set);
			if (i == to)
				break;
		}
		u32 entry = run->page[i];

		if (!slow_hit(batch, base + TR_PAGE(entry), TR_IS_WRITE(entry), run->kind, i))
			break;
		if (run->kind == TR_DESCRIPTOR)
			charge_descriptor(guest, stream);
		i++;
	}
	guest->counters.accesses += i - stream->position;
	return i;
}

static void fetch_state(const struct sim_guest *guest, u32 page)
{
	__builtin_prefetch(&guest->hot[page], 1);
	__builtin_prefetch(&guest->frame[page], 1);
	__builtin_prefetch(&guest->memcg[page], 1);
	__builtin_prefetch(&guest->space.entry[page], 1);
}

static void play_lives(struct batch *batch, u32 to)
{
	struct sim_guest *guest = batch->guest;
	const struct tr_run *run = &batch->stream->run;

	for (u32 i = batch->stream->position; i < to; i++) {
		u32 page = batch->source->base + TR_PAGE(run->page[i]);

		if (i + LIVES_AHEAD < to)
			fetch_state(guest, batch->source->base + TR_PAGE(run->page[i + LIVES_AHEAD]));
		/* A file's page outlives the process that read it: it is the same page. */
		if (run->op == TR_ALLOC && run->type == TR_FILE && guest->frame[page] &&
		    sim_page_type(guest, page) == WS_FILE &&
		    !(guest->memcg[page] & SIM_PAGE_UNEVICTABLE))
			continue;
		sim_page_free(guest, page);
		if (run->op == TR_ALLOC)
			sim_page_declare(guest, page, run->type, run->memcg);
	}
}

/* Of a sampled run, the entries that take part; the time that the others take passes too. */
static int keep_some(struct sim_stream *stream, const u32 *block_of)
{
	if (!stream->kept)
		stream->kept = calloc(TR_BLOCK_RECORDS + TR_RUN_AHEAD, sizeof(u32));
	if (!stream->kept)
		return -ENOMEM;
	stream->run.count = sim_sampling_filter(block_of, stream->run.page, stream->run.count,
						stream->kept);
	stream->run.page = stream->kept;
	return 1;
}

/* The next run, with times for traces that have none. */
static int next_run(struct batch *batch, struct tr_error *error)
{
	struct sim_stream *stream = batch->stream;
	if (stream->has_run && stream->run.op == TR_ACCESS)
		stream->accesses += stream->run.count;
	int got = tr_cursor_next(stream->cursor, &stream->run, error);

	stream->has_run = got > 0;
	stream->position = 0;
	if (got > 0 && batch->source->access_ns) {
		stream->run.time_ns = stream->clock_ns;
		stream->run.span_ns = batch->source->access_ns * stream->run.count;
	}
	if (got > 0 && batch->source->block_of && stream->run.op != TR_IDLE)
		return keep_some(stream, batch->source->block_of);
	return got;
}

/* Return: enum stop, or negative errno. */
static int play(struct batch *batch, struct tr_error *error)
{
	struct sim_stream *stream = batch->stream;
	u64 work_ns = (batch->limit_ns - batch->from_ns) * batch->rate / RATE_ONE;

	batch->stop_ns = batch->limit_ns;
	batch->extra_done_ns = stream->extra_ns < work_ns ? stream->extra_ns : work_ns;
	stream->extra_ns -= batch->extra_done_ns;
	work_ns -= batch->extra_done_ns;
	batch->clock_from_ns = stream->clock_ns;
	if (stream->extra_ns)
		return STOP_LIMIT;
	u64 clock_end_ns = stream->clock_ns + work_ns;

	for (;;) {
		struct tr_run *run = &stream->run;
		u64 run_end_ns = run->time_ns + run->span_ns;

		if (!stream->has_run ||
		    (stream->position == run->count && stream->clock_ns >= run_end_ns)) {
			int got = next_run(batch, error);

			if (got < 0)
				return got;
			if (!got) {
				batch->stop_ns = when(batch, stream->clock_ns);
				return STOP_END;
			}
			continue;
		}
		/* Idling, or a thread that begins later. */
		if (run->op == TR_IDLE || (!stream->clock_ns && run->time_ns)) {
			batch->stop_ns = when(batch, stream->clock_ns);
			return STOP_IDLE;
		}
		u32 to = run->count;

		if (run_end_ns > clock_end_ns) {
			if (run->time_ns > clock_end_ns)
				to = stream->position;
			else
				to = (u32)((clock_end_ns - run->time_ns) * run->count / run->span_ns) + 1;
			if (to > run->count)
				to = run->count;
			if (to < stream->position)
				to = stream->position;
		}
		if (run->op == TR_ACCESS) {
			u32 at = play_accesses(batch, to);

			if (at < to) {
				u64 at_ns = record_time(run, at);

				stream->position = at;
				if (at_ns > stream->clock_ns)
					stream->clock_ns = at_ns;
				batch->stop_ns = when(batch, stream->clock_ns);
				return STOP_FAULT;
			}
		} else {
			play_lives(batch, to);
		}
		stream->position = to;
		if (run_end_ns > clock_end_ns) {
			stream->clock_ns = clock_end_ns > stream->clock_ns ? clock_end_ns
									   : stream->clock_ns;
			return STOP_LIMIT;
		}
		if (run_end_ns > stream->clock_ns)
			stream->clock_ns = run_end_ns;
	}
}

/*
 * The access at which the stream stopped goes through the fault path.
 * Return: when the stream goes on, or SIM_NONE when the kernel killed the workload.
 */
static u64 fault(struct sim_guest *guest, struct sim_stream *stream)
{
	struct sim_source *source = guest->workload.now;
	u32 entry = stream->run.page[stream->position];

	fetch_state(guest, source->base + TR_PAGE(stream->run.page[stream->position + FAULTS_AHEAD]));
	u64 ticket = stream->ticket, now_ns = guest->engine->now_ns;
	struct sim_fault_result result;

	sim_guest_fault(guest, stream, source->base + TR_PAGE(entry), TR_IS_WRITE(entry),
			stream->run.kind, &result);

	if (stream->ticket != ticket)
		return SIM_NONE;
	stream->faulted = result.retry;
	if (!result.retry) {
		stream->position++;
		guest->counters.accesses++;
		show_access(guest, stream, source->base + TR_PAGE(entry), stream->position - 1);
		if (stream->run.kind == TR_DESCRIPTOR)
			charge_descriptor(guest, stream);
	}
	u64 resume_ns = result.resume_ns;

	if (guest->engine->scenario->open_loop && !result.retry)
		resume_ns = now_ns; /* arrivals do not wait for the memory */
	if (result.memory_stall)
		sim_stream_enter(guest, stream, SIM_STREAM_STALL_MEMORY);
	else if (result.host_stall || result.retry)
		sim_stream_enter(guest, stream, SIM_STREAM_STALL_HOST);
	else if (result.fault == SIM_FAULT_FILE || result.fault == SIM_FAULT_REFAULT)
		sim_stream_enter(guest, stream, SIM_STREAM_STALL_IO);
	else
		return resume_ns;
	return resume_ns > now_ns ? resume_ns : now_ns + 1;
}

static void go_idle(struct sim_guest *guest, struct sim_stream *stream, u64 now_ns)
{
	struct tr_run *run = &stream->run;
	u64 clock_ns = run->op == TR_IDLE ? run->time_ns + run->span_ns : run->time_ns;
	u64 until_ns = stream->epoch_ns + clock_ns;

	stream->clock_ns = clock_ns;
	if (until_ns < now_ns)
		until_ns = now_ns;
	sim_emit(guest->engine, SIM_EV_IDLE, guest->id, (u32)(stream - guest->workload.stream),
		 until_ns, 0);
	sim_stream_enter(guest, stream, SIM_STREAM_IDLE);
	sim_stream_wake_at(guest, stream, until_ns);
}

/* Idling, or the end of the repetition, has been reached now. */
static void stopped(struct sim_guest *guest, struct sim_stream *stream, int stop)
{
	if (stop == STOP_IDLE) {
		go_idle(guest, stream, guest->engine->now_ns);
	} else {
		sim_stream_enter(guest, stream, SIM_STREAM_OFF);
		sim_workload_stream_ended(guest);
	}
}

/*
 * Play from now to the quantum's end, the next fault, or idling, which is at *next_ns.
 * Return: enum stop, or negative errno.
 */
static int run_batch(struct sim_guest *guest, struct sim_stream *stream, u64 limit_ns,
		     u64 *next_ns, struct tr_error *error)
{
	struct sim_engine *engine = guest->engine;
	struct batch batch = { .guest = guest, .stream = stream,
			       .source = guest->workload.now, .from_ns = engine->now_ns,
			       .limit_ns = limit_ns, .rate = rate_of(guest) };
	u64 clock_ns = stream->clock_ns;
	int stop = play(&batch, error);

	if (stop < 0)
		return stop;
	guest->counters.compute_ns += stream->clock_ns - clock_ns;
	guest->counters.split_ns += (stream->clock_ns - clock_ns) * split_tax(guest) / RATE_ONE;
	stream->faulted = stop == STOP_FAULT;
	*next_ns = batch.stop_ns;
	return stop;
}

/*
 * What a stream does at one moment.  *next_ns: when it goes on, or idles, or ends, as told;
 * that is found again after a wait, for the position is kept.
 * Return: enum stop, or negative errno.
 */
static int turn(struct sim_guest *guest, struct sim_stream *stream, u64 *next_ns,
		struct tr_error *error)
{
	struct sim_engine *engine = guest->engine;
	u64 now_ns = engine->now_ns, quantum_ns = engine->scenario->quantum_ns, limit_ns;

	if (now_ns >= engine->quantum_end_ns)
		engine->quantum_end_ns = (now_ns / quantum_ns + 1) * quantum_ns;
	limit_ns = engine->quantum_end_ns;
	*next_ns = now_ns;
	sim_stream_enter(guest, stream, SIM_STREAM_RUN);
	if (stream->faulted) {
		*next_ns = fault(guest, stream);
	} else if (stream->paid_ns != limit_ns) { /* once a quantum */
		stream->paid_ns = limit_ns;
		*next_ns += sim_guest_pay_debt(guest, now_ns, limit_ns);
	}
	if (*next_ns == SIM_NONE)
		return STOP_KILLED;
	if (*next_ns > now_ns || stream->faulted)
		return STOP_LIMIT;
	return run_batch(guest, stream, limit_ns, next_ns, error);
}

/* The stream waits for its turn at @next_ns.  While its VM is at hand, play that and more. */
static int run_ahead(struct sim_guest *guest, struct sim_stream *stream, u64 next_ns,
		     struct tr_error *error)
{
	struct sim_engine *engine = guest->engine;
	u64 now_ns = engine->now_ns, quantum_end_ns = engine->quantum_end_ns;
	u64 until_ns = sim_ahead_until(engine, guest, (u32)(stream - guest->workload.stream));
	int stop = STOP_LIMIT;

	if (next_ns >= until_ns)
		return 0;
	sim_ahead_begin(engine, guest, stream);
	struct sim_ahead *ahead = engine->ahead;

	while (next_ns < until_ns && ahead->count < SIM_AHEAD_STEPS && !goes_no_further(stop) &&
	       sim_ahead_is_private(guest, stream)) {
		engine->now_ns = next_ns;
		struct sim_ahead_step *step = sim_ahead_step(engine);

		stop = turn(guest, stream, &next_ns, error);
		step->next_ns = next_ns;
	}
	assert(stop != STOP_KILLED);
	ahead->stop = stop;
	stream->wake_ns = next_ns;
	engine->ahead = NULL;
	engine->now_ns = now_ns;
	engine->quantum_end_ns = quantum_end_ns;
	return stop < 0 ? stop : 0;
}

static void fetch(const void *from, size_t bytes)
{
	for (size_t i = 0; i < bytes; i += 64)
		__builtin_prefetch((const u8 *)from + i, 1);
}

/* What the stream's next records will touch, and a fault on the first of them. */
static void fetch_pages(const struct sim_guest *guest, const struct sim_stream *stream)
{
	/* The position may be that of a run which is over: then there is little to know. */
	if (!stream->has_run || !guest->workload.playing)
		return;
	u32 base = guest->workload.now->base;
	const u32 *entry = stream->run.page + stream->position;

	for (u32 i = 0; i < ENTRIES_AHEAD; i++)
		__builtin_prefetch(&guest->hot[base + TR_PAGE(entry[i])], 1);
	fetch_state(guest, base + TR_PAGE(entry[0]));
}

void sim_stream_fetch(const struct sim_guest *guest, u32 index, u32 ahead)
{
	const struct sim_stream *stream;

	switch (ahead) {
	case 8:
		fetch(guest, offsetof(struct sim_guest, counters.swap_in_pages));
		fetch(&guest->counters.compute_ns,
		      offsetof(struct sim_guest, memcg_of[1]) -
			      offsetof(struct sim_guest, counters.compute_ns));
		break;
	case 6:
		fetch(&guest->workload.stream[index], sizeof(*stream));
		__builtin_prefetch(guest->workload.now);
		if (guest->memcg_of[0].lruvec->ops->fetch)
			guest->memcg_of[0].lruvec->ops->fetch(guest->memcg_of[0].lruvec, 0);
		sim_frames_fetch(&guest->frames);
		break;
	case 4:
		stream = &guest->workload.stream[index];
		if (stream->has_run)
			__builtin_prefetch(&stream->run.page[stream->position]);
		if (stream->cursor)
			tr_cursor_fetch(stream->cursor, 0);
		if (guest->memcg_of[0].lruvec->ops->fetch)
			guest->memcg_of[0].lruvec->ops->fetch(guest->memcg_of[0].lruvec, 1);
		break;
	case 2:
		stream = &guest->workload.stream[index];
		if (stream->cursor)
			tr_cursor_fetch(stream->cursor, 1);
		fetch_pages(guest, stream);
		u32 frame = sim_frames_next(&guest->frames);
		if (frame != SIM_NO_FRAME) {
			__builtin_prefetch(&guest->copy[frame], 1);
			__builtin_prefetch(&guest->backing.owner[frame], 1);
			__builtin_prefetch(&guest->backing.state[frame], 1);
		}
		break;
	}
}

/* All turns from now on until the stream has to wait. */
static int go_on(struct sim_guest *guest, struct sim_stream *stream, struct tr_error *error)
{
	struct sim_engine *engine = guest->engine;

	for (;;) {
		u64 next_ns;
		int stop = turn(guest, stream, &next_ns, error);

		if (stop < 0)
			return stop;
		if (stop == STOP_KILLED)
			return 0;
		if (next_ns > engine->now_ns && !sim_go_on_at(engine, next_ns)) {
			sim_stream_wake_at(guest, stream, next_ns);
			return run_ahead(guest, stream, next_ns, error);
		}
		if (goes_no_further(stop)) {
			stopped(guest, stream, stop);
			return 0;
		}
	}
}

int sim_stream_resume(struct sim_guest *guest, u32 index, struct tr_error *error)
{
	struct sim_stream *stream = &guest->workload.stream[index];
	int stop = guest->engine->ahead_of[guest->id].stop;

	if (!goes_no_further(stop))
		return go_on(guest, stream, error);
	stopped(guest, stream, stop);
	return 0;
}

int sim_stream_wake(struct sim_guest *guest, u32 index, u64 ticket, struct tr_error *error)
{
	struct sim_stream *stream = &guest->workload.stream[index];

	if (!guest->running || ticket != stream->ticket)
		return 0;
	if (!guest->workload.playing) { /* an idle segment is over */
		sim_workload_stream_ended(guest);
		return 0;
	}
	return go_on(guest, stream, error);
}
