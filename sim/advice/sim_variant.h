/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sim_variant.h - a scenario changed in memory: other VMs of it, other sizes, other policy.
 *
 * A variant borrows segments, path and devices of the scenario that it was made from, which
 * outlives it; its list of VMs and its policy's state are its own.
 */
#ifndef SIM_VARIANT_H
#define SIM_VARIANT_H

#include "scenario/sim_scenario.h"

struct sim_variant {
	struct sim_scenario scenario;
};

/* @count copies of VM @vm, alone on the host, from the beginning to the end. */
void sim_variant_copies(struct sim_variant *variant, const struct sim_scenario *from, u32 vm,
			u32 count);
/* Memory for everybody; nothing disturbs. */
void sim_variant_ample(struct sim_variant *variant);
/* All VMs get @bytes, and what depends on it: the kernel's share, the balloon's limit. */
void sim_variant_resize(struct sim_variant *variant, u64 bytes);
/* VMs keep their size, and the balloon leaves @bytes to each. */
void sim_variant_balloon(struct sim_variant *variant, u64 bytes);
/* @policy with its defaults; the scenario's own parameters when it is the scenario's own. */
void sim_variant_policy(struct sim_variant *variant, const struct sim_scenario *from,
			const struct sim_policy *policy);
void sim_variant_free(struct sim_variant *variant);

/* The least that sim_variant_resize() takes for this VM. */
u64 sim_variant_least(const struct sim_vm_config *vm);

#endif /* SIM_VARIANT_H */
