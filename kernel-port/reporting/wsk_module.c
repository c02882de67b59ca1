/* SPDX-License-Identifier: GPL-2.0-only */
/* wsk_module.c - loading and unloading of ws.ko, and the choice of a source. */
#define pr_fmt(fmt) "ws: " fmt

#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/nodemask.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/sysfs.h>

#include "wsk_source.h"

DEFINE_MUTEX(wsk_lock);
struct kobject *wsk_kobj;
bool wsk_stopping;
const struct wsk_source *wsk_source_now = &wsk_source_scan;

static char *source = "scan";
module_param(source, charp, 0444);
MODULE_PARM_DESC(source, "where ages come from: scan or mglru; /sys/kernel/ws/source switches");

static const struct wsk_source *const sources[] = {
	&wsk_source_scan,
#ifdef CONFIG_LRU_GEN
	&wsk_source_mglru,
#endif
};

static const struct wsk_source *source_find(const char *name)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(sources); i++)
		if (!strcmp(sources[i]->name, name))
			return sources[i];
	return NULL;
}

int wsk_source_select(const char *name)
{
	const struct wsk_source *old = wsk_source_now, *new = source_find(name);
	struct wsk_group *group;
	int i, error;

	if (!new)
		return -EINVAL;
	if (new == old)
		return 0;
	error = new->start();
	if (error)
		return error;
	wsk_source_now = new;
	old->stop();
	list_for_each_entry(group, &wsk_groups, link)
		for (i = 0; i < wsk_nodes_count; i++)
			wsk_view_configure(&group->view[i]);
	wsk_aging_kick();
	return 0;
}

static int nodes_find(void)
{
	int nid;

	wsk_nodes = kcalloc(num_node_state(N_MEMORY), sizeof(*wsk_nodes), GFP_KERNEL);
	if (!wsk_nodes)
		return -ENOMEM;
	for_each_node_state(nid, N_MEMORY)
		wsk_nodes[wsk_nodes_count++].nid = nid;
	return 0;
}

/* Readers and scans break off first, so that nothing below waits for long. */
static void stop(void)
{
	WRITE_ONCE(wsk_stopping, true);
	wsk_pressure_exit();
	wsk_aging_exit();
	sysfs_remove_group(wsk_kobj, &wsk_top_group);
	wsk_nodes_exit();
	wsk_groups_exit();
	mutex_lock(&wsk_lock);
	wsk_source_now->stop();
	mutex_unlock(&wsk_lock);
	kobject_put(wsk_kobj);
	kfree(wsk_nodes);
}

static int __init wsk_init(void)
{
	int error;

	wsk_source_now = source_find(source);
	if (!wsk_source_now) {
		pr_err("no source %s\n", source);
		return -EINVAL;
	}
	error = nodes_find();
	if (error)
		return error;
	error = wsk_source_now->start();
	if (error)
		goto free_nodes;
	error = wsk_aging_init();
	if (error)
		goto stop_source;
	wsk_kobj = kobject_create_and_add("ws", kernel_kobj);
	if (!wsk_kobj) {
		error = -ENOMEM;
		goto stop_aging;
	}
	error = wsk_groups_init();
	if (!error)
		error = wsk_nodes_init();
	if (!error)
		error = sysfs_create_group(wsk_kobj, &wsk_top_group);
	if (!error)
		error = wsk_pressure_init();
	if (!error) {
		pr_info("ages from %s\n", wsk_source_now->name);
		return 0;
	}
	stop();
	return error;

stop_aging:
	wsk_aging_exit();
stop_source:
	wsk_source_now->stop();
free_nodes:
	kfree(wsk_nodes);
	return error;
}

static void __exit wsk_exit(void)
{
	stop();
}

module_init(wsk_init);
module_exit(wsk_exit);

MODULE_DESCRIPTION("Working set reporting");
MODULE_LICENSE("GPL");
