/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * policy_rules.h - the arithmetic of the field's smaller policies, on plain numbers.
 *
 * Each function is one published rule; the file named beside it says where it comes from
 * and puts it to work.  Sizes are bytes unless said otherwise.
 */
#ifndef POLICY_RULES_H
#define POLICY_RULES_H

#include "policy/policy_util.h"

/* --- policy_selfballoon.c --- */

/* Below this a guest of @size does not balloon itself; @reserve: its kernel's own. */
u64 policy_selfballoon_floor(u64 size, u64 reserve);

/* One step from @current toward @goal, by a part of the way, and not below the floor. */
u64 policy_selfballoon_step(u64 current, u64 goal, u64 floor, u64 down, u64 up);

/* --- policy_senpai.c --- */

struct policy_senpai {
	u64 pressure_us, interval_ticks;
	double probe_max, backoff_max, coeff_probe, coeff_backoff;
	/* Kept. */
	u64 integral_us, grace_ticks;
};

/*
 * One tick with @stall_us of new stalls.
 * Return: factor to change the limit by (-0.01 is 1 % less), 0 for none.
 */
double policy_senpai_tick(struct policy_senpai *senpai, u64 stall_us);

/* --- policy_tmo.c --- */

/* Bytes to reclaim of @current when a share of @psi of the time was lost. */
double policy_tmo_reclaim(double current, double psi, double ratio, double psi_threshold,
			  double most);

/* --- policy_pi.c --- */

struct policy_pi {
	double kp, ki, free_wanted, free_hard;
	double seconds; /* between two steps */
	double psi_low, psi_high; /* shares of time */
	/* Kept. */
	double integral;
};

/* The most that a guest may have while the host loses @psi of its time to memory. */
double policy_pi_ceiling(const struct policy_pi *pi, double psi, double least, double most);

/*
 * One step; updates the integral.  Return: new size.
 * @host_free: share of host memory that is free
 * @used: what the guest uses, caches excluded
 */
double policy_pi_step(struct policy_pi *pi, double host_free, double actual, double nominal,
		      double least, double used, double ceiling);

/* --- policy_vbox.c --- */

struct policy_vbox {
	u64 inflate, deflate, inflate_min, guest_free_min, host_reserve;
	bool as_shipped; /* with the original's slips, in whole MiB as it reckons */
};

/* Change of the balloon (positive: takes). */
s64 policy_vbox_delta(const struct policy_vbox *vbox, u64 guest_free, u64 balloon,
		      u64 balloon_wanted, u64 host_free);

/* --- policy_balance_available.c --- */

struct policy_balance {
	s64 host_critical, bias;
	bool as_shipped; /* of two limits that cross the host's counts */
	/* Kept; start at the configured value, 0 and 0. */
	s64 guest_critical;
	s64 available_before, full_before; /* percent */
	s64 balloon_max;
	bool sampled;
};

/* Change of the balloon (positive: takes), of which 0 is not worth sending. */
s64 policy_balance_delta(struct policy_balance *balance, s64 guest_free, s64 guest_cached,
			 s64 guest_total, s64 host_available, s64 balloon);

/* --- policy_limit_cache.c --- */

struct policy_limit_cache {
	s64 guest_low, min_free, max_free;
	s64 host_low, host_critical, host_moderate;
	s64 reclaim_cache, critical_cache, moderate_cache; /* target cache; 0: rule is off */
};

/* Change of the balloon (positive: takes). */
s64 policy_limit_cache_delta(const struct policy_limit_cache *rule, s64 guest_free,
			     s64 guest_cache, s64 host_free, s64 host_available);

/* --- policy_hyperv.c, and others that divide by weight --- */

struct policy_claim {
	double weight;	    /* > 0 */
	double least, most; /* least <= most */
	double got;	    /* answer */
};

/*
 * Divide @memory in proportion to weight, inside each one's limits.  All get their least
 * when even that does not fit, and all their most when that does.
 */
void policy_divide(struct policy_claim *claim, u32 count, double memory);

/*
 * Where memory is taken by the guest's own reclaim: let the balloon take what comes free
 * and give it back as use grows.  Leaves @headroom, a share of nominal, beyond what is used.
 */
void policy_follow_use(const struct sim_vm_view *vm, u32 index, double headroom,
		       struct sim_actions *act);

/* --- policy_hypeman.c --- */

struct policy_hypeman_vm {
	u64 nominal, headroom; /* headroom: nominal less what is never taken */
	u64 target;	       /* answer */
};

/*
 * Targets with @wanted less than the nominal sizes together, each VM giving in proportion
 * to its headroom; what rounding leaves comes from the first that has some.
 */
void policy_hypeman_plan(struct policy_hypeman_vm *vm, u32 count, u64 wanted);

/* --- policy_vm0.c --- */

struct policy_vm0 {
	u64 free_wanted, inflate_beyond, deflate_below; /* what must be free, and distances */
	u64 inflate_most;
	bool partial; /* the first rule: release what is missing, merged with what is pending */
};

/* New target of the balloon (bytes that it takes), which is @target when nothing is to do. */
u64 policy_vm0_target(const struct policy_vm0 *rule, u64 guest_free, u64 guest_available,
		      u64 actual, u64 target, u64 balloon_most);

/* --- policy_arcbox.c --- */

struct policy_arcbox {
	u64 headroom, floor; /* as shipped: beyond what is used, and least target */
	u64 reserve, least;  /* mended: the same, and what is not worth taking */
	bool as_shipped;
};

/* What an idle guest of @full bytes is left with; @full: nothing is to be taken. */
u64 policy_arcbox_target(const struct policy_arcbox *rule, u64 guest_total, u64 guest_available,
			 u64 full);

/* --- policy_esx.c --- */

/* Weight of a VM in that division: its shares over what a page of it costs. */
double policy_esx_weight(double shares, double active, double tax);

/* --- policy_sdfm.c --- */

/*
 * Index of the least age whose promotions meet the objective, @count if none.
 * @promoted: bytes per minute that came back, of those idle for longer than age i
 * @objective: share of @working_set per minute
 */
u32 policy_sdfm_least(const double *promoted, u32 count, double working_set, double objective);

/* The @percentile (0 to 1, nearest rank) of @history, whose order does not matter. */
u32 policy_sdfm_percentile(const u32 *history, u32 count, double percentile);

/* --- policy_damos.c --- */

/*
 * The next quota: the last one changed by how far @current is from @goal, in parts of the
 * goal, and not below @least.
 */
double policy_damos_quota(double last, double goal, double current, double least);

/* Whether it works at this free share of memory: between low and high, once below middle. */
bool policy_damos_active(bool active, double free, double high, double middle, double low);

/* --- policy_mrc_greedy.c --- */

#define POLICY_MRC_POINTS 17

/* Misses per second at ascending sizes; from the last size on they stay as they are. */
struct policy_mrc {
	u32 points_count;
	double size[POLICY_MRC_POINTS], misses[POLICY_MRC_POINTS];
	double accesses; /* per second */
	double cost;	 /* of a miss */
	double least, most;
	double got; /* answer */
};

/* Misses per second at @size, on the line between two points. */
double policy_mrc_at(const struct policy_mrc *mrc, double size);

/* The least size with no more than @share of accesses missing; if none has, the last point's. */
double policy_mrc_need(const struct policy_mrc *mrc, double share);

/*
 * Divide @memory.  If all needs fit, they are met and the rest divided in proportion to
 * them, what exceeds a limit among the others; if not, all begin with their least and
 * @chunk by @chunk goes to where it saves most.
 */
void policy_mrc_divide(struct policy_mrc *mrc, u32 count, double memory, double share,
		       double chunk);

/* --- policy_vmmms.c --- */

#define POLICY_BLOCKER_PRIORITIES 13

enum policy_priority {
	POLICY_PRIORITY_STALL = 1,
	POLICY_PRIORITY_NO_KILL_HOST = 2,
	POLICY_PRIORITY_NO_KILL_GUEST = 3,
	POLICY_PRIORITY_CACHED_TAB = 8,
	POLICY_PRIORITY_AGGRESSIVE = 9,
	POLICY_PRIORITY_RECLAIM = 13,
};

/* Which requests block which; times until which a direction asks at a priority. */
struct policy_blocker {
	u64 short_ns, long_ns; /* blocks of priorities above and from CACHED_TAB on */
	u64 until_ns[2][POLICY_BLOCKER_PRIORITIES + 1]; /* by inflates, priority */
};

/* The lowest priority (largest number) at which this direction is not blocked; 0: none. */
u32 policy_blocker_lowest(const struct policy_blocker *blocker, bool inflates, u64 now_ns);

/* Ask to move.  Return: granted. */
bool policy_blocker_ask(struct policy_blocker *blocker, bool inflates, u32 priority, u64 now_ns);

#endif /* POLICY_RULES_H */
