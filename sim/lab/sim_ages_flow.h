/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sim_ages_flow.h - a trace's records one by one, all streams in order of time.
 *
 * A reader hands out runs, whose records lie evenly in a span; runs of different streams
 * overlap.  Here the streams are merged by record; at equal times the lower stream comes
 * first.  Private to sim/lab.
 */
#ifndef SIM_AGES_FLOW_H
#define SIM_AGES_FLOW_H

#include "tr_file.h"

struct sim_ages_event {
	u64 time_ns;
	u32 page;
	u8 op, kind, type;
	bool write;
};

struct sim_ages_lane {
	struct tr_cursor *cursor;
	struct tr_run run;
	u32 at; /* next record of the run */
	u64 time_ns; /* of that record; WS_NEVER at the end */
};

struct sim_ages_flow {
	struct tr_file *file;
	struct sim_ages_lane *lane;
	u32 lanes_count, now; /* lane that goes on until limit_ns */
	u64 limit_ns;
};

int sim_ages_flow_open(struct sim_ages_flow *flow, const char *path, struct tr_error *error);
/* Return: 1 and *event, 0 at the end, or negative errno. */
int sim_ages_flow_next(struct sim_ages_flow *flow, struct sim_ages_event *event,
		       struct tr_error *error);
void sim_ages_flow_close(struct sim_ages_flow *flow);

#endif /* SIM_AGES_FLOW_H */
