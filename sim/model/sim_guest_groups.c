/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sim_guest_groups.c - a guest's memcgs as the core's tree of groups (ws_group.h).
 *
 * A memcg's number is its group's.  Engines with generations have their lruvecs in the
 * tree; what lies on none, because it is unevictable or on its way out, or because the
 * engine has no lruvecs of the core's, is charged to the group as it is.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "model/sim_guest.h"

static struct ws_lru *core_of(const struct sim_guest *guest, u32 memcg)
{
	struct sim_reclaim *lruvec = guest->memcg_of[memcg].lruvec;

	return lruvec->ops->core ? lruvec->ops->core(lruvec) : NULL;
}

int sim_guest_groups_init(struct sim_guest *guest)
{
	const struct sim_vm_config *config = guest->config;
	struct ws_groups *groups = &guest->groups;
	u32 count = config->memcgs_count, page_bytes = guest->engine->page_bytes;
	void *memory = calloc(1, ws_groups_footprint(count, 1));

	if (!memory)
		return -ENOMEM;
	int rc = ws_groups_init(groups, memory, count, 1);

	for (u32 i = 0; !rc && i < count; i++) {
		const struct sim_memcg_config *memcg = &config->memcg[i];
		u32 group = i;

		if (i)
			rc = ws_groups_add(groups, memcg->parent, &group);
		assert(group == i); /* parents come first, so the numbers are given in order */
		if (!rc)
			rc = ws_groups_attach(groups, i, 0, core_of(guest, i));
		if (!rc)
			rc = ws_groups_limit(groups, i, memcg->min_bytes / page_bytes,
					     memcg->low_bytes / page_bytes);
	}
	assert(!rc);
	return 0;
}

void sim_guest_groups_destroy(struct sim_guest *guest)
{
	free(guest->groups.group);
	guest->groups.group = NULL;
}

void sim_guest_protect(struct sim_guest *guest, u32 memcg)
{
	for (u32 i = 0; i < guest->config->memcgs_count; i++) {
		const struct ws_lru *core = core_of(guest, i);
		int rc = ws_groups_charge(&guest->groups, i, guest->memcg_of[i].pages -
						  (core ? ws_age_total(&core->age) : 0));

		assert(!rc);
	}
	ws_groups_protect(&guest->groups, memcg);
}

void sim_guest_groups_tell(struct sim_guest *guest, const struct ws_hist *report)
{
	const struct sim_engine *engine = guest->engine;
	struct ws_hist hist[SIM_MEMCGS_MAX];
	struct sim_memcgs_sample sample = { .vm = guest->id, .made_ns = engine->now_ns,
					    .hist = hist };
	struct ws_groups_pass pass;

	if (guest->config->memcgs_count == 1 || !core_of(guest, WS_GROUP_ROOT))
		return;
	hist[WS_GROUP_ROOT] = *report;
	ws_groups_collect_begin(&pass, &guest->groups, hist, 0, engine->now_ns);
	while (ws_groups_collect_step(&pass, guest->config->memcgs_count))
		;
	for (u32 i = 0; i < engine->probes_count; i++)
		if (engine->probes[i].memcgs)
			engine->probes[i].memcgs(engine->probes[i].ctx, &sample);
}
