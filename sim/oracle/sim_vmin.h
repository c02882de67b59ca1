/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sim_vmin.h - the least memory for a slowdown: what elastic memory could save at best.
 *
 * VMIN (Prieve and Fabry, 1976) knows the future: it keeps a page until its next use if
 * holding it costs less than bringing it back, else drops it at once, and no policy has
 * both fewer faults and less memory.  WS (Denning, 1968) knows the past exactly: it keeps
 * a page until it was idle for a time of the VM's own, the best one for anonymous and for
 * file pages in hindsight.  That is the most that a threshold on idle ages can reach with
 * perfect reports.  The price of memory is swept, so the results are curves: saved memory
 * against mean slowdown over VMs.
 *
 * Giving and taking memory is free and instant, nothing is written, kernel and unevictable
 * memory is held.  Bringing a page back costs a minor fault and
 *
 *	clusters	its share of a whole swap cluster or readahead window that was read at
 *			the device's median latency with nobody before it in the queue, as if
 *			all of the cluster were wanted: a bound for every policy in open loop
 *	single		all of that latency: what demand paging without luck in its clusters
 *			could reach; no bound, but nearer to what is possible
 *
 * In closed loop both are references.
 */
#ifndef SIM_VMIN_H
#define SIM_VMIN_H

#include "oracle/sim_timeline.h"

/* What holding pages through so long a gap comes to. */
struct sim_vmin_sums {
	double page_ins, held_page_s;
};

struct sim_vmin_vm {
	struct sim_timeline_sums sums;
	/*
	 * Anon, file.  Looking ahead: by the longest gap that is held through, in bins.
	 * Looking back: the idle times that some price of memory makes best, longest last.
	 */
	struct sim_vmin_sums *ahead[2], *back[2];
	u32 back_count[2];
	double cost_ns[2][2]; /* of bringing a page back, by enum sim_vmin_reads */
	double busy_ns;	/* the time that slowdown is measured against */
};

struct sim_vmin {
	u32 vms_count, bins;
	double bin_s;
	struct sim_vmin_vm *vm;
	double held_page_s;    /* kernel and unevictable: always */
	double nominal_page_s; /* what all VMs were promised, times time */
};

/* One price of memory. */
struct sim_vmin_point {
	double slowdown; /* mean over VMs, >= 1 */
	double saved;	 /* share of nominal */
	double page_ins; /* of all VMs over the run */
};

/*
 * @time_per_work: by VM, busy time per compute of the run that slowdown is measured
 *	against; NULL: 1
 * @stop: gives -EINTR; may be NULL
 */
int sim_vmin_make(struct sim_vmin *vmin, const struct sim_scenario *scenario,
		  const double *time_per_work, const volatile bool *stop, struct tr_error *error);
/* sim_vmin_destroy() also after an error. */
void sim_vmin_destroy(struct sim_vmin *vmin);

enum sim_vmin_reads { SIM_VMIN_CLUSTERS, SIM_VMIN_SINGLE };
enum sim_vmin_knows { SIM_VMIN_FUTURE, SIM_VMIN_PAST };

/* @price: of a page held for a second, in slowdown; more saves more. */
struct sim_vmin_point sim_vmin_at(const struct sim_vmin *vmin, enum sim_vmin_knows knows,
				  enum sim_vmin_reads reads, double price);

/* Most that can be saved with a mean slowdown of @slowdown or less. */
struct sim_vmin_point sim_vmin_best(const struct sim_vmin *vmin, enum sim_vmin_knows knows,
				    enum sim_vmin_reads reads, double slowdown);

#endif /* SIM_VMIN_H */
