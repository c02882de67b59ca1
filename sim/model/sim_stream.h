/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sim_stream.h - one thread of a VM's workload.
 *
 * A stream computes, idles, or is stalled; a stall blocks only its stream.  The streams
 * that want to run share the vCPUs evenly.  A stream runs in batches: from now to the
 * next quantum boundary or to its next fault, in a tight loop over the trace
 * (sim_access.h), without an event per access.
 *
 * Idling in a trace lasts until a given time: a stream that is late goes straight on.
 */
#ifndef SIM_STREAM_H
#define SIM_STREAM_H

#include "tr_file.h"
#include "model/sim_engine.h"

struct sim_guest;

enum sim_stream_state {
	SIM_STREAM_OFF,	 /* no work left in this repetition */
	SIM_STREAM_RUN,	 /* wants a vCPU */
	SIM_STREAM_IDLE,
	SIM_STREAM_STALL_MEMORY, /* waits for memory: pressure */
	SIM_STREAM_STALL_IO,	 /* waits for a disk, which is not pressure */
	SIM_STREAM_STALL_HOST,	 /* its vCPU waits in the host, unknown to the guest */
};

struct sim_stream {
	struct tr_cursor *cursor;
	struct tr_run run;
	u32 *kept; /* sampling: the entries of the run that take part */
	u32 position;  /* next record of the run */
	bool has_run;
	u32 accesses;  /* of this repetition, before this run */
	u64 clock_ns;  /* trace time reached */
	u64 epoch_ns;  /* simulated time at which the trace's time 0 was */
	u64 paid_ns;   /* end of the quantum in which it last waited for the kernel's own work */
	u64 extra_ns;  /* work to do before the next record */
	enum sim_stream_state state;
	u64 since_ns;  /* when it entered the state */
	u64 ticket;    /* of its pending event */
	u64 wake_ns;   /* its time */
	bool faulted;  /* the record at position must go through the fault path */
	u32 readahead; /* file pages from here to the end of its 32-page window are in flight */
};

/* SIM_WAKE_STREAM.  Return: 0 or negative errno: a damaged trace. */
int sim_stream_wake(struct sim_guest *guest, u32 stream, u64 ticket, struct tr_error *error);

/* The same, at the end of a log of turns played ahead (sim_ahead.h): it goes on now. */
int sim_stream_resume(struct sim_guest *guest, u32 stream, struct tr_error *error);

/*
 * The stream will be woken @ahead events from now: have the processor fetch what it will
 * need, following one more pointer at each call as @ahead goes from SIM_FETCH_AHEAD to 0.
 * With many VMs, an event finds nothing of its VM in the caches; a thousand VMs run a
 * third faster with this.
 */
#define SIM_FETCH_AHEAD 8u
void sim_stream_fetch(const struct sim_guest *guest, u32 stream, u32 ahead);

/* Change state, with the times and the pressure that follow from it. */
void sim_stream_enter(struct sim_guest *guest, struct sim_stream *stream,
		      enum sim_stream_state state);
/* Go on at @time_ns; whatever it was waiting for before is forgotten. */
void sim_stream_wake_at(struct sim_guest *guest, struct sim_stream *stream, u64 time_ns);
/* Bring busy and idle times and pressure of all streams up to now. */
void sim_stream_account(struct sim_guest *guest);

#endif /* SIM_STREAM_H */
