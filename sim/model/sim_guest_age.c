/* SPDX-License-Identifier: BSD-2-Clause */
/* sim_guest_age.c - ageing passes that reports and timers ask for. */
#include "model/sim_guest.h"

u64 sim_guest_age_memcg(struct sim_guest *guest, u32 memcg, bool forced)
{
	const struct sim_costs *costs = &guest->engine->scenario->costs;
	struct sim_reclaim *lruvec = guest->memcg_of[memcg].lruvec;
	struct sim_reclaim_stat before, after;

	lruvec->ops->stat(lruvec, &before);
	u64 entries = lruvec->ops->age(lruvec, guest->engine->now_ns, forced);

	lruvec->ops->stat(lruvec, &after);
	u64 cpu_ns = entries * costs->scan_pte_ns +
		     (after.aged_young - before.aged_young) * costs->young_pte_ns;

	guest->counters.ageing_passes++;
	guest->counters.ageing_entries += entries;
	guest->counters.ageing_cpu_ns += cpu_ns;
	sim_emit(guest->engine, SIM_EV_AGE, guest->id, memcg,
		 lruvec->ops->core ? lruvec->ops->core(lruvec)->age.max_seq : 0, entries);
	return cpu_ns;
}

void sim_guest_age(struct sim_guest *guest)
{
	for (u32 i = 0; i < guest->config->memcgs_count; i++)
		if (guest->memcg_of[i].lruvec->ops->age)
			sim_guest_owe(guest, sim_guest_age_memcg(guest, i, true));
}

bool sim_guest_is_all_young(struct sim_guest *guest)
{
	const struct sim_vm_config *config = guest->config;
	bool swap = guest->swap.slots_count && !sim_swap_is_full(&guest->swap);

	if (!config->min_ttl_ns)
		return false;
	sim_guest_protect(guest, WS_GROUP_ROOT);
	return ws_groups_out_of_memory(&guest->groups, 0, config->min_ttl_ns,
				       guest->engine->now_ns, swap ? config->swappiness : 0, 0);
}
