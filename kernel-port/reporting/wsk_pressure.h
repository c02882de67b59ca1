/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * wsk_pressure.h - hearing from the kernel that reclaim did not find enough.
 *
 * The posted series calls from reclaim itself after the first pass failed.  A module
 * hears of it through the tracepoint mm_shrink_slab_start, which tells node, memcg and
 * priority of every pass.  Who reclaims for a memcg's limit cannot be told from who
 * reclaims for the machine, except for kswapd; so pressure counts for
 *	the node		from kswapd, or when the root memcg is shrunk
 *	a memcg, its ancestors	when it is shrunk by somebody else than kswapd
 *
 * While no view has a threshold the tracepoint costs one test.
 */
#ifndef WSK_PRESSURE_H
#define WSK_PRESSURE_H

/* @change: -1, 0 or 1 views more that wait for pressure. */
void wsk_pressure_watch(int change);

#endif /* WSK_PRESSURE_H */
