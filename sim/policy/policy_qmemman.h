/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * policy_qmemman.h - the arithmetic of Qubes OS's memory manager, on plain numbers.
 *
 * Each VM prefers 1.3 times what it uses, between 200 MiB and its maximum.  If all can
 * have that, the rest is divided in proportion to what they prefer.  If not, VMs that
 * have more than they prefer (donors) give the difference, and the others (acceptors)
 * divide what there is.
 */
#ifndef POLICY_QMEMMAN_H
#define POLICY_QMEMMAN_H

#include "policy/sim_policy.h"

enum policy_qmemman_role { POLICY_QMEMMAN_STAYS, POLICY_QMEMMAN_DONOR, POLICY_QMEMMAN_ACCEPTOR };

struct policy_qmemman_vm {
	s64 used; /* bytes; < 0: unknown, it takes no part */
	s64 max;
	s64 actual;	 /* what it has, or may take at any time: the larger of size and target */
	s64 last_target; /* what it was told last; 0: not known, then the actual size counts */
	bool privileged;  /* the host's own domain: 350 MiB more, no minimum */
	bool no_progress; /* it did not move when last told; it takes no part */
	enum policy_qmemman_role role; /* answer */
	s64 target;		       /* answer, unless it stays */
};

struct policy_qmemman_rules {
	double cache_factor;	    /* 1.3 */
	u64 pref_min_bytes;	    /* 200 MiB */
	u64 boost_bytes;	    /* 350 MiB, of the host's own domain */
	u64 transfer_min_bytes;	    /* 150 MiB: less is not worth moving */
	u64 change_min_bytes;	    /* 15 MiB: unless a VM below what it prefers gets more, or
				     * the host lacks more of what is never given out */
	u64 left_bytes;		    /* 50 MiB, of the host, that are never given out */
	bool as_shipped;	    /* donors' memory is subtracted from what acceptors get */
};

s64 policy_qmemman_prefers(const struct policy_qmemman_vm *vm,
			   const struct policy_qmemman_rules *rules);

/* What it prefers less what it has. */
s64 policy_qmemman_needs(const struct policy_qmemman_vm *vm,
			 const struct policy_qmemman_rules *rules);

/* Divide the host's @free bytes and what VMs have; fills role and target. */
void policy_qmemman_balance(struct policy_qmemman_vm *vm, u32 count, s64 free,
			    const struct policy_qmemman_rules *rules);

/* The division of @spare bytes beyond what all prefer, of which balance() makes use. */
void policy_qmemman_divide(struct policy_qmemman_vm *vm, u32 count, s64 spare,
			   const struct policy_qmemman_rules *rules);

/*
 * Have donors give @bytes, in proportion to what they have too much, and 5 % more.
 * Return: false, and nothing is changed, when they have not got as much.
 */
bool policy_qmemman_borrow(struct policy_qmemman_vm *vm, u32 count, s64 bytes,
			   const struct policy_qmemman_rules *rules);

/* The targets move enough memory to be worth setting. */
bool policy_qmemman_worth(const struct policy_qmemman_vm *vm, u32 count, s64 free,
			  const struct policy_qmemman_rules *rules);

#endif /* POLICY_QMEMMAN_H */
