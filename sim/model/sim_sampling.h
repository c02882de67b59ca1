/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sim_sampling.h - a run of one block of pages in N, for hosts beyond this machine's memory.
 *
 * As SHARDS does for miss-ratio curves (Waldspurger et al., FAST 2015), what is simulated
 * is chosen by a hash of its place: one aligned block of 32 pages in N, with all of its
 * accesses.  Blocks and not pages, because a block is what readahead reads at once.  Each
 * VM has a choice of its own, so that errors of many VMs cancel.
 *
 * A page of the run stands for N pages.  So memories hold N times fewer of them; whatever
 * is done to a page, be it a fault, a device's operation or a step of ageing, takes N times
 * as long and moves N times as much; and all counts of pages that policies and observers
 * get are multiplied by N.  Compute time is the trace's.  What happens per event and not
 * per page (a report, a message, a timer) costs the same as ever.
 */
#ifndef SIM_SAMPLING_H
#define SIM_SAMPLING_H

#include "model/sim_probe.h"
#include "scenario/sim_scenario.h"

#define SIM_SAMPLING_BLOCK 32u /* pages */
#define SIM_SAMPLING_NONE 0xffffffffu

/*
 * @scaled: a copy of @scenario in which a page costs what N pages cost; its vm[] is its
 * own, to be freed by the caller, all else is @scenario's.  Return: 0 or -ENOMEM.
 */
int sim_sampling_scale(struct sim_scenario *scaled, const struct sim_scenario *scenario);

/*
 * For each block of the trace's @pages_count its number among those chosen, or
 * SIM_SAMPLING_NONE.  *chosen_count: how many are.  NULL: out of memory.
 */
u32 *sim_sampling_choose(u32 pages_count, u32 one_in, u64 salt, u32 *chosen_count);

/* Entries (page << 1 | write) of chosen blocks to @to, with new numbers.  Return: how many. */
u32 sim_sampling_filter(const u32 *block_of, const u32 *entry, u32 count, u32 *to);

/* Pages of the run into pages of the host. */
void sim_sampling_tell_vm(struct sim_vm_sample *sample, u32 one_in);
void sim_sampling_tell_host(struct sim_host_sample *sample, u32 one_in);

/*
 * The error that sampling one block in N cost, measured on the shipped traces (bench
 * sampling): a sentence to print beside a result.  @text has SIM_SAMPLING_TEXT bytes.
 */
#define SIM_SAMPLING_TEXT 384
char *sim_sampling_error_text(u32 one_in, char text[SIM_SAMPLING_TEXT]);

#endif /* SIM_SAMPLING_H */
