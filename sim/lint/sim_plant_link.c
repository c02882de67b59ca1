/* SPDX-License-Identifier: BSD-2-Clause */
/* sim_plant_link.c - what guests of the plant tell, and when it arrives. */
#include <string.h>

#include "lint/sim_plant.h"

#define REORDER_NS (3 * SIM_PLANT_SECOND)

static void age(struct sim_plant *plant, struct sim_plant_guest *guest)
{
	u64 young_ns = guest->birth_ns[guest->max_seq % SIM_PLANT_GENS], oldest;

	for (u32 i = 0; i < SIM_PLANT_BLOCKS; i++)
		if (guest->block[i].last_ns >= young_ns)
			guest->block[i].gen = guest->max_seq;
	guest->max_seq++;
	guest->birth_ns[guest->max_seq % SIM_PLANT_GENS] = plant->now_ns;
	oldest = guest->max_seq >= SIM_PLANT_GENS ? guest->max_seq - SIM_PLANT_GENS + 1 : 0;
	for (u32 i = 0; i < SIM_PLANT_BLOCKS; i++)
		if (guest->block[i].gen < oldest)
			guest->block[i].gen = oldest;
}

/* Spread one block of generation @gen evenly over the bins that its ages cover. */
static void spread(const struct sim_plant *plant, const struct sim_plant_guest *guest,
		   struct sim_vm_report *report, u64 gen, bool file)
{
	double to = (double)(plant->now_ns - guest->birth_ns[gen % SIM_PLANT_GENS]), from = 0;
	double lower = 0;

	if (gen < guest->max_seq)
		from = (double)(plant->now_ns - guest->birth_ns[(gen + 1) % SIM_PLANT_GENS]);
	for (u32 i = 0; i < report->bins_count; i++) {
		struct sim_report_bin *bin = &report->bin[i];
		double upper = i + 1 < report->bins_count ? (double)bin->idle_age_ns : 1e30;
		double start = from > lower ? from : lower, end = to < upper ? to : upper;
		double part = to <= from ? (from >= lower && from < upper ? 1 : 0) :
			      end > start ? (end - start) / (to - from) : 0;
		*(file ? &bin->file_bytes : &bin->anon_bytes) += (u64)(SIM_PLANT_BLOCK * part);
		lower = upper;
	}
}

static void make_report(struct sim_plant *plant, struct sim_plant_guest *guest,
			struct sim_vm_report *report, bool pressure)
{
	if (!pressure &&
	    plant->now_ns - guest->birth_ns[guest->max_seq % SIM_PLANT_GENS] >= guest->refresh_ns)
		age(plant, guest);
	memset(report, 0, sizeof(*report));
	report->bins_count = guest->edges_count + 1;
	for (u32 i = 0; i < guest->edges_count; i++)
		report->bin[i].idle_age_ns = guest->edge_ns[i];
	report->bin[guest->edges_count].idle_age_ns = ~0ull;
	for (u32 i = 0; i < SIM_PLANT_BLOCKS; i++)
		if (guest->block[i].state == SIM_PLANT_RESIDENT)
			spread(plant, guest, report, guest->block[i].gen, i >= SIM_PLANT_ANON);
}

/* Put an answer on its way.  NULL: it is lost, or as many as can be are under way. */
static struct sim_plant_answer *post(struct sim_plant *plant, struct sim_plant_guest *guest,
				     bool is_report)
{
	const struct sim_plant_link *link = &plant->link;
	bool lost = sim_plant_random(plant) < link->loss;
	u64 delay_ns = link->delay_ns + (u64)(sim_plant_random(plant) * (double)link->jitter_ns);

	if (sim_plant_random(plant) < link->reorder)
		delay_ns += REORDER_NS;
	for (u32 i = 0; i < SIM_PLANT_FLIGHT && !lost; i++) {
		struct sim_plant_answer *answer =
			&guest->answer[i + (is_report ? SIM_PLANT_FLIGHT : 0)];
		if (answer->due_ns)
			continue;
		answer->due_ns = plant->now_ns + SIM_PLANT_STEP_NS + delay_ns;
		answer->is_report = is_report;
		return answer;
	}
	return NULL;
}

void sim_plant_report(struct sim_plant *plant, u32 vm, bool pressure)
{
	struct sim_plant_guest *guest = &plant->guest[vm];
	struct sim_plant_answer *answer;

	if (!guest->edges_count)
		return;
	answer = post(plant, guest, true);
	if (!answer)
		return;
	if (!plant->link.frozen || !guest->last_report.bins_count)
		make_report(plant, guest, &guest->last_report, pressure);
	answer->report = guest->last_report;
	answer->report.pressure = pressure;
}

void sim_plant_statistics(struct sim_plant *plant, u32 vm)
{
	struct sim_plant_guest *guest = &plant->guest[vm];
	u64 free_bytes = sim_plant_free(guest) * SIM_PLANT_BLOCK;
	struct sim_plant_answer *answer;

	if (guest->vm->no_stats)
		return;
	answer = post(plant, guest, false);
	if (!answer)
		return;
	if (!plant->link.frozen || !guest->last_stats.total_bytes)
		guest->last_stats = (struct sim_vm_stats){
			.swap_in_bytes = guest->swap_in,
			.swap_out_bytes = guest->swap_out,
			.major_faults = guest->swap_in / 4096,
			.free_bytes = free_bytes,
			.available_bytes = free_bytes + guest->files * SIM_PLANT_BLOCK,
			.caches_bytes = guest->files * SIM_PLANT_BLOCK,
			/* With deflate on OOM the balloon does not shrink MemTotal. */
			.total_bytes = (guest->vm->deflate_on_oom ? guest->vm->nominal : guest->actual) *
				       SIM_PLANT_BLOCK,
			.oom_kills = guest->oom_kills,
			.alloc_stalls = guest->stalls,
			.async_scan = guest->async_pages,
			.direct_scan = guest->direct_pages,
			.async_reclaim = guest->async_pages,
			.direct_reclaim = guest->direct_pages,
		};
	answer->stats = guest->last_stats;
}

void sim_plant_deliver(struct sim_plant *plant, u32 vm)
{
	const struct sim_policy *policy = plant->policy;
	struct sim_plant_guest *guest = &plant->guest[vm];
	struct sim_vm_view *view = &plant->view[vm];

	for (u32 i = 0; i < 2 * SIM_PLANT_FLIGHT; i++) {
		struct sim_plant_answer *answer = &guest->answer[i];

		if (!answer->due_ns || answer->due_ns > plant->now_ns)
			continue;
		answer->due_ns = 0;
		guest->informed_ns = plant->now_ns;
		if (answer->is_report) {
			view->report = answer->report;
			view->report.arrived_ns = plant->now_ns;
			view->report.number = ++guest->report_number;
			if (policy->report)
				policy->report(plant->state, &plant->host, vm, &plant->act);
		} else {
			view->stats = answer->stats;
			view->stats.time_ns = plant->now_ns;
			if (policy->stats)
				policy->stats(plant->state, &plant->host, vm, &plant->act);
		}
	}
}
