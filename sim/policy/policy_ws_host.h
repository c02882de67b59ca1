/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * policy_ws_host.h - ws-target's view of a host: all guests, what they wish, what of it they get.
 */
#ifndef POLICY_WS_HOST_H
#define POLICY_WS_HOST_H

#include "policy/policy_util.h"
#include "policy/policy_ws_offer.h"

#define POLICY_WS_HOLD_MAX_NS (600 * POLICY_SECOND_NS)

struct policy_ws_host {
	struct policy_ws_params params; /* first: the table of parameters counts from here */
	struct policy_ws_guest guest[SIM_VMS_MAX];
	/* Work of one decision. */
	u64 wish[SIM_VMS_MAX], taken[SIM_VMS_MAX];
	u64 budget, wanted; /* of all guests */
	struct policy_ws_market market;
	struct policy_fill fill;
};

/* Memory that VMs may have together. */
u64 policy_ws_host_budget(const struct sim_host_view *host, const struct policy_ws_params *params);

/* Tell people why @vm gets @target. */
void policy_ws_host_explain(const struct policy_ws_host *self, const struct sim_host_view *host,
			    u32 vm, u64 target, const char *why, struct sim_actions *act);

/* Give @vm the target, and remember which way it went; @chosen: no other guest's need made it. */
void policy_ws_host_move(struct policy_ws_host *self, const struct sim_host_view *host, u32 vm,
			 u64 target, bool chosen, const char *why, struct sim_actions *act);

/* Targets for all guests; @pressure as in struct sim_policy. */
void policy_ws_host_decide(struct policy_ws_host *self, const struct sim_host_view *host,
			   u32 pressure, struct sim_actions *act);

#endif /* POLICY_WS_HOST_H */
