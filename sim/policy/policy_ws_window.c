/* SPDX-License-Identifier: BSD-2-Clause */
/* policy_ws_window.c - a sliding maximum, in slots. */
#include "policy/policy_ws_window.h"

#include "policy/policy_util.h"

void policy_ws_window_enter(struct policy_ws_window *window, double value, u64 now_ns,
			    u64 length_ns)
{
	u64 slot_ns = length_ns / POLICY_WS_SLOTS;

	if (now_ns - window->started_ns > length_ns + slot_ns) /* the first value, or a long silence */
		*window = (struct policy_ws_window){ .started_ns = now_ns };
	while (now_ns - window->started_ns >= slot_ns) {
		window->started_ns += slot_ns;
		window->now = (window->now + 1) % POLICY_WS_SLOTS;
		window->slot[window->now] = 0;
	}
	window->slot[window->now] = policy_larger(window->slot[window->now], value);
}

double policy_ws_window_peak(const struct policy_ws_window *window)
{
	double peak = 0;

	for (u32 i = 0; i < POLICY_WS_SLOTS; i++)
		peak = policy_larger(peak, window->slot[i]);
	return peak;
}
