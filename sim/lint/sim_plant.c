/* SPDX-License-Identifier: BSD-2-Clause */
/* sim_plant.c - the host of the plant, and its clock; see sim_plant.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lint/sim_plant.h"

#define STALLED_NS (5 * SIM_PLANT_SECOND)
#define TICKS_PER_STEP 100

static u32 backed(const struct sim_plant_guest *guest)
{
	u32 frames = guest->touched < guest->actual ? guest->touched : guest->actual;

	return guest->running ? frames - (guest->host_swapped < frames ? guest->host_swapped : frames) :
				0;
}

static u32 host_used(const struct sim_plant *plant)
{
	u32 used = plant->taken;

	for (u32 i = 0; i < plant->vms_count; i++)
		used += backed(&plant->guest[i]);
	return used;
}

u32 sim_plant_host_free(const struct sim_plant *plant)
{
	u32 used = host_used(plant);

	return used < plant->memory ? plant->memory - used : 0;
}

/* What the policy's channels let it see; all else stays zero. */
static void look_vm(struct sim_plant *plant, u32 vm)
{
	const struct sim_plant_guest *guest = &plant->guest[vm];
	struct sim_vm_view *view = &plant->view[vm];
	u32 channels = plant->policy->channels;

	view->running = guest->running;
	view->target_bytes = guest->target * SIM_PLANT_BLOCK;
	view->actual_bytes = guest->actual * SIM_PLANT_BLOCK;
	if (channels & SIM_CH_HOST) {
		view->backed_bytes = backed(guest) * SIM_PLANT_BLOCK;
		view->host_swapped_bytes = guest->host_swapped * SIM_PLANT_BLOCK;
	}
	if (channels & SIM_CH_AGENT) {
		view->committed_bytes =
			(guest->vm->base + guest->anon + guest->swapped) * SIM_PLANT_BLOCK;
		view->psi_some_ns = view->psi_full_ns = guest->stall_ns;
		view->psi_some_avg10 = view->psi_full_avg10 = (u32)(guest->psi_avg10 * 10000);
	}
}

static void look(struct sim_plant *plant)
{
	struct sim_host_view *host = &plant->host;

	host->now_ns = plant->now_ns;
	for (u32 i = 0; i < plant->vms_count; i++)
		look_vm(plant, i);
	if (!(plant->policy->channels & SIM_CH_HOST))
		return;
	host->free_bytes = sim_plant_host_free(plant) * SIM_PLANT_BLOCK;
	host->low_bytes = plant->low * SIM_PLANT_BLOCK;
	host->high_bytes = plant->high * SIM_PLANT_BLOCK;
	host->swap_in_bytes = plant->host_swap_in;
	host->swap_out_bytes = plant->host_swap_out;
	host->psi_some_ns = host->psi_full_ns = plant->host_stall_ns;
}

int sim_plant_open(struct sim_plant *plant, const struct sim_policy *policy, const void *state,
		   const struct sim_plant_vm *vm, u32 vms_count, u32 memory)
{
	memset(plant, 0, sizeof(*plant));
	plant->policy = policy;
	plant->state = malloc(policy->state_size + 1);
	plant->guest = calloc(SIM_PLANT_VMS, sizeof(*plant->guest));
	if (!plant->state || !plant->guest) {
		sim_plant_close(plant);
		return -ENOMEM;
	}
	if (policy->state_size)
		memcpy(plant->state, state, policy->state_size);
	plant->vms_count = vms_count;
	plant->memory = memory;
	plant->low = memory / 50;
	plant->high = memory / 25;
	plant->random = 20021209;
	plant->refault_ns = 90000;
	plant->act = (struct sim_actions){ &sim_plant_actions, plant };
	plant->host.memory_bytes = memory * SIM_PLANT_BLOCK;
	plant->host.vms_count = vms_count;
	plant->host.vm = plant->view;
	for (u32 i = 0; i < vms_count; i++) {
		struct sim_plant_guest *guest = &plant->guest[i];

		guest->vm = &vm[i];
		guest->actual = guest->target = vm[i].nominal;
		guest->touched = vm[i].base;
		plant->view[i] = (struct sim_vm_view){
			.name = vm[i].name,
			.nominal_bytes = vm[i].nominal * SIM_PLANT_BLOCK,
			.min_bytes = vm[i].min * SIM_PLANT_BLOCK,
			.shares = 1000,
			.refault_ns = plant->refault_ns,
			.file_refault_ns = plant->refault_ns,
			.deflate_on_oom = vm[i].deflate_on_oom,
		};
	}
	look(plant);
	int rc = policy->init ? policy->init(plant->state, &plant->host) : 0;
	if (rc) {
		free(plant->state); /* what never began is not destroyed */
		plant->state = NULL;
		sim_plant_close(plant);
	}
	return rc;
}

void sim_plant_close(struct sim_plant *plant)
{
	if (plant->state && plant->policy->destroy)
		plant->policy->destroy(plant->state);
	free(plant->state);
	free(plant->guest);
	plant->state = NULL;
	plant->guest = NULL;
}

/* A VM comes or goes. */
static void live(struct sim_plant *plant, u32 vm)
{
	const struct sim_policy *policy = plant->policy;
	struct sim_plant_guest *guest = &plant->guest[vm];
	const struct sim_plant_vm *config = guest->vm;
	bool runs = config->start_s * SIM_PLANT_SECOND < plant->now_ns &&
		    (!config->stop_s || plant->now_ns < config->stop_s * SIM_PLANT_SECOND);

	if (runs == guest->running)
		return;
	guest->running = runs;
	if (runs)
		guest->birth_ns[0] = guest->moved_ns = guest->informed_ns = plant->now_ns;
	look(plant);
	if (runs && policy->vm_added)
		policy->vm_added(plant->state, &plant->host, vm, &plant->act);
	if (!runs && policy->vm_removed)
		policy->vm_removed(plant->state, &plant->host, vm, &plant->act);
}

static void watch_balloon(struct sim_plant *plant, u32 vm)
{
	struct sim_plant_guest *guest = &plant->guest[vm];
	bool oom = guest->oom_told;

	guest->oom_told = false;
	if (guest->actual == guest->target)
		guest->moved_ns = plant->now_ns;
	if (!oom && plant->now_ns - guest->moved_ns < STALLED_NS)
		return;
	guest->moved_ns = plant->now_ns;
	if (plant->policy->stalled)
		plant->policy->stalled(plant->state, &plant->host, vm, oom, &plant->act);
}

/* Short of memory, the host swaps frames of the VM that has most. */
static void host_reclaim(struct sim_plant *plant)
{
	while (host_used(plant) > plant->memory) {
		struct sim_plant_guest *most = NULL;

		for (u32 i = 0; i < plant->vms_count; i++)
			if (!most || backed(&plant->guest[i]) > backed(most))
				most = &plant->guest[i];
		if (!most || !backed(most))
			return;
		most->host_swapped++;
		plant->host_swap_out += SIM_PLANT_BLOCK;
	}
}

static void host_events(struct sim_plant *plant)
{
	const struct sim_policy *policy = plant->policy;
	u32 free_blocks = sim_plant_host_free(plant);

	if (free_blocks < plant->high && policy->pressure &&
	    plant->now_ns - plant->pressure_ns >= SIM_PLANT_SECOND) {
		plant->pressure_ns = plant->now_ns;
		policy->pressure(plant->state, &plant->host,
				 free_blocks < plant->low / 2 ? 2 : free_blocks < plant->low,
				 &plant->act);
	}
	for (u32 n = 0; policy->tick && policy->tick_ns && n < TICKS_PER_STEP; n++) {
		u64 period_ns = policy->tick_ns(plant->state);

		if (!period_ns || plant->tick_ns + period_ns > plant->now_ns)
			break;
		plant->tick_ns += period_ns;
		policy->tick(plant->state, &plant->host, &plant->act);
	}
}

void sim_plant_step(struct sim_plant *plant)
{
	plant->now_ns += SIM_PLANT_STEP_NS;
	for (u32 i = 0; i < plant->vms_count; i++) {
		live(plant, i);
		if (!plant->guest[i].running)
			continue;
		sim_plant_load(plant, i);
		sim_plant_balloon(plant, i);
		look(plant);
		sim_plant_deliver(plant, i);
		watch_balloon(plant, i);
	}
	host_reclaim(plant);
	look(plant);
	host_events(plant);
}
