/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sim_workload.h - what a VM does: a declared sequence of segments.
 *
 * A segment plays a trace so many times, or idles.  When a repetition ends the process
 * is gone: its pages are freed but for those the segment keeps (by default the page
 * cache, which outlives processes).  Each trace has a place of its own among the
 * guest's pages, so a file that is read again is the same file.
 */
#ifndef SIM_WORKLOAD_H
#define SIM_WORKLOAD_H

#include "model/sim_stream.h"

/* A trace that segments of this VM use, and where its pages begin among the guest's. */
struct sim_source {
	struct tr_file *file; /* the engine's */
	const char *path;
	u32 base;
	u32 pages_count; /* of those numbers that are used here */
	u32 *block_of; /* sampling: number of each block of the trace (sim_sampling.h); else NULL */
	u64 access_ns; /* for traces without times: time per access; else 0 */
};

struct sim_workload {
	struct sim_source *source;
	u32 sources_count;
	u32 *segment_source; /* by segment: index of its source */
	struct sim_source *now; /* of the segment being played */
	struct sim_stream *stream;
	u32 streams_count;  /* most that any source has */
	u32 streams_active; /* of this repetition, not yet at the end */
	u32 segment, repetition;
	u32 repetitions; /* ended since the start, of all segments */
	bool playing;  /* a repetition of a trace is under way */
	bool finished; /* nothing left to do */
	u64 begun_ns;  /* this repetition, or its idling */
	u64 window_ns; /* longest window of the traces */
	u64 pages_count; /* that all sources together need, a multiple of 512 */
};

/* Opens the traces and lays out their pages.  Return: 0 or negative errno with text. */
int sim_workload_init(struct sim_guest *guest, struct tr_error *error);
void sim_workload_destroy(struct sim_guest *guest);

/* The VM has booted: begin the first segment after its phase. */
void sim_workload_start(struct sim_guest *guest);
/* It has booted again: the first segment begins at once, whatever was played before. */
void sim_workload_restart(struct sim_guest *guest);
/* All streams off. */
void sim_workload_stop(struct sim_guest *guest);
/* The kernel killed it: this repetition ends here, its memory is freed, the next begins. */
void sim_workload_kill(struct sim_guest *guest);

#define SIM_ACCESS_NS 100	    /* DRAM: for traces that carry no times */
#define SIM_PROCESS_NS SIM_MS	    /* no process starts and ends in less */

/* Idle time before a VM's first segment in this run, its random part included. */
u64 sim_workload_phase(const struct sim_scenario *scenario, const struct sim_vm_config *config);

/* One stream reached the end of its trace. */
void sim_workload_stream_ended(struct sim_guest *guest);

#endif /* SIM_WORKLOAD_H */
