/* SPDX-License-Identifier: BSD-2-Clause */
/* policy_rules.c - what several of the field's policies share. */
#include "policy/policy_rules.h"

/* Halvings of the interval in which the price lies; doubles have 53 bits. */
#define HALVINGS 100

static double clamp(double value, double least, double most)
{
	return value < least ? least : value > most ? most : value;
}

static double given_out(const struct policy_claim *claim, u32 count, double per_weight)
{
	double sum = 0;

	for (u32 i = 0; i < count; i++)
		sum += clamp(per_weight * claim[i].weight, claim[i].least, claim[i].most);
	return sum;
}

/*
 * Taking bit by bit from whoever has most for its weight ends where all between their
 * limits have the same for their weight; that level is searched for.
 */
void policy_divide(struct policy_claim *claim, u32 count, double memory)
{
	double fits = 0, high = 0;

	for (u32 i = 0; i < count; i++) {
		double full = claim[i].most / claim[i].weight;

		high = full > high ? full : high;
	}
	if (given_out(claim, count, high) <= memory)
		fits = high;
	for (u32 i = 0; i < HALVINGS && fits < high; i++) {
		double middle = fits + (high - fits) / 2;

		if (given_out(claim, count, middle) <= memory)
			fits = middle;
		else
			high = middle;
	}
	for (u32 i = 0; i < count; i++)
		claim[i].got = clamp(fits * claim[i].weight, claim[i].least, claim[i].most);
}

void policy_follow_use(const struct sim_vm_view *vm, u32 index, double headroom,
		       struct sim_actions *act)
{
	double nominal = (double)vm->nominal_bytes;
	u64 used = policy_less(vm->actual_bytes, vm->stats.free_bytes);
	u64 target = policy_clamp_target(vm, used + policy_bytes(headroom * nominal));

	if (!vm->running || !vm->stats.time_ns)
		return;
	/* Growth at once; of shrinking only what is worth a command. */
	if (target > vm->target_bytes ||
	    vm->target_bytes - target > policy_bytes(0.01 * nominal))
		policy_set_target(act, index, target);
}
