/* SPDX-License-Identifier: BSD-2-Clause */
/* policy_ws_window.h - the largest of what was entered in a time that slides on. */
#ifndef POLICY_WS_WINDOW_H
#define POLICY_WS_WINDOW_H

#include "policy/sim_policy.h"

#define POLICY_WS_SLOTS 8

struct policy_ws_window {
	double slot[POLICY_WS_SLOTS];
	u64 started_ns;
	u32 now;
};

/* Slots older than @length_ns are forgotten. */
void policy_ws_window_enter(struct policy_ws_window *window, double value, u64 now_ns,
			    u64 length_ns);
double policy_ws_window_peak(const struct policy_ws_window *window);

#endif /* POLICY_WS_WINDOW_H */
