/* SPDX-License-Identifier: BSD-2-Clause */
/* sim_guest_age.c - ageing passes that reports and timers ask for. */
#include "model/sim_guest.h"

void sim_guest_age(struct sim_guest *guest)
{
	const struct sim_costs *costs = &guest->engine->scenario->costs;
	u64 now_ns = guest->engine->now_ns;

	for (u32 i = 0; i < guest->config->memcgs_count; i++) {
		struct sim_reclaim *lruvec = guest->lruvec[i];
		u64 entries;

		if (!lruvec->ops->age)
			continue;
		entries = lruvec->ops->age(lruvec, now_ns);
		guest->counters.ageing_passes++;
		guest->counters.ageing_entries += entries;
		guest->counters.ageing_cpu_ns += entries * costs->scan_pte_ns;
		guest->cpu_debt_ns += entries * costs->scan_pte_ns;
		sim_emit(guest->engine, SIM_EV_AGE, guest->id, i,
			 lruvec->ops->ages ? lruvec->ops->ages(lruvec)->max_seq : 0, entries);
	}
}
