/* SPDX-License-Identifier: BSD-2-Clause */
/* sim_khugepaged.c - split regions become huge again, slowly. */
#include "model/sim_guest.h"
#include "model/sim_khugepaged.h"

/* As pages_to_scan counts them. */
static bool may_collapse(const struct sim_host *host, const struct sim_guest *guest, u32 region)
{
	const struct sim_backing *backing = &guest->backing;
	u32 first = region * SIM_REGION_PAGES, backed = backing->region_backed[region];
	bool used = false;

	if (backing->region[region] & SIM_REGION_HUGE || !backed ||
	    backed + host->config->khugepaged_max_none < SIM_REGION_PAGES ||
	    first + SIM_REGION_PAGES > guest->frames_count)
		return false;
	for (u32 frame = first; frame < first + SIM_REGION_PAGES; frame++) {
		u32 page = backing->owner[frame];

		if (backing->state[frame] & SIM_BACK_SWAPPED)
			return false;
		used |= backing->state[frame] & SIM_BACK_ACCESSED || page == SIM_OWNER_KERNEL ||
			(page < SIM_OWNER_KERNEL && guest->hot[page] & SIM_HOT_ACCESSED_HOST);
	}
	/* A whole new page is needed before the old ones come free. */
	return used && host->free_pages > host->low_pages + SIM_REGION_PAGES;
}

static void collapse(struct sim_host *host, struct sim_guest *guest, u32 region)
{
	struct sim_backing *backing = &guest->backing;
	u32 first = region * SIM_REGION_PAGES;

	for (u32 frame = first; frame < first + SIM_REGION_PAGES; frame++) {
		if (backing->state[frame] & SIM_BACK_BACKED)
			continue;
		sim_host_back(host, backing, frame);
		host->collapse_pages++;
	}
	backing->split_regions -= backing->region[region] & SIM_REGION_SPLIT ? 1 : 0;
	backing->huge_regions++;
	backing->region[region] = SIM_REGION_HUGE;
	host->cpu_ns += host->engine->scenario->costs.collapse_ns;
}

/* The next region of the next running VM.  Return: false when there is none at all. */
static bool advance(struct sim_host *host)
{
	for (u32 tried = 0; tried <= host->vms_count; tried++) {
		const struct sim_guest *guest = host->guest[host->collapse_vm];

		if (guest && ++host->collapse_region < guest->frames.regions_count)
			return true;
		host->collapse_vm = (host->collapse_vm + 1) % host->vms_count;
		host->collapse_region = SIM_NO_FRAME; /* the one before the first */
	}
	return false;
}

void sim_khugepaged_start(struct sim_host *host)
{
	host->collapse_region = SIM_NO_FRAME;
	if (host->config->khugepaged_pages && host->config->huge_pages)
		sim_wake_at(host->engine, host->engine->now_ns + host->config->khugepaged_sleep_ns,
			    SIM_CLASS_TIMER, SIM_WAKE_KHUGEPAGED, SIM_HOST_ID, 0, 0);
}

void sim_khugepaged(struct sim_host *host)
{
	u32 regions = host->config->khugepaged_pages / SIM_REGION_PAGES;

	for (u32 i = 0; i < regions && advance(host); i++) {
		struct sim_guest *guest = host->guest[host->collapse_vm];

		if (guest->backing.region_backed[host->collapse_region])
			host->cpu_ns += SIM_REGION_PAGES *
					host->engine->scenario->costs.scan_pte_ns;
		if (may_collapse(host, guest, host->collapse_region))
			collapse(host, guest, host->collapse_region);
	}
	sim_wake_at(host->engine, host->engine->now_ns + host->config->khugepaged_sleep_ns,
		    SIM_CLASS_TIMER, SIM_WAKE_KHUGEPAGED, SIM_HOST_ID, 0, 0);
}
