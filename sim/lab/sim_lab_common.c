/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sim_lab_common.c - the loop that serves every algorithm through sim_reclaim.h.
 *
 * A hit sets a bit; only LRU and OPT are called for it.  Ageing algorithms evict in
 * batches, so at most SIM_LAB_BATCH - 1 frames stand empty at a time.
 */
#include <stdlib.h>

#include "lab/sim_lab_loop.h"

struct lab_common {
	struct sim_lab_loop loop;
	struct sim_reclaim_space space;
	struct sim_reclaim *reclaim;
	u32 *shadow; /* by page: token of its last eviction */
	u32 batch;
};

/* Evict a batch.  An algorithm may need several rounds of ageing before it gives a page up. */
static int common_evict(struct lab_common *common, u32 position)
{
	struct sim_reclaim *reclaim = common->reclaim;
	const struct sim_reclaim_ops *ops = reclaim->ops;
	struct sim_lab_loop *loop = &common->loop;
	u32 victims[SIM_LAB_BATCH], shadows[SIM_LAB_BATCH], count = 0;

	if (ops->wants_ageing && ops->wants_ageing(reclaim, SIM_LAB_SWAPPINESS)) {
		loop->result->entries_scanned += ops->age(reclaim, position, false);
		loop->result->ageings++;
	}
	for (u32 round = 0; !count; round++) {
		struct sim_reclaim_scan scan = { .swappiness = SIM_LAB_SWAPPINESS,
						 .budget = 0xffffffffu };
		count = ops->evict(reclaim, &scan, victims, shadows, common->batch);
		loop->result->scanned += scan.scanned;
		loop->result->rmap_walks += scan.rmap_walks;
		if (count)
			break;
		if (round == 2 * WS_GENS_MAX)
			return -EIO;
		if (ops->age) {
			loop->result->entries_scanned += ops->age(reclaim, position, false);
			loop->result->ageings++;
		}
	}
	for (u32 i = 0; i < count; i++) {
		loop->hot[victims[i]] = 0;
		common->shadow[victims[i]] = shadows[i];
		if (loop->last)
			sim_lab_check_window(loop->trace, loop->result, position,
					     loop->last[victims[i]]);
	}
	loop->used -= count;
	loop->result->evictions += count;
	return 0;
}

static int common_miss(struct lab_common *common, u32 page, u32 position, u8 attribute)
{
	struct sim_lab_loop *loop = &common->loop;
	struct sim_reclaim *reclaim = common->reclaim;
	bool descriptor = attribute & SIM_LAB_DESCRIPTOR;

	loop->result->misses++;
	if (loop->used == loop->frames) {
		int rc = common_evict(common, position);
		if (rc)
			return rc;
	}
	loop->used++;
	loop->hot[page] = SIM_HOT_PRESENT | (descriptor ? 0 : SIM_HOT_ACCESSED_GUEST);
	loop->result->refaults +=
		reclaim->ops->insert(reclaim, page, attribute & SIM_LAB_FILE ? WS_FILE : WS_ANON,
				     descriptor ? WS_ENTER_READ : WS_ENTER_FAULT,
				     common->shadow[page]);
	return 0;
}

static int common_hooked(struct lab_common *common, u32 from, u32 to)
{
	struct sim_lab_loop *loop = &common->loop;
	const struct sim_reclaim_ops *ops = common->reclaim->ops;
	const u32 *trace = loop->trace->array.page;
	const u8 *attribute = loop->trace->attribute;
	u8 *hot = loop->hot;

	for (u32 i = from; i < to; i++) {
		u32 page = TR_PAGE(trace[i]);
		u8 how = attribute ? attribute[i] : 0;
		if (!(hot[page] & SIM_HOT_PRESENT)) {
			int rc = common_miss(common, page, i, how);
			if (rc)
				return rc;
		} else if (how & SIM_LAB_DESCRIPTOR && ops->descriptor) {
			ops->descriptor(common->reclaim, page);
		} else {
			hot[page] |= SIM_HOT_ACCESSED_GUEST;
		}
		if (ops->access)
			ops->access(common->reclaim, page, i);
		if (loop->last)
			loop->last[page] = i;
	}
	return 0;
}

sim_lab_inline void group_fetch(const struct lab_common *common, struct sim_lab_group *group,
				u32 from, u32 to, bool ahead)
{
	sim_lab_group_touch(group, common->loop.trace->array.page, common->loop.hot, from, to,
			    ahead);
	for (u32 i = 0; i < group->count; i++) {
		__builtin_prefetch(&common->space.entry[group->absent[i]], 1);
		__builtin_prefetch(&common->shadow[group->absent[i]], 1);
	}
}

static int group_serve(struct lab_common *common, const struct sim_lab_group *group)
{
	const u8 *hot = common->loop.hot;

	for (u32 i = 0; i < group->count; i++) {
		if (hot[group->absent[i]] & SIM_HOT_PRESENT)
			continue; /* twice in a group or two */
		int rc = common_miss(common, group->absent[i], group->position, 0);
		if (rc)
			return rc;
	}
	return 0;
}

static int common_groups(struct lab_common *common, u32 from, u32 to)
{
	struct sim_lab_group group[2] = { { .count = 0 }, { .count = 0 } };
	u32 turn = 0;

	for (; to - from >= SIM_LAB_GROUP + SIM_LAB_AHEAD; from += SIM_LAB_GROUP) {
		turn ^= 1;
		group_fetch(common, &group[turn], from, from + SIM_LAB_GROUP, true);
		int rc = group_serve(common, &group[turn ^ 1]);
		if (rc)
			return rc;
	}
	int rc = group_serve(common, &group[turn]);
	while (!rc && from < to) {
		u32 end = to - from < SIM_LAB_GROUP ? to : from + SIM_LAB_GROUP;
		group_fetch(common, &group[0], from, end, false);
		rc = group_serve(common, &group[0]);
		from = end;
	}
	return rc;
}

static int common_span(void *ctx, u32 from, u32 to)
{
	struct lab_common *common = ctx;

	if (common->reclaim->ops->access || common->loop.last ||
	    common->loop.trace->attribute || common->batch < SIM_LAB_BATCH)
		return common_hooked(common, from, to);
	return common_groups(common, from, to);
}

static void common_freed(void *ctx, u32 page)
{
	struct lab_common *common = ctx;

	common->shadow[page] = 0; /* whatever page has the number next is another one */
	if (!(common->loop.hot[page] & SIM_HOT_PRESENT))
		return;
	common->loop.hot[page] = 0;
	common->loop.used--;
	common->reclaim->ops->remove(common->reclaim, page);
}

static int space_init(struct lab_common *common, const struct sim_lab_trace *trace,
		      const struct sim_reclaim_ops *ops)
{
	struct sim_reclaim_space *space = &common->space;
	u32 pages = trace->pages_count;

	*space = (struct sim_reclaim_space){
		.pages_count = pages,
		.accessed = SIM_HOT_ACCESSED_GUEST,
		.hot = common->loop.hot,
		.entry = calloc(pages, sizeof(u16)),
		.link = calloc(1, sim_reclaim_link_bytes(ops, pages)),
		.link2 = ops->links > 1 ? calloc(pages, sizeof(u32)) : NULL,
	};
	common->shadow = calloc(pages, sizeof(u32));
	if (ops->future) {
		space->timeline = trace->array.page;
		space->timeline_count = (u32)trace->array.count;
		space->next_use = trace->next_use;
	}
	return space->entry && space->link && (space->link2 || ops->links == 1) && common->shadow
		       ? 0
		       : -ENOMEM;
}

int sim_lab_run_common(const struct sim_lab_trace *trace, const struct sim_reclaim_choice *choice,
		       u32 frames, struct sim_lab_result *result)
{
	struct lab_common common = { .batch = 1 };

	*result = (struct sim_lab_result){ .accesses = trace->array.count };
	int rc = sim_lab_loop_init(&common.loop, trace, frames, result);
	if (rc)
		return rc;
	rc = space_init(&common, trace, choice->ops);
	if (!rc)
		rc = sim_reclaim_open(&common.reclaim, choice, &common.space, 0, 0);
	if (!rc) {
		/* A batch that is a large part of memory would be another algorithm. */
		if (choice->ops->age)
			common.batch = frames / 64 < 1		     ? 1
				       : frames / 64 < SIM_LAB_BATCH ? frames / 64
								     : SIM_LAB_BATCH;
		u64 link_bytes = sim_reclaim_link_bytes(choice->ops, trace->pages_count);
		/* hot[], entry[], link[], link2[], shadow[], last[] */
		result->state_bytes = 1 + 2 + (u32)(link_bytes / trace->pages_count) +
				      (choice->ops->links > 1 ? 4 : 0) + 4 +
				      (common.loop.last ? 4 : 0);
		rc = sim_lab_each(trace, &common, common_span, common_freed);
	}
	sim_reclaim_close(common.reclaim);
	free(common.space.entry);
	free(common.space.link);
	free(common.space.link2);
	free(common.shadow);
	sim_lab_loop_destroy(&common.loop);
	return rc;
}
