/* SPDX-License-Identifier: BSD-2-Clause */
/* policy_list.h - the policies by name, for the table in sim_policy.c. */
#ifndef POLICY_LIST_H
#define POLICY_LIST_H

#include "policy/sim_policy.h"

extern const struct sim_policy policy_static;
extern const struct sim_policy policy_equal_share;
extern const struct sim_policy policy_auto_balloon;
extern const struct sim_policy policy_mom;
extern const struct sim_policy policy_wmo;
extern const struct sim_policy policy_proxmox;
extern const struct sim_policy policy_squeezed;
extern const struct sim_policy policy_qmemman;
extern const struct sim_policy policy_selfballoon;
extern const struct sim_policy policy_esx;
extern const struct sim_policy policy_hyperv;
extern const struct sim_policy policy_pi;
extern const struct sim_policy policy_vbox;
extern const struct sim_policy policy_balance_available;
extern const struct sim_policy policy_limit_cache;
extern const struct sim_policy policy_senpai;
extern const struct sim_policy policy_tmo;
extern const struct sim_policy policy_hypeman;
extern const struct sim_policy policy_vm0;
extern const struct sim_policy policy_arcbox;
extern const struct sim_policy policy_sdfm;
extern const struct sim_policy policy_mrc_greedy;
extern const struct sim_policy policy_vmmms;
extern const struct sim_policy policy_damos;
extern const struct sim_policy policy_ws_target;

#endif /* POLICY_LIST_H */
