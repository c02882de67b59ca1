/* SPDX-License-Identifier: BSD-2-Clause */
/* tr_block_run.c - see tr_block_run.h. */
#include <errno.h>

#include "tr_block_run.h"

/* A run that is not ordinary.  Return: what follows, or NULL with *reason. */
static const u8 *get_run(const u8 *bytes, const u8 *end, const struct tr_run_bounds *bounds,
			 struct tr_block_run *to, const char **reason)
{
	struct tr_run run;

	bytes = tr_block_get_run(bytes, end, &run);
	if (!bytes) {
		*reason = "has a run that is none";
		return NULL;
	}
	if (run.memcg >= bounds->memcgs_count || run.node >= bounds->nodes_count) {
		*reason = "names a memcg or node that is none";
		return NULL;
	}
	*to = (struct tr_block_run){ .op = run.op, .kind = run.kind, .type = run.type,
				     .node = run.node, .memcg = run.memcg,
				     .count = run.count, .span_ns = run.span_ns };
	return bytes;
}

int tr_block_get_runs(struct tr_block_run *run, const struct tr_block_head *head,
		      const u8 *bytes, const struct tr_run_bounds *bounds,
		      const char **reason)
{
	const struct tr_block_run *runs_end = run + head->runs_count;
	const u8 *end = bytes + head->runs_size;
	u64 left_ns = head->end_ns - head->time_ns;
	u32 left = head->records_count;

	if (head->runs_layout == TR_RUNS_COLUMNS)
		return tr_block_get_columns(run, head, bytes, bounds, reason);
	for (; run < runs_end; run++) {
		const u8 *at = bytes < end ? tr_block_get_run_fast(bytes, run) : NULL;

		if (!at && !(at = get_run(bytes, end, bounds, run, reason)))
			return -EINVAL;
		bytes = at;
		if (run->count > left || run->span_ns > left_ns) {
			*reason = "has runs beyond its end";
			return -EINVAL;
		}
		run->stream = head->stream;
		left -= run->count;
		left_ns -= run->span_ns;
	}
	*run = (struct tr_block_run){ .span_ns = TR_RUN_NONE };
	if (!left && !left_ns && bytes == end)
		return 0;
	*reason = "has runs that do not add up to it";
	return -EINVAL;
}
