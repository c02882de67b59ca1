/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sim_demand.h - a VM whose accesses are generated to match how much memory it used.
 *
 * A segment of a workload may name a demand series (in Google's, Alibaba's or Bitbrains'
 * format) in place of a trace.  The model of tr_demand.h turns it into an ordinary .wst,
 * so everything that reads traces can read it, and its digest is part of what identifies
 * a run.
 *
 * Such traces lie in a folder of this process (tr_scratch.h) that is removed when it exits;
 * processes forked from it find them there.  The same series with the same parameters is
 * written once.
 */
#ifndef SIM_DEMAND_H
#define SIM_DEMAND_H

#include <ws_env.h>

#include "scenario/sim_scenario.h"
#include "tr_error.h"

/*
 * The share of a VM's memory that a source's series is about: it counts the guest's
 * kernel and what is kept free as used, and only the rest has pages.
 */
u64 sim_demand_memory(u64 memory_bytes, u64 kernel_bytes);

/*
 * Make the trace that @demand asks for into the file @path, from @from_ns of the source on,
 * as far as @until_ns of its own time and a second more.
 * Return: 0; negative errno with text "series: line: reason", and then nothing is left.
 */
int sim_demand_write(const struct sim_demand *demand, u64 from_ns, u64 until_ns, const char *path,
		     struct tr_error *error);

/*
 * How much memory VMs use together, by minute of their sources.  Minutes beyond
 * SIM_DEMAND_MINUTES are not counted.
 */
#define SIM_DEMAND_MINUTES (31u * 1440)
struct sim_demand_use {
	u64 pages[SIM_DEMAND_MINUTES];
	u32 shortest; /* minutes that all of them have */
	bool more;    /* some have minutes behind those, counted or not */
	bool any;
};

/* Add @count VMs with @demand, at any scale.  Return: 0; negative errno with text. */
int sim_demand_use_add(struct sim_demand_use *use, const struct sim_demand *demand, u64 count,
		       struct tr_error *error);

/*
 * Where the @length_ns begin, by the minute, in which most is used; the first of several.
 * All VMs have the whole of them; 0 where the shortest has less.
 */
u64 sim_demand_busiest(const struct sim_demand_use *use, u64 length_ns);

/* The same into this process's folder; its name into @path.  Not for several threads. */
int sim_demand_trace(const struct sim_demand *demand, u64 until_ns, char path[SIM_PATH_MAX],
		     struct tr_error *error);

#endif /* SIM_DEMAND_H */
