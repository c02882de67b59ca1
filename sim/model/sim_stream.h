/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sim_stream.h - a VM's workload: segments of traces, played by streams on vCPUs.
 *
 * A stream is a thread of the trace.  It computes, idles, or is stalled; a stall blocks
 * only its stream.  The streams that want to run share the vCPUs evenly.  A stream runs
 * in batches: from now to the next quantum boundary or to its next fault, in a tight
 * loop over the trace, without an event per access.
 *
 * Idling in a trace is "until": a stream that is late by then goes straight on.
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
	u32 position;  /* next record of the run */
	bool has_run;
	u64 clock_ns;  /* trace time reached */
	u64 epoch_ns;  /* simulated time at which the trace's time 0 was */
	u64 extra_ns;  /* work to do before the next record */
	enum sim_stream_state state;
	u64 since_ns;  /* when it entered the state */
	u64 ticket;    /* of its pending event */
	bool faulted;  /* the record at position must go through the fault path */
	u32 readahead; /* file pages from here to the end of its 32-page window are in flight */
};

/* A trace that segments of this VM use, and where its pages begin among the guest's. */
struct sim_source {
	struct tr_file *file;
	const char *path;
	u32 base;
	u64 access_ns; /* for traces without times: time per access; else 0 */
};

struct sim_workload {
	struct sim_source *source;
	u32 sources_count;
	u32 *segment_source; /* by segment: index of its source; sources_count: idling */
	struct sim_stream *stream;
	u32 streams_count;  /* most that any source has */
	u32 streams_active; /* of this repetition, not yet at the end */
	u32 segment, repetition;
	bool finished;
	u64 window_ns; /* longest window of the traces */
};

/* Opens the traces and lays out their pages.  Return: 0 or negative errno with text. */
int sim_workload_init(struct sim_guest *guest, struct tr_error *error);
void sim_workload_destroy(struct sim_guest *guest);
/* Pages that all sources together need. */
u64 sim_workload_pages(const struct sim_workload *workload);

/* The VM has booted: begin the first segment after the phase. */
void sim_workload_start(struct sim_guest *guest);
/* All streams off. */
void sim_workload_stop(struct sim_guest *guest);
/* The kernel killed the workload: this repetition ends here, its memory is freed. */
void sim_workload_kill(struct sim_guest *guest);
/* SIM_WAKE_STREAM.  Return: 0 or negative errno: a damaged trace. */
int sim_stream_wake(struct sim_guest *guest, u32 stream, u64 ticket, struct tr_error *error);
/* Bring busy and idle times up to now. */
void sim_workload_account(struct sim_guest *guest);

#endif /* SIM_STREAM_H */
