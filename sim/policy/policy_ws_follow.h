/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * policy_ws_follow.h - following a guest's demand, as policies do that give every free page back
 * at once; where ws-target finds it worth it, the guest is led so.
 */
#ifndef POLICY_WS_FOLLOW_H
#define POLICY_WS_FOLLOW_H

#include "policy/policy_ws_params.h"
#include "policy/policy_ws_window.h"

/*
 * What would be if memory went back whenever it is free, and came whenever it is wanted: kept
 * for every guest, for those too that are not led like that, to tell what it would be worth.
 */
struct policy_ws_follow {
	bool leads;	/* it is worth it: the target follows */
	double demand;	/* bytes: programs and kernel, without page cache */
	double buffer;	/* bytes beside it, for the page cache and for growth */
	double target;	/* bytes; 0: not known yet */
	double saved;	/* mean, bytes, against what the guest holds else */
	double moved;	/* growth of the target, mean, bytes per second */
	double work;	/* processors, mean */
	double value;	/* slowdown that the saving is worth, less what it costs */
	u64 since_ns, updated_ns;
	u64 heard_ns; /* the statistics it was last made from */
	u64 linger_ns; /* how long memory is left that is not wanted */
	struct policy_ws_window wants;
};

struct policy_ws_guest;

/* With each decision: where the target would be, and whether that is worth it. */
void policy_ws_follow_update(struct policy_ws_guest *guest, const struct sim_vm_view *vm,
			     u64 now_ns, const struct policy_ws_params *params);

#endif /* POLICY_WS_FOLLOW_H */
