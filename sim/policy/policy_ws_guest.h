/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * policy_ws_guest.h - what ws-target knows of one guest.
 *
 * Statistics come often and tell what happens now: memory in use, its growth, bytes
 * that come back from swap.  Reports come seldom and tell what could be taken.  From
 * both follows the guest's need:
 *
 *	need = base + reported - cold + headroom + deficit
 *
 *	base	  what the guest holds outside its lists: kernel, page tables, zram
 *	reported  all bytes of the last report
 *	cold	  of those, what can be out within the bound on stalls
 *	headroom  free memory for growth until the next report
 *	deficit	  bytes that had to be read back lately in place of others: what is missing
 *
 * The largest need of a sliding window is kept, so that a guest is not shrunk in a
 * trough of a load that comes back.
 */
#ifndef POLICY_WS_GUEST_H
#define POLICY_WS_GUEST_H

#include "policy/policy_curve.h"
#include "policy/policy_ws_follow.h"

struct policy_ws_guest {
	bool present;
	struct policy_curve curve;
	/* Reports. */
	u64 stats_asked_ns, stats_again_ns; /* since when an answer is awaited; last repeated */
	u64 late_until_ns; /* answers came late: what they say was then, so nobody is led by it */
	u64 actual_asked; /* left to the guest when statistics were last asked for */
	u64 asked_ns, configured_ns, report_ns;
	u32 unanswered;
	u64 started_ns; /* smaller than nominal, before it used anything; 0: not */
	bool report_new; /* not yet taken into the curve */
	/* Statistics, running totals as of the last answer. */
	u64 stats_ns, swap_in, swap_out, stalls, reclaimed, major;
	struct policy_flow flow; /* since the report in the curve */
	double used, used_reported; /* bytes not free: now, and with the last report */
	double base;		    /* bytes outside the lists; < 0: not known */
	double growth;		    /* of use, bytes per second: recent peak */
	double deficit, pushed;
	double faults; /* waits per page that came back from swap, by readahead below 1 */
	double hot;	    /* stall per byte that was missing: highest seen, fading */
	double stall_now, stall_mean; /* seconds per second, over 5 s and 60 s */
	double stall_last, work_last; /* likewise, between the last two statistics */
	double turnover; /* share of what its lists hold that comes back from swap each second */
	double work_now, work_mean; /* processor seconds per second, likewise; 1: not known */
	u64 cpu_ns, psi_ns;
	bool agent_heard; /* it has answered: psi_ns is of its last answer */
	/* Need. */
	double cold, headroom, need;
	u32 cold_age; /* index of the age that cold is older than */
	struct policy_ws_window needs;
	struct policy_ws_follow follow;
	/* Movement. */
	u64 grown_ns, shrunk_ns; /* 0: never */
	u64 hold_ns;		 /* before shrinking after growth */
	u64 blocked_until_ns;	 /* does not shrink: its balloon does not move */
	u64 spared_until_ns;	 /* does not shrink: it took memory by force */
	u64 forced_ns;		 /* when it last did; 0: never */
	u64 kept_ns; /* when it was last told that there is no memory for it */
	u64 distress_since_ns, distress_until_ns;
	u64 backed, rose_ns; /* the host's frames under the guest, and when they last rose */
	u64 cut_ns; /* used memory was taken for others */
	bool chosen;  /* the last move was a shrink that no other guest made necessary */
};

void policy_ws_guest_init(struct policy_ws_guest *guest, const struct policy_ws_params *params);

/* What the guest's pages cost, as learnt. */
struct policy_learning policy_ws_learning(const struct policy_ws_guest *guest,
					  const struct sim_vm_view *vm,
					  const struct policy_ws_params *params);

/* Free memory that a guest of this size keeps for itself: below it reclaims. */
double policy_ws_watermark(const struct sim_vm_view *vm);

/* Free memory that is left to a guest even when others need it. */
double policy_ws_kept_free(const struct sim_vm_view *vm, const struct policy_ws_params *params);

/*
 * What a guest keeps that kills its programs when memory runs out, as it has neither swap nor a
 * balloon that gives way: all that it cannot drop, and room for the time until more comes.
 * All it has, while that is not known; 0 for other guests.
 */
u64 policy_ws_vital(const struct policy_ws_guest *guest, const struct sim_vm_view *vm);

/*
 * A report that the guest sent by itself: it reclaims.  Return: it has little left that
 * is idle, so that it takes what it needs.
 */
bool policy_ws_guest_pressed(const struct sim_vm_view *vm, const struct policy_ws_params *params);

/* New statistics.  Return: the guest is in distress that it was not in. */
bool policy_ws_guest_stats(struct policy_ws_guest *guest, const struct sim_vm_view *vm,
			   u64 now_ns, const struct policy_ws_params *params);

/* A wait's share of the time at work and in wait; seconds per second. */
double policy_ws_slowdown(double stall, double work);

/* That by memory that had to be read back: lately, over 5 s and over 60 s. */
double policy_ws_slowdown_last(const struct policy_ws_guest *guest);
double policy_ws_slowdown_now(const struct policy_ws_guest *guest);
double policy_ws_slowdown_mean(const struct policy_ws_guest *guest);

/*
 * Pages from swap push each other out before two reports have seen them: the guest works
 * on more than it has, whatever its swap device is said to cost.
 */
bool policy_ws_thrashes(const struct policy_ws_guest *guest, const struct policy_ws_params *params);

/* Something else says that the guest is short of memory by @bytes. */
void policy_ws_guest_distress(struct policy_ws_guest *guest, double bytes, u64 now_ns,
			      const struct policy_ws_params *params);

/* Take the last report into the curve, if it is new and statistics of its time are there. */
void policy_ws_guest_learn(struct policy_ws_guest *guest, const struct sim_vm_view *vm,
			   const struct policy_ws_params *params);

/* Statistics are answered in time, so that what they say holds now. */
bool policy_ws_guest_informed(const struct policy_ws_guest *guest, u64 now_ns);

/* The last report is young enough to act on. */
bool policy_ws_guest_fresh(const struct policy_ws_guest *guest, u64 now_ns,
			   const struct policy_ws_params *params);

/* Compute need, and enter it into the window. */
void policy_ws_guest_update(struct policy_ws_guest *guest, const struct sim_vm_view *vm,
			    u64 now_ns, const struct policy_ws_params *params);

/* The largest need in the window. */
double policy_ws_guest_peak(const struct policy_ws_guest *guest);

#endif /* POLICY_WS_GUEST_H */
