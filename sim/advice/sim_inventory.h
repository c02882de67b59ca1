/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sim_inventory.h - a list of VMs as people have it, made into a scenario.
 *
 *	name,memory,trace		name,memory,demand
 *	db,8GiB,db.wst			web,4GiB,web.gcd
 *
 * CSV with a header; columns in any order:
 *
 *	name, memory	needed
 *	trace		a .wst file, played again and again; or
 *	demand		a series of memory in use (gcd, alibaba, bitbrains; tr_demand.h)
 *	container	alibaba: whose rows
 *	count		so many VMs alike (1)
 *	swap		device of its swap (nvme)
 *
 * Each trace begins at a random time within a quarter of the run, a minute at most, other in
 * each run: when real VMs do what is not known, and runs that are all alike say nothing of
 * chance.  Demand series have a clock in common and begin together.
 *
 * Files are looked for beside the inventory.  Fields hold no commas and no quotes; empty
 * lines and lines that begin with '#' are passed over.
 */
#ifndef SIM_INVENTORY_H
#define SIM_INVENTORY_H

#include <ws_env.h>

#include "tr_error.h"

#define SIM_INVENTORY_ROWS 1024
#define SIM_INVENTORY_BUSIEST (~0ull)

struct sim_inventory {
	const char *path;
	u64 host_bytes;	  /* needed */
	u64 duration_ns;  /* 0: the longest of the traces, one minute to one hour */
	u64 time_scale;	  /* of demand series, millionths */
	/*
	 * Where demand series begin, of their own time.  SIM_INVENTORY_BUSIEST: where what is
	 * simulated of them, duration_ns or an hour, is what they use most memory in together;
	 * looked for as long as all of them last, and in the first SIM_DEMAND_MINUTES.
	 */
	u64 from_ns;
	const char *work; /* folder for the traces made of demand series */
	/* Results. */
	char *scenario; /* JSON text; the caller frees it */
	u64 begun_ns;	/* from_ns, found */
	u64 searched_ns; /* of their time, where it was looked for; 0: all, or from_ns was given */
	u32 demands_count, rows_count;
};

/* Return: 0 or negative errno with text; inventory->scenario is NULL then. */
int sim_inventory_make(struct sim_inventory *inventory, struct tr_error *error);

#endif /* SIM_INVENTORY_H */
