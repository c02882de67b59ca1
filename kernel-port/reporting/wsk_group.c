/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * wsk_group.c - the memcgs, and a tree of directories that mirrors theirs.
 *
 * A memcg is known by the id of its css, which is not given to another while we hold a
 * reference.  Directories come and go in a work item: it runs when the kernel's
 * tracepoints tell of a cgroup made or removed, and once a second should they be missing.
 */
#include <linux/cgroup.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>

#include "wsk_source.h"

#define SYNC_PERIOD HZ

LIST_HEAD(wsk_groups);
struct wsk_group *wsk_group_root;
static DEFINE_XARRAY(group_by_id);

struct css_list {
	struct cgroup_subsys_state **css;
	unsigned int count, room;
};

struct wsk_group *wsk_group_find(struct cgroup_subsys_state *css)
{
	struct wsk_group *group = NULL;

	for (; css && !group; css = css->parent)
		group = xa_load(&group_by_id, css->id);
	return group;
}

/* All memcgs that are there, parents first, a reference taken of each. */
static int list_memcgs(struct css_list *list)
{
	struct cgroup_subsys_state *root, *css;
	unsigned int needed = 0;

	root = memory_cgrp_subsys.root->cgrp.subsys[memory_cgrp_id];
	rcu_read_lock();
	css_for_each_descendant_pre(css, root) {
		if (needed++ >= list->room || !css_tryget_online(css))
			continue;
		list->css[list->count++] = css;
	}
	rcu_read_unlock();
	return needed > list->room ? -EAGAIN : 0;
}

static void list_release(struct css_list *list)
{
	while (list->count)
		css_put(list->css[--list->count]);
	kvfree(list->css);
	list->css = NULL;
}

static int list_fill(struct css_list *list)
{
	int error;

	list->room = 64;
	do {
		list->count = 0;
		list->css = kvmalloc_array(list->room, sizeof(*list->css), GFP_KERNEL);
		if (!list->css)
			return -ENOMEM;
		error = list_memcgs(list);
		if (error)
			list_release(list);
		list->room *= 2;
	} while (error);
	return 0;
}

static void group_release(struct kobject *kobj)
{
	struct wsk_group *group = container_of(kobj, struct wsk_group, kobj);
	int i;

	css_put(group->css);
	for (i = 0; i < WSK_TEXTS; i++)
		kvfree(group->text[i].bytes);
	kfree_rcu(group, rcu);
}

/* The root's directory has no files, as in the posted series: the nodes have them. */
static const struct kobj_type root_type = {
	.release = group_release,
	.sysfs_ops = &kobj_sysfs_ops,
};

static const struct kobj_type group_type = {
	.release = group_release,
	.sysfs_ops = &kobj_sysfs_ops,
	.default_groups = wsk_group_files,
};

/* Another directory of that name there: its cgroup has gone, and we have not noticed yet. */
static bool name_taken(const struct wsk_group *parent, const char *name)
{
	const struct wsk_group *group;

	list_for_each_entry(group, &wsk_groups, link)
		if (group->parent == parent && !strcmp(kobject_name(&group->kobj), name))
			return true;
	return false;
}

static int group_name(struct cgroup_subsys_state *css, char **path, const char **name)
{
	*path = kmalloc(PATH_MAX, GFP_KERNEL);
	if (!*path)
		return -ENOMEM;
	if (cgroup_path(css->cgroup, *path, PATH_MAX) < 0) {
		kfree(*path);
		return -ENAMETOOLONG;
	}
	*name = strrchr(*path, '/') + 1;
	return 0;
}

static struct wsk_group *group_alloc(struct cgroup_subsys_state *css, struct wsk_group *parent)
{
	struct wsk_group *group;
	int i;

	group = kzalloc(struct_size(group, view, wsk_nodes_count), GFP_KERNEL);
	if (!group)
		return NULL;
	css_get(css);
	group->css = css;
	group->parent = parent;
	group->found = true;
	for (i = 0; i < wsk_nodes_count; i++)
		wsk_view_init(&group->view[i], group, &wsk_nodes[i]);
	return group;
}

static int group_add(struct cgroup_subsys_state *css)
{
	struct wsk_group *parent = css->parent ? xa_load(&group_by_id, css->parent->id) : NULL;
	struct wsk_group *group;
	const char *name = "memcg";
	char *path = NULL;
	int error;

	if (css->parent && !parent)
		return -ENOENT;
	if (parent) {
		error = group_name(css, &path, &name);
		if (error)
			return error;
	}
	error = name_taken(parent, name) ? -EEXIST : 0;
	group = error ? NULL : group_alloc(css, parent);
	if (!error && !group)
		error = -ENOMEM;
	if (!error) {
		error = kobject_init_and_add(&group->kobj,
			(struct kobj_type *)(parent ? &group_type : &root_type),
			parent ? &parent->kobj : wsk_kobj, "%s", name);
		if (error)
			kobject_put(&group->kobj);
	}
	kfree(path);
	if (error)
		return error;
	mutex_lock(&wsk_lock);
	list_add_tail(&group->link, &wsk_groups);
	if (!parent)
		wsk_group_root = group;
	error = xa_err(xa_store(&group_by_id, css->id, group, GFP_KERNEL));
	mutex_unlock(&wsk_lock);
	return error;
}

/* Children have gone before. */
static void group_remove(struct wsk_group *group)
{
	int i;

	mutex_lock(&wsk_lock);
	for (i = 0; i < wsk_nodes_count; i++) {
		wsk_view_set_threshold(&group->view[i], 0);
		wsk_view_set_refresh(&group->view[i], 0);
	}
	list_del_init(&group->link);
	xa_erase(&group_by_id, group->css->id);
	if (wsk_source_now->forget && group->parent)
		wsk_source_now->forget(group);
	mutex_unlock(&wsk_lock);
	if (group->parent)
		for (i = 0; i < wsk_nodes_count; i++)
			wsk_view_notify(&group->view[i]);
	kobject_del(&group->kobj);
	kobject_put(&group->kobj);
}

/* The list changes here only, in one thread at a time, so that it may be read without wsk_lock. */
static int groups_sync(void)
{
	struct wsk_group *group, *next;
	struct css_list list;
	int error = list_fill(&list);
	unsigned int i;

	if (error)
		return error;
	list_for_each_entry(group, &wsk_groups, link)
		group->found = false;
	for (i = 0; i < list.count; i++) {
		group = xa_load(&group_by_id, list.css[i]->id);
		if (group)
			group->found = true;
	}
	list_for_each_entry_safe_reverse(group, next, &wsk_groups, link)
		if (!group->found)
			group_remove(group);
	for (i = 0; i < list.count && !error; i++)
		if (!xa_load(&group_by_id, list.css[i]->id))
			error = group_add(list.css[i]);
	list_release(&list);
	return error;
}

static void sync_work_run(struct work_struct *work);
static DECLARE_DELAYED_WORK(sync_work, sync_work_run);

/* What failed, for lack of memory or in a race, is tried again. */
static void sync_work_run(struct work_struct *work)
{
	groups_sync();
	if (!READ_ONCE(wsk_stopping))
		queue_delayed_work(system_freezable_wq, &sync_work, SYNC_PERIOD);
}

void wsk_groups_sync_soon(void)
{
	if (!READ_ONCE(wsk_stopping))
		mod_delayed_work(system_freezable_wq, &sync_work, 1);
}

int wsk_groups_init(void)
{
	int error = groups_sync();

	if (!wsk_group_root)
		return error ? error : -ENODEV;
	wsk_groups_sync_soon();
	return 0;
}

void wsk_groups_exit(void)
{
	struct wsk_group *group, *next;

	cancel_delayed_work_sync(&sync_work);
	list_for_each_entry_safe_reverse(group, next, &wsk_groups, link)
		group_remove(group);
	wsk_group_root = NULL;
	xa_destroy(&group_by_id);
}
