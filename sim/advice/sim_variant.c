/* SPDX-License-Identifier: BSD-2-Clause */
/* sim_variant.c - scenarios changed in memory; see sim_variant.h. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "advice/sim_variant.h"
#include "tr_units.h"

#define MIB (1ull << 20)
#define LEAST_USER (4 * MIB) /* beside the kernel */

static u64 whole_pages(u64 bytes)
{
	return bytes / TR_PAGE_SIZE * TR_PAGE_SIZE;
}

/* The kernel's share of a guest of @bytes: the default of a scenario (sim_scenario_vm.c). */
static u64 kernel_of(const struct sim_vm_config *vm, u64 bytes)
{
	/* What is not an array of struct page, 64 bytes each, stays as it is. */
	u64 pages = vm->memory_bytes / 64, fixed;

	fixed = vm->kernel_bytes > pages ? vm->kernel_bytes - pages : vm->kernel_bytes;
	return whole_pages(fixed + (vm->kernel_bytes > pages ? bytes / 64 : 0));
}

u64 sim_variant_least(const struct sim_vm_config *vm)
{
	return whole_pages((kernel_of(vm, vm->kernel_bytes) + LEAST_USER) * 65 / 64);
}

static void set_policy(struct sim_variant *variant, const struct sim_policy *policy)
{
	struct sim_scenario *scenario = &variant->scenario;

	free(scenario->policy_state);
	scenario->policy = policy;
	scenario->policy_state = calloc(1, policy->state_size + 1);
	assert(scenario->policy_state);
	sim_policy_defaults(policy, scenario->policy_state);
}

void sim_variant_copies(struct sim_variant *variant, const struct sim_scenario *from, u32 vm,
			u32 count)
{
	struct sim_scenario *scenario = &variant->scenario;

	*scenario = *from;
	scenario->vm = calloc(count, sizeof(*scenario->vm));
	assert(scenario->vm && count);
	scenario->vms_count = count;
	for (u32 i = 0; i < count; i++) {
		scenario->vm[i] = from->vm[vm];
		scenario->vm[i].start_ns = 0;
		scenario->vm[i].stop_ns = SIM_NONE;
		if (count > 1)
			snprintf(scenario->vm[i].name, SIM_NAME_MAX, "%.50s-%u", from->vm[vm].name,
				 i + 1);
	}
	/* Disturbances name VMs by number. */
	scenario->disturbance = NULL;
	scenario->disturbances_count = 0;
	scenario->policy_state = NULL;
	sim_variant_policy(variant, from, from->policy);
}

void sim_variant_ample(struct sim_variant *variant)
{
	struct sim_scenario *scenario = &variant->scenario;
	u64 bytes = 0;

	for (u32 i = 0; i < scenario->vms_count; i++)
		bytes += scenario->vm[i].memory_bytes;
	scenario->host.memory_bytes = scenario->host.reserved_bytes + 2 * bytes;
	scenario->disturbance = NULL;
	scenario->disturbances_count = 0;
	set_policy(variant, sim_policy_find("static"));
}

void sim_variant_resize(struct sim_variant *variant, u64 bytes)
{
	for (u32 i = 0; i < variant->scenario.vms_count; i++) {
		struct sim_vm_config *vm = &variant->scenario.vm[i];

		vm->kernel_bytes = kernel_of(vm, bytes);
		vm->memory_bytes = vm->memory_min_bytes = whole_pages(bytes);
		for (u32 m = 0; m < vm->memcgs_count; m++)
			vm->memcg[m].min_bytes = 0; /* what a smaller guest could not keep */
	}
}

void sim_variant_balloon(struct sim_variant *variant, u64 bytes)
{
	const struct sim_policy *policy = sim_policy_find("static");
	char text[32];

	assert(policy);
	set_policy(variant, policy);
	for (u32 i = 0; i < variant->scenario.vms_count; i++)
		variant->scenario.vm[i].memory_min_bytes = whole_pages(bytes);
	/* The least that is left is what is wanted: the fraction only has to be below it. */
	snprintf(text, sizeof(text), "0.01");
	int rc = sim_policy_set(policy, variant->scenario.policy_state, "fraction", text);
	assert(!rc);
}

void sim_variant_policy(struct sim_variant *variant, const struct sim_scenario *from,
			const struct sim_policy *policy)
{
	set_policy(variant, policy);
	if (policy == from->policy && policy->state_size)
		memcpy(variant->scenario.policy_state, from->policy_state, policy->state_size);
}

void sim_variant_free(struct sim_variant *variant)
{
	free(variant->scenario.vm);
	free(variant->scenario.policy_state);
	memset(variant, 0, sizeof(*variant));
}
