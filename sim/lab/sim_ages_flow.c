/* SPDX-License-Identifier: BSD-2-Clause */
/* sim_ages_flow.c - streams merged by record; see sim_ages_flow.h. */
#include <errno.h>
#include <stdlib.h>

#include "lab/sim_ages_flow.h"

#define AT_END (~0ull)

static u64 record_time(const struct tr_run *run, u32 at)
{
	return run->time_ns + (u64)((unsigned __int128)run->span_ns * at / run->count);
}

/* The lane's next run that has records. */
static int next_run(struct sim_ages_lane *lane, struct tr_error *error)
{
	int rc;

	do {
		rc = tr_cursor_next(lane->cursor, &lane->run, error);
	} while (rc > 0 && !lane->run.count);
	lane->at = 0;
	lane->time_ns = rc > 0 ? record_time(&lane->run, 0) : AT_END;
	return rc < 0 ? rc : 0;
}

/* The lane with the earliest record, and how far it may go before another's turn. */
static void choose_lane(struct sim_ages_flow *flow)
{
	u32 best = 0;

	for (u32 i = 1; i < flow->lanes_count; i++)
		if (flow->lane[i].time_ns < flow->lane[best].time_ns)
			best = i;
	flow->limit_ns = AT_END;
	for (u32 i = 0; i < flow->lanes_count; i++) {
		u64 time_ns = flow->lane[i].time_ns;
		/* A lower lane goes first at equal times. */
		if (i < best && time_ns != AT_END)
			time_ns -= time_ns > 0;
		if (i != best && time_ns < flow->limit_ns)
			flow->limit_ns = time_ns;
	}
	flow->now = best;
}

int sim_ages_flow_open(struct sim_ages_flow *flow, const char *path, struct tr_error *error)
{
	*flow = (struct sim_ages_flow){ .file = NULL };
	int rc = tr_file_open(&flow->file, path, error);
	if (rc)
		return rc;
	u32 count = tr_file_meta(flow->file)->streams_count;
	flow->lane = calloc(count + 1, sizeof(*flow->lane));
	if (!flow->lane)
		rc = tr_fail(error, -ENOMEM, "%s: out of memory", path);
	while (!rc && flow->lanes_count < count) {
		struct sim_ages_lane *lane = &flow->lane[flow->lanes_count];
		rc = tr_cursor_open(&lane->cursor, flow->file, (int)flow->lanes_count, error);
		if (rc)
			break;
		flow->lanes_count++;
		rc = next_run(lane, error);
	}
	if (rc)
		sim_ages_flow_close(flow);
	else if (count)
		choose_lane(flow);
	return rc;
}

int sim_ages_flow_next(struct sim_ages_flow *flow, struct sim_ages_event *event,
		       struct tr_error *error)
{
	struct sim_ages_lane *lane = &flow->lane[flow->now];

	if (!flow->lanes_count)
		return 0;
	if (lane->time_ns > flow->limit_ns || lane->time_ns == AT_END) {
		choose_lane(flow);
		lane = &flow->lane[flow->now];
		if (lane->time_ns == AT_END)
			return 0;
	}
	const struct tr_run *run = &lane->run;
	u32 entry = run->page[lane->at];
	*event = (struct sim_ages_event){ .time_ns = lane->time_ns, .page = TR_PAGE(entry),
					  .op = run->op, .kind = run->kind, .type = run->type,
					  .write = TR_IS_WRITE(entry) };
	if (++lane->at < run->count) {
		lane->time_ns = record_time(run, lane->at);
		return 1;
	}
	int rc = next_run(lane, error);
	return rc ? rc : 1;
}

void sim_ages_flow_close(struct sim_ages_flow *flow)
{
	for (u32 i = 0; i < flow->lanes_count; i++)
		tr_cursor_close(flow->lane[i].cursor);
	free(flow->lane);
	tr_file_close(flow->file);
	*flow = (struct sim_ages_flow){ .file = NULL };
}
