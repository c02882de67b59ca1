/* SPDX-License-Identifier: BSD-2-Clause */
/* tr_block_run.c - see tr_block_run.h. */
#include <errno.h>

#include "tr_block_run.h"

/* A run that is not ordinary. */
static const u8 *get_run(const u8 *bytes, const u8 *end, struct tr_block_run *to)
{
	struct tr_run run;

	bytes = tr_block_get_run(bytes, end, &run);
	if (bytes)
		*to = (struct tr_block_run){ .op = run.op, .kind = run.kind, .type = run.type,
					     .node = run.node, .memcg = run.memcg,
					     .count = run.count, .span_ns = run.span_ns };
	return bytes;
}

int tr_block_get_runs(struct tr_block_run *run, const struct tr_block_head *head,
		      const u8 *bytes, const struct tr_run_bounds *bounds,
		      const char **reason)
{
	const u8 *end = bytes + head->runs_size;
	u64 left_ns = head->end_ns - head->time_ns;
	u32 left = head->records_count;

	for (u32 i = 0; i < head->runs_count; i++, run++) {
		const u8 *at = bytes < end ? tr_block_get_run_fast(bytes, run) : NULL;

		if (!at)
			at = get_run(bytes, end, run);
		*reason = NULL;
		if (!at || at > end)
			*reason = "has a run that is none";
		else if (run->count > left)
			*reason = "has runs of more records than it has";
		else if (run->memcg >= bounds->memcgs_count || run->node >= bounds->nodes_count)
			*reason = "names a memcg or node that is none";
		else if (run->span_ns > left_ns)
			*reason = "has runs beyond its end";
		if (*reason)
			return -EINVAL;
		run->stream = head->stream;
		left -= run->count;
		left_ns -= run->span_ns;
		bytes = at;
	}
	*run = (struct tr_block_run){ .span_ns = TR_RUN_NONE };
	if (!left && !left_ns && bytes == end)
		return 0;
	*reason = "has runs that do not add up to it";
	return -EINVAL;
}
