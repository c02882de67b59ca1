/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * ws_group.h - memory cgroups: lruvecs in a tree, their protection and their reports.
 *
 * A group has one lruvec (struct ws_lru) on each node, and may have groups below
 * it.  What it uses and what is reported of it includes all groups below; group 0
 * is the root, whose report on a node is the node's.
 *
 *	group		0 root
 *			+-- 1 system
 *			+-- 2 jobs
 *			    +-- 3 batch		lru[3][0]  lru[3][1]
 *			    +-- 4 serve		lru[4][0]  lru[4][1]
 *
 * Protection.  memory.min and memory.low protect what a group uses, up to the
 * limit and up to its parent's own protection; when children together claim more
 * than that, it is divided in proportion to what they use and claim.  Below its
 * effective min a group is never reclaimed from; below its effective low only
 * when nothing else is left.  The target of a reclaim has no protection of its
 * own.  Under rules that say so (ws_rules.h, proportional), the more of a group's
 * memory is protected, the less of it is scanned.
 *
 * min_ttl.  When the oldest evictable generation of every lruvec is younger than
 * min_ttl, reclaim would take the working set away: the caller is told to declare
 * itself out of memory instead.
 *
 * Groups are numbered so that a parent's number is below its children's; a pass
 * over them goes up or down the numbers, without recursion.
 *
 * Memory: the caller's, ws_groups_footprint() bytes; lruvecs stay the caller's.
 * Time: passes take a budget of groups; looking up one group takes constant time, or
 * time linear in its depth.  Errors: 0 or negative errno.  Locking: the caller serializes per
 * tree, with the lruvecs in it.  Source: Linux 6.12, mm/memcontrol.c and
 * mm/page_counter.c (effective_protection), mm/vmscan.c (lruvec_is_reclaimable,
 * apply_proportional_protection); the aggregation of the working-set-reporting
 * series, v4 (refresh_aggregate).
 */
#ifndef WS_GROUP_H
#define WS_GROUP_H

#include "ws_lru.h"
#include "ws_report.h"

#define WS_GROUP_ROOT 0u
#define WS_GROUP_NONE 0xffffffffu
#define WS_NODE_ALL 0xffffffffu
#define WS_SCAN_PAGES_MIN 32u	/* SWAP_CLUSTER_MAX: what a protected group is still scanned for */
#define WS_PRIORITY_DEFAULT 12u /* DEF_PRIORITY: a pass looks at 1 / 2^12 of an lruvec */

struct ws_group {
	u32 parent; /* WS_GROUP_NONE: the root, or not in use */
	bool used;
	u64 min_pages, low_pages; /* as configured; the root's mean nothing */
	u64 other_pages; /* the group's, and on no lruvec: ws_groups_charge() */
	/* as of the last ws_groups_protect() */
	u64 usage_pages;	  /* with all groups below */
	u64 claimed_min, claimed_low; /* by its children: the sum of min(usage, limit) */
	u64 emin_pages, elow_pages; /* effective protection */
};

struct ws_groups {
	struct ws_group *group;
	struct ws_lru **lru; /* by group * nodes_count + node; NULL: none there */
	u32 groups_max, groups_top; /* groups_top: above the highest number in use */
	u32 nodes_count;
	bool recursive; /* unclaimed protection goes to children (memory_recursiveprot) */
};

/* Bytes for @groups_max groups, the root among them, on @nodes_count nodes. */
u64 ws_groups_footprint(u32 groups_max, u32 nodes_count);

/* @memory: aligned to 8.  The root is there, without lruvecs.  0, or -EINVAL for a count of 0. */
int ws_groups_init(struct ws_groups *groups, void *memory, u32 groups_max, u32 nodes_count);

/* A group below @parent, into *@group.  Return: 0, -EINVAL (no such parent), -ENOSPC. */
int ws_groups_add(struct ws_groups *groups, u32 parent, u32 *group);

/* Return: 0, -EINVAL (no such group, or the root), -EBUSY (has groups below, or pages). */
int ws_groups_remove(struct ws_groups *groups, u32 group);

/* The group's lruvec on @node; NULL takes it away.  Return: 0 or -EINVAL. */
int ws_groups_attach(struct ws_groups *groups, u32 group, u32 node, struct ws_lru *lru);

/* Return: 0 or -EINVAL. */
int ws_groups_limit(struct ws_groups *groups, u32 group, u64 min_pages, u64 low_pages);

/*
 * What @group uses beside the pages on its lruvecs: unevictable ones, those being
 * written out, the kernel's for it; in an environment without lruvecs, all.  Replaces
 * what was said before.  The kernel's usage is a counter of all of it (page_counter).
 * Return: 0 or -EINVAL.
 */
int ws_groups_charge(struct ws_groups *groups, u32 group, u64 other_pages);

/* Is @group @ancestor itself, or below it? */
bool ws_groups_below(const struct ws_groups *groups, u32 group, u32 ancestor);

/* --- protection --- */

/* One group's share of a protection, among its siblings; the kernel's formula. */
u64 ws_effective_protection(u64 usage, u64 parent_usage, u64 limit, u64 parent_effective,
			    u64 siblings_claimed, bool recursive);

/**
 * ws_groups_protect() - work out usage and effective protection for a reclaim of @target
 *
 * Afterwards they hold for the groups below @target.  It has no protection itself, and
 * its children have all that they are configured with.  Visits each group once on the
 * way up and once on the way down: 2 * groups_top visits in all.
 */
void ws_groups_protect(struct ws_groups *groups, u32 target);

enum ws_protected {
	WS_PROTECTED_NOT,
	WS_PROTECTED_LOW, /* only when nothing else is left */
	WS_PROTECTED_MIN, /* never */
};

/* As of the last ws_groups_protect(). */
enum ws_protected ws_groups_protected(const struct ws_groups *groups, u32 group);

/**
 * ws_groups_scan() - of @pages that a pass would look at, how many it may look at
 * @low_too: groups below their effective low are not spared, as nothing else is left
 * @proportional: as in struct ws_rules
 *
 * Return: 0 for a group that this pass must leave alone.
 */
u64 ws_groups_scan(const struct ws_groups *groups, u32 group, u64 pages, bool low_too,
		   bool proportional);

/* --- min_ttl --- */

/**
 * ws_lru_is_worth_it() - may reclaim take from this lruvec without breaking min_ttl?
 * @priority: 0..12; an lruvec of fewer than 2^priority pages is not worth it
 */
bool ws_lru_is_worth_it(const struct ws_lru *lru, u64 min_ttl_ns, u64 now_ns, u32 swappiness,
			u32 priority);

/*
 * Do all lruvecs on @node that min does not protect hold only pages younger than
 * @min_ttl_ns?  Then the caller should declare itself out of memory.  False when
 * min_ttl is 0 or there is no lruvec.  To be called after
 * ws_groups_protect(.., WS_GROUP_ROOT).
 */
bool ws_groups_out_of_memory(const struct ws_groups *groups, u32 node, u64 min_ttl_ns, u64 now_ns,
			     u32 swappiness, u32 priority);

/* --- reports --- */

/* A pass that makes the histograms of all groups on one node, or on all. */
struct ws_groups_pass {
	struct ws_groups *groups;
	struct ws_hist *hist; /* by group, groups_max of them */
	u32 node, left;
	u64 now_ns;
	bool clearing;
};

/* @hist[0] has its edges set; all others get the same.  @node: one node, or WS_NODE_ALL. */
void ws_groups_collect_begin(struct ws_groups_pass *pass, struct ws_groups *groups,
			     struct ws_hist *hist, u32 node, u64 now_ns);

/* Visit up to @budget groups.  Return: is there more to do?  Once not, @hist is complete. */
bool ws_groups_collect_step(struct ws_groups_pass *pass, u32 budget);

/* A source of ages (ws_report.h): one group on one node, or on all, with all below it. */
struct ws_group_source {
	struct ws_groups *groups;
	u32 group, node;
	/* Walk the lruvec's page tables and begin a generation; 0 or negative errno. */
	int (*age)(void *ctx, struct ws_lru *lru, u64 now_ns);
	void *ctx;
};

/* Its operations; their ctx is a struct ws_group_source. */
extern const struct ws_ages_ops ws_group_ages;

#endif /* WS_GROUP_H */
