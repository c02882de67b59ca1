/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * policy_proxmox.h - the arithmetic of Proxmox VE's balloon distribution, on plain numbers.
 *
 * A round is given a goal: bytes that all VMs together should gain (positive) or lose.
 * VMs are in two lists: comfortable ones have more than a quarter of their minimum free
 * and at least their minimum; the others are under pressure.  Gains go to those under
 * pressure, losses to the comfortable, and to all VMs only if the list made no progress.
 *
 * Inside a list the memory above the minima, plus what is left of the goal, is divided by
 * shares; each VM moves toward its part by at most `step` from where it was when the round
 * began.  What limits or steps leave over is divided again among the rest of the list.
 */
#ifndef POLICY_PROXMOX_H
#define POLICY_PROXMOX_H

#include "policy/sim_policy.h"

struct policy_proxmox_vm {
	s64 balloon; /* bytes now; 0: its driver does not run, it takes no part */
	s64 min;     /* 0: not under control, it takes no part */
	s64 max, free;
	u32 shares;  /* 0: it takes no part */
	s64 target;  /* answer; equals balloon where nothing changes */
	bool settled; /* inside a list: no longer moved */
};

/*
 * @goal: bytes; within 10 MiB of 0 nothing is done
 * @step: most that one VM changes, bytes
 * @as_shipped: a VM above its part loses memory also while the list is to gain
 */
void policy_proxmox_round(struct policy_proxmox_vm *vm, u32 count, s64 goal, s64 step,
			  bool as_shipped);

#endif /* POLICY_PROXMOX_H */
