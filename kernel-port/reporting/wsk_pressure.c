/* SPDX-License-Identifier: GPL-2.0-only */
/* wsk_pressure.c - reclaim under pressure, and cgroups that come and go; see wsk_pressure.h. */
#include <linux/atomic.h>
#include <linux/mmzone.h>
#include <linux/sched.h>
#include <linux/shrinker.h>
#include <linux/tracepoint.h>

#include "wsk_pressure.h"
#include "wsk_source.h"

static atomic_t watched;

void wsk_pressure_watch(int change)
{
	atomic_add(change, &watched);
}

static void press(struct wsk_view *view)
{
	if (READ_ONCE(view->threshold_ms) && !xchg(&view->pressed, true))
		wsk_aging_kick();
}

/* Called with preemption off. */
static void on_shrink(void *unused, struct shrinker *shrinker, struct shrink_control *sc,
		      long nr_to_scan, unsigned long cache_items, unsigned long long delta,
		      unsigned long total_scan, int priority)
{
	struct wsk_group *group;
	int index;

	/* "echo 2 > drop_caches" shrinks, too, but does not reclaim */
	if (priority >= DEF_PRIORITY || !(current->flags & PF_MEMALLOC) || !atomic_read(&watched))
		return;
	index = wsk_node_index(sc->nid);
	if (index < 0)
		return;
	rcu_read_lock();
	group = sc->memcg ? wsk_group_find(&sc->memcg->css) : wsk_group_root;
	if (!group || (current->flags & PF_KSWAPD))
		group = wsk_group_root;
	if (group == wsk_group_root)
		press(&group->view[index]);
	for (; group != wsk_group_root; group = group->parent)
		press(&group->view[index]);
	rcu_read_unlock();
}

static void on_cgroup(void *unused, struct cgroup *cgrp, const char *path)
{
	wsk_groups_sync_soon();
}

static struct {
	const char *name;
	void *probe;
	struct tracepoint *found;
} traces[] = {
	{ "mm_shrink_slab_start", on_shrink },
	{ "cgroup_mkdir", on_cgroup },
	{ "cgroup_rmdir", on_cgroup },
};

static void find_trace(struct tracepoint *tp, void *unused)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(traces); i++)
		if (!strcmp(tp->name, traces[i].name))
			traces[i].found = tp;
}

int wsk_pressure_init(void)
{
	int i, error = 0;

	for_each_kernel_tracepoint(find_trace, NULL);
	for (i = 0; i < ARRAY_SIZE(traces) && !error; i++) {
		if (!traces[i].found) {
			pr_warn("ws: no tracepoint %s: %s\n", traces[i].name,
				i ? "memcgs are looked for once a second" : "no report is announced");
			continue;
		}
		error = tracepoint_probe_register(traces[i].found, traces[i].probe, NULL);
		if (error)
			traces[i].found = NULL;
	}
	if (error)
		wsk_pressure_exit();
	return error;
}

void wsk_pressure_exit(void)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(traces); i++)
		if (traces[i].found)
			tracepoint_probe_unregister(traces[i].found, traces[i].probe, NULL);
	tracepoint_synchronize_unregister();
}
