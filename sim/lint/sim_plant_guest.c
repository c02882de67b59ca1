/* SPDX-License-Identifier: BSD-2-Clause */
/* sim_plant_guest.c - a guest of the plant: its load, its reclaim, its balloon. */
#include "lint/sim_plant.h"

double sim_plant_random(struct sim_plant *plant)
{
	plant->random = plant->random * 6364136223846793005ull + 1442695040888963407ull;
	return (double)(plant->random >> 40) / (double)(1 << 24);
}

u32 sim_plant_free(const struct sim_plant_guest *guest)
{
	u32 used = guest->vm->base + guest->anon + guest->files;

	return guest->actual > used ? guest->actual - used : 0;
}

u32 sim_plant_idle(const struct sim_plant *plant, const struct sim_plant_guest *guest, u64 ns)
{
	u32 idle = sim_plant_free(guest);

	for (u32 i = guest->vm->swap ? 0 : SIM_PLANT_ANON; i < SIM_PLANT_BLOCKS; i++)
		if (guest->block[i].state == SIM_PLANT_RESIDENT &&
		    plant->now_ns - guest->block[i].last_ns >= ns)
			idle++;
	return idle;
}

/* Resident and not used for a minute, whether it has somewhere to go or not. */
static u32 cold_blocks(const struct sim_plant *plant, const struct sim_plant_guest *guest)
{
	u32 cold = 0;

	for (u32 i = 0; i < SIM_PLANT_BLOCKS; i++)
		cold += guest->block[i].state == SIM_PLANT_RESIDENT &&
			plant->now_ns - guest->block[i].last_ns >= 60 * SIM_PLANT_SECOND;
	return cold;
}

/* Files first where there is no swap; else whatever was used least recently. */
bool sim_plant_evict(struct sim_plant_guest *guest)
{
	struct sim_plant_block *victim = NULL;
	bool swap = guest->swapped < guest->vm->swap;

	for (u32 i = swap ? 0 : SIM_PLANT_ANON; i < SIM_PLANT_BLOCKS; i++) {
		struct sim_plant_block *block = &guest->block[i];

		if (block->state == SIM_PLANT_RESIDENT &&
		    (!victim || block->last_ns < victim->last_ns))
			victim = block;
	}
	if (!victim)
		return false;
	if (victim >= &guest->block[SIM_PLANT_ANON]) {
		victim->state = SIM_PLANT_ABSENT;
		guest->files--;
		return true;
	}
	victim->state = SIM_PLANT_SWAPPED;
	guest->anon--;
	guest->swapped++;
	guest->swap_out += SIM_PLANT_BLOCK;
	return true;
}

/* Everything that programs had is gone, and they start again. */
static void kill_programs(struct sim_plant_guest *guest)
{
	for (u32 i = 0; i < SIM_PLANT_ANON; i++)
		guest->block[i].state = SIM_PLANT_ABSENT;
	guest->anon = guest->swapped = 0;
	guest->oom_kills++;
}

/* Find a frame.  Reclaim, then the balloon, then a kill. */
static void need_frame(struct sim_plant *plant, u32 vm)
{
	struct sim_plant_guest *guest = &plant->guest[vm];

	if (sim_plant_free(guest))
		return;
	guest->stalls++;
	if (guest->threshold_ns && plant->now_ns - guest->pressure_ns >= guest->threshold_ns) {
		guest->pressure_ns = plant->now_ns;
		sim_plant_report(plant, vm, true);
	}
	if (sim_plant_evict(guest)) {
		guest->direct_pages += SIM_PLANT_PAGES;
	} else if (guest->vm->deflate_on_oom && guest->actual < guest->vm->nominal) {
		guest->actual++;
		guest->oom_deflates++;
		guest->held = guest->oom_told = true;
		guest->moved_ns = plant->now_ns;
	} else {
		kill_programs(guest);
	}
}

static void wait_for(struct sim_plant *plant, struct sim_plant_guest *guest, u64 *total_ns)
{
	u64 ns = SIM_PLANT_PAGES * plant->refault_ns;

	*total_ns += ns;
	guest->busy_until_ns += ns;
}

static void use(struct sim_plant *plant, u32 vm, struct sim_plant_block *block)
{
	struct sim_plant_guest *guest = &plant->guest[vm];
	bool file = block >= &guest->block[SIM_PLANT_ANON];
	/* A new page gets a frame that was cold; of those in use only what is beyond the cold. */
	bool fresh = block->state != SIM_PLANT_RESIDENT;
	u32 missing = fresh			     ? guest->host_swapped :
		      guest->host_swapped > guest->cold ? guest->host_swapped - guest->cold :
							  0;

	if (block->state != SIM_PLANT_RESIDENT) {
		need_frame(plant, vm);
		if (block->state == SIM_PLANT_SWAPPED) {
			guest->swapped--;
			guest->swap_in += SIM_PLANT_BLOCK;
			wait_for(plant, guest, &guest->stall_ns);
		}
		block->state = SIM_PLANT_RESIDENT;
		*(file ? &guest->files : &guest->anon) += 1;
		u32 used = guest->vm->base + guest->anon + guest->files;
		if (used > guest->touched)
			guest->touched = used;
	}
	block->last_ns = plant->now_ns;
	if (missing && sim_plant_random(plant) * guest->touched < (double)missing) {
		guest->host_swapped--;
		plant->host_swap_in += SIM_PLANT_BLOCK;
		plant->host_stall_ns += SIM_PLANT_PAGES * plant->refault_ns;
		wait_for(plant, guest, &guest->host_stall_ns);
	}
}

static void read_files(struct sim_plant *plant, u32 vm, u32 per_s)
{
	struct sim_plant_guest *guest = &plant->guest[vm];
	u32 files = SIM_PLANT_BLOCKS - SIM_PLANT_ANON;

	guest->file_credit += (double)per_s * (double)SIM_PLANT_STEP_NS / (double)SIM_PLANT_SECOND;
	for (; guest->file_credit >= 1; guest->file_credit -= 1) {
		struct sim_plant_block *block =
			&guest->block[SIM_PLANT_ANON + guest->file_next++ % files];
		if (block->state == SIM_PLANT_RESIDENT) { /* another file takes its place */
			block->state = SIM_PLANT_ABSENT;
			guest->files--;
		}
		use(plant, vm, block);
	}
}

static void begin_phase(struct sim_plant *plant, u32 vm, const struct sim_plant_phase *phase)
{
	struct sim_plant_guest *guest = &plant->guest[vm];

	for (u32 i = phase->hot; i < SIM_PLANT_ANON && phase->frees; i++) {
		guest->anon -= guest->block[i].state == SIM_PLANT_RESIDENT;
		guest->swapped -= guest->block[i].state == SIM_PLANT_SWAPPED;
		guest->block[i].state = SIM_PLANT_ABSENT;
	}
	for (u32 i = 0; i < phase->touch; i++)
		use(plant, vm, &guest->block[i]);
	for (u32 i = 0; i < phase->hot; i++) /* first uses spread over two seconds */
		guest->block[i].next_ns = plant->now_ns + (u64)(sim_plant_random(plant) * 2e9);
}

void sim_plant_load(struct sim_plant *plant, u32 vm)
{
	struct sim_plant_guest *guest = &plant->guest[vm];
	const struct sim_plant_vm *config = guest->vm;
	u64 end_ns = plant->now_ns + SIM_PLANT_STEP_NS, before_ns = guest->stall_ns;

	while (guest->phase_next < config->phases_count &&
	       config->phase[guest->phase_next].from_s * SIM_PLANT_SECOND <= plant->now_ns)
		begin_phase(plant, vm, &config->phase[guest->phase_next++]);
	if (!guest->phase_next)
		return;
	const struct sim_plant_phase *phase = &config->phase[guest->phase_next - 1];
	u32 used = config->base + guest->anon + guest->files;
	guest->cold = cold_blocks(plant, guest) + (guest->touched > used ? guest->touched - used : 0);
	/* One thread: while it waits it uses nothing else. */
	if (guest->busy_until_ns < plant->now_ns)
		guest->busy_until_ns = plant->now_ns;
	for (u32 n = 0; n < phase->hot && guest->busy_until_ns < end_ns; n++) {
		struct sim_plant_block *block = &guest->block[guest->cursor++ % phase->hot];

		if (block->next_ns > plant->now_ns)
			continue;
		use(plant, vm, block);
		block->next_ns = plant->now_ns + SIM_PLANT_SECOND;
	}
	if (guest->busy_until_ns < end_ns)
		read_files(plant, vm, phase->files_per_s);
	/* Background reclaim keeps 1 % free. */
	while (sim_plant_free(guest) * 100 < config->nominal && sim_plant_evict(guest))
		guest->async_pages += SIM_PLANT_PAGES;
	double share = (double)(guest->stall_ns - before_ns) / (double)SIM_PLANT_STEP_NS;
	guest->psi_avg10 += ((share > 1 ? 1 : share) - guest->psi_avg10) / 100;
}

void sim_plant_balloon(struct sim_plant *plant, u32 vm)
{
	struct sim_plant_guest *guest = &plant->guest[vm];
	double rate = guest->vm->balloon_rate;

	guest->balloon_credit += rate * (double)SIM_PLANT_STEP_NS / (double)SIM_PLANT_SECOND;
	while (guest->balloon_credit >= 1 && guest->actual != guest->target && !guest->held) {
		bool grows = guest->target > guest->actual;

		/* Its allocations wake background reclaim, as others do. */
		if (!grows && sim_plant_free(guest) * 100 <= guest->vm->nominal) {
			if (sim_plant_evict(guest))
				guest->async_pages += SIM_PLANT_PAGES;
			else if (!sim_plant_free(guest))
				break;
		}
		guest->balloon_credit -= 1;
		guest->actual += grows ? 1u : ~0u;
		if (guest->touched > guest->actual)
			guest->touched = guest->actual;
		if (guest->host_swapped > guest->touched)
			guest->host_swapped = guest->touched;
		guest->moved_ns = plant->now_ns;
	}
	if (guest->balloon_credit > rate + 1)
		guest->balloon_credit = rate + 1;
}
