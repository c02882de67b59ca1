/* SPDX-License-Identifier: BSD-2-Clause */
/* policy_ws_wish.h - the target that a guest would get if there were no others. */
#ifndef POLICY_WS_WISH_H
#define POLICY_WS_WISH_H

#include "policy/policy_ws_guest.h"

/* Changes smaller than this are not made. */
u64 policy_ws_band(const struct sim_vm_view *vm, const struct policy_ws_params *params);

/* The guest's target follows its demand, which is known. */
bool policy_ws_is_followed(const struct policy_ws_guest *guest, u64 now_ns);

/* @spare_bytes: what the host has beyond all targets, for guests that nothing is known of. */
u64 policy_ws_wish(const struct policy_ws_guest *guest, const struct sim_vm_view *vm, u64 now_ns,
		   u64 spare_bytes, const struct policy_ws_params *params);

#endif /* POLICY_WS_WISH_H */
