/* SPDX-License-Identifier: BSD-2-Clause */
/* sim_plant_actions.c - what a policy may ask of the plant; breaches are written down. */
#include <stdio.h>
#include <string.h>

#include "lint/sim_plant.h"

static void breach(struct sim_plant *plant, struct sim_plant_breach *breach, u32 vm, u64 value,
		   bool worse)
{
	if (!breach->count)
		breach->first_ns = plant->now_ns;
	if (!breach->count || worse) {
		breach->worst = value;
		breach->vm = vm;
	}
	breach->count++;
}

/* Return: whether the policy declared @channel and the VM is there. */
static bool may(struct sim_plant *plant, u32 vm, u32 channel)
{
	if (vm >= plant->vms_count)
		return false;
	if ((plant->policy->channels & channel) != channel) {
		breach(plant, &plant->undeclared, vm, channel, false);
		return false;
	}
	if (!plant->guest[vm].running)
		return false;
	plant->guest[vm].requests += channel != 0;
	return true;
}

static void set_target(void *ctx, u32 vm, u64 bytes)
{
	struct sim_plant *plant = ctx;
	struct sim_plant_guest *guest;
	u64 blocks = bytes / SIM_PLANT_BLOCK;

	if (!may(plant, vm, 0))
		return;
	guest = &plant->guest[vm];
	if (bytes < guest->vm->min * SIM_PLANT_BLOCK)
		breach(plant, &plant->below_min, vm, bytes, bytes < plant->below_min.worst);
	if (bytes > guest->vm->nominal * SIM_PLANT_BLOCK)
		breach(plant, &plant->above_nominal, vm, bytes, bytes > plant->above_nominal.worst);
	blocks = blocks < guest->vm->min ? guest->vm->min : blocks;
	blocks = blocks > guest->vm->nominal ? guest->vm->nominal : blocks;
	guest->target = (u32)blocks;
	guest->held = false;
	guest->moved_ns = plant->now_ns;
	guest->commands++;
	plant->view[vm].target_bytes = blocks * SIM_PLANT_BLOCK;
}

static void request_stats(void *ctx, u32 vm)
{
	if (may(ctx, vm, SIM_CH_STATS))
		sim_plant_statistics(ctx, vm);
}

static void request_report(void *ctx, u32 vm)
{
	if (may(ctx, vm, SIM_CH_REPORTS))
		sim_plant_report(ctx, vm, false);
}

static void configure_reports(void *ctx, u32 vm, const u64 *edge_ns, u32 edges_count,
			      u64 refresh_ns, u64 threshold_ns)
{
	struct sim_plant *plant = ctx;
	struct sim_plant_guest *guest;

	if (!may(plant, vm, SIM_CH_REPORTS) || !edges_count || edges_count >= SIM_BINS_MAX ||
	    sim_plant_random(plant) < plant->link.loss)
		return;
	guest = &plant->guest[vm];
	guest->edges_count = edges_count;
	memcpy(guest->edge_ns, edge_ns, edges_count * sizeof(*edge_ns));
	guest->refresh_ns = refresh_ns;
	guest->threshold_ns = threshold_ns;
}

static void reclaim(void *ctx, u32 vm, u64 bytes)
{
	struct sim_plant *plant = ctx;

	if (!may(plant, vm, SIM_CH_RECLAIM))
		return;
	for (; bytes >= SIM_PLANT_BLOCK && sim_plant_evict(&plant->guest[vm]);
	     bytes -= SIM_PLANT_BLOCK)
		continue;
	/* Whoever reclaims on command reports what came free, or nothing would be saved. */
	struct sim_plant_guest *guest = &plant->guest[vm];
	u32 used = guest->vm->base + guest->anon + guest->files;
	guest->touched = guest->touched > used ? used : guest->touched;
	guest->host_swapped = guest->host_swapped > used ? used : guest->host_swapped;
}

static void explain(void *ctx, u32 vm, const char *text)
{
	struct sim_plant *plant = ctx;

	if (vm < plant->vms_count)
		snprintf(plant->explained[vm], sizeof(plant->explained[vm]), "%s", text);
}

const struct sim_action_ops sim_plant_actions = {
	.set_target = set_target,
	.request_stats = request_stats,
	.request_report = request_report,
	.configure_reports = configure_reports,
	.reclaim = reclaim,
	.explain = explain,
};
