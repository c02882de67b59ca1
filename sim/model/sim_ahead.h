/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sim_ahead.h - a VM runs ahead of the others while nobody looks.
 *
 * With a thousand VMs a turn of one finds nothing of it in the caches, does little, and
 * the turns of all others push it out again.  So a VM whose lines are at hand plays its
 * next turns at once, and what they tell the world is put down: the record emitted, the
 * change of the host's pressure, the time of the next turn.  Those turns still come up in
 * the queue, each when its time has come, and are then but a look into that log.  Events,
 * their order, and the digest are the same as without; so is the state of a VM whenever
 * anybody else can see it.
 *
 * A VM may run ahead up to the first moment at which it could be seen or touched:
 * - the next event of any VM or of the host that is no stream's turn;
 * - the next turn of another stream of the same VM;
 * - SIM_AHEAD_NS from now, or earlier, so that no turn of any VM has others feel it until
 *   then: host memory suffices for all that guests may touch and so is not reclaimed, and
 *   the message of no guest that comes under memory pressure can have arrived.  How soon
 *   one may come under it and tell follows from its free memory and from its trace, which
 *   says how many accesses it makes, or else from what a fault costs it; and it does not
 *   tell twice within its threshold.
 * And it stops before a turn that would do more than change its own state: one that
 * touches memory which the host has swapped out (or not backed, where its free memory is
 * so short that the order of touches matters), reclaims, or ends a segment.
 * What breaks these rules trips an assertion.
 *
 * What it bought, step by step, is in bench/README.md.
 */
#ifndef SIM_AHEAD_H
#define SIM_AHEAD_H

#include "model/sim_engine.h"
#include "model/sim_psi.h"

struct sim_guest;
struct sim_stream;

#define SIM_AHEAD_NS (16 * SIM_MS)
#define SIM_AHEAD_SPANS 16u /* shares of it that are told apart */
#define SIM_AHEAD_STEPS 255u
/* What a stream may have its balloon give within SIM_AHEAD_NS, for each OOM costs it 1 ms. */
#define SIM_AHEAD_OOM_PAGES 8192u

/*
 * What one turn told.  Half of all turns tell nothing but when the next one is: such a turn
 * is no step of its own, but part of the one before.
 */
struct sim_ahead_step {
	u64 next_ns; /* of the next turn; not later than this one's: at once */
	u64 b;	     /* of the record, as sim_emit() has them */
	u32 a, arg;
	u16 kind;    /* 0: no record */
	s8 stalled, productive; /* changes of the host's pressure */
	u32 silent_ns; /* not 0: the turn at next_ns tells nothing, and the one after is so much later */
};

/* One VM's log.  A step is half a cache line. */
struct sim_ahead {
	u32 at, count; /* steps told already, and all */
	u64 ticket;    /* of the stream's turns, and */
	u32 stream;    /* which it is: events of others are of before a kill or reboot */
	bool tells_pressure; /* it was configured to */
	int stop;	     /* how the last step's turn ended, as sim_stream.c has it */
	u64 silent_until_ns; /* and does not before that time */
	u64 promised_pages; /* what the guest may touch: that outside the balloon, */
	u64 owned_pages, given_pages; /* and what the balloon may give when the guest is short */
	/* More than the VM can take within SIM_AHEAD_NS: by faults, and read with them (disk, swap). */
	u64 faulted_pages, read_pages[2];
	struct sim_ahead_step step[SIM_AHEAD_STEPS] __attribute__((aligned(64)));
};

/*
 * Logs for all VMs of @engine; none where running ahead cannot be allowed.  Return: 0 or
 * -ENOMEM.
 */
int sim_ahead_init(struct sim_engine *engine, const struct sim_guest *guests, u32 guests_count);
void sim_ahead_destroy(struct sim_engine *engine);

/* Is @vm ahead, and its next turn already put down? */
static inline bool sim_ahead_has(const struct sim_engine *engine, u32 vm)
{
	return engine->ahead_of && engine->ahead_of[vm].at < engine->ahead_of[vm].count;
}

/* Is @event its? */
static inline bool sim_ahead_owns(const struct sim_engine *engine, const struct sim_event *event)
{
	return sim_ahead_has(engine, event->vm) &&
	       engine->ahead_of[event->vm].ticket == event->ticket &&
	       engine->ahead_of[event->vm].stream == event->arg;
}

/* Its turn comes soon: have the processor fetch the log's head, then the step. */
static inline void sim_ahead_fetch(const struct sim_engine *engine, u32 vm)
{
	if (engine->ahead_of)
		__builtin_prefetch(&engine->ahead_of[vm], 1);
}
static inline void sim_ahead_fetch_step(const struct sim_engine *engine, u32 vm)
{
	__builtin_prefetch(&engine->ahead_of[vm].step[engine->ahead_of[vm].at], 1);
}

/*
 * The turn of @event, and those that follow at once, as the log has them.
 * Return: true when the log is at its end and the stream goes on now, by itself.
 */
bool sim_ahead_replay(struct sim_engine *engine, struct sim_psi *host_psi,
		      const struct sim_event *event);

/* A turn that tells nothing (SIM_WAKE_SILENT): true when another event comes before the next. */
static inline bool sim_ahead_passes(struct sim_engine *engine, const struct sim_event *event)
{
	u64 next_ns = event->ticket;

	if (sim_go_on_at(engine, next_ns))
		return false;
	sim_wake_at(engine, next_ns, SIM_CLASS_STREAM, SIM_WAKE_STREAM, event->vm, event->arg,
		    engine->ahead_of[event->vm].ticket);
	return true;
}

/* An event that is no stream's turn begins: nobody may be ahead whom it could see. */
void sim_ahead_handled(struct sim_engine *engine, const struct sim_event *event);
/* Something else than a turn of a stream may have changed the VM's memory or reports. */
void sim_ahead_looked_at(struct sim_engine *engine, const struct sim_guest *guest);
/* A turn may have changed the VM's free memory. */
void sim_ahead_note(struct sim_engine *engine, const struct sim_guest *guest);

/* How far can the VM run ahead from now: turns before that time; 0: not at all. */
u64 sim_ahead_until(struct sim_engine *engine, const struct sim_guest *guest, u32 stream);
/* Would the stream's next turn change nothing but its VM? */
bool sim_ahead_is_private(const struct sim_guest *guest, const struct sim_stream *stream);

/* From here on, and until engine->ahead is NULL, turns go into the VM's log. */
void sim_ahead_begin(struct sim_engine *engine, const struct sim_guest *guest,
		     const struct sim_stream *stream);
/* The next turn's step, empty; it begins now. */
struct sim_ahead_step *sim_ahead_step(struct sim_engine *engine);
/* Of sim_emit(). */
void sim_ahead_record(struct sim_ahead *ahead, enum sim_event_kind kind, u32 arg, u64 a, u64 b);

#endif /* SIM_AHEAD_H */
