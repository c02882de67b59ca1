/* SPDX-License-Identifier: GPL-2.0-only */
/* wsk_node.c - the NUMA nodes with memory, and their directories in sysfs. */
#include <linux/mmzone.h>
#include <linux/nodemask.h>
#include <linux/slab.h>
#include <linux/sysfs.h>

#include "wsk_source.h"

struct wsk_node *wsk_nodes;
int wsk_nodes_count;

int wsk_node_index(int nid)
{
	int i;

	for (i = 0; i < wsk_nodes_count; i++)
		if (wsk_nodes[i].nid == nid)
			return i;
	return -1;
}

/* The nodes are in one array, which goes when all have gone. */
static void node_release(struct kobject *kobj)
{
}

static const struct kobj_type node_type = {
	.release = node_release,
	.sysfs_ops = &kobj_sysfs_ops,
};

static int node_add(struct wsk_node *node)
{
	int error;

	error = kobject_init_and_add(&node->kobj, (struct kobj_type *)&node_type, wsk_kobj, "node%d",
				     node->nid);
	if (error)
		return error;
	error = sysfs_create_group(&node->kobj, &wsk_node_group);
	if (error)
		return error;
	/* In the posted series a node's files are in this folder of the node's own. */
	return sysfs_create_link(&node->kobj, &node->kobj, "workingset_report");
}

/* After the groups: their root's views are what the files show. */
int wsk_nodes_init(void)
{
	int i, error;

	for (i = 0; i < wsk_nodes_count; i++) {
		error = node_add(&wsk_nodes[i]);
		if (error) {
			wsk_nodes_count = i + 1; /* those have a kobject */
			return error;
		}
	}
	return 0;
}

void wsk_nodes_exit(void)
{
	int i;

	for (i = 0; i < wsk_nodes_count; i++) {
		if (!wsk_nodes[i].kobj.state_initialized)
			continue;
		if (wsk_group_root)
			wsk_view_notify(&wsk_group_root->view[i]);
		sysfs_remove_link(&wsk_nodes[i].kobj, "workingset_report");
		sysfs_remove_group(&wsk_nodes[i].kobj, &wsk_node_group);
		kobject_del(&wsk_nodes[i].kobj);
		kobject_put(&wsk_nodes[i].kobj);
	}
}
