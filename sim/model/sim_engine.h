/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sim_engine.h - what every part of the model stands on: time, events, the record.
 *
 * The engine's clock is the time of the event that is being handled.  Everything that the
 * model does it records by sim_emit(); the digest over all that was emitted is the result
 * of the run in one number.
 */
#ifndef SIM_ENGINE_H
#define SIM_ENGINE_H

#include "model/sim_arena.h"
#include "model/sim_latency.h"
#include "model/sim_probe.h"
#include "model/sim_queue.h"

#define SIM_PAGE_BYTES 4096ull /* of the page itself; sizes count in engine->page_bytes */
#define SIM_HOST_ID 0xffffu /* stands for the host where a VM's number is expected */
#define SIM_MS 1000000ull
#define SIM_SECOND 1000000000ull

/* Who wakes up. */
enum sim_wake {
	SIM_WAKE_STREAM,     /* arg: stream; the ticket is the stream's */
	SIM_WAKE_SILENT,     /* the same, of a log (sim_ahead.h); in place of a ticket, the next turn */
	SIM_WAKE_WRITEBACK,  /* arg: batch */
	SIM_WAKE_KSWAPD,
	SIM_WAKE_BALLOON,    /* the ticket is the balloon's */
	SIM_WAKE_AGEING,
	SIM_WAKE_FLUSH,
	SIM_WAKE_REPORTING,
	SIM_WAKE_VM_START,
	SIM_WAKE_VM_STOP,
	SIM_WAKE_PSI,
	SIM_WAKE_MESSAGE,    /* arg: message */
	SIM_WAKE_TICK,
	SIM_WAKE_WATCH,	     /* host pressure and stalled balloons */
	SIM_WAKE_HOST_RECLAIM,
	SIM_WAKE_HOST_WRITTEN, /* arg: batch */
	SIM_WAKE_DISTURB,    /* arg: disturbance << 1 | begins */
	SIM_WAKE_SAMPLE,
	SIM_WAKE_MECHANISM,  /* what it does without a target */
	SIM_WAKE_KHUGEPAGED, /* the host's */
};

/* The traces that the VMs play, each open once: VMs in the same block share it decoded. */
struct sim_trace {
	const char *path; /* the scenario's */
	struct tr_file *file;
};
struct sim_traces {
	struct sim_trace *trace;
	u32 count;
};
void sim_traces_destroy(struct sim_traces *traces); /* after all cursors */

struct sim_ahead;

struct sim_engine {
	const struct sim_scenario *scenario; /* scaled, when pages are sampled */
	u64 page_bytes; /* bytes that one simulated page stands for */
	const struct sim_probe *probes;
	u32 probes_count;
	u64 now_ns;
	u64 quantum_end_ns; /* of now, or of an earlier time */
	struct sim_queue queue;
	u64 digest, events;
	struct sim_latency_set latencies; /* of all devices */
	struct sim_traces traces; /* of all VMs */
	struct sim_arena arena; /* small arrays of all VMs */

	/* VMs that run ahead (sim_ahead.h). */
	struct sim_ahead *ahead; /* the log of the one that does so just now */
	struct sim_ahead *ahead_of; /* by VM; NULL: none may */
	bool ahead_off;	    /* none may begin any more */
	bool ahead_backs;   /* the one that runs ahead may have the host back its frames */
	u64 ahead_turns;    /* played before their time */
	u64 ahead_end_ns;   /* latest turn that was played ahead of its time */
	u64 *other_ns;	    /* heap of the times of all events but streams' turns */
	u32 others_count, others_capacity;
	u64 *press_ns;	    /* tree: [1] is when a VM may report pressure at the earliest, */
	u32 press_leaves;   /* [that + vm] when each may */
	u64 promised_pages; /* what all guests may touch */
	u64 least_delay_ns; /* of any message */
};

/* Record what has happened now: for the digest and for the observers. */
void sim_emit(struct sim_engine *engine, enum sim_event_kind kind, u32 vm, u32 arg, u64 a, u64 b);

/* Of sim_wake_at(): an event that is no stream's turn. */
void sim_ahead_foresee(struct sim_engine *engine, u64 time_ns);

static inline void sim_wake_at(struct sim_engine *engine, u64 time_ns, enum sim_class class,
			       enum sim_wake kind, u32 vm, u32 arg, u64 ticket)
{
	WS_ASSERT(!engine->ahead); /* a turn ahead of its time leaves nothing but its log */
	if (kind > SIM_WAKE_SILENT && engine->ahead_of)
		sim_ahead_foresee(engine, time_ns);
	sim_queue_put(&engine->queue,
		      (struct sim_event){ .time_ns = time_ns, .kind = (u16)kind, .vm = (u16)vm,
					  .arg = arg, .ticket = ticket },
		      class);
}

/*
 * Go on at @time_ns.  Return: true when no event comes before, and that is now the time;
 * false when the caller has to wait for its turn in the queue.
 */
static inline bool sim_go_on_at(struct sim_engine *engine, u64 time_ns)
{
	if (sim_queue_next_ns(&engine->queue) <= time_ns || time_ns > engine->scenario->duration_ns)
		return false;
	engine->now_ns = time_ns;
	return true;
}

/* Zeroed memory that costs nothing until it is touched; NULL when there is none. */
void *sim_zeroed(u64 bytes);
void sim_zeroed_free(void *memory, u64 bytes);

/*
 * Memory for an array of what all VMs have in use, from a cache line's start on; NULL when
 * there is none; free() it.  A large one comes on huge pages, so that with a thousand VMs
 * their turns do not look for it in page tables first.
 */
void *sim_dense(u64 bytes);

#endif /* SIM_ENGINE_H */
