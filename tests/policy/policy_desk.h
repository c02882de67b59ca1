/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * policy_desk.h - a host of a few lines that only writes down what a policy tells it.
 */
#ifndef POLICY_DESK_H
#define POLICY_DESK_H

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "policy/sim_policy.h"

#define MIB (1ull << 20)
#define SECOND 1000000000ull
#define VMS 8

/*
 * A host that only writes down what it is told.  Actions that need a channel abort when
 * the policy has not declared it, as the simulator does.
 */
struct desk {
	const struct sim_policy *policy;
	void *state;
	struct sim_vm_view vm[VMS];
	struct sim_host_view host;
	struct sim_actions act;
	u64 target[VMS], reclaimed[VMS], refresh_ns[VMS], threshold_ns[VMS];
	u64 edge[VMS][SIM_BINS_MAX];
	u32 targets, stats, reports, configs, edges[VMS];
};

static inline void need(const struct desk *desk, u32 channel)
{
	if (!(desk->policy->channels & channel))
		abort();
}

static inline void desk_set_target(void *ctx, u32 vm, u64 bytes)
{
	struct desk *desk = ctx;

	desk->target[vm] = bytes;
	desk->vm[vm].target_bytes = bytes;
	desk->targets++;
}

static inline void desk_request_stats(void *ctx, u32 vm)
{
	(void)vm;
	need(ctx, SIM_CH_STATS);
	((struct desk *)ctx)->stats++;
}

static inline void desk_request_report(void *ctx, u32 vm)
{
	(void)vm;
	need(ctx, SIM_CH_REPORTS);
	((struct desk *)ctx)->reports++;
}

static inline void desk_configure(void *ctx, u32 vm, const u64 *edge_ns, u32 edges_count,
			   u64 refresh_ns, u64 threshold_ns)
{
	struct desk *desk = ctx;

	need(desk, SIM_CH_REPORTS);
	desk->configs++;
	desk->edges[vm] = edges_count;
	memcpy(desk->edge[vm], edge_ns, edges_count * sizeof(*edge_ns));
	desk->refresh_ns[vm] = refresh_ns;
	desk->threshold_ns[vm] = threshold_ns;
}

static inline void desk_reclaim(void *ctx, u32 vm, u64 bytes)
{
	need(ctx, SIM_CH_RECLAIM);
	((struct desk *)ctx)->reclaimed[vm] = bytes;
}

static inline void desk_explain(void *ctx, u32 vm, const char *text)
{
	(void)ctx;
	(void)vm;
	cr_assert(strlen(text) > 0 && !strchr(text, '\n'), "an explanation is one line");
}

static const struct sim_action_ops desk_ops = {
	.set_target = desk_set_target,
	.request_stats = desk_request_stats,
	.request_report = desk_request_report,
	.configure_reports = desk_configure,
	.reclaim = desk_reclaim,
	.explain = desk_explain,
};

static inline struct desk *desk_open(const char *name, u64 memory_bytes)
{
	struct desk *desk = calloc(1, sizeof(*desk));

	cr_assert(desk);
	desk->policy = sim_policy_find(name);
	cr_assert(desk->policy, "there is no policy %s", name);
	desk->state = calloc(1, desk->policy->state_size);
	cr_assert(desk->state);
	sim_policy_defaults(desk->policy, desk->state);
	desk->host.memory_bytes = memory_bytes;
	desk->host.vm = desk->vm;
	desk->act.ops = &desk_ops;
	desk->act.ctx = desk;
	if (desk->policy->init)
		cr_assert_eq(desk->policy->init(desk->state, &desk->host), 0);
	return desk;
}

static inline void desk_set(struct desk *desk, const char *name, const char *value)
{
	cr_assert_eq(sim_policy_set(desk->policy, desk->state, name, value), 0, "%s=%s", name,
		     value);
}

static inline u32 desk_add(struct desk *desk, u64 nominal_bytes, u64 min_bytes)
{
	u32 vm = desk->host.vms_count++;

	desk->vm[vm] = (struct sim_vm_view){
		.name = "guest",
		.nominal_bytes = nominal_bytes,
		.min_bytes = min_bytes,
		.shares = 1000,
		.running = true,
		.target_bytes = nominal_bytes,
		.actual_bytes = nominal_bytes,
	};
	if (desk->policy->vm_added)
		desk->policy->vm_added(desk->state, &desk->host, vm, &desk->act);
	return vm;
}

static inline void desk_tick(struct desk *desk)
{
	desk->host.now_ns += desk->policy->tick_ns(desk->state);
	desk->policy->tick(desk->state, &desk->host, &desk->act);
}

static inline void desk_close(struct desk *desk)
{
	if (desk->policy->destroy)
		desk->policy->destroy(desk->state);
	free(desk->state);
	free(desk);
}

#endif /* POLICY_DESK_H */
