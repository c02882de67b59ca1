/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sim_khugepaged.h - the host's thread that puts split huge pages together again.
 *
 * Every so often it looks at the next few regions of the VMs, going round all of them.
 * A region gets a huge page if it is backed by small ones, at least one of which was
 * used, none is in swap and at most max_none are missing.  What was there is copied, what
 * was missing is zeroed, and that takes host memory, even for pages that the balloon had
 * given back, whose saving is then lost.  The region pays no split tax any more.
 *
 * Source: mm/khugepaged.c of Linux; 4096 pages each 10 s, max_ptes_none 511.  Linux
 * also reads up to 64 pages from swap for it, which is not done here.
 */
#ifndef SIM_KHUGEPAGED_H
#define SIM_KHUGEPAGED_H

#include "model/sim_host.h"

void sim_khugepaged_start(struct sim_host *host);
/* SIM_WAKE_KHUGEPAGED. */
void sim_khugepaged(struct sim_host *host);

#endif /* SIM_KHUGEPAGED_H */
