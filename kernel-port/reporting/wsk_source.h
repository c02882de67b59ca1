/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * wsk_source.h - what ws.ko is made of: nodes, memcgs, their reports, and sources of ages.
 *
 *	source	where ages come from: "mglru" reads the kernel's generations, "scan" harvests
 *		accessed bits and keeps ages of its own; one at a time, wsk_source_now
 *	node	a NUMA node with memory, as of load
 *	group	a memcg; the root one stands for the whole machine
 *	view	a group on a node, with its report: what one reader of page_age sees
 *
 * A report covers a group with all its descendants.
 *
 * Locking: wsk_lock, a mutex, covers views, the list of groups, and every call of a source.
 * It is held while a source scans, as in the posted series, and never while a directory
 * is removed, for removal waits for readers, who may wait for the lock.  Groups are found
 * under RCU as well, by wsk_group_find().  Time: ktime_get_ns().
 */
#ifndef WSK_SOURCE_H
#define WSK_SOURCE_H

#include <linux/kobject.h>
#include <linux/list.h>
#include <linux/memcontrol.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>

#include "ws_report.h"

struct wsk_lot; /* wsk_scan.h: a view's pages */
struct wsk_group;

struct wsk_node {
	struct kobject kobj;
	int nid;
	u32 edge_ms[WS_EDGES_MAX]; /* page_age_intervals; they hold for the node's memcgs, too */
	u32 edges_count;
};

struct wsk_view {
	struct wsk_group *group;
	struct wsk_node *node;
	struct ws_report report;
	u32 refresh_ms; /* 0: no reports */
	u32 threshold_ms;
	bool pressed; /* reclaim had to try harder; set without a lock */
	struct wsk_lot *lot;
};

/* A memcg's page_age as it was when somebody began to read it, kept until all of it is read. */
struct wsk_text {
	char *bytes; /* kvmalloc()ed; NULL: none */
	size_t length;
	unsigned long number; /* among all texts ever begun */
};

#define WSK_TEXTS 8 /* read in pieces at one time, per memcg */

struct wsk_group {
	struct kobject kobj;
	struct wsk_text text[WSK_TEXTS];
	struct list_head link; /* in wsk_groups; parents come before their children */
	struct wsk_group *parent;
	struct cgroup_subsys_state *css; /* referenced */
	bool found; /* by the sync that runs */
	struct rcu_head rcu;
	struct wsk_view view[]; /* by index of node */
};

/**
 * struct wsk_source - where ages come from
 * @start:	get ready; 0, -EOPNOTSUPP when this kernel cannot, or -ENOMEM
 * @stop:	give all memory back; nothing else is called before the next start
 * @forget:	the group's directory goes away: its pages become its parent's
 * @stats:	lines of "key value" for /sys/kernel/ws/stats
 * @ages:	as ws_report.h says; their context is a view
 *
 * All under wsk_lock.  @forget may be NULL.
 */
struct wsk_source {
	const char *name;
	int (*start)(void);
	void (*stop)(void);
	void (*forget)(struct wsk_group *group);
	int (*stats)(char *buf, int at);
	struct ws_ages_ops ages;
};

extern const struct wsk_source wsk_source_mglru, wsk_source_scan;
extern const struct wsk_source *wsk_source_now;
extern struct mutex wsk_lock;
extern struct list_head wsk_groups;
extern struct wsk_group *wsk_group_root;
extern struct wsk_node *wsk_nodes;
extern int wsk_nodes_count;
extern struct kobject *wsk_kobj;
extern bool wsk_stopping; /* the module is on its way out: scans break off */

/* wsk_module.c: reports start afresh from another source.  0, -EINVAL or what start returns. */
int wsk_source_select(const char *name);

/* wsk_node.c */
int wsk_nodes_init(void);
void wsk_nodes_exit(void);
int wsk_node_index(int nid); /* in wsk_nodes, -1: none */

/* wsk_group.c */
int wsk_groups_init(void);
void wsk_groups_exit(void);
void wsk_groups_sync_soon(void); /* from any context */
/* The group of a memcg or of its next ancestor that has one; under RCU or wsk_lock. */
struct wsk_group *wsk_group_find(struct cgroup_subsys_state *css);

static inline bool wsk_group_within(const struct wsk_group *group, const struct wsk_group *root)
{
	while (group && group != root)
		group = group->parent;
	return group;
}

/* wsk_view.c; under wsk_lock */
void wsk_view_init(struct wsk_view *view, struct wsk_group *group, struct wsk_node *node);
void wsk_view_set_refresh(struct wsk_view *view, u32 refresh_ms);
void wsk_view_set_threshold(struct wsk_view *view, u32 threshold_ms);
void wsk_view_configure(struct wsk_view *view); /* after a change of edges, intervals or source */
int wsk_view_refresh(struct wsk_view *view, u64 now_ns);
/* Returns the new end. */
size_t wsk_view_print(struct wsk_view *view, char *buf, size_t size, size_t at);
void wsk_view_notify(struct wsk_view *view); /* whoever polls its page_age wakes */

/* wsk_aging.c */
int wsk_aging_init(void);
void wsk_aging_exit(void);
void wsk_aging_kick(void); /* something is due earlier; from any context but NMI */

/* wsk_pressure.c */
int wsk_pressure_init(void);
void wsk_pressure_exit(void);

/* wsk_sysfs.c */
extern const struct attribute_group wsk_top_group, wsk_node_group;
extern const struct attribute_group *wsk_group_files[];

#endif /* WSK_SOURCE_H */
