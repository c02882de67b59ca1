/* SPDX-License-Identifier: BSD-2-Clause */
/* sim_disturb.c - what disturbances do; see sim_disturb.h. */
#include "model/sim_ahead.h"
#include "model/sim_balloon.h"
#include "model/sim_disturb.h"

/* Number @i, when number @index has just begun or ended. */
static bool is_under_way(const struct sim_disturbed *world, u32 i, u32 index, bool begins)
{
	const struct sim_disturbance *disturbance = &world->engine->scenario->disturbance[i];
	u64 now_ns = world->engine->now_ns;

	if (i == index)
		return begins;
	return disturbance->at_ns <= now_ns && now_ns - disturbance->at_ns < disturbance->duration_ns;
}

static void set_link(const struct sim_disturbed *world, u32 vm, u32 index, bool begins)
{
	const struct sim_scenario *scenario = world->engine->scenario;

	world->link->config_of[vm] = scenario->link;
	for (u32 i = 0; i < scenario->disturbances_count; i++) {
		const struct sim_disturbance *other = &scenario->disturbance[i];

		if (other->kind == SIM_DIST_LINK && (other->vm == vm || other->vm == SIM_ALL_VMS) &&
		    is_under_way(world, i, index, begins))
			world->link->config_of[vm] = other->link;
	}
}

static struct sim_device *device_of(const struct sim_disturbed *world, u32 vm,
				    enum sim_slow_device which)
{
	if (which == SIM_SLOW_HOST_SWAP)
		return &world->host->swap;
	return which == SIM_SLOW_SWAP ? &world->guest[vm].swap.device : &world->guest[vm].disk;
}

static void set_device(const struct sim_disturbed *world, u32 vm, u32 index, bool begins)
{
	const struct sim_scenario *scenario = world->engine->scenario;
	enum sim_slow_device which = scenario->disturbance[index].device;
	double factor = 1;
	u64 latency_ns = 0;

	for (u32 i = 0; i < scenario->disturbances_count; i++) {
		const struct sim_disturbance *other = &scenario->disturbance[i];

		if (other->kind != SIM_DIST_DEVICE || other->device != which ||
		    (other->vm != vm && other->vm != SIM_ALL_VMS) ||
		    !is_under_way(world, i, index, begins))
			continue;
		factor *= other->factor;
		latency_ns += other->latency_ns;
	}
	/* A page that stands for many is read as often as they are. */
	sim_device_slow(device_of(world, vm, which), factor, latency_ns * scenario->sample_one_in);
}

static void reboot(const struct sim_disturbed *world, u32 vm, bool releases)
{
	struct sim_guest *guest = &world->guest[vm];

	if (!guest->running)
		return;
	sim_guest_reset(guest, releases);
	sim_link_forget(world->link, (u16)vm);
	sim_ahead_looked_at(world->engine, guest);
	if (releases) /* the device is a new one as well */
		sim_controller_vm_removed(world->control, vm);
	else
		sim_controller_vm_reset(world->control, vm);
}

static void booted(const struct sim_disturbed *world, u32 vm)
{
	struct sim_guest *guest = &world->guest[vm];

	if (guest->running || !world->host->guest[vm])
		return; /* it was stopped for good meanwhile */
	sim_guest_restart(guest);
	sim_controller_vm_booted(world->control, vm);
	sim_ahead_looked_at(world->engine, guest);
}

void sim_disturb(const struct sim_disturbed *world, u32 index, bool begins)
{
	const struct sim_scenario *scenario = world->engine->scenario;
	const struct sim_disturbance *disturbance = &scenario->disturbance[index];
	s64 pages = (s64)(disturbance->bytes / world->engine->page_bytes);
	bool all = disturbance->vm == SIM_ALL_VMS;
	u32 from = all ? 0 : disturbance->vm, to = all ? scenario->vms_count : from + 1;

	sim_emit(world->engine, SIM_EV_DISTURB, SIM_HOST_ID, index, begins, 0);
	switch (disturbance->kind) {
	case SIM_DIST_LINK:
		for (u32 vm = from; vm < to; vm++)
			set_link(world, vm, index, begins);
		break;
	case SIM_DIST_HOST_MEMORY:
		sim_host_take(world->host, begins ? pages : -pages);
		break;
	case SIM_DIST_BALLOON:
		sim_balloon_disturb(&world->guest[disturbance->vm], begins ? disturbance->factor : 1);
		break;
	case SIM_DIST_DEVICE:
		for (u32 vm = from; vm < to; vm++)
			set_device(world, vm, index, begins);
		break;
	case SIM_DIST_REBOOT:
		if (begins)
			reboot(world, disturbance->vm, disturbance->releases);
		else
			booted(world, disturbance->vm);
		break;
	}
}
